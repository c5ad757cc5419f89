"""Expected ratings of MAG 17 in cells, against powers of the matrix taken asset by asset."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.xl_addin.conftest import CallCell

DEAL = "Mag 17"
EPOCH = date(1899, 12, 30)


def _state(rating: str, ratings: list[str]) -> int | None:
    """Place of a rating in the matrix, which has one state for everything from CCC+ down."""
    family = "CCC" if rating.startswith("CC") or rating == "C" else rating
    return ratings.index(family) if family in ratings else None


def test_the_mix_is_the_sum_of_what_each_asset_is_expected_to_be(cell: CallCell) -> None:
    """Quarterly for three years: par by rating and defaults, every asset until its maturity."""
    header, *rows = cell("CLO_RATING_MIX", DEAL, "quarterly", 3)
    names, *matrix = cell("CLO_TRANSITION_MATRIX", "quarterly")
    _, *assets = cell("CLO_ASSETS", DEAL, "par, sp_rating, maturity")
    ratings, step = names[1:], np.array([row[1:] for row in matrix])
    ends = [EPOCH + timedelta(days=row[0]["d"]) for row in rows]

    expected, defaults = np.zeros((13, len(ratings))), np.zeros(13)
    for par, rating, maturity in assets:
        state = _state(rating, ratings)
        until = EPOCH + timedelta(days=maturity["d"])
        for i, end in enumerate(ends):
            if state is not None and until > end:
                expected[i] += par * np.linalg.matrix_power(step, i)[state]
            if state is not None and i and until > ends[i - 1]:
                moved = np.linalg.matrix_power(step, i) - np.linalg.matrix_power(step, i - 1)
                defaults[i] += par * moved[state, -1]

    assert header[4:] == [f"par_{rating}" for rating in ratings]
    assert [row[4:] for row in rows] == [pytest.approx(row, rel=1e-9, abs=1e-3) for row in expected.tolist()]
    assert [row[2] for row in rows] == pytest.approx(defaults.tolist(), rel=1e-9, abs=1e-3)
    held = expected[0].sum()
    assert [row[3] for row in rows] == pytest.approx((defaults.cumsum() / held).tolist(), rel=1e-9)
    assert [row[1] for row in rows] == pytest.approx((expected.sum(axis=1) - expected[:, -1]).tolist(), rel=1e-9)


def test_years_that_cannot_be_shown_are_refused(cell: CallCell) -> None:
    """None, or more than a matrix is good for."""
    for years in (0, 41, -1):
        assert cell("CLO_RATING_MIX", DEAL, "annual", years)["m"].startswith("CLO-4095")
