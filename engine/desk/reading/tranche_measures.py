"""What a class of notes yields at another price, and is worth at another margin, on the cash flows of a stored run.

The flows are the run's own; only the price or the margin is another. At those of the deal's sheet every figure is the
one that the run stored.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce

import numpy as np

from db.store import UnitOfWork
from engine.analytics.cashflow_vector import CashflowVector
from engine.analytics.irr import xirr
from engine.analytics.risk import durations
from engine.analytics.valuation import present_value_with_spread, solve_spread, solve_yield
from engine.conventions.day_count import DayCount, parse_day_count
from engine.conventions.days import day_array
from engine.deal.results import RISK_COLUMNS, TRANCHE_COLUMNS, DealResult, Floats
from engine.desk import choices
from engine.desk.records import RunOutcome, StoredRun
from engine.market.curve import IndexCurve
from engine.modes import Mode, Quirks
from engine.snapshot import WorkbookSnapshot
from workbooks.results import TrancheInput

FREQUENCY = 4
"""Compounding periods a year of every class (spec 02 §7)."""
_INTEREST = ("interest_paid", "deferred_interest_paid", "deferred_principal_paid")
_PAID = ("interest_paid", "principal_paid", "deferred_interest_paid", "deferred_principal_paid")


@dataclass(frozen=True)
class TrancheMeasures:
    """The classes of a stored run, by place; prices fractions of par, margins and yields decimals, NaN where none is.

    curve: the index curve of the run's assumption set and scenario.
    """

    result: DealResult
    inputs: tuple[TrancheInput, ...]
    day_counts: tuple[DayCount, ...]
    curve: IndexCurve
    as_of: date
    quirks: Quirks

    def stored(self, place: int, measure: str) -> float:
        """A measure of the run itself, a column of RISK_COLUMNS."""
        return float(self.result.risk[place, RISK_COLUMNS.index(measure)])

    def total_interest(self, place: int) -> float:
        """Interest paid over the run, deferred amounts among it (spec 02 §6.5), currency."""
        return float(self._columns(place, _INTEREST).sum())

    def total_principal(self, place: int) -> float:
        """Principal paid over the run, currency."""
        return float(self._columns(place, ("principal_paid",)).sum())

    def yield_at(self, place: int, price: float) -> float:
        """Yield, compounded quarterly, at which the flows are worth the price."""
        return solve_yield(self._flows(place), self._value(place, price), self.quirks).value

    def margin_at(self, place: int, price: float) -> float:
        """Discount margin over the zero curve at which the flows are worth the price."""
        flows = self._flows(place)
        return solve_spread(flows, self._zero_rates(place), self._value(place, price), self.quirks).value

    def price_at(self, place: int, margin: float) -> float:
        """Price at a discount margin."""
        value = present_value_with_spread(self._flows(place), self._zero_rates(place), margin, self.quirks)
        return value / self.inputs[place].current_balance

    def durations_at(self, place: int, price: float) -> tuple[float, float]:
        """Macaulay and modified duration in years at the yield of a price."""
        value = self._value(place, price)
        return durations(self._flows(place), self.yield_at(place, price), value, self.quirks)

    def return_at(self, place: int, price: float) -> float:
        """Effective annual rate of return, Actual/365, of paying the price on the date of the deal."""
        n = self._n_flows(place)
        dates = [self.as_of, *self.result.dates.payment[:n].astype(object).tolist()]
        return xirr(dates, [-self._value(place, price), *self._flows(place).cash.tolist()]).value

    def _value(self, place: int, price: float) -> float:
        return price * self.inputs[place].current_balance

    def _n_flows(self, place: int) -> int:
        return int(self.result.last_calculated[place])

    def _columns(self, place: int, names: tuple[str, ...]) -> Floats:
        columns = [TRANCHE_COLUMNS.index(name) for name in names]
        found: Floats = self.result.tranches[: self._n_flows(place), place][:, columns]
        return found

    def _flows(self, place: int) -> CashflowVector:
        return self._flows_and_zero_rates[place][0]

    def _zero_rates(self, place: int) -> Floats:
        return self._flows_and_zero_rates[place][1]

    @cached_property
    def _flows_and_zero_rates(self) -> tuple[tuple[CashflowVector, Floats], ...]:
        """The payments of every class and the zero rates to them."""
        found = []
        for place, day_count in enumerate(self.day_counts):
            dates = self.result.dates.payment[: self._n_flows(place)].astype(object).tolist()
            # Added in the order of the kernel that stored the measures, so that both agree to the last digit.
            cash = reduce(np.add, (self._columns(place, (name,))[:, 0] for name in _PAID))
            flows = CashflowVector.of(
                self.as_of, dates, cash, frequency=FREQUENCY, day_count=day_count, quirks=self.quirks
            )
            found.append((flows, self.curve.zeros(self.as_of, day_array(dates))))
        return tuple(found)


def tranche_measures(
    work: UnitOfWork, run: StoredRun, outcome: RunOutcome, day_counts: tuple[str, ...], book: WorkbookSnapshot
) -> TrancheMeasures:
    """The classes of a stored run, with the curve of its assumption set as it is stored now.

    day_counts: of the classes in the order of the deal's sheet; book: the workbook that the deal came with.
    """
    quirks = Mode(run.mode).quirks
    shock = choices.scenario(work, run.scenario)
    points = choices.assumption_set(work, run.assumption_set, book).curve
    curve = IndexCurve.of(run.as_of, [(month, rate + shock.curve_shift) for month, rate in points], quirks)
    return TrancheMeasures(
        result=outcome.result,
        inputs=outcome.summary.tranche_inputs,
        day_counts=tuple(parse_day_count(text, quirks) for text in day_counts),
        curve=curve,
        as_of=run.as_of,
        quirks=quirks,
    )
