"""Grids and break-evens in the database: exact there and back, rows that a query can read, gone with their run."""

from datetime import date

import numpy as np
import pytest

from db.runs import RunHeader, StoredRun
from db.scenario_grids import BREAKEVEN, GRID
from db.store import Store, UnitOfWork
from engine.deal.grid_results import Axis, BreakEven, Ending, Measure, PointResults, Points, PriceTable
from engine.errors import ReferenceDataError

POINTS = Points(axes=(Axis.LAG, Axis.CDR), values=np.array([[6.0, 0.0], [6.0, 0.1], [12.0, 1 / 3]]), names=())


def made_results() -> PointResults:
    """Three points of two tranches; the second point stopped, the third has a loss of a third."""
    risk = np.random.default_rng(3).normal(size=(3, 2, 6))
    money = np.array([[1 / 3, 2.0], [np.nan, np.nan], [3.005, 4.0]])
    risk[1] = np.nan
    return PointResults(
        tranche_names=("Class A", "Sub Notes"),
        balance=np.array([9.0, 1.0]),
        risk=risk,
        interest=money,
        principal=money + 1.0,
        unpaid=np.array([[0.0, np.nan], [np.nan, np.nan], [1 / 3, np.nan]]),
        equity_irr=np.array([0.1, np.nan, -0.2]),
        incentive=np.array([5.0, np.nan, 0.0]),
        last_period=np.array([9, 2, 9]),
        failures=np.array([b"", b"CLO-1303: period 2", b""]),
    )


def header(kind: str) -> RunHeader:
    return RunHeader(
        deal_name="Demo 1",
        scenario="BASE",
        as_of=date(2016, 3, 31),
        mode="standard",
        input_hash="a" * 64,
        engine_version="1",
        requested_by="tests",
        kind=kind,
    )


def saved_grid(store: Store) -> StoredRun:
    def write(work: UnitOfWork, run: StoredRun) -> None:
        work.grids.store(run, POINTS, made_results())

    return store.save_with(header(GRID), "Demo 1", write)


def test_a_grid_comes_back_bit_for_bit(store: Store) -> None:
    """Points and every figure, missing ones and texts included."""
    run = saved_grid(store)
    with store.read() as work:
        points, results = work.grids.load(run)

    wanted = made_results()
    assert (points.axes, points.names, results.tranche_names) == (POINTS.axes, (), wanted.tranche_names)
    np.testing.assert_array_equal(points.values, POINTS.values)
    for name in ("balance", "risk", "interest", "principal", "unpaid", "equity_irr", "last_period", "failures"):
        np.testing.assert_array_equal(getattr(results, name), getattr(wanted, name), err_msg=name)


def test_rows_say_what_a_query_asks(store: Store) -> None:
    """Axis values with NULL for what is assumed, the reason of a stop, and losses in cents."""
    run = saved_grid(store)
    with store.read() as work:
        points = work.driver.execute(
            "SELECT point_no, lag_months, cdr, cpr, status, failure_text FROM scenario_grid_points"
            " WHERE run_id = %s ORDER BY point_no",
            [run.run_id],
        ).fetchall()
        losses = work.driver.execute(
            "SELECT tranche_name, loss::text, has_loss FROM scenario_grid_results WHERE run_id = %s AND point_no = 3"
            " ORDER BY tranche_name",
            [run.run_id],
        ).fetchall()

    assert points == [
        (1, 6.0, 0.0, None, "finished", ""),
        (2, 6.0, 0.1, None, "failed", "CLO-1303: period 2"),
        (3, 12.0, 1 / 3, None, "finished", ""),
    ]
    assert losses == [("Class A", "0.33", True), ("Sub Notes", None, False)]


def test_break_evens_come_back_as_they_were(store: Store) -> None:
    """Rates and brackets exactly, NaN as NaN, price tables with them."""
    found = (
        BreakEven(
            tranche_name="Class A",
            measure=Measure.CDR,
            ending=Ending.FOUND,
            value=1 / 3,
            low=1 / 3,
            high=0.34,
            limit=1.0,
        ),
        BreakEven(
            tranche_name="Class A",
            measure=Measure.MULTIPLIER,
            ending=Ending.STOPPED,
            value=np.nan,
            low=np.nan,
            high=np.nan,
            limit=50.0,
            reason="CLO-1303",
        ),
    )
    column = np.array([0.9, 1.0])
    table = PriceTable(
        tranche_name="Class A",
        prices=column,
        yields=column / 3,
        discount_margins=np.array([np.nan, 0.1]),
        macaulay=column,
        modified=column,
        wal=4.25,
    )
    run = store.save_with(
        header(BREAKEVEN), "Demo 1", lambda work, run: work.grids.store_break_evens(run, found, (table,))
    )
    with store.read() as work:
        stored, tables = work.grids.break_evens(run)

    assert list(map(repr, stored)) == list(map(repr, found))
    assert (tables[0].tranche_name, tables[0].wal) == ("Class A", 4.25)
    np.testing.assert_array_equal(tables[0].yields, table.yields)
    np.testing.assert_array_equal(tables[0].discount_margins, table.discount_margins)


def test_a_failure_while_storing_leaves_no_run(store: Store) -> None:
    """Whole or not at all."""

    def write(work: UnitOfWork, run: StoredRun) -> None:
        work.grids.store(run, POINTS, made_results())
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        store.save_with(header(GRID), "Demo 1", write)
    with store.read() as work:
        assert work.runs.runs(kind=GRID) == ()
        assert work.driver.execute("SELECT count(*) FROM scenario_grid_points").fetchone() == (0,)


def test_rows_go_with_their_run(store: Store) -> None:
    """Deleting a run deletes its points and results."""
    run = saved_grid(store)
    with store.begin() as work:
        work.driver.execute("DELETE FROM runs WHERE run_id = %s", [run.run_id])
        left = work.driver.execute("SELECT count(*) FROM scenario_grid_results").fetchone()

    assert left == (0,)


def test_a_run_of_another_kind_is_no_grid(store: Store) -> None:
    """CLO-3040 and CLO-3041 say what the run is."""
    empty = store.save_with(header("other"), "Demo 1", lambda work, run: None)
    with store.read() as work:
        with pytest.raises(ReferenceDataError, match=r"CLO-3040: Run \d+ holds no scenario grid: it is of kind other"):
            work.grids.load(empty)
        with pytest.raises(ReferenceDataError, match=r"CLO-3041: Run \d+ holds no break-evens"):
            work.grids.break_evens(empty)
