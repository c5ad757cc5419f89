"""Asset cash flows of a large portfolio into PostgreSQL and back, beside the ORM; run with python, no arguments.

1,004 assets over 120 periods are 120,480 rows with every column, key, index and constraint. The ORM does a sample of
them, scaled up. On a fresh embedded server, or on the one that CLODESK_DATABASE_URL names (in a database of its own).
"""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import registry

from db.asset_flows import AMOUNT_COLUMNS, AssetCashFlows, cents, load_asset_flows, store_asset_flows
from db.connection import parsed_url
from db.embedded import start_postgres, stop_postgres
from db.models.results import ASSET_CASH_FLOWS
from db.run_arrays import flow_arrays, flows_from, load_arrays, store_arrays
from db.runs import RunHeader, StoredRun
from db.settings import StorageSettings
from db.store import Store

N_ASSETS, N_PERIODS, N_SAMPLE, N_REPEATS = 1_004, 120, 6_024, 5


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


@contextmanager
def fresh_store() -> Iterator[Store]:
    """A store on a database that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="clodesk-bench-"))
    server = os.environ.get("CLODESK_DATABASE_URL") or start_postgres(folder)
    name = f"clodesk_bench_{secrets.token_hex(4)}"
    administration = create_engine(parsed_url(server), isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = parsed_url(server).set(database=name).render_as_string(hide_password=False)
        store = Store(StorageSettings(), url)
        yield store
        store.close()
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        administration.dispose()
        stop_postgres(folder)
        shutil.rmtree(folder, ignore_errors=True)


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


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def bulk_seconds(store: Store, flows: AssetCashFlows) -> dict[str, float]:
    """Best of several: rows in and out of the table, and the exact arrays in and out beside it."""
    best: dict[str, float] = {}

    def keep(name: str, seconds: float) -> None:
        best[name] = min(seconds, best.get(name, seconds))

    for _ in range(N_REPEATS):
        run = new_run(store, flows)
        key = (run.run_id, run.started_at)

        def store_rows(key: tuple[int, object] = key) -> None:
            with store.begin() as work:
                store_asset_flows(work.driver, *key, flows)  # type: ignore[arg-type]

        def store_exact(key: tuple[int, object] = key) -> None:
            with store.begin() as work:
                store_arrays(work.driver, *key, flow_arrays(flows))  # type: ignore[arg-type]

        def load_rows(key: tuple[int, object] = key) -> None:
            with store.read() as work:
                assert len(load_asset_flows(work.driver, *key)) == len(flows)  # type: ignore[arg-type]

        def load_exact(key: tuple[int, object] = key) -> None:
            with store.read() as work:
                found = flows_from(load_arrays(work.driver, *key, prefix="flows."))  # type: ignore[arg-type]
                assert found is not None
                assert (found.amounts == flows.amounts).all()

        for name, call in (
            ("rows in", store_rows),
            ("rows out", load_rows),
            ("exact arrays in", store_exact),
            ("exact arrays out", load_exact),
        ):
            keep(name, timed(call))
    return best


def orm_seconds(store: Store, flows: AssetCashFlows) -> dict[str, float]:
    """The same by objects: a sample, scaled to all rows."""
    registry().map_imperatively(FlowRow, ASSET_CASH_FLOWS)
    run = new_run(store, flows)
    names = ("blkrock_id", "period_number", "payment_date", "accrual_start_date", "accrual_end_date", *AMOUNT_COLUMNS)

    whole = cents(flows.amounts[:, :N_SAMPLE])

    def add() -> None:
        with store.begin() as work:
            rows = []
            for row in range(N_SAMPLE):
                days = (flows.payment_date[row], flows.accrual_begin[row], flows.accrual_end[row])
                values = (
                    flows.ids[flows.asset_index[row]],
                    int(flows.period_number[row]),
                    *(day.item() for day in days),
                    *(whole[:, row] / 100).tolist(),
                )
                made = FlowRow()
                for name, value in (
                    ("run_id", run.run_id),
                    ("run_at", run.started_at),
                    *zip(names, values, strict=True),
                ):
                    setattr(made, name, value)
                rows.append(made)
            work.session.add_all(rows)
            work.session.flush()

    def read() -> None:
        with store.read() as work:
            query = select(FlowRow).where(ASSET_CASH_FLOWS.c.run_id == run.run_id)
            found = work.session.scalars(query).all()
            np.array([[getattr(row, name) for name in AMOUNT_COLUMNS] for row in found], dtype=np.float64)

    scale = len(flows) / N_SAMPLE
    return {"rows in": timed(add) * scale, "rows out": timed(read) * scale}


def main() -> None:
    flows = portfolio()
    with fresh_store() as store:
        bulk = bulk_seconds(store, flows)
        orm = orm_seconds(store, flows)
    print(f"{len(flows):,} asset cash flows, all columns NUMERIC with keys, indexes and constraints")
    for name, seconds in bulk.items():
        rival = f"   ORM {orm[name]:6.1f} s   {orm[name] / seconds:5.0f} x" if name in orm else ""
        print(f"{name:18} {seconds:6.3f} s{rival}")


if __name__ == "__main__":
    main()
