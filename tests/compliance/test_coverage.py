"""Coverage tests 55 to 64 and 91 on deals that are added up by hand."""

from datetime import date

import pytest

from engine.compliance.catalogue import definition_of
from engine.compliance.coverage import class_letter
from engine.compliance.cushions import drivers
from engine.compliance.terms import ClassTerms
from engine.errors import InputError
from tests.compliance.small_deals import evaluated, loan, outcome

NO_HAIRCUTS = {"ccc_limit": 1.0, "discount_price": 0.0, "discount_price_below_b3": 0.0, "long_dated_value": 1.0}
HAIRCUTS = {"ccc_limit": 0.1, "discount_price": 0.80, "discount_price_below_b3": 0.85, "long_dated_value": 0.70}
CLASSES = (
    ClassTerms(name="Class X", balance=2.0, interest_due=0.02),
    ClassTerms(name="Class A-1", balance=50.0, interest_due=0.40),
    ClassTerms(name="Class A-2", balance=6.0, interest_due=0.06, oc_trigger=1.5),
    ClassTerms(name="B-1", balance=8.0, interest_due=0.10),
    ClassTerms(name="B-2", balance=4.0, interest_due=0.06, oc_trigger=1.25, ic_trigger=1.2),
    ClassTerms(name="Class C", balance=7.0, deferred_balance=1.0, interest_due=0.12, oc_trigger=1.15, ic_trigger=1.1),
    ClassTerms(name="Class D", balance=5.0, interest_due=0.10, oc_trigger=1.08, ic_trigger=1.05),
    ClassTerms(name="Class E", balance=4.0, interest_due=0.11, oc_trigger=1.04),
)
DEBT = {"oc_ratio_class_ab": 68.0, "oc_ratio_class_c": 76.0, "oc_ratio_class_d": 81.0, "oc_ratio_class_e": 85.0}


@pytest.mark.parametrize(
    ("name", "letter"), [("Class B-1", "B"), ("B-2", "B"), (" class e ", "E"), ("C", "C"), ("Class A", "A")]
)
def test_a_class_is_known_by_its_letter(name, letter):
    """With or without the word Class, and whatever follows."""
    assert class_letter(name) == letter


@pytest.mark.parametrize(("name", "owed"), DEBT.items())
def test_oc_ratio_sets_collateral_and_cash_against_the_classes_down_to_its_own(name, owed):
    """90 of par and 5 of cash; deferred interest is owed too, Class X is left out."""
    found = outcome(name, [loan("a", 60.0), loan("b", 30.0)], cash=5.0, classes=CLASSES, **NO_HAIRCUTS)

    assert found.numerator == pytest.approx(95.0)
    assert found.denominator == pytest.approx(owed)
    assert found.value == pytest.approx(95.0 / owed)


@pytest.mark.parametrize(
    ("name", "trigger"),
    [
        ("oc_ratio_class_ab", 1.25),
        ("oc_ratio_class_c", 1.15),
        ("oc_ratio_class_d", 1.08),
        ("oc_ratio_class_e", 1.04),
        ("par_value_class_a", 1.5),
    ],
)
def test_without_a_threshold_the_trigger_of_the_class_holds(name, trigger):
    """Of several classes with the letter, the last that states one; a threshold of the deal goes first."""
    pool = [loan("a", 90.0)]
    of_class = outcome(name, pool, threshold=None, classes=CLASSES, **NO_HAIRCUTS)
    of_deal = outcome(name, pool, threshold=1.0, classes=CLASSES, **NO_HAIRCUTS)

    assert (of_class.threshold, of_deal.threshold) == (trigger, 1.0)


def test_the_cushion_of_an_oc_ratio_is_the_par_that_may_be_lost():
    """95 of collateral less 1.04 x 85 owed."""
    found = outcome("oc_ratio_class_e", [loan("a", 90.0)], cash=5.0, threshold=None, classes=CLASSES, **NO_HAIRCUTS)

    assert found.cushion == pytest.approx(95.0 - 1.04 * 85.0)


def test_defaulted_deferring_discount_and_long_dated_assets_count_less():
    """The lower of market and recovery, the recovery rate, the purchase price, the long-dated value or less."""
    pool = [
        loan("plain", 50.0),
        loan("defaulted at market", 10.0, default_asset=True, market_value=30.0, mdy_recovery_rate=0.45),
        loan("defaulted at recovery", 10.0, default_asset=True, market_value=60.0, mdy_recovery_rate=0.45),
        loan("deferring", 10.0, piking=True, mdy_recovery_rate=0.5),
        loan("discount", 10.0, purchase_price=78.0),
        loan("cured", 10.0, purchase_price=78.0, is_discount_cured=1),
        loan("swapped", 10.0, purchase_price=78.0, is_swapped_discount=1),
        loan("late", 10.0, maturity=date(2027, 1, 1)),
        loan("late and cheap", 10.0, maturity=date(2027, 1, 1), market_value=65.0),
        loan("late discount", 10.0, maturity=date(2027, 1, 1), purchase_price=60.0),
    ]
    found = outcome("oc_ratio_class_e", pool, cash=1.0, classes=CLASSES, **HAIRCUTS)

    values = 50.0 + 3.0 + 4.5 + 5.0 + 7.8 + 10.0 + 10.0 + 7.0 + 6.5 + 6.0
    assert found.numerator == pytest.approx(values + 1.0)


def test_a_low_rated_loan_is_a_discount_obligation_at_a_higher_price():
    """Bought at 83: none at B3, one at Caa1."""
    pool = [
        loan("b3", 10.0, mdy_rating="B3", purchase_price=83.0),
        loan("caa1", 10.0, mdy_rating="Caa1", purchase_price=83.0),
    ]
    found = outcome("oc_ratio_class_e", pool, classes=CLASSES, **{**HAIRCUTS, "ccc_limit": 1.0})

    assert found.numerator == pytest.approx(10.0 + 8.3)


def test_the_excess_ccc_haircut_comes_off_once():
    """CCC bucket 20 of 90: 11 over the limit, the cheapest first; a discount obligation loses only what is left.

    10 at 50 that was bought at 60 counts 6 and loses 1 more; 1 of the other at 80 loses 0.2.
    """
    pool = [
        loan("plain", 70.0),
        loan("low", 10.0, sp_rating="CCC", market_value=50.0, purchase_price=60.0),
        loan("less low", 10.0, sp_rating="CCC+", market_value=80.0),
    ]
    found = outcome("oc_ratio_class_c", pool, cash=0.0, classes=CLASSES, **HAIRCUTS)

    assert found.numerator == pytest.approx(70.0 + 6.0 - 1.0 + 10.0 - 0.2)


IC = {"current_libor": 0.01, "collection_period_years": 0.25, "interest_proceeds": 0.1, "senior_expenses": 0.3}


@pytest.mark.parametrize(
    ("name", "due"), [("ic_ratio_class_ab", 0.62), ("ic_ratio_class_c", 0.74), ("ic_ratio_class_d", 0.84)]
)
def test_ic_ratio_sets_a_period_of_interest_against_what_the_classes_are_due(name, due):
    """LIBOR or floor and spread, or the coupon, for a quarter; defaulted and deferring assets pay nothing."""
    pool = [
        loan("floating", 40.0, cpn_spread=0.04, libor_floor=0.0),
        loan("floored", 20.0, cpn_spread=0.03, libor_floor=0.015),
        loan("fixed", 20.0, coupon_type="FIXED", coupon=0.08),
        loan("prime", 4.0, index_name="Prime", coupon=0.06),
        loan("defaulted", 10.0, default_asset=True),
        loan("deferring", 10.0, piking=True),
    ]
    found = outcome(name, pool, cash=3.0, classes=CLASSES, threshold=None, **IC)

    interest = 0.25 * (40.0 * 0.05 + 20.0 * 0.045 + 20.0 * 0.08 + 4.0 * 0.06) + 0.1 - 0.3
    assert found.numerator == pytest.approx(interest)
    assert found.denominator == pytest.approx(due)
    assert found.threshold == {"ic_ratio_class_ab": 1.2, "ic_ratio_class_c": 1.1, "ic_ratio_class_d": 1.05}[name]


def test_interest_diversion_has_all_classes_and_a_trigger_of_its_own():
    """As the most junior class, against the trigger among the deal's inputs."""
    pool = [loan("a", 88.0)]
    found = outcome(62, pool, threshold=None, classes=CLASSES, interest_diversion_trigger=1.05, **NO_HAIRCUTS)

    assert (found.denominator, found.threshold) == (85.0, 1.05)
    assert found.value == pytest.approx(88.0 / 85.0)
    assert not found.is_passed


def test_event_of_default_knows_no_haircut():
    """Defaulted assets at market value, nothing else cut, over Class A."""
    pool = [
        loan("plain", 40.0, purchase_price=50.0, maturity=date(2040, 1, 1)),
        loan("low", 30.0, sp_rating="CCC", market_value=40.0),
        loan("defaulted", 10.0, default_asset=True, market_value=60.0, mdy_recovery_rate=0.45),
    ]
    found = outcome(63, pool, cash=2.0, threshold=None, classes=CLASSES, event_of_default_trigger=1.025)

    assert found.value == pytest.approx((40.0 + 30.0 + 6.0 + 2.0) / 56.0)
    assert found.threshold == 1.025


def test_par_value_of_class_a_is_over_class_a_alone():
    """90 over A-1 and A-2."""
    found = outcome("par_value_class_a", [loan("a", 90.0)], classes=CLASSES, **NO_HAIRCUTS)

    assert found.value == pytest.approx(90.0 / 56.0)


def test_collateral_par_is_set_against_the_target():
    """Performing par and cash, the defaulted loan at the lower of market and recovery."""
    pool = [loan("a", 90.0, sp_rating="CCC", market_value=20.0), loan("b", 10.0, default_asset=True, market_value=30.0)]
    found = outcome(91, pool, cash=5.0, reinvestment_target_balance=100.0)

    assert found.value == pytest.approx((90.0 + 3.0 + 5.0) / 100.0)


def test_repaid_classes_make_a_test_not_applicable():
    """Nothing is owed, nothing can fail."""
    repaid = (ClassTerms(name="Class A", balance=0.0, oc_trigger=1.2),)
    found = outcome("par_value_class_a", [loan("a", 1.0)], threshold=None, classes=repaid, **NO_HAIRCUTS)

    assert (found.is_applicable, found.is_passed) == (False, True)


def test_a_class_that_the_deal_lacks_is_an_error():
    """CLO-1515 names the class and the test."""
    with pytest.raises(InputError, match=r"Class E, which Small does not have") as error:
        outcome("oc_ratio_class_e", [loan("a", 1.0)], classes=CLASSES[:-1], **NO_HAIRCUTS)

    assert error.value.number == "CLO-1515"


def test_interest_due_that_nobody_entered_is_an_error():
    """CLO-1516 instead of a ratio over nothing, which would pass."""
    classes = (ClassTerms(name="Class A", balance=10.0), ClassTerms(name="Class B", balance=5.0, interest_due=0.1))
    with pytest.raises(InputError, match="interest due to Class A") as error:
        outcome("ic_ratio_class_ab", [loan("a", 1.0)], classes=classes, **IC)

    assert error.value.number == "CLO-1516"


def test_a_deal_without_trigger_and_threshold_is_an_error():
    """CLO-1505 where neither the deal nor the class states a level."""
    classes = (ClassTerms(name="Class A", balance=10.0),)
    with pytest.raises(InputError) as error:
        outcome("par_value_class_a", [loan("a", 1.0)], threshold=None, classes=classes, **NO_HAIRCUTS)

    assert error.value.number == "CLO-1505"


def test_the_drivers_of_a_plain_coverage_ratio_are_the_positions_below_par():
    """The defaulted loan is 7 short of par; performing ones are not."""
    pool = [loan("a", 90.0), loan("b", 10.0, default_asset=True, market_value=30.0)]
    found = evaluated(definition_of(91), pool, threshold=1.0, parameters={"reinvestment_target_balance": 100.0})

    assert drivers(found, 91) == [("b", pytest.approx(7.0))]
