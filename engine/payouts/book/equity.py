"""Price and total return of an equity leg as flows, one per valuation period and one per closing (spec 07 §8, §19.2).

A flow is worth nothing up to the close on which it starts; between, what its positions would settle for at the close of
the day; from its end on the final amount. The part of a lot that is closed within a period (on its last day too) is
paid by a flow of its own at the price of the closing and is missing in the regular flow.

RESET and CUMULATIVE pay the same amounts, those of constant units; they differ in the notional that funding sees. Where
both units and notional are stated, units win. FIXED pays the return on the lot's notional.
"""

from collections.abc import Mapping

import numpy as np

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError
from engine.payouts import codes
from engine.payouts.book.dividend_terms import reinvests
from engine.payouts.book.equity_fx import FxTerms
from engine.payouts.book.equity_periods import ValuationPeriod, valuation_periods
from engine.payouts.book.equity_rows import EQUITIES, SEGMENTS, SLICES, Equity
from engine.payouts.book.equity_segments import Holding, SegmentWriter
from engine.payouts.book.positions import compositions, lot_units, priced_lots
from engine.payouts.book.tables import CURRENCIES, EVENTS, FLOWS, LEGS, NO_ROW, Book, ContractRows, Flow, LegLine
from engine.payouts.book.values import FlowValues
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CashflowSubtype, CashflowType, NotionalMode, PriceReturnType
from engine.payouts.kernels_dividends import DividendArrays
from engine.payouts.kernels_equity import EquityMarket
from engine.payouts.kernels_equity_flows import value_equity_flows
from engine.payouts.market import Flags, MarketArrays
from engine.payouts.terms.contract import Contract, Leg, LotClosing, TradeLot
from engine.payouts.terms.performance import PerformancePayout

_EQUITY_RETURN = list(CashflowType).index(CashflowType.EQUITY_RETURN)
_SUBTYPES = {subtype: code for code, subtype in enumerate(CashflowSubtype)}
_MODES = {mode: code for code, mode in enumerate(NotionalMode)}
_LEG_CURRENCY = LegLine._fields.index("currency")


def compile_equity(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    lot_rows: Mapping[str, int],
    calendars: CenterCalendars,
    rows: ContractRows,
) -> None:
    """Add the price or total return flows of an equity leg.

    Raises ModelError CLO-1931 to CLO-1938 where units, prices, FX rules, weights or notionals are not stated, and
    CLO-1932 for a lot or a closing that lies outside all valuation periods.
    """
    payout = leg.performance
    if payout is None or payout.returns.price is None:
        return
    writer = SegmentWriter(
        payout=payout,
        compositions=compositions(leg, payout),
        fx=fx_terms(contract, payout, leg_row, calendars, rows),
        mode=_MODES[payout.notional_mode],
        rows=rows,
    )
    periods = valuation_periods(contract, leg, payout)
    lots = priced_lots(leg, payout)
    in_price_currency = _is_in_price_currency(leg, writer)
    if not lots:
        raise ModelError(
            "CLO-1931", f"Leg {leg.leg_number} has no lot", remedy="Give the equity leg a lot with units or a notional."
        )
    for lot in lots:
        _check_days(lot, periods)
    for k, period in enumerate(periods):
        ends = tuple(earlier.end_day for earlier in periods[:k])
        left = [holding for lot in lots if (holding := _left(lot, payout, period)) is not None]
        first = rows.count(SEGMENTS)
        for holding in left:
            writer.add(holding, ends)
        if left:
            subtype = _return_subtype(payout)
            flow = _flow(contract, leg, leg_row, rows, period, subtype)
            _add_equity(rows, flow, writer, in_price_currency, first)
        for lot in lots:
            for closing, sequence in _closings(lot, period):
                holding = _closed(lot, payout, period, closing)
                first = rows.count(SEGMENTS)
                writer.add(holding, ends)
                flow = _flow(
                    contract,
                    leg,
                    leg_row,
                    rows,
                    ValuationPeriod(holding.start_day, holding.end_day, day_number(closing.settlement_date)),
                    CashflowSubtype.TERMINATION_AMOUNT,
                    lot=lot_rows[lot.lot_identifier],
                    event=rows.name(EVENTS, closing.event_reference),
                    sequence=sequence,
                )
                _add_equity(rows, flow, writer, in_price_currency, first)


def value_equity(book: Book, market: MarketArrays, day: int, active: Flags, values: FlowValues) -> None:
    """Write the values of the active equity flows at the close of `day` into `values`."""
    value_equity_flows(
        book[EQUITIES],
        book[SEGMENTS],
        book[SLICES],
        np.ascontiguousarray(book[FLOWS]["sign"]),
        equity_market(book, market),
        day,
        active,
        values.parts,
        values.notional,
        values.rate_or_price,
        values.status,
        values.missing_row,
        values.missing_day,
    )


def equity_market(book: Book, market: MarketArrays) -> EquityMarket:
    """The market as kernels of equity take it."""
    return EquityMarket(
        market.first_day, market.prices, market.factors, market.fx, dividend_arrays(market, _convertible(book, market))
    )


def dividend_arrays(market: MarketArrays, is_convertible: Flags) -> DividendArrays:
    """The dividends of a market as kernels take them."""
    return DividendArrays(
        market.dividend_first,
        market.dividend_ex_day,
        market.dividend_record_day,
        market.dividend_pay_day,
        market.dividend_type,
        market.dividend_amount,
        market.dividend_cash_equivalent,
        is_convertible,
    )


def fx_terms(
    contract: Contract, payout: PerformancePayout, leg_row: int, calendars: CenterCalendars, rows: ContractRows
) -> FxTerms:
    """The FX terms of a leg whose row is there, in the currency of that row."""
    currency = tuple(rows.names[CURRENCIES])[rows.rows[LEGS.name][leg_row][_LEG_CURRENCY]]
    centers = {center for schedule in payout.valuation_schedules for center in schedule.business_centers}
    return FxTerms(payout.fx_features, currency, contract.trade_date, calendars.joint(centers))


def _convertible(book: Book, market: MarketArrays) -> Flags:
    """(E,) 1 where a dividend is in the currency in which its instrument is priced, as far as slices reinvest it."""
    slices = book[SLICES]
    slices = slices[(slices["cash_ratio"] > 0.0) | (slices["non_cash_ratio"] > 0.0)]
    if not len(slices):
        return np.zeros(len(market.dividend_ex_day), np.uint8)
    priced_in = np.full(len(market.dividend_first) - 1, "", dtype="U3")
    priced_in[slices["instrument"]] = np.array(book.names[CURRENCIES])[slices["currency"]]
    by_dividend = np.repeat(priced_in, np.diff(market.dividend_first))
    is_convertible: Flags = (by_dividend == np.array(market.dividend_currency)).astype(np.uint8)
    return is_convertible


def _return_subtype(payout: PerformancePayout) -> CashflowSubtype:
    """TOTAL_RETURN where income is within the amounts: reinvested, or in the level of the index."""
    price, dividend = payout.returns.price, payout.returns.dividend
    is_total = price is not None and price.return_type is PriceReturnType.TOTAL and dividend is None
    return CashflowSubtype.TOTAL_RETURN if is_total or reinvests(dividend) else CashflowSubtype.PRICE_RETURN


def _is_in_price_currency(leg: Leg, writer: SegmentWriter) -> bool:
    """Whether lots state their notional in the price currency; ModelError CLO-1937 where it is in a third one."""
    settlement, stated = writer.fx.settlement_currency, leg.notional_currency
    uses_notional = writer.mode != codes.RESET or any(c.is_weighted for c in writer.compositions)
    if not uses_notional or stated is None or stated == settlement:
        return False
    priced_in = {constituent.currency for c in writer.compositions for constituent in c.constituents}
    if priced_in == {stated}:
        return True
    raise ModelError(
        "CLO-1937",
        f"The notional of leg {leg.leg_number} is in {stated}, its prices in {', '.join(sorted(priced_in))} and its"
        f" amounts in {settlement}",
        remedy="State the notional in the settlement currency.",
    )


def _check_days(lot: TradeLot, periods: tuple[ValuationPeriod, ...]) -> None:
    """Everything that happens to a lot has to lie in a period that pays it."""
    last = max((period.end_day for period in periods), default=NO_DAY)
    late = [day for day in (lot.cost_date, *(c.event_date for c in lot.closings)) if day_number(day) > last]
    if late or day_number(lot.cost_date) == last:
        raise ModelError(
            "CLO-1932",
            f"Lot {lot.lot_identifier} is opened or closed on {late[0] if late else lot.cost_date}, after the last"
            " valuation",
            remedy="Correct the date or the valuation schedule.",
        )


def _left(lot: TradeLot, payout: PerformancePayout, period: ValuationPeriod) -> Holding | None:
    """What is left of a lot at the end of a period, from its start or the cost date on; None where nothing is."""
    cost_day = day_number(lot.cost_date)
    if cost_day >= period.end_day:
        return None
    opened = lot_units(lot, payout)
    closed = sum(c.quantity for c in lot.closings if day_number(c.event_date) <= period.end_day)
    units = opened - closed
    # Quantities have ten decimals at most: what is below is rounding of their sum.
    if units <= opened * 1e-12:
        return None
    share = lot.notional_amount * (units / opened)
    return Holding(lot, units, share, max(period.start_day, cost_day), period.end_day)


def _closings(lot: TradeLot, period: ValuationPeriod) -> list[tuple[LotClosing, int]]:
    """Closings within a period, with a number that tells those of one event on one day apart."""
    counts: dict[tuple[str, int], int] = {}
    found: list[tuple[LotClosing, int]] = []
    for closing in lot.closings:
        day = day_number(closing.event_date)
        # On its cost date a lot is closed in the period that begins then, like the rest of it.
        if not period.start_day < max(day, day_number(lot.cost_date) + 1) <= period.end_day:
            continue
        key = (closing.event_reference, day)
        counts[key] = counts.get(key, 0) + 1
        found.append((closing, counts[key]))
    return found


def _closed(lot: TradeLot, payout: PerformancePayout, period: ValuationPeriod, closing: LotClosing) -> Holding:
    """What a closing took, from the last reset or the cost date to its price."""
    start = max(period.start_day, day_number(lot.cost_date))
    share = lot.notional_amount * (closing.quantity / lot_units(lot, payout))
    return Holding(lot, closing.quantity, share, start, day_number(closing.event_date), closing)


def _flow(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    rows: ContractRows,
    period: ValuationPeriod,
    subtype: CashflowSubtype,
    *,
    lot: int = NO_ROW,
    event: int = NO_ROW,
    sequence: int = 1,
) -> int:
    """Add a flow from the period's start to its end, paid on its payment day; its row."""
    return rows.add(
        FLOWS,
        Flow(
            leg=leg_row,
            lot=lot,
            event=event,
            kind=codes.EQUITY,
            cashflow_type=_EQUITY_RETURN,
            subtype=_SUBTYPES[subtype],
            sequence=sequence,
            start_day=period.start_day,
            end_day=period.end_day,
            payment_day=period.payment_day,
            currency=rows.rows[LEGS.name][leg_row][_LEG_CURRENCY],
            sign=contract.sign(leg),
        ),
    )


def _add_equity(rows: ContractRows, flow: int, writer: SegmentWriter, in_price_currency: bool, first: int) -> None:
    last = rows.count(SEGMENTS)
    rows.add(EQUITIES, Equity(flow, writer.mode, writer.fx.mode, int(in_price_currency), first, last))


TABLES = (EQUITIES, SEGMENTS, SLICES)
