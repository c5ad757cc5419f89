"""Correlation and transition matrices as bytes, little-endian float64, a symmetric one as its lower triangle; and
correlations pair by pair.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db.bulk import DoubleColumn, SameColumn, TextColumn, copy_in
from engine.snapshot import Correlation

Matrix = npt.NDArray[np.float64]


def pack_matrix(matrix: Matrix) -> bytes:
    """Rows of the lower triangle with the diagonal; the whole matrix where it is not symmetric."""
    if np.array_equal(matrix, matrix.T, equal_nan=True):
        return matrix[np.tril_indices(len(matrix))].astype("<f8").tobytes()
    return matrix.astype("<f8").tobytes()


def unpack_matrix(data: bytes, size: int) -> Matrix:
    """The (size, size) matrix that `pack_matrix` packed."""
    numbers = np.frombuffer(data, "<f8").astype(np.float64)
    if len(numbers) == size * size:
        return numbers.reshape(size, size)
    matrix = np.empty((size, size))
    lower = np.tril_indices(size)
    matrix[lower] = numbers
    matrix.T[lower] = numbers
    return matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationPairs:
    """Correlations off the diagonal: pair i is of ids[first[i]] and ids[second[i]]; NaN where there is no number.

    ids are in the order of their bytes, and so are the two of a pair; of a matrix that is not symmetric, both orders
    of each pair are there, the asset of the row first.
    """

    ids: tuple[str, ...]
    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    correlations: npt.NDArray[np.float64]


def pairs_of(ids: Sequence[str], matrix: Matrix) -> CorrelationPairs:
    """n (n - 1) / 2 pairs of a symmetric (n, n) matrix, twice as many of another; of a repeated id its first row."""
    place = {name: row for row, name in reversed(list(enumerate(ids)))}
    names = tuple(sorted(place, key=str.encode))
    rows = np.array([place[name] for name in names], dtype=np.intp)
    ordered = matrix[np.ix_(rows, rows)]
    first, second = np.triu_indices(len(names), 1)
    if not np.array_equal(ordered, ordered.T, equal_nan=True):
        first, second = np.concatenate((first, second)), np.concatenate((second, first))
    return CorrelationPairs(ids=names, first=first, second=second, correlations=ordered[first, second])


def store_correlation(connection: psycopg.Connection[Any], correlation: Correlation) -> str:
    """Keep a correlation matrix once, in one piece and pair by pair; its content hash."""
    data = pack_matrix(correlation.matrix)
    digest = hashlib.sha256("\0".join(correlation.ids).encode() + b"\0\0" + data).hexdigest()
    added = connection.execute(
        "INSERT INTO asset_correlations (content_hash, asset_ids, lower_triangle) VALUES (%s, %s, %b)"
        " ON CONFLICT DO NOTHING RETURNING content_hash",
        [digest, list(correlation.ids), data],
    ).fetchone()
    if added is None:
        return digest
    pairs = pairs_of(correlation.ids, correlation.matrix)
    columns = (
        SameColumn("content_hash", digest),
        TextColumn("asset_1", pairs.ids, pairs.first),
        TextColumn("asset_2", pairs.ids, pairs.second),
        DoubleColumn("correlation", pairs.correlations),
    )
    copy_in(connection, "asset_correlation_pairs", columns, len(pairs.correlations))
    return digest


def load_correlation(connection: psycopg.Connection[Any], content_hash: str) -> Correlation | None:
    """The correlation matrix of a hash, or None."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(
            "SELECT asset_ids, lower_triangle FROM asset_correlations WHERE content_hash = %s", [content_hash]
        ).fetchone()
    return None if row is None else Correlation(ids=tuple(row[0]), matrix=unpack_matrix(row[1], len(row[0])))
