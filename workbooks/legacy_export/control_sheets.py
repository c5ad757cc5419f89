"""The control panels `Run Model` and `Run Model_old` and the `Filter Sheet` (spec 06 §5.1, §5.6, §5.7)."""

from collections import defaultdict
from collections.abc import Iterable

from engine.snapshot import FilterRow, TradeRow, WorkbookSnapshot
from workbooks.legacy.filter_sheet import LISTS
from workbooks.legacy_export.grid import SECTION_MARK, Grid, Look
from workbooks.xlsx import Scalar

RUN_MODEL, RUN_MODEL_OLD, FILTER_SHEET = "Run Model", "Run Model_old", "Filter Sheet"
FILTER_HEADERS = ("Logical Operator", "Parenthesis", "Field", "Operator", "Value", "Parenthesis")
OLD_FILTER_HEADERS = ("Operator", "Parenthesis", "Field", "Operator", "Value", "Parenthesis")
TRADE_HEADERS = ("Deal ", "Asset", "Transaction", "Par ", "Price")
RUN_MODEL_LABELS = {
    "B2": "CLO Reinvestment Model",
    "B7": "Deal Info",
    "D7": "Portfolio Rebalancing & Asset Rankings",
    "J7": "Hypothetical Trading",
    "B8": "Analysis Date",
    "B9": "Deal to Run",
    "B10": "Collateral Par Amount",
    "B11": "Principal Cash",
    "B12": "Interest Cash",
    "B13": "Cashflow and Rating Migration Inputs",
    "B14": "Include Cashflow and Rating Migration",
    "B15": "Use Rating Migration for Cashflow",
    "B16": "Correlation Matrix",
    "B17": "Number of Simulations",
    "B18": "Rating Migration Frequency",
    "B19": "Static Random Numbers",
    "B20": "Random Seed",
    "D8": "Purchase/Sale Loan Par Amount",
    "D9": "Include Loans Already in Deal",
    "D10": "Ranking Transaction Type",
    "D11": "Sale Par Amount",
    "D12": "Buy Par Amount",
    "D13": "Buy Filter",
    "D21": "Sale Filter",
    "D29": "Optimization Objective Weights",
    "D30": "Test Name",
    "G30": "Result",
    "H30": "Test Number",
    "I30": "Weight",
    "J8": "Hypothetical Trade Pool Mode",
    "J9": "Trades",
    "B33": "Delete Output Tabs",
}
OLD_LABELS = {
    "A2": SECTION_MARK,
    "A3": "Model Inputs",
    "A4": "Portfolio Optimization",
    "A5": "Hypothetical Trading",
    "B2": "Model Inputs",
    "D2": "Portfolio Optimization & Rankings",
    "F2": "Hypothetical Trading",
    "K2": "Buy Asset Optimization Filtering",
    "Q2": "Sale Asset Optimization Filtering",
    "B3": "Analysis Date",
    "B4": "Deal to Run",
    "B5": "Use Rating Migration for Cashflow",
    "B6": "Correlation Matrix",
    "B7": "Number of Simulations",
    "B8": "Use Static Random Numbers",
    "B9": "Random Seed",
    "D3": "Max Num Assets",
    "D4": "Incremental Loan Size",
    "D5": "Allow par increase to existing loans",
    "D6": "Transaction Type",
    "D7": "Sale Par Amount",
    "D8": "Buy Par Amount",
    "A26": "Run Model",
    "A28": "Delete Output Tabs",
    "A30": "Load Data",
}


def write_run_model(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    """Write the current control panel with its drop-downs and names."""
    for cell, label in RUN_MODEL_LABELS.items():
        grid.put(cell, label, Look.TITLE if cell in ("B2", "B7", "D7", "J7") else Look.PLAIN)
    grid.sheet.merge_range(
        "B27:B31", "Run Model", grid.book.add_format({"bold": True, "border": 1, "valign": "vcenter"})
    )
    for offset, header in enumerate(TRADE_HEADERS):
        grid.put_at(9, 9 + offset, header, Look.HEADER)
    for row in (13, 21):
        for offset, header in enumerate(FILTER_HEADERS):
            grid.put_at(row, 3 + offset, header, Look.HEADER)
    _write_settings(grid, snapshot, "current", RUN_MODEL)
    _write_filters(grid, (row for row in snapshot.filters if row.name == "buy"), 14, 3)
    _write_filters(grid, (row for row in snapshot.filters if row.name == "sale"), 22, 3)
    _write_trades(grid, (trade for trade in snapshot.trades if trade.scope == "current"), 10)
    weights = _weights_of_chosen_deal(snapshot)
    for row, (name, result, number, weight) in enumerate(weights, start=31):
        for column, value in zip("DGHI", (name, result or None, number, weight), strict=True):
            grid.put(f"{column}{row}", value)
    grid.formula("I39", "=SUM(I31:I38)", sum(weight for *_, weight in weights))
    _validate_run_model(grid)
    for name, area in (
        ("DealAnalysisDate", "$C$8"),
        ("BuyFilter", "$D$15:$I$20"),
        ("SaleFilter", "$D$23:$I$28"),
        ("HypoAssets", "$J$11:$N$39"),
    ):
        grid.name(name, area)
    for columns, width in (("A:A", 3), ("B:B", 36), ("C:C", 18), ("D:D", 32), ("E:I", 14), ("J:N", 13)):
        grid.sheet.set_column(columns, width)


def _weights_of_chosen_deal(snapshot: WorkbookSnapshot) -> list[tuple[str, str, int, float]]:
    chosen = [item.value for item in snapshot.run_settings if item.scope == "current" and item.place.cell == "C9"]
    deals = [deal for deal in snapshot.deals if deal.name in chosen]
    return [(row.name, row.displayed_result, row.number, row.weight) for deal in deals for row in deal.weights]


def _write_settings(grid: Grid, snapshot: WorkbookSnapshot, scope: str, sheet: str) -> None:
    for item in snapshot.run_settings:
        if item.scope == scope and item.place.sheet == sheet:
            look = Look.DATE if item.place.cell in ("C8", "C3") else Look.PLAIN
            grid.put(item.place.cell, item.value, look)


def _write_filters(grid: Grid, rows: Iterable[FilterRow], first_row: int, first_column: int) -> None:
    for row, item in enumerate(sorted(rows, key=lambda one: one.position), start=first_row):
        cells: tuple[Scalar, ...] = (
            item.logical_operator or None,
            item.open_parenthesis or None,
            item.field or None,
            item.operator or None,
            item.value,
            item.close_parenthesis or None,
        )
        for offset, value in enumerate(cells):
            grid.put_at(row, first_column + offset, value)


def _write_trades(grid: Grid, trades: Iterable[TradeRow], first_row: int, first_column: int = 9) -> None:
    for row, trade in enumerate(trades, start=first_row):
        cells = (trade.deal, trade.blkrock_id, trade.transaction, trade.par, trade.price)
        for offset, value in enumerate(cells):
            grid.put_at(row, first_column + offset, value)


def _validate_run_model(grid: Grid) -> None:
    rules: tuple[tuple[tuple[str, ...], list[str] | str], ...] = (
        (("C9", "J11:J39"), "=Deals"),
        (("C14:C15", "C19", "E9"), ["TRUE", "FALSE"]),
        (("E10", "L11:L39"), ["Buy", "Sale"]),
        (("N8",), ["True", "False"]),
        (("C16",), ["User Defined", "System Defined"]),
        (("C18",), ["Annually", "Semi-Annually", "Quarterly"]),
        (("F15:F20", "F23:F28"), "=FilterFields"),
    )
    for areas, source in rules:
        for area in areas:
            grid.sheet.data_validation(area, {"validate": "list", "source": source})
    whole = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": 500}
    grid.sheet.data_validation("C17", whole)


def write_run_model_old(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    """Write the previous control panel and its names."""
    for cell, label in OLD_LABELS.items():
        grid.put(cell, label)
    for offset, header in enumerate(TRADE_HEADERS):
        grid.put_at(2, 5 + offset, header, Look.HEADER)
    for column in (10, 16):
        for offset, header in enumerate(OLD_FILTER_HEADERS):
            grid.put_at(2, column + offset, header, Look.HEADER)
    _write_settings(grid, snapshot, "old", RUN_MODEL_OLD)
    _write_filters(grid, (row for row in snapshot.filters if row.name == "old buy"), 3, 10)
    _write_filters(grid, (row for row in snapshot.filters if row.name == "old sale"), 3, 16)
    _write_trades(grid, (trade for trade in snapshot.trades if trade.scope == "old"), 3, 5)
    for name, area in (("OPTInfo", "$D$3:$E$8"), ("Filter", "$K$4:$P$30"), ("RunModelButton", "$A$26")):
        grid.name(name, area)
    grid.sheet.set_column("A:V", 15)


def write_filter_sheet(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    """Write the drop-down lists, each under its header."""
    texts: dict[str, list[str]] = defaultdict(list)
    for item in sorted(snapshot.lists, key=lambda one: one.position):
        texts[item.list_name.strip().casefold()].append(item.text)
    for column, header in enumerate(LISTS):
        grid.put_at(0, column, header, Look.HEADER)
        for row, text in enumerate(texts[header.casefold()], start=1):
            is_boolean = header == "Boolean Fields" and text.upper() in ("TRUE", "FALSE")
            grid.put_at(row, column, text.upper() == "TRUE" if is_boolean else text)
    grid.name("FilterFields", f"$J$2:$J${len(texts['filter fields']) + 2}")
    grid.sheet.set_column("A:M", 22)
