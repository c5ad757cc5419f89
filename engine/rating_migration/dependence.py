"""How the rating moves of assets depend on each other: by common factors, or by a full matrix (spec 04 §11.5).

Both give every asset one standard normal shock a period; a high shock is a bad one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorLoadings:
    """Shock of asset i: the sum over g of loading[i, g] times factor factor[i, g], plus idiosyncratic[i] times its own.

    factor (n, G) int64, which of the n_factors factors; loading (n, G), idiosyncratic (n,) float64, squares of a row
    adding up to 1. persistence: correlation phi of a factor with itself one period earlier, 0 <= phi < 1.
    """

    factor: Ints
    loading: Floats
    idiosyncratic: Floats
    n_factors: int
    persistence: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CholeskyFactor:
    """Shocks are lower @ independent normals; lower (n, n) float64, lower triangular, rows of length 1."""

    lower: Floats


Dependence = FactorLoadings | CholeskyFactor
