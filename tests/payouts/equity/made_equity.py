"""Equity swaps and markets for the tests of equity and dividend flows, schedules filled by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import NO_DAY, day_number, to_date
from engine.payouts.book import dividends, equity
from engine.payouts.book.dividend_flows import add_dividend_flows
from engine.payouts.book.tables import (
    CONTRACTS,
    CURRENCIES,
    EVENTS,
    FLOWS,
    INSTRUMENTS,
    LEGS,
    LOTS,
    NO_ROW,
    PAIRS,
    PERFORMANCE,
    Book,
    ContractLine,
    ContractRows,
    LegLine,
    LotLine,
    Records,
    assemble,
)
from engine.payouts.book.values import FlowValues, empty_values
from engine.payouts.codes import PRICE_PART
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    ContractType,
    DividendStatus,
    DividendType,
    FxFeatureType,
    LegType,
    NotionalMode,
    ScheduleRole,
    ScheduleType,
    Side,
    UnderlierType,
)
from engine.payouts.market import DividendEvent, MarketArrays
from engine.payouts.terms.contract import Contract, Leg, LotClosing, TradeLot
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import BasketComposition, FxFeature, PerformancePayout, Underlier
from engine.payouts.terms.returns import DividendReturnTerms, PriceReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate, ValuationSchedule

START = date(2024, 1, 2)
PRICE_RETURN = PriceReturnTerms()
CALENDARS = CenterCalendars({"USNY": WEEKENDS_ONLY})
TABLES = (CONTRACTS, LEGS, LOTS, FLOWS, *equity.TABLES, *dividends.TABLES)


def on(n: int) -> date:
    """The n-th calendar day after START."""
    return START + timedelta(days=n)


def share(
    reference: str = "SHARE", currency: str = "USD", kind: UnderlierType = UnderlierType.SINGLE_STOCK
) -> Instrument:
    """An instrument."""
    return Instrument(reference=reference, instrument_type=kind, name=reference, currency=currency)


def lot(
    quantity: float | None = 1_000.0,
    price: float | None = None,
    *,
    name: str = "LOT-1",
    cost: date = START,
    notional: float = 100_000.0,
    fx: float | None = None,
    basis: date | None = None,
    closings: tuple[LotClosing, ...] = (),
) -> TradeLot:
    """A lot that settles two days after its cost date."""
    return TradeLot(
        lot_identifier=name,
        cost_date=cost,
        settlement_date=cost + timedelta(days=2),
        notional_amount=notional,
        opened_quantity=quantity,
        initial_price=price,
        initial_fx=fx,
        basis_date=basis,
        closings=closings,
    )


def closing(quantity: float, price: float, at: date, *, event: str = "EV-1", fx: float | None = None) -> LotClosing:
    """A closing that is paid two days later."""
    return LotClosing(
        event_reference=event,
        event_date=at,
        settlement_date=at + timedelta(days=2),
        quantity=quantity,
        price=price,
        fx_rate=fx,
    )


def valued_on(*days: date, delay: int = 2) -> dict[str, object]:
    """Schedules with these valuation dates, the last one final, each paid `delay` days later."""
    dates = [ScheduledDate(sequence=k, unadjusted_date=day, adjusted_date=day) for k, day in enumerate(days, start=1)]
    paid = [
        PaymentDate(
            sequence=k,
            unadjusted_date=day + timedelta(days=delay),
            adjusted_date=day + timedelta(days=delay),
            pays_sequences=(k,),
        )
        for k, day in enumerate(days, start=1)
    ]
    explicit = ScheduleType.EXPLICIT
    return {
        "valuation_schedules": (
            ValuationSchedule(role=ScheduleRole.INTERIM, schedule_type=explicit, dates=tuple(dates[:-1])),
            ValuationSchedule(role=ScheduleRole.FINAL, schedule_type=explicit, dates=tuple(dates[-1:])),
        ),
        "payment_schedules": (
            PaymentSchedule(role=ScheduleRole.INTERIM, schedule_type=explicit, dates=tuple(paid[:-1])),
            PaymentSchedule(role=ScheduleRole.FINAL, schedule_type=explicit, dates=tuple(paid[-1:])),
        ),
    }


def payout(
    valuations: Sequence[date],
    *,
    mode: NotionalMode = NotionalMode.RESET,
    instrument: Instrument | None = None,
    compositions: tuple[BasketComposition, ...] = (),
    price: PriceReturnTerms | None = PRICE_RETURN,
    dividend: DividendReturnTerms | None = None,
    fx: tuple[FxFeature, ...] = (),
    delay: int = 2,
) -> PerformancePayout:
    """A payout on one instrument, or on a basket where compositions are given."""
    kind = UnderlierType.BASKET if compositions else UnderlierType.SINGLE_STOCK
    return PerformancePayout(
        underlier=Underlier(
            underlier_type=kind,
            underlier_reference="UNDERLIER",
            instrument=None if compositions else instrument or share(),
            compositions=compositions,
        ),
        returns=ReturnTerms(price=price, dividend=dividend),
        notional_mode=mode,
        fx_features=fx,
        **valued_on(*valuations, delay=delay),  # type: ignore[arg-type]
    )


def fx_feature(kind: FxFeatureType, **terms: object) -> FxFeature:
    """An FX feature into USD."""
    return FxFeature(fx_feature_type=kind, reference_currency="USD", **terms)  # type: ignore[arg-type]


def swap(
    terms: PerformancePayout,
    *lots: TradeLot,
    receives: bool = True,
    notional_currency: str = "USD",
    other_legs: tuple[Leg, ...] = (),
    trade_date: date = START,
    termination: date | None = None,
) -> Contract:
    """A contract whose leg 1 is the payout on these lots; party 1 reports."""
    leg = Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=Side.PARTY2 if receives else Side.PARTY1,
        notional_currency=notional_currency,
        performance=terms,
        lots=lots,
    )
    return Contract(
        contract_reference="C-1",
        contract_type=ContractType.EQUITY_SWAP,
        trade_date=trade_date,
        effective_date=START,
        termination_date=termination,
        party1=Party(party_identifier="A", party_name="A"),
        party2=Party(party_identifier="B", party_name="B"),
        legs=(leg, *other_legs),
        settlement_currency="USD",
    )


def rows_of(contract: Contract) -> ContractRows:
    """The contract's equity and dividend rows."""
    rows = ContractRows(contract.contract_reference)
    currency = rows.name(CURRENCIES, contract.settlement_currency or "USD")
    rows.add(CONTRACTS, ContractLine(0, currency, day_number(contract.effective_date), NO_DAY))
    for leg in contract.legs:
        leg_row = rows.add(LEGS, LegLine(0, leg.leg_number, contract.sign(leg), currency, PERFORMANCE, NO_ROW, NO_ROW))
        if leg.performance is None:
            continue
        lot_rows = {
            each.lot_identifier: rows.add(LOTS, LotLine(leg_row, rows.name(EVENTS, each.lot_identifier)))
            for each in leg.lots
        }
        equity.compile_equity(contract, leg, leg_row, lot_rows, CALENDARS, rows)
        dividends.compile_dividends(contract, leg, leg_row, lot_rows, CALENDARS, rows)
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixings:
    """Closes by instrument and day, FX by pair and day, splits (instrument, ex-date, factor), dividends."""

    prices: Mapping[str, Mapping[date, float]]
    fx: Mapping[str, Mapping[date, float]] = ()  # type: ignore[assignment]
    splits: tuple[tuple[str, date, float], ...] = ()
    dividends: tuple[DividendEvent, ...] = ()

    def arrays(self, book: Book, n_days: int = 400) -> MarketArrays:
        """The market of a book from START on."""
        first = day_number(START)
        instruments, pairs = book.names[INSTRUMENTS], book.names[PAIRS]
        factors = np.ones((len(instruments), n_days))
        for reference, ex_date, factor in self.splits:
            factors[instruments.index(reference), (ex_date - START).days :] *= factor
        events = [
            event
            for reference in instruments
            for event in sorted(self.dividends, key=lambda event: event.ex_date)
            if event.instrument_reference == reference and event.status is not DividendStatus.CANCELLED
        ]
        counts = [sum(event.instrument_reference == reference for event in events) for reference in instruments]
        return MarketArrays(
            first_day=first,
            prices=_matrix(instruments, self.prices, n_days),
            factors=factors,
            fx=_matrix(pairs, dict(self.fx), n_days),
            rates=np.empty((0, n_days)),
            good=np.empty((0, n_days), np.uint8),
            dividend_first=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            dividend_ex_day=_days([event.ex_date for event in events]),
            dividend_record_day=_days([event.record_date for event in events]),
            dividend_pay_day=_days([event.pay_date for event in events]),
            dividend_amount=_numbers([event.gross_amount for event in events]),
            dividend_cash_equivalent=_numbers([event.cash_equivalent_amount for event in events]),
            dividend_type=np.array([list(DividendType).index(event.dividend_type) for event in events], np.int64),
            dividend_is_confirmed=np.array([event.status is DividendStatus.CONFIRMED for event in events], np.uint8),
            dividend_currency=tuple(event.currency for event in events),
            dividend_reference=tuple(event.reference for event in events),
        )


def _matrix(names: Sequence[str], by_name: Mapping[str, Mapping[date, float]], n_days: int) -> np.ndarray:
    values = np.full((len(names), n_days), np.nan)
    for row, name in enumerate(names):
        for day, value in by_name.get(name, {}).items():
            values[row, (day - START).days] = value
    return values


def _days(days: Sequence[date | None]) -> np.ndarray:
    return np.array([NO_DAY if day is None else day_number(day) for day in days], np.int64)


def _numbers(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)


@dataclass(frozen=True, slots=True)
class Valued:
    """A book, its flows and their values on a day."""

    book: Book
    flows: Records
    values: FlowValues

    def of(self, kind: CashflowType, subtype: CashflowSubtype | None = None) -> list[int]:
        """Rows of flows of a type, in the order of the book."""
        wanted = self.flows["cashflow_type"] == list(CashflowType).index(kind)
        if subtype is not None:
            wanted &= self.flows["subtype"] == list(CashflowSubtype).index(subtype)
        return np.flatnonzero(wanted).tolist()

    def amounts(self, kind: CashflowType = CashflowType.EQUITY_RETURN) -> list[float]:
        """Amounts of the flows of a type."""
        return self.values.amount[self.of(kind)].tolist()

    def paid_on(self, kind: CashflowType) -> list[date | None]:
        """Payment dates of the flows of a type."""
        days = self.flows["payment_day"][self.of(kind)].tolist()
        return [None if day == NO_DAY else to_date(day) for day in days]

    @property
    def components(self) -> list[float]:
        """The five components summed over all flows."""
        return self.values.parts.sum(axis=1).tolist()


def valued(contract: Contract | Sequence[Contract], fixings: Fixings, day: date, n_days: int = 400) -> Valued:
    """All flows of contracts, dividends included, at the close of a day."""
    contracts = [contract] if isinstance(contract, Contract) else list(contract)
    book = assemble([rows_of(each).finished(TABLES) for each in contracts], TABLES)
    market = fixings.arrays(book, n_days)
    book = add_dividend_flows(book, market, CALENDARS)
    flows = book[FLOWS]
    values = empty_values(len(flows))
    active = np.ones(len(flows), np.uint8)
    equity.value_equity(book, market, day_number(day), active, values)
    dividends.value_dividends(book, market, day_number(day), active, values)
    return Valued(book, flows, values)


def with_lots(contract: Contract, *lots: TradeLot) -> Contract:
    """The contract with other lots on its first leg."""
    return replace(contract, legs=(replace(contract.legs[0], lots=lots), *contract.legs[1:]))


def price_amounts(result: Valued) -> list[float]:
    """Price components of the equity flows."""
    return result.values.parts[PRICE_PART][result.of(CashflowType.EQUITY_RETURN)].tolist()
