"""Average life and durations of tranches and assets (spec 01 §7.5, §7.7; spec 02 §7)."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.analytics import kernels, kernels_legacy
from engine.analytics.cashflow_vector import CashflowVector
from engine.conventions.days import day_array, day_number
from engine.errors import InputError
from engine.modes import Quirk, Quirks

FloatArray = npt.NDArray[np.float64]


def durations(
    flows: CashflowVector, annual_yield: float, market_value: float, quirks: Quirks = frozenset()
) -> tuple[float, float]:
    """Macaulay and modified duration in years at a yield.

    Standard mode weighs compounding periods and divides by the present value at the yield, so market_value takes no
    part. Under DQ-22 calendar days / 365 are weighed and divided by market_value (price times balance), and the
    modified duration of a yield of 0 or less is 0. NaN where there is no value.
    """
    frequency = float(flows.frequency)
    if Quirk.RISK_MEASURE_LIMITS in quirks:
        macaulay, modified = kernels_legacy.tranche_durations(
            flows.cash, flows.days, flows.n_flows, flows.settle, annual_yield, market_value, frequency
        )
    else:
        macaulay, modified = kernels.durations(flows.cash, flows.cumulative, flows.n_flows, annual_yield, frequency)
    return float(macaulay), float(modified)


def weighted_average_life(
    settle: date, dates: Sequence[date], principal: Sequence[float] | FloatArray, balance: float, divisor: float
) -> float:
    """Average life in years, Actual/365, of principal flows; what of `balance` is never repaid counts to the last date.

    divisor is the balance itself, in the legacy model the original balance (DQ-22). NaN for a divisor of 0 or no flow.
    """
    days = day_array(dates)
    flows = np.array(principal, dtype=np.float64)
    if days.shape != flows.shape:
        raise InputError(
            "CLO-1032", f"{days.shape[0]} dates for {flows.shape[0]} principal flows", remedy="Give one date a flow."
        )
    return float(kernels.weighted_average_life(flows, days, days.shape[0], day_number(settle), balance, divisor))


def weighted_average_life_by_index(cash: Sequence[float] | FloatArray, payments_per_year: float) -> float:
    """Average life in years as the legacy maths module has it: by flow number, on total cash (LQ-55)."""
    flows = np.array(cash, dtype=np.float64)
    return float(kernels_legacy.wal_by_index(flows, flows.shape[0], payments_per_year))


def average_life(
    settle: date, dates: Sequence[date], principal: Sequence[float] | FloatArray, quirks: Quirks = frozenset()
) -> float:
    """Average life in years of principal that is repaid whole; under LQ-55 by the number of quarterly flows."""
    flows = np.array(principal, dtype=np.float64)
    if Quirk.WAL_BY_INDEX in quirks:
        return weighted_average_life_by_index(flows, 4.0)
    total = float(flows.sum())
    return weighted_average_life(settle, dates, flows, total, total)
