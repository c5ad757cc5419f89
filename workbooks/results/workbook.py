"""Results of one or several runs as an Excel workbook with native tables and charts (spec 02 §17)."""

from collections.abc import Sequence
from pathlib import Path

from engine.errors import InputError
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.charts import ChartSource, write_charts
from workbooks.results.comparison import write_comparison
from workbooks.results.looks import Looks, Page
from workbooks.results.periods import (
    class_label,
    write_collateral,
    write_fees,
    write_tests,
    write_tranches,
    write_waterfall,
)
from workbooks.results.record import ResultRecord
from workbooks.results.summary import write_summary
from workbooks.xlsx import ExactWorkbook, sheet_name

SUBJECTS = ("Summary", "Charts", "Tranches", "Collateral", "Tests", "Fees", "Waterfall")
SUBJECT_COLORS = ("#2F5D8C", "#2F5D8C", "#4C86B8", "#4C86B8", "#4C86B8", "#4C86B8", "#7A7F8C")


def write_results(path: Path, runs: Sequence[ResultRecord]) -> None:
    """Write `runs` to one workbook at `path`; an existing file is replaced.

    One run gives the sheets Summary, Charts, Tranches, Collateral, Tests, Fees and Waterfall. Several runs give a sheet
    Scenarios that compares them, then these sheets for each, named after the scenario. Numbers are unrounded, dates
    are dates, missing values empty cells. Raises InputError CLO-2060 without a run, CLO-2061 for a record whose head
    and numbers do not belong together.
    """
    if not runs:
        raise InputError("CLO-2060", "There is no run to write", remedy="Run a deal first.")
    for record in runs:
        _check(record)
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks, taken = Looks(book), set[str]()
    if len(runs) > 1:
        sheet = book.add_worksheet(sheet_name("Scenarios", taken))
        sheet.set_tab_color("#B85C38")
        write_comparison(Page(sheet, looks), runs)
    for number, record in enumerate(runs, start=1):
        suffix = f" - {record.summary.scenario}" if len(runs) > 1 else ""
        _write_run(book, looks, record, number, suffix, taken)
    book.close()


def _check(record: ResultRecord) -> None:
    """The head must speak of the classes that the numbers hold."""
    named, held = len(record.summary.tranche_inputs), len(record.result.tranche_names)
    if named != held:
        raise InputError(
            "CLO-2061",
            f"Run {record.summary.run_id} describes {named} classes and holds numbers of {held}",
            remedy="Hand over one tranche input for every class, in the same order.",
        )


def _write_run(
    book: ExactWorkbook, looks: Looks, record: ResultRecord, number: int, suffix: str, taken: set[str]
) -> None:
    """The seven sheets of one run; the charts stand second but are drawn last, from the tables of the others."""
    pages = {}
    for subject, color in zip(SUBJECTS, SUBJECT_COLORS, strict=True):
        sheet = book.add_worksheet(sheet_name(subject + suffix, taken))
        sheet.set_tab_color(color)
        pages[subject] = Page(sheet, looks)
    result, prefix = record.result, f"run{number}_"
    name = f"{record.summary.deal} - {record.summary.scenario}"
    write_summary(pages["Summary"], record, name, prefix)
    classes = write_tranches(pages["Tranches"], result, f"{name}: classes", prefix)
    write_collateral(pages["Collateral"], result, f"{name}: collateral", prefix)
    tests = write_tests(pages["Tests"], result, f"{name}: coverage tests", prefix)
    write_fees(pages["Fees"], result, f"{name}: fees", prefix)
    write_waterfall(pages["Waterfall"], result, f"{name}: waterfall, step by step", prefix)
    labels = [class_label(one) for one in result.tranche_names]
    write_charts(
        pages["Charts"],
        book,
        name,
        [
            ChartSource(label, block, one.is_equity)
            for label, block, one in zip(labels, classes, record.summary.tranche_inputs, strict=True)
        ],
        tests,
    )
