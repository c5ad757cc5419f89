"""The Compliance sheet: every test of the deal with verdict, cushion and use of its limit."""

from openpyxl import Workbook

from workbooks.templates import looks
from workbooks.templates.formulas import call
from workbooks.templates.page import Area, Page
from workbooks.templates.tables import COMPLIANCE

SHEET = "Compliance"
N_TESTS = 80
_ROW = 9
_VERDICT, _USE = "B", "N"
TESTS = Area(SHEET, _ROW + 1, 3, N_TESTS, len(COMPLIANCE.columns))
VERDICTS = Area(SHEET, _ROW + 1, 2, N_TESTS, 1)


def write_compliance_sheet(book: Workbook) -> None:
    """Write the sheet."""
    page = Page(book, SHEET, looks.SERIES[2])
    page.widths([2, 10, 7, 46, 10, 17, 17, 13, 13, 13, 9, 12, 30, 12, 3, 2])
    page.title(
        '=IF(clo_deal="","Compliance",clo_deal)',
        "The tests of the deal on the chosen date; calculated in the cell, no run needed.",
    )
    for column, label, formula in (
        ("D", "Tests that pass", f'=COUNTIF({VERDICTS.a1},"Pass")'),
        ("F", "Tests that fail", f'=COUNTIF({VERDICTS.a1},"Fail")'),
        ("H", "Without a verdict", f'=SUMPRODUCT(({TESTS.part(1).a1}<>"")*({VERDICTS.a1}=""))'),
    ):  # fmt: skip
        beside = "D" if column == "D" else chr(ord(column) + 1)
        page.dress(f"{column}5:{beside}5", looks.KEY_LABEL)
        page.dress(f"{column}6:{beside}6", looks.key_figure("0"))
        page.text(f"{column}5", label, looks.KEY_LABEL)
        page.put(f"{column}6", formula, looks.key_figure("0"))
    page.sheet.row_dimensions[6].height = 26
    page.section("B8", "Tests", 13)
    area = page.spill(f"C{_ROW}", COMPLIANCE, N_TESTS)
    page.status(
        "D4", call("CLO_COMPLIANCE"), "The tests cannot be calculated: see `clodesk compliance` for the reason."
    )
    page.headers(f"{_VERDICT}{_ROW}", ("Verdict",), n_left=0)
    page.headers(f"{_USE}{_ROW}", ("Use of limit",), n_left=0)
    for row in range(area.row, area.row + N_TESTS):
        page.put(f"{_VERDICT}{row}", f'=IF(K{row}="","",IF(K{row},"Pass","Fail"))', looks.VERDICT)
        page.put(f"{_USE}{row}", _use_of_limit(row), looks.value("0%"))
    page.mark_verdicts(VERDICTS.a1)
    page.lines(Area(SHEET, area.row, 3, N_TESTS, 12))
    page.mark(
        f"{_USE}{area.row}:{_USE}{area.row + N_TESTS - 1}",
        f"AND(ISNUMBER($N{area.row}),$N{area.row}>1)",
        *looks.BAD_MARK,
    )
    page.print_setup(f"A1:N{_ROW + N_TESTS}", header_row=_ROW)
    page.sheet.freeze_panes = f"E{_ROW + 1}"


def _use_of_limit(row: int) -> str:
    """Result over limit where that is a maximum, limit over result where it is a minimum: 100 % is at the limit."""
    usable = f"IF(ISNUMBER(H{row}),IF(ISNUMBER(I{row}),H{row}*I{row}>0,FALSE),FALSE)"
    return f'=IF({usable},IF(LEFT(LOWER(E{row}),3)="min",I{row}/H{row},H{row}/I{row}),"")'
