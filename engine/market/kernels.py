"""Index curve lookups: monthly forwards, spot and zero rates on day numbers (spec 01 §6)."""

import numpy as np
import numpy.typing as npt

from engine.conventions.kernels import add_months, months_apart
from engine.numerics import kernel

DayArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# Bits of CurveMode; 0 is standard mode.
_DRIFTING_STEPS, _ZERO_FIRST_MONTH, _ZERO_PAST_END, _POISONED = 1, 2, 4, 8


@kernel
def monthly_spots(months: DayArray, rates: FloatArray, spots: FloatArray) -> None:
    """Spot rates of every month, linear between the given ones and flat before the first.

    months : (K,) int64, ascending, from 1 or later
    rates  : (K,) float64
    spots  : (H,) float64, written; H is the last given month, spots[i] belongs to month i + 1
    """
    k = 0
    for i in range(spots.shape[0]):
        month = i + 1
        while months[k] < month:
            k += 1
        if months[k] == month or k == 0:
            spots[i] = rates[k]
        else:
            weight = (month - months[k - 1]) / (months[k] - months[k - 1])
            spots[i] = (1.0 - weight) * rates[k - 1] + weight * rates[k]


@kernel
def monthly_forwards(spots: FloatArray, forwards: FloatArray) -> None:
    """One-month forwards, annualised: f(0) = s(1), f(i) = (1 + s(i+1))^(i+1) / (1 + s(i))^i - 1.

    spots, forwards : (H,) float64; forwards written
    """
    forwards[0] = spots[0]
    for i in range(1, spots.shape[0]):
        forwards[i] = (1.0 + spots[i]) ** (i + 1) / (1.0 + spots[i - 1]) ** i - 1.0


@kernel
def month_nodes(analysis_day: int, node_days: DayArray) -> None:
    """Days of the nodes: the analysis date plus 0, 1, 2, ... months; node_days (H,) int64 written."""
    for i in range(node_days.shape[0]):
        node_days[i] = add_months(analysis_day, i)


@kernel
def forward_rate(day: int, node_days: DayArray, forwards: FloatArray, mode: int) -> tuple[float, int]:
    """Forward at `day`, and the mode afterwards.

    Constant up to the first node (the analysis date), linear in days between nodes, constant after the last one. With
    _ZERO_PAST_END a look past the last node gives 0 and poisons the curve: from then on every forward after the first
    node is 0 (LQ-47).
    """
    last = node_days.shape[0] - 1
    if day <= node_days[0]:
        return forwards[0], mode
    if mode & _POISONED:
        return 0.0, mode
    if day > node_days[last]:
        if mode & _ZERO_PAST_END:
            return 0.0, mode | _POISONED
        return forwards[last], mode
    low = 0
    high = last
    while high - low > 1:
        middle = (low + high) // 2
        if node_days[middle] < day:
            low = middle
        else:
            high = middle
    weight = (day - node_days[low]) / (node_days[high] - node_days[low])
    return forwards[low] + (forwards[high] - forwards[low]) * weight, mode


@kernel
def spot_rate(day: int, months: int, node_days: DayArray, forwards: FloatArray, mode: int) -> tuple[float, int]:
    """Spot rate from `day` over `months`, an effective annual rate, and the mode afterwards; 0 for no months.

    The months are counted from `day`; with _DRIFTING_STEPS each from the one before, so that a month-end day drifts
    to the 28th (LQ-56).
    """
    if months <= 0:
        return 0.0, mode
    growth = 1.0
    step = day
    for j in range(months):
        forward, mode = forward_rate(step, node_days, forwards, mode)
        growth *= 1.0 + forward
        step = add_months(step, 1) if mode & _DRIFTING_STEPS else add_months(day, j + 1)
    return growth ** (1.0 / months) - 1.0, mode


@kernel
def spot_rates(
    days: DayArray, months: DayArray, node_days: DayArray, forwards: FloatArray, mode: int, rates: FloatArray
) -> int:
    """Spot rates of many queries in their order.

    days, months : (Q,) int64, start and tenor of each query
    node_days    : (H,) int64, forwards : (H,) float64, the curve's nodes
    mode         : bits of CurveMode
    rates        : (Q,) float64, written, decimals
    Returns the mode after the last query, to be handed to the next call in legacy mode.
    """
    for q in range(days.shape[0]):
        rates[q], mode = spot_rate(days[q], months[q], node_days, forwards, mode)
    return mode


@kernel
def zero_rate(start: int, end: int, node_days: DayArray, forwards: FloatArray, mode: int) -> tuple[float, int]:
    """Zero rate between two days, interpolated in days between the whole months around it, and the mode afterwards.

    A term inside the first month takes the one-month rate; with _ZERO_FIRST_MONTH it is interpolated from 0 (LQ-49).
    """
    months = months_apart(start, end)
    low = add_months(start, months)
    if end > low:
        high = add_months(low, 1) if mode & _DRIFTING_STEPS else add_months(start, months + 1)
    else:
        high = low
        months -= 1
        low = add_months(high, -1) if mode & _DRIFTING_STEPS else add_months(start, months)
    low_months = months if mode & _ZERO_FIRST_MONTH else max(months, 1)
    high_months = months + 1 if mode & _ZERO_FIRST_MONTH else max(months + 1, 1)
    low_rate, mode = spot_rate(start, low_months, node_days, forwards, mode)
    high_rate, mode = spot_rate(start, high_months, node_days, forwards, mode)
    return low_rate + (high_rate - low_rate) * (end - low) / (high - low), mode


@kernel
def zero_rates(
    start: int, ends: DayArray, node_days: DayArray, forwards: FloatArray, mode: int, rates: FloatArray
) -> int:
    """Zero rates from one day to many, in order; rates (Q,) float64 written. Returns the mode afterwards."""
    for q in range(ends.shape[0]):
        rates[q], mode = zero_rate(start, ends[q], node_days, forwards, mode)
    return mode
