"""The seed's own tables after an import: assets, deals, tranches, liabilities and holdings as they stand now."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Numeric
from sqlalchemy.types import TypeEngine

from db.identifiers import deal_key
from db.models import METADATA
from db.snapshot_rows import copy_rows
from engine.collateral.asset import ASSET_FIELDS, Asset, FieldKind
from engine.collateral.rating_derivation import derived_sp_rating
from engine.snapshot import AssetRow, DealSnapshot, TrancheRow

Connection = psycopg.Connection[Any]
_MONTHS_A_YEAR = 12
_WIDE = Context(prec=400)


def upsert(
    connection: Connection, table: str, key: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows or change those that differ; a row that says the same is not touched and leaves no history."""
    staged, target = sql.Identifier(f"staged_{table}"), sql.Identifier(table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            staged, names, target
        )
    )
    rounded = [rounding_to(METADATA.tables[table].c[column].type) for column in columns]
    copy_rows(
        connection,
        f"staged_{table}",
        columns,
        ([round_it(value) for round_it, value in zip(rounded, row, strict=True)] for row in rows),
    )
    changing = [column for column in columns if column not in key]
    connection.execute(
        sql.SQL(
            "INSERT INTO {target} AS t ({names}) SELECT {names} FROM {staged} ON CONFLICT ({key}) DO UPDATE SET {sets}"
            " WHERE ({old}) IS DISTINCT FROM ({new})"
        ).format(
            target=target,
            names=names,
            staged=staged,
            key=sql.SQL(", ").join(map(sql.Identifier, key)),
            sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in changing),
            old=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(c)) for c in changing),
            new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(c)) for c in changing),
        )
    )
    connection.execute(sql.SQL("DROP TABLE {}").format(staged))


def rounding_to(sql_type: TypeEngine[Any]) -> Callable[[Any], Any]:
    """What brings a value to the scale of its column: half to even, where the server would round half up."""
    if not isinstance(sql_type, Numeric) or sql_type.scale is None:
        return lambda value: value
    unit = Decimal(1).scaleb(-sql_type.scale)

    def rounded(value: float | None) -> Decimal | None:
        if value is None or not math.isfinite(value):
            return None
        return Decimal(repr(float(value))).quantize(unit, ROUND_HALF_EVEN, _WIDE)

    return rounded


def keep_assets(connection: Connection, assets: Sequence[AssetRow]) -> None:
    """Bring `assets` to what the file says; assets that the file does not hold stay as they are.

    An id that stands twice counts once, with its first row. The S&P rating, for which no workbook has a column, is the
    derived one.
    """
    first_by_id = {row.asset.blkrock_id: _with_sp_rating(row.asset) for row in reversed(assets)}
    names = [item.name for item in ASSET_FIELDS]
    is_count = [item.kind is FieldKind.COUNT for item in ASSET_FIELDS]
    upsert(
        connection,
        "assets",
        ["blkrock_id"],
        names,
        (
            [
                int(value) if counts and value is not None else value
                for name, counts in zip(names, is_count, strict=True)
                for value in (getattr(asset, name),)
            ]
            for asset in first_by_id.values()
        ),
    )


def _with_sp_rating(asset: Asset) -> Asset:
    return asset if asset.sp_rating else replace(asset, sp_rating=derived_sp_rating(asset).rating)


def keep_deal(connection: Connection, deal: DealSnapshot, rank_by_tranche: dict[str, int]) -> None:
    """Bring a deal, its tranches, liabilities and holdings to what its sheet says."""
    deal_id, dates = deal_key(deal.name), deal.date_inputs
    months = dates.months_between_payments
    row = {
        "deal_id": deal_id,
        "deal_name": deal.name,
        "pricing_date": dates.pricing,
        "closing_date": dates.closing,
        "effective_date": dates.effective,
        "first_payment_date": dates.first_payment,
        "maturity_date": dates.maturity,
        "reinvestment_end_date": dates.reinvestment_end,
        "no_call_date": dates.no_call,
        "payment_frequency": _MONTHS_A_YEAR // months if months else None,
    }
    upsert(connection, "clo_deals", ["deal_id"], list(row), [list(row.values())])
    named = [tranche for tranche in deal.tranches if tranche.name]
    _keep_tranches(connection, deal_id, named, rank_by_tranche)
    _keep_liabilities(connection, deal_id, deal, named)


def _keep_tranches(
    connection: Connection, deal_id: str, tranches: Sequence[TrancheRow], rank_by_tranche: dict[str, int]
) -> None:
    columns = [
        "tranche_id",
        "deal_id",
        "tranche_name",
        "initial_balance",
        "current_balance",
        "coupon_type",
        "coupon_rate",
        "margin",
        "seniority_level",
        "payment_rank",
        "interest_deferrable",
    ]
    rows = []
    for tranche in tranches:
        is_fixed = tranche.coupon_type.strip().upper() == "FIXED"
        rank = rank_by_tranche[tranche.name]
        rows.append(
            (
                f"{deal_id}:{tranche.name}",
                deal_id,
                tranche.name,
                tranche.original_balance,
                tranche.current_balance,
                "FIXED" if is_fixed else "FLOATING",
                tranche.spread if is_fixed else None,
                None if is_fixed else tranche.spread,
                rank,
                rank,
                tranche.is_deferrable,
            )
        )
    upsert(connection, "clo_tranches", ["tranche_id"], columns, rows)


def _keep_liabilities(connection: Connection, deal_id: str, deal: DealSnapshot, tranches: Sequence[TrancheRow]) -> None:
    columns = [
        "deal_id",
        "tranche_name",
        "tranche_id",
        "original_balance",
        "current_balance",
        "deferred_balance",
        "is_pikable",
        "is_equity_tranche",
        "libor_spread",
        "coupon_type",
        "day_count_convention",
        "input_price",
        "input_discount_margin",
        "analysis_date",
        "oc_trigger",
        "ic_trigger",
    ]
    rows = [
        (
            deal_id,
            tranche.name,
            f"{deal_id}:{tranche.name}",
            tranche.original_balance or 0.0,
            tranche.current_balance or 0.0,
            tranche.deferred_balance or 0.0,
            tranche.is_deferrable,
            tranche.is_equity,
            tranche.spread,
            "FIXED" if tranche.coupon_type.strip().upper() == "FIXED" else "FLOATING",
            tranche.day_count,
            tranche.price,
            tranche.discount_margin,
            deal.analysis_date,
            tranche.oc_trigger,
            tranche.ic_trigger,
        )
        for tranche in tranches
    ]
    upsert(connection, "liabilities", ["deal_id", "tranche_name"], columns, rows)


def keep_holdings(connection: Connection, deals: Sequence[DealSnapshot]) -> None:
    """Bring `deal_assets` to the positions of these deals; repeated ids are added up, what left a deal goes.

    A position in an asset that no asset list names is kept by the snapshot alone; the importer has remarked on it.
    """
    known = _known_assets(connection, {position.blkrock_id for deal in deals for position in deal.positions})
    par_by_holding: dict[tuple[str, str], float] = {}
    for deal in deals:
        for position in deal.positions:
            if position.blkrock_id not in known:
                continue
            key = (deal_key(deal.name), position.blkrock_id)
            par_by_holding[key] = par_by_holding.get(key, 0.0) + position.par
    date_by_deal = {deal_key(deal.name): deal.analysis_date for deal in deals}
    rows = [(deal_id, asset_id, par, date_by_deal[deal_id]) for (deal_id, asset_id), par in par_by_holding.items()]
    upsert(
        connection,
        "deal_assets",
        ["deal_id", "blkrock_id"],
        ["deal_id", "blkrock_id", "par_amount", "analysis_date"],
        rows,
    )
    connection.execute(
        "DELETE FROM deal_assets AS d WHERE deal_id = ANY(%s) AND NOT EXISTS (SELECT FROM"
        " unnest(%s::text[], %s::text[]) AS k (deal_id, id) WHERE k.deal_id = d.deal_id AND k.id = d.blkrock_id)",
        [list(date_by_deal), [key[0] for key in par_by_holding], [key[1] for key in par_by_holding]],
    )


def _known_assets(connection: Connection, ids: set[str]) -> set[str]:
    return {
        row[0] for row in connection.execute("SELECT blkrock_id FROM assets WHERE blkrock_id = ANY(%s)", [sorted(ids)])
    }
