"""Trade tickets: a list of trades as CSV or workbook, one line a trade (spec 05 §2, `HypoAssets`).

Columns by header, in any order: Deal, Asset, Side (Buy or Sale), Par in currency, Price in percent of par; a blank one
is the market value. What cannot be read is told line by line, all of it, and nothing is taken.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.errors import WorkbookError
from engine.trading.trades import Side, Trade, side_of
from workbooks.legacy.book import open_book
from workbooks.legacy.cells import address
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.looks import Column, Look, Looks, Page
from workbooks.xlsx import ExactWorkbook

HEADERS = ("Deal", "Asset", "Side", "Par", "Price")
_CSV = ".csv"
_WORKBOOKS = (".xlsx", ".xlsm")
_MOST_LINES = 10_000
_MOST_BYTES = 4 << 20
_SHOWN = 10

Cell = object


def read_ticket(path: Path, deal: str | None = None) -> tuple[Trade, ...]:
    """The trades of a ticket, each with the place it stands at. deal: for lines that name none.

    Raises WorkbookError CLO-2070 for a file that is no ticket, CLO-2071 with every line that cannot be read.
    """
    sheet, rows = _csv_rows(path) if path.suffix.lower() == _CSV else _workbook_rows(path)
    if not rows:
        raise _no_ticket(path, "is empty")
    columns = _columns(path, rows[0])
    trades, faults = [], []
    for number, row in enumerate(rows[1 : _MOST_LINES + 1], start=2):
        cells = {header: row[column] if column < len(row) else "" for header, column in columns.items()}
        if not any(str(cell or "").strip() for cell in cells.values()):
            continue
        place = f"'{sheet}'!{address(number, min(columns.values()) + 1)}"
        found = _faults(cells, deal)
        faults += [f"{place}: {fault}" for fault in found]
        if not found:
            trades.append(_trade(cells, deal, place))
    if len(rows) - 1 > _MOST_LINES:
        faults.append(f"{len(rows) - 1} lines, of which at most {_MOST_LINES:,} are read")
    if faults:
        shown = "; ".join(faults[:_SHOWN]) + ("; ..." if len(faults) > _SHOWN else "")
        raise WorkbookError(
            "CLO-2071",
            f"{len(faults)} lines of the ticket cannot be read: {shown}",
            where=str(path),
            remedy="Correct them; nothing was taken from the file.",
        )
    return tuple(trades)


def write_ticket(path: Path, trades: Iterable[Trade]) -> None:
    """Write trades as CSV or workbook, by the ending of the name; an existing file is replaced."""
    lines = [(trade.deal, trade.blkrock_id, _side_text(trade.side), trade.par, trade.price) for trade in trades]
    if path.suffix.lower() == _CSV:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADERS)
            writer.writerows(["" if cell is None else cell for cell in line] for line in lines)
        return
    if path.suffix.lower() != ".xlsx":
        raise _no_ticket(path, "is neither .csv nor .xlsx")
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    page = Page(book.add_worksheet("Trades"), Looks(book))
    looks = (Look.TEXT, Look.TEXT, Look.TEXT, Look.MONEY, Look.NUMBER)
    columns = [
        Column(header, look, [line[place] for line in lines])
        for place, (header, look) in enumerate(zip(HEADERS, looks, strict=True))
    ]
    page.table(0, columns, name="trades")
    page.widths(columns)
    page.print_landscape("Trade ticket")
    book.close()


def _side_text(side: Side) -> str:
    return "Buy" if side is Side.BUY else "Sale"


def _csv_rows(path: Path) -> tuple[str, list[Sequence[Cell]]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _no_ticket(path, f"is larger than {_MOST_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
        return path.name, list(csv.reader(io.StringIO(text), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _no_ticket(path, f"cannot be read as CSV ({error})") from error


def _workbook_rows(path: Path) -> tuple[str, list[Sequence[Cell]]]:
    if path.suffix.lower() not in _WORKBOOKS:
        raise _no_ticket(path, "is neither .csv nor a workbook")
    book = open_book(path)
    name = "Trades" if "Trades" in book.sheet_names else book.sheet_names[0]
    grid = book.grid(name)
    if grid.errors or grid.uncalculated:
        row, column = min([*grid.errors, *grid.uncalculated])
        raise _no_ticket(path, f"has an error or a formula without a value at '{name}'!{address(row, column)}")
    return name, list(grid.rows)


def _columns(path: Path, headers: Sequence[Cell]) -> dict[str, int]:
    """Header -> its column; the deal may be missing where one is given for all lines."""
    found = {str(text).strip().casefold(): place for place, text in reversed(list(enumerate(headers)))}
    columns = {header: found[header.casefold()] for header in HEADERS if header.casefold() in found}
    missing = [header for header in ("Asset", "Side", "Par") if header not in columns]
    if missing:
        raise _no_ticket(path, f"has no column {', '.join(missing)} in its first line")
    return columns


def _faults(cells: dict[str, Cell], deal: str | None) -> list[str]:
    faults = []
    if not (_text(cells.get("Deal")) or deal):
        faults.append("no deal")
    if not _text(cells.get("Asset")):
        faults.append("no asset")
    if side_of(_text(cells.get("Side"))) is None:
        faults.append(f"side {_text(cells.get('Side'))!r} is neither Buy nor Sale")
    if _number(cells.get("Par")) is None:
        faults.append(f"par {_text(cells.get('Par'))!r} is not a number")
    if _text(cells.get("Price")) and _number(cells.get("Price")) is None:
        faults.append(f"price {_text(cells.get('Price'))!r} is not a number")
    return faults


def _trade(cells: dict[str, Cell], deal: str | None, place: str) -> Trade:
    side, par = side_of(_text(cells["Side"])), _number(cells["Par"])
    if side is None or par is None:
        raise AssertionError("a line with faults is no trade")
    return Trade(
        deal=_text(cells.get("Deal")) or deal or "",
        blkrock_id=_text(cells["Asset"]),
        side=side,
        par=par,
        price=_number(cells.get("Price")),
        place=place,
    )


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _number(cell: Cell) -> float | None:
    """A number, of a text too if it is one; None for anything else, infinite and missing numbers among them."""
    if isinstance(cell, bool):
        return None
    try:
        value = float(cell if isinstance(cell, int | float) else _text(cell).replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _no_ticket(path: Path, problem: str) -> WorkbookError:
    return WorkbookError(
        "CLO-2070",
        f"The ticket {path.name} {problem}",
        where=str(path),
        remedy=f"Give a .csv or .xlsx file with the columns {', '.join(HEADERS)}.",
    )
