"""The terms of a deal's liabilities as the arrays the kernels read, and its position at the start of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.errors import InputError
from engine.liabilities.state import (
    FeeBasisCode,
    FeeTerm,
    Floats,
    LiabilityTerms,
    Policy,
    TrancheTerm,
)
from engine.liabilities.terms import Fee, FeeBasis, IncentiveFee, SubNotePayment, Tranche
from engine.modes import Quirk, Quirks

_POLICY_OF_QUIRK = {
    Quirk.NEGATIVE_CASH_ABSORBED: Policy.NEGATIVE_CASH_ABSORBED,
    Quirk.SHORTFALL_MOVES_TO_DEFERRED: Policy.SHORTFALL_FORGIVEN,
    Quirk.INTEREST_ON_OPENING_UNPAID_FEE: Policy.INTEREST_ON_OPENING_UNPAID,
    Quirk.UNKNOWN_FEE_TYPE_ACCRUES_ZERO: Policy.NO_ACCRUAL_WITHOUT_BASIS,
    Quirk.IC_DEDUCTS_CURRENT_ACCRUAL_ONLY: Policy.IC_DEDUCTS_CURRENT_ACCRUAL,
    Quirk.HURDLE_INPUT_ORDER: Policy.EXACT_HURDLE,
    Quirk.STRICT_PASS_UNCAPPED_CURES: Policy.STRICT_PASS_UNCAPPED_CURES,
}
_BASIS_CODES = {
    FeeBasis.BEGINNING: FeeBasisCode.BEGINNING,
    FeeBasis.AVERAGE: FeeBasisCode.AVERAGE,
    FeeBasis.FIXED: FeeBasisCode.FIXED,
}


def policy_of(quirks: Quirks) -> int:
    """Policy bits of the quirks in force; 0 in standard mode."""
    policy = 0
    for quirk, bit in _POLICY_OF_QUIRK.items():
        if quirk in quirks:
            policy |= int(bit)
    return policy


def liability_terms(
    tranches: Sequence[Tranche],
    fees: Sequence[Fee],
    *,
    incentive_share: float,
    oc_triggers: Sequence[float],
    ic_triggers: Sequence[float],
    quirks: Quirks,
    schedule: Floats | None = None,
) -> LiabilityTerms:
    """Terms as arrays, in the order of the sequences.

    schedule: (N, T) scheduled principal, currency. A FIXED fee accrues nothing in legacy mode, which does not know it
    (DQ-25). Raises InputError for a trigger of 1 or less in standard mode (DQ-28), or a share of 1 or more.
    """
    policy = policy_of(quirks)
    if not policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        for trigger in oc_triggers:
            if trigger <= 1.0:
                raise InputError(
                    "CLO-1234",
                    f"OC trigger {trigger:g} is not above 1",
                    remedy="Give triggers as ratios, 1.10 = 110 %.",
                )
    if not 0.0 <= incentive_share < 1.0:
        raise InputError(
            "CLO-1252",
            f"Incentive fee share {incentive_share:g} is not a fraction below 1",
            remedy="Give the manager's share of the cash above the hurdle as a decimal.",
        )
    n_tranches = len(tranches)
    return LiabilityTerms(
        tranche=np.array([_tranche_row(tranche) for tranche in tranches]).reshape(n_tranches, len(TrancheTerm)),
        fee=np.array([_fee_row(fee, policy) for fee in fees]).reshape(len(fees), len(FeeTerm)),
        oc_trigger=np.array(oc_triggers, dtype=np.float64),
        ic_trigger=np.array(ic_triggers, dtype=np.float64),
        incentive_share=float(incentive_share),
        policy=policy,
        schedule=np.zeros((0, n_tranches)) if schedule is None else np.ascontiguousarray(schedule, dtype=np.float64),
    )


def _tranche_row(tranche: Tranche) -> list[float]:
    row = [0.0] * len(TrancheTerm)
    row[TrancheTerm.IS_DEFERRABLE] = float(tranche.is_deferrable)
    row[TrancheTerm.IS_EQUITY] = float(tranche.is_equity)
    row[TrancheTerm.IS_FIXED] = float(tranche.is_fixed)
    row[TrancheTerm.SPREAD] = tranche.spread
    row[TrancheTerm.ORIGINAL_BALANCE] = tranche.original_balance
    row[TrancheTerm.CURRENT_BALANCE] = tranche.current_balance
    row[TrancheTerm.DEFERRED_BALANCE] = tranche.deferred_balance
    return row


def _fee_row(fee: Fee, policy: int) -> list[float]:
    row = [0.0] * len(FeeTerm)
    code = _BASIS_CODES[fee.basis]
    if code is FeeBasisCode.FIXED and policy & Policy.NO_ACCRUAL_WITHOUT_BASIS:
        code = FeeBasisCode.NONE
    row[FeeTerm.BASIS_CODE] = float(code)
    row[FeeTerm.PERCENTAGE] = fee.percentage
    row[FeeTerm.FIXED_AMOUNT] = fee.fixed_amount
    row[FeeTerm.OPENING_UNPAID] = fee.unpaid_balance
    row[FeeTerm.HAS_INTEREST_ON_UNPAID] = float(fee.has_interest_on_unpaid)
    row[FeeTerm.INTEREST_SPREAD] = fee.interest_spread
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPosition:
    """The incentive fee's history before the first period (spec 02 §9.1).

    discounted_payments: sum of payments discounted to closing at the hurdle, currency, contributions negative.
    receipts and contributions are undiscounted and positive. payments: the history that counts, in its order.
    """

    discounted_payments: float
    is_reached: bool
    receipts: float
    contributions: float
    payments: tuple[SubNotePayment, ...]


def opening_position(incentive: IncentiveFee, closing: date, analysis_date: date, quirks: Quirks) -> OpeningPosition:
    """Position of the sub notes against the hurdle on the analysis date.

    Legacy mode drops every payment after the analysis date and decides on the first positive prefix in input order;
    standard mode sorts by date, keeps contributions up to closing and takes the full sum (DQ-27). Raises InputError
    where standard mode finds no contribution.
    """
    is_legacy = Quirk.HURDLE_INPUT_ORDER in quirks
    payments = _history(incentive.payments, closing, analysis_date, is_legacy)
    if not is_legacy and not any(payment.amount < 0.0 for payment in payments):
        raise InputError(
            "CLO-1251",
            "The sub-note history holds no contribution",
            remedy="Give the purchase of the subordinated notes as a negative amount on the closing date.",
        )
    total = 0.0
    is_reached = False
    for payment in payments:
        total += payment.amount / _growth(incentive.hurdle, closing, payment.on)
        if is_legacy and total > 0.0:
            is_reached = True
            break
    return OpeningPosition(
        discounted_payments=total,
        is_reached=is_reached or total > 0.0,
        receipts=sum(payment.amount for payment in payments if payment.amount > 0.0),
        contributions=-sum(payment.amount for payment in payments if payment.amount < 0.0),
        payments=tuple(payments),
    )


def _history(
    payments: Sequence[SubNotePayment], closing: date, analysis_date: date, is_legacy: bool
) -> list[SubNotePayment]:
    if is_legacy:
        return [payment for payment in payments if payment.on <= analysis_date]
    last_contribution = max(closing, analysis_date)
    kept = [
        payment
        for payment in payments
        if payment.on <= analysis_date or (payment.amount < 0.0 and payment.on <= last_contribution)
    ]
    return sorted(kept, key=lambda payment: payment.on)


def _growth(hurdle: float, closing: date, on: date) -> float:
    return float((1.0 + hurdle) ** ((on - closing).days / 365))


def hurdle_growth(hurdle: float, closing: date, payment_dates: Sequence[date]) -> Floats:
    """(1 + hurdle) to the power of Actual/365 years from closing, for every payment date, (N,)."""
    return np.array([_growth(hurdle, closing, payment_date) for payment_date in payment_dates], dtype=np.float64)
