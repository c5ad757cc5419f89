"""Cells of market data: how each becomes a value, and what is wrong with one that does not."""

from collections.abc import Callable
from datetime import date, datetime, time
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

from engine.errors import InputError
from engine.payouts.cdm.codes import CURRENCIES, MINOR_UNITS
from engine.payouts.enums import parse

M = TypeVar("M", bound=StrEnum)
FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2060, 12, 31)
_LONGEST_NAME = 200


class Code(StrEnum):
    """Codes of findings; with an E the file is kept out, with a W it is not."""

    SHEET = "E-SHEET"
    HEADER = "E-HEADER"
    CELL = "E-CELL"
    BLANK = "E-BLANK"
    NUMBER = "E-NUMBER"
    RANGE = "E-RANGE"
    DATE = "E-DATE"
    CURRENCY = "E-CURRENCY"
    WORD = "E-WORD"
    DUPLICATE = "E-DUPLICATE"
    INSTRUMENT = "E-INSTRUMENT"
    LEG = "E-LEG"
    COLUMN = "W-COLUMN"
    LEVEL = "W-LEVEL"


class UnreadableCellError(ValueError):
    """A cell that cannot be used: code and text of the finding."""

    def __init__(self, code: Code, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(text)


def read_text(cell: Any, is_text: bool) -> str:
    """A name without blanks around it; a whole number as its digits."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool | date | datetime | time) or not isinstance(cell, str | int | float):
        raise UnreadableCellError(Code.WORD, "is no text")
    text = str(cell).strip()
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise UnreadableCellError(Code.WORD, f"is longer than {_LONGEST_NAME} characters or holds control characters")
    return text


def read_number(cell: Any, is_text: bool) -> float:
    """A finite number. A text is one only where every cell is a text, as in CSV."""
    if isinstance(cell, str) and is_text:
        try:
            cell = float(cell) if "_" not in cell else None
        except ValueError:
            cell = None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not isfinite(cell):
        raise UnreadableCellError(Code.NUMBER, "is not a number; write 1234.5, without separators and units")
    return float(cell)


def read_price(cell: Any, is_text: bool) -> float:
    """A number that is not negative."""
    value = read_number(cell, is_text)
    if value < 0.0:
        raise UnreadableCellError(Code.RANGE, "is negative")
    return value


def read_positive(cell: Any, is_text: bool) -> float:
    """A number above zero."""
    value = read_number(cell, is_text)
    if value <= 0.0:
        raise UnreadableCellError(Code.RANGE, "is not above zero")
    return value


def read_whole(cell: Any, is_text: bool) -> int:
    """A whole number from 1."""
    value = read_number(cell, is_text)
    if value < 1.0 or not value.is_integer():
        raise UnreadableCellError(Code.NUMBER, "is not a whole number from 1")
    return int(value)


def read_day(cell: Any, is_text: bool) -> date:
    """A day of a date cell or a text of the form 2024-03-15, up to the end of 2060."""
    found: date | None = None
    if isinstance(cell, datetime):
        found = cell.date() if cell.time() == time() else None
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, str):
        try:
            found = date.fromisoformat(cell.strip())
        except ValueError:
            found = None
    if found is None:
        raise UnreadableCellError(Code.DATE, "is no date; give a date cell or a text such as 2024-03-15")
    if not FIRST_DATE <= found <= LAST_DATE:
        raise UnreadableCellError(Code.DATE, f"lies outside {FIRST_DATE} to {LAST_DATE}")
    return found


def read_currency(cell: Any, is_text: bool) -> str:
    """An ISO 4217 code."""
    text = read_text(cell, is_text)
    if text in CURRENCIES:
        return text
    major = MINOR_UNITS.get(text)
    raise UnreadableCellError(
        Code.CURRENCY, "is no ISO 4217 code" + (f"; {text} is a unit of {major[0]}" if major else "")
    )


def read_price_currency(cell: Any, is_text: bool) -> str:
    """An ISO 4217 code or the unit in which shares are quoted, such as GBX."""
    text = read_text(cell, is_text)
    return text if text in MINOR_UNITS else read_currency(text, is_text)


def member(kind: type[M]) -> Callable[[Any, bool], M]:
    """How a word of a closed list is read."""

    def read(cell: Any, is_text: bool) -> M:
        try:
            return parse(kind, read_text(cell, is_text))
        except InputError as error:
            raise UnreadableCellError(Code.WORD, f"is no {kind.__name__}. {error.remedy}") from None

    return read
