"""Overcollateralisation and interest coverage tests: evaluation, cures, cures received from above (spec 02 §10, §11).

Cures are amounts of liabilities to redeem, currency. The interest side redeems with interest proceeds; the principal
side redeems with principal, which leaves the numerator too.
"""

from engine.liabilities.state import (
    Floats,
    IcState,
    OcState,
    Policy,
    Status,
)
from engine.numerics import inlined_kernel as kernel

PASS_TOLERANCE = 1e-12


@kernel
def is_passed(ratio: float, trigger: float, policy: int) -> bool:
    """Pass flag: above the trigger in legacy mode, at or above it in standard mode (DQ-28)."""
    if policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        return ratio > trigger
    return ratio >= trigger - PASS_TOLERANCE


@kernel
def evaluate_oc(oc: Floats, k: int, trigger: float, policy: int, numerator: float, denominator: float) -> int:
    """Ratio, pass flag and both cures of OC test k; returns a Status.

    Without a denominator the test passes. Standard mode caps a cure at the balance that can be redeemed (DQ-28).
    """
    oc[k, OcState.NUMERATOR] = numerator
    oc[k, OcState.DENOMINATOR] = denominator
    oc[k, OcState.IS_PASSED] = 1.0
    if denominator <= 0.0:
        return Status.OK
    ratio = numerator / denominator
    oc[k, OcState.RATIO] = ratio
    if is_passed(ratio, trigger, policy):
        return Status.OK
    oc[k, OcState.IS_PASSED] = 0.0
    if policy & Policy.OC_CURES_OFF:
        return Status.OK
    if trigger == 1.0:
        return Status.UNDEFINED_CURE
    oc[k, OcState.INTEREST_CURE] = (1.0 - ratio / trigger) * denominator
    oc[k, OcState.PRINCIPAL_CURE] = (trigger * denominator - numerator) / (trigger - 1.0)
    if not policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        oc[k, OcState.INTEREST_CURE] = min(oc[k, OcState.INTEREST_CURE], denominator)
        oc[k, OcState.PRINCIPAL_CURE] = min(oc[k, OcState.PRINCIPAL_CURE], denominator)
    return Status.OK


@kernel
def evaluate_ic(
    ic: Floats, j: int, trigger: float, policy: int, numerator: float, denominator: float, liability_balance: float
) -> None:
    """Ratio, pass flag and cure of IC test j (spec 02 §11)."""
    ic[j, IcState.NUMERATOR] = numerator
    ic[j, IcState.DENOMINATOR] = denominator
    ic[j, IcState.LIABILITY_BALANCE] = liability_balance
    ic[j, IcState.IS_PASSED] = 1.0
    if denominator <= 0.0:
        return
    ratio = numerator / denominator
    ic[j, IcState.RATIO] = ratio
    if is_passed(ratio, trigger, policy):
        return
    ic[j, IcState.IS_PASSED] = 0.0
    if policy & Policy.IC_CURES_OFF:
        return
    ic[j, IcState.CURE] = (1.0 - ratio / trigger) * liability_balance
    if not policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        ic[j, IcState.CURE] = min(ic[j, IcState.CURE], liability_balance)


@kernel
def interest_cure_due(oc: Floats, k: int) -> float:
    """Interest-side cure still needed by OC test k."""
    return oc[k, OcState.INTEREST_CURE] - oc[k, OcState.INTEREST_CURE_PAID] - oc[k, OcState.PRIOR_INTEREST_CURE]


@kernel
def principal_cure_due(oc: Floats, k: int) -> float:
    """Principal-side cure still needed by OC test k."""
    return oc[k, OcState.PRINCIPAL_CURE] - oc[k, OcState.PRINCIPAL_CURE_PAID] - oc[k, OcState.PRIOR_PRINCIPAL_CURE]


@kernel
def ic_cure_due(ic: Floats, j: int) -> float:
    """Cure still needed by IC test j."""
    return ic[j, IcState.CURE] - ic[j, IcState.PRIOR_CURE] - ic[j, IcState.CURE_PAID]


@kernel
def resize_principal_cure(oc: Floats, k: int, trigger: float, policy: int) -> None:
    """Size the principal cure anew after liabilities were redeemed with interest (rule rho of spec 02 §10)."""
    if oc[k, OcState.IS_PASSED] != 0.0 or oc[k, OcState.PRINCIPAL_CURE] <= 0.0:
        return
    left = oc[k, OcState.DENOMINATOR] - oc[k, OcState.INTEREST_CURE_PAID] - oc[k, OcState.PRIOR_INTEREST_CURE]
    cure = (trigger * left - oc[k, OcState.NUMERATOR]) / (trigger - 1.0)
    if not policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        cure = max(0.0, min(cure, left))
    oc[k, OcState.PRINCIPAL_CURE] = cure


@kernel
def pay_interest_cure(oc: Floats, k: int, trigger: float, policy: int, cash: float) -> float:
    """Pay the interest-side cure of OC test k; returns the amount paid."""
    due = interest_cure_due(oc, k)
    paid = cash
    if cash >= due:
        paid = due
        oc[k, OcState.PRINCIPAL_CURE] = 0.0
    oc[k, OcState.INTEREST_CURE_PAID] += paid
    resize_principal_cure(oc, k, trigger, policy)
    return paid


@kernel
def receive_interest_cure(oc: Floats, k: int, trigger: float, policy: int, amount: float) -> None:
    """Credit OC test k with liabilities redeemed by another test's interest cure."""
    due = interest_cure_due(oc, k)
    if amount >= due:
        oc[k, OcState.PRIOR_INTEREST_CURE] += due
        oc[k, OcState.PRINCIPAL_CURE] = 0.0
    else:
        oc[k, OcState.PRIOR_INTEREST_CURE] += amount
    resize_principal_cure(oc, k, trigger, policy)


@kernel
def pay_principal_cure(oc: Floats, k: int, cash: float) -> float:
    """Pay the principal-side cure of OC test k; returns the amount paid."""
    due = principal_cure_due(oc, k)
    paid = due if cash > due else cash
    oc[k, OcState.PRINCIPAL_CURE_PAID] += paid
    return paid


@kernel
def receive_principal_cure(oc: Floats, k: int, amount: float) -> None:
    """Credit OC test k with liabilities redeemed by another test's principal cure."""
    oc[k, OcState.PRIOR_PRINCIPAL_CURE] += min(amount, principal_cure_due(oc, k))


@kernel
def pay_ic_cure(ic: Floats, j: int, cash: float) -> float:
    """Pay the cure of IC test j; returns the amount paid."""
    due = ic_cure_due(ic, j)
    paid = due if cash > due else cash
    ic[j, IcState.CURE_PAID] += paid
    return paid


@kernel
def receive_ic_cure(ic: Floats, j: int, amount: float) -> None:
    """Credit IC test j with liabilities redeemed by another test's cure."""
    ic[j, IcState.PRIOR_CURE] += min(amount, ic_cure_due(ic, j))


@kernel
def collateral_shortfall(oc: Floats, k: int, trigger: float, policy: int, redeemed: float) -> float:
    """Collateral that OC test k lacks, currency, once `redeemed` liabilities are paid with interest (spec 02 §14.8)."""
    if oc[k, OcState.IS_PASSED] != 0.0 or policy & Policy.OC_CURES_OFF:
        return 0.0
    left = oc[k, OcState.DENOMINATOR] - redeemed
    return max(0.0, trigger * left - oc[k, OcState.NUMERATOR])
