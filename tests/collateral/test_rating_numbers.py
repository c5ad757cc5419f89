"""Ratings as numbers and back, with default after the worst of the scale."""

import pytest

from engine.collateral.ratings import Agency, is_not_rated, legacy_ordinal, rank_or_default, rating_of_rank


@pytest.mark.parametrize("agency", Agency)
def test_ranks_and_texts_are_inverse(agency: Agency) -> None:
    """From 1 to 21, and 22 for default."""
    assert [rank_or_default(rating_of_rank(rank, agency), agency) for rank in range(1, 23)] == list(range(1, 23))
    assert rating_of_rank(23, agency) == rating_of_rank(0, agency) == ""


def test_a_text_of_the_other_agency_has_no_rank() -> None:
    """Unless no agency is asked for; what both write alike belongs to both."""
    assert rank_or_default("Ba1", Agency.SP) is None
    assert rank_or_default("ba1") == rank_or_default("Ba1 *-", Agency.MOODYS) == 11
    assert rank_or_default("AAA", Agency.MOODYS) == rank_or_default("Aaa", Agency.SP) == 1


def test_legacy_ordinals_follow_the_spelling_without_an_agency() -> None:
    """Moody's texts by their scale, all others by the states of S&P, of which A+ is 2 and the unknown 18."""
    assert [legacy_ordinal(text) for text in ("Ba1", "A+", "BB+", "nonsense", "")] == [11, 2, 11, 18, 18]


@pytest.mark.parametrize(("text", "expected"), [("", True), (" nr ", True), ("WR", True), ("B", False), ("xx", False)])
def test_texts_that_say_there_is_no_rating(text: str, expected: bool) -> None:
    """Blank, NR and WR; a text that is no rating says nothing."""
    assert is_not_rated(text) is expected
