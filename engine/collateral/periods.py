"""Collection periods of a deal and where the payment dates of its assets fall among them (spec 01 §4.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.collateral.kernels import Floats, Ints
from engine.collateral.kernels_pool import PeriodGrid
from engine.collateral.runs import runs_of_lanes
from engine.collateral.schedule import AssetRows
from engine.errors import InputError
from engine.modes import Quirk, Quirks


@dataclass(frozen=True, slots=True, eq=False)
class CollectionPeriods:
    """Collection periods 1 .. N: period i takes what is paid after begin[i - 1] and not after end[i - 1].

    begin, end: (N,) int64 day numbers, ascending, every period beginning where the one before ends.
    """

    begin: Ints
    end: Ints

    def __post_init__(self) -> None:
        if self.end.shape[0] == 0 or np.any(self.begin[1:] != self.end[:-1]) or np.any(self.end < self.begin):
            raise InputError(
                "CLO-1109",
                "Collection periods do not follow one another",
                remedy="Let every period begin where the one before ends.",
            )

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return int(self.end.shape[0])

    def of_payment(self, days: Ints) -> Ints:
        """Period of payment dates: 0 before the first, N + 1 after the last."""
        period = np.searchsorted(self.end, days, side="left") + 1
        return np.where(days <= self.begin[0], 0, period).astype(np.int64)

    def of_default(self, days: Ints) -> Ints:
        """Period of defaults by the day their accrual begins; what lies before the first belongs to it."""
        return (np.searchsorted(self.end, days, side="left") + 1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class RowPlan:
    """Which grid row every payment date of every asset takes.

    places: for each asset its row numbers, fewer than its payment dates where later ones do not matter. row_begin:
    (N + 2,) first row of each period, None without periods.
    """

    n_rows: int
    places: tuple[Ints, ...]
    row_begin: Ints | None


def plan_rows(rows: Sequence[AssetRows], periods: CollectionPeriods | None) -> RowPlan:
    """Number rows by payment, or group them by the collection period in which they are paid.

    Payments after the last period are kept as long as their defaults belong to it.
    """
    if periods is None:
        longest = max((item.n_rows for item in rows), default=0)
        return RowPlan(longest, tuple(np.arange(item.n_rows) for item in rows), None)
    n = periods.n_periods
    kept = [
        periods.of_payment(item.payment)[
            (periods.of_payment(item.payment) <= n) | (periods.of_default(item.accrual_begin) <= n)
        ]
        for item in rows
    ]
    depth = np.zeros(n + 2, dtype=np.int64)
    for period in kept:
        depth = np.maximum(depth, np.bincount(period, minlength=n + 2))
    first = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(depth)))
    places = []
    for period in kept:
        order_in_period = np.arange(period.shape[0]) - np.searchsorted(period, period, side="left")
        places.append(first[period] + order_in_period)
    return RowPlan(int(first[-1]), tuple(places), first[: n + 2])


def period_grid(
    periods: CollectionPeriods,
    plan: RowPlan,
    rows: Sequence[AssetRows],
    opening: tuple[Floats, Floats, Floats],
    quirks: Quirks,
) -> PeriodGrid:
    """The mapping of a plan's rows, in lane order, for the kernels.

    opening: performing balance, defaulted balance and its market value, (A,) each. An asset past its maturity keeps
    its balance under LQ-27 and has none in standard mode.
    """
    n = periods.n_periods
    is_stuck = Quirk.MATURED_BALANCE_STUCK in quirks
    has_balance = np.array([item.n_rows > 0 or is_stuck for item in rows], dtype=np.bool_)
    belongs_to = np.full((plan.n_rows, len(rows)), -1, dtype=np.int64)
    lane_end = np.zeros(n + 1, dtype=np.int64)
    for lane, (item, place) in enumerate(zip(rows, plan.places, strict=True)):
        m = place.shape[0]
        period = periods.of_default(item.accrual_begin[:m])
        belongs_to[place[period <= n], lane] = period[period <= n]
        paid_in = periods.of_payment(item.payment[:m])
        # What is paid before the first period is lost to the deal, and its balance stays.
        ends = bool(m) and m == item.n_rows and item.is_amortised and paid_in[0] > 0
        last = int(paid_in[-1]) if ends else n
        if has_balance[lane]:
            lane_end[1 : max(1, min(last, n)) + 1] = lane + 1
    runs = runs_of_lanes(belongs_to)
    if plan.row_begin is None:
        raise AssertionError("rows were not planned by period")
    return PeriodGrid(
        row_begin=plan.row_begin,
        lane_end=lane_end,
        default_start=runs.start,
        default_begin=runs.begin,
        default_end=runs.end,
        default_period=runs.value,
        opening_performing=opening[0] * has_balance,
        opening_default=opening[1] * has_balance,
        opening_default_value=opening[2] * has_balance,
        least_value=-np.inf if Quirk.VECTOR_END_USES_LENGTH in quirks else 0.0,
        n_balance_rows=n if Quirk.NO_BALANCES_AFTER_LAST_PERIOD in quirks else n + 1,
    )
