"""What the results workbook of a book of swaps says, as records of the engine (spec 07 §16.3, §20.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.payouts.report_table import Cell, ReportTable

COMPONENTS = ("price", "dividend", "interest", "fx", "other")
"""The parts of a P&L, in the order of all tables and charts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlParts:
    """A profit or loss by component. total is stored or summed by itself; the components add up to it."""

    price: Decimal
    dividend: Decimal
    interest: Decimal
    fx: Decimal
    other: Decimal
    total: Decimal

    @property
    def components(self) -> tuple[Decimal, ...]:
        """The amounts in the order of COMPONENTS."""
        return self.price, self.dividend, self.interest, self.fx, self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyMark:
    """Unrealized P&L in one currency on a day: the newest snapshot of each leg of the active contracts.

    oldest_day: the earliest of these snapshots; before the day of the workbook where a contract was not valued on it.
    """

    currency: str
    n_legs: int
    oldest_day: date
    parts: PnlParts


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPnl:
    """Total P&L of a day over all contracts, in one base currency.

    What was realised counts in the component of its cashflow: dividends as dividend, interest as interest, equity
    returns as price, all else as other. On a day on which a leg realises an equity return its price and FX are not told
    apart, both are in price. The move of the base rate on what was unrealized before is FX.
    """

    day: date
    base_currency: str
    parts: PnlParts


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPnl:
    """Total P&L of a contract over the days of the attribution, in one base currency; components as in `DailyPnl`."""

    contract_reference: str
    base_currency: str
    parts: PnlParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the numbers come from. run_id: of the end of day that is shown; database: its address without password."""

    engine_version: str
    run_id: str
    run_day: date
    run_finished: datetime | None
    database: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapResults:
    """A book of swaps on one day. Amounts are signed for the reporting party, positive is received.

    contracts: a row a contract. reports: R-1 to R-15, those that know a contract with its reference as first column.
    accruals_since, attribution_since, risk_since, settled_since: first days of the windows, which end on as_of.
    is_whole_book: False for chosen contracts; reports that know no contract speak of the whole book nevertheless.
    """

    as_of: date
    reporting_party: str
    provenance: Provenance
    contracts: ReportTable
    reports: tuple[ReportTable, ...]
    marks: tuple[CurrencyMark, ...]
    daily_pnl: tuple[DailyPnl, ...]
    contract_pnl: tuple[ContractPnl, ...]
    accruals_since: date
    attribution_since: date
    risk_since: date
    settled_since: date
    is_whole_book: bool = True

    def report(self, code: str) -> ReportTable:
        """The report of a code (`R-7`); KeyError where the results do not hold it."""
        for table in self.reports:
            if table.code == code:
                return table
        raise KeyError(code)


def records(table: ReportTable, *names: str) -> Sequence[tuple[Cell, ...]]:
    """Some columns of a report by name, row by row. Raises KeyError for a column that it does not have."""
    places = {column.name: place for place, column in enumerate(table.columns)}
    chosen = [places[name] for name in names]
    return [tuple(row[place] for place in chosen) for row in table.rows]
