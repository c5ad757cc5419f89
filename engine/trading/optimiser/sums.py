"""Arithmetic of sums that are linear in the holdings."""

from engine.compliance.evaluation import Holdings
from engine.compliance.forms import Sum


def negated(item: Sum, sign: float = -1.0) -> Sum:
    """A sum times -1, or times another sign."""
    return item if sign > 0.0 else Sum(-item.per_par, -item.per_cash, -item.fixed)


def combined(first: Sum, factor: float, second: Sum) -> Sum:
    """first + factor x second."""
    return Sum(
        first.per_par + factor * second.per_par,
        first.per_cash + factor * second.per_cash,
        first.fixed + factor * second.fixed,
    )


def total(item: Sum, holdings: Holdings) -> float:
    """The sum for these holdings."""
    return float(item.per_par @ holdings.par) + item.per_cash * holdings.cash + item.fixed


def is_constant(item: Sum) -> bool:
    """Whether no trade changes the sum."""
    return not item.per_cash and not item.per_par.any()
