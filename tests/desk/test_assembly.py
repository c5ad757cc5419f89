"""From a snapshot to a runnable deal: what the desk fills in on the way."""

from dataclasses import replace

from engine.deal.assumptions import BASE
from engine.desk.assembly import Universe, assemble
from engine.desk.assumption_sets import from_workbook
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot


def _ratings(book: WorkbookSnapshot, mode: Mode, **changes: str) -> tuple[str, str]:
    """Moody's and S&P rating of the first position's asset, its row changed."""
    deal = book.deals[0]
    first = deal.positions[0].blkrock_id
    assets = [replace(row.asset, **changes) if row.asset.blkrock_id == first else row.asset for row in book.assets]
    universe = Universe.of(assets, book.sink_schedule)
    chosen = from_workbook(book.curve, book.cf_assumptions, book.vectors)
    found = assemble(deal, universe, chosen, BASE, program=deal.name, mode=mode).deal.holdings[0].asset
    assert found.blkrock_id == first
    return found.mdy_rating, found.sp_rating


def test_ratings_that_are_missing_are_derived(demo_book: WorkbookSnapshot) -> None:
    """The S&P rating, which no workbook states, is the issuer's; a blank Moody's rating the facility's (spec 03 §8)."""
    found = _ratings(
        demo_book,
        Mode.STANDARD,
        mdy_rating="",
        mdy_facility_rating="B1",
        mdy_facility_outlook="",
        sp_issuer_rating="CCC+",
        sp_facility_rating="B-",
    )

    assert found == ("B1", "CCC+")


def test_legacy_mode_takes_moodys_ratings_as_the_legacy_loader_did(demo_book: WorkbookSnapshot) -> None:
    """In capitals, so that Caa1 has no rank and is no part of the CCC excess (LQ-37)."""
    assert _ratings(demo_book, Mode.STANDARD, mdy_rating="Caa1")[0] == "Caa1"
    assert _ratings(demo_book, Mode.LEGACY, mdy_rating="Caa1")[0] == "CAA1"
