"""The charts of a simulation as PNG files, one for each chart; equal records give equal bytes."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.rating_migration.fields import ROW_OF_FIELD
from workbooks.palette import INK
from workbooks.simulation.checks import check
from workbooks.simulation.drawing import (
    TITLE_SIZE,
    draw_areas,
    draw_expected_loss,
    draw_fan,
    draw_lines,
    draw_loss,
    draw_spread,
    plain,
)
from workbooks.simulation.record import DealRecord, SimulationRecord
from workbooks.simulation.subjects import (
    FAMILIES,
    FAN_SUBJECTS,
    MIX_NAMES,
    loss_title,
    losses_of,
    path_name,
    performing_mix,
    rating_mix,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 9.0, 4.8, 120
MARGINS = {"left": 0.07, "right": 0.95, "top": 0.90, "bottom": 0.20}
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class _Plot:
    """One chart: its title, the subject in its file's name, and what draws it."""

    title: str
    subject: str
    draw: Callable[["Axes"], None]


def write_plots(folder: Path, record: SimulationRecord) -> list[Path]:
    """Write every chart of `record` into `folder` and return the files, named by deal and subject.

    A file is complete or not there; older ones of the same name are replaced. The folder is made if need be. Raises
    InputError CLO-2068 where matplotlib is not installed, CLO-2067 for a record that does not fit together, CLO-2069
    where the folder cannot be written.
    """
    if find_spec("matplotlib") is None:
        raise InputError(
            "CLO-2068",
            "PNG plots need matplotlib, which is not installed",
            remedy="Run pip install 'clodesk[plots]'.",
        )
    check(record)
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot in _plots(record):
            path = _free_path(folder, record.deal, plot.subject, written)
            _write(path, plot, record)
            written.append(path)
    except OSError as error:
        raise InputError(
            "CLO-2069",
            "The plots cannot be written",
            where=str(folder),
            remedy="Choose a folder that you may write to, on a disk with room.",
        ) from error
    return written


def file_name(deal: str, subject: str) -> str:
    """A name that every file system takes: `Mag 17`, `Class A/B` -> `mag-17-class-a-b.png`."""
    letters = [letter if letter.isascii() and letter.isalnum() else " " for letter in f"{deal} {subject}".lower()]
    return "-".join("".join(letters).split())[:LONGEST_NAME].rstrip("-") + ".png"


def _free_path(folder: Path, deal: str, subject: str, written: list[Path]) -> Path:
    """The path of a subject, numbered where another subject of this record took the name."""
    path, number = folder / file_name(deal, subject), 2
    while path in written:
        path, number = folder / file_name(deal, f"{number} {subject}"), number + 1
    return path


def _plots(record: SimulationRecord) -> Iterator[_Plot]:
    for subject in FAN_SUBJECTS:
        yield _Plot(subject.title, subject.title, partial(draw_fan, record=record, subject=subject))
    mix, shares = rating_mix(record), performing_mix(record)
    yield _Plot(
        "Mean balance by rating, repaid and defaulted",
        "rating mix",
        lambda axes: draw_areas(axes, record.dates, mix, MIX_NAMES, is_share=False),
    )
    yield _Plot(
        "Mix of the performing balance",
        "performing mix",
        lambda axes: draw_areas(axes, record.dates[: len(shares)], shares, FAMILIES, is_share=True),
    )
    for loss in losses_of(record):
        yield _Plot(loss_title(loss), f"loss {loss.subject}", partial(draw_loss, loss=loss))
    if record.paths:
        lines = [(path_name(path), path.fields[ROW_OF_FIELD["BALDEF"]]) for path in record.paths]
        yield _Plot(
            "Defaults to date of the representative paths",
            "paths",
            lambda axes: draw_lines(axes, record.dates, lines, is_rate=False),
        )
    if record.tranches is not None:
        yield from _deal_plots(record.tranches)


def _deal_plots(deal: DealRecord) -> Iterator[_Plot]:
    yield _Plot("Expected loss of the notes", "expected loss", lambda axes: draw_expected_loss(axes, deal))
    if deal.test_names:
        lines = list(zip(deal.test_names, deal.breach_probability, strict=True))
        yield _Plot(
            "Probability that an OC test fails",
            "test failures",
            lambda axes: draw_lines(axes, deal.payment_dates, lines, is_rate=True),
        )
    spread = deal.equity_irr
    if spread is not None and spread.counts.sum():
        yield _Plot("Return of the equity", "equity return", lambda axes: draw_spread(axes, spread))


def _write(path: Path, plot: _Plot, record: SimulationRecord) -> None:
    """Draw on a figure of its own and put the finished file in its place in one step."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(**MARGINS)
    axes = figure.add_subplot()
    plot.draw(axes)
    axes.set_title(
        plain(f"{record.deal}: {plot.title}"), loc="left", fontsize=TITLE_SIZE, fontweight="bold", color=INK, pad=12
    )
    with tempfile.TemporaryDirectory(dir=path.parent) as working:
        finished = Path(working) / path.name
        figure.savefig(finished, format="png", metadata={"Software": "clodesk"})
        finished.replace(path)
