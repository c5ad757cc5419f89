"""Imported workbooks: storing one whole or not at all, and giving its deals back as the same records (spec 06 §4.5)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from db.current_state import keep_assets, keep_deal, keep_holdings
from db.identifiers import deal_key
from db.matrices import load_correlation, store_correlation, unpack_matrix
from db.models import snapshots as t
from db.snapshot_rows import (
    Rows,
    deal_rows,
    file_rows,
    read_assets,
    read_file_tables,
    read_records,
    write_assets,
    write_records,
)
from engine.errors import ReferenceDataError
from engine.snapshot import (
    AssetRow,
    Correlation,
    DealSnapshot,
    Finding,
    SourceFile,
    TransitionMatrix,
    WorkbookSnapshot,
)

_IMPORT_LOCK = 3_001_003


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What an import did: deals new for their date, changed, and left alone. is_unchanged: the file was there."""

    source_file_id: int
    is_unchanged: bool
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDeal:
    """A deal snapshot, and the newest file that contains it, to which assets, curve and calendar belong."""

    deal_id: str
    deal: DealSnapshot
    deal_snapshot_id: int
    content_hash: str
    source_file_id: int
    source_file: str
    source_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealSummary:
    """One line of the list of deals: newest date first."""

    deal_id: str
    deal_name: str
    as_of: date
    source_file: str
    imported_at: datetime
    n_positions: int
    par: float


class SnapshotRepository:
    """Snapshots on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def save(self, book: WorkbookSnapshot, findings: Sequence[Finding] = (), *, imported_by: str = "") -> ImportOutcome:
        """Store what a workbook says.

        A file with the same hash changes nothing. A deal whose sheet says the same as at its last import on the same
        date keeps its snapshot. The seed's tables follow, unless the file is of an earlier date than what they hold.
        """
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_IMPORT_LOCK])
        known = self._connection.execute(
            "SELECT source_file_id FROM source_files WHERE sha256 = %s", [book.source_file.sha256]
        ).fetchone()
        names = tuple(deal.name for deal in book.deals)
        if known is not None:
            return ImportOutcome(source_file_id=known[0], is_unchanged=True, unchanged=names)
        self._keep_current(book)
        source_file_id = self._write_file(book, findings, imported_by)
        new: list[str] = []
        changed: list[str] = []
        unchanged: list[str] = []
        for number, deal in enumerate(book.deals, start=1):
            before = self.newest(deal.name, deal.analysis_date)
            if before is not None and before.content_hash == content_hash(deal):
                self._link(source_file_id, before.deal_snapshot_id, number)
                unchanged.append(deal.name)
                continue
            self._link(source_file_id, self._write_deal(source_file_id, deal), number)
            (new if before is None else changed).append(deal.name)
        return ImportOutcome(
            source_file_id=source_file_id,
            is_unchanged=False,
            new=tuple(new),
            changed=tuple(changed),
            unchanged=tuple(unchanged),
        )

    def _keep_current(self, book: WorkbookSnapshot) -> None:
        newest = self._connection.execute("SELECT max(analysis_date) FROM source_files").fetchone()
        if newest is None or newest[0] is None or newest[0] <= book.analysis_date:
            keep_assets(self._connection, book.assets)
        else:
            self._add_missing_assets(book)
        latest = dict(
            self._connection.execute("SELECT deal_id, max(analysis_date) FROM deal_snapshots GROUP BY 1").fetchall()
        )
        current = [
            deal for deal in book.deals if latest.get(deal_key(deal.name), deal.analysis_date) <= deal.analysis_date
        ]
        for deal in current:
            keep_deal(self._connection, deal, {row.name: rank for rank, row in enumerate(deal.tranches, start=1)})
        keep_holdings(self._connection, current)

    def _add_missing_assets(self, book: WorkbookSnapshot) -> None:
        known = {row[0] for row in self._connection.execute("SELECT blkrock_id FROM assets")}
        keep_assets(self._connection, [row for row in book.assets if row.asset.blkrock_id not in known])

    def _write_file(self, book: WorkbookSnapshot, findings: Sequence[Finding], imported_by: str) -> int:
        file, transition = book.source_file, book.transition_matrix
        values = {
            "sha256": file.sha256,
            "name": file.name,
            "size": file.size,
            "sheets": list(file.sheets),
            "layout": file.layout,
            "analysis_date": book.analysis_date,
            "imported_by": imported_by or None,
            "deal_list": list(book.deal_list),
            "ratings": None if transition is None else list(transition.ratings),
            "matrix": None if transition is None else transition.matrix.astype("<f8").tobytes(),
            "correlation": None if book.correlation is None else store_correlation(self._connection, book.correlation),
        }
        row = self._connection.execute(
            "INSERT INTO source_files (sha256, name, size, sheets, layout, analysis_date, imported_by, deal_list,"
            " transition_ratings, transition_matrix, correlation_hash)"
            " VALUES (%(sha256)s, %(name)s, %(size)s, %(sheets)s, %(layout)s, %(analysis_date)s,"
            " coalesce(%(imported_by)s, current_user), %(deal_list)s, %(ratings)s, %(matrix)b, %(correlation)s)"
            " RETURNING source_file_id",
            values,
        ).fetchone()
        source_file_id = int(_only(row))
        for rows in [*file_rows(book), Rows(t.IMPORT_MESSAGES, tuple(findings))]:
            write_records(self._connection, source_file_id, rows)
        write_assets(self._connection, source_file_id, book.assets)
        return source_file_id

    def _write_deal(self, source_file_id: int, deal: DealSnapshot) -> int:
        names = ["deal_id", "source_file_id", "content_hash", "ranges", *t.DEAL_CODEC.column_names]
        statement = sql.SQL("INSERT INTO deal_snapshots ({}) VALUES ({}) RETURNING deal_snapshot_id").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join([sql.Placeholder()] * len(names))
        )
        row = self._connection.execute(
            statement,
            [
                deal_key(deal.name),
                source_file_id,
                content_hash(deal),
                Jsonb(deal.ranges),
                *t.DEAL_CODEC.to_row(deal),
            ],
        ).fetchone()
        deal_snapshot_id = int(_only(row))
        for rows in deal_rows(deal):
            write_records(self._connection, deal_snapshot_id, rows)
        return deal_snapshot_id

    def _link(self, source_file_id: int, deal_snapshot_id: int, number: int) -> None:
        self._connection.execute(
            "INSERT INTO deal_snapshot_sources (source_file_id, deal_snapshot_id, deal_number) VALUES (%s, %s, %s)",
            [source_file_id, deal_snapshot_id, number],
        )

    def newest(self, name: str, as_of: date | None = None) -> StoredDeal | None:
        """The deal of this name, in any spelling, at a date (by default its newest); the latest import wins."""
        row = self._connection.execute(
            "SELECT s.deal_snapshot_id, l.source_file_id, s.content_hash, f.sha256, f.name"
            " FROM deal_snapshots AS s JOIN deal_snapshot_sources AS l USING (deal_snapshot_id)"
            " JOIN source_files AS f ON f.source_file_id = l.source_file_id"
            " WHERE s.deal_id = %s AND (%s::date IS NULL OR s.analysis_date = %s)"
            " ORDER BY s.analysis_date DESC, l.source_file_id DESC LIMIT 1",
            [deal_key(name), as_of, as_of],
        ).fetchone()
        if row is None:
            return None
        return StoredDeal(
            deal_id=deal_key(name),
            deal=self._read_deal(row[0]),
            deal_snapshot_id=row[0],
            source_file_id=row[1],
            content_hash=row[2],
            source_sha256=row[3],
            source_file=row[4],
        )

    def _read_deal(self, deal_snapshot_id: int) -> DealSnapshot:
        names = sql.SQL(", ").join(map(sql.Identifier, ["ranges", *t.DEAL_CODEC.column_names]))
        with self._connection.cursor(binary=True) as cursor:
            row = cursor.execute(
                sql.SQL("SELECT {} FROM deal_snapshots WHERE deal_snapshot_id = %s").format(names), [deal_snapshot_id]
            ).fetchone()
        if row is None:
            raise LookupError(f"no deal snapshot {deal_snapshot_id}")
        lists = {name: read_records(self._connection, table, deal_snapshot_id) for name, table in t.DEAL_TABLES.items()}
        dates = read_records(self._connection, t.DEAL_DATES, deal_snapshot_id)[0]
        return t.DEAL_CODEC.from_row(row[1:], ranges=row[0], date_inputs=dates, **lists)

    def deal(self, name: str, as_of: date | None = None) -> StoredDeal:
        """As `newest`, but raises ReferenceDataError CLO-3013 where there is none, naming what there is."""
        found = self.newest(name, as_of)
        if found is not None:
            return found
        summaries = self.deals()
        dates = sorted({str(item.as_of) for item in summaries if item.deal_id == deal_key(name)})
        if dates:
            raise ReferenceDataError(
                "CLO-3013", f"Deal {name} has no snapshot of {as_of}", remedy=f"There is one of {', '.join(dates)}."
            )
        known = ", ".join(sorted({item.deal_name for item in summaries})) or "none yet"
        raise ReferenceDataError(
            "CLO-3013",
            f"Deal {name} is not in the database",
            remedy=f"Import a workbook that holds it with `clodesk import`; known deals: {known}.",
        )

    def deals(self) -> tuple[DealSummary, ...]:
        """Every deal at every date, in the order of names, newest date first."""
        rows = self._connection.execute(
            "SELECT DISTINCT ON (s.deal_id, s.analysis_date) s.deal_id, s.name, s.analysis_date, f.name, f.imported_at,"
            " (SELECT count(*) FROM deal_position AS p WHERE p.deal_snapshot_id = s.deal_snapshot_id),"
            " (SELECT coalesce(sum(p.par), 0) FROM deal_position AS p WHERE p.deal_snapshot_id = s.deal_snapshot_id)"
            " FROM deal_snapshots AS s JOIN deal_snapshot_sources AS l USING (deal_snapshot_id)"
            " JOIN source_files AS f ON f.source_file_id = l.source_file_id"
            " ORDER BY s.deal_id, s.analysis_date DESC, l.source_file_id DESC"
        ).fetchall()
        return tuple(
            DealSummary(
                deal_id=r[0],
                deal_name=r[1],
                as_of=r[2],
                source_file=r[3],
                imported_at=r[4],
                n_positions=r[5],
                par=r[6],
            )
            for r in rows
        )

    def analysis_date(self, source_file_id: int) -> date:
        """The date of a file; ReferenceDataError CLO-3020 for an unknown one."""
        row = self._connection.execute(
            "SELECT analysis_date FROM source_files WHERE source_file_id = %s", [source_file_id]
        ).fetchone()
        if row is None:
            raise _no_file(source_file_id)
        found: date = row[0]
        return found

    def assets(self, source_file_id: int) -> tuple[AssetRow, ...]:
        """The asset master of a file."""
        return read_assets(self._connection, source_file_id)

    def correlation(self, source_file_id: int) -> Correlation | None:
        """The correlation matrix of a file, if it has one."""
        row = self._connection.execute(
            "SELECT correlation_hash FROM source_files WHERE source_file_id = %s", [source_file_id]
        ).fetchone()
        return None if row is None or row[0] is None else load_correlation(self._connection, row[0])

    def findings(self, source_file_id: int) -> tuple[Finding, ...]:
        """What the importer remarked on a file."""
        return read_records(self._connection, t.IMPORT_MESSAGES, source_file_id)

    def newest_file(self) -> int | None:
        """The file imported last, or None."""
        row = self._connection.execute("SELECT max(source_file_id) FROM source_files").fetchone()
        return None if row is None else row[0]

    def newest_file_of(self, as_of: date) -> int | None:
        """The file of a date that was imported last, or None."""
        row = self._connection.execute(
            "SELECT max(source_file_id) FROM source_files WHERE analysis_date = %s", [as_of]
        ).fetchone()
        return None if row is None else row[0]

    def newest_file_named(self, name: str) -> int | None:
        """The file of a name, in any case, that was imported last, or None."""
        row = self._connection.execute(
            "SELECT max(source_file_id) FROM source_files WHERE lower(name) = lower(%s)", [name]
        ).fetchone()
        return None if row is None else row[0]

    def workbook(
        self, source_file_id: int, *, with_correlation: bool = True, with_deals: bool = True
    ) -> WorkbookSnapshot:
        """The whole content of an imported file, equal to what was saved; parts are left out where they are large."""
        with self._connection.cursor(binary=True) as cursor:
            row = cursor.execute(
                "SELECT name, sha256, size, sheets, layout, analysis_date, deal_list, transition_ratings,"
                " transition_matrix FROM source_files WHERE source_file_id = %s",
                [source_file_id],
            ).fetchone()
            if row is None:
                raise _no_file(source_file_id)
            members = cursor.execute(
                "SELECT deal_snapshot_id FROM deal_snapshot_sources WHERE source_file_id = %s AND %s"
                " ORDER BY deal_number",
                [source_file_id, with_deals],
            ).fetchall()
        tables = read_file_tables(self._connection, source_file_id)
        ratings = row[7]
        return WorkbookSnapshot(
            source_file=SourceFile(name=row[0], sha256=row[1], size=row[2], sheets=tuple(row[3]), layout=row[4]),
            analysis_date=row[5],
            deals=tuple(self._read_deal(member[0]) for member in members),
            assets=self.assets(source_file_id),
            deal_list=tuple(row[6]),
            transition_matrix=None
            if ratings is None
            else TransitionMatrix(ratings=tuple(ratings), matrix=unpack_matrix(row[8], len(ratings))),
            correlation=self.correlation(source_file_id) if with_correlation else None,
            **tables._asdict(),
        )


def _no_file(source_file_id: int) -> ReferenceDataError:
    return ReferenceDataError("CLO-3020", f"There is no imported file {source_file_id}")


def content_hash(deal: DealSnapshot) -> str:
    """SHA-256 of everything a deal sheet says, places included."""
    return hashlib.sha256(repr(deal).encode()).hexdigest()


def _only(row: tuple[Any, ...] | None) -> Any:
    if row is None:
        raise LookupError("INSERT ... RETURNING gave no row")
    return row[0]
