"""What the paths of a chunk amount to for one pool: loans and balances by state, moves, defaults (spec 04 §8).

Axes are (period, row, simulation), so that what one period adds to lies together.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.borrowing import borrowed
from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint16]

N_STATES, DEFAULTED = 19, 17
UPGRADES, DOWNGRADES, DEFAULTS_IN_PERIOD, DEFAULTED_IN_PERIOD = range(N_STATES, N_STATES + 4)
N_COUNTERS = N_STATES + 4


class Positions(NamedTuple):
    """What a pool owns, if nothing defaults; m positions, T periods.

    asset (m,) int64, which asset of the states; balance (T + 1, m) after the payments up to each grid date;
    default_balance (T + 1, m), what is in default if the asset is first found in default on that date. Currency.
    """

    asset: Ints
    balance: Floats
    default_balance: Floats


class Tally(NamedTuple):
    """Scratch of one period: loans (N_STATES, B) and moves (3, B), uint16."""

    loans: Counts
    moves: Counts


@kernel
def add_up(positions: Positions, states: States, tally: Tally, counters: Floats, balances: Floats) -> None:
    """Counters and balances of a pool in a chunk.

    states   : (T + 1, n, B) uint8
    counters : (T + 1, N_COUNTERS, B) float64, written: loans by state, upgrades and downgrades of the period without
               defaults, loans that defaulted in it, and the balance they defaulted with
    balances : (T + 1, N_STATES, B) float64, written: balance by state; that of the last two is what would be there
    """
    positions, states, tally = borrowed(positions), borrowed(states), borrowed(tally)
    counters, balances = borrowed(counters), borrowed(balances)
    counters[:] = 0.0
    balances[:] = 0.0
    n_rows, n_simulations = states.shape[0], states.shape[2]
    for p in range(positions.asset.shape[0]):
        start = states[0, positions.asset[p]]
        for s in range(n_simulations):
            counters[0, start[s], s] += 1.0
            balances[0, start[s], s] += positions.balance[0, p]
    for t in range(1, n_rows):
        tally.loans[:] = 0
        tally.moves[:] = 0
        for p in range(positions.asset.shape[0]):
            before, after = states[t - 1, positions.asset[p]], states[t, positions.asset[p]]
            add_position(after, positions.balance[t, p], tally.loans, balances[t])
            count_moves(before, after, tally.moves)
            add_defaulted(before, after, positions.default_balance[t, p], counters[t, DEFAULTED_IN_PERIOD])
        for k in range(N_STATES):
            for s in range(n_simulations):
                counters[t, k, s] = tally.loans[k, s]
        for k in range(3):
            for s in range(n_simulations):
                counters[t, N_STATES + k, s] = tally.moves[k, s]


@kernel
def add_position(state: States, balance: float, loans: Counts, balances: Floats) -> None:
    """Add a loan and its balance to those of its state."""
    for s in range(state.shape[0]):
        loans[state[s], s] += np.uint16(1)
        balances[state[s], s] += balance


@kernel
def count_moves(before: States, after: States, moves: Counts) -> None:
    """Count upgrades, downgrades and defaults of a loan in a period, (3, B)."""
    upgrades, downgrades, defaults = moves[0], moves[1], moves[2]
    for s in range(before.shape[0]):
        upgrades[s] += np.uint16(after[s] < before[s])
    for s in range(before.shape[0]):
        downgrades[s] += np.uint16((after[s] > before[s]) & (after[s] < DEFAULTED))
    for s in range(before.shape[0]):
        defaults[s] += np.uint16((after[s] == DEFAULTED) & (before[s] != DEFAULTED))


@kernel
def add_defaulted(before: States, after: States, default_balance: float, defaulted: Floats) -> None:
    """Add the balance that a loan defaults with in a period; defaulted (B,)."""
    for s in range(before.shape[0]):
        defaulted[s] += default_balance if (after[s] == DEFAULTED) & (before[s] != DEFAULTED) else 0.0
