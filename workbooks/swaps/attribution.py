"""P&L attribution: what each day, each component and each contract brought, in base currency."""

from collections.abc import Sequence
from itertools import accumulate

from engine.payouts.results import COMPONENTS, ContractPnl, DailyPnl, PnlParts, SwapResults
from workbooks.results.charts import PALETTE
from workbooks.results.looks import Block, Column, Look
from workbooks.swaps.charts import (
    COMPONENT_COLORS,
    HALF_OFFSET,
    HALF_ROWS,
    HALF_SIZE,
    NET_COLOR,
    WIDE_ROWS,
    WIDE_SIZE,
    Series,
    Step,
    bars,
    stacked,
    step,
    waterfall,
)
from workbooks.swaps.pages import SwapPage
from workbooks.xlsx import ExactWorkbook, Scalar

HEADS = ("Price", "Dividend", "Interest", "FX", "Other")
HELPER_COLUMN = 12
TABLES_BELOW = 2 + WIDE_ROWS + HALF_ROWS
LEAST_WIDTH, PRINT_WIDTH = 16.0, 172.0
MOST_BARS = 10


def write_attribution(page: SwapPage, book: ExactWorkbook, content: SwapResults, title: str) -> Block | None:
    """A section for each base currency; where the first daily table stands, None without P&L."""
    page.title(title)
    page.text(
        1,
        0,
        f"From {content.attribution_since} to {content.as_of}: change of the unrealized P&L plus what was realized. "
        "Realized amounts count in the component of their cash flow; an equity return's FX part is in price.",
        Look.SUBTITLE,
    )
    bases = list(dict.fromkeys(one.base_currency for one in content.daily_pnl))
    if not bases:
        page.text(3, 0, "No day has a P&L: it takes two days that were valued.", Look.SUBTITLE)
        page.print_landscape(title, n_rows=5)
        return None
    row, first, breaks = 3, None, []
    for base in bases:
        days = [one for one in content.daily_pnl if one.base_currency == base]
        contracts = [one for one in content.contract_pnl if one.base_currency == base]
        breaks.append(row + TABLES_BELOW)
        row, block = _write_section(page, book, row, base, days, contracts)
        breaks.append(row)
        first = first or block
    page.sheet.set_column(HELPER_COLUMN, HELPER_COLUMN + len(Step._fields), None, None, {"hidden": True})
    page.sheet.freeze_panes(2, 0)
    page.sheet.print_area(0, 0, row, HELPER_COLUMN - 1)
    page.print_blocks(title, PRINT_WIDTH, WIDE_ROWS + HALF_ROWS, breaks[:-1])
    return first


def _write_section(
    page: SwapPage,
    book: ExactWorkbook,
    row: int,
    base: str,
    days: Sequence[DailyPnl],
    contracts: Sequence[ContractPnl],
) -> tuple[int, Block]:
    """Charts above, contracts and days below; the row after it and where the days stand."""
    page.text(row, 0, f"In {base}", Look.BLOCK)
    at_charts, at_contracts = row + 1, row + TABLES_BELOW
    page.text(at_contracts, 0, f"Contribution of contracts, {base}", Look.BLOCK)
    by_contract = page.table(at_contracts + 1, _contract_columns(contracts), name=f"pnl_contracts_{base}")
    _total(page, by_contract.last_row + 1, [one.parts for one in contracts])
    at_days = by_contract.last_row + 4
    page.text(at_days, 0, f"By day, {base}", Look.BLOCK)
    columns = _day_columns(days)
    by_day = page.table(at_days + 1, columns, name=f"pnl_days_{base}")
    _total(page, by_day.last_row + 1, [one.parts for one in days])
    page.fit(_widest(columns, _contract_columns(contracts)), LEAST_WIDTH)
    _daily_chart(page, book, at_charts, base, by_day)
    _component_chart(page, book, at_charts + WIDE_ROWS, base, [one.parts for one in days])
    _contract_chart(page, book, at_charts + WIDE_ROWS, base, by_contract, len(contracts))
    return by_day.last_row + 4, by_day


def _amounts(parts: Sequence[PnlParts]) -> list[list[Scalar]]:
    """The columns of components and total."""
    columns: list[list[Scalar]] = [[float(one.components[place]) for one in parts] for place in range(len(COMPONENTS))]
    return [*columns, [float(one.total) for one in parts]]


def _day_columns(days: Sequence[DailyPnl]) -> list[Column]:
    *components, total = _amounts([one.parts for one in days])
    running: list[Scalar] = [float(one) for one in accumulate(one.parts.total for one in days)]
    return [
        Column("Day", Look.DATE, [one.day for one in days]),
        *(Column(head, Look.MONEY, cells) for head, cells in zip(HEADS, components, strict=True)),
        Column("Total", Look.MONEY, total),
        Column("Cumulative", Look.MONEY, running),
    ]


def _contract_columns(contracts: Sequence[ContractPnl]) -> list[Column]:
    """Contracts from the largest gain to the largest loss, each starting where the one above ended."""
    *components, total = _amounts([one.parts for one in contracts])
    ends = [float(one) for one in accumulate(one.parts.total for one in contracts)]
    starts = [0.0, *ends[:-1]] if ends else []
    return [
        Column("Contract", Look.TEXT, [one.contract_reference for one in contracts]),
        *(Column(head, Look.MONEY, cells) for head, cells in zip(HEADS, components, strict=True)),
        Column("Total", Look.MONEY, total),
        Column("From", Look.MONEY, starts),
        Column("To", Look.MONEY, ends),
    ]


def _widest(days: Sequence[Column], contracts: Sequence[Column]) -> list[Column]:
    """Both tables' columns on top of each other, for the widths."""
    shared = [
        Column(other.header if len(other.header) > len(one.header) else one.header, other.look,
               [*one.cells, *other.cells])
        for one, other in zip(days, contracts, strict=False)
    ]  # fmt: skip
    return [*shared, *contracts[len(days) :]]


def _total(page: SwapPage, row: int, parts: Sequence[PnlParts]) -> None:
    sums = [sum(one.components[place] for one in parts) for place in range(len(COMPONENTS))]
    page.total_row(row, "Total", [*(float(one) for one in sums), float(sum(one.total for one in parts))])


def _daily_chart(page: SwapPage, book: ExactWorkbook, row: int, base: str, days: Block) -> None:
    columns = [Series(head, days.cells(head), color) for head, color in zip(HEADS, COMPONENT_COLORS, strict=True)]
    chart = stacked(
        book,
        f"P&L by day and component, {base}",
        days.cells("Day"),
        columns,
        WIDE_SIZE,
        line=Series("Cumulative", days.cells("Cumulative"), NET_COLOR),
        line_has_own_axis=True,
        date_format="d mmm",
    )
    page.sheet.insert_chart(row, 0, chart, {"y_offset": 4, "object_position": 3})


def _component_chart(page: SwapPage, book: ExactWorkbook, row: int, base: str, parts: Sequence[PnlParts]) -> None:
    """The waterfall from nothing to the total, over columns that nobody needs to see."""
    sums = [float(sum(one.components[place] for one in parts)) for place in range(len(COMPONENTS))]
    ends = list(accumulate(sums))
    steps = [step(start, end) for start, end in zip([0.0, *ends[:-1]], ends, strict=True)]
    steps.append(step(0.0, ends[-1]))
    for offset, (name, one) in enumerate(zip((*HEADS, "Total"), steps, strict=True), start=row):
        page.text(offset, HELPER_COLUMN, name)
        for place, amount in enumerate(one, start=HELPER_COLUMN + 1):
            page.text(offset, place, amount, Look.MONEY)
    last = row + len(HEADS)
    sheet = page.sheet.get_name()
    places = range(HELPER_COLUMN, HELPER_COLUMN + 1 + len(Step._fields))
    columns = [[sheet, row, place, last, place] for place in places]
    chart = waterfall(book, f"P&L of the window by component, {base}", columns[0], columns[1:], HALF_SIZE)
    page.sheet.insert_chart(row, 0, chart, {"y_offset": 4, "object_position": 3})


def _contract_chart(
    page: SwapPage, book: ExactWorkbook, row: int, base: str, contracts: Block, n_contracts: int
) -> None:
    """Contracts by their total; of many those with the largest gains."""
    last = contracts.first_row + min(n_contracts, MOST_BARS) - 1
    place = contracts.first_column + contracts.headers.index("Total")
    chart = bars(
        book,
        f"P&L by contract, {base}" if n_contracts <= MOST_BARS else f"The {MOST_BARS} best contracts, {base}",
        [contracts.sheet, contracts.first_row, 0, last, 0],
        Series("Total", [contracts.sheet, contracts.first_row, place, last, place], PALETTE[1]),
        HALF_SIZE,
    )
    page.sheet.insert_chart(row, 0, chart, {"x_offset": HALF_OFFSET, "y_offset": 4, "object_position": 3})
