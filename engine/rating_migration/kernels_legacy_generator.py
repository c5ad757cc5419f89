"""The legacy model's generator, and its draws turned into ratings asset after asset (spec 04 §5, §6)."""

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

MULTIPLIER = 1140671485
INCREMENT = 12820163
MODULUS = 1 << 24

_DEFAULTED, _MATURED, _NO_LABEL = 17, 18, 19


@kernel
def fill_uniforms(state: int, uniforms: Floats) -> tuple[int, int]:
    """Draws of the 24-bit linear congruential generator, x / 2^24.

    uniforms : (N,) float64, written
    Returns the state after the last draw, and the index of the first draw that is 0, -1 for none.
    """
    first_zero = -1
    for i in range(uniforms.shape[0]):
        state = (state * MULTIPLIER + INCREMENT) & (MODULUS - 1)
        uniforms[i] = state / MODULUS
        if state == 0 and first_zero < 0:
            first_zero = i
    return state, first_zero


@kernel
def walk_labels(
    cumulative: Floats,
    row_of_label: Ints,
    maturity: Ints,
    dates: Ints,
    in_scope: Flags,
    uniforms: Floats,
    labels: States,
) -> None:
    """Labels of every asset of one simulation after its draws.

    cumulative : (K, K), K = 18 states; row_of_label : (20,) row of the matrix by label; maturity : (n,), dates :
    (T + 1,) day numbers; in_scope : (n,), assets that the path moves; uniforms : (T, n), correlated
    labels : (T + 1, n) uint8, row 0 given, the others written
    """
    n_states = cumulative.shape[0]
    for t in range(1, labels.shape[0]):
        for i in range(labels.shape[1]):
            label = labels[t - 1, i]
            labels[t, i] = label
            if not in_scope[i] or label in (_DEFAULTED, _MATURED):
                continue
            if dates[t] > maturity[i]:
                labels[t, i] = _MATURED
                continue
            row = row_of_label[label]
            following = _NO_LABEL
            for j in range(n_states):
                if cumulative[row, j] > 0.0 and uniforms[t - 1, i] < cumulative[row, j]:
                    following = j
                    break
            # A move between two labels of one row is none, and the old label stays (04 Q1).
            if row_of_label[following] != row:
                labels[t, i] = following
