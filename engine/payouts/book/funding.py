"""Funding legs: interest on the notional of an equity leg or on one of their own (spec 07 §12, §15, §16.2).

Every calculation period is one flow. Its interest up to a day is the sum over the parts of its notional; a period that
is compounded into one payment with others earns interest on their earlier amounts, so that the payment is the sum of
their flows.

Closed units whose funding breaks (§19.2) leave the flow of the period in which they settle: their interest from its
start is a flow of the closing event, which ends and is paid on the settlement date. Both flows are cut on the same
days, so that together they are what one flow would be, overnight compounding included. Apart from that: a lockout
locks the last days before the settlement, FX is that of the settlement, and interest paid out earns none in later
periods of a compounded payment, whose earlier periods stay with the regular payment.
"""

from collections.abc import Mapping
from math import nan
from typing import Annotated, NamedTuple

import numpy as np

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError
from engine.payouts import codes
from engine.payouts.book.equity import equity_market
from engine.payouts.book.funding_parts import NotionalPart, spread_on
from engine.payouts.book.funding_payments import Payment, PeriodPayments, currency_row, leg_currency
from engine.payouts.book.funding_rates import (
    calendar_row,
    fixing_day,
    index_basis,
    observation_calendar,
    period_rate,
    periods_per_year,
    shift_days,
)
from engine.payouts.book.tables import (
    CALENDARS,
    EVENTS,
    FLOWS,
    NO_ROW,
    PAIRS,
    RATES,
    Book,
    ContractRows,
    Flow,
    Table,
    table,
)
from engine.payouts.book.values import FlowValues
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.day_count import DAY_COUNT_CODES, NO_GOOD_DAYS
from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    CompoundingMethod,
    DayCount,
    NegativeRateTreatment,
    ObservationShift,
    OvernightMethod,
    RateKind,
)
from engine.payouts.kernels_funding import FundingMarket, value_interest
from engine.payouts.market import Flags, MarketArrays
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout


class FundingLine(NamedTuple):
    """One calculation period. Codes are positions in the enums of the same name; rates are decimals, NaN for no bound.

    chain_first: the first period that is compounded into the same payment, the row itself where nothing is. part_first,
    part_last: its notional parts, the last not included. calendar: of overnight observations; day_count_calendar: of
    BUS/252. regular_start, regular_end, periods_per_year: regular period of ACT/ACT.ICMA. pair: from the currency of
    the notional to that of the flow.
    """

    flow: Annotated[int, "flows"]
    chain_first: Annotated[int, "funding"]
    part_first: Annotated[int, "notional_parts"]
    part_last: Annotated[int, "notional_parts"]
    rate_kind: int
    rate: Annotated[int, RATES]
    second_rate: Annotated[int, RATES]
    second_weight: float
    fixing_day: int
    fixed_rate: float
    multiplier: float
    spread: float
    treatment: int
    cap_rate: float
    floor_rate: float
    rounding_dp: int
    day_count: int
    day_count_calendar: Annotated[int, CALENDARS]
    termination_day: int
    regular_start: int
    regular_end: int
    periods_per_year: int
    is_averaged: int
    shift: int
    shift_days: int
    calendar: Annotated[int, CALENDARS]
    basis: float
    is_spread_compounded: int
    daily_cap: float
    daily_floor: float
    compounding: int
    pair: Annotated[int, PAIRS]


FUNDING = table("funding", FundingLine)
NOTIONAL_PARTS = table("notional_parts", NotionalPart)
TABLES: tuple[Table, ...] = (FUNDING, NOTIONAL_PARTS)

_NO_ROUNDING = -1


def compile_funding(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    lot_rows: Mapping[str, int],
    calendars: CenterCalendars,
    rows: ContractRows,
) -> None:
    """Add a flow for every calculation period in which there is a notional, and for what closings break off it.

    Raises ModelError CLO-1941 without calculation periods, CLO-1942 or CLO-1943 without a notional, CLO-1944 without a
    rate, CLO-1945 without a period for ACT/ACT.ICMA, CLO-1946 or CLO-1947 for a notional that the terms do not give.
    """
    payout = leg.interest
    if payout is None or not payout.calculation_periods:
        raise ModelError(
            "CLO-1941",
            f"Funding leg {leg.leg_number} has no calculation periods",
            remedy="Generate the schedules of the contract first.",
        )
    payments = PeriodPayments(contract, leg, leg_row, payout, calendars, rows)
    broken: list[tuple[CalculationPeriod, Payment]] = []

    def add(period: CalculationPeriod, payment: Payment, chain_first: int) -> None:
        part_first = rows.count(NOTIONAL_PARTS)
        for part in payment.parts:
            rows.add(NOTIONAL_PARTS, part)
        flow = _add_flow(contract, leg, leg_row, payout, period, payment, rows)
        spans = (flow, chain_first, part_first, part_first + len(payment.parts))
        rows.add(FUNDING, _line(contract, leg, payout, period, spans, payments.currency, calendars, rows))

    chain: tuple[CalculationPeriod, int] | None = None
    for period in sorted(payout.calculation_periods, key=lambda period: period.adjusted_start):
        if period.adjusted_end <= period.adjusted_start:
            continue
        regular, breaks = payments.of(period)
        broken.extend((period, payment) for payment in breaks)
        is_compounded = payout.compounding_method is not CompoundingMethod.NONE
        goes_on = chain is not None and is_compounded and chain[0].payment_date == period.payment_date
        # Amounts of earlier periods go on earning although everything of this one is broken off.
        if not regular.parts and not (breaks and goes_on):
            continue
        if chain is None or not goes_on:
            chain = (period, rows.count(FUNDING))
        add(period, regular, chain[1])
    # Behind all periods: the rows of a chain follow one another.
    for period, payment in broken:
        add(period, payment, rows.count(FUNDING))


def _add_flow(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    payout: InterestRatePayout,
    period: CalculationPeriod,
    payment: Payment,
    rows: ContractRows,
) -> int:
    subtype = CashflowSubtype.FLOATING_INTEREST
    if payout.rate_kind is RateKind.FIXED:
        subtype = CashflowSubtype.FIXED_INTEREST
    return rows.add(
        FLOWS,
        Flow(
            leg=leg_row,
            lot=NO_ROW,
            event=rows.name(EVENTS, payment.event) if payment.event else NO_ROW,
            kind=codes.FUNDING,
            cashflow_type=list(CashflowType).index(CashflowType.INTEREST),
            subtype=list(CashflowSubtype).index(subtype),
            sequence=1,
            start_day=day_number(period.adjusted_start),
            end_day=payment.end_day,
            payment_day=payment.payment_day,
            currency=currency_row(leg_row, rows),
            sign=contract.sign(leg),
        ),
    )


def _line(
    contract: Contract,
    leg: Leg,
    payout: InterestRatePayout,
    period: CalculationPeriod,
    spans: tuple[int, int, int, int],
    currency: str,
    calendars: CenterCalendars,
    rows: ContractRows,
) -> FundingLine:
    flow, chain_first, part_first, part_last = spans
    rate = period_rate(payout, period, rows)
    settlement = leg_currency(rows.rows[FLOWS.name][flow][0], rows)
    last = payout.termination_date or contract.termination_date
    is_inside = _is_spread_compounded(payout)
    regular = _regular_period(payout, period)
    return FundingLine(
        flow=flow,
        chain_first=chain_first,
        part_first=part_first,
        part_last=part_last,
        rate_kind=rate.rate_kind,
        rate=rate.rate,
        second_rate=rate.second_rate,
        second_weight=rate.second_weight,
        fixing_day=fixing_day(payout, period, calendars),
        fixed_rate=rate.fixed_rate,
        multiplier=payout.multiplier,
        spread=spread_on(payout, 0, day_number(period.adjusted_start)),
        treatment=list(NegativeRateTreatment).index(payout.negative_rate_treatment),
        cap_rate=_or_nan(payout.cap_rate),
        floor_rate=_or_nan(payout.floor_rate),
        rounding_dp=_NO_ROUNDING if payout.rate_rounding_dp is None else payout.rate_rounding_dp,
        day_count=DAY_COUNT_CODES[payout.day_count],
        day_count_calendar=_day_count_calendar(payout, rows),
        termination_day=NO_DAY if last is None else day_number(last),
        regular_start=day_number(regular.unadjusted_start),
        regular_end=day_number(regular.unadjusted_end),
        periods_per_year=periods_per_year(payout),
        is_averaged=int(payout.overnight_method is OvernightMethod.AVERAGED),
        shift=list(ObservationShift).index(payout.observation_shift),
        shift_days=shift_days(payout),
        calendar=NO_ROW if _is_fixed_or_term(payout) else observation_calendar(payout, rows),
        basis=index_basis(payout.floating_rate_index, payout.day_count),
        is_spread_compounded=int(is_inside),
        daily_cap=_or_nan(payout.daily_cap),
        daily_floor=_daily_floor(payout, is_inside),
        compounding=list(CompoundingMethod).index(payout.compounding_method),
        pair=NO_ROW if currency == settlement else rows.name(PAIRS, f"{currency}/{settlement}"),
    )


def _or_nan(value: float | None) -> float:
    return nan if value is None else value


def _is_fixed_or_term(payout: InterestRatePayout) -> bool:
    return payout.rate_kind in (RateKind.FIXED, RateKind.FLOATING_TERM)


def _is_spread_compounded(payout: InterestRatePayout) -> bool:
    """Whether the spread belongs into the daily product: overnight rates compounded STRAIGHT."""
    return (
        payout.rate_kind is RateKind.FLOATING_OVERNIGHT
        and payout.overnight_method is not OvernightMethod.AVERAGED
        and payout.compounding_method is CompoundingMethod.STRAIGHT
    )


def _daily_floor(payout: InterestRatePayout, is_spread_compounded: bool) -> float:
    """The daily floor; where the spread is inside the product, a floor of the rate without it acts daily too."""
    floor = _or_nan(payout.daily_floor)
    is_floored = payout.negative_rate_treatment is NegativeRateTreatment.ZERO_INTEREST_EXCLUDING_SPREAD
    return float(np.fmax(floor, 0.0)) if is_spread_compounded and is_floored else floor


def _day_count_calendar(payout: InterestRatePayout, rows: ContractRows) -> int:
    if payout.day_count is not DayCount.BUS_252:
        return NO_ROW
    return calendar_row(payout.observation_centers or payout.period_centers or payout.fixing_centers, rows)


def _regular_period(payout: InterestRatePayout, period: CalculationPeriod) -> CalculationPeriod:
    """The period itself where it is regular, else the regular one nearest to it; itself where none is regular."""
    if not period.is_stub:
        return period
    regular = [other for other in payout.calculation_periods if not other.is_stub]
    return min(regular, key=lambda other: abs(other.period_number - period.period_number), default=period)


def value_funding(book: Book, market: MarketArrays, day: int, active: Flags, values: FlowValues) -> None:
    """Write interest accrued over [start, min(day, end)) of every active funding flow that has begun (spec 07 §15).

    interest is converted at the FX of the period's start, the rest is fx (§16.2); a conversion uses the last rate
    published up to the day, at most a week old. notional and rate_or_price are those of the last accrued day: with
    notionals that differ in their rates the average. A rate that is not published yet is the last known one
    (ESTIMATED); a running rate is rounded at the end only.
    """
    matrices = FundingMarket(equity_market(book, market), market.rates, market.good, NO_GOOD_DAYS)
    value_interest(
        book[FLOWS],
        book[FUNDING],
        book[NOTIONAL_PARTS],
        matrices,
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
