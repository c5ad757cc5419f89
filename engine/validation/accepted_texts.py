"""Which texts a field may hold: ratings of its agency, currencies, and fields with a closed set of values."""

import re
from functools import lru_cache

from engine.collateral.ratings import rating_rank

NOT_ON_THE_SCALE = frozenset({"NR", "WR", "D", "SD"})
"""What agencies state instead of a rating: not rated, withdrawn, in default, selective default."""

MOODYS_FIELDS = frozenset(
    {
        "mdy_rating",
        "mdy_dp_rating",
        "mdy_dp_rating_warf",
        "mdy_facility_rating",
        "mdy_issuer_rating",
        "mdy_snr_sec_rating",
        "mdy_snr_unsec_rating",
        "mdy_sub_rating",
        "mdy_credit_est_rating",
    }
)
SP_FIELDS = frozenset({"sp_facility_rating", "sp_issuer_rating", "sp_snr_sec_rating", "sp_subordinate_rating"})
SP_RECOVERY_FIELD = "sp_recovery_rating"
DERIVED_SP_FIELD = "sp_rating"
"""Derived, so no importer reads it; an edit may still set it."""

RATING_FIELDS = (*sorted(MOODYS_FIELDS), *sorted(SP_FIELDS), SP_RECOVERY_FIELD, DERIVED_SP_FIELD)

CLOSED_TEXTS = {
    "coupon_type": frozenset({"FLOAT", "FIXED"}),
    "bond_loan": frozenset({"LOAN", "BOND"}),
    "amortization_type": frozenset({"SCHEDULED", "BULLET"}),
}
"""Fields whose other texts the model takes for the last resort: fixed, no loan, bullet."""

_ISO_4217 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP"
    " CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF"
    " IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD"
    " MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB"
    " RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD"
    " UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_ISO_4217.split())
"""The currencies of ISO 4217 that circulate."""

_MOODYS_WITHOUT_DIGIT = frozenset({"AAA", "CA", "C"})
_SP_RECOVERY = re.compile(r"[1-6][HL+]?\Z|NR\Z")


def folded_text(text: str) -> str:
    """A text for comparison: upper case, non-breaking blanks are blanks, none at the ends."""
    return text.replace("\xa0", " ").strip().upper()


@lru_cache(maxsize=512)
def is_known_rating(field: str, text: str) -> bool:
    """Whether a text is a rating of the agency its field belongs to; any text is in fields that hold no rating."""
    rating = folded_text(text)
    if field in MOODYS_FIELDS or field in SP_FIELDS or field == DERIVED_SP_FIELD:
        has_digit = any(character.isdigit() for character in rating)
        is_moodys = has_digit or rating in _MOODYS_WITHOUT_DIGIT
        is_own = is_moodys if field in MOODYS_FIELDS else not has_digit and rating != "CA"
        return rating in NOT_ON_THE_SCALE or (is_own and rating_rank(rating) > 0)
    return field != SP_RECOVERY_FIELD or _SP_RECOVERY.match(rating) is not None
