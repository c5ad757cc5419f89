"""A vector of cash flows and how its time is counted: the input of every risk measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.analytics import kernels
from engine.conventions.day_count import DayCount
from engine.conventions.days import DayArray, day_array, day_number
from engine.conventions.frequency import months_between_payments
from engine.errors import InputError
from engine.modes import Quirk, Quirks

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CashflowVector:
    """Flows after a settlement date.

    settle: day number. days: (N,) int64, ascending. cash: (N,) currency or percent, received positive. frequency:
    compounding periods a year. intervals: (N,) compounding periods from settlement to the first flow, then from flow
    to flow. Built by `of`.
    """

    settle: int
    days: DayArray
    cash: FloatArray
    frequency: int
    intervals: FloatArray

    @classmethod
    def of(
        cls,
        settle: date,
        dates: Sequence[date],
        cash: Sequence[float] | FloatArray,
        *,
        frequency: int = 4,
        day_count: DayCount = DayCount.ACTUAL_360,
        quirks: Quirks = frozenset(),
    ) -> "CashflowVector":
        """Vector with its compounding periods counted; month steps drift under LQ-56.

        Raises InputError where dates and cash differ in number, dates do not ascend, a flow is not a number, or the
        frequency has no whole month.
        """
        days = day_array(dates)
        flows = np.array(cash, dtype=np.float64)
        _check(days, flows, frequency)
        intervals = np.empty_like(flows)
        is_anchored = Quirk.MONTH_END_DRIFT not in quirks
        months = months_between_payments(frequency)
        start = day_number(settle)
        kernels.compounding_periods(start, days, days.shape[0], months, int(day_count), is_anchored, intervals)
        return cls(start, days, flows, frequency, intervals)

    @property
    def n_flows(self) -> int:
        """Number of flows."""
        return int(self.cash.shape[0])

    @property
    def cumulative(self) -> FloatArray:
        """Compounding periods from settlement to each flow, (N,)."""
        return np.cumsum(self.intervals)


def compounding_periods(
    start: date, end: date, months: int, day_count: DayCount, quirks: Quirks = frozenset(), *, is_settlement: bool
) -> float:
    """Compounding periods of `months` months between two dates, counted back from `end` if start is settlement."""
    if months < 1:
        raise InputError("CLO-1031", f"Compounding periods of {months} months", remedy="Give 1 to 12 months.")
    is_anchored = Quirk.MONTH_END_DRIFT not in quirks
    return float(
        kernels.compounding_interval(
            day_number(start), day_number(end), months, int(day_count), is_settlement, is_anchored
        )
    )


def discount_factor(
    annual_rate: float, start: date, end: date, frequency: int = 4, day_count: DayCount = DayCount.ACTUAL_360
) -> float:
    """Value at `start` of 1 paid at `end`, at an annual rate compounded `frequency` times a year.

    Periods are counted back from `end`, as from settlement to a flow. NaN where 1 + rate / frequency is not positive;
    raises InputError for a frequency without whole months or an end before the start.
    """
    _check_frequency(frequency)
    if end < start:
        raise InputError("CLO-1038", f"{end} lies before {start}", remedy="Give dates in ascending order.")
    periods = compounding_periods(start, end, months_between_payments(frequency), day_count, is_settlement=True)
    per_period = annual_rate / frequency
    return float(np.exp(-periods * np.log1p(per_period))) if per_period > -1.0 else float("nan")


def require_future(settle: date, dates: Sequence[date]) -> None:
    """Refuse flows before settlement, which a price does not pay for (InputError CLO-1039)."""
    first = min(dates, default=settle)
    if first < settle:
        raise InputError(
            "CLO-1039",
            f"The flow of {first} lies before settlement on {settle}",
            remedy="Leave out what was paid before settlement.",
        )


def _check(days: DayArray, cash: FloatArray, frequency: int) -> None:
    if days.shape != cash.shape:
        raise InputError(
            "CLO-1032", f"{days.shape[0]} dates for {cash.shape[0]} cash flows", remedy="Give one date a flow."
        )
    _check_frequency(frequency)
    if not np.isfinite(cash).all():
        raise InputError(
            "CLO-1033", f"Cash flow {int(np.argmin(np.isfinite(cash))) + 1} is not a number", remedy="Give numbers."
        )
    if (np.diff(days) < 0).any():
        raise InputError("CLO-1034", "Cash-flow dates do not ascend", remedy="Sort the flows by date.")


def _check_frequency(frequency: int) -> None:
    if frequency < 1 or months_between_payments(frequency) < 1:
        raise InputError("CLO-1031", f"{frequency} compounding periods a year", remedy="Give 1 to 12 a year.")
