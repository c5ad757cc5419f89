"""Limits and amounts in words."""

from engine.compliance.definition import Unit
from engine.compliance.plan import Plan
from engine.trading.optimiser.goals import Objective
from engine.trading.optimiser.model import Limit, LimitKind

MILLION = 1e6
STEPS = {Unit.SHARE: 0.01, Unit.YEARS: 1.0, Unit.NUMBER: 1.0, Unit.MONEY: MILLION}
"""One unit of a test, by which a limit is relaxed in words."""
_STEP_WORDS = {Unit.SHARE: "1 percentage point", Unit.YEARS: "1 year", Unit.NUMBER: "1 point", Unit.MONEY: "1 million"}
_A_YEAR = {Objective.SPREAD_INCOME, Objective.NET_SPREAD_INCOME, Objective.EQUITY_CARRY}


def limit_name(plan: Plan, limit: Limit) -> str:
    """`test 7, Caa obligations` or `sale budget`."""
    if limit.kind is not LimitKind.TEST:
        return str(limit.kind.value)
    definition = plan.definitions[limit.place]
    return f"test {definition.id}, {definition.label}"


def test_step(plan: Plan, limit: Limit) -> float:
    """One unit of a test."""
    return STEPS[plan.definitions[limit.place].unit]


def step_in_words(plan: Plan, limit: Limit) -> str:
    """`1 percentage point` for a share, `1 million` for an amount."""
    if limit.kind is LimitKind.TEST:
        return _STEP_WORDS[plan.definitions[limit.place].unit]
    return "1" if limit.kind is LimitKind.NUMBER_OF_TRADES else "1 million"


def test_value(plan: Plan, place: int, value: float) -> str:
    """A value of a test as a reader expects it: 7.5 %, 2,983.81."""
    unit = plan.definitions[place].unit
    if unit is Unit.SHARE:
        return f"{100.0 * value:.3f} %"
    return f"{value:,.0f}" if unit is Unit.MONEY else f"{value:,.2f}"


def worth(objective: Objective, amount: float) -> str:
    """An amount of the objective: points, or currency a year."""
    if objective is Objective.WEIGHTED_RATIOS:
        return f"{amount:.4f} points"
    return f"{amount:,.0f} a year" if objective in _A_YEAR else f"{amount:,.0f}"
