"""What the optimiser maximises: income, par or equity carry, linear in par, or the deal's weighted sum of ratios."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from engine.compliance.averages import rating_factors, spread_with_floor
from engine.compliance.evaluation import Evaluation, Holdings
from engine.compliance.forms import Ratio, Sum
from engine.compliance.objective import objectives, weight_vector
from engine.compliance.portfolio import Floats, Portfolio
from engine.errors import InputError
from engine.trading.optimiser.model import Model
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.sums import total
from engine.trading.trades import Side

_YEARS_OF_RATING_FACTOR = 10.0
_FULL_FACTOR = 10_000.0


class Objective(Enum):
    """What is worth most to the deal (spec 05 §11.1, §11.4).

    SPREAD_INCOME: spread with floor benefit, currency a year; NET_SPREAD_INCOME: that less the expected loss;
    PAR_BUILD: par and principal cash, currency; EQUITY_CARRY: net spread income and the discount earned over the life
    of the assets, currency a year; WEIGHTED_RATIOS: the weighted tests of the deal, points.
    """

    SPREAD_INCOME = "spread income"
    NET_SPREAD_INCOME = "spread income net of expected loss"
    PAR_BUILD = "par build"
    EQUITY_CARRY = "equity carry"
    WEIGHTED_RATIOS = "weighted ratios"


@dataclass(frozen=True)
class LinearGoal:
    """worth of the holdings, and what each unit of par bought and sold adds to it, (n,)."""

    worth: Sum
    per_bought: Floats
    per_sold: Floats

    def value(self, holdings: Holdings, bought: Floats, sold: Floats) -> float:
        """The goal for these holdings, reached by these trades."""
        return total(self.worth, holdings) + float(self.per_bought @ bought) + float(self.per_sold @ sold)


def default_rates(portfolio: Portfolio) -> Floats:
    """Default rate a year of each asset, (n,).

    Moody's rating factor is the ten-year idealised default rate in hundredths of a percent.
    """
    ten_years = np.minimum(rating_factors(portfolio) / _FULL_FACTOR, 1.0 - 1e-9)
    return 1.0 - (1.0 - ten_years) ** (1.0 / _YEARS_OF_RATING_FACTOR)


def linear_goal(problem: Problem, objective: Objective, default_rate: Floats | None = None) -> LinearGoal:
    """An economic objective; default_rate (n,) a year replaces that of the rating factors.

    Raises InputError CLO-1762 where the deal states no index for the spread, CLO-1763 for an asset without a life.
    """
    portfolio, n = problem.plan.portfolio, len(problem.par)
    cost = -problem.inputs.turnover_cost * np.ones(n)
    if objective is Objective.PAR_BUILD:
        return LinearGoal(Sum(portfolio.performing.astype(np.float64), per_cash=1.0), cost, cost)
    income = np.where(portfolio.performing, spread_with_floor(portfolio, _index(problem)), 0.0)
    if objective is Objective.SPREAD_INCOME:
        return LinearGoal(Sum(income), cost, cost)
    rate = default_rates(portfolio) if default_rate is None else default_rate
    net = Sum(income - np.where(portfolio.performing, rate * (1.0 - portfolio.recovery), 0.0))
    if objective is Objective.NET_SPREAD_INCOME:
        return LinearGoal(net, cost, cost)
    life = _lives(problem)
    fee = problem.deal.settlement.cost
    earned, forgone = (1.0 - problem.ask + fee) / life, (1.0 - problem.bid - fee) / life
    return LinearGoal(net, earned - fee + cost, -forgone - fee + cost)


def _index(problem: Problem) -> float:
    parameters = problem.plan.terms.parameters
    if "current_libor" not in parameters:
        raise InputError(
            "CLO-1762",
            f"Spread income needs `current_libor`, which {problem.deal.name} does not state",
            where=f"quality inputs of {problem.deal.name}",
            remedy="Enter the index rate, or choose another objective.",
        )
    return parameters["current_libor"]


def _lives(problem: Problem) -> Floats:
    portfolio = problem.plan.portfolio
    is_traded = (problem.buy_limit > 0.0) | (problem.sale_limit > 0.0)
    missing = np.flatnonzero(is_traded & ~(portfolio.wal > 0.0))
    if len(missing):
        name = portfolio.ids[missing[0]]
        raise InputError(
            "CLO-1763",
            f"Equity carry spreads the discount of {name} over its average life, which is not known",
            where=f"asset {name}, WAL",
            remedy="Enter the average life in years, or leave the asset out.",
        )
    return np.where(is_traded, portfolio.wal, 1.0)


@dataclass(frozen=True)
class RatioGoal:
    """100 x the weighted sum of threshold / value and value / threshold, as `engine.compliance.objective` has it."""

    weights: Floats
    per_bought: Floats
    per_sold: Floats

    def value(self, evaluation: Evaluation, bought: Floats, sold: Floats) -> float:
        """The goal of an evaluated portfolio, reached by these trades."""
        points = float(objectives(evaluation.plan, self.weights, evaluation.value, evaluation.threshold))
        return points + float(self.per_bought @ bought) + float(self.per_sold @ sold)


def ratio_goal(problem: Problem) -> RatioGoal:
    """The weights of the deal.

    Raises InputError CLO-1509 and CLO-1510 for weights that are none, CLO-1764 for a weighted test that is no ratio.
    """
    weights = weight_vector(problem.plan, problem.deal.weights)
    for place in np.flatnonzero(weights):
        if not isinstance(problem.plan.forms[place], Ratio):
            definition = problem.plan.definitions[place]
            raise InputError(
                "CLO-1764",
                f"Test {definition.id} ({definition.name}) has a weight and is no ratio of sums",
                where=f"objective weights of {problem.deal.name}",
                remedy="Set its weight to 0, or keep it as a limit with a cushion.",
            )
    cost = -problem.inputs.turnover_cost * np.ones(len(problem.par))
    return RatioGoal(weights, cost, cost)


def goal_vector(model: Model, goal: LinearGoal) -> Floats:
    """The goal as coefficients of the columns, in its own unit."""
    vector = np.zeros(len(model.lower))
    columns, coefficients, start = model.expression(goal.worth)
    np.add.at(vector, columns, coefficients * model.unit)
    vector[model.one] += start * model.unit
    for piece in model.pieces:
        per_par = goal.per_bought if piece.side is Side.BUY else goal.per_sold
        vector[piece.column] += float(per_par[piece.asset]) * piece.par
    for column, penalty in model.penalties.items():
        vector[column] -= penalty * model.unit
    return vector
