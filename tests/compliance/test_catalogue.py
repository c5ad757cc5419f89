"""The catalogue itself: 91 tests, what each of them says, and that it needs what it says it needs."""

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.compliance.catalogue import BY_ID, BY_NAME, CATALOGUE, definition_of
from engine.compliance.definition import Category, Definition, Standing
from engine.compliance.evaluation import evaluate
from engine.compliance.glossary import FACTS, PARAMETERS
from engine.compliance.plan import plan_of
from engine.compliance.terms import TestSetting
from engine.errors import InputError
from tests.compliance.made_portfolios import Made, made, made_settings

LAST_LEGACY_TEST = 54
_STUBS = {45, 47, 48}
_MATRIX_POINT = re.compile(r"matrix_(factor|modifier)_\d+_\d+")

each_test = pytest.mark.parametrize("definition", CATALOGUE, ids=[definition.name for definition in CATALOGUE])


@pytest.fixture(scope="module")
def deal() -> Made:
    """A deal that states everything."""
    return made(40, 5, tests=[1])


def test_ids_run_from_1_to_91_without_gaps():
    """In order."""
    assert [definition.id for definition in CATALOGUE] == list(range(1, 92))


def test_names_are_unique_and_in_snake_case():
    """Names are what people type; labels are what they read."""
    assert len(BY_NAME) == len(BY_ID) == len(CATALOGUE)
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name) for name in BY_NAME)
    assert len({definition.label for definition in CATALOGUE}) == len(CATALOGUE)


@each_test
def test_every_test_says_what_it_is(definition):
    """Formula, source, direction, unit; denominators but for scores; the tests of the legacy model their old names."""
    assert definition.numerator
    assert definition.formula
    assert definition.source
    assert not definition.label[0].islower()
    assert bool(definition.legacy_label) == bool(definition.legacy_member) == (definition.id <= LAST_LEGACY_TEST)
    assert (definition.standing is Standing.STUB) == (definition.id in _STUBS)
    assert definition.id <= LAST_LEGACY_TEST or not definition.leader


def test_legacy_members_are_unique():
    """They tell tests apart whose labels the workbook uses twice."""
    members = [definition.legacy_member for definition in CATALOGUE if definition.legacy_member]

    assert len(set(members)) == len(members) == LAST_LEGACY_TEST


def test_every_category_is_in_use():
    """No empty page of a report."""
    assert {definition.category for definition in CATALOGUE} == set(Category)


def one_test(deal: Made, definition: Definition, threshold: float | None = 1.0) -> TestSetting:
    return TestSetting(test_id=definition.id, direction=definition.direction, threshold=threshold)


@each_test
def test_the_parameters_listed_are_all_that_a_test_needs(deal, definition):
    """With these alone it runs."""
    stated = {
        name: value
        for name, value in deal.terms.parameters.items()
        if name in definition.parameters or (_MATRIX_POINT.fullmatch(name) and "matrix_spread" in definition.parameters)
    }
    terms = replace(deal.terms, parameters=stated)
    plan = plan_of(deal.portfolio, terms, [one_test(deal, definition)])

    assert np.isfinite(evaluate(plan, deal.holdings).value).all()


@each_test
def test_each_parameter_listed_is_needed(deal, definition):
    """Without it there is CLO-1502 with the number of the test and the name of the input."""
    for missing in definition.parameters:
        terms = replace(deal.terms, parameters={k: v for k, v in deal.terms.parameters.items() if k != missing})
        with pytest.raises(InputError, match=rf"Test {definition.id} needs `{missing}`") as error:
            plan_of(deal.portfolio, terms, [one_test(deal, definition)])
        assert error.value.number == "CLO-1502"


@each_test
def test_each_fact_listed_is_needed_and_no_other(deal, definition):
    """Without it there is CLO-1507; facts that are read only where they are stated may be missing."""
    for missing in definition.asset_facts:
        with pytest.raises(InputError, match=rf"Test {definition.id} needs `{missing}`") as error:
            plan_of(_without(deal, missing).portfolio, deal.terms, [one_test(deal, definition)])
        assert error.value.number == "CLO-1507"
    stated = {name: values for name, values in deal.portfolio.extra.items() if name in definition.asset_facts}
    no_haircuts = {"discount_price": 0.0, "discount_price_below_b3": 0.0}
    terms = replace(deal.terms, parameters={**deal.terms.parameters, **no_haircuts})
    portfolio = replace(deal.portfolio, extra=stated)

    assert len(plan_of(portfolio, terms, [one_test(deal, definition)])) == 1


def _without(deal: Made, fact: str) -> Made:
    extra = {name: values for name, values in deal.portfolio.extra.items() if name != fact}
    return replace(deal, portfolio=replace(deal.portfolio, extra=extra))


@each_test
def test_a_test_without_threshold_has_a_formula_or_a_trigger_or_is_an_error(deal, definition):
    """CLO-1505 for every other one."""
    if definition.threshold is not None or definition.trigger is not None:
        assert np.isfinite(plan_of(deal.portfolio, deal.terms, [one_test(deal, definition, None)]).levels[0])
        return
    with pytest.raises(InputError) as error:
        plan_of(deal.portfolio, deal.terms, [one_test(deal, definition, None)])

    assert error.value.number == "CLO-1505"


def test_all_91_tests_run_together():
    """And a test has the same result alone as among the others."""
    deal = made(60, 9, defaulted=0.05)
    together = evaluate(deal.plan, deal.holdings)

    assert len(together.plan) == 91
    for place, setting in enumerate(deal.settings):
        alone = evaluate(plan_of(deal.portfolio, deal.terms, [setting]), deal.holdings)
        assert (alone.value[0], alone.threshold[0]) == (together.value[place], together.threshold[place])


def test_made_settings_follow_the_list_asked_for(deal):
    """One setting for each test, in the order given."""
    found = made_settings(deal.portfolio, deal.holdings, deal.terms, [91, 3, 55], 0.1)

    assert [setting.test_id for setting in found] == [91, 3, 55]


@pytest.mark.parametrize(
    ("wanted", "advice"), [("oc_ratio_class_f", "oc_ratio_class_"), (92, "1 to 91"), (0, "1 to 91")]
)
def test_an_unknown_test_is_an_error_with_advice(wanted, advice):
    """The nearest name, or the range of the ids."""
    with pytest.raises(InputError) as error:
        definition_of(wanted)

    assert error.value.number == "CLO-1503"
    assert advice in error.value.remedy


def test_the_glossary_explains_every_input_that_a_test_names():
    """Parameters and facts, required or read where they are stated, and none that no test names."""
    parameters = {name for item in CATALOGUE for name in (*item.parameters, *item.further_parameters)}
    facts = {name for item in CATALOGUE for name in (*item.asset_facts, *item.further_facts)}

    assert set(PARAMETERS) == parameters
    assert set(FACTS) == facts
