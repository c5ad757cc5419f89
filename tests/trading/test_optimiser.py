"""The optimiser on deals of a few loans: the worked programme of spec 05 section 12, trading rules, conflicts."""

from dataclasses import replace

import numpy as np
import pytest

from engine.compliance.evaluation import evaluate
from engine.compliance.objective import broken_limits
from engine.trading.optimiser.goals import Objective
from engine.trading.optimiser.inputs import Budget, Cushion, OptimiserInputs
from engine.trading.optimiser.model import LimitKind
from engine.trading.optimiser.optimiser import optimise
from engine.trading.optimiser.proposal import Proposal, Status
from engine.trading.settlement import apply
from engine.trading.trades import Settlement, Side, TradedDeal
from tests.trading.small_deals import MAX, MILLION, Loan, deal_of, inputs_of, limit, section_12, section_12_inputs

INCOME = Objective.SPREAD_INCOME
NOTHING = Budget(0.0)


def amounts(proposal: Proposal, side: Side) -> dict[str, float]:
    """Par by asset in millions."""
    return {trade.blkrock_id: trade.par / MILLION for trade in proposal.trades if trade.side is side}


def prices_of_limits(proposal: Proposal) -> dict[str, float]:
    """Shadow price by limit: the number of the test, or the kind of limit."""
    plan = proposal.before.plan
    return {
        str(plan.definitions[item.limit.place].id) if item.limit.kind is LimitKind.TEST else item.limit.kind.value: (
            item.shadow_price
        )
        for item in proposal.binding
    }


def test_worked_programme() -> None:
    """Spec 05 section 12 (T6): the optimum to four decimals, what binds, and the shadow prices as printed."""
    found = optimise(section_12(), section_12_inputs(), INCOME)

    assert found.status is Status.OPTIMAL
    assert found.objective_before == pytest.approx(3.7375 * MILLION)
    assert found.objective_after == pytest.approx(4.3284367 * MILLION, abs=0.05)
    assert found.gap <= 1e-9
    assert amounts(found, Side.BUY) == pytest.approx({"B": 2.6816, "D": 2.5385, "E": 20.0}, abs=5e-5)
    assert amounts(found, Side.SALE) == pytest.approx({"A": 1.2875, "C": 13.7125}, abs=5e-5)
    assert found.after is not None
    assert found.after.holdings.cash == pytest.approx(0.0, abs=0.01)
    assert found.after.value == pytest.approx([0.175, 0.286494, 0.043189, 2983.8106, 4.8569, 1.002201], rel=2e-5)
    assert found.after.threshold[3] == pytest.approx(2983.8106, abs=5e-5)
    assert prices_of_limits(found) == pytest.approx(
        {"7": 0.011041, "36": 7.2e-6, "sale budget": 0.001835, "cash floor": 0.043467, "cap by name": 0.008057},
        rel=1e-3,
    )


def test_shadow_price_is_what_a_unit_more_gains() -> None:
    """Ten thousand more of cash, budget or cap gain what the shadow prices say."""
    base = optimise(section_12(), section_12_inputs(), INCOME)
    more = 0.01 * MILLION
    deal = section_12()
    richer = replace(deal, holdings=replace(deal.holdings, cash=deal.holdings.cash + more))
    prices = prices_of_limits(base)

    for kind, other in (
        ("cash floor", optimise(richer, section_12_inputs(), INCOME)),
        ("sale budget", optimise(deal, replace(section_12_inputs(), sales=Budget(15.0 * MILLION + more)), INCOME)),
        ("cap by name", optimise(deal, section_12_inputs(name_cap=20.0 * MILLION + more), INCOME)),
    ):
        assert other.objective_after - base.objective_after == pytest.approx(prices[kind] * more, rel=1e-6)


def test_explanation_is_in_words() -> None:
    """Each binding limit says what relaxing it by one unit gains."""
    found = optimise(section_12(), section_12_inputs(), INCOME)

    assert [item.text for item in found.binding[:3]] == [
        "Cash floor binds: 1 million more of principal cash gains at most 43,467 a year.",
        "Test 7, Caa obligations binds: raising it by 1 percentage point gains at most 11,066 a year.",
        "Cap by name (E) binds: raising it by 1 million gains at most 8,057 a year.",
    ]


def test_result_does_not_depend_on_the_unit_of_money() -> None:
    """A deal a thousand times smaller trades a thousand times less."""
    large = optimise(section_12(), section_12_inputs(), INCOME)
    small = optimise(section_12(1e3), section_12_inputs(1e3), INCOME)

    assert small.objective_after == pytest.approx(large.objective_after / 1e3, rel=1e-9)
    assert [trade.par for trade in small.trades] == pytest.approx([trade.par / 1e3 for trade in large.trades], rel=1e-7)
    assert prices_of_limits(small) == pytest.approx(prices_of_limits(large), rel=1e-7)


def test_same_inputs_give_the_same_answer() -> None:
    """Two runs agree to the last digit."""
    first, second = (optimise(section_12(), section_12_inputs(), INCOME) for _ in range(2))

    assert first.trades == second.trades
    assert first.binding == second.binding


def test_trades_settle_to_the_portfolio_shown() -> None:
    """Booking the proposed trades leads to the holdings that were tested."""
    deal = replace(section_12(), settlement=Settlement(settles_together=True, cost=0.001))
    found = optimise(deal, section_12_inputs(), INCOME)
    after, _ = apply(deal.plan.portfolio, deal.holdings, found.trades, deal.settlement)

    assert found.after is not None
    assert after.par == pytest.approx(found.after.holdings.par, abs=0.01)
    assert after.cash == pytest.approx(found.after.holdings.cash, abs=0.01)
    assert not broken_limits(evaluate(deal.plan, after)).any()


LOANS = (
    Loan("A", 40.0, spread=0.030),
    Loan("B", 30.0, spread=0.040),
    Loan("C", 7.4, spread=0.035),
    Loan("X", 0.0, spread=0.060, is_caa=True),
    Loan("Y", 0.0, spread=0.050),
)


def simple(**others: object) -> TradedDeal:
    """A deal with a limit of 7.5 % on Caa loans and 22.6 of cash, 100 in all."""
    return deal_of(LOANS, 22.6, (limit(7, MAX, 0.075), limit(4, MAX, 0.60)), {}, **others)  # type: ignore[arg-type]


def buying(par: float, **others: object) -> OptimiserInputs:
    """Purchases of at most this par and no sales."""
    return inputs_of(LOANS, NOTHING, Budget(par * MILLION), **{"name_cap": 100.0 * MILLION, **others})


def test_amounts_are_whole_increments() -> None:
    """Par in increments, down to what the limit leaves room for."""
    found = optimise(simple(), buying(20.0, increment=2.0 * MILLION), INCOME)

    assert amounts(found, Side.BUY) == {"X": 6.0, "Y": 14.0}


def test_position_is_sold_in_increments_or_out() -> None:
    """What a position has beside whole increments is sold with the last of them or not at all."""
    inputs = inputs_of(LOANS, Budget(8.0 * MILLION), Budget(30.0 * MILLION), increment=2.0 * MILLION, name_cap=40e6)
    inputs = replace(inputs, sellable=frozenset({"C"}), buyable=frozenset({"Y"}))
    out = optimise(simple(), inputs, INCOME)
    part = optimise(simple(), replace(inputs, sales=Budget(7.0 * MILLION)), INCOME)

    assert (amounts(out, Side.SALE), amounts(out, Side.BUY)) == ({"C": 7.4}, {"Y": 30.0})
    assert (amounts(part, Side.SALE), amounts(part, Side.BUY)) == ({"C": 6.0}, {"Y": 28.0})


def test_one_trade_is_cut_to_an_exact_budget() -> None:
    """An exact budget that no increments add up to is met by cutting one trade."""
    inputs = buying(15.0, increment=2.0 * MILLION)
    found = optimise(simple(), replace(inputs, purchases=Budget(15.0 * MILLION, is_exact=True)), INCOME)
    bought = amounts(found, Side.BUY)

    assert sum(bought.values()) == pytest.approx(15.0)
    assert sum(par % 2.0 > 1e-9 for par in bought.values()) == 1
    assert bought["X"] == pytest.approx(7.0)


def test_minimum_piece_leaves_no_crumbs() -> None:
    """The room under the Caa limit stays unused where it is smaller than the least piece."""
    found = optimise(simple(), buying(20.0, minimum_piece=8.0 * MILLION), INCOME)

    assert amounts(found, Side.BUY) == pytest.approx({"Y": 20.0})


def test_no_stub_is_left_behind() -> None:
    """A position of 7.4 is sold out or keeps the minimum piece of 5, with a budget that allows 4."""
    inputs = inputs_of(LOANS, Budget(4.0 * MILLION), Budget(50.0 * MILLION), minimum_piece=5.0 * MILLION)
    inputs = replace(inputs, sellable=frozenset({"C"}), name_cap=100.0 * MILLION)
    small = optimise(simple(), inputs, INCOME)
    large = optimise(simple(), replace(inputs, sales=Budget(8.0 * MILLION)), INCOME)

    assert amounts(small, Side.SALE) == {}
    assert amounts(large, Side.SALE) == {"C": 7.4}


def test_number_of_trades_is_limited() -> None:
    """With one trade it is the best single one."""
    found = optimise(simple(), buying(20.0, most_trades=1, name_cap=15.0 * MILLION), INCOME)

    assert amounts(found, Side.BUY) == pytest.approx({"Y": 15.0})
    assert any(item.limit.kind is LimitKind.NUMBER_OF_TRADES for item in found.binding)


def test_untouched_assets_stay() -> None:
    """An asset that is to stay is neither bought nor sold, whatever else says."""
    found = optimise(simple(), buying(20.0, untouched=frozenset({"Y"})), INCOME)

    assert set(amounts(found, Side.BUY)) == {"X", "B"}


def test_name_cap_is_five_percent_of_purchases_by_default() -> None:
    """The cap binds from the first purchase on."""
    found = optimise(simple(), replace(buying(20.0), name_cap=None), INCOME)

    assert set(amounts(found, Side.BUY).values()) == {1.0}


def test_cash_floor_is_kept() -> None:
    """Purchases stop where the cash floor begins."""
    found = optimise(simple(settlement=Settlement(cash_floor=10.0 * MILLION)), buying(50.0), INCOME)

    assert found.after is not None
    assert found.after.holdings.cash == pytest.approx(10.0 * MILLION, abs=0.01)


def test_turnover_has_to_be_worth_its_cost() -> None:
    """No trade is made whose income is below the cost of turnover."""
    found = optimise(simple(), buying(20.0, turnover_cost=0.055), INCOME)

    assert amounts(found, Side.BUY) == pytest.approx({"X": 7.5})
    assert found.objective_after == pytest.approx(found.objective_before + 7.5 * MILLION * (0.06 - 0.055))


def test_cushion_is_kept_where_the_penalty_is_high() -> None:
    """A cushion of 2 points is worth a penalty of 3 % of par and more, and not one below 1 %."""
    cheap, dear = (
        optimise(simple(), buying(20.0, cushions=(Cushion(test_id=7, margin=0.02, penalty=penalty),)), INCOME)
        for penalty in (0.005 * 100 * MILLION, 0.03 * 100 * MILLION)
    )

    assert amounts(cheap, Side.BUY)["X"] == pytest.approx(7.5)
    assert amounts(dear, Side.BUY)["X"] == pytest.approx(5.5)
    assert cheap.objective_after == pytest.approx(dear.objective_after + (0.01 - 0.005) * 2.0 * MILLION)


def test_nothing_is_bought_and_sold_at_once() -> None:
    """With exact budgets on both sides a wash trade in the best loan would be best, and is not allowed."""
    loans = (Loan("A", 50.0, spread=0.03), Loan("B", 40.0, spread=0.05))
    deal = deal_of(loans, 10.0, (limit(4, MAX, 0.9),), {})
    budget = Budget(5.0 * MILLION, is_exact=True)
    inputs = inputs_of(loans, budget, budget, name_cap=5.0 * MILLION)
    found = optimise(deal, inputs, INCOME)
    only_b = replace(inputs, buyable=frozenset({"B"}), sellable=frozenset({"B"}))

    assert amounts(found, Side.SALE) == pytest.approx({"A": 5.0})
    assert amounts(found, Side.BUY) == pytest.approx({"B": 5.0})
    assert optimise(deal, only_b, INCOME).trades == ()


def test_breach_that_becomes_smaller_is_still_a_breach() -> None:
    """T9: of two candidates that both break a limit neither is bought, however much less bad the second is."""
    loans = (Loan("A", 90.0), Loan("W", 0.0, spread=0.09, is_caa=True), Loan("V", 0.0, spread=0.08, is_caa=True))
    deal = deal_of(loans, 10.0, (limit(7, MAX, 0.01),), {})
    inputs = inputs_of(loans, NOTHING, Budget(10.0 * MILLION), increment=2.0 * MILLION, name_cap=10.0 * MILLION)
    found = optimise(deal, replace(inputs, buyable=frozenset({"W", "V"})), INCOME)

    assert found.trades == ()
    assert found.after is not None
    assert not broken_limits(found.after).any()


def _seven_equal() -> tuple[tuple[Loan, ...], TradedDeal]:
    loans = tuple(Loan(f"L{number}", 21.0, spread=0.04 + number / 1000.0) for number in range(7))
    limits = (limit(3, MAX, 0.02), limit(4, MAX, 0.025))
    return loans, deal_of(loans, 853.0, limits, {})


def test_sixth_largest_obligor_needs_two_sales() -> None:
    """T10: seven obligors of 2.1 %, the sixth largest at most 2 %: no way without sales, two sales are enough."""
    loans, deal = _seven_equal()
    none = inputs_of(loans, NOTHING, NOTHING, maintain_or_improve=False)
    stuck = optimise(deal, none, INCOME)
    freed = optimise(deal, replace(none, sales=Budget(10.0 * MILLION)), INCOME)

    assert stuck.status is Status.INFEASIBLE
    assert stuck.conflict is not None
    assert set(stuck.conflict.names) == {"test 3, 6th largest obligor", "sale budget"}
    assert freed.status is Status.OPTIMAL
    assert amounts(freed, Side.SALE) == pytest.approx({"L0": 1.0, "L1": 1.0})


def test_start_that_fails_is_explained_or_kept_from_getting_worse() -> None:
    """T12: rating factors that cannot be mended are named alone; maintain-or-improve finds a portfolio."""
    deal = section_12()
    small = replace(section_12_inputs(), sales=Budget(0.5 * MILLION), purchases=Budget(0.5 * MILLION))
    strict = optimise(deal, small, INCOME)
    lenient = optimise(deal, replace(small, maintain_or_improve=True), INCOME)

    assert strict.status is Status.INFEASIBLE
    assert strict.conflict is not None
    assert [item.test_id for item in strict.conflict.shortfalls] == [36]
    assert "test 36, Weighted average rating factor" in strict.conflict.names
    assert {name for name in strict.conflict.names if name.startswith("test")} == {strict.conflict.names[-1]}
    assert lenient.status is Status.OPTIMAL
    assert lenient.after is not None
    place = lenient.after.of(36)
    assert lenient.after.is_maintained[place]
    assert lenient.after.value[place] <= lenient.before.value[place] + 1e-9


def test_conflict_is_smallest() -> None:
    """Budgets that cannot be met name themselves and nothing else."""
    inputs = replace(buying(20.0), purchases=Budget(20.0 * MILLION, is_exact=True), name_cap=1.0 * MILLION)
    found = optimise(simple(), inputs, INCOME)

    assert found.conflict is not None
    assert set(found.conflict.names) == {"purchase budget", "cap by name"}
    assert found.conflict.text.startswith("No portfolio within reach keeps these together: ")


def test_increments_can_be_the_conflict() -> None:
    """Trades of any size would do where trades of whole increments do not."""
    loans = (Loan("A", 60.0), Loan("B", 30.0, is_caa=True))
    deal = deal_of(loans, 10.0, (limit(7, MAX, 0.25),), {})
    inputs = inputs_of(loans, Budget(6.0 * MILLION), NOTHING, maintain_or_improve=False, increment=4.0 * MILLION)
    found = optimise(deal, inputs, INCOME)

    assert found.conflict is not None
    assert set(found.conflict.names) == {"test 7, Caa obligations", "sale budget", "increment and minimum piece"}
    assert optimise(deal, replace(inputs, increment=0.0), INCOME).status is Status.OPTIMAL


def test_soft_tests_are_no_limits() -> None:
    """A test that is not hard does not keep anything from being bought."""
    deal = deal_of(LOANS, 22.6, (limit(7, MAX, 0.075, is_hard=False),), {})
    found = optimise(deal, buying(20.0), INCOME)

    assert amounts(found, Side.BUY) == pytest.approx({"X": 20.0})


def test_par_build_buys_the_cheapest() -> None:
    """Par build is the discount bought less the discount sold."""
    loans = (Loan("A", 50.0, 99.0), Loan("B", 40.0, 90.0), Loan("Z", 0.0, 80.0))
    deal = deal_of(loans, 10.0, (limit(4, MAX, 0.9),), {})
    found = optimise(deal, inputs_of(loans, Budget(5e6), Budget(20e6), name_cap=20e6), Objective.PAR_BUILD)

    assert amounts(found, Side.SALE) == pytest.approx({"A": 5.0})
    assert amounts(found, Side.BUY) == pytest.approx({"Z": (10.0 + 5.0 * 0.99) / 0.8})
    gained = found.objective_after - found.objective_before
    assert gained == pytest.approx((10.0 + 4.95) / 0.8 * 0.2 * MILLION - 5.0 * 0.01 * MILLION)


def test_no_trade_is_an_answer() -> None:
    """Where nothing is eligible the deal stays as it is."""
    found = optimise(simple(), replace(buying(20.0), buyable=frozenset()), INCOME)

    assert found.status is Status.OPTIMAL
    assert found.trades == ()
    assert np.array_equal(found.after.holdings.par, found.before.holdings.par) if found.after else False
