"""What a command needs of the open workbook: named cells, tables, sheets and which of those are ours (spec 08 §8.2)."""

from collections.abc import Iterable, Iterator
from typing import Any

from xl_addin.com.entering import formulas_of
from xl_addin.com.values import raw_value
from xl_addin.commands.marks import MARK, fingerprint, is_unchanged

ComBook = Any
ComSheet = Any
"""A book and a sheet of xlwings; what they hold of Excel has no types."""


def gathered(book: ComBook, reads: Iterable[str]) -> dict[str, Any]:
    """Cells, tables, sheets and our sheets as the server takes them; a name that the workbook lacks is left out."""
    cells, tables = {}, {}
    for name in reads:
        if name.startswith("tbl_"):
            rows = table_rows(book, name)
            if rows is not None:
                tables[name] = rows
        else:
            value = named_value(book, name)
            if value is not None:
                cells[name] = value
    return {
        "cells": cells,
        "tables": tables,
        "sheets": [sheet.name for sheet in book.sheets],
        "ours": [sheet.name for sheet in book.sheets if is_ours(sheet)],
    }


def named_value(book: ComBook, name: str) -> Any:
    """The raw value of a named cell, or of a name that holds a constant; None where there is no such name."""
    found = defined_name(book, name)
    if found is None:
        return None
    cells = _cells_of(found)
    if cells is not None:
        return raw_value(cells.api.Value2)
    text = str(found.refers_to).removeprefix("=")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def defined_name(book: ComBook, name: str) -> Any:
    """A name of the workbook in any case of letters, None where there is none."""
    return next((one for one in book.names if one.name.lower() == name.lower()), None)


def _cells_of(name: Any) -> Any:
    try:
        return name.refers_to_range
    except Exception:  # COM has one exception for everything; a name that is no range is not a failure
        return None


def table_rows(book: ComBook, name: str) -> list[list[Any]] | None:
    """The rows of a table without its headers, None where there is no such table."""
    for sheet in book.sheets:
        for table in sheet.tables:
            if table.name.lower() == name.lower():
                body = table.data_body_range
                if body is None:
                    return []
                rows = raw_value(body.api.Value2)
                return rows if isinstance(rows, list) else [[rows]]
    return None


def is_ours(sheet: ComSheet) -> bool:
    """Whether a patch made the sheet and nobody changed it since."""
    mark = mark_of(sheet)
    return mark is not None and is_unchanged(mark, sheet_fingerprint(sheet))


def mark_of(sheet: ComSheet) -> str | None:
    """What our name on a sheet says, None for a sheet without it."""
    for name in sheet.names:
        if name.name.rpartition("!")[2] == MARK:
            return str(name.refers_to).removeprefix("=").strip('"')
    return None


def sheet_fingerprint(sheet: ComSheet) -> str:
    """What stands on a sheet by now; a formula counts as its text, a date as its serial."""
    return fingerprint(_flat(formulas_of(sheet.used_range)))


def _flat(values: Any) -> Iterator[Any]:
    rows = values if isinstance(values, tuple | list) else ((values,),)
    for row in rows:
        yield from (_number(value) for value in row)


def _number(value: Any) -> Any:
    """Excel gives the formula of a constant as text: a number there is a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
