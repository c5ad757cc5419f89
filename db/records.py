"""How the engine's records become table rows and come back unchanged.

A record is a frozen dataclass of plain fields. Every field is one column; a `Place` is two. Numbers that the engine
computes with are stored in double precision, so that a run from the database equals a run from the file.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, Double, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from engine.snapshot import CellValue, Place

R = TypeVar("R")

_SQL_TYPES: dict[Any, TypeEngine[Any]] = {
    str: Text(),
    int: BigInteger(),
    float: Double(),
    bool: Boolean(),
    date: Date(),
    tuple[float, ...]: ARRAY(Double),
}


def loose_to_json(value: CellValue) -> Jsonb:
    """A cell value of any type as JSON: dates and numbers that JSON does not know are tagged objects."""
    if isinstance(value, date):
        return Jsonb({"date": value.isoformat()})
    if isinstance(value, float) and not math.isfinite(value):
        return Jsonb({"float": repr(value)})
    return Jsonb(value)


def loose_from_json(value: Any) -> CellValue:
    """The cell value that `loose_to_json` stored."""
    if isinstance(value, dict):
        return date.fromisoformat(value["date"]) if "date" in value else float(value["float"])
    found: CellValue = value
    return found


def _keep(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """One field of a record and its column."""

    name: str
    sql_type: TypeEngine[Any]
    nullable: bool
    to_sql: Callable[[Any], Any]
    from_sql: Callable[[Any], Any]


def _field_column(name: str, annotation: Any) -> FieldColumn:
    options = get_args(annotation) if get_args(annotation) and annotation not in _SQL_TYPES else (annotation,)
    plain = [option for option in options if option is not type(None)]
    nullable = len(plain) < len(options)
    if len(plain) > 1:
        return FieldColumn(name, JSONB(none_as_null=False), False, loose_to_json, loose_from_json)
    if plain[0] == tuple[float, ...]:
        return FieldColumn(name, _SQL_TYPES[plain[0]], nullable, list, tuple)
    return FieldColumn(name, _SQL_TYPES[plain[0]], nullable, _keep, _keep)


class RecordCodec(Generic[R]):
    """Rows of one record type. columns are in the order of the fields, the place as source_sheet and source_cell."""

    def __init__(self, record_type: Callable[..., R], without: Collection[str] = ()) -> None:
        self._record_type = record_type
        hints = get_type_hints(record_type)
        names = [item.name for item in fields(record_type) if item.name not in without]  # type: ignore[arg-type]
        self._has_place = hints.get("place") is Place
        self.fields = tuple(_field_column(name, hints[name]) for name in names if hints[name] is not Place)
        self.column_names = tuple(item.name for item in self.fields) + (
            ("source_sheet", "source_cell") if self._has_place else ()
        )

    def columns(self) -> list[Column[Any]]:
        """New columns for a table of these records."""
        made = [
            Column(name, item.sql_type, nullable=item.nullable)
            for name, item in zip(self.column_names, self.fields, strict=False)
        ]
        if self._has_place:
            made += [Column("source_sheet", Text, nullable=False), Column("source_cell", Text, nullable=False)]
        return made

    def to_row(self, record: R) -> tuple[Any, ...]:
        """The values of one record in the order of `column_names`."""
        row = tuple(
            value if (value := getattr(record, item.name)) is None and item.nullable else item.to_sql(value)
            for item in self.fields
        )
        if not self._has_place:
            return row
        place: Place = record.place  # type: ignore[attr-defined]
        return (*row, place.sheet, place.cell)

    def from_row(self, row: Sequence[Any], **others: Any) -> R:
        """The record of one row, as `to_row` gave it; others are the fields that the codec leaves out."""
        values: dict[str, Any] = {
            item.name: value if value is None and item.nullable else item.from_sql(value)
            for item, value in zip(self.fields, row, strict=False)
        }
        if self._has_place:
            values["place"] = Place(row[-2], row[-1])
        return self._record_type(**values, **others)
