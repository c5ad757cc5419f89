"""Figures over simulations: moments, quantiles, tails, how well they are known, and which path stands for a quantile.

Everything is computed from the sorted values themselves, slice by slice, so that a memory map of any size can be
summarised (spec 04 §8.2, §11.8). A quantile interpolates between order statistics: with the n values in ascending order
numbered from 0, the one at (n - 1) p. That is PERCENTILE.INC of Excel and the default of numpy.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.modes import Quirk, Quirks
from engine.rating_migration.fields import FIELDS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOMENTS = ("mean", "sd", "sd_population", "standard_error", "minimum", "maximum")
QUANTILES = ("p0_1", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99_9")
TAILS = ("es95", "es99", "es99_9")
STATISTICS = (*MOMENTS, *QUANTILES, *TAILS)
"""Order of the figures of a Summary. sd has the divisor n - 1, sd_population n; es95 is the mean of the worst 5 %."""

N_STATISTICS = len(STATISTICS)

PER_MILLE = 1000
QUANTILES_PER_MILLE = (1, 10, 50, 100, 250, 500, 750, 900, 950, 990, 999)
TAILS_PER_MILLE = (50, 10, 1)
"""Probabilities and tail sizes in whole thousandths, so that (n - 1) p has no rounding of its own."""

SLICE_VALUES = 1 << 21
"""Values worked on at a time: three buffers of 16 MiB."""

FEW_IN_GROUP = 8
ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

BAD_WHEN_HIGH = frozenset(
    {"NUMCCC", "BALCCC", "NUMPERDEF", "BALPERDEF", "NUMDEF", "BALDEF", "DOWNGRADES", "CDR", "CDRSIMPLE", "DEFAULTRATE"}
)
"""Fields whose worst tail is the high one; that of all others is the low one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Figures over simulations, all NaN where every value is missing.

    figures (..., N_STATISTICS) in the order of STATISTICS and in the unit of the values; quantile_low, quantile_high
    (..., 11): the confidence interval of each quantile, NaN where the sample is too small for a bound; n, n_missing
    (...,): values used and values missing.
    """

    figures: Floats
    quantile_low: Floats
    quantile_high: Floats
    n: Ints
    n_missing: Ints

    def of(self, statistic: str) -> Floats:
        """One statistic (...,) by its name in STATISTICS."""
        return self.figures[..., STATISTICS.index(statistic)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """Means of the first simulations only. n (K,): how many; mean, standard_error, relative_change (..., K).

    relative_change: against the mean before, as a share of the last mean; NaN in the first place and where that is 0.
    """

    n: Ints
    mean: Floats
    standard_error: Floats
    relative_change: Floats


@dataclass(frozen=True, slots=True)
class LegacyPaths:
    """Simulations, from 0, that the legacy model shows as its minimum, maximum and median path (spec 04 §8.2)."""

    minimum: int
    maximum: int
    median: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """edges (B + 1,) in the unit of the values, ascending; counts (B,): values from one edge up to below the next.

    The last bin holds its upper edge as well.
    """

    edges: Floats
    counts: Ints


def worst_is_high_of_fields() -> Bools:
    """(N_FIELDS, 1): whether the worst tail of a field is the high one."""
    return np.array([[name in BAD_WHEN_HIGH] for name in FIELDS])


def summarise(
    values: Floats,
    *,
    worst_is_high: bool | Bools,
    group_size: int = 1,
    confidence: float = 0.95,
    quirks: Quirks = frozenset(),
) -> Summary:
    """All statistics of values (..., S) over their last axis; NaN is a missing value and takes no part.

    worst_is_high: the tail that expected shortfall looks at, for all or broadcast to (...,). group_size: consecutive
    simulations that depend on each other (2 for antithetic pairs, a scramble of Sobol points): the standard error then
    rests on the means of the groups. confidence: of the interval around each quantile. Under LQ-53 p50 is the legacy
    median. Raises InputError CLO-1850 without values, CLO-1851 for an infinite one, CLO-1852 for groups that do not
    divide the simulations, CLO-1853 for a confidence outside 0 to 1.
    """
    n_simulations = _simulations_of(values, group_size)
    _check_probability(confidence, "confidence")
    lead = values.shape[:-1]
    high = np.broadcast_to(np.asarray(worst_is_high, dtype=np.bool_), lead).reshape(-1)
    n_rows = high.shape[0]
    figures = np.full((n_rows, N_STATISTICS), np.nan)
    bounds = np.full((n_rows, len(QUANTILES), 2), np.nan)
    counts = np.zeros(n_rows, dtype=np.int64)
    for first, block in _slices(values):
        rows = slice(first, first + block.shape[0])
        ordered = np.sort(block, axis=-1)
        counts[rows] = (
            n_simulations - np.isnan(ordered).sum(axis=-1) if np.isnan(ordered[:, -1]).any() else n_simulations
        )
        error = _standard_errors(block, group_size) if group_size > 1 else None
        for n in np.unique(counts[rows]):
            if n:
                chosen = np.flatnonzero(counts[rows] == n)
                present = ordered if n == n_simulations and len(chosen) == len(ordered) else ordered[chosen, :n]
                target = first + chosen
                figures[target] = _figures(present, high[target], None if error is None else error[chosen], quirks)
                bounds[target] = _quantile_bounds(present, confidence)
    return Summary(
        figures=figures.reshape(*lead, N_STATISTICS),
        quantile_low=bounds[..., 0].reshape(*lead, len(QUANTILES)),
        quantile_high=bounds[..., 1].reshape(*lead, len(QUANTILES)),
        n=counts.reshape(lead),
        n_missing=(n_simulations - counts).reshape(lead),
    )


def convergence(values: Floats, *, group_size: int = 1) -> Convergence:
    """Means of the first S/16, S/8, S/4, S/2 and S simulations of values (..., S), whole groups only.

    Fewer than 16 groups give fewer steps. Errors as `summarise`.
    """
    n_simulations = _simulations_of(values, group_size)
    n_groups = n_simulations // group_size
    sizes = np.unique([max(1, n_groups >> halvings) for halvings in (4, 3, 2, 1, 0)]) * group_size
    lead = values.shape[:-1]
    mean = np.full((int(np.prod(lead)), len(sizes)), np.nan)
    error = np.full_like(mean, np.nan)
    for first, block in _slices(values):
        _check_finite(np.fmin.reduce(block, axis=-1), np.fmax.reduce(block, axis=-1))
        for step, size in enumerate(sizes):
            rows = slice(first, first + block.shape[0])
            mean[rows, step] = _means(block[:, :size])
            error[rows, step] = _standard_errors(block[:, :size], group_size)
    change = np.full_like(mean, np.nan)
    final = np.where(mean[:, -1:] == 0.0, np.nan, np.abs(mean[:, -1:]))
    change[:, 1:] = np.diff(mean, axis=-1) / final
    shape = (*lead, len(sizes))
    return Convergence(
        n=sizes.astype(np.int64),
        mean=mean.reshape(shape),
        standard_error=error.reshape(shape),
        relative_change=change.reshape(shape),
    )


def histogram(values: Floats, *, most_bins: int = 40) -> Histogram:
    """Counts of values (S,) in bins of one round width (1, 2, 2.5 or 5 times a power of ten); NaN takes no part.

    At most most_bins + 1 bins, since the edges are multiples of the width. Raises InputError CLO-1850 without a value,
    CLO-1851 for an infinite one.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        raise _no_values()
    _check_finite(known, known)
    low, high = float(known.min()), float(known.max())
    least = (high - low) / most_bins or abs(high) / most_bins or 1.0
    power = 10.0 ** np.floor(np.log10(least))
    width = power * next((step for step in ROUND_STEPS if step * power >= least), ROUND_STEPS[-1])
    first = np.floor(low / width)
    n_bins = max(1, int(np.ceil(high / width) - first))
    edges = (first + np.arange(n_bins + 1)) * width
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    return Histogram(edges, np.histogram(known, bins=edges)[0].astype(np.int64))


def representative_path(totals: Floats, probability: float) -> int:
    """The simulation, from 0, whose total (S,) lies nearest to the quantile of all totals; the first of equals.

    totals: cumulative default balance at the last date, summed over deals. Raises InputError CLO-1850 without a total,
    CLO-1851 for an infinite one, CLO-1853 for a probability outside 0 to 1.
    """
    _check_probability(probability, "probability")
    known = totals[~np.isnan(totals)]
    if not known.size:
        raise _no_values()
    _check_finite(known, known)
    return int(np.nanargmin(np.abs(totals - np.quantile(known, probability))))


def legacy_paths(totals: Floats, quirks: Quirks) -> LegacyPaths:
    """The simulations behind the MIN, MAX and MEDIAN sheets by their totals (S,), the first of equals (spec 04 §8.2).

    Under LQ-53 the median path is number S/2, rounded half to even, of the ascending order, S = 1 and 3 apart; in
    standard mode the one nearest to the median.
    """
    if not totals.size:
        raise _no_values()
    median = representative_path(totals, 0.5)
    if Quirk.MEDIAN_ODD in quirks:
        place = {1: 0, 3: 1}.get(totals.size, round(totals.size / 2))
        median = int(np.argsort(totals, kind="stable")[place])
    return LegacyPaths(minimum=int(np.argmin(totals)), maximum=int(np.argmax(totals)), median=median)


def quantile_ranks(n: int, probabilities: Floats, confidence: float) -> tuple[Ints, Ints]:
    """Ranks, from 1, of the order statistics of n values that enclose each quantile with at least this confidence.

    The number of values below the quantile is binomial; rank 0 and n + 1 say that the sample gives no bound.
    """
    from scipy.stats import binom  # takes half a second to import, which only this function needs

    rest = (1.0 - confidence) / 2.0
    low = binom.ppf(rest, n, probabilities).astype(np.int64)
    high = binom.ppf(1.0 - rest, n, probabilities).astype(np.int64) + 1
    return low, high


def _simulations_of(values: Floats, group_size: int) -> int:
    if values.ndim == 0 or values.size == 0:
        raise _no_values()
    n_simulations = int(values.shape[-1])
    if group_size < 1 or n_simulations % group_size:
        raise InputError(
            "CLO-1852",
            f"{n_simulations} simulations cannot be divided into groups of {group_size}",
            remedy="Choose a number of simulations that is a multiple of the group.",
        )
    return n_simulations


def _no_values() -> InputError:
    return InputError("CLO-1850", "A statistic of no simulations", remedy="Run at least one simulation.")


def _check_probability(value: float, name: str) -> None:
    if not 0.0 < value < 1.0:
        raise InputError(
            "CLO-1853", f"The {name} {value} does not lie between 0 and 1", remedy="Give a decimal such as 0.95."
        )


def _check_finite(low: Floats, high: Floats) -> None:
    if np.isinf(low).any() or np.isinf(high).any():
        raise InputError(
            "CLO-1851",
            "A simulated value is infinite",
            remedy="Hand over a missing value (NaN) where a figure does not exist.",
        )


def _slices(values: Floats) -> Iterator[tuple[int, Floats]]:
    """Rows of the flattened leading axes in order: number of the first row, contiguous values (rows, S)."""
    first, step = 0, max(1, SLICE_VALUES // values.shape[-1])
    if values.ndim == 1:
        yield 0, np.ascontiguousarray(values)[None, :]
        return
    for index in np.ndindex(values.shape[:-2]):
        block = values[index]
        for row in range(0, block.shape[0], step):
            part = np.ascontiguousarray(block[row : row + step])
            yield first, part
            first += part.shape[0]


def _figures(ordered: Floats, worst_is_high: Bools, error: Floats | None, quirks: Quirks) -> Floats:
    """(rows, N_STATISTICS) of ascending values (rows, n) without a missing one."""
    n_rows, n = ordered.shape
    low, high = ordered[:, 0], ordered[:, -1]
    _check_finite(low, high)
    mean = np.clip(ordered.mean(axis=-1), low, high)
    deviations = ordered - mean[:, None]
    squares = np.einsum("ij,ij->i", deviations, deviations)
    sample = np.sqrt(squares / (n - 1)) if n > 1 else np.full(n_rows, np.nan)
    standard_error = sample / np.sqrt(n) if error is None else error
    quantiles = [_quantile(ordered, per_mille) for per_mille in QUANTILES_PER_MILLE]
    if Quirk.MEDIAN_ODD in quirks and n % 2 == 1 and n > 1:
        quantiles[QUANTILES.index("p50")] = ordered[:, n - 1 - round(n / 2)]
    tails = [np.where(worst_is_high, *_shortfalls(ordered, per_mille)) for per_mille in TAILS_PER_MILLE]
    return np.stack([mean, sample, np.sqrt(squares / n), standard_error, low, high, *quantiles, *tails], axis=-1)


def _quantile(ordered: Floats, per_mille: int) -> Floats:
    place, rest = divmod((ordered.shape[1] - 1) * per_mille, PER_MILLE)
    below = ordered[:, place]
    return below if not rest else below + (ordered[:, place + 1] - below) * (rest / PER_MILLE)


def _shortfalls(ordered: Floats, per_mille: int) -> tuple[Floats, Floats]:
    """Means of the highest and of the lowest part; the value on its border counts with the share that belongs to it."""
    n = ordered.shape[1]
    whole, rest = divmod(n * per_mille, PER_MILLE)
    share = rest / PER_MILLE
    at_top, at_bottom = ordered[:, n - whole :].sum(axis=-1), ordered[:, :whole].sum(axis=-1)
    if rest:
        at_top = at_top + share * ordered[:, n - whole - 1]
        at_bottom = at_bottom + share * ordered[:, whole]
    low, high = ordered[:, 0], ordered[:, -1]
    return np.clip(at_top / (whole + share), low, high), np.clip(at_bottom / (whole + share), low, high)


def _quantile_bounds(ordered: Floats, confidence: float) -> Floats:
    """(rows, 11, 2): order statistics below and above each quantile, NaN where the sample has none."""
    n = ordered.shape[1]
    low, high = quantile_ranks(n, np.array(QUANTILES_PER_MILLE) / PER_MILLE, confidence)
    below = np.where(low >= 1, ordered[:, np.maximum(low, 1) - 1], np.nan)
    above = np.where(high <= n, ordered[:, np.minimum(high, n) - 1], np.nan)
    return np.stack([below, above], axis=-1)


def _means(block: Floats) -> Floats:
    """Means of (rows, n) over what is present, NaN for a row without a value."""
    present = ~np.isnan(block)
    n = present.sum(axis=-1)
    sums = np.where(present, block, 0.0).sum(axis=-1)
    means: Floats = np.divide(sums, n, out=np.full(len(block), np.nan), where=n > 0)
    return means


def _standard_errors(block: Floats, group_size: int) -> Floats:
    """Standard error (rows,) of the mean of (rows, S) from groups of consecutive simulations, NaN for fewer than two.

    With all values present it is the sample deviation of the group means over the root of their number; with missing
    ones that of the ratio of group sums to group counts.
    """
    means = _means(block)
    deviations = block - means[:, None]
    present = ~np.isnan(deviations)
    deviations[~present] = 0.0
    sums = _group_sums(deviations, group_size)
    counts = present.sum(axis=-1)
    n_groups = _group_sums(present.astype(np.float64), group_size).astype(np.bool_).sum(axis=-1)
    squares = np.einsum("ij,ij->i", sums, sums)
    known = n_groups > 1
    scale = np.divide(n_groups, n_groups - 1.0, out=np.full(len(block), np.nan), where=known)
    errors: Floats = np.sqrt(scale * squares) / np.maximum(counts, 1)
    return errors


def _group_sums(values: Floats, group_size: int) -> Floats:
    """(rows, S) -> (rows, S / group_size)."""
    if group_size > FEW_IN_GROUP:
        return np.asarray(values.reshape(len(values), -1, group_size).sum(axis=-1))
    sums = values[:, ::group_size].copy()
    for offset in range(1, group_size):  # numpy's reduction along so short an axis is many times slower
        sums += values[:, offset::group_size]
    return sums
