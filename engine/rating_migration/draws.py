"""Where the shocks of a simulation come from: pseudo-random, antithetic or Sobol numbers (spec 04 §11.4)."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from engine.errors import InputError
from engine.rating_migration.dependence import Dependence, FactorLoadings

if TYPE_CHECKING:
    from scipy.stats import qmc

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

CHUNK = 128
"""Simulations that are walked together; a simulation is number s % CHUNK of chunk s // CHUNK, however many are run."""

MOST_SIMULATIONS = 1_000_000
MOST_SOBOL_DIMENSIONS = 21_201
"""Dimensions that scipy has direction numbers for (`scipy.stats.qmc.Sobol.MAXDIM`)."""

GENERATOR = "Philox 4x32-10"
SYSTEMATIC_STREAM, RECOVERY_STREAM, ISSUER_STREAM = 0, 2, 4
_LOW_WORD, _WORD_BITS = 0xFFFFFFFF, 32


class Method(Enum):
    """How simulations differ from each other."""

    PSEUDO = "pseudo"
    ANTITHETIC = "antithetic"
    SOBOL = "sobol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The draws of a run: a 64-bit seed, the number of simulations, and the method.

    Antithetic simulations 2j and 2j + 1, counted from 0, have opposite shocks. Sobol points take the place of the
    draws of common factors, in `scrambles` independently scrambled sequences one after the other.
    """

    seed: int
    n_simulations: int
    method: Method = Method.PSEUDO
    scrambles: int = 16

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 1 << 2 * _WORD_BITS:
            raise InputError(
                "CLO-1830", f"Seed {self.seed} is no 64-bit number", remedy="Give a whole number from 0 to 2^64 - 1."
            )
        if not 1 <= self.n_simulations <= MOST_SIMULATIONS:
            raise InputError(
                "CLO-1831",
                f"{self.n_simulations} simulations cannot be run",
                remedy=f"Ask for 1 to {MOST_SIMULATIONS:,} simulations.",
            )
        if self.method is Method.ANTITHETIC and self.n_simulations % 2:
            raise InputError(
                "CLO-1832",
                f"{self.n_simulations} simulations do not fall into antithetic pairs",
                remedy="Ask for an even number of simulations.",
            )
        if self.method is Method.SOBOL and not self._is_whole_sequences():
            raise InputError(
                "CLO-1833",
                f"{self.n_simulations} simulations are not {self.scrambles} Sobol sequences of a power of two",
                remedy=f"Ask for {self.scrambles} times 128, 256, 512, 1024 and so on.",
            )

    def _is_whole_sequences(self) -> bool:
        points = self.points_a_sequence
        return points * self.scrambles == self.n_simulations and points >= CHUNK and points & (points - 1) == 0

    @property
    def key(self) -> tuple[int, int]:
        """The two words of the generator's key."""
        return self.seed & _LOW_WORD, self.seed >> _WORD_BITS

    @property
    def n_chunks(self) -> int:
        """Chunks that hold all simulations; the last one may go beyond them."""
        return -(-self.n_simulations // CHUNK)

    @property
    def points_a_sequence(self) -> int:
        """Simulations of one Sobol sequence."""
        return self.n_simulations // max(self.scrambles, 1)

    @property
    def group_size(self) -> int:
        """Neighbouring simulations that depend on each other: the error of a mean comes from means of groups."""
        return {Method.PSEUDO: 1, Method.ANTITHETIC: 2, Method.SOBOL: self.points_a_sequence}[self.method]

    def counters(self, chunk: int) -> Words:
        """Third words of the generator's counter for the simulations of a chunk, (CHUNK,), from 1."""
        numbers = np.arange(chunk * CHUNK, (chunk + 1) * CHUNK)
        return (1 + (numbers // 2 if self.method is Method.ANTITHETIC else numbers)).astype(np.uint32)

    def flips(self) -> Words:
        """What turns a word into its mirrored one, for the simulations of any chunk, (CHUNK,)."""
        flips = np.zeros(CHUNK, np.uint32)
        if self.method is Method.ANTITHETIC:
            flips[1::2] = _LOW_WORD
        return flips


def check_method(draws: Draws, dependence: Dependence, n_periods: int) -> None:
    """Raise InputError CLO-1834 for Sobol points without common factors, CLO-1835 for more than sequences have."""
    if draws.method is not Method.SOBOL:
        return
    if not isinstance(dependence, FactorLoadings):
        raise InputError(
            "CLO-1834",
            "Sobol points need common factors, and a full correlation matrix has none",
            remedy="Use the factor model, or antithetic draws.",
        )
    if dependence.n_factors * n_periods > MOST_SOBOL_DIMENSIONS:
        raise InputError(
            "CLO-1835",
            f"{dependence.n_factors} factors over {n_periods} periods are more than the {MOST_SOBOL_DIMENSIONS:,}"
            " dimensions of Sobol sequences",
            remedy="Use longer periods, fewer factors or antithetic draws.",
        )


def persisted(innovations: Floats, persistence: float) -> Floats:
    """Factors (T, ...) from independent normals: each phi times the last one and the rest its own (spec 04 §11.2)."""
    if not persistence:
        return innovations
    factors = innovations.copy()
    own = np.sqrt(1.0 - persistence**2)
    for t in range(1, len(factors)):
        factors[t] = persistence * factors[t - 1] + own * innovations[t]
    return factors


class SobolFactors:
    """Common factors of chunks from scrambled Sobol points, the directions of most variance first."""

    def __init__(self, draws: Draws, n_factors: int, n_periods: int, persistence: float) -> None:
        self._draws = draws
        self._shape = n_periods, n_factors
        self._construction = _construction(n_periods, persistence)
        self._scramble = -1
        self._sequence: qmc.Sobol | None = None

    def of_chunk(self, chunk: int) -> Floats:
        """Factors (T, F, CHUNK) of a chunk, whichever was asked for before."""
        # scipy.stats takes most of a second to import, and only these draws need it.
        from scipy.stats import qmc

        scramble, first = divmod(chunk * CHUNK, self._draws.points_a_sequence)
        n_periods, n_factors = self._shape
        if self._sequence is None or scramble != self._scramble:
            rng = np.random.default_rng(np.random.SeedSequence([self._draws.seed, scramble]))
            self._sequence = qmc.Sobol(n_periods * n_factors, scramble=True, rng=rng)
            self._scramble = scramble
        if self._sequence.num_generated > first:
            self._sequence.reset()
        if self._sequence.num_generated < first:
            self._sequence.fast_forward(first - self._sequence.num_generated)
        points = self._sequence.random(CHUNK)
        # Scrambled points lie on a lattice of 2^-30 that includes 0; the middle of its cells does not.
        normals = ndtri(points + 0.5 * 2.0**-30).reshape(CHUNK, n_periods, n_factors)
        return np.ascontiguousarray(np.einsum("tc,scf->tfs", self._construction, normals))


def _construction(n_periods: int, persistence: float) -> Floats:
    """Matrix (T, T) that makes a persistent factor of independent normals, by principal components."""
    if not persistence:
        return np.eye(n_periods)
    steps = np.arange(n_periods)
    covariance = persistence ** np.abs(steps[:, np.newaxis] - steps).astype(np.float64)
    variances, directions = np.linalg.eigh(covariance)
    return np.asarray((directions * np.sqrt(np.maximum(variances, 0.0)))[:, ::-1], dtype=np.float64)
