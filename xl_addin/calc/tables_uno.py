"""Tables of a patch in Calc: database ranges with headers and filter buttons."""

from typing import Any

from xl_addin.calc import documents


def make_table(document: Any, name: str, area: Any) -> None:
    """Make a range with headers the table of this name; where one of the name stands, it moves there."""
    tables = document.DatabaseRanges
    for known in documents.named(tables, name):
        tables.removeByName(known)
    tables.addNewByName(name, area.getRangeAddress())
    table = tables.getByName(name)
    table.ContainsHeader = True
    table.AutoFilter = True


def remove_tables(document: Any, area: Any) -> None:
    """Take away the tables that lie within a range; their cells stay."""
    tables, outer = document.DatabaseRanges, area.getRangeAddress()
    for name in tables.getElementNames():
        if _lies_within(tables.getByName(name).getDataArea(), outer):
            tables.removeByName(name)


def _lies_within(inner: Any, outer: Any) -> bool:
    return bool(
        inner.Sheet == outer.Sheet
        and outer.StartColumn <= inner.StartColumn
        and inner.EndColumn <= outer.EndColumn
        and outer.StartRow <= inner.StartRow
        and inner.EndRow <= outer.EndRow
    )
