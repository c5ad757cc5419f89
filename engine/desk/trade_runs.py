"""Rebalances and optimisations as runs: the tables that were shown, kept so that a cell can read them later."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from db.runs import OPTIMISE, REBALANCE, RunHeader, StoredRun
from db.store import Store, UnitOfWork
from engine.desk.records import OptimiserRequest, RebalanceRequest
from engine.desk.runs import engine_version
from engine.modes import Mode

Rows = Sequence[Sequence[Any]]
KINDS = (REBALANCE, OPTIMISE)


def keep(
    store: Store,
    deal: str,
    as_of: date | None,
    mode: Mode,
    request: RebalanceRequest | OptimiserRequest,
    tables: Mapping[str, Rows],
) -> int:
    """Store tables, each with its column names as first row, as a run of what was asked for; its number.

    Cells are numbers, texts, logical values and None.
    """
    with store.read() as work:
        stored = work.snapshots.deal(deal, as_of)
    kind = REBALANCE if isinstance(request, RebalanceRequest) else OPTIMISE
    engine = engine_version()
    parts = (kind, stored.content_hash, stored.source_sha256, mode.value, repr(request), engine)
    header = RunHeader(
        deal_name=stored.deal.name,
        scenario="",
        as_of=stored.deal.analysis_date,
        mode=mode.value,
        input_hash=hashlib.sha256("\0".join(parts).encode()).hexdigest(),
        engine_version=engine,
        requested_by="",
        kind=kind,
    )
    texts = {name: orjson.dumps(rows) for name, rows in tables.items()}
    return store.save_tables(header, stored.deal.name, texts).run_id


def tables_of(work: UnitOfWork, run: StoredRun) -> dict[str, list[list[Any]]]:
    """The tables of such a run by name, each with its column names as first row."""
    return {name: orjson.loads(text) for name, text in work.runs.tables(run).items()}
