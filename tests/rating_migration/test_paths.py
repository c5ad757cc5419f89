"""Paths from the kernels against a walk in plain numpy over the same random words; the rules of spec 04 §6, §11.5."""

from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.linalg import cholesky

from engine.rating_migration.dependence import CholeskyFactor, Dependence
from engine.rating_migration.draws import Draws, Method
from engine.rating_migration.factor_model import one_factor
from engine.rating_migration.fields import DEFAULTED, MATURED
from engine.rating_migration.grid import DateGrid
from engine.rating_migration.kernels_paths import Walk, new_scratch, step_shocks
from engine.rating_migration.plan import SimulatedAsset, SimulationPlan, plan_by_issuer, plan_simulation
from engine.rating_migration.transition import Step, thresholds
from engine.rating_migration.walking import ChunkWalker
from tests.rating_migration.made_plans import (
    AS_OF,
    CCC,
    FAR,
    B,
    all_states,
    loans,
    made_loadings,
    made_pool,
    made_transitions,
    slow_shocks,
    slow_uniforms,
    slow_walk,
    uneven_grid,
    years_of,
)

N = 45
LEGACY_QUARTER = np.array(
    [
        [0.987020, 0.012076, 0.000904, 0.000000, 0.000000],
        [0.010785, 0.962194, 0.022492, 0.002496, 0.002033],
        [0.000265, 0.016969, 0.955673, 0.018661, 0.008432],
        [0.000000, 0.000493, 0.038729, 0.878794, 0.081984],
        [0.000000, 0.000000, 0.000000, 0.000000, 1.000000],
    ]
)
"""The quarterly matrix of spec 04 §3.5: investment grade, BB, B, CCC, default."""


def dense(seed: int, n: int) -> CholeskyFactor:
    """A full matrix of random correlations, negative ones among them."""
    rng = np.random.default_rng(seed)
    covariance = np.cov(rng.standard_normal((n, 2 * n)) + 0.5 * rng.standard_normal(2 * n))
    deviation = np.sqrt(np.diag(covariance))
    return CholeskyFactor(lower=cholesky(covariance / np.outer(deviation, deviation), lower=True))


DEPENDENCES = {
    "one factor": one_factor(N, 0.3),
    "three levels, persistent": made_loadings(3, N, 7, 3, persistence=0.7),
    "no factor": one_factor(N, 0.0),
    "full matrix": dense(4, N),
}
GRIDS = {"regular": years_of(4, Step.SEMI_ANNUAL), "uneven": uneven_grid()}


@pytest.mark.parametrize("method", [Method.PSEUDO, Method.ANTITHETIC])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("dependence", DEPENDENCES.values(), ids=DEPENDENCES)
def test_paths_are_those_of_a_plain_walk(dependence: Dependence, grid: DateGrid, method: Method) -> None:
    """Every state of 45 loans in 512 simulations: any start, default and maturity included, several step lengths."""
    assets, draws = made_pool(5, N, grid), Draws(seed=99, n_simulations=512, method=method)
    transitions = made_transitions(3.0)
    plan = plan_simulation(assets, grid, transitions, dependence, draws)
    shocks = slow_shocks(plan)

    expected = slow_walk(assets, grid, transitions, shocks)

    assert_array_equal(all_states(plan), expected)
    assert {*np.unique(expected).tolist()} == set(range(19))


def test_single_precision_never_decides_at_a_threshold() -> None:
    """A million steps of loans that move often agree with the plain walk."""
    grid, transitions = years_of(2, Step.MONTHLY), made_transitions(5.0)
    assets = made_pool(8, 24, grid)
    plan = plan_simulation(assets, grid, transitions, made_loadings(9, 24, 3, 2), Draws(seed=1, n_simulations=2048))

    assert_array_equal(all_states(plan), slow_walk(assets, grid, transitions, slow_shocks(plan)))


def five_states(period: np.ndarray) -> np.ndarray:
    """Thresholds of a matrix of five states in the layout of eighteen: those between CCC and default are never met."""
    matrix = np.zeros((18, 18))
    matrix[:4, :4], matrix[:4, -1] = period[:4, :4], period[:4, 4]
    matrix[4:, -1] = 1.0
    return thresholds(matrix)


@pytest.mark.parametrize(
    ("shocks", "expected"), [((2.60, 0.3 * 2.60 + 0.953939 * 2.10), (2, 17)), ((2.61, 2.389), (3, 3))]
)
def test_the_worked_draw_comes_out(shocks: tuple[float, float], expected: tuple[int, int]) -> None:
    """Spec 04 §11.2: 2.60 takes BB to B, 2.783 takes B to default; just past and just before a threshold."""
    walk = Walk(
        thresholds=five_states(LEGACY_QUARTER)[np.newaxis],
        period_table=np.zeros(1, dtype=np.int64),
        stub_table=np.zeros(2, dtype=np.int64),
        last_period=np.full(2, 2, dtype=np.int64),
        initial=np.array([1, 2], dtype=np.uint8),
    )
    states = np.zeros((2, 2, 8), np.uint8)

    step_shocks(walk, 1, np.repeat(np.array([shocks]).T, 8, axis=1), new_scratch(2, 0, 8), states)

    assert_array_equal(states[0], np.repeat([[1], [2]], 8, axis=1))
    assert_array_equal(states[1], np.repeat([[expected[0]], [expected[1]]], 8, axis=1))


def test_the_worked_shocks_come_from_their_factor() -> None:
    """Rows of the Cholesky factor of correlation 0.30: 2.60000 and 2.78327."""
    lower = cholesky(np.array([[1.0, 0.3], [0.3, 1.0]]), lower=True)

    assert (lower @ [2.60, 2.10]).tolist() == pytest.approx([2.60000, 2.78327], abs=5.1e-6)


def test_default_and_maturity_are_for_ever() -> None:
    """No state follows them; what was in default or due at the start stays so."""
    grid = years_of(4, Step.QUARTERLY)
    assets = (*loans([DEFAULTED, DEFAULTED, B], [AS_OF, FAR, AS_OF]), *made_pool(6, 40, grid))
    plan = plan_simulation(assets, grid, made_transitions(4.0), one_factor(43, 0.3), Draws(seed=5, n_simulations=256))

    states = all_states(plan)

    for absorbing in (DEFAULTED, MATURED):
        is_there = states == absorbing
        assert not (is_there[:-1] & ~is_there[1:]).any()
    assert (states[:, :2] == DEFAULTED).all()
    assert (states[:, 2] == MATURED).all()
    n_matured = (states[-1, 3:] == MATURED).any(axis=1).sum()
    assert n_matured > 20


def test_a_loan_can_default_in_the_stub_before_its_maturity() -> None:
    """T11: a B loan due two months after a quarter's end defaults in them as the matrix of two months says."""
    grid, n_simulations = years_of(1, Step.QUARTERLY), 100_000
    transitions = made_transitions(2.0)
    plan = plan_simulation(
        loans([B, CCC], [date(2016, 8, 23)] * 2),
        grid,
        transitions,
        one_factor(2, 0.3),
        Draws(seed=3, n_simulations=n_simulations),
    )
    states = all_states(plan)

    stub = transitions.over(2 / 12)[:17, 17]
    for i, start in enumerate((B, CCC)):
        before = transitions.over(0.25)[start, :17]
        expected = float(before @ stub)
        found = float(((states[2, i] == DEFAULTED) & (states[1, i] < DEFAULTED)).mean())
        assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / n_simulations))
        assert expected > 0.01
    assert np.isin(states[2:], (DEFAULTED, MATURED)).all()


def issuer_plan(
    assets: tuple[SimulatedAsset, ...], issuers: list[str], n_simulations: int = 512, method: Method = Method.PSEUDO
) -> SimulationPlan:
    """Loans of issuers with correlation 0.30 over two years of quarters."""
    n_issuers = len(set(issuers))
    return plan_by_issuer(
        assets,
        issuers,
        years_of(2, Step.QUARTERLY),
        made_transitions(4.0),
        one_factor(n_issuers, 0.3),
        Draws(seed=11, n_simulations=n_simulations, method=method),
    )


def test_loans_of_an_issuer_default_together_and_keep_their_notches() -> None:
    """Three loans, the strongest two notches above the weakest; the issuer moves as its weakest loan alone would."""
    assets = loans([B, B - 2, B, CCC])
    plan = issuer_plan(assets, ["x", "x", "x", "y"])

    states = all_states(plan).astype(int)

    assert_array_equal(states[:, 0], states[:, 2])
    assert_array_equal(states[:, 0] == DEFAULTED, states[:, 1] == DEFAULTED)
    is_alive = states[:, 0] < DEFAULTED
    assert_array_equal(states[:, 1][is_alive], np.maximum(states[:, 0] - 2, 0)[is_alive])
    alone = plan_simulation(loans([B, CCC]), plan.grid, made_transitions(4.0), one_factor(2, 0.3), plan.draws)
    assert_array_equal(states[:, [0, 3]], all_states(alone))
    assert (states[-1, 0] == DEFAULTED).any()


def test_a_loan_in_default_stays_there_whatever_its_issuer_does() -> None:
    """The other loans of the issuer are walked as if it were not there."""
    assets = loans([DEFAULTED, B, DEFAULTED], [FAR, FAR, AS_OF])
    states = all_states(issuer_plan(assets, ["x", "x", "y"]))

    assert (states[:, [0, 2]] == DEFAULTED).all()
    assert (states[0, 1] == B).all()
    assert (states[-1, 1] != DEFAULTED).any()


@pytest.mark.parametrize("last_due", [date(2016, 8, 23), date(2016, 9, 3), date(2016, 9, 23), FAR])
def test_loans_of_an_issuer_default_in_their_stubs_as_often_as_the_matrix_says(last_due: date) -> None:
    """T11 by issuer: loans due two and 2.35 months into a quarter, whose issuer ends with them, in it or never."""
    n_simulations = 100_000
    assets = loans([B, B, B], [date(2016, 8, 23), last_due, date(2016, 7, 23)])
    states = all_states(issuer_plan(assets, ["x"] * 3, n_simulations))
    before = made_transitions(4.0).over(0.25)[B, :17]

    for i, years in ((0, 2 / 12), (2, 1 / 12)):
        expected = float(before @ made_transitions(4.0).over(years)[:17, 17])
        found = float(((states[2, i] == DEFAULTED) & (states[1, i] < DEFAULTED)).mean())
        assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / n_simulations))
    assert not ((states[:, 2] == DEFAULTED) & (states[:, 0] != DEFAULTED)).any()
    assert not ((states[:3, 0] == DEFAULTED) & (states[:3, 1] != DEFAULTED)).any()


def test_a_single_loan_of_an_issuer_moves_as_it_would_alone() -> None:
    """Issuers with one loan each are loans, stubs and maturities included."""
    grid = years_of(2, Step.QUARTERLY)
    assets = made_pool(3, 30, grid)
    by_issuer = issuer_plan(assets, [asset.blkrock_id for asset in assets])
    alone = plan_simulation(assets, grid, made_transitions(4.0), one_factor(30, 0.3), by_issuer.draws)

    assert_array_equal(all_states(by_issuer), all_states(alone))


@pytest.mark.parametrize("method", [Method.PSEUDO, Method.ANTITHETIC])
def test_the_stub_of_a_loan_is_decided_by_one_number_of_its_issuer(method: Method) -> None:
    """Stream 4, row of the issuer, against the plain generator; of two loans the one due earlier is the safer."""
    assets = loans([B, CCC, CCC], [FAR, FAR, date(2017, 2, 10)])
    plan = issuer_plan(assets, ["w", "x", "x"], 1024, method)
    assert plan.issuers is not None
    states = all_states(plan)
    uniform = slow_uniforms(plan.draws, 4, 2, plan.n_periods)[:, 1]
    last = int(plan.issuers.last_period[2])

    is_new = (states[last, 1] == DEFAULTED) & (states[last - 1, 1] < DEFAULTED)
    share = plan.issuers.stub_share[2, np.minimum(states[last - 1, 1], CCC)]
    assert_array_equal(states[last, 2][is_new] == DEFAULTED, (uniform[last - 1] < share)[is_new])
    assert 3 < (states[last, 2][is_new] == DEFAULTED).sum() < is_new.sum()


def test_no_loan_gives_no_paths() -> None:
    """An empty pool has no states to show."""
    plan = plan_simulation(
        (), years_of(1, Step.ANNUAL), made_transitions(), one_factor(0, 0.3), Draws(seed=1, n_simulations=8)
    )

    assert ChunkWalker(plan).states(0).shape == (2, 0, 128)
