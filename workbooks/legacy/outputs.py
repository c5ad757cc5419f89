"""Results saved on output sheets, as reference points for reconciliation (spec 06 §6.1, §6.3)."""

import re
from dataclasses import dataclass

from engine.snapshot import LegacyResult
from workbooks.legacy.book import Book
from workbooks.legacy.cells import address
from workbooks.legacy.findings import Code
from workbooks.legacy.values import CellReader, shown, trimmed

PREFIXES = (
    "HYPO-",
    "Rankings-",
    "Compliance-",
    "Collat CF-",
    "Collat Spreads-",
    "Collat Object-",
    "Optimization-",
    "Deal CF-",
    "RM-",
    "Filter-",
    "Rebalance-",
    "Deal Assets-",
)
SHARED_SUFFIX = "-output"
KEY_HEADERS = frozenset({"blackrock id", "blkrockid", "test num", "simulation #", "payment date", "period"})

_STYLED_CELL = re.compile(rb'<(?:\w+:)?c\s+r="([A-Z]+\d+)"[^>]*?\ss="(\d{1,6})"')
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s([^>]*)/?>")
_FORMAT_ID = re.compile(r"\d{1,6}\Z", re.ASCII)
_CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.DOTALL)
_CELL_FORMAT = re.compile(rb'<(?:\w+:)?xf\s[^>]*?numFmtId="(\d{1,6})"')
_BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    14: "m/d/yyyy",
    37: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
}


def is_output_sheet(name: str) -> bool:
    """Whether a sheet carries results that the legacy model saved."""
    return name.casefold().startswith(tuple(prefix.casefold() for prefix in PREFIXES))


@dataclass(frozen=True, slots=True)
class _ResultBlock:
    title: str
    left: int
    right: int
    key_column: int
    header_row: int


class NumberFormats:
    """Number format of the cells of a file, by the style table."""

    def __init__(self, book: Book) -> None:
        styles = book.package.part("xl/styles.xml") if book.package.has("xl/styles.xml") else b""
        own = {}
        for match in _FORMAT.finditer(styles):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', match[1].decode(errors="replace")))
            number = attributes.get("numFmtId", "")
            if _FORMAT_ID.match(number):
                own[int(number)] = _unescaped(attributes.get("formatCode", ""))
        cell_formats = _CELL_FORMATS.search(styles)
        ids = [int(number) for number in _CELL_FORMAT.findall(cell_formats[1])] if cell_formats else []
        self._formats = [own.get(number, _BUILT_IN.get(number, "General")) for number in ids]
        self._book = book

    def of_sheet(self, sheet: str) -> dict[str, str]:
        """Format by cell address; cells that are not listed are General."""
        found = {}
        for cell, style in _STYLED_CELL.findall(self._book.sheet_xml(sheet)):
            if int(style) < len(self._formats):
                found[cell.decode()] = self._formats[int(style)]
        return found


def _unescaped(text: str) -> str:
    for entity, character in (("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def legacy_results(cells: CellReader, formats: NumberFormats) -> tuple[LegacyResult, ...]:
    """Every stored value of an output sheet, by block, row key and column header."""
    is_shared = cells.sheet.casefold().endswith(SHARED_SUFFIX)
    blocks = _blocks(cells, is_shared)
    if not blocks:
        cells.log.add(Code.SKIPPED, cells.sheet, "", "the output sheet holds no block")
        return ()
    format_by_cell = formats.of_sheet(cells.sheet)
    results: list[LegacyResult] = []
    for block in blocks:
        columns = range(block.left, block.right + 1)
        headers = {column: trimmed(shown(cells.raw(block.header_row, column))) for column in columns}
        for row in range(block.header_row + 1, len(cells.grid.rows) + 1):
            row_key = _row_key(cells, row, block)
            for column in columns:
                raw = cells.raw(row, column)
                if raw == "":
                    continue
                is_number = isinstance(raw, float | int) and not isinstance(raw, bool)
                results.append(
                    LegacyResult(
                        sheet=cells.sheet,
                        block=block.title,
                        row_key=row_key,
                        column=headers[column],
                        text=shown(raw),
                        number=float(raw) if is_number else None,  # type: ignore[arg-type]  # checked above
                        number_format=format_by_cell.get(address(row, column), "General"),
                        place=cells.place(row, column),
                    )
                )
    return tuple(results)


def _blocks(cells: CellReader, is_shared: bool) -> list[_ResultBlock]:
    """On a shared tab blocks are told apart by their titles in row 1; on its own tab a block fills the sheet."""
    n_columns = max((len(row) for row in cells.grid.rows), default=0)
    header_row = 2 if is_shared else 1
    if is_shared:
        starts = [column for column in range(1, n_columns + 1) if trimmed(str(cells.raw(1, column)))]
    else:
        starts = [column for column in range(1, n_columns + 1) if trimmed(str(cells.raw(1, column)))][:1]
    blocks = []
    for left, following in zip(starts, [*starts[1:], n_columns + 2], strict=True):
        right = following - 2
        title = trimmed(str(cells.raw(1, left))) if is_shared else cells.sheet.partition("-")[0]
        keys = [
            column
            for column in range(left, right + 1)
            if trimmed(str(cells.raw(header_row, column))).casefold() in KEY_HEADERS
        ]
        blocks.append(_ResultBlock(title, left, right, keys[0] if keys else left, header_row))
    return blocks


def _row_key(cells: CellReader, row: int, block: _ResultBlock) -> str:
    """Text of the key column, else the first text of the row (`Objective Function`)."""
    key = trimmed(shown(cells.raw(row, block.key_column)))
    if key:
        return key
    texts = (cells.raw(row, column) for column in range(block.left, block.right + 1))
    return next((trimmed(raw) for raw in texts if isinstance(raw, str) and trimmed(raw)), "")
