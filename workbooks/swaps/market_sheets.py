"""Market data of swaps from a file: every row read, every mistake told with its cell, nothing taken where one is found.

Sheets by name, columns by header in any order; a column with an unknown header is told and left aside.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.payouts.cdm.codes import MINOR_UNITS
from engine.payouts.enums import ConfidenceLevel, CorporateActionType, DividendStatus, DividendType, SpinOffMethod
from engine.payouts.market import CorporateAction, DividendEvent
from engine.snapshot import Finding
from workbooks.swaps.market_cells import (
    Code,
    UnreadableCellError,
    member,
    read_currency,
    read_day,
    read_number,
    read_positive,
    read_price,
    read_price_currency,
    read_text,
    read_whole,
)
from workbooks.swaps.market_records import (
    ExternalRow,
    FxRow,
    HolidayRow,
    ImpliedRow,
    MarketKind,
    Placed,
    PriceRow,
    RateRow,
)
from workbooks.swaps.market_tables import MarketTable, read_tables

MOST_FINDINGS = 1_000
"""Findings beyond this number are counted, not listed."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: header, field of the record, how a cell is read, whether it may be left blank."""

    header: str
    field: str
    read: Callable[[Any, bool], Any]
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of sheet: the record of a row, its columns, and the headers that no two rows share."""

    record: Callable[..., Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def _column(header: str, read: Callable[[Any, bool], Any], field: str = "", *, optional: bool = False) -> Column:
    return Column(header, field or header, read, optional)


_INSTRUMENT = _column("instrument", read_text, "instrument_reference")
_LEG = (_column("contract", read_text), _column("leg", read_whole), _column("date", read_day))

LAYOUTS: Mapping[MarketKind, Layout] = {
    MarketKind.PRICES: Layout(
        PriceRow,
        (
            _column("instrument", read_text),
            _column("date", read_day),
            _column("price", read_price),
            _column("currency", read_price_currency),
        ),
        ("instrument", "date"),
    ),
    MarketKind.FX: Layout(
        FxRow,
        (
            _column("currency1", read_currency),
            _column("currency2", read_currency),
            _column("date", read_day),
            _column("rate", read_positive),
        ),
        ("currency1", "currency2", "date"),
    ),
    MarketKind.RATES: Layout(
        RateRow,
        (
            _column("index", read_text),
            _column("tenor", read_text, optional=True),
            _column("date", read_day),
            _column("rate", read_number),
        ),
        ("index", "tenor", "date"),
    ),
    MarketKind.DIVIDENDS: Layout(
        DividendEvent,
        (
            _INSTRUMENT,
            _column("ex_date", read_day),
            _column("amount", read_price, "gross_amount"),
            _column("currency", read_currency),
            _column("type", member(DividendType), "dividend_type", optional=True),
            _column("sequence", read_whole, optional=True),
            _column("declared_date", read_day, optional=True),
            _column("record_date", read_day, optional=True),
            _column("pay_date", read_day, optional=True),
            _column("cash_equivalent", read_price, "cash_equivalent_amount", optional=True),
            _column("status", member(DividendStatus), optional=True),
        ),
        ("instrument", "ex_date", "type", "sequence"),
    ),
    MarketKind.CORPORATE_ACTIONS: Layout(
        CorporateAction,
        (
            _INSTRUMENT,
            _column("type", member(CorporateActionType), "action_type"),
            _column("ex_date", read_day),
            _column("announcement_date", read_day, optional=True),
            _column("record_date", read_day, optional=True),
            _column("pay_date", read_day, optional=True),
            _column("ratio_new", read_positive, optional=True),
            _column("ratio_old", read_positive, optional=True),
            _column("subscription_price", read_price, optional=True),
            _column("child", read_text, "child_reference", optional=True),
            _column("child_ratio", read_positive, optional=True),
            _column("child_price", read_price, optional=True),
            _column("cash_amount", read_price, optional=True),
            _column("currency", read_currency, optional=True),
            _column("adjustment_factor", read_positive, optional=True),
            _column("method", member(SpinOffMethod), optional=True),
            _column("successor", read_text, "successor_reference", optional=True),
            _column("status", read_text, optional=True),
        ),
        ("instrument", "type", "ex_date"),
    ),
    MarketKind.IMPLIED: Layout(
        ImpliedRow,
        (
            *_LEG,
            _column("volatility", read_price),
            _column("discount_factor", read_positive, optional=True),
        ),
        ("contract", "leg", "date"),
    ),
    MarketKind.EXTERNAL: Layout(
        ExternalRow,
        (
            *_LEG,
            _column("value", read_number),
            _column("currency", read_currency),
            _column("source", read_text),
            _column("confidence", member(ConfidenceLevel), optional=True),
        ),
        ("contract", "leg", "date", "source"),
    ),
    MarketKind.HOLIDAYS: Layout(
        HolidayRow,
        (_column("center", read_text), _column("date", read_day), _column("name", read_text, optional=True)),
        ("center", "date"),
    ),
}


class FindingList:
    """Collects findings in the order they are met; beyond MOST_FINDINGS they are counted."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._n_more = 0

    def add(self, code: Code, sheet: str, cell: str, text: str, found: object = "") -> None:
        """Note one finding."""
        if len(self._found) >= MOST_FINDINGS:
            self._n_more += 1
        else:
            shown = "" if found is None else str(found)
            self._found.append(Finding(code=code.value, sheet=sheet, cell=cell, text=text, value_found=shown))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those that were only counted summed up at the end."""
        if not self._n_more:
            return tuple(self._found)
        return (*self._found, Finding(code=Code.CELL.value, sheet="", cell="", text=f"{self._n_more} more like these"))


@dataclass(frozen=True, slots=True, eq=False)
class MarketSheets:
    """The rows of a file by kind, in their order, and what was noticed; kinds without a sheet are missing."""

    rows: Mapping[MarketKind, Sequence[Placed[Any]]]
    findings: tuple[Finding, ...]


def read_market(path: Path) -> MarketSheets:
    """Market data of a file; what is wrong inside is findings. Raises WorkbookError CLO-2080 where it is none."""
    log = FindingList()
    rows: dict[MarketKind, Sequence[Placed[Any]]] = {}
    for table in read_tables(path):
        kind = table.kind or _kind_by_headers(table)
        if kind is None:
            log.add(Code.HEADER, table.name, "", f"No kind of market data has the columns {', '.join(table.headers)}")
        elif kind in rows:
            log.add(Code.SHEET, table.name, "", f"{kind} comes a second time")
        else:
            rows[kind] = _rows(table, LAYOUTS[kind], log)
    if not rows and not log.findings:
        log.add(Code.SHEET, path.name, "", f"There is no sheet {', '.join(MarketKind)}")
    return MarketSheets(rows, log.findings)


def _kind_by_headers(table: MarketTable) -> MarketKind | None:
    """The kind whose required columns are all there; of several the one with the most."""
    fitting = [
        (sum(not column.is_optional for column in layout.columns), kind)
        for kind, layout in LAYOUTS.items()
        if all(column.is_optional or column.header in table.headers for column in layout.columns)
    ]
    return max(fitting)[1] if fitting else None


def _rows(table: MarketTable, layout: Layout, log: FindingList) -> tuple[Placed[Any], ...]:
    known = {column.header for column in layout.columns}
    for header, place in table.headers.items():
        if header not in known:
            log.add(Code.COLUMN, table.name, "", f"Column {place + 1} {header!r} is left aside")
    missing = [
        column.header for column in layout.columns if not column.is_optional and column.header not in table.headers
    ]
    if missing and (table.rows or table.headers):
        log.add(Code.HEADER, table.name, "", f"There is no column {', '.join(missing)}")
        return ()
    found: list[Placed[Any]] = []
    seen: dict[tuple[Any, ...], str] = {}
    for number, cells in table.rows:
        values = _values(table, layout, number, cells, log)
        if values is None:
            continue
        record = _normalised(layout.record(**values))
        key = tuple(getattr(record, column.field) for column in layout.columns if column.header in layout.key)
        where = table.cell(number, layout.key[0])
        if key in seen:
            log.add(Code.DUPLICATE, table.name, where, f"The same {', '.join(layout.key)} stands at {seen[key]}")
            continue
        seen[key] = where
        columns = {column.header: table.cell(number, column.header) for column in layout.columns}
        found.append(Placed(record, table.name, columns))
        _check_level(record, table, number, log)
    return tuple(found)


def _values(
    table: MarketTable, layout: Layout, number: int, cells: Sequence[object], log: FindingList
) -> dict[str, Any] | None:
    """The fields of a row that are filled; None where one cannot be read."""
    values: dict[str, Any] = {}
    is_good = True
    for column in layout.columns:
        place = table.headers.get(column.header)
        cell = cells[place] if place is not None and place < len(cells) else None
        where = table.cell(number, column.header)
        try:
            if place is not None and (number, place + 1) in table.errors:
                raise UnreadableCellError(Code.CELL, "holds an error or a formula that was never calculated")
            if cell is None or (isinstance(cell, str) and not cell.strip()):
                if not column.is_optional:
                    raise UnreadableCellError(Code.BLANK, "is blank")
                continue
            values[column.field] = column.read(cell, table.is_text)
        except UnreadableCellError as bad:
            is_good = False
            log.add(bad.code, table.name, where, f"{column.header} {bad.text}", cell)
    return values if is_good else None


def _normalised(record: Any) -> Any:
    """A price in pence as one in pounds (spec 07 §0.3)."""
    if isinstance(record, PriceRow) and record.currency in MINOR_UNITS:
        major, units = MINOR_UNITS[record.currency]
        return replace(record, price=record.price / units, currency=major)
    return record


def _check_level(record: Any, table: MarketTable, number: int, log: FindingList) -> None:
    """Numbers that are possible and more likely in the wrong unit, and pairs that are none."""
    if isinstance(record, RateRow) and abs(record.rate) > 1.0:
        text = "rate is above 100 %; rates are decimals, 0.0531 for 5.31 %"
        log.add(Code.LEVEL, table.name, table.cell(number, "rate"), text, record.rate)
    if isinstance(record, ImpliedRow) and record.volatility > 2.0:
        text = "volatility is above 200 %; it is a decimal, 0.2 for 20 %"
        log.add(Code.LEVEL, table.name, table.cell(number, "volatility"), text, record.volatility)
    if isinstance(record, FxRow) and record.currency1 == record.currency2:
        text = "currency2 is currency1"
        log.add(Code.CURRENCY, table.name, table.cell(number, "currency2"), text, record.currency2)
