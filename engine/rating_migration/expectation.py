"""Expected ratings of a pool through time: what the transition matrix alone says, before any path is drawn.

The expectation of a pool is the sum of its assets' whatever their correlation is; only its spread needs simulation.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExpectedMix:
    """par (N + 1, R): expected par alive by rating, the last of which is default, row 0 today; currency.

    default (N + 1,): par expected to default in the period that ends there, of assets alive at its start; 0 today.
    """

    par: Floats
    default: Floats


def expected_mix(par_alive: Floats, matrix: Floats) -> ExpectedMix:
    """The expected mix of assets that are held to maturity.

    par_alive: (N + 1, R) par by rating today of the assets that have not matured by each period's end. matrix: (R, R)
    probabilities over one period, default last and absorbing.
    """
    n_rows, n_ratings = par_alive.shape
    par, default = np.empty_like(par_alive), np.zeros(n_rows)
    so_far = np.eye(n_ratings)
    par[0] = par_alive[0]
    for i in range(1, n_rows):
        before, so_far = so_far, so_far @ matrix
        par[i] = par_alive[i] @ so_far
        default[i] = par_alive[i - 1] @ (so_far[:, -1] - before[:, -1])
    return ExpectedMix(par, default)
