"""Hypothetical trades and what they were filled at: records that lie over a deal's holdings and never change them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from engine.compliance.evaluation import Holdings
from engine.compliance.plan import Plan
from engine.errors import InputError


class Side(Enum):
    """What a deal does with an asset."""

    BUY = "buy"
    SALE = "sale"

    @property
    def noun(self) -> str:
        """Purchase or sale."""
        return "purchase" if self is Side.BUY else "sale"

    @property
    def reverse(self) -> "Side":
        """The side that takes a trade back."""
        return Side.SALE if self is Side.BUY else Side.BUY


_SIDES = {"BUY": Side.BUY, "PURCHASE": Side.BUY, "SALE": Side.SALE, "SELL": Side.SALE}


def side_of(text: str) -> Side | None:
    """The side that a sheet or a ticket names in any case; None for another text."""
    return _SIDES.get(text.strip().upper())


class Grouping(Enum):
    """Which trades of a list are taken together (spec 05 R2).

    PACKAGE: all of them; INDIVIDUAL: each on its own from the same holdings; CUMULATIVE: the first, the first two, ...
    """

    PACKAGE = "package"
    INDIVIDUAL = "individual"
    CUMULATIVE = "cumulative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A purchase or sale to be tried.

    par in currency, positive; price in percent of par, None for the market value of the asset master; place: sheet and
    cell it was read from, empty where there is none.
    """

    deal: str
    blkrock_id: str
    side: Side
    par: float
    price: float | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """What became of a trade.

    par filled, in currency; price a fraction of par; proceeds: principal cash received, negative for a purchase, after
    costs; reason: why it is not what was asked for, empty where it is.
    """

    trade: Trade
    par: float
    price: float
    proceeds: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What trades must leave in the collection account and what they cost (spec 05 R4).

    cash_floor: principal cash that purchases may not go below, in currency; settles_together: the trades of a package
    settle on one day, so that only the cash after all of them counts; cost: fraction of the par traded.
    """

    cash_floor: float = 0.0
    settles_together: bool = False
    cost: float = 0.0

    def __post_init__(self) -> None:
        if not np.isfinite(self.cash_floor):
            raise InputError(
                "CLO-1712",
                f"The cash floor {self.cash_floor} is not an amount",
                where="settlement of trades",
                remedy="Enter the principal cash that has to stay in the account, 0 for none.",
            )
        if not 0.0 <= self.cost < 1.0:
            raise InputError(
                "CLO-1713",
                f"The cost of trading {self.cost} is not a fraction of par",
                where="settlement of trades",
                remedy="Enter a decimal such as 0.00125 for an eighth of a point.",
            )


@dataclass(frozen=True)
class TradedDeal:
    """A deal as trades see it: its tests, what it holds, the weights of its objective by test, and its cash rules."""

    plan: Plan
    holdings: Holdings
    weights: Mapping[int, float] = field(default_factory=dict)
    settlement: Settlement = Settlement()

    @property
    def name(self) -> str:
        return self.plan.terms.deal


def reversed_trade(fill: Fill) -> Trade:
    """The trade that takes a fill back at its price."""
    return replace(fill.trade, side=fill.trade.side.reverse, par=fill.par, price=100.0 * fill.price)


def on_each_deal(trades: Iterable[Trade], deals: Iterable[TradedDeal]) -> tuple[Trade, ...]:
    """The same trades for every one of these deals (spec 05 R13)."""
    wanted = tuple(trades)
    return tuple(replace(trade, deal=deal.name) for deal in deals for trade in wanted)


def cross_trade(blkrock_id: str, par: float, price: float, *, seller: str, buyer: str) -> tuple[Trade, Trade]:
    """A sale by one deal to another at one price in percent of par: two trades of one package (spec 05 R13).

    Raises InputError CLO-1711 where both are the same deal.
    """
    if seller == buyer:
        raise InputError(
            "CLO-1711",
            f"{seller} is both seller and buyer of {blkrock_id}",
            where="cross trade",
            remedy="Name two deals.",
        )
    return (
        Trade(deal=seller, blkrock_id=blkrock_id, side=Side.SALE, par=par, price=price),
        Trade(deal=buyer, blkrock_id=blkrock_id, side=Side.BUY, par=par, price=price),
    )
