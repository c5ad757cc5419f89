"""Balances of the legacy model's paths, added up in its order: by date, then asset after asset (spec 04 §7.4, §7.5).

The order matters: a default rate is left out once what is left of the pool is exactly 0.
"""

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]

_N_PERFORMING, _DEFAULTED, _MATURED = 17, 17, 18


@kernel
def first_defaults(labels: States, first: Ints) -> None:
    """The first date on which each path is in default, T + 1 for none.

    labels : (T + 1, n, S) uint8; first : (n, S) int64, written
    """
    n_dates, n, n_simulations = labels.shape
    first[:, :] = n_dates
    for t in range(n_dates - 1, -1, -1):
        for i in range(n):
            for s in range(n_simulations):
                if labels[t, i, s] == _DEFAULTED:
                    first[i, s] = t


@kernel
def add_up_single(
    labels: States, first: Ints, opening: Floats, balance: Floats, balance_before: Floats,
    repaid: Floats, default_day: Ints, repaid_before: Floats, days: Ints, factor: float, buckets: Floats,
    defaulted: Floats, matured: Floats, rate: Floats,
) -> None:  # fmt: skip
    """Balances by rating, defaulted so far, repaid so far and default rates of the single-deal history (spec 04 §7.4).

    labels : (T + 1, n, S) on the balance dates; first : (n, S); opening : (n,); balance, balance_before, repaid :
    (n, T + 1) without default on, and one day before, each date; default_day, repaid_before : (n, T + 2) by
    first date in default: day of the payment that defaults, and what is repaid before it; days : (T + 1,)
    buckets : (17, T + 1, S), defaulted, matured, rate : (T + 1, S), written; zeros on entry
    """
    n_dates, n, n_simulations = labels.shape
    original = 0.0
    for i in range(n):
        original += opening[i]
        for s in range(n_simulations):
            label = labels[0, i, s]
            if label < _N_PERFORMING:
                buckets[label, 0, s] += opening[i]
            elif label == _DEFAULTED:
                defaulted[0, s] += opening[i]
    is_over = np.zeros(n_simulations, np.bool_)
    for t in range(1, n_dates):
        for s in range(n_simulations):
            if not is_over[s]:
                defaulted[t, s] = defaulted[t - 1, s]
        for i in range(n):
            for s in range(n_simulations):
                if is_over[s]:
                    continue
                last = default_day[i, first[i, s]]
                matured[t, s] += repaid[i, t] if days[t] < last else repaid_before[i, first[i, s]]
                label = labels[t, i, s]
                if labels[t - 1, i, s] in (_DEFAULTED, _MATURED):
                    continue
                held = balance[i, t] if days[t] < last else 0.0
                if label == _DEFAULTED and held == 0.0:
                    held = balance_before[i, t] if days[t] - 1 < last else 0.0
                if label < _N_PERFORMING:
                    buckets[label, t, s] += held
                elif label == _DEFAULTED:
                    defaulted[t, s] += held
        for s in range(n_simulations):
            left = original - matured[t - 1, s] - defaulted[t - 1, s]
            if is_over[s] or left == 0.0:
                is_over[s] = True
                continue
            rate[t, s] = factor * ((defaulted[t, s] - defaulted[t - 1, s]) / left)


@kernel
def add_up_deal(
    labels: States, first: Ints, opening: Floats, balance: Floats, balance_before: Floats, repaid: Floats,
    default_day: Ints, repaid_before: Floats, days: Ints, buckets: Floats, defaulted: Floats, matured: Floats,
) -> None:  # fmt: skip
    """Balances by rating, of the period's defaults and repaid of one deal of many (spec 04 §7.5).

    Arguments as `add_up_single`; defaulted : (T + 1, S) of the period, in row 0 what is in default at the start
    """
    n_dates, n, n_simulations = labels.shape
    for t in range(n_dates):
        for i in range(n):
            for s in range(n_simulations):
                label = labels[t, i, s]
                previous = labels[t - 1, i, s] if t > 0 else label
                if t == 0:
                    held = opening[i]
                else:
                    last = default_day[i, first[i, s]]
                    matured[t, s] += repaid[i, t] if days[t] < last else repaid_before[i, first[i, s]]
                    held = balance[i, t] if days[t] < last else 0.0
                    if label == _DEFAULTED and held == 0.0:
                        held = balance_before[i, t] if days[t] - 1 < last else 0.0
                if label < _N_PERFORMING:
                    buckets[label, t, s] += held
                elif label == _DEFAULTED and (t == 0 or previous != _DEFAULTED):
                    defaulted[t, s] += held
                elif label == _MATURED and t > 0 and previous != _MATURED:
                    matured[t, s] += held
