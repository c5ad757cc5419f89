"""Pool metrics against plain loops, and what must not change them."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.collateral.ratings import rating_factor, rating_rank
from engine.compliance.evaluation import Holdings
from engine.compliance.metrics import RATING_BUCKETS, UNRATED, PoolMetrics, pool_metrics
from engine.compliance.portfolio import Portfolio, portfolio_of
from engine.compliance.terms import DealTerms
from tests.compliance.made_portfolios import AS_OF, PARAMETERS, made

TERMS = DealTerms(deal="made", as_of=AS_OF, parameters=PARAMETERS)


def drawn(seed: int) -> tuple[Portfolio, Holdings]:
    """Forty loans, some of them not held, some in default, some without a price."""
    deal = made(40, seed, tests=(), held=0.8, defaulted=0.1)
    assets = [
        replace(asset, market_value=None) if row % 9 == 4 else asset for row, asset in enumerate(deal.portfolio.assets)
    ]
    return replace(deal.portfolio, assets=tuple(assets)), deal.holdings


def bucket_of(rank: int) -> str:
    """Rating family of a rank, by the scale written out."""
    families = {"aaa": (1, 1), "aa": (2, 4), "a": (5, 7), "baa": (8, 10), "ba": (11, 13), "b": (14, 16)}
    if rank == 0:
        return UNRATED
    return next((name for name, (low, high) in families.items() if low <= rank <= high), "below_b")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_metrics_are_what_loops_over_the_positions_give(seed: int) -> None:
    """Amounts, averages over performing par, families and groups as shares of performing par and cash."""
    portfolio, holdings = drawn(seed)
    found = pool_metrics(portfolio, holdings, TERMS)
    held = [(a, p) for a, p in zip(portfolio.assets, holdings.par.tolist(), strict=True) if p]
    performing = [(asset, par) for asset, par in held if not asset.default_asset]
    total = sum(par for _, par in performing)
    amount = total + holdings.cash
    families: dict[str, float] = defaultdict(float)
    industries: dict[str, float] = defaultdict(float)
    for asset, par in performing:
        families[bucket_of(rating_rank(asset.mdy_rating))] += par
        industries[asset.sp_industry] += par

    assert found.n_assets == len(held)
    assert found.n_obligors == len({asset.issuer_id for asset, _ in held})
    assert found.total_par == pytest.approx(sum(par for _, par in held))
    assert found.defaulted_par == pytest.approx(found.total_par - total)
    assert found.collateral_principal_amount == pytest.approx(amount)
    assert found.market_value == pytest.approx(sum(par * (asset.market_value or 0.0) / 100 for asset, par in held))
    assert found.unpriced_par == pytest.approx(sum(par for asset, par in held if not asset.market_value))
    assert found.wal_years == pytest.approx(sum(par * (asset.wal or 0.0) for asset, par in performing) / total)
    assert found.wac == pytest.approx(sum(par * (asset.coupon or 0.0) for asset, par in performing) / total)
    factors = sum(par * rating_factor(asset.mdy_dp_rating_warf) for asset, par in performing)
    assert found.warf == pytest.approx(factors / total)
    for item in found.ratings:
        assert item.par == pytest.approx(families.get(item.name, 0.0))
        assert item.share == pytest.approx(families.get(item.name, 0.0) / amount)
    assert {item.name: item.par for item in found.sp_industries} == pytest.approx(dict(industries))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_division_adds_up_to_performing_par(seed: int) -> None:
    """Families, ratings, industries, countries and obligors each hold all of it, the largest group first."""
    portfolio, holdings = drawn(seed)
    found = pool_metrics(portfolio, holdings, TERMS)
    total = found.total_par - found.defaulted_par

    for groups in (found.moodys_industries, found.sp_industries, found.countries, found.obligors):
        assert sum(item.par for item in groups) == pytest.approx(total)
        assert [item.par for item in groups] == sorted((item.par for item in groups), reverse=True)
    for groups in (found.ratings, found.moodys_ratings, found.sp_ratings):
        assert sum(item.par for item in groups) == pytest.approx(total)
    assert tuple(item.name for item in found.ratings) == (*RATING_BUCKETS, UNRATED)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 100.0))
def test_scaling_all_par_and_cash_changes_no_share_and_no_average(seed: int, factor: float) -> None:
    """Twice the pool is the same pool, twice as large."""
    portfolio, holdings = drawn(seed)
    found = pool_metrics(portfolio, holdings, TERMS)
    scaled = pool_metrics(portfolio, Holdings(holdings.par * factor, holdings.cash * factor), TERMS)

    assert averages(scaled) == pytest.approx(averages(found), rel=1e-9)
    assert {item.name: item.share for item in scaled.countries} == pytest.approx(
        {item.name: item.share for item in found.countries}, rel=1e-9
    )
    assert scaled.total_par == pytest.approx(found.total_par * factor)


def averages(found: PoolMetrics) -> dict[str, float | None]:
    names = ("wal_years", "wac", "was", "warf", "warr", "diversity_score")
    return {name: getattr(found, name) for name in names}


def test_the_order_of_the_assets_changes_nothing() -> None:
    """A portfolio puts its assets in the order of their ids, so the same positions give the same bits."""
    portfolio, holdings = drawn(3)
    order = np.random.default_rng(5).permutation(len(portfolio))
    shuffled = portfolio_of([portfolio.assets[row] for row in order], AS_OF, frozenset())
    par = {name: float(value) for name, value in zip(portfolio.ids, holdings.par, strict=True)}
    again = Holdings(np.array([par[name] for name in shuffled.ids]), holdings.cash)

    assert pool_metrics(shuffled, again, TERMS) == pool_metrics(portfolio, holdings, TERMS)


def test_a_deal_without_libor_has_no_spread() -> None:
    """What cannot be known is missing, not zero."""
    portfolio, holdings = drawn(7)

    assert pool_metrics(portfolio, holdings, replace(TERMS, parameters={})).was is None


def test_an_empty_pool_has_no_averages_and_no_shares() -> None:
    """Nothing held and no cash: sums are 0, quotients are missing, nothing is divided by zero."""
    portfolio, holdings = drawn(11)
    found = pool_metrics(portfolio, Holdings(np.zeros_like(holdings.par), 0.0), TERMS)

    assert (found.n_assets, found.total_par, found.countries) == (0, 0.0, ())
    assert (found.wal_years, found.wac, found.was, found.warf) == (None, None, None, None)
    assert {item.share for item in found.ratings} == {None}
