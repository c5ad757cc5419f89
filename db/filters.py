"""A filter as a condition on the asset master: the same assets as `engine.collateral.filters.mask` finds in memory.

Numbers are compared as float64, texts and ratings folded by the engine's own lists of blanks and capitals, whatever
the locale of the database. Every comparison is true or false, never NULL, so that NOT means the same in both places.
"""

from collections.abc import Callable, Sequence
from datetime import date
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import ColumnElement, Double, FromClause, and_, cast, false, func, literal, not_, or_, true

from db.models.assets import ASSETS
from engine.collateral.filters.domains import AGENCY_OF, BLANKS, CAPITALS, ORDINALS, SMALL_LETTERS, WATCH_SUFFIX
from engine.collateral.filters.fields import BLANK_READ_AS, Reading
from engine.collateral.filters.syntax import And, Comparison, Expression, Key, Not, OneOf, Operator
from engine.errors import InputError

_COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: eq,
    Operator.UNEQUAL: ne,
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.GREATER: gt,
    Operator.AT_LEAST: ge,
}


def condition(expression: Expression, assets: FromClause = ASSETS) -> ColumnElement[bool]:
    """The condition of a filter on a table with the columns of the asset master; values are parameters.

    Raises InputError CLO-3080 for an expression of the legacy reading, which is evaluated in memory only.
    """
    if isinstance(expression, Not):
        return not_(condition(expression.operand, assets))
    if isinstance(expression, Comparison):
        return _comparison(expression, assets)
    if isinstance(expression, OneOf):
        return _one_of(expression, assets)
    parts = (condition(part, assets) for part in expression.parts)
    return and_(true(), *parts) if isinstance(expression, And) else or_(false(), *parts)


def _comparison(comparison: Comparison, assets: FromClause) -> ColumnElement[bool]:
    compare, key = _COMPARE[comparison.operator], comparison.value.key
    if comparison.reading in AGENCY_OF:
        is_unequal = comparison.operator is Operator.UNEQUAL
        found = _rating_is(comparison, assets, eq if is_unequal else compare, (key,))
        return not_(found) if is_unequal else found
    column = _column(comparison, assets)
    met: ColumnElement[bool] = compare(column, _parameter(comparison.reading, key))
    return func.coalesce(met, literal(comparison.operator is Operator.UNEQUAL))


def _one_of(condition_: OneOf, assets: FromClause) -> ColumnElement[bool]:
    keys = [value.key for value in condition_.values]
    if condition_.reading in AGENCY_OF:
        return _rating_is(condition_, assets, eq, keys)
    column = _column(condition_, assets)
    return func.coalesce(column.in_([_parameter(condition_.reading, key) for key in keys]), false())


def _column(leaf: Comparison | OneOf, assets: FromClause) -> ColumnElement[Any]:
    column = assets.c[leaf.field.name]
    if leaf.reading is Reading.TEXT:
        text = _folded(column)
        blank = BLANK_READ_AS.get(leaf.field.name)
        return func.coalesce(func.nullif(text, ""), blank) if blank else text
    if leaf.reading is Reading.NUMBER:
        return cast(column, Double)
    if leaf.reading in (Reading.DAY, Reading.FLAG):
        return column
    raise InputError(
        "CLO-3080",
        "A filter in the legacy reading has no SQL form",
        where=str(leaf.place),
        remedy="Use standard mode, or evaluate the filter over assets in memory.",
    )


def _parameter(reading: Reading, key: Key) -> ColumnElement[Any]:
    if reading is Reading.TEXT:
        return literal(str(key))
    if reading is Reading.DAY:
        return literal(date.fromordinal(int(key)))
    return literal(bool(key)) if reading is Reading.FLAG else literal(float(key), Double)


def _folded(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.translate(func.btrim(func.coalesce(column, ""), BLANKS), SMALL_LETTERS, CAPITALS)


def _rating_is(
    leaf: Comparison | OneOf, assets: FromClause, compare: Callable[[Any, Any], Any], keys: Sequence[Key]
) -> ColumnElement[bool]:
    """Whether the rating is one of those that compare so with one of the ordinals; never for an unknown one."""
    rating = func.regexp_replace(_folded(assets.c[leaf.field.name]), WATCH_SUFFIX, "")
    ordinals = ORDINALS[leaf.reading].items()
    return rating.in_([text for text, rank in ordinals if any(compare(rank, key) for key in keys)])
