"""Terms that an analyst supplies where a document lacks them or has a scale of its own (spec 07 §3.4, §13.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from engine.closest import did_you_mean
from engine.errors import InputError
from engine.payouts.cdm.basket_overrides import priced_in, rebalanced, weighted, with_first_composition
from engine.payouts.cdm.codes import CURRENCIES
from engine.payouts.cdm.draft import Draft
from engine.payouts.enums import (
    NotionalSource,
    ObservationShift,
    OvernightMethod,
    RateKind,
    RebalancingFrequency,
    StrikeScale,
    WeightType,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.borrow import BorrowFee
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import PerformancePayout


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What is supplied; None and an empty mapping leave the document's word.

    leg_number: the only leg that is changed; None means every leg to which a term applies. weights: by reference of the
    constituent, all of them, PERCENTAGE as fractions. price_currencies: in which constituents are priced, by reference.
    dividend_payout_ratio: of the gross dividend, 1 for the whole, where no constituent has its own.
    rebalancing_frequency: how often the basket goes back to them;
    rebalancing_dates are those of EXPLICIT, which they mean where no frequency is supplied. business_centers: of all
    schedules of the legs. spread_scale: the factor by which spreads are multiplied, 0.0001 where the document has basis
    points. initial_price in the currency of the price; units, notional_amount and initial_price need a leg with one
    lot. borrow_fee: of the legs that pay a price return, for which the CDM has no place.
    """

    leg_number: int | None = None
    weights: Mapping[str, float] | None = None
    weight_type: WeightType = WeightType.PERCENTAGE
    price_currencies: Mapping[str, str] | None = None
    dividend_payout_ratio: float | None = None
    rebalancing_frequency: RebalancingFrequency | None = None
    rebalancing_dates: tuple[date, ...] | None = None
    next_rebalancing_date: date | None = None
    strike_scale: StrikeScale | None = None
    overnight_method: OvernightMethod | None = None
    observation_shift: ObservationShift | None = None
    observation_shift_days: int | None = None
    observation_centers: tuple[str, ...] | None = None
    business_centers: tuple[str, ...] | None = None
    units: float | None = None
    notional_amount: float | None = None
    notional_currency: str | None = None
    initial_price: float | None = None
    price_currency: str | None = None
    fixed_price: float | None = None
    termination_date: date | None = None
    spread_scale: float | None = None
    borrow_fee: BorrowFee | None = None


SETTLED = {
    "weights": (FindingCode.WEIGHTS_MISSING,),
    "strike_scale": (FindingCode.STRIKE_SCALE,),
    "overnight_method": (FindingCode.OVERNIGHT_TERMS_DEFAULTED,),
    "observation_shift": (FindingCode.OVERNIGHT_TERMS_DEFAULTED,),
    "business_centers": (FindingCode.CENTERS_DEFAULTED,),
    "notional_amount": (FindingCode.NOTIONAL_MISSING,),
    "initial_price": (FindingCode.PRICE_MISSING,),
    "spread_scale": (FindingCode.SPREAD_SCALE,),
}
"""Findings that a supplied term answers, where no leg is singled out."""

POSITIVE = ("dividend_payout_ratio", "units", "notional_amount", "initial_price", "fixed_price", "spread_scale")


def apply_overrides(draft: Draft, overrides: Overrides) -> Draft:
    """The draft with the supplied terms; findings that they answer are gone.

    Raises InputError CLO-1921 where the draft has no contract or no such leg, CLO-1922 for weights that do not fit the
    basket, CLO-1923 for a value out of range, CLO-1924 for a term that no leg has; each names the field. CLO-1987 for a
    borrow fee that the long side of a leg would pay.
    """
    contract = draft.contract
    if contract is None:
        raise InputError(
            "CLO-1921", "The draft has no contract to complete", where=draft.name, remedy="Put its errors right first."
        )
    if overrides.leg_number is not None and overrides.leg_number not in [leg.leg_number for leg in contract.legs]:
        raise InputError(
            "CLO-1921",
            f"{contract.contract_reference} has no leg {overrides.leg_number}",
            where="leg_number",
            remedy=f"It has {', '.join(str(leg.leg_number) for leg in contract.legs)}.",
        )
    _check_ranges(overrides, contract)
    for name, change in CHANGES.items():
        if getattr(overrides, name) is not None:
            contract = _applied(contract, overrides, name, change)
    if overrides.termination_date is not None:
        contract = replace(contract, termination_date=overrides.termination_date)
    contract = _with_notionals(contract, overrides)
    answered = {code for name, codes in SETTLED.items() if getattr(overrides, name) is not None for code in codes}
    if overrides.leg_number is not None:
        answered = set()
    findings = tuple(finding for finding in draft.findings if finding.code not in answered)
    return replace(draft, contract=contract, findings=findings)


def _check_ranges(overrides: Overrides, contract: Contract) -> None:
    for name in POSITIVE:
        value = getattr(overrides, name)
        if value is not None and not 0.0 < value < 1e18:
            raise InputError("CLO-1923", f"{value} is out of range", where=name, remedy="Give a positive number.")
    for name in ("notional_currency", "price_currency"):
        code = getattr(overrides, name)
        if code is not None:
            _check_currency(name, code)
    for code in (overrides.price_currencies or {}).values():
        _check_currency("price_currencies", code)
    days = overrides.observation_shift_days
    if days is not None and not 0 <= days <= 30:
        remedy = "Give 0 to 30 business days."
        raise InputError(
            "CLO-1923", f"A shift of {days} days is out of range", where="observation_shift_days", remedy=remedy
        )
    end = overrides.termination_date
    if end is not None and end < contract.effective_date:
        raise InputError(
            "CLO-1923",
            f"{end} is before the effective date {contract.effective_date}",
            where="termination_date",
            remedy="Give a later date.",
        )


def _check_currency(name: str, code: str) -> None:
    if code not in CURRENCIES:
        remedy = did_you_mean(code, sorted(CURRENCIES), "Give an ISO 4217 code.")
        raise InputError("CLO-1923", f"{code!r} is no currency", where=name, remedy=remedy)


Change = Callable[[Leg, Overrides], Leg | None]


def _applied(contract: Contract, overrides: Overrides, name: str, change: Change) -> Contract:
    """The contract with one term changed on the legs that have it; at least one has to."""
    legs: list[Leg] = []
    n_changed = 0
    for leg in contract.legs:
        made = change(leg, overrides) if overrides.leg_number in (None, leg.leg_number) else None
        n_changed += made is not None
        legs.append(made or leg)
    if not n_changed:
        which = "leg" if overrides.leg_number is None else f"leg {overrides.leg_number}"
        raise InputError(
            "CLO-1924",
            f"{contract.contract_reference}, a {contract.contract_type}, has no {which} with such a term",
            where=name,
            remedy="Leave it out.",
        )
    return replace(contract, legs=tuple(legs))


def _weights(leg: Leg, overrides: Overrides) -> Leg | None:
    given, kind = overrides.weights or {}, overrides.weight_type
    return with_first_composition(leg, lambda composition: weighted(composition, given, kind))


def _price_currencies(leg: Leg, overrides: Overrides) -> Leg | None:
    given = overrides.price_currencies or {}
    return with_first_composition(leg, lambda composition: priced_in(composition, given))


def _rebalancing(leg: Leg, overrides: Overrides) -> Leg | None:
    given = overrides.rebalancing_frequency, overrides.rebalancing_dates, overrides.next_rebalancing_date
    return with_first_composition(leg, lambda composition: rebalanced(composition, *given))


def _strike_scale(leg: Leg, overrides: Overrides) -> Leg | None:
    payout = leg.performance
    if payout is None:
        return None
    returns = payout.returns
    if returns.variance is not None:
        returns = replace(returns, variance=replace(returns.variance, strike_scale=overrides.strike_scale))
    elif returns.volatility is not None:
        returns = replace(returns, volatility=replace(returns.volatility, strike_scale=overrides.strike_scale))
    else:
        return None
    return replace(leg, performance=replace(payout, returns=returns))


def _overnight(leg: Leg, overrides: Overrides) -> Leg | None:
    terms = leg.interest
    if terms is None or terms.rate_kind not in (RateKind.FLOATING_OVERNIGHT, RateKind.FLOATING_COMPOUNDED_INDEX):
        return None
    names = ("overnight_method", "observation_shift", "observation_shift_days", "observation_centers")
    given = {name: getattr(overrides, name) for name in names if getattr(overrides, name) is not None}
    return replace(leg, interest=replace(terms, **given))


def _centers(leg: Leg, overrides: Overrides) -> Leg | None:
    centers = overrides.business_centers or ()
    if leg.performance is not None:
        return replace(leg, performance=_payout_with_centers(leg.performance, centers))
    if leg.interest is None:
        return None
    payments = tuple(replace(one, business_centers=centers) for one in leg.interest.payment_schedules)
    terms = replace(leg.interest, payment_schedules=payments, period_centers=centers, fixing_centers=centers)
    return replace(leg, interest=terms)


def _payout_with_centers(payout: PerformancePayout, centers: tuple[str, ...]) -> PerformancePayout:
    return replace(
        payout,
        valuation_schedules=tuple(replace(one, business_centers=centers) for one in payout.valuation_schedules),
        payment_schedules=tuple(replace(one, business_centers=centers) for one in payout.payment_schedules),
    )


def _units(leg: Leg, overrides: Overrides) -> Leg | None:
    if len(leg.lots) != 1:
        return None
    return replace(leg, lots=(replace(leg.lots[0], opened_quantity=overrides.units),))


def _notional(leg: Leg, overrides: Overrides) -> Leg | None:
    """Of an equity leg with one lot, or of a funding leg with an amount of its own."""
    amount = overrides.notional_amount or 0.0
    currency = overrides.notional_currency or leg.notional_currency
    if leg.performance is not None and len(leg.lots) == 1:
        lots = (replace(leg.lots[0], notional_amount=amount),)
        return replace(leg, notional_amount=amount, notional_currency=currency, lots=lots)
    is_own = leg.interest is not None and leg.interest.notional_source is NotionalSource.OWN
    is_named = overrides.leg_number == leg.leg_number
    if not is_own or not (is_named or leg.notional_amount is None):
        return None
    return replace(leg, notional_amount=amount, notional_currency=currency)


def _initial_price(leg: Leg, overrides: Overrides) -> Leg | None:
    payout = leg.performance
    if payout is None or payout.returns.price is None or len(leg.lots) != 1:
        return None
    price = overrides.initial_price
    currency = overrides.price_currency or leg.lots[0].price_currency or leg.notional_currency
    terms = replace(payout.returns.price, initial_price=price, initial_price_currency=currency)
    lots = (replace(leg.lots[0], initial_price=price, price_currency=currency),)
    return replace(leg, performance=replace(payout, returns=replace(payout.returns, price=terms)), lots=lots)


def _dividend_payout_ratio(leg: Leg, overrides: Overrides) -> Leg | None:
    payout = leg.performance
    if payout is None or payout.returns.dividend is None:
        return None
    terms = replace(payout.returns.dividend, dividend_payout_ratio=overrides.dividend_payout_ratio)
    return replace(leg, performance=replace(payout, returns=replace(payout.returns, dividend=terms)))


def _fixed_price(leg: Leg, overrides: Overrides) -> Leg | None:
    if leg.fixed_price is None:
        return None
    return replace(leg, fixed_price=replace(leg.fixed_price, fixed_price=overrides.fixed_price))


def _borrow_fee(leg: Leg, overrides: Overrides) -> Leg | None:
    if leg.performance is None or leg.performance.returns.price is None:
        return None
    return replace(leg, performance=replace(leg.performance, borrow_fee=overrides.borrow_fee))


def _spread_scale(leg: Leg, overrides: Overrides) -> Leg | None:
    factor = overrides.spread_scale or 1.0
    if leg.interest is not None:
        steps = tuple(replace(step, spread=step.spread * factor) for step in leg.interest.spread_steps)
        return replace(leg, interest=replace(leg.interest, spread=leg.interest.spread * factor, spread_steps=steps))
    if any(lot.spread is not None for lot in leg.lots):
        lots = tuple(replace(lot, spread=None if lot.spread is None else lot.spread * factor) for lot in leg.lots)
        return replace(leg, lots=lots)
    return None


def _multiplied(leg: Leg, overrides: Overrides) -> Leg:
    """A leg without notional, with one lot of which units and price are known, with their product."""
    lot = leg.lots[0] if len(leg.lots) == 1 else None
    if leg.notional_amount is not None or lot is None or not lot.opened_quantity or not lot.initial_price:
        return leg
    amount = lot.opened_quantity * lot.initial_price
    currency = leg.notional_currency or overrides.notional_currency or lot.price_currency
    lots = (replace(lot, notional_amount=amount),)
    return replace(leg, notional_amount=amount, notional_currency=currency, lots=lots)


def _with_notionals(contract: Contract, overrides: Overrides) -> Contract:
    """Notionals that follow from what was supplied: units times price, and funding legs that follow an equity leg."""
    legs = [_multiplied(leg, overrides) for leg in contract.legs]
    by_number = {leg.leg_number: leg for leg in legs}
    for i, leg in enumerate(legs):
        followed = by_number.get(leg.linked_leg_number or 0)
        if followed is not None and leg.interest is not None and leg.interest.notional_source is not NotionalSource.OWN:
            legs[i] = replace(
                leg, notional_amount=followed.notional_amount, notional_currency=followed.notional_currency
            )
    return replace(contract, legs=tuple(legs))


CHANGES: dict[str, Change] = {
    "weights": _weights,
    "price_currencies": _price_currencies,
    "dividend_payout_ratio": _dividend_payout_ratio,
    "rebalancing_frequency": _rebalancing,
    "rebalancing_dates": _rebalancing,
    "next_rebalancing_date": _rebalancing,
    "strike_scale": _strike_scale,
    "overnight_method": _overnight,
    "observation_shift": _overnight,
    "observation_shift_days": _overnight,
    "observation_centers": _overnight,
    "business_centers": _centers,
    "units": _units,
    "notional_amount": _notional,
    "initial_price": _initial_price,
    "fixed_price": _fixed_price,
    "spread_scale": _spread_scale,
    "borrow_fee": _borrow_fee,
}
"""How each term is changed on a leg; None from a leg that has none."""
