"""Simulations in the database: arrays exact there and back, rows that a query can read, gone with their run."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from db.models.simulations import STATISTICS
from db.runs import RunHeader, StoredRun
from db.simulations import RATING_MIGRATION, SIMULATION
from db.store import Store, UnitOfWork

DAYS = (date(2016, 3, 31), date(2016, 6, 30))
FIELDS = ("NUMDEF", "BALDEF", "CDR")
TABLES = ("simulation_statistics", "simulation_tranche_statistics", "run_arrays")


def figures_of(rows: int, columns: int) -> dict[str, np.ndarray]:
    """A number of its own in each place, none in the first."""
    found = {
        name: 1e9 / 7.0 + np.arange(rows * columns, dtype=np.float64).reshape(rows, columns) * (place + 1)
        for place, name in enumerate(STATISTICS)
    }
    found["mean"][0, 0] = np.nan
    return found


def store_all(work: UnitOfWork, run: StoredRun) -> None:
    work.simulations.store_fields(run, "Mag 17", FIELDS, DAYS, figures_of(3, 2), 1000)
    missing = np.array([[0, 7], [1000, 0]])
    metrics = ("loss", "wal")
    work.simulations.store_tranches(run, "Mag 17", ("A", "SUB"), metrics, figures_of(2, 2), missing, 1000)
    work.simulations.store_arrays(
        run, {"record.a0": np.array([0.1, np.nan, -0.0]), "request": np.arange(3, dtype=np.uint8)}
    )


@pytest.mark.parametrize("kind", [RATING_MIGRATION, SIMULATION])
def test_arrays_come_back_bit_for_bit_by_their_prefix(store: Store, header: RunHeader, kind: str) -> None:
    """Types, missing values and the sign of zero."""
    run = store.save_with(replace(header, kind=kind), "Mag 17", store_all)
    with store.read() as work:
        everything, records = work.simulations.arrays(run), work.simulations.arrays(run, "record.")

    assert set(everything) == {"record.a0", "request"}
    assert set(records) == {"record.a0"}
    assert records["record.a0"].tobytes() == np.array([0.1, np.nan, -0.0]).tobytes()
    assert everything["request"].dtype == np.uint8


def test_rows_hold_every_figure_in_its_column(store: Store, header: RunHeader) -> None:
    """Doubles to the last digit, NULL where there is none, the simulations that have a figure counted."""
    run = store.save_with(replace(header, kind=SIMULATION), "Mag 17", store_all)
    expected, tranches = figures_of(3, 2), figures_of(2, 2)
    with store.read() as work:
        rows = work.driver.execute(
            f"SELECT field, period, period_date, n, {', '.join(STATISTICS)} FROM simulation_statistics"  # type: ignore[arg-type]  # noqa: S608
            " WHERE run_id = %s",
            [run.run_id],
        ).fetchall()
        counts = work.driver.execute(
            "SELECT tranche_name, metric, n, n_missing, es99 FROM simulation_tranche_statistics ORDER BY 1, 2"
        ).fetchall()

    assert len(rows) == 6
    for field, period, day, n, *numbers in rows:
        place = FIELDS.index(field), period
        stated = [expected[name][place] for name in STATISTICS]
        assert (day, n) == (DAYS[period], 1000)
        assert numbers == [None if np.isnan(value) else value for value in stated]
    assert counts == [
        ("A", "loss", 1000, 0, tranches["es99"][0, 0]),
        ("A", "wal", 993, 7, tranches["es99"][0, 1]),
        ("SUB", "loss", 0, 1000, tranches["es99"][1, 0]),
        ("SUB", "wal", 1000, 0, tranches["es99"][1, 1]),
    ]


def test_what_fails_half_way_leaves_nothing(store: Store, header: RunHeader) -> None:
    """One transaction: no run without its statistics, no statistics without their run."""

    def write(work: UnitOfWork, run: StoredRun) -> None:
        store_all(work, run)
        raise OSError("half-way")

    with pytest.raises(OSError, match="half-way"):
        store.save_with(replace(header, kind=SIMULATION), "Mag 17", write)

    with store.read() as work:
        for table in ("runs", *TABLES):
            assert work.driver.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # type: ignore[arg-type]  # noqa: S608
