"""The Dashboard: the deal on one page, every figure a formula of ours."""

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from workbooks.palette import ACCENT
from workbooks.templates import looks
from workbooks.templates.cashflows import balance_chart
from workbooks.templates.charts import bars, place
from workbooks.templates.compliance import TESTS, VERDICTS
from workbooks.templates.deal import CLASSES
from workbooks.templates.formulas import call, column_of, filling, quoted, shown
from workbooks.templates.page import LINE_HEIGHT, Area, Page
from workbooks.templates.tables import TRIGGERS

SHEET = "Dashboard"
N_CLASSES, N_TESTS = 10, 11
_CLASS_ROW, _TEST_ROW = 15, 28
_EQUITY = quoted("Equity")


def _key_figures() -> tuple[tuple[str, str, str], ...]:
    """Label, formula and number format of the cards, row by row."""

    def quality(test: int) -> str:
        return shown(call("CLO_TEST_RESULT", test=str(test)), missing='"n/a"')

    def of_equity(metric: str) -> str:
        return shown(call("CLO_TRANCHE_METRIC", class_name=_EQUITY, metric=quoted(metric)), missing='"no run"')

    principal = call("CLO_DEAL_CASH", account=quoted("Collection"), cash_type=quoted("principal"))
    interest = call("CLO_DEAL_CASH", account=quoted("Collection"), cash_type=quoted("interest"))
    return (
        ("Collateral par", shown(call("CLO_DEAL_PAR")), looks.MILLIONS),
        ("Principal cash", shown(principal), looks.MILLIONS),
        ("Interest cash", shown(interest), looks.MILLIONS),
        ("Equity IRR", of_equity("irr"), "0.0%"),
        ("Equity distributions", of_equity("total_interest"), looks.MILLIONS),
        ("Objective", shown(call("CLO_OBJECTIVE"), missing='"n/a"'), looks.PRICE),
        ("Rating factor", quality(36), "#,##0"),
        ("Spread", quality(32), looks.PERCENT),
        ("Life, years", quality(35), looks.YEARS),
        ("Recovery rate", quality(33), looks.PERCENT),
        ("Diversity", quality(37), "0.0"),
        ("Tests failed", f'=IF(clo_deal="","",COUNTIF(\'{VERDICTS.sheet}\'!{VERDICTS.a1},"Fail"))', "0"),
    )


def write_dashboard(book: Workbook) -> None:
    """Write the sheet."""
    page = Page(book, SHEET, ACCENT)
    page.widths([2, *[13.5] * 12, 2])
    page.title('=IF(clo_deal="","Choose a deal on the sheet Control",clo_deal)', "")
    page.put("B3", '=IF(clo_deal="","","Scenario "&clo_scenario&", mode "&clo_mode)', looks.SUBTITLE)
    page.status(
        "E3", call("CLO_TRANCHE_METRICS"), "No stored run: press Deal waterfall to fill classes and coverage tests."
    )
    page.put("L2", '=IF(clo_deal="","","Snapshot")', looks.Look(size=9, color=looks.MUTED, align="right"))
    newest = call("CLO_DEAL", field=quoted("analysis_date"))
    page.put("M2", shown(newest, missing='""'), looks.Look(bold=True, align="right", number_format=looks.DATE))
    _write_cards(page)
    _write_classes(page)
    _write_tests(page)
    _write_worst(page)
    _write_charts(page)
    page.print_setup("A1:N77", is_one_page=True)
    page.sheet.page_setup.orientation = "portrait"


def _write_cards(page: Page) -> None:
    for place_, (label, formula, form) in enumerate(_key_figures()):
        row, column = 5 + 4 * (place_ // 6), 2 + 2 * (place_ % 6)
        left, right = get_column_letter(column), get_column_letter(column + 1)
        edge = looks.KEY_LABEL
        page.dress(f"{left}{row}:{right}{row}", edge)
        page.dress(f"{left}{row + 1}:{right}{row + 1}", looks.key_figure(form))
        page.text(f"{left}{row}", label, edge)
        page.put(f"{left}{row + 1}", formula, looks.key_figure(form))
        page.sheet.row_dimensions[row + 1].height = 27
    for row in (4, 7, 8, 11, 12):
        page.sheet.row_dimensions[row].height = 7
    page.mark("L10:M10", "AND(ISNUMBER($L$10),$L$10>0)", *looks.BAD_MARK)


_CLASS_COLUMNS = (
    ("Original", "", "original_balance", looks.AMOUNT, 2),
    ("Current", "", "current_balance", looks.AMOUNT, 2),
    ("Spread", "", "spread", looks.RATE, 1),
    ("WAL", "wal", "", looks.YEARS, 1),
    ("Yield", "yield", "", looks.RATE, 1),
    ("Margin", "dm", "", looks.RATE, 1),
    ("Price", "", "price", looks.PRICE, 1),
    ("Total interest", "total_interest", "", looks.AMOUNT, 2),
)


def _write_classes(page: Page) -> None:
    row = _CLASS_ROW
    page.section(f"B{row - 2}", "Classes", 12)
    page.dress(f"B{row - 1}:M{row - 1}", looks.HEADER)
    page.text(f"B{row - 1}", "Class", looks.HEADER_LEFT)
    column = 3
    for label, metric, field, form, width in _CLASS_COLUMNS:
        last = get_column_letter(column + width - 1)
        page.text(f"{last}{row - 1}", label, looks.HEADER)
        for offset in range(N_CLASSES):
            line = row + offset
            page.dress(f"{get_column_letter(column)}{line}:{last}{line}", looks.value(form))
            found = (
                call("CLO_TRANCHE_METRIC", class_name=f"$B{line}", metric=quoted(metric))
                if metric
                else call("CLO_TRANCHE", class_name=f"$B{line}", field=quoted(field))
            )
            page.put(f"{last}{line}", shown(found, f'$B{line}<>""'), looks.value(form))
        column += width
    page.lines(Area(SHEET, row, 2, N_CLASSES, 12))
    for offset in range(N_CLASSES):
        page.put(f"B{row + offset}", f'={CLASSES.sheet}!{CLASSES.cell(offset, 0)}&""', looks.TEXT)


def _write_tests(page: Page) -> None:
    """Coverage tests of the first payment date of the last run."""
    row = _TEST_ROW
    page.section(f"B{row - 2}", "OC and IC tests, next payment date", 6)
    page.headers(f"B{row - 1}", ("Test", "", "Result", "Trigger", "Cushion", "Verdict"), n_left=2, height=LINE_HEIGHT)
    triggers = call("CLO_TRIGGERS", period="1", headers="FALSE")
    for column, name, look in (
        (2, "test_name", looks.TEXT),
        (4, "result", looks.value(looks.PERCENT)),
        (5, "threshold", looks.value(looks.PERCENT)),
    ):
        area = Area(SHEET, row, column, N_TESTS, 1)
        page.dress(area.a1, look)
        page.array(area, filling(column_of(triggers, TRIGGERS.offset(name) + 1), N_TESTS, 1))
    for line in range(row, row + N_TESTS):
        both = f"ISNUMBER(D{line})*ISNUMBER(E{line})>0"
        page.put(f"F{line}", f'=IF({both},D{line}-E{line},"")', looks.value(looks.PERCENT))
        page.put(f"G{line}", f'=IF({both},IF(D{line}>=E{line},"Pass","Fail"),"")', looks.VERDICT)
    page.mark_verdicts(f"G{row}:G{row + N_TESTS - 1}")
    page.lines(Area(SHEET, row, 2, N_TESTS, 6))


def _write_worst(page: Page) -> None:
    """The tests that stand closest to their limits, by use of the limit."""
    row = _TEST_ROW
    page.section(f"I{row - 2}", "Closest to their limits", 5)
    page.dress(f"I{row - 1}:M{row - 1}", looks.HEADER)
    page.text(f"I{row - 1}", "Test", looks.HEADER_LEFT)
    page.text(f"L{row - 1}", "Use of limit", looks.HEADER)
    page.text(f"M{row - 1}", "Verdict", looks.HEADER)
    use = f"'{TESTS.sheet}'!$N${TESTS.row}:$N${TESTS.row + TESTS.n_rows - 1}"
    names, verdicts = TESTS.part(1).reference, VERDICTS.reference
    for number in range(1, N_TESTS + 1):
        line = row + number - 1
        page.dress(f"I{line}:K{line}", looks.TEXT)
        page.put(f"L{line}", f'=IF(COUNT({use})<{number},"",LARGE({use},{number}))', looks.value("0.0%"))
        rank = f"MATCH(L{line},{use},0)"
        page.put(f"I{line}", f'=IF(L{line}="","",INDEX({names},{rank}))', looks.TEXT)
        page.put(f"M{line}", f'=IF(L{line}="","",INDEX({verdicts},{rank}))', looks.VERDICT)
    page.mark_verdicts(f"M{row}:M{row + N_TESTS - 1}")
    page.lines(Area(SHEET, row, 9, N_TESTS, 5))


def _write_charts(page: Page) -> None:
    top = _TEST_ROW + N_TESTS + 1
    tests, worst = Area(SHEET, _TEST_ROW, 2, N_TESTS, 1), Area(SHEET, _TEST_ROW, 9, N_TESTS, 1)
    ratios = [(label, Area(SHEET, _TEST_ROW, column, N_TESTS, 1)) for label, column in (("Result", 4), ("Trigger", 5))]
    place(page, bars("Coverage against trigger", tests, ratios, "0%"), f"B{top}", f"G{top + 17}")
    use = Area(SHEET, _TEST_ROW, 12, N_TESTS, 1)
    place(page, bars("Use of limits", worst, [("Use", use)], "0%"), f"I{top}", f"M{top + 17}")
    place(page, balance_chart("Balance by class"), f"B{top + 19}", f"M{top + 36}")
