"""Amounts known from the contract: its fees, and the fixed leg of a dividend swap (spec 07 §12.5, §13.3)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import nan
from typing import Annotated, NamedTuple

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError
from engine.payouts import codes
from engine.payouts.book.equity_periods import FAR_DAY, ValuationPeriod, valuation_periods
from engine.payouts.book.funding_notional import linked_leg
from engine.payouts.book.tables import CURRENCIES, EVENTS, FLOWS, NO_ROW, Book, ContractRows, Flow, Table, table
from engine.payouts.book.values import FlowValues
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CashflowSubtype, CashflowType
from engine.payouts.kernels_fixed import value_constant_amounts
from engine.payouts.market import Flags, MarketArrays
from engine.payouts.terms.contract import Contract, Fee, Leg


class FixedLine(NamedTuple):
    """A flow with a known amount, positive; NaN where it is not known yet. component: its column of the P&L table."""

    flow: Annotated[int, "flows"]
    amount: float
    component: int


FIXED_AMOUNTS = table("fixed_amounts", FixedLine)
TABLES: tuple[Table, ...] = (FIXED_AMOUNTS,)


def compile_fees(contract: Contract, first_leg_row: int, rows: ContractRows) -> None:
    """Add a flow for every fee that the reporting party pays or receives; fees between others are none of its flows.

    An upfront fee is owed in full from the trade date on, any other fee on its payment date.
    """
    own = contract.party(contract.reporting_party).party_identifier
    known: Counter[tuple[str, CashflowSubtype, int]] = Counter()
    for fee in contract.fees:
        if own not in (fee.payer_identifier, fee.receiver_identifier):
            continue
        owed = _owed_from(contract, fee)
        known[fee.fee_reference, fee.subtype, owed] += 1
        flow = Flow(
            leg=first_leg_row,
            lot=NO_ROW,
            event=rows.name(EVENTS, fee.fee_reference),
            kind=codes.FIXED,
            cashflow_type=list(CashflowType).index(CashflowType.FEES),
            subtype=list(CashflowSubtype).index(fee.subtype),
            sequence=known[fee.fee_reference, fee.subtype, owed],
            start_day=owed,
            end_day=owed,
            payment_day=day_number(fee.payment_date),
            currency=rows.name(CURRENCIES, fee.currency),
            sign=1 if fee.receiver_identifier == own else -1,
        )
        rows.add(FIXED_AMOUNTS, FixedLine(rows.add(FLOWS, flow), fee.amount, codes.OTHER_PART))


def _owed_from(contract: Contract, fee: Fee) -> int:
    paid = day_number(fee.payment_date)
    return min(day_number(contract.trade_date), paid) if fee.subtype is CashflowSubtype.UPFRONT_FEE else paid


def compile_fixed(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    lot_rows: Mapping[str, int],
    calendars: CenterCalendars,
    rows: ContractRows,
) -> None:
    """Add units times fixed price for every dividend period of the leg that this one is the price of.

    The periods are the explicit dividend periods, else the valuation periods. The amount accrues evenly over the days
    of its period, as the dividends that it pays for do in the mean, and counts as dividend in the P&L. Without a price
    the flows have the status INCOMPLETE. Raises ModelError CLO-1943 without such a leg, CLO-1948 without units.
    """
    payout = leg.fixed_price
    if payout is None:
        return
    equity = linked_leg(contract, leg)
    units = payout.units if payout.units is not None else _units(equity)
    price = nan if payout.fixed_price is None else payout.fixed_price
    for period in _dividend_periods(contract, equity):
        flow = Flow(
            leg=leg_row,
            lot=NO_ROW,
            event=NO_ROW,
            kind=codes.FIXED,
            cashflow_type=list(CashflowType).index(CashflowType.FIXED_AMOUNT),
            subtype=list(CashflowSubtype).index(CashflowSubtype.FIXED_INTEREST),
            sequence=1,
            start_day=period.start_day,
            end_day=period.end_day,
            payment_day=period.payment_day,
            currency=rows.name(CURRENCIES, payout.currency),
            sign=contract.sign(leg),
        )
        rows.add(FIXED_AMOUNTS, FixedLine(rows.add(FLOWS, flow), units * price, codes.DIVIDEND_PART))


def _units(equity: Leg) -> float:
    quantities = [lot.opened_quantity for lot in equity.lots if lot.opened_quantity is not None]
    if not quantities:
        raise ModelError(
            "CLO-1948",
            f"Neither the fixed leg nor leg {equity.leg_number} says for how many units the fixed price is paid",
            remedy="Give the fixed leg its units.",
        )
    return sum(quantities) - sum(lot.closed_quantity for lot in equity.lots)


def _dividend_periods(contract: Contract, equity: Leg) -> Iterable[ValuationPeriod]:
    performance = equity.performance
    if performance is None:
        return ()
    dividend = performance.returns.dividend
    if dividend is None or not dividend.periods:
        listed = valuation_periods(contract, equity, performance)
        return tuple(period for period in listed if period.end_day < FAR_DAY)
    explicit = {
        ValuationPeriod(
            day_number(period.start_date),
            day_number(period.end_date),
            NO_DAY if period.payment_date is None else day_number(period.payment_date),
        )
        for period in dividend.periods
    }
    return sorted(explicit, key=lambda period: (period.start_day, period.end_day, period.payment_day))


def value_fixed(book: Book, market: MarketArrays, day: int, active: Flags, values: FlowValues) -> None:
    """Write the amount of every active flow that has begun: all of it from its end on, before in proportion to days.

    rate_or_price and notional are the amount; a flow without an amount has the status INCOMPLETE.
    """
    value_constant_amounts(
        book[FLOWS],
        book[FIXED_AMOUNTS],
        day,
        active,
        values.parts,
        values.notional,
        values.rate_or_price,
        values.status,
    )
