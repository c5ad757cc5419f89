"""Domains of comparison: how a raw field value or a typed value becomes a key that can be compared.

`db.filters` repeats the folding of texts in SQL, so what counts as blank and as a small letter is listed here instead
of being left to Python or to a database's locale.
"""

import math
import re
from datetime import date

from engine.collateral.filters.fields import Reading
from engine.collateral.filters.syntax import Key
from engine.collateral.ratings import RANK_IN_DEFAULT, Agency, rating_at, sp_state
from engine.modes import Quirk

BLANKS = " \t\n\r\f\v\u00a0"
"""Characters that do not matter at the ends of a text."""

SMALL_LETTERS = "".join(
    letter for letter in map(chr, range(0x61, 0x180)) if len(letter.upper()) == 1 and letter.upper() != letter
)
CAPITALS = SMALL_LETTERS.upper()
"""The capital of each small letter of the Latin alphabets, in the same order."""

WATCH_SUFFIX = r"[ ]*([*][ ]*[+-]?|[(][^)]*[)])\Z"
"""What follows a rating under review or with its outlook, `B1 *-`, `B+ (NEG)`; reads the same in Python and SQL."""

_IN_DEFAULT = {"D": RANK_IN_DEFAULT, "SD": RANK_IN_DEFAULT}
AGENCY_OF = {Reading.SP_RATING: Agency.SP, Reading.MOODYS_RATING: Agency.MOODYS}
ORDINALS: dict[Reading, dict[str, int]] = {
    reading: {rating_at(rank, agency).upper(): rank for rank in range(1, RANK_IN_DEFAULT)} | _IN_DEFAULT
    for reading, agency in AGENCY_OF.items()
}
"""Ordinal by rating in capitals, 1 = best; default comes after the last rating of the scale."""

_TO_CAPITALS = str.maketrans(SMALL_LETTERS, CAPITALS)
_WATCH = re.compile(WATCH_SUFFIX)
_MOODYS_ORDINALS = ORDINALS[Reading.MOODYS_RATING]
_LEGACY_STATES = frozenset({Quirk.UNKNOWN_STATE_IS_DEFAULT})
_LEGACY_STATES_A_PLUS = _LEGACY_STATES | {Quirk.A_PLUS_IS_AA_PLUS}


def capitals(text: str) -> str:
    """A text in capitals, letter by letter, so that offsets stay."""
    return text.translate(_TO_CAPITALS)


def folded(text: str) -> str:
    """A text in capitals and without blanks at its ends."""
    return capitals(text.strip(BLANKS))


def ordinal(reading: Reading, rating: str) -> float:
    """Ordinal of a rating on its agency's scale; NaN for one that is not on it."""
    return ORDINALS[reading].get(_WATCH.sub("", folded(rating)), math.nan)


def number_text(number: float) -> str:
    """A number as the legacy model turns it into text: 15 digits, no trailing zeros."""
    return f"{number:.15g}".upper()


def key_of(reading: Reading, raw: object, blank: str = "") -> Key:
    """Key of a field's raw value; NaN for a missing one. blank: what a blank text stands for.

    The legacy readings have their blanks as 0 and their texts compared by code point (spec 01 §1.9).
    """
    if reading is Reading.TEXT:
        return folded(str(raw)) or blank
    if reading is Reading.LEGACY_TEXT:
        return str(raw).upper() or blank
    if reading in AGENCY_OF:
        return ordinal(reading, str(raw))
    if reading is Reading.LEGACY_SP_RATING:
        return float(sp_state(str(raw), _LEGACY_STATES))
    if reading is Reading.LEGACY_SP_RATING_A_PLUS:
        return float(sp_state(str(raw), _LEGACY_STATES_A_PLUS))
    if reading is Reading.LEGACY_MOODYS_RATING:
        return float(_legacy_moodys(str(raw)))
    if reading is Reading.LEGACY_FLAG:
        return -1.0 if raw else 0.0
    if reading is Reading.LEGACY_NUMBER_AS_TEXT:
        return number_text(_number(raw, missing=0.0))
    return _number(raw, missing=0.0 if reading is Reading.LEGACY_NUMBER else math.nan)


def _legacy_moodys(rating: str) -> int:
    found = _MOODYS_ORDINALS.get(rating.upper(), 0)
    return 0 if found == RANK_IN_DEFAULT else found


def _number(raw: object, missing: float) -> float:
    if isinstance(raw, date):
        return float(raw.toordinal())
    return float(raw) if isinstance(raw, int | float) else missing
