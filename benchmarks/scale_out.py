"""Blocks on 1, 2 and 4 workers beside one, and finished blocks into PostgreSQL beside a file.

The job is that of ten thousand paths through a deal of the MAG 17's size; two of four workers find no core of their own
on a machine with two.
"""

import io
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.databases import fresh_store
from benchmarks.figures import Figure, Unit, median_seconds
from benchmarks.simulation import N_SIMULATIONS, deal_job
from db.blocks import JobHeader
from db.store import Store
from engine.desk.blocks.execute import execute
from engine.desk.blocks.job import Array, BlockJob
from engine.desk.blocks.settings import BlockSettings, WorkerKind
from engine.rating_migration.draws import CHUNK

_ALLOWED = (WorkerKind.THREADS, WorkerKind.PROCESSES)
_COUNTS = (1, 2, 4)


def worker_seconds(job: BlockJob, repeats: int) -> dict[tuple[WorkerKind, int], float]:
    """Seconds for all blocks of a job, by kind and number of workers; processes with their start."""
    return {
        (kind, n_workers): median_seconds(_run(job, BlockSettings(kind=kind, n_workers=n_workers)), repeats)
        for kind in _ALLOWED
        for n_workers in _COUNTS
    }


def _run(job: BlockJob, settings: BlockSettings) -> Any:
    def call() -> None:
        received: set[int] = set()
        execute(
            job,
            receive=lambda block, arrays: received.add(block),
            progress=lambda text, done: None,
            is_cancelled=lambda: False,
            settings=settings,
        )
        assert len(received) == job.n_blocks

    return call


def start_seconds(repeats: int) -> float:
    """Seconds to start a process, send it the job and get one block of a single chunk."""
    _, job = deal_job(CHUNK)
    return median_seconds(_run(job, BlockSettings(kind=WorkerKind.PROCESSES, n_workers=1)), repeats)


def storage_seconds(store: Store, arrays: Mapping[str, Array], n_blocks: int) -> tuple[float, float, float]:
    """Seconds a block into the database, out of it again, and into a file that is forced to disk."""
    header = JobHeader(key="bench", kind="benchmark", label="", n_blocks=n_blocks, requested_by="", spec={})
    with store.blocks.opened(header):
        started = time.perf_counter()
        for block in range(n_blocks):
            store.blocks.save(header.key, block, arrays)
        into = time.perf_counter() - started
        started = time.perf_counter()
        assert sum(1 for _ in store.blocks.load(header.key)) == n_blocks
        back = time.perf_counter() - started
    store.blocks.discard(header.key)
    return into / n_blocks, back / n_blocks, _file_seconds(arrays, n_blocks)


def _file_seconds(arrays: Mapping[str, Array], n_blocks: int) -> float:
    with tempfile.TemporaryDirectory(dir=os.environ.get("CLODESK_DATA_DIR")) as folder:
        started = time.perf_counter()
        for block in range(n_blocks):
            with (Path(folder) / str(block)).open("wb") as file:
                packed = io.BytesIO()
                np.savez(packed, allow_pickle=False, **arrays)
                file.write(packed.getbuffer())
                file.flush()
                os.fsync(file.fileno())
        return (time.perf_counter() - started) / n_blocks


def run(*, is_quick: bool) -> list[Figure]:
    """Workers beside one thread, the start of a process, and blocks into storage and back."""
    repeats = 1 if is_quick else 3
    label, job = deal_job(N_SIMULATIONS)
    seconds = worker_seconds(job, repeats)
    alone = seconds[WorkerKind.THREADS, 1]
    with fresh_store() as store:
        arrays = job.run(0)
        into, back, file = storage_seconds(store, arrays, 4 if is_quick else 16)
    size = sum(array.nbytes for array in arrays.values()) / 1e6
    return [
        *(
            Figure(
                name=f"{N_SIMULATIONS:,} paths through {label} on {kind.value}:{n_workers}",
                amount=found,
                unit=Unit.SECOND,
                alternative="the same on threads:1",
                alternative_amount=alone,
            )
            for (kind, n_workers), found in seconds.items()
        ),
        Figure(
            name="  start of a process, job and one block",
            amount=start_seconds(repeats),
            unit=Unit.SECOND,
            alternative="all blocks on threads:1",
            alternative_amount=alone,
        ),
        Figure(
            name=f"block of {size:.0f} MB into PostgreSQL ({size / into:,.0f} MB/s)",
            amount=into,
            unit=Unit.SECOND,
            alternative="a file of numpy, synced",
            alternative_amount=file,
        ),
        Figure(
            name=f"  and back ({size / back:,.0f} MB/s)",
            amount=back,
            unit=Unit.SECOND,
            alternative="a file of numpy, synced",
            alternative_amount=file,
        ),
    ]
