"""One-year transition matrices turned into those of any other length (spec 04 §3.2 to §3.4, §11.1).

Rows are the rating moved from, columns the rating moved to, best first; the last state is default and absorbing.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm, fractional_matrix_power, logm
from scipy.special import ndtri

from engine.errors import InputError, ModelError
from engine.modes import Mode
from engine.rating_migration.legacy_algebra import ANNUALLY, QUARTERLY, SEMI_ANNUALLY, regularised
from engine.rating_migration.legacy_algebra import period_matrix as legacy_period_matrix

Floats = npt.NDArray[np.float64]

ROW_SUM_TOLERANCE = 1e-6
"""How far a row of probabilities may be from 1; within it rows are scaled."""

MOST_DEFAULT_ERROR = 5e-4
"""How far the default probability of a year may be missed without consent: 5 basis points."""

_IMAGINARY_ROUNDING = 1e-9
_WHERE = "transition matrix"


class Step(Enum):
    """Length of the period, as its number a year."""

    ANNUAL = 1
    SEMI_ANNUAL = 2
    QUARTERLY = 4
    MONTHLY = 12


LEGACY_FREQUENCIES = {Step.ANNUAL: ANNUALLY, Step.SEMI_ANNUAL: SEMI_ANNUALLY, Step.QUARTERLY: QUARTERLY}
"""The legacy model's words for the steps that it knows."""


class Adjustment(Enum):
    """What pays for the negative rates of a logarithm: the other entries of the row by size, or the diagonal alone."""

    WEIGHTED = "weighted"
    DIAGONAL = "diagonal"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmbeddingReport:
    """How well the repaired generator gives back the year.

    largest, frobenius: of exp(G) - A; default_error (n,): absolute error of each row's default probability; rescaled:
    the furthest that a row of the given matrix was from 1.
    """

    largest: float
    frobenius: float
    default_error: Floats
    rescaled: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingTransitions:
    """The transitions of a set of ratings over any length of time.

    annual (n, n): the given matrix, rows adding up to 1; generator (n, n): rates a year.
    """

    ratings: tuple[str, ...]
    annual: Floats
    generator: Floats
    report: EmbeddingReport

    def over(self, years: float) -> Floats:
        """Probabilities over a length of time in years, (n, n); InputError CLO-1829 for a negative one."""
        return np.asarray(self.over_each(np.array([years]))[0], dtype=np.float64)

    def over_each(self, years: Floats) -> Floats:
        """Probabilities over each of many lengths, (m,) years -> (m, n, n)."""
        if not (np.isfinite(years) & (years >= 0.0)).all():
            raise InputError("CLO-1829", "A length of time is negative or no number", remedy="Give years from 0 up.")
        return _probabilities(self.generator, years)


def rating_transitions(
    ratings: tuple[str, ...],
    annual: Floats,
    *,
    adjustment: Adjustment = Adjustment.WEIGHTED,
    accepts_error: bool = False,
) -> RatingTransitions:
    """Transitions from a one-year matrix, by its generator.

    accepts_error: consent to a generator that misses a default probability of the year by more than 5 basis points;
    without it InputError CLO-1808. Raises InputError CLO-1801, 1803 to 1807 and 1809 for a matrix that is none,
    ModelError CLO-1802 for one without a generator.
    """
    rows = checked_matrix(annual, ratings)
    rates = generator(rows, adjustment)
    error = _probabilities(rates, np.ones(1))[0] - rows
    report = EmbeddingReport(
        largest=float(np.abs(error).max()),
        frobenius=float(np.linalg.norm(error)),
        default_error=np.abs(error[:, -1]),
        rescaled=float(np.abs(annual.sum(axis=1) - 1.0).max()),
    )
    if not accepts_error:
        _refuse_large_error(report.default_error, ratings)
    return RatingTransitions(ratings=ratings, annual=rows, generator=rates, report=report)


def period_matrix(annual: Floats, step: Step, mode: Mode = Mode.STANDARD, *, accepts_error: bool = False) -> Floats:
    """Transition probabilities over one period, rows from and columns to a rating, (n, n) decimals.

    Standard mode takes the generator of the matrix, repaired by the weighted adjustment; legacy mode square roots
    whose rows are projected on the probabilities. A year is the matrix itself. Raises what `rating_transitions` does,
    and InputError CLO-1811 for a month in legacy mode, which no number of square roots reaches.
    """
    if mode is Mode.LEGACY:
        if step not in LEGACY_FREQUENCIES:
            raise InputError(
                "CLO-1811",
                "The legacy model has no monthly matrix",
                where=_WHERE,
                remedy="Choose quarterly, semi-annual or annual, or the standard mode.",
            )
        return legacy_period_matrix(annual, LEGACY_FREQUENCIES[step])
    rows = checked_matrix(annual)
    if step is Step.ANNUAL:
        return rows
    return rating_transitions(_numbered(rows), rows, accepts_error=accepts_error).over(1.0 / step.value)


def generator(annual: Floats, adjustment: Adjustment = Adjustment.WEIGHTED) -> Floats:
    """Generator of a one-year matrix, (n, n) a year: off-diagonal rates not negative, rows adding up to 0.

    Negative rates of the logarithm are set to 0; their sum is taken from the other entries of the row in proportion to
    their size (weighted), or from the diagonal. Raises ModelError CLO-1802 where the logarithm is not real.
    """
    logarithm = logm(annual)
    if np.abs(np.imag(logarithm)).max() > _IMAGINARY_ROUNDING or not np.isfinite(logarithm).all():
        raise ModelError(
            "CLO-1802",
            "The transition matrix has no generator",
            where=_WHERE,
            remedy="Check it for a rating that is left more often than kept.",
        )
    rates = np.real(logarithm).copy()
    rates[-1] = 0.0
    own = np.diag(rates).copy()
    off = rates - np.diag(own)
    positive = np.maximum(off, 0.0)
    if adjustment is Adjustment.DIAGONAL:
        return np.asarray(positive - np.diag(positive.sum(axis=1)), dtype=np.float64)
    missing = np.maximum(-off, 0.0).sum(axis=1)
    weight = np.abs(own) + positive.sum(axis=1)
    share = np.divide(missing, weight, out=np.zeros_like(missing), where=weight > 0.0)
    repaired: Floats = positive * (1.0 - share)[:, np.newaxis] + np.diag(own - share * np.abs(own))
    return repaired


def by_root(annual: Floats, periods_a_year: int) -> Floats:
    """The period's matrix as a direct root of the year, A^(1/m), rows projected on the probabilities."""
    root = fractional_matrix_power(checked_matrix(annual), 1.0 / periods_a_year)
    return regularised(np.real(root))


def thresholds(matrix: Floats) -> Floats:
    """Normal quantiles at which a shock leads to the next worse state, (..., n, n) -> (..., n - 1, n) float64.

    Row k is the performing state moved from; column j the quantile of the probability of the states better than j,
    column 0 minus infinity. The state of a shock x is the number of j >= 1 with x >= [k, j]: the last one at most, and
    never one of probability 0. Beyond the middle the quantile is that of the complement, accurate in the tail.
    """
    rows = matrix[..., :-1, :]
    better = np.zeros_like(rows)
    better[..., 1:] = np.cumsum(rows[..., :-1], axis=-1)
    rest = np.cumsum(rows[..., ::-1], axis=-1)[..., ::-1]
    found = np.where(better <= 0.5, ndtri(np.minimum(better, 1.0)), -ndtri(np.minimum(rest, 1.0)))
    return np.maximum.accumulate(found, axis=-1)


def scaled_defaults(annual: Floats, factor: float) -> Floats:
    """The matrix with every default probability times a factor and the moves between ratings scaled to the rest.

    A view of a point in time (spec 04 §11.1). Raises InputError CLO-1810 for a negative factor, and where a probability
    would pass 1 or the rest has nothing to scale.
    """
    rows = checked_matrix(annual)
    before = rows[:-1, -1]
    after = factor * before
    is_stuck = (before >= 1.0) & (after < 1.0)
    if not factor >= 0.0 or (after > 1.0).any() or is_stuck.any():
        raise InputError(
            "CLO-1810",
            f"Default probabilities cannot be multiplied by {factor:g}",
            where=_WHERE,
            remedy="Give a factor from 0 up that keeps every probability within 1.",
        )
    kept = np.divide(1.0 - after, 1.0 - before, out=np.zeros_like(before), where=before < 1.0)
    scaled = rows.copy()
    scaled[:-1, :-1] *= kept[:, np.newaxis]
    scaled[:-1, -1] = after
    return scaled


def checked_matrix(annual: Floats, ratings: tuple[str, ...] = ()) -> Floats:
    """The matrix with rows adding up to 1, if they did so within 1e-6 and it is square, not negative and absorbing.

    ratings name the rows in messages. Raises InputError CLO-1801 and 1803 to 1807, CLO-1809 where the ratings do not
    fit the matrix.
    """
    _refuse_other_shapes(annual, ratings)
    names = ratings or _numbered(annual)
    for is_wrong, number, what in (
        (~np.isfinite(annual), "CLO-1807", "is no number"),
        (annual < 0.0, "CLO-1805", "is negative"),
    ):
        if is_wrong.any():
            i, j = (int(place) for place in np.argwhere(is_wrong)[0])
            raise _wrong(number, f"The probability of a move from {names[i]} to {names[j]} {what}: {annual[i, j]:g}")
    sums = annual.sum(axis=1)
    if (np.abs(sums - 1.0) > ROW_SUM_TOLERANCE).any():
        worst = int(np.argmax(np.abs(sums - 1.0)))
        row = f" ({ratings[worst]})" if ratings else ""
        raise _wrong("CLO-1801", f"Row {worst + 1}{row} of the transition matrix adds up to {sums[worst]:.8f}")
    if (annual[-1, :-1] != 0.0).any():
        raise _wrong("CLO-1806", f"The last state, {names[-1]}, can be left and is no default")
    return np.asarray(annual / sums[:, np.newaxis], dtype=np.float64)


def _refuse_other_shapes(annual: Floats, ratings: tuple[str, ...]) -> None:
    if annual.ndim != 2 or annual.shape[0] != annual.shape[1]:
        raise _wrong("CLO-1803", f"The transition matrix is not square but {' x '.join(map(str, annual.shape))}")
    if annual.shape[0] < 2:
        raise _wrong("CLO-1804", "The transition matrix has fewer than two states")
    if ratings and (len(ratings) != annual.shape[0] or len(set(ratings)) != len(ratings)):
        raise _wrong("CLO-1809", f"{len(ratings)} ratings do not name {annual.shape[0]} states one by one")


def _wrong(number: str, problem: str) -> InputError:
    return InputError(
        number,
        problem,
        where=_WHERE,
        remedy="Give each rating a row of probabilities that add up to 1, with default as the last and final state.",
    )


def _refuse_large_error(default_error: Floats, ratings: tuple[str, ...]) -> None:
    worst = int(np.argmax(default_error))
    if default_error[worst] > MOST_DEFAULT_ERROR:
        raise InputError(
            "CLO-1808",
            f"The generator misses the default probability of {ratings[worst]} by {default_error[worst]:.6f}",
            where=_WHERE,
            remedy="Accept the error, choose the other adjustment of the generator, or correct the matrix.",
        )


def _probabilities(rates: Floats, years: Floats) -> Floats:
    """exp(rates x years) for (m,) years, (m, n, n), without the rounding below 0 and in the rows' sums."""
    found = np.maximum(expm(rates * years[:, np.newaxis, np.newaxis]), 0.0)
    found /= found.sum(axis=-1, keepdims=True)
    found[:, -1, :-1], found[:, -1, -1] = 0.0, 1.0
    return np.asarray(found, dtype=np.float64)


def _numbered(annual: Floats) -> tuple[str, ...]:
    return tuple(f"state {i + 1}" for i in range(annual.shape[0]))
