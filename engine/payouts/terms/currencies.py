"""In which currencies a leg is paid and its basket is valued (spec 07 §10, §11)."""

from engine.errors import ModelError
from engine.payouts.terms.contract import Contract, Leg


def settlement_currency(contract: Contract, leg: Leg) -> str:
    """What a leg is paid in: the payout's own settlement currency, the contract's, or that of the notional.

    Raises ModelError CLO-1906 where none of them is known.
    """
    payout = leg.performance
    feature = payout.fx_features[0].reference_currency if payout is not None and payout.fx_features else None
    own = payout.settlement_currency if payout is not None else None
    fixed_currency = leg.fixed_price.currency if leg.fixed_price is not None else None
    interest_currency = leg.notional_currency if leg.interest is not None else None
    found = own or feature or fixed_currency or interest_currency or contract.settlement_currency
    found = found or leg.notional_currency
    if found is None:
        raise ModelError(
            "CLO-1906",
            f"Nothing says in which currency leg {leg.leg_number} is paid",
            where=contract.contract_reference,
            remedy="Give the contract a settlement currency.",
        )
    return found


def basket_currency(contract: Contract, leg: Leg) -> str:
    """The currency of a leg's basket: its own, else what the leg is paid in. Errors as in `settlement_currency`."""
    own = leg.performance.underlier.underlier_currency if leg.performance is not None else None
    return own or settlement_currency(contract, leg)
