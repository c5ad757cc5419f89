"""The rating scale and the rating of an asset on a day, in both modes (specs 01 §1.7, §3.7, 03 §8.1, 04 §9.1)."""

from datetime import date

import pytest

from engine.collateral.ratings import (
    Agency,
    is_ccc_or_worse,
    is_default_rating,
    is_rated,
    moodys_rank,
    notched,
    notched_rating,
    rating_at,
    rating_factor,
    rating_on,
    rating_rank,
    sp_state,
    sp_state_text,
)
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
        ("B", 15, 15),
        ("b1 *-", 14, 0),
        ("BB+ (neg)", 11, 0),
        ("B1 or so", 0, 0),
        ("C", 21, 21),
        ("D", 0, 0),
        ("NR", 0, 0),
        ("", 0, 0),
    ],
)
def test_ranks_follow_the_scale_and_legacy_reads_case(rating: str, standard: int, legacy: int) -> None:
    """LQ-37: capitals have no rank in legacy mode, nor has a rating with a watch behind it."""
    assert (rating_rank(rating), rating_rank(rating, LEGACY)) == (standard, legacy)


def test_every_rank_has_a_text_of_each_agency_that_ranks_back() -> None:
    """Twenty-one ranks and no more; the agencies' texts are one scale."""
    for agency in Agency:
        texts = [rating_at(rank, agency) for rank in range(1, 22)]

        assert [rating_rank(text) for text in texts] == list(range(1, 22))
        assert (rating_at(0, agency), rating_at(22, agency)) == ("", "")


@pytest.mark.parametrize(
    ("rank", "up", "agency", "standard", "legacy"),
    [
        (14, -1, Agency.SP, "B", "BB"),
        (14, -1, Agency.FITCH, "B", "BB"),
        (14, -1, Agency.MOODYS, "B2", "B2"),
        (20, -2, Agency.SP, "C", ""),
        (20, -2, Agency.FITCH, "C", "C"),
        (2, 3, Agency.MOODYS, "Aaa", "Aaa"),
        (0, -1, Agency.SP, "", "AAA"),
        (0, -2, Agency.MOODYS, "", "Aa1"),
    ],
)
def test_notches_stay_on_the_scale_and_no_rank_has_none(
    rank: int, up: int, agency: Agency, standard: str, legacy: str
) -> None:
    """LQ-36 names rank 15 `BB`; 03 Q5 lets an unrated asset notch to the top."""
    assert (notched(rank, up, agency), notched(rank, up, agency, LEGACY)) == (standard, legacy)


def test_default_stays_default_however_notched() -> None:
    """`D` has no rank to move from; the legacy model took it for rank 0."""
    assert [notched_rating(text, 1, Agency.SP) for text in ("d", "SD", "xyz")] == ["D", "D", ""]
    assert notched_rating("D", 1, Agency.SP, LEGACY) == "AAA"
    assert notched_rating("D", 0, Agency.SP, LEGACY) == "D"


def test_not_rated_and_withdrawn_are_no_ratings() -> None:
    """Only texts of the scale and default count; the legacy model skipped blank and `NR` alone."""
    texts = ("", " ", "nr", "WR", "xyz", "D", "caa1")

    assert [text for text in texts if is_rated(text)] == ["D", "caa1"]
    assert [text for text in ("", "NR", "WR", "D") if is_rated(text, LEGACY)] == ["WR", "D"]


@pytest.mark.parametrize(
    ("rating", "standard", "legacy"),
    [
        ("Aaa", 1.0, 1.0),
        ("BA3", 1766.0, 1766.0),
        ("Ca", 10000.0, 10000.0),
        ("C", 10000.0, 10000.0),
        ("BB-", 10000.0, 0.0),
        ("NR", 10000.0, 0.0),
    ],
)
def test_the_rating_factor_of_no_moodys_rating_is_the_worst(rating: str, standard: float, legacy: float) -> None:
    """03 Q26: the legacy model gave an unknown text the factor 0, better than Aaa."""
    assert (rating_factor(rating), rating_factor(rating, LEGACY)) == (standard, legacy)


def test_moodys_ranks_know_no_sp_text() -> None:
    """The texts that both agencies use apart, a rank is Moody's own."""
    assert [moodys_rank(text) for text in ("CAA1", "c", "AAA", "BB+", "D")] == [17, 21, 1, 0, 0]


@pytest.mark.parametrize(
    ("rating", "standard", "legacy"),
    [("AA+", 2, 2), ("A+", 5, 2), ("B-", 16, 16), ("CCC-", 17, 17), ("CC", 17, 18), ("D", 18, 18), ("NR", 0, 18)],
)
def test_states_fold_the_ccc_family(rating: str, standard: int, legacy: int) -> None:
    """04 Q1 and §3.1: `A+` in the state of `AA+`, CC and unrated in default, in legacy mode only."""
    assert (sp_state(rating), sp_state(rating, LEGACY)) == (standard, legacy)


def test_states_have_the_texts_of_their_ratings() -> None:
    """Eighteen states; 17 speaks for its family."""
    assert [sp_state_text(state) for state in (0, 1, 15, 17, 18, 19)] == ["", "AAA", "B", "CCC", "D", ""]


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
