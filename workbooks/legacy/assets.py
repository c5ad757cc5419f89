"""The asset master `All Assets`: columns mapped by header, one asset a row (spec 06 §5.3, spec 01 §1.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from engine.collateral.asset import WORKBOOK_FIELDS, Asset, AssetField, FieldKind
from engine.snapshot import AssetRow
from engine.validation.accepted_texts import is_known_rating
from engine.validation.units import rate_remark
from workbooks.legacy.findings import Code
from workbooks.legacy.grid import Raw
from workbooks.legacy.ranges import Anchor, Located, locate
from workbooks.legacy.values import CellReader, day_of_raw, flag_of_raw, folded, shown, trimmed

ALL_ASSETS = Anchor("AllAssets", 2, 1, len(WORKBOOK_FIELDS), 20_001)
MOST_UNKNOWN_HEADERS = 3
LONGEST_ID = WORKBOOK_FIELDS[0].longest

_NOT_READ_BY_LEGACY = frozenset({"par_amount", "market_value"})
"""Number fields whose text did not cost the legacy model the row: one is not read, one kept the value above (LQ-03)."""

_NUMBER_KINDS = frozenset({FieldKind.MONEY, FieldKind.RATE, FieldKind.PRICE, FieldKind.YEARS})
_CASE_BLIND_FLAGS = frozenset({"piking"})
_BOOLEAN_FLAGS = frozenset({"eom_flag"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSheet:
    """The assets, and the extent of their sheet: known columns, rows that the range AllAssets has room for."""

    rows: tuple[AssetRow, ...]
    n_columns: int
    n_capacity_rows: int


def read_assets(cells: CellReader, located: Located | None = None) -> AssetSheet:
    """Every asset up to the first blank id; a repeated id keeps its first row (W-DUPASSET).

    located: the rows below a header row, for a sheet without the name AllAssets.
    """
    located = located or locate(cells, ALL_ASSETS)
    columns = _columns(cells, located.top - 1)
    bottom = _named_bottom(cells) or cells.grid.last_row
    reader = _AssetReader(cells, columns)
    found: dict[str, AssetRow] = {}
    id_column = columns[0][1]
    end = 0
    for row in range(located.top, len(cells.grid.rows) + 1):
        blkrock_id = cells.key(row, id_column, "asset id")
        if not blkrock_id:
            end = end or row
            continue
        if len(blkrock_id) > LONGEST_ID:
            remark = f"an asset id has at most {LONGEST_ID} characters"
            cells.report(Code.KEY_VALUE, row, id_column, remark, found=blkrock_id)
            continue
        if end or row > bottom:
            stop = f"the blank in row {end}" if end else f"row {bottom}, the last of {ALL_ASSETS.name}"
            remark = f"asset ids go on after {stop}, where the legacy model stops"
            cells.report(Code.GAP, row, id_column, remark, found=blkrock_id, used="not read")
            break
        if blkrock_id in found:
            remark = f"asset {blkrock_id} is repeated, first in {found[blkrock_id].place.cell}, which is kept"
            cells.report(Code.DUPLICATE_ASSET, row, id_column, remark, found=blkrock_id)
            continue
        found[blkrock_id] = reader.asset(row, blkrock_id)
    return AssetSheet(
        rows=tuple(found.values()),
        n_columns=len({column for _, column in columns}),
        n_capacity_rows=max(bottom - located.top + 1, 0),
    )


def _named_bottom(cells: CellReader) -> int | None:
    text = cells.book.name_text(ALL_ASSETS.name, cells.sheet)
    target = cells.book.reference(text, cells.sheet) if text else None
    return target[1].bottom if target and target[0] == cells.sheet else None


def _columns(cells: CellReader, header_row: int) -> list[tuple[AssetField, int]]:
    """Column of every field: by header, by position where the header is missing; E-HEADER beyond three of those."""
    headers: dict[str, int] = {}
    for column in range(cells.grid.last_column, 0, -1):
        header = cells.raw(header_row, column)
        if isinstance(header, str) and trimmed(header):
            headers[folded(header)] = column
    placed: list[tuple[AssetField, int]] = []
    missing: list[AssetField] = []
    for item in WORKBOOK_FIELDS:
        wanted = folded(item.header)
        stands_at_its_place = folded(str(cells.raw(header_row, item.column))) == wanted
        found_at = item.column if stands_at_its_place else headers.get(wanted)
        if found_at is None:
            missing.append(item)
        placed.append((item, found_at or item.column))
    for item in missing:
        found = cells.raw(header_row, item.column)
        remark = f"header {item.header!r} is missing; the column is read by its position"
        cells.report(Code.ANCHOR, header_row, item.column, remark, found=found, used=item.header)
    if len(missing) > MOST_UNKNOWN_HEADERS:
        remark = f"{len(missing)} of {len(WORKBOOK_FIELDS)} headers are missing: this is another layout"
        cells.report(Code.HEADER, header_row, missing[0].column, remark, found=cells.raw(header_row, missing[0].column))
    return placed


class _AssetReader:
    """Reads asset rows. A clean cell costs one call; whatever is odd goes through the reader that reports."""

    def __init__(self, cells: CellReader, columns: list[tuple[AssetField, int]]) -> None:
        self._cells = cells
        self._id_column = columns[0][1]
        readers: Mapping[FieldKind, Callable[[int, int, AssetField, Raw], object]] = {
            FieldKind.TEXT: self._text,
            FieldKind.DAY: self._day,
            FieldKind.COUNT: self._count,
            FieldKind.FLAG: self._flag,
            **dict.fromkeys(_NUMBER_KINDS, self._number),
        }
        self._plan = [(item, column, readers[item.kind]) for item, column in columns[1:]]
        self._is_dropped = False

    def asset(self, row: int, blkrock_id: str) -> AssetRow:
        """The asset of a row; legacy_dropped where the legacy loader would have skipped it without a word."""
        self._is_dropped = False
        stored = self._cells.grid.rows[row - 1]
        width = len(stored)
        values: dict[str, object] = {
            item.name: read(row, column, item, stored[column - 1] if column <= width else "")
            for item, column, read in self._plan
        }
        asset = Asset(blkrock_id=blkrock_id, **values)  # type: ignore[arg-type]  # each reader returns its field's type
        return AssetRow(asset=asset, place=self._cells.place(row, self._id_column), legacy_dropped=self._is_dropped)

    def _text(self, row: int, column: int, item: AssetField, raw: Raw) -> str:
        if raw == "":
            self._note_error(row, column, item)
            return ""
        if not isinstance(raw, str):
            raw = "" if raw == 0 and not isinstance(raw, bool) else shown(raw)
        elif not trimmed(raw):
            return raw
        if not is_known_rating(item.name, raw):
            remark = f"{item.header.strip()} {raw!r} is no rating of its agency, left empty"
            self._cells.report(Code.RATING, row, column, remark, found=raw)
            return ""
        if len(raw) > item.longest:
            remark = f"{item.header.strip()} has more than {item.longest} characters, left empty"
            self._cells.report(Code.CELL_TYPE, row, column, remark, found=raw)
            return ""
        return raw

    def _day(self, row: int, column: int, item: AssetField, raw: Raw) -> date | None:
        if raw == "":
            self._note_error(row, column, item)
            return None
        if type(raw) is not date and isinstance(raw, str) and not trimmed(raw):
            return None
        serial = self._cells.grid.serial(row, column) if isinstance(raw, time | timedelta) else None
        if serial == 0 or (raw == 0 and not isinstance(raw, bool)):
            return None
        found = day_of_raw(raw, serial)
        if found is None:
            self._reject(row, column, item, "a date between 1900 and 2099", raw if serial is None else serial)
        return found

    def _number(self, row: int, column: int, item: AssetField, raw: Raw) -> float | None:
        if type(raw) is not float:
            if raw == "":
                self._note_error(row, column, item)
                return None
            if isinstance(raw, str):
                if trimmed(raw):
                    self._reject(row, column, item, "a number", raw)
                return None
            if isinstance(raw, bool):
                self._reject(row, column, item, "a number", raw)
                return None
            serial = self._cells.grid.serial(row, column) if isinstance(raw, date | time | timedelta) else float(raw)
            if serial is None:
                return None
            raw = serial
        if not abs(raw) < item.largest:
            self._reject(row, column, item, f"a number below {item.largest:,.0f}", raw, is_dropped=False)
            return None
        if item.kind is FieldKind.RATE and (remark := rate_remark(raw)):
            self._cells.report(Code.UNIT, row, column, f"{item.header.strip()} {remark}", found=raw, used=raw)
        return raw

    def _count(self, row: int, column: int, item: AssetField, raw: Raw) -> int | None:
        if isinstance(raw, str) and trimmed(raw).isdecimal():
            raw = float(trimmed(raw))
        if isinstance(raw, str) and not trimmed(raw):
            if not self._note_error(row, column, item):
                self._is_dropped = True
                remark = f"{item.header.strip()} is blank, for which the legacy model leaves the asset out"
                self._cells.report(Code.CELL_TYPE, row, column, remark)
            return None
        if isinstance(raw, bool) or not isinstance(raw, float | int) or not float(raw).is_integer():
            self._reject(row, column, item, "a whole number", raw)
            return None
        if not abs(raw) < item.largest:
            self._reject(row, column, item, f"a number below {item.largest:,.0f}", raw, is_dropped=False)
            return None
        return int(raw)

    def _flag(self, row: int, column: int, item: AssetField, raw: Raw) -> bool:
        if item.name in _BOOLEAN_FLAGS:
            return self._boolean(row, column, item, raw)
        if raw == "":
            self._note_error(row, column, item)
            return False
        if raw == "No":
            return False
        if raw == "Yes":
            return True
        found = flag_of_raw(raw)
        legacy = item.name in _CASE_BLIND_FLAGS and trimmed(shown(raw)).upper() == "YES"
        if found is None:
            remark = f"{item.header.strip()} is neither yes nor no, read as no"
            self._cells.report(Code.CELL_TYPE, row, column, remark, found=shown(raw), used="no")
        elif found != legacy:
            remark = f"{item.header.strip()} is read as yes; the legacy model takes anything but `Yes` as no"
            self._cells.report(Code.FLAG, row, column, remark, found=shown(raw), used="yes")
        return bool(found)

    def _boolean(self, row: int, column: int, item: AssetField, raw: Raw) -> bool:
        if isinstance(raw, bool):
            return raw
        if raw == "":
            self._note_error(row, column, item)
            return False
        found = flag_of_raw(raw)
        is_number = isinstance(raw, float | int)
        if found is None and is_number:
            return raw != 0
        if found is None:
            self._reject(row, column, item, "TRUE or FALSE", raw)
        elif not is_number and trimmed(shown(raw)).casefold() not in {"true", "false", ""}:
            self._is_dropped = True
            remark = f"{item.header.strip()} is no TRUE or FALSE, for which the legacy model leaves the asset out"
            self._cells.report(Code.FLAG, row, column, remark, found=shown(raw), used="yes" if found else "no")
        return bool(found)

    def _reject(
        self, row: int, column: int, item: AssetField, wanted: str, raw: Raw, *, is_dropped: bool = True
    ) -> None:
        if is_dropped and item.name not in _NOT_READ_BY_LEGACY:
            self._is_dropped = True
        remark = f"{item.header.strip()} is not {wanted}, left empty"
        self._cells.report(Code.CELL_TYPE, row, column, remark, found=shown(raw))

    def _note_error(self, row: int, column: int, item: AssetField) -> bool:
        """Report an error cell or a missing result where the value seems blank; whether there was one."""
        grid = self._cells.grid
        if not grid.errors and not grid.uncalculated:
            return False
        if (row, column) not in grid.errors and (row, column) not in grid.uncalculated:
            return False
        self._cells.needed(row, column, what=item.header.strip())
        if item.name not in _NOT_READ_BY_LEGACY:
            self._is_dropped = True
        return True
