"""The About sheet: how to begin, what the colours mean, which versions answer, where the data came from."""

from openpyxl import Workbook

from workbooks.templates import looks
from workbooks.templates.content import ControlContent
from workbooks.templates.formulas import call, filling
from workbooks.templates.page import Area, Page

SHEET = "About"
_STEPS = (
    ("Control", "Choose a deal, and a snapshot date if it is not to be the newest."),
    ("Dashboard", "See the deal on one page. Classes and coverage tests come from its last stored run."),
    ("Run", "Press Deal waterfall in the ribbon to run the cash flows; the sheets fill by themselves."),
    ("Compliance", "All tests with verdict and cushion, calculated in the cell."),
    ("Trades", "Enter trades in the blotter and see every test before and after."),
    ("Portfolio", "List positions; a filter in words narrows them down."),
    ("Scenarios", "Compare the stored runs of several scenarios."),
    ("Waterfall", "Edit the program of the deal and have it checked as you type."),
)
_N_VERSIONS = 10


def write_about(book: Workbook, content: ControlContent) -> None:
    """Write the sheet."""
    page = Page(book, SHEET, looks.MUTED)
    page.widths([2, 22, 92, 2])
    page.title("About this workbook", "Made by clodesk from code: no macros, no hidden inputs.")
    page.section("B5", "How to begin", 2)
    row = 6
    for word, text in _STEPS:
        page.text(f"B{row}", word, looks.Look(bold=True, indent=1, align="left", below=looks.HAIRLINE))
        page.text(f"C{row}", text)
        row += 1
    row += 1
    page.section(f"B{row}", "Colours", 2)
    page.text(f"B{row + 1}", "Input", looks.entry())
    page.text(f"C{row + 1}", "A cell that you fill; commands read those with a name that begins with clo_.")
    page.text(
        f"B{row + 2}", "Pass", looks.Look(bold=True, color=looks.GOOD_MARK[0], fill=looks.GOOD_MARK[1], align="center")
    )
    page.text(f"C{row + 2}", "A test that holds.")
    page.text(
        f"B{row + 3}", "Fail", looks.Look(bold=True, color=looks.BAD_MARK[0], fill=looks.BAD_MARK[1], align="center")
    )
    page.text(f"C{row + 3}", "A test that does not, or a limit that is exceeded.")
    row += 5
    page.section(f"B{row}", "If a cell shows an error", 2)
    for word, text in (
        ("#NAME?", "The add-in is not loaded, or the workbook came from another client: use Repair links."),
        ("#N/A", "Not there now: no run, an unknown name, or no server. CLO_ERROR(cell) says which."),
        ("#VALUE!", "An argument cannot be used. CLO_ERROR(cell) says what to change."),
    ):
        row += 1
        page.text(f"B{row}", word, looks.Look(bold=True, indent=1, align="left", below=looks.HAIRLINE))
        page.text(f"C{row}", text)
    row += 2
    page.section(f"B{row}", "Made from", 2)
    for word, text in (("Data", content.source or "no imported workbook"), ("Version", content.version or "unknown")):
        row += 1
        page.text(f"B{row}", word)
        page.text(f"C{row}", text)
    row += 2
    _write_versions(page, row)
    page.print_setup(f"A1:D{row + _N_VERSIONS + 1}", is_one_page=True)


def _write_versions(page: Page, row: int) -> None:
    page.section(f"B{row}", "What answers", 2)
    area = Area(SHEET, row + 1, 2, _N_VERSIONS, 2)
    page.dress(area.a1, looks.TEXT)
    expression = call("CLO_VERSION", headers="FALSE")
    page.array(area, filling(expression, _N_VERSIONS, 2, "TRUE"))
