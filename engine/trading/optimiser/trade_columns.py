"""Columns and rows of the trades themselves: sizes, budgets, caps, cash and the number of trades."""

from dataclasses import dataclass, replace

import numpy as np

from engine.trading.optimiser.inputs import Budget, name_cap
from engine.trading.optimiser.model import Limit, LimitKind, Model, Piece, new_model
from engine.trading.optimiser.problem import Problem
from engine.trading.trades import Side

_WHOLE = 1e-9
_SIZES = Limit(LimitKind.TRADE_SIZES)
_BUDGET_LIMITS = {Side.BUY: Limit(LimitKind.PURCHASE_BUDGET), Side.SALE: Limit(LimitKind.SALE_BUDGET)}


@dataclass(frozen=True)
class _Order:
    """What may be traded of one asset on one side, currency, and how.

    number: its own; held: the whole position; increment: 0 for any amount; may_cut: whether a trade may be cut to meet
    the budget; needs_ticket: whether the model has to know that the asset is traded at all.
    """

    number: int
    asset: int
    side: Side
    most: float
    held: float
    increment: float
    minimum_piece: float
    may_cut: bool
    needs_ticket: bool

    @property
    def may_sell_out(self) -> bool:
        return self.side is Side.SALE and self.most == self.held


def trading_model(problem: Problem, exclusive: frozenset[int] = frozenset(), *, any_size: bool = False) -> Model:
    """A model of all trades within budgets, sizes and cash.

    exclusive: assets not to be bought and sold at once; any_size: increments and the minimum piece are left aside.
    """
    model = new_model(problem)
    tickets: dict[tuple[int, Side], int] = {}
    for side, budget in _budgets(problem):
        first_cut = len(model.cuts)
        for order in _orders(problem, side, budget, exclusive, any_size):
            ticket = _add_order(model, order)
            if ticket is not None:
                tickets[order.asset, side] = ticket
        cuts = model.cuts[first_cut:]
        if cuts:
            model.row(cuts, [1.0] * len(cuts), -np.inf, 1.0, _SIZES)
    for side, budget in _budgets(problem):
        traded = [piece for piece in model.pieces if piece.side is side]
        _amount_row(model, traded, [], budget.par if budget.is_exact else 0.0, budget.par, _BUDGET_LIMITS[side])
    _add_cash(model)
    model.one = model.column(1.0, 1.0)
    for asset in sorted(exclusive):
        model.row([tickets[asset, side] for side in Side], [1.0, 1.0], -np.inf, 1.0)
    if problem.inputs.most_trades is not None:
        most, limit = float(problem.inputs.most_trades), Limit(LimitKind.NUMBER_OF_TRADES)
        model.row(list(tickets.values()), [1.0] * len(tickets), -np.inf, most, limit)
    return model


def _budgets(problem: Problem) -> tuple[tuple[Side, Budget], ...]:
    return ((Side.BUY, problem.inputs.purchases), (Side.SALE, problem.inputs.sales))


def _orders(problem: Problem, side: Side, budget: Budget, exclusive: frozenset[int], any_size: bool) -> list[_Order]:
    inputs = replace(problem.inputs, increment=0.0, minimum_piece=0.0) if any_size else problem.inputs
    limits = problem.buy_limit if side is Side.BUY else problem.sale_limit
    steps = budget.par / inputs.increment if inputs.increment else 0.0
    is_whole_budget = side is Side.BUY and abs(steps - round(steps)) < _WHOLE * max(steps, 1.0)
    always = inputs.minimum_piece > 0.0 or inputs.most_trades is not None
    return [
        _Order(
            number=2 * int(asset) + (side is Side.SALE),
            asset=int(asset),
            side=side,
            most=float(limits[asset]),
            held=float(problem.par[asset]),
            increment=inputs.increment,
            minimum_piece=inputs.minimum_piece,
            may_cut=budget.is_exact and not is_whole_budget,
            needs_ticket=always or int(asset) in exclusive,
        )
        for asset in np.flatnonzero(limits)
    ]


def _add_order(model: Model, order: _Order) -> int | None:
    """The columns of an order; returns the binary that says whether the asset is traded, None where none is needed."""
    if order.increment:
        pieces, sold_out = _whole_increments(model, order)
    else:
        pieces, sold_out = [_piece(model, order, model.unit, order.most / model.unit)], None
        if order.may_sell_out and order.minimum_piece:
            sold_out = model.column(0.0, 1.0, is_whole=True, owner=order.number)
            _amount_row(model, pieces, [(sold_out, -order.held)], 0.0, np.inf)
    if order.side is Side.BUY and order.most == name_cap(model.problem.inputs):
        model.caps[pieces[0].column] = Limit(LimitKind.NAME_CAP, asset=model.problem.plan.portfolio.ids[order.asset])
    return _add_ticket(model, order, pieces, sold_out) if order.needs_ticket else None


def _piece(model: Model, order: _Order, par: float, most: float, *, is_whole: bool = False) -> Piece:
    """A column of an order: par in currency of one unit of it, and how many of them at most."""
    column = model.column(0.0, most, is_whole=is_whole, owner=order.number)
    piece = Piece(column, order.asset, order.side, par)
    model.pieces.append(piece)
    return piece


def _whole_increments(model: Model, order: _Order) -> tuple[list[Piece], int | None]:
    """Increments, the rest of a position that is sold out, and the amount of the one trade cut to meet a budget."""
    count = float(np.floor(order.most / order.increment + _WHOLE))
    rest = max(order.most - count * order.increment, 0.0)
    pieces = [_piece(model, order, order.increment, count, is_whole=True)]
    sold_out = None
    if order.may_sell_out and (rest > _WHOLE * order.increment or order.minimum_piece):
        pieces.append(_piece(model, order, rest, 1.0, is_whole=True))
        sold_out = pieces[1].column
        model.row([sold_out, pieces[0].column], [count, -1.0], -np.inf, 0.0, _SIZES)
    if order.may_cut:
        cut = _piece(model, order, model.unit, order.increment / model.unit)
        is_cut = model.column(0.0, 1.0, is_whole=True, owner=order.number)
        model.cuts.append(is_cut)
        _amount_row(model, [cut], [(is_cut, -order.increment)], -np.inf, 0.0)
        pieces.append(cut)
        _amount_row(model, pieces, [], -np.inf, order.most)
    return pieces, sold_out


def _add_ticket(model: Model, order: _Order, pieces: list[Piece], sold_out: int | None) -> int:
    """Nothing is traded without a ticket, no less than the minimum piece with one, and no stub is left."""
    ticket = model.column(0.0, 1.0, is_whole=True, owner=order.number)
    least = min(order.minimum_piece, order.held) if order.side is Side.SALE else order.minimum_piece
    _amount_row(model, pieces, [(ticket, -least)], 0.0, np.inf)
    if sold_out is None:
        left = max(order.held - order.minimum_piece, 0.0) if order.side is Side.SALE else order.most
        _amount_row(model, pieces, [(ticket, -min(order.most, left))], -np.inf, 0.0)
        return ticket
    kept = max(order.held - order.minimum_piece, 0.0)
    _amount_row(model, pieces, [(ticket, -kept), (sold_out, kept - order.held)], -np.inf, 0.0)
    model.row([sold_out, ticket], [1.0, -1.0], -np.inf, 0.0, _SIZES)
    return ticket


def _amount_row(
    model: Model,
    pieces: list[Piece],
    others: list[tuple[int, float]],
    lower: float,
    upper: float,
    limit: Limit = _SIZES,
) -> None:
    """lower <= amount of the pieces + other columns x amounts <= upper, all in currency."""
    columns = [piece.column for piece in pieces] + [column for column, _ in others]
    amounts = [piece.par / model.unit for piece in pieces] + [amount / model.unit for _, amount in others]
    model.row(columns, amounts, lower / model.unit, upper / model.unit, limit)


def _add_cash(model: Model) -> None:
    """Principal cash after the trades, all settled together, and the floor it keeps."""
    problem = model.problem
    model.cash = model.column(-np.inf, np.inf)
    prices = {Side.BUY: problem.ask, Side.SALE: -problem.bid}
    columns = [piece.column for piece in model.pieces]
    costs = [float(prices[piece.side][piece.asset]) * piece.par / model.unit for piece in model.pieces]
    start = problem.cash / model.unit
    model.cash_row = len(model.rows)
    model.row([*columns, model.cash], [*costs, 1.0], start, start)
    model.row([model.cash], [1.0], problem.cash_floor / model.unit, np.inf, Limit(LimitKind.CASH_FLOOR))
