"""What is asked of grids and break-even searches, and what the desk answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.deal.grid_results import Axis, BreakEven, Measure, PointResults, Points, PriceTable
from engine.modes import Mode
from workbooks.grids.record import GridHead as GridHead


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoice:
    """What a calculation rests on, by name; as_of None for the newest snapshot of the deal."""

    deal: str
    assumptions: str | None
    scenario: str = "BASE"
    as_of: date | None = None
    mode: Mode = Mode.STANDARD


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRequest:
    """Every combination of the values on the axes, or named scenarios.

    tranches: by name, all for none; a price on the price axis is what they are bought at.
    """

    values: Mapping[Axis, Sequence[float]] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ()
    tranches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenRequest:
    """Break-evens of tranches by name, of all debt for none, at a constant CPR, severity and lag where given.

    prices: fractions of par of a price table, none for no table.
    """

    credit: Mapping[Axis, float] = field(default_factory=dict)
    measures: tuple[Measure, ...] = tuple(Measure)
    tranches: tuple[str, ...] = ()
    prices: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GridOutcome:
    """A grid; answered_from `computed` or `store`."""

    run_id: int
    head: GridHead
    points: Points
    results: PointResults
    answered_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenOutcome:
    """Break-evens and price tables; credit: what was held constant; answered_from `computed` or `store`."""

    run_id: int
    head: GridHead
    credit: Mapping[Axis, float]
    found: tuple[BreakEven, ...]
    tables: tuple[PriceTable, ...]
    answered_from: str
