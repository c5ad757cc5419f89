"""Realised variance and correlation of lists of prices, against slow references and scipy (spec 07 §13.1)."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal, localcontext
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from engine.errors import InputError
from engine.payouts import kernels_moments
from engine.payouts.book.moment_statistics import (
    Corridor,
    pair_correlation,
    realised_variance,
    realised_volatility,
)
from engine.payouts.enums import DividendAdjustmentStyle, RealisedVarianceMethod
from engine.payouts.terms.returns import ReturnTerms
from tests.payouts.moments.moment_trades import (
    BASKET_PRICES,
    MONDAY,
    PRICES,
    book_of,
    contract,
    market,
    payout,
    valued,
    variance_terms,
)

V7_PRINTED = 5e-13
"""Half of the last digit that V-7 prints of a variance."""

REL_REFERENCE = 1e-10
"""Agreement with references on random data (spec 07 §22)."""

METHODS = (None, *RealisedVarianceMethod)
PRICE_LISTS = st.lists(st.floats(10.0, 1_000.0), min_size=3, max_size=40)


def decimal_variance(
    prices: Sequence[float],
    dividends: Sequence[float],
    style: DividendAdjustmentStyle,
    expected: int,
    is_mean_adjusted: bool,
    corridor: Corridor | None,
) -> tuple[Decimal, int]:
    """Realised variance in forty digits, term by term as §13.1 and §13.3 write it."""
    with localcontext() as context:
        context.prec = 40
        exact = [Decimal(price) for price in prices]
        counted = []
        for i in range(1, len(exact)):
            before, now, paid = exact[i - 1], exact[i], Decimal(dividends[i])
            within = [corridor is None or corridor.lower <= price <= corridor.upper for price in prices[i - 1 : i + 1]]
            if style is DividendAdjustmentStyle.REDUCE_PREVIOUS:
                before -= paid
            else:
                now += paid
            method = None if corridor is None else corridor.method
            counts = {None: True, "PREVIOUS": within[0], "LAST": within[1], "BOTH": all(within)}[method]
            if counts:
                counted.append((now / before).ln())
        squares = sum((one * one for one in counted), Decimal(0))
        if corridor is not None:
            return (252 / Decimal(len(counted)) * squares if counted else Decimal(0)), len(counted)
        if not is_mean_adjusted:
            return Decimal(252) / expected * squares, len(counted)
        centred = squares - sum(counted) ** 2 / len(counted)
        return Decimal(252) / (expected - 1) * centred, len(counted)


def test_v7_variance_and_volatility() -> None:
    """V-7: variance, its root and the mean-adjusted variance."""
    found = realised_variance(PRICES)

    assert found.variance == pytest.approx(0.037268422206, abs=V7_PRINTED)
    assert found.volatility == pytest.approx(0.193050310039, abs=V7_PRINTED)
    assert realised_volatility(PRICES) == found.volatility
    assert realised_variance(PRICES, mean_adjustment=True).variance == pytest.approx(0.045338013298, abs=V7_PRINTED)
    assert realised_variance(PRICES[:4]).variance == pytest.approx(0.035523458000, abs=V7_PRINTED)


@pytest.mark.parametrize(
    ("method", "expected", "counted"),
    [("PREVIOUS", 0.045560206410, 3), ("LAST", 0.024870593663, 3), ("BOTH", 0.024950289190, 1)],
)
def test_v7_corridor(method: str, expected: float, counted: int) -> None:
    """V-7: conditional variance and the number of days that count."""
    found = realised_variance(PRICES, corridor=Corridor(99.6, 101.0, RealisedVarianceMethod(method)))

    assert found.variance == pytest.approx(expected, abs=V7_PRINTED)
    assert (found.n_counted, found.n_returns) == (counted, 5)


@pytest.mark.parametrize(
    ("style", "expected"),
    [(DividendAdjustmentStyle.REDUCE_PREVIOUS, 0.043625681088), (DividendAdjustmentStyle.ADD_BACK, 0.043512271165)],
)
def test_v7_dividends(style: DividendAdjustmentStyle, expected: float) -> None:
    """V-7: a dividend of 0.5 on day 3."""
    found = realised_variance(PRICES, dividends=(0, 0, 0, 0.5, 0, 0), dividend_style=style)

    assert found.variance == pytest.approx(expected, abs=V7_PRINTED)


def test_v7_correlation() -> None:
    """V-7: three pairs, their plain mean, the mean weighted 50/30/20 %, and the mean-adjusted one."""
    found = pair_correlation(BASKET_PRICES)
    pairs = [found.matrix[a, b] for a, b in combinations(range(3), 2)]

    assert pairs == pytest.approx([0.989100649469, 0.587284284441, 0.537609830521], abs=V7_PRINTED)
    assert found.correlation == pytest.approx(0.704664921477, abs=V7_PRINTED)
    weighted = pair_correlation(BASKET_PRICES, weights=(50, 30, 20))
    assert weighted.correlation == pytest.approx(0.772097147405, abs=V7_PRINTED)
    centred = pair_correlation(BASKET_PRICES, mean_adjustment=True)
    assert centred.correlation == pytest.approx(0.800838688780, abs=V7_PRINTED)


@settings(max_examples=60, deadline=None)
@given(
    prices=PRICE_LISTS,
    dividend=st.floats(0.0, 5.0),
    style=st.sampled_from(DividendAdjustmentStyle),
    is_mean_adjusted=st.booleans(),
    method=st.sampled_from(METHODS),
    extra=st.integers(0, 10),
)
def test_variance_agrees_with_forty_digits(
    prices: list[float],
    dividend: float,
    style: DividendAdjustmentStyle,
    is_mean_adjusted: bool,
    method: RealisedVarianceMethod | None,
    extra: int,
) -> None:
    """The kernel agrees with decimal arithmetic on random prices, dividends and corridors."""
    corridor = None if method is None else Corridor(50.0, 500.0, method)
    is_mean_adjusted = is_mean_adjusted and corridor is None
    dividends = [0.0] * len(prices)
    dividends[1] = dividend
    expected = len(prices) - 1 + extra
    found = realised_variance(
        prices,
        expected_trading_days=expected,
        mean_adjustment=is_mean_adjusted,
        dividends=dividends,
        dividend_style=style,
        corridor=corridor,
    )
    reference, counted = decimal_variance(prices, dividends, style, expected, is_mean_adjusted, corridor)

    assert found.variance == pytest.approx(float(reference), rel=REL_REFERENCE, abs=1e-13)
    assert found.n_counted == counted


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_series=st.integers(2, 6), n_days=st.integers(4, 60))
def test_correlation_agrees_with_numpy_and_scipy(seed: int, n_series: int, n_days: int) -> None:
    """Mean-adjusted pairs are Pearson's; unadjusted ones the cosine of the returns."""
    prices = np.exp(np.random.default_rng(seed).normal(0.0, 0.02, (n_series, n_days)).cumsum(axis=1) + 4.0)
    returns = np.diff(np.log(prices), axis=1)
    weights = np.arange(1.0, n_series + 1)
    centred = pair_correlation(prices, weights=weights, mean_adjustment=True)
    plain = pair_correlation(prices)

    expected = np.corrcoef(returns)
    assert centred.matrix == pytest.approx(expected, abs=REL_REFERENCE)
    pairs = list(combinations(range(n_series), 2))
    products = [weights[a] * weights[b] for a, b in pairs]
    mean = np.average([expected[a, b] for a, b in pairs], weights=products)
    assert centred.correlation == pytest.approx(mean, abs=REL_REFERENCE)
    assert plain.correlation == pytest.approx((1.0 - pdist(returns, "cosine")).mean(), abs=REL_REFERENCE)


def test_kernels_are_their_python_functions() -> None:
    """Compiled and interpreted kernels give the same bits."""
    levels = np.array(PRICES)
    returns = np.diff(np.log(levels))
    for name, arguments in {
        "realised_variance": (returns, levels, 5, 252.0, 1, 0.0, 0.0, kernels_moments.NO_CORRIDOR),
        "return_sums": (returns, levels, 99.6, 101.0, kernels_moments.BOTH),
        "pair_correlation": (np.diff(np.log(np.array(BASKET_PRICES, float))), np.ones(3), 1, np.empty((3, 3))),
    }.items():
        compiled = getattr(kernels_moments, name)

        assert compiled(*arguments) == pytest.approx(compiled.py_func(*arguments), rel=1e-15)


def test_disrupted_days_are_skipped() -> None:
    """A NaN price makes one return of two days, and a dividend paid on it counts in that return."""
    gap = realised_variance((100.0, 101.0, np.nan, 100.5), dividends=(0.0, 0.0, 0.5, 0.0), expected_trading_days=3)
    plain = realised_variance((100.0, 101.0, 100.5), dividends=(0.0, 0.0, 0.5), expected_trading_days=3)

    assert gap == plain
    assert gap.n_returns == 2


def test_a_thousand_legs_take_well_under_fifty_milliseconds() -> None:
    """A book of 1,000 variance legs over 252 days is valued within the target of §22, with room to spare."""
    end = MONDAY + timedelta(363)
    terms = ReturnTerms(variance=variance_terms(expected_trading_days=252))
    book = book_of(*(contract(payout(terms, end=end), reference=f"VS-{i}") for i in range(1_000)))
    closes = 100.0 * np.exp(np.random.default_rng(1).normal(0.0, 0.01, 270).cumsum())
    observed = market(book, {"A": closes[:261].tolist()}, n_days=365)
    valued(book, observed, end)
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        values = valued(book, observed, end)
        durations.append(time.perf_counter() - start)

    assert np.unique(values.amount).size == 1
    assert min(durations) < 0.05


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: realised_variance([100.0]), "1 prices make no return"),
        (lambda: realised_variance([100.0, -1.0]), "not positive"),
        (lambda: realised_variance([100.0, 101.0], dividends=[0.0]), "do not fit"),
        (lambda: realised_variance([100.0, 101.0], dividends=[0.0, 200.0]), "not smaller than the price"),
        (lambda: realised_variance([100.0, 101.0], expected_trading_days=0), "too few"),
        (lambda: realised_variance([100.0, 101.0], mean_adjustment=True), "too few"),
        (
            lambda: realised_variance([100.0, 101.0, 102.0], mean_adjustment=True, corridor=Corridor(1.0, 2.0)),
            "no mean adjustment",
        ),
        (lambda: Corridor(2.0, 1.0), "holds no price"),
        (lambda: pair_correlation([[100.0, 101.0]]), "at least two series"),
        (lambda: pair_correlation([[100.0, np.nan], [np.nan, 1.0]]), "0 days in common"),
        (lambda: pair_correlation([[100.0, 0.0], [1.0, 1.0]]), "not positive"),
        (lambda: pair_correlation([[100.0, 1.0], [1.0, 1.0]], weights=[1.0]), "1 weights do not fit 2 series"),
        (lambda: pair_correlation([[100.0, 1.0], [1.0, 1.0]], weights=[1.0, 0.0]), "Fewer than two series"),
    ],
)
def test_bad_lists_are_refused(call: Callable[[], object], problem: str) -> None:
    """Every refusal says what is wrong under one number."""
    with pytest.raises(InputError, match=problem) as caught:
        call()

    assert caught.value.number == "CLO-1959"
