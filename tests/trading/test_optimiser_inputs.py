"""Inputs that are wrong stop the optimiser before anything runs, each with its number and what to do."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.errors import InputError
from engine.trading.optimiser.goals import Objective
from engine.trading.optimiser.inputs import Budget, Cushion, OptimiserInputs
from engine.trading.optimiser.optimiser import optimise
from engine.trading.trades import TradedDeal
from tests.trading.small_deals import MAX, MILLION, MIN, Loan, deal_of, inputs_of, limit

LOANS = (Loan("A", 50.0), Loan("B", 40.0), Loan("Z", 0.0, 98.0))


def deal(**others: Any) -> TradedDeal:
    """A deal with one test."""
    return deal_of(LOANS, 10.0, (limit(7, MAX, 0.075), limit(37, MIN, 1.0)), {}, **others)


def inputs(**others: Any) -> OptimiserInputs:
    """Inputs that are right but for what is given."""
    return inputs_of(LOANS, Budget(5.0 * MILLION), Budget(10.0 * MILLION), **others)


WRONG: dict[str, tuple[OptimiserInputs, str]] = {
    "unknown asset": (inputs(buyable=frozenset({"AA"})), "The optimiser does not know the asset AA"),
    "missing price": (inputs(bid={"A": 99.0}), "Asset B may be traded and has no bid price"),
    "price as a fraction": (
        inputs(ask={"A": 0.99, "B": 99.0, "Z": 98.0}),
        "The ask price 0.99 of A is not above 1 and at most 200",
    ),
    "price that is no number": (
        inputs(ask={"A": math.nan, "B": 99.0, "Z": 98.0}),
        "The ask price nan of A is not above 1 and at most 200",
    ),
    "ask below bid": (
        inputs(ask={"A": 98.0, "B": 100.0, "Z": 98.0}),
        "Asset A can be sold at 100 and bought at 98",
    ),
    "negative budget": (replace(inputs(), sales=Budget(-1.0)), "The sale budget is -1.0, not an amount of 0 or more"),
    "budget that is no number": (
        replace(inputs(), purchases=Budget(math.nan)),
        "The purchase budget is nan, not an amount of 0 or more",
    ),
    "negative increment": (inputs(increment=-1.0), "The increment is -1.0, not an amount of 0 or more"),
    "negative number of trades": (inputs(most_trades=-1), "The number of trades is limited to -1"),
    "no time": (inputs(time_limit=0.0), "The time limit is 0.0 s and the gap 1e-09"),
    "cushion of an unknown test": (
        inputs(cushions=(Cushion(test_id=9, margin=0.01, penalty=1.0),)),
        "A cushion is asked for test 9, which is not among the tests of Small",
    ),
    "negative cushion": (
        inputs(cushions=(Cushion(test_id=7, margin=-0.01, penalty=1.0),)),
        "The cushion of test 7 is -0.01 at a penalty of 1.0",
    ),
    "cushion of a score": (
        inputs(cushions=(Cushion(test_id=37, margin=1.0, penalty=1.0),)),
        "A cushion is asked for test 37, which is not linear in par",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_named(name: str) -> None:
    """The message says what is wrong, the remedy what to do."""
    wrong, message = WRONG[name]
    with pytest.raises(InputError) as caught:
        optimise(deal(), wrong, Objective.SPREAD_INCOME)

    assert caught.value.problem == message
    assert caught.value.number.startswith("CLO-17")
    assert caught.value.remedy


def test_unknown_asset_is_guessed() -> None:
    """A typo gets the asset that was probably meant."""
    with pytest.raises(InputError, match="Did you mean A"):
        optimise(deal(), inputs(untouched=frozenset({"Aa", "A"})), Objective.SPREAD_INCOME)


def _negative_par(chosen: TradedDeal) -> TradedDeal:
    return replace(chosen, holdings=replace(chosen.holdings, par=-chosen.holdings.par))


def _unknown_cash(chosen: TradedDeal) -> TradedDeal:
    return replace(chosen, holdings=replace(chosen.holdings, cash=math.nan))


@pytest.mark.parametrize(
    ("change", "number"), [(_negative_par, "CLO-1758"), (_unknown_cash, "CLO-1759")], ids=["par", "cash"]
)
def test_wrong_holdings_are_named(change: Callable[[TradedDeal], TradedDeal], number: str) -> None:
    """Negative par and unknown cash are errors, not starting points."""
    with pytest.raises(InputError) as caught:
        optimise(change(deal()), inputs(), Objective.SPREAD_INCOME)

    assert caught.value.number == number


@pytest.mark.parametrize(
    ("weights", "number"),
    [({7: math.nan}, "CLO-1509"), ({7: -0.1}, "CLO-1509"), ({9: 0.5}, "CLO-1510"), ({37: 0.5}, "CLO-1764")],
)
def test_wrong_weights_are_named(weights: dict[int, float], number: str) -> None:
    """Weights that are no numbers, of tests that are not configured, and of tests that are no ratios."""
    with pytest.raises(InputError) as caught:
        optimise(deal(weights=weights), inputs())

    assert caught.value.number == number


def test_income_needs_the_index() -> None:
    """Without the index rate there is no spread with floor benefit."""
    chosen = deal()
    terms = replace(chosen.plan.terms, parameters={})
    with pytest.raises(InputError, match="CLO-1762"):
        optimise(replace(chosen, plan=replace(chosen.plan, terms=terms)), inputs(), Objective.SPREAD_INCOME)


def test_carry_needs_a_life() -> None:
    """The discount of a loan without average life cannot be spread."""
    loans = (*LOANS[:2], replace(LOANS[2], wal=0.0))
    chosen = deal_of(loans, 10.0, (limit(7, MAX, 0.075),), {})
    with pytest.raises(InputError, match="CLO-1763"):
        optimise(chosen, inputs(), Objective.EQUITY_CARRY)


def test_inputs_are_left_as_they_were() -> None:
    """A run changes neither holdings nor inputs."""
    chosen, given = deal(), inputs()
    before = chosen.holdings.par.copy()
    optimise(chosen, given, Objective.SPREAD_INCOME)

    assert np.array_equal(chosen.holdings.par, before)
    assert given == inputs()
