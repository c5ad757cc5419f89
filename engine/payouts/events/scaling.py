"""Legs that are a notional without units: variance, volatility and correlation (spec 07 §13)."""

from dataclasses import replace

from engine.payouts.events.instructions import Event
from engine.payouts.events.lots import LotEvent, LotEventKind
from engine.payouts.events.outcome import Effect
from engine.payouts.events.positions import changed_lot, replaced_leg
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.returns import VarianceVolatilityTerms


def scaled_leg(contract: Contract, leg: Leg, share: float, event: Event) -> Effect:
    """The contract with a leg at `share` of its notional: lots, leg, vega and variance notionals alike.

    The payoff is one amount at the end, so that the remaining notional earns the whole of it; what the rest was worth
    is agreed and paid as a fee.
    """
    effect = Effect(contract=contract)
    for lot in leg.lots:
        record = LotEvent(
            event_reference=event.event_reference,
            leg_number=leg.leg_number,
            lot_identifier=lot.lot_identifier,
            kind=LotEventKind.REDUCED,
            event_date=event.effective_date,
            settlement_date=event.settles_on,
            notional=lot.notional_amount * share,
        )
        effect = effect.then(changed_lot(effect.contract, record))
    after = effect.contract.leg(leg.leg_number)
    notional = None if leg.notional_amount is None else leg.notional_amount * share
    payout = after.performance
    if payout is not None:
        returns = replace(
            payout.returns,
            variance=_scaled_terms(payout.returns.variance, share),
            volatility=_scaled_terms(payout.returns.volatility, share),
        )
        payout = replace(payout, returns=returns)
    scaled = replace(after, notional_amount=notional, performance=payout)
    return replace(effect, contract=replaced_leg(effect.contract, scaled))


def _scaled_terms(terms: VarianceVolatilityTerms | None, share: float) -> VarianceVolatilityTerms | None:
    if terms is None:
        return None
    return replace(
        terms,
        vega_notional_amount=None if terms.vega_notional_amount is None else terms.vega_notional_amount * share,
        variance_notional_amount=None
        if terms.variance_notional_amount is None
        else terms.variance_notional_amount * share,
    )
