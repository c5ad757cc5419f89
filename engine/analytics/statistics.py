"""Mean, deviation and median of small samples, with the legacy versions of each (spec 01 §7.2)."""

from collections.abc import Sequence

import numpy as np

from engine.errors import InputError
from engine.modes import Quirk, Quirks

_LONG_MAX = 2_147_483_647


def average(values: Sequence[float], quirks: Quirks = frozenset(), *, lower_bound: int = 0) -> float:
    """Arithmetic mean.

    Under LQ-54 the divisor is the array's upper bound plus 1, right for arrays that begin at 0 only, and the sum of
    integers must stay in 32 bits: InputError beyond.
    """
    sample = _sample(values)
    if Quirk.AVERAGE_ZERO_BASED not in quirks:
        return float(sample.mean())
    if all(isinstance(value, int) for value in values):
        running = np.cumsum(sample)
        if (np.abs(running) > _LONG_MAX).any():
            raise InputError(
                "CLO-1041", f"The legacy average overflows at {running.max():.0f}", remedy="Use standard mode."
            )
    return float(sample.sum() / _legacy_count(sample.size, lower_bound))


def standard_deviation(values: Sequence[float], quirks: Quirks = frozenset(), *, lower_bound: int = 0) -> float:
    """Population standard deviation; under LQ-54 with the divisor of `average`."""
    sample = _sample(values)
    deviations = sample - average(values, quirks, lower_bound=lower_bound)
    count = _legacy_count(sample.size, lower_bound) if Quirk.AVERAGE_ZERO_BASED in quirks else sample.size
    return float(np.sqrt(np.sum(deviations * deviations) / count))


def median(values: Sequence[float], quirks: Quirks = frozenset()) -> float:
    """Median; the input is left alone.

    Under LQ-53 an odd sample gives the element numbered n/2, rounded half to even, of the descending order, which is
    one place too low for n = 3, 7, 11, ...
    """
    sample = _sample(values)
    if Quirk.MEDIAN_ODD in quirks and sample.size % 2 == 1 and sample.size > 1:
        return float(np.sort(sample)[::-1][round(sample.size / 2)])
    return float(np.median(sample))


def _sample(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    sample = np.array(values, dtype=np.float64)
    if sample.size == 0:
        raise InputError("CLO-1042", "A statistic of no values", remedy="Give at least one number.")
    return sample


def _legacy_count(size: int, lower_bound: int) -> int:
    """Upper bound plus one."""
    return lower_bound + size
