"""Simulations through the desk: the same numbers anywhere, stored whole, gone on with, walked again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.simulations import SimulationRepository
from db.store import Store
from engine.desk.blocks.job import StoppedError
from engine.desk.blocks.settings import BlockSettings, WorkerKind
from engine.desk.desk import Desk
from engine.desk.simulations.keeping import record_arrays, record_from
from engine.desk.simulations.run import field_row
from engine.errors import InputError
from engine.rating_migration.draws import Method
from engine.rating_migration.factor_model import FactorModel
from engine.rating_migration.statistics import STATISTICS
from engine.snapshot import WorkbookSnapshot
from tests.desk.blocks.running import after
from tests.desk.simulation_requests import (
    BLOCK,
    WITH_FLOWS,
    content,
    figure,
    simulate,
    with_deals,
    without_ratings,
)
from workbooks.demo import DEAL_NAME


def test_a_simulation_is_computed_once(demo_desk: Desk) -> None:
    """The second answer is the stored one to the bit, however the deal is spelt; another seed is another run."""
    first = simulate(demo_desk, WITH_FLOWS)
    second = simulate(demo_desk, WITH_FLOWS, deals=("demo1",))
    other = simulate(demo_desk, WITH_FLOWS, seed=8)

    assert (first.answered_from, second.answered_from, other.answered_from) == ("computed", "store", "computed")
    assert first.run_ids == second.run_ids != other.run_ids
    assert second.records[0].run_id == first.records[0].run_id
    assert content(second.records[0]) == content(first.records[0]) != content(other.records[0])
    assert [run.kind for run in demo_desk.simulations.runs(DEAL_NAME)] == ["simulation"] * 2


@pytest.mark.parametrize(
    "settings",
    [
        BlockSettings(kind=WorkerKind.THREADS, n_workers=2),
        BlockSettings(kind=WorkerKind.PROCESSES, n_workers=2),
    ],
    ids=["two threads", "two processes"],
)
def test_where_blocks_run_changes_no_bit(
    demo_desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch, settings: BlockSettings
) -> None:
    """Three blocks with cash flows give the same record on one thread, on two, and on two processes."""
    expected = simulate(demo_desk, WITH_FLOWS, n_simulations=2 * BLOCK + 1)
    monkeypatch.setattr("engine.desk.simulations.run._answered", lambda work, inputs: None)
    found = simulate(demo_desk, WITH_FLOWS, settings, n_simulations=2 * BLOCK + 1)

    assert found.answered_from == "computed"
    assert content(found.records[0]) == content(expected.records[0])


def test_a_stopped_simulation_goes_on_where_it_stopped(demo_desk: Desk, store: Store) -> None:
    """The blocks of the first attempt stay in the database until the second one has stored the whole."""
    expected = simulate(demo_desk, n_simulations=4 * BLOCK)
    with store.begin() as work:
        work.driver.execute("TRUNCATE runs CASCADE")
    with pytest.raises(StoppedError, match=r"CLO-4169: The run was stopped after 2 of 4 blocks"):
        simulate(demo_desk, n_simulations=4 * BLOCK, is_cancelled=_when(store, 2))
    (job,) = store.blocks.jobs()
    kept = store.blocks.finished(job.key)
    assert demo_desk.simulations.runs() == ()

    found = simulate(demo_desk, n_simulations=4 * BLOCK)

    assert len(kept) == 2
    assert content(found.records[0]) == content(expected.records[0])
    assert store.blocks.jobs() == ()


def _when(store: Store, n_blocks: int) -> Any:
    """Stop as soon as so many blocks are in the database."""
    return lambda: any(len(store.blocks.finished(job.key)) >= n_blocks for job in store.blocks.jobs())


def test_a_failure_while_storing_leaves_nothing_but_the_blocks(
    demo_desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of the writes fails: no run, no statistics; the next attempt computes no block."""

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(SimulationRepository, "store_arrays", fail)
        with pytest.raises(OSError, match="the disk is full"):
            simulate(demo_desk, WITH_FLOWS)
    tables = ("runs", "simulation_statistics", "simulation_tranche_statistics")
    with store.read() as work:
        counts = [work.driver.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]  # type: ignore[arg-type]  # noqa: S608
    (job,) = store.blocks.jobs()
    assert counts == [(0,)] * 3
    assert store.blocks.finished(job.key) == {0}

    assert simulate(demo_desk, WITH_FLOWS, is_cancelled=after(2)).answered_from == "computed"


def test_rows_equal_the_record(demo_desk: Desk, store: Store) -> None:
    """What a query reads of fields and of tranches are the figures of the record, in their places."""
    outcome = simulate(demo_desk, WITH_FLOWS)
    record, tranches = outcome.records[0], outcome.records[0].tranches
    assert tranches is not None
    with store.read() as work:
        fields = work.driver.execute(
            "SELECT period, period_date, n, mean, p99, es95 FROM simulation_statistics"
            " WHERE field = 'BALDEF' ORDER BY period"
        ).fetchall()
        yields = work.driver.execute(
            "SELECT tranche_name, n + n_missing, mean, p5 FROM simulation_tranche_statistics"
            " WHERE metric = 'yield_at_price'"
        ).fetchall()

    assert [row[1] for row in fields] == record.dates.astype(object).tolist()
    assert {row[2] for row in fields} == {256}
    for place, name in enumerate(("mean", "p99", "es95"), start=3):
        np.testing.assert_array_equal([row[place] for row in fields], figure(record, "BALDEF", name))
    metric = tranches.metrics.index("Yield at price")
    for name, n, mean, low in yields:
        c = tranches.names.index(name)
        assert n == 256
        assert mean == tranches.figures[c, metric, STATISTICS.index("mean")]
        assert low == tranches.figures[c, metric, STATISTICS.index("p5")]
    assert len(yields) == len(tranches.names)


def test_a_record_survives_being_taken_apart(demo_desk: Desk) -> None:
    """Dates, texts, units, missing values and every bit of the numbers come back."""
    record = replace(simulate(demo_desk, WITH_FLOWS).records[0], opening_balance=float("nan"))
    again = record_from(record_arrays(record))

    assert np.isnan(again.opening_balance)
    assert content(again) == content(record)
    assert (again.as_of, again.facts, again.remarks) == (record.as_of, record.facts, record.remarks)
    assert again.tranches is not None
    assert again.tranches.break_even_cdr.dtype == np.float64
    assert again.dates.dtype == record.dates.dtype


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "independent paths"),
        ({"method": Method.ANTITHETIC}, "antithetic pairs"),
        ({"method": Method.SOBOL, "scrambles": 2}, "2 scrambles"),
        ({"defaults_by_issuer": True}, "independent paths"),
    ],
    ids=["pseudo", "antithetic", "sobol", "by issuer"],
)
def test_paths_are_walked_again_and_known_to_depend_on_each_other(
    demo_desk: Desk, changes: dict[str, Any], text: str
) -> None:
    """A path that stands for a quantile has the fields it had; the error of a mean rests on independent paths only."""
    outcome = simulate(demo_desk, **changes)
    record = outcome.records[0]
    path = record.paths[3]
    naive = figure(record, "BALDEF", "sd")[-1] / np.sqrt(record.simulations)

    np.testing.assert_array_equal(demo_desk.simulations.path(outcome.run_ids[0], path.simulation), path.fields)
    assert record.standard_error_of == text
    is_naive = figure(record, "BALDEF", "standard_error")[-1] == pytest.approx(naive, rel=1e-12)
    assert is_naive == ("method" not in changes)


def test_the_request_is_kept_with_its_seed(demo_desk: Desk) -> None:
    """One that came without a seed and a date can be asked again; all 64 bits of a seed are kept."""
    model = FactorModel(market=0.1, industry=0.2, issuer=0.4, persistence=0.5)
    first = simulate(demo_desk, deals=(), seed=None, factors=model)
    largest = simulate(demo_desk, seed=(1 << 64) - 1)
    stored = demo_desk.simulations.request(first.run_ids[0])

    assert stored.seed is not None
    assert stored == first.request
    assert stored.deals == (DEAL_NAME,)
    assert simulate(demo_desk, stored).run_ids == first.run_ids
    assert demo_desk.simulations.request(largest.run_ids[0]).seed == (1 << 64) - 1
    assert demo_desk.simulations.equity_irr(largest.run_ids[0]).shape == (0,)


def test_an_asset_of_two_deals_defaults_in_both(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """Deals simulated together share every path: with half the par in each loan half of all balances."""
    store.save_snapshot(with_deals(demo_book, Demo_2=0.5))
    outcome = simulate(desk, deals=())
    one, two = outcome.records
    runs = desk.simulations.runs()

    assert (one.deal, two.deal) == (DEAL_NAME, "Demo 2")
    for name in ("NUMDEF", "UPGRADES", "CDR"):
        np.testing.assert_array_equal(figure(one, name, "p95"), figure(two, name, "p95"))
    np.testing.assert_array_equal(0.5 * figure(one, "BALDEF"), figure(two, "BALDEF"))
    assert {run.run_id for run in runs} == set(outcome.run_ids)
    assert len({run.input_hash for run in runs}) == 2
    path = two.paths[-1]
    np.testing.assert_array_equal(desk.simulations.path(outcome.run_ids[1], path.simulation), path.fields)


def test_recoveries_scatter_around_the_same_mean(demo_desk: Desk) -> None:
    """Defaults are the same paths; losses of the junior class differ, and seeds still give the same numbers."""
    plain, scattered = simulate(demo_desk, WITH_FLOWS), simulate(demo_desk, WITH_FLOWS, recovery_deviation=0.2)
    facts = {fact.label: fact.text for fact in scattered.records[0].facts}
    irr = demo_desk.simulations.equity_irr(scattered.run_ids[0])

    assert irr.shape == (256,)
    np.testing.assert_array_equal(figure(plain.records[0], "BALDEF"), figure(scattered.records[0], "BALDEF"))
    assert content(plain.records[0]) != content(scattered.records[0])
    assert facts["Recovery"].startswith("Beta around 1 - severity, standard deviation 0.2")


def test_unrated_assets_count_as_they_are_told_to(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """A loan that nobody rates begins in the state of CCC, and the facts say so."""
    store.save_snapshot(without_ratings(demo_book))
    records = [simulate(desk, unrated_as=rating).records[0] for rating in ("CCC-", "AAA")]

    assert [figure(record, "NUMCCC")[0] - figure(records[1], "NUMCCC")[0] for record in records] == [1.0, 0.0]
    assert figure(records[1], "NUMAAA")[0] == 1.0
    assert "count as CCC-" in {fact.text for fact in records[0].facts}


def test_fields_are_found_in_any_case() -> None:
    """By the names of the legacy model; an unknown one is told the known ones."""
    assert field_row(" baldef ") == field_row("BALDEF")
    with pytest.raises(InputError, match=r"CLO-4193: There is no field 'LOSS'. Fields: NUMAAA"):
        field_row("LOSS")
