"""The expected mix of a pool: what a transition matrix says of par that is held to maturity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.rating_migration.expectation import expected_mix

TEN_PER_CENT = np.array([[0.9, 0.1], [0.0, 1.0]])


def test_a_pool_that_never_matures_decays_with_its_default_rate() -> None:
    """After n periods 0.9^n of it is left; what defaulted is the rest."""
    alive = np.tile([100.0, 0.0], (4, 1))

    found = expected_mix(alive, TEN_PER_CENT)

    assert found.par[:, 0] == pytest.approx([100.0, 90.0, 81.0, 72.9], rel=1e-14)
    assert found.par[:, 1] == pytest.approx([0.0, 10.0, 19.0, 27.1], rel=1e-14)
    assert found.default == pytest.approx([0.0, 10.0, 9.0, 8.1], rel=1e-13)


def test_an_asset_that_matured_defaults_no_more() -> None:
    """It can still default in the period in which it matures."""
    alive = np.array([[100.0, 0.0], [100.0, 0.0], [0.0, 0.0], [0.0, 0.0]])

    found = expected_mix(alive, TEN_PER_CENT)

    assert found.default == pytest.approx([0.0, 10.0, 9.0, 0.0], rel=1e-13)
    assert found.par[2:].tolist() == [[0.0, 0.0], [0.0, 0.0]]


@given(
    arrays(np.float64, (4, 4), elements=st.floats(0.01, 1.0)),
    arrays(np.float64, 4, elements=st.floats(0.0, 1e9)),
    st.integers(1, 12),
)
def test_par_is_moved_and_never_lost(weights: np.ndarray, par: np.ndarray, n_periods: int) -> None:
    """Without maturities the par stays the same, and the defaults of all periods are the par in default."""
    matrix = weights / weights.sum(axis=1, keepdims=True)
    matrix[-1] = [0.0, 0.0, 0.0, 1.0]
    found = expected_mix(np.tile(par, (n_periods + 1, 1)), matrix)

    assert found.par.sum(axis=1) == pytest.approx(par.sum(), rel=1e-12)
    assert par[-1] + found.default.sum() == pytest.approx(found.par[-1, -1], rel=1e-9, abs=1e-6)
