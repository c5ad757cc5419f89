"""Simulations: their statistics in rows, and everything else that is kept of them as exact arrays."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from db.models.simulations import STATISTICS
from db.run_arrays import load_array_of_runs, load_arrays, store_arrays
from db.runs import StoredRun

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

RATING_MIGRATION, SIMULATION = "rating_migration", "simulation"
"""Kinds of runs: of ratings alone, and of deals along them."""

_ARRAYS = "simulation."


class SimulationRepository:
    """Finished simulations on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def store_fields(
        self,
        run: StoredRun,
        deal_name: str,
        names: tuple[str, ...],
        dates: tuple[date, ...],
        figures: Mapping[str, Floats],
        n: int,
    ) -> None:
        """Distributions of fields by period: figures by statistic, (fields, periods) each, over n simulations."""
        statement = _copy("simulation_statistics", ("deal_name", "field", "period", "period_date", "n"))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row, name in enumerate(names):
                for period, day in enumerate(dates):
                    numbers = [_number(figures[statistic][row, period]) for statistic in STATISTICS]
                    copy.write_row([run.run_id, run.started_at, deal_name, name, period, day, n, *numbers])

    def store_tranches(
        self,
        run: StoredRun,
        deal_name: str,
        tranches: tuple[str, ...],
        metrics: tuple[str, ...],
        figures: Mapping[str, Floats],
        n_missing: npt.NDArray[np.int64],
        n: int,
    ) -> None:
        """Distributions of what tranches get: figures by statistic, (tranches, metrics) each; n simulations in all."""
        statement = _copy("simulation_tranche_statistics", ("deal_name", "tranche_name", "metric", "n", "n_missing"))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for t, tranche in enumerate(tranches):
                for m, metric in enumerate(metrics):
                    missing = int(n_missing[t, m])
                    numbers = [_number(figures[statistic][t, m]) for statistic in STATISTICS]
                    copy.write_row(
                        [run.run_id, run.started_at, deal_name, tranche, metric, n - missing, missing, *numbers]
                    )

    def store_arrays(self, run: StoredRun, arrays: Mapping[str, Array]) -> None:
        """Keep arrays by name."""
        named = {f"{_ARRAYS}{name}": array for name, array in arrays.items()}
        store_arrays(self._connection, run.run_id, run.started_at, named)

    def arrays(self, run: StoredRun, prefix: str = "") -> dict[str, Array]:
        """The arrays of a run whose names begin with a prefix, as `store_arrays` kept them."""
        found = load_arrays(self._connection, run.run_id, run.started_at, prefix=f"{_ARRAYS}{prefix}")
        return {name.removeprefix(_ARRAYS): array for name, array in found.items()}

    def array_of(self, runs: Sequence[StoredRun], name: str) -> dict[int, Array]:
        """One array of several runs by run number, read in one go."""
        return load_array_of_runs(self._connection, [run.run_id for run in runs], f"{_ARRAYS}{name}")


def _copy(table: str, columns: tuple[str, ...]) -> sql.Composed:
    names = ("run_id", "run_at", *columns, *STATISTICS)
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
