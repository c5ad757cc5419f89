"""Annual rates of a pool as tables: which asset reads which rate, and its values by interest period (spec 01 §3.5).

A pool has few different rates. Each is a source; scenarios change the rates of the sources, never who reads them.
"""

from dataclasses import dataclass

import numpy as np

from engine.collateral.assumptions import AssetAssumptions, Rate
from engine.collateral.kernels import Codes, Floats, Ints, RateEntries
from engine.errors import InputError
from engine.modes import Quirk, Quirks


@dataclass(frozen=True, slots=True, eq=False)
class SourceTable:
    """The different rates of one kind and who reads them.

    rates: the sources in the order of first use. source: (A,) int64 by asset, -1 for an asset without such a rate.
    """

    rates: tuple[Rate, ...]
    source: Ints


def source_table(rates: list[Rate | None]) -> SourceTable:
    """Collect the different rates of the assets; None where an asset has none."""
    found: dict[Rate, int] = {}
    source = np.array([-1 if rate is None else found.setdefault(rate, len(found)) for rate in rates], dtype=np.int64)
    return SourceTable(tuple(found), source)


def severity_rate(assumptions: AssetAssumptions, quirks: Quirks = frozenset()) -> Rate:
    """The severity that an asset's defaults take.

    Under LQ-20 a severity vector stands for the prepayment vector, and is an InputError where that is a number.
    """
    if isinstance(assumptions.severity, tuple) and Quirk.SEVERITY_VECTOR_READS_PREPAY in quirks:
        if not isinstance(assumptions.cpr, tuple):
            raise InputError(
                "CLO-1106",
                "The legacy model cannot use a severity vector with a single prepayment rate",
                remedy="Give a prepayment vector or a single severity, or run in standard mode.",
            )
        return assumptions.cpr
    return assumptions.severity


def annual_rates(rates: tuple[Rate, ...], n_periods: int, quirks: Quirks = frozenset()) -> Floats:
    """Annual decimals of sources by interest period, (Q, P), one row at least.

    The last element of a vector goes on; under LQ-19 the vector's length takes its place.
    """
    table = np.zeros((max(1, len(rates)), max(1, n_periods)))
    for row, rate in zip(table, rates, strict=False):
        if not isinstance(rate, tuple):
            row[:] = rate
            continue
        if not rate:
            raise InputError("CLO-1107", "A rate vector is empty", remedy="Give it one value at least.")
        n = min(len(rate), n_periods)
        row[:n] = rate[:n]
        row[n:] = float(len(rate)) if Quirk.VECTOR_END_USES_LENGTH in quirks else rate[-1]
    return table


def rate_entries(source: Ints, period: Ints, days: Ints, is_used: np.ndarray) -> tuple[RateEntries, Codes]:
    """Number the different combinations of source, period and days: the entries and the (K, A) entry of each cell.

    Entry 0 is the zero rate; it stands where is_used is False or the source is -1.
    """
    used = is_used & (source >= 0)
    # Days are negative where an accrual period is said to begin after its end.
    first_day = min(0, int(days.min(initial=0)))
    width = int(days.max(initial=0)) - first_day + 1, int(period.max(initial=0)) + 1
    keys = (source * width[1] + period) * width[0] + days - first_day
    distinct, inverse = np.unique(keys[used], return_inverse=True)
    codes = np.zeros(keys.shape, dtype=np.int32)
    codes[used] = inverse + 1
    head = np.array([-1], dtype=np.int64)
    zero = np.zeros(1, dtype=np.int64)
    entries = RateEntries(
        source=np.concatenate((head, distinct // (width[0] * width[1]))),
        period=np.concatenate((zero, distinct // width[0] % width[1])),
        days=np.concatenate((zero, distinct % width[0] + first_day)),
    )
    return entries, codes
