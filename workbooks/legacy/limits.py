"""What a deal is tested against: configured tests and objective weights (spec 06 §5.2, columns L:Q and T:W)."""

from engine.snapshot import TestConfigRow, WeightRow
from engine.validation.units import threshold_remark
from workbooks.legacy.cells import Block, column_number
from workbooks.legacy.findings import Code
from workbooks.legacy.ranges import Anchor, list_rows, locate
from workbooks.legacy.values import CellReader, shown, trimmed

THRESHOLDS = Anchor("TestThresholds", 4, column_number("L"), 6, 103)
WEIGHTS = Anchor("ObjWeights", 4, column_number("V"), 2, 11)
MOST_WEIGHTS = 8
DIRECTIONS = ("Min", "Max")


def tests(cells: CellReader, ranges: dict[str, str]) -> tuple[TestConfigRow, ...]:
    """The configured tests in the order of the sheet; a repeated number is E-DUPTEST."""
    located = locate(cells, THRESHOLDS)
    column, last_row = located.left, located.top
    found: dict[int, TestConfigRow] = {}
    for row in list_rows(cells, located):
        last_row = row
        number = cells.whole(row, column, "test number", required=True)
        if number is None:
            continue
        if number in found:
            remark = f"test {number} is configured twice, first in {found[number].place.cell}"
            cells.report(Code.DUPLICATE_TEST, row, column, remark, found=number)
            continue
        found[number] = _test(cells, row, column, number)
    ranges[located.anchor.name] = str(Block(located.top, column, last_row, column + 5))
    return tuple(found.values())


def _test(cells: CellReader, row: int, column: int, number: int) -> TestConfigRow:
    direction = cells.key(row, column + 2, "direction")
    if direction not in DIRECTIONS:
        remark = f"test {number} is neither a minimum nor a maximum"
        cells.report(Code.CELL_TYPE, row, column + 2, remark, found=direction, used="")
        direction = ""
    overwrite = cells.number(row, column + 4, f"overwrite of test {number}")
    return TestConfigRow(
        number=number,
        name=cells.text(row, column + 1, "test name"),
        direction=direction,
        threshold=_threshold(cells, row, column + 3, number),
        overwrite=overwrite or None,
        previous_value=cells.number(row, column + 5, f"previous value of test {number}", words=("NA", "N/A")),
        place=cells.place(row, column),
    )


def _threshold(cells: CellReader, row: int, column: int, number: int) -> float | str | None:
    """A level, or the text that says the test computes it; None where blank."""
    raw = cells.needed(row, column, what=f"threshold of test {number}")
    if isinstance(raw, str):
        return raw if trimmed(raw) else None
    value = cells.number(row, column, f"threshold of test {number}")
    if value is not None and (remark := threshold_remark(number, value)):
        cells.report(Code.UNIT, row, column, f"threshold of test {number} {remark}", found=value, used=value)
    return value


def objective_weights(cells: CellReader, ranges: dict[str, str]) -> tuple[WeightRow, ...]:
    """Up to eight weights by test number; a repeated number is E-DUPTEST. Column U is kept as text only (W-03)."""
    located = locate(cells, WEIGHTS)
    column, last_row = located.left, located.top
    found: dict[int, WeightRow] = {}
    for row in list_rows(cells, located):
        if len(found) == MOST_WEIGHTS:
            cells.report(Code.SKIPPED, row, column, "a ninth weight, which the legacy model does not read")
            break
        last_row = row
        number = cells.whole(row, column, "test number of a weight", required=True)
        if number is None:
            continue
        if number in found:
            remark = f"test {number} is weighted twice, first in {found[number].place.cell}"
            cells.report(Code.DUPLICATE_TEST, row, column, remark, found=number)
            continue
        found[number] = WeightRow(
            number=number,
            name=cells.text(row, column - 2, "test name"),
            weight=cells.number(row, column + 1, f"weight of test {number}", blank=0.0) or 0.0,
            displayed_result=shown(cells.raw(row, column - 1)),
            place=cells.place(row, column - 2),
        )
    ranges[located.anchor.name] = str(Block(located.top, column, last_row, column + 1))
    return tuple(found.values())
