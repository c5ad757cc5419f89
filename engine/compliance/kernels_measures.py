"""Measures that are neither ratios of sums nor ranked groups, one function each."""

import math

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DIVERSITY_SCORE, HELD_AMOUNT, EXCESS_HAIRCUT, ADJUSTED_COLLATERAL = 1, 2, 3, 4
DISPERSION, EFFECTIVE_NUMBER, WITH_EXCESS, AVERAGE_GROUP = 5, 6, 7, 8
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
    """reals[0] 1 for assets that count; codes[0] issuer, codes[1] industry; settings[0] 1 to round half to even.

    An issuer has the industry of the first of its assets that is held.
    """
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
            if not is_held[issuer]:
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
def excess_haircut(par: Floats, cash: float, reals: Floats, codes: Whole, settings: Floats) -> float:
    """Haircut on the excess of the larger of two buckets over a limit, the cheapest assets first (spec 03 §7.14).

    reals[0] 1 for collateral the limit is taken of, reals[1] and reals[2] 1 for assets of the buckets, reals[3] what a
    unit of par in the excess loses; codes[0] the assets by rising market value; settings[0] the limit, a fraction.
    """
    collateral, first, second = cash, 0.0, 0.0
    for asset in range(len(par)):
        collateral += reals[0, asset] * par[asset]
        first += reals[1, asset] * par[asset]
        second += reals[2, asset] * par[asset]
    bucket = 1 if first >= second else 2
    excess = max(first, second) - settings[0] * collateral
    haircut = 0.0
    for place in range(len(par)):
        if excess <= 0.0:
            break
        asset = codes[0, place]
        if reals[bucket, asset] != 0.0:
            cut = min(par[asset], excess)
            haircut += reals[3, asset] * cut
            excess -= cut
    return haircut


@kernel
def adjusted_collateral(par: Floats, cash: float, reals: Floats, codes: Whole, settings: Floats) -> float:
    """Collateral and cash less the excess haircut, whose layout this is; reals[4] what a unit of par counts before."""
    total = cash
    for asset in range(len(par)):
        total += reals[4, asset] * par[asset]
    return total - excess_haircut(par, cash, reals, codes, settings)


@kernel
def dispersion(par: Floats, reals: Floats) -> float:
    """Par times the distance of reals[0] from its own average, summed over the assets with 1 in reals[1]."""
    total, weighted = 0.0, 0.0
    for asset in range(len(par)):
        total += reals[1, asset] * par[asset]
        weighted += reals[1, asset] * par[asset] * reals[0, asset]
    if total <= 0.0:
        return 0.0
    mean = weighted / total
    distance = 0.0
    for asset in range(len(par)):
        distance += reals[1, asset] * par[asset] * abs(reals[0, asset] - mean)
    return distance


@kernel
def effective_number(par: Floats, reals: Floats, codes: Whole) -> float:
    """1 over the sum of squared shares of the groups codes[0] among assets with 1 in reals[0]; NaN without any."""
    n_groups = 0
    for asset in range(len(par)):
        n_groups = max(n_groups, codes[0, asset] + 1)
    of_group = np.zeros(n_groups)
    for asset in range(len(par)):
        of_group[codes[0, asset]] += reals[0, asset] * par[asset]
    total, squares = 0.0, 0.0
    for group in range(n_groups):
        total += of_group[group]
        squares += of_group[group] * of_group[group]
    return total * total / squares if squares > 0.0 else np.nan


@kernel
def with_excess(par: Floats, reals: Floats) -> float:
    """Sum of reals[0] by par, and of reals[1] by par where that is above 0."""
    own, spare = 0.0, 0.0
    for asset in range(len(par)):
        own += reals[0, asset] * par[asset]
        spare += reals[1, asset] * par[asset]
    return own + max(spare, 0.0)


@kernel
def average_group(par: Floats, reals: Floats, codes: Whole) -> float:
    """Par of the assets with 1 in reals[0] over the number of groups codes[0] among them that are held."""
    n_groups = 0
    for asset in range(len(par)):
        n_groups = max(n_groups, codes[0, asset] + 1)
    is_held = np.zeros(n_groups, np.bool_)
    total = 0.0
    for asset in range(len(par)):
        if reals[0, asset] != 0.0 and par[asset] != 0.0:
            total += par[asset]
            is_held[codes[0, asset]] = True
    n_held = 0
    for group in range(n_groups):
        n_held += is_held[group]
    return total / n_held if n_held > 0 else 0.0


@kernel
def measure(kind: int, par: Floats, cash: float, reals: Floats, codes: Whole, settings: Floats) -> float:
    """The measure of one kind; reals, codes and settings as its function says."""
    if kind == DIVERSITY_SCORE:
        return diversity_score(par, reals, codes, settings)
    if kind == HELD_AMOUNT:
        return held_amount(par, reals)
    if kind == EXCESS_HAIRCUT:
        return excess_haircut(par, cash, reals, codes, settings)
    if kind == ADJUSTED_COLLATERAL:
        return adjusted_collateral(par, cash, reals, codes, settings)
    if kind == DISPERSION:
        return dispersion(par, reals)
    if kind == EFFECTIVE_NUMBER:
        return effective_number(par, reals, codes)
    if kind == WITH_EXCESS:
        return with_excess(par, reals)
    if kind == AVERAGE_GROUP:
        return average_group(par, reals, codes)
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
