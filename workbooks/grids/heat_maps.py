"""Sheets of heat maps: one sheet a figure, one map a class in every block of the grid."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from xlsxwriter.utility import xl_range_abs

from engine.deal.grid_results import PointResults
from engine.deal.results import RISK_COLUMNS
from workbooks.grids.layout import MapBlock, MapLayout
from workbooks.results.looks import PAGE_HEIGHT_ROWS, PAGE_WIDTH_CHARACTERS, Look, Page
from workbooks.results.periods import class_label

Floats = npt.NDArray[np.float64]

LABEL_WIDTH, MOST_ACROSS = 16.0, 14
STOPPED = "stopped"
_RED, _YELLOW, _GREEN = "#F0A39C", "#FBE7B2", "#9CD3AE"
_WHITE, _PALE_BLUE, _BLUE = "#FFFFFF", "#DCE8F3", "#8FB9DA"
"""Pale, so that the numbers on them stay easy to read, in print too."""


class Tone(Enum):
    """Which end of a scale is good: colours of the lowest, the middle and the highest value."""

    HIGH_IS_GOOD = (_RED, _YELLOW, _GREEN)
    HIGH_IS_BAD = (_GREEN, _YELLOW, _RED)
    NEITHER = (_WHITE, _PALE_BLUE, _BLUE)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a point and a class: the sheet it has, its look, and where it comes from, (S, T)."""

    sheet: str
    title: str
    look: Look
    tone: Tone
    width: float
    values: Callable[[PointResults], Floats]


def _risk(name: str) -> Callable[[PointResults], Floats]:
    column = RISK_COLUMNS.index(name)
    return lambda results: results.risk[:, :, column]


def _loss(results: PointResults) -> Floats:
    balance = np.where(results.balance > 0.0, results.balance, np.nan)
    return np.where(results.has_loss, results.unpaid, 0.0 * results.unpaid) / balance


METRICS = (
    Metric(
        "Loss",
        "Loss with unpaid deferred interest, share of the balance today",
        Look.RATIO,
        Tone.HIGH_IS_BAD,
        9.5,
        _loss,
    ),
    Metric("Yield", "Yield at price", Look.RATE, Tone.HIGH_IS_GOOD, 9.5, _risk("yield_at_price")),
    Metric("Margin", "Discount margin at price", Look.RATE, Tone.HIGH_IS_GOOD, 9.5, _risk("discount_margin_at_price")),
    Metric(
        "Price",
        "Price at margin, fraction of par",
        Look.PRICE,
        Tone.HIGH_IS_GOOD,
        9.5,
        _risk("price_at_discount_margin"),
    ),
    Metric("Average life", "Average life in years", Look.YEARS, Tone.NEITHER, 9.5, _risk("wal")),
    Metric("Duration", "Modified duration in years", Look.YEARS, Tone.NEITHER, 9.5, _risk("modified_duration")),
    Metric("Macaulay", "Macaulay duration in years", Look.YEARS, Tone.NEITHER, 9.5, _risk("macaulay_duration")),
    Metric("Interest", "Interest paid", Look.MONEY, Tone.HIGH_IS_GOOD, 16.5, lambda results: results.interest),
    Metric("Principal", "Principal paid", Look.MONEY, Tone.HIGH_IS_GOOD, 16.5, lambda results: results.principal),
)
EQUITY_IRR = Metric(
    "Equity IRR",
    "Return on the sub notes since the first contribution, a year",
    Look.RATE,
    Tone.HIGH_IS_GOOD,
    9.5,
    lambda results: results.equity_irr[:, np.newaxis],
)


def write_heat_maps(page: Page, metric: Metric, layout: MapLayout, results: PointResults, name: str) -> None:
    """Write every map of a figure, as many classes side by side as fit on a page, block after block."""
    values = metric.values(results)
    classes = [class_label(one) for one in results.tranche_names] if metric is not EQUITY_IRR else ["Sub notes"]
    shown = [t for t in range(values.shape[1]) if np.isfinite(values[:, t]).any()]
    n_columns = len(layout.columns)
    per_row = max(1, min(len(shown), MOST_ACROSS // (n_columns + 1)))
    for position in range(per_row):
        first = position * (n_columns + 2)
        page.sheet.set_column(first, first, LABEL_WIDTH)
        page.sheet.set_column(first + 1, first + n_columns, metric.width)
        page.sheet.set_column(first + n_columns + 1, first + n_columns + 1, 2)
    page.title(f"{name}: {metric.title}")
    row, bands = 2, []
    for block in layout.blocks:
        for start in range(0, len(shown), per_row):
            bands.append(row)
            page.text(row, 0, block.title or metric.title, Look.BLOCK)
            for position, t in enumerate(shown[start : start + per_row]):
                first = position * (n_columns + 2)
                _write_map(page, metric, layout, block, values[:, t], results, (row + 1, first), classes[t])
            row += len(layout.rows) + 4
    width = per_row * (LABEL_WIDTH + n_columns * metric.width + 2)
    _print(page, name, width, len(layout.rows) + 4, bands)
    page.sheet.freeze_panes(2, 0)


def _write_map(
    page: Page,
    metric: Metric,
    layout: MapLayout,
    block: MapBlock,
    values: Floats,
    results: PointResults,
    corner: tuple[int, int],
    label: str,
) -> None:
    """One map: the class and the axes in its corner, labels, values and the colour scale."""
    row, column = corner
    n_rows, n_columns = block.places.shape
    page.text(row, column, label, Look.LABEL)
    page.text(row + 1, column, layout.corner, Look.HEADER)
    for c, text in enumerate(layout.columns):
        page.text(row + 1, column + 1 + c, text or metric.sheet, Look.HEADER)
    for r, text in enumerate(layout.rows):
        page.text(row + 2 + r, column, text, Look.LABEL)
        for c in range(n_columns):
            place = int(block.places[r, c])
            value = STOPPED if results.failures[place] else float(values[place])
            page.text(row + 2 + r, column + 1 + c, value, Look.VERDICT if value == STOPPED else metric.look)
    low, middle, high = metric.tone.value
    area = xl_range_abs(row + 2, column + 1, row + 1 + n_rows, column + n_columns)
    page.sheet.conditional_format(
        area,
        {
            "type": "3_color_scale",
            "min_color": low,
            "mid_type": "percentile",
            "mid_value": 50,
            "mid_color": middle,
            "max_color": high,
        },
    )


def _print(page: Page, title: str, width: float, height: int, bands: list[int]) -> None:
    """As many bands of maps on a page as fit at the scale that the width asks for."""
    rows_a_page = PAGE_HEIGHT_ROWS / min(1.0, PAGE_WIDTH_CHARACTERS / width)
    per_page = max(1, int(rows_a_page // height))
    page.print_blocks(title, width, min(len(bands), per_page) * height - 5, bands[per_page::per_page])
