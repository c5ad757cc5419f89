"""XIRR: closed forms, the definition, and flows without a rate."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.irr import xirr
from engine.analytics.valuation import SolveStatus
from engine.errors import InputError

START = date(2015, 1, 1)

cents = st.integers(0, 5000).map(lambda amount: amount / 100.0)


def net_value(dates: list[date], cash: list[float], rate: float) -> float:
    return sum(c / (1.0 + rate) ** ((d - dates[0]).days / 365.0) for d, c in zip(dates, cash, strict=True))


def test_documented_example_of_excel() -> None:
    """The example of Excel's own help page: 37.3362535 %."""
    dates = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]

    assert xirr(dates, [-10000.0, 2750.0, 4250.0, 3250.0, 2750.0]).value == pytest.approx(0.373362535, abs=5e-9)


@given(st.floats(-0.95, 20.0), st.integers(30, 4000))
def test_one_payment_has_a_closed_form(rate: float, days: int) -> None:
    """Two flows give (out / in)^(365 / days) - 1."""
    received = (1.0 + rate) ** (days / 365.0)

    found = xirr([START, START + timedelta(days=days)], [-1.0, received])

    assert found.value == pytest.approx(rate, rel=1e-9, abs=1e-9)


@given(st.lists(cents, min_size=1, max_size=40), st.floats(1.0, 500.0))
def test_the_rate_makes_the_flows_worthless(received: list[float], price: float) -> None:
    """At the rate found the flows are worth nothing."""
    dates = [START + timedelta(days=91 * k) for k in range(len(received) + 1)]
    cash = [-price, *received]
    solution = xirr(dates, cash)
    if solution.is_solved and solution.value > -0.99:
        scale = sum(
            abs(c) / (1.0 + solution.value) ** ((d - START).days / 365.0) for d, c in zip(dates, cash, strict=True)
        )
        assert abs(net_value(dates, cash, solution.value)) < 1e-9 * scale
    if sum(received) > price:
        assert solution.is_solved


def test_flows_of_one_sign_have_no_rate() -> None:
    """Without a change of sign there is NaN and NO_ROOT."""
    solution = xirr([START, START + timedelta(days=365)], [1.0, 2.0])

    assert solution.status is SolveStatus.NO_ROOT
    assert solution.value != solution.value


def test_wrong_arguments_are_refused() -> None:
    """Dates and flows must match, a guess must be a rate."""
    with pytest.raises(InputError, match="CLO-1032"):
        xirr([START], [-1.0, 2.0])
    with pytest.raises(InputError, match="CLO-1037"):
        xirr([START], [1.0], guess=-1.0)
