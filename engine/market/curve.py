"""The index curve: monthly forwards on an analysis date, spot and zero rates from them (spec 01 §6, spec 02 §3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from engine.conventions import kernels as date_kernels
from engine.conventions.days import DayArray, day_number, to_date, to_dates
from engine.errors import InputError
from engine.market import kernels
from engine.modes import Quirk, Quirks

FloatArray = npt.NDArray[np.float64]


class CurveMode(IntFlag):
    """How the kernels look a curve up; no bit is standard mode.

    POISONED is a state, not a choice: a legacy curve is poisoned once it was asked beyond its last node.
    """

    STANDARD = 0
    DRIFTING_STEPS = 1
    ZERO_FIRST_MONTH = 2
    ZERO_PAST_END = 4
    POISONED = 8


def curve_mode(quirks: Quirks) -> CurveMode:
    """The lookup of a set of quirks (LQ-47, LQ-49, LQ-56)."""
    mode = CurveMode.STANDARD
    if Quirk.MONTH_END_DRIFT in quirks:
        mode |= CurveMode.DRIFTING_STEPS
    if Quirk.ZERO_FIRST_MONTH in quirks:
        mode |= CurveMode.ZERO_FIRST_MONTH
    if Quirk.CURVE_POISONED_PAST_END in quirks:
        mode |= CurveMode.ZERO_PAST_END
    return mode


@dataclass(frozen=True, slots=True, eq=False)
class IndexCurve:
    """An index curve on its analysis date; built by `of`, never changed.

    months: (K,) int64 tenors, rates: (K,) effective annual decimals, as given, in order of months. node_days: (H,)
    int64 month steps from the analysis date, forwards: (H,) annualised one-month forwards from each; H is the last
    tenor. mode: bits for the kernels.
    """

    as_of: date
    months: DayArray
    rates: FloatArray
    mode: CurveMode
    node_days: DayArray = field(repr=False)
    forwards: FloatArray = field(repr=False)

    @classmethod
    def of(cls, as_of: date, points: Iterable[tuple[int, float]], quirks: Quirks = frozenset()) -> "IndexCurve":
        """Curve of (month, annual decimal) points.

        Standard mode sorts them and extends the first rate to month 1; under LQ-48 they must be ascending from month
        1. Raises InputError for no point, a month under 1, a repeated month or a rate of -100 % and less.
        """
        listed = [(int(month), float(rate)) for month, rate in points]
        _check_points(listed, is_order_required=Quirk.CURVE_NEEDS_MONTH1_SORTED in quirks)
        listed.sort()
        months = np.array([month for month, _ in listed], dtype=np.int64)
        rates = np.array([rate for _, rate in listed], dtype=np.float64)
        node_days = np.empty(int(months[-1]), dtype=np.int64)
        kernels.month_nodes(day_number(as_of), node_days)
        return cls._build(as_of, months, rates, curve_mode(quirks), node_days)

    @classmethod
    def _build(
        cls, as_of: date, months: DayArray, rates: FloatArray, mode: CurveMode, node_days: DayArray
    ) -> "IndexCurve":
        spots = np.empty(node_days.shape[0])
        forwards = np.empty_like(spots)
        kernels.monthly_spots(months, rates, spots)
        kernels.monthly_forwards(spots, forwards)
        for values in (months, rates, node_days, forwards):
            values.setflags(write=False)
        return cls(as_of, months, rates, mode, node_days, forwards)

    def shifted(self, shift: float) -> "IndexCurve":
        """The curve with `shift` (decimal) added to every given rate. Raises InputError as `of` does."""
        rates = self.rates + shift
        _check_points(list(zip(self.months.tolist(), rates.tolist(), strict=True)), is_order_required=False)
        return self._build(self.as_of, self.months, rates, self.mode, self.node_days)

    @property
    def last_node(self) -> date:
        """Last day up to which forwards are known; a longer look extends the last one, or poisons (LQ-47)."""
        return to_dates(self.node_days[-1:])[0]

    @property
    def end(self) -> date:
        """The day up to which the given tenors reach; what lies beyond goes on at the last forward."""
        last = date_kernels.add_months(day_number(self.as_of), int(self.months[-1]))
        return to_date(min(last, day_number(date.max)))

    def spot(self, on: date, months: int) -> float:
        """Effective annual rate from `on` over `months`, decimal; 0 for no months."""
        rate, _ = kernels.spot_rate(day_number(on), months, self.node_days, self.forwards, int(self.mode))
        return float(rate)

    def zero(self, start: date, end: date) -> float:
        """Effective annual zero rate between two dates, decimal."""
        rate, _ = kernels.zero_rate(day_number(start), day_number(end), self.node_days, self.forwards, int(self.mode))
        return float(rate)

    def forward(self, on: date) -> float:
        """Annualised one-month forward at `on`, decimal."""
        rate, _ = kernels.forward_rate(day_number(on), self.node_days, self.forwards, int(self.mode))
        return float(rate)

    def spots(self, days: DayArray, months: DayArray | int) -> FloatArray:
        """Spot rates of many queries in their order, (Q,); under LQ-47 a look past the end spoils the later ones."""
        rates = np.empty(days.shape[0])
        tenors = np.broadcast_to(np.asarray(months, dtype=np.int64), days.shape).copy()
        kernels.spot_rates(days, tenors, self.node_days, self.forwards, int(self.mode), rates)
        return rates

    def zeros(self, start: date, days: DayArray) -> FloatArray:
        """Zero rates from `start` to many days in their order, (Q,)."""
        rates = np.empty(days.shape[0])
        kernels.zero_rates(day_number(start), days, self.node_days, self.forwards, int(self.mode), rates)
        return rates


def _check_points(points: list[tuple[int, float]], *, is_order_required: bool) -> None:
    months = [month for month, _ in points]
    if not points:
        raise InputError("CLO-1011", "The index curve has no point", remedy="Give at least one month and rate.")
    if min(months) < 1:
        raise InputError("CLO-1012", f"Curve month {min(months)} is under 1", remedy="Give whole months from 1 on.")
    if len(set(months)) < len(months):
        repeated = next(month for month in months if months.count(month) > 1)
        raise InputError("CLO-1013", f"Curve month {repeated} is given twice", remedy="Keep one rate a month.")
    bad = [(month, rate) for month, rate in points if not rate > -1.0 or not np.isfinite(rate)]
    if bad:
        raise InputError(
            "CLO-1014", f"Rate {bad[0][1]} of curve month {bad[0][0]} is no rate", remedy="Give decimals above -1."
        )
    if is_order_required and (months[0] != 1 or months != sorted(months)):
        raise InputError(
            "CLO-1015",
            f"The legacy curve needs ascending months from 1 on, not {months[0]} first",
            remedy="Sort the curve and add month 1, or run in standard mode.",
        )
