"""Which lots a closing takes its units from (spec 07 §19.2)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.errors import InputError
from engine.payouts.enums import LotClosingMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUnits:
    """What a lot has open, units and price on the basis of the closing's day."""

    lot_identifier: str
    cost_date: date
    price: float | None
    units: float


def allocated(lots: Sequence[OpenUnits], quantity: float, method: LotClosingMethod) -> dict[str, float]:
    """Units to close by lot identifier, positive, together `quantity`; lots that give none are not there.

    FIFO and LIFO go by cost date, HIFO by price, lots without a price last and equal ones first in first out; PRO_RATA
    gives each lot its share, rounded to the unit by largest remainder. Raises InputError CLO-1963 for more than is
    open, CLO-1967 for SPECIFIC, which needs a named lot.
    """
    total = math.fsum(lot.units for lot in lots)
    if quantity > total * (1.0 + 1e-12):
        raise InputError(
            "CLO-1963",
            f"{quantity:,.10g} units cannot be closed of {total:,.10g} open ones",
            remedy="Close no more than is open.",
        )
    if quantity >= total * (1.0 - 1e-12):
        return {lot.lot_identifier: lot.units for lot in lots if lot.units > 0.0}
    if method is LotClosingMethod.PRO_RATA:
        return _pro_rata(lots, quantity, total)
    return _in_order(_ordered(lots, method), quantity)


def _ordered(lots: Sequence[OpenUnits], method: LotClosingMethod) -> list[OpenUnits]:
    oldest_first = sorted(lots, key=lambda lot: lot.cost_date)
    if method is LotClosingMethod.FIFO:
        return oldest_first
    if method is LotClosingMethod.LIFO:
        return oldest_first[::-1]
    if method is LotClosingMethod.HIFO:
        return sorted(oldest_first, key=lambda lot: math.inf if lot.price is None else -lot.price)
    raise InputError(
        "CLO-1967",
        "The contract closes specific lots and the event names none",
        remedy=f"Name one of {', '.join(lot.lot_identifier for lot in lots)}.",
    )


def _in_order(lots: Sequence[OpenUnits], quantity: float) -> dict[str, float]:
    taken: dict[str, float] = {}
    left = quantity
    for lot in lots:
        units = min(lot.units, left)
        if units > 0.0:
            taken[lot.lot_identifier] = units
            left -= units
    return taken


def _pro_rata(lots: Sequence[OpenUnits], quantity: float, total: float) -> dict[str, float]:
    """Whole units of each share first, then one more unit each by largest remainder; of equal ones the first lot."""
    shares = [quantity * lot.units / total for lot in lots]
    given = [float(math.floor(share)) for share in shares]
    left = quantity - math.fsum(given)
    by_remainder = sorted(range(len(lots)), key=lambda i: (given[i] - shares[i], i))
    while left > 0.0:
        left_before = left
        for i in by_remainder:
            more = min(1.0, left, lots[i].units - given[i])
            given[i] += more
            left -= more
        if left >= left_before:
            break
    return {lot.lot_identifier: units for lot, units in zip(lots, given, strict=True) if units > 0.0}
