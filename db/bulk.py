"""Arrays into tables by PostgreSQL's binary COPY, without an object per value; the way back is `db.bulk_read`.

Rows are built as numpy records in the wire format of COPY, a few hundred at a time, so that the server parses one piece
while the next is built. NUMERIC goes over as scaled whole numbers cut into base-10000 digits; numbers are rounded here
and only here, half to even. NaN becomes NULL.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from engine.errors import InputError

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_DAY = np.datetime64("2000-01-01", "D")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_ROWS_A_PIECE = 1024
_NEGATIVE = 0x4000
_DIGIT_BASE = 10_000
_DIGITS = 4
_KEY_BYTES = 16
_LARGEST = 9.0e18
"""Scaled numbers beyond this do not fit 64 bits."""

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class BulkColumn(Protocol):
    """One or several neighbouring columns of a COPY: their names, their place in a record, and how rows fill it."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def layout(self) -> list[tuple[Any, ...]]:
        """Fields of the numpy record, each column a four-byte length and its value."""

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        """Write the rows; which bytes of each record stand in the stream, None for all of them."""


@dataclass(frozen=True, slots=True)
class FixedColumn:
    """Values of one width: int32, int64, bool, or datetime64[D] days."""

    name: str
    values: npt.NDArray[Any]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def _wire_type(self) -> str:
        kind = self.values.dtype.kind
        return ">i4" if kind == "M" else {"i": f">i{self.values.dtype.itemsize}", "b": "?"}[kind]

    def layout(self) -> list[tuple[Any, ...]]:
        return [(f"{self.name}#", ">i4"), (self.name, self._wire_type())]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        values = self.values[rows]
        records[f"{self.name}#"] = records.dtype[self.name].itemsize
        if values.dtype.kind != "M":
            records[self.name] = values
            return None
        records[self.name] = (values - _EPOCH_DAY).astype(np.int64)
        missing = np.isnat(values)
        return _without(records, self.name, missing) if missing.any() else None


@dataclass(frozen=True, slots=True)
class DoubleColumn:
    """Values in double precision; NaN becomes NULL."""

    name: str
    values: Floats

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def layout(self) -> list[tuple[Any, ...]]:
        return [(f"{self.name}#", ">i4"), (self.name, ">f8")]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        values = self.values[rows]
        records[f"{self.name}#"] = records.dtype[self.name].itemsize
        records[self.name] = values
        missing = np.isnan(values)
        return _without(records, self.name, missing) if missing.any() else None


@dataclass(frozen=True, slots=True)
class BytesColumn:
    """Text of its own in every row, as UTF-8 in a numpy array of bytes (S)."""

    name: str
    texts: npt.NDArray[np.bytes_]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def layout(self) -> list[tuple[Any, ...]]:
        return [(f"{self.name}#", ">i4"), (self.name, "u1", (self.texts.dtype.itemsize,))]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        texts = np.ascontiguousarray(self.texts[rows])
        width = texts.dtype.itemsize
        lengths = np.char.str_len(texts)
        records[f"{self.name}#"] = lengths
        records[self.name] = texts.view(np.uint8).reshape(-1, width)
        if (lengths == width).all():
            return None
        mask = np.ones((len(records), records.dtype.itemsize), bool)
        offset = records.dtype.fields[self.name][1]  # type: ignore[index]
        mask[:, offset : offset + width] = np.arange(width) < lengths[:, None]
        return mask


def key_bytes(keys: Iterable[UUID]) -> Bytes:
    """The bytes of UUIDs, (K, 16)."""
    return np.frombuffer(b"".join(key.bytes for key in keys), np.uint8).reshape(-1, _KEY_BYTES)


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """UUIDs by code: row i holds keys[codes[i]], NULL where the code is negative. keys: (K, 16) of `key_bytes`."""

    name: str
    keys: Bytes
    codes: npt.NDArray[np.integer[Any]]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def layout(self) -> list[tuple[Any, ...]]:
        return [(f"{self.name}#", ">i4"), (self.name, "u1", (_KEY_BYTES,))]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        codes = self.codes[rows]
        records[f"{self.name}#"] = _KEY_BYTES
        missing = codes < 0
        if len(self.keys):
            records[self.name] = self.keys[np.maximum(codes, 0)]
        return _without(records, self.name, missing) if missing.any() else None


@dataclass(frozen=True, slots=True)
class SameColumn:
    """One value in every row: an int as int8, a time, or text."""

    name: str
    value: int | datetime | str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def _wire(self) -> bytes:
        if isinstance(self.value, str):
            return self.value.encode()
        if isinstance(self.value, datetime):
            since = self.value - _EPOCH
            micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
            return micros.to_bytes(8, "big", signed=True)
        return self.value.to_bytes(8, "big", signed=True)

    def layout(self) -> list[tuple[Any, ...]]:
        return [(f"{self.name}#", ">i4"), (self.name, "u1", (len(self._wire()),))]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        wire = self._wire()
        records[f"{self.name}#"] = len(wire)
        records[self.name] = np.frombuffer(wire, np.uint8)
        return None


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Text by code: row i holds texts[codes[i]]."""

    name: str
    texts: Sequence[str]
    codes: npt.NDArray[np.integer[Any]]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def _encoded(self) -> list[bytes]:
        return [text.encode() for text in self.texts]

    def layout(self) -> list[tuple[Any, ...]]:
        return [(f"{self.name}#", ">i4"), (self.name, "u1", (max(map(len, self._encoded()), default=0),))]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        encoded = self._encoded()
        width = records.dtype[self.name].shape[0]
        letters = np.frombuffer(b"".join(text.ljust(width, b"\0") for text in encoded), np.uint8)
        lengths = np.array([len(text) for text in encoded])
        codes = self.codes[rows]
        records[f"{self.name}#"] = lengths[codes]
        if width == 0:
            return None
        records[self.name] = letters.reshape(-1, width)[codes]
        if (lengths == width).all():
            return None
        mask = np.ones((len(records), records.dtype.itemsize), bool)
        offset = records.dtype.fields[self.name][1]  # type: ignore[index]
        mask[:, offset : offset + width] = np.arange(width) < lengths[codes][:, None]
        return mask


class NumericColumns:
    """Columns of NUMERIC with one scale. values (columns, rows) float64 or ready scaled int64; NaN becomes NULL.

    Raises InputError CLO-3010 for a number that 64 bits cannot hold at this scale.
    """

    def __init__(self, names: Sequence[str], values: npt.NDArray[Any], scale: int) -> None:
        self.names = tuple(names)
        self._scale = scale
        self._fraction_groups = -(-scale // _DIGITS)
        self._field = f"numeric {self.names[0]}"
        self._scaled, missing = scaled_numbers(np.atleast_2d(values), scale, self.names)
        self._missing = missing if missing.any() else None
        largest = max(int(self._scaled.max(initial=0)), -int(self._scaled.min(initial=0))) // 10**scale
        self._whole_groups = 1
        while largest >= _DIGIT_BASE:
            largest //= _DIGIT_BASE
            self._whole_groups += 1

    @property
    def _groups(self) -> int:
        return self._whole_groups + self._fraction_groups

    def layout(self) -> list[tuple[Any, ...]]:
        value = [("length", ">i4"), ("groups", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2")]
        wire = np.dtype([*value, ("digits", ">i2", (self._groups,))])
        return [(self._field, wire, (len(self.names),))]

    def fill(self, records: npt.NDArray[np.void], rows: slice) -> Mask | None:
        numbers = records[self._field]
        scaled = self._scaled[:, rows].T
        numbers["length"] = 8 + 2 * self._groups
        numbers["groups"] = self._groups
        numbers["weight"] = self._whole_groups - 1
        numbers["sign"] = np.where(scaled < 0, _NEGATIVE, 0)
        numbers["scale"] = self._scale
        self._fill_digits(numbers["digits"], np.abs(scaled))
        return None if self._missing is None else self._mask(records, self._missing[:, rows].T)

    def _fill_digits(self, digits: npt.NDArray[np.int16], left: npt.NDArray[np.int64]) -> None:
        """Base-10000 digits, last first; the last fraction group is filled up with zeros."""
        in_last = self._scale - _DIGITS * (self._fraction_groups - 1)
        group = self._groups - 1
        if self._fraction_groups:
            upper = left // 10**in_last
            digits[..., group] = (left - upper * 10**in_last) * 10 ** (_DIGITS - in_last)
            left, group = upper, group - 1
        while group > 0:
            upper = left // _DIGIT_BASE
            digits[..., group] = left - upper * _DIGIT_BASE
            left, group = upper, group - 1
        digits[..., 0] = left

    def _mask(self, records: npt.NDArray[np.void], missing: Mask) -> Mask | None:
        if not missing.any():
            return None
        records[self._field]["length"][missing] = -1
        offset = records.dtype.fields[self._field][1]  # type: ignore[index]
        wire = records.dtype[self._field].base.itemsize
        mask = np.ones((len(records), records.dtype.itemsize), bool)
        per_column = mask[:, offset : offset + wire * len(self.names)].reshape(len(records), len(self.names), wire)
        per_column[missing, 4:] = False
        mask[:, offset : offset + wire * len(self.names)] = per_column.reshape(len(records), -1)
        return mask


def _without(records: npt.NDArray[np.void], name: str, missing: Mask) -> Mask:
    """Mask that leaves out the value of one column where it is missing, whose length is set to NULL's."""
    records[f"{name}#"][missing] = -1
    offset = records.dtype.fields[name][1]  # type: ignore[index]
    mask = np.ones((len(records), records.dtype.itemsize), bool)
    mask[missing, offset : offset + records.dtype[name].itemsize] = False
    return mask


def scaled_numbers(values: npt.NDArray[Any], scale: int, names: Sequence[str]) -> tuple[npt.NDArray[np.int64], Mask]:
    """Numbers times 10**scale, rounded half to even, and where there is none (NaN)."""
    if values.dtype.kind == "i":
        return values.astype(np.int64, copy=False), np.zeros(values.shape, bool)
    missing = np.isnan(values)
    scaled = values * 10.0**scale
    if not (np.abs(scaled) < _LARGEST).all(where=~missing):
        row = int(np.argmax(~(np.abs(scaled) < _LARGEST).all(axis=1, where=~missing)))
        raise InputError(
            "CLO-3010",
            f"A number in column {names[min(row, len(names) - 1)]} is infinite or too large to store",
            remedy="Look for a division by zero in the run; nothing was stored.",
        )
    np.rint(scaled, out=scaled)
    scaled[missing] = 0.0
    return scaled.astype(np.int64), missing


def copy_in(connection: psycopg.Connection[Any], table: str, columns: Sequence[BulkColumn], n_rows: int) -> None:
    """Append n_rows to a table inside the connection's transaction; columns not given take their defaults."""
    if n_rows == 0:
        return
    names = [name for column in columns for name in column.names]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_SIGNATURE)
        for piece in _pieces(columns, len(names), n_rows):
            copy.write(piece)
        copy.write(_TRAILER)


def _pieces(columns: Sequence[BulkColumn], n_columns: int, n_rows: int) -> Iterator[bytes]:
    layout: list[tuple[Any, ...]] = [("#", ">i2")]
    for column in columns:
        layout += column.layout()
    buffer = np.empty(min(n_rows, _ROWS_A_PIECE), np.dtype(layout))
    buffer["#"] = n_columns
    for start in range(0, n_rows, _ROWS_A_PIECE):
        rows = slice(start, min(start + _ROWS_A_PIECE, n_rows))
        records = buffer[: rows.stop - rows.start]
        masks = [mask for column in columns if (mask := column.fill(records, rows)) is not None]
        if not masks:
            yield records.tobytes()
            continue
        flat: Bytes = records.view(np.uint8).reshape(len(records), -1)
        yield flat[np.logical_and.reduce(masks)].tobytes()
