"""Read a filter (spec 05 section 3.3).

    filter := [expr]                       # nothing selects everything
    expr   := term (OR term)*
    term   := factor (AND factor)*
    factor := NOT factor | '(' expr ')' | field sign value | field IN (value, ...) | field BETWEEN value AND value
    sign   := = != <> < <= > >=

Keywords and field names are known in any case, names with blanks need no quotes. A value without quotes ends before
AND, OR, a bracket or a sign, so that texts as the control panel makes them are filters too. Every mistake is a
FilterError with line and column, what was found and what is expected.
"""

import re
from collections.abc import Callable

from engine.collateral.filters.fields import BARE_NAME, FilterField, field_of, names_like
from engine.collateral.filters.legacy import parse_legacy
from engine.collateral.filters.syntax import (
    EVERYTHING,
    Comparison,
    Expression,
    Not,
    OneOf,
    Operator,
    Value,
    all_of,
    any_of,
)
from engine.collateral.filters.text import Cursor, FilterError, Place, require_readable, shortened
from engine.collateral.filters.values import require_comparable, value_of
from engine.modes import Quirk, Quirks

MOST_NESTED = 50
"""Brackets and NOTs within each other; a filter typed by hand has a handful."""


def _keyword(name: str) -> re.Pattern[str]:
    return re.compile(rf"{name}(?!\w)", re.IGNORECASE)


_AND, _OR, _NOT, _IN, _BETWEEN = map(_keyword, ("AND", "OR", "NOT", "IN", "BETWEEN"))
_OPEN, _CLOSE, _COMMA = re.compile(r"\("), re.compile(r"\)"), re.compile(",")
_SIGN = re.compile("<=|>=|<>|!=|=|<|>")


def _words(signs: str, *keywords: str) -> re.Pattern[str]:
    """Words up to a keyword or one of the signs, a single `!` being a letter."""
    word = rf"(?!(?:{'|'.join(keywords)})(?!\w))(?:[^\s()<>=!{signs}]|!(?!=))+"
    return re.compile(rf"{word}(?:\s+{word})*", re.IGNORECASE)


_BARE_VALUE, _BARE_ITEM = _words("", "AND", "OR"), _words(",", "AND", "OR")
_UNKNOWN_NAME = _words("", "AND", "OR", "IN", "BETWEEN")
_MORE_OF_A_NAME = re.compile(r"\s+(?!(?:IN|BETWEEN|AND|OR|NOT)(?!\w))[^\W\d]", re.IGNORECASE)
_QUOTE_IT = "Put a value that contains AND, OR, a bracket or a sign in quotes."


def parse_filter(text: str, quirks: Quirks = frozenset()) -> Expression:
    """The expression of a filter text; an empty text selects everything.

    Under LQ-33 the text is read as the legacy model read it, see `legacy`. Raises the first FilterError of the text.
    """
    require_readable(text)
    if not text.strip():
        return EVERYTHING
    if Quirk.FILTER_PRECEDENCE in quirks:
        return parse_legacy(text, quirks)
    cursor = Cursor(text)
    expression = _expression(cursor, 0)
    if not cursor.is_at_end:
        raise cursor.unexpected("AND, OR or the end", _QUOTE_IT)
    return expression


def _expression(cursor: Cursor, depth: int) -> Expression:
    return any_of(_joined(cursor, _OR, lambda: _term(cursor, depth)))


def _term(cursor: Cursor, depth: int) -> Expression:
    return all_of(_joined(cursor, _AND, lambda: _factor(cursor, depth)))


def _joined(cursor: Cursor, keyword: re.Pattern[str], part: Callable[[], Expression]) -> list[Expression]:
    parts = [part()]
    while cursor.take(keyword):
        parts.append(part())
    return parts


def _factor(cursor: Cursor, depth: int) -> Expression:
    if depth > MOST_NESTED:
        raise FilterError(
            "CLO-1187",
            f"More than {MOST_NESTED} brackets and NOTs stand within each other",
            place=cursor.place,
            remedy="Write the filter with fewer brackets.",
        )
    if cursor.take(_NOT):
        return Not(_factor(cursor, depth + 1))
    if cursor.take(_OPEN):
        inner = _expression(cursor, depth + 1)
        if not cursor.take(_CLOSE):
            raise cursor.unexpected("AND, OR or ')'", f"Close the bracket. {_QUOTE_IT}")
        return inner
    return _condition(cursor)


def _condition(cursor: Cursor) -> Expression:
    place = cursor.place
    field = _field(cursor)
    if cursor.take(_IN):
        return OneOf(field, field.reading, _list(cursor, field), place)
    sign_place = cursor.place
    if cursor.take(_BETWEEN):
        require_comparable(field, Operator.AT_LEAST, sign_place)
        lowest = _value(cursor, field)
        if not cursor.take(_AND):
            raise cursor.unexpected("AND", "BETWEEN takes two values: BETWEEN 90 AND 95.")
        highest = _value(cursor, field)
        bounds = ((Operator.AT_LEAST, lowest), (Operator.AT_MOST, highest))
        return all_of(Comparison(field, field.reading, operator, value, place) for operator, value in bounds)
    sign = cursor.take(_SIGN)
    if not sign:
        raise cursor.unexpected("a comparison", f"Follow {field} by =, !=, <, <=, >, >=, IN or BETWEEN.")
    operator = Operator("!=" if sign == "<>" else sign)
    require_comparable(field, operator, sign_place)
    return Comparison(field, field.reading, operator, _value(cursor, field), place)


def _field(cursor: Cursor) -> FilterField:
    place = cursor.place
    if cursor.is_at_quote:
        name = cursor.quoted()
    else:
        name = cursor.match(BARE_NAME)
        # `Country of Risk` begins with a field; the name to complain about is the whole of it.
        if not name or _MORE_OF_A_NAME.match(cursor.text, cursor.offset + len(name)):
            name = cursor.match(_UNKNOWN_NAME).rstrip()
        if not name:
            raise cursor.unexpected("a field", "Begin with a field, NOT or '('.")
        cursor.step(len(name))
    found = field_of(name)
    if found is None:
        raise _unknown_field(name, place)
    return found


def _unknown_field(name: str, place: Place) -> FilterError:
    alike = names_like(name)
    hint = f"Did you mean {' or '.join(alike)}? " if alike else "Use a field of the asset master. "
    return FilterError("CLO-1182", f"Field '{shortened(name)}' is not known", place=place, remedy=hint + _QUOTE_IT)


def _value(cursor: Cursor, field: FilterField, bare: re.Pattern[str] = _BARE_VALUE) -> Value:
    place = cursor.place
    if cursor.is_at_quote:
        return value_of(field, cursor.quoted(), place)
    text = cursor.take(bare)
    if not text:
        raise cursor.unexpected(f"a value of {field}", _QUOTE_IT)
    return value_of(field, text, place)


def _list(cursor: Cursor, field: FilterField) -> tuple[Value, ...]:
    if not cursor.take(_OPEN):
        raise cursor.unexpected("'('", "IN takes a list: IN (A, B).")
    values = [_value(cursor, field, _BARE_ITEM)]
    while cursor.take(_COMMA):
        values.append(_value(cursor, field, _BARE_ITEM))
    if not cursor.take(_CLOSE):
        raise cursor.unexpected("',' or ')'", f"Part the values by commas and close the list. {_QUOTE_IT}")
    return tuple(values)
