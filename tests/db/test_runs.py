"""Runs: stored whole or not at all, found by their input, exact to the bit."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

import db.runs
from db.asset_flows import AMOUNT_COLUMNS, AssetCashFlows, cents, store_asset_flows
from db.runs import RunHeader, StoredRun
from db.store import Store
from engine.deal.contract import Deal
from engine.deal.results import DealResult, Failure
from engine.errors import InputError, ReferenceDataError
from engine.snapshot import WorkbookSnapshot

Flows = Callable[[tuple[str, ...], int], AssetCashFlows]
IDS = ("BRS2", "BRS1", "BRS3")


@pytest.fixture
def run(
    store: Store, book: WorkbookSnapshot, header: RunHeader, deal: Deal, result: DealResult, flows_of: Flows
) -> StoredRun:
    """A stored run of Mag 17 with the cash flows of its assets."""
    store.save_snapshot(book)
    return store.save_run(header, deal, result, flows_of(IDS, 5))


def _rows(store: Store, query: str) -> list[tuple[object, ...]]:
    with store.read() as work:
        return [tuple(row) for row in work.session.execute(text(query))]


def _assert_same(left: object, right: object) -> None:
    """Two records with the same arrays, bit for bit, NaN included."""
    for item in fields(left):  # type: ignore[arg-type]
        one, other = getattr(left, item.name), getattr(right, item.name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype, item.name
            assert one.shape == other.shape, item.name
            assert one.tobytes() == other.tobytes(), item.name
        elif item.name != "dates":
            assert one == other, item.name


def test_a_result_comes_back_bit_for_bit(store: Store, run: StoredRun, result: DealResult) -> None:
    """Answers from the store equal the computed ones, to the last bit of every array."""
    with store.read() as work:
        found = work.runs.result(run)

    _assert_same(found, result)
    _assert_same(found.dates, result.dates)


def test_asset_flows_come_back_bit_for_bit(store: Store, run: StoredRun, flows_of: Flows) -> None:
    """The arrays of the assets are exact too, in the order they were given."""
    with store.read() as work:
        found = work.runs.flows(run)

    assert found is not None
    _assert_same(found, flows_of(IDS, 5))


def test_asset_flows_in_cents_are_the_rows_of_the_table(store: Store, run: StoredRun, flows_of: Flows) -> None:
    """The table holds every amount within a cent of the exact one, in the order of asset and period."""
    with store.read() as work:
        found = work.runs.flows_in_cents(run)

    given = flows_of(IDS, 5)
    order = np.lexsort((given.period_number, np.array(given.ids)[given.asset_index]))
    assert found.ids == ("BRS1", "BRS2", "BRS3")
    assert (found.payment_date == given.payment_date[order]).all()
    assert np.abs(found.amounts - given.amounts[:, order]).max() <= 0.010001
    assert (np.rint(found.amounts * 100) == cents(given.amounts)[:, order]).all()


def test_rows_of_the_seed_tables_say_what_the_arrays_say(store: Store, run: StoredRun, result: DealResult) -> None:
    """Spot values of every result table, at the scale of the column."""
    balance = _rows(
        store,
        "SELECT c.beginning_balance::text, c.coupon_rate::text FROM liability_cash_flows c JOIN liabilities l"
        " USING (liability_id) WHERE l.tranche_name = 'A' AND period_number = 1",
    )
    counts = {
        table: _rows(store, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
        for table in (
            "liability_cash_flows",
            "liability_risk",
            "oc_triggers",
            "ic_triggers",
            "fee_calculations",
            "collateral_pool_metrics",
            "pool_cash_flows",
            "waterfall_executions",
            "waterfall_steps",
            "asset_cash_flows",
        )
    }
    ratios = _rows(store, "SELECT calculated_ratio::text, oc_threshold::text FROM oc_triggers ORDER BY period_number")
    steps = _rows(store, "SELECT step_text, paid::text FROM waterfall_steps ORDER BY sequence")

    assert balance == [("431157604.92", "0.018600")]
    assert counts == {
        "liability_cash_flows": 6,
        "liability_risk": 2,
        "oc_triggers": 3,
        "ic_triggers": 0,
        "fee_calculations": 3,
        "collateral_pool_metrics": 3,
        "pool_cash_flows": 6,
        "waterfall_executions": 3,
        "waterfall_steps": 2,
        "asset_cash_flows": 15,
    }
    assert ratios == [("1.234568", "1.200000"), (None, "1.200000"), (None, "1.200000")]
    assert steps == [("FEE T", "4.00"), ("INT A", "6.00")]


def test_rows_lie_in_the_partition_of_their_month(store: Store, run: StoredRun) -> None:
    """Result rows go to the month of their run and not to the default partition."""
    month = f"asset_cash_flows_{run.started_at.astimezone(UTC):%Y_%m}"

    assert _rows(store, "SELECT DISTINCT tableoid::regclass::text FROM asset_cash_flows") == [(month,)]


def test_rows_of_a_month_without_a_partition_go_to_the_default(
    store: Store, deal: Deal, header: RunHeader, flows_of: Callable[[tuple[str, ...], int], AssetCashFlows]
) -> None:
    """A run of an earlier time is stored through the table, which knows where its rows belong."""
    started = datetime(2016, 1, 1, tzinfo=UTC)
    with store.begin() as work:
        run = work.runs.start(header, deal.name)
        work.driver.execute(
            "INSERT INTO assets (blkrock_id, issue_name, issuer_name) VALUES ('BRS1', '', '') ON CONFLICT DO NOTHING"
        )
        work.driver.execute("UPDATE runs SET started_at = %s WHERE run_id = %s", [started, run.run_id])
        store_asset_flows(work.driver, run.run_id, started, flows_of(("BRS1",), 3))

    found = _rows(store, "SELECT tableoid::regclass::text, count(*) FROM asset_cash_flows GROUP BY 1")
    assert found == [("asset_cash_flows_default", 3)]


@pytest.mark.parametrize("step", ["store_result", "store_arrays", "store_asset_flows"])
def test_a_run_is_there_whole_or_not_at_all(
    store: Store,
    book: WorkbookSnapshot,
    header: RunHeader,
    deal: Deal,
    result: DealResult,
    flows_of: Flows,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    """Wherever storing breaks, no run and no row of it remains."""
    store.save_snapshot(book)

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(db.runs, step, broken)
    with pytest.raises(RuntimeError, match="power cut"):
        store.save_run(header, deal, result, flows_of(IDS, 5))

    for table in ("runs", "run_arrays", "liability_cash_flows", "asset_cash_flows"):
        assert _rows(store, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_the_last_good_run_of_an_input_is_found(
    store: Store, run: StoredRun, header: RunHeader, deal: Deal, result: DealResult
) -> None:
    """A later failed run does not hide the finished one; another input finds nothing."""
    failure = Failure(number="CLO-1301", period=2, section="INT", step="INT A", reason="no such class")
    failed = store.save_run(header, deal, replace(result, failure=failure))

    with store.read() as work:
        found = work.runs.find(header.input_hash)
        assert work.runs.find("0" * 64) is None
        assert work.runs.result(failed).failure == failure
        listed = work.runs.runs("mag17")
    assert found == run
    assert [item.status for item in listed] == ["failed", "finished"]
    assert listed[0].failure_text == "period 2, INT INT A: no such class"


def test_current_views_show_the_last_finished_run(
    store: Store, run: StoredRun, header: RunHeader, deal: Deal, result: DealResult
) -> None:
    """Under the seed's shape, one result for each deal and date; a failed run does not show."""
    second = store.save_run(header, deal, result)
    failure = Failure(number="CLO-1301", period=1, section="INT", step="x", reason="y")
    store.save_run(header, deal, replace(result, failure=failure))

    assert _rows(store, "SELECT DISTINCT run_id FROM current_liability_cash_flows") == [(second.run_id,)]
    assert _rows(store, "SELECT count(*) FROM current_oc_triggers") == [(3,)]
    assert _rows(store, "SELECT run_id FROM current_liabilities WHERE deal_id = 'MAG17' AND tranche_name = 'A'") == [
        (second.run_id,)
    ]


def test_pruning_keeps_the_current_run(
    store: Store, run: StoredRun, header: RunHeader, deal: Deal, result: DealResult
) -> None:
    """Old runs go with their rows; the last good one of each deal and date stays unless it is told to go."""
    later = store.save_run(header, deal, result)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    with store.begin() as work:
        assert work.runs.prune(before=tomorrow) == 1
    assert _rows(store, "SELECT DISTINCT run_id FROM liability_cash_flows") == [(later.run_id,)]
    assert _rows(store, "SELECT count(*) FROM asset_cash_flows") == [(0,)]
    with store.begin() as work:
        assert work.runs.prune(before=tomorrow, keep_current=False) == 1
    assert _rows(store, "SELECT count(*) FROM run_arrays") == [(0,)]


def test_a_run_without_a_result_says_so(store: Store, header: RunHeader) -> None:
    """Asking for what a run never stored is an error with the run's number and state."""
    with store.begin() as work:
        run = work.runs.start(header)

    with store.read() as work, pytest.raises(ReferenceDataError, match=r"CLO-3021: Run 1 has no .* \(it is running\)"):
        work.runs.result(run)


def test_flows_of_an_unknown_asset_keep_the_run_out(
    store: Store, book: WorkbookSnapshot, header: RunHeader, deal: Deal, result: DealResult, flows_of: Flows
) -> None:
    """Keys are looked up before the bulk copy, and the error names the first that is missing."""
    store.save_snapshot(book)

    with pytest.raises(InputError, match=r"CLO-3011: Asset ZZZ is not in the asset master, nor 1 more"):
        store.save_run(header, deal, result, flows_of(("BRS1", "ZZZ", "ZZZZ"), 2))
    assert _rows(store, "SELECT count(*) FROM runs") == [(0,)]


@pytest.mark.parametrize(("column", "constraint"), [("ending_balance", "balance"), ("total_cash_flow", "total")])
def test_a_row_that_does_not_add_up_keeps_the_run_out(
    store: Store,
    book: WorkbookSnapshot,
    header: RunHeader,
    deal: Deal,
    result: DealResult,
    flows_of: Flows,
    column: str,
    constraint: str,
) -> None:
    """The constraints of balance and total hold for bulk rows as for single ones."""
    store.save_snapshot(book)
    flows = flows_of(IDS, 3)
    flows.amounts[AMOUNT_COLUMNS.index(column), 4] += 0.05

    with pytest.raises(InputError, match=f"CLO-3007: .*ck_asset_cash_flows_{constraint}"):
        store.save_run(header, deal, result, flows)
    assert _rows(store, "SELECT count(*) FROM runs") == [(0,)]


def test_a_period_stored_twice_keeps_the_run_out(
    store: Store, book: WorkbookSnapshot, header: RunHeader, deal: Deal, result: DealResult, flows_of: Flows
) -> None:
    """The seed's unique constraint of asset and period holds within a run."""
    store.save_snapshot(book)
    flows = flows_of(IDS, 3)
    flows.period_number[1] = 1

    with pytest.raises(InputError, match=r"CLO-3007: .*unique constraint"):
        store.save_run(header, deal, result, flows)


def test_two_runs_at_once_are_both_stored(
    store: Store, book: WorkbookSnapshot, header: RunHeader, deal: Deal, result: DealResult, flows_of: Flows
) -> None:
    """Writers do not stand in each other's way."""
    from concurrent.futures import ThreadPoolExecutor

    store.save_snapshot(book)
    flows = flows_of(IDS, 4)
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: store.save_run(header, deal, result, flows), range(4)))

    assert len({run.run_id for run in runs}) == 4
    assert _rows(store, "SELECT count(*) FROM asset_cash_flows") == [(48,)]


def test_a_deal_that_no_workbook_told_of_can_be_stored(
    store: Store, header: RunHeader, deal: Deal, result: DealResult
) -> None:
    """A run enters its deal and liabilities where they are missing."""
    store.save_run(header, deal, result)

    assert _rows(store, "SELECT tranche_name, tranche_id FROM liabilities ORDER BY 1") == [
        ("Class A", None),
        ("Class B", None),
    ]
