"""The control panels: `Run Model` and its predecessor `Run Model_old` (spec 06 §5.1, §5.6)."""

from dataclasses import dataclass
from datetime import date

from engine.snapshot import CellValue, FilterRow, RunSetting, TradeRow
from engine.validation.controls import WEIGHT_SETTING
from workbooks.legacy.cells import Block, column_number, parse_address
from workbooks.legacy.findings import Code
from workbooks.legacy.labels import filter_rows
from workbooks.legacy.ranges import Anchor, list_rows, locate
from workbooks.legacy.values import CellReader, trimmed

CURRENT, OLD = "current", "old"

PANEL_CELLS = {
    "C8": "analysis_date",
    "C9": "deal",
    "C10": "collateral_par",
    "C11": "principal_cash",
    "C12": "interest_cash",
    "C14": "include_cash_flow_and_rating_runs",
    "C15": "use_rating_migration",
    "C16": "correlation_source",
    "C17": "simulations",
    "C18": "rating_migration_frequency",
    "C19": "static_random",
    "C20": "seed",
    "E8": "trade_par_step",
    "E9": "include_held",
    "E10": "ranking_side",
    "E11": "sale_par",
    "E12": "buy_par",
    "N8": "pool_mode",
}
OLD_PANEL_CELLS = {
    "C3": "analysis_date",
    "C4": "deal",
    "C5": "use_rating_migration",
    "C6": "correlation_source",
    "C7": "simulations",
    "C8": "static_random",
    "C9": "seed",
}
DATE_SETTING = "analysis_date"
WEIGHT_ROWS = range(31, 39)

BUY_FILTER = Anchor("BuyFilter", 15, column_number("D"), 6, 20, is_list=False)
SALE_FILTER = Anchor("SaleFilter", 23, column_number("D"), 6, 28, is_list=False)
TRADES = Anchor("HypoAssets", 11, column_number("J"), 5, 39, is_list=False)
OLD_BUY_FILTER = Anchor("Filter", 4, column_number("K"), 6, 30, is_list=False)
OLD_SALE_FILTER = Block(4, column_number("Q"), 30, column_number("V"))
OLD_TRADES = Block(4, column_number("F"), 30, column_number("J"))
OPTIONS = Anchor("OPTInfo", 3, column_number("D"), 2, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a control panel holds."""

    settings: tuple[RunSetting, ...]
    filters: tuple[FilterRow, ...]
    trades: tuple[TradeRow, ...]

    def value(self, name: str) -> CellValue:
        """Value of one setting; None where the panel does not have it."""
        return next((setting.value for setting in self.settings if setting.name == name), None)


def read_run_model(cells: CellReader) -> Panel:
    """The current panel: settings by position, panel weights, both filters, the hypothetical trades."""
    return Panel(
        settings=(*_settings(cells, CURRENT, PANEL_CELLS), *_panel_weights(cells)),
        filters=(
            *filter_rows(cells, "buy", locate(cells, BUY_FILTER).block),
            *filter_rows(cells, "sale", locate(cells, SALE_FILTER).block),
        ),
        trades=_trades(cells, CURRENT, locate(cells, TRADES).block),
    )


def read_old_run_model(cells: CellReader) -> Panel:
    """The previous panel, kept with scope `old`: never a current setting."""
    options = locate(cells, OPTIONS)
    labelled = tuple(
        RunSetting(
            scope=OLD,
            name=cells.key(row, options.left, "option"),
            value=cells.value(row, options.left + 1),
            place=cells.place(row, options.left + 1),
        )
        for row in list_rows(cells, options)
    )
    return Panel(
        settings=(*_settings(cells, OLD, OLD_PANEL_CELLS), *labelled),
        filters=(
            *filter_rows(cells, "old buy", locate(cells, OLD_BUY_FILTER).block),
            *filter_rows(cells, "old sale", OLD_SALE_FILTER),
        ),
        trades=_trades(cells, OLD, OLD_TRADES),
    )


def _settings(cells: CellReader, scope: str, names: dict[str, str]) -> tuple[RunSetting, ...]:
    settings = []
    for cell, name in names.items():
        row, column = parse_address(cell) or (0, 0)
        value: CellValue | date
        value = cells.day(row, column, name) if name == DATE_SETTING else cells.value(row, column, name)
        settings.append(RunSetting(scope=scope, name=name, value=value, place=cells.place(row, column)))
    return tuple(settings)


def _panel_weights(cells: CellReader) -> tuple[RunSetting, ...]:
    number_column, weight_column = column_number("H"), column_number("I")
    weights = []
    for row in WEIGHT_ROWS:
        number = cells.whole(row, number_column, "test number of a weight")
        if number is None:
            continue
        weight = cells.number(row, weight_column, f"weight of test {number}", blank=0.0)
        name = f"{WEIGHT_SETTING}{number}"
        weights.append(RunSetting(scope=CURRENT, name=name, value=weight, place=cells.place(row, weight_column)))
    return tuple(weights)


def _trades(cells: CellReader, scope: str, block: Block) -> tuple[TradeRow, ...]:
    """Trades with a deal; a row that has other cells but no deal is skipped (I-SKIPPED)."""
    trades: list[TradeRow] = []
    for row in block.rows:
        columns = range(block.left, block.left + 5)
        if all(cells.is_blank(row, column) for column in columns):
            continue
        deal = cells.key(row, block.left, "deal of a trade")
        if not deal:
            found = trimmed(" ".join(str(cells.raw(row, column)) for column in columns))
            cells.report(Code.SKIPPED, row, block.left, "a trade without a deal is skipped", found=found)
            continue
        trades.append(
            TradeRow(
                scope=scope,
                deal=deal,
                blkrock_id=cells.key(row, block.left + 1, "asset of a trade"),
                transaction=cells.key(row, block.left + 2, "transaction"),
                par=cells.number(row, block.left + 3, "par of a trade"),
                price=cells.number(row, block.left + 4, "price of a trade"),
                place=cells.place(row, block.left),
            )
        )
    return tuple(trades)
