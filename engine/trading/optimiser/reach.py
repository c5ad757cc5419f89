"""How far trades can move a sum that is linear in the holdings: what no portfolio within the budgets goes beyond."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.compliance.forms import Sum
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.inputs import Budget
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.sums import combined, negated

Whole = npt.NDArray[np.int64]
_ITERATIONS = 12


@dataclass(frozen=True)
class Reach:
    """Lowest and highest values that sums and groups can take; tests and the cash floor left aside."""

    problem: Problem

    @cached_property
    def purchases(self) -> Budget:
        """The purchase budget, no larger than what can be bought at all."""
        return _attainable(self.problem.inputs.purchases, self.problem.buy_limit)

    @cached_property
    def sales(self) -> Budget:
        """The sale budget, no larger than what can be sold at all."""
        return _attainable(self.problem.inputs.sales, self.problem.sale_limit)

    def of(self, item: Sum) -> tuple[float, float]:
        """Lowest and highest value of a sum, in its unit."""
        problem = self.problem
        start = float(item.per_par @ problem.par) + item.per_cash * problem.cash + item.fixed
        bought = item.per_par - item.per_cash * problem.ask
        sold = item.per_cash * problem.bid - item.per_par
        most = _most(bought, problem.buy_limit, self.purchases) + _most(sold, problem.sale_limit, self.sales)
        least = -_most(-bought, problem.buy_limit, self.purchases) - _most(-sold, problem.sale_limit, self.sales)
        return start + least, start + most

    def ratio(self, numerator: Sum, denominator: Sum) -> tuple[float, float]:
        """Lowest and highest value of a ratio; infinite where its denominator may fall to 0."""
        if self.of(denominator)[0] <= 0.0:
            return -math.inf, math.inf
        return -self._highest_ratio(negated(numerator), denominator), self._highest_ratio(numerator, denominator)

    def _highest_ratio(self, numerator: Sum, denominator: Sum) -> float:
        """By Dinkelbach's iteration, from above: no portfolio within reach lies higher than what it returns."""
        lowest, highest = self.of(denominator)
        level = self.of(numerator)[1]
        level /= lowest if level > 0.0 else highest
        for _ in range(_ITERATIONS):
            beyond = self.of(combined(numerator, -level, denominator))[1]
            if beyond >= 0.0:
                return level + beyond / lowest
            level += beyond / highest
        return level

    def groups(self, codes: Whole, n_groups: int) -> tuple[Floats, Floats]:
        """Lowest and highest par of each group, (n_groups,); codes (n,), -1 for none."""
        counted = codes >= 0
        held, bought, sold = (
            np.bincount(codes[counted], values[counted], n_groups).astype(np.float64)
            for values in (self.problem.par, self.problem.buy_limit, self.problem.sale_limit)
        )
        lowest: Floats = held - np.minimum(sold, self.sales.par)
        highest: Floats = held + np.minimum(bought, self.purchases.par)
        return lowest, highest


def _attainable(budget: Budget, limits: Floats) -> Budget:
    return Budget(min(budget.par, float(limits.sum())), budget.is_exact)


def _most(gain: Floats, limits: Floats, budget: Budget) -> float:
    """Highest sum of gain times amounts within limits (n,) and a budget."""
    order = np.argsort(-gain, kind="stable")
    room = limits[order]
    amount = np.clip(budget.par - (np.cumsum(room) - room), 0.0, room)
    worth = gain[order] * amount
    return float(worth.sum() if budget.is_exact else worth.clip(min=0.0).sum())
