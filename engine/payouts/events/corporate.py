"""Corporate actions on the contracts that follow an instrument (spec 07 §19.3)."""

from collections.abc import Callable
from dataclasses import replace

from engine.errors import InputError
from engine.payouts.corporate_actions import (
    FAILURES,
    FREE_SHARES,
    MANUAL,
    MERGERS,
    RENAMINGS,
    SPLITS,
    adjustment_factor,
    after_failure,
    after_renaming,
    cumulative_factor,
)
from engine.payouts.enums import (
    BusinessEventType,
    CompositionReason,
    CorporateActionType,
    QuantityUnit,
    SpinOffMethod,
    UnderlierType,
)
from engine.payouts.events.composition import in_units, with_constituents
from engine.payouts.events.fractions import rounded, to_be_rounded
from engine.payouts.events.instructions import CorporateActionApplied, Event
from engine.payouts.events.lots import basis_of
from engine.payouts.events.mergers import merge_instrument
from engine.payouts.events.outcome import Effect, EventContext, warning
from engine.payouts.events.positions import (
    changed_lot,
    holds,
    is_followed,
    measured,
    performance_legs,
    replaced_leg,
)
from engine.payouts.events.splits import not_followed, rebased_lots, rebasing
from engine.payouts.findings import FindingCode
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketComposition, BasketConstituent

MANUAL_PRICE = "manual_price"
"""Name in the metadata that flags a contract whose underlier the calculation agent prices."""

ADJUSTING = (
    SPLITS
    | FREE_SHARES
    | {CorporateActionType.RIGHTS_ISSUE, CorporateActionType.SPIN_OFF, CorporateActionType.CASH_DIVIDEND}
)
"""Types whose treatment is a factor; a spin-off only by METHOD_FACTOR, a cash dividend only with a factor given."""


def apply_corporate_action(
    contract: Contract, applied: CorporateActionApplied, event: Event, context: EventContext
) -> Effect:
    """The contract after a corporate action of what it follows, by the table of spec 07 §19.3.

    Factors rewrite the lots; a spin-off without METHOD_FACTOR makes the underlier a basket of parent and child; a
    merger replaces the instrument, closes at the cash price, or both; names and status change the instrument only.
    Fractions are kept, or closed at the price given for them (`fractions`). Raises InputError CLO-1964 where nothing of
    the contract follows the instrument, CLO-1966 for a missing price, CLO-1969 for missing terms.
    """
    action = applied.action
    reference = action.instrument_reference
    if not any(is_followed(leg, reference) or holds(leg, reference) for leg in performance_legs(contract)):
        raise not_followed(contract, reference)
    effect = to_be_rounded(contract, applied, action, event, context)
    effect = effect.then(_by_type(effect.contract, applied, event, context))
    effect = rounded(effect, applied, action, event, context)
    return replace(
        effect,
        event_type=effect.event_type or BusinessEventType.CORPORATE_ACTION,
        actions=effect.actions or (action,),
    )


def _by_type(contract: Contract, applied: CorporateActionApplied, event: Event, context: EventContext) -> Effect:
    action = applied.action
    kind, reference = action.action_type, action.instrument_reference
    if kind is CorporateActionType.SPIN_OFF and action.method is not SpinOffMethod.METHOD_FACTOR:
        return _spun_off(contract, applied, event, context)
    if kind in ADJUSTING:
        settled = replace(action, adjustment_factor=adjustment_factor(action, applied.prices.get(reference)))
        if settled.adjustment_factor == 1.0:
            return Effect(contract=contract, actions=(settled,))
        return replace(rebased_lots(contract, settled, event, context), actions=(settled,))
    if kind in MERGERS:
        return merge_instrument(contract, applied, event, context)
    if kind in RENAMINGS:
        identifier, name = applied.new_identifier, applied.new_name
        return Effect(contract=_each(contract, reference, lambda one: after_renaming(one, action, identifier, name)))
    if kind in FAILURES:
        return _failed(contract, action, event)
    if kind not in MANUAL:
        raise InputError("CLO-1969", f"No treatment of {kind.value} is known", remedy="Treat it by a terms change.")
    message = f"{kind.value} of {reference} on {action.ex_date} has to be treated by hand"
    return Effect(contract=contract, findings=(warning(FindingCode.EVENT_REFUSED, event, message),))


def _failed(contract: Contract, action: CorporateAction, event: Event) -> Effect:
    """The instrument's status, and the contract flagged: from now on the calculation agent says the price."""
    reference = action.instrument_reference
    changed = _each(contract, reference, lambda one: after_failure(one, action))
    flagged = replace(changed, metadata={**changed.metadata, MANUAL_PRICE: reference})
    message = f"{action.action_type.value}: prices of {reference} from {action.ex_date} on are entered by hand"
    return Effect(contract=flagged, findings=(warning(FindingCode.MISSING_FIXING, event, message),))


def _spun_off(contract: Contract, applied: CorporateActionApplied, event: Event, context: EventContext) -> Effect:
    """Parent and child_ratio children for each parent from the start of the ex-date on; units and prices stay."""
    action, child = applied.action, applied.child
    reference = action.instrument_reference
    if child is None or action.child_ratio is None or not action.child_ratio > 0.0:
        raise InputError(
            "CLO-1969",
            f"The spin-off of {reference} on {action.ex_date} has no child or no child ratio",
            remedy="Give the child instrument and its units per parent.",
        )
    ratio = action.child_ratio

    def beside(one: Instrument, units: float) -> tuple[tuple[Instrument, float], ...]:
        return ((one, units), (child, ratio * units)) if one.reference == reference else ((one, units),)

    effect = Effect(contract=contract)
    for leg in performance_legs(contract):
        if is_followed(leg, reference):
            effect = effect.then(_with_child(effect.contract, leg, child, ratio, event, context))
        elif holds(leg, reference):
            changed = with_constituents(
                effect.contract, leg, event, context, beside, CompositionReason.CORPORATE_ACTION
            )
            effect = effect.then(Effect(contract=changed))
    return effect


def _with_child(
    contract: Contract, leg: Leg, child: Instrument, ratio: float, event: Event, context: EventContext
) -> Effect:
    """A leg on one share as a leg on a basket of one share, and of share and child from the ex-date on.

    A basket unit is one share as of the earliest basis of the lots, to which the others are rewritten: splits up to the
    ex-date are in the units of the second composition.
    """
    payout = leg.performance
    parent = payout.underlier.instrument if payout is not None else None
    if payout is None or parent is None:
        return Effect(contract=contract)
    effect = measured(contract, leg, event, context)
    lots = effect.contract.leg(leg.leg_number).lots
    actions = context.actions.get(parent.reference, ())
    first_day = min((basis_of(lot) for lot in lots), default=contract.effective_date)
    for lot in lots:
        factor = 1.0 / cumulative_factor(actions, first_day, basis_of(lot))
        record = rebasing(event, leg, lot.lot_identifier, factor, first_day, QuantityUnit.BASKET_UNIT)
        effect = effect.then(changed_lot(effect.contract, record))
    shares = 1.0 / cumulative_factor(actions, first_day, event.effective_date)
    first = BasketComposition(
        effective_from=first_day,
        effective_to=event.effective_date,
        constituents=(in_units(parent, 1.0),),
    )
    second = BasketComposition(
        effective_from=event.effective_date,
        reason=CompositionReason.CORPORATE_ACTION,
        constituents=(in_units(parent, shares), in_units(child, ratio * shares)),
    )
    underlier = replace(
        payout.underlier,
        underlier_type=UnderlierType.BASKET,
        underlier_reference=f"{parent.reference}+{child.reference}",
        underlier_currency=payout.underlier.underlier_currency or parent.currency,
        instrument=None,
        compositions=(first, second),
    )
    basket_leg = replace(effect.contract.leg(leg.leg_number), performance=replace(payout, underlier=underlier))
    return effect.then(Effect(contract=replaced_leg(effect.contract, basket_leg)))


def _each(contract: Contract, reference: str, change: Callable[[Instrument], Instrument]) -> Contract:
    """The contract with an instrument changed wherever it stands."""

    def of_constituent(one: BasketConstituent) -> BasketConstituent:
        return replace(one, instrument=change(one.instrument)) if one.instrument.reference == reference else one

    def of_leg(leg: Leg) -> Leg:
        if leg.performance is None:
            return leg
        underlier = leg.performance.underlier
        instrument = underlier.instrument
        if instrument is not None and is_followed(leg, reference):
            instrument = change(instrument)
        compositions = tuple(
            replace(composition, constituents=tuple(of_constituent(one) for one in composition.constituents))
            for composition in underlier.compositions
        )
        changed = replace(underlier, instrument=instrument, compositions=compositions)
        return replace(leg, performance=replace(leg.performance, underlier=changed))

    return replace(contract, legs=tuple(of_leg(leg) for leg in contract.legs))
