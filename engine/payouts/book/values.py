"""What valuing a book gives: for every flow its value on a day in five components, and how it came about."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.payouts.codes import N_PARTS, OK

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FlowValues:
    """Values of F flows on one day, signed: positive is received by the reporting party, in the flow's currency.

    parts: (5, F) price, dividend, interest, fx, other; NaN where status says that something is missing, 0 for a flow
    that has not begun. notional: (F,) in force on the day. rate_or_price: (F,) all-in rate, close, or dividend per
    unit. year_fraction: (F,) from the flow's start to the day. status: (F,) code of `engine.payouts.codes`.
    missing_row, missing_day: (F,) which row of which market matrix lacked a value on which day.
    """

    parts: Floats
    notional: Floats
    rate_or_price: Floats
    year_fraction: Floats
    status: npt.NDArray[np.int8]
    missing_row: npt.NDArray[np.int64]
    missing_day: npt.NDArray[np.int64]

    @property
    def amount(self) -> Floats:
        """Sum of the components, (F,)."""
        total: Floats = self.parts.sum(axis=0)
        return total


def empty_values(n_flows: int) -> FlowValues:
    """Values of flows none of which has begun."""
    return FlowValues(
        parts=np.zeros((N_PARTS, n_flows)),
        notional=np.zeros(n_flows),
        rate_or_price=np.zeros(n_flows),
        year_fraction=np.zeros(n_flows),
        status=np.full(n_flows, OK, np.int8),
        missing_row=np.full(n_flows, -1, np.int64),
        missing_day=np.full(n_flows, -1, np.int64),
    )
