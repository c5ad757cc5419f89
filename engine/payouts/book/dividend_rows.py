"""How dividend terms and flows are laid out (spec 07 §9).

Rules, windows and holdings follow from the contract alone; a dividend row, and its flow, is made of a holding and a
dividend of the market.
"""

from typing import Annotated, NamedTuple

from engine.payouts.book.tables import CalendarRow, CurrencyRow, InstrumentRow, PairRow, table


class DividendRuleLine(NamedTuple):
    """How dividends of a leg are paid: fields of `dividend_periods.PaymentRule`; calendar counts business days."""

    way: int
    base: int
    offset: int
    is_inclusive: int
    stated_day: int
    calendar: CalendarRow
    listed_first: Annotated[int, "dividend_payment_days"]
    listed_last: Annotated[int, "dividend_payment_days"]


class DividendPaymentDay(NamedTuple):
    """A payment day that a rule may choose."""

    day: int


class DividendWindowLine(NamedTuple):
    """A dividend period, both days included, and when it is paid (NO_DAY: not known)."""

    first_day: int
    last_day: int
    payment_day: int


class DividendHolding(NamedTuple):
    """Units of an instrument held after after_day up to to_day, on the basis of basis_day.

    lot is NO_ROW where the leg has units and no lots. currency: in which the instrument is priced; target: in which the
    dividend is paid, NO_ROW for its own. fixed_rate, fixed_day: X for life, of a quanto. amount_day, payment_base:
    which day of a dividend counts for the window and for the payment.
    """

    leg: Annotated[int, "legs"]
    lot: Annotated[int, "lots"]
    instrument: InstrumentRow
    currency: CurrencyRow
    target: CurrencyRow
    rule: Annotated[int, "dividend_rules"]
    window_first: Annotated[int, "dividend_windows"]
    window_last: Annotated[int, "dividend_windows"]
    quantity: float
    basis_day: int
    after_day: int
    to_day: int
    cash_ratio: float
    non_cash_ratio: float
    passes_special: int
    amount_day: int
    payment_base: int
    is_on_record: int
    is_fx_on_pay_day: int
    fixed_rate: float
    fixed_day: int
    sign: int


class Dividend(NamedTuple):
    """One dividend flow: units on the ex-date, what is passed on per unit, the gross amount, and its FX.

    pair: `NO_PAIR` where none is needed, `UNKNOWN_PAIR` where the book lacks it. status: OK or ESTIMATED.
    """

    flow: Annotated[int, "flows"]
    pair: PairRow
    units: float
    amount: float
    gross: float
    ex_day: int
    fx_day: int
    fixed_rate: float
    fixed_day: int
    status: int


RULES = table("dividend_rules", DividendRuleLine)
PAYMENT_DAYS = table("dividend_payment_days", DividendPaymentDay)
WINDOWS = table("dividend_windows", DividendWindowLine)
HOLDINGS = table("dividend_holdings", DividendHolding)
DIVIDENDS = table("dividends", Dividend)
