"""Blocks of calculations under way: written once, found again, given up, and one process at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from db import migrate
from db.blocks import BlockStore, JobHeader
from db.connection import make_engine, parsed_url
from db.roles import grant_roles
from db.runs import RunHeader
from db.settings import StorageSettings
from db.store import Store
from engine.errors import BackendError

JOB = JobHeader(
    key="k" * 64, kind="simulation", label="MAG 17", n_blocks=4, requested_by="analyst", spec={"simulations": 10_000}
)
_STATISTIC = (
    "INSERT INTO simulation_statistics (run_id, run_at, deal_name, field, period, period_date, n, mean)"
    " VALUES (%s, %s, 'Mag 17', 'CDefBal', 1, '2016-04-15', 10000, 0.1)"
)
SOON = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def blocks(store: Store) -> BlockStore:
    return store.blocks


def test_a_block_comes_back_bit_for_bit(blocks: BlockStore) -> None:
    """Types, shapes, NaN and negative zero survive, and so does an empty array."""
    arrays = {"a": np.array([[np.nan, -0.0, 0.1 + 0.2]]), "b": np.zeros((3, 0), np.uint8), "c": np.arange(3)}
    with blocks.opened(JOB):
        blocks.save(JOB.key, 2, arrays, "process 7")

    [(block, found)] = blocks.load(JOB.key)

    assert block == 2
    assert {name: (array.dtype, array.shape, array.tobytes()) for name, array in found.items()} == {
        name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()
    }


def test_writing_a_block_twice_is_as_good_as_once(blocks: BlockStore) -> None:
    """The first stays: a block depends on its number alone."""
    with blocks.opened(JOB):
        blocks.save(JOB.key, 0, {"x": np.ones(2)})
        blocks.save(JOB.key, 0, {"x": np.zeros(2)})

    assert [arrays["x"].tolist() for _, arrays in blocks.load(JOB.key)] == [[1.0, 1.0]]


def test_a_block_is_there_as_soon_as_it_is_saved(blocks: BlockStore) -> None:
    """No transaction spans two blocks."""
    with blocks.opened(JOB):
        blocks.save(JOB.key, 3, {"x": np.ones(1)})
        blocks.save(JOB.key, 1, {"x": np.ones(1)})

        assert blocks.finished(JOB.key) == {1, 3}


def test_a_damaged_block_is_deleted_and_computed_again(store: Store, blocks: BlockStore) -> None:
    """Bytes that were changed on the way are noticed by their checksum."""
    with blocks.opened(JOB):
        for block in range(2):
            blocks.save(JOB.key, block, {"x": np.ones(9)})
    with store.begin() as work:
        work.driver.execute("UPDATE job_blocks SET arrays = set_byte(arrays, 100, 7) WHERE block_no = 1")

    given = [block for block, _ in blocks.load(JOB.key)]

    assert given == [0]
    assert blocks.finished(JOB.key) == {0}


def test_a_second_process_is_told_who_has_the_job(store: Store, blocks: BlockStore) -> None:
    """The error names the user, the machine and the process; afterwards the job is free."""
    second = replace(JOB, requested_by="colleague")
    said = r"CLO-3050: MAG 17 is being computed by analyst \(.*, process \d+\) since .* UTC, at job kkkkkkkkkkkk"
    with blocks.opened(JOB), pytest.raises(BackendError, match=said), blocks.opened(second):
        pass

    with blocks.opened(second):
        assert blocks.jobs()[0].requested_by == "colleague"


def test_a_job_is_free_after_a_failure(blocks: BlockStore) -> None:
    """The lock goes with whatever ended the work."""
    with pytest.raises(ZeroDivisionError), blocks.opened(JOB):
        raise ZeroDivisionError

    with blocks.opened(JOB):
        assert len(blocks.jobs()) == 1


def test_another_cut_under_the_same_key_is_refused(blocks: BlockStore) -> None:
    """Blocks of another size would be merged in the wrong places."""
    with blocks.opened(JOB):
        blocks.save(JOB.key, 0, {"x": np.ones(1)})

    said = r"CLO-3051: MAG 17 was begun in 4 blocks and is now cut into 8"
    with pytest.raises(BackendError, match=said), blocks.opened(replace(JOB, n_blocks=8)):
        pass


def test_a_discarded_job_leaves_nothing(blocks: BlockStore) -> None:
    """Job and blocks are gone; discarding again does nothing."""
    with blocks.opened(JOB):
        blocks.save(JOB.key, 0, {"x": np.ones(1)})

    assert [blocks.discard(JOB.key), blocks.discard(JOB.key)] == [True, False]
    assert blocks.jobs() == ()
    assert blocks.finished(JOB.key) == frozenset()


def test_a_job_that_somebody_works_on_is_not_discarded(blocks: BlockStore) -> None:
    """Another process may have taken it up since, and will discard it itself."""
    with blocks.opened(JOB):
        assert not blocks.discard(JOB.key)
        assert blocks.prune(SOON) == 0

    assert len(blocks.jobs()) == 1


def test_jobs_tell_what_they_have(blocks: BlockStore) -> None:
    """The list of what is not done: blocks, bytes, and what it is."""
    with blocks.opened(JOB):
        blocks.save(JOB.key, 0, {"x": np.ones(1000)})

    [found] = blocks.jobs()

    assert (found.key, found.n_finished, found.n_blocks, found.spec) == (JOB.key, 1, 4, {"simulations": 10_000})
    assert 8000 < found.n_bytes < 8200


@pytest.mark.parametrize(("job_age", "block_age", "n_pruned"), [(9, 9, 1), (9, 1, 0), (1, 9, 0)])
def test_only_abandoned_jobs_are_pruned(
    store: Store, blocks: BlockStore, job_age: int, block_age: int, n_pruned: int
) -> None:
    """A job goes when neither its start nor its last block is younger than that."""
    with blocks.opened(JOB):
        blocks.save(JOB.key, 0, {"x": np.ones(1)})
    with store.begin() as work:
        work.driver.execute("UPDATE block_jobs SET started_at = now() - %s * interval '1 day'", [job_age])
        work.driver.execute("UPDATE job_blocks SET finished_at = now() - %s * interval '1 day'", [block_age])

    assert blocks.prune(datetime.now(UTC) - timedelta(days=7)) == n_pruned


def test_a_writer_may_keep_and_discard_blocks(store: Store) -> None:
    """The role of programs that run has what blocks need."""
    grant_roles(store._engine)

    with store.read() as work:
        rights = [
            work.session.execute(
                text("SELECT has_table_privilege('clodesk_writer', :table, :right)"), {"table": table, "right": right}
            ).scalar()
            for table in ("block_jobs", "job_blocks")
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
        ]
    assert rights == [True] * 8


def test_blocks_are_stored_as_they_are(store: Store) -> None:
    """The server does not try to compress floating point numbers."""
    with store.read() as work:
        query = "SELECT attstorage FROM pg_attribute WHERE attrelid = 'job_blocks'::regclass AND attname = 'arrays'"
        assert work.driver.execute(query).fetchone() == ("e",)


def test_the_revision_goes_and_comes_back_with_blocks_and_statistics_stored(
    store: Store, database_url: str, storage_settings: StorageSettings, header: RunHeader
) -> None:
    """Taking it back loses its rows and nothing else; forward again there is room for new ones."""
    store.prepare_partitions()
    with store.begin() as work:
        run = work.runs.start(header)
        work.driver.execute(_STATISTIC, [run.run_id, run.started_at])
    with store.blocks.opened(JOB):
        store.blocks.save(JOB.key, 0, {"x": np.ones(1)})
    engine = make_engine(parsed_url(database_url), storage_settings)

    migrate.downgrade(engine, "0010")
    migrate.upgrade(engine)
    engine.dispose()

    with store.begin() as work:
        assert work.runs.get(run.run_id) == run
        work.driver.execute(_STATISTIC, [run.run_id, run.started_at])
    assert store.blocks.jobs() == ()


def test_statistics_go_with_their_run(store: Store, header: RunHeader) -> None:
    """No distribution without the run that found it, in the partition of the run's month."""
    store.prepare_partitions()
    with store.begin() as work:
        run = work.runs.start(header)
        work.driver.execute(_STATISTIC, [run.run_id, run.started_at])
        in_default = work.driver.execute("SELECT count(*) FROM simulation_statistics_default").fetchone()
        work.driver.execute("DELETE FROM runs WHERE run_id = %s", [run.run_id])
        left = work.driver.execute("SELECT count(*) FROM simulation_statistics").fetchone()

    assert (in_default, left) == ((0,), (0,))
