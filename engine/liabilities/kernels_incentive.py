"""The manager's incentive fee over a hurdle of sub-note cash (spec 02 §9, catch-up and sharing of §16.3).

Cash and balances in currency; `growth` is (1 + hurdle) to the power of years from closing to the payment date, so that
dividing by it discounts to closing.
"""

from engine.liabilities.state import (
    Floats,
    IncentiveState,
    PeriodState,
    Policy,
    Register,
    TrancheState,
)
from engine.numerics import inlined_kernel as kernel

HURDLE_TOLERANCE = 1e-6


@kernel
def open_incentive(state: PeriodState, growth: float) -> None:
    """Threshold of the period: sub-note cash that brings the noteholders to the hurdle, 0 once it was reached."""
    incentive = state.incentive
    incentive[IncentiveState.THRESHOLD] = 0.0
    if incentive[IncentiveState.IS_REACHED] == 0.0:
        incentive[IncentiveState.THRESHOLD] = -incentive[IncentiveState.DISCOUNTED_PAYMENTS] * growth


@kernel
def pay_sub_notes(incentive: Floats, tranche: Floats, policy: int, t: int, is_principal: bool, amount: float) -> None:
    """Pay `amount` to the sub notes t and note whether the threshold is reached (permanently)."""
    tranche[t, TrancheState.IS_REACHED] = 1.0
    column = TrancheState.PRINCIPAL_PAID if is_principal else TrancheState.INTEREST_PAID
    tranche[t, column] += amount
    incentive[IncentiveState.SUB_NOTE_PAID] += amount
    tolerance = 0.0 if policy & Policy.EXACT_HURDLE else HURDLE_TOLERANCE
    if incentive[IncentiveState.SUB_NOTE_PAID] >= incentive[IncentiveState.THRESHOLD] - tolerance:
        incentive[IncentiveState.IS_REACHED] = 1.0


@kernel
def distribute_equity(
    incentive: Floats,
    tranche: Floats,
    register: Floats,
    share: float,
    policy: int,
    t: int,
    is_principal: bool,
    catch_up: float,
    manager_part: float,
    is_fee_open: bool,
    cash: float,
) -> float:
    """Distribute all cash between sub notes and manager (spec 02 §9.3); returns the fee paid.

    share: the manager's part of cash above the hurdle; catch_up: the manager's share kappa of the catch-up slice, 0 for
    none; manager_part: fraction of the fee the manager keeps, the rest goes to the beneficiary, who is the sub notes;
    is_fee_open: false where a gate withholds the fee.
    """
    hurdle = 0.0
    if incentive[IncentiveState.IS_REACHED] == 0.0:
        hurdle = incentive[IncentiveState.THRESHOLD] - incentive[IncentiveState.SUB_NOTE_PAID]
    to_hurdle = cash if hurdle > cash else hurdle
    pay_sub_notes(incentive, tranche, policy, t, is_principal, to_hurdle)
    left = cash - to_hurdle
    fee = 0.0
    if incentive[IncentiveState.IS_REACHED] != 0.0 and is_fee_open:
        slice_paid, slice_fee = catch_up_slice(incentive, share, catch_up, left)
        fee = slice_fee + (left - slice_paid) * share
        beneficiary = fee * (1.0 - manager_part)
        register[Register.BENEFICIARY_PAID] += beneficiary
        fee -= beneficiary
        incentive[IncentiveState.FEE_PAID] += fee
        left -= fee
    pay_sub_notes(incentive, tranche, policy, t, is_principal, left)
    return fee


@kernel
def catch_up_slice(incentive: Floats, share: float, catch_up: float, cash: float) -> tuple[float, float]:
    """Catch-up slice of the cash and the manager's part of it (spec 02 §16.3).

    The slice brings the manager's fees to the share of all profit. No slice where catch_up is not above the share.
    """
    if catch_up <= share or cash <= 0.0:
        return 0.0, 0.0
    profit = max(
        0.0,
        incentive[IncentiveState.RECEIPTS]
        + incentive[IncentiveState.SUB_NOTE_PAID]
        - incentive[IncentiveState.CONTRIBUTIONS],
    )
    odds = share / (1.0 - share)
    taken = incentive[IncentiveState.FEE_PAID_TO_DATE] + incentive[IncentiveState.FEE_PAID]
    missing = odds * profit - taken
    if missing <= 0.0:
        return 0.0, 0.0
    size = min(cash, missing / (catch_up - (1.0 - catch_up) * odds))
    return size, catch_up * size


@kernel
def close_incentive(state: PeriodState, growth: float) -> None:
    """Add the period's sub-note cash to the history (spec 02 §9.4)."""
    incentive = state.incentive
    incentive[IncentiveState.DISCOUNTED_PAYMENTS] += incentive[IncentiveState.SUB_NOTE_PAID] / growth
    incentive[IncentiveState.RECEIPTS] += incentive[IncentiveState.SUB_NOTE_PAID]
    incentive[IncentiveState.FEE_PAID_TO_DATE] += incentive[IncentiveState.FEE_PAID]
