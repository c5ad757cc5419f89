"""The Waterfall sheet: the text of the deal's program, edited line by line and checked at once."""

from openpyxl import Workbook

from workbooks.templates import looks
from workbooks.templates.formulas import call
from workbooks.templates.page import Area, Page
from workbooks.templates.tables import WATERFALL_PROBLEMS, WATERFALL_TEXT

SHEET = "Waterfall"
N_LINES, N_PROBLEMS = 120, 12
_ROW = 9


def write_waterfall(book: Workbook, program: str) -> None:
    """Write the sheet; a program that needs more lines than there are loses none: the sheet grows."""
    page = Page(book, SHEET, looks.SERIES[2])
    lines = program.splitlines()
    n_lines = max(N_LINES, len(lines) + 20)
    page.widths([2, 6, 84, 3, 7, 84, 3, 8, 60, 60, 2])
    page.title(
        '=IF(clo_deal="","Waterfall",clo_deal)',
        "Edit the program in the yellow cells: it is checked as you type. `clodesk waterfall set` stores a text.",
    )
    area = Area(SHEET, _ROW + 1, 3, n_lines, 1)
    page.text("B5", "Check", looks.LABEL)
    page.put("C5", f'=IF(COUNTA({area.a1})=0,"No program yet",{call("CLO_WATERFALL_CHECK", program=area.a1)})',
             looks.Look(bold=True, align="left", indent=1, below=looks.HAIRLINE))  # fmt: skip
    page.mark("C5", 'LEFT($C$5,2)="ok"', *looks.GOOD_MARK)
    page.mark("C5", 'ISNUMBER(SEARCH("problem",$C$5))', *looks.BAD_MARK)
    page.name("clo_program", area.cell(0, 0))
    page.book.defined_names["clo_program"].attr_text = area.reference
    page.section("B8", "Your program", 2)
    page.headers(f"B{_ROW}", ("Line", "Text"), n_left=2)
    for offset in range(n_lines):
        row = area.row + offset
        page.put(f"B{row}", offset + 1, looks.Look(color=looks.MUTED, align="right"))
        page.put(
            f"C{row}",
            None,
            looks.Look(font="Courier New", fill=looks.INPUT_FILL, color=looks.INPUT_INK, align="left", indent=1),
        )
        if offset < len(lines) and lines[offset].strip():
            page.sheet[f"C{row}"].value = lines[offset].rstrip()
            page.sheet[f"C{row}"].data_type = "s"
    page.section("E8", "Stored with the deal", 2)
    stored = page.spill(f"E{_ROW}", WATERFALL_TEXT, n_lines)
    page.dress(stored.part(1).a1, looks.CODE)
    page.mark(area.a1, f'AND($F${stored.row}<>"",C{area.row}&""<>$F{stored.row})', looks.INPUT_INK, "#FDE7C2")
    page.section("H8", "Problems", 3)
    problems = page.spill(f"H{_ROW}", WATERFALL_PROBLEMS, N_PROBLEMS, f"COUNTA({area.a1})>0", program=area.a1)
    page.dress(problems.part(1, 2).a1, looks.Look(align="left", wrap=True, indent=1))
    page.print_setup(f"A1:J{_ROW + n_lines}", header_row=_ROW)
    page.sheet.freeze_panes = f"A{_ROW + 1}"
