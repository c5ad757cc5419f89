"""What trades do to deals, as a workbook: the trades, every test and the yields of the classes before and after."""

import math
from collections.abc import Sequence
from pathlib import Path

from engine.compliance.definition import Unit
from engine.deal.results import RISK_COLUMNS
from engine.errors import InputError
from engine.trading.flows import FlowChange
from engine.trading.hypothetical import Comparison, TestChange
from engine.trading.trades import Side
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.looks import Column, Look, Looks, Page
from workbooks.xlsx import ExactWorkbook, Scalar, sheet_name

_LOOK_OF_MEASURE = {
    "yield_at_price": Look.RATE,
    "discount_margin_at_price": Look.RATE,
    "price_at_discount_margin": Look.PRICE,
    "wal": Look.YEARS,
    "macaulay_duration": Look.YEARS,
    "modified_duration": Look.YEARS,
}
_LABEL_OF_MEASURE = {
    "yield_at_price": "Yield",
    "discount_margin_at_price": "Discount margin",
    "price_at_discount_margin": "Price at margin",
    "wal": "WAL",
    "macaulay_duration": "Macaulay duration",
    "modified_duration": "Modified duration",
}

_HIGH_HEADER = 48
"""Points that a header of three lines takes."""


def write_trades(path: Path, comparisons: Sequence[Comparison], flows: Sequence[FlowChange] = ()) -> None:
    """Write one sheet a comparison, with the cash flows of the same trades where they were run.

    Numbers are unrounded; an existing file is replaced. Raises InputError CLO-2072 without a comparison.
    """
    if not comparisons:
        raise InputError("CLO-2072", "There are no trades to write", remedy="Try at least one trade first.")
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks, taken = Looks(book), set[str]()
    for number, comparison in enumerate(comparisons, start=1):
        page = Page(book.add_worksheet(sheet_name(f"{comparison.deal} {comparison.title}", taken)), looks)
        row = _write_comparison(page, comparison, number)
        for place, change in enumerate(flows, start=1):
            if (change.deal, change.title) == (comparison.deal, comparison.title):
                row = _write_flows(page, change, row, f"trade{number}_flows{place}")
    book.close()


def _write_comparison(page: Page, comparison: Comparison, number: int) -> int:
    """The trades and the tests; returns the row below them."""
    page.title(f"{comparison.deal}: {comparison.title}")
    before, after = comparison.before, comparison.after
    heads: tuple[tuple[str, Scalar, Look], ...] = (
        ("As of", before.plan.terms.as_of, Look.DATE),
        ("Objective before", comparison.objective_before, Look.NUMBER),
        ("Objective after", comparison.objective_after, Look.NUMBER),
        ("Principal cash before", before.holdings.cash, Look.MONEY),
        ("Principal cash after", after.holdings.cash, Look.MONEY),
    )
    for row, (label, value, look) in enumerate(heads, start=2):
        page.text(row, 0, label, Look.LABEL)
        page.text(row, 1, value, look)
    row = 3 + len(heads)
    fills = comparison.fills
    columns = (
        Column("Side", Look.TEXT, ["Buy" if fill.trade.side is Side.BUY else "Sale" for fill in fills]),
        Column("Asset", Look.TEXT, [fill.trade.blkrock_id for fill in fills]),
        Column("Par asked for", Look.MONEY, [fill.trade.par for fill in fills]),
        Column("Par", Look.MONEY, [fill.par for fill in fills]),
        Column("Price", Look.PRICE, [100.0 * fill.price for fill in fills]),
        Column("Proceeds", Look.MONEY, [fill.proceeds for fill in fills]),
        Column("Remark", Look.TEXT, [fill.reason for fill in fills]),
    )
    row = page.table(row, columns, name=f"trade{number}_fills").last_row + 2
    tests = _test_columns(comparison.changes)
    block = page.table(row, tests, name=f"trade{number}_tests")
    page.widths(tests)
    page.sheet.set_column(0, 0, 22)
    page.sheet.set_column(1, 1, 42)
    page.print_landscape(f"{comparison.deal}: {comparison.title}", n_rows=block.last_row)
    return block.last_row + 2


def _test_columns(changes: Sequence[TestChange]) -> tuple[Column, ...]:
    return (
        Column("Test", Look.COUNT, [change.definition.id for change in changes]),
        Column("Name", Look.TEXT, [change.definition.label for change in changes]),
        Column("Unit", Look.TEXT, ["%" if _is_share(change) else change.definition.unit.value for change in changes]),
        Column("Before", Look.NUMBER, [_shown(change, change.before.value) for change in changes]),
        Column("After", Look.NUMBER, [_shown(change, change.after.value) for change in changes]),
        Column("Change", Look.NUMBER, [_shown(change, change.difference) for change in changes]),
        Column("Limit before", Look.NUMBER, [_shown(change, change.before.threshold) for change in changes]),
        Column("Limit after", Look.NUMBER, [_shown(change, change.after.threshold) for change in changes]),
        Column("Cushion after", Look.MONEY, [_finite(change.after.cushion) for change in changes]),
        Column("Result before", Look.VERDICT, [_verdict(change.before.is_passed) for change in changes]),
        Column("Result after", Look.VERDICT, [_verdict(change.after.is_passed) for change in changes]),
        Column("Only no worse", Look.TEXT, ["yes" if change.after.is_maintained else "" for change in changes]),
    )


def _write_flows(page: Page, change: FlowChange, row: int, name: str) -> int:
    page.text(row, 0, f"Cash flows in scenario {change.scenario}, before and after", Look.BLOCK)
    columns = [Column("Class", Look.TEXT, list(change.classes))]
    for measure in RISK_COLUMNS:
        look, label = _LOOK_OF_MEASURE[measure], _LABEL_OF_MEASURE[measure]
        before, after = change.measure(measure)
        columns.append(Column(f"{label} before", look, [_finite(float(value)) for value in before]))
        columns.append(Column(f"{label} after", look, [_finite(float(value)) for value in after]))
    last = page.table(row + 1, columns, name=name).last_row
    page.sheet.set_row(row + 1, _HIGH_HEADER)
    for when, why in (("before", change.stopped_before), ("after", change.stopped_after)):
        if why:
            last += 1
            page.text(last, 0, f"The run {when} the trades stopped in {why}", Look.ALERT)
    return last + 2


def _is_share(change: TestChange) -> bool:
    return change.definition.unit is Unit.SHARE


def _shown(change: TestChange, value: float) -> Scalar:
    """In percent where the unit is a share, so that one column holds all units."""
    return _finite(100.0 * value if _is_share(change) else value)


def _finite(value: float) -> Scalar:
    return value if math.isfinite(value) else None


def _verdict(is_passed: bool) -> str:
    return "Pass" if is_passed else "Fail"
