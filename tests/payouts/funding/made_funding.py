"""Swaps with a funding leg, markets for their books, and what their flows are worth: the arrangement of these tests."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from engine.conventions.calendar import Calendar
from engine.conventions.days import NO_DAY, day_number
from engine.payouts.book import equity, fixed, funding
from engine.payouts.book.fixed import value_fixed
from engine.payouts.book.funding import value_funding
from engine.payouts.book.tables import (
    CALENDARS,
    CONTRACTS,
    CURRENCIES,
    FLOWS,
    INSTRUMENTS,
    LEGS,
    LOTS,
    NO_ROW,
    PAIRS,
    PERFORMANCE,
    RATES,
    Book,
    ContractLine,
    ContractRows,
    LegLine,
    assemble,
)
from engine.payouts.book.values import FlowValues, empty_values
from engine.payouts.codes import INTEREST_PART
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import (
    ContractType,
    DayCount,
    LegType,
    NotionalSource,
    RateKind,
    ScheduleRole,
    ScheduleType,
    Side,
    UnderlierType,
)
from engine.payouts.market import MarketArrays
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import PerformancePayout, Underlier
from engine.payouts.terms.returns import PriceReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import ScheduledDate, ValuationSchedule

TABLES = (CONTRACTS, LEGS, LOTS, FLOWS, *equity.TABLES, *funding.TABLES, *fixed.TABLES)
GOOD_FRIDAY_2024 = date(2024, 3, 29)
START, END = date(2024, 3, 25), date(2024, 4, 5)
SHARE = Instrument(
    reference="ISIN:XS0000000001", instrument_type=UnderlierType.SINGLE_STOCK, name="Share", currency="USD"
)
CALENDARS_OF_TEST = CenterCalendars(
    {center: Calendar.of([GOOD_FRIDAY_2024]) for center in ("USSOFR", "USNY", "GBLO", "EUTA")}
)


def v5_rates() -> dict[date, float]:
    """Published rates of spec 07 V-5."""
    rates = {date(2024, 3, day): 0.0531 for day in (20, 21, 22, 25)}
    late = {26: 0.0532, 27: 0.0533, 28: 0.0534}
    rates |= {date(2024, 3, day): rate for day, rate in late.items()}
    april = {1: 0.0533, 2: 0.0532, 3: 0.0531, 4: 0.0532}
    return rates | {date(2024, 4, day): rate for day, rate in april.items()}


def periods(
    *bounds: date, payment_dates: Iterable[date] = (), stubs: Iterable[int] = ()
) -> tuple[CalculationPeriod, ...]:
    """Calculation periods between neighbouring bounds, paid at their ends unless payment dates are given."""
    paid = tuple(payment_dates) or bounds[1:]
    return tuple(
        CalculationPeriod(
            period_number=i + 1,
            unadjusted_start=bounds[i],
            unadjusted_end=bounds[i + 1],
            adjusted_start=bounds[i],
            adjusted_end=bounds[i + 1],
            payment_date=paid[i],
            is_stub=i + 1 in stubs,
        )
        for i in range(len(bounds) - 1)
    )


def overnight(**terms: object) -> InterestRatePayout:
    """SOFR over the period of V-5, ACT/360, changed by `terms`."""
    plain = InterestRatePayout(
        rate_kind=RateKind.FLOATING_OVERNIGHT,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-SOFR",
        calculation_periods=periods(START, END),
    )
    return replace(plain, **terms)  # type: ignore[arg-type]  # names are checked by replace


def lot(name: str = "LOT-1", cost: date = date(2024, 1, 2), **terms: object) -> TradeLot:
    """1,000 shares at 100, changed by `terms`."""
    plain = TradeLot(
        lot_identifier=name,
        cost_date=cost,
        settlement_date=cost,
        notional_amount=100_000.0,
        opened_quantity=1_000.0,
        initial_price=100.0,
    )
    return replace(plain, **terms)  # type: ignore[arg-type]


def equity_leg(
    lots: Iterable[TradeLot] = (),
    valuations: Iterable[date] = (),
    payout: PerformancePayout | None = None,
    **terms: object,
) -> Leg:
    """A price return leg on SHARE that party 1 receives, valued on the given days."""
    schedule = ValuationSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.EXPLICIT,
        dates=tuple(
            ScheduledDate(sequence=i + 1, unadjusted_date=day, adjusted_date=day) for i, day in enumerate(valuations)
        ),
    )
    plain = payout or PerformancePayout(
        underlier=Underlier(
            underlier_type=UnderlierType.SINGLE_STOCK, underlier_reference=SHARE.reference, instrument=SHARE
        ),
        returns=ReturnTerms(price=PriceReturnTerms(initial_price=100.0)),
        settlement_currency="USD",
    )
    leg = Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=Side.PARTY2,
        notional_currency="USD",
        performance=replace(plain, valuation_schedules=(schedule,)),
        lots=tuple(lots),
    )
    return replace(leg, **terms)  # type: ignore[arg-type]


def funding_leg(payout: InterestRatePayout, notional: float | None = 10_000_000.0, **terms: object) -> Leg:
    """The leg that party 2 pays, so that its interest is positive; linked to leg 1 where it has no own notional."""
    leg = Leg(
        leg_number=2,
        leg_type=LegType.FUNDING_LEG,
        payer=Side.PARTY2,
        notional_amount=notional,
        notional_currency="USD",
        linked_leg_number=None if payout.notional_source is NotionalSource.OWN else 1,
        interest=payout,
    )
    return replace(leg, **terms)  # type: ignore[arg-type]


def swap(*legs: Leg, **terms: object) -> Contract:
    """A contract of the given legs, seen by party 1."""
    plain = Contract(
        contract_reference="SWAP-1",
        contract_type=ContractType.TOTAL_RETURN_SWAP,
        trade_date=date(2024, 1, 2),
        effective_date=date(2024, 1, 2),
        termination_date=date(2030, 1, 2),
        party1=Party(party_identifier="A", party_name="A"),
        party2=Party(party_identifier="B", party_name="B"),
        legs=legs,
        settlement_currency="USD",
    )
    return replace(plain, **terms)  # type: ignore[arg-type]


def book_of(*contracts: Contract, calendars: CenterCalendars = CALENDARS_OF_TEST) -> Book:
    """The funding, fixed and fee flows of contracts whose dates are all given."""
    return assemble([rows_of(contract, calendars).finished(TABLES) for contract in contracts], TABLES)


def rows_of(contract: Contract, calendars: CenterCalendars = CALENDARS_OF_TEST) -> ContractRows:
    """The rows of one contract without its equity legs, each leg in its payout's currency."""
    rows = ContractRows(contract.contract_reference)
    rows.add(CONTRACTS, ContractLine(0, rows.name(CURRENCIES, contract.settlement_currency or "USD"), 0, NO_DAY))
    for leg in contract.legs:
        paid = leg.performance.settlement_currency if leg.performance else contract.settlement_currency
        currency = rows.name(CURRENCIES, paid or "USD")
        rows.add(LEGS, LegLine(0, leg.leg_number, contract.sign(leg), currency, PERFORMANCE, NO_ROW, NO_ROW))
    for row, leg in enumerate(contract.legs):
        if leg.interest is not None:
            funding.compile_funding(contract, leg, row, {}, calendars, rows)
        if leg.fixed_price is not None:
            fixed.compile_fixed(contract, leg, row, {}, calendars, rows)
    fixed.compile_fees(contract, 0, rows)
    return rows


def market_of(
    book: Book,
    *,
    first: date,
    last: date,
    rates: Mapping[str, Mapping[date, float]] | None = None,
    prices: Mapping[str, Mapping[date, float]] | None = None,
    fx: Mapping[str, Mapping[date, float]] | None = None,
    factors: Mapping[str, Mapping[date, float]] | None = None,
    dividends: Mapping[date, float] | None = None,
    calendars: CenterCalendars = CALENDARS_OF_TEST,
) -> MarketArrays:
    """The matrices of a book. rates by index with tenor, prices and factors by instrument, fx by pair; factors are
    adjustment factors by ex-date, dividends amounts of the first instrument by ex-date."""
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]

    def matrix(kind: str, values: Mapping[str, Mapping[date, float]] | None) -> np.ndarray:
        found = np.full((len(book.names[kind]), len(days)), np.nan)
        for row, name in enumerate(book.names[kind]):
            for day, value in (values or {}).get(name, {}).items():
                if first <= day <= last:
                    found[row, (day - first).days] = value
        return found

    good = np.array(
        [[calendars.joint(name.split("+")).is_good(day) for day in days] for name in book.names[CALENDARS]],
        np.uint8,
    ).reshape(len(book.names[CALENDARS]), len(days))
    cumulated = np.ones((len(book.names[INSTRUMENTS]), len(days)))
    for row, name in enumerate(book.names[INSTRUMENTS]):
        for day, factor in (factors or {}).get(name, {}).items():
            cumulated[row, (day - first).days :] *= factor
    paid = dict(dividends or {})
    ex_days = np.array([day_number(day) for day in paid], np.int64)
    ends = np.full(len(book.names[INSTRUMENTS]) + 1, len(paid), np.int64)
    ends[0] = 0
    return MarketArrays(
        first_day=day_number(first),
        prices=matrix(INSTRUMENTS, prices),
        factors=cumulated,
        fx=matrix(PAIRS, fx),
        rates=matrix(RATES, rates),
        good=good,
        dividend_first=ends,
        dividend_ex_day=ex_days,
        dividend_record_day=ex_days,
        dividend_pay_day=ex_days,
        dividend_amount=np.array(list(paid.values()), np.float64),
        dividend_cash_equivalent=np.full(len(paid), np.nan),
        dividend_type=np.zeros(len(paid), np.int64),
        dividend_is_confirmed=np.ones(len(paid), np.uint8),
        dividend_currency=("USD",) * len(paid),
        dividend_reference=tuple(day.isoformat() for day in paid),
    )


def valued(book: Book, market: MarketArrays, day: date) -> FlowValues:
    """Funding, fixed and fee flows of a book on a day; interest accrued up to but not including it."""
    values = empty_values(len(book[FLOWS]))
    active = np.ones(len(book[FLOWS]), np.uint8)
    value_funding(book, market, day_number(day), active, values)
    value_fixed(book, market, day_number(day), active, values)
    return values


def interest(book: Book, market: MarketArrays, day: date, flow: int = 0) -> float:
    """Accrued interest of one flow on a day."""
    return float(valued(book, market, day).parts[INTEREST_PART, flow])
