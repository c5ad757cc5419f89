"""Rating paths chunk by chunk: the states of 128 simulations at a time, whoever asks for which."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.rating_migration.dependence import CholeskyFactor, FactorLoadings
from engine.rating_migration.draws import (
    CHUNK,
    ISSUER_STREAM,
    SYSTEMATIC_STREAM,
    Method,
    SobolFactors,
    persisted,
)
from engine.rating_migration.kernels_paths import (
    IDIOSYNCRATIC_STREAM,
    Loadings,
    follow_issuers,
    new_scratch,
    step_shocks,
    walk_factors,
)
from engine.rating_migration.kernels_random import normal_rows
from engine.rating_migration.plan import SimulationPlan

Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.uint8]

PANELS = 8
"""Bands of rows of a triangular product: each leaves out the zeros behind it, all together nearly half the work."""


class ChunkWalker:
    """Walks chunks of a plan in buffers of its own; one for each thread."""

    def __init__(self, plan: SimulationPlan) -> None:
        self._plan = plan
        n_walked, n_periods = plan.walk.initial.shape[0], plan.n_periods
        dependence = plan.dependence
        n_factors = dependence.n_factors if isinstance(dependence, FactorLoadings) else 0
        n_shocks = n_walked if isinstance(dependence, CholeskyFactor) else 0
        self._scratch = new_scratch(n_walked, n_factors, CHUNK)
        self._states = np.zeros((n_periods + 1, n_walked, CHUNK), np.uint8)
        self._loans = None if plan.issuers is None else np.zeros((n_periods + 1, plan.n_assets, CHUNK), np.uint8)
        self._factors = np.zeros((n_periods, n_factors, CHUNK))
        self._shocks = np.zeros((2, n_shocks, CHUNK))
        self._sobol = None
        if plan.draws.method is Method.SOBOL and isinstance(dependence, FactorLoadings):
            self._sobol = SobolFactors(plan.draws, n_factors, n_periods, dependence.persistence)

    def states(self, chunk: int) -> States:
        """States of every asset on every date in a chunk, (T + 1, n, CHUNK) uint8; good until the next call."""
        counter, flip = self._plan.draws.counters(chunk), self._plan.draws.flips()
        dependence = self._plan.dependence
        if isinstance(dependence, FactorLoadings):
            walk_factors(
                self._plan.walk,
                Loadings(dependence.factor, dependence.loading, dependence.idiosyncratic),
                *self._plan.draws.key,
                counter,
                flip,
                self.factors(chunk),
                self._scratch,
                self._states,
            )
        else:
            lower = dependence.lower
            for t in range(1, self._plan.n_periods + 1):
                step_shocks(self._plan.walk, t, self.correlated(lower, chunk, t), self._scratch, self._states)
        if self._loans is None or self._plan.issuers is None:
            return self._states
        issuers = self._plan.issuers
        follow_issuers(
            issuers.issuer,
            issuers.notches,
            issuers.last_period,
            issuers.stub_share,
            *self._plan.draws.key,
            ISSUER_STREAM,
            counter,
            flip,
            self._scratch,
            self._states,
            self._loans,
        )
        return self._loans

    def factors(self, chunk: int) -> Floats:
        """Common factors of a chunk, (T, F, CHUNK); none under a full matrix."""
        dependence = self._plan.dependence
        if isinstance(dependence, CholeskyFactor):
            return self._factors
        if self._sobol is not None:
            return self._sobol.of_chunk(chunk)
        for t in range(1, self._plan.n_periods + 1):
            self._draw(chunk, t, SYSTEMATIC_STREAM, self._factors[t - 1])
        return persisted(self._factors, dependence.persistence)

    def normals(self, chunk: int, t: int, stream: int, n_rows: int) -> Floats:
        """Standard normals of a stream for every row in a period of a chunk, (n_rows, CHUNK)."""
        normals = np.empty((n_rows, CHUNK))
        self._draw(chunk, t, stream, normals)
        return normals

    def correlated(self, lower: Floats, chunk: int, t: int) -> Floats:
        """Shocks of a period under the full matrix, (n, CHUNK).

        A product of always the same shape: the bits of a sum may depend on how many columns are multiplied at once.
        """
        independent, shocks = self._shocks
        self._draw(chunk, t, IDIOSYNCRATIC_STREAM, independent)
        edges = np.linspace(0, len(lower), PANELS + 1).astype(np.int64).tolist()
        for first, last in pairwise(edges):
            np.matmul(lower[first:last, :last], independent[:last], out=shocks[first:last])
        return shocks

    def _draw(self, chunk: int, t: int, stream: int, normals: Floats) -> None:
        draws, scratch = self._plan.draws, self._scratch
        normal_rows(
            *draws.key,
            t,
            stream,
            draws.counters(chunk),
            draws.flips(),
            scratch.words,
            scratch.wide,
            scratch.wide_bits,
            normals,
        )
