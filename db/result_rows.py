"""The rows of the result tables from one deal result (spec 02 §17): arrays into COPY columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db.bulk import BulkColumn, FixedColumn, NumericColumns, SameColumn, TextColumn, copy_in
from db.identifiers import tranche_key
from engine.deal.contract import Deal
from engine.deal.results import (
    DEAL_COLUMNS,
    FEE_COLUMNS,
    IC_COLUMNS,
    INCENTIVE_COLUMNS,
    OC_COLUMNS,
    POOL_COLUMNS,
    TRANCHE_COLUMNS,
    DealResult,
)
from engine.liabilities.terms import Fee

Floats = npt.NDArray[np.float64]
_MONEY, _RATE, _YEARS = 2, 6, 4


@dataclass(frozen=True, slots=True)
class _Grid:
    """Rows of one named thing (tranche, fee, test) after the other, each over all periods."""

    run: Sequence[BulkColumn]
    n_periods: int
    n_names: int

    @property
    def n_rows(self) -> int:
        return self.n_periods * self.n_names

    @property
    def period(self) -> FixedColumn:
        return FixedColumn("period_number", np.tile(np.arange(1, self.n_periods + 1, dtype=np.int32), self.n_names))

    def dates(self, name: str, days: npt.NDArray[np.datetime64]) -> FixedColumn:
        return FixedColumn(name, np.tile(days[: self.n_periods].astype("datetime64[D]"), self.n_names))

    def text(self, name: str, texts: Sequence[str]) -> TextColumn:
        return TextColumn(name, texts, np.repeat(np.arange(self.n_names), self.n_periods))

    def each(self, values: Sequence[float]) -> Floats:
        """One value a thing on all of its rows."""
        return np.repeat(np.asarray(values, dtype=np.float64), self.n_periods)

    def flat(self, block: Floats, names: Sequence[str], wanted: Sequence[str]) -> Floats:
        """Columns of a (period, thing, column) block as (column, row)."""
        picked = block[: self.n_periods, :, [names.index(name) for name in wanted]]
        return np.ascontiguousarray(picked.transpose(2, 1, 0).reshape(len(wanted), -1))


def store_result(
    connection: psycopg.Connection[Any], run_id: int, run_at: datetime, deal_id: str, deal: Deal, result: DealResult
) -> None:
    """Append the rows of all result tables of a run."""
    run: list[BulkColumn] = [SameColumn("run_id", run_id), SameColumn("run_at", run_at)]
    n_periods = len(result.deal)
    ids = liability_ids(connection, deal_id, deal, result.tranche_names)
    _store_tranches(connection, _Grid(run, n_periods, len(ids)), result, ids)
    _store_risk(connection, run, deal, result, ids)
    of_deal = [*run, SameColumn("deal_id", deal_id)]
    _store_oc(connection, _Grid(of_deal, n_periods, len(result.oc_names)), result)
    _store_ic(connection, _Grid(of_deal, n_periods, len(result.ic_names)), result)
    _store_fees(connection, _Grid(of_deal, n_periods, len(result.fee_names)), deal, result)
    _store_pools(connection, _Grid(of_deal, n_periods, 1), result)
    _store_execution(connection, _Grid(of_deal, n_periods, 1), result)
    _store_trace(connection, of_deal, result)


def liability_ids(
    connection: psycopg.Connection[Any], deal_id: str, deal: Deal, names: Sequence[str]
) -> npt.NDArray[np.int32]:
    """The liabilities of a deal's tranches, made where no workbook told of them."""

    def known() -> dict[str, int]:
        rows = connection.execute("SELECT tranche_name, liability_id FROM liabilities WHERE deal_id = %s", [deal_id])
        return {tranche_key(name): number for name, number in rows}

    found = known()
    terms = {tranche_key(tranche.name): tranche for tranche in deal.tranches}
    missing = [name for name in names if tranche_key(name) not in found]
    with connection.cursor() as cursor:
        for name in missing:
            tranche = terms[tranche_key(name)]
            cursor.execute(
                "INSERT INTO liabilities (deal_id, tranche_name, original_balance, current_balance, deferred_balance,"
                " is_pikable, is_equity_tranche, libor_spread, coupon_type, day_count_convention)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    deal_id,
                    name,
                    tranche.original_balance,
                    tranche.current_balance,
                    tranche.deferred_balance,
                    tranche.is_deferrable,
                    tranche.is_equity,
                    tranche.spread,
                    "FIXED" if tranche.is_fixed else "FLOATING",
                    tranche.day_count,
                ],
            )
    if missing:
        found = known()
    return np.array([found[tranche_key(name)] for name in names], dtype=np.int32)


def _store_tranches(
    connection: psycopg.Connection[Any], grid: _Grid, result: DealResult, ids: npt.NDArray[np.int32]
) -> None:
    money = {
        "beginning_balance": "balance_begin",
        "ending_balance": "balance_end",
        "deferred_beginning_balance": "deferred_begin",
        "deferred_ending_balance": "deferred_end",
        "interest_due": "interest_accrued",
        "interest_paid": "interest_paid",
        "principal_payment": "principal_paid",
        "deferred_interest_accrued": "deferred_interest_accrued",
        "deferred_interest_paid": "deferred_interest_paid",
        "deferred_principal_paid": "deferred_principal_paid",
    }
    amounts = grid.flat(result.tranches, TRANCHE_COLUMNS, list(money.values()))
    accrued, paid = (amounts[list(money).index(name)] for name in ("interest_due", "interest_paid"))
    # Equity has no coupon: what it is paid is not a deferral of the opposite sign.
    deferred = np.maximum(accrued - paid, 0.0)
    columns = [
        *grid.run,
        FixedColumn("liability_id", np.repeat(ids, grid.n_periods)),
        grid.period,
        grid.dates("payment_date", result.dates.payment),
        NumericColumns(["coupon_rate"], _finite(grid.flat(result.tranches, TRANCHE_COLUMNS, ["coupon"])), _RATE),
        NumericColumns([*money, "interest_deferred"], np.vstack([amounts, deferred]), _MONEY),
    ]
    copy_in(connection, "liability_cash_flows", columns, grid.n_rows)


def _store_risk(
    connection: psycopg.Connection[Any],
    run: Sequence[BulkColumn],
    deal: Deal,
    result: DealResult,
    ids: npt.NDArray[np.int32],
) -> None:
    terms = {tranche_key(tranche.name): tranche for tranche in deal.tranches}
    inputs = [terms.get(tranche_key(name)) for name in result.tranche_names]
    given = np.array(
        [[_or_nan(t.price if t else None), _or_nan(t.discount_margin if t else None)] for t in inputs], dtype=np.float64
    ).reshape(-1, 2)
    risk = result.risk.T
    rates = ["input_price", "input_discount_margin", "calculated_yield", "calculated_dm", "calculated_price"]
    columns = [
        *run,
        FixedColumn("liability_id", ids),
        FixedColumn("last_period", result.last_calculated.astype(np.int32)),
        NumericColumns(rates, _finite(np.vstack([given.T, risk[:3]])), _RATE),
        NumericColumns(["weighted_average_life", "macaulay_duration", "modified_duration"], _finite(risk[3:6]), _YEARS),
    ]
    copy_in(connection, "liability_risk", columns, len(ids))


def _store_oc(connection: psycopg.Connection[Any], grid: _Grid, result: DealResult) -> None:
    money = {
        "numerator": "numerator",
        "denominator": "denominator",
        "interest_cure_amount": "interest_cure",
        "principal_cure_amount": "principal_cure",
        "prior_interest_cure": "prior_interest_cure",
        "prior_principal_cure": "prior_principal_cure",
        "interest_cure_paid": "interest_cure_paid",
        "principal_cure_paid": "principal_cure_paid",
    }
    columns = [
        *_test_columns(grid, "OC", result.oc_names, "oc_threshold", result.oc_triggers, result.oc, OC_COLUMNS),
        NumericColumns(list(money), _finite(grid.flat(result.oc, OC_COLUMNS, list(money.values()))), _MONEY),
    ]
    copy_in(connection, "oc_triggers", columns, grid.n_rows)


def _store_ic(connection: psycopg.Connection[Any], grid: _Grid, result: DealResult) -> None:
    money = {
        "numerator": "numerator",
        "denominator": "denominator",
        "liability_balance": "liability_balance",
        "cure_amount": "cure",
        "prior_cure_payments": "prior_cure",
        "cure_amount_paid": "cure_paid",
    }
    columns = [
        *_test_columns(grid, "IC", result.ic_names, "ic_threshold", result.ic_triggers, result.ic, IC_COLUMNS),
        NumericColumns(list(money), _finite(grid.flat(result.ic, IC_COLUMNS, list(money.values()))), _MONEY),
    ]
    copy_in(connection, "ic_triggers", columns, grid.n_rows)


def _test_columns(
    grid: _Grid,
    kind: str,
    names: Sequence[str],
    threshold: str,
    triggers: Sequence[float],
    block: Floats,
    block_columns: Sequence[str],
) -> list[BulkColumn]:
    """What OC and IC rows share. The ratio of a test without denominator is NULL; its exact value is in run_arrays."""
    ratio, is_passed = grid.flat(block, block_columns, ["ratio", "is_passed"])
    return [
        *grid.run,
        grid.text("tranche_name", names),
        grid.text("trigger_name", [f"{kind} {name}" for name in names]),
        grid.period,
        FixedColumn("pass_fail", is_passed == 1.0),
        NumericColumns([threshold, "calculated_ratio"], _finite(np.vstack([grid.each(triggers), ratio])), _RATE),
    ]


def _store_fees(connection: psycopg.Connection[Any], grid: _Grid, deal: Deal, result: DealResult) -> None:
    by_name = {fee.name.upper(): fee for fee in deal.fees}
    fees = [by_name[name.upper()] for name in result.fee_names]
    each = grid.each
    money = ["basis", "accrued", "paid", "unpaid_end"]
    amounts = grid.flat(result.fees, FEE_COLUMNS, money)
    index = np.tile(result.deal[:, DEAL_COLUMNS.index("index_rate")], grid.n_names)
    rates = [each([fee.percentage for fee in fees]), each([fee.interest_spread for fee in fees]), index]
    columns = [
        *grid.run,
        grid.period,
        grid.text("fee_name", result.fee_names),
        grid.text("fee_type", [fee.basis.value for fee in fees]),
        grid.text("day_count_convention", [fee.day_count for fee in fees]),
        grid.dates("begin_date", result.dates.collection_begin),
        grid.dates("end_date", result.dates.collection_end),
        FixedColumn("interest_on_fee", _flags(fees, grid)),
        NumericColumns(["fee_percentage", "interest_spread", "libor_rate"], _finite(np.vstack(rates)), _RATE),
        NumericColumns(
            ["fixed_amount", "fee_basis", "fee_accrued", "fee_paid", "unpaid_balance"],
            _finite(np.vstack([each([fee.fixed_amount for fee in fees]), amounts])),
            _MONEY,
        ),
    ]
    copy_in(connection, "fee_calculations", columns, grid.n_rows)


def _flags(fees: Sequence[Fee], grid: _Grid) -> npt.NDArray[np.bool_]:
    return np.repeat(np.array([fee.has_interest_on_unpaid for fee in fees], dtype=bool), grid.n_periods)


def _store_pools(connection: psycopg.Connection[Any], grid: _Grid, result: DealResult) -> None:
    pools = _Grid(grid.run, grid.n_periods, 2)
    block = np.stack([result.original_pool, result.reinvested_pool], axis=1)
    names = ["default_amount" if name == "default" else name for name in POOL_COLUMNS]
    columns = [
        *pools.run,
        pools.text("pool", ["original", "reinvested"]),
        pools.period,
        NumericColumns(names, _finite(pools.flat(block, POOL_COLUMNS, POOL_COLUMNS)), _MONEY),
    ]
    copy_in(connection, "pool_cash_flows", columns, pools.n_rows)
    both = dict(zip(POOL_COLUMNS, np.nansum(block, axis=1).T, strict=True))
    principal = both["scheduled_principal"] + both["unscheduled_principal"] + both["recoveries"] + both["sold"]
    metrics = [both["performing_begin"], both["interest"], principal, both["interest"] + principal]
    columns = [
        *grid.run,
        grid.dates("calculation_date", result.dates.collection_end),
        grid.period,
        NumericColumns(
            [
                "total_par_amount",
                "interest_collections",
                "principal_collections",
                "total_collections",
            ],
            np.vstack(metrics),
            _MONEY,
        ),
    ]
    copy_in(connection, "collateral_pool_metrics", columns, grid.n_rows)


def _store_execution(connection: psycopg.Connection[Any], grid: _Grid, result: DealResult) -> None:
    deal, incentive = result.deal.T, result.incentive.T
    money = [DEAL_COLUMNS.index(n) for n in ("interest_proceeds", "principal_proceeds", "notes_payable", "reinvested")]
    fees = [INCENTIVE_COLUMNS.index(name) for name in ("threshold", "fee_paid")]
    rates = np.vstack([deal[DEAL_COLUMNS.index("index_rate")], incentive[INCENTIVE_COLUMNS.index("irr")]])
    columns = [
        *grid.run,
        grid.period,
        grid.dates("payment_date", result.dates.payment),
        grid.dates("interest_determination_date", result.dates.interest_determination),
        grid.dates("collection_begin", result.dates.collection_begin),
        grid.dates("collection_end", result.dates.collection_end),
        NumericColumns(
            [
                "interest_proceeds",
                "principal_proceeds",
                "notes_payable",
                "reinvested",
                "incentive_threshold",
                "incentive_fee_paid",
            ],
            _finite(np.vstack([deal[money], incentive[fees]])),
            _MONEY,
        ),
        NumericColumns(["index_rate", "equity_irr"], _finite(rates), _RATE),
    ]
    copy_in(connection, "waterfall_executions", columns, grid.n_rows)


def _store_trace(connection: psycopg.Connection[Any], of_deal: Sequence[BulkColumn], result: DealResult) -> None:
    trace = result.trace
    if len(trace) == 0:
        return
    steps, codes = np.unique(trace[["section", "step"]], return_inverse=True)
    texts = [result.step_texts.get((int(section), int(step)), "") for section, step in steps]
    columns = [
        *of_deal,
        FixedColumn("sequence", np.arange(1, len(trace) + 1, dtype=np.int32)),
        FixedColumn("period_number", trace["period"].astype(np.int32)),
        FixedColumn("section", trace["section"].astype(np.int32)),
        FixedColumn("step", trace["step"].astype(np.int32)),
        TextColumn("step_text", texts, codes.reshape(-1)),
        NumericColumns(
            ["cash_before", "paid", "cash_after"],
            _finite(np.vstack([trace["cash_before"], trace["paid"], trace["cash_after"]])),
            _MONEY,
        ),
    ]
    copy_in(connection, "waterfall_steps", columns, len(trace))


def _finite(values: Floats) -> Floats:
    """Infinite numbers become NULL like missing ones; the run's arrays keep them as they are."""
    return np.where(np.isfinite(values), values, np.nan)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
