"""Hypothetical trades as a range of cells gives them: deal, asset, transaction, par, price (spec 06 §10.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.identifiers import deal_key
from engine.errors import InputError
from engine.trading.trades import Trade, side_of

CellRows = Sequence[Sequence[Any]]
_COLUMNS = ("deal", "asset", "transaction", "par", "price")
_WITHOUT_PRICE = len(_COLUMNS) - 1


@dataclass(frozen=True, slots=True)
class GivenTrades:
    """The trades of one deal in a range, and how many of other deals the range holds beside them."""

    trades: tuple[Trade, ...]
    n_of_others: int


def trades_of(rows: CellRows, deal: str) -> GivenTrades:
    """The trades of a deal in a range, in its order; trades of other deals are left aside and blank rows skipped.

    A row whose par is no number may head the range. The price may be blank or its column missing: market value. Raises
    InputError CLO-4086 for a range of another shape or without a trade of the deal, CLO-4087 for a row that is no
    trade.
    """
    wanted, found, n_of_others = deal_key(deal), [], 0
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell != "" for cell in row)]
    for place, (number, row) in enumerate(filled):
        if len(row) not in (_WITHOUT_PRICE, len(_COLUMNS)):
            raise _of_another_shape(f"It has {len(row)} columns")
        if place == 0 and _is_heading(row):
            continue
        if deal_key(_text(row[0])) != wanted:
            n_of_others += 1
            continue
        found.append(_trade(row, number, deal))
    if not found:
        others = f"; {n_of_others} are of other deals" if n_of_others else ""
        raise _of_another_shape(f"It holds no trade of {deal}{others}")
    return GivenTrades(tuple(found), n_of_others)


def _is_heading(row: Sequence[Any]) -> bool:
    return side_of(_text(row[2])) is None and isinstance(row[3], str)


def _trade(row: Sequence[Any], number: int, deal: str) -> Trade:
    side = side_of(_text(row[2]))
    if side is None:
        raise _no_trade(number, f"{_text(row[2])!r} is neither Buy nor Sale")
    price = None if len(row) == _WITHOUT_PRICE or row[4] == "" else _number(row[4], number, "price")
    return Trade(
        deal=deal,
        blkrock_id=_text(row[1]),
        side=side,
        par=_number(row[3], number, "par"),
        price=price,
        place=f"row {number} of the trades",
    )


def _text(cell: Any) -> str:
    # An id of digits alone comes as a number.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _number(cell: Any, number: int, what: str) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise _no_trade(number, f"The {what} {cell!r} is not a number")
    return float(cell)


def _no_trade(number: int, problem: str) -> InputError:
    return InputError(
        "CLO-4087",
        problem,
        where=f"row {number} of the trades",
        remedy="Enter deal, asset, Buy or Sale, par in currency and a price in points, or no price for market value.",
    )


def _of_another_shape(problem: str) -> InputError:
    return InputError(
        "CLO-4086",
        f"The range of trades cannot be used: {problem}",
        where="range of trades",
        remedy=f"Give the columns {', '.join(_COLUMNS)}, one trade in a row.",
    )
