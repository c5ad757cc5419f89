"""Hypothetical trades: every test and the objective before and after, on one or several deals (spec 05 §6, R2, R13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.compliance.averages import rating_factors
from engine.compliance.cushions import cushions
from engine.compliance.definition import Definition
from engine.compliance.evaluation import Evaluation, Holdings, accepted, evaluate, ranked_name
from engine.compliance.objective import objective
from engine.compliance.plan import Plan
from engine.compliance.portfolio import Floats, Portfolio
from engine.errors import InputError
from engine.modes import Quirk
from engine.trading.faults import TradesError
from engine.trading.settlement import check_trades, numbered, settle
from engine.trading.trades import Fill, Grouping, Side, Trade, TradedDeal

PACKAGE_TITLE = "Pool"
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class TestState:
    """One test for some holdings: value and threshold in its unit, cushion in currency.

    is_maintained: it lies beyond its threshold and passes only because it is no worse than the baseline. ranked: the
    obligor, country or industry measured, empty for other tests.
    """

    __test__ = False

    value: float
    threshold: float
    cushion: float
    is_passed: bool
    is_maintained: bool
    ranked: str


@dataclass(frozen=True, slots=True)
class TestChange:
    """One test before and after some trades."""

    __test__ = False

    definition: Definition
    before: TestState
    after: TestState

    @property
    def difference(self) -> float:
        """Change of the value, in the unit of the test; 0 where only the rounding of sums changed."""
        change = self.after.value - self.before.value
        return change if abs(change) > _ROUNDING * max(1.0, abs(self.before.value)) else 0.0

    @property
    def is_broken(self) -> bool:
        """Whether the trades turn a pass into a failure."""
        return self.before.is_passed and not self.after.is_passed


@dataclass(frozen=True)
class Comparison:
    """A deal before and after some trades: title is `Pool` or the asset traded, fills are those of the trades taken."""

    title: str
    fills: tuple[Fill, ...]
    before: Evaluation
    after: Evaluation
    objective_before: float
    objective_after: float

    @property
    def deal(self) -> str:
        return self.before.plan.terms.deal

    @property
    def objective_difference(self) -> float:
        return self.objective_after - self.objective_before

    @cached_property
    def changes(self) -> tuple[TestChange, ...]:
        """Every test before and after, in the order of the deal's tests."""
        states = zip(_states(self.before), _states(self.after), strict=True)
        definitions = self.before.plan.definitions
        return tuple(TestChange(item, *pair) for item, pair in zip(definitions, states, strict=True))


def _states(evaluation: Evaluation) -> list[TestState]:
    cushion = cushions(evaluation)
    return [
        TestState(
            value=float(evaluation.value[place]),
            threshold=float(evaluation.threshold[place]),
            cushion=float(cushion[place]),
            is_passed=bool(evaluation.is_passed[place]),
            is_maintained=bool(evaluation.is_maintained[place]),
            ranked=ranked_name(evaluation, place),
        )
        for place in range(len(evaluation.plan))
    ]


def hypothetical(
    trades: Iterable[Trade], deals: Sequence[TradedDeal], grouping: Grouping = Grouping.PACKAGE
) -> tuple[Comparison, ...]:
    """Compare every deal that has trades before and after them, deal by deal; the holdings stay as given.

    The baseline of maintain-or-improve is the deal's own, however many trades are tried; under 05 Q1 and Q26 it is the
    result of the evaluation before. Raises TradesError CLO-1700 with all that keeps the trades from being made,
    InputError CLO-1714 without any trade.
    """
    wanted = numbered(trades)
    if not wanted:
        raise InputError("CLO-1714", "There are no trades", where="list of trades", remedy="Enter at least one trade.")
    found = check_trades(wanted, deals, grouping)
    if found:
        raise TradesError(found, len(wanted))
    compared: list[Comparison] = []
    for deal in deals:
        own = [trade for trade in wanted if trade.deal == deal.name]
        plan = deal.plan
        for group in _groups(own, grouping):
            comparison, plan = _compared(deal, plan, group)
            compared.append(comparison)
    return tuple(compared)


def _groups(trades: Sequence[Trade], grouping: Grouping) -> list[Sequence[Trade]]:
    if grouping is Grouping.INDIVIDUAL:
        return [[trade] for trade in trades]
    if grouping is Grouping.CUMULATIVE:
        return [trades[: number + 1] for number in range(len(trades))]
    return [trades] if trades else []


def _compared(deal: TradedDeal, plan: Plan, trades: Sequence[Trade]) -> tuple[Comparison, Plan]:
    portfolio = plan.portfolio
    # Not `apply`: the list was checked as a whole, and a prefix of trades that settle together may be short of cash.
    settled = settle(portfolio, deal.holdings, trades, deal.settlement)
    before, plan = evaluated(plan, deal.holdings)
    after, plan = evaluated(plan, settled.holdings)
    comparison = Comparison(
        title=_title(trades, portfolio),
        fills=settled.fills,
        before=before,
        after=after,
        objective_before=objective(before, deal.weights),
        objective_after=objective(after, deal.weights),
    )
    return comparison, plan


def evaluated(plan: Plan, holdings: Holdings) -> tuple[Evaluation, Plan]:
    """The tests for these holdings, and the plan for the next evaluation, with new baselines only under 05 Q1."""
    evaluation = evaluate(plan, holdings)
    if Quirk.MOVING_BASELINE in plan.portfolio.quirks:
        return evaluation, replace(plan, settings=accepted(evaluation))
    return evaluation, plan


def _title(trades: Sequence[Trade], portfolio: Portfolio) -> str:
    if len(trades) != 1:
        return PACKAGE_TITLE
    asset = portfolio.assets[portfolio.row_of[trades[0].blkrock_id]]
    return f"{asset.blkrock_id} {asset.issue_name}".strip()


@dataclass(frozen=True, slots=True)
class TradeAttributes:
    """What was bought or sold, averaged by par: rates as decimals, market value and price as fractions of par.

    spread_with_floor adds what the floor lies above the index (spec 05 §6 item 6).
    """

    par: float
    spread: float
    spread_with_floor: float
    rating_factor: float
    wal_years: float
    recovery_rate: float
    market_value: float
    price: float


def trade_attributes(portfolio: Portfolio, fills: Iterable[Fill], side: Side, libor: float) -> TradeAttributes | None:
    """Attributes of the purchases or the sales among these fills; None where there are none. libor: decimal."""
    chosen = [fill for fill in fills if fill.trade.side is side and fill.par > 0.0]
    if not chosen:
        return None
    rows = np.array([portfolio.row_of[fill.trade.blkrock_id] for fill in chosen])
    par = np.array([fill.par for fill in chosen])

    def average(values: Floats) -> float:
        return float(par @ values / par.sum())

    floor_benefit = np.maximum(portfolio.floor - libor, 0.0)
    return TradeAttributes(
        par=float(par.sum()),
        spread=average(portfolio.spread[rows]),
        spread_with_floor=average((portfolio.spread + floor_benefit)[rows]),
        rating_factor=average(rating_factors(portfolio)[rows]),
        wal_years=average(portfolio.wal[rows]),
        recovery_rate=average(portfolio.recovery[rows]),
        market_value=average(portfolio.price[rows]),
        price=average(np.array([fill.price for fill in chosen])),
    )
