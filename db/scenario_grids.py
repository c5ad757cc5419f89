"""Scenario grids and break-evens in the database: rows for queries, and the exact results of a run."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import psycopg

from db.bulk import BulkColumn, DoubleColumn, FixedColumn, NumericColumns, SameColumn, TextColumn, copy_in
from db.run_arrays import load_arrays, store_arrays
from db.runs import FAILED, FINISHED, StoredRun
from engine.deal.grid_results import (
    POINT_ARRAYS,
    Axis,
    BreakEven,
    Ending,
    Measure,
    PointResults,
    Points,
    PriceTable,
)
from engine.errors import ReferenceDataError

GRID, BREAKEVEN = "grid", "breakeven"
"""Kinds of runs: of a scenario grid, of a search for break-evens."""

_PREFIX = "grid."
_PRICES = "prices."
_COLUMN_OF = {axis: "lag_months" if axis is Axis.LAG else axis.value for axis in Axis}
_CENTS = 2
_PRICE_FIELDS = ("prices", "yields", "discount_margins", "macaulay", "modified")

Floats = npt.NDArray[np.float64]


class GridRepository:
    """Grids and break-evens on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def store(self, run: StoredRun, points: Points, results: PointResults) -> None:
        """Append a grid: a row for each point, one for each point and tranche, and the arrays exactly."""
        self._store_points(run, points, results)
        self._store_results(run, results)
        texts = {"axes": [axis.value for axis in points.axes], "names": points.names, "tranches": results.tranche_names}
        arrays: dict[str, npt.NDArray[Any]] = {f"{_PREFIX}{name}": getattr(results, name) for name in POINT_ARRAYS}
        arrays[f"{_PREFIX}values"] = points.values
        arrays[f"{_PREFIX}balance"] = results.balance
        arrays[f"{_PREFIX}texts"] = np.frombuffer(orjson.dumps(texts), np.uint8)
        store_arrays(self._connection, run.run_id, run.started_at, arrays)

    def _store_points(self, run: StoredRun, points: Points, results: PointResults) -> None:
        n = points.n_points
        missing = np.full(n, np.nan)
        columns = {axis: points.column(axis) for axis in Axis}
        names = points.names or ("",) * n
        failures = [text.decode() for text in results.failures.tolist()]
        rows: list[BulkColumn] = [
            *_run_columns(run),
            FixedColumn("point_no", np.arange(1, n + 1, dtype=np.int32)),
            _texts("scenario", names),
            *(DoubleColumn(_COLUMN_OF[axis], missing if found is None else found) for axis, found in columns.items()),
            TextColumn("status", (FINISHED, FAILED), results.is_failed.astype(np.int64)),
            _texts("failure_text", failures),
            FixedColumn("last_period", results.last_period.astype(np.int32)),
            DoubleColumn("equity_irr", results.equity_irr),
            NumericColumns(["incentive_fee"], results.incentive, _CENTS),
        ]
        copy_in(self._connection, "scenario_grid_points", rows, n)

    def _store_results(self, run: StoredRun, results: PointResults) -> None:
        n, n_tranches = results.interest.shape
        risk = results.risk.reshape(n * n_tranches, -1).T
        names = (
            "calculated_yield",
            "calculated_dm",
            "calculated_price",
            "weighted_average_life",
            "macaulay_duration",
            "modified_duration",
        )
        money = np.stack([array.ravel() for array in (results.interest, results.principal, results.unpaid)])
        rows: list[BulkColumn] = [
            *_run_columns(run),
            FixedColumn("point_no", np.repeat(np.arange(1, n + 1, dtype=np.int32), n_tranches)),
            TextColumn("tranche_name", results.tranche_names, np.tile(np.arange(n_tranches), n)),
            *(DoubleColumn(name, np.ascontiguousarray(values)) for name, values in zip(names, risk, strict=True)),
            NumericColumns(["interest_paid", "principal_paid", "loss"], money, _CENTS),
            FixedColumn("has_loss", results.has_loss.ravel()),
        ]
        copy_in(self._connection, "scenario_grid_results", rows, n * n_tranches)

    def load(self, run: StoredRun) -> tuple[Points, PointResults]:
        """The points and results of a grid, equal to the stored ones bit for bit.

        Raises ReferenceDataError CLO-3040 for a run that is no grid.
        """
        arrays = load_arrays(self._connection, run.run_id, run.started_at, prefix=_PREFIX)
        if not arrays:
            raise ReferenceDataError(
                "CLO-3040",
                f"Run {run.run_id} holds no scenario grid: it is of kind {run.kind}",
                remedy='Run a grid with `clodesk grid "DEAL" --cdr 0:10:1`.',
            )
        texts = orjson.loads(arrays[f"{_PREFIX}texts"].tobytes())
        points = Points(
            axes=tuple(map(Axis, texts["axes"])), values=arrays[f"{_PREFIX}values"], names=tuple(texts["names"])
        )
        results = PointResults(
            tranche_names=tuple(texts["tranches"]),
            balance=arrays[f"{_PREFIX}balance"],
            **{name: arrays[f"{_PREFIX}{name}"] for name in POINT_ARRAYS},
        )
        return points, results

    def store_break_evens(self, run: StoredRun, found: Sequence[BreakEven], tables: Sequence[PriceTable]) -> None:
        """Append break-evens, and price tables of the same run."""
        n = len(found)

        def number(name: str, values: list[float]) -> DoubleColumn:
            return DoubleColumn(name, np.array(values, dtype=np.float64))

        rows: list[BulkColumn] = [
            *_run_columns(run),
            _texts("tranche_name", [item.tranche_name for item in found]),
            _texts("measure", [item.measure.value for item in found]),
            _texts("ending", [item.ending.value for item in found]),
            number("break_even", [item.value for item in found]),
            number("bracket_low", [item.low for item in found]),
            number("bracket_high", [item.high for item in found]),
            number("highest", [item.limit for item in found]),
            _texts("reason", [item.reason for item in found]),
        ]
        copy_in(self._connection, "breakeven_results", rows, n)
        arrays: dict[str, npt.NDArray[Any]] = {
            f"{_PRICES}{number:04d}": np.stack(
                [*(getattr(table, name) for name in _PRICE_FIELDS), np.full(table.prices.shape, table.wal)]
            )
            for number, table in enumerate(tables)
        }
        order = [[item.tranche_name, item.measure.value] for item in found]
        texts = {"tables": [table.tranche_name for table in tables], "order": order}
        arrays[f"{_PRICES}texts"] = np.frombuffer(orjson.dumps(texts), np.uint8)
        store_arrays(self._connection, run.run_id, run.started_at, arrays)

    def break_evens(self, run: StoredRun) -> tuple[tuple[BreakEven, ...], tuple[PriceTable, ...]]:
        """The break-evens and price tables of a run, as they were stored.

        Raises ReferenceDataError CLO-3041 for a run that has none.
        """
        arrays = load_arrays(self._connection, run.run_id, run.started_at, prefix=_PRICES)
        if not arrays:
            raise ReferenceDataError(
                "CLO-3041",
                f"Run {run.run_id} holds no break-evens: it is of kind {run.kind}",
                remedy='Search for them with `clodesk breakeven "DEAL"`.',
            )
        texts = orjson.loads(arrays[f"{_PRICES}texts"].tobytes())
        rows = self._connection.execute(
            "SELECT tranche_name, measure, ending, break_even, bracket_low, bracket_high, highest, reason"
            " FROM breakeven_results WHERE run_id = %s AND run_at = %s",
            [run.run_id, run.started_at],
        ).fetchall()
        by_key = {(row[0], row[1]): row for row in rows}
        found = tuple(_break_even(by_key[name, measure]) for name, measure in texts["order"])
        tables = tuple(
            _price_table(name, arrays[f"{_PRICES}{number:04d}"]) for number, name in enumerate(texts["tables"])
        )
        return found, tables


def _run_columns(run: StoredRun) -> tuple[BulkColumn, BulkColumn]:
    return SameColumn("run_id", run.run_id), SameColumn("run_at", run.started_at)


def _texts(name: str, values: Sequence[str]) -> TextColumn:
    known = sorted(set(values))
    place = {text: number for number, text in enumerate(known)}
    return TextColumn(name, known, np.array([place[value] for value in values], dtype=np.int64))


def _break_even(row: Sequence[Any]) -> BreakEven:
    numbers = [np.nan if value is None else float(value) for value in row[3:7]]
    return BreakEven(
        tranche_name=row[0],
        measure=Measure(row[1]),
        ending=Ending(row[2]),
        value=numbers[0],
        low=numbers[1],
        high=numbers[2],
        limit=numbers[3],
        reason=row[7],
    )


def _price_table(name: str, array: Floats) -> PriceTable:
    return PriceTable(tranche_name=name, wal=float(array[5, 0]), **dict(zip(_PRICE_FIELDS, array[:5], strict=True)))
