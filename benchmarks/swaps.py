"""The end of day of a book of 10,000 total return swaps on 500 shares, stored: accruals, valuation, P&L.

A day of a book that is under way, in a process that has run the day before, and in one that starts with it. Beside it
the same day swap by swap, a sample scaled up, which is what a service that loops over its contracts does. Then one
payout of the book in detail, and the writing of a year of accruals, which is most of a first day.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from benchmarks.databases import fresh_store
from benchmarks.figures import Figure, Unit, median_seconds
from db.models.payouts.performance import PerformancePayoutRow
from db.payouts.end_of_day import EndOfDayRepository
from db.payouts.fixings import PriceFixing, RateFixing
from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.enums import (
    ContractType,
    DayCount,
    DividendPaymentReference,
    LegType,
    NotionalSource,
    OvernightMethod,
    PeriodUnit,
    RateKind,
    ScheduleRole,
    ScheduleType,
    Side,
    UnderlierType,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import PerformancePayout, Underlier
from engine.payouts.terms.returns import DividendReturnTerms, PriceReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

N_SWAPS, N_SHARES, N_SAMPLE = 10_000, 500, 50
FIRST, LAST = date(2024, 1, 2), date(2024, 6, 28)
N_SWAPS_OF_A_YEAR, LAST_OF_A_YEAR = 560, date(2024, 12, 31)
N_ACCRUALS, N_ACCRUALS_SAMPLE = 365_000, 5_000


def share(number: int) -> Instrument:
    """A share by its number."""
    return Instrument(
        reference=f"RIC:S{number}", instrument_type=UnderlierType.SINGLE_STOCK, name=f"Share {number}", currency="USD"
    )


def swap(number: int, shares: list[Instrument]) -> Contract:
    """A year of monthly total returns on one of the shares, funded overnight; starts are spread over two months."""
    start = FIRST + timedelta(days=7 + number % 60)
    underlier = shares[number % len(shares)]
    units, price = 1_000.0 + number % 97, 100.0
    lot = TradeLot(
        lot_identifier="LOT-1",
        cost_date=start,
        settlement_date=start,
        notional_amount=units * price,
        opened_quantity=units,
        initial_price=price,
        price_currency="USD",
    )
    monthly = ValuationSchedule(
        role=ScheduleRole.INTERIM, schedule_type=ScheduleType.PARAMETRIC, period_multiplier=1, period_unit=PeriodUnit.M
    )
    paid = PaymentSchedule(role=ScheduleRole.INTERIM, schedule_type=ScheduleType.RELATIVE, payment_delay_days=2)
    equity = PerformancePayout(
        underlier=Underlier(
            underlier_type=UnderlierType.SINGLE_STOCK, underlier_reference=underlier.reference, instrument=underlier
        ),
        returns=ReturnTerms(
            price=PriceReturnTerms(initial_price=price),
            dividend=DividendReturnTerms(
                dividend_payout_ratio=1.0, payment_date_reference=DividendPaymentReference.EQUITY_PAYMENT_DATE
            ),
        ),
        settlement_currency="USD",
        valuation_schedules=(monthly,),
        payment_schedules=(paid,),
    )
    funding = InterestRatePayout(
        rate_kind=RateKind.FLOATING_OVERNIGHT,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-SOFR",
        spread=0.005,
        overnight_method=OvernightMethod.COMPOUNDED,
        observation_centers=("USSOFR",),
        notional_source=NotionalSource.EQUITY_RESET,
    )
    return Contract(
        contract_reference=f"TRS-{number:05d}",
        contract_type=ContractType.TOTAL_RETURN_SWAP,
        trade_date=start,
        effective_date=start,
        termination_date=start + timedelta(days=366),
        party1=Party(party_identifier="DESK", party_name="Desk"),
        party2=Party(party_identifier=f"FUND-{number % 40}", party_name=f"Fund {number % 40}"),
        settlement_currency="USD",
        legs=(
            Leg(leg_number=1, leg_type=LegType.EQUITY_LEG, payer=Side.PARTY2, lots=(lot,), performance=equity),
            Leg(leg_number=2, leg_type=LegType.FUNDING_LEG, payer=Side.PARTY1, linked_leg_number=1, interest=funding),
        ),
    )


def filled(store: Store, n_swaps: int = N_SWAPS, last: date = LAST) -> None:
    """Store the book, its calendars, closes and rates up to a day, and a dividend of every share."""
    shares = [share(number) for number in range(N_SHARES)]
    days = [FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)]
    days = [on for on in days if on.weekday() < 5]
    moves = np.exp(np.cumsum(np.random.default_rng(5).normal(0.0, 0.01, (N_SHARES, len(days))), axis=1))
    with store.begin() as work:
        payouts = work.payouts
        for center in ("USNY", "USSOFR"):
            payouts.calendars.put(center, [], source="benchmark", version="1")
        calendars = CenterCalendars(payouts.calendars.calendars())
        payouts.contracts.add_many([with_schedules(swap(number, shares), calendars)[0] for number in range(n_swaps)])
        for number, item in enumerate(shares):
            closes = (100.0 * moves[number]).tolist()
            payouts.fixings.put_prices(
                [PriceFixing(item.reference, on, close, "USD") for on, close in zip(days, closes, strict=True)], "desk"
            )
        payouts.fixings.put_rates([RateFixing("USD-SOFR", "", on, 0.053) for on in days], "desk")
        payouts.market_events.put_dividends(
            [
                DividendEvent(
                    instrument_reference=item.reference,
                    ex_date=date(2024, 4, 3) + timedelta(days=number % 20),
                    currency="USD",
                    gross_amount=0.5,
                )
                for number, item in enumerate(shares)
            ]
        )


def seconds_of_day(desk: SwapDesk, on: date, references: list[str] | None = None) -> float:
    """How long a day takes, for all swaps or for some."""
    started = time.perf_counter()
    desk.end_of_day(on, references=references, refreshes_views=False)
    return time.perf_counter() - started


def walked(session: Session, key: UUID) -> int:
    """Load a payout as objects that fetch what they own when it is touched; how many there are."""
    session.expunge_all()
    waiting: list[Any] = [session.get_one(PerformancePayoutRow, key)]
    for row in waiting:
        owned = [
            one for one in inspect(type(row)).relationships if one.cascade.delete_orphan or one.key == "instrument"
        ]
        for found in (getattr(row, one.key) for one in owned):
            waiting += found if isinstance(found, list) else [] if found is None else [found]
    return len(waiting)


def detail_of_one(store: Store, repeats: int) -> Figure:
    """A payout with its contract, terms, schedules and instrument, in a database that knows the sizes of its tables."""
    with store.begin() as work:
        work.driver.execute("ANALYZE")
    with store.read() as work:
        payouts = work.payouts.payouts
        key = payouts.detail("TRS-05000", 1).payout_id
        return Figure(
            name="Detail of one payout",
            amount=median_seconds(lambda: payouts.detail("TRS-05000", 1), repeats),
            unit=Unit.MILLISECOND,
            alternative="objects that fetch what they own when it is touched",
            alternative_amount=median_seconds(lambda: walked(work.session, key), repeats),
            target=0.010,
        )


@contextmanager
def writing_of_accruals() -> Iterator[list[tuple[int, float]]]:
    """Rows and seconds of every writing of accruals meanwhile."""
    found: list[tuple[int, float]] = []
    put = EndOfDayRepository.put_accruals

    def timed(self: EndOfDayRepository, *given: Any) -> int:
        started = time.perf_counter()
        n_rows = put(self, *given)
        found.append((n_rows, time.perf_counter() - started))
        return n_rows

    with patch.object(EndOfDayRepository, "put_accruals", timed):
        yield found


def seconds_row_by_row(driver: psycopg.Connection[Any]) -> float:
    """How long some of the stored accruals take when each is inserted by a statement of its own."""
    with driver.cursor() as cursor:
        rows = cursor.execute(
            "SELECT * FROM daily_accruals ORDER BY cashflow_id, accrual_date LIMIT %s", (N_ACCRUALS_SAMPLE,)
        ).fetchall()
        names = [column.name for column in cursor.description or ()]
        key, day = names.index("cashflow_id"), names.index("accrual_date")
        cursor.execute(
            "DELETE FROM daily_accruals WHERE (cashflow_id, accrual_date) IN"
            " (SELECT * FROM unnest(%s::uuid[], %s::date[]))",
            ([row[key] for row in rows], [row[day] for row in rows]),
        )
        insert = sql.SQL("INSERT INTO daily_accruals VALUES ({})").format(
            sql.SQL(", ").join(sql.Placeholder() * len(names))
        )
        given = [[Jsonb(value) if isinstance(value, dict) else value for value in row] for row in rows]
        started = time.perf_counter()
        for row in given:
            cursor.execute(insert, row)
        return time.perf_counter() - started


def accruals_of_a_year() -> Figure:
    """The accruals of a first day late in a year, as they are stored; to the size that the target names."""
    with fresh_store() as store:
        filled(store, N_SWAPS_OF_A_YEAR, LAST_OF_A_YEAR)
        with writing_of_accruals() as written:
            seconds_of_day(SwapDesk(store), LAST_OF_A_YEAR)
        ((n_rows, seconds),) = written
        with store.begin() as work:
            row_by_row = seconds_row_by_row(work.driver)
    return Figure(
        name=f"{N_ACCRUALS:,} daily accruals stored, scaled from {n_rows:,}",
        amount=seconds * N_ACCRUALS / n_rows,
        unit=Unit.SECOND,
        alternative=f"row by row, {N_ACCRUALS_SAMPLE:,} scaled up",
        alternative_amount=row_by_row * N_ACCRUALS / N_ACCRUALS_SAMPLE,
        target=5.0,
    )


def run(*, is_quick: bool) -> list[Figure]:
    """The end of day of the whole book, warm and in a new process, one payout of it, and a year of accruals."""
    repeats = 1 if is_quick else 5
    with fresh_store() as store:
        filled(store)
        desk = SwapDesk(store)
        on = date(2024, 4, 1)
        seconds_of_day(desk, on)
        warm = []
        for _ in range(repeats):
            on = on + timedelta(days=3 if on.weekday() == 4 else 1)
            warm.append(seconds_of_day(desk, on))
        on = on + timedelta(days=3 if on.weekday() == 4 else 1)
        cold = seconds_of_day(SwapDesk(store), on)
        on = on + timedelta(days=3 if on.weekday() == 4 else 1)
        started = time.perf_counter()
        for number in range(N_SAMPLE):
            seconds_of_day(desk, on, [f"TRS-{number:05d}"])
        one_by_one = (time.perf_counter() - started) * N_SWAPS / N_SAMPLE
        detail = detail_of_one(store, 5 if is_quick else 50)
    return [
        Figure(
            name=f"End of day of {N_SWAPS:,} swaps, stored",
            amount=float(np.median(warm)),
            unit=Unit.SECOND,
            alternative=f"swap by swap, {N_SAMPLE} scaled up",
            alternative_amount=one_by_one,
            target=10.0,
        ),
        Figure(
            name="The same in a process that has compiled nothing",
            amount=cold,
            unit=Unit.SECOND,
            alternative=f"swap by swap, {N_SAMPLE} scaled up",
            alternative_amount=one_by_one,
            target=10.0,
        ),
        detail,
        accruals_of_a_year(),
    ]
