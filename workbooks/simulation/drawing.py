"""How each chart of a simulation is drawn on matplotlib axes; nothing here opens a window or a file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbooks.palette import ACCENT, ALERT, INK
from workbooks.results.charts import PALETTE
from workbooks.simulation.record import Days, DealRecord, Floats, LossDistribution, SimulationRecord, Spread
from workbooks.simulation.subjects import (
    BAND_COLORS,
    BAND_NAMES,
    BANDS,
    MEAN_COLOR,
    MEDIAN_COLOR,
    MIX_COLORS,
    FanSubject,
    loss_shares,
    statistic,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

LINE_COLORS = (PALETTE[0], PALETTE[2], PALETTE[6], ALERT, PALETTE[9], PALETTE[5], PALETTE[8], PALETTE[3])
GRID, EDGE = "#DDE3EA", "#9AA5B1"
TITLE_SIZE, TEXT_SIZE = 12, 9
MOST_IN_LEGEND_ROW, CHARACTERS_IN_LEGEND_ROW, CHARACTERS_OF_HANDLE = 5, 110, 7
LEGEND_BELOW, LEGEND_BELOW_NAME = -0.09, -0.16


def draw_fan(axes: "Axes", record: SimulationRecord, subject: FanSubject) -> None:
    """Bands of quantiles, lightest outside, with the lines of median and mean above."""
    dates = record.dates[subject.first :]
    for (low, high), name, color in zip(BANDS, BAND_NAMES, BAND_COLORS, strict=True):
        below, above = (statistic(record, subject.field, one)[subject.first :] for one in (low, high))
        axes.fill_between(dates, below, above, color=color, linewidth=0.0, label=name)
    for name, one, color, dash in (("Median", "p50", MEDIAN_COLOR, "-"), ("Mean", "mean", MEAN_COLOR, "--")):
        axes.plot(
            dates, statistic(record, subject.field, one)[subject.first :], color=color, linestyle=dash, label=name
        )
    finish_dates(axes, dates, is_rate=subject.is_rate)
    legend(axes)


def draw_areas(axes: "Axes", dates: Days, amounts: Floats, names: Sequence[str], *, is_share: bool) -> None:
    """Columns of amounts (T + 1, n) on top of each other."""
    axes.stackplot(dates, amounts.T, labels=names, colors=MIX_COLORS[: len(names)], linewidth=0.0)
    finish_dates(axes, dates, is_rate=is_share)
    if is_share:
        axes.set_ylim(0.0, 1.0)
    legend(axes)


def draw_loss(axes: "Axes", loss: LossDistribution) -> None:
    """Share of the simulations by size of the loss, and on the right axis the share that lose at most so much."""
    shares, at_most = loss_shares(loss)
    _draw_bins(axes, loss.edges, shares, "Loss, share of the opening balance")
    right = axes.twinx()
    right.plot(loss.edges[1:], at_most, color=MEAN_COLOR, label="At most (right)")
    right.set_ylim(0.0, 1.02)
    _style(right)
    right.grid(visible=False)
    _rates(right.yaxis)
    handles = [*axes.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    names = [*axes.get_legend_handles_labels()[1], *right.get_legend_handles_labels()[1]]
    axes.legend(handles, names, loc="upper center", bbox_to_anchor=(0.5, LEGEND_BELOW_NAME), ncol=2, frameon=False)


def draw_spread(axes: "Axes", spread: Spread) -> None:
    """Share of the simulations that have a return, by size of it."""
    _draw_bins(axes, spread.edges, spread.counts / spread.counts.sum(), "IRR a year")


def draw_expected_loss(axes: "Axes", deal: DealRecord) -> None:
    """One bar a note, labelled with the expected loss as a share of its balance."""
    notes = [at for at, is_equity in enumerate(deal.is_equity) if not is_equity]
    balance = deal.balance[notes]
    rates = np.divide(deal.expected_loss[notes], balance, out=np.zeros(len(notes)), where=balance > 0.0)
    bars = axes.bar([plain(deal.names[at]) for at in notes], rates, color=ACCENT, width=0.6)
    axes.bar_label(bars, [f"{rate:.2%}" for rate in rates], padding=3, color=INK, fontsize=TEXT_SIZE)
    _style(axes)
    _rates(axes.yaxis)
    axes.margins(y=0.12)


def draw_lines(axes: "Axes", dates: Days, lines: Sequence[tuple[str, Floats]], *, is_rate: bool) -> None:
    """One line for each name and its figures by date."""
    for number, (name, figures) in enumerate(lines):
        dash = "-" if number < len(LINE_COLORS) else "--"
        axes.plot(dates, figures, color=LINE_COLORS[number % len(LINE_COLORS)], linestyle=dash, label=plain(name))
    finish_dates(axes, dates, is_rate=is_rate)
    legend(axes)


def plain(text: str) -> str:
    """A text that matplotlib shows as it is: dollars begin no formula."""
    return text.replace("$", r"\$")


def legend(axes: "Axes") -> None:
    """The names below the chart, as many in a row as the longest leaves room for."""
    names = [str(name) for name in axes.get_legend_handles_labels()[1]]
    room = CHARACTERS_IN_LEGEND_ROW // (max(map(len, names), default=1) + CHARACTERS_OF_HANDLE)
    n_columns = max(1, min(len(names), MOST_IN_LEGEND_ROW, room))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, LEGEND_BELOW), ncol=n_columns, frameon=False)


def finish_dates(axes: "Axes", dates: Days, *, is_rate: bool) -> None:
    """Dates along the whole width, rates in percent or amounts in millions."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter

    _style(axes)
    locator = AutoDateLocator(minticks=4, maxticks=12)  # type: ignore[no-untyped-call]  # matplotlib is half typed
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # as above
    if len(dates) > 1:
        axes.set_xlim(dates[0], dates[-1])
    axes.set_ylim(bottom=0.0)
    if is_rate:
        _rates(axes.yaxis)
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / 1e6:,.10g}m"))


def _draw_bins(axes: "Axes", edges: Floats, shares: Floats, name: str) -> None:
    widths = np.diff(edges)
    axes.bar(edges[:-1], shares, width=0.9 * widths, align="edge", color=PALETTE[2], label="Share of simulations")
    _style(axes)
    axes.set_xlabel(name, color=INK)
    axes.set_xlim(edges[0], edges[-1])
    _rates(axes.xaxis)
    _rates(axes.yaxis)


def _style(axes: "Axes") -> None:
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color=GRID)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(EDGE)
    axes.tick_params(colors=INK, labelsize=TEXT_SIZE, length=0)


def _rates(axis: "Axis") -> None:
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(xmax=1.0))
