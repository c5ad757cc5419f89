"""How the points of a grid lie on a sheet: one axis down, one across, a block for each combination of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from engine.deal.grid_results import Axis, Points
from workbooks.grids.record import AXIS_NAMES, shown

_DOWN = (Axis.CDR, Axis.CDR_MULTIPLIER)
_ACROSS = (
    Axis.SEVERITY,
    Axis.SEVERITY_SHIFT,
    Axis.CPR,
    Axis.CPR_MULTIPLIER,
    Axis.CURVE_SHIFT,
    Axis.LAG,
    Axis.PRICE,
)


@dataclass(frozen=True, slots=True, eq=False)
class MapBlock:
    """Points of one combination of the further axes, said in its title: places (R, C) among all points."""

    title: str
    places: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class MapLayout:
    """R rows and C columns of every map with their labels, what they stand for, and the blocks."""

    corner: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    blocks: tuple[MapBlock, ...]


def layout_of(points: Points) -> MapLayout:
    """CDR down, severity or else CPR across; an axis of one value stands in the titles. Named scenarios go down."""
    if points.names:
        places = np.arange(points.n_points).reshape(-1, 1)
        return MapLayout("Scenario", points.names, ("",), (MapBlock("Named scenarios", places),))
    values = {axis: _in_order(points.values[:, number]) for number, axis in enumerate(points.axes)}
    varied = [axis for axis in points.axes if len(values[axis]) > 1]
    down = _chosen((*_DOWN, *_ACROSS), varied) or points.axes[0]
    across = _chosen(_ACROSS, [axis for axis in varied if axis is not down])
    further = [axis for axis in points.axes if axis not in (down, across)]
    rows, columns = values[down], values[across] if across else (np.nan,)
    place = {tuple(row): number for number, row in enumerate(points.values.tolist())}
    blocks = []
    for fixed in product(*(values[axis] for axis in further)):
        at = dict(zip(further, fixed, strict=True))
        found = [[_place(place, points, at, {down: row}, across, column) for column in columns] for row in rows]
        title = ", ".join(f"{AXIS_NAMES[axis]} {shown(axis, value)}" for axis, value in at.items())
        blocks.append(MapBlock(title, np.array(found, dtype=np.int64)))
    corner = AXIS_NAMES[down] + (f" \\ {AXIS_NAMES[across]}" if across else "")
    return MapLayout(
        corner=corner,
        rows=tuple(shown(down, value) for value in rows),
        columns=tuple(shown(across, value) for value in columns) if across else ("",),
        blocks=tuple(blocks),
    )


def _place(
    place: Mapping[tuple[float, ...], int],
    points: Points,
    fixed: Mapping[Axis, float],
    down: Mapping[Axis, float],
    across: Axis | None,
    column: float,
) -> int:
    at = {**fixed, **down} if across is None else {**fixed, **down, across: column}
    return place[tuple(at[axis] for axis in points.axes)]


def _in_order(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Each value once, where it first stands."""
    return tuple(dict.fromkeys(values.tolist()))


def _chosen(wanted: Sequence[Axis], among: Sequence[Axis]) -> Axis | None:
    return next((axis for axis in wanted if axis in among), None)
