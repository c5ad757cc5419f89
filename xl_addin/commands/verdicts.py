"""Tests on result sheets: values in the unit of their test, verdicts coloured, the tightest limits drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.compliance.definition import Unit
from engine.compliance.results import ComplianceResult
from engine.compliance.terms import Direction
from engine.trading.hypothetical import Comparison, TestState
from xl_addin.commands.columns import STYLE_BY_UNIT
from xl_addin.commands.patch import Grid, Style
from xl_addin.commands.sheets import FAIL, PASS, Block, OutputSheet

_MOST_TIGHT = 15
_WORDS = {"pass": {True: PASS, False: FAIL}, "maintained": {True: "Yes", False: ""}}
_VALUES = ("result", "threshold", "before", "after", "difference", "threshold_before", "threshold_after")


def unit_style(unit: Unit | None) -> Style:
    """How a value of a test looks; one without a unit is a plain number."""
    return Style.NUMBER if unit is None else STYLE_BY_UNIT.get(unit, Style.NUMBER)


def show_units(sheet: OutputSheet, block: Block, grid: Grid, unit_by_test: Mapping[int, Unit]) -> None:
    """Give the values of a table of tests the number format of each test, and colour its verdicts."""
    header = list(grid[0])
    tests = [row[header.index("test_number")] for row in grid[1:]]
    styles = [unit_style(unit_by_test.get(int(test)) if isinstance(test, int | float) else None) for test in tests]
    for name in header:
        if name in _VALUES:
            sheet.mark(block, name, styles)
        elif name == "pass" or name.endswith("_pass"):
            sheet.verdicts(block, name, grid[1:])


def worded(grid: Grid) -> list[list[Any]]:
    """A table of tests with words in place of TRUE and FALSE, as analysts know them."""
    header = list(grid[0])
    words = {place: _WORDS[name.split("_")[-1]] for place, name in enumerate(header) if name.split("_")[-1] in _WORDS}
    rows = [
        [
            words[place][value] if place in words and isinstance(value, bool) else value
            for place, value in enumerate(row)
        ]
        for row in grid[1:]
    ]
    return [header, *rows]


def tightest(results: Sequence[ComplianceResult]) -> list[list[Any]]:
    """The tests that come closest to their limit, as a table: 1 = at the limit, above it broken."""
    rows: list[list[Any]] = [
        [one.test_id, one.label, one.use_of_limit] for one in results if one.use_of_limit is not None
    ]
    rows.sort(key=lambda row: -row[2])
    return [["test_number", "test_name", "use_of_limit"], *rows[:_MOST_TIGHT]]


def uses_before_and_after(comparison: Comparison) -> list[list[Any]]:
    """The tests that come closest to their limit after trades, with the use of the limit before them."""
    rows: list[list[Any]] = []
    for change, setting in zip(comparison.changes, comparison.before.plan.settings, strict=True):
        before, after = (_use_of_limit(setting.direction, state) for state in (change.before, change.after))
        if before is not None and after is not None:
            rows.append([change.definition.id, change.definition.label, before, after])
    rows.sort(key=lambda row: -row[3])
    return [["test_number", "test_name", "use_before", "use_after"], *rows[:_MOST_TIGHT]]


def _use_of_limit(direction: Direction, state: TestState) -> float | None:
    """How much of its limit a test uses; None where that has no meaning."""
    is_most = direction is Direction.MAX
    top, bottom = (state.value, state.threshold) if is_most else (state.threshold, state.value)
    return top / bottom if bottom > 0.0 and top >= 0.0 else None
