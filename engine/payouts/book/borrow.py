"""The borrow fee of a short position as flows, one for every valuation period of its equity leg (spec 07 §12.5).

The fee accrues on each calendar day t in [start, end) of the period: rate(t) times the market value at the close of t
times the fraction of that one day. The market value is that of what the equity flows of the period hold: open units of
all lots, closed ones up to the day before their closing, splits and basket compositions as there; a constant notional
and reinvested dividends grow and shrink with the price. It is converted at the FX of the day t, a quanto at its agreed
rate. On a day without a session it is that of the day before, which the market brings along. A lot counts from the
night of its cost date on, like its performance.

It is paid with the performance of the period. Where nothing is left at the period's end the fee ends with the last
closing and is paid when that one settles.
"""

from typing import Annotated, NamedTuple

from engine.conventions.days import day_number
from engine.payouts import codes
from engine.payouts.book.equity import equity_market
from engine.payouts.book.equity_periods import ValuationPeriod, valuation_periods
from engine.payouts.book.equity_rows import EQUITIES, SEGMENTS, SLICES, Equity
from engine.payouts.book.tables import FLOWS, LEGS, NO_ROW, Book, ContractRows, Flow, LegLine, Table, table
from engine.payouts.book.values import FlowValues
from engine.payouts.dates.day_count import NO_GOOD_DAYS
from engine.payouts.enums import CashflowSubtype, CashflowType, DayCount
from engine.payouts.kernels_borrow import value_borrow_fees
from engine.payouts.market import Flags, MarketArrays
from engine.payouts.terms.borrow import BorrowFee
from engine.payouts.terms.contract import Contract, Leg


class BorrowLine(NamedTuple):
    """The fee of one period: the segments of the equity flows of the period, and the rates of the leg.

    equity: one of these flows, for the modes that all have in common. day_count: position in DayCount.
    """

    flow: Annotated[int, "flows"]
    equity: Annotated[int, "equities"]
    segment_first: Annotated[int, "equity_segments"]
    segment_last: Annotated[int, "equity_segments"]
    rate_first: Annotated[int, "borrow_rates"]
    rate_last: Annotated[int, "borrow_rates"]
    day_count: int


class BorrowRate(NamedTuple):
    """A rate, decimal a year, from a day on."""

    from_day: int
    rate: float


BORROW_FEES = table("borrow_fees", BorrowLine)
BORROW_RATES = table("borrow_rates", BorrowRate)
TABLES: tuple[Table, ...] = (BORROW_FEES, BORROW_RATES)

_FEES = list(CashflowType).index(CashflowType.FEES)
_BORROW_FEE = list(CashflowSubtype).index(CashflowSubtype.BORROW_FEE)
_DAY_COUNTS = {day_count: code for code, day_count in enumerate(DayCount)}


class _PeriodEquity(NamedTuple):
    """An equity flow with its row in the table of these flows."""

    row: int
    line: Equity
    flow: Flow


def compile_borrow(contract: Contract, leg: Leg, leg_row: int, rows: ContractRows) -> None:
    """Add the fee flows of an equity leg whose equity flows are there; nothing for a leg without a borrow fee."""
    payout = leg.performance
    if payout is None or payout.borrow_fee is None:
        return
    equities = _equities(leg_row, rows)
    if not equities:
        return
    rate_first = _add_rates(payout.borrow_fee, min(equity.flow.start_day for equity in equities), rows)
    for period in valuation_periods(contract, leg, payout):
        held = [equity for equity in equities if period.start_day <= equity.flow.start_day < period.end_day]
        paid = _accrual_period(held, period)
        if paid is None:
            continue
        flow = Flow(
            leg=leg_row,
            lot=NO_ROW,
            event=NO_ROW,
            kind=codes.BORROW,
            cashflow_type=_FEES,
            subtype=_BORROW_FEE,
            sequence=1,
            start_day=paid.start_day,
            end_day=paid.end_day,
            payment_day=paid.payment_day,
            currency=LegLine(*rows.rows[LEGS.name][leg_row]).currency,
            sign=1 if payout.borrow_fee.payer.other is contract.reporting_party else -1,
        )
        line = BorrowLine(
            flow=rows.add(FLOWS, flow),
            equity=held[0].row,
            segment_first=held[0].line.segment_first,
            segment_last=held[-1].line.segment_last,
            rate_first=rate_first,
            rate_last=rows.count(BORROW_RATES),
            day_count=_DAY_COUNTS[payout.borrow_fee.day_count],
        )
        rows.add(BORROW_FEES, line)


def _equities(leg_row: int, rows: ContractRows) -> list[_PeriodEquity]:
    """The equity flows of a leg in their order, which is that of the periods."""
    flows = [Flow(*flow) for flow in rows.rows.get(FLOWS.name, ())]
    lines = [Equity(*line) for line in rows.rows.get(EQUITIES.name, ())]
    return [_PeriodEquity(i, line, flows[line.flow]) for i, line in enumerate(lines) if flows[line.flow].leg == leg_row]


def _add_rates(fee: BorrowFee, first_day: int, rows: ContractRows) -> int:
    """Add the rates in force on the first day and after it; the first row."""
    first, rate = rows.count(BORROW_RATES), fee.rate
    later: list[BorrowRate] = []
    for step in fee.steps:
        day = day_number(step.step_date)
        if day <= first_day:
            rate = step.rate
        else:
            later.append(BorrowRate(day, step.rate))
    for line in (BorrowRate(first_day, rate), *later):
        rows.add(BORROW_RATES, line)
    return first


def _accrual_period(held: list[_PeriodEquity], period: ValuationPeriod) -> ValuationPeriod | None:
    """From when to when a period's positions bear the fee, and when it is paid; None where they do for no night."""
    if not held:
        return None
    flows = [equity.flow for equity in held]
    start = min(flow.start_day for flow in flows)
    last = max(flows, key=lambda flow: (flow.event == NO_ROW, flow.end_day, flow.payment_day))
    return ValuationPeriod(start, last.end_day, last.payment_day) if start < last.end_day else None


def value_borrow(book: Book, market: MarketArrays, day: int, active: Flags, values: FlowValues) -> None:
    """Write the fee accrued over [start, min(day, end)) of every active fee flow into `other` (spec 07 §16.2).

    A close or an FX rate that is missing on any of these days leaves the fee without a value, and is named.
    """
    if not len(book[BORROW_FEES]):
        return
    value_borrow_fees(
        book[FLOWS],
        book[BORROW_FEES],
        book[BORROW_RATES],
        book[EQUITIES],
        book[SEGMENTS],
        book[SLICES],
        equity_market(book, market),
        NO_GOOD_DAYS,
        day,
        active,
        values.parts,
        values.notional,
        values.rate_or_price,
        values.year_fraction,
        values.status,
        values.missing_row,
        values.missing_day,
    )
