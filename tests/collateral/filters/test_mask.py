"""Which assets a filter chooses: types, scales, missing values, precedence."""

from datetime import date

import numpy as np
import pytest

from engine.collateral.asset import Asset
from engine.collateral.filters.mask import AssetColumns, mask, selected_ids
from engine.collateral.filters.parser import parse_filter

ASSETS = AssetColumns(
    [
        Asset(
            blkrock_id="A",
            sp_rating="A+",
            mdy_rating="A1",
            country="USA",
            wal=5.35,
            market_value=99.0,
            cov_lite=True,
            maturity=date(2020, 6, 30),
            cpn_spread=0.0475,
        ),
        Asset(
            blkrock_id="B",
            sp_rating="B+ *-",
            mdy_rating="CAA1",
            country="usa ",
            wal=10.0,
            market_value=85.0,
            maturity=date(2021, 6, 30),
            cpn_spread=0.05,
            analyst_opinion="Sale",
        ),
        Asset(blkrock_id="C", sp_rating="NR", mdy_rating="B+", country="", payment_freq=4),
        Asset(blkrock_id="D", sp_rating="D", mdy_rating="Ca", country="France", wal=2.0, market_value=0.0),
    ]
)

CASES = [
    ("", "ABCD"),
    ("sp_rating <= BBB", "A"),
    ("sp_rating > AA+", "ABD"),
    ("sp_rating >= CCC", "D"),
    ("sp_rating != B+", "ACD"),
    ("NOT sp_rating != B+", "B"),
    ("NOT sp_rating <= BBB", "BCD"),
    ("sp_rating IN (a+, D)", "AD"),
    ("mdy_rating < Ca", "AB"),
    ("mdy_rating != B1", "ABCD"),
    ("country = usa", "AB"),
    ("country != USA", "CD"),
    ("country = ''", "C"),
    ("country IN (France, '')", "CD"),
    ("wal > 5", "AB"),
    ("wal < 10", "AD"),
    ("wal != 10", "ACD"),
    ("NOT (wal < 6 OR wal > 6)", "C"),
    ("market_value >= 0", "ABD"),
    ("market_value BETWEEN 85 AND 99", "AB"),
    ("maturity > 2020-06-30", "B"),
    ("maturity != 2020-06-30", "BCD"),
    ("cpn_spread >= 4.75%", "AB"),
    ("cpn_spread = 0.0475", "A"),
    ("payment_freq = 4", "C"),
    ("cov_lite = yes", "A"),
    ("cov_lite != true", "BCD"),
    ("Analyst Opinion = hold", "ACD"),
    ("wal > 5 OR country = France AND market_value > 50", "AB"),
    ("(wal > 5 OR country = France) AND market_value > 50", "AB"),
    ("market_value > 90 OR market_value < 90 AND country = France", "AD"),
]


@pytest.mark.parametrize(("text", "ids"), CASES)
def test_a_filter_chooses_its_assets(text: str, ids: str) -> None:
    """Smaller is better on rating fields; a missing value is unequal to everything and nothing else."""
    assert selected_ids(parse_filter(text), ASSETS) == tuple(ids)


@pytest.mark.parametrize("text", ["", "wal > 5", "country = USA", "country IN (USA)", "NOT sp_rating = B"])
def test_no_assets_are_no_problem(text: str) -> None:
    """An empty pool gives an empty mask."""
    assert mask(parse_filter(text), AssetColumns([])).shape == (0,)


def test_a_mask_is_boolean_and_in_order() -> None:
    """A mask has one flag for each asset."""
    found = mask(parse_filter("wal > 5"), ASSETS)

    assert found.dtype == np.bool_
    assert found.tolist() == [True, True, False, False]
