"""Correlations in the database: pairs beside the matrix, what is in force, retrieval, and the cache."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import LiteralString

import numpy as np
import psycopg
import pytest

from db import migrate
from db.cache import Cache, CacheKind, LocalCache, RedisCache
from db.connection import make_engine, parsed_url
from db.correlations import PAIR, PARTNERS, CorrelationVersion, Partner
from db.matrices import pairs_of
from db.settings import StorageSettings
from db.store import Store, UnitOfWork
from engine.errors import ReferenceDataError
from engine.snapshot import Correlation, WorkbookSnapshot

DAY = date(2016, 3, 23)
ASKED = Correlation(
    ids=("C", "A", "B"),
    matrix=np.array([[1.0, 0.2, -0.7], [0.2, 1.0, 0.1 + 0.2], [-0.7, 0.1 + 0.2, 1.0]]),
)
LOPSIDED = Correlation(ids=("B", "A"), matrix=np.array([[1.0, 0.25], [0.5, 1.0]]))


def made(n: int, seed: int = 5) -> Correlation:
    """A correlation matrix of n assets by a few factors."""
    loadings = np.random.default_rng(seed).uniform(-0.4, 0.6, (n, 3))
    matrix = loadings @ loadings.T
    np.fill_diagonal(matrix, 1.0)
    return Correlation(ids=tuple(f"BRS{number:05d}" for number in range(n)), matrix=(matrix + matrix.T) / 2.0)


def kept(store: Store, book: WorkbookSnapshot, correlation: Correlation | None) -> CorrelationVersion | None:
    """What is in force for a workbook with this matrix."""
    saved = store.save_snapshot(replace(book, correlation=correlation))
    with store.read() as work:
        return work.correlations.in_force(saved.source_file_id)


def n_pairs(work: UnitOfWork) -> int:
    found = work.driver.execute("SELECT count(*) FROM asset_correlation_pairs").fetchone()
    assert found is not None
    return int(found[0])


def test_every_pair_is_stored_once_and_answers_both_ways(store: Store, book: WorkbookSnapshot) -> None:
    """n (n - 1) / 2 rows with every digit; the order of the question does not matter."""
    version = kept(store, book, ASKED)
    assert version is not None

    with store.read() as work:
        rows = work.driver.execute("SELECT asset_1, asset_2, correlation FROM asset_correlation_pairs").fetchall()
        answers = [work.correlations.pair(version.content_hash, *pair) for pair in ("AB", "BA", "AC", "CA", "AX")]
    assert sorted(rows) == [("A", "B", 0.1 + 0.2), ("A", "C", 0.2), ("B", "C", -0.7)]
    assert answers == [0.1 + 0.2, 0.1 + 0.2, 0.2, 0.2, None]


def test_a_matrix_that_is_not_symmetric_keeps_both_orders(store: Store, book: WorkbookSnapshot) -> None:
    """The row of the first asset answers; its partners are those of its row."""
    version = kept(store, book, LOPSIDED)
    assert version is not None

    with store.read() as work:
        digest = version.content_hash
        assert n_pairs(work) == 2
        assert (work.correlations.pair(digest, "A", "B"), work.correlations.pair(digest, "B", "A")) == (0.5, 0.25)
        assert work.correlations.partners(digest, "A") == (Partner("B", 0.5),)
        assert work.correlations.partners(digest, "B") == (Partner("A", 0.25),)


def test_partners_come_strongest_first(store: Store, book: WorkbookSnapshot) -> None:
    """By size without sign, as many as asked for; what is no number comes last."""
    gap = ASKED.matrix.copy()
    gap[0, 1] = gap[1, 0] = np.nan
    version = kept(store, book, replace(ASKED, matrix=gap))
    assert version is not None

    with store.read() as work:
        assert work.correlations.partners(version.content_hash, "B") == (Partner("C", -0.7), Partner("A", 0.1 + 0.2))
        assert work.correlations.partners(version.content_hash, "B", 1) == (Partner("C", -0.7),)
        assert work.correlations.partners(version.content_hash, "A") == (Partner("B", 0.1 + 0.2), Partner("C", None))
        assert work.correlations.pair(version.content_hash, "A", "C") is None


def test_of_a_repeated_id_the_first_row_counts() -> None:
    """A pair has one correlation, whatever the sheet repeats."""
    matrix = np.array([[1.0, 0.2, 0.9], [0.2, 1.0, 0.9], [0.9, 0.9, 1.0]])

    pairs = pairs_of(("A", "B", "A"), matrix)

    assert pairs.ids == ("A", "B")
    assert pairs.correlations.tolist() == [0.2]


@pytest.mark.parametrize(("statement", "n_indexes"), [(PAIR, 1), (PARTNERS, 2)], ids=["pair", "asset"])
def test_indexes_lead_to_a_pair_and_to_an_asset(
    store: Store, book: WorkbookSnapshot, statement: LiteralString, n_indexes: int
) -> None:
    """Neither look-up reads the table from end to end, on whichever side of its pairs an asset stands."""
    version = kept(store, book, made(200))
    assert version is not None
    asked = {"hash": version.content_hash, "one": "BRS00007", "two": "BRS00009", "id": "BRS00100", "limit": 20}

    with store.begin() as work:
        work.driver.execute("ANALYZE asset_correlation_pairs")
        with psycopg.ClientCursor(work.driver) as cursor:
            plan = "\n".join(row[0] for row in cursor.execute("EXPLAIN " + statement, asked))
    assert "Seq Scan" not in plan
    found = {name for name in ("pk_asset_correlation_pairs", "idx_asset_correlation_pairs_asset_2") if name in plan}
    assert len(found) == n_indexes


@pytest.mark.parametrize("n", [488, 489])
def test_a_large_matrix_comes_back_bit_by_bit(store: Store, book: WorkbookSnapshot, n: int) -> None:
    """118,828 pairs of 488 assets, 119,316 of 489; pairs, rows and matrix agree; raw bytes under the seed's key."""
    correlation = made(n)
    version = kept(store, book, correlation)
    assert version is not None
    cache = LocalCache()

    with store.read() as work:
        matrix = work.correlations.matrix(version, Cache(cache)).matrix
        partners = work.correlations.partners(version.content_hash, "BRS00400")
        assert n_pairs(work) == n * (n - 1) // 2
        assert work.correlations.pair(version.content_hash, "BRS00400", "BRS00009") == matrix[400, 9]
    assert matrix.tobytes() == correlation.matrix.tobytes()
    cached = cache.get(f"correlation_matrix:{n}x{n}:{version.content_hash}")
    assert cached is not None
    assert n * n * 8 < len(cached) < n * n * 8 + 100
    assert {item.blkrock_id: item.correlation for item in partners} == {
        name: value for name, value in zip(correlation.ids, matrix[400], strict=True) if name != "BRS00400"
    }


class _Broken(LocalCache):
    """A cache that gives back something else than was put in."""

    def __init__(self, value: bytes | None) -> None:
        super().__init__()
        self._value = value

    def get(self, key: str) -> bytes | None:
        return self._value


def _other_shape() -> bytes:
    local = LocalCache()
    Cache(local).put_array(CacheKind.CORRELATION_MATRIX, "k", np.eye(2))
    return local.get("k") or b""


def test_a_matrix_is_cached_for_an_hour() -> None:
    """The seed's lifetime."""
    assert CacheKind.CORRELATION_MATRIX.lifetime == 3600


@pytest.mark.parametrize(
    "cache",
    [
        lambda: _Broken(None),
        lambda: _Broken(b"CLO1 and something else"),
        lambda: _Broken(_other_shape()),
        lambda: RedisCache("redis://127.0.0.1:1/0"),
        LocalCache,
    ],
    ids=["miss", "broken", "other shape", "down", "hit"],
)
def test_the_cache_changes_no_number(store: Store, book: WorkbookSnapshot, cache: Callable[[], LocalCache]) -> None:
    """A miss, a broken value and a server that is down answer as a hit does."""
    version = kept(store, book, ASKED)
    assert version is not None
    used = Cache(cache())

    with store.read() as work:
        found = [work.correlations.matrix(version, used) for _ in range(2)]
    for correlation in found:
        assert correlation.ids == ASKED.ids
        assert correlation.matrix.tobytes() == ASKED.matrix.tobytes()
        assert not correlation.matrix.flags.writeable


def test_a_part_of_the_matrix_is_in_the_order_asked_for(store: Store, book: WorkbookSnapshot) -> None:
    """Rows and columns by id."""
    version = kept(store, book, ASKED)
    assert version is not None

    with store.read() as work:
        part = work.correlations.part(version, ("B", "C"), Cache(LocalCache()))
    assert part.tolist() == [[1.0, -0.7], [-0.7, 1.0]]


def test_a_source_stands_in_for_the_sheet_from_its_date_on(store: Store, book: WorkbookSnapshot) -> None:
    """Earlier workbooks keep their own sheet, the sheet counts again after a withdrawal, and nothing is overwritten."""
    saved = store.save_snapshot(replace(book, correlation=ASKED)).source_file_id

    def in_force() -> tuple[str, bool]:
        with store.read() as work:
            found = work.correlations.in_force(saved)
        assert found is not None
        return found.source, found.is_of_workbook

    seen, added = [in_force()], []
    for name, effective, correlation in (
        ("later.csv", date(2016, 3, 24), LOPSIDED),
        ("first.csv", date(2016, 1, 1), LOPSIDED),
        ("second.csv", DAY, made(4)),
        ("second.csv", DAY, made(4)),
    ):
        with store.begin("analyst") as work:
            added.append(work.correlations.add(correlation, name, effective))
        seen.append(in_force())
    with store.begin() as work:
        work.correlations.withdraw(DAY)
    seen.append(in_force())

    sheet, second = ("book.xlsm", True), ("second.csv", False)
    assert added == [True, True, True, False]
    assert seen == [sheet, sheet, ("first.csv", False), second, second, sheet]
    with store.read() as work:
        history = [(item.name, item.n_assets, item.imported_by == "analyst") for item in work.correlations.sources()]
        assert work.snapshots.correlation(saved) is not None
    assert history == [("later.csv", 2, True), ("", 0, False), ("second.csv", 4, True), ("first.csv", 2, True)]


def test_a_workbook_without_a_sheet_has_none_until_a_source_comes(store: Store, book: WorkbookSnapshot) -> None:
    """None, then the source."""
    assert kept(store, book, None) is None
    with store.begin() as work:
        work.correlations.add(ASKED, "own.csv", DAY)

    with store.read() as work:
        newest = work.snapshots.newest_file()
        assert newest is not None
        found = work.correlations.in_force(newest)
    assert found is not None
    assert found.ids == ASKED.ids


def test_what_is_not_stored_is_said(store: Store, book: WorkbookSnapshot) -> None:
    """An unknown workbook, and a matrix that is gone."""
    version = kept(store, book, ASKED)
    assert version is not None

    with store.read() as work:
        with pytest.raises(ReferenceDataError, match="CLO-3045: There is no imported workbook 99"):
            work.correlations.in_force(99)
        with pytest.raises(ReferenceDataError, match="CLO-3046: There is no correlation matrix gone"):
            work.correlations.matrix(replace(version, content_hash="gone"), Cache(LocalCache()))


def test_a_new_source_makes_answers_of_cells_old(store: Store) -> None:
    """What all deals share has a new version."""
    with store.begin() as work:
        work.correlations.add(ASKED, "own.csv", DAY)

    with store.read() as work:
        assert work.driver.execute("SELECT version FROM data_versions WHERE tag = '*'").fetchone() == (1,)


def test_a_writer_adds_sources_and_changes_none(
    store: Store, database_url: str, storage_settings: StorageSettings, book: WorkbookSnapshot
) -> None:
    """The writer imports matrices; what was imported is not overwritten."""
    from db.roles import grant_roles

    engine = make_engine(parsed_url(database_url), storage_settings)
    grant_roles(engine)
    engine.dispose()
    with store.begin() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_writer")
        work.correlations.add(ASKED, "own.csv", DAY)

    with store.read() as work:
        rights = work.driver.execute(
            "SELECT has_table_privilege('clodesk_writer', t, r) FROM (VALUES"
            " ('correlation_sources', 'INSERT'), ('correlation_sources', 'UPDATE'), ('correlation_sources', 'DELETE'),"
            " ('asset_correlation_pairs', 'INSERT'), ('asset_correlation_pairs', 'UPDATE')) AS v (t, r)"
        ).fetchall()
        assert n_pairs(work) == 3
    assert [row[0] for row in rights] == [True, False, False, True, False]


def test_matrices_stored_before_get_their_pairs(
    store: Store, database_url: str, storage_settings: StorageSettings, book: WorkbookSnapshot
) -> None:
    """Down and up again on a filled database: pairs are made from the compact form, and are the same."""
    query = "SELECT content_hash, asset_1, asset_2, correlation FROM asset_correlation_pairs ORDER BY 1, 2, 3"
    other = replace(book.source_file, sha256="c" * 64)
    store.save_snapshot(replace(book, correlation=made(60)))
    store.save_snapshot(replace(book, correlation=LOPSIDED, source_file=other))
    with store.read() as work:
        before = work.driver.execute(query).fetchall()
    engine = make_engine(parsed_url(database_url), storage_settings)
    migrate.downgrade(engine, "0008")
    migrate.upgrade(engine)
    engine.dispose()

    with store.read() as work:
        assert work.driver.execute(query).fetchall() == before
    assert len(before) == 60 * 59 // 2 + 2
