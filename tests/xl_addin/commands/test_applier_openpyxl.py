"""The openpyxl applier: every operation, values as they were meant, twice the same."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from engine.errors import InputError
from tests.xl_addin.commands.conftest import applied
from xl_addin.commands import patch as p
from xl_addin.commands.applier_openpyxl import our_sheets
from xl_addin.commands.files_openpyxl import read_inputs, save_workbook
from xl_addin.commands.looks import LOOKS, looks_to_json
from xl_addin.commands.patch import Style, WorkbookPatch, patch_from_json, patch_to_json

UNEVEN = 431157604.91528994
"""A number that 16 digits do not hold (spec 06 §14)."""


def patch(*operations: p.Operation) -> WorkbookPatch:
    return WorkbookPatch((p.EnsureSheet(name="Out"), *operations))


def content(book: Workbook) -> dict[str, Any]:
    """Everything on the sheets of a workbook that a user sees."""
    return {
        sheet.title: (
            {cell.coordinate: _seen(cell) for row in sheet.iter_rows() for cell in row},
            dict(sheet.tables.items()),
            [(type(one).__name__, len(one.series)) for one in sheet._charts],
            sheet.freeze_panes,
            {name: one.attr_text for name, one in sheet.defined_names.items()},
            sheet.sheet_state,
        )
        for sheet in book.worksheets
    }


def _seen(cell: Any) -> tuple[Any, ...]:
    value = getattr(cell.value, "text", cell.value)
    return value, cell.data_type, cell.number_format, cell.font.b, cell.fill.fgColor.rgb


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", '=HYPERLINK("http://x")'])
def test_text_that_looks_like_a_formula_stays_text(text: str, book: Workbook, tmp_path: Path) -> None:
    """Nothing that came from data is ever calculated."""
    applied(patch(p.Write(sheet="Out", anchor="B2", values=[[text]])), book)
    save_workbook(book, tmp_path / "out.xlsx")

    cell = load_workbook(tmp_path / "out.xlsx")["Out"]["B2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


def test_values_of_every_kind_arrive(book: Workbook) -> None:
    """Blank, logical value, number, text, date and error are written as what they are."""
    values = [[None, "", True, 1.5, "x", {"d": 42452, "f": "yyyy-mm-dd"}, {"e": "#N/A", "m": "CLO-1: no"}]]
    applied(patch(p.Write(sheet="Out", anchor="A1", values=values)), book)

    cells = book["Out"][1]
    assert [cell.value for cell in cells] == [None, None, True, 1.5, "x", 42452, "#N/A"]
    assert [cell.data_type for cell in cells] == ["n", "n", "b", "n", "s", "n", "e"]
    assert cells[5].number_format == "yyyy-mm-dd"


def test_a_number_reads_back_to_the_same_double(book: Workbook, tmp_path: Path) -> None:
    """A file holds the shortest text of a number that reads back exactly."""
    applied(patch(p.Write(sheet="Out", anchor="A1", values=[[UNEVEN, 0.1, 1e300]])), book)
    save_workbook(book, tmp_path / "out.xlsx")

    assert [cell.value for cell in load_workbook(tmp_path / "out.xlsx")["Out"][1]] == [UNEVEN, 0.1, 1e300]
    assert book["Out"]["A1"].value == UNEVEN


def test_a_named_cell_is_written_where_the_workbook_has_it(book: Workbook) -> None:
    """A workbook without the name is left as it is."""
    wanted = patch(
        p.DefineName(name="clo_message", sheet="Notes", range="C3"),
        p.WriteNamed(name="CLO_MESSAGE", value="done"),
        p.WriteNamed(name="clo_unknown", value="nowhere"),
    )
    applied(wanted, book)

    assert book["Notes"]["C3"].value == "done"


def test_a_table_of_the_same_name_is_resized(book: Workbook) -> None:
    """There is one table of a name afterwards, with the new range."""
    rows = [["A", "B"], [1, 2], [3, 4]]
    write = p.Write(sheet="Out", anchor="A1", values=rows)
    applied(patch(write, p.MakeTable(name="out_t", sheet="Out", range="A1:B2")), book)
    applied(patch(p.MakeTable(name="OUT_T", sheet="Out", range="A1:B3")), book)

    assert dict(book["Out"].tables.items()) == {"OUT_T": "A1:B3"}


def test_array_formulas_fill_their_range(book: Workbook) -> None:
    """The first formula stands for the whole range."""
    formulas = p.WriteFormulas(sheet="Out", range="A1:B3", formulas=[["=CLO_DEALS()"]], is_array=True)
    applied(patch(formulas), book)

    made = book["Out"]["A1"].value
    assert (made.ref, made.text) == ("A1:B3", "=CLO_DEALS()")


def test_only_our_sheets_are_deleted(book: Workbook) -> None:
    """A sheet of the user's with the same beginning stays."""
    applied(WorkbookPatch((p.EnsureSheet(name="HYPO-A"),)), book)
    book.create_sheet("HYPO-mine")
    applied(WorkbookPatch((p.DeleteSheets(prefix="hypo-"),)), book)

    assert book.sheetnames == ["Notes", "HYPO-mine"]


def test_a_sheet_that_the_user_changed_is_no_longer_ours(book: Workbook, tmp_path: Path) -> None:
    """What a user wrote on a result sheet is not lost with the next run, also after the file was saved."""
    applied(patch(p.Write(sheet="Out", anchor="A1", values=[[UNEVEN, "x", {"d": 42452, "f": "yyyy-mm-dd"}]])), book)
    save_workbook(book, tmp_path / "out.xlsx")
    saved = load_workbook(tmp_path / "out.xlsx")
    before = our_sheets(saved)
    saved["Out"]["C9"] = "my remark"

    assert before == ["Out"]
    assert our_sheets(saved) == []


def test_an_operation_on_a_missing_sheet_is_an_error(book: Workbook) -> None:
    """The message names the sheet."""
    with pytest.raises(InputError, match=r"CLO-2213.*'Gone'"):
        applied(WorkbookPatch((p.Select(sheet="Gone"),)), book)


def test_a_chart_at_the_same_place_is_replaced(book: Workbook) -> None:
    """Two runs leave one chart."""
    chart = p.Chart(
        sheet="Out",
        name="c",
        anchor="D4",
        kind="line",
        title="OC",
        data_sheet="Out",
        categories="A2:A3",
        series=(p.Series(name="=A", values="B2:B3"),),
        axis_min=0.5,
    )
    applied(patch(chart), book)
    applied(patch(chart), book)

    (made,) = book["Out"]._charts
    assert (made.y_axis.scaling.min, made.series[0].val.numRef.f) == (0.5, "'Out'!$B$2:$B$3")


def test_every_style_has_a_look() -> None:
    """No applier meets a style without a look, and clients get the same table."""
    assert set(LOOKS) == set(Style)
    assert set(looks_to_json()["styles"]) == {style.value for style in Style}


def test_inputs_are_read_as_a_client_sends_them(book: Workbook) -> None:
    """Named cells, tables without headers, sheets and our marks."""
    rows = [["deal", "par"], ["Demo 1", 5.0], ["", None]]
    wanted = patch(
        p.Write(sheet="Notes", anchor="A3", values=[["Demo 1", {"d": 42452, "f": "yyyy-mm-dd"}]]),
        p.DefineName(name="clo_deal", sheet="Notes", range="A3"),
        p.DefineName(name="clo_asof", sheet="Notes", range="B3"),
        p.Write(sheet="Notes", anchor="D1", values=rows),
        p.MakeTable(name="tbl_trades", sheet="Notes", range="D1:E3"),
        p.DefineName(name="clo_program", sheet="Notes", range="D1:D2"),
    )
    applied(wanted, book)
    found = read_inputs(book, ("clo_deal", "clo_asof", "clo_mode", "tbl_trades", "clo_program"))

    assert found.cells["clo_deal"] == "Demo 1"
    assert "clo_mode" not in found.cells
    assert found.tables == {"tbl_trades": [["Demo 1", 5.0], ["", ""]]}
    assert found.cells["clo_program"] == [["deal"], ["Demo 1"]]
    assert (list(found.sheets), list(found.ours)) == (["Notes", "Out"], ["Out"])


SHEETS = st.sampled_from(("Notes", "Out", "Deal CF-Mag 17", "A'b"))
CELLS = st.builds(lambda column, row: f"{column}{row}", st.sampled_from("ABCD"), st.integers(1, 9))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(("=1+1", "#N/A", "'x", "@SUM(A1)")),
    st.builds(lambda day: {"d": day, "f": "yyyy-mm-dd"}, st.integers(61, 60_000)),
    st.sampled_from(({"e": "#N/A", "m": "CLO-1: x"}, {"e": "#SPILL!", "m": ""})),
)
GRIDS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width), min_size=1, max_size=3)
)
RANGES = st.builds(
    lambda column, row, wide, high: f"{'ABCD'[column]}{row}:{'ABCDEFG'[column + wide]}{row + high}",
    st.integers(0, 3),
    st.integers(1, 9),
    st.integers(0, 3),
    st.integers(0, 3),
)
NAMES = st.sampled_from(("clo_deal", "clo_message", "clo_last_run"))
OPERATIONS = st.one_of(
    st.builds(p.EnsureSheet, name=SHEETS, is_output=st.booleans()),
    st.builds(p.Write, sheet=SHEETS, anchor=CELLS, values=GRIDS),
    st.builds(p.WriteFormulas, sheet=SHEETS, range=CELLS, formulas=st.just([["=SUM(A1:A2)"]]), is_array=st.booleans()),
    st.builds(p.Clear, sheet=SHEETS, range=st.one_of(st.just(""), RANGES),
              what=st.sampled_from(("contents", "formats", "all"))),
    st.builds(p.WriteNamed, name=NAMES, value=VALUES),
    st.builds(p.Format, sheet=SHEETS, range=RANGES, style=st.sampled_from(Style)),
    st.builds(p.ColumnWidths, sheet=SHEETS, widths=st.lists(st.floats(1, 90), max_size=4)),
    st.builds(p.FreezePanes, sheet=SHEETS, cell=CELLS),
    st.builds(p.Select, sheet=SHEETS, cell=CELLS),
    st.builds(p.Message, level=st.sampled_from(("information", "warning", "error")), text=st.text(max_size=9)),
)  # fmt: skip
DEFINITIONS = st.lists(st.builds(p.DefineName, name=NAMES, sheet=SHEETS, range=CELLS), max_size=2)
PATCHES = st.builds(
    lambda names, made: WorkbookPatch(
        (*(p.EnsureSheet(name=name) for name in ("Notes", "Out", "Deal CF-Mag 17", "A'b")),
         p.Clear(sheet="Notes"), p.Clear(sheet="Out"), p.Clear(sheet="Deal CF-Mag 17"), p.Clear(sheet="A'b"),
         *names, *made)
    ),
    DEFINITIONS,
    st.lists(OPERATIONS, max_size=12),
)  # fmt: skip


@given(PATCHES)
@settings(max_examples=150, deadline=None)
def test_any_patch_survives_the_wire(made: WorkbookPatch) -> None:
    """A patch is the same after JSON, whatever it holds."""
    once = patch_to_json(made)

    assert patch_to_json(patch_from_json(once)) == once


@given(PATCHES)
@settings(max_examples=80, deadline=None)
def test_a_patch_applied_twice_is_a_patch_applied_once(made: WorkbookPatch) -> None:
    """A client that tries again after a broken connection leaves the same workbook."""
    book = Workbook()
    book.active.title = "Notes"
    applied(made, book)
    once = content(book)
    applied(made, book)

    assert content(book) == once


@given(made=PATCHES)
@settings(max_examples=40, deadline=None)
def test_any_patched_workbook_can_be_saved_and_read(
    made: WorkbookPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Numbers and texts come back from the file as they went in."""
    book = Workbook()
    book.active.title = "Notes"
    applied(made, book)
    path = tmp_path_factory.mktemp("patched") / "book.xlsx"
    save_workbook(book, path)
    back = load_workbook(path)

    assert back.sheetnames == book.sheetnames
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "n" and isinstance(cell.value, float) and not cell.is_date:
                    assert back[sheet.title][cell.coordinate].value == cell.value


def test_a_result_prints_across_the_page_on_one_width(book: Workbook) -> None:
    """All columns side by side, unless they are too many to be read; a sheet that is no result is left alone."""
    wide = p.EnsureSheet(name="Wide", is_wide=True)
    applied(patch(p.EnsureSheet(name="Mine", is_output=False), wide), book)

    assert (book["Out"].page_setup.orientation, book["Out"].page_setup.fitToHeight) == ("landscape", 0)
    assert book["Out"].sheet_properties.pageSetUpPr.fitToPage
    assert book["Mine"].page_setup.orientation is None
    assert (book["Wide"].page_setup.orientation, book["Wide"].page_setup.fitToHeight) == ("landscape", None)
