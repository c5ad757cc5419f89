"""Asset cash flows as arrays: the record that goes into `asset_cash_flows` and comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from sqlalchemy import Numeric

from db.bulk import (
    BulkColumn,
    FixedColumn,
    NumericColumns,
    SameColumn,
    TextColumn,
    copy_in,
    scaled_numbers,
)
from db.bulk_read import copy_out, days, numeric_column, text_column, whole_column
from db.kernels_wire import MISSING
from db.models.results import ASSET_CASH_FLOWS
from engine.errors import InputError

AMOUNT_COLUMNS = tuple(column.name for column in ASSET_CASH_FLOWS.columns if isinstance(column.type, Numeric))
_SCALE = 2


def _signed(**signs: int) -> tuple[tuple[int, int], ...]:
    return tuple((AMOUNT_COLUMNS.index(name), sign) for name, sign in signs.items())


_ENDING, _TOTAL_CASH = AMOUNT_COLUMNS.index("ending_balance"), AMOUNT_COLUMNS.index("total_cash_flow")
_BALANCE_FLOWS = _signed(purchases=1, sales=-1, scheduled_principal=-1, unscheduled_principal=-1, default_amount=-1)
_BALANCE = (_ENDING, (*_signed(beginning_balance=1), *_BALANCE_FLOWS))
_TOTAL = (_TOTAL_CASH, _signed(interest_payment=1, scheduled_principal=1, unscheduled_principal=1, recoveries=1))
_MOVABLE = {_ENDING: _BALANCE_FLOWS, _TOTAL_CASH: _signed(interest_payment=1, recoveries=1, total_cash_flow=-1)}
"""What may move by a cent: of the balance its flows, never the balances, which the next period repeats; of the total
what is no part of the balance."""
_ROWS_A_BLOCK = 2048
"""So many rows at a time stay in the processor's cache; all at once the time goes into fresh memory."""
_NUMBERING_PARTITIONS = 170_000
_MOST_ROUNDING = 3
"""Seven amounts, each half a cent off at most, miss their identity by three whole cents at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetCashFlows:
    """Cash flows of many assets, one row an asset and payment date, money in currency.

    ids in any order; asset_index (R,) int32 into ids; period_number (R,) int32 from 1; dates (R,) datetime64[D];
    amounts (13, R) float64 in the order of AMOUNT_COLUMNS.
    """

    ids: tuple[str, ...]
    asset_index: npt.NDArray[np.int32]
    period_number: npt.NDArray[np.int32]
    payment_date: npt.NDArray[np.datetime64]
    accrual_begin: npt.NDArray[np.datetime64]
    accrual_end: npt.NDArray[np.datetime64]
    amounts: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.asset_index)

    def amount(self, column: str) -> npt.NDArray[np.float64]:
        """One column of AMOUNT_COLUMNS, (R,)."""
        found: npt.NDArray[np.float64] = self.amounts[AMOUNT_COLUMNS.index(column)]
        return found

    def of(self, blkrock_id: str) -> "AssetCashFlows":
        """The rows of one asset in the order they stand."""
        rows = self.asset_index == self.ids.index(blkrock_id)
        return AssetCashFlows(
            ids=(blkrock_id,),
            asset_index=np.zeros(int(rows.sum()), np.int32),
            period_number=self.period_number[rows],
            payment_date=self.payment_date[rows],
            accrual_begin=self.accrual_begin[rows],
            accrual_end=self.accrual_end[rows],
            amounts=self.amounts[:, rows],
        )


def cents(amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Amounts (13, R) in whole cents, rounded half to even.

    Where the rounded parts of a row miss its balance or its total by more than a cent although the amounts themselves
    meet it, the part with the largest rounding error goes to its other neighbour, until a cent is left at most.
    """
    whole = np.empty(amounts.shape, np.int64)
    for start in range(0, amounts.shape[1], _ROWS_A_BLOCK):
        rows = slice(start, start + _ROWS_A_BLOCK)
        whole[:, rows] = _cents_of_block(amounts[:, rows])
    return whole


def _cents_of_block(amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    whole, _ = scaled_numbers(amounts, _SCALE, AMOUNT_COLUMNS)
    for identity in (_BALANCE, _TOTAL):
        for _ in range(_MOST_ROUNDING):
            if not _move_largest_error(amounts, whole, *identity):
                break
    return whole


def _move_largest_error(
    amounts: npt.NDArray[np.float64],
    whole: npt.NDArray[np.int64],
    total: int,
    parts: tuple[tuple[int, int], ...],
) -> bool:
    miss = whole[total] - sum(sign * whole[part] for part, sign in parts)
    rows = np.flatnonzero(np.abs(miss) > 1)
    if len(rows) == 0:
        return False
    movable = _MOVABLE[total]
    direction = np.sign(miss[rows])
    errors = np.array([sign * direction * (amounts[part, rows] * 100 - whole[part, rows]) for part, sign in movable])
    best = errors.argmax(axis=0)
    gain = errors[best, np.arange(len(rows))] > 0
    for index, (part, sign) in enumerate(movable):
        chosen = gain & (best == index)
        whole[part, rows[chosen]] += sign * direction[chosen]
    return bool(gain.any())


def store_asset_flows(
    connection: psycopg.Connection[Any], run_id: int, run_at: datetime, flows: AssetCashFlows
) -> None:
    """Append the flows of a run, in the order of asset and period, which the index takes fastest.

    Raises InputError CLO-3011 for an id that is not in `assets`; a row that breaks a constraint keeps all of them out.
    """
    _require_assets(connection, flows.ids)
    order = np.argsort(np.argsort(np.array(flows.ids, dtype=object)))[flows.asset_index]
    rows = np.lexsort((flows.period_number, order))
    is_sorted = bool((rows[:-1] < rows[1:]).all()) if len(rows) else True
    pick: Any = slice(None) if is_sorted else rows
    whole = cents(flows.amounts)[:, pick]
    # A column of zeros is left to its default, which the server fills in faster than it reads it.
    used = [index for index in range(len(AMOUNT_COLUMNS)) if whole[index].any()]
    columns: list[BulkColumn] = [
        SameColumn("run_id", run_id),
        SameColumn("run_at", run_at),
        TextColumn("blkrock_id", flows.ids, flows.asset_index[pick]),
        FixedColumn("period_number", flows.period_number[pick].astype(np.int32, copy=False)),
        FixedColumn("payment_date", flows.payment_date[pick]),
        FixedColumn("accrual_start_date", flows.accrual_begin[pick]),
        FixedColumn("accrual_end_date", flows.accrual_end[pick]),
    ]
    numbers = [NumericColumns([AMOUNT_COLUMNS[index] for index in used], whole[used], _SCALE)] if used else []
    with _keys_checked_once(connection, run_id):
        copy_in(connection, _table_for(connection, run_at), [*columns, *numbers], len(flows))


def _table_for(connection: psycopg.Connection[Any], run_at: datetime) -> str:
    """The partition of the run's month where it is there and may be written to, else the table.

    Written to by its name, it spares the server finding it for every row, a fifth of the time; a row of another month
    would be refused. Before PostgreSQL 17 a partition does not number its own rows.
    """
    table = ASSET_CASH_FLOWS.name
    if connection.info.server_version < _NUMBERING_PARTITIONS:
        return table
    partition = f"{table}_{run_at.astimezone(UTC):%Y_%m}"
    may_insert = connection.execute("SELECT has_table_privilege(to_regclass(%s), 'INSERT')", [partition]).fetchone()
    return partition if may_insert is not None and may_insert[0] else table


def _require_assets(connection: psycopg.Connection[Any], ids: tuple[str, ...]) -> None:
    """Lock the assets against removal, as the foreign key does for a single row; every id must be there."""
    found = connection.execute(
        "SELECT blkrock_id FROM assets WHERE blkrock_id = ANY(%s) ORDER BY blkrock_id FOR KEY SHARE", [list(ids)]
    ).fetchall()
    missing = sorted(set(ids) - {row[0] for row in found})
    if missing:
        raise InputError(
            "CLO-3011",
            f"Asset {missing[0]} is not in the asset master"
            + (f", nor {len(missing) - 1} more" if missing[1:] else ""),
            where="table assets",
            remedy="Import the workbook that holds it; nothing was stored.",
        )


@contextmanager
def _keys_checked_once(connection: psycopg.Connection[Any], run_id: int) -> Iterator[None]:
    """Inside, foreign keys of new rows are not looked up row by row, where the server lets us choose.

    The keys have been looked up and locked, once each: the result is the same in a third of the time. A server that
    reserves the setting to its administrator checks row by row.
    """
    allowed = connection.execute(
        "SELECT rolsuper AND EXISTS (SELECT FROM runs WHERE run_id = %s FOR KEY SHARE)"
        " FROM pg_roles WHERE rolname = current_user",
        [run_id],
    ).fetchone()
    is_allowed = allowed is not None and bool(allowed[0])
    if is_allowed:
        connection.execute("SET LOCAL session_replication_role = replica")
    yield
    # After an error the transaction is lost and the setting with it.
    if is_allowed:
        connection.execute("SET LOCAL session_replication_role = origin")


def load_asset_flows(connection: psycopg.Connection[Any], run_id: int, run_at: datetime) -> AssetCashFlows:
    """The stored flows of a run, rounded to cents, in the order of asset and period."""
    columns = [
        text_column("blkrock_id"),
        *map(whole_column, ("period_number", "payment_date", "accrual_start_date", "accrual_end_date")),
        *(numeric_column(name, _SCALE) for name in AMOUNT_COLUMNS),
    ]
    source = sql.SQL("FROM asset_cash_flows WHERE run_id = %s AND run_at = %s")
    found = copy_out(connection, columns, source, [run_id, run_at])
    asset, period = found.values[:2]
    place = asset * (int(period.max(initial=0)) + 1) + period
    rows: Any = slice(None) if bool((place[:-1] < place[1:]).all()) else np.argsort(place)
    asset, period, paid, begin, end, *whole = found.values[:, rows]
    amounts = np.empty((len(AMOUNT_COLUMNS), len(period)))
    for amount, stored in zip(amounts, whole, strict=True):
        np.divide(stored, 100.0, out=amount)
        amount[stored == MISSING] = np.nan
    return AssetCashFlows(
        ids=found.texts["blkrock_id"],
        asset_index=asset.astype(np.int32),
        period_number=period.astype(np.int32),
        payment_date=days(paid),
        accrual_begin=days(begin),
        accrual_end=days(end),
        amounts=amounts,
    )
