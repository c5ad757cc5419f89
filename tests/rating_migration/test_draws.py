"""Draws of a run: refused ones, counters, pairs, Sobol chunks in any order, factors that persist."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtr
from scipy.stats import kstest

from engine.errors import InputError
from engine.rating_migration.dependence import CholeskyFactor, FactorLoadings
from engine.rating_migration.draws import (
    CHUNK,
    MOST_SIMULATIONS,
    MOST_SOBOL_DIMENSIONS,
    Draws,
    Method,
    SobolFactors,
    check_method,
    persisted,
)
from engine.rating_migration.factor_model import one_factor
from engine.rating_migration.walking import ChunkWalker
from tests.rating_migration.made_plans import made_loadings, plain_plan, slow_normals

PHI = 0.8


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_have_64_bits(seed: int) -> None:
    """No more, and no sign."""
    with pytest.raises(InputError, match=f"CLO-1830: Seed {seed} is no 64-bit number"):
        Draws(seed=seed, n_simulations=100)


@pytest.mark.parametrize("n_simulations", [-5, 0, MOST_SIMULATIONS + 1])
def test_numbers_of_simulations_out_of_range_are_refused(n_simulations: int) -> None:
    """Zero simulations are none."""
    with pytest.raises(InputError, match=f"CLO-1831: {n_simulations} simulations cannot be run"):
        Draws(seed=1, n_simulations=n_simulations)


def test_antithetic_simulations_come_in_pairs() -> None:
    """An odd number is refused, an even one taken."""
    with pytest.raises(InputError, match="CLO-1832: 101 simulations do not fall into antithetic pairs"):
        Draws(seed=1, n_simulations=101, method=Method.ANTITHETIC)
    assert Draws(seed=1, n_simulations=102, method=Method.ANTITHETIC).group_size == 2


@pytest.mark.parametrize(
    ("n_simulations", "scrambles"), [(10_000, 16), (16 * 64, 16), (16 * 192, 16), (2048, 0), (2048, -16), (1000, 7)]
)
def test_sobol_sequences_are_powers_of_two(n_simulations: int, scrambles: int) -> None:
    """Of whole chunks, and as many as were asked for."""
    with pytest.raises(InputError, match=f"CLO-1833: {n_simulations} simulations are not {scrambles} Sobol sequences"):
        Draws(seed=1, n_simulations=n_simulations, method=Method.SOBOL, scrambles=scrambles)


def test_whole_sobol_sequences_are_taken() -> None:
    """16 of 256 points; the error of a mean comes from the sixteen."""
    draws = Draws(seed=1, n_simulations=4096, method=Method.SOBOL)

    assert draws.points_a_sequence == draws.group_size == 256


def test_sobol_points_need_common_factors() -> None:
    """A full matrix has none; other methods do without."""
    lower = CholeskyFactor(lower=np.eye(3))

    with pytest.raises(InputError, match="CLO-1834: Sobol points need common factors"):
        check_method(Draws(seed=1, n_simulations=2048, method=Method.SOBOL), lower, 20)
    check_method(Draws(seed=1, n_simulations=2048, method=Method.ANTITHETIC), lower, 20)


def test_sobol_sequences_have_so_many_dimensions() -> None:
    """One factor over 21,201 periods goes, over one more it does not."""
    draws = Draws(seed=1, n_simulations=2048, method=Method.SOBOL)

    check_method(draws, one_factor(3, 0.3), MOST_SOBOL_DIMENSIONS)
    with pytest.raises(InputError, match="CLO-1835: 1 factors over 21202 periods are more than the 21,201 dimensions"):
        check_method(draws, one_factor(3, 0.3), MOST_SOBOL_DIMENSIONS + 1)


def test_a_seed_is_the_two_words_of_the_key() -> None:
    """Low word first."""
    assert Draws(seed=0x0123456789ABCDEF, n_simulations=1).key == (0x89ABCDEF, 0x01234567)


def test_simulations_are_counted_from_one_however_many_there_are() -> None:
    """The counter of a simulation depends on its number alone; the last chunk goes beyond the last simulation."""
    few, many = Draws(seed=1, n_simulations=129), Draws(seed=1, n_simulations=100_000)

    assert (few.n_chunks, many.n_chunks) == (2, 782)
    assert_array_equal(few.counters(1), np.arange(CHUNK + 1, 2 * CHUNK + 1))
    assert_array_equal(few.counters(1), many.counters(1))
    assert not few.flips().any()


def test_antithetic_pairs_share_a_counter() -> None:
    """One of them is mirrored."""
    draws = Draws(seed=1, n_simulations=1024, method=Method.ANTITHETIC)

    assert_array_equal(draws.counters(2), np.repeat(np.arange(129, 193), 2))
    assert_array_equal(draws.flips().reshape(-1, 2), np.tile([0, 0xFFFFFFFF], (64, 1)))


@pytest.mark.parametrize("persistence", [0.0, PHI])
def test_factors_of_antithetic_pairs_are_opposite_to_the_bit(persistence: float) -> None:
    """In every period, persistent or not."""
    draws = Draws(seed=7, n_simulations=256, method=Method.ANTITHETIC)
    walker = ChunkWalker(plain_plan(dependence=one_factor(20, 0.3, persistence), draws=draws))

    factors = walker.factors(1)

    assert_array_equal(factors[:, :, 0::2], -factors[:, :, 1::2])


def test_pseudo_random_factors_are_those_of_their_counters() -> None:
    """Rows of stream 0 by period and simulation, against the plain generator."""
    draws = Draws(seed=2**40 + 12, n_simulations=256)
    plan = plain_plan(dependence=made_loadings(1, 20, 6, 2), draws=draws)
    expected = slow_normals(draws, 0, 6, plan.n_periods)

    assert_allclose(ChunkWalker(plan).factors(1), expected[:, :, CHUNK:], atol=1e-10)


def test_sobol_chunks_are_the_same_in_any_order() -> None:
    """Asked for forwards, backwards, at random, or alone by one that asked for nothing before."""
    draws = Draws(seed=7, n_simulations=8 * 512, method=Method.SOBOL, scrambles=8)

    def factors() -> SobolFactors:
        return SobolFactors(draws, n_factors=3, n_periods=5, persistence=PHI)

    forwards = factors()
    expected = [forwards.of_chunk(chunk) for chunk in range(draws.n_chunks)]
    one = factors()
    for chunk in (*reversed(range(draws.n_chunks)), *np.random.default_rng(1).permutation(draws.n_chunks).tolist()):
        assert_array_equal(one.of_chunk(chunk), expected[chunk])
    assert_array_equal(factors().of_chunk(14), expected[14])


def test_a_sobol_sequence_fills_every_direction_evenly() -> None:
    """Of 512 points exactly one falls into each 512th of every direction; other scrambles are other points."""
    draws = Draws(seed=7, n_simulations=2 * 512, method=Method.SOBOL, scrambles=2)
    factors = SobolFactors(draws, n_factors=2, n_periods=3, persistence=0.0)
    sequences = [
        np.concatenate([factors.of_chunk(chunk) for chunk in chunks], axis=2).reshape(6, -1)
        for chunks in (range(4), range(4, 8))
    ]

    for sequence in sequences:
        cells = np.floor(ndtr(sequence) * 512).astype(int)
        assert_array_equal(np.sort(cells, axis=1), np.tile(np.arange(512), (6, 1)))
    assert not np.isin(sequences[0], sequences[1]).any()


@pytest.mark.parametrize("method", list(Method))
def test_persistent_factors_have_their_covariance(method: Method) -> None:
    """phi^|t - t'| within a factor and none between two, by recursion and by principal components."""
    n_simulations, n_periods = 16_384, 6
    draws = Draws(seed=3, n_simulations=n_simulations, method=method)
    loadings = FactorLoadings(
        factor=np.array([[0, 1]] * 2),
        loading=np.full((2, 2), 0.5),
        idiosyncratic=np.full(2, np.sqrt(0.5)),
        n_factors=2,
        persistence=PHI,
    )
    plan = plain_plan(2, dependence=loadings, draws=draws)
    walker = ChunkWalker(plan)
    factors = np.concatenate([walker.factors(c)[:n_periods].copy() for c in range(draws.n_chunks)], axis=2)

    covariance = np.cov(factors.reshape(2 * n_periods, -1))

    steps = np.arange(n_periods)
    expected = np.kron(PHI ** np.abs(steps[:, np.newaxis] - steps), np.eye(2))
    # The variance of a product of two standard normals is at most 2; pairs count once.
    error = np.sqrt(2.0 / (n_simulations / (2 if method is Method.ANTITHETIC else 1)))
    assert np.abs(covariance - expected).max() < 4 * error
    assert kstest(factors[-1, 1, :: 2 if method is Method.ANTITHETIC else 1], "norm").pvalue > 1e-3


def test_the_first_direction_of_sobol_points_has_the_most_variance() -> None:
    """Points that differ in the first dimension alone move all periods of a persistent factor alike."""
    draws = Draws(seed=3, n_simulations=128, method=Method.SOBOL, scrambles=1)
    factors = SobolFactors(draws, n_factors=1, n_periods=8, persistence=0.95).of_chunk(0)[:, 0]
    independent = SobolFactors(draws, n_factors=1, n_periods=8, persistence=0.0).of_chunk(0)[:, 0]

    shares = np.array([np.corrcoef(factors.mean(axis=0), row)[0, 1] ** 2 for row in independent])

    assert shares.argmax() == 0
    assert shares[0] > 0.9


def test_without_persistence_factors_are_their_innovations() -> None:
    """And with it, each is phi times the last one and the rest new."""
    innovations = np.random.default_rng(1).standard_normal((4, 3, 5))

    found = persisted(innovations, 0.6)

    assert persisted(innovations, 0.0) is innovations
    assert_array_equal(found[0], innovations[0])
    assert_allclose(found[3], 0.6 * found[2] + 0.8 * innovations[3], rtol=1e-14)
