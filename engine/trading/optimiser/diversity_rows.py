"""Moody's diversity score as rows: the table of scores is concave, so a minimum is linear once the mean is fixed.

An issuer counts its par over the mean par of an issuer, at most 1; an industry scores by the sum of its issuers (spec
05 §11.3 class G). The mean is that of the point, and what the table rounds there is carried over, so that taking the
rows anew at each solution settles both.
"""

from itertools import pairwise

import numpy as np

from engine.compliance import kernels_measures
from engine.compliance.evaluation import Holdings
from engine.compliance.forms import Measure, Sum
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.linear_rows import NO_ROWS, Bound, Column, Row, Rows
from engine.trading.optimiser.problem import Problem

CURVE = ((0.0, 0.0), (1.0, 1.0), (3.0, 2.0), (6.0, 3.0), (10.0, 4.0), (20.0, 5.0))
"""Sum of issuer units and score of an industry, between them linear (spec 03 §8.6)."""


def diversity_rows(problem: Problem, form: Measure, bound: Bound, point: Holdings) -> Rows:
    """Rows that keep the score of portfolios near the point at its minimum."""
    counted, issuer = form.reals[0] != 0.0, form.codes[0]
    of_issuer = np.bincount(issuer, np.where(counted, point.par, 0.0))
    n_held = int((of_issuer > 0.0).sum())
    if n_held == 0:
        return NO_ROWS
    mean = float(of_issuer.sum()) / n_held
    industry = np.zeros(len(of_issuer), np.int64)
    industry[issuer[counted]] = form.codes[1][counted]
    fixed_units, movable = _issuers(problem, counted, issuer, mean, len(of_issuer))
    units_at_point = np.bincount(industry, np.minimum(of_issuer / mean, 1.0))
    exact = kernels_measures.measure(int(form.kind), point.par, point.cash, form.reals, form.codes, form.settings)
    rounded_up = float(np.interp(units_at_point, *np.array(CURVE).T).sum()) - float(exact)
    fixed_by_industry = np.bincount(industry, fixed_units, len(units_at_point)).astype(np.float64)
    return _score_rows(counted, issuer, industry, movable, mean, fixed_by_industry, rounded_up - bound.level)


def _issuers(
    problem: Problem, counted: np.ndarray, issuer: np.ndarray, mean: float, n_issuers: int
) -> tuple[Floats, np.ndarray]:
    """Units of issuers that no trade changes, 0 for the others, and which issuers trades may change."""
    held, bought, sold = (
        np.bincount(issuer, np.where(counted, amounts, 0.0), n_issuers)
        for amounts in (problem.par, problem.buy_limit, problem.sale_limit)
    )
    is_full = held - sold >= mean
    movable = ~is_full & (bought + sold > 0.0)
    return np.where(movable, 0.0, np.minimum(held / mean, 1.0)), np.flatnonzero(movable)


def _score_rows(
    counted: np.ndarray,
    issuer: np.ndarray,
    industry: np.ndarray,
    movable: np.ndarray,
    mean: float,
    fixed_units: Floats,
    least: float,
) -> Rows:
    """All amounts are units times the mean, which makes them currency; least: the score that the curve has to reach."""
    nothing = np.zeros(len(issuer))
    columns = [Column(upper=mean, is_amount=True) for _ in movable]
    rows = [
        Row(Sum(np.where(counted & (issuer == name), -1.0, 0.0)), extras=((own, 1.0),), moves=False)
        for own, name in enumerate(movable)
    ]
    scores = []
    for group in np.flatnonzero(np.bincount(industry[issuer[counted]], minlength=len(fixed_units))):
        own_score = len(columns)
        columns.append(Column(upper=CURVE[-1][1] * mean, is_amount=True))
        scores.append((own_score, -1.0))
        members = [own for own, name in enumerate(movable) if industry[name] == group]
        for (left, low), (right, high) in pairwise(CURVE):
            slope = (high - low) / (right - left)
            start = low + slope * (fixed_units[group] - left)
            extras = ((own_score, 1.0), *((own, -slope) for own in members))
            rows.append(Row(Sum(nothing, fixed=-start * mean), extras=extras, moves=False))
    rows.append(Row(Sum(nothing), -least, Sum(nothing, fixed=mean), tuple(scores)))
    return Rows(tuple(rows), tuple(columns))
