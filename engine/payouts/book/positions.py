"""What a lot holds of which instrument from when to when: lots of a leg times constituents of its underlier.

A single instrument is one composition that lasts for ever. A composition of a basket ends at the close of the day on
which the next one starts, which buys at that close; one that follows from a corporate action or a substitution instead
takes over at the start of its day, without any valuation: what the old one was worth the new one is worth.
"""

from dataclasses import dataclass, replace
from datetime import date
from math import nan

from engine.conventions.days import day_number
from engine.errors import InputError, ModelError
from engine.payouts.baskets import price_currency, target_weights
from engine.payouts.book.equity_periods import FAR_DAY
from engine.payouts.enums import (
    CompositionReason,
    CompositionStatus,
    QuantityUnit,
    RebalancingFrequency,
    UnderlierType,
    WeightType,
)
from engine.payouts.terms.contract import Leg, TradeLot
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketComposition, BasketConstituent, PerformancePayout

BEFORE_ALL = -FAR_DAY
"""The start of what has always been there: the composition of a single instrument."""

_TAKING_OVER = (CompositionReason.CORPORATE_ACTION, CompositionReason.SUBSTITUTION)


class UnitsAwaitedError(ModelError):
    """A basket's units follow from its weights once its prices on `first_day` are fixed (CLO-1934)."""

    def __init__(self, reference: str, first_day: date) -> None:
        self.first_day = first_day
        super().__init__(
            "CLO-1934",
            f"The units of {reference} in the composition of {first_day} are not resolved",
            remedy="The end of day resolves those of weights at the closes of that day: load them, or state the units.",
        )


@dataclass(frozen=True, slots=True)
class Constituent:
    """One instrument of a composition.

    units: per unit of the lot, on the basis of the composition's first day (of the lot for a single instrument); the
    fraction of the value where the composition is weighted. initial_price, initial_fx: agreed at the composition's
    start, NaN where the close counts.
    """

    instrument: Instrument
    currency: str
    units: float
    initial_price: float = nan
    initial_fx: float = nan

    @property
    def may_be_negative(self) -> bool:
        """Whether a price below zero is a price: only of what is no share, index or fund."""
        return self.instrument.instrument_type is UnderlierType.OTHER


@dataclass(frozen=True, slots=True)
class Composition:
    """What the underlier consists of after first_day up to last_day; units are on the basis of basis_day.

    is_taking_over: it replaces the one before at the start of first_day and holds on that day already. is_weighted:
    units are weights that are restored at every reset. is_single: prices of a lot are those of its only instrument.
    scale: conversion factor times basket units, which is in the units and multiplies a price of one basket unit.
    """

    first_day: int
    last_day: int
    basis_day: int
    constituents: tuple[Constituent, ...]
    is_taking_over: bool = False
    is_weighted: bool = False
    is_single: bool = False
    scale: float = 1.0


def compositions(leg: Leg, payout: PerformancePayout) -> tuple[Composition, ...]:
    """The compositions of a payout's underlier in order, conversion factor and basket units included.

    Raises ModelError CLO-1938 for an underlier without instrument or currency, CLO-1934 for an incomplete basket.
    """
    price = payout.returns.price
    factor = price.conversion_factor if price is not None else 1.0
    if payout.underlier.underlier_type is not UnderlierType.BASKET:
        return (_single(payout, factor),)
    listed = sorted(payout.underlier.compositions, key=lambda composition: composition.effective_from)
    if not listed:
        raise _incomplete(f"The basket of leg {leg.leg_number} has no composition")
    return tuple(
        _basket(composition, listed[i + 1] if i + 1 < len(listed) else None, i == 0, factor)
        for i, composition in enumerate(listed)
    )


def priced_lots(leg: Leg, payout: PerformancePayout) -> tuple[TradeLot, ...]:
    """The lots of a leg with their units; the first ones to be opened have the payout's price where they state none.

    A lot that is a notional alone has the units which it bought at its price, that of a basket without a price those at
    its value at the start (spec 07 §8); one that came to the basket later needs its own price. Raises ModelError
    CLO-1931 where that price, or the FX to the currency of the notional, is not known.
    """
    price = payout.returns.price.initial_price if payout.returns.price is not None else None
    first = min((lot.cost_date for lot in leg.lots), default=None)
    lots: list[TradeLot] = []
    for lot in leg.lots:
        is_priced = lot.initial_price is not None or lot.cost_date != first
        priced = lot if is_priced else replace(lot, initial_price=price)
        lots.append(
            priced
            if priced.opened_quantity is not None
            else replace(priced, opened_quantity=_bought(priced, leg.notional_currency, payout))
        )
    return tuple(lots)


def lot_units(lot: TradeLot, payout: PerformancePayout) -> float:
    """Units of a lot as opened; those that its notional, in the price currency, bought where it has none yet.

    Raises ModelError CLO-1931 without a price.
    """
    return _bought(lot, None, payout) if lot.opened_quantity is None else lot.opened_quantity


def _bought(lot: TradeLot, notional_currency: str | None, payout: PerformancePayout) -> float:
    """Units that a lot's notional bought; without its currency it is in that of the price."""
    price, first = lot.initial_price, next(iter(payout.underlier.compositions), None)
    if first is not None and price is not None:
        price *= first.basket_units
    elif first is not None and lot.cost_date <= first.effective_from:
        price = first.basket_value_at_start
    if price is None or price <= 0.0:
        raise _no_units(lot, "has neither a quantity nor a price that makes one of its notional")
    factor = payout.returns.price.conversion_factor if payout.returns.price is not None else 1.0
    underlier = payout.underlier
    priced_in = underlier.instrument.currency if underlier.instrument is not None else underlier.underlier_currency
    is_same = notional_currency is None or priced_in is None or notional_currency == priced_in
    if not is_same and lot.initial_fx is None:
        raise _no_units(lot, f"has a notional in {notional_currency}, a price in {priced_in} and no FX between them")
    rate = 1.0 if is_same or lot.initial_fx is None else lot.initial_fx
    return lot.notional_amount / (price * rate * factor)


def _no_units(lot: TradeLot, problem: str) -> ModelError:
    return ModelError(
        "CLO-1931",
        f"Lot {lot.lot_identifier} {problem}",
        remedy="Give the lot its opened quantity, or its initial price and FX.",
    )


def basis_day(lot: TradeLot, composition: Composition) -> int:
    """The day on whose basis units and agreed prices are: the lot's for one instrument, that of a basket's units."""
    if not composition.is_single or lot.quantity_unit is QuantityUnit.BASKET_UNIT:
        return composition.basis_day
    return max(day_number(lot.basis_date or lot.cost_date), composition.basis_day)


def has_basket_price(lot: TradeLot, composition: Composition) -> bool:
    """Whether the lot's initial price is that of one unit of a basket with several constituents."""
    return lot.quantity_unit is QuantityUnit.BASKET_UNIT and not composition.is_single


def _single(payout: PerformancePayout, factor: float) -> Composition:
    underlier, price = payout.underlier, payout.returns.price
    if underlier.instrument is None:
        raise ModelError(
            "CLO-1938",
            f"The underlier {underlier.underlier_reference} is no known instrument",
            remedy="Give the underlier its instrument.",
        )
    stated = underlier.instrument.currency or underlier.underlier_currency
    stated = stated or (price.initial_price_currency if price is not None else None)
    currency = price_currency(underlier.instrument, stated)
    constituent = Constituent(underlier.instrument, currency, factor)
    return Composition(BEFORE_ALL, FAR_DAY, BEFORE_ALL, (constituent,), is_single=True)


def _basket(
    composition: BasketComposition, following: BasketComposition | None, is_first: bool, factor: float
) -> Composition:
    if composition.status is not CompositionStatus.COMPLETE or not composition.constituents:
        raise _incomplete(f"The basket composition of {composition.effective_from} is incomplete")
    first = BEFORE_ALL if is_first else day_number(composition.effective_from)
    is_weighted = composition.rebalancing_frequency is RebalancingFrequency.ON_RESET and all(
        constituent.weight_type in (WeightType.PERCENTAGE, WeightType.NOTIONAL)
        for constituent in composition.constituents
    )
    units = _weights(composition) if is_weighted else _units(composition, composition.basket_units * factor)
    agrees = composition.reason is CompositionReason.INITIAL
    return Composition(
        first_day=first,
        last_day=_last_day(composition, following),
        basis_day=day_number(composition.effective_from),
        constituents=tuple(
            _constituent(constituent, units[i], agrees) for i, constituent in enumerate(composition.constituents)
        ),
        is_taking_over=not is_first and composition.reason in _TAKING_OVER,
        is_weighted=is_weighted,
        is_single=not is_weighted and len(composition.constituents) == 1,
        scale=composition.basket_units * factor,
    )


def _last_day(composition: BasketComposition, following: BasketComposition | None) -> int:
    if following is not None:
        return day_number(following.effective_from)
    return FAR_DAY if composition.effective_to is None else day_number(composition.effective_to)


def _constituent(constituent: BasketConstituent, units: float, agrees: bool) -> Constituent:
    """agrees: the composition's prices are agreed; those of a later one say at which closes it was made."""
    return Constituent(
        instrument=constituent.instrument,
        currency=price_currency(constituent.instrument, constituent.price_currency),
        units=units,
        initial_price=constituent.initial_price if agrees and constituent.initial_price is not None else nan,
        initial_fx=constituent.fx_at_start if agrees and constituent.fx_at_start is not None else nan,
    )


def _units(composition: BasketComposition, factor: float) -> tuple[float, ...]:
    units = []
    for constituent in composition.constituents:
        stated = constituent.units
        if stated is None and constituent.weight_type is WeightType.UNITS:
            stated = constituent.weight_value
        if stated is None:
            raise UnitsAwaitedError(constituent.instrument.reference, composition.effective_from)
        units.append(stated * factor)
    return tuple(units)


def _weights(composition: BasketComposition) -> tuple[float, ...]:
    try:
        return target_weights(composition)
    except InputError as refused:
        raise _incomplete(refused.problem) from refused


def _incomplete(problem: str) -> ModelError:
    return ModelError("CLO-1934", problem, remedy="Complete its weights; units follow at the prices of its first day.")
