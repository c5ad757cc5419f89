"""Rankings of single trades for cells: the exact effect beside the score of the legacy model (spec 05 §7, §11.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.compliance.objective import objectives, weight_vector
from engine.compliance.portfolio import Floats, Mask
from engine.desk.trading import THREADS, candidates_of
from engine.errors import InputError
from engine.modes import Mode
from engine.trading.legacy_ranking import asset_scores
from engine.trading.ranking import RankedTrade, Ranking, rank, ranked_trades
from engine.trading.trades import Side, TradedDeal


@dataclass(frozen=True, slots=True)
class RankingLine:
    """One trade with what it does, its legacy score, None where that has no term for a weighted test, and the weighted
    sum of the objective after it."""

    trade: RankedTrade
    score: float | None
    objective_after: float


def ranking_lines(
    deal: TradedDeal,
    side: Side,
    step: float,
    wanted: Mask,
    *,
    includes_held: bool,
    weights: Mapping[int, float] | None,
    n_best: int | None,
    mode: Mode,
) -> tuple[RankingLine, ...]:
    """The best single trades of `step` par among the assets wanted, best first.

    Standard mode ranks by the exact change of the objective, legacy mode by the score. weights: by test, the deal's own
    by default; n_best: how many, all by default.
    """
    if weights is not None:
        deal = replace(deal, weights=weights)
    trades = candidates_of(deal, side, step, wanted, includes_held=includes_held)
    if len(trades) == 0:
        return ()
    found = rank(deal, trades, threads=THREADS)
    scores = _scores(found, side, mode)
    if mode is Mode.LEGACY and scores is not None:
        rows = found.candidates.rows
        ids = np.array([deal.plan.portfolio.ids[row] for row in rows])
        found = replace(found, order=np.lexsort((ids, -scores[rows] if side is Side.BUY else scores[rows])))
    before = _weighted_sum(found)
    row_of = deal.plan.portfolio.row_of
    return tuple(
        RankingLine(
            trade=trade,
            score=None if scores is None else float(scores[row_of[trade.asset.blkrock_id]]),
            objective_after=before + trade.change,
        )
        for trade in ranked_trades(found, len(found.order) if n_best is None else n_best, threads=THREADS)
    )


def _scores(found: Ranking, side: Side, mode: Mode) -> Floats | None:
    try:
        return asset_scores(found.before, found.deal.weights, side)
    except InputError:
        if mode is Mode.LEGACY:
            raise
        # The score knows few tests; the exact ranking does not need it.
        return None


def _weighted_sum(found: Ranking) -> float:
    """The objective before, limits left aside, as its changes are."""
    plan = found.deal.plan
    vector = weight_vector(plan, found.deal.weights)
    return float(objectives(plan, vector, found.before.value, found.before.threshold))
