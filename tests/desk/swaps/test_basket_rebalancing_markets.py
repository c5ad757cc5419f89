"""What baskets that rebalance themselves do on holidays, with currencies and splits, without weights, and when somebody
cancels (spec 07 §10, §19.1)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from db.store import Store
from engine.desk.swaps import events, rebalancing
from engine.errors import BackendError
from engine.payouts.enums import CorporateActionType, FxFeatureType, QuoteBasis, RebalancingFrequency, WeightType
from engine.payouts.market import CorporateAction
from engine.payouts.terms.performance import FxFeature
from tests.desk.swaps import swap_book
from tests.desk.swaps.basket_swaps import DAYS, START, V1, V2, WEIGHTS, basket_swap, booked, closes, shares
from tests.desk.swaps.day_runs import run_days, swap
from tests.desk.swaps.test_basket_rebalancing import FIRST, SECOND, amounts, compositions, event_rows, units

MONTHLY, EXPLICIT, WEEKLY = RebalancingFrequency.MONTHLY, RebalancingFrequency.EXPLICIT, RebalancingFrequency.WEEKLY
EUR_USD = {on: 1.05 + 0.001 * k for k, on in enumerate(DAYS)}


def test_what_was_cancelled_by_hand_stays_cancelled(store: Store) -> None:
    """No run makes it again, the next one of the basket comes from the units before; the cancellation can be undone."""
    desk = booked(store, basket_swap("AUTO", EXPLICIT, rebalancing_dates=(FIRST, SECOND)))
    run_days(desk, START, FIRST)
    reference = f"AUTO rebalancing L1 {FIRST}"
    events.cancel(store, "AUTO", reference, reason="agreed with the client")
    again = desk.end_of_day(FIRST, refreshes_views=False)
    after = [desk.end_of_day(on, refreshes_views=False) for on in DAYS if FIRST < on <= SECOND]

    assert (again.n_rebalanced, again.not_rebalanced) == (0, ())
    assert [one.as_of for one in after if one.n_rebalanced] == [SECOND]
    assert amounts(store)[0] == Decimal("47500.00")
    found = compositions(store)
    assert [one.effective_from for one in found] == [START, SECOND]
    value = sum(n * closes()[name][SECOND] for n, name in zip((4_000.0, 1_750.0, 5_000.0), "ABC", strict=True))
    expected = [w * value / closes()[name][SECOND] for w, name in zip(WEIGHTS, "ABC", strict=True)]
    assert units(found[-1]) == pytest.approx(expected, rel=1e-12)
    events.cancel(store, "AUTO", f"CANCEL {reference}", reason="not agreed after all")
    assert [one.effective_from for one in compositions(store)] == [START, FIRST, SECOND]


def test_the_next_day_is_the_stated_one_and_then_the_regular_ones(store: Store) -> None:
    """Monthly, but first on 24 January in the place of 12 February; then on 11 March."""
    desk = booked(store, basket_swap("AUTO", MONTHLY, next_rebalancing_date=FIRST))
    run_days(desk, START, date(2024, 3, 12))

    found = [(one.effective_from, one.next_rebalancing_date) for one in compositions(store)]
    assert found == [(START, FIRST), (FIRST, V2), (V2, None)]


def test_a_constituent_on_holiday_counts_with_its_close_before(store: Store) -> None:
    """B has no session on the due day and is taken at its close of the day before, as the valuation takes it."""
    held = shares()
    held = (held[0], replace(held[1], exchange_mic="XTST"), held[2])
    prices = closes()
    prices["B"] = {on: price for on, price in prices["B"].items() if on != FIRST}
    with store.begin() as work:
        work.payouts.calendars.put("XTST", [(FIRST, "holiday")], source="test", version="1")
    desk = booked(store, basket_swap("AUTO", EXPLICIT, held, rebalancing_dates=(FIRST,)), prices=prices)
    run_days(desk, START, FIRST)

    taken = {name: prices[name].get(FIRST, prices[name][date(2024, 1, 23)]) for name in "ABC"}
    value = sum(n * taken[name] for n, name in zip((4_000.0, 1_750.0, 5_000.0), "ABC", strict=True))
    expected = [w * value / taken[name] for w, name in zip(WEIGHTS, "ABC", strict=True)]
    assert units(compositions(store)[1]) == pytest.approx(expected, rel=1e-12)


def euro_basket(reference: str, feature: FxFeature) -> Any:
    """B is priced in euro; the basket and the leg are in dollars."""
    a, b, c = shares()
    held = (a, replace(b, currency="EUR"), c)
    return basket_swap(reference, EXPLICIT, held, features=(feature,), rebalancing_dates=(FIRST,))


def rates(kind: FxFeatureType) -> Mapping[date, float]:
    """EUR/USD that counts: observed, or fixed for ever."""
    return dict.fromkeys(DAYS, 1.25) if kind is FxFeatureType.QUANTO else EUR_USD


@pytest.mark.parametrize("kind", [FxFeatureType.COMPOSITE, FxFeatureType.QUANTO])
def test_a_basket_in_two_currencies_keeps_its_value(store: Store, kind: FxFeatureType) -> None:
    """Each weight is one of dollars at the rate that the leg is valued with, and the period pays what was held."""
    feature = FxFeature(fx_feature_type=kind, reference_currency="USD")
    if kind is FxFeatureType.QUANTO:
        quoted = {"quote_currency1": "EUR", "quote_currency2": "USD", "quote_basis": QuoteBasis.CURRENCY2_PER_CURRENCY1}
        feature = replace(feature, quanto_fx_rate=1.25, **quoted)
    contract = euro_basket("AUTO", feature)
    desk = booked(store, contract)
    with store.begin() as work:
        swap_book.put_fx(work.payouts, "EUR", "USD", EUR_USD)
    run_days(desk, START, V1)

    prices, rate = closes(), rates(kind)

    def dollars(name: str, on: date) -> float:
        return prices[name][on] * (rate[on] if name == "B" else 1.0)

    start = sum(n * dollars(name, START) for n, name in zip((4_000.0, 1_750.0, 5_000.0), "ABC", strict=True))
    value = sum(n * dollars(name, FIRST) for n, name in zip((4_000.0, 1_750.0, 5_000.0), "ABC", strict=True))
    held = [w * value / dollars(name, FIRST) for w, name in zip(WEIGHTS, "ABC", strict=True)]
    end = sum(n * dollars(name, V1) for n, name in zip(held, "ABC", strict=True))
    assert units(compositions(store)[1]) == pytest.approx(held, rel=1e-12)
    assert float(amounts(store)[0]) == pytest.approx(end - start, abs=0.006)


def test_a_missing_rate_keeps_the_units_too(store: Store) -> None:
    """The outcome names the pair."""
    feature = FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")
    desk = booked(store, euro_basket("AUTO", feature))
    with store.begin() as work:
        swap_book.put_fx(work.payouts, "EUR", "USD", {on: rate for on, rate in EUR_USD.items() if on != FIRST})
    run_days(desk, START, date(2024, 1, 23))

    (told,) = desk.end_of_day(FIRST, refreshes_views=False).not_rebalanced
    assert "CLO-1929" in str(told.error)
    assert "on 2024-01-24 there is no FX rate EUR/USD" in str(told.error)


def test_a_split_before_the_day_is_in_the_units(store: Store) -> None:
    """A splits two for one on 17 January: the basket pays and holds what it would without, A twice."""
    ex_date = date(2024, 1, 17)
    prices = closes() | closes("DEF")
    prices["A"] = {on: price / 2.0 if on >= ex_date else price for on, price in prices["A"].items()}
    plain = basket_swap("PLAIN", EXPLICIT, shares("DEF"), rebalancing_dates=(FIRST,))
    desk = booked(store, basket_swap("AUTO", EXPLICIT, rebalancing_dates=(FIRST,)), plain, prices=prices)
    action = CorporateAction(
        instrument_reference="RIC:A", action_type=CorporateActionType.STOCK_SPLIT, ex_date=ex_date,
        ratio_new=2.0, ratio_old=1.0,
    )  # fmt: skip
    with store.begin() as work:
        work.payouts.market_events.put_corporate_actions([action])
    run_days(desk, START, V1)

    (a, b, c), plainly = units(compositions(store)[1]), units(compositions(store, "PLAIN")[1])
    assert [(a or 0.0) / 2.0, b, c] == pytest.approx(plainly, rel=1e-12)
    assert amounts(store)[0] == amounts(store, "PLAIN")[0]


def test_notionals_are_restored_by_their_proportions(store: Store) -> None:
    """400,000, 350,000 and 250,000 are the weights of V-4, and percentages from the first rebalancing on."""
    terms = {"kind": WeightType.NOTIONAL, "weights": (400_000.0, 350_000.0, 250_000.0)}
    desk = booked(store, basket_swap("AUTO", MONTHLY, **terms))
    run_days(desk, START, V2)

    assert amounts(store)[:2] == [Decimal("47500.00"), Decimal("-2618.75")]
    weights = [(one.weight_type, one.weight_value) for one in compositions(store)[1].constituents]
    assert weights == [(WeightType.PERCENTAGE, weight) for weight in WEIGHTS]


def test_a_basket_held_in_units_is_told_on_its_days_only(store: Store) -> None:
    """CLO-1928 on the due day, nothing in between, and the units stay."""
    terms = {"kind": WeightType.UNITS, "weights": (4_000.0, 1_750.0, 5_000.0)}
    on_reset = basket_swap("RESET", RebalancingFrequency.ON_RESET, **terms)
    desk = booked(store, basket_swap("AUTO", WEEKLY, **terms), on_reset)
    days = [on for on in DAYS if on <= V1]
    told = {on: desk.end_of_day(on, refreshes_views=False).not_rebalanced for on in days}

    listed = {on: [(one.contract_reference, one.error.number) for one in refused] for on, refused in told.items()}
    wednesdays = [date(2024, 1, 17), date(2024, 1, 24), date(2024, 1, 31), date(2024, 2, 7)]
    expected = {on: [("AUTO", "CLO-1928")] if on in wednesdays else [] for on in days}
    assert listed == expected | {V1: [("RESET", "CLO-1928")]}
    assert (len(compositions(store)), event_rows(store)) == (1, [])


def test_weights_that_are_refused_are_listed_and_hold_nobody_up(store: Store) -> None:
    """Weights of 90 % together: CLO-1939 once, whatever days are due; the other basket is rebalanced."""
    bad = basket_swap("BAD", WEEKLY, weights=(0.4, 0.3, 0.2))
    desk = booked(store, bad, basket_swap("GOOD", WEEKLY))
    outcome = desk.end_of_day(FIRST, refreshes_views=False)

    assert [(one.contract_reference, one.on, one.error.number) for one in outcome.not_rebalanced] == [
        ("BAD", date(2024, 1, 17), "CLO-1939")
    ]
    assert (outcome.n_rebalanced, len(compositions(store, "GOOD")), len(compositions(store, "BAD"))) == (2, 3, 1)


def test_a_basket_without_end_is_listed(store: Store) -> None:
    """Its days cannot be told: CLO-1927, and the day goes on."""
    desk = booked(store, basket_swap("AUTO", WEEKLY))
    with store.begin() as work:
        found = work.payouts.contracts.load("AUTO").contract
        leg = found.legs[0]
        assert leg.performance is not None
        bare = replace(leg, performance=replace(leg.performance, valuation_schedules=()))
        endless = replace(found, termination_date=None, legs=(bare, *found.legs[1:]))
        work.payouts.contracts.save(endless, valid_from=START, expected_version=1)

    (told,) = rebalancing.rebalance_due(store, FIRST).refused
    assert (told.on, told.error.number) == (FIRST, "CLO-1927")
    assert desk.end_of_day(START, refreshes_views=False).not_rebalanced == ()


def test_a_database_that_fails_is_no_finding(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be tried again ends the run; nothing of the contract is stored."""
    booked(store, basket_swap("AUTO", WEEKLY))

    def gone(*_: object, **__: object) -> None:
        raise BackendError("CLO-1985", "The database is gone")

    monkeypatch.setattr(rebalancing, "apply_in", gone)
    with pytest.raises(BackendError, match="gone"):
        rebalancing.rebalance_due(store, FIRST)
    assert len(compositions(store)) == 1


def test_a_book_without_due_baskets_costs_one_statement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand swaps, some of them on baskets that are held, reset or due later; runs of others look at none."""
    many = [swap(f"TRS-{n:04}") for n in range(997)]
    baskets = [
        basket_swap("HELD", RebalancingFrequency.NONE),
        basket_swap("RESET", RebalancingFrequency.ON_RESET),
        basket_swap("LATER", MONTHLY, next_rebalancing_date=V1),
    ]
    with store.begin() as work:
        work.payouts.contracts.add_many([*many, *baskets])
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **options: Any) -> Any:
        if "set_config" not in str(query) and str(query) != ";":  # who works; whether the connection is there
            statements.append(str(query))
        return execute(cursor, query, *given, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    found = rebalancing.rebalance_due(store, date(2024, 2, 9))

    assert found == rebalancing.NOTHING_DUE
    assert len(statements) == 1
    statements.clear()
    assert rebalancing.rebalance_due(store, V1, references=["HELD"]) == rebalancing.NOTHING_DUE
    assert len(statements) == 1


def test_only_the_swaps_of_a_run_are_rebalanced(store: Store) -> None:
    """A run of one swap leaves the basket of another one alone."""
    desk = booked(store, basket_swap("ONE", WEEKLY), basket_swap("TWO", WEEKLY))
    outcome = desk.end_of_day(date(2024, 1, 17), references=["TWO"], refreshes_views=False)

    assert outcome.n_rebalanced == 1
    assert (len(compositions(store, "ONE")), len(compositions(store, "TWO"))) == (1, 2)
