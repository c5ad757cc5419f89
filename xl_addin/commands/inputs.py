"""What commands read of the Control and Trades sheets (spec 06 §14), as typed requests; mistakes name cell or row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.collateral.filters.formatting import format_filter
from engine.collateral.filters.rows import parse_rows
from engine.desk.assumption_sets import WORKBOOK
from engine.errors import InputError, located
from engine.modes import Mode
from engine.trading.trades import Side, Trade, side_of
from xl_addin.commands.declare import Inputs
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.errors import CellError
from xl_addin.registry.kinds import Kind
from xl_addin.registry.values import OMITTED, serial

DEAL, AS_OF, SCENARIO, MODE = "clo_deal", "clo_asof", "clo_scenario", "clo_mode"
ASSUMPTIONS = "clo_assumptions"
BASIS = (DEAL, AS_OF, SCENARIO, MODE)
"""The named cells that say what a command works on."""

RANK_SIDE, RANK_PAR, HELD = "clo_rank_side", "clo_rank_par", "clo_include_held"
SALE_PAR, BUY_PAR, POOL_MODE = "clo_sale_par", "clo_buy_par", "clo_pool_mode"
LAST_RUN, MESSAGE = "clo_last_run", "clo_message"
TRADES, BUY_FILTER, SALE_FILTER, WEIGHTS = "tbl_trades", "tbl_buy_filter", "tbl_sale_filter", "tbl_weights"
_FILTER_CELLS = 6
_CONTROL = "Control"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a command works on: a deal by its own name, a day that it has, a scenario and a mode."""

    deal: str
    as_of: date
    scenario: str
    mode: Mode

    @property
    def wire(self) -> tuple[Any, Any, str]:
        """Day, scenario and mode as functions take them."""
        return {"d": serial(self.as_of)}, self.scenario, self.mode_word

    @property
    def wire_date(self) -> dict[str, int]:
        """The day as functions take it."""
        return {"d": serial(self.as_of)}

    @property
    def mode_word(self) -> str:
        return "legacy" if self.mode is Mode.LEGACY else "default"


def cell(inputs: Inputs, name: str, kind: Kind, default: Any = None) -> Any:
    """The value of a named cell, the default for a blank one. Raises InputError that names the cell."""
    raw = inputs.cells.get(name)
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return default
    try:
        value = kind.read(raw)
    except CellError as error:
        raise InputError(error.number, error.problem, where=f"cell {name}", remedy=error.remedy) from None
    return default if value is OMITTED else value


def basis(inputs: Inputs, ctx: CallContext) -> Basis:
    """Deal, day, scenario and mode of the Control sheet.

    Raises InputError CLO-2201 where no deal is chosen, ReferenceDataError CLO-3013 for one that is not stored.
    """
    deal = cell(inputs, DEAL, kinds.NAME)
    if deal is None:
        raise InputError(
            "CLO-2201",
            "No deal is chosen",
            where=f"cell {DEAL}",
            remedy=f"Enter its name in the cell {DEAL} of the sheet {_CONTROL}, or press Select deal.",
        )
    wanted = cell(inputs, AS_OF, kinds.DAY)
    with located(f"cells {DEAL} and {AS_OF}"):
        view = ctx.views.deal(deal, wanted)
    return Basis(
        deal=view.deal.name,
        as_of=view.as_of,
        scenario=str(cell(inputs, SCENARIO, kinds.NAME, "BASE")).upper(),
        mode=cell(inputs, MODE, kinds.MODE, Mode.STANDARD),
    )


def assumptions(inputs: Inputs, ctx: CallContext, deal: str) -> str:
    """The assumption set of a run: the one named, else that of the deal's last run, else the workbook's own."""
    named = cell(inputs, ASSUMPTIONS, kinds.NAME)
    if named is not None:
        return str(named)
    return next((run.assumption_set for run in ctx.views.stored_runs(deal) if run.assumption_set), WORKBOOK)


def amount(inputs: Inputs, name: str, default: float | None = None) -> float | None:
    """An amount in currency above 0; InputError CLO-2202 for another one."""
    value = cell(inputs, name, kinds.NUMBER)
    if value is None:
        return default
    if value <= 0.0:
        raise InputError(
            "CLO-2202", f"The amount {value:g} is not above 0", where=f"cell {name}", remedy="Enter par in currency."
        )
    return float(value)


def trades(inputs: Inputs, deal: str) -> tuple[Trade, ...]:
    """The trades of a deal on the Trades sheet; blank rows and those of other deals are skipped.

    Raises InputError CLO-2203 where none is left, CLO-2204 for a row that cannot be read.
    """
    found = []
    for number, row in enumerate(inputs.tables.get(TRADES, ()), start=1):
        cells = [*row, *[None] * (6 - len(row))]
        if all(_is_blank(value) for value in cells[:5]):
            continue
        trade = _trade(cells, f"{TRADES}, row {number}")
        if "".join(trade.deal.upper().split()) == "".join(deal.upper().split()):
            found.append(trade)
    if not found:
        raise InputError(
            "CLO-2203",
            f"There is no trade of {deal}",
            where=f"table {TRADES}",
            remedy="Enter deal, asset, Buy or Sale, and par on the sheet Trades.",
        )
    return tuple(found)


def _trade(row: Sequence[Any], where: str) -> Trade:
    deal, asset, side = (_text(value, where) for value in row[:3])
    par, price = _number(row[3], where, "par"), _number(row[4], where, "price")
    known = side_of(side)
    missing = [
        word for word, value in (("deal", deal), ("asset", asset), ("transaction", known), ("par", par)) if not value
    ]
    if missing or known is None or par is None or par <= 0.0:
        raise InputError(
            "CLO-2204",
            f"The trade has no usable {', '.join(missing) or 'par'}",
            where=where,
            remedy="Enter deal, asset, Buy or Sale, and a par above 0; leave the price blank for the market value.",
        )
    return Trade(deal=deal, blkrock_id=asset, side=known, par=par, price=price or None, place=where)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: Any, where: str) -> str:
    return str(_read(kinds.PLAIN_NAME, "" if value is None else value, where))


def _number(value: Any, where: str, what: str) -> float | None:
    return None if _is_blank(value) else float(_read(kinds.NUMBER, value, f"{where}, {what}"))


def _read(kind: Kind, value: Any, where: str) -> Any:
    try:
        return kind.read(value)
    except CellError as error:
        raise InputError(error.number, error.problem, where=where, remedy=error.remedy) from None


@dataclass(frozen=True, slots=True)
class _Place:
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class _FilterRow:
    """One row of a filter table, as the filter language reads it."""

    logical_operator: str
    open_parenthesis: str
    field: str
    operator: str
    value: object
    close_parenthesis: str
    place: _Place


def filter_text(inputs: Inputs, table: str, mode: Mode) -> str:
    """The filter of a table as text, empty for one without rows. Raises FilterError that names table and row."""
    rows = []
    for number, row in enumerate(inputs.tables.get(table, ()), start=1):
        cells = [*row, *[None] * (_FILTER_CELLS - len(row))][:_FILTER_CELLS]
        if not all(_is_blank(value) for value in cells):
            rows.append(_filter_row(cells, table, number))
    return format_filter(parse_rows(rows, mode.quirks)) if rows else ""


def _filter_row(cells: Sequence[Any], table: str, number: int) -> _FilterRow:
    where = f"{table}, row {number}"
    texts = [_text(cells[place], where) for place in (0, 1, 2, 3, 5)]
    value = _read(kinds.TEXT, "" if cells[4] is None else cells[4], where)
    return _FilterRow(texts[0], texts[1], texts[2], texts[3], value, texts[4], _Place(_CONTROL, where))


def weights(inputs: Inputs) -> list[list[float]] | None:
    """Rows of test number and weight of the Control sheet, None where there are none."""
    rows = []
    for number, row in enumerate(inputs.tables.get(WEIGHTS, ()), start=1):
        cells = [*row, *[None] * (4 - len(row))]
        if _is_blank(cells[0]) or _is_blank(cells[3]):
            continue
        where = f"{WEIGHTS}, row {number}"
        test, weight = _number(cells[0], where, "test number"), _number(cells[3], where, "weight")
        rows.append([test or 0.0, weight or 0.0])
    return rows or None


def side(inputs: Inputs) -> Side:
    """Which side is ranked: purchases unless the Control sheet says Sale."""
    word = cell(inputs, RANK_SIDE, kinds.choice("Buy", "Sale"), "Buy")
    return Side.SALE if word == "Sale" else Side.BUY
