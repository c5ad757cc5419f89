"""The projection kernel against a slow reading of the specification, and what must hold for every asset."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.assumptions import RATING_DRIVEN
from engine.collateral.holding import Holding
from engine.collateral.layout import PoolLayout, default_rows, interest_factors, lay_out_pool
from engine.collateral.periods import CollectionPeriods
from engine.collateral.projection import (
    PoolBuffers,
    asset_cashflow,
    asset_cashflows,
    base_rates,
    map_to_deal_periods,
    project,
)
from engine.collateral.schedule import asset_rows, coupons
from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import day_number
from engine.market.curve import IndexCurve
from engine.modes import Mode, Quirks
from tests.collateral.random_pools import AS_OF, collection_periods, holdings, pools
from tests.collateral.slow_projection import slow_cashflow, slow_periods

MODES = pytest.mark.parametrize("quirks", [Mode.STANDARD.quirks, Mode.LEGACY.quirks], ids=["standard", "legacy"])
RELATIVE, MONEY = 1e-9, 1e-5

COLUMNS = (
    "default",
    "default_value",
    "interest",
    "scheduled",
    "unscheduled",
    "recoveries",
    "net_loss",
    "default_balance",
    "default_value_balance",
)


def curve_of(quirks: Quirks) -> IndexCurve:
    return IndexCurve.of(AS_OF, [(1, 0.004), (3, 0.006), (12, 0.012), (24, 0.02), (180, 0.03)], quirks)


def mapped(pool: list[Holding], periods: CollectionPeriods, quirks: Quirks) -> tuple[PoolLayout, np.ndarray]:
    layout = lay_out_pool(pool, AS_OF, WEEKENDS_ONLY, quirks, periods=periods)
    buffers = PoolBuffers.of(layout, keeps_balances=False)
    project(layout, interest_factors(layout, curve_of(quirks)), base_rates(layout), default_rows(layout), buffers)
    return layout, map_to_deal_periods(layout, buffers.flows)[0]


def assert_same_cashflow(found: AssetCashflow, wanted: AssetCashflow) -> None:
    np.testing.assert_array_equal(found.payment_date, wanted.payment_date)
    for name in COLUMNS:
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=RELATIVE, atol=MONEY)


@MODES
@settings(max_examples=60, deadline=None)
@given(pool=pools())
def test_the_kernel_equals_the_slow_projection(quirks: Quirks, pool: list[Holding]) -> None:
    """Every asset of a random pool has the rows and numbers of the row-by-row reading of the specification."""
    curve = curve_of(quirks)
    layout = lay_out_pool(pool, AS_OF, WEEKENDS_ONLY, quirks)
    found = asset_cashflows(layout, curve)

    for holding, cashflow in zip(pool, found, strict=True):
        lag = holding.assumptions.recovery_lag_months
        rows = asset_rows(holding, AS_OF, WEEKENDS_ONLY, quirks, tail_lag_months=lag)
        wanted = slow_cashflow(holding, rows, coupons(holding, rows, curve, quirks), quirks)
        assert cashflow.n_rows == len(wanted)
        for name in COLUMNS:
            expected = [getattr(row, name) for row in wanted]
            np.testing.assert_allclose(getattr(cashflow, name), expected, rtol=RELATIVE, atol=MONEY, err_msg=name)


@MODES
@settings(max_examples=60, deadline=None)
@given(pool=pools(), periods=collection_periods())
def test_pool_rows_equal_the_slow_mapping(quirks: Quirks, pool: list[Holding], periods: CollectionPeriods) -> None:
    """The rows of a pool are the sums of its assets' rows, each mapped by the windows of spec 01 §4.5."""
    curve = curve_of(quirks)
    _, found = mapped(pool, periods, quirks)

    wanted = np.zeros_like(found)
    for holding in pool:
        lag = holding.assumptions.recovery_lag_months
        rows = asset_rows(holding, AS_OF, WEEKENDS_ONLY, quirks, tail_lag_months=lag)
        slow = slow_cashflow(holding, rows, coupons(holding, rows, curve, quirks), quirks)
        wanted += slow_periods(holding, slow, rows.n_rows > 0, periods, quirks)
    np.testing.assert_allclose(found, wanted, rtol=RELATIVE, atol=MONEY)


@settings(max_examples=60, deadline=None)
@given(pool=pools(max_size=4))
def test_a_standard_cash_flow_closes(pool: list[Holding]) -> None:
    """Balances roll, totals add up, and what was lent is repaid, recovered or lost (spec 01 §3.10)."""
    for holding in pool:
        flow = asset_cashflow(holding, AS_OF, WEEKENDS_ONLY, curve_of(frozenset()))
        paid = flow.default + flow.scheduled + flow.unscheduled

        np.testing.assert_allclose(flow.balance_end, flow.balance_begin - paid, atol=MONEY)
        np.testing.assert_allclose(
            flow.total, flow.interest + flow.scheduled + flow.unscheduled + flow.recoveries, atol=MONEY
        )
        returned = (flow.scheduled + flow.unscheduled + flow.recoveries + flow.net_loss).sum()
        assert returned == pytest.approx(holding.par, rel=RELATIVE)
        opening = holding.par if holding.asset.default_asset else 0.0
        # A write-off of under one unit takes the performing residue along, which was never in default.
        rolled = opening + np.cumsum(flow.default - flow.recoveries - flow.net_loss)
        assert np.abs(rolled - flow.default_balance).max() <= 1.0
        assert flow.balance_begin.min() >= 0.0
        assert flow.default_balance.min() >= -MONEY


@settings(max_examples=40, deadline=None)
@given(pool=pools(), periods=collection_periods(), data=st.data())
def test_the_order_of_assets_is_irrelevant(
    pool: list[Holding], periods: CollectionPeriods, data: st.DataObject
) -> None:
    """A shuffled pool gives the same pool rows."""
    shuffled = data.draw(st.permutations(pool))

    np.testing.assert_allclose(
        mapped(pool, periods, frozenset())[1], mapped(shuffled, periods, frozenset())[1], rtol=RELATIVE, atol=MONEY
    )


@MODES
@settings(max_examples=40, deadline=None)
@given(holding=holdings(), cpr=st.floats(0.0, 0.5), cdr=st.floats(0.0, 0.5), severity=st.floats(0.0, 1.0))
def test_a_single_rate_is_a_constant_vector(
    quirks: Quirks, holding: Holding, cpr: float, cdr: float, severity: float
) -> None:
    """Single rates and vectors of the same number, long enough for the life, give the same cash flow."""
    single = replace(holding.assumptions, cpr=cpr, cdr=cdr, severity=severity)
    vector = replace(single, cpr=(cpr,) * 100, cdr=(cdr,) * 100)
    curve = curve_of(quirks)

    assert_same_cashflow(
        asset_cashflow(replace(holding, assumptions=vector), AS_OF, WEEKENDS_ONLY, curve, quirks),
        asset_cashflow(replace(holding, assumptions=single), AS_OF, WEEKENDS_ONLY, curve, quirks),
    )


@settings(max_examples=30, deadline=None)
@given(pool=pools(), periods=collection_periods())
def test_used_buffers_do_not_matter(pool: list[Holding], periods: CollectionPeriods) -> None:
    """A second scenario in the same buffers gives what fresh buffers give."""
    layout = lay_out_pool(pool, AS_OF, WEEKENDS_ONLY, periods=periods)
    factors, rates, never = interest_factors(layout, curve_of(frozenset())), base_rates(layout), default_rows(layout)
    used, fresh = PoolBuffers.of(layout), PoolBuffers.of(layout)
    project(layout, factors * 2.0, rates, np.zeros_like(never), used)
    project(layout, factors, rates, never, used)
    project(layout, factors, rates, never, fresh)

    np.testing.assert_array_equal(used.flows, fresh.flows)
    np.testing.assert_array_equal(used.balances, fresh.balances)


@settings(max_examples=30, deadline=None)
@given(pool=pools(), lag=st.integers(0, 18))
def test_a_lag_of_the_scenario_replaces_that_of_the_assets(pool: list[Holding], lag: int) -> None:
    """Choosing a lag among those laid out equals giving it to every asset."""
    own = lay_out_pool(pool, AS_OF, WEEKENDS_ONLY, lags=(None, float(lag)))
    given_lag = [replace(item, assumptions=replace(item.assumptions, recovery_lag_months=float(lag))) for item in pool]
    wanted = asset_cashflows(lay_out_pool(given_lag, AS_OF, WEEKENDS_ONLY), None)
    buffers = PoolBuffers.of(own)
    project(own, interest_factors(own, None), base_rates(own), default_rows(own), buffers, lag=1)

    for lane, position in enumerate(own.position.tolist()):
        assert_same_cashflow(AssetCashflow.of_lane(own, lane, None, buffers.flows, buffers.balances), wanted[position])


def test_a_simulated_default_is_a_row_of_the_scenario(one_bullet: Holding) -> None:
    """A default row handed to the kernel has the effect of a rating history that reaches D before that date."""
    driven = replace(one_bullet, assumptions=replace(one_bullet.assumptions, cdr=RATING_DRIVEN))
    history = ((AS_OF, "B"), (driven.asset.first_payment_date or AS_OF, "B"))
    layout = lay_out_pool([replace(driven, sp_rating_history=history)], AS_OF, WEEKENDS_ONLY)
    buffers = PoolBuffers.of(layout)
    project(layout, interest_factors(layout, None), base_rates(layout), np.array([2]), buffers)
    found = AssetCashflow.of_lane(layout, 0, None, buffers.flows, buffers.balances)

    assert found.default[2] == pytest.approx(found.balance_begin[2])
    assert found.default[[0, 1]].tolist() == [0.0, 0.0]


def test_periods_without_payments_are_empty(one_bullet: Holding) -> None:
    """A deal that ends before the first payment keeps the balance and sees no cash."""
    first = day_number(AS_OF)
    periods = CollectionPeriods(np.array([first]), np.array([first + 1]))
    _, pool = mapped([one_bullet], periods, frozenset())

    assert pool[1, 0] == one_bullet.par
    assert pool[1, 5:10].tolist() == [0.0] * 5
    assert pool[2, 0] == pytest.approx(one_bullet.par - pool[1, 3])
