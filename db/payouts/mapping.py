"""Records of `engine.payouts.terms` to rows and back: a field and its column have the same name.

Numbers go into NUMERIC columns as the shortest decimal that means the same float64; PostgreSQL rounds them to the scale
of the column, half away from zero, which matters only for numbers with more digits than anybody writes.
"""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlalchemy import Table

from db.models.metadata import METADATA

R = TypeVar("R")


def table(name: str) -> Table:
    """A table of the catalogue by its name."""
    return METADATA.tables[name]


@cache
def _shared_fields(kind: Any, table_name: str) -> tuple[str, ...]:
    columns = set(table(table_name).columns.keys())
    return tuple(item.name for item in fields(kind) if item.name in columns)


def scalars(record: Any, table_name: str) -> dict[str, Any]:
    """The values of a record that have a column of their own in a table."""
    kind: Any = type(record)
    return {name: sql_value(getattr(record, name)) for name in _shared_fields(kind, table_name)}


def sql_value(value: Any) -> Any:
    """A value as the driver takes it: enums as text, floats as decimals, tuples as lists."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, tuple):
        return [sql_value(item) for item in value]
    return value


@cache
def _field_types(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((item.name, hints[item.name]) for item in fields(kind))


def record(kind: type[R], row: Mapping[str, Any], **children: Any) -> R:
    """The record of a row; `children` are the fields that have no column."""
    values = dict(children)
    described: Any = kind
    for name, hint in _field_types(described):
        if name in values or name not in row:
            continue
        values[name] = _field_value(row[name], hint)
    return kind(**values)


def _field_value(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        kinds = [item for item in get_args(hint) if item is not Ellipsis]
        return tuple(_field_value(item, kinds[0]) for item in value)
    for choice in _choices(hint):
        if isinstance(choice, type) and issubclass(choice, StrEnum) and value in choice._value2member_map_:
            return choice(value)
    return value


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
