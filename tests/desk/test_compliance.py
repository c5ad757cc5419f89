"""Compliance through the desk: the recorded deal, where answers come from, baselines, history, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from db.cache import CacheKind
from db.store import Store
from engine.compliance.catalogue import CATALOGUE
from engine.compliance.results import ComplianceResult, ThresholdSource, Verdict
from engine.desk import compliance as compliance_module
from engine.desk.desk import Desk
from engine.desk.records import ComplianceOutcome
from engine.errors import InputError
from engine.modes import Mode
from engine.snapshot import DealSnapshot, LabelledValue, Place, PositionRow, WorkbookSnapshot
from workbooks.demo import DEAL_NAME
from workbooks.legacy import read_workbook

Record = dict[str, Any]
Edited = Callable[..., WorkbookSnapshot]
COV_LITE, SENIOR_SECURED, COUPON = 29, 1, 34
TABLES = ("runs", "compliance_test_results", "collateral_pool_metrics", "compliance_baselines", "deal_limits")


def by_id(outcome: ComplianceOutcome) -> dict[int, ComplianceResult]:
    return {result.test_id: result for result in outcome.report.results}


def n_rows(store: Store) -> dict[str, int]:
    with store.read() as work:
        counts = {}
        for table in TABLES:
            row = work.driver.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
            assert row is not None
            counts[table] = int(str(row[0]))
        return counts


# The recorded deal


@pytest.fixture
def expected(reference: Path) -> Record:
    found: Record = json.loads((reference / "data" / "mag17" / "compliance_expected.json").read_text())
    return found


@pytest.fixture(scope="module")
def mag_book(reference: Path) -> WorkbookSnapshot:
    """The recorded workbook with MAG 17 alone, for tests that need not import a file."""
    book = read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx").snapshot
    assert book is not None
    mag17 = tuple(deal for deal in book.deals if deal.name == "Mag 17")
    return replace(book, deals=mag17, correlation=None)


@pytest.mark.parametrize("mode", list(Mode))
def test_mag17_gives_the_recorded_results(desk: Desk, reference: Path, expected: Record, mode: Mode) -> None:
    """The workbook imported and tested: every recorded value and verdict, and the numbers behind them.

    Both modes give the recorded digits (spec 03 §14.2); unrounded, standard mode differs in spread and life alone.
    Without a fixed-rate asset the legacy code fails test 34, which the workbook records as passed (03 Q15).
    """
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    found = by_id(desk.compliance("MAG 17", mode=mode))

    assert list(found) == [row["test_id"] for row in expected["configured_tests"]]
    for row in expected["configured_tests"]:
        result = found[row["test_id"]]
        assert result.direction.value == row["direction"]
        assert result.name == row["name"]
        if row["threshold"] is None:
            assert result.threshold_source is ThresholdSource.COMPUTED
        else:
            assert (result.threshold, result.threshold_source) == (row["threshold"], ThresholdSource.SHEET)
    for row in expected["expected_results"]:
        result = found[row["test_id"]]
        assert round(result.value, row["recorded_decimals"]) == row["recorded_value"], row
        if not (mode is Mode.LEGACY and result.test_id == COUPON):
            assert result.is_passed == row["recorded_pass"], row
        if mode is Mode.LEGACY or result.test_id not in (32, 35):
            assert result.value == pytest.approx(row["reproduced"]["value"], rel=1e-9)
            assert result.numerator == pytest.approx(row["reproduced"]["numerator"], rel=1e-9)
        assert result.denominator == pytest.approx(row["reproduced"]["denominator"], rel=1e-9)
        if row["reproduced"]["detail"] is not None:
            assert result.ranked_name == row["reproduced"]["detail"]
    for row in expected["expected_dynamic_thresholds"]:
        assert found[row["test_id"]].threshold == pytest.approx(row["reproduced_threshold"], rel=1e-12)


def test_mag17_in_figures(desk: Desk, store: Store, mag_book: WorkbookSnapshot, expected: Record) -> None:
    """Par, cash, averages and concentrations agree with the inputs and with the tests that measure the same."""
    store.save_snapshot(mag_book)
    outcome = desk.compliance("MAG 17")
    found, pool = by_id(outcome), outcome.metrics

    assert pool.n_assets == expected["inputs"]["number_of_assets"]
    assert pool.total_par == pytest.approx(expected["inputs"]["collateral_par"])
    assert pool.principal_cash == expected["inputs"]["principal_proceeds"]
    assert pool.n_obligors == 170
    for test_id, value in ((32, pool.was), (33, pool.warr), (35, pool.wal_years), (36, pool.warf)):
        assert value == pytest.approx(found[test_id].value, rel=1e-12)
    assert pool.diversity_score == found[37].value
    assert pool.sp_industries[0].share == pytest.approx(found[27].value, rel=1e-12)
    assert pool.sp_industries[0].name == found[27].ranked_name
    assert {item.name: item.share for item in pool.ratings}["below_b"] == pytest.approx(found[7].value, rel=1e-12)
    abroad = [item.share for item in pool.countries if item.name != "USA"]
    assert sum(abroad) == pytest.approx(found[14].value, rel=1e-12)
    assert pool.unpriced_par == 750_000.0
    assert outcome.report.remarks[-1] == "Without market value: 1 held asset (BRSNVHZ59)"


def test_tests_that_the_sheet_does_not_list(
    desk: Desk, store: Store, mag_book: WorkbookSnapshot, expected: Record
) -> None:
    """A document of limits adds tests 12 to 54 to those of the sheet; their values are those of the reference."""
    rows = expected["computed_not_recorded"]
    store.save_snapshot(mag_book)
    tests = [{"test": row["name"], "threshold": 1.0} for row in rows]
    inputs = {"was_factor": 0.00065, "warr_threshold": 0.43}
    desk.set_limits("MAG 17", json.dumps({"tests": tests, "parameters": inputs}), "limits.json")
    found = by_id(desk.compliance("MAG 17"))

    assert len(rows) > 10
    for row in rows:
        # Spread tests differ from the legacy model by its floor benefit (03 Q10), all of them in the same way.
        value = found[32].value if row["test_id"] in (39, 46) else row["value"]
        assert found[row["test_id"]].value == pytest.approx(value, rel=1e-9, abs=1e-15), row
        assert found[row["test_id"]].place == "limits of Mag 17"


def test_every_test_of_the_catalogue_is_in_reach(desk: Desk, store: Store, mag_book: WorkbookSnapshot) -> None:
    """With its inputs and facts stated, MAG 17 is tested by the whole catalogue and every result is stored."""
    from tests.compliance.made_portfolios import PARAMETERS

    store.save_snapshot(mag_book)
    facts = {fact for one in CATALOGUE for fact in one.asset_facts}
    usual = {"purchase_price": 99.0}
    document = {
        "parameters": {name: value for name, value in PARAMETERS.items() if name not in ("junior_oc_denominator",)},
        "tests": [{"test": one.id, "threshold": 1.0} for one in CATALOGUE],
        "asset_facts": {fact: {"*": usual.get(fact, 0.0)} for fact in facts},
    }
    desk.set_limits("MAG 17", json.dumps(document), "limits.json")
    outcome = desk.compliance("MAG 17")

    assert sorted(by_id(outcome)) == [one.id for one in CATALOGUE]
    assert n_rows(store)["compliance_test_results"] == len(CATALOGUE)


# Where answers come from


def test_an_answer_is_computed_then_cached_then_read_from_the_store(demo_desk: Desk, shelf) -> None:
    """Three ways to one run: the same number, the same bits."""
    computed = demo_desk.compliance(DEAL_NAME)
    cached = demo_desk.compliance("demo1")
    shelf.values.clear()
    stored = demo_desk.compliance(DEAL_NAME)

    assert [one.answered_from for one in (computed, cached, stored)] == ["computed", "cache", "store"]
    assert {one.run_id for one in (computed, cached, stored)} == {computed.run_id}
    assert computed.report == cached.report == stored.report
    assert computed.metrics == cached.metrics == stored.metrics


def test_the_cache_keys_are_the_seeds(demo_desk: Desk, shelf) -> None:
    """Pool metrics under `portfolio_metrics:deal:date` for half an hour, test results under `oc_ic_results`."""
    demo_desk.compliance(DEAL_NAME)

    prefixes = {":".join(key.split(":")[:3]) for key in shelf.values}
    assert prefixes == {"portfolio_metrics:DEMO1:2016-03-31", "oc_ic_results:DEMO1:2016-03-31"}
    assert (CacheKind.PORTFOLIO_METRICS.lifetime, CacheKind.OC_IC_RESULTS.lifetime) == (1800, 7200)


def test_a_damaged_cache_costs_time_only(demo_desk: Desk, shelf) -> None:
    """Bytes that are not what was put away are not believed."""
    computed = demo_desk.compliance(DEAL_NAME)
    for key, value in shelf.values.items():
        shelf.values[key] = value[: len(value) // 2]
    answer = demo_desk.compliance(DEAL_NAME)

    assert answer.answered_from == "store"
    assert answer.report == computed.report


def test_whatever_changes_a_result_makes_another_run(
    demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mode, limits of the deal, a changed sheet, other code: nothing answers for anything else."""
    runs = [demo_desk.compliance(DEAL_NAME), demo_desk.compliance(DEAL_NAME, mode=Mode.LEGACY)]
    demo_desk.set_limits(DEAL_NAME, '{"tests": [{"test": 28, "threshold": 0.05}]}', "limits.json")
    runs.append(demo_desk.compliance(DEAL_NAME))
    store.save_snapshot(edited(positions=demo_book.deals[0].positions[1:]))
    runs.append(demo_desk.compliance(DEAL_NAME))
    monkeypatch.setattr(compliance_module, "engine_version", lambda: "another")
    runs.append(demo_desk.compliance(DEAL_NAME))

    assert {run.answered_from for run in runs} == {"computed"}
    assert len({run.run_id for run in runs}) == 5


def test_the_last_run_of_a_day_is_the_one_that_answers(demo_desk: Desk) -> None:
    """Back at an earlier input the deal is tested anew, so that history shows what is in force."""
    demo_desk.compliance(DEAL_NAME)
    demo_desk.set_limits(DEAL_NAME, '{"tests": [{"test": 29, "threshold": 0.1}]}', "limits.json")
    demo_desk.compliance(DEAL_NAME)
    strict = demo_desk.compliance_history(DEAL_NAME, COV_LITE)
    demo_desk.set_limits(DEAL_NAME, None, "")
    again = demo_desk.compliance(DEAL_NAME)
    lenient = demo_desk.compliance_history(DEAL_NAME, "cov_lite_loans")

    assert again.answered_from == "computed"
    assert [(item.threshold, item.is_passed) for item in (*strict, *lenient)] == [(0.1, False), (0.7, True)]


def test_a_trial_stores_nothing(demo_desk: Desk, store: Store) -> None:
    """Without storing there is an answer and no run; it cannot be accepted."""
    outcome = demo_desk.compliance(DEAL_NAME, store=False)

    assert (outcome.run_id, outcome.answered_from) == (None, "computed")
    assert set(n_rows(store).values()) == {0}
    with pytest.raises(InputError, match="CLO-4059"):
        demo_desk.accept_compliance(outcome)


def test_deal_runs_and_compliance_runs_do_not_mix(demo_desk: Desk) -> None:
    """The list of runs shows deal runs, a compliance run has no cash flows, and collections come from a deal run."""
    before = demo_desk.compliance(DEAL_NAME)
    assert before.run_id is not None
    assert demo_desk.runs() == ()
    with pytest.raises(InputError, match="CLO-4058"):
        demo_desk.stored_run(before.run_id)
    run = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    after = demo_desk.compliance(DEAL_NAME)

    assert demo_desk.latest_run(DEAL_NAME).run_id == run.run_id
    assert (before.collections, after.run_id, after.answered_from) == ((), before.run_id, "cache")
    pool = run.result.original_pool[0] + run.result.reinvested_pool[0]
    assert after.collections[0].interest == pytest.approx(pool[5], abs=0.01)
    assert len(after.collections) == len(run.result.dates.payment)


# Baselines and history


def failing(deal: DealSnapshot, value: float) -> tuple[Any, ...]:
    """The tests of the demo deal with a cov-lite limit that it breaks."""
    return tuple(replace(row, overwrite=value) if row.number == COV_LITE else row for row in deal.tests)


def test_a_failing_test_is_maintained_once_its_result_is_accepted(
    demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot
) -> None:
    """Runs never move the baseline; an accepted result is a level to maintain, with its date and its user (03 Q18)."""
    store.save_snapshot(edited(tests=failing(demo_book.deals[0], 0.3)))
    first = demo_desk.compliance(DEAL_NAME)
    second = demo_desk.compliance(DEAL_NAME)
    baselines = demo_desk.accept_compliance(second)
    third = demo_desk.compliance(DEAL_NAME)
    results = [by_id(one)[COV_LITE] for one in (first, second, third)]

    assert [one.verdict for one in results] == [Verdict.FAILED, Verdict.FAILED, Verdict.MAINTAINED]
    assert results[0].threshold_source is ThresholdSource.OVERWRITE
    assert results[2].threshold_source is ThresholdSource.BASELINE
    assert baselines[COV_LITE].value == results[0].value
    assert baselines[COV_LITE].as_of == demo_book.analysis_date
    assert baselines[COV_LITE].accepted_by != ""
    assert results[2].baseline == baselines[COV_LITE]
    assert COUPON not in baselines


def test_an_accepted_result_does_not_excuse_a_worse_one(
    demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot
) -> None:
    """Selling an asset that is not cov-lite raises the share above the accepted one: the test fails again."""
    deal = demo_book.deals[0]
    store.save_snapshot(edited(tests=failing(deal, 0.3)))
    demo_desk.accept_compliance(demo_desk.compliance(DEAL_NAME), [COV_LITE])
    flagged = {row.asset.blkrock_id: row.asset.cov_lite for row in demo_book.assets}
    sold = next(row for row in deal.positions if not flagged[row.blkrock_id])
    others = tuple(row for row in deal.positions if row is not sold)
    book = edited(tests=failing(deal, 0.3), positions=others, analysis_date=date(2016, 4, 15))
    file = replace(book.source_file, sha256="f" * 64)
    store.save_snapshot(replace(book, analysis_date=date(2016, 4, 15), source_file=file))
    worse = by_id(demo_desk.compliance(DEAL_NAME))

    assert worse[COV_LITE].verdict is Verdict.FAILED
    assert worse[COV_LITE].baseline is not None
    assert worse[COV_LITE].value > worse[COV_LITE].baseline.value
    assert worse[SENIOR_SECURED].baseline is None


def test_legacy_mode_moves_its_own_baselines_with_every_run(
    demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot
) -> None:
    """There a repeated run of an unchanged failing pool passes (03 Q18); standard mode does not see it."""
    store.save_snapshot(edited(tests=failing(demo_book.deals[0], 0.3)))
    first = demo_desk.compliance(DEAL_NAME, mode=Mode.LEGACY)
    second = demo_desk.compliance(DEAL_NAME, mode=Mode.LEGACY)
    standard = demo_desk.compliance(DEAL_NAME)

    assert not by_id(first)[COV_LITE].is_passed
    assert by_id(second)[COV_LITE].is_passed
    assert not by_id(standard)[COV_LITE].is_passed
    assert by_id(standard)[COV_LITE].baseline is None


def test_history_over_two_dates(demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot) -> None:
    """Every test on each tested day, oldest first; one mode does not show the other's results."""
    first = demo_desk.compliance(DEAL_NAME)
    later = date(2016, 4, 29)
    accounts = tuple(replace(row, principal=row.principal + 5_000_000.0) for row in demo_book.deals[0].accounts)
    book = edited(accounts=accounts, analysis_date=later)
    store.save_snapshot(replace(book, analysis_date=later))
    second = demo_desk.compliance(DEAL_NAME)
    again = demo_desk.compliance(DEAL_NAME, date(2016, 3, 31))
    past = demo_desk.compliance_history(DEAL_NAME, SENIOR_SECURED)
    everything = demo_desk.compliance_history(DEAL_NAME)

    assert (second.report.as_of, again.report.as_of) == (later, date(2016, 3, 31))
    assert again.answered_from == "cache"
    assert [item.as_of for item in past] == [date(2016, 3, 31), later]
    for item, outcome in zip(past, (first, second), strict=True):
        assert item.value == pytest.approx(by_id(outcome)[SENIOR_SECURED].value, abs=5e-7)
        assert item.run_id == outcome.run_id
    assert [item.test_id for item in everything] == 2 * [result.test_id for result in first.report.results]
    assert demo_desk.compliance_history(DEAL_NAME, mode=Mode.LEGACY) == ()


# What is refused


def _test_row(deal: DealSnapshot, test_id: int, **changes: object) -> tuple[Any, ...]:
    return tuple(replace(row, **changes) if row.number == test_id else row for row in deal.tests)


def _without_input(deal: DealSnapshot, label: str) -> tuple[LabelledValue, ...]:
    return tuple(row for row in deal.quality_inputs if row.label != label)


def _changed_input(deal: DealSnapshot, label: str, value: object) -> tuple[LabelledValue, ...]:
    return tuple(replace(row, value=value) if row.label == label else row for row in deal.quality_inputs)


BAD_INPUT: dict[str, tuple[Callable[[DealSnapshot], dict[str, object]], str, str]] = {
    "unknown test": (lambda d: {"tests": _test_row(d, 29, number=529)}, "CLO-1503", "'Demo 1 Inputs'!L17"),
    "no threshold": (lambda d: {"tests": _test_row(d, 29, threshold=None)}, "CLO-1505", "'Demo 1 Inputs'!O17"),
    "threshold in words": (lambda d: {"tests": _test_row(d, 29, threshold="NA")}, "CLO-1505", "'Demo 1 Inputs'!O17"),
    "no direction": (lambda d: {"tests": _test_row(d, 29, direction="")}, "CLO-4050", "'Demo 1 Inputs'!N17"),
    "test twice": (lambda d: {"tests": (*d.tests, d.tests[0])}, "CLO-1506", ""),
    "input in words": (
        lambda d: {"quality_inputs": _changed_input(d, "Current LIBOR", "n/a")},
        "CLO-4051",
        "'Demo 1 Inputs'!S3",
    ),
    "input missing": (lambda d: {"quality_inputs": _without_input(d, "Current LIBOR")}, "CLO-1502", ""),
    "weight below zero": (
        lambda d: {"weights": (replace(d.weights[0], weight=-0.1), *d.weights[1:])},
        "CLO-1509",
        "'Demo 1 Inputs'!W4",
    ),
    "weight of no test": (
        lambda d: {"weights": (*d.weights, replace(d.weights[0], number=31, place=Place("Demo 1 Inputs", "T9")))},
        "CLO-1510",
        "'Demo 1 Inputs'!W9",
    ),
    "short position": (
        lambda d: {"positions": (replace(d.positions[0], par=-5.0), *d.positions[1:])},
        "CLO-4052",
        "'Demo 1 Inputs'!E4",
    ),
    "no account": (lambda d: {"accounts": d.accounts[:1]}, "CLO-4053", "'Demo 1 Inputs'!F4"),
    "class without balance": (
        lambda d: {"tranches": (replace(d.tranches[0], current_balance=None), *d.tranches[1:])},
        "CLO-4057",
        "'Demo 1 Inputs'!AK4",
    ),
}


@pytest.mark.parametrize("name", list(BAD_INPUT))
def test_bad_input_is_named_by_its_cell_and_stores_nothing(
    name: str, demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot
) -> None:
    """Each mistake has its number and its cell; no run, no result, no baseline is left behind."""
    change, number, where = BAD_INPUT[name]
    store.save_snapshot(edited(**change(demo_book.deals[0])))
    with pytest.raises(InputError) as caught:
        demo_desk.compliance(DEAL_NAME)

    assert caught.value.number == number
    assert where in caught.value.where
    assert set(n_rows(store).values()) == {0}


def test_every_unknown_position_is_listed(
    demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot
) -> None:
    """Standard mode names all of them with their cells; legacy mode leaves them out and says so."""
    strangers = tuple(
        PositionRow(blkrock_id=f"NOBODY{n}", par=1e6, place=Place("Demo 1 Inputs", f"D{90 + n}")) for n in range(8)
    )
    store.save_snapshot(edited(positions=(*demo_book.deals[0].positions, *strangers)))
    with pytest.raises(InputError) as caught:
        demo_desk.compliance(DEAL_NAME)
    legacy = demo_desk.compliance(DEAL_NAME, mode=Mode.LEGACY)

    assert caught.value.number == "CLO-4011"
    assert all(f"NOBODY{n} (D{90 + n})" in caught.value.problem for n in range(8))
    assert [text for text in legacy.report.remarks if "NOBODY3" in text] == [
        "Position NOBODY3 is not in the asset list and is left out"
    ]


def test_legacy_mode_takes_anything_but_max_for_a_minimum(
    demo_desk: Desk, store: Store, edited: Edited, demo_book: WorkbookSnapshot
) -> None:
    """03 Q19: an empty direction is a minimum there, an error in standard mode."""
    store.save_snapshot(edited(tests=_test_row(demo_book.deals[0], COV_LITE, direction="")))
    legacy = by_id(demo_desk.compliance(DEAL_NAME, mode=Mode.LEGACY))

    assert legacy[COV_LITE].direction.value == "min"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("[]", "CLO-4054"),
        ('{"test": []}', "CLO-4054"),
        ('{"tests": [{"test": 29, "threshold": NaN}]}', "CLO-4054"),
        ('{"tests": [{"test": "cov_lite_loan", "threshold": 0.5}]}', "CLO-1503"),
        ('{"tests": [{"test": 28}]}', "CLO-1505"),
        ('{"tests": [{"test": 28, "threshold": 1}, {"test": 28, "threshold": 2}]}', "CLO-1506"),
        ('{"tests": [{"test": 28, "threshold": [{"since": "2099-01-01", "level": 0.1}]}]}', "CLO-1504"),
        ('{"parameters": {"curent_libor": 0.01}}', "CLO-4055"),
        ('{"asset_facts": {"purchase_prise": {"*": 99}}}', "CLO-4055"),
        ('{"tests": [{"test": 82, "threshold": 0.1}]}', "CLO-1502"),
        ('{"weights": {"28": 0.5}}', "CLO-1510"),
    ],
)
def test_wrong_limits_are_refused_before_they_are_stored(demo_desk: Desk, store: Store, text: str, number: str) -> None:
    """A typo, an unknown test, a missing level or input: the mistake is named and the deal keeps its limits."""
    with pytest.raises(InputError) as caught:
        demo_desk.set_limits(DEAL_NAME, text, "limits.json")

    assert caught.value.number == number
    assert n_rows(store)["deal_limits"] == 0


def test_limits_change_with_time(demo_desk: Desk, store: Store, edited: Edited) -> None:
    """Of dated levels the last one begun holds; levels, weights and inputs of the document go before the sheet's."""
    steps = [{"since": "2016-04-01", "level": 0.2}, {"since": "2014-01-01", "level": 0.75}]
    document = {
        "tests": [{"test": "cov_lite_loans", "threshold": steps}],
        "weights": {"weighted_average_spread": 1.0},
        "parameters": {"weighted_average_spread": 0.05},
    }
    demo_desk.set_limits(DEAL_NAME, json.dumps(document), "limits.json")
    before = demo_desk.compliance(DEAL_NAME)
    later = date(2016, 4, 1)
    store.save_snapshot(replace(edited(analysis_date=later), analysis_date=later))
    after = demo_desk.compliance(DEAL_NAME)

    assert [by_id(one)[COV_LITE].threshold for one in (before, after)] == [0.75, 0.2]
    assert [result.test_id for result in before.report.results].index(COV_LITE) == 13
    assert before.report.weights == ((32, 1.0),)
    assert "weighted_average_spread 0.05" in {source.item for source in before.report.inputs}
