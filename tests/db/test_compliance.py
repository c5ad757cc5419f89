"""Compliance in the database: the catalogue as a table, results at the seed's scales, views, baselines, limits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

import db.compliance
from db.compliance import COMPLIANCE
from db.compliance_rows import MOST_LISTED, keep_catalogue
from db.connection import make_engine, parsed_url
from db.roles import grant_roles
from db.runs import RunHeader, StoredRun
from db.settings import StorageSettings
from db.store import Store
from engine.compliance.catalogue import BY_ID, CATALOGUE
from engine.compliance.definition import Unit
from engine.compliance.metrics import RATING_BUCKETS, UNRATED, Concentration, PoolMetrics
from engine.compliance.results import Baseline, ComplianceResult, Driver, ThresholdSource
from engine.compliance.terms import Direction
from engine.deal.contract import Deal
from engine.deal.results import DealResult
from engine.errors import InputError

AS_OF = date(2016, 3, 23)
LATER = date(2016, 4, 29)
TEXTS = {"report": b'{"value": 0.1}', "metrics": b"{}"}


def result(test_id: int, value: float = 0.0179600005, **changes: Any) -> ComplianceResult:
    definition = BY_ID[test_id]
    made = ComplianceResult(
        test_id=test_id,
        name=definition.name,
        label=definition.label,
        category=definition.category,
        unit=definition.unit,
        direction=definition.direction,
        standing=definition.standing,
        value=value,
        numerator=8_980_000.1234565,
        denominator=500_000_000.0,
        threshold=0.025,
        threshold_source=ThresholdSource.SHEET,
        cushion=3_520_000.005,
        is_applicable=True,
        is_passed=True,
        is_maintained=False,
        ranked_name="FDC",
        drivers=(Driver("BRS1", 6_980_000.0), Driver("BRS2", 2_000_000.125)),
    )
    return replace(made, **changes)


def groups(count: int) -> tuple[Concentration, ...]:
    return tuple(Concentration(name=f"G{n}", par=100.0 - n, share=(100.0 - n) / 1e4) for n in range(count))


@pytest.fixture
def metrics() -> PoolMetrics:
    names = (*RATING_BUCKETS, UNRATED)
    return PoolMetrics(
        as_of=AS_OF,
        n_assets=195,
        n_obligors=170,
        total_par=431_157_604.91528994,
        defaulted_par=0.0,
        principal_cash=68_842_395.08471006,
        collateral_principal_amount=500_000_000.0,
        market_value=415_527_105.665,
        unpriced_par=750_000.0,
        wal_years=5.054437594943954,
        wac=0.0456258955,
        was=0.040237735,
        warf=2575.6984351112205,
        warr=None,
        diversity_score=59.4399,
        ratings=tuple(Concentration(name=name, par=1.0, share=n / 100) for n, name in enumerate(names)),
        moodys_ratings=(),
        sp_ratings=(),
        moodys_industries=groups(12),
        sp_industries=groups(3),
        countries=groups(14),
        obligors=(Concentration(name="FDC", par=8.98e6, share=0.01796, label="First Data"),),
    )


def header(as_of: date = AS_OF, mode: str = "standard") -> RunHeader:
    return RunHeader(
        deal_name="Mag 17",
        scenario="",
        as_of=as_of,
        mode=mode,
        input_hash="c" * 64,
        engine_version="0.1.0",
        requested_by="analyst",
        kind=COMPLIANCE,
    )


def save(
    store: Store, metrics: PoolMetrics, *results: ComplianceResult, as_of: date = AS_OF, mode: str = "standard"
) -> StoredRun:
    return store.save_compliance(header(as_of, mode), "Mag 17", results or (result(4),), metrics, TEXTS)


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.read() as work:
        return [tuple(row) for row in work.session.execute(text(query))]


# The catalogue


def test_the_table_of_tests_is_the_catalogue(store: Store) -> None:
    """A fresh schema has every test under its own id, with what the catalogue says of it."""
    found = rows(
        store,
        "SELECT test_id, test_name, test_category, test_formula, threshold_type, test_description, regulatory_source,"
        " unit, standing, parameters, asset_facts, active, threshold_value FROM compliance_tests ORDER BY test_id",
    )

    assert found == [
        (
            one.id,
            one.name,
            one.category.value,
            one.formula,
            one.direction.value,
            one.label,
            one.source,
            one.unit.value,
            one.standing.value,
            list(one.parameters),
            list(one.asset_facts),
            True,
            None,
        )
        for one in sorted(CATALOGUE, key=lambda one: one.id)
    ]


def test_the_catalogue_is_kept_up_to_date(store: Store) -> None:
    """A changed test changes its row, one that is gone becomes inactive, and the same catalogue changes nothing."""
    first, *others = CATALOGUE
    with store.begin() as work:
        keep_catalogue(work.driver, (replace(first, label="Renamed"), *others[1:]))
    changed = rows(store, "SELECT test_id, test_description, active FROM compliance_tests WHERE test_id IN (1, 2)")
    with store.begin() as work:
        keep_catalogue(work.driver)
        before = work.driver.execute("SELECT xmin::text FROM compliance_tests ORDER BY test_id").fetchall()
    with store.begin() as work:
        keep_catalogue(work.driver)
        after = work.driver.execute("SELECT xmin::text FROM compliance_tests ORDER BY test_id").fetchall()

    assert sorted(changed) == [(1, "Renamed", True), (2, others[0].label, False)]
    assert before == after


# Results


def test_results_stand_at_the_scales_of_the_seed(store: Store, metrics: PoolMetrics) -> None:
    """Six decimals, half to even; a cushion in cents, empty where no par could break the test; drivers as JSON."""
    boundless = result(33, value=1e9 + 0.0000005, cushion=None, ranked_name="", drivers=(), is_maintained=True)
    save(store, metrics, result(4), boundless)
    found = rows(
        store,
        "SELECT test_id, calculated_value, threshold_value, pass_fail, numerator, denominator, direction, unit,"
        " threshold_source, cushion, is_applicable, is_maintained, ranked_name, test_comments, drivers"
        " FROM compliance_test_results ORDER BY result_id",
    )

    assert found[0] == (
        4,
        Decimal("0.017960"),
        Decimal("0.025000"),
        True,
        Decimal("8980000.123456"),
        Decimal("500000000.000000"),
        "max",
        "share",
        "sheet",
        Decimal("3520000.00"),
        True,
        False,
        "FDC",
        "FDC",
        [{"blkrock_id": "BRS1", "amount": 6980000.0}, {"blkrock_id": "BRS2", "amount": 2000000.125}],
    )
    assert found[1][1] == Decimal("1000000000.000000")
    assert (found[1][9], found[1][11], found[1][12], found[1][14]) == (None, True, None, [])


def test_a_test_has_one_result_in_a_run(store: Store, metrics: PoolMetrics) -> None:
    """The seed's unique constraint holds within a run, and what breaks it leaves no run behind."""
    with pytest.raises(InputError, match="CLO-3007"):
        save(store, metrics, result(4), result(4))

    assert rows(store, "SELECT count(*) FROM runs") == [(0,)]
    assert rows(store, "SELECT count(*) FROM collateral_pool_metrics") == [(0,)]


def test_a_run_that_fails_half_way_leaves_nothing(
    store: Store, metrics: PoolMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results, metrics and texts are one transaction."""

    def fail(*_: object) -> None:
        raise psycopg.errors.DiskFull("no space left")

    monkeypatch.setattr(db.compliance, "store_arrays", fail)
    with pytest.raises(Exception, match="CLO-30"):
        save(store, metrics)

    for table in ("runs", "compliance_test_results", "collateral_pool_metrics", "run_arrays"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_texts_come_back_as_they_were(store: Store, metrics: PoolMetrics) -> None:
    """The exact form of a run is kept beside its rows."""
    run = save(store, metrics)

    with store.read() as work:
        assert work.compliance.texts(run) == TEXTS


def test_the_current_view_shows_one_result_a_test_and_day(store: Store, metrics: PoolMetrics) -> None:
    """Of several runs of a day the last standard one, else the last legacy one; deal runs do not show."""
    save(store, metrics, result(4, value=0.01))
    save(store, metrics, result(4, value=0.02))
    save(store, metrics, result(4, value=0.03), mode="legacy")
    save(store, replace(metrics, as_of=LATER), result(4, value=0.04), as_of=LATER, mode="legacy")
    found = rows(
        store,
        "SELECT test_date, calculated_value::float8, mode FROM current_compliance_test_results ORDER BY test_date",
    )

    assert found == [(AS_OF, 0.02, "standard"), (LATER, 0.04, "legacy")]


def test_history_is_of_one_mode_and_in_order(store: Store, metrics: PoolMetrics) -> None:
    """Days oldest first, tests in the order of their run, names and units with them."""
    save(store, replace(metrics, as_of=LATER), result(7), result(4, value=0.5, is_passed=False), as_of=LATER)
    save(store, metrics, result(7), result(4))
    save(store, metrics, result(7, value=0.9), mode="legacy")
    with store.read() as work:
        everything = work.compliance.history("MAG17", "standard")
        one = work.compliance.history("MAG17", "standard", 4)

    assert [(item.as_of, item.test_id) for item in everything] == [(AS_OF, 7), (AS_OF, 4), (LATER, 7), (LATER, 4)]
    assert [(item.value, item.is_passed) for item in one] == [(0.01796, True), (0.5, False)]
    assert (one[0].name, one[0].unit, one[0].direction) == ("obligor_1st_largest", Unit.SHARE, Direction.MAX)


def test_the_pool_stands_beside_the_periods_of_the_deal_run(
    store: Store, metrics: PoolMetrics, deal: Deal, result: DealResult
) -> None:
    """The row of a compliance run is period 0; the view shows it with the collections of the deal's last run."""
    save(store, metrics)
    run_header = replace(header(), kind="deal", scenario="BASE", input_hash="d" * 64)
    store.save_run(run_header, deal, result)
    found = rows(
        store,
        "SELECT period_number, total_par_amount, weighted_average_life, weighted_average_coupon, aaa_percentage,"
        " below_b_percentage, unrated_percentage, diversity_score, weighted_average_recovery"
        " FROM current_collateral_pool_metrics ORDER BY period_number",
    )
    lists = rows(
        store,
        "SELECT industry_concentrations, geographic_concentrations, obligor_concentrations"
        " FROM current_collateral_pool_metrics WHERE period_number = 0",
    )[0]
    with store.read() as work:
        collections = work.compliance.collections("MAG17", AS_OF)

    assert [row[0] for row in found] == [0, 1, 2, 3]
    assert found[0][1:] == (
        Decimal("431157604.92"),
        Decimal("5.0544"),
        Decimal("0.045626"),
        Decimal("0.000000"),
        Decimal("0.060000"),
        Decimal("0.070000"),
        Decimal("59.439900"),
        None,
    )
    assert [len(lists[0]["moodys"]), len(lists[0]["sp"]), len(lists[1])] == [MOST_LISTED, 3, 14]
    assert lists[2] == [{"name": "FDC", "par": 8980000.0, "share": 0.01796, "label": "First Data"}]
    assert [item.period for item in collections] == [1, 2, 3]
    assert collections[0].interest == pytest.approx(result.original_pool[0, 5], abs=0.01)


def test_pruning_keeps_what_is_current(store: Store, metrics: PoolMetrics) -> None:
    """The last compliance run of each day stays, earlier ones go with their results."""
    save(store, metrics, result(4, value=0.01))
    last = save(store, metrics, result(4, value=0.02))
    with store.begin() as work:
        deleted = work.runs.prune(before=datetime.now(UTC) + timedelta(days=1))

    assert deleted == 1
    assert rows(store, "SELECT run_id FROM compliance_test_results") == [(last.run_id,)]


# Baselines and limits


def accept(store: Store, run: StoredRun, values: dict[int, float], user: str = "pm") -> dict[int, Baseline]:
    with store.begin(user) as work:
        return work.compliance.accept(run, values)


def test_the_last_accepted_value_of_the_latest_day_counts(store: Store, metrics: PoolMetrics) -> None:
    """Exact to the bit, with day and user; a day before the acceptance does not see it, nor does the other mode."""
    first, second = save(store, metrics), save(store, replace(metrics, as_of=LATER), as_of=LATER)
    accept(store, first, {4: 0.1 + 0.2, 7: 0.5})
    accept(store, second, {4: 0.02}, user="risk")
    accept(store, first, {4: 1 / 3})
    with store.read() as work:
        early = work.compliance.baselines("MAG17", "standard", AS_OF)
        late = work.compliance.baselines("MAG17", "standard", LATER)
        before = work.compliance.baselines("MAG17", "standard", date(2016, 3, 22))
        legacy = work.compliance.baselines("MAG17", "legacy", LATER)

    assert early == {
        4: Baseline(value=1 / 3, as_of=AS_OF, accepted_by="pm"),
        7: Baseline(value=0.5, as_of=AS_OF, accepted_by="pm"),
    }
    assert late[4] == Baseline(value=0.02, as_of=LATER, accepted_by="risk")
    assert late[7] == early[7]
    assert (before, legacy) == ({}, {})


def test_baselines_outlive_the_runs_they_came_from(store: Store, metrics: PoolMetrics) -> None:
    """Pruning a run does not take back what was accepted."""
    run = save(store, metrics)
    accept(store, run, {4: 0.25})
    with store.begin() as work:
        work.runs.prune(before=datetime.now(UTC) + timedelta(days=1), keep_current=False)

    assert rows(store, "SELECT value, run_id FROM compliance_baselines") == [(0.25, None)]


def test_limits_are_kept_replaced_and_forgotten_with_a_trace(store: Store, metrics: PoolMetrics) -> None:
    """One document a deal; the history tells every change and who made it."""
    save(store, metrics)
    found: list[dict[str, Any] | None] = []
    steps: Sequence[dict[str, Any] | None] = ({"tests": []}, {"tests": [{"test": 4}]}, None)
    for content in steps:
        with store.begin("pm") as work:
            work.compliance.save_limits("MAG17", content)
        with store.read() as work:
            found.append(work.compliance.limits("MAG17"))
    trace = rows(store, "SELECT operation, changed_by FROM asset_history WHERE table_name = 'deal_limits'")

    assert found == list(steps)
    assert sorted(trace) == [("DELETE", "pm"), ("INSERT", "pm"), ("UPDATE", "pm")]


def test_a_writer_may_test_accept_and_set_limits(
    store: Store, metrics: PoolMetrics, database_url: str, storage_settings: StorageSettings
) -> None:
    """The role for daily work can do all of it; what was accepted it cannot change."""
    engine = make_engine(parsed_url(database_url), storage_settings)
    grant_roles(engine)
    engine.dispose()
    with store.begin() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_writer")
        run = work.runs.start(header(), "Mag 17")
        work.compliance.store(run, [result(4)], metrics, TEXTS)
        work.compliance.accept(run, {4: 0.5})
        work.compliance.save_limits("MAG17", {"tests": []})
        work.runs.finish(run)
    with store.read() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_writer")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            work.driver.execute("UPDATE compliance_baselines SET value = 0")

    with store.read() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_reader")
        assert len(work.compliance.history("MAG17", "standard")) == 1
