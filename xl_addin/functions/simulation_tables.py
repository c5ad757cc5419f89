"""A stored simulation, grid or search for break-evens as tables for cells (spec 06 §11.5)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.deal.grid_results import Axis, BreakEven, PointResults, Points, PriceTable
from engine.desk.reading.simulation_views import ClassPaths
from engine.modes import Mode
from engine.rating_migration.fields import FIELDS
from engine.rating_migration.statistics import STATISTICS
from workbooks.simulation.record import DealRecord, SimulationRecord
from xl_addin.functions.run_tables import cells
from xl_addin.registry.results import Table

Floats = npt.NDArray[np.float64]

STATISTIC_BY_WORD = {
    "MIN": "minimum",
    "MAX": "maximum",
    "AVERAGE": "mean",
    "MEDIAN": "p50",
    "STDDEV": "",
    "MEAN": "mean",
    "SD": "sd",
    "SD_POPULATION": "sd_population",
    "SE": "standard_error",
    **{name.upper().replace("_", "."): name for name in STATISTICS if name[0] == "p" or name.startswith("es")},
}
"""Statistics as cells ask for them; STDDEV is one of two, as `statistic_of` says."""

STATISTIC_COLUMNS = ("field", "period", "date", *STATISTICS)
CLASS_COLUMNS = ("loss", "loss_fraction", "yield", "wal", "interest", "principal")
PATH_COLUMNS = ("simulation", "class_name", *CLASS_COLUMNS, "equity_irr")
POINT_COLUMNS = ("point", "scenario", *(axis.value for axis in Axis), "failure")
POINT_CLASS_COLUMNS = (
    "point",
    "class_name",
    "yield",
    "dm",
    "price",
    "wal",
    "macaulay",
    "modified",
    "interest",
    "principal",
    "unpaid",
    "has_loss",
    "equity_irr",
)
BREAK_EVEN_COLUMNS = ("class_name", "measure", "break_even", "low", "high", "highest", "ending", "text")
PRICE_COLUMNS = ("class_name", "price", "yield", "dm", "macaulay", "modified", "wal")


def statistic_of(word: str, mode: str) -> int:
    """Place of a statistic among STATISTICS.

    STDDEV divides by the number of simulations in a run of legacy mode, as that model did, and by one less else.
    """
    name = STATISTIC_BY_WORD[word] or ("sd_population" if mode == Mode.LEGACY.value else "sd")
    return STATISTICS.index(name)


def days_of(record: SimulationRecord) -> list[date]:
    """The dates of a simulation, its start first."""
    return list(record.dates.astype("datetime64[D]").astype(object))


def series_table(record: SimulationRecord, values: Floats) -> Table:
    """One figure by date, (T + 1,); an empty cell where there is none."""
    return Table(("date", "value"), list(zip(days_of(record), cells(values), strict=True)))


def statistics_table(record: SimulationRecord, fields: Sequence[str] = FIELDS) -> Table:
    """Every statistic of every field in every period."""
    days = days_of(record)
    rows = [
        [field, period, day, *cells(figures)]
        for field in fields
        for period, (day, figures) in enumerate(zip(days, record.figures[FIELDS.index(field)], strict=True))
    ]
    return Table(STATISTIC_COLUMNS, rows)


def representative_table(record: SimulationRecord) -> Table:
    """The paths that stand for others, with every field in every period."""
    days = days_of(record)
    rows = [
        [path.label, path.simulation, period, day, *cells(path.fields[:, period])]
        for path in record.paths
        for period, day in enumerate(days)
    ]
    return Table(("stands_for", "simulation", "period", "date", *FIELDS), rows)


def facts_table(record: SimulationRecord) -> Table:
    """What was run, line by line."""
    return Table(("fact", "text"), [[fact.label, fact.text] for fact in record.facts])


def class_table(tranches: DealRecord) -> Table:
    """One row for each class and figure with all its statistics; rates and shares are decimals."""
    rows = [
        [name, metric, int(missing), *cells(figures)]
        for name, of_class, n_missing in zip(tranches.names, tranches.figures, tranches.n_missing, strict=True)
        for metric, figures, missing in zip(CLASS_COLUMNS, of_class, n_missing, strict=True)
    ]
    return Table(("class_name", "metric", "missing", *STATISTICS), rows)


def breach_table(tranches: DealRecord) -> Table:
    """Probability that each coverage test fails, by payment date; an empty cell after a test's end."""
    days = tranches.payment_dates.astype("datetime64[D]").astype(object)
    rows = [[day, *cells(shares)] for day, shares in zip(days, tranches.breach_probability.T, strict=True)]
    return Table(("payment_date", *tranches.test_names), rows)


def path_table(paths: ClassPaths, first: int = 1, count: int | None = None) -> Table:
    """One row for each simulation, from 1, and class: what the class got along that path."""
    figures = paths.figures
    by_class = (
        figures.loss,
        figures.loss_fraction,
        figures.yield_at_price,
        figures.wal,
        figures.interest,
        figures.principal,
    )
    n_paths = len(figures.status)
    last = n_paths if count is None else min(n_paths, first - 1 + count)
    rows: list[list[Any]] = []
    for path in range(first - 1, last):
        for place, name in enumerate(paths.names):
            own = [float(array[path, place]) for array in by_class]
            irr = float(figures.equity_irr[path]) if paths.is_equity[place] else np.nan
            rows.append([path + 1, name, *cells([*own, irr])])
    return Table(PATH_COLUMNS, rows)


def point_table(points: Points, results: PointResults) -> Table:
    """The points of a grid with their values, empty where an assumption is as it was, and why one stopped."""
    missing = np.full(points.n_points, np.nan)
    found = [points.column(axis) for axis in Axis]
    values = np.stack([missing if column is None else column for column in found], axis=1)
    names = points.names or ("",) * points.n_points
    rows = [
        [number + 1, names[number], *cells(values[number]), results.failure(number)]
        for number in range(points.n_points)
    ]
    return Table(POINT_COLUMNS, rows)


def point_class_table(results: PointResults) -> Table:
    """What each class gets at each point of a grid."""
    rows: list[list[Any]] = []
    money = np.stack([results.interest, results.principal, results.unpaid], axis=-1)
    for point, place in np.ndindex(results.interest.shape):
        row = [*results.risk[point, place], *money[point, place]]
        is_known = not np.isnan(results.unpaid[point, place])
        rows.append(
            [
                point + 1,
                results.tranche_names[place],
                *cells(row),
                bool(results.has_loss[point, place]) if is_known else None,
                *cells([float(results.equity_irr[point])]),
            ]
        )
    return Table(POINT_CLASS_COLUMNS, rows)


def break_even_table(found: Sequence[BreakEven]) -> Table:
    """The default rates or multipliers up to which each class loses nothing."""
    rows = [
        [
            one.tranche_name,
            one.measure.value,
            *cells([one.value, one.low, one.high, one.limit]),
            one.ending.value,
            one.reason,
        ]
        for one in found
    ]
    return Table(BREAK_EVEN_COLUMNS, rows)


def price_table(tables: Sequence[PriceTable]) -> Table:
    """Yield, margin and durations of each class at each price."""
    rows = [
        [
            one.tranche_name,
            *cells(
                [
                    one.prices[place],
                    one.yields[place],
                    one.discount_margins[place],
                    one.macaulay[place],
                    one.modified[place],
                    one.wal,
                ]
            ),
        ]
        for one in tables
        for place in range(len(one.prices))
    ]
    return Table(PRICE_COLUMNS, rows)
