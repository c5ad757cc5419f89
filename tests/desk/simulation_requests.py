"""Simulations of the demo deal for tests of the desk: how they are asked for, run and compared."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from engine.desk.blocks.settings import BlockSettings, WorkerKind
from engine.desk.desk import Desk
from engine.desk.simulations.keeping import record_arrays
from engine.desk.simulations.request import SimulationRequest
from engine.desk.simulations.run import SimulationOutcome
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from engine.snapshot import WorkbookSnapshot
from tests.desk.blocks.running import never, silent
from workbooks.demo import DEAL_NAME
from workbooks.simulation import SimulationRecord

ONE_THREAD = BlockSettings(kind=WorkerKind.THREADS, n_workers=1)
ASKED = SimulationRequest(deals=(DEAL_NAME,), n_simulations=256, seed=7)
WITH_FLOWS = replace(ASKED, has_cash_flows=True, assumptions="workbook")
BLOCK = 512
"""Simulations of a block."""


def simulate(
    desk: Desk,
    request: SimulationRequest = ASKED,
    settings: BlockSettings = ONE_THREAD,
    is_cancelled: Callable[[], bool] = never,
    **changes: Any,
) -> SimulationOutcome:
    """Run a request with some of its fields changed."""
    return desk.simulations.simulate(
        replace(request, **changes), progress=silent, is_cancelled=is_cancelled, settings=settings
    )


def figure(record: SimulationRecord, field: str, statistic: str = "mean") -> np.ndarray:
    """One statistic of a field at every date, (T + 1,)."""
    return record.figures[ROW_OF_FIELD[field], :, STATISTICS.index(statistic)]


def content(record: SimulationRecord) -> dict[str, bytes]:
    """Everything a record holds but its run, to the bit."""
    return {name: array.tobytes() for name, array in record_arrays(replace(record, run_id="")).items()}


def with_deals(book: WorkbookSnapshot, **share_by_name: float) -> WorkbookSnapshot:
    """The workbook with more deals: each holds the first positions of the demo deal at a share of their par."""
    deal = book.deals[0]
    more = tuple(
        replace(
            deal,
            name=name.replace("_", " "),
            positions=tuple(replace(row, par=share * row.par) for row in deal.positions),
        )
        for name, share in share_by_name.items()
    )
    file = replace(book.source_file, sha256="f" * 64)
    return replace(book, deals=(deal, *more), source_file=file)


def with_asset(book: WorkbookSnapshot, place: int = 0, **changes: Any) -> WorkbookSnapshot:
    """The workbook with some facts of one asset changed."""
    rows = list(book.assets)
    rows[place] = replace(rows[place], asset=replace(rows[place].asset, **changes))
    return replace(book, assets=tuple(rows), source_file=replace(book.source_file, sha256="9" * 64))


def without_ratings(book: WorkbookSnapshot, place: int = 0) -> WorkbookSnapshot:
    """The workbook with one asset that no agency rates."""
    names = (item.name for item in fields(book.assets[place].asset) if "rating" in item.name)
    return with_asset(book, place, **dict.fromkeys(names, ""))
