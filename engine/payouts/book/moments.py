"""Variance, volatility and correlation legs: one flow each, compiled to a row and valued on any day (spec 07 §13).

Dispersion is the sum of its legs and needs nothing here.
"""

from collections.abc import Mapping
from datetime import date
from math import isnan
from typing import Annotated, NamedTuple

import numpy as np

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError, located
from engine.payouts import kernels_moment_flows as kernels
from engine.payouts.book.moment_terms import MomentTerms, basket_weights, correlation_basket, moment_terms
from engine.payouts.book.tables import (
    CALENDARS,
    CURRENCIES,
    FLOWS,
    INSTRUMENTS,
    LEGS,
    NO_ROW,
    Book,
    CalendarRow,
    ContractRows,
    Flow,
    InstrumentRow,
    LegLine,
    Records,
    table,
)
from engine.payouts.book.values import FlowValues
from engine.payouts.codes import MOMENT, OK, PRICE_PART
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CashflowSubtype, CashflowType, DividendType, ScheduleRole
from engine.payouts.market import Flags, MarketArrays
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import PerformancePayout

_TYPE = list(CashflowType).index(CashflowType.EQUITY_RETURN)
_SUBTYPES = list(CashflowSubtype)
_STOCK_DIVIDEND = list(DividendType).index(DividendType.STOCK)


class MomentInstrument(NamedTuple):
    """One instrument of a moment leg and its weight, which only a correlation reads."""

    instrument: InstrumentRow
    weight: float


class MomentLine(NamedTuple):
    """One variance, volatility or correlation leg. NaN is no cap, floor, barrier or initial level.

    instruments: rows [first_instrument, last_instrument). scale turns a decimal variance (volatility) into the unit of
    strike, cap and floor; notional is currency per that unit, vega per volatility point. expected_days is N_e.
    """

    flow: Annotated[int, "flows"]
    first_instrument: Annotated[int, "moment_instruments"]
    last_instrument: Annotated[int, "moment_instruments"]
    calendar: CalendarRow
    kind: int
    scale: float
    strike: float
    cap: float
    floor: float
    notional: float
    vega: float
    annualization: float
    expected_days: int
    is_mean_adjusted: int
    dividend_style: int
    corridor_method: int
    lower: float
    upper: float
    is_range_adjusted: int
    initial_level: float


MOMENT_INSTRUMENTS = table("moment_instruments", MomentInstrument)
MOMENTS = table("moments", MomentLine)
TABLES = (MOMENT_INSTRUMENTS, MOMENTS)


def compile_moments(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    lot_rows: Mapping[str, int],
    calendars: CenterCalendars,
    rows: ContractRows,
) -> None:
    """Add the flow and the rows of one moment leg, whose schedules are generated; lots have no rows of their own.

    Raises ModelError CLO-1958, naming the leg and what to set, where terms are missing, and InputError CLO-1911 for an
    exchange without a calendar when the expected number of days has to be counted.
    """
    payout = leg.performance
    if payout is None:
        raise _error("The leg has no performance payout", "Import the trade again.")
    with located(f"{contract.contract_reference} leg {leg.leg_number}"):
        _require_whole(leg)
        terms = moment_terms(leg, payout)
        start, end = _observation_span(contract, payout)
        instruments, weights = _instruments(payout, start)
        centers = _observation_centers(payout, instruments)
        expected = _expected_days(terms, calendars, centers, start, end)
        if expected < (2 if terms.is_mean_adjusted else 1):
            raise _error(f"{expected} expected trading days make no variance", "Set expected_trading_days.")
        currency = _payoff_currency(leg, payout, leg_row, rows)
    flow = rows.add(FLOWS, _flow(contract, leg, leg_row, terms, start, end, currency))
    first = rows.count(MOMENT_INSTRUMENTS)
    for instrument, weight in zip(instruments, weights, strict=True):
        rows.add(MOMENT_INSTRUMENTS, MomentInstrument(rows.name(INSTRUMENTS, instrument.reference), weight))
    calendar = rows.name(CALENDARS, "+".join(centers))
    rows.add(MOMENTS, _line(flow, (first, rows.count(MOMENT_INSTRUMENTS)), calendar, terms, expected))


def _require_whole(leg: Leg) -> None:
    """Refuse closed lots: what closing part of a moment leg pays is agreed, it does not follow from a price."""
    if any(lot.closings for lot in leg.lots):
        raise _error(
            "Lots of a variance, volatility or correlation leg cannot be closed",
            "Change the leg's notional by a change of terms, and enter what was agreed as a fee.",
        )


def _line(flow: int, instruments: tuple[int, int], calendar: int, terms: MomentTerms, expected: int) -> MomentLine:
    return MomentLine(
        flow=flow,
        first_instrument=instruments[0],
        last_instrument=instruments[1],
        calendar=calendar,
        kind=terms.kind,
        scale=terms.scale,
        strike=terms.strike,
        cap=terms.cap,
        floor=terms.floor,
        notional=terms.notional,
        vega=terms.vega,
        annualization=terms.annualization,
        expected_days=expected,
        is_mean_adjusted=int(terms.is_mean_adjusted),
        dividend_style=terms.dividend_style,
        corridor_method=terms.corridor_method,
        lower=terms.lower,
        upper=terms.upper,
        is_range_adjusted=int(terms.is_range_adjusted),
        initial_level=terms.initial_level,
    )


def _flow(
    contract: Contract, leg: Leg, leg_row: int, terms: MomentTerms, start: date, end: date, currency: int
) -> Flow:
    return Flow(
        leg=leg_row,
        lot=NO_ROW,
        event=NO_ROW,
        kind=MOMENT,
        cashflow_type=_TYPE,
        subtype=_SUBTYPES.index(terms.subtype),
        sequence=1,
        start_day=day_number(start),
        end_day=day_number(end),
        payment_day=_payment_day(leg),
        currency=currency,
        sign=contract.sign(leg),
    )


def _observation_span(contract: Contract, payout: PerformancePayout) -> tuple[date, date]:
    """First observation and final valuation date (spec 07 §13.1)."""
    start = payout.first_observation_date
    if start is None:
        initial = _valuation_dates(payout, ScheduleRole.INITIAL)
        start = initial[0] if initial else contract.effective_date
    final = _valuation_dates(payout, ScheduleRole.FINAL)
    if not final:
        raise _error("The final valuation date is missing", "Give the leg a final valuation schedule.")
    if final[-1] <= start:
        raise _error(f"Observation ends on {final[-1]}, not after {start}", "Put the dates in order.")
    return start, final[-1]


def _valuation_dates(payout: PerformancePayout, role: ScheduleRole) -> list[date]:
    return [
        one.adjusted_date for schedule in payout.valuation_schedules if schedule.role is role for one in schedule.dates
    ]


def _payment_day(leg: Leg) -> int:
    """Last date of the final payment schedule, NO_DAY without one."""
    schedules = leg.performance.payment_schedules if leg.performance is not None else ()
    dates = [
        one.adjusted_date for schedule in schedules if schedule.role is ScheduleRole.FINAL for one in schedule.dates
    ]
    return day_number(dates[-1]) if dates else NO_DAY


def _instruments(payout: PerformancePayout, start: date) -> tuple[tuple[Instrument, ...], tuple[float, ...]]:
    """What is observed, and the weights: the constituents of a correlation, else the one underlier."""
    terms = payout.returns.correlation
    if terms is not None:
        constituents = correlation_basket(payout, start)
        return tuple(one.instrument for one in constituents), basket_weights(terms, constituents)
    instrument = payout.underlier.instrument
    if instrument is None:
        raise _error(
            f"Variance of the basket {payout.underlier.underlier_reference} is not valued",
            "Use one leg for each constituent.",
        )
    return (instrument,), (1.0,)


def _observation_centers(payout: PerformancePayout, instruments: tuple[Instrument, ...]) -> tuple[str, ...]:
    """Centers on whose common good days prices are observed: those of the valuation schedule, else the exchanges."""
    for schedule in payout.valuation_schedules:
        if schedule.role is ScheduleRole.FINAL and schedule.business_centers:
            return tuple(sorted(set(schedule.business_centers)))
    exchanges = {one.exchange_mic for one in instruments if one.exchange_mic is not None}
    if not exchanges and payout.underlier.exchange is not None:
        exchanges = {payout.underlier.exchange}
    if not exchanges:
        raise _error(
            "Nothing says on which days prices are observed",
            "Give the instrument its exchange or the final valuation schedule its business centers.",
        )
    return tuple(sorted(exchanges))


def _expected_days(
    terms: MomentTerms, calendars: CenterCalendars, centers: tuple[str, ...], start: date, end: date
) -> int:
    """N_e as the contract states it, else the returns between the good days from start to end."""
    if terms.expected_days is not None:
        return terms.expected_days
    joint = calendars.joint(centers)
    n_prices = joint.business_days_between(start, end) + joint.is_good(end)
    is_extra_level = not isnan(terms.initial_level) and not joint.is_good(start)
    return n_prices if is_extra_level else n_prices - 1


def _payoff_currency(leg: Leg, payout: PerformancePayout, leg_row: int, rows: ContractRows) -> int:
    """Currency row of the leg, in which its notional has to be: a variance has no FX feature."""
    terms = payout.returns.variance or payout.returns.volatility
    notional_currency = (terms.vega_notional_currency if terms is not None else None) or leg.notional_currency
    of_leg = LegLine(*rows.rows[LEGS.name][leg_row]).currency
    if notional_currency is not None and rows.name(CURRENCIES, notional_currency) != of_leg:
        raise _error(
            f"The notional is in {notional_currency}, the leg settles in another currency",
            f"Set the leg's settlement currency to {notional_currency}.",
        )
    return of_leg


def value_moments(book: Book, market: MarketArrays, day: int, active: Flags, values: FlowValues) -> None:
    """Write the values of active moment flows at the close of `day`, all in the price component (spec 07 §16.2)."""
    moments = book[MOMENTS]
    flow_rows = moments["flow"]
    chosen = active[flow_rows] if len(moments) else np.empty(0, np.uint8)
    if not chosen.any():
        return
    legs = _columns(book, moments, market)
    amounts, observed = np.full(len(moments), np.nan), np.zeros(len(moments))
    status = np.full(len(moments), OK, np.int8)
    missing_row, missing_day = np.full(len(moments), -1, np.int64), np.full(len(moments), -1, np.int64)
    kernels.moment_values(legs, _market(market), day, chosen, amounts, observed, status, missing_row, missing_day)
    is_written = chosen.astype(bool)
    written = flow_rows[is_written]
    values.parts[PRICE_PART, written] = amounts[is_written]
    values.notional[written] = moments["notional"][is_written]
    values.rate_or_price[written] = observed[is_written]
    values.status[written] = status[is_written]
    values.missing_row[written] = missing_row[is_written]
    values.missing_day[written] = missing_day[is_written]


def _columns(book: Book, moments: Records, market: MarketArrays) -> kernels.MomentLegs:
    """Columns of the moments with what flows and the market say about them; amounts are signed."""
    flows = book[FLOWS][moments["flow"]]
    instruments = book[MOMENT_INSTRUMENTS]
    implied, discount_factor = np.full(len(moments), np.nan), np.ones(len(moments))
    if market.implied:
        for m, leg in enumerate(book[LEGS][flows["leg"]]):
            key = f"{book.contracts[leg['contract']]}/{leg['leg_number']}"
            if key in market.implied:
                implied[m], discount_factor[m] = market.implied[key]
    own = {name: np.ascontiguousarray(moments[name]) for name in MomentLine._fields if name not in ("flow", "vega")}
    own["notional"] = own["notional"] * flows["sign"]
    return kernels.MomentLegs(
        **own,
        start_day=np.ascontiguousarray(flows["start_day"]),
        end_day=np.ascontiguousarray(flows["end_day"]),
        implied=implied,
        discount_factor=discount_factor,
        instruments=np.ascontiguousarray(instruments["instrument"]),
        weights=np.ascontiguousarray(instruments["weight"]),
    )


def _market(market: MarketArrays) -> kernels.MomentMarket:
    """What the legs observe. Dividends paid in shares leave no cash: the factors adjust for them."""
    return kernels.MomentMarket(
        market.first_day,
        market.prices,
        market.factors,
        market.good,
        market.dividend_first,
        market.dividend_ex_day,
        np.where(market.dividend_type == _STOCK_DIVIDEND, 0.0, market.dividend_amount),
        market.dividend_is_confirmed,
    )


def _error(problem: str, remedy: str) -> ModelError:
    return ModelError("CLO-1958", problem, remedy=remedy)
