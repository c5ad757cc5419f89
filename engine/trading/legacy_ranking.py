"""The score by which the legacy model ranks purchases and sales (spec 03 §9, 05 §7).

It guesses at the objective after a trade of a million: thresholds stay where they are, and a sale is scored as if it
added the asset (05 Q8, Q9). `engine.trading.ranking` computes what it guesses at; the score is there to reconcile with.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.collateral.ratings import LOWEST_RANK_ABOVE_CCC, rating_factor
from engine.compliance.evaluation import Evaluation
from engine.compliance.objective import weight_vector
from engine.compliance.portfolio import Floats, Portfolio
from engine.errors import InputError
from engine.modes import Quirk
from engine.trading.trades import Side

_STEP = 1e6
_STEP_IN_DENOMINATOR = 1e7
_TERM_OF_OTHER_RATINGS = 10.0
CAA_TEST, RECOVERY_TEST, LIFE_TEST, FACTOR_TEST, JUNIOR_OC_TEST = 7, 33, 35, 36, 38
SPREAD_TESTS = (32, 39)


def asset_scores(evaluation: Evaluation, weights: Mapping[int, float], side: Side) -> Floats:
    """Score of every asset of the portfolio, (n,): purchases rank from the highest down, sales from the lowest up.

    Under 05 Q7 a weighted test that has no term takes the term before it; otherwise it raises InputError CLO-1716.
    Under 05 Q6 a step of a million meets a denominator that grew by ten.
    """
    plan = evaluation.plan
    vector = weight_vector(plan, weights)
    terms = [_term(evaluation, int(place), side) for place in np.flatnonzero(vector > 0.0)]
    total = np.zeros(len(plan.portfolio))
    for weight, term in zip(vector[vector > 0.0], _filled(terms, evaluation, vector), strict=True):
        total += weight * term
    return total


def best_first(scores: Floats, side: Side) -> npt.NDArray[np.int64]:
    """Rows in the order of the ranking, ties in the order of the assets."""
    return np.argsort(-scores if side is Side.BUY else scores, kind="stable")


def _filled(terms: list[Floats | None], evaluation: Evaluation, vector: Floats) -> list[Floats]:
    """The terms, those of tests without one replaced by the term computed before: of the test, or asset, before."""
    if all(term is not None for term in terms):
        return [term for term in terms if term is not None]
    plan = evaluation.plan
    if Quirk.SCORE_STALE_TERM not in plan.portfolio.quirks:
        without = [
            plan.settings[place].test_id
            for place, term in zip(np.flatnonzero(vector > 0.0), terms, strict=True)
            if term is None
        ]
        raise InputError(
            "CLO-1716",
            f"The asset score has no term for test {', '.join(map(str, without))}, which has a weight",
            where=f"objective weights of {plan.terms.deal}",
            remedy="Rank by the exact effect on the objective, which takes every test, or set the weight to 0.",
        )
    n = len(plan.portfolio)
    last = next((term for term in reversed(terms) if term is not None), np.zeros(n))
    # The variable that holds the term outlives the asset: the first asset finds 0 in it.
    left = np.concatenate(([0.0], last[:-1]))
    filled = []
    for term in terms:
        left = left if term is None else term
        filled.append(left)
    return filled


def _term(evaluation: Evaluation, place: int, side: Side) -> Floats | None:
    plan = evaluation.plan
    portfolio, test_id = plan.portfolio, plan.settings[place].test_id
    limit = float(evaluation.threshold[place])
    is_mismatched = Quirk.SCORE_STEPS in portfolio.quirks
    below = float(evaluation.denominator[place]) + (_STEP_IN_DENOMINATOR if is_mismatched else _STEP)
    above = float(evaluation.numerator[place])
    if test_id in SPREAD_TESTS:
        floor_benefit = np.maximum(portfolio.floor - plan.terms.number("current_libor", test_id), 0.0)
        return _ratio((_STEP * (floor_benefit + portfolio.spread) + above) / below, limit)
    if test_id == RECOVERY_TEST:
        return _ratio((_STEP * portfolio.recovery + above) / below, limit)
    if test_id == LIFE_TEST:
        return _ratio(limit, (_STEP * portfolio.wal + above) / below)
    if test_id == FACTOR_TEST:
        return _ratio(limit, (_STEP * _factors(portfolio) + above) / below)
    if test_id not in (JUNIOR_OC_TEST, CAA_TEST):
        return None
    gain = _STEP * (1.0 - portfolio.price) * (1.0 if side is Side.BUY else -1.0)
    below = float(evaluation.denominator[place])
    if test_id == JUNIOR_OC_TEST:
        ratio = (above + gain) / below
        return _ratio(ratio, limit) if side is Side.BUY else _ratio(limit, ratio)
    if side is Side.BUY:
        term = _ratio(limit, (_STEP + above) / (gain + below))
    else:
        term = _ratio((above - _STEP) / (gain + below), limit)
    return np.where(portfolio.moodys_rank > LOWEST_RANK_ABOVE_CCC, term, _TERM_OF_OTHER_RATINGS)


def _factors(portfolio: Portfolio) -> Floats:
    return np.array([rating_factor(asset.mdy_dp_rating_warf, portfolio.quirks) for asset in portfolio.assets])


def _ratio(above: Floats | float, below: Floats | float) -> Floats:
    """Quotient, 0 where there is nothing to divide by, as in the objective."""
    top, bottom = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    quotient: Floats = np.divide(top, bottom, out=np.zeros_like(top), where=bottom != 0.0)
    return quotient
