"""The linear programme under construction: columns of trades, cash and sums, rows of limits, money in one unit."""

from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from engine.compliance.evaluation import Holdings
from engine.compliance.forms import Sum
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.linear_rows import Column, Row, Rows
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.sums import is_constant
from engine.trading.trades import Side

Whole = npt.NDArray[np.int64]
_PORTFOLIO_UNITS = 500.0
_NOTHING = 1e-8
NO_OWNER = -1


class LimitKind(Enum):
    """What a limit of the programme is."""

    TEST = "test"
    SALE_BUDGET = "sale budget"
    PURCHASE_BUDGET = "purchase budget"
    CASH_FLOOR = "cash floor"
    NAME_CAP = "cap by name"
    NUMBER_OF_TRADES = "number of trades"
    TRADE_SIZES = "increment and minimum piece"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit by its kind; place: row of the results for a test; asset: id for a cap by name."""

    kind: LimitKind
    place: int = -1
    asset: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A column that trades an asset: its row, its side and the par of one unit of the column, in currency."""

    column: int
    asset: int
    side: Side
    par: float


@dataclass(frozen=True, slots=True)
class ModelRow:
    """lower <= coefficients x columns <= upper; limit: what it stands for, None for the bookkeeping of the model.

    relief: currency by which a limit higher by one unit of its test relaxes the row, as a sum.
    """

    columns: Whole
    coefficients: Floats
    lower: float
    upper: float
    limit: Limit | None = None
    relief: Sum | None = None
    per_unit: float = 1.0
    subject: str = ""


@dataclass
class Model:
    """Columns and rows gathered so far; amounts are in `unit` of currency.

    owner: order of which a column says the size, NO_OWNER for others; pieces: the trades; caps: columns whose upper
    bound is a limit; cuts: binaries that let an order have any size; sums: columns that hold a sum, by its content;
    penalties: what the goal loses for each unit of currency of a column; cash: column of principal cash, cash_row the
    row that says what it is; one: column that is 1, for constants.
    """

    problem: Problem
    unit: float
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    is_whole: list[bool] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    rows: list[ModelRow] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    caps: dict[int, Limit] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    sums: dict[tuple[bytes, float, float], int] = field(default_factory=dict)
    penalties: dict[int, float] = field(default_factory=dict)
    cash: int = -1
    cash_row: int = -1
    one: int = -1
    _trades: tuple[Whole, Whole, Floats] | None = None

    def copy(self) -> "Model":
        """A model to add to without changing this one."""
        return replace(
            self,
            lower=list(self.lower),
            upper=list(self.upper),
            is_whole=list(self.is_whole),
            owner=list(self.owner),
            rows=list(self.rows),
            sums=dict(self.sums),
            penalties=dict(self.penalties),
        )

    def column(self, lower: float, upper: float, *, is_whole: bool = False, owner: int = NO_OWNER) -> int:
        """Add a column; owner: number of the order whose size it says."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.is_whole.append(is_whole)
        self.owner.append(owner)
        return len(self.lower) - 1

    def row(
        self, columns: list[int], coefficients: list[float], lower: float, upper: float, limit: Limit | None = None
    ) -> None:
        """Add a row in units of the model."""
        self.rows.append(ModelRow(np.array(columns, np.int64), np.array(coefficients, np.float64), lower, upper, limit))

    def expression(self, item: Sum) -> tuple[Whole, Floats, float]:
        """A sum in units of the model: columns, coefficients and what is left where all of them are 0."""
        columns, assets, signed = self._trade_arrays()
        worth = item.per_par[assets] * signed
        traded = np.flatnonzero(worth)
        start = (float(item.per_par @ self.problem.par) + item.fixed) / self.unit
        if not item.per_cash:
            return columns[traded], worth[traded], start
        return np.append(columns[traded], self.cash), np.append(worth[traded], item.per_cash), start

    def _trade_arrays(self) -> tuple[Whole, Whole, Floats]:
        if self._trades is None:
            self._trades = (
                np.array([piece.column for piece in self.pieces], np.int64),
                np.array([piece.asset for piece in self.pieces], np.int64),
                np.array([piece.par * _SIGN[piece.side] / self.unit for piece in self.pieces], np.float64),
            )
        return self._trades

    def sum_column(self, item: Sum) -> int:
        """The column that holds a sum, in units of the model."""
        key = (item.per_par.tobytes(), item.per_cash, item.fixed)
        if key not in self.sums:
            columns, coefficients, start = self.expression(item)
            own = self.column(-np.inf, np.inf)
            self.rows.append(ModelRow(np.append(columns, own), np.append(coefficients, -1.0), -start, -start))
            self.sums[key] = own
        return self.sums[key]

    def add(self, rows: Rows, limit: Limit | None) -> list[int]:
        """Add the rows of a limit with the columns that they bring; returns those columns."""
        own = [self._own_column(column) for column in rows.columns]
        scales = [1.0 if column.is_amount else self.unit for column in rows.columns]
        for row in rows.rows:
            self._add_row(row, own, scales, limit)
        return own

    def _own_column(self, column: Column) -> int:
        scale = self.unit if column.is_amount else 1.0
        return self.column(column.lower / scale, column.upper / scale, is_whole=column.is_whole)

    def _add_row(self, row: Row, own: list[int], scales: list[float], limit: Limit | None) -> None:
        columns, coefficients, start = self.expression(row.numerator)
        if row.is_number:
            start *= self.unit
        elif row.denominator is not None and is_constant(row.denominator):
            start -= row.level * row.denominator.fixed / self.unit
        elif row.denominator is not None and row.level:
            columns = np.append(columns, self.sum_column(row.denominator))
            coefficients = np.append(coefficients, -row.level)
        if row.extras:
            amounts = [coefficient / (1.0 if row.is_number else scales[k]) for k, coefficient in row.extras]
            columns = np.append(columns, [own[k] for k, _ in row.extras])
            coefficients = np.append(coefficients, amounts)
        self.rows.append(
            ModelRow(
                columns.astype(np.int64),
                coefficients,
                -np.inf,
                -start,
                limit,
                row.denominator if row.moves else None,
                row.per_unit,
                row.subject,
            )
        )

    def amounts(self, values: Floats, *, whole: bool = True) -> tuple[Floats, Floats]:
        """Par bought and sold by asset that a solution means, each (n,), in currency, free of the solver's dust.

        whole: whether whole numbers are rounded to what they stand for.
        """
        bought, sold = np.zeros(len(self.problem.par)), np.zeros(len(self.problem.par))
        for piece in self.pieces:
            value = float(values[piece.column])
            value = float(np.round(value)) if whole and self.is_whole[piece.column] else value
            side = bought if piece.side is Side.BUY else sold
            side[piece.asset] += piece.par * value
        dust = _NOTHING * self.unit
        for side, most in ((bought, self.problem.buy_limit), (sold, self.problem.sale_limit)):
            side[side < dust] = 0.0
            is_all = np.abs(side - most) < dust
            side[is_all] = most[is_all]
        return bought, sold

    def holdings(self, values: Floats) -> Holdings:
        """What the deal holds after the trades of a solution."""
        return traded(self.problem, *self.amounts(values))


_SIGN = {Side.BUY: 1.0, Side.SALE: -1.0}


def traded(problem: Problem, bought: Floats, sold: Floats) -> Holdings:
    """Holdings after buying and selling these amounts (n,), settled together."""
    cash = problem.cash - float(problem.ask @ bought) + float(problem.bid @ sold)
    return Holdings(problem.par + bought - sold, cash)


def new_model(problem: Problem) -> Model:
    """An empty model; its unit of currency makes the portfolio some hundred units large."""
    return Model(problem, unit=max(problem.base, 1.0) / _PORTFOLIO_UNITS)
