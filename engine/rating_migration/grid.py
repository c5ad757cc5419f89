"""The dates of a simulation: regular steps from the day of the analysis, or a list of dates (spec 04 R2, Q6, Q8, Q33).

One grid serves paths, balances and statistics. Every date of a regular grid is counted from the first, so that month
ends stay month ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.conventions.days import day_array, day_number, to_date, to_dates
from engine.conventions.frequency import payments_per_year_by_word
from engine.conventions.kernels import add_months
from engine.errors import InputError
from engine.rating_migration.transition import Step

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MONTHS_A_YEAR = 12
DAYS_A_YEAR = 365.25
MOST_PERIODS = 1200
"""A hundred years of months; a maturity beyond it is a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DateGrid:
    """Dates and step lengths of a simulation.

    days (T + 1,) int64: day numbers, the analysis date first; years (T,): length of each step, whole months as
    twelfths on a regular grid, days over 365.25 on a list; months: of a regular step, 0 for a list of dates.
    """

    days: Ints
    years: Floats
    months: int

    @property
    def n_periods(self) -> int:
        """Number of steps."""
        return len(self.years)

    @property
    def dates(self) -> tuple[date, ...]:
        """The dates, the analysis date first."""
        return to_dates(self.days)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifetimes:
    """How long assets live on a grid: full steps (n,) int64, and the stub behind them to maturity, (n,) years.

    An asset due by the analysis date has none of either. One that outlives the grid has all of its steps and no stub.
    """

    full_steps: Ints
    stub_years: Floats


def step_by_word(text: str) -> Step:
    """The step of `Quarterly`, `semi-annually`, `annual` and the like, in any case; InputError CLO-1812 for others."""
    word = text.strip()
    name = word.upper().replace("-", "_").replace(" ", "_")
    if name in Step.__members__:
        return Step[name]
    payments_per_year = payments_per_year_by_word(word)
    if payments_per_year in {step.value for step in Step}:
        return Step(payments_per_year)
    raise InputError(
        "CLO-1812",
        f"Frequency '{text}' is not known",
        remedy="Use Monthly, Quarterly, Semi-Annually or Annually.",
    )


def regular_grid(as_of: date, last_maturity: date, step: Step) -> DateGrid:
    """Equal steps from the analysis date to the first date at or behind the last maturity.

    Raises InputError CLO-1813 for a last maturity that is not after the analysis date, CLO-1828 for one more than
    1,200 steps off.
    """
    start, end = day_number(as_of), day_number(last_maturity)
    if end <= start:
        raise InputError(
            "CLO-1813",
            f"The last asset matures on {last_maturity}, not after {as_of}",
            remedy="Choose an earlier analysis date, or assets that are still alive.",
        )
    months, days = MONTHS_A_YEAR // step.value, [start]
    while days[-1] < end:
        if len(days) > MOST_PERIODS:
            raise InputError(
                "CLO-1828",
                f"From {as_of} to {last_maturity} are more than {MOST_PERIODS} steps",
                remedy="Correct the maturity of the asset, or choose longer steps.",
            )
        days.append(int(add_months(start, months * len(days))))
    years = np.full(len(days) - 1, months / MONTHS_A_YEAR)
    return DateGrid(days=np.array(days, dtype=np.int64), years=years, months=months)


def listed_grid(as_of: date, dates: Sequence[date]) -> DateGrid:
    """Steps to each of some dates; InputError CLO-1814 unless they ascend from a date after the analysis date."""
    days = day_array((as_of, *dates))
    lengths = np.diff(days)
    if not len(lengths):
        raise _no_steps("The list of simulation dates is empty")
    if (lengths <= 0).any():
        place = int(np.argmax(lengths <= 0))
        raise _no_steps(f"{to_date(int(days[place + 1]))} does not lie behind {to_date(int(days[place]))}")
    return DateGrid(days=days, years=lengths / DAYS_A_YEAR, months=0)


def lifetimes(grid: DateGrid, maturities: Ints) -> Lifetimes:
    """Full steps and stubs of assets by their maturities, (n,) day numbers.

    A stub on a regular grid is counted in whole months and the part of the last one, so that it is additive with the
    steps: two months are 2/12 of a year.
    """
    n_steps = grid.n_periods
    full_steps = np.searchsorted(grid.days, maturities, side="right") - 1
    has_stub = (full_steps >= 0) & (full_steps < n_steps)
    begin = np.clip(full_steps, 0, n_steps - 1)
    if grid.months:
        months = _months_since(int(grid.days[0]), maturities, most=n_steps * grid.months)
        stub = (months - begin * grid.months) / MONTHS_A_YEAR
    else:
        stub = (maturities - grid.days[begin]) / DAYS_A_YEAR
    return Lifetimes(
        full_steps=np.clip(full_steps, 0, n_steps).astype(np.int64), stub_years=np.where(has_stub, stub, 0.0)
    )


def _no_steps(problem: str) -> InputError:
    return InputError(
        "CLO-1814",
        problem,
        where="simulation dates",
        remedy="Give ascending dates, the first after the analysis date.",
    )


def _months_since(start: int, days: Ints, most: int) -> Floats:
    """Months from a day to later ones, a broken month by its days, (n,)."""
    anchors = np.array([add_months(start, i) for i in range(most + 2)], dtype=np.int64)
    whole = np.clip(np.searchsorted(anchors, days, side="right") - 1, 0, most)
    part = (days - anchors[whole]) / (anchors[whole + 1] - anchors[whole])
    return np.asarray(whole + part, dtype=np.float64)
