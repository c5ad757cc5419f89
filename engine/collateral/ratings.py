"""The one rating scale: ranks, agencies' texts, notches, rating factors, and the rating on a day.

Specs 01 §1.7 and §3.7, 03 §8.1, 04 §3.1 and §9.1. Which rating an asset has is derived in `rating_derivation`.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from enum import Enum

from engine.modes import Quirk, Quirks

History = Sequence[tuple[date, str]]
"""(date, rating) in date order."""


class Agency(Enum):
    """Whose texts a rating is written in; S&P and Fitch share them."""

    MOODYS = "Moody's"
    SP = "S&P"
    FITCH = "Fitch"


IN_DEFAULT = "D"
LOWEST_RANK_INVESTMENT_GRADE = 10
LOWEST_RANK_ABOVE_CCC = 16

_SCALE = (
    ("AAA", "Aaa", 1.0),
    ("AA+", "Aa1", 10.0),
    ("AA", "Aa2", 20.0),
    ("AA-", "Aa3", 40.0),
    ("A+", "A1", 70.0),
    ("A", "A2", 120.0),
    ("A-", "A3", 180.0),
    ("BBB+", "Baa1", 260.0),
    ("BBB", "Baa2", 360.0),
    ("BBB-", "Baa3", 610.0),
    ("BB+", "Ba1", 940.0),
    ("BB", "Ba2", 1350.0),
    ("BB-", "Ba3", 1766.0),
    ("B+", "B1", 2220.0),
    ("B", "B2", 2720.0),
    ("B-", "B3", 3490.0),
    ("CCC+", "Caa1", 4770.0),
    ("CCC", "Caa2", 6500.0),
    ("CCC-", "Caa3", 8070.0),
    ("CC", "Ca", 10000.0),
    ("C", "C", 10000.0),
)
"""(S&P's text, Moody's text, rating factor) from rank 1 down."""

LOWEST_RANK = len(_SCALE)
RANK_IN_DEFAULT = LOWEST_RANK + 1
FACTOR_OF_UNRATED = 10000.0
SP_STATE_CCC = 17
SP_STATE_DEFAULT = 18

_RANK = {text: rank for rank, (sp, moodys, _) in enumerate(_SCALE, start=1) for text in (sp, moodys)}
_RANK_FOLDED = {text.upper(): rank for text, rank in _RANK.items()}
_MOODYS_RANK_FOLDED = {moodys.upper(): rank for rank, (_, moodys, _) in enumerate(_SCALE, start=1)}
_SP_TEXTS = frozenset(sp for sp, _, _ in _SCALE)
_LEGACY_STATES = frozenset({Quirk.UPPER_CASE_MOODYS, Quirk.UNKNOWN_STATE_IS_DEFAULT, Quirk.A_PLUS_IS_AA_PLUS})
_DEFAULTED = frozenset({IN_DEFAULT, "SD"})
_WATCH_SUFFIX = re.compile(r"\s*(\*\s*[+-]?|\([^)]*\))\Z")
"""A rating under review, `B1 *-`, or with its outlook, `B+ (neg)`."""


def _folded(rating: str) -> str:
    return _WATCH_SUFFIX.sub("", rating.strip().upper())


def rating_rank(rating: str, quirks: Quirks = frozenset()) -> int:
    """Rank of an S&P or Moody's rating, 1 = AAA/Aaa to 21 = C; 0 for `D`, `NR` and any other text.

    Case, blanks around it and a watch or outlook behind it do not matter; under LQ-37 they do, so that `CAA1` has no
    rank.
    """
    if Quirk.UPPER_CASE_MOODYS in quirks:
        return _RANK.get(rating, 0)
    return _RANK_FOLDED.get(_folded(rating), 0)


def moodys_rank(rating: str) -> int:
    """Rank of a Moody's text in any case, 1 = Aaa to 21 = C; 0 for any other text, S&P's too."""
    return _MOODYS_RANK_FOLDED.get(_folded(rating), 0)


def rating_at(rank: int, agency: Agency, quirks: Quirks = frozenset()) -> str:
    """An agency's text for rank 1 to 21, empty for other ranks.

    S&P and Fitch call rank 15 `BB` under LQ-36, and S&P has no text for rank 21 in the legacy table.
    """
    if not 1 <= rank <= LOWEST_RANK:
        return ""
    sp, moodys, _ = _SCALE[rank - 1]
    if agency is Agency.MOODYS:
        return moodys
    if sp == "B" and Quirk.RANK15_BB in quirks:
        return "BB"
    return "" if sp == "C" and agency is Agency.SP and Quirk.SP_WITHOUT_C in quirks else sp


def notched(rank: int, up: int, agency: Agency, quirks: Quirks = frozenset()) -> str:
    """The rating `up` notches above a rank (below where negative), within the scale; empty for no rank.

    Under 03 Q5 rank 0 stands one above the best, so that an unrated asset notches to the top of the scale.
    """
    if not 1 <= rank <= LOWEST_RANK and Quirk.UNRATED_IS_BEST not in quirks:
        return ""
    return rating_at(min(max(rank - up, 1), LOWEST_RANK), agency, quirks)


def rating_factor(rating: str, quirks: Quirks = frozenset()) -> float:
    """Moody's rating factor of a Moody's rating, Aaa 1 to C 10000; 10000 for any other text, 0 under 03 Q26."""
    rank = moodys_rank(rating)
    if rank:
        return _SCALE[rank - 1][2]
    return 0.0 if Quirk.UNRATED_FACTOR_ZERO in quirks else FACTOR_OF_UNRATED


def sp_state(rating: str, quirks: Quirks = frozenset()) -> int:
    """State of an S&P rating in the transition matrix: its rank to 16 = B-, 17 = CCC+ to C, 18 = D, 0 without rating.

    The legacy model has `A+` in the state of `AA+` (LQ-38) and everything it does not know in default: CC, C, unrated
    (spec 04 §3.1).
    """
    rank = rating_rank(rating, quirks)
    if Quirk.UNKNOWN_STATE_IS_DEFAULT in quirks and (rating not in _SP_TEXTS or rating in ("CC", "C")):
        return SP_STATE_DEFAULT
    if rank == _RANK["A+"] and Quirk.A_PLUS_IS_AA_PLUS in quirks:
        return _RANK["AA+"]
    if is_default_rating(rating, quirks):
        return SP_STATE_DEFAULT
    return min(rank, SP_STATE_CCC)


def sp_state_text(state: int) -> str:
    """S&P text of a state of the transition matrix, `CCC` for the whole family; empty outside 1 to 18."""
    if state in (SP_STATE_CCC, SP_STATE_DEFAULT):
        return "CCC" if state == SP_STATE_CCC else IN_DEFAULT
    return rating_at(state, Agency.SP) if state < SP_STATE_CCC else ""


def is_rated(rating: str, quirks: Quirks = frozenset()) -> bool:
    """Whether a column states a rating: one of the scale, or default. The legacy model asked for any text but `NR`."""
    if Quirk.UNRATED_IS_BEST in quirks:
        return rating not in ("", "NR")
    return _folded(rating) in _DEFAULTED or rating_rank(rating, quirks) > 0


def notched_rating(rating: str, up: int, agency: Agency, quirks: Quirks = frozenset()) -> str:
    """A rating moved `up` notches on its agency's scale; default stays default, any other text is empty.

    Without notches the legacy model passed on any text, and with some it took default for rank 0 (03 Q5).
    """
    if Quirk.UNRATED_IS_BEST in quirks and up == 0:
        return rating
    if Quirk.UNRATED_IS_BEST not in quirks and _folded(rating) in _DEFAULTED:
        return IN_DEFAULT
    return notched(rating_rank(rating, quirks), up, agency, quirks)


def rank_or_default(rating: str, agency: Agency | None = None) -> int | None:
    """Rank of a rating with default as 22, after the worst of the scale; None for a text that is no rating.

    agency: whose texts count, by default both.
    """
    if _folded(rating) in _DEFAULTED:
        return RANK_IN_DEFAULT
    rank = rating_rank(rating)
    is_known = agency is None or _folded(rating_at(rank, agency)) == _folded(rating)
    return rank if rank and is_known else None


def legacy_ordinal(rating: str, agency: Agency | None = None) -> int:
    """The legacy model's number of a rating: its S&P state 1 to 18, or its Moody's rank with 0 for unknown texts.

    agency: whose text it is; without one Moody's texts are known by their spelling and all others are S&P's.
    """
    if agency is None:
        agency = Agency.MOODYS if moodys_rank(rating) and rating not in _SP_TEXTS else Agency.SP
    if agency is Agency.MOODYS:
        return moodys_rank(rating)
    return sp_state(rating, _LEGACY_STATES)


def rating_of_rank(rank: int, agency: Agency) -> str:
    """An agency's text for rank 1 to 21 and `D` for 22, empty for other ranks."""
    return IN_DEFAULT if rank == RANK_IN_DEFAULT else rating_at(rank, agency)


def is_not_rated(rating: str) -> bool:
    """Whether a text says that there is no rating: blank, `NR`, `WR`."""
    return _folded(rating) in ("", "NR", "N.R.", "WR")


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
