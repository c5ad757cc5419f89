"""The two scales of strikes and notionals (spec 07 §13.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.enums import StrikeScale
from engine.payouts.strikes import (
    proposed_scale,
    variance_notional,
    variance_unit,
    vega_notional,
    volatility_notional,
    volatility_unit,
)

POINTS, DECIMAL = StrikeScale.POINTS, StrikeScale.DECIMAL


def test_links_of_the_specification() -> None:
    """50,000 at 18 points is 1,388.889 a point; 100,000 at 0.151 is 33,112,582.78 a unit of decimal variance."""
    assert variance_notional(50_000, 18, POINTS) == pytest.approx(1_388.889, abs=5e-4)
    assert variance_notional(100_000, 0.151, DECIMAL) == pytest.approx(33_112_582.78, abs=5e-3)


def test_conversions_between_scales() -> None:
    """Volatility by 100, variance by 10,000, notional per variance unit the other way; vega is per point in both."""
    assert (volatility_unit(DECIMAL), variance_unit(DECIMAL)) == (1, 1)
    assert 18 / volatility_unit(POINTS) == pytest.approx(0.18)
    assert 0.0324 * variance_unit(POINTS) == pytest.approx(324)
    assert 1_388.889 * variance_unit(POINTS) == pytest.approx(13_888_890)
    assert (volatility_notional(50_000, POINTS), volatility_notional(50_000, DECIMAL)) == (50_000, 5_000_000)


@given(vega=st.floats(1, 1e7), strike=st.floats(0.01, 200), scale=st.sampled_from(StrikeScale))
def test_vega_and_variance_notional_are_inverse(vega: float, strike: float, scale: StrikeScale) -> None:
    """From vega to variance notional and back."""
    assert vega_notional(variance_notional(vega, strike, scale), strike, scale) == pytest.approx(vega)


@pytest.mark.parametrize(
    ("vega", "notional", "strike", "scale", "is_level"),
    [
        (50_000, 1_388.89, 18, POINTS, True),
        (50_000, 1_388.89, 324, POINTS, False),
        (50_000, 1_388, 18.135, POINTS, True),
        (100_000, 33_112_582.78, 0.151, DECIMAL, True),
        (100_000, 33_112_582.78, 0.022801, DECIMAL, False),
        (-50_000, 1_388.89, 18, POINTS, True),
    ],
)
def test_proposed_scale(vega: float, notional: float, strike: float, scale: StrikeScale, is_level: bool) -> None:
    """Vega, variance notional and strike tell scale and reading, also of a variance strike that holds a volatility."""
    proposal = proposed_scale(vega, notional, strike)

    assert proposal is not None
    assert (proposal.scale, proposal.is_volatility_level) == (scale, is_level)
    assert proposal.relative_error <= 0.01


@pytest.mark.parametrize(("vega", "notional", "strike"), [(50_000, 1_500, 18), (50_000, 25_000, 1.0)])
def test_no_proposal(vega: float, notional: float, strike: float) -> None:
    """Numbers that fit no reading, or two, propose nothing."""
    assert proposed_scale(vega, notional, strike) is None


@pytest.mark.parametrize(
    ("vega", "notional", "strike"), [(1.0, 1.0, 0.0), (1.0, 1.0, float("nan")), (0.0, 1.0, 18), (1.0, 0.0, 18)]
)
def test_numbers_that_say_nothing_are_refused(vega: float, notional: float, strike: float) -> None:
    """Strikes are positive, notionals are not zero."""
    with pytest.raises(InputError) as caught:
        proposed_scale(vega, notional, strike)

    assert caught.value.number == "CLO-1959"
