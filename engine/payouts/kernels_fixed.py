"""Flows whose amounts are known from the contract, on flat arrays (spec 07 §12.5, §13.3)."""

from math import isnan, nan

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel
from engine.payouts.codes import INCOMPLETE, N_PARTS, OK

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]


@kernel
def value_constant_amounts(
    flows: Records,
    amounts: Records,
    day: int,
    active: npt.NDArray[np.uint8],
    components: Floats,
    notional: Floats,
    rate_or_price: Floats,
    status: npt.NDArray[np.int8],
) -> None:
    """Value every active flow of known amount that has begun by `day`: in proportion to days up to its end."""
    for i in range(amounts.shape[0]):
        row = amounts[i]
        f = row["flow"]
        flow = flows[f]
        start = flow["start_day"]
        end = flow["end_day"]
        if active[f] == 0 or start > day:
            continue
        if isnan(row["amount"]):
            status[f] = INCOMPLETE
            for part in range(N_PARTS):
                components[part, f] = nan
            continue
        share = 1.0 if day >= end else (day - start) / (end - start)
        for part in range(N_PARTS):
            components[part, f] = 0.0
        components[row["component"], f] = flow["sign"] * row["amount"] * share
        status[f] = OK
        notional[f] = row["amount"]
        rate_or_price[f] = row["amount"]
