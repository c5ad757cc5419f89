"""In which period a dividend falls, and by which rule it is paid (spec 07 §9.1, §9.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.conventions.days import NO_DAY, day_number, to_date
from engine.errors import ModelError
from engine.payouts.book.equity_periods import FAR_DAY, ValuationPeriod, payment_days
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars
from engine.payouts.enums import DividendAmountType, DividendPaymentReference, DividendPeriodConvention
from engine.payouts.kernels_dividends import EX_DAY, PAY_DAY, RECORD_DAY
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.returns import DividendReturnTerms

SETTLEMENT_CYCLE = 2
"""Currency business days of a settlement cycle, and of a share payment, where the terms state none."""

OF_PERIOD, NEXT_LISTED, SHIFTED, ON_DAY, BY_HAND = 0, 1, 2, 3, 4
"""How a payment day is found: that of the dividend's period; the next one of a list; a day of the dividend moved by
business days; a stated day; not at all."""

_AMOUNT_DAYS = {
    DividendAmountType.RECORD_AMOUNT: RECORD_DAY,
    DividendAmountType.PAID_AMOUNT: PAY_DAY,
}


@dataclass(frozen=True, slots=True)
class DividendWindow:
    """One dividend period, both days included; payment_day is NO_DAY where it is not known."""

    first_day: int
    last_day: int
    payment_day: int


@dataclass(frozen=True, slots=True)
class PaymentRule:
    """How a dividend is paid: one of the ways above, from which day of the dividend, moved by how many business days.

    listed: the payment days to choose from; is_inclusive: one on the day itself is the next one. stated_day: of ON_DAY.
    """

    way: int
    base: int = EX_DAY
    offset: int = 0
    listed: tuple[int, ...] = ()
    is_inclusive: bool = False
    stated_day: int = NO_DAY


def amount_day(terms: DividendReturnTerms) -> int:
    """Which day of a dividend has to fall into the period; the ex-date where the terms leave it to others."""
    return EX_DAY if terms.dividend_amount_type is None else _AMOUNT_DAYS.get(terms.dividend_amount_type, EX_DAY)


def dividend_windows(
    contract: Contract,
    terms: DividendReturnTerms,
    periods: Sequence[ValuationPeriod],
    calendars: CenterCalendars,
    currency: str,
    reference: str,
) -> tuple[DividendWindow, ...]:
    """The dividend periods of one instrument in order; SECOND_PERIOD where the terms name no convention.

    Explicit periods come first where there are any: those of the instrument, else those of all.
    """
    if terms.periods and terms.first_period in (None, DividendPeriodConvention.EXPLICIT):
        own = [p for p in terms.periods if p.constituent_reference == reference]
        chosen = own or [p for p in terms.periods if p.constituent_reference is None]
        return tuple(
            DividendWindow(
                day_number(p.start_date),
                day_number(p.end_date),
                NO_DAY if p.payment_date is None else day_number(p.payment_date),
            )
            for p in sorted(chosen, key=lambda p: p.start_date)
        )
    trade_day = day_number(contract.trade_date)
    if terms.first_period is not DividendPeriodConvention.FIRST_PERIOD:
        starts = [trade_day, *(period.end_day for period in periods[:-1])]
        return tuple(
            DividendWindow(start + 1, period.end_day, period.payment_day)
            for start, period in zip(starts, periods, strict=True)
        )
    calendar = calendars.joint(known_centers(calendars, currency))
    start = day_number(calendar.add_business_days(to_date(trade_day), SETTLEMENT_CYCLE))
    windows: list[DividendWindow] = []
    for period in periods:
        if period.payment_day != NO_DAY and period.payment_day <= start:
            continue
        end = FAR_DAY if period.payment_day == NO_DAY else period.payment_day - 1
        windows.append(DividendWindow(start, end, period.payment_day))
        start = end + 1
    return tuple(windows)


def payment_rule(contract: Contract, payout: PerformancePayout, terms: DividendReturnTerms) -> PaymentRule:
    """How dividends of the payout are paid; with the equity amount of the period where the terms name no reference.

    Raises ModelError CLO-1935 for a reference that cannot be generated.
    """
    reference = terms.payment_date_reference
    stated = terms.payment_offset_days
    equity, funding = payment_days(payout.payment_schedules), _funding_days(contract)
    match reference:
        case (
            None
            | DividendPaymentReference.EQUITY_PAYMENT_DATE
            | DividendPaymentReference.CASH_SETTLEMENT_PAYMENT_DATE
            | DividendPaymentReference.EXPLICIT
        ):
            return PaymentRule(OF_PERIOD)
        case DividendPaymentReference.CUMULATIVE_EQUITY_EX_DIV:
            return PaymentRule(NEXT_LISTED, EX_DAY, listed=equity)
        case DividendPaymentReference.CUMULATIVE_EQUITY_PAID:
            return PaymentRule(NEXT_LISTED, PAY_DAY, listed=equity)
        case DividendPaymentReference.CUMULATIVE_INTEREST_EX_DIV:
            return PaymentRule(NEXT_LISTED, EX_DAY, listed=funding)
        case DividendPaymentReference.CUMULATIVE_INTEREST_PAID:
            return PaymentRule(NEXT_LISTED, PAY_DAY, listed=funding)
        case DividendPaymentReference.FOLLOWING_PAYMENT_DATE:
            return PaymentRule(NEXT_LISTED, amount_day(terms), listed=tuple(sorted({*equity, *funding})))
        case DividendPaymentReference.FLOATING_AMOUNT_PAYMENT_DATE:
            cycle = SETTLEMENT_CYCLE if stated is None else stated
            return PaymentRule(NEXT_LISTED, EX_DAY, cycle, funding, is_inclusive=True)
        case DividendPaymentReference.SHARE_PAYMENT:
            return PaymentRule(SHIFTED, PAY_DAY, SETTLEMENT_CYCLE if stated is None else stated)
        case DividendPaymentReference.DIVIDEND_PAYMENT_DATE:
            return PaymentRule(SHIFTED, PAY_DAY, stated or 0)
        case DividendPaymentReference.EX_DATE:
            return PaymentRule(SHIFTED, EX_DAY, stated or 0)
        case DividendPaymentReference.RECORD_DATE:
            return PaymentRule(SHIFTED, RECORD_DAY, stated or 0)
        case DividendPaymentReference.TERMINATION_DATE:
            last = contract.termination_date
            return PaymentRule(ON_DAY, stated_day=NO_DAY if last is None else day_number(last))
        case DividendPaymentReference.AD_HOC_DATE:
            return PaymentRule(BY_HAND)
        case _:
            raise ModelError(
                "CLO-1935",
                f"Dividends cannot be paid by the reference {reference}",
                remedy=f"Use one of {', '.join(known.value for known in DividendPaymentReference)}.",
            )


def known_centers(calendars: CenterCalendars, currency: str) -> tuple[str, ...]:
    """Centers on which business days of a currency are counted, none where no calendar of theirs is loaded."""
    centers = DEFAULT_CENTERS.get(currency, ())
    return centers if all(center in calendars for center in centers) else ()


def _funding_days(contract: Contract) -> tuple[int, ...]:
    """Payment days of all funding legs, each once, in order."""
    days = {
        day_number(period.payment_date)
        for leg in contract.legs
        if leg.interest is not None
        for period in leg.interest.calculation_periods
    }
    return tuple(sorted(days))
