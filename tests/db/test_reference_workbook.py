"""The recorded legacy workbook, through the importer into the database and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from db.store import Store
from workbooks.legacy import read_workbook


def test_the_recorded_workbook_comes_back_as_it_was(store: Store, reference: Path) -> None:
    """Ten deals, their assets and the correlation sheet: every record and every bit, so that runs agree."""
    reading = read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    book = reading.snapshot
    assert book is not None

    outcome = store.save_snapshot(book, reading.findings)

    with store.read() as work:
        found = work.snapshots.workbook(outcome.source_file_id)
        findings = work.snapshots.findings(outcome.source_file_id)
    for name in ("correlation", "transition_matrix"):
        left, right = getattr(found, name), getattr(book, name)
        assert (left is None) == (right is None)
        assert left is None or np.array_equal(left.matrix, right.matrix, equal_nan=True)
    bare = {"correlation": None, "transition_matrix": None}
    assert replace(found, **bare) == replace(book, **bare)
    assert findings == tuple(reading.findings)
    assert store.diff_snapshot(book) == ()
