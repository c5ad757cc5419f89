"""Tests 1 to 54 of random deals beside a plain loop over their assets."""

import pytest
from hypothesis import given, settings

from engine.compliance.evaluation import evaluate
from tests.compliance.made_portfolios import Made, made, made_deals
from tests.compliance.slow_tests import slow_test

_LAST_LEGACY_TEST = 54
_RELATIVE, _ABSOLUTE = 1e-12, 1e-6


def agree(deal: Made) -> None:
    """Values, numerators, denominators and computed thresholds of tests 1 to 54 are those of the slow loop."""
    found = evaluate(deal.plan, deal.holdings)
    positions = list(zip(deal.portfolio.assets, deal.holdings.par, strict=True))
    for test_id in range(1, _LAST_LEGACY_TEST + 1):
        place = found.of(test_id)
        slow = slow_test(test_id, positions, deal.holdings.cash, deal.terms)
        assert found.value[place] == pytest.approx(slow.value, rel=1e-11, abs=1e-14), test_id
        if slow.denominator > 0.0:
            assert found.numerator[place] == pytest.approx(slow.numerator, rel=_RELATIVE, abs=_ABSOLUTE), test_id
            assert found.denominator[place] == pytest.approx(slow.denominator, rel=_RELATIVE), test_id
        if slow.threshold is not None:
            assert found.threshold[place] == pytest.approx(slow.threshold, rel=_RELATIVE), test_id


@given(made_deals(largest=40, defaulted=0.1))
@settings(deadline=None, max_examples=60)
def test_any_deal_is_tested_as_by_a_plain_loop(deal):
    """Every one of the first 54 tests of a random deal has the value that one loop over its assets gives."""
    agree(deal)


@pytest.mark.parametrize("n", [195, 1004])
def test_a_large_deal_is_tested_as_by_a_plain_loop(n):
    """The same at the sizes of a deal and of a universe, some loans defaulted, half of them held."""
    agree(made(n, 11, held=0.5, defaulted=0.03))
