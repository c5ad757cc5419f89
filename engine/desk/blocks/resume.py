"""A calculation in blocks that goes on where an interruption left it: finished blocks lie in the database meanwhile."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from db.blocks import BlockStore, JobHeader
from engine.desk.blocks.execute import execute_results
from engine.desk.blocks.job import BlockJob, BlockResult, Receive
from engine.desk.blocks.settings import BlockSettings
from engine.desk.records import Progress
from engine.errors import ModelError

ABANDONED_AFTER = timedelta(days=7)
"""Blocks of a calculation that nobody has gone on with for so long are deleted."""


def run_stored(
    store: BlockStore,
    job: BlockJob,
    *,
    kind: str,
    spec: Mapping[str, object],
    requested_by: str,
    receive: Receive,
    progress: Progress,
    is_cancelled: Callable[[], bool],
    settings: BlockSettings,
) -> None:
    """As `execute.execute`, with blocks of an earlier attempt received first and new ones stored as they end.

    Stored blocks come in order, computed ones do not. Call `store.discard(job.key)` once what was made of the blocks is
    stored: until then another attempt finds them. They are discarded here when the deal cannot be run as described, for
    then no attempt can end. BackendError CLO-3050 while another process runs the same job.
    """
    store.prune(datetime.now(UTC) - ABANDONED_AFTER)
    header = JobHeader(
        key=job.key, kind=kind, label=job.label, n_blocks=job.n_blocks, requested_by=requested_by, spec=spec
    )

    def keep(result: BlockResult) -> None:
        store.save(job.key, result.block, result.arrays, result.worker)
        receive(result.block, result.arrays)

    try:
        with store.opened(header):
            finished = set()
            for block, arrays in store.load(job.key):
                receive(block, arrays)
                finished.add(block)
            execute_results(
                job,
                receive=keep,
                finished=finished,
                progress=progress,
                is_cancelled=is_cancelled,
                settings=settings,
            )
    except ModelError:
        store.discard(job.key)
        raise
