"""The contract of a total return swap on a CLO tranche (spec 07 §3, §8, §9)."""

from collections.abc import Iterable
from datetime import date

from db.identifiers import deal_key, tranche_key
from engine.errors import InputError
from engine.payouts.dates.calendars import DEFAULT_CENTERS
from engine.payouts.enums import (
    ContractType,
    DayCount,
    DayType,
    DividendPaymentReference,
    DividendPeriodConvention,
    IdentifierScheme,
    LegType,
    NotionalSource,
    OvernightMethod,
    QuantityUnit,
    RateKind,
    ScheduleRole,
    ScheduleType,
    Side,
    UnderlierType,
)
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier, Party
from engine.payouts.terms.performance import PerformancePayout, Underlier
from engine.payouts.terms.returns import DividendReturnTerms, PriceReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

EQUITY_LEG, FUNDING_LEG = 1, 2


def tranche_instrument(deal: str, tranche: str, currency: str = "USD") -> Instrument:
    """A tranche as an instrument, `CLO:MAG17|B-1`: one whatever the spelling of deal and tranche.

    One unit of it is one unit of original face. It has no exchange: its prices are known on the business days of its
    currency.
    """
    reference = f"CLO:{deal_key(deal)}|{tranche_key(tranche)}"
    return Instrument(
        reference=reference,
        instrument_type=UnderlierType.OTHER,
        name=f"{deal} {tranche}",
        currency=currency,
        is_listed=False,
        identifiers=(InstrumentIdentifier(scheme=IdentifierScheme.OTHER, identifier=reference),),
    )


def tranche_swap(
    reference: str,
    deal: str,
    tranche: str,
    face: float,
    *,
    start: date,
    end: date,
    initial_price: float,
    payment_dates: Iterable[date],
    party1: Party,
    party2: Party,
    payer: Side = Side.PARTY2,
    rate_index: str = "USD-SOFR",
    spread: float = 0.0,
    currency: str = "USD",
    payment_delay_days: int = 0,
    netting_agreement_reference: str | None = None,
) -> Contract:
    """A total return swap on `face` (original, currency) of a tranche from `start` to `end`, dates still to be made.

    `payer` pays coupons and repayments on the days on which the tranche pays them, and the change of the dirty price
    per unit of original face from `initial_price` at every payment date of the deal and at the end, some business days
    later; it receives the compounded overnight rate plus spread, decimal, Actual/360, on the dirty value at the last of
    these dates. Raises InputError CLO-4102 for a face or a price that is not positive, or an end not after the start.
    """
    if not (face > 0.0 and initial_price > 0.0):
        raise InputError(
            "CLO-4102",
            f"{reference} is a swap on a face of {face:,.2f} at {initial_price:.6f}",
            remedy="Give a positive original face and dirty price; a tranche that is paid down cannot be swapped.",
        )
    if end <= start:
        raise InputError("CLO-4102", f"{reference} ends on {end}, not after {start}", remedy="Put the dates in order.")
    equity = _equity_leg(
        reference,
        tranche_instrument(deal, tranche, currency),
        face,
        initial_price,
        payer=payer,
        valuations=_valuations(start, end, payment_dates),
        payments=_payments(payment_delay_days, currency),
        cost_date=start,
    )
    funding = _funding_leg(equity, rate_index, spread)
    return Contract(
        contract_reference=reference,
        contract_type=ContractType.TOTAL_RETURN_SWAP,
        trade_date=start,
        effective_date=start,
        termination_date=end,
        party1=party1,
        party2=party2,
        settlement_currency=currency,
        netting_agreement_reference=netting_agreement_reference,
        legs=(equity, funding),
    )


def _equity_leg(
    reference: str,
    instrument: Instrument,
    face: float,
    initial_price: float,
    *,
    payer: Side,
    valuations: tuple[ValuationSchedule, ...],
    payments: tuple[PaymentSchedule, ...],
    cost_date: date,
) -> Leg:
    """The total return of `face` units, opened in one lot at the initial price."""
    currency, notional = instrument.currency, face * initial_price
    return Leg(
        leg_number=EQUITY_LEG,
        leg_type=LegType.EQUITY_LEG,
        payer=payer,
        notional_amount=notional,
        notional_currency=currency,
        lots=(
            TradeLot(
                lot_identifier=f"{reference}-1",
                cost_date=cost_date,
                settlement_date=cost_date,
                notional_amount=notional,
                opened_quantity=face,
                quantity_unit=QuantityUnit.SHARE,
                initial_price=initial_price,
                price_currency=currency,
            ),
        ),
        performance=PerformancePayout(
            underlier=Underlier(
                underlier_type=UnderlierType.OTHER,
                underlier_reference=instrument.reference,
                underlier_name=instrument.name,
                underlier_currency=currency,
                instrument=instrument,
            ),
            returns=_returns(initial_price, currency),
            settlement_currency=currency,
            valuation_schedules=valuations,
            payment_schedules=payments,
        ),
    )


def _funding_leg(equity: Leg, rate_index: str, spread: float) -> Leg:
    """The overnight rate plus spread on what the equity leg was worth at its last reset, paid the other way."""
    return Leg(
        leg_number=FUNDING_LEG,
        leg_type=LegType.FUNDING_LEG,
        payer=equity.payer.other,
        notional_amount=equity.notional_amount,
        notional_currency=equity.notional_currency,
        linked_leg_number=equity.leg_number,
        interest=InterestRatePayout(
            rate_kind=RateKind.FLOATING_OVERNIGHT,
            day_count=DayCount.ACT_360,
            floating_rate_index=rate_index,
            spread=spread,
            overnight_method=OvernightMethod.COMPOUNDED,
            observation_centers=DEFAULT_CENTERS.get(equity.notional_currency or "", ()),
            notional_source=NotionalSource.EQUITY_RESET,
        ),
    )


def _returns(initial_price: float, currency: str | None) -> ReturnTerms:
    """Price and the whole income; repayments are returns of capital, which pass only with special dividends."""
    return ReturnTerms(
        price=PriceReturnTerms(initial_price=initial_price, initial_price_currency=currency),
        dividend=DividendReturnTerms(
            dividend_payout_ratio=1.0,
            special_dividends=True,
            first_period=DividendPeriodConvention.SECOND_PERIOD,
            payment_date_reference=DividendPaymentReference.DIVIDEND_PAYMENT_DATE,
        ),
    )


def _valuations(start: date, end: date, payment_dates: Iterable[date]) -> tuple[ValuationSchedule, ...]:
    between = tuple(sorted({on for on in payment_dates if start < on < end}))
    listed = {ScheduleRole.INITIAL: (start,), ScheduleRole.INTERIM: between, ScheduleRole.FINAL: (end,)}
    return tuple(
        ValuationSchedule(role=role, schedule_type=ScheduleType.EXPLICIT, explicit_dates=days)
        for role, days in listed.items()
        if days
    )


def _payments(delay_days: int, currency: str) -> tuple[PaymentSchedule, ...]:
    return tuple(
        PaymentSchedule(
            role=role,
            schedule_type=ScheduleType.RELATIVE,
            relative_to=f"{role.value}_VALUATION",
            payment_delay_days=delay_days,
            delay_day_type=DayType.CURRENCY_BUSINESS,
            business_centers=DEFAULT_CENTERS.get(currency, ()),
        )
        for role in (ScheduleRole.INTERIM, ScheduleRole.FINAL)
    )
