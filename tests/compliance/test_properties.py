"""What holds for all 91 tests of any deal: scale, order, trades and their reverse, cushions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.cushions import cushions
from engine.compliance.evaluation import TOLERANCE, Evaluation, Holdings, evaluate
from engine.compliance.forms import Measure, MeasureKind, RankedGroups, Ratio
from engine.compliance.portfolio import portfolio_of
from engine.modes import Mode
from tests.compliance.made_portfolios import AS_OF, Made, made, made_deals, scaled_terms
from tests.compliance.small_deals import loan, outcome

many = settings(deadline=None, max_examples=40)
_MARKET_TESTS = range(55, 92)
_ON_THE_LIMIT = 1e-8


def rebuilt(deal: Made, order: np.ndarray, scale: float = 1.0) -> Made:
    """The same deal with its assets given in another order, and all its amounts scaled."""
    assets = [
        replace(deal.portfolio.assets[row], unfunded_amount=scale * (deal.portfolio.assets[row].unfunded_amount or 0.0))
        for row in order
    ]
    ids = deal.portfolio.ids
    facts = {name: dict(zip(ids, values.tolist(), strict=True)) for name, values in deal.portfolio.extra.items()}
    portfolio = portfolio_of(assets, AS_OF, deal.portfolio.quirks, facts)
    par = np.zeros(len(ids))
    for name, amount in zip(ids, deal.holdings.par, strict=True):
        par[portfolio.row_of[name]] = scale * amount
    holdings = Holdings(par, scale * deal.holdings.cash)
    return Made(portfolio, holdings, scaled_terms(deal.terms, scale), deal.settings)


@given(deal=made_deals(), exponent=st.integers(-6, 6))
@many
def test_a_deal_of_another_size_has_the_same_results(deal, exponent):
    """All amounts scaled by a power of two: values are the same to the last bit, numerators and cushions scale."""
    scale = 2.0**exponent
    before = evaluate(deal.plan, deal.holdings)
    other = rebuilt(deal, np.arange(len(deal.portfolio)), scale)
    after = evaluate(other.plan, other.holdings)

    assert np.array_equal(after.value, before.value)
    assert np.array_equal(after.numerator, scale * before.numerator)
    assert np.array_equal(after.is_passed, before.is_passed)
    assert cushions(after) == pytest.approx(scale * cushions(before), rel=1e-6)


@given(deal=made_deals(), seed=st.integers(0, 1000))
@many
def test_the_order_of_the_assets_does_not_matter(deal, seed):
    """To the last bit, whatever order the assets come in."""
    order = np.random.default_rng(seed).permutation(len(deal.portfolio))
    before = evaluate(deal.plan, deal.holdings)
    other = rebuilt(deal, order)
    after = evaluate(other.plan, other.holdings)

    assert np.array_equal(after.value, before.value)
    assert np.array_equal(after.threshold, before.threshold)
    assert np.array_equal(after.numerator, before.numerator)


@given(deal=made_deals(), seed=st.integers(0, 1000))
@many
def test_the_order_of_the_tests_does_not_matter(deal, seed):
    """Each test on its own, also where its limit follows the recovery rate."""
    order = np.random.default_rng(seed).permutation(len(deal.settings))
    shuffled = replace(deal, settings=tuple(deal.settings[place] for place in order))
    before, after = (evaluate(one.plan, one.holdings) for one in (deal, shuffled))

    assert np.array_equal(after.value, before.value[order])
    assert np.array_equal(after.threshold, before.threshold[order])
    assert np.array_equal(after.is_passed, before.is_passed[order])


@given(deal=made_deals(), data=st.data())
@many
def test_a_trade_and_its_reverse_restore_every_result(deal, data):
    """Par and cash in amounts that binary numbers hold exactly: the results are the same to the last bit."""
    row = data.draw(st.integers(0, len(deal.portfolio) - 1))
    par, cost = 1000.0 * data.draw(st.integers(-500, 500)), 125.0 * data.draw(st.integers(-4000, 4000))
    before = evaluate(deal.plan, deal.holdings)
    traded = deal.holdings.par.copy()
    traded[row] += par
    between = evaluate(deal.plan, Holdings(traded, deal.holdings.cash - cost))
    traded[row] -= par
    after = evaluate(deal.plan, Holdings(traded, between.holdings.cash + cost))

    for name in ("value", "numerator", "denominator", "threshold", "is_passed", "top"):
        assert np.array_equal(getattr(after, name), getattr(before, name)), name


@given(seed=st.integers(0, 300))
@many
def test_market_tests_are_the_same_in_both_modes(seed):
    """Tests 55 to 91 have no legacy behaviour."""
    standard, legacy = (
        evaluate(deal.plan, deal.holdings)
        for deal in (made(20, seed, quirks=mode.quirks, tests=_MARKET_TESTS, defaulted=0.05) for mode in Mode)
    )

    assert legacy.value == pytest.approx(standard.value, rel=1e-12)


def after_purchase(found: Evaluation, row: int, amount: float) -> Evaluation:
    """The deal after it bought this par of an asset at par."""
    par = found.holdings.par.copy()
    par[row] += amount
    return evaluate(found.plan, Holdings(par, found.holdings.cash - amount))


def distance(found: Evaluation, place: int) -> float:
    """How far a test is on the passing side of its limit, relative to the limit."""
    sign = 1.0 if found.plan.is_max[place] else -1.0
    limit = float(found.threshold[place])
    return sign * (limit - float(found.value[place])) / max(abs(limit), 1e-3)


@given(deal=made_deals(largest=30))
@many
def test_the_cushion_of_a_share_is_what_may_be_bought_of_what_it_counts(deal):
    """Bought at par, it takes the test exactly to its limit."""
    found = evaluate(deal.plan, deal.holdings)
    room = cushions(found)

    for place, form in enumerate(found.plan.forms):
        is_share = isinstance(form, Ratio) and form.denominator.per_cash == 1.0
        if not is_share or not found.is_applicable[place]:
            continue
        weights = form.numerator.per_par - form.numerator.per_cash
        sign = 1.0 if found.plan.is_max[place] else -1.0
        row = int(np.argmax(sign * weights))
        if sign * weights[row] > 0.0 and form.denominator.per_par[row] == 1.0:
            assert abs(distance(after_purchase(found, row, room[place]), place)) < _ON_THE_LIMIT, place


@given(deal=made_deals(largest=30))
@many
def test_the_cushion_of_the_largest_group_is_what_may_be_bought_of_it(deal):
    """Bought at par, it takes the test exactly to its limit; of lower ranks too while they keep their rank."""
    found = evaluate(deal.plan, deal.holdings)
    room = cushions(found)

    for place, form in enumerate(found.plan.forms):
        if not isinstance(form, RankedGroups) or found.top[place] < 0 or form.count > 1:
            continue
        row = int(np.flatnonzero(form.codes == found.top[place])[0])
        after = after_purchase(found, row, room[place])
        if form.rank == 1 or after.top[place] == found.top[place]:
            assert abs(distance(after, place)) < _ON_THE_LIMIT, place


@given(deal=made_deals(largest=25))
@many
def test_the_cushion_of_an_average_is_what_may_be_bought_of_its_worst_asset(deal):
    """No held asset breaks the test sooner, and one takes it exactly to its limit."""
    deal = replace(deal, settings=tuple(s for s in deal.settings if s.test_id in (33, 34, 35, 65, 69, 70, 71, 72, 73)))
    found = evaluate(deal.plan, deal.holdings)

    for place, amount in enumerate(cushions(found)):
        if not (np.isfinite(amount) and amount > 0.0):
            continue
        held = np.flatnonzero(found.holdings.par)
        left = [distance(after_purchase(found, row, amount), place) for row in held]
        assert abs(min(left)) < _ON_THE_LIMIT, place


@given(deal=made_deals(largest=25))
@many
def test_the_cushion_of_a_measure_is_what_may_be_bought_of_one_held_asset(deal):
    """Haircut, scores and averages with excess: that par of one held asset takes the test to its limit."""
    found = evaluate(deal.plan, deal.holdings)
    room = cushions(found)

    for place, form in found.plan.measures:
        if form.kind in (MeasureKind.HELD_AMOUNT, MeasureKind.ADJUSTED_COLLATERAL) or not np.isfinite(room[place]):
            continue
        held = np.flatnonzero(found.holdings.par)
        if form.kind is MeasureKind.DIVERSITY_SCORE:
            # The score falls in steps, several industries at once, so it crosses its limit without standing on it.
            near = [distance(after_purchase(found, row, room[place] * (1 - 1e-6)), place) for row in held]
            far = [distance(after_purchase(found, row, room[place] * (1 + 1e-6)), place) for row in held]
            assert any(one * other <= 0.0 for one, other in zip(near, far, strict=True)), place
            continue
        left = [distance(after_purchase(found, row, room[place]), place) for row in held]
        assert min(abs(one) for one in left) < 1e-6, place


@given(deal=made_deals(largest=25, defaulted=0.0))
@many
def test_the_cushion_of_a_coverage_ratio_is_the_par_that_may_be_lost(deal):
    """Par written off, no cash for it, takes the ratio exactly to its limit."""
    deal = replace(deal, settings=tuple(s for s in deal.settings if s.test_id in (63, 91)))
    found = evaluate(deal.plan, deal.holdings)
    row = int(np.flatnonzero(found.holdings.par)[0])

    for place, amount in enumerate(cushions(found)):
        par = found.holdings.par.copy()
        par[row] -= amount
        after = evaluate(found.plan, Holdings(par, found.holdings.cash))
        assert abs(distance(after, place)) < _ON_THE_LIMIT


@given(deal=made_deals(largest=40))
@many
def test_a_negative_cushion_goes_with_a_broken_limit(deal):
    """Levels on the wrong side of every result: no cushion is above 0 for what fails."""
    found = evaluate(deal.plan, deal.holdings)
    harder = tuple(
        replace(s, threshold=float(v) + (-1e-3 if is_max else 1e-3) * max(abs(float(v)), 1.0))
        for s, v, is_max in zip(deal.settings, found.value, found.plan.is_max, strict=True)
    )
    broken = evaluate(replace(deal, settings=harder).plan, deal.holdings)

    for place, amount in enumerate(cushions(broken)):
        if not broken.is_passed[place]:
            assert amount < TOLERANCE, place


def test_made_deals_pass_what_they_promise():
    """The deals of these tests pass every test with a level of its own, the computed limits too."""
    for n in (195, 1004):
        found = evaluate((deal := made(n, 3, held=0.5)).plan, deal.holdings)

        assert found.is_passed.all()
        assert not any(isinstance(form, Measure) and np.isnan(form.reals).any() for form in found.plan.forms)


def test_an_issuer_has_the_industry_of_what_is_held_of_it():
    """An asset of the universe that nobody holds does not move its issuer to another industry (spec 03 §7.12)."""
    assets = [
        loan("A", 10.0, issuer_id="ONE", mdy_industry="Media"),
        loan("B", 10.0, issuer_id="TWO", mdy_industry="Media"),
        loan("C", 10.0, issuer_id="TWO", mdy_industry="Retail"),
    ]
    held = [assets[0], (assets[2][0], 10.0, assets[2][2])]
    universe = [assets[0], (assets[1][0], 0.0, assets[1][2]), assets[2]]

    assert outcome("moodys_diversity_score", universe).value == outcome("moodys_diversity_score", held).value == 2.0
