"""Measures that are neither ratios of sums nor ranked groups, one function each."""

import math

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DIVERSITY_SCORE, HELD_AMOUNT = 1, 2
_MOST_UNITS = 19.95
_NEARLY_HALF = 1e-9


@kernel
def _half_even(value: float) -> float:
    below = math.floor(value)
    if value - below == 0.5:
        return below if below % 2 == 0 else below + 1.0
    return math.floor(value + 0.5)


@kernel
def industry_score(units: float, half_even: bool) -> float:
    """Score of an industry with this sum of issuer units, by the table of spec 03 §8.6."""
    if units > _MOST_UNITS:
        return 5.0
    if units <= 0.0:
        return 0.0
    tenths = _half_even(units * 10.0) if half_even else math.floor(units * 10.0 + 0.5 + _NEARLY_HALF)
    step = tenths / 10.0
    if step <= 1.0:
        score = step
    elif step <= 3.0:
        score = 1.0 + (step - 1.0) / 2.0
    elif step <= 6.0:
        score = 2.0 + (step - 3.0) / 3.0
    elif step <= 10.0:
        score = 3.0 + (step - 6.0) / 4.0
    else:
        score = 4.0 + (step - 10.0) / 10.0
    return math.floor(score * 1e4 + 0.5) / 1e4


@kernel
def diversity_score(par: Floats, reals: Floats, codes: Whole, settings: Floats) -> float:
    """reals[0] 1 for assets that count; codes[0] issuer, codes[1] its industry; settings[0] 1 to round half to even."""
    n_issuers, n_industries = 0, 0
    for asset in range(len(par)):
        n_issuers = max(n_issuers, codes[0, asset] + 1)
        n_industries = max(n_industries, codes[1, asset] + 1)
    of_issuer = np.zeros(n_issuers)
    industry = np.zeros(n_issuers, np.int64)
    is_held = np.zeros(n_issuers, np.bool_)
    total = 0.0
    for asset in range(len(par)):
        if par[asset] != 0.0 and reals[0, asset] != 0.0:
            issuer = codes[0, asset]
            of_issuer[issuer] += par[asset]
            industry[issuer] = codes[1, asset]
            is_held[issuer] = True
            total += par[asset]
    n_held = 0
    for issuer in range(n_issuers):
        n_held += is_held[issuer]
    if n_held == 0 or total <= 0.0:
        return 0.0
    mean = total / n_held
    units = np.zeros(n_industries)
    for issuer in range(n_issuers):
        if is_held[issuer]:
            units[industry[issuer]] += min(1.0, of_issuer[issuer] / mean)
    score = 0.0
    for group in range(n_industries):
        score += industry_score(units[group], settings[0] != 0.0)
    return score


@kernel
def held_amount(par: Floats, reals: Floats) -> float:
    """reals[0] an amount of each asset that counts in full as soon as the asset is held."""
    total = 0.0
    for asset in range(len(par)):
        if par[asset] != 0.0:
            total += reals[0, asset]
    return total


@kernel
def measure(kind: int, par: Floats, cash: float, reals: Floats, codes: Whole, settings: Floats) -> float:
    """The measure of one kind; reals, codes and settings as its function says."""
    if kind == DIVERSITY_SCORE:
        return diversity_score(par, reals, codes, settings)
    if kind == HELD_AMOUNT:
        return held_amount(par, reals)
    return np.nan


@kernel
def measure_after_trades(
    kind: int,
    par: Floats,
    cash: float,
    reals: Floats,
    codes: Whole,
    settings: Floats,
    traded: Whole,
    steps: Floats,
    costs: Floats,
    values: Floats,
) -> None:
    """The measure after each single trade into values (trades,): par changes by steps, cash falls by costs."""
    trial = par.copy()
    for trade in range(len(traded)):
        asset = traded[trade]
        trial[asset] = par[asset] + steps[trade]
        values[trade] = measure(kind, trial, cash - costs[trade], reals, codes, settings)
        trial[asset] = par[asset]
