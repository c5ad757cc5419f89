"""Ratings in cells: ranks, texts of both agencies, Moody's rating factors (spec 06 §11.2)."""

from typing import Annotated, Literal

from engine.collateral.ratings import (
    RANK_IN_DEFAULT,
    Agency,
    is_not_rated,
    legacy_ordinal,
    rank_or_default,
    rating_factor,
    rating_of_rank,
)
from engine.modes import Mode
from xl_addin.registry.arguments import RunMode
from xl_addin.registry.declare import Example, udf
from xl_addin.registry.errors import CellError, unavailable, wrong

CATEGORY = "CLO Ratings"

Rating = Annotated[str, "Rating of S&P or Moody's in any case; NR and blank mean not rated."]
AgencyName = Literal["Moody's", "S&P", "Fitch"]


@udf("CLO_RATING_RANK", category=CATEGORY, examples=[Example('=CLO_RATING_RANK("Ba1")', 11)])
def clo_rating_rank(
    rating: Rating,
    agency: Annotated[AgencyName | None, "Whose text it is; found from the text by default."] = None,
    mode: RunMode = Mode.STANDARD,
) -> int:
    """Rank of a rating, 1 for AAA and Aaa to 21 for C, 22 for D.

    Legacy mode gives the legacy ordinals: 1 to 18 for S&P, with A+ as 2 and unknown texts as 18; 1 to 21 for Moody's,
    with 0 for unknown texts.
    """
    chosen = None if agency is None else Agency(agency)
    if mode is Mode.LEGACY:
        return legacy_ordinal(rating, chosen)
    return _rank(rating, chosen)


@udf("CLO_RATING_FROM_RANK", category=CATEGORY, examples=[Example('=CLO_RATING_FROM_RANK(11,"Moody\'s")', "Ba1")])
def clo_rating_from_rank(
    rank: Annotated[int, "Rank 1 to 21, 22 for default."], agency: Annotated[AgencyName, "Whose text is wanted."]
) -> str:
    """Rating text of a rank on the scale of an agency."""
    found = rating_of_rank(rank, Agency(agency))
    if not found:
        raise wrong("CLO-2160", f"{rank} is no rank", remedy=f"Ranks run from 1 to {RANK_IN_DEFAULT}.")
    return found


@udf("CLO_RATING_CONVERT", category=CATEGORY, examples=[Example('=CLO_RATING_CONVERT("B+","Moody\'s")', "B1")])
def clo_rating_convert(rating: Rating, to_agency: Annotated[AgencyName, "Whose text is wanted."]) -> str:
    """Rating of the same rank on the scale of another agency, without notching."""
    return rating_of_rank(_rank(rating, None), Agency(to_agency))


@udf("CLO_RATING_FACTOR", category=CATEGORY, examples=[Example('=CLO_RATING_FACTOR("B2")', 2720)])
def clo_rating_factor(rating: Rating) -> float:
    """Moody's rating factor, 1 for Aaa to 10,000 for Ca and worse; an S&P rating counts as the same rank.

    What is not rated has the factor 10,000.
    """
    return rating_factor("" if is_not_rated(rating) else rating_of_rank(_rank(rating, None), Agency.MOODYS))


def _rank(rating: str, agency: Agency | None) -> int:
    found = rank_or_default(rating, agency)
    if found is None:
        raise _no_rank(rating, agency)
    return found


def _no_rank(rating: str, agency: Agency | None) -> CellError:
    if is_not_rated(rating):
        return unavailable("CLO-2161", "What is not rated has no rank", remedy="Handle it with IFNA.")
    scale = "a rating of S&P or Moody's" if agency is None else f"a rating of {agency.value}"
    return wrong("CLO-2162", f"{rating[:40]!r} is not {scale}", remedy="Write it as B+ or B1, or NR for not rated.")
