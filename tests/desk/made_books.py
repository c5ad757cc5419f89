"""Workbooks made up for tests of the desk and of its faces."""

import hashlib
from dataclasses import replace

from engine.snapshot import LabelledValue, Place, WorkbookSnapshot


def as_mag16_in_default(book: WorkbookSnapshot) -> WorkbookSnapshot:
    """The demo deal under the name of MAG 16, with its classes, and in an event of default."""
    deal = book.deals[0]
    classes = ("Class A", "Class B", "Class C-1", "Class C-2", "Class D", "Class E", "Sub Notes")
    kept = tuple(
        replace(row, name=name, oc_trigger=None if row.is_equity else 1.05, ic_trigger=None if row.is_equity else 1.0)
        for row, name in zip(deal.tranches[2:], classes, strict=True)
    )
    flagged = LabelledValue(label="Event of Default", value=True, place=Place("Mag 16 Inputs", "AC9"))
    inputs = (*(row for row in deal.clo_inputs if row.label.strip() != "Event of Default"), flagged)
    file = replace(book.source_file, sha256=hashlib.sha256(b"mag16").hexdigest())
    mag16 = replace(deal, name="Mag 16", tranches=kept, clo_inputs=inputs)
    return replace(book, deals=(mag16,), source_file=file)
