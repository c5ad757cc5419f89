"""Result sheets of commands on the demo deal: their numbers are the desk's, and nothing of the user's is lost."""

from typing import Any

import pytest
from openpyxl import Workbook

from engine.desk.desk import Desk
from engine.desk.reading.run_views import KINDS, stored_runs
from engine.errors import ClodeskError
from engine.snapshot import WorkbookSnapshot
from engine.trading.trades import Side, Trade
from tests.xl_addin.commands.conftest import RunCommand, applied, charts_on, sheets_of, table_on
from workbooks.demo import DEAL_NAME
from xl_addin.commands import patch as p
from xl_addin.commands.declare import commands
from xl_addin.commands.sheets import PASS
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

AMOUNTS = {"clo_rank_par": 500_000.0, "clo_sale_par": 2e6, "clo_buy_par": 2e6, "clo_assumptions": "workbook"}


@pytest.fixture(scope="session")
def held(demo_book: WorkbookSnapshot) -> list[str]:
    """Ids of the demo deal's positions."""
    return [row.blkrock_id for row in demo_book.deals[0].positions]


def test_the_ribbon_has_the_commands_of_the_specification() -> None:
    """Ids and order are those of spec 06 §12; every command has words for the user."""
    ids = [one.id for one in commands()]

    assert ids[:18] == [
        "clo_select_deal",
        "clo_settings",
        "clo_run_compliance",
        "clo_run_compliance_all",
        "clo_view_deal_assets",
        "clo_apply_filter",
        "clo_run_hypo",
        "clo_run_rankings",
        "clo_run_rebalance",
        "clo_run_optimize",
        "clo_run_spreads",
        "clo_run_asset_cashflows",
        "clo_run_waterfall",
        "clo_run_waterfall_all",
        "clo_run_migration",
        "clo_run_migration_all",
        "clo_run_deal_simulation",
        "clo_cancel_run",
    ]
    groups = [one.group for one in commands()]
    assert list(dict.fromkeys(groups)) == ["Deal", "Run", "Results", "Data", "Tools"]
    assert groups == sorted(groups, key=list(dict.fromkeys(groups)).index)
    for one in commands():
        assert one.supertip.endswith(".")
        assert len(one.supertip) < 120
        assert one.label
        assert one.icon


def test_compliance_shows_and_stores_the_tests(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """The sheet has the desk's results, the run is stored, and the baselines stay where they were."""
    messages = applied(run("clo_run_compliance", **sheets_of(book)), book)
    outcome = demo.compliance(DEAL_NAME)
    rows = table_on(book, "Compliance-Demo 1", "Tests")

    assert [(row["Test number"], row["Result"], row["Threshold"]) for row in rows] == [
        (one.test_id, one.value, one.threshold) for one in outcome.report.results
    ]
    assert [row["Pass"] == PASS for row in rows] == [one.is_passed for one in outcome.report.results]
    assert outcome.answered_from != "computed"
    assert "3 of 22 tests fail" in messages[0].text
    assert messages[0].level == "warning"
    assert charts_on(book, "Compliance-Demo 1") == ["Demo 1: use of the tightest limits"]
    assert book["Compliance-Demo 1"].freeze_panes == "C6"


def test_the_baseline_moves_only_when_asked(demo_desk_of_its_own: Desk, run: RunCommand) -> None:
    """Without the tick the next run is compared with the old levels."""
    desk = demo_desk_of_its_own
    before = [one.baseline for one in desk.compliance(DEAL_NAME).report.results]
    run("clo_run_compliance", desk=desk)
    kept = [one.baseline for one in desk.compliance(DEAL_NAME).report.results]
    run("clo_run_compliance", desk=desk, answers={"accept_baseline": True})
    moved = [one.baseline for one in desk.compliance(DEAL_NAME).report.results]

    assert kept == before
    assert moved != before


def test_compliance_of_all_deals_is_one_sheet(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Deals in columns, tests in rows."""
    applied(run("clo_run_compliance_all"), book)
    rows = table_on(book, "Compliance-All", "Results by test")

    assert {row["Test number"]: row["Demo 1"] for row in rows} == {
        one.test_id: one.value for one in demo.compliance(DEAL_NAME).report.results
    }


def test_deal_assets_and_their_rating_mix(run: RunCommand, book: Workbook, demo_book: WorkbookSnapshot) -> None:
    """Every position is listed, and par by rating adds up to the deal's."""
    applied(run("clo_view_deal_assets"), book)
    par = sum(row.par for row in demo_book.deals[0].positions)
    listed = table_on(book, "Deal Assets-Demo 1", "Assets")

    assert len(listed) == len(demo_book.deals[0].positions)
    assert sum(row["Par"] for row in listed) == pytest.approx(par, abs=0.005)
    mix = table_on(book, "Deal Assets-Demo 1", "Par by rating")
    assert sum(row["Par"] for row in mix) == pytest.approx(par, abs=0.005)
    assert charts_on(book, "Deal Assets-Demo 1") == ["Par by Moody's rating"]


def test_a_filter_of_the_control_sheet_is_applied(run: RunCommand, book: Workbook) -> None:
    """Only assets that meet it are listed, and the sheet says which filter it was."""
    rows = [["", "", "WAL", "<", 4.0, ""]]
    applied(run("clo_apply_filter", tables={"tbl_buy_filter": rows}), book)
    found = table_on(book, "Filter-Demo 1", "Assets")

    assert found
    assert all(row["WAL"] < 4.0 for row in found)
    assert "WAL < 4" in book["Filter-Demo 1"]["A2"].value


def test_hypothetical_trades_before_and_after(run: RunCommand, demo: Desk, book: Workbook, held: list[str]) -> None:
    """Every test has the values of the desk before and after the package."""
    rows = [[DEAL_NAME, held[0], "Sale", 500_000.0, None, ""], [DEAL_NAME, held[1], "Buy", 250_000.0, 99.5, ""]]
    applied(run("clo_run_hypo", tables={"tbl_trades": rows}), book)
    wanted = (
        Trade(deal=DEAL_NAME, blkrock_id=held[0], side=Side.SALE, par=500_000.0),
        Trade(deal=DEAL_NAME, blkrock_id=held[1], side=Side.BUY, par=250_000.0, price=99.5),
    )
    (comparison,) = demo.try_trades(wanted).comparisons
    *tests, objective = table_on(book, "HYPO-Demo 1", "Tests before and after")

    assert [(row["Before"], row["After"]) for row in tests] == [
        (one.before.value, one.after.value) for one in comparison.changes
    ]
    assert (objective["Before"], objective["After"]) == (comparison.objective_before, comparison.objective_after)
    fills = table_on(book, "HYPO-Demo 1", "Trades")
    assert [row["Filled par"] for row in fills] == [one.par for one in comparison.fills]
    assert charts_on(book, "HYPO-Demo 1") == ["Demo 1: use of the tightest limits"]


def test_each_trade_on_its_own(run: RunCommand, book: Workbook, held: list[str]) -> None:
    """Without pool mode every trade has its block of tests."""
    rows = [[DEAL_NAME, name, "Sale", 500_000.0, None, ""] for name in held[:2]]
    applied(run("clo_run_hypo", cells={"clo_pool_mode": False}, tables={"tbl_trades": rows}), book)
    titles = {row["Trade"] for row in table_on(book, "HYPO-Demo 1", "Tests before and after")}

    assert sorted(title.split()[0] for title in titles) == sorted(held[:2])


def test_rankings_are_those_of_the_desk(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Order and effect are the exact ones, and the best are drawn."""
    applied(run("clo_run_rankings", cells=AMOUNTS, answers={"top_n": 5}), book)
    best = demo.rank_trades(DEAL_NAME, side=Side.BUY, step=500_000.0, n_best=5)
    rows = table_on(book, "Rankings-Demo 1", "Ranking")

    assert [row["BlackRock ID"] for row in rows] == [one.asset.blkrock_id for one in best]
    assert [row["Delta objective"] for row in rows] == pytest.approx([one.change for one in best])
    assert charts_on(book, "Rankings-Demo 1") == ["Change of the objective, best trades"]


@pytest.mark.parametrize(
    ("command_id", "sheet"),
    [("clo_run_rebalance", "Rebalance-Demo 1"), ("clo_run_optimize", "Optimization-Demo 1")],
)
def test_many_trades_at_once(run: RunCommand, book: Workbook, command_id: str, sheet: str) -> None:
    """Trades, their attributes and the tests stand on one sheet; the par sold is what was asked for."""
    applied(run(command_id, cells=AMOUNTS), book)
    made = table_on(book, sheet, "Trades")

    assert 0.0 < sum(row["Par"] for row in made if row["Transaction"] == "Sale") <= 2e6
    assert table_on(book, sheet, "Tests before and after")[-1]["Test name"] == "Objective Function"
    attributes = table_on(book, sheet, "Attributes of the trades")
    assert attributes[0]["Sales"] == sum(row["Par"] for row in made if row["Transaction"] == "Sale")


@pytest.mark.parametrize("command_id", ["clo_run_rebalance", "clo_run_optimize"])
def test_many_trades_are_kept_as_a_run_that_cells_read(
    run: RunCommand, demo: Desk, book: Workbook, command_id: str
) -> None:
    """What stands on the sheet is what CLO_RUN_RESULT gives for the run that the Control sheet names."""
    patch = run(command_id, cells=AMOUNTS)
    applied(patch, book)
    sheet = next(one.name for one in patch.operations if isinstance(one, p.EnsureSheet))
    (run_id,) = [one.value for one in patch.operations if isinstance(one, p.WriteNamed) and one.name == "clo_last_run"]
    cells, ctx = Dispatcher(ResultMemory()), CallContext(lambda: demo)

    def part(name: str) -> list[dict[str, Any]]:
        header, *rows = cells.call("CLO_RUN_RESULT", [run_id, name], ctx)["v"]
        return [dict(zip(header, row, strict=True)) for row in rows]

    made = table_on(book, sheet, "Trades")
    for side, name in (("Buy", "purchases"), ("Sale", "sales")):
        assert [row["par"] for row in part(name)] == [row["Par"] for row in made if row["Transaction"] == side]
    assert [row["after"] for row in part("tests")] == [
        "" if row["After"] is None else row["After"] for row in table_on(book, sheet, "Tests before and after")
    ]
    traded = {row["blkrock_id"]: 0.0 for row in part("path")}
    for row in part("path"):
        traded[row["blkrock_id"]] += row["par"]
    assert traded == pytest.approx({row["BlackRock ID"]: row["Par"] for row in made})
    assert cells.call("CLO_RUN_STATUS", [run_id], ctx) == {"v": "done"}


def test_spreads_of_the_deal(run: RunCommand, book: Workbook, held: list[str]) -> None:
    """Every asset of the deal has its spread; the distribution counts them all."""
    applied(run("clo_run_spreads"), book)
    rows = table_on(book, "Collat Spreads-Demo 1", "Spreads")

    assert {row["BlackRock ID"] for row in rows} <= set(held)
    counted = sum(row["Assets"] for row in table_on(book, "Collat Spreads-Demo 1", "Distribution"))
    assert counted == sum(isinstance(row["Z spread"], float) for row in rows)


def test_cash_flows_of_chosen_assets(run: RunCommand, book: Workbook, held: list[str]) -> None:
    """The flows of the chosen assets only, and their sum by payment date."""
    applied(run("clo_run_asset_cashflows", answers={"assets": tuple(held[:2])}), book)
    rows = table_on(book, "Collat CF-Demo 1", "Cash flows")
    total = table_on(book, "Collat CF-Demo 1", "Total by payment date")

    assert {row["BlackRock ID"] for row in rows} == set(held[:2])
    for name in ("Interest", "Scheduled principal", "Recoveries"):
        assert sum(row[name] for row in total) == pytest.approx(sum(row[name] for row in rows))


def test_all_positions_can_be_chosen(run: RunCommand, book: Workbook, held: list[str]) -> None:
    """The entry All stands for every position, none at all is a mistake."""
    applied(run("clo_run_asset_cashflows", answers={"assets": ("all",)}), book)

    assert len({row["BlackRock ID"] for row in table_on(book, "Collat CF-Demo 1", "Cash flows")}) == len(held)
    with pytest.raises(ClodeskError, match="CLO-2208"):
        run("clo_run_asset_cashflows")


def test_deal_cash_flows_are_those_of_the_run(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Class flows, ratios and metrics on the sheets equal the stored run, unrounded."""
    patch = run("clo_run_waterfall", cells=AMOUNTS)
    applied(patch, book)
    outcome = demo.run_deal(DEAL_NAME, assumptions="workbook")
    result = outcome.result

    paid = [row["Interest paid"] for row in table_on(book, "Deal CF-Demo 1 Periods", "Class B")]
    assert paid == result.tranche("Class B", "interest_paid")[: len(paid)].tolist()
    proceeds = [row["Interest proceeds"] for row in table_on(book, "Deal CF-Demo 1 Periods", "Deal")]
    assert proceeds == result.deal[:, 0].tolist()
    ratios = table_on(book, "Deal CF-Demo 1 Periods", "Coverage tests")
    assert ratios[0]["Class B OC Test"] == result.oc[0, result.oc_names.index("Class B OC Test"), 2]
    metrics = {row["Class name"]: row for row in table_on(book, "Deal CF-Demo 1", "Classes")}
    assert metrics["Class B"]["WAL"] == result.risk[result.tranche_names.index("Class B"), 3]
    assert charts_on(book, "Deal CF-Demo 1") == [
        "Balance of the notes",
        "Interest and distributions by class",
        "OC ratios",
        "IC ratios",
        "Proceeds of the deal",
    ]
    assert p.WriteNamed(name="clo_last_run", value=outcome.run_id) in patch.operations


def test_an_earlier_run_that_answers_again_is_what_is_shown(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """A run of another assumption set in between does not get onto the sheet."""
    demo.run_deal(DEAL_NAME, assumptions="workbook")
    demo.run_deal(DEAL_NAME, assumptions="illustrative")
    applied(run("clo_run_waterfall", cells=AMOUNTS), book)
    wanted = demo.run_deal(DEAL_NAME, assumptions="workbook").result

    shown = [row["Interest proceeds"] for row in table_on(book, "Deal CF-Demo 1 Periods", "Deal")]
    assert shown == wanted.deal[:, 0].tolist()


def test_the_assumption_set_of_the_last_run_is_the_default(run: RunCommand, demo: Desk) -> None:
    """Selecting the deal tells the set, and a run without one uses it."""
    demo.run_deal(DEAL_NAME, "STRESS", assumptions="illustrative")
    last = demo.runs(DEAL_NAME)[0].assumption_set
    patch = run("clo_select_deal", answers={"deal": "demo1"})

    assert p.WriteNamed(name="clo_assumptions", value=last) in patch.operations
    assert p.WriteNamed(name="clo_deal", value=DEAL_NAME) in patch.operations


def test_all_deals_have_a_summary_and_a_sheet_each(run: RunCommand, book: Workbook) -> None:
    """A deal that cannot be run is named with its error and stops no other."""
    answers = {"deals": (DEAL_NAME, "Mag 99")}
    messages = applied(run("clo_run_waterfall_all", cells=AMOUNTS, answers=answers), book)
    rows = table_on(book, "Deal CF-All", "Deals")

    assert [row["Deal"] for row in rows] == [DEAL_NAME, "Mag 99"]
    assert "CLO-3013" in rows[1]["Text"]
    assert "Deal CF-Demo 1" in book.sheetnames
    assert messages[0].text == "2 deals run, 1 with a problem."


@pytest.mark.parametrize("command_id", ["clo_run_compliance", "clo_run_waterfall", "clo_view_deal_assets"])
def test_a_second_run_leaves_the_same_workbook(run: RunCommand, book: Workbook, command_id: str) -> None:
    """Sheets, tables and charts are replaced, not added."""
    applied(run(command_id, cells=AMOUNTS, **sheets_of(book)), book)
    before = {sheet.title: (sheet.dimensions, sorted(sheet.tables), len(sheet._charts)) for sheet in book.worksheets}
    applied(run(command_id, cells=AMOUNTS, **sheets_of(book)), book)

    assert {
        sheet.title: (sheet.dimensions, sorted(sheet.tables), len(sheet._charts)) for sheet in book.worksheets
    } == before


def test_a_sheet_of_the_user_is_not_overwritten(run: RunCommand, book: Workbook) -> None:
    """Neither a sheet that the user made nor one of ours that was changed since."""
    book.create_sheet("compliance-demo 1")["A1"] = "mine"
    applied(run("clo_run_compliance", **sheets_of(book)), book)
    book["Compliance-Demo 1 (2)"]["K40"] = "my remark"
    applied(run("clo_run_compliance", **sheets_of(book)), book)
    applied(run("clo_run_compliance", **sheets_of(book)), book)

    assert book["compliance-demo 1"]["A1"].value == "mine"
    assert book["Compliance-Demo 1 (2)"]["K40"].value == "my remark"
    assert book.sheetnames == ["Notes", "compliance-demo 1", "Compliance-Demo 1 (2)", "Compliance-Demo 1 (3)"]


def test_outputs_are_deleted_after_a_confirmation(run: RunCommand, book: Workbook) -> None:
    """Only our sheets go, and only when the user said so."""
    applied(run("clo_run_compliance", **sheets_of(book)), book)
    book.create_sheet("RM-mine")
    with pytest.raises(ClodeskError, match="CLO-2212"):
        run("clo_delete_outputs", **sheets_of(book))
    messages = applied(run("clo_delete_outputs", answers={"is_confirmed": True}, **sheets_of(book)), book)

    assert book.sheetnames == ["Notes", "RM-mine"]
    assert messages[0].text == "1 result sheet was deleted."


class CancelledError(Exception):
    """What a job raises out of its progress when the user cancels it."""


@pytest.mark.parametrize("command_id", [one.id for one in commands() if one.is_background and one.group == "Run"])
def test_a_cancelled_run_leaves_nothing_stored(demo_desk_of_its_own: Desk, run: RunCommand, command_id: str) -> None:
    """The last report before the end is the latest moment to cancel."""
    desk = demo_desk_of_its_own

    def cancel(text: str, _done: float) -> None:
        if text != "Loading the deal":
            raise CancelledError(text)

    with pytest.raises(CancelledError):
        run(command_id, desk=desk, cells=AMOUNTS, progress=cancel)

    assert [run for kind in KINDS for run in stored_runs(desk.views(desk.data_versions()), None, kind, 5)] == []


def test_client_side_commands_change_nothing(run: RunCommand) -> None:
    """What the client does itself is a message for one that cannot."""
    for one in commands():
        if one.is_client_side:
            kinds = {type(operation) for operation in run(one.id).operations}
            assert kinds == {p.Message, p.WriteNamed}, one.id


def test_no_operation_is_larger_than_a_sheet(run: RunCommand, held: list[str]) -> None:
    """Every range of a patch lies on the sheet that the patch makes."""
    patch = run("clo_run_waterfall", cells=AMOUNTS)
    ensured = {one.name for one in patch.operations if isinstance(one, p.EnsureSheet)}
    named: set[Any] = {getattr(one, "sheet", None) for one in patch.operations} - {None}

    assert named == ensured
    assert all(len(name) <= 31 for name in ensured)


def test_hypothetical_trades_store_nothing(demo: Desk, run: RunCommand, held: list[str]) -> None:
    """A what-if leaves the list of runs as it was."""
    before = demo.runs(DEAL_NAME)
    run("clo_run_hypo", tables={"tbl_trades": [[DEAL_NAME, held[0], "Sale", 1000.0, None, ""]]})

    assert demo.runs(DEAL_NAME) == before
