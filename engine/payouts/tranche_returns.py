"""A CLO tranche as an underlier: price and income per unit of original face, from the flows of a run (spec 07 §8, §9).

A total return swap on a note pays the change of its dirty market value, its coupons and its repayments. Per unit of
original face the dirty value is clean price times factor plus accrued interest; interest is an ordinary dividend and
principal a return of capital, both with the payment date as ex-date and pay date. A repayment lowers the price by what
it pays at the price of the rest, so a par repayment at a price of par makes no profit or loss.

The factor is that of the balance alone, as in prices of a run (spec 02 §7): deferred interest is neither balance nor
income until it is paid, and interest that the run will not pay does not accrue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.analytics.cashflow_vector import CashflowVector
from engine.analytics.valuation import present_value_with_spread
from engine.conventions.day_count import DayCount, year_fraction
from engine.conventions.days import day_array
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Quirks
from engine.payouts.enums import DividendStatus, DividendType
from engine.payouts.market import DividendEvent

Floats = npt.NDArray[np.float64]

DECIMALS = 12
"""Decimals of a stored price or amount per unit of face."""
AMOUNT_TOLERANCE = 1e-10
"""Per unit of face: what two runs may differ by and still have paid the same, a cent on a hundred million."""
CURRENT, DEFERRED = 1, 2
"""Sequences of the two kinds of interest of a payment date."""

_KIND: Mapping[DividendType, str] = {
    DividendType.ORDINARY: "interest",
    DividendType.RETURN_OF_CAPITAL: "principal",
}


@dataclass(frozen=True, slots=True, eq=False)
class TrancheFlows:
    """What a run of `run_date` says of a tranche, one entry a payment while it has a balance; amounts in currency.

    original_balance: positive. balance_begin, balance_end: without deferred interest. interest_paid: of the period's
    own interest_accrued; deferred_paid: interest of earlier periods, from either kind of proceeds. coupon: decimal a
    year. day_count: of the coupon.
    """

    original_balance: float
    run_date: date
    payment_dates: tuple[date, ...]
    coupon: Floats
    balance_begin: Floats
    balance_end: Floats
    interest_accrued: Floats
    interest_paid: Floats
    deferred_paid: Floats
    principal_paid: Floats
    day_count: DayCount = DayCount.ACTUAL_360

    @property
    def last_payment(self) -> date | None:
        """The payment after which the run pays nothing more, None where it pays nothing at all."""
        return self.payment_dates[-1] if self.payment_dates else None

    @property
    def cash(self) -> Floats:
        """All that is paid on each date, (N,)."""
        paid: Floats = self.interest_paid + self.deferred_paid + self.principal_paid
        return paid

    def n_paid(self, on: date) -> int:
        """Payments up to and including a day: its close is without what is paid on it."""
        return sum(payment <= on for payment in self.payment_dates)

    def balance(self, on: date) -> float:
        """Balance at the close of a day, currency."""
        n = self.n_paid(on)
        if not self.payment_dates:
            return 0.0
        return float(self.balance_begin[0] if n == 0 else self.balance_end[n - 1])

    def factor(self, on: date) -> float:
        """Balance at the close of a day over the original balance."""
        return self.balance(on) / self.original_balance

    def accrued(self, on: date) -> float:
        """Interest accrued from the last payment up to a day, currency: of what the run pays on the next date.

        Counted back from the payment: a period's interest less what is still to accrue, so that the first period needs
        no start. Interest that the run defers does not accrue here.
        """
        n = self.n_paid(on)
        if n == len(self.payment_dates):
            return 0.0
        whole = float(self.interest_accrued[n])
        paid = min(float(self.interest_paid[n]), whole)
        if not (whole > 0.0 and paid > 0.0):
            return 0.0
        left = float(self.balance_begin[n] * self.coupon[n]) * year_fraction(on, self.payment_dates[n], self.day_count)
        return paid * min(max(1.0 - left / whole, 0.0), 1.0)


def dirty_price(flows: TrancheFlows, on: date, clean_price: float) -> float:
    """Dirty value at the close of a day per unit of original face; clean_price is a fraction of the balance's par."""
    return (clean_price * flows.balance(on) + flows.accrued(on)) / flows.original_balance


def clean_price(flows: TrancheFlows, on: date, price: float) -> float | None:
    """The clean price, a fraction of par of the balance, of a dirty one per unit of original face.

    None where no balance is left.
    """
    balance = flows.balance(on)
    return (price * flows.original_balance - flows.accrued(on)) / balance if balance > 0.0 else None


def dirty_price_at_margin(
    flows: TrancheFlows, on: date, margin: float, curve: IndexCurve, *, frequency: int, quirks: Quirks = frozenset()
) -> float:
    """Value of what is paid after a day at a discount margin over the curve, per unit of original face.

    frequency: compounding periods a year of the margin. It is dirty: the next coupon is in it whole.
    """
    n = flows.n_paid(on)
    dates = flows.payment_dates[n:]
    vector = CashflowVector.of(on, dates, flows.cash[n:], frequency=frequency, day_count=flows.day_count, quirks=quirks)
    value = present_value_with_spread(vector, curve.zeros(on, day_array(dates)), margin, quirks)
    return value / flows.original_balance


def income(flows: TrancheFlows, instrument_reference: str, currency: str, on: date) -> tuple[DividendEvent, ...]:
    """Every payment of a run as dividends per unit of original face, CONFIRMED up to and including `on`.

    Interest of the period and deferred interest are ORDINARY, principal RETURN_OF_CAPITAL; nothing is no dividend.
    """
    kinds = (
        (flows.interest_paid, DividendType.ORDINARY, CURRENT),
        (flows.deferred_paid, DividendType.ORDINARY, DEFERRED),
        (flows.principal_paid, DividendType.RETURN_OF_CAPITAL, CURRENT),
    )
    return tuple(
        DividendEvent(
            instrument_reference=instrument_reference,
            ex_date=payment,
            record_date=payment,
            pay_date=payment,
            currency=currency,
            gross_amount=amount,
            dividend_type=kind,
            sequence=sequence,
            status=DividendStatus.CONFIRMED if payment <= on else DividendStatus.ESTIMATED,
        )
        for i, payment in enumerate(flows.payment_dates)
        for amounts, kind, sequence in kinds
        if (amount := round(float(amounts[i]) / flows.original_balance, DECIMALS)) != 0.0
    )


@dataclass(frozen=True, slots=True)
class IncomeUpdate:
    """Dividends to be stored, and those of before the run that nobody has confirmed."""

    changed: tuple[DividendEvent, ...]
    unconfirmed: tuple[DividendEvent, ...]


def updated_income(
    known: Iterable[DividendEvent], stated: Iterable[DividendEvent], run_date: date, on: date
) -> IncomeUpdate:
    """What the payments of a run (`income`) change in the stored dividends of its tranche.

    Estimates take the run's figures, or are cancelled where it has none. What is CONFIRMED stays; a run that states
    another figure for a payment up to `on`, or none, is refused with InputError CLO-1970. The last run published wins.
    """
    by_reference = {event.reference: event for event in stated}
    earlier = {event.reference: event for event in known}
    changed: list[DividendEvent] = []
    for reference, event in by_reference.items():
        before = earlier.get(reference)
        if before is None or before.status is not DividendStatus.CONFIRMED:
            changed += [] if event == before else [event]
        elif event.ex_date <= on and not _is_same(before, event):
            raise _contradiction(before, event.gross_amount)
    for reference, before in earlier.items():
        if before.ex_date <= run_date or reference in by_reference:
            continue
        if before.status is not DividendStatus.CONFIRMED:
            changed.append(replace(before, status=DividendStatus.CANCELLED))
        elif before.ex_date <= on:
            raise _contradiction(before, None)
    unconfirmed = tuple(
        event
        for event in earlier.values()
        if event.ex_date <= run_date and event.status is not DividendStatus.CONFIRMED
    )
    return IncomeUpdate(tuple(changed), unconfirmed)


def _is_same(one: DividendEvent, two: DividendEvent) -> bool:
    is_near = abs((one.gross_amount or 0.0) - (two.gross_amount or 0.0)) <= AMOUNT_TOLERANCE
    return is_near and one.currency == two.currency and one.pay_date == two.pay_date


def _contradiction(before: DividendEvent, stated: float | None) -> InputError:
    kind = _KIND.get(before.dividend_type, before.dividend_type.value)
    says = "none" if stated is None else f"{stated:.12g}"
    return InputError(
        "CLO-1970",
        f"{before.instrument_reference} paid {kind} of {before.gross_amount:.12g} {before.currency} per unit of face on"
        f" {before.ex_date}, as was confirmed; the run states {says}",
        remedy="Publish from a run that starts after this payment, or correct the dividend by loading it.",
    )
