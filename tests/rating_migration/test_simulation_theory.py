"""Simulated paths against theory: matrix powers, default correlation, the large pool, and the same bytes anywhere.

Sums over simulations are compared with their expectations in standard errors of the simulation; every seed is fixed.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.linalg import cholesky
from threadpoolctl import threadpool_limits

from engine.rating_migration.dependence import CholeskyFactor, Dependence
from engine.rating_migration.draws import Draws, Method
from engine.rating_migration.factor_model import FactorModel, one_factor
from engine.rating_migration.fields import DEFAULTED
from engine.rating_migration.grid import DateGrid
from engine.rating_migration.plan import SimulationPlan, plan_simulation
from engine.rating_migration.theory import joint_default, large_pool_cdf, pair_defaults
from engine.rating_migration.transition import RatingTransitions, Step, rating_transitions, scaled_defaults
from engine.rating_migration.walking import ChunkWalker
from tests.rating_migration.made_plans import (
    CCC,
    STATES,
    B,
    all_states,
    last_defaults,
    loans,
    made_loadings,
    made_transitions,
    plain_plan,
    two_state_transitions,
    years_of,
)

RHO = 0.3
FIVE_STATES = np.array(
    [
        [0.950, 0.045, 0.005, 0.000, 0.000],
        [0.040, 0.860, 0.080, 0.010, 0.010],
        [0.002, 0.060, 0.840, 0.058, 0.040],
        [0.000, 0.005, 0.120, 0.600, 0.275],
        [0.000, 0.000, 0.000, 0.000, 1.000],
    ]
)
"""The annual matrix of spec 04 §3.5: investment grade, BB, B, CCC, default."""
ERRORS = 4
"""Standard errors that a deviation may have."""
NORMAL_COUNT = 25
"""Expected count from which a count is about normally distributed."""


def flat_matrix(n: int, correlation: float) -> CholeskyFactor:
    """n assets with one correlation, as a full matrix."""
    matrix = np.full((n, n), correlation)
    np.fill_diagonal(matrix, 1.0)
    return CholeskyFactor(lower=cholesky(matrix, lower=True))


def five_years(n_steps: int) -> DateGrid:
    """Steps of exactly the same length over five years."""
    days = 16_883 + np.round(np.linspace(0.0, 1826.0, n_steps + 1)).astype(np.int64)
    return DateGrid(days=days, years=np.full(n_steps, 5.0 / n_steps), months=0)


def state_counts(plan: SimulationPlan) -> np.ndarray:
    """Simulations in which each asset is in each state on each date, (T + 1, n, 18)."""
    counts, walker = np.zeros((plan.n_periods + 1, plan.n_assets, 18)), ChunkWalker(plan)
    for chunk in range(plan.draws.n_chunks):
        states = walker.states(chunk)
        for state in range(18):
            counts[:, :, state] += np.count_nonzero(states == state, axis=2)
    return counts


@pytest.mark.parametrize("dependence", [one_factor(17, RHO), flat_matrix(17, RHO)], ids=["factor", "full matrix"])
def test_frequencies_of_every_state_are_the_powers_of_the_matrix(dependence: Dependence) -> None:
    """T6: from all 17 ratings, in 20 quarters, every state within 4 standard errors, five-year defaults within 3."""
    n_simulations, transitions = 131_072, made_transitions()
    plan = plan_simulation(
        loans(range(17)),
        years_of(5, Step.QUARTERLY),
        transitions,
        dependence,
        Draws(seed=2024, n_simulations=n_simulations),
    )

    counts = state_counts(plan)

    powers = [np.linalg.matrix_power(transitions.over(0.25), t)[:17] for t in range(plan.n_periods + 1)]
    expected = n_simulations * np.array(powers)
    is_many = np.minimum(expected, n_simulations - expected) > NORMAL_COUNT
    spread = np.sqrt(expected * (1.0 - expected / n_simulations))
    errors = np.divide(counts - expected, spread, out=np.zeros_like(counts), where=is_many)
    assert np.count_nonzero(is_many) > 3000
    assert np.abs(errors).max() < ERRORS
    assert np.abs(errors[-1, :, DEFAULTED]).max() < 3
    assert np.sqrt((errors[is_many] ** 2).mean()) == pytest.approx(1.0, abs=0.15)
    assert np.abs(counts - expected)[~is_many].max() < ERRORS * np.sqrt(NORMAL_COUNT) + 1


@pytest.mark.parametrize(
    ("n_steps", "dependence"),
    [
        *((n_steps, one_factor(2, RHO)) for n_steps in (1, 5, 10, 20, 60)),
        (1, flat_matrix(2, RHO)),
        (10, flat_matrix(2, RHO)),
    ],
)
def test_default_correlation_is_that_of_the_table(n_steps: int, dependence: Dependence) -> None:
    """T5: 20 % over five years, correlation 0.30, in 1 to 60 steps (spec 04 §11.2), 100,000 simulations."""
    n_simulations = 100_000
    plan = plain_plan(
        2,
        grid=five_years(n_steps),
        transitions=two_state_transitions(1.0 - 0.8**0.2),
        dependence=dependence,
        draws=Draws(seed=41, n_simulations=n_simulations),
    )
    theory = pair_defaults(0.2, RHO, n_steps)

    is_default = all_states(plan)[-1] == DEFAULTED

    both = is_default.all(axis=0)
    error = np.sqrt(theory.both * (1.0 - theory.both) / n_simulations)
    assert both.mean() == pytest.approx(theory.both, abs=ERRORS * error)
    products = (is_default - theory.one).prod(axis=0) / (theory.one * (1.0 - theory.one))
    assert products.mean() == pytest.approx(theory.correlation, abs=ERRORS * products.std() / np.sqrt(n_simulations))


@pytest.mark.parametrize("rho", [0.1, 0.3, 0.7])
def test_joint_defaults_of_unlike_names_are_the_bivariate_normal(rho: float) -> None:
    """A B and a CCC loan over one year."""
    n_simulations, transitions = 100_000, made_transitions()
    plan = plan_simulation(
        loans([B, CCC]), five_years(5), transitions, one_factor(2, rho), Draws(seed=8, n_simulations=n_simulations)
    )
    one, two = transitions.over(1.0)[[B, CCC], DEFAULTED].tolist()
    expected = float(joint_default(one, two, rho))

    found = float((all_states(plan)[1] == DEFAULTED).all(axis=0).mean())

    assert found == pytest.approx(expected, abs=ERRORS * np.sqrt(expected / n_simulations))
    assert expected > one * two + 10 * np.sqrt(expected / n_simulations)


def test_a_persistent_factor_gives_its_default_correlation() -> None:
    """R7: ten half-years with persistence 0.9, against the path integral; Sobol points alike."""
    theory = pair_defaults(0.2, RHO, 10, 0.9)
    for method in (Method.PSEUDO, Method.SOBOL):
        plan = plain_plan(
            2,
            grid=five_years(10),
            transitions=two_state_transitions(1.0 - 0.8**0.2),
            dependence=one_factor(2, RHO, 0.9),
            draws=Draws(seed=4, n_simulations=131_072, method=method),
        )
        is_default = all_states(plan)[-1] == DEFAULTED

        assert is_default.all(axis=0).mean() == pytest.approx(theory.both, abs=ERRORS * np.sqrt(theory.both / 131_072))
        assert is_default.mean() == pytest.approx(theory.one, abs=ERRORS * np.sqrt(theory.one / 131_072))


def test_losses_of_a_growing_pool_converge_to_the_large_pool() -> None:
    """Kolmogorov distance to Vasicek's distribution, 10 % defaults: shrinks with each fourfold number of names."""
    n_simulations, p = 40_000, 0.1
    distances = []
    for n in (8, 32, 128, 512):
        plan = plain_plan(
            n,
            grid=years_of(1, Step.ANNUAL),
            transitions=two_state_transitions(p),
            dependence=one_factor(n, RHO),
            draws=Draws(seed=17, n_simulations=n_simulations),
        )
        up_to = np.cumsum(np.bincount(last_defaults(plan), minlength=n + 1)) / n_simulations
        # A step lasts from k / n to (k + 1) / n, where the continuous distribution is furthest below and above it.
        theory = large_pool_cdf(np.arange(n + 1) / n, p, RHO)
        distances.append(float(max(np.abs(up_to - theory).max(), np.abs(up_to[:-1] - theory[1:]).max())))

    assert all(after < 0.6 * before for before, after in pairwise(distances))
    assert distances[-1] < 0.03


def four_ratings() -> RatingTransitions:
    """The five-state matrix of spec 04 §3.5 in the layout of eighteen; the states between CCC and default stay put."""
    annual = np.eye(18)
    annual[:4, :4], annual[:4, -1] = FIVE_STATES[:4, :4], FIVE_STATES[:4, -1]
    return rating_transitions(STATES, annual, accepts_error=True)


@cache
def default_counts(method: Method) -> np.ndarray:
    """Defaults in five years of 200 names, 50 of each rating, by 96 groups of 512 simulations (spec 04 §11.4)."""
    plan = plan_simulation(
        loans([i % 4 for i in range(200)]),
        years_of(5, Step.QUARTERLY),
        four_ratings(),
        one_factor(200, RHO),
        Draws(seed=77, n_simulations=96 * 512, method=method, scrambles=96),
    )
    return last_defaults(plan).reshape(96, 512)


def variance_of_mean(method: Method) -> float:
    """Variance of the mean default count of 512 simulations."""
    counts = default_counts(method)
    if method is Method.SOBOL:
        return float(counts.mean(axis=1).var(ddof=1))
    size = 2 if method is Method.ANTITHETIC else 1
    return float(counts.reshape(-1, size).mean(axis=1).var(ddof=1) * size / 512)


@pytest.mark.parametrize("method", list(Method))
def test_every_method_is_unbiased(method: Method) -> None:
    """The mean default count is the sum of the matrix powers to within 4 of the method's own standard errors."""
    expected = 50 * float(four_ratings().over(5.0)[:4, DEFAULTED].sum())

    assert default_counts(method).mean() == pytest.approx(expected, abs=ERRORS * np.sqrt(variance_of_mean(method) / 96))


@pytest.mark.parametrize(("method", "factor"), [(Method.ANTITHETIC, 2.5), (Method.SOBOL, 6.0)])
def test_the_variance_of_the_mean_is_reduced(method: Method, factor: float) -> None:
    """Of the five-year default count, 512 simulations; spec 04 §11.4 measured 4.4 and 16 for a pool of its own.

    Antithetic pairs cancel what is odd in the factor: the rarer the defaults of a step, the less that is.
    """
    assert variance_of_mean(Method.PSEUDO) > factor * variance_of_mean(method)


def test_the_factor_model_agrees_with_the_full_matrix() -> None:
    """T7: flat 0.30 both ways: means within 4 standard errors, bootstrap intervals of the 95 % quantile overlap."""
    counts = [
        last_defaults(plain_plan(60, state=12, dependence=dependence, draws=Draws(seed=seed, n_simulations=10_240)))
        for dependence, seed in ((one_factor(60, RHO), 1), (flat_matrix(60, RHO), 2))
    ]
    rng = np.random.default_rng(3)
    resampled = [np.quantile(rng.choice(count, (400, len(count))), 0.95, axis=1) for count in counts]
    intervals = np.quantile(resampled, [0.025, 0.975], axis=1)

    error = np.sqrt(sum(count.var() / len(count) for count in counts))
    assert abs(counts[0].mean() - counts[1].mean()) < ERRORS * error
    assert intervals[0].max() <= intervals[1].min()
    spread_error = np.sqrt(2.0 / len(counts[0]))
    assert counts[0].std() == pytest.approx(counts[1].std(), rel=2 * ERRORS * spread_error)


def in_parts(plan: SimulationPlan, parts: Sequence[Sequence[int]], n_threads: int) -> bytes:
    """Bytes of all states, with a walker for each part, the parts on threads."""

    def walk(chunks: Sequence[int]) -> dict[int, np.ndarray]:
        walker = ChunkWalker(plan)
        return {chunk: walker.states(chunk).copy() for chunk in chunks}

    found: dict[int, np.ndarray] = {}
    with ThreadPoolExecutor(n_threads) as threads:
        for part in threads.map(walk, parts):
            found.update(part)
    return b"".join(found[chunk].tobytes() for chunk in sorted(found))


PLANS = {
    "factors": (made_loadings(3, 50, 5, 2, persistence=0.5), Method.PSEUDO),
    "antithetic": (one_factor(50, RHO), Method.ANTITHETIC),
    "Sobol": (made_loadings(3, 50, 5, 2, persistence=0.5), Method.SOBOL),
    "full matrix": (flat_matrix(50, RHO), Method.PSEUDO),
}


@pytest.mark.parametrize(("dependence", "method"), PLANS.values(), ids=PLANS)
def test_any_split_gives_the_same_bytes(dependence: Dependence, method: Method) -> None:
    """T8: 1,000 simulations in 1, 2 and 7 parts, forwards, backwards and shuffled, on 1 and 2 threads."""
    n_simulations = 1024 if method is Method.SOBOL else 1000
    plan = plain_plan(
        50, dependence=dependence, draws=Draws(seed=6, n_simulations=n_simulations, method=method, scrambles=4)
    )
    chunks = np.arange(plan.draws.n_chunks)
    shuffled = np.random.default_rng(1).permutation(chunks)
    whole = in_parts(plan, [chunks.tolist()], 1)

    for order in (chunks, chunks[::-1], shuffled):
        for n_parts in (2, 7):
            for n_threads in (1, 2):
                parts = [part.tolist() for part in np.array_split(order, n_parts)]
                assert in_parts(plan, parts, n_threads) == whole


def test_a_full_matrix_gives_the_same_bytes_however_its_product_is_threaded() -> None:
    """200 assets, the linear algebra on one thread and on two."""
    plan = plain_plan(200, dependence=flat_matrix(200, RHO), draws=Draws(seed=6, n_simulations=128))
    shocks = []
    for limit in (1, 2):
        with threadpool_limits(limits=limit):
            walker = ChunkWalker(plan)
            assert isinstance(plan.dependence, CholeskyFactor)
            shocks.append(walker.correlated(plan.dependence.lower, 0, 1).tobytes())

    assert shocks[0] == shocks[1]


@pytest.mark.parametrize("method", list(Method))
def test_simulation_7321_can_be_replayed_alone(method: Method) -> None:
    """By a walker that walks its chunk only; but for Sobol points from a run of any size."""
    plan = plain_plan(12, draws=Draws(seed=6, n_simulations=8192, method=method))
    chunk, column = divmod(7321, 128)
    expected = all_states(plan)[:, :, 7321]

    assert_array_equal(ChunkWalker(plan).states(chunk)[:, :, column], expected)
    if method is not Method.SOBOL:
        longer = plain_plan(12, draws=Draws(seed=6, n_simulations=100_000, method=method))
        assert_array_equal(ChunkWalker(longer).states(chunk)[:, :, column], expected)


@pytest.mark.parametrize("kind", ["factors", "full matrix"])
def test_an_asset_added_at_the_end_changes_no_other(kind: str) -> None:
    """The first 20 loans move as before; a new one brings an issuer and an industry of its own, or joins one."""
    model = FactorModel(market=0.1, industry=0.2, issuer=0.4)
    issuers, industries = [f"I{i % 9}" for i in range(20)], [f"S{i % 9 % 3}" for i in range(20)]

    def states(more: Sequence[str]) -> np.ndarray:
        n = 20 + len(more)
        dependence: Dependence = flat_matrix(n, RHO)
        if kind == "factors":
            dependence = model.loadings([*issuers, *more], [*industries, *more])
        return all_states(plain_plan(n, dependence=dependence))

    before = states([])
    for more in (["new"], ["I3"], ["new", "I3", "newer"]):
        assert_array_equal(states(more)[:, :20], before)


def test_scenarios_share_their_random_numbers() -> None:
    """With twice the default probabilities every default of the base case happens, no later, and others join it."""
    base = two_state_transitions(0.04)
    stressed = rating_transitions(STATES, scaled_defaults(base.annual, 2.0))
    calm, bad = (all_states(plain_plan(30, transitions=item)) == DEFAULTED for item in (base, stressed))

    assert not (calm & ~bad).any()
    assert bad[-1].sum() > 1.5 * calm[-1].sum()


def test_another_seed_is_another_simulation() -> None:
    """Either word of the key counts."""
    states = [all_states(plain_plan(5, draws=Draws(seed=seed, n_simulations=128))) for seed in (1, 2, 1 + 2**32)]

    assert not (states[0] == states[1]).all()
    assert not (states[0] == states[2]).all()
