"""Argument kinds: how what a client sends becomes a value, identical for every face (spec 08 §4.2, 06 §10.3).

A raw value is None (omitted), "" (blank), bool, float or int, str, {"e": code, "m": text} (an error cell),
{"d": serial} (a date) or a list of rows of those. `Annotated[...]` types of this module are what functions declare.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from engine.modes import Mode
from xl_addin.registry.errors import CellError, PassedOnError, wrong

Raw = Any
OMITTED: Any = object()
"""What a reader returns for a blank that counts as no argument at all."""

_NUMERIC_TEXT = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?%?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EPOCH = date(1899, 12, 30)
FIRST_SERIAL = 60
_LAST_SERIAL = 2_958_465
_MOST_TEXT = 32_767
_TRUE, _FALSE = frozenset({"TRUE", "YES", "Y", "1"}), frozenset({"FALSE", "NO", "N", "0"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of argument: its name for people, how it is read, whether it takes a range.

    read raises CellError without place; it may return OMITTED. choices: what an enumeration accepts.
    """

    name: str
    read: Callable[[Raw], Any]
    is_range: bool = False
    choices: tuple[str, ...] = ()
    is_address: bool = False
    accepts_errors: bool = False


def is_error(raw: Raw) -> bool:
    """Whether a raw value is an error cell."""
    return isinstance(raw, dict) and "e" in raw


def one_value(raw: Raw) -> Raw:
    """The value of a single cell; a range of one cell is one. Raises for more, and passes an error on."""
    while isinstance(raw, list):
        if len(raw) != 1:
            raise wrong("CLO-2102", "A range stands where one cell is expected", remedy="Give one cell or one value.")
        raw = raw[0]
    if isinstance(raw, dict):
        if "e" in raw:
            raise PassedOnError(str(raw["e"]), str(raw.get("m", "")))
        if "d" in raw:
            return raw["d"]
        raise _of_no_kind(raw)
    return raw


def _of_no_kind(raw: Raw) -> CellError:
    return wrong("CLO-2103", f"A value of type {type(raw).__name__} cannot be used", remedy="Give a number or a text.")


def shown(raw: Raw) -> str:
    """A raw value as an error message quotes it."""
    text = repr(raw) if isinstance(raw, str) else str(raw)
    return text if len(text) <= 60 else text[:57] + "..."


def read_number(raw: Raw) -> float:
    """A finite number; blank is 0, TRUE is 1, text only in the invariant form `-1234.5e-6` or `4.75%`."""
    if raw.__class__ is float or raw.__class__ is int:
        value = float(raw) if abs(raw) < 1e308 else float("inf")
    else:
        raw = one_value(raw)
        if isinstance(raw, bool | int | float):
            value = float(raw) if abs(raw) < 1e308 else float("inf")
        elif raw == "":
            return 0.0
        elif isinstance(raw, str):
            text = raw.strip()
            if not _NUMERIC_TEXT.fullmatch(text) or len(text) > 400:
                raise wrong(
                    "CLO-2104",
                    f"{shown(raw)} is not a number",
                    remedy="Write numbers with a decimal point and without separators, such as 1234.5 or 4.75%.",
                )
            value = float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
        else:
            raise _of_no_kind(raw)
    if not isfinite(value):
        raise wrong("CLO-2105", "The number is too large", remedy="Numbers end at 1e308.")
    return value


def read_whole(raw: Raw) -> int:
    """A whole number, within 1e-9."""
    value = read_number(raw)
    nearest = round(value)
    if abs(value - nearest) > 1e-9 or abs(nearest) > 2**53:
        raise wrong("CLO-2106", f"{value:.15g} is not a whole number", remedy="Give a whole number such as 12.")
    return nearest


def read_flag(raw: Raw) -> bool:
    """TRUE or FALSE: a logical value, 1 or 0, or the words TRUE, FALSE, YES, NO, Y, N in any case; blank is FALSE."""
    raw = one_value(raw)
    if isinstance(raw, bool):
        return raw
    if raw == "" or raw == 0:
        return False
    if raw == 1:
        return True
    word = raw.strip().upper() if isinstance(raw, str) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise wrong("CLO-2107", f"{shown(raw)} is neither TRUE nor FALSE", remedy="Give TRUE, FALSE, YES, NO, 1 or 0.")


def read_text(raw: Raw) -> str:
    """A text; a number in its shortest form, a blank as an empty text."""
    raw = one_value(raw)
    if isinstance(raw, str):
        if len(raw) > _MOST_TEXT:
            raise wrong("CLO-2108", "The text is longer than 32,767 characters", remedy="Shorten it.")
        return raw
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int | float):
        return str(int(raw)) if isfinite(raw) and raw == int(raw) and abs(raw) < 2**53 else repr(raw)
    raise _of_no_kind(raw)


def read_id(raw: Raw) -> Any:
    """A name or id without blanks around it; a blank is no argument."""
    text = read_text(raw).strip()
    return text or OMITTED


def read_plain_id(raw: Raw) -> str:
    """A name or id without blanks around it, which may be empty."""
    return read_text(raw).strip()


def read_day(raw: Raw) -> Any:
    """A date: a serial of the 1900 system or YYYY-MM-DD; 0 and blank are no argument, a time of day is cut off."""
    raw = one_value(raw)
    if isinstance(raw, str):
        text = raw.strip()
        if not text:
            return OMITTED
        if _ISO.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        raise wrong(
            "CLO-2109",
            f"{shown(raw)} is not a date",
            remedy="Give a date cell, DATE(year, month, day) or a text of the form 2016-03-23.",
        )
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise wrong("CLO-2109", f"{shown(raw)} is not a date", remedy="Give a date cell or DATE(year, month, day).")
    if raw == 0:
        return OMITTED
    if not isfinite(raw) or not FIRST_SERIAL <= raw < _LAST_SERIAL + 1:
        raise wrong(
            "CLO-2109",
            f"{shown(raw)} is no date that can be used",
            remedy="Dates run from 1 March 1900 to 31 December 9999.",
        )
    return _EPOCH + timedelta(days=int(raw))


def serial(day: date) -> int:
    """The serial of a date in the 1900 system."""
    return (day.date() if isinstance(day, datetime) else day).toordinal() - _EPOCH.toordinal()


def _plain(word: str) -> str:
    return re.sub(r"[^A-Z0-9+]", "", word.upper())


def choice(*words: str, name: str = "choice") -> Kind:
    """An enumeration: matched without regard to case, blanks and punctuation; a blank is no argument."""
    by_plain = {_plain(word): word for word in words}

    def read(raw: Raw) -> Any:
        text = read_text(raw).strip()
        if not text:
            return OMITTED
        found = by_plain.get(_plain(text))
        if found is None:
            raise wrong("CLO-2110", f"{shown(text)} is not one of the choices", remedy=f"Choose {', '.join(words)}.")
        return found

    return Kind(name, read, choices=words)


_MODES = {"default": Mode.STANDARD, "standard": Mode.STANDARD, "legacy": Mode.LEGACY}
_MODE_WORD = choice(*_MODES)


def _read_mode(raw: Raw) -> Any:
    word = _MODE_WORD.read(raw)
    return word if word is OMITTED else _MODES[word]


def rows_of(raw: Raw) -> list[list[Raw]]:
    """Any raw value as rows of equal length; one value is one row of one cell, a flat list one column."""
    if not isinstance(raw, list):
        return [[raw]]
    rows = [row if isinstance(row, list) else [row] for row in raw]
    if len({len(row) for row in rows}) > 1:
        raise wrong("CLO-2111", "The rows of a range differ in length", remedy="Give a rectangular range.")
    return rows


def _cells(raw: Raw) -> Iterator[tuple[int, int, Raw]]:
    for i, row in enumerate(rows_of(raw), start=1):
        for j, cell in enumerate(row, start=1):
            yield i, j, cell


def _in_range(read: Callable[[Raw], Any], i: int, j: int, cell: Raw) -> Any:
    """Read one cell of a range; what is wrong with it is said with its place."""
    if is_error(cell):
        raise wrong(
            "CLO-2112",
            f"Row {i}, column {j} of the range holds {cell['e']}",
            remedy="Correct that cell, or leave it out of the range.",
        )
    try:
        return read(cell)
    except CellError as error:
        raise wrong(error.number, f"Row {i}, column {j} of the range: {error.problem}", remedy=error.remedy) from None


def _vector(read: Callable[[Raw], Any], raw: Raw) -> list[Any]:
    """The values of a range row by row, without the blanks at its end."""
    cells = list(_cells(raw))
    while cells and cells[-1][2] in ("", None):
        cells.pop()
    values = []
    for i, j, cell in cells:
        value = _in_range(read, i, j, "" if cell is None else cell)
        if value is OMITTED:
            raise wrong("CLO-2113", f"Row {i}, column {j} of the range is blank", remedy="Fill the gap.")
        values.append(value)
    return values


def _read_numbers(raw: Raw) -> npt.NDArray[np.float64]:
    return np.array(_vector(read_number, raw), dtype=np.float64)


def _read_days(raw: Raw) -> tuple[date, ...]:
    return tuple(_vector(read_day, raw))


def _read_names(raw: Raw) -> Any:
    """Names from one cell, from a comma list in one text, or from a range; none at all is no argument."""
    if isinstance(raw, str):
        names = [part.strip() for part in raw.split(",")]
    else:
        names = [_in_range(read_plain_id, i, j, "" if cell is None else cell) for i, j, cell in _cells(raw)]
    found = tuple(name for name in names if name)
    return found or OMITTED


def _read_matrix(raw: Raw) -> npt.NDArray[np.float64]:
    rows = rows_of(raw)
    values = [
        [np.nan if cell in ("", None) else _in_range(read_number, i, j, cell) for j, cell in enumerate(row, start=1)]
        for i, row in enumerate(rows, start=1)
    ]
    return np.array(values, dtype=np.float64)


def _read_rows(raw: Raw) -> tuple[tuple[Raw, ...], ...]:
    """The rows of a range as plain values, blanks as empty texts, without the blank rows at its end."""
    found = [
        tuple(
            _in_range(lambda value: one_value("" if value is None else value), i, j, cell)
            for j, cell in enumerate(row, start=1)
        )
        for i, row in enumerate(rows_of(raw), start=1)
    ]
    while found and all(cell == "" for cell in found[-1]):
        found.pop()
    return tuple(found)


def _read_text_or_rows(raw: Raw) -> Any:
    """A text, or the rows of a range of several cells; a blank is no argument."""
    if isinstance(raw, list) and (len(raw) > 1 or (raw and isinstance(raw[0], list) and len(raw[0]) > 1)):
        return _read_rows(raw) or OMITTED
    return read_id(raw)


def _read_test(raw: Raw) -> Any:
    """A test by number or by name."""
    value = one_value(raw)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return read_whole(value)
    text = read_text(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else (text or OMITTED)


def _read_address(raw: Raw) -> Any:
    return OMITTED if isinstance(raw, dict) else read_id(raw)


NUMBER = Kind("number", read_number)
WHOLE = Kind("whole number", read_whole)
FLAG = Kind("TRUE/FALSE", read_flag)
TEXT = Kind("text", read_text)
NAME = Kind("name", read_id)
PLAIN_NAME = Kind("name", read_plain_id)
DAY = Kind("date", read_day)
MODE = replace(_MODE_WORD, name="mode", read=_read_mode)
NUMBERS = Kind("range of numbers", _read_numbers, is_range=True)
DAYS = Kind("range of dates", _read_days, is_range=True)
NAMES = Kind("names", _read_names, is_range=True)
MATRIX = Kind("matrix", _read_matrix, is_range=True)
ROWS = Kind("range", _read_rows, is_range=True)
TEXT_OR_ROWS = Kind("text or range", _read_text_or_rows, is_range=True)
TEST = Kind("test number or name", _read_test)
ADDRESS = Kind("cell address", _read_address, is_address=True, accepts_errors=True)

Rows = Sequence[Sequence[Any]]

# What functions declare. The last text of an annotation is the description of the parameter.
DealName = Annotated[str, NAME, "Deal in any spelling, such as Mag 17."]
DealOrUniverse = Annotated[
    str, PLAIN_NAME, 'Deal in any spelling, such as Mag 17; "" for all assets of the newest file.'
]
AssetId = Annotated[str, NAME, "Asset id, such as BL123456."]
ClassName = Annotated[str, NAME, "Class of notes, such as Class B-1 or B-1; Sub Notes for the equity."]
TestKey = Annotated[int | str, TEST, "Compliance test by number or name."]
AsOf = Annotated[date | None, DAY, "Date of the snapshot; the newest of the deal by default."]
ScenarioName = Annotated[str, NAME, "Name of a scenario, BASE by default."]
RunMode = Annotated[Mode, MODE, "default, or legacy to follow the legacy model."]
Filter = Annotated[
    str | Rows | None, TEXT_OR_ROWS, "Filter as text, as a range in the legacy layout, or @name of a stored one."
]
Names = Annotated[tuple[str, ...], NAMES, "Names in a range or as a comma list."]
Numbers = Annotated[npt.NDArray[np.float64], NUMBERS, "Range of numbers."]
Days = Annotated[tuple[date, ...], DAYS, "Range of dates."]
Matrix = Annotated[npt.NDArray[np.float64], MATRIX, "Range of numbers with rows and columns."]
Cells = Annotated[Rows, ROWS, "Range of cells."]
Address = Annotated[str | None, ADDRESS, "A cell."]
