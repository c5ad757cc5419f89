"""The fee that a short position pays for the shares borrowed to hedge it (spec 07 §12.5)."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from engine.errors import InputError
from engine.payouts.enums import DayCount, Side

ACCRUING_BY_THE_DAY = (
    DayCount.ACT_360,
    DayCount.ACT_364,
    DayCount.ACT_365_FIXED,
    DayCount.ACT_365L,
    DayCount.ACT_ACT_ISDA,
    DayCount.THIRTY_360,
    DayCount.THIRTY_E_360,
)
"""Day counts that give each day its fraction without a coupon period, a calendar or a termination date."""

HIGHEST_RATE = 10.0
"""1,000 % a year: more is a percentage that was taken for a decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowRateStep:
    """Another rate, decimal a year, from the night of `step_date` on."""

    step_date: date
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowFee:
    """A rate, decimal a year, on the market value of the position, for every calendar day.

    payer is the party that is short, which is the payer of the leg. rate holds from the start; each step replaces it
    from its date on, in date order. Raises InputError CLO-1988 for rates out of range, steps out of order and a day
    count that has no fraction for a single day.
    """

    payer: Side
    rate: float
    day_count: DayCount
    steps: tuple[BorrowRateStep, ...] = ()

    def __post_init__(self) -> None:
        for rate in (self.rate, *(step.rate for step in self.steps)):
            if not 0.0 <= rate <= HIGHEST_RATE:
                raise _impossible(f"A borrow fee of {rate} a year is out of range", "Give a decimal: 0.035 is 3.5 %.")
        for one, following in pairwise(self.steps):
            if following.step_date <= one.step_date:
                raise _impossible(
                    f"The borrow rate of {following.step_date} follows that of {one.step_date}",
                    "Give the steps in date order, one a day.",
                )
        if self.day_count not in ACCRUING_BY_THE_DAY:
            raise _impossible(
                f"A borrow fee accrues day by day, for which {self.day_count} has no fraction",
                f"Use one of {', '.join(ACCRUING_BY_THE_DAY)}.",
            )

    def with_rate(self, rate: float, day: date) -> "BorrowFee":
        """The fee with another rate from a day on, up to the next step; a step of that day is replaced."""
        kept = [step for step in self.steps if step.step_date != day]
        steps = sorted([*kept, BorrowRateStep(step_date=day, rate=rate)], key=lambda step: step.step_date)
        return replace(self, steps=tuple(steps))


def _impossible(problem: str, remedy: str) -> InputError:
    return InputError("CLO-1988", problem, where="borrow_fee", remedy=remedy)
