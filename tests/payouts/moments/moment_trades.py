"""Small variance, volatility and correlation trades, and markets of a few days for them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import NO_DAY, day_number
from engine.payouts.book import moments
from engine.payouts.book.tables import (
    CALENDARS,
    CONTRACTS,
    CURRENCIES,
    FLOWS,
    INSTRUMENTS,
    LEGS,
    LOTS,
    NO_ROW,
    PERFORMANCE,
    Book,
    ContractLine,
    ContractRows,
    LegLine,
    assemble,
)
from engine.payouts.book.values import FlowValues, empty_values
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import (
    ContractType,
    LegType,
    ScheduleRole,
    ScheduleType,
    Side,
    StrikeScale,
    UnderlierType,
    WeightType,
)
from engine.payouts.market import DividendEvent, MarketArrays
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import BasketComposition, BasketConstituent, PerformancePayout, Underlier
from engine.payouts.terms.returns import CorrelationReturnTerms, ReturnTerms, VarianceVolatilityTerms
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate, ValuationSchedule

MONDAY = date(2024, 3, 4)
FIVE_DAYS_LATER = date(2024, 3, 11)
"""The fifth good day after MONDAY."""

PRICES = (100.0, 101.0, 99.5, 100.5, 102.0, 101.0)
"""V-7: closes of six good days from MONDAY."""

BASKET_PRICES = (
    (100, 101, 100.2, 101.9, 101.1, 102.3),
    (50, 50.6, 50.1, 50.9, 50.4, 51.2),
    (20, 20.1, 20.2, 20.35, 20.4, 20.5),
)
"""V-7: closes of three shares on the same days."""

WEEKDAYS = CenterCalendars({"XNYS": WEEKENDS_ONLY})
"""An exchange without holidays."""


def share(reference: str = "A", kind: UnderlierType = UnderlierType.SINGLE_STOCK) -> Instrument:
    return Instrument(reference=reference, instrument_type=kind, name=reference, currency="USD", exchange_mic="XNYS")


def variance_terms(**changes: object) -> VarianceVolatilityTerms:
    given: dict[str, object] = {
        "strike_scale": StrikeScale.POINTS,
        "volatility_strike_price": 18.0,
        "vega_notional_amount": 50_000.0,
        "expected_trading_days": 5,
    }
    return VarianceVolatilityTerms(**{**given, **changes})  # type: ignore[arg-type]


def payout(returns: ReturnTerms, underlier: Underlier | None = None, end: date = FIVE_DAYS_LATER) -> PerformancePayout:
    single = Underlier(underlier_type=UnderlierType.SINGLE_STOCK, underlier_reference="A", instrument=share())
    final = ValuationSchedule(
        role=ScheduleRole.FINAL,
        schedule_type=ScheduleType.EXPLICIT,
        dates=(ScheduledDate(sequence=1, unadjusted_date=end, adjusted_date=end),),
    )
    paid = end + timedelta(days=2)
    payment = PaymentSchedule(
        role=ScheduleRole.FINAL,
        schedule_type=ScheduleType.EXPLICIT,
        dates=(PaymentDate(sequence=1, unadjusted_date=paid, adjusted_date=paid),),
    )
    return PerformancePayout(
        underlier=underlier or single,
        returns=returns,
        first_observation_date=MONDAY,
        valuation_schedules=(final,),
        payment_schedules=(payment,),
    )


def basket(weights: Sequence[float | None], weight_type: WeightType | None = WeightType.PERCENTAGE) -> Underlier:
    constituents = tuple(
        BasketConstituent(instrument=share("ABC"[i]), weight_type=weight_type, weight_value=weight)
        for i, weight in enumerate(weights)
    )
    composition = BasketComposition(effective_from=MONDAY, constituents=constituents)
    return Underlier(underlier_type=UnderlierType.BASKET, underlier_reference="ABC", compositions=(composition,))


def variance(**changes: object) -> PerformancePayout:
    return payout(ReturnTerms(variance=variance_terms(**changes)))


def volatility(**changes: object) -> PerformancePayout:
    return payout(ReturnTerms(volatility=variance_terms(**changes)))


def correlation(underlier: Underlier | None = None, **changes: object) -> PerformancePayout:
    terms = CorrelationReturnTerms(**{"correlation_strike": 0.60123, "expected_trading_days": 5, **changes})  # type: ignore[arg-type]
    return payout(ReturnTerms(correlation=terms), underlier or basket((0.5, 0.3, 0.2)))


def contract(
    performance: PerformancePayout,
    *,
    payer: Side = Side.PARTY2,
    notional: float | None = None,
    reference: str = "VS-1",
) -> Contract:
    leg = Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=payer,
        performance=performance,
        notional_amount=notional,
        notional_currency="USD",
    )
    return Contract(
        contract_reference=reference,
        contract_type=ContractType.VARIANCE_SWAP,
        trade_date=MONDAY,
        effective_date=MONDAY,
        party1=Party(party_identifier="A", party_name="A"),
        party2=Party(party_identifier="B", party_name="B"),
        legs=(leg,),
        settlement_currency="USD",
    )


def compiled(trade: Contract, calendars: CenterCalendars = WEEKDAYS) -> ContractRows:
    rows = ContractRows(trade.contract_reference)
    currency = rows.name(CURRENCIES, "USD")
    rows.add(CONTRACTS, ContractLine(0, currency, day_number(trade.effective_date), NO_DAY))
    leg_row = rows.add(LEGS, LegLine(0, 1, trade.sign(trade.legs[0]), currency, PERFORMANCE, NO_ROW, NO_ROW))
    moments.compile_moments(trade, trade.legs[0], leg_row, {}, calendars, rows)
    return rows


def book_of(*trades: Contract) -> Book:
    tables = (CONTRACTS, LEGS, LOTS, FLOWS, *moments.TABLES)
    return assemble([compiled(trade).finished(tables) for trade in trades], tables)


def market(
    book: Book,
    prices: Mapping[str, Sequence[float]],
    *,
    dividends: Sequence[DividendEvent] = (),
    factors: Mapping[str, Mapping[date, float]] | None = None,
    implied: Mapping[str, tuple[float, float]] | None = None,
    n_days: int = 10,
) -> MarketArrays:
    """Days from MONDAY; prices by instrument on its weekdays in order; factors from their ex-date on."""
    names = book.names[INSTRUMENTS]
    first = day_number(MONDAY)
    good = np.array([(first + d + 3) % 7 < 5 for d in range(n_days)], np.uint8)
    table = np.full((len(names), n_days), np.nan)
    basis = np.ones((len(names), n_days))
    for i, name in enumerate(names):
        closes = list(prices[name])
        table[i, np.flatnonzero(good)[: len(closes)]] = closes
        for ex_date, factor in (factors or {}).get(name, {}).items():
            basis[i, day_number(ex_date) - first :] *= factor
    ordered = sorted(dividends, key=lambda one: (names.index(one.instrument_reference), one.ex_date))
    counts = [sum(one.instrument_reference == name for one in ordered) for name in names]
    kinds = [list(type(one.dividend_type)).index(one.dividend_type) for one in ordered]
    empty = np.empty((0, n_days))
    return MarketArrays(
        first_day=first,
        prices=table,
        factors=basis,
        fx=empty,
        rates=empty,
        good=np.tile(good, (len(book.names[CALENDARS]), 1)),
        dividend_first=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        dividend_ex_day=np.array([day_number(one.ex_date) for one in ordered], np.int64),
        dividend_record_day=np.full(len(ordered), NO_DAY),
        dividend_pay_day=np.full(len(ordered), NO_DAY),
        dividend_amount=np.array([np.nan if one.gross_amount is None else one.gross_amount for one in ordered], float),
        dividend_cash_equivalent=np.full(len(ordered), np.nan),
        dividend_type=np.array(kinds, np.int64),
        dividend_is_confirmed=np.array([one.status.value == "CONFIRMED" for one in ordered], np.uint8),
        implied=implied or {},
    )


def valued(book: Book, observed: MarketArrays, on: date) -> FlowValues:
    values = empty_values(len(book[FLOWS]))
    moments.value_moments(book, observed, day_number(on), np.ones(len(book[FLOWS]), np.uint8), values)
    return values


def amount(performance: PerformancePayout, on: date = FIVE_DAYS_LATER, **given: object) -> float:
    """Value of one long leg on a day, on the prices of V-7 unless others are given."""
    notional = given.pop("notional", None)
    book = book_of(contract(performance, notional=notional))  # type: ignore[arg-type]
    prices = given.pop(
        "prices", dict(zip("ABC", BASKET_PRICES if performance.returns.correlation else (PRICES,), strict=False))
    )
    return float(valued(book, market(book, prices, **given), on).amount[0])  # type: ignore[arg-type]
