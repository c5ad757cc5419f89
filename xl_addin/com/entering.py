"""Formulas of cells as text, in an Excel with dynamic arrays and in one without.

An Excel with dynamic arrays reads what comes through `Formula` as of the old kind, and puts an @ before a function so
that it shows one value only.
"""

from typing import Any


def formulas_of(cells: Any) -> Any:
    """Formulas and constants of a range of xlwings: one text, or rows of them."""
    try:
        return cells.api.Formula2
    except AttributeError:
        return cells.api.Formula


def enter(cells: Any, formulas: Any) -> None:
    """Enter one formula, or rows of them, into a range of xlwings."""
    try:
        cells.api.Formula2 = formulas
    except AttributeError:
        cells.api.Formula = formulas


def spilled(cell: Any) -> Any:
    """The range of Excel that a cell spills over, None for a cell that does not."""
    try:
        return cell.api.SpillingToRange if cell.api.HasSpill else None
    except AttributeError:
        return None
