"""The hypothetical-trade sheet as the legacy workbook prints it: one row for each test, the objective last."""

from decimal import ROUND_HALF_UP, Decimal

from engine.trading.hypothetical import Comparison, TestChange

Row = tuple[object, ...]

HEADINGS: Row = (
    "Test Num",
    "Test Name",
    "Threshold",
    "Results",
    "Pass/Fail",
    "",
    "Hypo Result",
    "Hypo Pass/Fail",
    "Differences",
    "Hypo Comments",
)
MAINTAINED = "New test results improves or maintains previous results"
_PLAIN_NUMBERS = frozenset({35, 36, 37, 40, 54})


def legacy_rows(comparison: Comparison) -> tuple[Row, ...]:
    """Headings, tests and objective; the threshold is the one before the trades (05 Q12), amounts are texts."""
    difference = format_number(comparison.objective_difference)
    closing = (comparison.objective_before, None, None, comparison.objective_after, None, difference, None)
    return (HEADINGS, *map(_row, comparison.changes), (None, None, "Objective Function", *closing))


def _row(change: TestChange) -> Row:
    definition, before, after = change.definition, change.before, change.after
    # Test 40 is a share and is printed as a plain number all the same (05 Q30).
    shown = format_number if definition.id in _PLAIN_NUMBERS else format_percentage
    return (
        definition.id,
        definition.legacy_label or definition.label,
        shown(before.threshold),
        shown(before.value),
        before.is_passed,
        "",
        shown(after.value),
        after.is_passed,
        shown(change.difference),
        MAINTAINED if after.is_maintained else "",
    )


def format_percentage(value: float) -> str:
    """A decimal as percent with three decimals; what rounds to zero from below keeps its sign."""
    return f"{_rounded(100 * Decimal(repr(value)), 3)}%"


def format_number(value: float) -> str:
    """A number with two decimals."""
    return _rounded(Decimal(repr(value)), 2)


def _rounded(value: Decimal, decimals: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
