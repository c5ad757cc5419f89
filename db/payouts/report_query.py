"""A report: its number, its columns and the statement that answers it (spec 07 §20.4)."""

from dataclasses import dataclass

from engine.payouts.report_table import ColumnKind, ReportColumn

TEXT, DATE, MONEY, COUNT = ColumnKind.TEXT, ColumnKind.DATE, ColumnKind.MONEY, ColumnKind.COUNT
RATE, PRICE, SHARE = ColumnKind.RATE, ColumnKind.PRICE, ColumnKind.SHARE


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """One report. sql selects the columns in their order; its parameters are those of the repository's method.

    n_key: columns that `sql` selects behind the others to page by; they are not shown.
    """

    code: str
    name: str
    title: str
    columns: tuple[ReportColumn, ...]
    sql: str
    n_key: int = 0


def columns(*spelled: tuple[ColumnKind, str]) -> tuple[ReportColumn, ...]:
    """Columns from kinds and the names, blank between them, that are shown so."""
    return tuple(ReportColumn(name, kind) for kind, names in spelled for name in names.split())
