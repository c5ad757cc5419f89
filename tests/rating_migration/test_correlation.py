"""Correlations by rule: issuer, industry, notches (spec 04 §4.2)."""

from dataclasses import replace

import pytest

from engine.collateral.asset import Asset
from engine.rating_migration.correlation import CorrelationRules, Relationship

RULES = CorrelationRules(Relationship(0.8, 0.02), Relationship(0.3, 0.01), Relationship(0.2, 0.01))
ONE = Asset(blkrock_id="A", issuer_id="I1", sp_industry="Health care", sp_rating="B")
TWO = Asset(blkrock_id="B", issuer_id="I2", sp_industry="Steel", sp_rating="BB")


@pytest.mark.parametrize(
    ("two", "expected"),
    [
        (TWO, 0.2 - 3 * 0.01),
        (replace(TWO, sp_industry=" health CARE "), 0.3 - 3 * 0.01),
        (replace(TWO, issuer_id="i1"), 0.8 - 3 * 0.02),
        (replace(TWO, issuer_id="", sp_industry=""), 0.2 - 3 * 0.01),
        (replace(TWO, sp_rating="AAA", sp_industry="Health care"), 0.3 - 14 * 0.01),
        (replace(ONE, issuer_id="I9"), 1.0),
    ],
)
def test_the_closest_relationship_counts_less_its_notches(two: Asset, expected: float) -> None:
    """An asset has correlation 1 with itself; blank issuers are not the same issuer."""
    assert RULES.correlation(ONE, two) == pytest.approx(expected, abs=1e-15)
    assert RULES.correlation(two, ONE) == RULES.correlation(ONE, two)


def test_correlations_do_not_become_negative() -> None:
    """However far apart the ratings are."""
    assert Relationship(0.1, 0.01).at(14) == 0.0


@pytest.mark.parametrize(
    "two", [replace(TWO, sp_rating="D"), replace(TWO, sp_rating=""), replace(TWO, default_asset=True)]
)
def test_defaulted_and_unrated_assets_have_no_correlation(two: Asset) -> None:
    """They have no place among the notches (spec 04, quirk 14)."""
    assert RULES.correlation(ONE, two) is None
    assert RULES.matrix([ONE, two]) == [[1.0, None], [None, 1.0]]
