"""Roll dates: the unadjusted boundaries of periods between two dates (spec 07 §6.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from engine.conventions.days import day_number, to_date
from engine.conventions.kernels import add_months, month_length, months_apart
from engine.errors import InputError
from engine.payouts.dates.calendars import JointCalendar
from engine.payouts.enums import BusinessDayConvention, PeriodUnit

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class StubType(StrEnum):
    """Where a period lies that is no whole multiple of the frequency, and whether it joins its regular neighbour."""

    SHORT_INITIAL = "SHORT_INITIAL"
    LONG_INITIAL = "LONG_INITIAL"
    SHORT_FINAL = "SHORT_FINAL"
    LONG_FINAL = "LONG_FINAL"

    @property
    def is_initial(self) -> bool:
        """Whether periods are counted back from the end."""
        return self in (StubType.SHORT_INITIAL, StubType.LONG_INITIAL)


@dataclass(frozen=True, slots=True)
class RollDates:
    """Boundaries of periods in date order, first start to last end, and whether the outer periods are stubs."""

    dates: tuple[date, ...]
    has_initial_stub: bool = False
    has_final_stub: bool = False

    @property
    def stubs(self) -> tuple[bool, ...]:
        """For each period whether it is a stub."""
        last = len(self.dates) - 2
        return tuple((k == 0 and self.has_initial_stub) or (k == last and self.has_final_stub) for k in range(last + 1))


def roll_dates(
    start: date,
    end: date,
    multiplier: int,
    unit: PeriodUnit,
    roll_convention: str | None = None,
    stub: StubType = StubType.SHORT_INITIAL,
) -> RollDates:
    """Boundaries from `start` to `end`, both included, counted back from `end` or, for a final stub, on from `start`.

    roll_convention: a day of month 1 to 30, clipped to short months; EOM; IMM (third Wednesday); MON to SUN for weeks;
    NONE keeps the day that is counted from. A date that is not on the roll makes its period a stub. Every boundary is
    counted from the same day, so that a clipped February does not shorten the months after it. Raises InputError
    CLO-1915.
    """
    _require(start, end, multiplier)
    if unit is PeriodUnit.T:
        return RollDates((start, end))
    anchor = end if stub.is_initial else start
    boundary = _boundaries(anchor, multiplier, unit, (roll_convention or "NONE").upper(), stub.is_initial)
    step = -1 if stub.is_initial else 1
    k = 0
    found = []
    while start <= (day := boundary(k)) <= end or (k == 0):
        found.append(day)
        k += step
    inner = sorted(day for day in found if start < day < end)
    has_initial_stub, has_final_stub = start not in found, end not in found
    if stub is StubType.LONG_INITIAL and has_initial_stub:
        inner = inner[1:]
    if stub is StubType.LONG_FINAL and has_final_stub:
        inner = inner[:-1]
    return RollDates((start, *inner, end), has_initial_stub, has_final_stub)


def adjusted_rolls(
    dates: Sequence[date], convention: BusinessDayConvention, calendar: JointCalendar
) -> tuple[date, ...]:
    """Each of the dates, in date order, moved to a good day.

    Under FRN a roll that lies whole months after the one before is counted from that one as adjusted.
    """
    adjusted: list[date] = []
    for k, day in enumerate(dates):
        if convention is BusinessDayConvention.FRN and k and (n := _whole_months(dates[k - 1], day)):
            shifted = to_date(add_months(day_number(adjusted[-1]), n))
            adjusted.append(calendar.adjust(shifted, convention, adjusted[-1]))
        else:
            adjusted.append(calendar.adjust(day, convention))
    return tuple(adjusted)


def _whole_months(first: date, second: date) -> int:
    """Months between two dates where one is the other moved by them, else 0."""
    a, b = day_number(first), day_number(second)
    n: int = months_apart(a, b)
    return n if add_months(a, n) == b or add_months(b, -n) == a else 0


def _boundaries(anchor: date, multiplier: int, unit: PeriodUnit, roll: str, is_backward: bool) -> Callable[[int], date]:
    """The k-th boundary as a function of k; the 0-th lies at the anchor, or beside it where the roll wants that."""
    if unit in (PeriodUnit.D, PeriodUnit.W):
        days = multiplier * (7 if unit is PeriodUnit.W else 1)
        first = anchor
        if unit is PeriodUnit.W and roll != "NONE":
            first = _on_weekday(anchor, _known_roll(roll, _WEEKDAYS), is_backward)
        return lambda k: first + timedelta(days=k * days)
    months = multiplier * (12 if unit is PeriodUnit.Y else 1)
    day_of_month = anchor.day if roll == "NONE" else 0
    if roll not in ("NONE", "EOM", "IMM"):
        day_of_month = _known_roll(roll, tuple(str(n) for n in range(1, 31))) + 1

    def boundary(k: int) -> date:
        year, month = divmod(anchor.year * 12 + anchor.month - 1 + k * months, 12)
        return _in_month(year, month + 1, roll, day_of_month)

    return boundary


def _in_month(year: int, month: int, roll: str, day_of_month: int) -> date:
    if roll == "IMM":
        first = date(year, month, 1)
        return first + timedelta(days=(2 - first.weekday()) % 7 + 14)
    length: int = month_length(year, month)
    return date(year, month, length if roll == "EOM" else min(day_of_month, length))


def _on_weekday(day: date, weekday: int, is_backward: bool) -> date:
    if is_backward:
        return day - timedelta(days=(day.weekday() - weekday) % 7)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _known_roll(roll: str, allowed: tuple[str, ...]) -> int:
    if roll not in allowed:
        raise InputError(
            "CLO-1915",
            f"Roll convention {roll!r} does not go with the frequency",
            remedy=f"Use NONE or one of {', '.join(allowed)}"
            + ("." if allowed is _WEEKDAYS else "; or EOM, or IMM for third Wednesdays."),
        )
    return allowed.index(roll)


def _require(start: date, end: date, multiplier: int) -> None:
    if end <= start:
        raise InputError(
            "CLO-1915", f"Periods cannot run from {start} to {end}", remedy="Give an end that is after the start."
        )
    if multiplier < 1:
        raise InputError(
            "CLO-1915", f"A frequency of {multiplier} periods leads nowhere", remedy="Give a multiplier of 1 or more."
        )
