"""Plans: what is refused, which draws are left out, and where on the grid the lives of loans end."""

import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from engine.errors import InputError
from engine.rating_migration.dependence import CholeskyFactor, FactorLoadings
from engine.rating_migration.draws import Draws, Method
from engine.rating_migration.factor_model import FactorModel, one_factor
from engine.rating_migration.fields import DEFAULTED
from engine.rating_migration.grid import listed_grid
from engine.rating_migration.plan import SimulationPlan, plan_by_issuer, plan_simulation
from engine.rating_migration.transition import Step, rating_transitions, thresholds
from tests.rating_migration.made_plans import (
    AS_OF,
    FAR,
    B,
    all_states,
    loans,
    made_loadings,
    made_transitions,
    plain_plan,
    years_of,
)

DRAWS = Draws(seed=5, n_simulations=256)
QUARTERS = years_of(1, Step.QUARTERLY)


@pytest.mark.parametrize("dependence", [one_factor(4, 0.3), CholeskyFactor(lower=np.eye(2))])
def test_a_dependence_of_other_assets_is_refused(dependence: FactorLoadings | CholeskyFactor) -> None:
    """Four or two, where three loans are simulated."""
    n = 4 if isinstance(dependence, FactorLoadings) else 2

    with pytest.raises(InputError, match=f"CLO-1836: The dependence is about {n} assets, the simulation about 3"):
        plan_simulation(loans([B] * 3), QUARTERS, made_transitions(), dependence, DRAWS)


def test_the_dependence_of_issuers_is_about_issuers() -> None:
    """Three loans of two issuers need two rows."""
    with pytest.raises(InputError, match="CLO-1836: The dependence is about 3 assets, the simulation about 2"):
        plan_by_issuer(loans([B] * 3), ["x", "y", "x"], QUARTERS, made_transitions(), one_factor(3, 0.3), DRAWS)


def test_a_matrix_of_other_states_is_refused() -> None:
    """Five states are not the eighteen that ratings have."""
    five = rating_transitions(("A", "B", "C", "E", "D"), np.eye(5))

    with pytest.raises(InputError, match="CLO-1837: The transition matrix has 5 states, a simulation 18"):
        plan_simulation(loans([B]), QUARTERS, five, one_factor(1, 0.3), DRAWS)


def test_draws_that_the_dependence_does_not_allow_are_refused() -> None:
    """Sobol points under a full matrix."""
    sobol = Draws(seed=5, n_simulations=2048, method=Method.SOBOL)

    with pytest.raises(InputError, match="CLO-1834"):
        plan_simulation(loans([B]), QUARTERS, made_transitions(), CholeskyFactor(lower=np.eye(1)), sobol)


def plan_with(loadings: FactorLoadings) -> SimulationPlan:
    """Six B loans over four quarters of fast moves."""
    return plan_simulation(loans([B] * 6), QUARTERS, made_transitions(5.0), loadings, DRAWS)


def test_idle_factors_are_not_drawn_and_change_no_path() -> None:
    """A level that loads nothing goes, and so do factors behind the last that does; the others keep their draws."""
    busy = made_loadings(2, 6, 3, 2, persistence=0.4)
    idle = replace(
        busy,
        factor=np.column_stack((np.full(6, 5), busy.factor, np.full(6, 7))),
        loading=np.column_stack((np.zeros(6), busy.loading, np.zeros(6))),
        n_factors=9,
    )
    plan = plan_with(idle)

    assert isinstance(plan.dependence, FactorLoadings)
    assert plan.dependence.n_factors == 3
    assert_array_equal(plan.dependence.factor, busy.factor)
    assert_array_equal(all_states(plan), all_states(plan_with(busy)))


def test_a_factor_keeps_its_draws_where_one_before_it_is_idle() -> None:
    """Industries and issuers without a market: the paths are those with a market of next to no weight."""
    labels = ["a", "a", "b", "b", "c", "c"], ["x", "x", "x", "y", "y", "y"]
    none, hardly = (FactorModel(market=rho, industry=0.3, issuer=0.5).loadings(*labels) for rho in (0.0, 1e-30))

    assert_array_equal(all_states(plan_with(none)), all_states(plan_with(hardly)))


def test_loans_without_common_factors_draw_none() -> None:
    """Correlation 0."""
    plan = plan_with(one_factor(6, 0.0))

    assert isinstance(plan.dependence, FactorLoadings)
    assert plan.dependence.n_factors == 0
    assert plan.dependence.factor.shape == (6, 0)


@pytest.mark.parametrize(
    ("maturity", "last_period", "months"),
    [
        (date(2016, 3, 22), 0, None),
        (AS_OF, 0, None),
        (date(2016, 4, 23), 1, 1.0),
        (date(2016, 6, 23), 1, 3.0),
        (date(2016, 6, 24), 2, 1 / 30),
        (date(2016, 8, 23), 2, 2.0),
        (date(2016, 9, 7), 2, 2 + 15 / 31),
        (date(2017, 3, 22), 4, 2 + 27 / 28),
        (date(2017, 3, 23), 4, 3.0),
        (date(2017, 3, 24), 5, None),
        (FAR, 5, None),
    ],
)
def test_lives_end_at_between_and_after_grid_dates(maturity: date, last_period: int, months: float | None) -> None:
    """The period in which a loan matures, 0 for before and T + 1 for after, and the thresholds of the step to it."""
    transitions = made_transitions()
    plan = plan_simulation(loans([B], [maturity]), QUARTERS, transitions, one_factor(1, 0.3), DRAWS)

    assert plan.walk.last_period.tolist() == [last_period]
    assert (plan.n_periods, plan.n_assets, plan.asset_ids) == (4, 1, ("MADE00000",))
    assert len(set(plan.walk.period_table.tolist())) == 1
    assert_array_equal(plan.walk.thresholds[plan.walk.period_table[0]], thresholds(transitions.over(0.25)))
    if months is not None:
        table = plan.walk.thresholds[plan.walk.stub_table[0]]
        assert_allclose(table, thresholds(transitions.over(months / 12.0)), rtol=1e-12)


def test_steps_of_one_length_share_a_table() -> None:
    """Five steps of three lengths and a stub of one of them."""
    grid = listed_grid(AS_OF, [date.fromordinal(AS_OF.toordinal() + days) for days in (91, 182, 274, 275, 366)])
    stub = date.fromordinal(AS_OF.toordinal() + 183)
    plan = plan_simulation(loans([B], [stub]), grid, made_transitions(), one_factor(1, 0.3), DRAWS)

    tables = plan.walk.period_table.tolist()
    assert tables[0] == tables[1] == tables[4]
    assert len({*tables}) == len(plan.walk.thresholds) == 3
    assert plan.walk.stub_table.tolist() == [tables[3]]


def test_issuers_live_as_long_as_their_last_loan_and_start_at_the_weakest() -> None:
    """Order of the first loans; notches of the loans; loans in default have no say."""
    assets = loans([B, 5, DEFAULTED, B + 1, DEFAULTED], [date(2016, 5, 1), FAR, FAR, date(2016, 12, 1), FAR])
    plan = plan_by_issuer(assets, ["x", "y", "y", "x", "z"], QUARTERS, made_transitions(), one_factor(3, 0.3), DRAWS)

    assert plan.issuers is not None
    assert plan.walk.initial.tolist() == [B + 1, 5, DEFAULTED]
    assert plan.walk.last_period.tolist() == [3, 5, 5]
    assert plan.issuers.issuer.tolist() == [0, 1, 1, 0, 2]
    assert plan.issuers.notches.tolist() == [-1, 0, DEFAULTED, 0, DEFAULTED]
    assert plan.issuers.last_period.tolist() == [1, 5, 5, 3, 5]
    assert (plan.issuers.stub_share[3] == 1.0).all()
    assert ((plan.issuers.stub_share[0] > 0.0) & (plan.issuers.stub_share[0] < 1.0)).all()


def test_a_plan_can_be_sent_to_another_process() -> None:
    """Pickled and read again, it walks the same paths."""
    plan = plain_plan(5, draws=DRAWS)

    sent: SimulationPlan = pickle.loads(pickle.dumps(plan))  # noqa: S301 (made just here)
    assert_array_equal(all_states(sent), all_states(plan))
