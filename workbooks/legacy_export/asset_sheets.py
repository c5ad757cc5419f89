"""The sheets `All Assets` and `Asset Correlation` of the legacy layout (spec 06 §5.3, §5.4)."""

from xlsxwriter.utility import xl_rowcol_to_cell

from engine.collateral.asset import WORKBOOK_FIELDS, Asset, AssetField, FieldKind
from engine.snapshot import Correlation
from workbooks.legacy_export.grid import Grid, Look
from workbooks.xlsx import Scalar

LOOK_OF_KIND = {
    FieldKind.TEXT: Look.PLAIN,
    FieldKind.DAY: Look.DATE,
    FieldKind.COUNT: Look.PLAIN,
    FieldKind.MONEY: Look.MONEY,
    FieldKind.RATE: Look.PERCENT,
    FieldKind.PRICE: Look.PLAIN,
    FieldKind.YEARS: Look.PLAIN,
    FieldKind.FLAG: Look.PLAIN,
}
BOOLEAN_FIELDS = frozenset({"eom_flag"})


def write_assets(grid: Grid, assets: tuple[Asset, ...]) -> None:
    """Write the asset master: 70 columns in the order of the field catalogue, one row an asset."""
    for item in WORKBOOK_FIELDS:
        grid.put_at(0, item.column - 1, item.header, Look.HEADER)
    for row, asset in enumerate(assets, start=1):
        for item in WORKBOOK_FIELDS:
            grid.put_at(row, item.column - 1, _cell(asset, item), LOOK_OF_KIND[item.kind])
    grid.name("AllAssets", f"$A$2:$BR${max(len(assets), 1) + 1}")
    grid.sheet.freeze_panes(1, 1)
    grid.sheet.set_column(0, len(WORKBOOK_FIELDS) - 1, 14)
    grid.sheet.set_column(1, 2, 34)


def _cell(asset: Asset, item: AssetField) -> Scalar:
    value: Scalar = getattr(asset, item.name)
    if item.kind is FieldKind.FLAG and item.name not in BOOLEAN_FIELDS:
        return "Yes" if value else "No"
    return None if value == "" else value


def write_correlation(grid: Grid, correlation: Correlation) -> None:
    """Write ids across row 1 and down column A, and the full matrix from B2."""
    for position, blkrock_id in enumerate(correlation.ids, start=1):
        grid.put_at(0, position, blkrock_id)
        grid.put_at(position, 0, blkrock_id)
    write_number = grid.sheet.write_number
    for row, values in enumerate(correlation.matrix.tolist(), start=1):
        for column, value in enumerate(values, start=1):
            write_number(row, column, value)
    size = len(correlation.ids)
    grid.name("AssetCorrelation", f"$B$2:{xl_rowcol_to_cell(size, size, row_abs=True, col_abs=True)}")
    grid.sheet.freeze_panes(1, 1)
