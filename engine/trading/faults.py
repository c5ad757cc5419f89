"""What can be wrong with a trade, each with its number, place and remedy; none of them is raised alone."""

import math
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from engine.errors import InputError
from engine.modes import Quirk, Quirks
from engine.trading.trades import Trade

HIGHEST_PRICE = 200.0
"""A price above this, in percent of par, was meant as something else."""
_LOWEST_PRICE = 1.0


class TradesError(InputError):
    """A list of trades that cannot be made; `faults` holds everything that is wrong with it."""

    def __init__(self, faults: Sequence[InputError], n_trades: int) -> None:
        self.faults = tuple(faults)
        listed = "; ".join(f"{fault.number} {fault.problem}, at {fault.where}" for fault in self.faults)
        super().__init__(
            "CLO-1700",
            f"{len(self.faults)} faults keep these trades from being made: {listed}"
            if len(self.faults) > 1
            else f"A fault keeps these trades from being made: {listed}",
            where=f"list of {n_trades} trades",
            remedy=" ".join(dict.fromkeys(fault.remedy for fault in self.faults)),
        )


def unknown_deal(trade: Trade, known: Collection[str]) -> InputError:
    return InputError(
        "CLO-1701",
        f"{trade.deal or 'A deal without name'} is not among the deals looked at",
        where=trade.place,
        remedy=f"Choose one of: {', '.join(known)}.",
    )


def unknown_asset(trade: Trade, known: Collection[str]) -> InputError:
    close = get_close_matches(trade.blkrock_id, known, 1)
    return InputError(
        "CLO-1702",
        f"There is no asset {trade.blkrock_id or 'without id'} in the asset master",
        where=trade.place,
        remedy=f"Did you mean {close[0]}?" if close else "Correct the id, or add the asset to the asset master.",
    )


def no_par(trade: Trade) -> InputError:
    return InputError(
        "CLO-1703",
        f"The par {trade.par} of the {trade.side.noun} of {trade.blkrock_id} is not an amount above 0",
        where=trade.place,
        remedy="Enter the par as a positive amount; the side says whether it is bought or sold.",
    )


def no_price_in_percent(trade: Trade) -> InputError:
    return InputError(
        "CLO-1704",
        f"The price {trade.price} of {trade.blkrock_id} is not above 1 and at most {HIGHEST_PRICE:g} percent of par",
        where=trade.place,
        remedy="Enter percent of par, such as 98.5; leave it blank to trade at market value.",
    )


def no_market_value(trade: Trade) -> InputError:
    return InputError(
        "CLO-1705",
        f"{trade.blkrock_id} has no market value, and the trade gives no price",
        where=trade.place,
        remedy="Enter the price in percent of par.",
    )


def not_held(trade: Trade) -> InputError:
    return InputError(
        "CLO-1706",
        f"{trade.deal} does not hold {trade.blkrock_id}, so it cannot sell it",
        where=trade.place,
        remedy="Leave the sale out, or correct the id or the deal.",
    )


def more_than_held(trade: Trade, held: float) -> InputError:
    return InputError(
        "CLO-1707",
        f"{trade.deal} holds {held:,.2f} of {trade.blkrock_id} and is to sell {trade.par:,.2f}",
        where=trade.place,
        remedy=f"Sell at most {held:,.2f}.",
    )


def not_enough_cash(trade: Trade, cash_after: float, floor: float, affordable: float) -> InputError:
    return InputError(
        "CLO-1708",
        f"The purchase of {trade.par:,.2f} of {trade.blkrock_id} leaves {trade.deal} principal cash of "
        f"{cash_after:,.2f}, below {floor:,.2f}",
        where=trade.place,
        remedy=f"Buy at most {affordable:,.2f}, or sell something first.",
    )


def not_enough_cash_together(deal: str, cash_after: float, floor: float) -> InputError:
    return InputError(
        "CLO-1709",
        f"The trades of {deal} together leave principal cash of {cash_after:,.2f}, below {floor:,.2f}",
        where=f"all trades of {deal}",
        remedy=f"Buy less or sell more, for {floor - cash_after:,.2f} in all.",
    )


def given_twice(trade: Trade, first: Trade) -> InputError:
    return InputError(
        "CLO-1710",
        f"The {trade.side.noun} of {trade.par:,.2f} of {trade.blkrock_id} by {trade.deal} is the same as at "
        f"{first.place}",
        where=trade.place,
        remedy="Delete one of the two, or give their par as one trade.",
    )


def own_faults(trade: Trade, quirks: Quirks) -> list[InputError]:
    """What is wrong with the amounts of a trade whatever deal it is of; under 05 Q19 prices from 0 to 1 are none."""
    found = []
    if not (math.isfinite(trade.par) and trade.par > 0.0):
        found.append(no_par(trade))
    if trade.price is None:
        return found
    is_fraction = Quirk.PRICE_UNIT_BY_SIZE in quirks and 0.0 <= trade.price <= _LOWEST_PRICE
    if not is_fraction and not _LOWEST_PRICE < trade.price <= HIGHEST_PRICE:
        found.append(no_price_in_percent(trade))
    return found
