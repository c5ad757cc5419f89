"""Ratings and recovery of an asset from the columns of the agencies (specs 04 §9, 03 §8.2-8.4).

A rating has a short list of lines (column, rating, notches up): the first one that is rated gives it. How the scale and
its notches work is in `ratings`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from engine.collateral.asset import Asset
from engine.collateral.outlooks import (
    DOWNGRADE,
    DP_OUTLOOKS,
    LEGACY_WARF_OUTLOOKS,
    NEGATIVE,
    UPGRADE,
    WARF_OUTLOOKS,
    OutlookNotches,
    outlook_notches,
    outlook_of,
)
from engine.collateral.ratings import (
    IN_DEFAULT,
    LOWEST_RANK_ABOVE_CCC,
    LOWEST_RANK_INVESTMENT_GRADE,
    Agency,
    is_rated,
    notched,
    notched_rating,
    rating_rank,
)
from engine.collateral.recovery import moodys_recovery_rate
from engine.modes import Quirk, Quirks

MONTHS_OF_A_CREDIT_ESTIMATE = 15
AS_GIVEN = "as given"
_RANK_OF_B = LOWEST_RANK_ABOVE_CCC - 1


@dataclass(frozen=True, slots=True)
class Derivation:
    """A rating and where it comes from: a column with the notches taken, `issuer -1`, or why there is none."""

    rating: str
    source: str


UNRATED_MOODYS = Derivation("Caa3", "not rated")
UNRATED_SP = Derivation("CCC-", "not rated")
_BLANK = Derivation("", "not rated")


@dataclass(frozen=True, slots=True)
class DerivedRatings:
    """What an asset's agency columns say: every rating with its source, the recovery rate as a decimal.

    moodys_from_sp and sp_from_moodys are the conversions between the agencies alone, empty where the other agency
    does not rate the asset.
    """

    moodys: Derivation
    default_probability: Derivation
    warf: Derivation
    sp: Derivation
    moodys_recovery_rate: float
    moodys_from_sp: Derivation
    sp_from_moodys: Derivation


class _Line(NamedTuple):
    column: str
    rating: str
    up: int = 0
    is_taken_unrated: bool = False


def derived_ratings(
    asset: Asset, as_of: date, quirks: Quirks = frozenset(), warf_outlooks: OutlookNotches = WARF_OUTLOOKS
) -> DerivedRatings:
    """Every rating and the recovery rate of an asset by its agency columns, whatever ratings it was given.

    as_of: the day at which a credit estimate must be less than 15 calendar months old.
    warf_outlooks: notches of the deal for the WARF rating; 03 Q1 puts the legacy ones in their place.
    """
    if Quirk.WARF_NOTCHES_EXCHANGED in quirks:
        warf_outlooks = LEGACY_WARF_OUTLOOKS
    from_sp = moodys_from_sp(asset, quirks)
    otherwise = from_sp if from_sp.rating else UNRATED_MOODYS
    moodys = _first(_moodys_lines(asset), Agency.MOODYS, quirks) or otherwise
    default_probability, warf = (
        _first(_default_probability_lines(asset, as_of, outlooks, quirks), Agency.MOODYS, quirks) or otherwise
        for outlooks in (DP_OUTLOOKS, warf_outlooks)
    )
    return DerivedRatings(
        moodys=moodys,
        default_probability=default_probability,
        warf=warf,
        sp=derived_sp_rating(asset, quirks),
        moodys_recovery_rate=moodys_recovery_rate(asset, moodys.rating, default_probability.rating, quirks),
        moodys_from_sp=from_sp,
        sp_from_moodys=sp_from_moodys(asset, quirks),
    )


def with_ratings(
    asset: Asset, as_of: date, quirks: Quirks = frozenset(), warf_outlooks: OutlookNotches = WARF_OUTLOOKS
) -> Asset:
    """The asset with its blank ratings derived, and a blank or zero recovery rate from the ratings it then has."""
    derived = derived_ratings(asset, as_of, quirks, warf_outlooks)
    rated = replace(
        asset,
        mdy_rating=_given(asset.mdy_rating) or derived.moodys.rating,
        mdy_dp_rating=_given(asset.mdy_dp_rating) or derived.default_probability.rating,
        mdy_dp_rating_warf=_given(asset.mdy_dp_rating_warf) or derived.warf.rating,
        sp_rating=_given(asset.sp_rating) or derived.sp.rating,
    )
    if rated.mdy_recovery_rate:
        return rated
    moodys = _as_loaded(asset.mdy_rating, quirks) or rated.mdy_rating
    default_probability = _as_loaded(asset.mdy_dp_rating, quirks) or rated.mdy_dp_rating
    return replace(rated, mdy_recovery_rate=moodys_recovery_rate(asset, moodys, default_probability, quirks))


def as_loaded(asset: Asset, quirks: Quirks) -> Asset:
    """The asset as the legacy loader kept it: under LQ-37 with its Moody's ratings in capitals, which have no rank."""
    if Quirk.UPPER_CASE_MOODYS not in quirks:
        return asset
    return replace(
        asset,
        mdy_rating=asset.mdy_rating.upper(),
        mdy_dp_rating=asset.mdy_dp_rating.upper(),
        mdy_dp_rating_warf=asset.mdy_dp_rating_warf.upper(),
    )


def rating_sources(
    asset: Asset, as_of: date, quirks: Quirks = frozenset(), warf_outlooks: OutlookNotches = WARF_OUTLOOKS
) -> dict[str, str]:
    """Where the ratings of `with_ratings` come from, by asset field: `as given`, `facility`, `issuer -1`, ..."""
    derived = derived_ratings(asset, as_of, quirks, warf_outlooks)
    found = {
        "mdy_rating": (asset.mdy_rating, derived.moodys),
        "mdy_dp_rating": (asset.mdy_dp_rating, derived.default_probability),
        "mdy_dp_rating_warf": (asset.mdy_dp_rating_warf, derived.warf),
        "sp_rating": (asset.sp_rating, derived.sp),
    }
    return {field: AS_GIVEN if _given(given) else derivation.source for field, (given, derivation) in found.items()}


def moodys_from_sp(asset: Asset, quirks: Quirks = frozenset()) -> Derivation:
    """Moody's rating by the S&P columns, empty without one (spec 04 §9.5)."""
    facility, secured, junior = asset.sp_facility_rating, asset.sp_snr_sec_rating, asset.sp_subordinate_rating
    is_bond = _folded(asset.bond_loan) == "BOND"
    is_one_notch_bond = is_bond and rating_rank(facility, quirks) <= LOWEST_RANK_INVESTMENT_GRADE
    lines = (
        _Line("S&P facility", facility, -1 if is_one_notch_bond else -2),
        _Line("S&P senior secured", secured, -1 if rating_rank(secured, quirks) <= _RANK_OF_B else -2),
        _Line("S&P subordinated", junior, 1 if rating_rank(junior, quirks) <= LOWEST_RANK_ABOVE_CCC else 0),
    )
    for line in lines[1:] if asset.struct_finance else lines:
        if is_rated(line.rating, quirks):
            rating = notched(rating_rank(line.rating, quirks), line.up, Agency.MOODYS, quirks)
            return Derivation(rating, _source(line.column, line.up)) if rating else _BLANK
    return _BLANK


def sp_from_moodys(asset: Asset, quirks: Quirks = frozenset()) -> Derivation:
    """S&P rating by the Moody's columns, without the S&P ones; empty without one (spec 04 §9.5)."""
    moodys = _first(_moodys_lines(asset), Agency.MOODYS, quirks) or _BLANK
    rank = rating_rank(moodys.rating, quirks)
    up = -1 if rank <= LOWEST_RANK_INVESTMENT_GRADE else -2
    rating = notched(rank, up, Agency.SP, quirks)
    return Derivation(rating, _source(f"Moody's ({moodys.source})", up)) if rating else _BLANK


def _moodys_lines(asset: Asset) -> tuple[_Line, ...]:
    """Moody's rating of the facility (spec 04 §9.2)."""
    facility, issuer = asset.mdy_facility_rating, asset.mdy_issuer_rating
    if _folded(asset.bond_loan) == "LOAN" and _folded(asset.seniority) == "SENIOR SECURED":
        facility_up = {UPGRADE: 1, DOWNGRADE: -1}.get(outlook_of(asset.mdy_facility_outlook), 0)
        issuer_up = -1 if outlook_of(asset.mdy_issuer_outlook) in (DOWNGRADE, NEGATIVE) else 0
        return (
            _Line("facility", facility, facility_up),
            _Line("issuer", issuer, issuer_up),
            _Line("senior unsecured", asset.mdy_snr_unsec_rating, 2),
        )
    return (
        _Line("facility", facility),
        _Line("senior unsecured", asset.mdy_snr_unsec_rating),
        _Line("issuer", issuer, -1),
        _Line("subordinated", asset.mdy_sub_rating, 1),
    )


def _default_probability_lines(
    asset: Asset, as_of: date, outlooks: OutlookNotches, quirks: Quirks
) -> tuple[_Line, ...]:
    """Moody's default probability rating, and the one for the WARF, by their outlooks (spec 04 §9.3)."""
    if asset.dip:
        return (_Line("facility", asset.mdy_facility_rating, -1, Quirk.UNRATED_IS_BEST in quirks),)
    estimate = asset.mdy_credit_est_rating if _has_recent_estimate(asset, as_of) else ""
    return (
        _Line("issuer", asset.mdy_issuer_rating, outlook_notches(asset, outlooks)),
        _Line("senior unsecured", asset.mdy_snr_unsec_rating),
        _Line("senior secured", asset.mdy_snr_sec_rating, -1),
        _Line("credit estimate", estimate),
    )


def derived_sp_rating(asset: Asset, quirks: Quirks = frozenset()) -> Derivation:
    """S&P rating (spec 04 §9.4)."""
    if asset.dip:
        return _first((_Line("S&P facility", asset.sp_facility_rating),), Agency.SP, quirks) or UNRATED_SP
    if asset.default_asset:
        return Derivation(IN_DEFAULT, "default obligation")
    junior = asset.sp_subordinate_rating
    is_one_notch_junior = rating_rank(junior, quirks) <= LOWEST_RANK_INVESTMENT_GRADE
    lines = (
        _Line("S&P issuer", asset.sp_issuer_rating),
        _Line("S&P senior secured", asset.sp_snr_sec_rating),
        _Line("S&P subordinated", junior, 1 if is_one_notch_junior else 2),
    )
    found = _first(lines, Agency.SP, quirks) or sp_from_moodys(asset, quirks)
    return found if found.rating else UNRATED_SP


def _first(lines: Iterable[_Line], agency: Agency, quirks: Quirks) -> Derivation | None:
    """The first rated line, notched; None without any."""
    for line in lines:
        if line.is_taken_unrated or is_rated(line.rating, quirks):
            return Derivation(notched_rating(line.rating, line.up, agency, quirks), _source(line.column, line.up))
    return None


def _source(column: str, up: int) -> str:
    return f"{column} {up:+d}" if up else column


def _has_recent_estimate(asset: Asset, as_of: date) -> bool:
    on = asset.mdy_credit_est_date
    return on is not None and 12 * (as_of.year - on.year) + as_of.month - on.month < MONTHS_OF_A_CREDIT_ESTIMATE


def _as_loaded(given: str, quirks: Quirks) -> str:
    # The legacy loader put given Moody's ratings into capitals, derived ones stayed as they were (LQ-37).
    return _given(given).upper() if Quirk.UPPER_CASE_MOODYS in quirks else _given(given)


def _given(rating: str) -> str:
    return rating if rating.strip() else ""


def _folded(text: str) -> str:
    return text.strip().upper()
