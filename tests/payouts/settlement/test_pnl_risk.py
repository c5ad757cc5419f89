"""Risk numbers of daily P&L: V-9 of spec 07 §25, and §16.3, §16.4."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.risk import PnlSeries, PnlSnapshots, book_risk, risk_numbers, summed, total_pnl

V9 = [1_000.0 * one for one in (-9, -7, -5, -4, -3, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8)]


def test_v9() -> None:
    """V-9: quantiles, mean, deviation and expected shortfall of twenty days."""
    found = risk_numbers(V9)

    assert found.count == 20
    assert found.mean == pytest.approx(150.0)
    assert found.standard_deviation == pytest.approx(4_319.783133, abs=5e-7)
    assert (found.minimum, found.maximum) == (-9_000.0, 8_000.0)
    assert found.var_95_percentile == pytest.approx(-7_100.0)
    assert found.var_99_percentile == pytest.approx(-8_620.0)
    assert (found.value_at_risk_95, found.value_at_risk_99) == (pytest.approx(7_100.0), pytest.approx(8_620.0))
    assert found.expected_shortfall_95 == pytest.approx(9_000.0)
    assert (found.is_low_sample_99, found.reason) == (True, None)


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=150))
def test_quantiles_are_the_continuous_ones(pnl: list[float]) -> None:
    """Quantiles interpolate as numpy and percentile_cont do, shortfall is the mean of the worst twentieth."""
    found = risk_numbers(pnl)
    ordered = sorted(pnl)
    place = 0.05 * (len(pnl) - 1)
    below = int(place)
    by_hand = ordered[below] + (place - below) * (ordered[min(below + 1, len(pnl) - 1)] - ordered[below])

    assert found.var_95_percentile == pytest.approx(np.percentile(pnl, 5), rel=1e-12, abs=1e-9)
    assert found.var_99_percentile == pytest.approx(np.percentile(pnl, 1), rel=1e-12, abs=1e-9)
    assert found.var_95_percentile == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    assert found.value_at_risk_95 == max(0.0, -(found.var_95_percentile or 0.0))
    worst = ordered[: -(-len(pnl) // 20)]
    assert found.expected_shortfall_95 == pytest.approx(-sum(worst) / len(worst), rel=1e-9, abs=1e-9)
    assert found.is_low_sample_99 == (len(pnl) < 100)


def test_profits_have_no_value_at_risk() -> None:
    """A series without losses has a value at risk of zero, whatever its quantiles."""
    found = risk_numbers(np.arange(1.0, 101.0))

    assert (found.value_at_risk_95, found.value_at_risk_99, found.is_low_sample_99) == (0.0, 0.0, False)


def test_nineteen_days_are_too_few() -> None:
    """Below twenty days there is a reason instead of numbers."""
    found = risk_numbers(V9[:19])

    assert found.value_at_risk_95 is found.mean is found.expected_shortfall_95 is None
    assert found.reason == "19 days; at least 20 are needed"


def test_a_reset_does_not_show() -> None:
    """Unrealized falls to zero, realised carries the amount: total P&L goes on smoothly."""
    assert total_pnl([100.0, 110.0, 0.0], [0.0, 0.0, 125.0]).tolist() == [10.0, 15.0]
    assert total_pnl([100.0, 110.0, 0.0], [0.0, 0.0, 125.0], opening=0.0).tolist() == [100.0, 10.0, 15.0]
    assert total_pnl([], []).tolist() == []


def test_legs_and_book() -> None:
    """Legs are summed by day before quantiles are taken; a leg that begins later adds nothing before."""
    days = np.arange(20)
    marks = np.cumsum(V9)
    zeros = np.zeros(20)
    legs = {
        ("EQS-1", 1): PnlSnapshots(days, marks, zeros, opening=0.0),
        ("EQS-1", 2): PnlSnapshots(days, -0.5 * marks, zeros, opening=0.0),
        ("EQS-2", 1): PnlSnapshots(days[5:], marks[5:], zeros[5:]),
    }
    risk = book_risk(legs, 0, 19)

    assert risk.by_leg["EQS-1", 1].value_at_risk_95 == pytest.approx(7_100.0)
    assert risk.by_contract["EQS-1"].value_at_risk_95 == pytest.approx(3_550.0)
    assert risk.by_leg["EQS-2", 1].count == 14
    assert risk.book.count == 20
    assert risk.book.mean == pytest.approx((0.5 * sum(V9) + sum(V9[6:])) / 20)


def test_a_window_keeps_the_profit_of_its_first_day() -> None:
    """Changes are taken before the window is cut."""
    snapshots = PnlSnapshots(np.arange(4), np.array([1.0, 3.0, 6.0, 10.0]), np.zeros(4), opening=0.0)
    inside = snapshots.total().within(1, 2)

    assert inside.amounts.tolist() == [2.0, 3.0]
    assert [one.isoformat() for one in inside.dates] == ["1970-01-02", "1970-01-03"]


def test_sum_of_nothing_is_nothing() -> None:
    """A book without legs has no days."""
    assert summed([]).days.size == 0


def test_days_that_meet_are_added() -> None:
    """Amounts of one day are one number."""
    one = PnlSeries(np.array([1, 3]), np.array([1.0, 2.0]))
    other = PnlSeries(np.array([2, 3]), np.array([10.0, 20.0]))
    both = summed([one, other])

    assert (both.days.tolist(), both.amounts.tolist()) == ([1, 2, 3], [1.0, 10.0, 22.0])


def test_bad_series_are_refused() -> None:
    """A hole, lengths that differ and days out of order are errors, never risk numbers."""
    unsorted = PnlSnapshots(np.array([2, 1]), np.zeros(2), np.zeros(2))
    for call in (lambda: risk_numbers([float("nan")] * 30), lambda: total_pnl([1.0], []), unsorted.total):
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.number == "CLO-1954"
