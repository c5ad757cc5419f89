"""What a point of a grid keeps beside the figures of a scenario: unpaid balances, and the return on the sub notes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.analytics.kernels import solve_xirr
from engine.deal.kernels import History
from engine.deal.kernels_scenarios import Buffers, DealArrays, ScenarioFigures, ScenarioRows, run_scenario
from engine.liabilities.state import StateBlock, TrancheState
from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GUESS = 0.1


class SubNotes(NamedTuple):
    """Payments of the sub notes of one block of points, with the H before the first period in front.

    tranche: place of the sub notes among the tranches; n_before: H; day (H + N,) int64 day numbers; amount (H + N,)
    float64 currency, written from row H on.
    """

    tranche: int
    n_before: int
    day: Ints
    amount: Floats


class PointFigures(NamedTuple):
    """Figures of S points, all written.

    unpaid (S, T) currency: balance and deferred interest that a tranche is still owed when its deal ends; equity_irr
    (S,) effective annual, since the first contribution, NaN for none.
    """

    unpaid: Floats
    equity_irr: Floats


@kernel
def run_points(
    arrays: DealArrays,
    rows: ScenarioRows,
    first: int,
    last: int,
    states: StateBlock,
    block: int,
    buffers: Buffers,
    history: History,
    notes: SubNotes,
    figures: ScenarioFigures,
    points: PointFigures,
) -> None:
    """Run points first .. last - 1 one after the other, in the state, buffers and history of one block."""
    for s in range(first, last):
        run_scenario(arrays, rows, s, buffers, states, block, history, figures)
        n = figures.last_period[s]
        for t in range(points.unpaid.shape[1]):
            row = history.tranche[n - 1, t]
            points.unpaid[s, t] = row[TrancheState.BALANCE_END] + row[TrancheState.DEFERRED_END]
        for i in range(n):
            row = history.tranche[i, notes.tranche]
            notes.amount[notes.n_before + i] = row[TrancheState.INTEREST_PAID] + row[TrancheState.PRINCIPAL_PAID]
        rate, status = solve_xirr(notes.amount, notes.day, notes.n_before + n, GUESS)
        points.equity_irr[s] = rate if status == 0 else np.nan
