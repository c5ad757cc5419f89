"""Rows of an end of day as arrays, and as the columns of a COPY."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from db.bulk import BulkColumn, Bytes, BytesColumn, DoubleColumn, FixedColumn, KeyColumn, TextColumn, key_bytes
from engine.payouts.enums import CashflowSubtype, CashflowType, ConfidenceLevel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DayColumn = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class FlowBatch:
    """N cash flows as generated. Codes point into the tuples beside them, -1 for none; days are datetime64[D]."""

    keys: Sequence[UUID]
    references: npt.NDArray[np.bytes_]
    legs: Sequence[tuple[UUID, UUID]]
    """(contract, leg) by leg code."""
    leg: Ints
    payouts: Sequence[tuple[UUID | None, ...]]
    """(performance, interest rate, fixed price) payout by leg code."""
    lots: Sequence[UUID]
    lot: Ints
    events: Sequence[UUID]
    event: Ints
    dividends: Sequence[UUID]
    dividend: Ints
    cashflow_type: Ints
    cashflow_subtype: Ints
    sequence: Ints
    amount: Floats
    currencies: Sequence[str]
    currency: Ints
    parties: Sequence[UUID]
    payer: Ints
    receiver: Ints
    start: DayColumn
    end: DayColumn
    payment: DayColumn
    is_estimated: npt.NDArray[np.bool_]
    input_hash: npt.NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class AccrualBatch:
    """R accrual rows; `flow` points into the keys of the flows they belong to.

    Totals at the end of the day and at its start; their differences, once stored, are the day's amount and factor.
    """

    flow: Ints
    accrual_date: DayColumn
    business_date: DayColumn
    cumulative: Floats
    cumulative_before: Floats
    year_fraction: Floats
    year_fraction_before: Floats
    notional: Floats
    rate_or_price: Floats
    is_business_day: npt.NDArray[np.bool_]
    is_estimated: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PnlBatch:
    """Unrealized P&L of L legs on a day. parts: (5, L) price, dividend, interest, fx, other."""

    legs: Sequence[tuple[UUID, UUID]]
    parts: Floats
    currency: Sequence[str]
    base_currency: str
    base_rate: Floats
    confidence: Sequence[ConfidenceLevel]
    method: Sequence[str]
    is_month_end: npt.NDArray[np.bool_]
    is_quarter_end: npt.NDArray[np.bool_]
    is_year_end: npt.NDArray[np.bool_]


def flow_columns(batch: FlowBatch) -> list[BulkColumn]:
    legs = key_bytes(leg for _, leg in batch.legs)
    contracts = key_bytes(contract for contract, _ in batch.legs)
    columns: list[BulkColumn] = [
        FixedColumn("row", np.arange(len(batch), dtype=np.int64)),
        KeyColumn("id", key_bytes(batch.keys), np.arange(len(batch))),
        BytesColumn("cashflow_reference", batch.references),
        KeyColumn("contract_id", contracts, batch.leg),
        KeyColumn("leg_id", legs, batch.leg),
        KeyColumn("lot_id", key_bytes(batch.lots), batch.lot),
        KeyColumn("business_event_id", key_bytes(batch.events), batch.event),
        KeyColumn("dividend_event_id", key_bytes(batch.dividends), batch.dividend),
        TextColumn("cashflow_type", [member.value for member in CashflowType], batch.cashflow_type),
        TextColumn("cashflow_subtype", [member.value for member in CashflowSubtype], batch.cashflow_subtype),
        FixedColumn("generation_sequence", batch.sequence),
        DoubleColumn("amount", batch.amount),
        TextColumn("currency", batch.currencies, batch.currency),
        KeyColumn("payer_party_id", key_bytes(batch.parties), batch.payer),
        KeyColumn("receiver_party_id", key_bytes(batch.parties), batch.receiver),
        FixedColumn("accrual_start_date", batch.start),
        FixedColumn("accrual_end_date", batch.end),
        FixedColumn("payment_date", batch.payment),
        FixedColumn("is_estimated", batch.is_estimated),
        BytesColumn("input_hash", batch.input_hash),
    ]
    for place, name in enumerate(("performance_payout_id", "interest_rate_payout_id", "fixed_price_payout_id")):
        known = [payout[place] for payout in batch.payouts]
        code_by_leg = np.array([-1 if key is None else i for i, key in enumerate(known)], np.int64)
        filled = key_bytes(key if key is not None else UUID(int=0) for key in known)
        columns.append(KeyColumn(name, filled, code_by_leg[batch.leg]))
    return columns


def accrual_columns(batch: AccrualBatch, keys: Sequence[UUID]) -> list[BulkColumn]:
    """Rows in the order of their keys: pages of the server's indexes are met one after another, not at random."""
    key = key_bytes(keys)
    rows = _order_of(key)[batch.flow].argsort(kind="stable")
    return [
        KeyColumn("cashflow_id", key, batch.flow[rows]),
        FixedColumn("accrual_date", batch.accrual_date[rows]),
        FixedColumn("business_date", batch.business_date[rows]),
        DoubleColumn("cumulative", batch.cumulative[rows]),
        DoubleColumn("cumulative_before", batch.cumulative_before[rows]),
        DoubleColumn("year_fraction", batch.year_fraction[rows]),
        DoubleColumn("year_fraction_before", batch.year_fraction_before[rows]),
        DoubleColumn("notional", batch.notional[rows]),
        DoubleColumn("rate_or_price", batch.rate_or_price[rows]),
        FixedColumn("is_business_day", batch.is_business_day[rows]),
        FixedColumn("is_estimated", batch.is_estimated[rows]),
    ]


def _order_of(key: Bytes) -> Ints:
    """The place of each key among all of them, as the server orders them, (K,)."""
    halves = key.view(">u8")
    place = np.empty(len(key), np.int64)
    place[np.lexsort((halves[:, 1], halves[:, 0]))] = np.arange(len(key))
    return place


def pnl_columns(batch: PnlBatch) -> list[BulkColumn]:
    n_legs = len(batch.legs)
    rows = np.arange(n_legs)
    currencies = sorted(set(batch.currency))
    levels = list(ConfidenceLevel)
    methods = sorted(set(batch.method))
    names = ("price", "dividend", "interest", "fx", "other")
    return [
        KeyColumn("contract_id", key_bytes(contract for contract, _ in batch.legs), rows),
        KeyColumn("leg_id", key_bytes(leg for _, leg in batch.legs), rows),
        *(DoubleColumn(name, batch.parts[i]) for i, name in enumerate(names)),
        TextColumn("currency", currencies, np.array([currencies.index(text) for text in batch.currency])),
        DoubleColumn("base_rate", batch.base_rate),
        TextColumn(
            "confidence", [item.value for item in levels], np.array([levels.index(c) for c in batch.confidence])
        ),
        TextColumn("method", methods, np.array([methods.index(text) for text in batch.method])),
        FixedColumn("is_month_end", batch.is_month_end),
        FixedColumn("is_quarter_end", batch.is_quarter_end),
        FixedColumn("is_year_end", batch.is_year_end),
    ]
