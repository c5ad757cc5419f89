"""Kinds of asset, ranks, sizes and the two rate tests with excess, 76, 77 and 83 to 90, added up by hand."""

import pytest

from engine.compliance.catalogue import definition_of
from engine.compliance.cushions import drivers
from engine.errors import InputError
from tests.compliance.small_deals import evaluated, loan, outcome


def test_second_lien_loans_are_those_behind_a_first_lien():
    """By S&P's priority, by name, or last out of a first lien; an unsecured loan is another limit's."""
    pool = [
        loan("first", 50.0),
        loan("by priority", 10.0, sp_priority_category="Senior Unsecured Loan/Second Lien Loan"),
        loan("by name", 5.0, seniority="Second Lien"),
        loan("last out", 3.0, first_lien_last_out=True),
        loan("bond", 7.0, bond_loan="BOND", sp_priority_category="Senior Unsecured Loan/Second Lien Loan"),
        loan("unsecured", 8.0, seniority="Unsecured", sp_priority_category="Senior Unsecured Loan/Second Lien Loan"),
        loan("defaulted", 9.0, first_lien_last_out=True, default_asset=True),
    ]

    assert outcome("second_lien_loans", pool, cash=17.0).value == pytest.approx(18.0 / 100.0)


def test_revolving_and_delayed_draw_obligations_count_at_funded_par():
    """10 and 5 of 100, an asset that is both once."""
    pool = [
        loan("plain", 80.0),
        loan("revolver", 10.0, revolver=True, unfunded_amount=30.0),
        loan("both", 5.0, revolver=True, delay_drawdown=True),
    ]

    assert outcome("revolving_and_delayed_draw", pool, cash=5.0).value == pytest.approx(0.15)


def test_steps_of_the_coupon_count_up_and_down():
    """6 up, 4 down of 100."""
    pool = [loan("plain", 90.0), loan("up", 6.0, is_step_up=1), loan("down", 4.0, is_step_down=1)]

    assert outcome("step_up_and_step_down_obligations", pool).value == pytest.approx(0.1)


def test_workouts_count_defaulted_or_not():
    """4 performing and 6 defaulted over 94 of performing par and cash."""
    pool = [loan("plain", 80.0), loan("a", 4.0, is_workout=1), loan("b", 6.0, is_workout=1, default_asset=True)]

    assert outcome("workout_obligations", pool, cash=10.0).value == pytest.approx(10.0 / 94.0)


@pytest.mark.parametrize("test", ["step_up_and_step_down_obligations", "workout_obligations"])
def test_a_fact_that_nobody_stated_is_an_error(test):
    """No silent no: CLO-1507 without the fact, CLO-1512 where one asset lacks it."""
    name = {"workout_obligations": "is_workout"}.get(test, "is_step_up")
    with pytest.raises(InputError) as nobody:
        outcome(test, [loan("a", 1.0)], without=name)
    with pytest.raises(InputError) as one:
        outcome(test, [loan("a", 1.0), loan("b", 1.0, **{name: "nan"})])

    assert (nobody.value.number, one.value.number) == ("CLO-1507", "CLO-1512")


RANKED = [loan(name, par) for name, par in zip("abcdefg", (20.0, 18.0, 15.0, 12.0, 10.0, 9.0, 6.0), strict=True)]


def test_the_five_largest_obligors_are_added_up():
    """20, 18, 15, 12 and 10; debtors in possession are left out."""
    pool = [*RANKED, loan("dip", 25.0, dip=True)]

    assert outcome("obligors_five_largest", pool, cash=10.0).value == pytest.approx(75.0 / 125.0)


def test_fewer_than_five_obligors_are_all_added_up():
    """Two of them."""
    assert outcome("obligors_five_largest", RANKED[:2], cash=2.0).value == pytest.approx(38.0 / 40.0)


def test_industry_ranks_beyond_those_of_the_legacy_model():
    """The 3rd S&P and the 5th Moody's industry; a rank that does not exist is 0."""
    assert outcome("sp_industry_3rd_largest", RANKED, cash=10.0).value == pytest.approx(0.15)
    assert outcome("moodys_industry_5th_largest", RANKED, cash=10.0).value == pytest.approx(0.10)
    assert outcome("moodys_industry_5th_largest", RANKED[:4]).value == 0.0


def test_average_obligor_size_is_par_by_issuer_held():
    """90 of performing par over two issuers; what is not held or defaulted has no part in it."""
    pool = [
        loan("a", 30.0, issuer_id="one"),
        loan("b", 20.0, issuer_id="one"),
        loan("c", 40.0, issuer_id="two"),
        loan("d", 0.0, issuer_id="three"),
        loan("e", 50.0, issuer_id="four", default_asset=True),
    ]
    found = outcome("average_obligor_size", pool, cash=10.0, threshold=0.5)

    assert (found.numerator, found.denominator) == (pytest.approx(45.0), pytest.approx(100.0))


RATES = [
    loan("floating", 60.0, cpn_spread=0.04, libor_floor=0.0),
    loan("floored", 20.0, cpn_spread=0.03, libor_floor=0.015),
    loan("fixed", 10.0, coupon_type="FIXED", coupon=0.09),
    loan("fixed low", 10.0, coupon_type="FIXED", coupon=0.06),
    loan("defaulted", 30.0, cpn_spread=0.2, default_asset=True),
]
SPREAD = 60.0 * 0.04 + 20.0 * (0.03 + 0.005)


def test_the_spread_is_helped_by_coupons_above_their_minimum():
    """Average coupon 7.5 % on 20 against a minimum of 7 %: 0.5 % x 20 / 80 on top of the floating spread."""
    found = outcome(76, RATES, current_libor=0.01, minimum_weighted_average_coupon=0.07, threshold=0.03)

    assert found.value == pytest.approx(SPREAD / 80.0 + 0.005 * 20.0 / 80.0)


def test_coupons_below_their_minimum_take_nothing_from_the_spread():
    """Against a minimum of 8 % there is no excess, and no debit."""
    found = outcome(76, RATES, current_libor=0.01, minimum_weighted_average_coupon=0.08)

    assert found.value == pytest.approx(SPREAD / 80.0)


def test_the_coupon_is_helped_by_spread_above_its_minimum():
    """Spread 3.875 % on 80 against 3.5 %: 0.375 % x 80 / 20 on top of the 7.5 %; against 4 %: nothing."""
    with_excess = outcome(77, RATES, current_libor=0.01, minimum_floating_spread=0.035)
    without = outcome(77, RATES, current_libor=0.01, minimum_floating_spread=0.04)

    assert with_excess.value == pytest.approx(0.075 + (SPREAD / 80.0 - 0.035) * 80.0 / 20.0)
    assert without.value == pytest.approx(0.075)


def test_without_fixed_assets_the_coupon_test_is_not_applicable():
    """Nothing to divide by."""
    found = outcome(77, RATES[:2], current_libor=0.01, minimum_floating_spread=0.035, threshold=0.07)

    assert (found.is_applicable, found.is_passed) == (False, True)


def test_a_rate_that_is_missing_is_an_error():
    """CLO-1512 for the spread of a floating asset and for the coupon of a fixed one."""
    parameters = {"current_libor": 0.01, "minimum_weighted_average_coupon": 0.07}
    with pytest.raises(InputError, match="coupon spread of a") as floating:
        outcome(76, [loan("a", 1.0, cpn_spread=None)], **parameters)
    with pytest.raises(InputError, match="coupon of b") as fixed:
        outcome(76, [loan("a", 1.0), loan("b", 1.0, coupon_type="FIXED", coupon=None)], **parameters)

    assert {floating.value.number, fixed.value.number} == {"CLO-1512"}


def test_the_drivers_of_five_obligors_are_the_positions_of_all_five():
    """The largest first; the sixth and seventh have no part in it."""
    found = evaluated(definition_of(87), RANKED, threshold=1.0)

    assert [name for name, _ in drivers(found, 87)] == list("abcde")
