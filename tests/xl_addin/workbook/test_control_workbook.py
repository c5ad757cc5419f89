"""The control workbook: made by code, of our formulas only, the same bytes each time, figures as the desk has them."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from engine.desk.control_content import control_content
from engine.desk.desk import Desk
from engine.errors import WorkbookError
from engine.modes import Mode
from engine.snapshot import Place, TradeRow
from tests.xl_addin.workbook.conftest import DEMO, calculated
from tests.xl_addin.workbook.formula_calls import calls, formulas
from workbooks.templates import ControlContent, write_control_workbook
from workbooks.templates.control import FILTER_COLUMNS, WEIGHT_COLUMNS
from workbooks.templates.control_workbook import control_workbook
from workbooks.templates.formulas import SIGNATURES
from workbooks.templates.tables import ALL, Spilled
from workbooks.templates.trades import COLUMNS as TRADE_COLUMNS
from xl_addin.evaluator import Evaluation
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

NAMES = {"clo_deal", "clo_asof", "clo_scenario", "clo_mode", "clo_assumptions", "clo_pool_mode", "clo_rank_side",
         "clo_rank_par", "clo_include_held", "clo_sale_par", "clo_buy_par", "clo_simulations", "clo_frequency",
         "clo_static_random", "clo_seed", "clo_correlation_source", "clo_last_run", "clo_message"}  # fmt: skip
SHEETS = ["Control", "Dashboard", "Trades", "Deal", "Compliance", "Portfolio", "Cashflows", "Balances", "Scenarios",
          "Waterfall", "About", "Lists"]  # fmt: skip
LISTS = ("deals", "fields", "sp_ratings", "mdy_ratings", "operators", "opinions", "countries", "sp_industries",
         "mdy_industries")  # fmt: skip


@pytest.fixture(scope="module")
def content(demo_run_desk: Desk) -> ControlContent:
    """What a control workbook of the demo deal starts with."""
    return control_content(demo_run_desk, None, "1.0")


@pytest.fixture(scope="module")
def evaluation(demo_run_desk: Desk, content: ControlContent) -> Evaluation:
    """That workbook, calculated."""
    return calculated(control_workbook(content), demo_run_desk)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, content: ControlContent) -> Path:
    """That workbook as a file."""
    path = tmp_path_factory.mktemp("control") / "clo_control.xlsx"
    write_control_workbook(path, content)
    return path


def test_a_template_knows_the_parameters_of_the_functions_that_it_calls() -> None:
    """Its signatures are those of the catalogue."""
    found = {name: tuple(parameter.name for parameter in by_name()[name].parameters) for name in SIGNATURES}

    assert found == SIGNATURES


def test_every_formula_calls_known_functions_with_enough_arguments(content: ControlContent) -> None:
    """No formula names a function that the catalogue lacks, gives too many arguments, or lacks a required one."""
    wrong = [
        (sheet, cell, called)
        for sheet, cell, formula in formulas(control_workbook(content))
        for called in calls(formula)
        if called.function not in by_name() or not _fits(called.function, called.n_arguments)
    ]

    assert wrong == []


def _fits(function: str, n_arguments: int) -> bool:
    parameters = by_name()[function].parameters
    n_required = sum(not parameter.is_optional for parameter in parameters)
    return n_required <= n_arguments <= len(parameters)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.function)
def test_a_table_stands_under_headers_in_the_order_of_its_columns(table: Spilled, demo_run_desk: Desk) -> None:
    """The columns that a template labels are those that the function returns."""
    arguments = {
        "CLO_TRANCHE_CASHFLOW": [DEMO, "B"],
        "CLO_HYPO": [DEMO, [[DEMO, _first_asset(demo_run_desk), "Buy", 1e6, 99.0]]],
        "CLO_WATERFALL_PROBLEMS": ["nonsense"],
    }.get(table.function, [DEMO])
    answer = Dispatcher(ResultMemory()).call(table.function, arguments, CallContext(lambda: demo_run_desk))

    assert answer["v"][0] == [column.name for column in table.columns]


def _first_asset(desk: Desk) -> str:
    return desk.views(desk.data_versions()).deal(DEMO).deal.positions[0].blkrock_id


def test_equal_content_gives_equal_bytes(written: Path, content: ControlContent, tmp_path: Path) -> None:
    """No clock and no order of writing goes into the file."""
    again = tmp_path / "again.xlsx"
    write_control_workbook(again, content)

    assert again.read_bytes() == written.read_bytes()


def test_the_file_has_no_macro_no_protection_and_no_merged_cell(written: Path) -> None:
    """Plain sheets that a user may change as he likes."""
    book = load_workbook(written)
    with ZipFile(written) as package:
        parts = package.namelist()

    assert not [part for part in parts if "vba" in part.lower() or "external" in part.lower()]
    assert book.security is None or not book.security.lockStructure
    assert not [sheet.title for sheet in book if sheet.protection.sheet or sheet.merged_cells.ranges]


def test_names_tables_and_sheets_are_those_of_the_contract(written: Path) -> None:
    """What commands read and write is where they look for it."""
    book = load_workbook(written)
    tables = {name: table for sheet in book for name, table in dict.items(sheet.tables)}
    headers = {name: [column.name for column in table.tableColumns] for name, table in tables.items()}

    assert book.sheetnames == SHEETS
    assert book["Lists"].sheet_state == "hidden"
    assert set(book.defined_names) >= NAMES
    assert headers["tbl_trades"] == list(TRADE_COLUMNS)
    assert headers["tbl_buy_filter"] == headers["tbl_sale_filter"] == list(FILTER_COLUMNS)
    assert headers["tbl_weights"] == list(WEIGHT_COLUMNS)
    assert {f"tbl_list_{name}" for name in LISTS} <= set(tables)


def test_the_panel_of_the_imported_workbook_is_taken_over(content: ControlContent, written: Path) -> None:
    """Deal, settings, filters, trades, weights and the program come from what was imported."""
    book = load_workbook(written)
    control, trades = book["Control"], book["Trades"]
    deal = next(cell for row in control["C6:C6"] for cell in row).value

    assert deal == content.deal == DEMO
    assert control["C14"].value == 750_000.0
    assert [cell.value for cell in control["E7:J7"][0]] == [None, "(", "S&P Rating", "<=", "B-", None]
    assert [cell.value for cell in trades["B7:F7"][0]][:1] == [DEMO]
    assert book["Waterfall"]["C10"].value == content.program.splitlines()[0]


def test_every_cell_of_the_demo_deal_calculates(evaluation: Evaluation) -> None:
    """No cell of any sheet shows an error."""
    assert evaluation.errors == []


def test_figures_of_the_dashboard_are_those_of_the_desk(evaluation: Evaluation, demo_run_desk: Desk) -> None:
    """Par, rating factor and balances by class, straight from the desk."""
    view = demo_run_desk.views(demo_run_desk.data_versions()).deal(DEMO)
    outcome = demo_run_desk.compliance(DEMO, store=False, mode=Mode.STANDARD)
    classes = evaluation.rows("Dashboard", "B15:F23")
    warf = outcome.result(36)

    assert evaluation.value("Dashboard", "B2") == DEMO
    assert evaluation.value("Dashboard", "B6") == pytest.approx(sum(view.par_by_id.values()), abs=0.005)
    assert warf is not None
    assert evaluation.value("Dashboard", "B10") == pytest.approx(warf.value)
    assert [(row[0], row[2], row[4]) for row in classes] == [
        (one.name, one.original_balance, one.current_balance) for one in view.deal.tranches
    ]


def test_each_test_has_a_verdict_and_the_failures_are_counted(evaluation: Evaluation, demo_run_desk: Desk) -> None:
    """The Compliance sheet shows the verdict of every test of the deal."""
    outcome = demo_run_desk.compliance(DEMO, store=False)
    verdicts = [row[0] for row in evaluation.rows("Compliance", "B10:B89") if row[0]]
    names = [row[0] for row in evaluation.rows("Compliance", "D10:D89") if row[0]]

    assert len(names) == len(outcome.report.results)
    assert evaluation.value("Compliance", "D6") == verdicts.count("Pass")
    assert evaluation.value("Compliance", "F6") == verdicts.count("Fail")


def test_the_waterfall_on_the_sheet_is_checked(
    evaluation: Evaluation, content: ControlContent, demo_run_desk: Desk
) -> None:
    """The deal's own program is found good; an edited one is found at fault, with the line."""
    book = control_workbook(content)
    book["Waterfall"]["C12"].value = "oc  B: A-1 A-9"
    edited = calculated(book, demo_run_desk)

    assert str(evaluation.value("Waterfall", "C5")).startswith("ok: 9 classes")
    assert str(edited.value("Waterfall", "C5")).endswith(("problem", "problems"))
    assert edited.value("Waterfall", "H10") == 3.0


def test_an_empty_workbook_shows_no_error(demo_run_desk: Desk) -> None:
    """Before a deal is chosen every sheet is calm."""
    found = calculated(control_workbook(ControlContent()), demo_run_desk)

    assert found.errors == []
    assert found.value("Dashboard", "B2") == "Choose a deal on the sheet Control"
    assert {value for row in found.rows("Dashboard", "B15:M24") for value in row} <= {"", None}


def test_a_deal_without_a_run_says_what_to_do(demo_run_desk: Desk, content: ControlContent) -> None:
    """Classes and coverage tests stay empty, with a word on how to fill them."""
    book = control_workbook(content)
    book["Control"]["C8"].value = "NOT_RUN"
    found = calculated(book, demo_run_desk)

    assert found.errors == []
    assert found.value("Dashboard", "E3") == "No stored run: press Deal waterfall to fill classes and coverage tests."
    assert found.value("Dashboard", "H6") == "no run"


def test_trades_are_tried_as_they_are_entered(demo_run_desk: Desk, content: ControlContent) -> None:
    """The blotter shows the fill of each trade and the tests after all of them; a wrong row says so."""
    book = control_workbook(content)
    sheet = book["Trades"]
    sheet["C8"].value = "NO_SUCH_ASSET"
    good, bad = calculated(control_workbook(content), demo_run_desk), calculated(book, demo_run_desk)

    assert good.value("Trades", "H7") == 1_000_000.0
    assert isinstance(good.value("Trades", "P7"), float)
    assert [(cell, code) for _, cell, code in bad.errors] == [("H8", "#VALUE!")]
    assert str(bad.value("Trades", "M4")).startswith("These trades cannot be tested")


def test_numbers_read_back_exactly(tmp_path: Path) -> None:
    """The shortest text of a double goes into the file, where openpyxl alone would move its last bit."""
    par = 431157604.91528994
    trade = TradeRow(
        scope="current", deal=DEMO, blkrock_id="X", transaction="Buy", par=par, price=None, place=Place("P", "J11")
    )
    path = tmp_path / "exact.xlsx"
    write_control_workbook(path, ControlContent(deal=DEMO, trades=(trade,)))
    plain = Workbook()
    plain.active["A1"] = par
    stream = BytesIO()
    plain.save(stream)

    assert load_workbook(path)["Trades"]["E7"].value == par
    assert load_workbook(stream).active["A1"].value != par


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error says where the file was to go."""
    with pytest.raises(WorkbookError, match=r"CLO-2062: The workbook cannot be written, at .*nowhere"):
        write_control_workbook(tmp_path / "nowhere" / "x.xlsx")
