"""Typed values of a filter: checked against their field, with the place of a mistake and what to do about it."""

import math
import re
from datetime import date
from difflib import get_close_matches

from engine.collateral.filters.domains import AGENCY_OF, ORDINALS, folded, ordinal
from engine.collateral.filters.fields import FilterField, Reading
from engine.collateral.filters.syntax import Operator, Value
from engine.collateral.filters.text import FilterError, Place, shortened
from engine.collateral.ratings import LOWEST_RANK, Agency, rating_at, rating_rank

LONGEST_RATING = 255
"""Characters of the widest rating column."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_FLAGS = {"TRUE": 1.0, "YES": 1.0, "FALSE": 0.0, "NO": 0.0}


def value_of(field: FilterField, text: str, place: Place) -> Value:
    """The value a text stands for in a field.

    FilterError CLO-1183 for a text that is no number, date or flag; CLO-1184 for a rating that is not on the scale of
    the field's agency.
    """
    shown = text.strip()
    reading = field.reading
    if reading is Reading.TEXT:
        return Value(shown, folded(shown))
    if reading in AGENCY_OF:
        return _rating(field, shown, place)
    if reading is Reading.FLAG:
        key = _FLAGS.get(shown.upper(), math.nan)
        return Value("true" if key else "false", _checked(key, field, shown, place, "Use true or false."))
    if reading is Reading.DAY:
        return Value(shown, _checked(_day(shown), field, shown, place, "Write dates as 2027-01-20."))
    example = "0.0475 or 4.75%" if field.takes_percent else "95.5, without separators of thousands"
    return Value(shown, _checked(_number(shown, field.takes_percent), field, shown, place, f"Write it as {example}."))


def require_comparable(field: FilterField, operator: Operator, place: Place) -> None:
    """FilterError CLO-1185 for smaller or greater on a field that knows only equal and unequal."""
    if operator.needs_order and not field.reading.is_ordered:
        raise FilterError(
            "CLO-1185",
            f"{field} cannot be compared with {operator.value}",
            place=place,
            remedy="Use =, != or IN.",
        )


def _number(text: str, takes_percent: bool) -> float:
    digits = text[:-1].rstrip() if takes_percent and text.endswith("%") else text
    if not _NUMBER.match(digits):
        return math.nan
    return float(digits) / 100.0 if digits != text else float(digits)


def _day(text: str) -> float:
    if not _DAY.match(text):
        return math.nan
    try:
        return float(date.fromisoformat(text).toordinal())
    except ValueError:
        return math.nan


def _checked(key: float, field: FilterField, text: str, place: Place, remedy: str) -> float:
    if math.isfinite(key):
        return key
    raise FilterError(
        "CLO-1183",
        f"'{shortened(text)}' is not a value of {field}, which holds {field.reading.value}",
        place=place,
        remedy=remedy,
    )


def _rating(field: FilterField, text: str, place: Place) -> Value:
    key = ordinal(field.reading, text) if len(text) <= LONGEST_RATING else math.nan
    agency = AGENCY_OF[field.reading]
    if not math.isnan(key):
        return Value(rating_at(int(key), agency) or folded(text), key)
    raise FilterError(
        "CLO-1184",
        f"'{shortened(text)}' is not a rating of {agency.value}, as {field} needs it",
        place=place,
        remedy=_rating_remedy(text, agency, field.reading),
    )


def _rating_remedy(text: str, agency: Agency, reading: Reading) -> str:
    same_rank = rating_at(rating_rank(text[:LONGEST_RATING]), agency)
    if same_rank:
        return f"{agency.value} calls this rank {same_rank}."
    alike = get_close_matches(folded(text), ORDINALS[reading], n=1, cutoff=0.5)
    if alike and rating_at(ORDINALS[reading][alike[0]], agency):
        return f"Did you mean {rating_at(ORDINALS[reading][alike[0]], agency)}?"
    return f"Use {rating_at(1, agency)}, {rating_at(2, agency)}, ... to {rating_at(LOWEST_RANK, agency)}, or D."
