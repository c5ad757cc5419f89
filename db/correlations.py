"""Stored correlations: which matrix is in force for a workbook, and its numbers by pair, by asset and as a matrix.

Pairs and the partners of an asset come from the table of pairs, matrices from their compact form through the cache. A
matrix belongs to an imported workbook, or came without one as a named source that stands in for the sheets of the
workbooks from a date on; nothing is ever overwritten (spec 04 §13 R1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg

from db.cache import Cache, CacheKind, cache_key
from db.matrices import Matrix, load_correlation, store_correlation
from engine.errors import ReferenceDataError
from engine.snapshot import Correlation

PAIR = (
    "SELECT correlation FROM asset_correlation_pairs WHERE content_hash = %(hash)s"
    " AND (asset_1, asset_2) IN ((%(one)s, %(two)s), (%(two)s, %(one)s))"
    " ORDER BY asset_1 = %(one)s DESC LIMIT 1"
)
PARTNERS = (
    "SELECT partner, correlation FROM (SELECT DISTINCT ON (partner) partner, correlation FROM ("
    "SELECT asset_2 AS partner, correlation, 1 AS turned FROM asset_correlation_pairs"
    " WHERE content_hash = %(hash)s AND asset_1 = %(id)s UNION ALL"
    " SELECT asset_1, correlation, 2 FROM asset_correlation_pairs"
    " WHERE content_hash = %(hash)s AND asset_2 = %(id)s) AS either ORDER BY partner, turned) AS one"
    " ORDER BY abs(correlation) DESC NULLS LAST, partner LIMIT %(limit)s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationVersion:
    """A stored matrix and where it came from: the name of its file, and since when it counts.

    ids: in the order of the matrix. is_of_workbook: whether it is the sheet of a workbook.
    """

    content_hash: str
    ids: tuple[str, ...]
    source: str
    effective_date: date
    imported_at: datetime
    is_of_workbook: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationSource:
    """A line of the history: a matrix without a workbook, or, where content_hash is None, that the sheets count again.

    n_assets is 0 then.
    """

    name: str
    effective_date: date
    content_hash: str | None
    n_assets: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class Partner:
    """Another asset and the correlation with it; None where the matrix holds no number."""

    blkrock_id: str
    correlation: float | None


class CorrelationRepository:
    """Correlations on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def in_force(self, source_file_id: int) -> CorrelationVersion | None:
        """The matrix that counts for an imported workbook: the newest source up to its date, else its own sheet.

        None where there is neither. Raises ReferenceDataError CLO-3045 for an unknown workbook.
        """
        file = self._connection.execute(
            "SELECT f.analysis_date, f.name, f.imported_at, c.content_hash, c.asset_ids FROM source_files AS f"
            " LEFT JOIN asset_correlations AS c ON c.content_hash = f.correlation_hash WHERE f.source_file_id = %s",
            [source_file_id],
        ).fetchone()
        if file is None:
            raise ReferenceDataError("CLO-3045", f"There is no imported workbook {source_file_id} to correlate")
        source = self._connection.execute(
            "SELECT s.effective_date, s.name, s.imported_at, c.content_hash, c.asset_ids FROM correlation_sources AS s"
            " LEFT JOIN asset_correlations AS c USING (content_hash) WHERE s.effective_date <= %s"
            " ORDER BY s.effective_date DESC, s.correlation_source_id DESC LIMIT 1",
            [file[0]],
        ).fetchone()
        is_of_workbook = source is None or source[3] is None
        row = file if is_of_workbook else source
        if row is None or row[3] is None:
            return None
        return CorrelationVersion(
            effective_date=row[0],
            source=row[1],
            imported_at=row[2],
            content_hash=row[3],
            ids=tuple(row[4]),
            is_of_workbook=is_of_workbook,
        )

    def pair(self, content_hash: str, one: str, two: str) -> float | None:
        """Correlation of two different assets, in the row of the first; None where there is no number for them."""
        row = self._connection.execute(
            PAIR,
            {"hash": content_hash, "one": one, "two": two},
        ).fetchone()
        return None if row is None else row[0]

    def partners(self, content_hash: str, blkrock_id: str, limit: int | None = None) -> tuple[Partner, ...]:
        """Every other asset with its correlation in the row of an asset, the strongest first, equal ones by id."""
        rows = self._connection.execute(
            PARTNERS,
            {"hash": content_hash, "id": blkrock_id, "limit": limit},
        )
        return tuple(Partner(*row) for row in rows)

    def matrix(self, version: CorrelationVersion, cache: Cache) -> Correlation:
        """The whole matrix, (n, n) and read-only, from the cache or from its compact form.

        Raises ReferenceDataError CLO-3046 where it is not stored.
        """
        n = len(version.ids)
        key = matrix_key(version)
        cached = cache.array(key)
        if cached is not None and cached.shape == (n, n) and cached.dtype == np.float64:
            return Correlation(ids=version.ids, matrix=cached)
        found = load_correlation(self._connection, version.content_hash)
        if found is None:
            raise ReferenceDataError("CLO-3046", f"There is no correlation matrix {version.content_hash}")
        found.matrix.flags.writeable = False
        cache.put_array(CacheKind.CORRELATION_MATRIX, key, found.matrix)
        return found

    def part(self, version: CorrelationVersion, ids: Sequence[str], cache: Cache) -> Matrix:
        """The matrix of some of its ids in their order, (k, k); KeyError for an id that it does not have."""
        place = {name: row for row, name in reversed(list(enumerate(version.ids)))}
        rows = [place[name] for name in ids]
        return self.matrix(version, cache).matrix[np.ix_(rows, rows)]

    def add(self, correlation: Correlation, name: str, effective: date) -> bool:
        """Store a matrix that came without a workbook: from a date on it counts for all workbooks.

        False where the same file gave the same matrix for that date last; it is not added again.
        """
        return self._add(name, effective, store_correlation(self._connection, correlation))

    def withdraw(self, effective: date) -> bool:
        """Let the sheets of the workbooks count again from a date on; False where that was said last."""
        return self._add("", effective, None)

    def sources(self) -> tuple[CorrelationSource, ...]:
        """What came without a workbook, the newest date first, of one date the newest first."""
        rows = self._connection.execute(
            "SELECT s.name, s.effective_date, s.content_hash, coalesce(cardinality(c.asset_ids), 0), s.imported_at,"
            " s.imported_by FROM correlation_sources AS s LEFT JOIN asset_correlations AS c USING (content_hash)"
            " ORDER BY s.effective_date DESC, s.correlation_source_id DESC"
        )
        return tuple(
            CorrelationSource(
                name=row[0],
                effective_date=row[1],
                content_hash=row[2],
                n_assets=row[3],
                imported_at=row[4],
                imported_by=row[5],
            )
            for row in rows
        )

    def _add(self, name: str, effective: date, content_hash: str | None) -> bool:
        newest = next((source for source in self.sources() if source.effective_date == effective), None)
        if newest is not None and (newest.name, newest.content_hash) == (name, content_hash):
            return False
        self._connection.execute(
            "INSERT INTO correlation_sources (name, effective_date, content_hash, imported_by)"
            " VALUES (%s, %s, %s, coalesce(nullif(current_setting('clodesk.user', true), ''), current_user))",
            [name, effective, content_hash],
        )
        return True


def matrix_key(version: CorrelationVersion) -> str:
    """The cache key of a matrix: the seed's, with its size, and its content hash."""
    n = len(version.ids)
    return cache_key(CacheKind.CORRELATION_MATRIX, f"{n}x{n}", content=version.content_hash)
