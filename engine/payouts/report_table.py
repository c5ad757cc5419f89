"""A report as a table: what every face shows of R-1 to R-15, and of every other list of swaps (spec 07 §20.4)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

_SPELLINGS = {"pnl": "P&L", "fx": "FX", "cdm": "CDM"}
"""Words of column names that people write otherwise."""

Cell = str | date | Decimal | float | int | bool | None


class ColumnKind(StrEnum):
    """How the values of a column are shown."""

    TEXT = "TEXT"
    DATE = "DATE"
    MONEY = "MONEY"
    PRICE = "PRICE"
    RATE = "RATE"
    SHARE = "SHARE"
    COUNT = "COUNT"


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column: its name as SQL and JSON spell it (`days_overdue`), and how it is shown."""

    name: str
    kind: ColumnKind

    @property
    def heading(self) -> str:
        """The name for people: `Days overdue`, `Price P&L amount`."""
        words = [_SPELLINGS.get(word, word) for word in self.name.split("_")]
        return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows of a report. next_page is what a paged report continues from, None where it is complete."""

    code: str
    title: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    next_page: str | None = None
