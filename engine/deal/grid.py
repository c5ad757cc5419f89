"""Scenario grids: every combination of values on several axes, run in blocks that any process can compute.

A block is a pure function of the job and its number: points do not depend on their neighbours, so a grid has the same
bits however it is cut.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.deal.grid_results import POINT_ARRAYS, Axis, PointResults, Points
from engine.deal.points import DealRun, run_at
from engine.errors import InputError

MOST_POINTS = 100_000
POINTS_A_BLOCK = 1_024
"""Enough for the terms of a deal to be resolved once for a second's work, few enough that a lost block costs little."""

MOST_ROWS, CELL_ARRAYS = 400, 40
"""For the estimate of memory: payment dates of an asset, and arrays of assets by dates that a run holds."""

_RIVALS = ((Axis.CPR, Axis.CPR_MULTIPLIER), (Axis.CDR, Axis.CDR_MULTIPLIER), (Axis.SEVERITY, Axis.SEVERITY_SHIFT))
_LIMITS = {
    Axis.LAG: (0.0, 600.0, "a recovery lag is 0 to 600 months"),
    Axis.PRICE: (1e-6, 10.0, "a price is above 0 and at most 10 times par"),
    Axis.CURVE_SHIFT: (-0.5, 0.5, "a curve shift is between -5,000 and 5,000 bp"),
    Axis.CPR: (0.0, 1.0, "a CPR is 0 % to 100 % a year"),
    Axis.CPR_MULTIPLIER: (0.0, 1e6, "a multiplier is 0 or more"),
    Axis.CDR: (0.0, 1.0, "a CDR is 0 % to 100 % a year"),
    Axis.CDR_MULTIPLIER: (0.0, 1e6, "a multiplier is 0 or more"),
    Axis.SEVERITY: (0.0, 1.0, "a severity is 0 % to 100 %"),
    Axis.SEVERITY_SHIFT: (-1.0, 1.0, "a severity shift is between -100 and 100 points"),
}


@dataclass(frozen=True, slots=True)
class GridAxis:
    """One axis of a grid and its values in the order asked for, in the units of `Axis`."""

    axis: Axis
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        for value in self.values:
            check_value(self.axis, value)
        twice = [value for place, value in enumerate(self.values) if value in self.values[:place]]
        if twice:
            raise InputError(
                "CLO-1343",
                f"The axis {self.axis.value} holds {twice[0]:g} twice",
                remedy="Give every value once.",
            )


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of the values of its axes, the last axis fastest; axes stand in the order of `Axis`."""

    axes: tuple[GridAxis, ...]

    def __post_init__(self) -> None:
        given = [item.axis for item in self.axes if item.values]
        for level, change in _RIVALS:
            if level in given and change in given:
                raise InputError(
                    "CLO-1341",
                    f"A grid cannot have both {level.value} and {change.value}",
                    remedy="Give levels for the whole pool, or changes of what is assumed.",
                )
        if not given:
            raise InputError("CLO-1344", "A grid without values has no points", remedy="Give values on an axis.")
        if self.n_points > MOST_POINTS:
            lengths = " x ".join(str(len(item.values)) for item in self.axes)
            raise InputError(
                "CLO-1342",
                f"The grid has {self.n_points:,} points ({lengths})",
                remedy=f"Ask for {MOST_POINTS:,} at most.",
            )

    @classmethod
    def of(cls, values: Mapping[Axis, Sequence[float]]) -> "Grid":
        """The grid of values by axis; an axis without values is left out."""
        return cls(tuple(GridAxis(axis, tuple(map(float, values[axis]))) for axis in Axis if values.get(axis)))

    @property
    def n_points(self) -> int:
        """Number of combinations."""
        return math.prod(len(item.values) for item in self.axes)

    def points(self) -> Points:
        """All combinations."""
        rows = np.array(list(product(*(item.values for item in self.axes))), dtype=np.float64)
        return Points(axes=tuple(item.axis for item in self.axes), values=rows.reshape(self.n_points, len(self.axes)))


def check_value(axis: Axis, value: float) -> None:
    """Raise InputError CLO-1340 for a value that an axis cannot take."""
    low, high, rule = _LIMITS[axis]
    if not low <= value <= high:
        raise InputError("CLO-1340", f"{value:g} cannot stand on the axis {axis.value}: {rule}", remedy="Correct it.")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GridJob:
    """Points of a deal to be run, cut into blocks of consecutive points.

    key: hash of everything that the results depend on, given by whoever knows it; label: what it is, for people.
    priced: places of the tranches that the price axis is for. A block is a dictionary of the arrays named in
    POINT_ARRAYS, one row for each of its points.
    """

    key: str
    label: str
    run_of: DealRun
    points: Points
    priced: tuple[int, ...]

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return -(-self.points.n_points // POINTS_A_BLOCK)

    @property
    def bytes_per_block(self) -> int:
        """Memory that a worker needs for a block: the resolved deal on every curve, buffers, and the results."""
        shifts = self.points.column(Axis.CURVE_SHIFT)
        n_curves = 1 if shifts is None else len(np.unique(shifts))
        cells = len(self.run_of.deal.holdings) * MOST_ROWS
        return 8 * (cells * (n_curves + CELL_ARRAYS) + POINTS_A_BLOCK * len(self.run_of.deal.tranches) * 16)

    def run(self, block: int) -> dict[str, npt.NDArray[Any]]:
        """Run one block, 0-based."""
        first = block * POINTS_A_BLOCK
        found = run_at(self.run_of, self.points.part(first, first + POINTS_A_BLOCK), self.priced, n_threads=1)
        return {name: getattr(found, name) for name in POINT_ARRAYS}

    def results(self, blocks: Sequence[Mapping[str, npt.NDArray[Any]]]) -> PointResults:
        """The results of all points from all blocks, in their order."""
        tranches = self.run_of.deal.tranches
        return PointResults(
            tranche_names=tuple(tranche.name for tranche in tranches),
            balance=np.array([tranche.current_balance for tranche in tranches], dtype=np.float64),
            **{name: np.concatenate([block[name] for block in blocks]) for name in POINT_ARRAYS},
        )
