"""Running through the desk: what a run rests on, where its answer comes from, and what it refuses."""

import logging
import socket
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from db.cache import Cache, RedisCache
from db.store import Store
from engine.collateral.assumptions import AssumptionRow
from engine.conventions.calendar import Calendar
from engine.deal.assumptions import BASE, AssumptionSet
from engine.deal.results import DealResult
from engine.deal.run import DealMarket, run_deal
from engine.desk import runs as runs_module
from engine.desk.assembly import Universe, assemble
from engine.desk.assumption_sets import from_workbook, to_json
from engine.desk.desk import Desk, open_desk
from engine.errors import BackendError, ClodeskError, InputError
from engine.market.curve import IndexCurve
from engine.modes import Mode
from engine.numerics import source_hash
from engine.snapshot import Place, PositionRow, WorkbookSnapshot
from engine.waterfall.parser import parse_program
from tests.desk.conftest import Shelf
from tests.desk.made_books import as_mag16_in_default
from workbooks.demo import DEAL_NAME, demo_waterfall
from workbooks.legacy import read_workbook

Edited = Callable[..., WorkbookSnapshot]
CURVE = ((1, 0.005), (60, 0.02), (360, 0.025))


def assert_same(left: DealResult, right: DealResult) -> None:
    """Every figure of two results is the same, bit for bit."""
    for item in fields(DealResult):
        a, b = getattr(left, item.name), getattr(right, item.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), item.name
        elif item.name == "dates":
            assert all((getattr(a, f.name) == getattr(b, f.name)).all() for f in fields(a))
        else:
            assert a == b, item.name


def refused(desk: Desk, *arguments: object, **options: object) -> ClodeskError:
    with pytest.raises(ClodeskError) as caught:
        desk.run_deal(*arguments, **options)  # type: ignore[arg-type]
    return caught.value


def test_an_answer_is_computed_then_cached_then_read_from_the_store(demo_desk: Desk, shelf) -> None:
    """Three ways to one run: the same number, the same bits."""
    computed = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    cached = demo_desk.run_deal("demo1", assumptions="workbook")
    shelf.values.clear()
    stored = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")

    assert [run.answered_from for run in (computed, cached, stored)] == ["computed", "cache", "store"]
    assert {run.run_id for run in (computed, cached, stored)} == {computed.run_id}
    assert_same(computed.result, cached.result)
    assert_same(computed.result, stored.result)
    assert computed.summary == cached.summary == stored.summary


def test_a_damaged_cache_costs_time_only(demo_desk: Desk, shelf) -> None:
    """Bytes that are not what was put away are not believed."""
    computed = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    for key, value in shelf.values.items():
        shelf.values[key] = value[: len(value) // 2]
    answer = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")

    assert answer.answered_from == "store"
    assert_same(computed.result, answer.result)


def test_the_database_changes_no_bit(desk: Desk, demo_file: Path) -> None:
    """A deal that went through PostgreSQL runs like the records of its file."""
    desk.import_workbook(demo_file)
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), date(2016, 1, 1))
    book = read_workbook(demo_file).snapshot
    assert book is not None
    chosen = from_workbook(book.curve, book.cf_assumptions, book.vectors)
    universe = Universe.of((row.asset for row in book.assets), book.sink_schedule)
    program = replace(parse_program(demo_waterfall()), name="Demo 1 v1")
    made = assemble(book.deals[0], universe, chosen, BASE, program=program.name)
    market = DealMarket(Calendar.of(book.holidays), IndexCurve.of(book.analysis_date, book.curve))
    straight = run_deal(made.deal, market, book.analysis_date, program=program)

    assert_same(straight, desk.run_deal(DEAL_NAME, assumptions="workbook").result)


def test_runs_of_other_modes_scenarios_and_sets_are_other_runs(demo_desk: Desk) -> None:
    """Nothing that changes a number may answer for anything else."""
    demo_desk.documents.store_assumption_set(
        to_json(AssumptionSet(name="calls late", curve=CURVE, call_threshold=-1.0, **_credit())), "set"
    )
    outcomes = [
        demo_desk.run_deal(DEAL_NAME, assumptions="workbook"),
        demo_desk.run_deal(DEAL_NAME, "STRESS", assumptions="workbook"),
        demo_desk.run_deal(DEAL_NAME, assumptions="illustrative"),
        demo_desk.run_deal(DEAL_NAME, assumptions="calls late"),
        demo_desk.run_deal(DEAL_NAME, assumptions="workbook", mode=Mode.LEGACY),
    ]

    assert {outcome.answered_from for outcome in outcomes} == {"computed"}
    assert len({outcome.run_id for outcome in outcomes}) == 5


def test_other_engine_sources_make_another_run(demo_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The input hash covers the engine's own code."""
    first = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    assert source_hash() in first.summary.engine_version
    monkeypatch.setattr(runs_module, "engine_version", lambda: "another")
    second = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")

    assert second.answered_from == "computed"
    assert second.summary.input_hash != first.summary.input_hash
    assert second.run_id != first.run_id


def test_the_hash_of_the_sources_changes_with_any_source(tmp_path: Path) -> None:
    """A module or a waterfall program that changes is another engine."""
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "a.waterfall").write_text("INT:\n")
    first = source_hash(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    second = source_hash(tmp_path)
    (tmp_path / "a.waterfall").write_text("PRIN:\n")

    assert len({first, second, source_hash(tmp_path)}) == 3


def test_a_deal_uses_its_own_waterfall_and_every_edit_is_a_version(demo_desk: Desk) -> None:
    """A changed program makes a new version, a new run and another split of the cash; the same text makes none."""
    first = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    without_diversion = demo_waterfall().replace("  ?REINV DIVERT ID 0.5\n", "")
    version = demo_desk.documents.set_waterfall(DEAL_NAME, without_diversion, date(2016, 3, 31))
    again = demo_desk.documents.set_waterfall(DEAL_NAME, without_diversion, date(2016, 3, 31))
    second = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")

    assert (version, again) == (2, 2)
    assert (first.summary.program, second.summary.program) == ("Demo 1 v1", "Demo 1 v2")
    assert second.answered_from == "computed"
    assert demo_desk.documents.waterfall_text(DEAL_NAME) == without_diversion
    assert demo_desk.deals()[0].program == "Demo 1 v2"


def test_a_wrong_waterfall_is_not_stored(demo_desk: Desk) -> None:
    """An unknown step is told with line and column, and the deal keeps the program it has."""
    with pytest.raises(InputError) as caught:
        demo_desk.documents.set_waterfall(DEAL_NAME, demo_waterfall().replace("EQUITY I", "EQITY I"), date(2016, 3, 31))

    assert "line " in caught.value.where
    assert "EQITY" in str(caught.value)
    assert demo_desk.documents.waterfall_text(DEAL_NAME) == demo_waterfall()


def test_a_run_names_the_source_of_everything_it_assumed(demo_desk: Desk) -> None:
    """What the set holds comes from the set, the rest from the deal's sheet, and the documents always do."""
    outcome = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    source_of = {source.item: source.source for source in outcome.summary.sources}

    assert source_of["index curve"] == "assumption set 'workbook'"
    assert source_of["prepayment, default, severity and lag"] == "assumption set 'workbook'"
    assert source_of["fees"] == "sheet 'Demo 1 Inputs'"
    assert source_of["positions, classes, dates and accounts"] == "sheet 'Demo 1 Inputs'"


def test_a_run_without_assumption_set_is_refused(demo_desk: Desk) -> None:
    """CLO-4016 names what is missing and every set there is, one a user stored included."""
    demo_desk.documents.store_assumption_set(to_json(AssumptionSet(name="mine")), "mine.json")
    error = refused(demo_desk, DEAL_NAME)

    assert str(error) == (
        "CLO-4016: No assumption set was chosen, and the sheet of Demo 1 does not say everything a run needs: index"
        " curve, prepayment, default, severity, at sheet 'Demo 1 Inputs'. Choose one with --assumptions; known sets:"
        " workbook, illustrative, mine."
    )
    assert demo_desk.runs() == ()


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (
            ("Mag 99",),
            {"assumptions": "workbook"},
            "CLO-3013: Deal Mag 99 is not in the database. Import a workbook that holds it with `clodesk import`;"
            " known deals: Demo 1.",
        ),
        (
            (DEAL_NAME, "CALM"),
            {"assumptions": "workbook"},
            "CLO-4018: There is no scenario 'CALM'. Known scenarios: BASE, STRESS.",
        ),
        (
            (DEAL_NAME,),
            {"assumptions": "wishful"},
            "CLO-4017: There is no assumption set 'wishful'. Known sets: workbook, illustrative.",
        ),
        (
            (DEAL_NAME, "BASE", date(2015, 1, 1)),
            {"assumptions": "workbook"},
            "CLO-3013: Deal Demo 1 has no snapshot of 2015-01-01. There is one of 2016-03-31.",
        ),
    ],
)
def test_an_unknown_name_is_told_with_the_known_ones(
    demo_desk: Desk, arguments: tuple[object, ...], options: dict[str, object], text: str
) -> None:
    """Deal, scenario, set and date."""
    assert str(refused(demo_desk, *arguments, **options)) == text


def test_everything_that_is_missing_is_named_at_once(desk: Desk, store: Store, edited: Edited) -> None:
    """No curve, no credit assumptions, no fees, no reinvestment terms: one error, not four."""
    book = edited(fees=(), cf_inputs=(), name=DEAL_NAME)
    store.save_snapshot(replace(book, curve=(), cf_assumptions=()))
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), date(2016, 3, 31))
    error = refused(desk, DEAL_NAME, assumptions="workbook")

    assert error.number == "CLO-4010"
    for item in ("index curve", "prepayment, default, severity and lag", "fees", "reinvestment terms"):
        assert item in error.problem
    assert error.where == "sheet 'Demo 1 Inputs'"
    assert desk.runs() == ()


def test_a_position_without_asset_is_refused_in_standard_and_left_out_in_legacy_mode(
    desk: Desk, store: Store, demo_book: WorkbookSnapshot, edited: Edited
) -> None:
    """CLO-4011 names the ids; the legacy model went on without them, and the run says so."""
    stranger = PositionRow(blkrock_id="BRSNOBODY", par=5e6, place=Place("Demo 1 Inputs", "D44"))
    store.save_snapshot(edited(positions=(*demo_book.deals[0].positions, stranger)))
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), date(2016, 3, 31))
    error = refused(desk, DEAL_NAME, assumptions="workbook")
    outcome = desk.run_deal(DEAL_NAME, assumptions="workbook", mode=Mode.LEGACY)

    assert str(error).startswith("CLO-4011: 1 of 41 positions are not in the asset list: BRSNOBODY, at 'Demo 1 Inputs'")
    assert [finding.code for finding in outcome.summary.findings] == ["W-ASSET"]
    assert "BRSNOBODY" in outcome.summary.findings[0].text


def test_a_curve_shorter_than_the_deal_is_refused_in_standard_mode(demo_desk: Desk) -> None:
    """CLO-4021 names the last tenor and the maturity; legacy mode does with it what the legacy model did."""
    short = to_json(AssumptionSet(name="short", curve=((1, 0.005), (60, 0.02)), **_credit()))
    demo_desk.documents.store_assumption_set(short, "short.json")
    error = refused(demo_desk, DEAL_NAME, assumptions="short")
    legacy = demo_desk.run_deal(DEAL_NAME, assumptions="short", mode=Mode.LEGACY)

    assert error.number == "CLO-4021"
    assert error.problem == (
        "The index curve ends in month 60 after 2016-03-31, the deal matures in month 130, on 2027-01-20"
    )
    assert error.where == "assumption set 'short'"
    assert legacy.answered_from == "computed"


def test_a_set_may_extend_its_curve(demo_desk: Desk) -> None:
    """`is_curve_extended` holds the last forward beyond the last tenor."""
    short = AssumptionSet(name="short", curve=((1, 0.005), (60, 0.02)), is_curve_extended=True, **_credit())
    demo_desk.documents.store_assumption_set(to_json(short), "short.json")

    assert demo_desk.run_deal(DEAL_NAME, assumptions="short").result.failure is None


def test_a_run_that_stops_is_stored_as_failed(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """The MAG 16 program of the legacy model breaks off in the event of default (DQ-39): period and step are kept."""
    store.save_snapshot(as_mag16_in_default(demo_book))
    outcome = desk.run_deal("MAG 16", assumptions="workbook", mode=Mode.LEGACY)
    failure = outcome.result.failure
    stored = desk.runs("Mag 16")[0]

    assert failure is not None
    assert failure.section == "EOD"
    assert stored.status == "failed"
    assert stored.failure_number == failure.number
    assert stored.failure_text == f"period {failure.period}, EOD {failure.step}: {failure.reason}"
    assert failure.step == "INT {C-1 C-2}!full"


def test_a_failed_run_answers_nothing(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """It is computed again, for its history ends where it failed."""
    store.save_snapshot(as_mag16_in_default(demo_book))
    runs = [desk.run_deal("MAG 16", assumptions="workbook", mode=Mode.LEGACY) for _ in range(2)]

    assert [run.answered_from for run in runs] == ["computed", "computed"]


def test_a_cache_server_changes_no_number(redis_desk: Desk, demo_desk: Desk) -> None:
    """Through Redis and through the test's own cache: the same run."""
    first = redis_desk.run_deal(DEAL_NAME, assumptions="workbook")
    second = redis_desk.run_deal(DEAL_NAME, assumptions="workbook")

    assert [first.answered_from, second.answered_from] == ["computed", "cache"]
    assert_same(first.result, second.result)


def test_without_cache_server_everything_works_after_one_warning(
    store: Store, demo_desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The numbers are the same, and the desk says once that it works without."""
    with_cache = demo_desk.run_deal(DEAL_NAME, "STRESS", assumptions="workbook")
    lonely = Desk(store, Cache(RedisCache("redis://127.0.0.1:1/0")))
    with caplog.at_level(logging.WARNING):
        answers = [lonely.run_deal(DEAL_NAME, "STRESS", assumptions="workbook") for _ in range(2)]
        computed = lonely.run_deal(DEAL_NAME, assumptions="workbook")

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "127.0.0.1:1" in caplog.text
    assert answers[0].answered_from == "store"
    assert_same(with_cache.result, answers[0].result)
    assert_same(with_cache.result, answers[1].result)
    assert_same(computed.result, demo_desk.run_deal(DEAL_NAME, assumptions="workbook").result)


def test_a_database_out_of_reach_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host and port that were tried, never the secret."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("CLODESK_DATABASE_URL", f"postgresql://analyst:hush-hush@127.0.0.1:{port}/clo")
    with pytest.raises(BackendError) as caught, open_desk():
        pass

    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_the_last_run_of_a_deal_is_found(demo_desk: Desk) -> None:
    """Of any scenario, or of one; where there is none the command to run is told."""
    with pytest.raises(InputError, match="CLO-4014"):
        demo_desk.latest_run(DEAL_NAME)
    base = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")
    stress = demo_desk.run_deal(DEAL_NAME, "STRESS", assumptions="workbook")

    assert demo_desk.latest_run(DEAL_NAME).run_id == stress.run_id
    assert demo_desk.latest_run(DEAL_NAME, "base").run_id == base.run_id
    assert_same(demo_desk.stored_run(base.run_id).result, base.result)


def test_a_set_cannot_take_the_name_of_the_workbook(demo_desk: Desk) -> None:
    """`workbook` always means what the deal's own file says."""
    with pytest.raises(InputError, match="CLO-4015"):
        demo_desk.documents.store_assumption_set(to_json(AssumptionSet(name="workbook")), "mine.json")


def test_a_set_that_cannot_be_read_names_its_field(demo_desk: Desk) -> None:
    """CLO-4013 with the file and the first wrong field."""
    with pytest.raises(InputError, match=r"CLO-4013: .*curve.*, at mine\.json\."):
        demo_desk.documents.store_assumption_set('{"name": "mine", "curve": "flat"}', "mine.json")


def _credit() -> dict[str, object]:
    row = AssumptionRow(blkrock_id="ALL", cpr=0.2, cdr=0.02, severity=0.3, recovery_lag_months=6.0)
    return {"rows": (row,)}


def test_a_run_names_who_asked_for_it(store: Store, shelf: Shelf, demo_desk: Desk) -> None:
    """A desk opened for a user writes in that user's name; without one it is that of nobody."""
    anna = Desk(store.of_user("anna"), Cache(shelf))
    anna.run_deal(DEAL_NAME, assumptions="workbook")
    demo_desk.run_deal(DEAL_NAME, "STRESS", assumptions="workbook")

    assert [run.requested_by for run in demo_desk.runs(DEAL_NAME)] == ["", "anna"]
