"""Baskets agreed by weights that get their first units in the real end of day (spec 07 §10; vector V-4)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from db.payouts.fixings import PriceFixing
from db.store import Store
from engine.desk.swaps import events, rebalancing
from engine.desk.swaps.booking import Outcome
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.cdm.overrides import Overrides
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.writer import write_trade
from engine.payouts.enums import BusinessEventType, FxFeatureType, RebalancingFrequency, WeightType
from engine.payouts.events.instructions import Event
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.initial_units import with_composition
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.performance import FxFeature
from tests.desk.swaps import swap_book
from tests.desk.swaps.basket_swaps import (
    DAYS,
    END,
    START,
    V1,
    V2,
    WEIGHTS,
    basket_swap,
    booked,
    closes,
    put_closes,
    shares,
)
from tests.desk.swaps.day_runs import checksums, rows, run_days
from tests.desk.swaps.test_basket_rebalancing import amounts, compositions, event_rows, replayed_as_stored, units
from xl_addin.command_line.swaps_tables import show_days

MONTHLY, NONE = RebalancingFrequency.MONTHLY, RebalancingFrequency.NONE
NO_UNITS: Any = (None, None, None)
FIXING = f"AUTO initial fixing L1 {START}"


def weighted(reference: str = "AUTO", frequency: RebalancingFrequency = NONE, **terms: Any) -> Contract:
    """The basket of V-4 by its weights alone."""
    return basket_swap(reference, frequency, units=NO_UNITS, **terms)


def imported(store: Store, folder: Path, contract: Contract, overrides: Overrides) -> SwapDesk:
    """A desk with closes of the shares, and the contract as it comes back from its document."""
    desk = booked(store, prices={})
    path = folder / "basket.json"
    path.write_text(write_trade(contract), encoding="utf-8")
    (one,) = desk.import_documents([path], overrides={path.name: overrides})
    assert one.outcome is Outcome.NEW, one.findings
    put_closes(store, [contract], closes())
    return desk


def stated(contract: Contract, **prices: float) -> Contract:
    """The contract with initial prices of some constituents."""
    leg = contract.legs[0]
    assert leg.performance is not None
    (held,) = leg.performance.underlier.compositions
    constituents = tuple(replace(one, initial_price=prices.get(one.instrument.name)) for one in held.constituents)
    return replace(
        contract, legs=(with_composition(leg, held, replace(held, constituents=constituents)), *contract.legs[1:])
    )


def counted_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements from now on, without those of the connection itself."""
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **options: Any) -> Any:
        if "set_config" not in str(query) and str(query) != ";":
            statements.append(str(query))
        return execute(cursor, query, *given, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return statements


@pytest.fixture
def overrides() -> Overrides:
    """What the document of a basket has no place for."""
    return Overrides(rebalancing_frequency=MONTHLY, price_currencies={f"RIC:{name}": "USD" for name in "ABC"})


def test_an_imported_basket_with_weights_is_valued_and_rebalanced(
    store: Store, tmp_path: Path, overrides: Overrides
) -> None:
    """V-4 whole: 4,000, 1,750 and 5,000 units at 100, 200 and 50; +47,500 and -2,618.75."""
    desk = imported(store, tmp_path, weighted(), overrides)
    first = desk.end_of_day(START, refreshes_views=False)
    run_days(desk, date(2024, 1, 11), END)

    assert (first.n_fixed, first.n_rebalanced, first.failures, first.not_rebalanced) == (1, 0, (), ())
    found = compositions(store)
    assert units(found[0]) == [4_000.0, 1_750.0, 5_000.0]
    assert [(one.initial_price, one.fx_at_start) for one in found[0].constituents] == [
        (100.0, 1.0), (200.0, 1.0), (50.0, 1.0)
    ]  # fmt: skip
    assert [one.weight_value for one in found[0].constituents] == list(WEIGHTS)
    assert found[0].basket_value_at_start == 1_000_000.0
    assert [one.effective_from for one in found] == [START, V1, V2]
    assert amounts(store)[:2] == [Decimal("47500.00"), Decimal("-2618.75")]
    assert event_rows(store)[0] == (FIXING, "RESET", START, None)
    assert replayed_as_stored(store)
    (again,) = desk.import_documents([tmp_path / "basket.json"], overrides={"basket.json": overrides})
    assert again.outcome is Outcome.UNCHANGED
    assert len(compositions(store)) == 3


def test_it_pays_what_the_same_basket_given_in_units_pays(store: Store) -> None:
    """Both legs, to the cent, rebalanced or not."""
    desk = booked(store, weighted(frequency=MONTHLY), basket_swap("UNITS", MONTHLY))
    run_days(desk, START, END)

    for leg in (1, 2):
        assert amounts(store, leg=leg) == amounts(store, "UNITS", leg)
    assert compositions(store)[1:] == compositions(store, "UNITS")[1:]


def test_a_late_import_is_fixed_at_the_closes_of_its_first_day(store: Store) -> None:
    """One run in March fixes, rebalances twice and pays what daily runs would have."""
    desk = booked(store, weighted(frequency=MONTHLY))
    outcome = desk.end_of_day(date(2024, 3, 12), refreshes_views=False)

    assert (outcome.n_fixed, outcome.n_rebalanced, outcome.failures) == (1, 2, ())
    assert units(compositions(store)[0]) == [4_000.0, 1_750.0, 5_000.0]
    assert amounts(store)[:2] == [Decimal("47500.00"), Decimal("-2618.75")]
    runs = rows(store, "SELECT (counts ->> 'fixed')::int FROM job_runs ORDER BY started_at DESC LIMIT 1")
    assert runs == [(1,)]


def test_a_basket_that_begins_later_is_no_failure(store: Store) -> None:
    """Between its trade date and its first day there is nothing to value and nothing to complain about."""
    desk = booked(store, replace(weighted(), trade_date=date(2024, 1, 8)))
    outcomes = [desk.end_of_day(on, refreshes_views=False) for on in (date(2024, 1, 8), date(2024, 1, 9), START)]

    assert [(one.n_contracts, one.n_fixed, one.failures, one.not_rebalanced) for one in outcomes] == [
        (0, 0, (), ()), (0, 0, (), ()), (1, 1, (), ())
    ]  # fmt: skip


def test_the_same_day_again_changes_nothing(store: Store) -> None:
    """One event, and the results as they were."""
    desk = booked(store, weighted())
    run_days(desk, START, date(2024, 1, 16))
    before = checksums(store)
    again = desk.end_of_day(date(2024, 1, 16), refreshes_views=False)

    assert (again.n_fixed, checksums(store), len(event_rows(store))) == (0, before, 1)


def test_a_missing_close_is_told_and_made_up_for(store: Store) -> None:
    """Nothing is written until it is there; the run behind it pays as if it had been in time."""
    late = weighted("LATE")
    whole = closes()
    given = {name: {on: price for on, price in of.items() if (name, on) != ("B", START)} for name, of in whole.items()}
    desk = booked(store, late, prices=given)
    missed = desk.end_of_day(START, refreshes_views=False)
    run_days(desk, date(2024, 1, 11), date(2024, 1, 17))
    kept = event_rows(store)
    put_closes(store, [late], {"B": {START: whole["B"][START]}})
    made = desk.end_of_day(date(2024, 1, 18), refreshes_views=False)
    run_days(desk, date(2024, 1, 19), V1)

    (told,) = missed.not_rebalanced
    assert (told.contract_reference, told.leg_number, told.on) == ("LATE", 1, START)
    assert str(told.error) == (
        "CLO-4130: The basket of leg 1 has weights and no units yet: on 2024-01-10 there is no price of RIC:B."
        " Load it: the next run fixes the units."
    )
    (failure,) = missed.failures
    assert failure.error.number == "CLO-1934"
    assert "The end of day resolves those of weights at the closes of that day" in str(failure.error)
    assert (kept, made.n_fixed, made.failures) == ([], 1, ())
    assert amounts(store, "LATE")[0] == Decimal("47500.00")
    shown = Console(width=200)
    with shown.capture() as text:
        show_days(shown, (missed, made))
    assert "1 basket got its units." in text.get()
    assert "LATE leg 1: CLO-4130" in text.get()


def test_what_was_cancelled_by_hand_is_not_made_again(store: Store) -> None:
    """The basket is without units as before, every run says what to do; the cancellation can be undone."""
    desk = booked(store, weighted())
    run_days(desk, START, date(2024, 1, 12))
    events.cancel(store, "AUTO", FIXING, reason="wrong closes")
    told = desk.end_of_day(date(2024, 1, 16), refreshes_views=False)

    assert units(compositions(store)[0]) == [None, None, None]
    assert (told.n_fixed, [one.error.number for one in told.not_rebalanced]) == (0, ["CLO-4135"])
    assert "State the units of its constituents" in str(told.not_rebalanced[0].error)
    assert [one.error.number for one in told.failures] == ["CLO-1934"]
    events.cancel(store, "AUTO", f"CANCEL {FIXING}", reason="they were right")
    assert units(compositions(store)[0]) == [4_000.0, 1_750.0, 5_000.0]
    assert desk.end_of_day(date(2024, 1, 17), refreshes_views=False).failures == ()
    assert replayed_as_stored(store)


def test_notionals_buy_their_units(store: Store) -> None:
    """400,000, 350,000 and 250,000 buy the units of V-4."""
    desk = booked(store, weighted(kind=WeightType.NOTIONAL, weights=(400_000.0, 350_000.0, 250_000.0)))
    run_days(desk, START, V1)

    assert units(compositions(store)[0]) == [4_000.0, 1_750.0, 5_000.0]
    assert amounts(store)[0] == Decimal("47500.00")


def test_a_constituent_in_euro_is_bought_at_the_rate_of_the_day(store: Store) -> None:
    """350,000 dollars of B at 200 euro and 1.25 are 1,400 shares; the period pays dollars at both rates."""
    a, b, c = shares()
    feature = FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")
    desk = booked(store, weighted(held=(a, replace(b, currency="EUR"), c), features=(feature,)))
    rates = {on: 1.25 + 0.001 * k for k, on in enumerate(DAYS)}
    with store.begin() as work:
        swap_book.put_fx(work.payouts, "EUR", "USD", {on: rate for on, rate in rates.items() if on != START})
    missed = desk.end_of_day(START, refreshes_views=False)
    with store.begin() as work:
        swap_book.put_fx(work.payouts, "EUR", "USD", {START: rates[START]})
    run_days(desk, START, V1)

    assert "there is no FX rate EUR/USD" in str(missed.not_rebalanced[0].error)
    (composition,) = compositions(store)
    assert units(composition) == [4_000.0, 1_400.0, 5_000.0]
    assert [one.fx_at_start for one in composition.constituents] == [1.0, 1.25, 1.0]
    expected = 4_000.0 * 10.0 + 1_400.0 * (190.0 * rates[V1] - 200.0 * 1.25) + 5_000.0 * 5.0
    assert float(amounts(store)[0]) == pytest.approx(expected, abs=0.006)


def test_a_lot_that_joins_later_has_its_own_price(store: Store) -> None:
    """Half a basket more on 24 January at 1,020,000 pays from there, as beside units without prices of the start."""
    desk = booked(store, weighted(), basket_swap("UNITS", NONE))
    joined = date(2024, 1, 24)
    run_days(desk, START, date(2024, 1, 23))
    for name in ("AUTO", "UNITS"):
        more = QuantityChange(
            direction=QuantityDirection.INCREASE, quantity=0.5, price=1_020_000.0, price_currency="USD"
        )
        event = Event(
            event_reference=f"I {name}", event_type=BusinessEventType.INCREASE, event_date=joined,
            effective_date=joined, instructions=(more,),
        )  # fmt: skip
        events.apply(store, name, event)
    run_days(desk, joined, V1)

    assert amounts(store)[0] == Decimal("47500.00") + Decimal("0.5") * (1_047_500 - 1_020_000)
    for leg in (1, 2):
        assert amounts(store, leg=leg) == amounts(store, "UNITS", leg)
    assert replayed_as_stored(store)


def test_a_stated_price_comes_before_the_close(store: Store) -> None:
    """A agreed at 80: 5,000 shares, and the period pays from 80."""
    desk = booked(store, stated(weighted(), A=80.0))
    run_days(desk, START, V1)

    assert units(compositions(store)[0]) == [5_000.0, 1_750.0, 5_000.0]
    assert amounts(store)[0] == Decimal("5000") * 30 - Decimal("1750") * 10 + Decimal("5000") * 5


def test_a_basket_with_all_prices_stated_needs_no_event(store: Store) -> None:
    """Units follow from the terms, before any close and through rebalancings."""
    desk = booked(store, stated(weighted(frequency=MONTHLY), A=100.0, B=200.0, C=50.0))
    outcome = desk.end_of_day(START, refreshes_views=False)
    run_days(desk, date(2024, 1, 11), V2)

    assert (outcome.n_fixed, outcome.failures, outcome.not_rebalanced) == (0, (), ())
    assert units(compositions(store)[0]) == [None, None, None]
    assert [reference for reference, *_ in event_rows(store)] == [f"AUTO rebalancing L1 {on}" for on in (V1, V2)]
    assert amounts(store)[:2] == [Decimal("47500.00"), Decimal("-2618.75")]
    assert replayed_as_stored(store)


def test_baskets_that_have_units_cost_one_statement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once fixed, or given in units, a basket is not looked at again."""
    booked(store, weighted(), basket_swap("UNITS", NONE))
    first = rebalancing.rebalance_due(store, START)
    statements = counted_statements(monkeypatch)
    again = rebalancing.rebalance_due(store, START)

    assert (first.fixings, again) == ((FIXING,), rebalancing.NOTHING_DUE)
    assert len(statements) == 1


def test_weights_that_are_refused_hold_nobody_up(store: Store) -> None:
    """CLO-1939 for 90 %; the other basket gets its units."""
    desk = booked(store, weighted("BAD", weights=(0.4, 0.3, 0.2)), weighted())
    outcome = desk.end_of_day(START, refreshes_views=False)

    assert [(one.contract_reference, one.on, one.error.number) for one in outcome.not_rebalanced] == [
        ("BAD", START, "CLO-1939")
    ]
    assert (outcome.n_fixed, units(compositions(store)[0])) == (1, [4_000.0, 1_750.0, 5_000.0])


def put_market(store: Store, names: list[str], priced_in: dict[str, str], start: date) -> None:
    """Made-up closes and rates of four weeks, every day of them."""
    days = [date.fromordinal(start.toordinal() + k) for k in range(-7, 21)]
    with store.begin() as work:
        for k, name in enumerate(names):
            work.payouts.fixings.put_prices(
                [PriceFixing(name, on, 20.0 + k + 0.1 * on.day, priced_in[name]) for on in days], "test"
            )
        for one, two, rate in (("GBP", "EUR", 1.56), ("USD", "EUR", 0.99), ("EUR", "USD", 1.01), ("HKD", "USD", 0.128)):
            swap_book.put_fx(work.payouts, one, two, dict.fromkeys(days, rate))


CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "EUR", "GBP", "USD")


@pytest.mark.parametrize("prefix", ["eqs-ex02", "eqs-ex03", "eqs-ex07", "eqs-ex08"])
def test_a_sample_with_weights_gets_through_its_first_period(store: Store, reference: Path, prefix: str) -> None:
    """The baskets of the FINOS trades, with weights and currencies given and made-up prices: the position is worth its
    notional at the start."""
    (path,) = (reference / "data" / "cdm" / "trades").glob(f"{prefix}-*.json")
    desk = SwapDesk(store)
    contract = read_trade(path.read_bytes(), path.name).contract
    assert contract is not None
    payout = contract.legs[0].performance
    assert payout is not None
    (composition,) = payout.underlier.compositions
    names = [one.instrument.reference for one in composition.constituents]
    weights = dict.fromkeys(names, 1.0 / len(names))
    priced_in = dict(zip(names, ("EUR", "EUR", "HKD") if prefix == "eqs-ex03" else CURRENCIES, strict=False))
    completed = Overrides(weights=weights, price_currencies=priced_in)
    if payout.returns.dividend is not None:
        completed = replace(completed, dividend_payout_ratio=1.0)
    (one,) = desk.import_documents([path], overrides={path.name: completed})
    assert one.contract_reference is not None
    start = composition.effective_from
    put_market(store, names, priced_in, start)
    outcome = desk.end_of_day(date.fromordinal(start.toordinal() + 14), refreshes_views=False)

    assert (outcome.not_rebalanced, outcome.failures, outcome.n_fixed) == ((), (), 1)
    (made,) = compositions(store, one.contract_reference)
    worth = sum((c.units or 0.0) * (c.initial_price or 0.0) * (c.fx_at_start or 0.0) for c in made.constituents)
    assert worth == pytest.approx(contract.legs[0].notional_amount, rel=1e-12)
    assert made.basket_value_at_start == pytest.approx(worth, rel=1e-12)
