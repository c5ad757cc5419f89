"""Argument kinds: what each is called and how it is read (spec 08 §4.2, 06 §10.3)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.modes import Mode
from xl_addin.registry.errors import wrong
from xl_addin.registry.ranges import read_days, read_matrix, read_names, read_numbers, read_rows, read_text_or_rows
from xl_addin.registry.values import (
    OMITTED,
    Raw,
    one_value,
    read_day,
    read_flag,
    read_id,
    read_number,
    read_plain_id,
    read_text,
    read_whole,
    shown,
)


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
NUMBERS = Kind("range of numbers", read_numbers, is_range=True)
DAYS = Kind("range of dates", read_days, is_range=True)
NAMES = Kind("names", read_names, is_range=True)
MATRIX = Kind("matrix", read_matrix, is_range=True)
ROWS = Kind("range", read_rows, is_range=True)
TEXT_OR_ROWS = Kind("text or range", read_text_or_rows, is_range=True)
TEST = Kind("test number or name", _read_test)
ADDRESS = Kind("cell address", _read_address, is_address=True, accepts_errors=True)
