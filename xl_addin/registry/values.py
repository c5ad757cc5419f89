"""Raw values: how what a client sends becomes a number, a text or a date, identical for every face (spec 08 §4.2).

A raw value is None (omitted), "" (blank), bool, float or int, str, {"e": code, "m": text} (an error cell),
{"d": serial} (a date) or a list of rows of those.
"""

import re
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

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
