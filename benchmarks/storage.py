"""Asset cash flows of a large portfolio into PostgreSQL and back, beside the ORM.

1,004 assets over 120 periods are 120,480 rows with every column, key, index and constraint. The ORM does a sample of
them, scaled up.
"""

from datetime import date

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import registry

from benchmarks.databases import fresh_store
from benchmarks.figures import Figure, Unit, median_seconds
from db.asset_flows import AMOUNT_COLUMNS, AssetCashFlows, cents, load_asset_flows, store_asset_flows
from db.models.results import ASSET_CASH_FLOWS
from db.runs import RunHeader, StoredRun
from db.store import Store

N_ASSETS, N_PERIODS, N_SAMPLE = 1_004, 120, 6_024


class FlowRow:
    """A row of asset_cash_flows as an object, which nothing but this comparison uses."""


def portfolio() -> AssetCashFlows:
    """Flows with prepayments, defaults and recoveries in every row; nothing is bought or sold."""
    rng = np.random.default_rng(1)
    n_rows = N_ASSETS * N_PERIODS
    at = {name: place for place, name in enumerate(AMOUNT_COLUMNS)}
    amounts = np.zeros((len(AMOUNT_COLUMNS), n_rows))
    amounts[0] = rng.uniform(0, 5e6, n_rows)
    for name in ("scheduled_principal", "unscheduled_principal", "default_amount", "interest_payment", "recoveries"):
        amounts[at[name]] = amounts[0] * rng.uniform(0, 0.05, n_rows)
    for name in ("net_loss", "default_balance", "mv_default_balance"):
        amounts[at[name]] = amounts[0] * rng.uniform(0, 0.02, n_rows)
    amounts[1] = amounts[0] - amounts[5] - amounts[6] - amounts[7]
    amounts[12] = amounts[4] + amounts[5] + amounts[6] + amounts[8]
    period = np.tile(np.arange(1, N_PERIODS + 1, dtype=np.int32), N_ASSETS)
    paid = np.datetime64("2016-04-15") + 30 * period.astype("timedelta64[D]")
    return AssetCashFlows(
        ids=tuple(sorted(f"BRS{place * 7919 % 1_000_003:06X}" for place in range(N_ASSETS))),
        asset_index=np.repeat(np.arange(N_ASSETS, dtype=np.int32), N_PERIODS),
        period_number=period,
        payment_date=paid,
        accrual_begin=paid - 30,
        accrual_end=paid,
        amounts=amounts,
    )


def new_run(store: Store, flows: AssetCashFlows) -> StoredRun:
    """A run to hang rows on, its assets entered and its partitions made."""
    store.prepare_partitions()
    with store.begin() as work:
        work.driver.execute(
            "INSERT INTO assets (blkrock_id, issue_name, issuer_name) SELECT unnest(%s::text[]), '', ''"
            " ON CONFLICT DO NOTHING",
            [list(flows.ids)],
        )
        header = RunHeader(
            deal_name="BENCH",
            scenario="base",
            as_of=date(2016, 3, 23),
            mode="standard",
            input_hash="",
            engine_version="",
            requested_by="benchmark",
        )
        return work.runs.start(header)


def bulk_seconds(store: Store, flows: AssetCashFlows, repeats: int) -> tuple[float, float]:
    """Seconds for all rows into the table, each time for a new run, and out again."""
    latest: list[StoredRun] = []

    def store_rows() -> None:
        with store.begin() as work:
            store_asset_flows(work.driver, latest[-1].run_id, latest[-1].started_at, flows)

    def load_rows() -> None:
        with store.read() as work:
            assert len(load_asset_flows(work.driver, latest[-1].run_id, latest[-1].started_at)) == len(flows)

    into = median_seconds(store_rows, repeats, prepare=lambda: latest.append(new_run(store, flows)))
    return into, median_seconds(load_rows, repeats)


def orm_seconds(store: Store, flows: AssetCashFlows) -> tuple[float, float]:
    """The same by objects: a sample, scaled to all rows."""
    registry().map_imperatively(FlowRow, ASSET_CASH_FLOWS)
    latest: list[StoredRun] = []
    names = ("blkrock_id", "period_number", "payment_date", "accrual_start_date", "accrual_end_date", *AMOUNT_COLUMNS)
    whole = cents(flows.amounts[:, :N_SAMPLE])

    def made(row: int) -> FlowRow:
        days = (flows.payment_date[row], flows.accrual_begin[row], flows.accrual_end[row])
        values = (
            flows.ids[flows.asset_index[row]],
            int(flows.period_number[row]),
            *(day.item() for day in days),
            *(whole[:, row] / 100).tolist(),
        )
        flow = FlowRow()
        for name, value in zip(("run_id", "run_at", *names), _key(latest[-1]) + values, strict=True):
            setattr(flow, name, value)
        return flow

    def add() -> None:
        with store.begin() as work:
            work.session.add_all([made(row) for row in range(N_SAMPLE)])
            work.session.flush()

    def read() -> None:
        with store.read() as work:
            query = select(FlowRow).where(ASSET_CASH_FLOWS.c.run_id == latest[-1].run_id)
            found = work.session.scalars(query).all()
            np.array([[getattr(row, name) for name in AMOUNT_COLUMNS] for row in found], dtype=np.float64)

    scale = len(flows) / N_SAMPLE
    into = median_seconds(add, 1, prepare=lambda: latest.append(new_run(store, flows)))
    return into * scale, median_seconds(read, 1) * scale


def _key(run: StoredRun) -> tuple[object, ...]:
    return run.run_id, run.started_at


def run(*, is_quick: bool) -> list[Figure]:
    """All rows into the table, and back into arrays."""
    flows = portfolio()
    with fresh_store() as store:
        into, back = bulk_seconds(store, flows, 2 if is_quick else 7)
        orm_into, orm_back = orm_seconds(store, flows)
    return [
        Figure(
            name=f"{len(flows):,} cash-flow rows into PostgreSQL, with keys",
            amount=into,
            unit=Unit.SECOND,
            alternative=f"ORM add_all ({N_SAMPLE:,} scaled up)",
            alternative_amount=orm_into,
            target=0.6,
        ),
        Figure(
            name="  and back to arrays",
            amount=back,
            unit=Unit.SECOND,
            alternative=f"ORM read ({N_SAMPLE:,} scaled up)",
            alternative_amount=orm_back,
            target=0.3,
        ),
    ]
