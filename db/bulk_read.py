"""Rows of PostgreSQL into arrays by its binary COPY, without an object per value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from db.kernels_wire import MISSING, NUMERIC, TEXT, WHOLE, read_rows

_EPOCH_DAYS = int(np.datetime64("2000-01-01", "D").astype(np.int64))
_ROW_BYTES, _FIELD_BYTES = 2, 4


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column to read, and how its bytes are to be taken."""

    name: str
    kind: int
    scale: int = 0


def whole_column(name: str) -> ReadColumn:
    """A column of whole numbers, or of dates as days since 2000-01-01."""
    return ReadColumn(name, WHOLE)


def numeric_column(name: str, scale: int) -> ReadColumn:
    """A NUMERIC of at most `scale` decimals, read as a whole number of units of the last of them."""
    return ReadColumn(name, NUMERIC, scale)


def text_column(name: str) -> ReadColumn:
    """A column of text that is never NULL, read as the place of its text among all that occur."""
    return ReadColumn(name, TEXT)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that were read: values (columns, R) int64, MISSING for NULL; texts[column] sorted, where values point."""

    values: npt.NDArray[np.int64]
    texts: dict[str, tuple[str, ...]]


def days(values: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Dates of a column of dates, datetime64[D]; MISSING becomes NaT."""
    shifted = np.where(values == MISSING, MISSING, values + _EPOCH_DAYS)
    return shifted.astype("datetime64[D]")


def copy_out(
    connection: psycopg.Connection[Any], columns: Sequence[ReadColumn], source: sql.Composable, key: Sequence[Any]
) -> Rows:
    """The columns of the rows of `source` (FROM ... WHERE ...), in the order the server gives them."""
    statement = sql.SQL("COPY (SELECT {} {}) TO STDOUT (FORMAT BINARY)").format(
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns), source
    )
    received = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement, key) as copy:
        for piece in copy:
            # A row at a time: kept and joined at the end, they cost three times as much.
            received += piece
    stream = np.frombuffer(received, np.uint8)
    most_rows = len(stream) // (_ROW_BYTES + _FIELD_BYTES * len(columns))
    values = np.empty((len(columns), most_rows), np.int64)
    kinds = np.array([column.kind for column in columns], np.int64)
    scales = np.array([column.scale for column in columns], np.int64)
    values = values[:, : read_rows(stream, kinds, scales, values)]
    texts = {}
    for column, places in zip(columns, values, strict=True):
        if column.kind == TEXT:
            texts[column.name], places[:] = _texts(stream, places)
    return Rows(values, texts)


def _texts(
    stream: npt.NDArray[np.uint8], places: npt.NDArray[np.int64]
) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """The texts that stand at these places, each once and sorted, and which of them each row holds."""
    starts, group = np.unique(places, return_inverse=True)
    found = [stream[start : start + int(stream[start - 4 : start].view(">i4")[0])].tobytes() for start in starts]
    texts, of_group = np.unique(np.array(found, dtype=object), return_inverse=True)
    return tuple(text.decode() for text in texts), of_group[group]
