"""The fields a filter can name, and how the values of each are read (spec 05 section 3.1).

Every field of the asset catalogue is known by its own name; twelve also by the analysts' name. S&P Rating is the
derived rating: blank, hence unknown, until ratings have been derived.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from engine.collateral.asset import ASSET_FIELDS, FIELD_BY_NAME, AssetField, FieldKind


class Reading(Enum):
    """In which domain a field and a value are compared; the legacy readings are those of spec 05 section 3.1.

    TEXT ignores case and blanks at the ends; ratings are ordinals of their agency's scale, 1 = best. In a legacy
    reading nothing is missing: a blank number is 0, an unknown S&P rating 18, an unknown Moody's rating 0.
    """

    TEXT = "a text"
    NUMBER = "a number"
    DAY = "a date"
    FLAG = "true or false"
    SP_RATING = "an S&P rating"
    MOODYS_RATING = "a Moody's rating"
    LEGACY_TEXT = "a text in capitals"
    LEGACY_NUMBER = "a number, blank as 0"
    LEGACY_NUMBER_AS_TEXT = "the text of a number"
    LEGACY_FLAG = "True or False"
    LEGACY_SP_RATING = "a rating state 1 to 18"
    LEGACY_SP_RATING_A_PLUS = "a rating state 1 to 18, A+ as 2"
    LEGACY_MOODYS_RATING = "a Moody's ordinal 1 to 21 or 0"

    @property
    def is_legacy(self) -> bool:
        """Whether only the legacy model compared like this."""
        return self.name.startswith("LEGACY")

    @property
    def is_text(self) -> bool:
        """Whether keys of this domain are texts; those of the others are numbers."""
        return self in (Reading.TEXT, Reading.LEGACY_TEXT, Reading.LEGACY_NUMBER_AS_TEXT)

    @property
    def is_ordered(self) -> bool:
        """Whether smaller and greater mean something."""
        return self not in (Reading.TEXT, Reading.FLAG)


ANALYSTS_NAMES = {
    "Moody's Industry": "mdy_industry",
    "S&P Industry": "sp_industry",
    "Country": "country",
    "Analyst Opinion": "analyst_opinion",
    "Moody's Rating": "mdy_rating",
    "Moody's Rating WARF": "mdy_dp_rating_warf",
    "Moody's Rating DPR": "mdy_dp_rating",
    "S&P Rating": "sp_rating",
    "WAL": "wal",
    "Facility Size": "facility_size",
    "Market Value": "market_value",
    "Cov-Lite": "cov_lite",
}
"""Field by the name of the sheet's drop-down list."""

BLANK_READ_AS = {"analyst_opinion": "HOLD"}
"""What a blank text means where it does not mean nothing."""

_NOT_ON_THE_LETTER_SCALE = frozenset({"sp_recovery_rating"})
_READING_BY_KIND = {FieldKind.TEXT: Reading.TEXT, FieldKind.DAY: Reading.DAY, FieldKind.FLAG: Reading.FLAG}


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field of the asset catalogue as filters see it. label: the analysts' name, else the field's own."""

    name: str
    label: str
    reading: Reading
    takes_percent: bool

    def __str__(self) -> str:
        return self.label


def _reading_of(item: AssetField) -> Reading:
    if item.kind is FieldKind.TEXT and "rating" in item.name.split("_") and item.name not in _NOT_ON_THE_LETTER_SCALE:
        return Reading.MOODYS_RATING if item.name.startswith("mdy_") else Reading.SP_RATING
    return _READING_BY_KIND.get(item.kind, Reading.NUMBER)


_LABELS = {name: label for label, name in ANALYSTS_NAMES.items()}
FIELDS: dict[str, FilterField] = {
    item.name: FilterField(
        item.name, _LABELS.get(item.name, item.name), _reading_of(item), FIELD_BY_NAME[item.name].kind is FieldKind.RATE
    )
    for item in ASSET_FIELDS
}
"""Every field by its own name."""

_BY_SPELLING = {name.lower(): FIELDS[name] for name in FIELDS} | {
    label.lower(): FIELDS[name] for label, name in ANALYSTS_NAMES.items()
}

BARE_NAME = re.compile(
    "(?:"
    + "|".join(
        re.escape(name).replace(r"\ ", r"\s+").replace("'", "['\u2019]")
        for name in sorted(_BY_SPELLING, key=len, reverse=True)
    )
    + r")(?!\w)",
    re.IGNORECASE,
)
"""A field name without quotes, the longest that fits."""


def field_of(spelling: str) -> FilterField | None:
    """The field of a name in any case, with any number of blanks between words; None for an unknown one."""
    return _BY_SPELLING.get(" ".join(spelling.replace("\u2019", "'").lower().split()))


def names_like(spelling: str) -> list[str]:
    """Up to three names of known fields that look like a spelling."""
    alike = get_close_matches(spelling.lower(), _BY_SPELLING, n=3, cutoff=0.6)
    return list(dict.fromkeys(_BY_SPELLING[name].label for name in alike))
