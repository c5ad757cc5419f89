"""Baskets that go back to their weights by themselves, in the real end of day (spec 07 §10, §19.1; vector V-4)."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from rich.console import Console

from db.store import Store
from engine.desk.swaps import end_of_day, events
from engine.payouts.baskets import basket_value
from engine.payouts.enums import (
    BusinessEventType,
    RebalancingFrequency,
)
from engine.payouts.events.instructions import Event, Rebalancing
from engine.payouts.terms.performance import BasketComposition
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
from xl_addin.command_line.swaps_tables import as_json, show_days

MONTHLY, EXPLICIT = RebalancingFrequency.MONTHLY, RebalancingFrequency.EXPLICIT
FIRST, SECOND = date(2024, 1, 24), date(2024, 2, 21)
"""Days within periods."""


def compositions(store: Store, reference: str = "AUTO") -> tuple[BasketComposition, ...]:
    """What the basket of a swap holds, one after the other."""
    with store.read() as work:
        payout = work.payouts.contracts.load(reference).contract.legs[0].performance
    assert payout is not None
    return payout.underlier.compositions


def units(composition: BasketComposition) -> list[float | None]:
    """Units of a composition."""
    return [one.units for one in composition.constituents]


def amounts(store: Store, reference: str = "AUTO", leg: int = 1) -> list[Decimal]:
    """What the periods of a leg realised, adjustments included, in the order of their ends."""
    found = rows(
        store,
        "SELECT sum(c.settlement_amount) FROM cashflows c JOIN contract_legs l ON l.id = c.leg_id"
        " JOIN contracts k ON k.id = c.contract_id WHERE k.contract_reference = %s AND l.leg_number = %s"
        " AND c.cashflow_status <> 'CANCELLED' GROUP BY c.accrual_end_date ORDER BY c.accrual_end_date",
        reference,
        leg,
    )
    return [row[0] for row in found]


def event_rows(store: Store) -> list[tuple[Any, ...]]:
    """The events that are stored: reference, type, day, intent."""
    return rows(
        store,
        "SELECT event_reference, event_type, effective_date, intent FROM business_events ORDER BY effective_date, 1",
    )


def daily(store: Store, reference: str) -> list[tuple[Any, ...]]:
    """Accruals and P&L of a swap, every day."""
    accruals = rows(
        store,
        "SELECT l.leg_number, a.accrual_date, round(a.cumulative_accrual_amount, 6) FROM daily_accruals a"
        " JOIN contract_legs l ON l.id = a.leg_id JOIN contracts k ON k.id = a.contract_id"
        " WHERE k.contract_reference = %s ORDER BY 1, 2, 3",
        reference,
    )
    pnl = rows(
        store,
        "SELECT l.leg_number, u.valuation_date, round(u.unrealized_pnl_amount, 6), u.realized_since_previous"
        " FROM unrealized_pnl_timeseries u JOIN contract_legs l ON l.id = u.leg_id"
        " JOIN contracts k ON k.id = u.contract_id WHERE k.contract_reference = %s ORDER BY 1, 2",
        reference,
    )
    return [*accruals, *pnl]


def without(name: str, on: date) -> dict[str, dict[date, float]]:
    """Closes of A to F, D to F going the way of A to C, but one."""
    whole = closes() | closes("DEF")
    return {one: {day: price for day, price in of.items() if (one, day) != (name, on)} for one, of in whole.items()}


def replayed_as_stored(store: Store, reference: str = "AUTO") -> bool:
    """Whether repeating all events gives the contract that is stored."""
    with store.read() as work:
        found = work.payouts.contracts.load(reference).contract
    return events.replay(store, reference) == found


def test_a_monthly_basket_goes_back_to_its_weights_by_itself(store: Store) -> None:
    """V-4: +47,500 and -2,618.75; units 3,809.0909…, 1,929.6052…, 4,761.3636… after the first valuation."""
    desk = booked(store, basket_swap("AUTO", MONTHLY))
    run_days(desk, START, END)

    found = compositions(store)
    exact = [Decimal("1047500") * Decimal(w) / p for w, p in (("0.4", 110), ("0.35", 190), ("0.25", 55))]
    assert [(one.effective_from, one.effective_to) for one in found] == [(START, V1), (V1, V2), (V2, None)]
    assert units(found[1]) == pytest.approx([float(one) for one in exact], rel=1e-12)
    assert [int((one or 0.0) * 1e4) / 1e4 for one in units(found[1])] == [3_809.0909, 1_929.6052, 4_761.3636]
    assert [one.next_rebalancing_date for one in found] == [None, V2, None]
    value = 1_044_881.25
    ends = (118.0 / 121.0, 201.0 / 180.5, 52.0 / 49.5)
    last = value * sum(weight * (end - 1.0) for weight, end in zip(WEIGHTS, ends, strict=True))
    assert amounts(store)[:2] == [Decimal("47500.00"), Decimal("-2618.75")]
    assert float(amounts(store)[2]) == pytest.approx(last, abs=0.005)
    assert event_rows(store) == [
        (f"AUTO rebalancing L1 {on}", "PORTFOLIO_REBALANCING", on, "PortfolioRebalancing") for on in (V1, V2)
    ]
    assert replayed_as_stored(store)


def test_it_pays_what_the_same_swap_rebalanced_by_hand_pays(store: Store) -> None:
    """On listed days within the periods, to the cent on both legs, with the same accruals and P&L of every day."""
    by_hand = basket_swap("HAND", RebalancingFrequency.NONE)
    desk = booked(store, basket_swap("AUTO", EXPLICIT, rebalancing_dates=(SECOND, FIRST)), by_hand)
    prices = closes()
    for on in (on for on in DAYS if on <= END):
        if on in (FIRST, SECOND):
            leg = by_hand.legs[0].performance
            assert leg is not None
            asked = Rebalancing(
                leg_number=1,
                targets=leg.underlier.compositions[0].constituents,
                prices={f"RIC:{name}": prices[name][on] for name in "ABC"},
                fx={},
            )
            kind = BusinessEventType.PORTFOLIO_REBALANCING
            event = Event(
                event_reference=f"R {on}", event_type=kind, event_date=on, effective_date=on, instructions=(asked,)
            )
            events.apply(store, "HAND", event)
        desk.end_of_day(on, refreshes_views=False)

    assert [one.effective_from for one in compositions(store)] == [START, FIRST, SECOND]
    for leg_number in (1, 2):
        assert len(amounts(store, leg=leg_number)) == 3
        assert amounts(store, leg=leg_number) == amounts(store, "HAND", leg_number)
    assert daily(store, "AUTO") == daily(store, "HAND")


def test_the_value_does_not_jump_and_every_day_is_explained(store: Store) -> None:
    """Each day accrues what the units of the day before gained; days sum to the cash flows, so does the total P&L."""
    desk = booked(store, basket_swap("AUTO", EXPLICIT, rebalancing_dates=(FIRST, SECOND)))
    run_days(desk, START, date(2024, 4, 11))

    prices = closes()
    held = compositions(store)
    for before, after in pairwise(held):
        on = {f"RIC:{name}": prices[name][after.effective_from] for name in "ABC"}
        old, new = basket_value(before, on, {"USD": 1.0}), basket_value(after, on, {"USD": 1.0})
        assert abs(old - new) <= 1e-8 * old
    accrued = dict(
        rows(
            store,
            "SELECT a.accrual_date, sum(a.daily_accrual_amount)::float8 FROM daily_accruals a"
            " JOIN contract_legs l ON l.id = a.leg_id AND l.leg_number = 1 GROUP BY 1",
        )
    )
    for before, on in pairwise(DAYS):
        if on > END:
            break
        owned = units(next(one for one in reversed(held) if one.effective_from <= before))
        gained = sum((n or 0.0) * (prices[x][on] - prices[x][before]) for n, x in zip(owned, "ABC", strict=True))
        assert accrued[on] == pytest.approx(gained, abs=1e-6)
    assert sum(accrued.values()) == pytest.approx(float(sum(amounts(store))), abs=0.02)
    total = rows(
        store,
        "SELECT sum(realized_since_previous), (array_agg(unrealized_pnl_amount ORDER BY valuation_date DESC))[1]"
        " FROM unrealized_pnl_timeseries u JOIN contract_legs l ON l.id = u.leg_id AND l.leg_number = 1",
    )
    assert total == [(sum(amounts(store)), Decimal(0))]


def test_the_same_day_again_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither after a whole run nor after one that broke down behind the rebalancing."""
    desk = booked(store, basket_swap("AUTO", MONTHLY))
    run_days(desk, START, date(2024, 2, 9))
    with monkeypatch.context() as broken:
        broken.setattr(end_of_day, "_run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.end_of_day(V1, refreshes_views=False)
    assert len(event_rows(store)) == 1
    first = desk.end_of_day(V1, refreshes_views=False)
    before, held = checksums(store), compositions(store)
    again = desk.end_of_day(V1, refreshes_views=False)

    assert (first.n_rebalanced, again.n_rebalanced) == (0, 0)
    assert (checksums(store), compositions(store)) == (before, held)
    assert (len(event_rows(store)), amounts(store)[0]) == (1, Decimal("47500.00"))


def test_days_that_nobody_ran_are_made_up_in_order(store: Store) -> None:
    """One run at the end rebalances twice, each time at that day's closes, and pays what daily runs pay."""
    late = basket_swap("LATE", MONTHLY)
    daily_desk = booked(store, basket_swap("AUTO", MONTHLY), late)
    for on in (on for on in DAYS if on <= V2):
        daily_desk.end_of_day(on, references=["AUTO"], refreshes_views=False)
    outcome = daily_desk.end_of_day(date(2024, 3, 12), refreshes_views=False)

    assert (outcome.n_rebalanced, outcome.not_rebalanced) == (2, ())
    assert end_of_day.counts(outcome)["baskets rebalanced"] == 2
    assert compositions(store, "LATE") == compositions(store, "AUTO")
    assert amounts(store, "LATE")[:2] == amounts(store, "AUTO")[:2] == [Decimal("47500.00"), Decimal("-2618.75")]
    runs = rows(store, "SELECT (counts ->> 'rebalanced')::int FROM job_runs ORDER BY started_at DESC LIMIT 1")
    assert runs == [(2,)]


def test_a_missing_close_keeps_the_units_until_it_is_there(store: Store) -> None:
    """The days behind it run with the old units; when it came, running the days again gives what should have been."""
    late, sound = basket_swap("LATE", EXPLICIT, rebalancing_dates=(FIRST,)), shares("DEF")
    desk = booked(
        store, late, basket_swap("AUTO", EXPLICIT, sound, rebalancing_dates=(FIRST,)), prices=without("B", FIRST)
    )
    run_days(desk, START, date(2024, 1, 23))
    missed = desk.end_of_day(FIRST, refreshes_views=False)
    run_days(desk, date(2024, 1, 25), date(2024, 1, 31))
    kept = compositions(store, "LATE")
    put_closes(store, [late], {"B": {FIRST: closes()["B"][FIRST]}})
    made = desk.end_of_day(FIRST, refreshes_views=False)
    run_days(desk, date(2024, 1, 25), V1)

    (told,) = missed.not_rebalanced
    assert (told.contract_reference, told.leg_number, told.on, missed.n_rebalanced) == ("LATE", 1, FIRST, 1)
    assert str(told.error) == (
        "CLO-1929: The basket BASKET LATE keeps its units: on 2024-01-24 there is no price of RIC:B."
        " Load it: the next run makes up for it, after another rebalancing a run of 2024-01-24 and the days since."
    )
    assert (len(kept), made.n_rebalanced, made.not_rebalanced) == (1, 1, ())
    assert units(compositions(store, "LATE")[1]) == units(compositions(store, "AUTO")[1])
    assert daily(store, "LATE") == daily(store, "AUTO")
    assert amounts(store, "LATE") == amounts(store, "AUTO")
    shown = Console(width=200)
    with shown.capture() as text:
        show_days(shown, (missed,))
    assert "1 basket was rebalanced." in text.get()
    assert '"CLO-1929' in as_json([missed])
    assert "LATE leg 1: CLO-1929: The basket BASKET LATE keeps its units" in text.get()


@pytest.mark.parametrize("first_runs", [swap_book.business_days(FIRST, SECOND), [FIRST], []])
def test_a_close_that_comes_after_the_period_is_paid_by_a_correction(store: Store, first_runs: list[date]) -> None:
    """Realised amounts stay and an adjustment carries the difference, whether all days are run again, only that of the
    rebalancing, or none of them, before the next new day."""
    late, sound = basket_swap("LATE", EXPLICIT, rebalancing_dates=(FIRST,)), shares("DEF")
    desk = booked(
        store, late, basket_swap("AUTO", EXPLICIT, sound, rebalancing_dates=(FIRST,)), prices=without("B", FIRST)
    )
    run_days(desk, START, SECOND)
    before = amounts(store, "LATE")[0]
    put_closes(store, [late], {"B": {FIRST: closes()["B"][FIRST]}})
    for on in (*first_runs, date(2024, 2, 22)):
        desk.end_of_day(on, refreshes_views=False)

    assert before == Decimal("47500.00") != amounts(store)[0]
    assert amounts(store, "LATE")[0] == amounts(store)[0]
    run_days(desk, date(2024, 2, 23), date(2024, 3, 14))
    for leg_number in (1, 2):
        assert amounts(store, "LATE", leg_number) == amounts(store, leg=leg_number)
    types = {reference: kind for reference, kind, _, _ in event_rows(store)}
    assert types == {
        f"AUTO rebalancing L1 {FIRST}": "PORTFOLIO_REBALANCING",
        f"LATE rebalancing L1 {FIRST}": "CORRECTION",
    }
    assert replayed_as_stored(store, "LATE")


def test_a_day_before_the_last_rebalancing_is_made_up_by_running_it_again(store: Store) -> None:
    """The later rebalancing is repeated on top of it, at its own closes."""
    late = basket_swap("LATE", EXPLICIT, rebalancing_dates=(FIRST, SECOND))
    whole = closes()
    given = without("B", FIRST)
    desk = booked(store, late, prices={name: given[name] for name in "ABC"})
    run_days(desk, START, date(2024, 2, 22))
    once = compositions(store, "LATE")
    put_closes(store, [late], {"B": {FIRST: whole["B"][FIRST]}})
    ignored = desk.end_of_day(date(2024, 2, 23), refreshes_views=False)
    made = desk.end_of_day(FIRST, refreshes_views=False)

    assert [one.effective_from for one in once] == [START, SECOND]
    assert (ignored.n_rebalanced, made.n_rebalanced) == (0, 1)
    found = compositions(store, "LATE")
    assert [one.effective_from for one in found] == [START, FIRST, SECOND]
    on = {f"RIC:{name}": whole[name][SECOND] for name in "ABC"}
    old, new = (basket_value(one, on, {"USD": 1.0}) for one in found[1:])
    assert old == pytest.approx(new, rel=1e-12)
    assert replayed_as_stored(store, "LATE")
