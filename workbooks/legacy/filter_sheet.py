"""The lists behind the drop-downs: `Filter Sheet`, one list a column (spec 06 §5.7)."""

from engine.snapshot import ListValue
from workbooks.legacy.values import CellReader, shown, trimmed

LISTS = (
    "S&P Rating",
    "Moody's Rating",
    "S&P Industry",
    "Moody Industry",
    "Open Parenthesis",
    "Close Parenthisis",
    "Numerical Operator",
    "String Operators",
    "Logical Operator",
    "Filter Fields",
    "Boolean Fields",
    "Country Fields",
    "Analyst Opinnion",
)
"""Lists of columns A to M, as the sheet spells them."""


def read_lists(cells: CellReader) -> tuple[ListValue, ...]:
    """Every filled cell below the headers, by list and position from 1."""
    values = []
    for column, name in enumerate(LISTS, start=1):
        position = 0
        for row in range(2, len(cells.grid.rows) + 1):
            raw = cells.needed(row, column, what=name)
            text = trimmed(raw) if isinstance(raw, str) else shown(raw)
            if text:
                position += 1
                values.append(ListValue(list_name=name, position=position, text=text))
    return tuple(values)
