"""Candidate trades with every test evaluated after each of them, and hypothetical trades before and after."""

import numpy as np

from benchmarks.figures import Figure, Unit, median_seconds
from engine.compliance.evaluation import Holdings, evaluate
from engine.compliance.objective import objective
from engine.compliance.plan import plan_of
from engine.trading.candidates import Candidates, purchases
from engine.trading.hypothetical import hypothetical
from engine.trading.ranking import rank
from engine.trading.trades import Side, Trade, TradedDeal
from tests.compliance.made_portfolios import Made, made

N_LOANS, N_CANDIDATES, N_SAMPLED, N_TRADES = 1_004, 10_000, 200, 10
N_THREADS = 2
WEIGHTS = {32: 0.6, 36: 0.3, 38: 0.1}


def candidates_of(case: Made) -> Candidates:
    """Purchases and sales of any loans at many sizes."""
    rng = np.random.default_rng(1)
    rows = rng.integers(0, N_LOANS, N_CANDIDATES)
    par = rng.uniform(1e5, 2e6, N_CANDIDATES)
    is_sale = (case.holdings.par[rows] > par) & (rng.random(N_CANDIDATES) < 0.5)
    return Candidates(rows, is_sale, par, np.maximum(case.portfolio.price[rows], 0.5))


def one_by_one(deal: TradedDeal, candidates: Candidates) -> None:
    """Test the whole deal after each of N_SAMPLED candidates."""
    for place in range(N_SAMPLED):
        par = deal.holdings.par.copy()
        step = candidates.par[place] * (-1.0 if candidates.is_sale[place] else 1.0)
        par[candidates.rows[place]] += step
        cash = deal.holdings.cash - step * candidates.price[place]
        objective(evaluate(deal.plan, Holdings(par, cash)), WEIGHTS)


def trades_of(case: Made) -> list[Trade]:
    """Sales of half of some positions."""
    held = np.flatnonzero(case.holdings.par)[:N_TRADES]
    return [
        Trade(
            deal=case.terms.deal,
            blkrock_id=case.portfolio.ids[row],
            side=Side.SALE,
            par=float(case.holdings.par[row]) / 2.0,
            price=98.0,
        )
        for row in held
    ]


def run(*, is_quick: bool) -> list[Figure]:
    """Rankings of many and of few candidates, and one package of trades."""
    repeats = 3 if is_quick else 9
    case = made(N_LOANS)
    deal = TradedDeal(case.plan, case.holdings, WEIGHTS)
    n_tests = len(deal.plan)
    many, few = candidates_of(case), purchases(case.portfolio, case.holdings, 750e3)
    ranking = median_seconds(lambda: rank(deal, many, threads=N_THREADS), repeats)
    ranking_few = median_seconds(lambda: rank(deal, few, threads=N_THREADS), repeats)
    whole = median_seconds(lambda: one_by_one(deal, many), repeats) / N_SAMPLED
    trades = trades_of(case)
    compared = median_seconds(lambda: hypothetical(trades, [deal])[0].changes, repeats)
    laid_out = median_seconds(lambda: plan_of(case.portfolio, case.terms, case.settings), repeats)
    alternative = f"testing the whole deal after each, {N_SAMPLED} scaled up"
    return [
        Figure(
            name=f"{N_CANDIDATES:,} candidate trades ranked, {n_tests} tests of {N_LOANS:,} loans each",
            amount=ranking,
            unit=Unit.MILLISECOND,
            alternative=alternative,
            alternative_amount=whole * N_CANDIDATES,
            target=0.5,
        ),
        Figure(
            name=f"{len(few):,} purchases ranked, {n_tests} tests each",
            amount=ranking_few,
            unit=Unit.MILLISECOND,
            alternative=alternative,
            alternative_amount=whole * len(few),
            target=0.05,
        ),
        Figure(
            name=f"{N_TRADES} hypothetical trades, {n_tests} tests with cushions before and after",
            amount=compared,
            unit=Unit.MILLISECOND,
            alternative="laying the tests out anew on either side",
            alternative_amount=compared + 2.0 * laid_out,
            target=0.1,
        ),
    ]
