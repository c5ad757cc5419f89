"""Baskets: units from weights, value, what each constituent contributed, rebalancing (spec 07 §10).

Prices are by instrument reference, FX rates by price currency: units of the basket currency per unit of it, 1 for the
basket currency itself. A composition is changed by making the next one; nothing is altered in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from engine.errors import InputError, ModelError
from engine.payouts import kernels_equity as kernels
from engine.payouts.enums import CompositionReason, CompositionStatus, FindingSeverity, WeightType
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.kernels_equity import Floats
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketComposition, BasketConstituent

WEIGHT_TOLERANCE = 1e-8
PERCENT_TOLERANCE = 1e-6
CONTINUITY_TOLERANCE = 1e-8
"""Relative jump of the value that a rebalancing may make."""


def checked_weights(composition: BasketComposition) -> tuple[tuple[float, ...] | None, tuple[PayoutFinding, ...]]:
    """The percentage weights as fractions, and findings; None in place of the weights where they are refused.

    They sum to 1 within 1e-8; to 100 within 1e-6 they are divided by 100 (WARNING); anything else is an ERROR, as is a
    weight that is missing or negative or of another type.
    """
    stated = [constituent.weight_value for constituent in composition.constituents]
    types = {constituent.weight_type for constituent in composition.constituents}
    if types != {WeightType.PERCENTAGE} or any(weight is None or weight < 0.0 for weight in stated):
        return None, (_weight_finding(composition, "are not all percentages of zero or more", FindingSeverity.ERROR),)
    weights = [weight for weight in stated if weight is not None]
    total = sum(weights)
    if abs(total - 1.0) <= WEIGHT_TOLERANCE:
        return tuple(weights), ()
    if abs(total - 100.0) <= PERCENT_TOLERANCE:
        finding = _weight_finding(composition, "sum to 100 and are taken as per cent", FindingSeverity.WARNING)
        return tuple(weight / 100.0 for weight in weights), (finding,)
    return None, (_weight_finding(composition, f"sum to {total}, not to 1", FindingSeverity.ERROR),)


def target_weights(composition: BasketComposition) -> tuple[float, ...]:
    """The shares of its value that a composition aims at: its percentages as fractions, or what its notionals are of
    their sum. Raises InputError CLO-1939 where they are refused, or are neither.
    """
    stated = [constituent.weight_value or 0.0 for constituent in composition.constituents]
    if {constituent.weight_type for constituent in composition.constituents} == {WeightType.NOTIONAL}:
        _check_stated(composition)
        if not sum(stated) > 0.0:
            raise _refused(f"The notionals of {composition.effective_from} sum to nothing", "Correct the weights.")
        return tuple(notional / sum(stated) for notional in stated)
    weights, findings = checked_weights(composition)
    if weights is None:
        raise _refused(findings[0].message, "Correct the weights.")
    return weights


def resolve_units(
    composition: BasketComposition, prices: Mapping[str, float], fx: Mapping[str, float], value: float | None = None
) -> BasketComposition:
    """The composition, complete, with units per basket unit at these prices, which become its initial prices.

    value: of the whole basket, in its currency, which percentages divide up; for units and notionals it is their sum.
    Raises InputError CLO-1939 where a price, a rate, the value or a weight is missing or refused.
    """
    _check_weight_type(composition)
    price, rate = _fixings(composition.constituents, prices, fx)
    units = _resolved(composition, price, rate, value)
    worth = kernels.basket_value(units, price, rate) * composition.basket_units
    constituents = tuple(
        replace(
            constituent,
            units=float(units[i]),
            initial_price=float(price[i]),
            fx_at_start=float(rate[i]),
            price_currency=_currency(constituent),
        )
        for i, constituent in enumerate(composition.constituents)
    )
    return replace(
        composition, status=CompositionStatus.COMPLETE, basket_value_at_start=worth, constituents=constituents
    )


def basket_value(composition: BasketComposition, prices: Mapping[str, float], fx: Mapping[str, float]) -> float:
    """V = B · Σ q·P·X in basket currency. Raises InputError CLO-1939 where units, a price or a rate are missing."""
    price, rate = _fixings(composition.constituents, prices, fx)
    return float(kernels.basket_value(_units(composition), price, rate) * composition.basket_units)


def contributions(
    composition: BasketComposition,
    prices_before: Mapping[str, float],
    fx_before: Mapping[str, float],
    prices: Mapping[str, float],
    fx: Mapping[str, float],
) -> dict[str, float]:
    """What each constituent added to the basket's value, by reference; their sum is the change of `basket_value`."""
    price_before, rate_before = _fixings(composition.constituents, prices_before, fx_before)
    price, rate = _fixings(composition.constituents, prices, fx)
    change = composition.basket_units * _units(composition) * (price * rate - price_before * rate_before)
    return {c.instrument.reference: float(change[i]) for i, c in enumerate(composition.constituents)}


def rebalance(
    composition: BasketComposition,
    prices: Mapping[str, float],
    fx: Mapping[str, float],
    on: date,
    targets: Sequence[BasketConstituent],
    reason: CompositionReason = CompositionReason.REBALANCE,
) -> tuple[BasketComposition, BasketComposition]:
    """The composition closed at the close of `on`, and the next one with units of the targets at the same value.

    Raises InputError CLO-1939 where targets in units or notionals do not keep the value within 1e-8 of itself, besides
    the errors of `resolve_units`. Costs of the rebalancing are a cashflow of their own.
    """
    value = basket_value(composition, prices, fx)
    opened = resolve_units(
        replace(composition, effective_from=on, effective_to=None, reason=reason, constituents=tuple(targets)),
        prices,
        fx,
        value,
    )
    jump = abs(basket_value(opened, prices, fx) - value)
    if jump > CONTINUITY_TOLERANCE * abs(value):
        raise _refused(f"The targets of {on} change the basket's value of {value} by {jump}", "Correct the targets.")
    return replace(composition, effective_to=on), opened


def price_currency(instrument: Instrument, stated: str | None = None) -> str:
    """Currency in which an instrument's prices are. Raises ModelError CLO-1938 where nothing states it."""
    found = stated or instrument.currency
    if found is None:
        raise ModelError(
            "CLO-1938",
            f"Nothing says in which currency {instrument.reference} is priced",
            remedy="Give the instrument its currency.",
        )
    return found


def _resolved(composition: BasketComposition, price: Floats, rate: Floats, value: float | None) -> Floats:
    kind = composition.constituents[0].weight_type
    if kind is WeightType.PERCENTAGE:
        weights = target_weights(composition)
        if value is None:
            raise _refused("Percentages of what is not stated", "Give the value of the basket.")
        shares = np.array(weights) * value
    else:
        _check_stated(composition)
        shares = np.array([constituent.weight_value for constituent in composition.constituents], np.float64)
        if kind is WeightType.UNITS:
            return shares
    return np.asarray(kernels.resolve_units(shares / composition.basket_units, price, rate), np.float64)


def _currency(constituent: BasketConstituent) -> str:
    return price_currency(constituent.instrument, constituent.price_currency)


def _check_stated(composition: BasketComposition) -> None:
    stated = [constituent.weight_value for constituent in composition.constituents]
    if any(weight is None or weight < 0.0 for weight in stated):
        raise _refused("Weights are missing or negative", "Give every constituent its weight.")


def _check_weight_type(composition: BasketComposition) -> None:
    types = {constituent.weight_type for constituent in composition.constituents}
    if len(types) != 1 or None in types:
        raise _refused(
            f"The composition of {composition.effective_from} has no one weight type", "Use one type for all weights."
        )


def _units(composition: BasketComposition) -> Floats:
    if composition.status is not CompositionStatus.COMPLETE or any(c.units is None for c in composition.constituents):
        raise _refused(
            f"The composition of {composition.effective_from} is incomplete or its units are not resolved",
            "Complete its weights and resolve its units.",
        )
    return np.array([constituent.units for constituent in composition.constituents], np.float64)


def _fixings(
    constituents: Sequence[BasketConstituent], prices: Mapping[str, float], fx: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """Price and rate of each constituent, (N,) each."""
    missing = [c.instrument.reference for c in constituents if not prices.get(c.instrument.reference, 0.0) > 0.0]
    missing += sorted({_currency(c) for c in constituents if not fx.get(_currency(c), 0.0) > 0.0})
    if missing:
        raise _refused(f"Prices or FX rates above zero are missing for {', '.join(missing)}", "Load their fixings.")
    return (
        np.array([prices[c.instrument.reference] for c in constituents]),
        np.array([fx[_currency(c)] for c in constituents]),
    )


def _refused(problem: str, remedy: str) -> InputError:
    return InputError("CLO-1939", problem, remedy=remedy)


def _weight_finding(composition: BasketComposition, what: str, severity: FindingSeverity) -> PayoutFinding:
    message = f"The weights of the basket composition of {composition.effective_from} {what}"
    return PayoutFinding(severity, FindingCode.WEIGHTS_SUM, "", message)
