"""Break-evens: the first loss on the way up, found to a bracket, or the reason why there is none."""

from dataclasses import replace

import numpy as np
import pytest

from engine.collateral.assumptions import RATING_DRIVEN, AssetAssumptions
from engine.deal.breakeven import TOLERANCE, break_even
from engine.deal.grid import Grid
from engine.deal.grid_results import Axis, Ending, Measure, PointResults
from engine.deal.points import DealRun, run_at
from engine.errors import InputError
from engine.waterfall.parser import parse_program
from tests.deal.made_deals import loan, plain_deal
from tests.deal.test_grid import run_of, stopping_run

CREDIT = {Axis.CPR: 0.1, Axis.SEVERITY: 0.5, Axis.LAG: 6.0}
NOTES = range(6)


def at_rates(run: DealRun, axis: Axis, rates: list[float]) -> PointResults:
    return run_at(run, Grid.of({axis: rates, **{axis: (value,) for axis, value in CREDIT.items()}}).points())


@pytest.mark.parametrize("measure", list(Measure))
def test_below_there_is_no_loss_and_above_there_is_one(measure: Measure) -> None:
    """Runs of their own just below and above each break-even, which grows with seniority."""
    found = break_even(run_of(), measure, CREDIT, NOTES)

    values = [item.value for item in found]
    assert values == sorted(values, reverse=True)
    for place, item in enumerate(found):
        if item.ending is not Ending.FOUND:
            assert item.ending is Ending.NO_LOSS
            assert item.value == item.limit
            continue
        assert item.low == item.value < item.high <= item.low * (1 + 2 * TOLERANCE)
        around = at_rates(run_of(), measure.axis, [item.value * (1 - 1e-5), min(item.value * (1 + 1e-4), item.limit)])
        assert around.has_loss[:, place].tolist() == [False, True]
    assert sum(item.ending is Ending.FOUND for item in found) >= 4


def test_a_multiplier_of_a_flat_pool_is_the_rate_it_makes() -> None:
    """Where every asset assumes 2 %, the break-even multiplier is the break-even CDR over 2 %."""
    rate = break_even(run_of(), Measure.CDR, CREDIT, (5,))[0]
    multiplier = break_even(run_of(), Measure.MULTIPLIER, CREDIT, (5,))[0]

    assert multiplier.value * 0.02 == pytest.approx(rate.value, rel=3 * TOLERANCE)
    assert multiplier.limit == 50.0


def test_no_severity_is_no_loss_at_any_rate_of_default() -> None:
    """Defaults that are recovered whole and at once cost the senior class nothing: the answer is the limit."""
    found = break_even(run_of(), Measure.CDR, {Axis.SEVERITY: 0.0, Axis.LAG: 0.0}, (0,))[0]

    assert (found.ending, found.value) == (Ending.NO_LOSS, 1.0)
    assert np.isnan([found.low, found.high]).all()


def test_a_class_that_loses_without_defaults_has_no_rate() -> None:
    """A class larger than its collateral loses at a CDR of 0: that is the answer, not an error."""
    deal = plain_deal()
    first = replace(deal.tranches[0], original_balance=3e8, current_balance=3e8)
    found = break_even(run_of(replace(deal, tranches=(first, *deal.tranches[1:]))), Measure.CDR, {}, (0,))[0]

    assert found.ending is Ending.LOSS_AT_ZERO
    assert np.isnan(found.value)


def test_no_assumed_default_has_no_multiplier() -> None:
    """Nothing times anything stays nothing; assets that default by rating have no rate to multiply."""
    deal = plain_deal(holdings=(loan(1, 1e8, months=60, assumptions=AssetAssumptions(cdr=RATING_DRIVEN)),))
    deal = replace(deal, reinvestment=replace(deal.reinvestment, cdr=0.0))
    found = break_even(run_of(deal), Measure.MULTIPLIER, {}, (0,))[0]

    assert found.ending is Ending.NO_DEFAULTS


def test_a_run_that_stops_ends_the_search_with_its_reason() -> None:
    """Where the program stops before a loss is seen, the rate below and the reason are told."""
    found = break_even(stopping_run(), Measure.CDR, {Axis.SEVERITY: 0.6}, (0,))[0]

    assert found.ending is Ending.STOPPED
    assert "RAISE: the program stops here" in found.reason
    assert 0.0 < found.value < 1.0


def test_the_first_of_several_losses_counts() -> None:
    """A dense scan of the same rates shows no loss anywhere below a break-even."""
    found = break_even(run_of(), Measure.CDR, CREDIT, NOTES)
    for place, item in enumerate(found):
        below = at_rates(run_of(), Axis.CDR, np.linspace(0.0, item.value, 500).tolist())

        assert not below.has_loss[:, place].any()


def test_sub_notes_and_impossible_credit_are_refused() -> None:
    """CLO-1346 for the class that is owed nothing, CLO-1340 for a severity beyond everything."""
    with pytest.raises(InputError, match="CLO-1346: Sub Notes has no break-even"):
        break_even(run_of(), Measure.CDR, {}, (6,))
    with pytest.raises(InputError, match=r"CLO-1340: 1\.2 cannot stand on the axis severity"):
        break_even(run_of(), Measure.CDR, {Axis.SEVERITY: 1.2}, (0,))


ONE_CLASS = """tranches A SUB
control A>A
oc A: A; ID: A; EOD: A
ic A: A
INT:
  INT A
  EQUITY I
PRIN:
  PRN A
  EQUITY P
NPS:
  EQUITY P
EOD:
  PRN A
  EQUITY P
"""


def test_one_class_breaks_even_where_the_formula_says() -> None:
    """A loan of 100 without coupon and recoveries repays a class of 60 as long as 100 (1 - c) ** years is 60.

    Its rates apply from its last payment before the analysis date, 11 March 2016, to its maturity on 15 July 2020:
    1,564 days of 30/360.
    """
    terms = AssetAssumptions(severity=1.0)
    asset = loan(1, 1e8, months=48, assumptions=terms, coupon_type="FIXED", coupon=0.0, day_count="30/360")
    deal = plain_deal(holdings=(asset,), accounts=(), fees=(), purchased_accrued_interest=0.0)
    only = replace(
        deal.tranches[0], name="Class A", original_balance=6e7, current_balance=6e7, spread=0.0, is_fixed=True
    )
    deal = replace(
        deal,
        tranches=(only, deal.tranches[-1]),
        reinvestment=replace(deal.reinvestment, pre_fraction=0.0, post_fraction=0.0),
    )
    found = break_even(replace(run_of(deal), program=parse_program(ONE_CLASS)), Measure.CDR, {}, (0,))[0]

    assert found.value == pytest.approx(1.0 - 0.6 ** (360 / 1564), rel=2 * TOLERANCE)
