"""Haircuts and prices, tests 78 to 82, on deals that are added up by hand."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.catalogue import definition_of
from engine.compliance.cushions import drivers
from engine.compliance.evaluation import evaluate
from engine.compliance.terms import ClassTerms
from engine.errors import InputError
from tests.compliance.made_portfolios import made
from tests.compliance.small_deals import evaluated, loan, outcome

PRICES = {"discount_price": 0.80, "discount_price_below_b3": 0.85}


def test_discount_obligations_lose_what_they_were_bought_below_par():
    """20 bought at 75 and 10 of a Caa loan at 84 of 100 in all; a price of exactly 80 is none."""
    pool = [
        loan("plain", 50.0, purchase_price=80.0),
        loan("discount", 20.0, purchase_price=75.0),
        loan("low", 10.0, purchase_price=84.0, mdy_rating="Caa2"),
        loan("defaulted", 10.0, purchase_price=40.0, default_asset=True),
    ]
    found = outcome("discount_obligations_haircut", pool, cash=20.0, threshold=0.1, **PRICES)

    assert found.numerator == pytest.approx(20.0 * 0.25 + 10.0 * 0.16)
    assert found.denominator == pytest.approx(100.0)


def test_an_unrated_loan_counts_as_rated_below_b3():
    """Nothing is assumed in favour of a pass."""
    pool = [loan("unrated", 10.0, mdy_rating="NR", purchase_price=84.0)]

    assert outcome("discount_obligations_haircut", pool, **PRICES).numerator == pytest.approx(1.6)


def test_a_deal_without_discount_haircut_needs_no_purchase_prices():
    """Prices of 0 switch the haircut off."""
    found = outcome(78, [loan("a", 10.0)], without="purchase_price", discount_price=0.0, discount_price_below_b3=0.0)

    assert (found.value, found.is_passed) == (0.0, True)


def test_swapped_discount_obligations_are_a_share_of_the_collateral():
    """10 of 100."""
    found = outcome(79, [loan("a", 80.0), loan("b", 10.0, is_swapped_discount=1)], cash=10.0, threshold=0.05)

    assert (found.value, found.is_passed) == (pytest.approx(0.1), False)
    assert found.cushion == pytest.approx(-5.0)


def test_long_dated_assets_count_at_their_value_or_less_at_market():
    """20 at 70 and 10 at a market value of 60; the stated maturity itself is not late."""
    pool = [
        loan("in time", 70.0, maturity=date(2026, 1, 1)),
        loan("late", 20.0, maturity=date(2026, 1, 2), market_value=90.0),
        loan("late and cheap", 10.0, maturity=date(2030, 1, 1), market_value=60.0),
    ]
    found = outcome("long_dated_haircut", pool, threshold=0.2, long_dated_value=0.7)

    assert found.value == pytest.approx((20.0 * 0.3 + 10.0 * 0.4) / 100.0)


def test_a_deal_without_stated_maturity_has_no_late_assets_to_tell():
    """CLO-1513, unless the deal knows no such haircut."""
    with pytest.raises(InputError) as error:
        outcome(80, [loan("a", 1.0)], stated_maturity=None, long_dated_value=0.7)

    assert error.value.number == "CLO-1513"
    assert outcome(80, [loan("a", 1.0)], stated_maturity=None, long_dated_value=1.0).value == 0.0


def test_the_excess_over_the_limit_is_cut_to_market_the_cheapest_first():
    """Caa bucket 25 beside a CCC bucket of 20, limit 10 of 100: 15 over, 10 at 40, 5 of the 10 at 55, none at 90."""
    pool = [
        loan("plain", 65.0),
        loan("both at 90", 5.0, mdy_rating="Caa1", sp_rating="CCC+", market_value=90.0),
        loan("both at 55", 10.0, mdy_rating="Caa2", sp_rating="CCC", market_value=55.0),
        loan("Caa at 40", 10.0, mdy_rating="Ca", market_value=40.0),
        loan("CCC at 20", 5.0, sp_rating="CC", market_value=20.0),
        loan("defaulted", 50.0, mdy_rating="C", default_asset=True, market_value=10.0),
    ]
    found = outcome("ccc_caa_excess_haircut", pool, cash=5.0, threshold=0.1, ccc_limit=0.1)

    assert found.numerator == pytest.approx(10.0 * 0.6 + 5.0 * 0.45)
    assert found.value == pytest.approx(0.0825)


def test_a_bucket_at_its_limit_loses_nothing():
    """10 of 100 at a limit of 10 %."""
    pool = [loan("plain", 90.0), loan("low", 10.0, sp_rating="CCC", market_value=50.0)]

    assert outcome(81, pool, ccc_limit=0.1).value == 0.0


def test_a_price_above_par_earns_no_credit():
    """Nothing is lost, nothing is won."""
    assert outcome(81, [loan("a", 1.0, sp_rating="CCC", market_value=103.0)], ccc_limit=0.0).numerator == 0.0


def test_a_bucket_without_price_is_an_error():
    """CLO-1512 names the asset; an asset outside of the buckets needs no price."""
    with pytest.raises(InputError, match="market value of low") as error:
        outcome(81, [loan("low", 1.0, sp_rating="CCC", market_value=None)], ccc_limit=0.1)

    assert error.value.number == "CLO-1512"
    assert outcome(81, [loan("plain", 1.0, market_value=None)], ccc_limit=0.1).value == 0.0


@given(seed=st.integers(0, 500), limit=st.floats(0.0, 0.3))
@settings(deadline=None, max_examples=40)
def test_the_excess_haircut_is_what_filling_the_limit_from_the_dear_end_leaves(seed, limit):
    """The rival view of the deal's projection: the dearest fill the limit, what is left over is at market."""
    deal = made(30, seed, tests=[81], defaulted=0.1)
    deal = replace(deal, terms=replace(deal.terms, parameters={"ccc_limit": limit}))
    found = evaluate(deal.plan, deal.holdings)

    rows = [(a, p) for a, p in zip(deal.portfolio.assets, deal.holdings.par, strict=True) if not a.default_asset]
    room = limit * (sum(p for _, p in rows) + deal.holdings.cash)
    caa = [(a.market_value, p) for a, p in rows if a.mdy_rating in ("Caa1", "Caa2", "Caa3", "Ca", "C")]
    ccc = [(a.market_value, p) for a, p in rows if a.sp_rating in ("CCC+", "CCC", "CCC-", "CC", "C")]
    larger = max(ccc, caa, key=lambda bucket: sum(p for _, p in bucket))
    lost = 0.0
    for price, par in sorted(larger, reverse=True):
        inside = min(par, room)
        room -= inside
        lost += (par - inside) * max(0.0, 1.0 - price / 100.0)
    assert found.numerator[0] == pytest.approx(lost, rel=1e-9, abs=1e-3)


def test_par_bought_below_the_floor_is_limited():
    """10 at 59 of 100; at exactly 60 it counts no more, and neither does a defaulted loan."""
    pool = [
        loan("plain", 70.0, purchase_price=60.0),
        loan("cheap", 10.0, purchase_price=59.0),
        loan("defaulted", 10.0, purchase_price=10.0, default_asset=True),
    ]
    found = outcome("purchase_price_floor", pool, cash=20.0, threshold=0.05, purchase_price_floor=0.60)

    assert (found.value, found.is_passed) == (pytest.approx(0.1), False)


def test_a_missing_purchase_price_is_an_error():
    """CLO-1507 where nobody supplied any, CLO-1512 where one asset lacks it."""
    with pytest.raises(InputError) as nobody:
        outcome(82, [loan("a", 1.0)], without="purchase_price", purchase_price_floor=0.6)
    with pytest.raises(InputError, match="purchase price of b") as one:
        outcome(82, [loan("a", 1.0), loan("b", 1.0, purchase_price="nan")], purchase_price_floor=0.6)

    assert (nobody.value.number, one.value.number) == ("CLO-1507", "CLO-1512")


def test_the_drivers_of_a_coverage_ratio_are_the_positions_that_lose_par():
    """The cheaper CCC loan loses 5, the defaulted one 7 of its 10; sold at par they would lose nothing."""
    loans = [
        loan("plain", 80.0),
        loan("low", 10.0, sp_rating="CCC", market_value=50.0),
        loan("defaulted", 10.0, default_asset=True, market_value=30.0),
    ]
    no_haircuts = {"discount_price": 0.0, "discount_price_below_b3": 0.0, "long_dated_value": 1.0}
    classes = (ClassTerms(name="Class A", balance=60.0, oc_trigger=1.2),)
    found = evaluated(
        definition_of("par_value_class_a"), loans, classes=classes, parameters={"ccc_limit": 0.0, **no_haircuts}
    )

    assert drivers(found, 64) == [("defaulted", pytest.approx(7.0)), ("low", pytest.approx(5.0))]
