"""Workbooks of scenario grids as heat maps, and of break-evens with price tables."""

from workbooks.grids.break_evens import write_break_evens
from workbooks.grids.record import BreakEvenRecord, GridHead, GridRecord
from workbooks.grids.workbook import write_grid

__all__ = ["BreakEvenRecord", "GridHead", "GridRecord", "write_break_evens", "write_grid"]
