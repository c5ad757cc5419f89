"""Many scenarios at once: each equals the same scenario on its own, whoever its neighbours are."""

from dataclasses import replace

import numpy as np
import pytest

from engine.deal.assumptions import BASE, STRESS, Scenario, scaled, shifted
from engine.deal.results import FEE_COLUMNS, INCENTIVE_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.deal.run import DealMarket, run_deal, run_many
from engine.errors import InputError
from tests.deal.made_deals import AS_OF, market, plain_deal

SCENARIOS = (
    BASE,
    STRESS,
    Scenario(name="LOW RATES", curve_shift=-0.004),
    Scenario(name="LOSSES", cdr_multiplier=9.0, severity_shift=0.5),
    Scenario(name="NO PREPAYMENT", cpr_multiplier=0.0),
)


def shocked_run(scenario: Scenario) -> DealResult:
    """The deal with its terms shocked beforehand, run alone."""
    deal = plain_deal()
    deal = replace(
        deal,
        holdings=tuple(replace(item, assumptions=scenario.shock(item.assumptions)) for item in deal.holdings),
        reinvestment=scenario.shock_reinvestment(deal.reinvestment),
    )
    base = market()
    return run_deal(deal, DealMarket(base.calendar, base.curve.shifted(scenario.curve_shift)), AS_OF)


def test_a_scenario_among_many_equals_the_scenario_alone() -> None:
    """Risk measures, totals and last period agree with a run whose assumptions were shocked beforehand."""
    found = run_many(plain_deal(), market(), AS_OF, SCENARIOS)

    paid = [TRANCHE_COLUMNS.index(n) for n in ("interest_paid", "deferred_interest_paid", "deferred_principal_paid")]
    for s, scenario in enumerate(SCENARIOS):
        alone = shocked_run(scenario)
        np.testing.assert_allclose(found.risk[s], alone.risk, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found.interest[s], alone.tranches[:, :, paid].sum(axis=(0, 2)), rtol=1e-12)
        np.testing.assert_allclose(
            found.principal[s], alone.tranches[:, :, TRANCHE_COLUMNS.index("principal_paid")].sum(axis=0), rtol=1e-12
        )
        np.testing.assert_allclose(found.fees[s], alone.fees[:, :, FEE_COLUMNS.index("paid")].sum(axis=0), rtol=1e-12)
        assert found.incentive[s] == pytest.approx(
            alone.incentive[:, INCENTIVE_COLUMNS.index("fee_paid")].sum(), rel=1e-12
        )
        assert found.last_period[s] == alone.last_period


def test_neighbours_and_order_do_not_change_a_figure() -> None:
    """The same scenario has the same bits first, last, and among a hundred others on any number of threads."""
    crowd = tuple(Scenario(name=str(i), cdr_multiplier=0.05 * i) for i in range(100))

    forward = run_many(plain_deal(), market(), AS_OF, (*crowd, STRESS))
    backward = run_many(plain_deal(), market(), AS_OF, (STRESS, *reversed(crowd)))
    alone = run_many(plain_deal(), market(), AS_OF, (STRESS,))

    np.testing.assert_array_equal(forward.risk[-1], alone.risk[0])
    np.testing.assert_array_equal(backward.risk[0], alone.risk[0])
    np.testing.assert_array_equal(forward.risk[:-1], backward.risk[:0:-1])


def test_more_defaults_never_leave_more_for_the_sub_notes() -> None:
    """Cash to the equity falls as defaults rise."""
    grid = tuple(Scenario(name=str(i), cdr_multiplier=0.5 * i) for i in range(12))

    found = run_many(plain_deal(), market(), AS_OF, grid)

    equity = (found.interest + found.principal)[:, -1]
    assert np.all(np.diff(equity) <= 1e-6 * equity[0])


def test_shocks_stay_within_their_bounds() -> None:
    """A rate never exceeds 1, a severity stays within 0 and 1, and no shock leaves every bit as it was."""
    assert scaled((0.3, 0.6), 2.0) == (0.6, 1.0)
    assert scaled(0.1 + 0.2, 1.0) == 0.1 + 0.2
    assert shifted(0.9, 0.2) == 1.0
    assert shifted((0.1, 0.5), -0.2) == (0.0, 0.3)
    with pytest.raises(InputError, match="CLO-1310: Scenario 'X' has a negative multiplier"):
        Scenario(name="X", cdr_multiplier=-1.0)
