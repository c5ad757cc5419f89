"""The Control sheet: what the commands of the ribbon work on (spec 06 §14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl import Workbook

from engine.snapshot import CellValue, FilterRow
from workbooks.palette import ACCENT
from workbooks.templates import looks
from workbooks.templates.content import ControlContent
from workbooks.templates.formulas import call, quoted, shown
from workbooks.templates.page import LINE_HEIGHT, Area, Page

SHEET = "Control"
N_FILTER_ROWS, N_WEIGHTS = 6, 10
FILTER_COLUMNS = ("logical_operator", "open", "field", "operator", "value", "close")
WEIGHT_COLUMNS = ("test_number", "test_name", "result", "weight")
_MOST_SIMULATIONS = 100_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """A named cell: its label, what it holds at first, its number format, what its drop-down list offers."""

    label: str
    name: str
    content: CellValue
    number_format: str = "General"
    choices: str = ""


def write_control(book: Workbook, content: ControlContent, lists: Mapping[str, str]) -> None:
    """Write the sheet. lists: the ranges of the drop-down lists."""
    page = Page(book, SHEET, ACCENT)
    page.widths([2, 28, 22, 3, 17, 7, 20, 10, 14, 7, 3, 13.5, 40, 12, 11, 2])
    page.title("Control", "What the ribbon works on. Fill the yellow cells; everything else is a formula.")
    _write_entries(page, 5, "Deal", _deal_entries(content, lists))
    page.limits("C7", "date", 60, None, "Enter the date of a snapshot, or leave the cell blank for the newest.")
    _write_entries(page, 12, "Trading", _trading_entries(content))
    for cell in ("C14", "C16", "C17"):
        page.limits(cell, "decimal", 0, None, "Enter par in units of currency.")
    _write_entries(page, 20, "Simulation", _simulation_entries(content))
    page.limits("C21", "whole", 1, _MOST_SIMULATIONS, "Enter a whole number from 1 to 100,000.")
    _write_figures(page)
    for name, row, title in (("buy", 5, "Buy filter"), ("sale", 14, "Sale filter")):
        page.section(f"E{row}", title, len(FILTER_COLUMNS))
        chosen = [one for one in content.filters if one.name == name]
        _write_filter(page, row + 1, f"tbl_{name}_filter", chosen, lists)
    _write_weights(page, content)
    page.print_setup("A1:P32", is_one_page=True)


def _deal_entries(content: ControlContent, lists: Mapping[str, str]) -> Sequence[_Entry]:
    return (
        _Entry("Deal", "clo_deal", content.deal or None, choices=lists["deals"]),
        _Entry("Snapshot date (blank: newest)", "clo_asof", content.as_of, looks.DATE),
        _Entry("Scenario", "clo_scenario", "BASE", choices=lists["scenarios"]),
        _Entry("Mode", "clo_mode", "default", choices='"default,legacy"'),
        _Entry("Assumption set", "clo_assumptions", content.assumption_set or None),
    )


def _trading_entries(content: ControlContent) -> Sequence[_Entry]:
    return (
        _Entry("Rank the side", "clo_rank_side", content.setting("ranking_side"), choices='"Buy,Sale"'),
        _Entry("Par of a ranked trade", "clo_rank_par", content.setting("trade_par_step"), looks.AMOUNT),
        _Entry("Include held assets", "clo_include_held", content.setting("include_held"), looks.FLAG, '"TRUE,FALSE"'),
        _Entry("Par to sell", "clo_sale_par", content.setting("sale_par"), looks.AMOUNT),
        _Entry("Par to buy", "clo_buy_par", content.setting("buy_par"), looks.AMOUNT),
        _Entry("Trades as one package", "clo_pool_mode", content.setting("pool_mode"), looks.FLAG, '"TRUE,FALSE"'),
    )


def _simulation_entries(content: ControlContent) -> Sequence[_Entry]:
    source = "system" if str(content.setting("correlation_source")).lower().startswith("system") else "user"
    return (
        _Entry("Simulations", "clo_simulations", content.setting("simulations"), "#,##0"),
        _Entry(
            "Frequency",
            "clo_frequency",
            content.setting("rating_migration_frequency"),
            choices='"Annual,Semi-Annual,Quarterly"',
        ),
        _Entry("Same random numbers again", "clo_static_random", content.setting("static_random"),
               looks.FLAG, '"TRUE,FALSE"'),
        _Entry("Seed", "clo_seed", content.setting("seed"), looks.WHOLE),
        _Entry("Correlations", "clo_correlation_source", source, choices='"user,system,factors"'),
    )  # fmt: skip


def _write_entries(page: Page, row: int, title: str, entries: Sequence[_Entry]) -> None:
    page.section(f"B{row}", title, 2)
    for offset, one in enumerate(entries, start=1):
        page.text(f"B{row + offset}", one.label, looks.LABEL)
        page.entry(f"C{row + offset}", one.name, one.content, one.number_format)
        if one.choices:
            page.choices(f"C{row + offset}", one.choices, is_strict=one.choices.startswith('"'))


def _write_figures(page: Page) -> None:
    """What the deal has to trade with, the last command, and whether the server answers."""
    page.section("B27", "Deal today", 2)
    cash = {kind: call("CLO_DEAL_CASH", account=quoted("Collection"), cash_type=quoted(kind))
            for kind in ("principal", "interest")}  # fmt: skip
    for row, label, expression in (
        (28, "Collateral par", call("CLO_DEAL_PAR")),
        (29, "Principal cash", cash["principal"]),
        (30, "Interest cash", cash["interest"]),
    ):
        page.text(f"B{row}", label, looks.LABEL)
        page.put(f"C{row}", shown(expression), looks.value(looks.MONEY))
    page.section("L19", "Commands", 4)
    for row, label, name in ((20, "Last run", "clo_last_run"), (21, "Message", "clo_message")):
        page.text(f"L{row}", label, looks.LABEL)
        page.dress(f"M{row}:O{row}", looks.TEXT)
        page.name(name, f"M{row}")
    page.text("L22", "Server", looks.LABEL)
    page.dress("M22:O22", looks.TEXT)
    page.put("M22", f'=IF(ISERROR({call("CLO_PING")}),"not connected","connected")', looks.TEXT)
    page.mark("M22", '$M$22="connected"', *looks.GOOD_MARK)
    page.mark("M22", '$M$22="not connected"', *looks.BAD_MARK)


def _write_filter(page: Page, row: int, name: str, rows: Sequence[FilterRow], lists: Mapping[str, str]) -> None:
    area = Area(SHEET, row, 5, N_FILTER_ROWS + 1, len(FILTER_COLUMNS))
    page.headers(area.cell(0, 0), FILTER_COLUMNS, n_left=len(FILTER_COLUMNS), height=LINE_HEIGHT)
    for offset in range(N_FILTER_ROWS):
        one = rows[offset] if offset < len(rows) else None
        cells: Sequence[CellValue] = (
            (one.logical_operator, one.open_parenthesis, one.field, one.operator, one.value, one.close_parenthesis)
            if one
            else (None,) * len(FILTER_COLUMNS)
        )
        for column, content in enumerate(cells):
            cell = area.cell(offset + 1, column)
            page.put(cell, content or None, looks.entry())
            if isinstance(content, str):
                page.sheet[cell].data_type = "s" if content else "n"
    page.table(name, area)
    for column, source in enumerate(('"and,or"', '"(,((,((("', lists["fields"], lists["operators"], "", '"),)),)))"')):
        if source:
            page.choices(f"{area.cell(1, column)}:{area.cell(N_FILTER_ROWS, column)}", source, is_strict=False)


def _write_weights(page: Page, content: ControlContent) -> None:
    page.section("L5", "Objective weights", len(WEIGHT_COLUMNS))
    area = Area(SHEET, 6, 12, N_WEIGHTS + 1, len(WEIGHT_COLUMNS))
    page.headers(area.cell(0, 0), WEIGHT_COLUMNS, n_left=2, height=LINE_HEIGHT)
    for offset in range(N_WEIGHTS):
        number, weight = content.weights[offset] if offset < len(content.weights) else (None, None)
        first = f"${area.cell(offset + 1, 0)}"
        held = f'(clo_deal<>"")*({first}<>"")>0'
        page.put(area.cell(offset + 1, 0), number, looks.entry(looks.WHOLE, "center"))
        for column, field, look in ((1, '"test_name"', looks.TEXT), (2, "", looks.value(looks.MIXED))):
            found = call("CLO_TEST_RESULT", test=first, field=field)
            page.put(area.cell(offset + 1, column), shown(found, held, '"no such test"' if field else '""'), look)
        page.put(area.cell(offset + 1, 3), weight, looks.entry(looks.NUMBER, "right"))
    page.table("tbl_weights", area)
