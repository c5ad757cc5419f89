"""Internal rate of return of dated flows (Excel's XIRR)."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from engine.analytics import kernels
from engine.analytics.valuation import Solution, SolveStatus
from engine.conventions.days import day_array
from engine.errors import InputError

EXCEL_GUESS = 0.1


def xirr(dates: Sequence[date], cash: Sequence[float], guess: float = EXCEL_GUESS) -> Solution:
    """Effective annual rate, Actual/365 from the first date, at which the flows are worth nothing.

    Any order of dates is allowed. Of several roots the one that Newton's method finds from the guess, else the one
    nearest to it. NO_ROOT where all flows have one sign.
    """
    if len(dates) != len(cash):
        raise InputError("CLO-1032", f"{len(dates)} dates for {len(cash)} cash flows", remedy="Give one date a flow.")
    if not guess > -1.0:
        raise InputError("CLO-1037", f"Guess {guess} of a rate of return", remedy="Give a decimal above -1.")
    flows = np.array(cash, dtype=np.float64)
    value, status = kernels.solve_xirr(flows, day_array(dates), flows.shape[0], guess)
    return Solution(float(value), SolveStatus(status))
