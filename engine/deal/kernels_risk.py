"""Risk measures of every tranche from the history of a run (spec 02 §7)."""

from math import nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.analytics import kernels_legacy
from engine.analytics.kernels import weighted_average_life, yield_and_durations
from engine.analytics.kernels_spread import present_value_with_spread, solve_spread
from engine.borrowing import borrowed
from engine.liabilities.state import TrancheState
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FREQUENCY = 4.0
"""Compounding periods a year of every tranche and deal (spec 02 §7)."""


class RiskTerms(NamedTuple):
    """What risk measures need; N periods, T tranches.

    settle           int, day number of the analysis date; days (N,) int64, payment days from period 1 on
    intervals, cumulative
                     (T, N) float64, compounding periods on each tranche's day count, by interval and from settlement
    price, discount_margin, balance, original_balance
                     (T,) float64; NaN for a price or margin that is not given, balance at the analysis date
    is_deferrable    (T,) float64, 0 or 1
    is_legacy        bool, the measures of the legacy model (DQ-21, DQ-22)
    """

    settle: int
    days: Ints
    intervals: Floats
    cumulative: Floats
    price: Floats
    discount_margin: Floats
    balance: Floats
    original_balance: Floats
    is_deferrable: Floats
    is_legacy: bool


@outlined_kernel
def measure_tranches(
    terms: RiskTerms, zero_rates: Floats, tranche: Floats, last_calculated: Floats, flows: Floats, risk: Floats
) -> None:
    """Fill the risk block of every tranche.

    zero_rates : (N,) float64, decimals, from settlement to each payment
    tranche    : (N, T, 11) float64, history; last_calculated : (T,) float64, last period with a balance
    flows      : (2, N) float64, scratch
    risk       : (T, 6) float64, written, columns of `engine.deal.results.RISK_COLUMNS`
    """
    terms, zero_rates, tranche = borrowed(terms), borrowed(zero_rates), borrowed(tranche)
    flows, risk = borrowed(flows), borrowed(risk)
    for t in range(risk.shape[0]):
        n = int(last_calculated[t])
        if terms.balance[t] == 0.0 or n == 0:
            risk[t] = 0.0 if terms.is_legacy else nan
            continue
        for k in range(n):
            row = tranche[k, t]
            flows[0, k] = (
                row[TrancheState.INTEREST_PAID]
                + row[TrancheState.PRINCIPAL_PAID]
                + row[TrancheState.DEFERRED_INTEREST_PAID]
                + row[TrancheState.DEFERRED_PRINCIPAL_PAID]
            )
            flows[1, k] = row[TrancheState.PRINCIPAL_PAID]
        if terms.is_legacy:
            measure_legacy(terms, zero_rates, t, n, flows, risk[t])
        else:
            add_deferred(terms, tranche, t, n, flows[1])
            measure(terms, zero_rates, tranche, t, n, flows, risk[t])


@kernel
def add_deferred(terms: RiskTerms, tranche: Floats, t: int, n: int, principal: Floats) -> None:
    """Count repaid deferred interest of a deferrable tranche as principal."""
    if terms.is_deferrable[t] != 0.0:
        for k in range(n):
            principal[k] += tranche[k, t, TrancheState.DEFERRED_PRINCIPAL_PAID]


@kernel
def measure(terms: RiskTerms, zero_rates: Floats, tranche: Floats, t: int, n: int, flows: Floats, risk: Floats) -> None:
    """Standard measures of one tranche; NaN where there is none."""
    cash, principal = flows[0], flows[1]
    target = terms.price[t] * terms.balance[t]
    risk[0], risk[4], risk[5], _ = yield_and_durations(cash, terms.cumulative[t], n, target, FREQUENCY)
    risk[1], _ = solve_spread(cash, terms.cumulative[t], zero_rates, n, target, FREQUENCY, False)
    margin = terms.discount_margin[t]
    risk[2] = (
        present_value_with_spread(cash, terms.cumulative[t], zero_rates, n, margin, FREQUENCY, False) / terms.balance[t]
    )
    owed = tranche[n - 1, t, TrancheState.BALANCE_END]
    if terms.is_deferrable[t] != 0.0:
        owed += tranche[n - 1, t, TrancheState.DEFERRED_END]
    for k in range(n):
        owed += principal[k]
    risk[3] = weighted_average_life(principal, terms.days, n, terms.settle, owed, owed)


@kernel
def measure_legacy(terms: RiskTerms, zero_rates: Floats, t: int, n: int, flows: Floats, risk: Floats) -> None:
    """Measures of one tranche as the legacy model finds them."""
    cash, principal = flows[0], flows[1]
    balance = terms.balance[t]
    target = terms.price[t] * balance
    risk[0], _ = kernels_legacy.solve_yield(cash, terms.intervals[t], n, target, FREQUENCY)
    risk[1], _ = kernels_legacy.solve_spread(cash, terms.intervals[t], zero_rates, n, target, FREQUENCY)
    risk[2] = (
        kernels_legacy.path_present_value(
            cash[:n].reshape(1, n),
            terms.intervals[t, :n],
            zero_rates[:n].reshape(1, n),
            terms.discount_margin[t],
            FREQUENCY,
        )
        / balance
    )
    risk[3] = weighted_average_life(principal, terms.days, n, terms.settle, balance, terms.original_balance[t])
    risk[4], risk[5] = kernels_legacy.tranche_durations(cash, terms.days, n, terms.settle, risk[0], target, FREQUENCY)
