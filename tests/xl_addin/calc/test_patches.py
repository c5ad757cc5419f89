"""Workbook patches in Calc: the same sheets, cells and marks as in a file, and charts that are Calc's own."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from engine.errors import BackendError
from tests.xl_addin.calc.conftest import Sheet
from xl_addin.calc.harness import Office
from xl_addin.commands import applier_openpyxl
from xl_addin.commands.patch import (
    Chart,
    Clear,
    ColumnWidths,
    DefineName,
    DeleteSheets,
    EnsureSheet,
    Format,
    FreezePanes,
    MakeTable,
    Message,
    Operation,
    Select,
    Series,
    Style,
    WorkbookPatch,
    Write,
    WriteFormulas,
    WriteNamed,
    patch_to_json,
)

_SHEETS = ("Sheet1", "Out one", "Out two", "Mine")
_KINDS = ("line", "column", "stacked_column", "bar", "stacked_bar", "area", "stacked_area", "scatter")
_FORMULA_LIKE = ("=1+1", "+a", "-b", "@c", "'quoted", '"x"', "007", "1e3", "2016-03-23", "TRUE", "#N/A", "a\x0bb\nc")

values = st.one_of(
    st.none(),
    st.just(""),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-1e300, 1e300, allow_subnormal=False),
    st.sampled_from(_FORMULA_LIKE),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12),
    st.builds(lambda day: {"d": day, "f": "yyyy-mm-dd"}, st.integers(60, 60_000)),
    st.builds(lambda code: {"e": code, "m": "CLO-1: x"}, st.sampled_from(["#N/A", "#VALUE!", "#NUM!", "#DIV/0!"])),
)
grids = st.lists(st.lists(values, min_size=1, max_size=4), min_size=1, max_size=4)
cells = st.builds(lambda column, row: f"{column}{row}", st.sampled_from("ABCD"), st.integers(1, 6))
ranges = st.builds(
    lambda column, row, width, height: f"{column}{row}:{chr(ord(column) + width)}{row + height}",
    st.sampled_from("ABCD"),
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(1, 3),
)
sheets = st.sampled_from(_SHEETS)
operations = st.one_of(
    st.builds(
        lambda name, after, is_output: EnsureSheet(name=name, after=after, is_output=is_output),
        sheets,
        st.none() | sheets,
        st.booleans(),
    ),
    st.builds(lambda prefix: DeleteSheets(prefix=prefix), st.sampled_from(["Out", "out t", "Mine", "No"])),
    *[st.builds(lambda sheet, anchor, grid: Write(sheet=sheet, anchor=anchor, values=grid), sheets, cells, grids)] * 4,
    st.builds(
        lambda sheet, area, what: Clear(sheet=sheet, range=area, what=what),
        sheets,
        st.just("") | ranges,
        st.sampled_from(["contents", "formats", "all"]),
    ),
    st.builds(lambda name, sheet, area: DefineName(name=name, sheet=sheet, range=area), st.just("day"), sheets, cells),
    st.builds(lambda value: WriteNamed(name="DAY", value=value), values),
    st.builds(
        lambda sheet, area, style: Format(sheet=sheet, range=area, style=style), sheets, ranges, st.sampled_from(Style)
    ),
    st.builds(lambda sheet: ColumnWidths(sheet=sheet, widths=(8.0, 20.5)), sheets),
    st.builds(lambda sheet, cell: FreezePanes(sheet=sheet, cell=cell), sheets, cells),
    st.builds(lambda sheet, cell: Select(sheet=sheet, cell=cell), sheets, cells),
    st.builds(lambda text: Message(level="information", text=text), st.text("abc", max_size=3)),
)  # fmt: skip
_ALL_SHEETS = tuple(EnsureSheet(name=name, is_output=name.startswith("Out")) for name in _SHEETS)
patches = st.builds(
    # A sheet that was deleted on the way is there again for the operations after.
    lambda some: WorkbookPatch((*_ALL_SHEETS, *(one for operation in some for one in _with_sheet(operation)))),
    st.lists(operations, max_size=8),
)


def _with_sheet(operation: Operation) -> tuple[Operation, ...]:
    name = getattr(operation, "sheet", None)
    return (operation,) if name is None else (EnsureSheet(name=name, is_output=False), operation)


def _in_a_file(patch: WorkbookPatch) -> tuple[dict[str, dict[str, Any]], list[str], list[list[str]]]:
    """Cells by sheet, our sheets and messages, of a patch that the openpyxl applier applied."""
    book = Workbook()
    book.worksheets[0].title = "Sheet1"
    told = applier_openpyxl.apply_patch(patch, book)
    found = {
        sheet.title: {
            cell.coordinate: _plain(cell.value, cell.data_type)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in book.worksheets
    }
    return found, applier_openpyxl.our_sheets(book), [[one.level, one.text] for one in told]


def _plain(value: Any, data_type: str) -> Any:
    if data_type == "e":
        return {"e": value}
    return value if isinstance(value, str) else float(value)


def _applied(office: Office, document: int, patch: WorkbookPatch) -> tuple[Any, list[str], Any]:
    told = office.ask("patch", document=document, patch=patch_to_json(patch))
    return office.ask("values", document=document), office.ask("ours", document=document), told


@given(patch=patches)
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_any_patch_gives_what_it_gives_in_a_file(office: Office, patch: WorkbookPatch) -> None:
    """Random operations leave the same sheets in the same order, the same cells, marks and messages, once or twice."""
    document = office.ask("open")
    try:
        once = _applied(office, document, patch)
    finally:
        office.ask("close", document=document)
    expected = _in_a_file(patch)

    assert list(once[0]) == list(expected[0])
    assert once == expected


def _out(*operations: Operation) -> WorkbookPatch:
    return WorkbookPatch((EnsureSheet(name="Out"), Clear(sheet="Out"), *operations))


def test_a_patch_can_be_applied_twice(office: Office, sheet: Sheet) -> None:
    """The second time changes nothing: no second table, chart or name stands beside the first."""
    chart = Chart(
        sheet="Out", name="one", anchor="E2", kind="line", title="One", data_sheet="Out", categories="A2:A3",
        series=(Series(name="Size", values="B2:B3"),),
    )  # fmt: skip
    patch = _out(
        Write(sheet="Out", anchor="A1", values=[["name", "size"], ["a", 1], ["b", 2]]),
        DefineName(name="sizes", sheet="Out", range="B2:B3"),
        MakeTable(name="out_sizes", sheet="Out", range="A1:B3"),
        chart,
    )

    first = _applied(office, sheet.document, patch)
    charts = office.ask("charts", document=sheet.document)

    assert _applied(office, sheet.document, patch) == first
    assert office.ask("charts", document=sheet.document) == charts == {"Out": ["one"]}
    assert first[1] == ["Out"]


def test_formulas_are_entered_as_excel_writes_them(office: Office, sheet: Sheet) -> None:
    """Commas, quoted sheets, our functions and array formulas are understood whatever Calc's own spelling is."""
    patch = WorkbookPatch(
        (
            EnsureSheet(name="My data", is_output=False),
            Write(sheet="My data", anchor="A1", values=[[1.0, 2.0], [3.0, 4.0]]),
            WriteFormulas(
                sheet="Sheet1",
                range="A1:B1",
                formulas=[["=SUM('My data'!A1:B2,0.5)", "=CLO_TRIAL_DIGITS('My data'!$A$1,,'My data'!B2)"]],
            ),
            WriteFormulas(sheet="Sheet1", range="A2:D3", formulas=[["=CLO_TRIAL_GRID()"]], is_array=True),
        )
    )
    _applied(office, sheet.document, patch)

    found = sheet.values()
    assert (found["A1"], found["B1"]) == (10.5, 184.0)
    assert (found["A2"], found["D2"], found["B3"]) == (1.5, 42452.0, {"e": "#N/A"})


def test_a_sheet_that_a_user_changed_is_no_longer_ours(office: Office, sheet: Sheet) -> None:
    """Our mark holds for what the patch wrote: one more number on the sheet, and no command deletes it."""
    patch = WorkbookPatch((EnsureSheet(name="Sheet0", after=None), Write(sheet="Sheet0", anchor="A1", values=[["x"]])))
    _applied(office, sheet.document, patch)
    by_hand = WorkbookPatch((Write(sheet="Sheet0", anchor="B2", values=[[1]]),))

    found, ours, _ = _applied(office, sheet.document, by_hand)
    assert ours == []
    found, ours, _ = _applied(office, sheet.document, WorkbookPatch((DeleteSheets(prefix="Sheet0"),)))
    assert "Sheet0" in found


def test_an_unknown_sheet_is_named(office: Office, sheet: Sheet) -> None:
    """An operation on a sheet that is not there fails with its name."""
    with pytest.raises(BackendError, match=r"CLO-2213: The workbook has no sheet 'Nowhere'"):
        _applied(office, sheet.document, WorkbookPatch((Clear(sheet="Nowhere"),)))


@pytest.mark.parametrize("kind", _KINDS)
def test_charts_are_native(office: Office, sheet: Sheet, tmp_path: Path, kind: Any) -> None:
    """Each kind of chart is one of the saved file, with its title, the names of its series and their cells."""
    patch = _out(
        Write(sheet="Out", anchor="A1", values=[["year", "a", "b"], [1, 5.0, 2.0], [2, 7.0, 3.0], [3, 4.0, 8.0]]),
        Chart(
            sheet="Out", name="flows", anchor="E2", kind=kind, title="Flows by year", data_sheet="Out",
            categories="A2:A4", series=(Series(name="First", values="B2:B4"), Series(name="Second", values="C2:C4")),
            axis_format="0.0%", axis_min=0.0, axis_max=9.0,
        ),
    )  # fmt: skip
    _applied(office, sheet.document, patch)
    target = tmp_path / "chart.xlsx"
    office.ask("save", document=sheet.document, url=target.as_uri())

    with zipfile.ZipFile(target) as package:
        # LibreOffice numbers the charts of all files of a session.
        (part,) = [name for name in package.namelist() if name.startswith("xl/charts/chart")]
        chart = package.read(part).decode()
    for part in ("Flows by year", "First", "Second", "Out!$B$2:$B$4", "Out!$C$2:$C$4", "Out!$A$2:$A$4", "0.0%"):
        assert part in chart
    assert ("stacked" in chart) == kind.startswith("stacked")


def test_looks_reach_a_saved_file(office: Office, sheet: Sheet, tmp_path: Path) -> None:
    """Fonts, fills, formats, widths and frozen panes of a patch are in the file that Calc saves."""
    patch = _out(
        Write(sheet="Out", anchor="A1", values=[["Size", "Paid"], [1234.5, {"d": 42452, "f": "yyyy-mm-dd"}]]),
        Format(sheet="Out", range="A1:B1", style=Style.HEADER),
        Format(sheet="Out", range="A2", style=Style.MONEY),
        ColumnWidths(sheet="Out", widths=(20.0,)),
        FreezePanes(sheet="Out", cell="A2"),
        Select(sheet="Out", cell="A2"),
    )
    _applied(office, sheet.document, patch)
    target = tmp_path / "looks.xlsx"
    office.ask("save", document=sheet.document, url=target.as_uri())

    out = load_workbook(target)["Out"]
    assert out["A1"].font.b
    assert out["A1"].fill.fgColor.rgb == "FF2F5D8C"
    assert out["A2"].number_format.endswith(r"#,##0.00;[RED]\-#,##0.00")
    assert out["B2"].number_format.endswith(r"yyyy\-mm\-dd")
    assert out.column_dimensions["A"].width == pytest.approx(20.0, abs=1.0)
    assert out.freeze_panes == "A2"
