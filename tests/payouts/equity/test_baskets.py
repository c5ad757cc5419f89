"""Baskets: units, value, contributions, rebalancing, weights (spec 07 §10), vector V-4; adjustment factors of V-13."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.baskets import (
    basket_value,
    checked_weights,
    contributions,
    rebalance,
    resolve_units,
)
from engine.payouts.enums import CompositionReason, CompositionStatus, FindingSeverity, NotionalMode, WeightType
from engine.payouts.kernels_equity import basket_value as basket_value_kernel
from engine.payouts.terms.performance import BasketComposition, BasketConstituent
from tests.payouts.equity.made_equity import START, Fixings, lot, on, payout, share, swap, valued

USD = {"USD": 1.0}
NAMES = ("A", "B", "C")
P0, P1, P2 = (
    dict(zip(NAMES, closes, strict=True))
    for closes in ((100.0, 200.0, 50.0), (110.0, 190.0, 55.0), (121.0, 180.5, 49.5))
)


def weighted(*weights: float, kind: WeightType = WeightType.PERCENTAGE, units: float = 1.0) -> BasketComposition:
    """A composition of A, B, ... with these weights, not resolved."""
    return BasketComposition(
        effective_from=START,
        status=CompositionStatus.INCOMPLETE,
        basket_units=units,
        constituents=tuple(
            BasketConstituent(instrument=share(chr(65 + i)), weight_type=kind, weight_value=weight)
            for i, weight in enumerate(weights)
        ),
    )


def units_of(composition: BasketComposition) -> list[float]:
    """Resolved units."""
    return [constituent.units for constituent in composition.constituents]


def test_percentages_are_resolved_at_the_start():
    """V-4: units 4,000 / 1,750 / 5,000; the period adds 47,500, by constituent 40,000, -17,500, 25,000."""
    basket = resolve_units(weighted(0.40, 0.35, 0.25), P0, USD, 1e6)

    assert units_of(basket) == pytest.approx([4_000.0, 1_750.0, 5_000.0], rel=1e-14)
    assert (basket.status, basket.basket_value_at_start) == (CompositionStatus.COMPLETE, pytest.approx(1e6))
    assert basket_value(basket, P1, USD) - basket_value(basket, P0, USD) == pytest.approx(47_500.0, rel=1e-12)
    parts = contributions(basket, P0, USD, P1, USD)
    assert parts == pytest.approx({"A": 40_000.0, "B": -17_500.0, "C": 25_000.0}, rel=1e-12)


def test_a_rebalancing_to_target_keeps_the_value():
    """V-4: units 3,809.0909…, 1,929.6052…, 4,761.3636…; the second period loses 0.25 %."""
    basket = resolve_units(weighted(0.40, 0.35, 0.25), P0, USD, 1e6)
    closed, opened = rebalance(basket, P1, USD, on(30), basket.constituents)

    exact = [
        Decimal("1047500") * w / p for w, p in ((Decimal("0.4"), 110), (Decimal("0.35"), 190), (Decimal("0.25"), 55))
    ]
    assert units_of(opened) == pytest.approx([float(units) for units in exact], rel=1e-12)
    assert [int(units * 1e4) / 1e4 for units in units_of(opened)] == [3_809.0909, 1_929.6052, 4_761.3636]
    assert basket_value(opened, P2, USD) - basket_value(opened, P1, USD) == pytest.approx(-2_618.75, rel=1e-9)
    assert (closed.effective_to, opened.effective_from, opened.reason) == (on(30), on(30), CompositionReason.REBALANCE)
    returned = basket_value(opened, P2, USD) / basket_value(opened, P1, USD) - 1.0
    assert returned == pytest.approx(-0.0025, rel=1e-12)


def test_compositions_made_by_rebalancing_pay_what_weights_restored_at_resets_pay():
    """The stored compositions and ON_RESET are two ways to the same amounts in RESET mode."""
    basket = resolve_units(weighted(0.40, 0.35, 0.25), P0, USD, 1e6)
    compositions = rebalance(basket, P1, USD, on(30), basket.constituents)
    fixings = Fixings(prices={name: {START: P0[name], on(30): P1[name], on(60): P2[name]} for name in NAMES})
    terms = payout([on(30), on(60)], mode=NotionalMode.RESET, compositions=compositions)

    result = valued(swap(terms, lot(1.0, notional=1e6)), fixings, on(60))
    assert result.amounts() == pytest.approx([47_500.0, -2_618.75], rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(
    closes=st.lists(st.floats(0.01, 5_000.0), min_size=4, max_size=4),
    later=st.lists(st.floats(0.01, 5_000.0), min_size=4, max_size=4),
    raw=st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4),
    rate=st.floats(0.005, 2.0),
    value=st.floats(1e3, 1e9),
    units=st.floats(0.5, 100.0),
)
def test_the_value_is_continuous_where_a_basket_is_rebalanced(closes, later, raw, rate, value, units):
    """|V_old - V_new| <= 1e-8 V, and the sum of contributions is the change of the value."""
    names = ("A", "B", "C", "D")
    fx = {"EUR": rate, "USD": 1.0}
    total = sum(raw)
    made = weighted(*(weight / total for weight in raw), units=units)
    euro = replace(made.constituents[1], instrument=share("B", "EUR"))
    made = replace(made, constituents=(made.constituents[0], euro, *made.constituents[2:]))
    start, end = (dict(zip(names, each, strict=True)) for each in (closes, later))
    basket = resolve_units(made, start, fx, value)
    before = basket_value(basket, end, fx)
    opened = rebalance(basket, end, fx, on(10), tuple(reversed(basket.constituents)))[1]

    assert basket_value(basket, start, fx) == pytest.approx(value, rel=1e-12)
    assert abs(basket_value(opened, end, fx) - before) <= 1e-8 * before
    change = sum(contributions(basket, start, fx, end, fx).values())
    assert change == pytest.approx(before - value, abs=1e-9 * max(before, value))


def test_units_and_notionals_are_weights_too():
    """UNITS are given; NOTIONAL buys at the prices, in basket currency."""
    stated = resolve_units(weighted(3.0, 4.0, kind=WeightType.UNITS), P0, USD)
    bought = resolve_units(weighted(3_000.0, 4_000.0, kind=WeightType.NOTIONAL), P0, {"USD": 2.0})

    assert (units_of(stated), stated.basket_value_at_start) == ([3.0, 4.0], 1_100.0)
    assert (units_of(bought), bought.basket_value_at_start) == ([15.0, 10.0], 7_000.0)


@pytest.mark.parametrize(
    ("weights", "expected", "severity"),
    [
        ((0.4, 0.6), (0.4, 0.6), None),
        ((0.4, 0.6 + 9e-9), (0.4, 0.6 + 9e-9), None),
        ((0.4, 0.6 + 2e-8), None, FindingSeverity.ERROR),
        ((40.0, 60.0), (0.4, 0.6), FindingSeverity.WARNING),
        ((40.0, 60.0 + 2e-6), None, FindingSeverity.ERROR),
        ((1.2, -0.2), None, FindingSeverity.ERROR),
        ((0.4, None), None, FindingSeverity.ERROR),
    ],
)
def test_weights_sum_to_one(weights, expected, severity):
    """§3.4: to 1 within 1e-8; to 100 within 1e-6 they are divided; anything else is refused."""
    found, findings = checked_weights(weighted(*weights))

    assert found == (None if expected is None else pytest.approx(expected, rel=1e-15))
    assert [finding.severity for finding in findings] == ([] if severity is None else [severity])


def test_what_cannot_be_valued_is_refused():
    """Incomplete compositions, missing prices and rates, targets that change the value."""
    basket = resolve_units(weighted(0.5, 0.5), P0, USD, 1e6)
    more = weighted(5_000.0, 5_000.0, kind=WeightType.UNITS).constituents
    refused = [
        lambda: basket_value(weighted(0.5, 0.5), P0, USD),
        lambda: basket_value(basket, {"A": 1.0}, USD),
        lambda: basket_value(basket, P0, {}),
        lambda: basket_value(basket, {**P0, "A": float("nan")}, USD),
        lambda: resolve_units(weighted(0.5, 0.6), P0, USD, 1e6),
        lambda: resolve_units(weighted(0.5, 0.5), P0, USD),
        lambda: rebalance(basket, P1, USD, on(10), more),
    ]

    for call in refused:
        with pytest.raises(InputError, match="CLO-1939"):
            call()


def test_long_sums_are_compensated():
    """§22: ten thousand constituents agree with exact arithmetic to the last place of the total."""
    generator = np.random.default_rng(7)
    units = generator.uniform(-1e8, 1e8, 10_000)
    prices, fx = generator.uniform(0.01, 1e3, 10_000), np.ones(10_000)
    products = units * prices * fx
    exact = float(sum(Decimal(float(product)) for product in products))

    assert basket_value_kernel(units, prices, fx) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize(("factor", "cum"), [(0.5, 40.0), (38.0 / 40.0, 40.0), (0.90, 50.0), (1.0 / 1.05, 21.0)])
def test_an_adjustment_factor_leaves_no_amount_at_its_theoretical_price(factor, cum):
    """V-13: split 0.5, rights 0.95, spin-off 0.90, stock dividend 0.952380952381: Q/f at f·P is worth Q·P."""
    fixings = Fixings(prices={"SHARE": {START: cum, on(10): cum * factor}}, splits=(("SHARE", on(10), factor),))

    result = valued(swap(payout([on(10)]), lot(100.0, cum)), fixings, on(10))
    assert result.amounts() == pytest.approx([0.0], abs=1e-9)
