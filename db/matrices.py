"""Correlation and transition matrices as bytes: little-endian float64, a symmetric one as its lower triangle."""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

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


def store_correlation(connection: psycopg.Connection[Any], correlation: Correlation) -> str:
    """Keep a correlation matrix once; its content hash."""
    data = pack_matrix(correlation.matrix)
    digest = hashlib.sha256("\0".join(correlation.ids).encode() + b"\0\0" + data).hexdigest()
    connection.execute(
        "INSERT INTO asset_correlations (content_hash, asset_ids, lower_triangle) VALUES (%s, %s, %b)"
        " ON CONFLICT DO NOTHING",
        [digest, list(correlation.ids), data],
    )
    return digest


def load_correlation(connection: psycopg.Connection[Any], content_hash: str) -> Correlation | None:
    """The correlation matrix of a hash, or None."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(
            "SELECT asset_ids, lower_triangle FROM asset_correlations WHERE content_hash = %s", [content_hash]
        ).fetchone()
    return None if row is None else Correlation(ids=tuple(row[0]), matrix=unpack_matrix(row[1], len(row[0])))
