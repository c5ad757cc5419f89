"""A workbook snapshot as an Excel file in the legacy layout, ready to be imported again (spec 06 §2-§5, §16 item 8)."""

from pathlib import Path

from engine.snapshot import WorkbookSnapshot
from workbooks.legacy_export.asset_sheets import write_assets, write_correlation
from workbooks.legacy_export.control_sheets import (
    FILTER_SHEET,
    RUN_MODEL,
    RUN_MODEL_OLD,
    write_filter_sheet,
    write_run_model,
    write_run_model_old,
)
from workbooks.legacy_export.deal_sheet import write_deal_sheet
from workbooks.legacy_export.grid import Grid, Looks
from workbooks.legacy_export.reference_sheet import write_reference_table
from workbooks.xlsx import ExactWorkbook

DEAL_SHEET_SUFFIX = " Inputs"


def write_legacy_workbook(path: Path, snapshot: WorkbookSnapshot, *, with_formulas: bool = False) -> None:
    """Write `snapshot` to `path` in the legacy layout.

    with_formulas: write the formulas of the legacy sheets beside the values. They give these values again only where
    the snapshot holds what they read (holidays, fixings, a calendar made of the deal's date inputs); otherwise leave
    them out. Saved output sheets are not written: they are no data.
    """
    book = ExactWorkbook(path)
    looks = Looks(book)

    def sheet(name: str) -> Grid:
        return Grid(book, book.add_worksheet(name), looks, with_formulas)

    write_run_model(sheet(RUN_MODEL), snapshot)
    for deal in snapshot.deals:
        write_deal_sheet(sheet(deal.name + DEAL_SHEET_SUFFIX), deal)
    write_assets(sheet("All Assets"), tuple(row.asset for row in snapshot.assets))
    correlation_grid = sheet("Asset Correlation")
    if snapshot.correlation is not None:
        write_correlation(correlation_grid, snapshot.correlation)
    write_reference_table(sheet("Reference Table"), snapshot)
    write_run_model_old(sheet(RUN_MODEL_OLD), snapshot)
    write_filter_sheet(sheet(FILTER_SHEET), snapshot)
    book.close()
