"""Derived ratings, recovery rates and their sources, in both modes (specs 04 §9, 03 §1 and §8.2-8.4)."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.collateral.asset import Asset
from engine.collateral.outlooks import NEGATIVE, OutlookNotch
from engine.collateral.rating_derivation import derived_ratings, rating_sources, with_ratings
from engine.collateral.recovery import moodys_recovery_rate
from engine.modes import Mode
from tests.golden.mag17_extract import extract_asset, extract_rows

AS_OF = date(2016, 3, 23)
LEGACY = Mode.LEGACY.quirks
SENIOR = "Moody\u2019s Senior Secured Loan"
NON_SENIOR = "Moody\u2019s Non-Senior Secured Loan"


def loan(**columns: Any) -> Asset:
    """A senior secured loan."""
    return Asset(bond_loan="LOAN", seniority="Senior Secured", **columns)


def bond(**columns: Any) -> Asset:
    """An unsecured bond."""
    return Asset(bond_loan="BOND", seniority="Senior Unsecured", **columns)


DERIVATION_TABLE = [  # spec 04 §9.7: asset, field, legacy, correct
    (loan(mdy_facility_rating="B1", mdy_facility_outlook="Downgrade"), "mdy_rating", "B2", "B2"),
    (loan(mdy_issuer_rating="B2", mdy_issuer_outlook="Negative"), "mdy_rating", "B3", "B3"),
    (loan(mdy_snr_unsec_rating="B3"), "mdy_rating", "B1", "B1"),
    (bond(mdy_issuer_rating="Ba3"), "mdy_rating", "B1", "B1"),
    (loan(mdy_facility_rating="Ba3"), "sp_rating", "BB", "B"),
    (loan(mdy_facility_rating="Baa3"), "sp_rating", "BB+", "BB+"),
    (loan(mdy_facility_rating="Caa3"), "sp_rating", "CCC-", "C"),
    (loan(sp_subordinate_rating="BB+"), "sp_rating", "BBB", "BBB"),
    (loan(sp_subordinate_rating="BBB-"), "sp_rating", "BBB", "BBB"),
    (loan(), "mdy_rating", "Caa3", "Caa3"),
    (loan(), "sp_rating", "AAA", "CCC-"),
    (loan(dip=True), "mdy_dp_rating", "Aaa", "Caa3"),
    (loan(mdy_issuer_rating="B1", mdy_issuer_outlook="Negative"), "mdy_dp_rating_warf", "B3", "B2"),
    (loan(mdy_issuer_rating="B1", mdy_facility_outlook="Downgrade"), "mdy_dp_rating", "B2", "B2"),
    (loan(mdy_issuer_rating="B1", mdy_facility_outlook="Downgrade"), "mdy_dp_rating_warf", "B2", "B3"),
]


@pytest.mark.parametrize(("asset", "field", "legacy", "correct"), DERIVATION_TABLE)
def test_the_derivation_table_holds_in_both_modes(asset: Asset, field: str, legacy: str, correct: str) -> None:
    """Every row of the table of spec 04 §9.7, both columns."""
    found = (getattr(with_ratings(asset, AS_OF, LEGACY), field), getattr(with_ratings(asset, AS_OF), field))

    assert found == (legacy, correct)


DP_AND_MOODYS = (("B3", "B1"), ("B2", "B1"), ("B1", "B1"), ("B1", "B2"), ("B1", "B3"), ("B1", "Caa1"), ("Aaa", "C"))
RECOVERY_TABLE = {  # spec 04 §9.6: default probability rating +2, +1, 0, -1, -2, -3 and more ranks below the rating
    SENIOR: (0.60, 0.50, 0.45, 0.40, 0.30, 0.20, 0.20),
    NON_SENIOR: (0.55, 0.45, 0.35, 0.25, 0.15, 0.05, 0.05),
    "Moody\u2019s Senior Unsecured Bond": (0.45, 0.35, 0.30, 0.25, 0.15, 0.05, 0.05),
    "": (0.45, 0.35, 0.30, 0.25, 0.15, 0.05, 0.05),
}


@pytest.mark.parametrize(("category", "rates"), RECOVERY_TABLE.items())
def test_the_recovery_table_holds_cell_by_cell(category: str, rates: tuple[float, ...]) -> None:
    """03 Q4: the legacy model typed 50 % for the 5 % of the last row."""
    asset = Asset(mdy_asset_category=category)
    found = [moodys_recovery_rate(asset, moodys, dp) for dp, moodys in DP_AND_MOODYS]
    legacy = [moodys_recovery_rate(asset, moodys, dp, LEGACY) for dp, moodys in DP_AND_MOODYS]

    assert found == list(rates)
    assert legacy == [0.50 if rate == 0.05 else rate for rate in rates]


def test_a_dip_loan_recovers_half() -> None:
    """Whatever its ratings and category."""
    assert moodys_recovery_rate(Asset(dip=True, mdy_asset_category=SENIOR), "Aaa", "C") == 0.50


def test_a_straight_apostrophe_is_another_category_in_legacy_mode_only() -> None:
    """Spec 04 §9.6: the legacy model knew the typographic one."""
    asset = Asset(mdy_asset_category=SENIOR.replace("\u2019", "'"))

    assert (moodys_recovery_rate(asset, "B1", "B1"), moodys_recovery_rate(asset, "B1", "B1", LEGACY)) == (0.45, 0.30)


def test_the_ranks_of_given_capitals_are_lost_in_legacy_mode_only() -> None:
    """03 Q2: default probability Ba3 and rating B1 are one rank apart, 40 %; the legacy model took 20 %."""
    asset = loan(mdy_rating="B1", mdy_dp_rating="Ba3", mdy_asset_category=SENIOR)

    assert with_ratings(asset, AS_OF).mdy_recovery_rate == 0.40
    assert with_ratings(asset, AS_OF, LEGACY).mdy_recovery_rate == 0.20


@pytest.mark.parametrize(
    ("asset", "rating"),
    [
        (loan(sp_facility_rating="BBB-"), "Ba2"),
        (bond(sp_facility_rating="BBB-"), "Ba1"),
        (bond(sp_facility_rating="BB+"), "Ba3"),
        (loan(sp_snr_sec_rating="B"), "B3"),
        (loan(sp_snr_sec_rating="B-"), "Caa2"),
        (loan(sp_subordinate_rating="B-"), "B2"),
        (loan(sp_subordinate_rating="CCC+"), "Caa1"),
        (loan(sp_facility_rating="BBB-", sp_snr_sec_rating="B", struct_finance=True), "B3"),
        (loan(sp_issuer_rating="AAA"), ""),
        (loan(sp_facility_rating="D", sp_snr_sec_rating="B"), ""),
    ],
)
def test_moodys_ratings_follow_from_sp_columns(asset: Asset, rating: str) -> None:
    """Spec 04 §9.5; the issuer rating is never used, and default converts to no rating."""
    assert derived_ratings(asset, AS_OF).moodys_from_sp.rating == rating


@pytest.mark.parametrize(
    ("asset", "rating"),
    [
        (loan(dip=True, sp_facility_rating="B+", sp_issuer_rating="D", default_asset=True), "B+"),
        (loan(dip=True, sp_issuer_rating="B"), "CCC-"),
        (loan(default_asset=True, sp_issuer_rating="B"), "D"),
        (loan(sp_issuer_rating="NR", sp_snr_sec_rating="BB"), "BB"),
        (loan(sp_subordinate_rating="CC"), "CCC"),
        (loan(mdy_issuer_rating="Baa2", sp_facility_rating="AAA"), "BBB-"),
    ],
)
def test_sp_ratings_take_the_first_line_that_applies(asset: Asset, rating: str) -> None:
    """Spec 04 §9.4: DIP, default, issuer, senior secured, subordinated, Moody's."""
    assert derived_ratings(asset, AS_OF).sp.rating == rating


@pytest.mark.parametrize(
    ("on", "rating"),
    [(date(2015, 1, 1), "B1"), (date(2014, 12, 31), "Caa3"), (date(2016, 6, 30), "B1"), (None, "Caa3")],
)
def test_a_credit_estimate_counts_for_fifteen_calendar_months(on: date | None, rating: str) -> None:
    """The age is measured at the day of the run; an estimate without a date is of unknown age."""
    asset = loan(mdy_credit_est_rating="B1", mdy_credit_est_date=on)

    assert derived_ratings(asset, AS_OF).default_probability.rating == rating
    assert derived_ratings(asset, AS_OF).moodys.rating == "Caa3"


def test_a_deal_may_bring_its_own_outlook_notches() -> None:
    """04 Q4: a newer convention gives a negative outlook no notch."""
    asset = loan(mdy_issuer_rating="B1", mdy_issuer_outlook="Negative")

    warf = derived_ratings(asset, AS_OF, warf_outlooks=(OutlookNotch(NEGATIVE, False, 0),)).warf

    assert (warf.rating, warf.source) == ("B1", "issuer")


def test_only_blank_fields_are_filled() -> None:
    """Given ratings and a given recovery rate stay; zero is no recovery rate."""
    given = loan(mdy_facility_rating="B1", mdy_rating="Ca", sp_rating="NR", mdy_recovery_rate=0.33)

    assert with_ratings(given, AS_OF) == replace(given, mdy_dp_rating="Caa3", mdy_dp_rating_warf="Caa3")
    assert with_ratings(replace(given, mdy_recovery_rate=0.0), AS_OF).mdy_recovery_rate == 0.25


def test_the_sources_name_the_columns_and_the_notches() -> None:
    """What an analyst reads beside a rating."""
    asset = loan(mdy_facility_rating="B1", mdy_facility_outlook="Upgrade", mdy_issuer_rating="B2", mdy_dp_rating="B2")

    assert rating_sources(asset, AS_OF) == {
        "mdy_rating": "facility +1",
        "mdy_dp_rating": "as given",
        "mdy_dp_rating_warf": "issuer +1",
        "sp_rating": "Moody's (facility +1) -2",
    }
    assert set(rating_sources(loan(), AS_OF).values()) == {"not rated"}
    assert rating_sources(loan(sp_facility_rating="B"), AS_OF)["mdy_rating"] == "S&P facility -2"


def test_the_ratings_of_mag_17_follow_from_its_agency_columns(reference: Path) -> None:
    """Spec 03 §1: Moody's, default probability and WARF rating and recovery rate of every asset, once blanked."""
    given = [extract_asset(row) for row in extract_rows(reference)]
    blanked = [
        replace(asset, mdy_rating="", mdy_dp_rating="", mdy_dp_rating_warf="", mdy_recovery_rate=None)
        for asset in given
    ]
    found = [replace(with_ratings(asset, AS_OF), sp_rating="") for asset in blanked]

    assert given
    assert [pair for pair in zip(found, given, strict=True) if pair[0] != pair[1]] == []
