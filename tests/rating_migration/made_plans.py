"""Simulations made up for tests: a matrix of eighteen states with an exact generator, dates, loans, plans."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np
from scipy.linalg import expm
from scipy.special import ndtri

from engine.conventions.days import day_number
from engine.rating_migration.dependence import Dependence, FactorLoadings
from engine.rating_migration.draws import CHUNK, Draws, Method
from engine.rating_migration.factor_model import one_factor
from engine.rating_migration.fields import DEFAULTED, MATURED, RATINGS
from engine.rating_migration.grid import DateGrid, listed_grid, regular_grid
from engine.rating_migration.plan import SimulatedAsset, SimulationPlan, plan_simulation
from engine.rating_migration.transition import RatingTransitions, Step, rating_transitions
from engine.rating_migration.walking import ChunkWalker

AS_OF = date(2016, 3, 23)
FAR = date(2040, 1, 1)
B, CCC = RATINGS.index("B"), RATINGS.index("CCC")
STATES = (*RATINGS, "D")


def made_generator() -> np.ndarray:
    """Rates a year: moves of one and two notches either way, defaults from a basis point at AAA to 28 % at CCC."""
    rates = np.zeros((18, 18))
    for k in range(17):
        for j, rate in ((k - 2, 0.015), (k - 1, 0.07), (k + 1, 0.09), (k + 2, 0.02)):
            if 0 <= j < 17:
                rates[k, j] = rate
        rates[k, 17] = 1e-4 * (0.28 / 1e-4) ** (k / 16)
    return rates - np.diag(rates.sum(axis=1))


def made_transitions(scale: float = 1.0) -> RatingTransitions:
    """A year of the made generator, faster by a factor."""
    return rating_transitions(STATES, expm(scale * made_generator()))


def two_state_transitions(default: float) -> RatingTransitions:
    """Ratings that are only left for default, all with the same probability a year."""
    annual = np.diag(np.full(18, 1.0 - default))
    annual[:, -1] = default
    annual[-1] = 0.0
    annual[-1, -1] = 1.0
    return rating_transitions(STATES, annual)


def loans(states: Sequence[int], maturities: Sequence[date] | None = None) -> tuple[SimulatedAsset, ...]:
    """Assets that start in these states; maturing in 2040 unless said."""
    ends = maturities or [FAR] * len(states)
    return tuple(
        SimulatedAsset(blkrock_id=f"MADE{i:05d}", state=state, maturity=end)
        for i, (state, end) in enumerate(zip(states, ends, strict=True))
    )


def years_of(n_years: int, step: Step) -> DateGrid:
    """A regular grid over whole years."""
    return regular_grid(AS_OF, AS_OF.replace(year=AS_OF.year + n_years), step)


def uneven_grid() -> DateGrid:
    """Steps of five different lengths, two of them alike one after the other."""
    return listed_grid(AS_OF, [AS_OF + timedelta(days=days) for days in (90, 180, 300, 301, 665, 700)])


def made_pool(seed: int, n: int, grid: DateGrid) -> tuple[SimulatedAsset, ...]:
    """Loans in any state, default among them, maturing before, on, between and after the dates of a grid."""
    rng = np.random.default_rng(seed)
    last = int(grid.days[-1] - grid.days[0])
    on_dates = [day - grid.days[0] for day in grid.days.tolist()]
    ends = [int(rng.choice(on_dates)) if rng.random() < 0.3 else int(rng.integers(-30, last + 200)) for _ in range(n)]
    return loans(rng.integers(0, 18, n).tolist(), [date.fromordinal(AS_OF.toordinal() + int(days)) for days in ends])


def made_loadings(seed: int, n: int, n_factors: int, n_levels: int, persistence: float = 0.0) -> FactorLoadings:
    """Random loadings on random factors."""
    rng = np.random.default_rng(seed)
    loading = rng.uniform(0.1, 0.5, (n, n_levels))
    loading /= np.maximum(1.0, np.sqrt((loading**2).sum(axis=1)) / 0.9)[:, np.newaxis]
    return FactorLoadings(
        factor=rng.integers(0, n_factors, (n, n_levels)),
        loading=loading,
        idiosyncratic=np.sqrt(1.0 - (loading**2).sum(axis=1)),
        n_factors=n_factors,
        persistence=persistence,
    )


def plain_plan(
    n: int = 20,
    *,
    state: int = B,
    grid: DateGrid | None = None,
    transitions: RatingTransitions | None = None,
    dependence: Dependence | None = None,
    draws: Draws | None = None,
) -> SimulationPlan:
    """Like loans that outlive five years of quarters, correlation 0.30."""
    return plan_simulation(
        loans([state] * n),
        grid or years_of(5, Step.QUARTERLY),
        transitions or made_transitions(),
        dependence or one_factor(n, 0.3),
        draws or Draws(seed=12, n_simulations=512),
    )


def all_states(plan: SimulationPlan) -> np.ndarray:
    """States of every simulation, (T + 1, n, S)."""
    walker = ChunkWalker(plan)
    parts = [walker.states(chunk).copy() for chunk in range(plan.draws.n_chunks)]
    return np.concatenate(parts, axis=2)[:, :, : plan.draws.n_simulations]


def last_defaults(plan: SimulationPlan) -> np.ndarray:
    """Defaults by the last date in every simulation, (S,)."""
    walker = ChunkWalker(plan)
    counts = [(walker.states(chunk)[-1] == DEFAULTED).sum(axis=0) for chunk in range(plan.draws.n_chunks)]
    return np.concatenate(counts)[: plan.draws.n_simulations]


def slow_philox(counter: Sequence[np.ndarray | int], key: tuple[int, int]) -> np.ndarray:
    """Philox 4x32-10 in plain 64-bit arithmetic: counter of four words, any broadcast shape -> (4, ...) uint64."""
    low = np.uint64(0xFFFFFFFF)
    x = [np.array(word, dtype=np.uint64) for word in np.broadcast_arrays(*counter)]
    k = [key[0], key[1]]
    for _ in range(10):
        first, second = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        half = np.uint64(32)
        x = [
            (second >> half) ^ x[1] ^ np.uint64(k[0]),
            second & low,
            (first >> half) ^ x[3] ^ np.uint64(k[1]),
            first & low,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.array(x)


def slow_uniforms(draws: Draws, stream: int, n_rows: int, n_periods: int) -> np.ndarray:
    """Uniform numbers of a stream, (n_periods, n_rows, CHUNK chunks), from the plain generator."""
    simulations = np.arange(draws.n_chunks * CHUNK)
    counter = 1 + (simulations // 2 if draws.method is Method.ANTITHETIC else simulations)
    found = np.empty((n_periods, n_rows, len(simulations)))
    for t in range(1, n_periods + 1):
        blocks = np.arange(-(-n_rows // 4))[:, np.newaxis]
        words = slow_philox((blocks, t, counter, stream), draws.key).astype(np.float64)
        found[t - 1] = (words.swapaxes(0, 1).reshape(-1, len(simulations))[:n_rows] + 0.5) / 2.0**32
    if draws.method is Method.ANTITHETIC:
        found[:, :, 1::2] = 1.0 - found[:, :, 1::2]
    return found


def slow_normals(draws: Draws, stream: int, n_rows: int, n_periods: int) -> np.ndarray:
    """Their quantiles; of mirrored numbers minus those of their pairs."""
    uniforms = slow_uniforms(draws, stream, n_rows, n_periods)
    return np.where(uniforms < 0.5, ndtri(uniforms), -ndtri(1.0 - uniforms))


def slow_shocks(plan: SimulationPlan) -> np.ndarray:
    """Shocks of every walked asset, (T, n, S), from the plain generator and the definition of the dependence."""
    n, n_periods = len(plan.walk.initial), plan.n_periods
    own = slow_normals(plan.draws, 1, n, n_periods)
    if not isinstance(plan.dependence, FactorLoadings):
        return np.asarray(plan.dependence.lower @ own)
    model = plan.dependence
    innovations = slow_normals(plan.draws, 0, model.n_factors, n_periods)
    factors, phi = innovations.copy(), model.persistence
    for t in range(1, n_periods):
        factors[t] = phi * factors[t - 1] + np.sqrt(1.0 - phi**2) * innovations[t]
    shocks = model.idiosyncratic[:, np.newaxis] * own
    for level in range(model.factor.shape[1]):
        shocks += model.loading[:, level, np.newaxis] * factors[:, model.factor[:, level]]
    return shocks


def slow_walk(
    assets: Sequence[SimulatedAsset], grid: DateGrid, transitions: RatingTransitions, shocks: np.ndarray
) -> np.ndarray:
    """States of assets (T + 1, n, S) by the words of spec 04 §6 as corrected by Q6: one loan and step at a time."""
    n_periods, n, n_simulations = shocks.shape
    states = np.empty((n_periods + 1, n, n_simulations), dtype=np.uint8)
    over = cache(transitions.over)
    for i, asset in enumerate(assets):
        maturity = day_number(asset.maturity)
        now = np.full(n_simulations, asset.state)
        if asset.state != DEFAULTED and maturity <= grid.days[0]:
            now[:] = MATURED
        states[0, i] = now
        for t in range(1, n_periods + 1):
            begin, end = int(grid.days[t - 1]), int(grid.days[t])
            is_last = begin < maturity <= end
            years = float(grid.years[t - 1])
            if is_last and maturity < end:
                years = stub_years(grid, begin, maturity)
            moved = slow_step(over(years), now, shocks[t - 1, i])
            if is_last:
                moved = np.where((moved == DEFAULTED) | (now == DEFAULTED), DEFAULTED, MATURED)
            now = np.where(now >= DEFAULTED, now, moved)
            states[t, i] = now
    return states


def stub_years(grid: DateGrid, begin: int, maturity: int) -> float:
    """Length of a stub: days on a list of dates, on a regular grid months and the days of the last one."""
    if not grid.months:
        return (maturity - begin) / 365.25
    start = date.fromordinal(begin - day_number(AS_OF) + AS_OF.toordinal())
    end = date.fromordinal(maturity - day_number(AS_OF) + AS_OF.toordinal())
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    anchor = _months_on(start, months)
    return (months + (end - anchor).days / (_months_on(start, months + 1) - anchor).days) / 12.0


def _months_on(start: date, months: int) -> date:
    """The same day of a later month; days up to 28 only."""
    years, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + years, month=month + 1)


def slow_step(matrix: np.ndarray, states: np.ndarray, shocks: np.ndarray) -> np.ndarray:
    """States after a step: how many states better than the next ones the shock's probability has passed."""
    moved = states.copy()
    for k in np.unique(states[states < DEFAULTED]).tolist():
        here = states == k
        better, worse = np.cumsum(matrix[k]), np.cumsum(matrix[k][::-1])[::-1]
        bounds = np.where(better[:-1] < 0.5, ndtri(better[:-1]), -ndtri(worse[1:]))
        moved[here] = np.searchsorted(bounds, shocks[here], side="right")
    return moved
