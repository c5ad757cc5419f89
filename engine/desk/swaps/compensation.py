"""Interest on a cashflow that is paid after it was due: late settlement and deferral (spec 07 §17, §18.3)."""

from datetime import date
from decimal import Decimal
from enum import Enum

from db.payouts.cashflow_records import Compensation, StoredCashflow
from engine.desk.swaps.generation import AD_HOC_DELAY_DAYS
from engine.payouts.book.funding_rates import index_basis
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars, JointCalendar
from engine.payouts.deferral import compensation
from engine.payouts.enums import CashflowSubtype, DayCount
from engine.payouts.money import is_negligible, stored


class Lateness(Enum):
    """Why an amount was paid late; the value ends the reference of its compensation."""

    DEFERRED = "DEFERRAL"
    SETTLED_LATE = "LATE"


def settlement_days(calendars: CenterCalendars, currency: str) -> JointCalendar:
    """Good settlement days of a currency: those of its centers that are loaded, without any Monday to Friday."""
    return calendars.joint([center for center in DEFAULT_CENTERS.get(currency, ()) if center in calendars])


def compensation_of(
    cashflow: StoredCashflow, rate: float, due: date, paid: date, lateness: Lateness, calendars: CenterCalendars
) -> Compensation | None:
    """What late cash earns from `due` to `paid` at a rate a year; None where it is not late or nothing is left to pay.

    Days are counted over the year of the currency's money market, 360 or 365. It is payable two good days after the
    amount was paid. A compensation is not compensated again.
    """
    state = cashflow.state
    if paid <= due or cashflow.cashflow_subtype is CashflowSubtype.COMPENSATION:
        return None
    basis = index_basis(state.currency, DayCount.ACT_360)
    amount: Decimal = stored(compensation(state.due, rate, due, paid, basis))
    if is_negligible(amount, state.currency):
        return None
    return Compensation(
        cashflow_reference=f"{state.cashflow_reference}/{lateness.value}",
        compensates=state.cashflow_reference,
        amount=amount,
        due=due,
        paid=paid,
        payment_date=settlement_days(calendars, state.currency).add_business_days(paid, AD_HOC_DELAY_DAYS),
        calculation_method=f"{rate!r} x {(paid - due).days} / {basis:g}",
    )
