"""Rating ranks and the rating of an asset on a day, in both modes (spec 01 §1.7, §3.7)."""

from datetime import date

import pytest

from engine.collateral.ratings import is_ccc_or_worse, is_default_rating, rating_on, rating_rank
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks

HISTORY = (
    (date(2016, 1, 1), "BB"),
    (date(2016, 4, 1), "B"),
    (date(2016, 7, 1), "CCC"),
    (date(2016, 10, 1), "D"),
)


@pytest.mark.parametrize(
    ("rating", "standard", "legacy"),
    [
        ("AAA", 1, 1),
        ("Caa1", 17, 17),
        ("CAA1", 17, 0),
        (" ccc- ", 19, 0),
        ("B", 15, 0),
        ("C", 21, 21),
        ("D", 0, 0),
        ("NR", 0, 0),
        ("", 0, 0),
    ],
)
def test_ranks_follow_the_scale_and_legacy_reads_case(rating: str, standard: int, legacy: int) -> None:
    """LQ-37: capitals have no rank in legacy mode; LQ-36: nor has `B`, which the table lacks."""
    assert (rating_rank(rating), rating_rank(rating, LEGACY)) == (standard, legacy)


def test_default_and_unrated_are_not_ccc() -> None:
    """Only CCC+/Caa1 to C belong to the bucket."""
    in_bucket = [rating for rating in ("B-", "CCC+", "Caa3", "CC", "C", "D", "NR", "") if is_ccc_or_worse(rating)]

    assert in_bucket == ["CCC+", "Caa3", "CC", "C"]


def test_a_default_rating_is_the_letter_d() -> None:
    """Blanks and case matter in legacy mode only."""
    assert [is_default_rating(" d "), is_default_rating(" d ", LEGACY), is_default_rating("D", LEGACY)] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("on", "standard", "legacy"),
    [
        (date(2015, 6, 1), "BBB", ""),
        (date(2016, 2, 1), "BB", "BB"),
        (date(2016, 5, 1), "B", "B"),
        (date(2016, 8, 1), "CCC", "B"),
        (date(2016, 12, 1), "D", "D"),
    ],
)
def test_the_latest_entry_holds_and_legacy_errs_between_the_middle_dates(on: date, standard: str, legacy: str) -> None:
    """LQ-35: with four entries the two middle ones are searched in the wrong order."""
    assert (rating_on("BBB", HISTORY, on), rating_on("BBB", HISTORY, on, LEGACY)) == (standard, legacy)


def test_the_legacy_sp_look_up_finds_an_entry_of_the_very_day() -> None:
    """Spec 01 §3.7: the S&P look-up returns an exact match before it searches."""
    on = date(2016, 7, 1)

    assert rating_on("BBB", HISTORY, on, LEGACY) == "B"
    assert rating_on("BBB", HISTORY, on, LEGACY, finds_exact_day=True) == "CCC"


def test_a_single_entry_is_no_history_in_legacy_mode() -> None:
    """With one entry or none the legacy model returns the current rating."""
    history = ((date(2016, 1, 1), "D"),)

    assert rating_on("B", history, date(2016, 6, 1)) == "D"
    assert rating_on("B", history, date(2016, 6, 1), LEGACY) == "B"
    assert rating_on("B", (), date(2016, 6, 1)) == "B"
