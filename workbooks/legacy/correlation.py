"""The sheet `Asset Correlation`: ids in row 1 and column A, the matrix between them (spec 06 §5.4)."""

import numpy as np
import numpy.typing as npt

from engine.rating_migration.correlation_checks import matrix_faults
from engine.snapshot import Correlation
from workbooks.legacy.cells import address
from workbooks.legacy.findings import Code
from workbooks.legacy.values import CellReader, trimmed


def read_correlation(cells: CellReader) -> Correlation | None:
    """Ids and the square matrix; None on an empty sheet. Whatever a correlation matrix must not be is W-MATRIX.

    A cell that holds no number is NaN.
    """
    ids = _ids(cells)
    if not ids:
        cells.log.add(Code.MATRIX, cells.sheet, "A2", "the sheet holds no asset ids")
        return None
    n_ids = len(ids)
    matrix = _numbers(cells, n_ids)
    across = [trimmed(str(cells.raw(1, column))) for column in range(2, n_ids + 2)]
    _report_first(
        cells,
        np.array([left != right for left, right in zip(ids, across, strict=True)]),
        "ids of row 1 and column A differ",
    )
    seen: set[str] = set()
    for row, name in enumerate(ids, start=2):
        if name in seen:
            remark = f"asset {name} of the correlation matrix is repeated; its first row counts"
            cells.report(Code.MATRIX, row, 1, remark, found=name)
        seen.add(name)
    if trimmed(str(cells.raw(1, n_ids + 2))):
        cells.report(Code.MATRIX, 1, n_ids + 2, "more ids in row 1 than in column A")
    for kind, is_wrong in matrix_faults(matrix):
        _report_first(cells, is_wrong, kind.value)
    return Correlation(ids=ids, matrix=matrix)


def _ids(cells: CellReader) -> tuple[str, ...]:
    ids: list[str] = []
    for row in range(2, len(cells.grid.rows) + 1):
        blkrock_id = cells.key(row, 1, "asset id")
        if not blkrock_id:
            break
        ids.append(blkrock_id)
    later = next((row for row in range(len(ids) + 3, len(cells.grid.rows) + 1) if cells.raw(row, 1) != ""), None)
    if later:
        cells.report(Code.GAP, later, 1, f"asset ids go on after the blank in row {len(ids) + 2}", used="not read")
    return tuple(ids)


def _numbers(cells: CellReader, n_ids: int) -> npt.NDArray[np.float64]:
    rows = [row[1 : n_ids + 1] for row in cells.grid.rows[1 : n_ids + 1]]
    try:
        matrix = np.array(rows, dtype=np.float64)
    except (ValueError, TypeError):
        matrix = np.full((n_ids, n_ids), np.nan)
        for i, row in enumerate(rows):
            for j, raw in enumerate(row):
                if isinstance(raw, float | int) and not isinstance(raw, bool):
                    matrix[i, j] = raw
    if matrix.shape == (n_ids, n_ids):
        return matrix
    square = np.full((n_ids, n_ids), np.nan)
    square[:, : matrix.shape[1]] = matrix
    return square


def _report_first(cells: CellReader, is_wrong: npt.NDArray[np.bool_], remark: str) -> None:
    """One W-MATRIX at the first wrong cell, with the number of them."""
    places = np.argwhere(is_wrong)
    if not len(places):
        return
    row, column = (1, int(places[0][0]) + 2) if is_wrong.ndim == 1 else (int(places[0][0]) + 2, int(places[0][1]) + 2)
    text = f"{remark} ({len(places)} cells, the first is {address(row, column)})"
    cells.report(Code.MATRIX, row, column, text, found=cells.raw(row, column))
