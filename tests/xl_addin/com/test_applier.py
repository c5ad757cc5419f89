"""Patches in the workbook that is open in Excel, on a small fake of xlwings' object model: no Excel runs here."""

from typing import Any

import pytest

from engine.errors import InputError
from tests.xl_addin.com.fake_excel import FakeBook
from xl_addin.com.applier import apply_patch, write_choice
from xl_addin.com.book_reader import gathered, is_ours
from xl_addin.com.formulas import freeze, repair, unfreeze
from xl_addin.commands import patch as ops


@pytest.fixture
def book() -> FakeBook:
    """A workbook with one sheet, Control."""
    return FakeBook()


def _apply(book: Any, *operations: ops.Operation) -> list[ops.Message]:
    return apply_patch(ops.WorkbookPatch(operations), book)


def test_a_write_is_one_array_with_texts_that_stay_texts(book: FakeBook) -> None:
    """What Excel would take for a formula, number or date gets an apostrophe; dates get their format."""
    values = (
        ("=1+1", "@home", "Mar 17", "plain", None),
        ({"d": 42452, "f": "yyyy-mm-dd"}, {"e": "#N/A", "m": ""}, 1.5, True, ""),
    )
    _apply(book, ops.EnsureSheet(name="Out"), ops.Write(sheet="Out", anchor="B2", values=values))

    sheet = book.sheet("Out")
    assert sheet.n_writes == 1
    assert [sheet.values.get((2, column)) for column in range(2, 7)] == ["'=1+1", "'@home", "'Mar 17", "plain", None]
    assert [sheet.values.get((3, column)) for column in range(2, 7)] == [42452.0, "#N/A", 1.5, True, None]
    assert sheet.formats == {(3, 2): "yyyy-mm-dd"}


def test_excel_is_as_before_even_after_a_failure(book: FakeBook) -> None:
    """Screen, calculation and alerts rest during a patch and come back, whatever happens."""
    book.app.calculation = "semiautomatic"

    with pytest.raises(InputError, match="CLO-2263: The workbook has no sheet 'Gone'"):
        _apply(book, ops.Write(sheet="Gone", anchor="A1", values=((1.0,),)))

    assert (book.app.screen_updating, book.app.calculation, book.app.display_alerts) == (True, "semiautomatic", True)


def test_a_sheet_is_ours_until_a_user_changes_it(book: FakeBook) -> None:
    """The mark is a sheet-level name with the fingerprint of what the patch left."""
    _apply(book, ops.EnsureSheet(name="Out"), ops.Write(sheet="Out", anchor="A1", values=((1.0, "text"),)))
    sheet: Any = book.sheet("Out")

    assert [name.name for name in sheet.names] == ["clodesk_output"]
    assert is_ours(sheet)
    sheet.values[5, 5] = 7.0
    assert not is_ours(sheet)


def test_only_sheets_of_ours_are_deleted(book: FakeBook) -> None:
    """A user's sheet of the same prefix and a changed one stay; a workbook keeps at least one sheet."""
    for name in ("HYPO-Mag 17", "HYPO-Mag 16"):
        _apply(book, ops.EnsureSheet(name=name), ops.Write(sheet=name, anchor="A1", values=((1.0,),)))
    book.sheets.add("HYPO-mine")
    book.sheet("HYPO-Mag 16").values[1, 1] = 2.0

    _apply(book, ops.DeleteSheets(prefix="hypo-"))

    assert [sheet.name for sheet in book.sheets] == ["Control", "HYPO-Mag 16", "HYPO-mine"]


def test_a_patch_applied_twice_leaves_the_same(book: FakeBook) -> None:
    """Sheets, tables and values are there once; messages come back in order."""
    operations = (
        ops.EnsureSheet(name="Out", after="Control"),
        ops.Clear(sheet="Out"),
        ops.Write(sheet="Out", anchor="A1", values=(("a", "b"), (1.0, 2.0))),
        ops.MakeTable(name="out_t", sheet="Out", range="A1:B2"),
        ops.Format(sheet="Out", range="A1:B1", style=ops.Style.HEADER),
        ops.ColumnWidths(sheet="Out", widths=(10.0, 12.0)),
        ops.FreezePanes(sheet="Out", cell="A2"),
        ops.DefineName(name="out_name", sheet="Out", range="A1:B2"),
        ops.WriteFormulas(sheet="Out", range="A5:B5", formulas=(("=CLO_X(1)", "=1"),)),
        ops.Chart(
            sheet="Out", name="c", anchor="D2", kind="bar", title="t", data_sheet="Out", categories="A2",
            series=(ops.Series(name="s", values="B2"),),
        ),
        ops.Select(sheet="Out"),
        ops.Message(level="information", text="Done."),
    )  # fmt: skip
    first = _apply(book, *operations)
    values = dict(book.sheet("Out").values)
    second = _apply(book, *operations)

    assert [message.text for message in (*first, *second)] == ["Done.", "Done."]
    assert [sheet.name for sheet in book.sheets] == ["Control", "Out"]
    assert book.sheet("Out").values == values
    assert [table.name for table in book.sheet("Out").tables] == ["out_t"]
    assert [(chart.name, len(chart.series), chart.ChartType) for chart in book.sheet("Out").charts] == [("c", 1, 57)]
    assert [(name.name, name.refers_to) for name in book.names] == [("out_name", "='Out'!$A$1:$B$2")]


def test_a_command_gets_named_cells_tables_and_sheets(book: FakeBook) -> None:
    """Names and tables that the workbook has are read as wire values, others are left out."""
    sheet = book.sheet("Control")
    sheet.values.update(
        {(1, 1): "Mag 17", (2, 1): 42452.0, (5, 1): "Deal", (5, 2): "Par", (6, 1): "Mag 17", (6, 2): 5.0}
    )
    book.names.Add("clo_deal", "=Control!$A$1")
    book.names.Add("CLO_ASOF", "=Control!$A$2")
    sheet.Add(1, sheet.range("A5:B6").api, None, 1).Name = "tbl_trades"

    found = gathered(book, ("clo_deal", "clo_asof", "clo_mode", "tbl_trades", "tbl_none"))

    assert found == {
        "cells": {"clo_deal": "Mag 17", "clo_asof": 42452.0},
        "tables": {"tbl_trades": [["Mag 17", 5.0]]},
        "sheets": ["Control"],
        "ours": [],
    }


def test_a_choice_of_the_ribbon_is_kept_where_a_command_finds_it(book: FakeBook) -> None:
    """In the named cell where the workbook has one, in the name itself where it has none."""
    write_choice(book, "clo_deal", 'Mag "17"')
    book.names.Add("clo_scenario", "=Control!$A$3")
    write_choice(book, "clo_scenario", "STRESS")

    assert gathered(book, ("clo_deal", "clo_scenario"))["cells"] == {"clo_deal": 'Mag "17"', "clo_scenario": "STRESS"}
    assert book.sheet("Control").values == {(3, 1): "STRESS"}


def test_frozen_formulas_come_back(book: FakeBook) -> None:
    """Freezing keeps our formulas on a hidden sheet and leaves others alone; thawing enters them again."""
    sheet = book.sheet("Control")
    sheet.values.update({(1, 1): "=CLO_X(1)", (1, 2): "=SUM(1)"})

    n_frozen = freeze(book)
    sheet.values[1, 1] = 0.25
    n_back = unfreeze(book)

    assert (n_frozen, n_back) == (1, 1)
    assert sheet.values == {(1, 1): "=CLO_X(1)", (1, 2): "=SUM(1)"}


def test_links_of_another_computer_are_entered_again(book: FakeBook) -> None:
    """A path to somebody's add-in and the dialect of another client go; the count says how many."""
    sheet = book.sheet("Control")
    sheet.values.update({(1, 1): r"='C:\Users\x\clo.xlam'!CLO_X(1)", (1, 2): "=_xldudf_CLO_Y()", (1, 3): "=CLO_Z()"})

    assert repair(book) == 2
    assert sheet.values == {(1, 1): "=CLO_X(1)", (1, 2): "=CLO_Y()", (1, 3): "=CLO_Z()"}
