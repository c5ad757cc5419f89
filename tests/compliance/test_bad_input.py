"""What is wrong with the inputs is said with its number and its place, and nothing is tested."""

from dataclasses import replace
from datetime import date

import pytest

from engine.compliance.evaluation import accepted, evaluate
from engine.compliance.plan import plan_of
from engine.compliance.portfolio import portfolio_of
from engine.compliance.terms import Direction, TestSetting
from engine.errors import InputError
from engine.modes import Mode, Quirk
from tests.compliance.made_portfolios import AS_OF, Made, made


@pytest.fixture(scope="module")
def deal() -> Made:
    return made(20, 1, tests=[1, 3, 11])


def setting(test_id: int, threshold: object = 0.1) -> TestSetting:
    return TestSetting(test_id=test_id, direction=Direction.MAX, threshold=threshold)


def test_an_asset_that_comes_twice(deal):
    """CLO-1501 names it."""
    with pytest.raises(InputError, match="LOAN00003 comes twice") as error:
        portfolio_of([*deal.portfolio.assets, deal.portfolio.assets[3]], AS_OF, frozenset())

    assert error.value.number == "CLO-1501"


def test_an_input_that_the_deal_does_not_state(deal):
    """CLO-1502 names the test and the input, and where it belongs."""
    with pytest.raises(InputError, match="Test 38 needs `junior_oc_denominator`, which Made does not state") as error:
        plan_of(deal.portfolio, replace(deal.terms, parameters={}), [setting(38)])

    assert error.value.number == "CLO-1502"
    assert error.value.where == "quality inputs of Made"


def test_a_test_that_does_not_exist(deal):
    """CLO-1503."""
    with pytest.raises(InputError, match="no compliance test 99") as error:
        plan_of(deal.portfolio, deal.terms, [setting(99)])

    assert error.value.number == "CLO-1503"


def test_a_threshold_that_has_not_begun(deal):
    """CLO-1504 says when it begins."""
    with pytest.raises(InputError, match="begins on 2030-01-01") as error:
        plan_of(deal.portfolio, deal.terms, [setting(11, ((date(2030, 1, 1), 0.1),))])

    assert error.value.number == "CLO-1504"


def test_a_threshold_that_nobody_entered(deal):
    """CLO-1505."""
    with pytest.raises(InputError, match=r"Test 11 \(dip_obligations\) has no threshold") as error:
        plan_of(deal.portfolio, deal.terms, [setting(11, None)])

    assert error.value.number == "CLO-1505"


def test_a_test_that_is_configured_twice(deal):
    """CLO-1506."""
    with pytest.raises(InputError, match="Test 11 is configured twice") as error:
        plan_of(deal.portfolio, deal.terms, [setting(11), setting(3), setting(11, 0.2)])

    assert error.value.number == "CLO-1506"


def test_a_fact_that_nobody_supplied(deal):
    """CLO-1507."""
    with pytest.raises(InputError, match="Test 86 needs `is_workout` for each asset") as error:
        plan_of(replace(deal.portfolio, extra={}), deal.terms, [setting(86)])

    assert error.value.number == "CLO-1507"


def test_the_legacy_model_stops_at_a_rank_that_nobody_holds():
    """CLO-1508 in legacy mode, 0 in standard mode (03 Q34)."""
    few = made(3, 1, tests=[3])
    stopping = replace(few, portfolio=replace(few.portfolio, quirks=frozenset({Quirk.MISSING_RANK_STOPS})))

    assert evaluate(few.plan, few.holdings).value[0] == 0.0
    with pytest.raises(InputError) as error:
        evaluate(stopping.plan, few.holdings)
    assert error.value.number == "CLO-1508"


def test_the_legacy_model_stops_where_a_follower_is_not_configured():
    """CLO-1511 when results become baselines; in standard mode each test stands on its own (03 Q20)."""
    standard, legacy = (made(30, 1, tests=[3], quirks=mode.quirks) for mode in Mode)

    assert len(accepted(evaluate(standard.plan, standard.holdings))) == 1
    with pytest.raises(InputError, match="test 3 is configured without test 4") as error:
        accepted(evaluate(legacy.plan, legacy.holdings))
    assert error.value.number == "CLO-1511"


def test_a_follower_without_its_leader_is_not_tested_in_legacy_mode():
    """03 Q20."""
    standard = made(30, 1, tests=[1, 4])
    legacy = replace(standard, portfolio=replace(standard.portfolio, quirks=Mode.LEGACY.quirks))

    assert [s.test_id for s in standard.plan.settings] == [1, 4]
    assert [s.test_id for s in legacy.plan.settings] == [1]


def test_many_assets_without_a_datum_are_counted():
    """CLO-1512 names three of them and says how many more there are."""
    deal = made(12, 1, tests=[69])
    assets = tuple(replace(asset, maturity=None, sp_rating="B") for asset in deal.portfolio.assets)
    with pytest.raises(InputError, match="maturity of LOAN00000, LOAN00001, LOAN00002 and 9 more") as error:
        plan_of(replace(deal.portfolio, assets=assets), deal.terms, [setting(69)])

    assert error.value.number == "CLO-1512"
