"""The Scenarios sheet: stored runs of several scenarios beside each other."""

from collections.abc import Sequence

from openpyxl import Workbook

from engine.deal.assumptions import Scenario
from workbooks.templates import looks
from workbooks.templates.cashflows import METRICS
from workbooks.templates.charts import columns, place
from workbooks.templates.deal import CLASSES
from workbooks.templates.formulas import call, quoted, shown
from workbooks.templates.page import Area, Page

SHEET = "Scenarios"
N_SCENARIOS, N_CLASSES = 8, 11
SHOCK_FORMS = ('0.00"x"', '0.00"x"', "+0.0%;-0.0%;0%", "+0.00%;-0.00%;0%")
"""How the numbers of a scenario look, in the order of its fields."""
_ROW, _METRIC_ROW = 6, 18
_FIGURES = (
    ("Equity IRR", "irr", looks.PERCENT),
    ("Equity distributions", "total_interest", looks.AMOUNT),
    ("Equity WAL", "wal", looks.YEARS),
)


def write_scenarios(book: Workbook, scenarios: Sequence[Scenario], names: str) -> None:
    """Write the sheet. names: the range of the list of scenarios."""
    page = Page(book, SHEET, looks.SERIES[2])
    page.widths([2, 16, 64, 12, 12, 12, 12, 14, 18, 14, 12, 12, 12, 12, 2])
    page.title(
        '=IF(clo_deal="","Scenarios",clo_deal)',
        "Stored runs side by side; what was not run stays empty. Edit the yellow cells, then publish them.",
    )
    _write_definitions(page, scenarios, names)
    _write_metric(page, scenarios)
    page.print_setup(f"A1:N{_METRIC_ROW + 29}", is_one_page=True)


def _write_definitions(page: Page, scenarios: Sequence[Scenario], names: str) -> None:
    labels = ("Scenario", "What it assumes", "Prepayments", "Defaults", "Severity", "Curve", "Run stored")
    page.section(f"B{_ROW - 1}", "Scenarios", len(labels) + len(_FIGURES))
    page.headers(f"B{_ROW}", (*labels, *(label for label, _, _ in _FIGURES)), n_left=2)
    area = Area(SHEET, _ROW + 1, 2, N_SCENARIOS, len(labels) + len(_FIGURES))
    for offset in range(N_SCENARIOS):
        one = scenarios[offset] if offset < len(scenarios) else None
        page.put(area.cell(offset, 0), one.name if one else None, looks.entry())
        shocks = (one.cpr_multiplier, one.cdr_multiplier, one.severity_shift, one.curve_shift) if one else ()
        page.put(area.cell(offset, 1), one.description if one else None, looks.entry())
        for column, form in enumerate(SHOCK_FORMS):
            content = shocks[column] if shocks else None
            page.put(area.cell(offset, 2 + column), content, looks.entry(form, "right"))
        first = f"${area.cell(offset, 0)}"
        held = f'(clo_deal<>"")*({first}<>"")>0'
        first_figure = area.cell(offset, len(labels))
        page.put(area.cell(offset, 6), f'=IF({held},IF(ISNUMBER({first_figure}),"Yes","No"),"")', looks.VERDICT)
        for column, (_, metric, form) in enumerate(_FIGURES, start=len(labels)):
            found = call("CLO_TRANCHE_METRIC", class_name=quoted("Equity"), metric=quoted(metric), scenario=first)
            page.put(area.cell(offset, column), shown(found, held), looks.value(form))
    page.choices(area.part(0).a1, names, is_strict=False)
    page.lines(area)
    page.table("tbl_scenarios", Area(SHEET, _ROW, 2, N_SCENARIOS + 1, 2 + len(SHOCK_FORMS)))


def _write_metric(page: Page, scenarios: Sequence[Scenario]) -> None:
    """One measure of every class in every scenario."""
    row = _METRIC_ROW
    page.section(f"B{row - 2}", "One measure of every class", N_CLASSES + 2)
    page.text(f"B{row - 1}", "Measure", looks.LABEL)
    page.entry(f"C{row - 1}", "clo_scenario_metric", "wal")
    page.choices(f"C{row - 1}", quoted(",".join(name for name, _, _ in METRICS)))
    page.headers(f"B{row}", ("Scenario", *[""] * (N_CLASSES + 1)), n_left=1)
    area = Area(SHEET, row + 1, 2, N_SCENARIOS, N_CLASSES + 2)
    for column in range(N_CLASSES):
        header = Area(SHEET, row, 4 + column, 1, 1).cell(0, 0)
        page.put(header, f'={CLASSES.sheet}!{CLASSES.cell(column, 0)}&""', looks.HEADER)
        for offset in range(N_SCENARIOS):
            first = f"${area.cell(offset, 0)}"
            found = call(
                "CLO_TRANCHE_METRIC", class_name=f"{header[:-2]}${row}", metric="clo_scenario_metric", scenario=first
            )
            cell = Area(SHEET, row + 1 + offset, 4 + column, 1, 1).cell(0, 0)
            look = looks.value("[<2]0.000%;[<1000]0.00;#,##0")
            page.put(cell, shown(found, f'({first}<>"")*({header[:-2]}${row}<>"")>0'), look)
    for offset in range(N_SCENARIOS):
        page.put(area.cell(offset, 0), f'=IF(B{_ROW + 1 + offset}="","",B{_ROW + 1 + offset})', looks.TEXT)
        page.dress(area.cell(offset, 1), looks.TEXT)
    page.lines(area)
    names = Area(SHEET, row, 4, 1, N_CLASSES)
    series = [
        (scenario.name, Area(SHEET, row + 1 + offset, 4, 1, N_CLASSES)) for offset, scenario in enumerate(scenarios)
    ]
    place(page, columns("The measure by class and scenario", names, series, "General"), f"B{row + 11}", f"N{row + 29}")
