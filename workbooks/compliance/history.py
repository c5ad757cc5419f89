"""Every test on every tested day: values, limits, verdicts, and lines of the chosen tests against their limits."""

from collections.abc import Sequence
from datetime import date

from engine.compliance.results import PastResult
from workbooks.compliance.charts import limit_chart
from workbooks.compliance.marks import LOOK_OF_UNIT, mark_verdicts, nearest
from workbooks.compliance.record import ComplianceRecord, ComplianceReport
from workbooks.results.charts import PIXELS_PER_CHARACTER, ROW_PIXELS
from workbooks.results.looks import NUMBER_LOOKS, Block, Column, Look, Page
from workbooks.xlsx import ExactWorkbook, Scalar

CHART_SIZE, MOST_CHARTS = (560, 260), 6
FIRST_ROW, FIXED_COLUMNS = 2, 3
Past = dict[tuple[int, date], PastResult]


def write_history(
    page: Page, book: ExactWorkbook, record: ComplianceRecord, title: str, chosen: Sequence[int] = ()
) -> None:
    """Tables of values, limits and verdicts, a row a test and a column a day; charts of the chosen tests on top.

    chosen: test ids; by default those the objective weights, the broken ones and those nearest to their limits.
    """
    page.title(title)
    past: Past = {(item.test_id, item.as_of): item for item in record.history}
    days = sorted({day for _, day in past})
    tests = {item.test_id: item for item in record.history}
    order = [one.test_id for one in record.report.results if one.test_id in tests]
    order += [test for test in tests if test not in order]
    if not order:
        page.text(FIRST_ROW, 0, "No stored run: nothing has been tested on any day.", Look.SUBTITLE)
        return
    drawn = [test for test in (chosen or _default_tests(record.report)) if test in tests][:MOST_CHARTS]
    page.sheet.set_column(0, 0, 7)
    page.sheet.set_column(1, 1, 40)
    page.sheet.set_column(2, 2, 8)
    page.sheet.set_column(FIXED_COLUMNS, FIXED_COLUMNS + max(len(days), 12), 13)
    row = FIRST_ROW + (len(drawn) + 1) // 2 * (CHART_SIZE[1] // ROW_PIXELS + 1)
    values = _write_grid(page, row, "Values", order, days, past, tests)
    limits = _write_grid(page, values.last_row + 3, "Limits", order, days, past, tests)
    results = _write_grid(page, limits.last_row + 3, "Results", order, days, past, tests)
    for number, test in enumerate(drawn):
        look = LOOK_OF_UNIT[tests[test].unit]
        chart = limit_chart(
            book,
            tests[test].label,
            _cells(values, values.header_row, len(days)),
            _cells(values, values.first_row + order.index(test), len(days)),
            _cells(limits, limits.first_row + order.index(test), len(days)),
            "0.00%" if look is Look.SHARE else NUMBER_LOOKS[look],
            CHART_SIZE,
        )
        top = FIRST_ROW + number // 2 * (CHART_SIZE[1] // ROW_PIXELS + 1)
        offset = {"x_offset": (number % 2) * (CHART_SIZE[0] + 20), "object_position": 3}
        page.sheet.insert_chart(top, 0, chart, offset)
    wide = max(2 * CHART_SIZE[0] / PIXELS_PER_CHARACTER, 55.0 + 13.0 * len(days))
    page.print_blocks(title, wide, row - FIRST_ROW, [row, limits.header_row - 1, results.header_row - 1])


def _default_tests(report: ComplianceReport) -> list[int]:
    weighted = [test for test, _ in report.weights]
    near = [result.test_id for result in nearest(report.results, MOST_CHARTS)]
    return list(dict.fromkeys([*weighted, *near]))


def _write_grid(
    page: Page,
    row: int,
    subject: str,
    order: Sequence[int],
    days: Sequence[date],
    past: Past,
    tests: dict[int, PastResult],
) -> Block:
    """One table; the column of a day is headed by its date as text, as Excel's tables demand."""
    columns = [
        Column("Test", Look.COUNT, list(order)),
        Column("Name", Look.TEXT, [tests[test].label for test in order]),
        Column("Kind", Look.TEXT, [tests[test].direction.value.capitalize() for test in order]),
    ]
    look = Look.VERDICT if subject == "Results" else Look.NUMBER
    for day in days:
        columns.append(Column(day.isoformat(), look, [_cell(subject, past.get((test, day))) for test in order]))
    page.text(row, 0, subject, Look.BLOCK)
    block = page.table(row + 1, columns, name=f"history_{subject.lower()}")
    for column, day in enumerate(days, start=FIXED_COLUMNS):
        if subject == "Results":
            mark_verdicts(page, block, day.isoformat())
            continue
        for line, test in enumerate(order, start=block.first_row):
            page.text(line, column, _cell(subject, past.get((test, day))), LOOK_OF_UNIT[tests[test].unit])
    return block


def _cell(subject: str, item: PastResult | None) -> Scalar:
    if item is None:
        return None
    if subject == "Limits":
        return item.threshold
    if subject == "Values":
        return item.value if item.is_applicable or not item.is_passed else None
    if not item.is_passed:
        return "Fail"
    return "Maintained" if item.is_maintained else "Pass" if item.is_applicable else "n/a"


def _cells(block: Block, row: int, n_days: int) -> list[str | int]:
    """The cells of all days in one row."""
    return [block.sheet, row, FIXED_COLUMNS, row, FIXED_COLUMNS + n_days - 1]
