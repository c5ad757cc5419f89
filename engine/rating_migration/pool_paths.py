"""The fields of a pool along simulated rating paths, from what its loans owe while they perform (spec 04 §7, §8)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.rating_migration.fields import DEFAULTED, MATURED, N_PERFORMING, ROW_OF_FIELD
from engine.rating_migration.kernels_fields import (
    DEFAULTED_IN_PERIOD,
    DEFAULTS_IN_PERIOD,
    DOWNGRADES,
    N_COUNTERS,
    N_STATES,
    UPGRADES,
    Positions,
    Tally,
    add_up,
)

Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint16]

MOST_POSITIONS = 65_535


class PoolTally(NamedTuple):
    """What a block of simulations keeps of a pool's paths; N periods, B simulations.

    loans (22, T + 1, B) uint16: loans by state, then upgrades, downgrades and defaults of the period. balances
    (19, T + 1, B) float64, currency: by performing state, in default so far, and defaulted in the period.
    """

    loans: Counts
    balances: Floats


BALANCE_DEFAULTED, BALANCE_DEFAULTED_IN_PERIOD = N_PERFORMING, N_PERFORMING + 1
N_LOAN_ROWS, N_BALANCE_ROWS = N_COUNTERS - 1, N_PERFORMING + 2


class PoolPaths:
    """Tallies the paths of one pool chunk by chunk, in buffers of its own; one for each thread."""

    def __init__(self, positions: Positions, n_periods: int, n_simulations: int) -> None:
        if len(positions.asset) > MOST_POSITIONS:
            raise InputError(
                "CLO-1838",
                f"A pool of {len(positions.asset)} positions is too large to simulate",
                remedy=f"Simulate at most {MOST_POSITIONS} positions at a time.",
            )
        self._positions = positions
        self._counters = np.zeros((n_periods + 1, N_COUNTERS, n_simulations))
        self._balances = np.zeros((n_periods + 1, N_STATES, n_simulations))
        self._scratch = Tally(np.zeros((N_STATES, n_simulations), np.uint16), np.zeros((3, n_simulations), np.uint16))

    def tally(self, states: States) -> PoolTally:
        """What the states of a chunk (T + 1, n, B) amount to."""
        add_up(self._positions, states, self._scratch, self._counters, self._balances)
        counters = self._counters.transpose(1, 0, 2)
        balances = np.empty((N_BALANCE_ROWS, *counters.shape[1:]))
        balances[:N_PERFORMING] = self._balances.transpose(1, 0, 2)[:N_PERFORMING]
        defaulted = counters[DEFAULTED_IN_PERIOD]
        balances[BALANCE_DEFAULTED] = self._balances[0, DEFAULTED] + np.cumsum(defaulted, axis=0)
        balances[BALANCE_DEFAULTED_IN_PERIOD] = defaulted
        return PoolTally(counters[:N_LOAN_ROWS].astype(np.uint16), balances)


def pool_fields(tally: PoolTally, years: Floats, fields: Floats) -> None:
    """Write the rows of `fields.FIELDS`, (N_FIELDS, T + 1, B); years (T,): length of each period."""
    loans, balances = tally
    row = ROW_OF_FIELD
    fields[:N_PERFORMING] = loans[:N_PERFORMING]
    fields[N_PERFORMING : 2 * N_PERFORMING] = balances[:N_PERFORMING]
    fields[row["NUMPERDEF"]] = loans[DEFAULTS_IN_PERIOD]
    fields[row["BALPERDEF"]] = balances[BALANCE_DEFAULTED_IN_PERIOD]
    fields[row["NUMDEF"]] = loans[DEFAULTED]
    fields[row["BALDEF"]] = balances[BALANCE_DEFAULTED]
    fields[row["NUMPERF"]] = loans[:N_PERFORMING].sum(axis=0)
    fields[row["BALPERF"]] = balances[:N_PERFORMING].sum(axis=0)
    fields[row["UPGRADES"]] = loans[UPGRADES]
    fields[row["DOWNGRADES"]] = loans[DOWNGRADES]
    fields[row["NUMMATTODATE"]] = loans[MATURED]
    fields[row["NUMMAT"], 0] = loans[MATURED, 0]
    fields[row["NUMMAT"], 1:] = np.diff(fields[row["NUMMATTODATE"]], axis=0)
    opening = balances[: N_PERFORMING + 1, 0].sum(axis=0)
    fields[row["BALMAT"]] = opening - fields[row["BALPERF"]] - fields[row["BALDEF"]]
    fields[row["BALPERMAT"], 0] = fields[row["BALMAT"], 0]
    fields[row["BALPERMAT"], 1:] = np.diff(fields[row["BALMAT"]], axis=0)
    _rates(fields, opening, years)


def _rates(fields: Floats, opening: Floats, years: Floats) -> None:
    """Default rates; 0 where nothing performs that could default."""
    row = ROW_OF_FIELD
    performing = fields[row["BALPERF"], :-1]
    share = np.zeros_like(performing)
    np.divide(fields[row["BALPERDEF"], 1:], performing, out=share, where=performing > 0.0)
    np.clip(share, 0.0, 1.0, out=share)
    periods_a_year = 1.0 / years[:, np.newaxis]
    fields[row["CDR"], 0] = fields[row["CDRSIMPLE"], 0] = 0.0
    fields[row["CDR"], 1:] = 1.0 - (1.0 - share) ** periods_a_year
    fields[row["CDRSIMPLE"], 1:] = share * periods_a_year
    fields[row["DEFAULTRATE"]] = 0.0
    np.divide(fields[row["BALDEF"]], opening, out=fields[row["DEFAULTRATE"]], where=opening > 0.0)
