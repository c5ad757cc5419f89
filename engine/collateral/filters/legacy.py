"""Read a filter as the legacy model did (LQ-33; specs 01 §1.9, 05 §3.2 and Q13 to Q16).

The last opening bracket and the closing one after it are evaluated first and count as True or False from then on.
What remains is folded from left to right; where to cut is decided by the last *type* of operator that occurs to the
right, so that an OR anywhere is found before a nearer AND. An operator with NOT yields False. Values are not checked:
a rating of the other agency, an unknown one and a blank have an ordinal, WAL is compared as text (LQ-34), A+ is AA+
(LQ-38), and an unknown field is empty on both sides. None of it depends on the assets, so it becomes an expression.

The legacy model read the twelve analysts' names only. Where it stopped with a run-time error, a FilterError CLO-1188
is raised here.
"""

import math
from typing import NamedTuple, NoReturn

from engine.collateral.filters.domains import capitals, key_of
from engine.collateral.filters.fields import ANALYSTS_NAMES, FIELDS, FilterField, Reading
from engine.collateral.filters.syntax import (
    EVERYTHING,
    NOTHING,
    Comparison,
    Expression,
    Key,
    Operator,
    Value,
    all_of,
    any_of,
)
from engine.collateral.filters.text import FilterError, place_of, shortened
from engine.modes import Quirk, Quirks

MOST_OPERATORS = 100
LONGEST_TEXT = 5_000
"""Operators and brackets, and characters, of a text; the sheet has six rows."""

_LOGICAL = (" AND ", " OR ", " NOT ", " NOT AND ", " NOT OR ")
_COMPARISONS = tuple(map(Operator, ("<=", "!=", ">=", "<", "=", ">")))
_TRUE_FOR_EMPTY = (Operator.AT_MOST, Operator.AT_LEAST, Operator.EQUAL)
_FIELDS = {label.upper(): FIELDS[name] for label, name in ANALYSTS_NAMES.items()}
_REMEDY = "Read the filter in standard mode, with such a value in quotes."
_EVALUATED = "\0"


class _Cut(NamedTuple):
    operator: str
    at: int


def parse_legacy(text: str, quirks: Quirks) -> Expression:
    """The expression that the legacy model evaluated; raises FilterError CLO-1188 where it stopped."""
    return _LegacyReader(text, quirks).read()


class _LegacyReader:
    """One text. Evaluated brackets are blotted out in place, so that offsets remain those of the text."""

    def __init__(self, text: str, quirks: Quirks) -> None:
        self._text = text
        self._rest = text
        self._quirks = quirks
        self._brackets: dict[int, tuple[int, Expression]] = {}

    def read(self) -> Expression:
        if len(self._text) > LONGEST_TEXT:
            self._stop(f"The filter has more than {LONGEST_TEXT} characters", 0)
        count = self._rest.count("(") + sum(capitals(self._rest).count(operator) for operator in _LOGICAL)
        if count > MOST_OPERATORS:
            self._stop(f"The filter has more than {MOST_OPERATORS} operators and brackets", 0)
        while (opening := self._rest.rfind("(")) >= 0:
            closing = self._rest.find(")", opening)
            if closing < 0:
                self._stop("The bracket is not closed", opening)
            inside = self._folded(opening + 1, closing)
            length = closing + 1 - opening
            self._brackets[opening] = (length, inside)
            self._rest = self._rest[:opening] + _EVALUATED * length + self._rest[closing + 1 :]
        return self._folded(0, len(self._rest))

    def _folded(self, start: int, end: int) -> Expression:
        cut = self._next_cut(start, end)
        if cut is None:
            return self._leaf(start, end)
        is_negation = "NOT" in cut.operator
        # A first row may have an operator: nothing stands to the left of it.
        is_leading = is_negation and not self._rest[start : cut.at].strip()
        result = NOTHING if is_leading else self._folded(start, cut.at)
        while cut is not None:
            right = cut.at + len(cut.operator)
            following = self._next_cut(right, end)
            operand = self._folded(right, following.at if following else end)
            result = _combined(cut.operator, result, operand)
            cut = following
        return result

    def _next_cut(self, start: int, end: int) -> _Cut | None:
        found = None
        text = capitals(self._rest)
        for operator in _LOGICAL:
            at = text.find(operator, start, end)
            if at >= 0:
                found = _Cut(operator, at)
        return found

    def _leaf(self, start: int, end: int) -> Expression:
        part = self._rest[start:end]
        text = part.strip()
        at = start + len(part) - len(part.lstrip())
        if _EVALUATED in text:
            length, inside = self._brackets.get(at, (0, NOTHING))
            if text != _EVALUATED * length:
                self._stop("A bracket stands inside a comparison", at)
            return inside
        if text.upper() in ("TRUE", "FALSE"):
            return EVERYTHING if text.upper() == "TRUE" else NOTHING
        operator = next((one for one in _COMPARISONS if one.value in text), None)
        if operator is None:
            self._stop(f"'{shortened(text)}' is no comparison", at)
        name, value = text.split(operator.value, 1)
        field = _FIELDS.get(name.strip().upper())
        if field is None:
            return EVERYTHING if operator in _TRUE_FOR_EMPTY else NOTHING
        reading = legacy_reading(field, self._quirks)
        key = self._key(field, reading, value.strip(), at)
        return Comparison(field, reading, operator, Value(value.strip(), key), place_of(self._text, at))

    def _key(self, field: FilterField, reading: Reading, value: str, at: int) -> Key:
        if reading is Reading.LEGACY_NUMBER_AS_TEXT:
            return value
        if reading is Reading.LEGACY_FLAG and value.upper() in ("TRUE", "FALSE"):
            return -1.0 if value.upper() == "TRUE" else 0.0
        if reading in (Reading.LEGACY_NUMBER, Reading.LEGACY_FLAG):
            number = _number(value)
            if not math.isfinite(number):
                self._stop(f"'{shortened(value)}' is not {reading.value.split(',')[0]}, as {field} needs it", at)
            return number if reading is Reading.LEGACY_NUMBER else -float(number != 0.0)
        return key_of(reading, value)

    def _stop(self, problem: str, offset: int) -> NoReturn:
        raise FilterError(
            "CLO-1188",
            f"The legacy model stops here: {problem[0].lower()}{problem[1:]}",
            place=place_of(self._text, offset),
            remedy=_REMEDY,
        )


def legacy_reading(field: FilterField, quirks: Quirks) -> Reading:
    """How the legacy model compared a field."""
    if field.name == "wal" and Quirk.WAL_TEXT_COMPARE in quirks:
        return Reading.LEGACY_NUMBER_AS_TEXT
    if field.reading is Reading.SP_RATING and Quirk.A_PLUS_IS_AA_PLUS in quirks:
        return Reading.LEGACY_SP_RATING_A_PLUS
    return {
        Reading.NUMBER: Reading.LEGACY_NUMBER,
        Reading.FLAG: Reading.LEGACY_FLAG,
        Reading.SP_RATING: Reading.LEGACY_SP_RATING,
        Reading.MOODYS_RATING: Reading.LEGACY_MOODYS_RATING,
    }.get(field.reading, Reading.LEGACY_TEXT)


def _combined(operator: str, left: Expression, right: Expression) -> Expression:
    if "NOT" in operator:
        return NOTHING
    return all_of((left, right)) if operator == " AND " else any_of((left, right))


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "").replace("_", "?"))
    except ValueError:
        return math.nan
