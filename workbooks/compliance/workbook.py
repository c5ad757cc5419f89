"""The compliance of a deal on one day as an Excel workbook with native tables and charts (spec 03 §4.3, §14)."""

from collections.abc import Sequence
from pathlib import Path

from workbooks.compliance.concentrations import write_concentrations, write_pool
from workbooks.compliance.dashboard import write_dashboard
from workbooks.compliance.history import write_history
from workbooks.compliance.positions import write_drivers, write_positions
from workbooks.compliance.provenance import write_provenance
from workbooks.compliance.record import ComplianceRecord
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.looks import Looks, Page
from workbooks.xlsx import ExactWorkbook, sheet_name

SUBJECTS = ("Dashboard", "Pool", "Concentrations", "History of tests", "Drivers", "Positions", "Provenance")
SUBJECT_COLORS = ("#2F5D8C", "#4C86B8", "#4C86B8", "#4C86B8", "#7A7F8C", "#7A7F8C", "#7A7F8C")


def write_compliance(path: Path, record: ComplianceRecord, tests: Sequence[int] = ()) -> None:
    """Write a workbook at `path`; an existing file is replaced. tests: ids of the tests whose history is drawn.

    Numbers are unrounded, dates are dates, missing values empty cells.
    """
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks, taken, pages = Looks(book), set[str](), []
    for subject, color in zip(SUBJECTS, SUBJECT_COLORS, strict=True):
        sheet = book.add_worksheet(sheet_name(subject, taken))
        sheet.set_tab_color(color)
        pages.append(Page(sheet, looks))
    deal = record.report.deal
    dashboard, pool, concentrations, history, drivers, positions, provenance = pages
    write_dashboard(dashboard, book, record, f"{deal}: compliance")
    write_pool(pool, book, record, f"{deal}: pool")
    write_concentrations(concentrations, book, record, f"{deal}: concentrations")
    write_history(history, book, record, f"{deal}: history of tests", tests)
    write_drivers(drivers, record, f"{deal}: what drives the tests")
    write_positions(positions, record, f"{deal}: positions")
    write_provenance(provenance, record, f"{deal}: provenance")
    book.close()
