"""Ratings as the projection and the CCC test need them: ranks, and the rating on a day (spec 01 §1.7, §3.7).

Deriving a missing rating from other ratings is not done here.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from engine.modes import Quirk, Quirks

History = Sequence[tuple[date, str]]
"""(date, rating) in date order."""

IN_DEFAULT = "D"
LOWEST_RANK_ABOVE_CCC = 16

_SCALE = (
    ("AAA", "Aaa"),
    ("AA+", "Aa1"),
    ("AA", "Aa2"),
    ("AA-", "Aa3"),
    ("A+", "A1"),
    ("A", "A2"),
    ("A-", "A3"),
    ("BBB+", "Baa1"),
    ("BBB", "Baa2"),
    ("BBB-", "Baa3"),
    ("BB+", "Ba1"),
    ("BB", "Ba2"),
    ("BB-", "Ba3"),
    ("B+", "B1"),
    ("B", "B2"),
    ("B-", "B3"),
    ("CCC+", "Caa1"),
    ("CCC", "Caa2"),
    ("CCC-", "Caa3"),
    ("CC", "Ca"),
    ("C", "C"),
)
_RANK = {rating: rank for rank, pair in enumerate(_SCALE, start=1) for rating in pair}
_RANK_FOLDED = {rating.upper(): rank for rating, rank in _RANK.items()}


def rating_rank(rating: str, quirks: Quirks = frozenset()) -> int:
    """Rank of an S&P or Moody's rating, 1 = AAA/Aaa to 21 = C; 0 for `D`, `NR` and any other text.

    Case and blanks do not matter; under LQ-37 they do, so that `CAA1` has no rank. Under LQ-36 the S&P rating `B`
    is missing from the table and has none either.
    """
    if Quirk.UPPER_CASE_MOODYS not in quirks:
        return _RANK_FOLDED.get(rating.strip().upper(), 0)
    if Quirk.RANK15_BB in quirks and rating == "B":
        return 0
    return _RANK.get(rating, 0)


def is_ccc_or_worse(rating: str, quirks: Quirks = frozenset()) -> bool:
    """Whether a rating is CCC+/Caa1 or worse; `D` and unrated are not."""
    return rating_rank(rating, quirks) > LOWEST_RANK_ABOVE_CCC


def is_default_rating(rating: str, quirks: Quirks = frozenset()) -> bool:
    """Whether a rating is `D`, exactly so under LQ-37."""
    return (rating if Quirk.UPPER_CASE_MOODYS in quirks else rating.strip().upper()) == IN_DEFAULT


def rating_on(
    current: str, history: History, on: date, quirks: Quirks = frozenset(), *, finds_exact_day: bool = False
) -> str:
    """Rating on a day: the latest entry of the history up to it, else the current rating.

    Under LQ-35 a history of one entry is not read, a day before the first entry has no rating, and the two middle
    entries of an even history of four and more are taken in the wrong order; finds_exact_day returns an entry of the
    very day all the same (the legacy S&P look-up).
    """
    if Quirk.DESCENDING_SORT_MIDDLE not in quirks:
        found = bisect_right(history, on, key=lambda entry: entry[0])
        return history[found - 1][1] if found else current
    if len(history) <= 1:
        return current
    if finds_exact_day:
        for day, rating in history:
            if day == on:
                return rating
    newest_first = list(reversed(history))
    middle = len(newest_first) // 2
    if len(newest_first) % 2 == 0 and len(newest_first) >= 4:
        newest_first[middle - 1], newest_first[middle] = newest_first[middle], newest_first[middle - 1]
    return next((rating for day, rating in newest_first if day <= on), "")
