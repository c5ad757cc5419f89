"""Present values of cash-flow vectors and the yields and spreads that explain a price (spec 01 §7.3, §7.4).

Standard mode discounts each flow over its cumulative periods and solves to 1e-12 without bounds; a root that does not
exist is NaN with a status. Under LQ-52 the bisection of the legacy model runs instead, under LQ-51 spreads are added
to zero rates taken as the forwards of each interval.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.analytics import kernels, kernels_legacy, kernels_solver, kernels_spread
from engine.analytics.cashflow_vector import CashflowVector
from engine.errors import InputError
from engine.modes import Quirk, Quirks

FloatArray = npt.NDArray[np.float64]

LEGACY_SPREAD = frozenset({Quirk.SOLVER_LIMITS, Quirk.ZERO_AS_FORWARD})
"""The legacy bisection of a spread knows the legacy discounting only, and is used where both are in force."""


class SolveStatus(IntEnum):
    """Why a solver has no root, or that it has one."""

    SOLVED = kernels_solver.SOLVED
    NO_POSITIVE_FLOW = kernels_solver.NO_POSITIVE_FLOW
    NO_ROOT = kernels_solver.NO_ROOT
    BAD_TARGET = kernels_solver.BAD_TARGET
    ARITHMETIC_ERROR = kernels_legacy.ARITHMETIC_ERROR


@dataclass(frozen=True, slots=True)
class Solution:
    """A yield or spread, decimal a year, and how it was found; NaN unless the status is SOLVED.

    The legacy error value -1 is not a number here: it comes as NaN and ARITHMETIC_ERROR.
    """

    value: float
    status: SolveStatus

    @property
    def is_solved(self) -> bool:
        """Whether there is a value."""
        return self.status is SolveStatus.SOLVED


def present_value(flows: CashflowVector, annual_yield: float, quirks: Quirks = frozenset()) -> float:
    """Present value at one yield, in the unit of the flows.

    NaN where 1 + y / frequency is not positive; under LQ-52 only where the legacy power has no value.
    """
    frequency = float(flows.frequency)
    if Quirk.SOLVER_LIMITS in quirks:
        no_rates = np.zeros((1, flows.n_flows))
        return _legacy_present_value(flows, flows.cash[np.newaxis], no_rates, annual_yield)
    return float(kernels.present_value(flows.cash, flows.cumulative, flows.n_flows, annual_yield, frequency))


def present_value_with_spread(
    flows: CashflowVector, zero_rates: FloatArray, spread: float, quirks: Quirks = frozenset()
) -> float:
    """Present value at zero rates plus a spread; zero_rates (N,) annual decimals to each flow."""
    rates = _rates_of(flows, zero_rates)
    return present_value_over_paths(flows, flows.cash[np.newaxis], rates[np.newaxis], spread, quirks)


def solve_yield(flows: CashflowVector, target: float, quirks: Quirks = frozenset()) -> Solution:
    """Yield at which the present value is `target`."""
    frequency = float(flows.frequency)
    if Quirk.SOLVER_LIMITS in quirks:
        return _solution(kernels_legacy.solve_yield(flows.cash, flows.intervals, flows.n_flows, target, frequency))
    return _solution(kernels.solve_yield(flows.cash, flows.cumulative, flows.n_flows, target, frequency))


def solve_spread(
    flows: CashflowVector, zero_rates: FloatArray, target: float, quirks: Quirks = frozenset()
) -> Solution:
    """Spread over zero rates at which the present value is `target`: discount margin, or z-spread of an asset."""
    rates = _rates_of(flows, zero_rates)
    frequency = float(flows.frequency)
    if quirks >= LEGACY_SPREAD:
        return _solution(
            kernels_legacy.solve_spread(flows.cash, flows.intervals, rates, flows.n_flows, target, frequency)
        )
    is_chained, periods = _chain(flows, quirks)
    return _solution(
        kernels_spread.solve_spread(flows.cash, periods, rates, flows.n_flows, target, frequency, is_chained)
    )


def present_value_over_paths(
    flows: CashflowVector, path_cash: FloatArray, path_rates: FloatArray, spread: float, quirks: Quirks = frozenset()
) -> float:
    """Mean over paths of the present value at the path's rates plus a spread; path_cash, path_rates (P, N).

    Dates and periods are those of `flows`; its own cash takes no part. NaN where a discount factor does not exist.
    """
    cash, rates = _paths_of(flows, path_cash, path_rates)
    if quirks >= LEGACY_SPREAD:
        return _legacy_present_value(flows, cash, rates, spread)
    if not float(rates.min(initial=np.inf)) + spread > -flows.frequency:
        return float("nan")
    is_chained, periods = _chain(flows, quirks)
    total, _, _ = kernels_spread.path_moments(cash, periods, rates, spread, float(flows.frequency), is_chained)
    return float(total / cash.shape[0])


def solve_option_adjusted_spread(
    flows: CashflowVector, path_cash: FloatArray, path_rates: FloatArray, target: float, quirks: Quirks = frozenset()
) -> Solution:
    """Spread at which the mean present value over paths is `target`; as `present_value_over_paths`."""
    cash, rates = _paths_of(flows, path_cash, path_rates)
    frequency = float(flows.frequency)
    if quirks >= LEGACY_SPREAD:
        return _solution(kernels_legacy.solve_oas(cash, flows.intervals, rates, target, frequency))
    is_chained, periods = _chain(flows, quirks)
    return _solution(kernels_spread.solve_path_spread(cash, periods, rates, target, frequency, is_chained))


def _legacy_present_value(flows: CashflowVector, path_cash: FloatArray, path_rates: FloatArray, spread: float) -> float:
    frequency = float(flows.frequency)
    return float(kernels_legacy.path_present_value(path_cash, flows.intervals, path_rates, spread, frequency))


def _solution(found: tuple[float, int]) -> Solution:
    value, status = found
    is_solved = status == SolveStatus.SOLVED
    return Solution(float(value) if is_solved else float("nan"), SolveStatus(status))


def _chain(flows: CashflowVector, quirks: Quirks) -> tuple[bool, FloatArray]:
    is_chained = Quirk.ZERO_AS_FORWARD in quirks
    return is_chained, flows.intervals if is_chained else flows.cumulative


def _rates_of(flows: CashflowVector, zero_rates: FloatArray) -> FloatArray:
    rates = np.ascontiguousarray(zero_rates, dtype=np.float64)
    if rates.shape != flows.cash.shape:
        raise InputError(
            "CLO-1035", f"{rates.size} rates for {flows.n_flows} cash flows", remedy="Give one zero rate a flow."
        )
    return rates


def _paths_of(flows: CashflowVector, path_cash: FloatArray, path_rates: FloatArray) -> tuple[FloatArray, FloatArray]:
    cash = np.ascontiguousarray(path_cash, dtype=np.float64)
    rates = np.ascontiguousarray(path_rates, dtype=np.float64)
    if cash.ndim != 2 or cash.shape != rates.shape or cash.shape[1] != flows.n_flows or cash.shape[0] == 0:
        raise InputError(
            "CLO-1036",
            f"Paths of cash {cash.shape} and rates {rates.shape} for {flows.n_flows} dates",
            remedy="Give both as paths by dates, at least one path.",
        )
    return cash, rates
