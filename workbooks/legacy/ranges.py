"""Where a block stands: its defined name if that fits, else its anchor and a stop rule (spec 06 §3, §4.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from workbooks.legacy.cells import Block, address
from workbooks.legacy.findings import Code
from workbooks.legacy.values import CellReader

NEAR_ROWS = 3
"""A name is believed where its first row is at most so far from the anchor."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A named block of spec 06 §3: its first cell, its width, the last row it may reach.

    is_list: the block ends at the first blank of its first column where no name says how long it is.
    """

    name: str
    row: int
    column: int
    width: int
    last_row: int
    is_list: bool = True


@dataclass(frozen=True, slots=True)
class Located:
    """A block on its sheet. is_named: a defined name gave the rectangle, which is then believed to its last row."""

    anchor: Anchor
    block: Block
    is_named: bool

    @property
    def top(self) -> int:
        return self.block.top

    @property
    def left(self) -> int:
        return self.block.left


def locate(cells: CellReader, anchor: Anchor) -> Located:
    """The rectangle of a block; W-ANCHOR where its name is missing, broken or refers elsewhere.

    A name that is a formula (OFFSET, INDEX) cannot be read without calculating; the anchor stands in without remark.
    """
    fallback = Located(
        anchor,
        Block(anchor.row, anchor.column, anchor.last_row, anchor.column + anchor.width - 1),
        is_named=False,
    )
    text = cells.book.name_text(anchor.name, cells.sheet)
    used = address(anchor.row, anchor.column)
    if text is None:
        cells.report(Code.ANCHOR, anchor.row, anchor.column, f"name {anchor.name} is missing", used=used)
        return fallback
    target = cells.book.reference(text, cells.sheet)
    if target is None:
        if "#REF!" in text or "(" not in text:
            remark = f"name {anchor.name} refers to nothing that can be read"
            cells.report(Code.ANCHOR, anchor.row, anchor.column, remark, found=text, used=used)
        return fallback
    sheet, block = target
    if sheet != cells.sheet or abs(block.top - anchor.row) > NEAR_ROWS:
        remark = f"name {anchor.name} refers to a place where its block does not belong"
        cells.report(Code.ANCHOR, anchor.row, anchor.column, remark, found=text, used=used)
        return fallback
    if block.left != anchor.column:
        remark = f"name {anchor.name} starts in another column than the layout has it"
        cells.report(Code.ANCHOR, anchor.row, anchor.column, remark, found=text, used=text)
    bottom = min(block.bottom, max(len(cells.grid.rows), block.top))
    return Located(anchor, Block(block.top, block.left, bottom, block.right), is_named=True)


def list_rows(cells: CellReader, located: Located, *, skips: frozenset[str] = frozenset()) -> Iterator[int]:
    """Rows of a list whose first column is filled, W-GAP where a blank separates them.

    A named list is read to its end whatever stands between, as the legacy loader did; a list without a usable name
    ends at its first blank. skips: texts and errors of the first column that are passed over without a word, and that
    do not end the list (`#N/A` after the positions).
    """
    column = located.left
    blank_row = 0
    is_gap_reported = False
    for row in located.block.rows:
        mark = cells.grid.errors.get((row, column)) or cells.raw(row, column)
        if isinstance(mark, str) and mark in skips and mark:
            continue
        if cells.is_blank(row, column):
            blank_row = blank_row or row
            continue
        if blank_row and not is_gap_reported:
            is_gap_reported = True
            remark = f"{located.anchor.name} goes on after the blank in row {blank_row}"
            cells.report(Code.GAP, row, column, remark, used="read" if located.is_named else "not read")
        if blank_row and not located.is_named:
            return
        yield row
    if located.is_named:
        _report_data_below(cells, located, skips)


def _report_data_below(cells: CellReader, located: Located, skips: frozenset[str]) -> None:
    """W-GAP where a list of a deal sheet goes on right below the range of its name."""
    below, column = located.block.bottom + 1, located.left
    mark = cells.grid.errors.get((below, column)) or cells.raw(below, column)
    if located.block.bottom >= located.anchor.last_row or mark in skips or cells.is_blank(below, column):
        return
    remark = f"{located.anchor.name} ends above this cell, which is filled"
    cells.report(Code.GAP, below, column, remark, found=cells.raw(below, column), used="not read")
