"""Units of the first composition of a basket that was agreed by weights (spec 07 §10).

The basket's value at its start, in its currency, is what makes quantity times units times price the notional: that of
the lots of the first cost date for each of their units where they have a quantity; else the price agreed for a basket
unit; else the value of the composition; else the notional itself, or the sum of the notionals of the constituents. The
notional comes before the value of the composition since documents state that for the whole position. Lots of later days
buy units of the same composition and have no say.

Where the terms state every price and rate, units follow from them and are derived whenever a contract is compiled. Else
they come with the event that fixes them at the closes of the first day.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from engine.errors import InputError, located
from engine.payouts.baskets import price_currency, resolve_units, target_weights
from engine.payouts.enums import CompositionReason, CompositionStatus, RebalancingFrequency, WeightType
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.currencies import basket_currency, settlement_currency
from engine.payouts.terms.performance import BasketComposition

SUM_TOLERANCE = 1e-4
"""Relative difference between the notionals of constituents and that of the lots that rounding explains."""

_BY_WEIGHT = {WeightType.PERCENTAGE, WeightType.NOTIONAL}


def composition_without_units(leg: Leg) -> BasketComposition | None:
    """The first composition of a leg's basket where its weights have not become units; None for any other.

    Neither for weights that are restored at every reset, which never become units, nor for a leg that pays by something
    else than prices and dividends of what it holds.
    """
    payout = leg.performance
    if payout is None or not payout.underlier.compositions:
        return None
    if payout.returns.price is None and payout.returns.dividend is None:
        return None
    first = min(payout.underlier.compositions, key=lambda composition: composition.effective_from)
    types = {constituent.weight_type for constituent in first.constituents}
    is_agreed = first.reason is CompositionReason.INITIAL and first.status is CompositionStatus.COMPLETE
    is_restored = first.rebalancing_frequency is RebalancingFrequency.ON_RESET
    lacks_units = any(constituent.units is None for constituent in first.constituents)
    return first if is_agreed and lacks_units and not is_restored and types <= _BY_WEIGHT else None


def needs_fixing(contract: Contract, leg: Leg) -> bool:
    """Whether a leg's basket has no units as long as its prices at the start are not fixed.

    Raises ModelError CLO-1938 and CLO-1906 where currencies are not known.
    """
    composition = composition_without_units(leg)
    return composition is not None and _stated(contract, leg, composition) is None


def with_stated_units(contract: Contract) -> Contract:
    """The contract as it is compiled: first compositions have the units that follow from the terms alone.

    A rate agreed at the start is one to the basket's currency; where the leg is paid in another one that of the day
    counts, and the rate is left out. Raises the errors of `composition_with_units` for weights that are refused.
    """
    if not any(leg.performance is not None and leg.performance.underlier.compositions for leg in contract.legs):
        return contract
    return replace(contract, legs=tuple(_in_settlement(contract, _with_stated(contract, leg)) for leg in contract.legs))


def with_provisional_units(contract: Contract) -> Contract:
    """The contract with one unit of each constituent that has none yet: what it depends on can be told from it."""
    legs = []
    for leg in contract.legs:
        held = composition_without_units(leg)
        if held is None or not needs_fixing(contract, leg):
            legs.append(leg)
            continue
        constituents = tuple(replace(constituent, units=1.0) for constituent in held.constituents)
        made = replace(held, constituents=constituents, basket_value_at_start=held.basket_value_at_start or 1.0)
        legs.append(with_composition(leg, held, made))
    return replace(contract, legs=tuple(legs))


def with_composition(leg: Leg, held: BasketComposition, made: BasketComposition) -> Leg:
    """The leg with one composition of its basket in the place of another."""
    payout = leg.performance
    if payout is None:
        return leg
    compositions = tuple(made if one == held else one for one in payout.underlier.compositions)
    return replace(leg, performance=replace(payout, underlier=replace(payout.underlier, compositions=compositions)))


def currencies_to_fix(contract: Contract, leg: Leg, composition: BasketComposition) -> set[str]:
    """Currencies of whose rates to the basket's the units depend: of prices, of notionals, and of the lots.

    Raises ModelError CLO-1938 and CLO-1906 where they are not known.
    """
    own = basket_currency(contract, leg)
    found = {price_currency(one.instrument, one.price_currency) for one in composition.constituents}
    found |= {one.weight_currency for one in composition.constituents if one.weight_currency}
    if leg.notional_currency is not None and any(_lacks_rate(leg, lot, own) for lot in _first_lots(leg)):
        found.add(leg.notional_currency)
    return found


def stated_prices(composition: BasketComposition) -> dict[str, float]:
    """The initial prices that the terms state, by instrument reference."""
    return {
        one.instrument.reference: one.initial_price for one in composition.constituents if one.initial_price is not None
    }


def stated_rates(contract: Contract, leg: Leg, composition: BasketComposition) -> dict[str, float]:
    """Rates to the basket's currency that the terms state, by currency; that of the basket's own is 1.

    Raises InputError CLO-4133 where they state two for one currency.
    """
    found = {basket_currency(contract, leg): 1.0}
    for one in composition.constituents:
        if one.fx_at_start is None:
            continue
        currency = price_currency(one.instrument, one.price_currency)
        if found.setdefault(currency, one.fx_at_start) != one.fx_at_start:
            raise InputError(
                "CLO-4133",
                f"The basket of leg {leg.leg_number} states two FX rates at the start from {currency}:"
                f" {found[currency]} and {one.fx_at_start}",
                remedy="State one rate for each currency.",
            )
    return found


def composition_with_units(
    contract: Contract,
    leg: Leg,
    composition: BasketComposition,
    prices: Mapping[str, float],
    fx: Mapping[str, float],
) -> BasketComposition:
    """The composition with the units that its weights buy at these prices, which become its initial prices.

    fx: basket currency per unit of each currency of `currencies_to_fix`. Raises InputError CLO-1939 for prices, rates
    or weights that are missing or refused, CLO-4131 where the value at the start does not follow from the terms,
    CLO-4132 for notionals that are not those of the lots.
    """
    own = basket_currency(contract, leg)
    rates = {**fx, own: 1.0}
    shares, value = _shares(composition, rates, own), _value(leg, composition, rates, own)
    if composition.constituents[0].weight_type is WeightType.NOTIONAL:
        value = _checked_sum(leg, sum(shares), value)
        shares = [share / sum(shares) for share in shares]
    elif value is None:
        value = sum(_notional(leg, lot, rates, own, needs_units=True) for lot in _first_lots(leg))
    if not value > 0.0:
        raise InputError(
            "CLO-4131",
            f"Nothing says what the basket of leg {leg.leg_number} is worth at its start on"
            f" {composition.effective_from}",
            remedy="State the notional of the leg, or the value of the basket at the start.",
        )
    # Amounts of money for all: percentages are those of the value, notionals may be those of the whole position.
    amounts = tuple(
        replace(constituent, weight_type=WeightType.NOTIONAL, weight_value=share * value)
        for constituent, share in zip(composition.constituents, shares, strict=True)
    )
    resolved = resolve_units(replace(composition, constituents=amounts), prices, rates)
    constituents = tuple(
        replace(made, weight_type=agreed.weight_type, weight_value=agreed.weight_value)
        for made, agreed in zip(resolved.constituents, composition.constituents, strict=True)
    )
    return replace(resolved, constituents=constituents)


def initial_fixing_reference(contract_reference: str, leg_number: int, on: date) -> str:
    """The reference of the event that fixes a basket's units at its start: one for each leg and day."""
    return f"{contract_reference} initial fixing L{leg_number} {on}"


def _stated(contract: Contract, leg: Leg, composition: BasketComposition) -> BasketComposition | None:
    """The composition with units where its terms state all that they depend on."""
    prices, rates = stated_prices(composition), stated_rates(contract, leg, composition)
    is_priced = all(one.instrument.reference in prices for one in composition.constituents)
    if not is_priced or not currencies_to_fix(contract, leg, composition) <= rates.keys():
        return None
    return composition_with_units(contract, leg, composition, prices, rates)


def _with_stated(contract: Contract, leg: Leg) -> Leg:
    composition = composition_without_units(leg)
    if composition is None:
        return leg
    with located(f"{contract.contract_reference} leg {leg.leg_number}"):
        made = _stated(contract, leg, composition)
    return leg if made is None else with_composition(leg, composition, made)


def _in_settlement(contract: Contract, leg: Leg) -> Leg:
    payout = leg.performance
    if payout is None or not payout.underlier.compositions:
        return leg
    if basket_currency(contract, leg) == settlement_currency(contract, leg):
        return leg
    for composition in payout.underlier.compositions:
        bare = tuple(replace(constituent, fx_at_start=None) for constituent in composition.constituents)
        leg = with_composition(leg, composition, replace(composition, constituents=bare))
    return leg


def _first_lots(leg: Leg) -> tuple[TradeLot, ...]:
    first = min((lot.cost_date for lot in leg.lots), default=None)
    return tuple(lot for lot in leg.lots if lot.cost_date == first)


def _shares(composition: BasketComposition, rates: Mapping[str, float], own: str) -> list[float]:
    """What each constituent is of the value: fractions, or amounts in the basket's currency."""
    weights = target_weights(composition)
    if composition.constituents[0].weight_type is WeightType.PERCENTAGE:
        return list(weights)
    return [(one.weight_value or 0.0) * _rate(rates, one.weight_currency or own) for one in composition.constituents]


def _value(leg: Leg, composition: BasketComposition, rates: Mapping[str, float], own: str) -> float | None:
    """The value of the basket at its start by its lots, its price or its own; None where only notionals tell it."""
    returns = leg.performance.returns if leg.performance is not None else None
    price = returns.price if returns is not None else None
    factor = price.conversion_factor if price is not None else 1.0
    lots = _first_lots(leg)
    held = [lot for lot in lots if lot.opened_quantity and lot.notional_amount > 0.0]
    if held:
        notional = sum(_notional(leg, lot, rates, own) for lot in held)
        return notional / (sum(lot.opened_quantity or 0.0 for lot in held) * factor)
    agreed = next((lot.initial_price for lot in lots if lot.initial_price is not None), None)
    agreed = price.initial_price if agreed is None and price is not None else agreed
    return composition.basket_value_at_start if agreed is None else agreed * composition.basket_units


def _notional(leg: Leg, lot: TradeLot, rates: Mapping[str, float], own: str, *, needs_units: bool = False) -> float:
    """A lot's notional in the basket's currency, at its own rate where it states one.

    needs_units: the lot buys units by its notional alone, which takes one in the basket's currency (CLO-4131).
    """
    if leg.notional_currency in (None, own):
        return lot.notional_amount
    if needs_units:
        raise InputError(
            "CLO-4131",
            f"Lot {lot.lot_identifier} is a notional in {leg.notional_currency} alone, its basket is in {own}",
            remedy="Give the lot its quantity in basket units, or the basket its value at the start.",
        )
    if lot.initial_fx is not None:
        return lot.notional_amount / lot.initial_fx
    return lot.notional_amount * _rate(rates, leg.notional_currency or own)


def _lacks_rate(leg: Leg, lot: TradeLot, own: str) -> bool:
    return leg.notional_currency != own and lot.opened_quantity is not None and lot.initial_fx is None


def _rate(rates: Mapping[str, float], currency: str) -> float:
    found = rates.get(currency, 0.0)
    if not found > 0.0:
        raise InputError(
            "CLO-1939", f"FX rates above zero are missing for {currency}", remedy="Load the fixing of the first day."
        )
    return found


def _checked_sum(leg: Leg, total: float, value: float | None) -> float:
    """The value of a basket of notionals: their sum, or what the terms state where that is it or they are those of the
    whole position. Raises InputError CLO-4132 where they are neither."""
    if value is None:
        return total
    position = sum(lot.notional_amount for lot in _first_lots(leg))
    if all(abs(total - known) > SUM_TOLERANCE * abs(known) for known in (value, position)):
        raise InputError(
            "CLO-4132",
            f"The notionals of the constituents of leg {leg.leg_number} sum to {total:,.2f}, those of its lots to"
            f" {position:,.2f}",
            remedy="Correct the notionals of the constituents, or give percentages.",
        )
    return value
