"""How values, verdicts and the use of limits look on all sheets of a compliance workbook."""

from collections.abc import Iterable, Sequence

from xlsxwriter.utility import xl_range_abs

from engine.compliance.definition import Unit
from engine.compliance.results import ComplianceResult, Verdict
from workbooks.compliance.record import ComplianceRecord
from workbooks.palette import ACCENT
from workbooks.results.looks import Block, Look, Page
from workbooks.xlsx import Scalar

LOOK_OF_UNIT = {
    Unit.SHARE: Look.SHARE,
    Unit.YEARS: Look.YEARS,
    Unit.MONEY: Look.MONEY,
    Unit.NUMBER: Look.NUMBER,
}
WORD_OF_VERDICT = {
    Verdict.PASSED: "Pass",
    Verdict.MAINTAINED: "Maintained",
    Verdict.NOT_APPLICABLE: "n/a",
    Verdict.FAILED: "Fail",
}
TIGHT = 0.95
"""From this use of its limit on a test is near to it."""


def column_area(block: Block, header: str) -> str:
    """The data cells of a column as conditional formats take them."""
    column = block.first_column + block.headers.index(header)
    return str(xl_range_abs(block.first_row, column, block.last_row, column))


def mark_verdicts(page: Page, block: Block, header: str) -> None:
    """Amber for maintained, grey for nothing to test; pass and fail are marked by the table itself."""
    for word, look in (("Maintained", page.looks.doubtful), ("n/a", page.looks.muted)):
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": look}
        page.sheet.conditional_format(column_area(block, header), rule)


def mark_use(page: Page, block: Block, header: str) -> None:
    """A bar for the use of each limit, full at the limit; red beyond it, amber near it."""
    area = column_area(block, header)
    for criteria, value, look in ((">", 1.0, page.looks.failed), (">=", TIGHT, page.looks.doubtful)):
        rule = {"type": "cell", "criteria": criteria, "value": value, "format": look, "stop_if_true": False}
        page.sheet.conditional_format(area, rule)
    page.sheet.conditional_format(area, _bar(1.0))


def mark_share(page: Page, block: Block, header: str) -> None:
    """A bar for each share, the largest full."""
    page.sheet.conditional_format(column_area(block, header), _bar(None))


def _bar(full: float | None) -> dict[str, object]:
    bar: dict[str, object] = {
        "type": "data_bar",
        "bar_color": "#B7D3E6",
        "bar_solid": True,
        "bar_border_color": ACCENT,
        "min_type": "num",
        "min_value": 0,
    }
    return bar if full is None else bar | {"max_type": "num", "max_value": full}


def write_by_unit(page: Page, block: Block, header: str, cells: Sequence[Scalar], units: Sequence[Unit]) -> None:
    """Write the cells of a column once more, each in the look of its own unit."""
    column = block.first_column + block.headers.index(header)
    for row, (cell, unit) in enumerate(zip(cells, units, strict=True), start=block.first_row):
        page.text(row, column, cell, LOOK_OF_UNIT[unit])


def nearest(results: Iterable[ComplianceResult], most: int) -> list[ComplianceResult]:
    """Tests by the use of their limits, broken ones first, then the fullest; ties in the order given."""
    used = [result for result in results if result.use_of_limit is not None]
    used.sort(key=lambda result: (result.is_passed, -(result.use_of_limit or 0.0)))
    return used[:most]


def names_of(record: ComplianceRecord) -> dict[str, str]:
    """Issue name by asset id."""
    return {item.asset.blkrock_id: item.asset.issue_name.strip() for item in record.positions}
