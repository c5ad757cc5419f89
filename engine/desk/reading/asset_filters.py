"""Filters as cells give them: a text, rows in the legacy layout, or the name of a stored one (spec 06 §10.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.closest import did_you_mean
from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.rows import parse_rows
from engine.collateral.filters.syntax import EVERYTHING, Expression
from engine.errors import InputError, ReferenceDataError
from engine.modes import Mode
from engine.snapshot import Place, WorkbookSnapshot

CellRows = Sequence[Sequence[Any]]
SHEET = "filter range"
_COLUMNS = 6
_FIRST_HEADER = "LOGICAL OPERATOR"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a range in the legacy layout."""

    logical_operator: str
    open_parenthesis: str
    field: str
    operator: str
    value: Any
    close_parenthesis: str
    place: Place


def expression_of(
    given: str | CellRows | None, book: WorkbookSnapshot | None, mode: Mode = Mode.STANDARD
) -> Expression:
    """The filter that a cell gives; without one it selects everything.

    `@name` is a filter on the control panel of the workbook: buy, sale, old buy, old sale. Raises FilterError for what
    cannot be read, ReferenceDataError CLO-4078 for an unknown name, InputError CLO-4079 for a range of another shape.
    """
    if given is None:
        return EVERYTHING
    if isinstance(given, str):
        if given.strip().startswith("@"):
            return _stored(given.strip()[1:].strip(), book, mode)
        return parse_filter(given, mode.quirks)
    rows = _rows(given)
    return parse_rows(rows, mode.quirks) if rows else EVERYTHING


def _stored(name: str, book: WorkbookSnapshot | None, mode: Mode) -> Expression:
    filters = () if book is None else book.filters
    rows = [row for row in filters if row.name.casefold() == name.casefold()]
    rows.sort(key=lambda row: row.position)
    if rows:
        return parse_rows(rows, mode.quirks)
    known = [f"@{one}" for one in dict.fromkeys(row.name for row in filters)]
    raise ReferenceDataError(
        "CLO-4078",
        f"There is no stored filter '@{name}'",
        remedy=did_you_mean(f"@{name}", known, f"There are: {', '.join(known) or 'none'}."),
    )


def _rows(given: CellRows) -> list[_Row]:
    """The rows of a range that say something, without its headers."""
    found = []
    for number, cells in enumerate(given, start=1):
        if len(cells) != _COLUMNS:
            raise InputError(
                "CLO-4079",
                f"A filter range has {_COLUMNS} columns, not {len(cells)}",
                remedy="Columns: logical operator, (, field, operator, value, ). Or give the filter as a text.",
            )
        texts = [str(cell).strip() for cell in cells]
        if not any(texts) or texts[0].upper() == _FIRST_HEADER:
            continue
        found.append(_Row(texts[0], texts[1], texts[2], texts[3], cells[4], texts[5], Place(SHEET, f"A{number}")))
    return found
