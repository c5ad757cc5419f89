"""Correlations by rule: issuer, industry, notches (spec 04 §4.2)."""

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.collateral.asset import Asset
from engine.collateral.ratings import Agency, rating_at
from engine.rating_migration.correlation import CorrelationRules, Relationship

RULES = CorrelationRules(Relationship(0.8, 0.02), Relationship(0.3, 0.01), Relationship(0.2, 0.01))
ONE = Asset(blkrock_id="A", issuer_id="I1", sp_industry="Health care", sp_rating="B")
TWO = Asset(blkrock_id="B", issuer_id="I2", sp_industry="Steel", sp_rating="BB")


def portfolio(n: int) -> list[Asset]:
    """Assets of a third as many issuers and eleven industries, some blank, rated BB+ to CCC."""
    return [
        Asset(
            blkrock_id=f"A{i}",
            issuer_id=f"I{i % (n // 3)}" if i % 7 else "",
            sp_industry=f"Industry {i % 11}" if i % 5 else " ",
            sp_rating=rating_at(11 + i % 8, Agency.SP),
        )
        for i in range(n)
    ]


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


def test_blank_issuers_are_not_the_same() -> None:
    """Nor are blank industries."""
    one, two = replace(ONE, issuer_id="", sp_industry=""), replace(TWO, issuer_id=" ", sp_industry="")

    assert RULES.correlation(one, two) == pytest.approx(0.17, abs=1e-15)


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


def test_the_matrix_leaves_out_who_has_none_and_names_them() -> None:
    """The ids of the matrix and of the excluded are all there are, in their order."""
    assets = [replace(TWO, blkrock_id="D1", sp_rating="D"), ONE, replace(TWO, blkrock_id="NR", sp_rating="NR"), TWO]

    found = RULES.rule_matrix(assets)

    assert found.ids == ("A", "B")
    assert found.excluded == ("D1", "NR")
    np.testing.assert_allclose(found.matrix, [[1.0, 0.17], [0.17, 1.0]], atol=1e-15)


def test_the_matrix_is_the_rule_of_every_pair() -> None:
    """At once or pair by pair, to the bit; symmetric, 1 on the diagonal."""
    assets = portfolio(40)

    found = RULES.rule_matrix(assets).matrix

    assert found.tolist() == [[RULES.correlation(one, two) for two in assets] for one in assets]
    assert (found == found.T).all()
    assert (np.diagonal(found) == 1.0).all()


def test_an_empty_pool_has_an_empty_matrix() -> None:
    """Where everything has defaulted."""
    found = RULES.rule_matrix([replace(ONE, sp_rating="D")])

    assert found.matrix.shape == (0, 0)
    assert found.excluded == ("A",)


def test_a_universe_takes_a_fraction_of_a_second() -> None:
    """A million pairs, 0.2 s of computing."""
    assets = portfolio(1004)

    before = time.process_time()
    found = RULES.rule_matrix(assets)
    assert time.process_time() - before < 0.2
    assert found.matrix.shape == (1004, 1004)
