"""Risk numbers of a series of daily profits and losses (spec 07 §16.3, §16.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np
import numpy.typing as npt

from engine.conventions.days import to_dates
from engine.errors import InputError

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]

MIN_SAMPLE = 20
"""Days below which no risk number is given."""

LOW_SAMPLE = 100
"""Days below which the numbers at 99 % rest on too few of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskNumbers:
    """Statistics of total P&L, in its currency. With fewer than 20 days all but the count are None, for `reason`.

    var_95_percentile, var_99_percentile: the 5 % and 1 % quantiles, P&L numbers and usually negative; the values at
    risk are losses, never negative; the expected shortfall is the mean loss of the worst 5 % of days, rounded up.
    """

    count: int
    mean: float | None = None
    standard_deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    var_95_percentile: float | None = None
    var_99_percentile: float | None = None
    value_at_risk_95: float | None = None
    value_at_risk_99: float | None = None
    expected_shortfall_95: float | None = None
    is_low_sample_99: bool = False
    reason: str | None = None


def risk_numbers(pnl: Sequence[float] | Floats) -> RiskNumbers:
    """Risk numbers of daily total P&L, (n,). Raises InputError CLO-1954 for a number that is not finite."""
    sample = np.asarray(pnl, np.float64)
    if sample.ndim != 1 or not np.isfinite(sample).all():
        raise _error("The P&L series holds a day without a value", "Value the missing days first.")
    if sample.size < MIN_SAMPLE:
        return RiskNumbers(count=sample.size, reason=f"{sample.size} days; at least {MIN_SAMPLE} are needed")
    q05, q01 = (float(q) for q in np.quantile(sample, (0.05, 0.01)))
    n_worst = ceil(sample.size / 20)
    return RiskNumbers(
        count=sample.size,
        mean=float(sample.mean()),
        standard_deviation=float(sample.std(ddof=1)),
        minimum=float(sample.min()),
        maximum=float(sample.max()),
        var_95_percentile=q05,
        var_99_percentile=q01,
        value_at_risk_95=max(0.0, -q05),
        value_at_risk_99=max(0.0, -q01),
        expected_shortfall_95=-float(np.partition(sample, n_worst - 1)[:n_worst].mean()),
        is_low_sample_99=sample.size < LOW_SAMPLE,
    )


def total_pnl(
    unrealized: Sequence[float] | Floats,
    realized_since_previous: Sequence[float] | Floats,
    opening: float | None = None,
) -> Floats:
    """Total P&L between snapshots in date order: change of the unrealized plus what was realised since the one before.

    opening: unrealized before the first snapshot, 0 for a leg that begins with it; None drops the first, whose change
    is not known. Raises InputError CLO-1954 where the two series differ in length.
    """
    marks = np.asarray(unrealized, np.float64)
    realized = np.asarray(realized_since_previous, np.float64)
    if marks.ndim != 1 or marks.shape != realized.shape:
        raise _error(
            f"{marks.size} unrealized and {realized.size} realised amounts", "Give one of each for a snapshot."
        )
    if marks.size == 0:
        return marks
    changes = np.diff(marks, prepend=marks[0] if opening is None else opening) + realized
    return changes if opening is not None else changes[1:]


@dataclass(frozen=True, slots=True, eq=False)
class PnlSeries:
    """Total P&L by day: day numbers in order, each once, and amounts in base currency, both (n,)."""

    days: Days
    amounts: Floats

    @property
    def dates(self) -> tuple[date, ...]:
        """The days as dates."""
        return to_dates(self.days)

    def within(self, first: int, last: int) -> "PnlSeries":
        """The days from first to last, both included."""
        inside = (self.days >= first) & (self.days <= last)
        return PnlSeries(self.days[inside], self.amounts[inside])


@dataclass(frozen=True, slots=True, eq=False)
class PnlSnapshots:
    """End-of-day rows of one leg in base currency, in date order, (n,) each; opening as in `total_pnl`."""

    days: Days
    unrealized: Floats
    realized_since_previous: Floats
    opening: float | None = None

    def total(self) -> PnlSeries:
        """Total P&L by day. Raises InputError CLO-1954 where days are not in order or lengths differ."""
        if self.days.shape != self.unrealized.shape or (np.diff(self.days) <= 0).any():
            raise _error("P&L snapshots are not one a day in date order", "Sort them, one row a leg and day.")
        amounts = total_pnl(self.unrealized, self.realized_since_previous, self.opening)
        return PnlSeries(self.days[self.days.size - amounts.size :], amounts)


def summed(series: Sequence[PnlSeries]) -> PnlSeries:
    """Total P&L of several legs or contracts, by day; one that has no row on a day adds nothing there."""
    if not series:
        return PnlSeries(np.empty(0, np.int64), np.empty(0))
    days, place = np.unique(np.concatenate([one.days for one in series]), return_inverse=True)
    amounts = np.zeros(days.size)
    np.add.at(amounts, place, np.concatenate([one.amounts for one in series]))
    return PnlSeries(days, amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRisk:
    """Risk numbers by leg, by contract (its legs summed first) and of all together, in base currency."""

    by_leg: Mapping[tuple[str, int], RiskNumbers]
    by_contract: Mapping[str, RiskNumbers]
    book: RiskNumbers


def book_risk(legs: Mapping[tuple[str, int], PnlSnapshots], first: int, last: int) -> BookRisk:
    """Risk numbers of legs, known by contract reference and leg number, over the days from first to last.

    Changes are taken before the window is cut, so its first day keeps its P&L.
    """
    totals = {key: snapshots.total().within(first, last) for key, snapshots in legs.items()}
    of_contract: dict[str, list[PnlSeries]] = {}
    for (reference, _), series in totals.items():
        of_contract.setdefault(reference, []).append(series)
    return BookRisk(
        by_leg={key: risk_numbers(series.amounts) for key, series in totals.items()},
        by_contract={key: risk_numbers(summed(series).amounts) for key, series in of_contract.items()},
        book=risk_numbers(summed(tuple(totals.values())).amounts),
    )


def _error(problem: str, remedy: str) -> InputError:
    return InputError("CLO-1954", problem, remedy=remedy)
