"""Legacy simulations through the desk: the generator's one sequence, stored and answered as the others."""

from dataclasses import replace

import numpy as np
import pytest

from db.store import Store
from engine.desk.desk import Desk
from engine.desk.simulations.request import CorrelationSource
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot
from tests.desk.simulation_requests import ASKED, content, figure, simulate, with_deals
from workbooks.demo import DEAL_NAME

LEGACY = replace(ASKED, n_simulations=20, mode=Mode.LEGACY, correlation=CorrelationSource.STORED)


@pytest.mark.parametrize("source", [CorrelationSource.STORED, CorrelationSource.RULE])
def test_a_seed_gives_the_same_numbers_twice(
    demo_desk: Desk, monkeypatch: pytest.MonkeyPatch, source: CorrelationSource
) -> None:
    """Computed again to the bit, or answered from the store; single paths are drawn again."""
    first = simulate(demo_desk, LEGACY, correlation=source)
    stored = simulate(demo_desk, LEGACY, correlation=source)
    monkeypatch.setattr("engine.desk.simulations.run._answered", lambda work, inputs: None)
    again = simulate(demo_desk, LEGACY, correlation=source)

    assert (first.answered_from, stored.answered_from, again.answered_from) == ("computed", "store", "computed")
    assert content(first.records[0]) == content(stored.records[0]) == content(again.records[0])
    for path in first.records[0].paths:
        found = demo_desk.simulations.path(first.run_ids[0], path.simulation)
        np.testing.assert_array_equal(found, path.fields)


def test_a_seed_is_drawn_where_none_is_given(demo_desk: Desk) -> None:
    """It is kept, and gives the same numbers when it is asked for."""
    first = simulate(demo_desk, LEGACY, seed=None)

    assert first.request.seed is not None
    assert simulate(demo_desk, LEGACY, seed=first.request.seed).run_ids == first.run_ids


def test_all_deals_in_one_run_and_along_the_waterfall(
    desk: Desk, demo_desk: Desk, store: Store, demo_book: WorkbookSnapshot
) -> None:
    """Two deals of the same loans default together; with cash flows a deal has classes."""
    single = simulate(demo_desk, LEGACY, has_cash_flows=True, assumptions="workbook")
    store.save_snapshot(with_deals(demo_book, Demo_2=0.5))
    both = simulate(desk, LEGACY, deals=())
    one, two = both.records

    assert single.records[0].tranches is not None
    assert (one.deal, two.deal) == (DEAL_NAME, "Demo 2")
    np.testing.assert_array_equal(figure(one, "NUMDEF"), figure(two, "NUMDEF"))
    for number, run_id in enumerate(both.run_ids):
        path = both.records[number].paths[0]
        np.testing.assert_array_equal(desk.simulations.path(run_id, path.simulation), path.fields)
