"""What the workbooks of grids and break-evens are written from, and how their axes are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.deal.grid_results import Axis, BreakEven, PointResults, Points, PriceTable
from workbooks.results.record import AssumptionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class GridHead:
    """What a grid or a search rests on: names, hash of its input, where its assumptions came from."""

    deal: str
    as_of: date
    scenario: str
    assumptions: str
    mode: str
    program: str
    engine_version: str
    input_hash: str
    sources: tuple[AssumptionSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRecord:
    """One grid as it is written."""

    run_id: int
    head: GridHead
    points: Points
    results: PointResults


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenRecord:
    """One search as it is written; credit: what was held constant."""

    run_id: int
    head: GridHead
    credit: Mapping[Axis, float]
    found: tuple[BreakEven, ...]
    tables: tuple[PriceTable, ...]


AXIS_NAMES = {
    Axis.LAG: "Recovery lag",
    Axis.PRICE: "Price",
    Axis.CURVE_SHIFT: "Curve shift",
    Axis.CPR: "CPR",
    Axis.CPR_MULTIPLIER: "CPR multiplier",
    Axis.CDR: "CDR",
    Axis.CDR_MULTIPLIER: "CDR multiplier",
    Axis.SEVERITY: "Severity",
    Axis.SEVERITY_SHIFT: "Severity shift",
}
_LEVELS = (Axis.CPR, Axis.CDR, Axis.SEVERITY)


def shown(axis: Axis, value: float) -> str:
    """A value of an axis as people say it: 4%, 6 months, +100 bp, x 2, 99.5."""
    if axis in _LEVELS:
        return f"{100 * value:.10g}%"
    if axis is Axis.LAG:
        return f"{value:g} months"
    if axis is Axis.CURVE_SHIFT:
        return f"{10_000 * value:+.10g} bp"
    if axis is Axis.PRICE:
        return f"{100 * value:.10g}"
    if axis is Axis.SEVERITY_SHIFT:
        return f"{100 * value:+.10g} points"
    return f"x {value:.10g}"
