"""Reading and writing the records of a snapshot, table by table."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg import sql

from db.models import snapshots as t
from db.models.snapshots import RecordTable
from engine.collateral.assumptions import AssumptionRow
from engine.snapshot import AssetRow, DealSnapshot, WorkbookSnapshot

R = TypeVar("R")
Connection = psycopg.Connection[Any]


class Rows(NamedTuple):
    """The records of one table below one parent."""

    table: RecordTable[Any]
    records: Sequence[Any]


def deal_rows(deal: DealSnapshot) -> list[Rows]:
    """Every child table of a deal snapshot with its records."""
    lists = [Rows(table, getattr(deal, name)) for name, table in t.DEAL_TABLES.items()]
    return [Rows(t.DEAL_DATES, (deal.date_inputs,)), *lists]


def file_rows(book: WorkbookSnapshot) -> list[Rows]:
    """Every table below the source file with its records, except the assets."""
    return [
        Rows(t.HOLIDAYS, [t.Holiday(day) for day in book.holidays]),
        Rows(t.FIXINGS, book.fixings),
        Rows(t.VECTORS, [t.CashFlowVector(name, tuple(rates)) for name, rates in book.vectors.items()]),
        Rows(t.SINK_SCHEDULE, book.sink_schedule),
        Rows(t.CURVE_POINTS, [t.CurvePoint(month, rate) for month, rate in book.curve]),
        Rows(t.CF_ASSUMPTIONS, book.cf_assumptions),
        Rows(t.CORRELATION_RULES, book.correlation_rules),
        Rows(t.RUN_SETTINGS, book.run_settings),
        Rows(t.FILTERS, book.filters),
        Rows(t.TRADES, book.trades),
        Rows(t.LIST_VALUES, book.lists),
        Rows(t.LEGACY_RESULTS, book.legacy_results),
    ]


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows of Python values by COPY."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def write_records(connection: Connection, parent: int, rows: Rows) -> None:
    """Append the records of one table below a parent, numbered from 1."""
    if not rows.records:
        return
    codec = rows.table.codec
    copy_rows(
        connection,
        rows.table.table.name,
        [rows.table.parent, "row_number", *codec.column_names],
        ((parent, number, *codec.to_row(record)) for number, record in enumerate(rows.records, start=1)),
    )


def write_assets(connection: Connection, source_file: int, assets: Sequence[AssetRow]) -> None:
    """Append the asset master of a file."""
    remarks = (t.AssetRemark(row.legacy_dropped, row.place) for row in assets)
    copy_rows(
        connection,
        t.ASSET_SNAPSHOTS.name,
        ["source_file_id", "row_number", *t.ASSET_CODEC.column_names, *t.ASSET_REMARK_CODEC.column_names],
        (
            (source_file, number, *t.ASSET_CODEC.to_row(row.asset), *t.ASSET_REMARK_CODEC.to_row(remark))
            for number, (row, remark) in enumerate(zip(assets, remarks, strict=True), start=1)
        ),
    )


def _select(connection: Connection, table: str, columns: Sequence[str], parent: str, key: int) -> list[Any]:
    statement = sql.SQL("SELECT {} FROM {} WHERE {} = %s ORDER BY row_number").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table), sql.Identifier(parent)
    )
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(statement, [key]).fetchall()


def read_records(connection: Connection, table: RecordTable[R], parent: int) -> tuple[R, ...]:
    """The records of one table below a parent, in their order."""
    rows = _select(connection, table.table.name, table.codec.column_names, table.parent, parent)
    return tuple(table.codec.from_row(row) for row in rows)


def read_assets(connection: Connection, source_file: int) -> tuple[AssetRow, ...]:
    """The asset master of a file, in its order."""
    asset_columns, remark_columns = t.ASSET_CODEC.column_names, t.ASSET_REMARK_CODEC.column_names
    rows = _select(connection, t.ASSET_SNAPSHOTS.name, [*asset_columns, *remark_columns], "source_file_id", source_file)
    found = []
    for row in rows:
        remark = t.ASSET_REMARK_CODEC.from_row(row[len(asset_columns) :])
        asset = t.ASSET_CODEC.from_row(row[: len(asset_columns)])
        found.append(AssetRow(asset=asset, place=remark.place, legacy_dropped=remark.legacy_dropped))
    return tuple(found)


def read_file_tables(connection: Connection, source_file: int) -> "FileTables":
    """Everything below a source file except its assets."""

    def read(table: RecordTable[R]) -> tuple[R, ...]:
        return read_records(connection, table, source_file)

    return FileTables(
        holidays=tuple(row.on for row in read(t.HOLIDAYS)),
        fixings=read(t.FIXINGS),
        vectors={row.name: row.rates for row in read(t.VECTORS)},
        sink_schedule=read(t.SINK_SCHEDULE),
        curve=tuple((row.month, row.rate) for row in read(t.CURVE_POINTS)),
        cf_assumptions=read(t.CF_ASSUMPTIONS),
        correlation_rules=read(t.CORRELATION_RULES),
        run_settings=read(t.RUN_SETTINGS),
        filters=read(t.FILTERS),
        trades=read(t.TRADES),
        lists=read(t.LIST_VALUES),
        legacy_results=read(t.LEGACY_RESULTS),
    )


class FileTables(NamedTuple):
    """What belongs to the whole file, as `WorkbookSnapshot` holds it."""

    holidays: tuple[Any, ...]
    fixings: tuple[Any, ...]
    vectors: dict[str, tuple[float, ...]]
    sink_schedule: tuple[Any, ...]
    curve: tuple[tuple[int, float], ...]
    cf_assumptions: tuple[AssumptionRow, ...]
    correlation_rules: tuple[Any, ...]
    run_settings: tuple[Any, ...]
    filters: tuple[Any, ...]
    trades: tuple[Any, ...]
    lists: tuple[Any, ...]
    legacy_results: tuple[Any, ...]
