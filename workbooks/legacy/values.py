"""Stored cells become dates, numbers, rates, flags and texts, with a finding where they cannot (spec 06 §4.2)."""

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from engine.snapshot import CellValue, Place
from engine.validation.units import rate_remark
from workbooks.legacy.book import Book
from workbooks.legacy.cells import address
from workbooks.legacy.findings import Code, FindingLog
from workbooks.legacy.grid import Grid, Raw

EXCEL_EPOCH = date(1899, 12, 30)
FIRST_DAY = date(1900, 1, 1)
LAST_SERIAL = 73_050
NOT_APPLICABLE = ("NA",)
LARGEST_NUMBER = 1e15
"""No amount of the model comes near it; beyond it a double no longer holds cents."""

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?\Z")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\Z")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


def trimmed(text: str) -> str:
    """A text for comparison: non-breaking blanks are blanks, none at the ends."""
    return text.replace("\xa0", " ").strip()


def folded(text: str) -> str:
    """A header or label for comparison: trimmed, case folded, U+2019 as a plain apostrophe."""
    return trimmed(text).replace("\u2019", "'").casefold()


def day_of_serial(serial: float) -> date | None:
    """Date of an Excel serial number, time of day dropped; None outside of 1 to 73050."""
    return EXCEL_EPOCH + timedelta(days=int(serial)) if 1 <= serial <= LAST_SERIAL else None


def day_of_text(text: str) -> date | None:
    """Date of an ISO or m/d/yyyy text from 1900 on; None for anything else."""
    text = trimmed(text)
    iso, american = _ISO.match(text), _US.match(text)
    try:
        if iso:
            found = date(int(iso[1]), int(iso[2]), int(iso[3]))
        elif american:
            found = date(int(american[3]), int(american[1]), int(american[2]))
        else:
            return None
    except ValueError:
        return None
    return found if found >= FIRST_DAY and (found - EXCEL_EPOCH).days <= LAST_SERIAL else None


def day_of_raw(raw: Raw, serial: float | None) -> date | None:
    """Date of a stored cell that is neither blank nor zero; None where it is no date between 1900 and 2099.

    serial: the number behind a cell that calamine could only show as a time.
    """
    if isinstance(raw, datetime):
        raw = raw.date()
    if isinstance(raw, date):
        return raw if raw >= FIRST_DAY and (raw - EXCEL_EPOCH).days <= LAST_SERIAL else None
    if isinstance(raw, str):
        return day_of_text(raw)
    if isinstance(raw, time | timedelta):
        return day_of_serial(serial) if serial is not None else None
    if isinstance(raw, bool):
        return None
    return day_of_serial(float(raw))


def flag_of_raw(raw: Raw) -> bool | None:
    """True or False for any spelling of yes and no; None for anything else. A blank is no."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, float | int):
        return bool(raw) if raw in {0, 1} else None
    text = trimmed(raw).casefold() if isinstance(raw, str) else "?"
    if text in _YES:
        return True
    return False if text in _NO or not text else None


def shown(raw: Raw) -> str:
    """A stored value as text: whole numbers without a point, dates ISO, booleans as Excel shows them."""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() and abs(raw) < 1e15 else repr(raw)
    if isinstance(raw, datetime) and raw.time() == time(0):
        return raw.date().isoformat()
    return raw.isoformat() if isinstance(raw, date) else str(raw)


class CellReader:
    """Reads the cells of one sheet by kind and reports what does not fit.

    `required` makes the difference between a warning (the value is left empty) and E-CELLTYPE (the file stays out).
    """

    def __init__(self, book: Book, grid: Grid, log: FindingLog) -> None:
        self.book = book
        self.grid = grid
        self.log = log
        self.sheet = grid.name

    def place(self, row: int, column: int) -> Place:
        return Place(self.sheet, address(row, column))

    def report(self, code: Code, row: int, column: int, text: str, *, found: object = "", used: object = "") -> None:
        self.log.add(code, self.sheet, address(row, column), text, found=found, used=used)

    def raw(self, row: int, column: int) -> Raw:
        """The stored value, blank for an error or a missing formula result, without any finding."""
        return self.grid.raw(row, column)

    def is_blank(self, row: int, column: int) -> bool:
        """Whether the cell shows nothing: no value, no error, no formula."""
        raw = self.grid.raw(row, column)
        if isinstance(raw, str) and not trimmed(raw):
            return (row, column) not in self.grid.errors and (row, column) not in self.grid.uncalculated
        return False

    def needed(self, row: int, column: int, *, required: bool = False, what: str = "") -> Raw:
        """The stored value, or the value a pure reference leads to; an error or a missing result is reported."""
        raw = self.grid.raw(row, column)
        if raw != "":
            return raw
        if (row, column) in self.grid.errors:
            error = self.grid.errors[row, column]
            code = Code.KEY_VALUE if required else Code.CELL_ERROR
            self.report(code, row, column, f"{what or 'cell'} holds an Excel error", found=error)
        elif (row, column) in self.grid.uncalculated:
            followed = self.book.follow(self.sheet, self.grid.uncalculated[row, column])
            if followed is not None:
                return followed
            self.log.add_formula_without_value(self.sheet, address(row, column))
            if required:
                self.report(Code.KEY_VALUE, row, column, f"{what} is a formula without a stored value")
        return raw

    def number(
        self,
        row: int,
        column: int,
        what: str,
        *,
        required: bool = False,
        words: Collection[str] = (),
        blank: float | None = None,
    ) -> float | None:
        """The number of a cell as stored; `blank` for a blank, None for an allowed word and for what is unreadable.

        With `required` a blank without a value of its own is E-CELLTYPE as well.
        """
        raw = self.needed(row, column, required=required, what=what)
        if isinstance(raw, bool) or (isinstance(raw, str) and trimmed(raw)):
            if isinstance(raw, str) and trimmed(raw).upper() in words:
                return None
            code = Code.KEY_VALUE if required else Code.CELL_TYPE
            self.report(code, row, column, f"{what} is not a number", found=shown(raw))
            return None
        if isinstance(raw, str):
            if required and blank is None and self.is_blank(row, column):
                self.report(Code.KEY_VALUE, row, column, f"{what} is missing")
            return blank
        value = self.grid.serial(row, column) if isinstance(raw, date | time | timedelta) else float(raw)
        if value is not None and not abs(value) < LARGEST_NUMBER:
            code = Code.KEY_VALUE if required else Code.CELL_TYPE
            self.report(code, row, column, f"{what} is not a number below {LARGEST_NUMBER:,.0f}", found=value)
            return None
        return value

    def whole(self, row: int, column: int, what: str, *, required: bool = False) -> int | None:
        """The whole number of a cell; None where blank or unreadable."""
        value = self.number(row, column, what, required=required)
        if value is None:
            return None
        if not value.is_integer():
            code = Code.KEY_VALUE if required else Code.CELL_TYPE
            self.report(code, row, column, f"{what} is not a whole number", found=value)
            return None
        return int(value)

    def rate(self, row: int, column: int, what: str, *, words: Collection[str] = ()) -> float | None:
        """A decimal rate as stored; outside of -1 to 1 it is reported (W-UNIT) and never rescaled."""
        value = self.number(row, column, what, words=words)
        if value is not None and (remark := rate_remark(value)):
            self.report(Code.UNIT, row, column, f"{what} {remark}", found=value, used=value)
        return value

    def day(self, row: int, column: int, what: str, *, required: bool = False, warns_zero: bool = False) -> date | None:
        """The date of a cell; None where blank, zero or unreadable. warns_zero: a zero date is worth a finding."""
        raw = self.needed(row, column, required=required, what=what)
        if isinstance(raw, str) and not trimmed(raw):
            if required and self.is_blank(row, column):
                self.report(Code.KEY_VALUE, row, column, f"{what} is missing")
            return None
        serial = self.grid.serial(row, column) if isinstance(raw, time | timedelta) else None
        if not isinstance(raw, bool) and (serial == 0 or raw == 0):
            if required:
                self.report(Code.KEY_VALUE, row, column, f"{what} is zero", found="0")
            elif warns_zero:
                self.report(Code.CELL_TYPE, row, column, f"{what} is a zero date, read as no value", found="0")
            return None
        found = day_of_raw(raw, serial)
        if found is None:
            code = Code.KEY_VALUE if required else Code.CELL_TYPE
            text = f"{what} is not a date between 1900 and 2099"
            self.report(code, row, column, text, found=shown(raw) if serial is None else serial)
        return found

    def text(self, row: int, column: int, what: str = "text") -> str:
        """The text of a cell as typed; numbers and dates as they would be typed."""
        raw = self.needed(row, column, what=what)
        return raw if isinstance(raw, str) else shown(raw)

    def key(self, row: int, column: int, what: str = "key") -> str:
        """A text trimmed for comparison."""
        return trimmed(self.text(row, column, what))

    def flag(self, row: int, column: int, what: str) -> bool:
        """Yes or no of a TRUE/FALSE or 0/1 cell; anything else is no with a finding."""
        raw = self.needed(row, column, what=what)
        found = flag_of_raw(raw)
        if found is None:
            self.report(Code.FLAG, row, column, f"{what} is neither yes nor no", found=shown(raw), used="no")
        return bool(found)

    def value(self, row: int, column: int, what: str = "value") -> CellValue:
        """Whatever the cell holds: text, number, boolean or date; None where blank or an error."""
        raw = self.needed(row, column, what=what)
        if isinstance(raw, str):
            return raw if trimmed(raw) else None
        if isinstance(raw, datetime):
            return raw.date()
        if isinstance(raw, time | timedelta):
            return self.grid.serial(row, column)
        return raw
