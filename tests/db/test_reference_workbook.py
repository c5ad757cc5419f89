"""The recorded legacy workbook, through the importer into the database and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from db.filters import condition
from db.models.assets import ASSETS
from db.store import Store
from engine.collateral.filters.mask import AssetColumns, selected_ids
from engine.collateral.filters.parser import parse_filter
from engine.collateral.rating_derivation import with_ratings
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


@pytest.mark.parametrize("text", ["S&P Rating <= B", "S&P Rating >= CCC+ AND Market Value < 95", "Cov-Lite = true"])
def test_a_filter_finds_the_same_assets_in_the_database(store: Store, reference: Path, text: str) -> None:
    """By SQL over the asset list as by mask over its records with the derived S&P rating, which has no column there."""
    book = read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx").snapshot
    assert book is not None
    store.save_snapshot(book)
    expression = parse_filter(text)

    with store.read() as work:
        found = work.session.scalars(select(ASSETS.c.blkrock_id).where(condition(expression, ASSETS))).all()
    rated = [with_ratings(row.asset, book.analysis_date) for row in book.assets]
    expected = selected_ids(expression, AssetColumns(rated))
    assert sorted(found) == sorted(set(expected))
    assert 0 < len(found) < len(rated)
