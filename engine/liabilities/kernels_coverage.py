"""Overcollateralisation and interest coverage tests: evaluation, cures, cures received from above (spec 02 §10, §11).

Cures are amounts of liabilities to redeem, currency. The interest side redeems with interest proceeds; the principal
side redeems with principal, which leaves the numerator too.
"""

from engine.liabilities.state import IcState, OcState, Policy, Status
from engine.numerics import kernel

PASS_TOLERANCE = 1e-12


@kernel
def is_passed(ratio, trigger, policy):
    """Pass flag: above the trigger in legacy mode, at or above it in standard mode (DQ-28)."""
    if policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        return ratio > trigger
    return ratio >= trigger - PASS_TOLERANCE


@kernel
def evaluate_oc(terms, state, k, numerator, denominator):
    """Ratio, pass flag and both cures of OC test k; returns a Status.

    Without a denominator the test passes. Standard mode caps a cure at the balance that can be redeemed (DQ-28).
    """
    oc = state.oc
    trigger = terms.oc_trigger[k]
    oc[k, OcState.NUMERATOR] = numerator
    oc[k, OcState.DENOMINATOR] = denominator
    oc[k, OcState.IS_PASSED] = 1.0
    if denominator <= 0.0:
        return Status.OK
    ratio = numerator / denominator
    oc[k, OcState.RATIO] = ratio
    if is_passed(ratio, trigger, terms.policy):
        return Status.OK
    oc[k, OcState.IS_PASSED] = 0.0
    if terms.policy & Policy.OC_CURES_OFF:
        return Status.OK
    if trigger == 1.0:
        return Status.UNDEFINED_CURE
    oc[k, OcState.INTEREST_CURE] = (1.0 - ratio / trigger) * denominator
    oc[k, OcState.PRINCIPAL_CURE] = (trigger * denominator - numerator) / (trigger - 1.0)
    if not terms.policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        oc[k, OcState.INTEREST_CURE] = min(oc[k, OcState.INTEREST_CURE], denominator)
        oc[k, OcState.PRINCIPAL_CURE] = min(oc[k, OcState.PRINCIPAL_CURE], denominator)
    return Status.OK


@kernel
def evaluate_ic(terms, state, j, numerator, denominator, liability_balance):
    """Ratio, pass flag and cure of IC test j (spec 02 §11)."""
    ic = state.ic
    trigger = terms.ic_trigger[j]
    ic[j, IcState.NUMERATOR] = numerator
    ic[j, IcState.DENOMINATOR] = denominator
    ic[j, IcState.LIABILITY_BALANCE] = liability_balance
    ic[j, IcState.IS_PASSED] = 1.0
    if denominator <= 0.0:
        return
    ratio = numerator / denominator
    ic[j, IcState.RATIO] = ratio
    if is_passed(ratio, trigger, terms.policy):
        return
    ic[j, IcState.IS_PASSED] = 0.0
    if terms.policy & Policy.IC_CURES_OFF:
        return
    ic[j, IcState.CURE] = (1.0 - ratio / trigger) * liability_balance
    if not terms.policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        ic[j, IcState.CURE] = min(ic[j, IcState.CURE], liability_balance)


@kernel
def interest_cure_due(state, k):
    """Interest-side cure still needed by OC test k."""
    oc = state.oc
    return oc[k, OcState.INTEREST_CURE] - oc[k, OcState.INTEREST_CURE_PAID] - oc[k, OcState.PRIOR_INTEREST_CURE]


@kernel
def principal_cure_due(state, k):
    """Principal-side cure still needed by OC test k."""
    oc = state.oc
    return oc[k, OcState.PRINCIPAL_CURE] - oc[k, OcState.PRINCIPAL_CURE_PAID] - oc[k, OcState.PRIOR_PRINCIPAL_CURE]


@kernel
def ic_cure_due(state, j):
    """Cure still needed by IC test j."""
    return state.ic[j, IcState.CURE] - state.ic[j, IcState.PRIOR_CURE] - state.ic[j, IcState.CURE_PAID]


@kernel
def resize_principal_cure(terms, state, k):
    """Size the principal cure anew after liabilities were redeemed with interest (rule rho of spec 02 §10)."""
    oc = state.oc
    if oc[k, OcState.IS_PASSED] != 0.0 or oc[k, OcState.PRINCIPAL_CURE] <= 0.0:
        return
    trigger = terms.oc_trigger[k]
    left = oc[k, OcState.DENOMINATOR] - oc[k, OcState.INTEREST_CURE_PAID] - oc[k, OcState.PRIOR_INTEREST_CURE]
    cure = (trigger * left - oc[k, OcState.NUMERATOR]) / (trigger - 1.0)
    if not terms.policy & Policy.STRICT_PASS_UNCAPPED_CURES:
        cure = max(0.0, min(cure, left))
    oc[k, OcState.PRINCIPAL_CURE] = cure


@kernel
def pay_interest_cure(terms, state, k, cash):
    """Pay the interest-side cure of OC test k; returns the amount paid."""
    due = interest_cure_due(state, k)
    paid = cash
    if cash >= due:
        paid = due
        state.oc[k, OcState.PRINCIPAL_CURE] = 0.0
    state.oc[k, OcState.INTEREST_CURE_PAID] += paid
    resize_principal_cure(terms, state, k)
    return paid


@kernel
def receive_interest_cure(terms, state, k, amount):
    """Credit OC test k with liabilities redeemed by another test's interest cure."""
    due = interest_cure_due(state, k)
    if amount >= due:
        state.oc[k, OcState.PRIOR_INTEREST_CURE] += due
        state.oc[k, OcState.PRINCIPAL_CURE] = 0.0
    else:
        state.oc[k, OcState.PRIOR_INTEREST_CURE] += amount
    resize_principal_cure(terms, state, k)


@kernel
def pay_principal_cure(state, k, cash):
    """Pay the principal-side cure of OC test k; returns the amount paid."""
    due = principal_cure_due(state, k)
    paid = due if cash > due else cash
    state.oc[k, OcState.PRINCIPAL_CURE_PAID] += paid
    return paid


@kernel
def receive_principal_cure(state, k, amount):
    """Credit OC test k with liabilities redeemed by another test's principal cure."""
    state.oc[k, OcState.PRIOR_PRINCIPAL_CURE] += min(amount, principal_cure_due(state, k))


@kernel
def pay_ic_cure(state, j, cash):
    """Pay the cure of IC test j; returns the amount paid."""
    due = ic_cure_due(state, j)
    paid = due if cash > due else cash
    state.ic[j, IcState.CURE_PAID] += paid
    return paid


@kernel
def receive_ic_cure(state, j, amount):
    """Credit IC test j with liabilities redeemed by another test's cure."""
    state.ic[j, IcState.PRIOR_CURE] += min(amount, ic_cure_due(state, j))


@kernel
def collateral_shortfall(terms, state, k, redeemed):
    """Collateral that OC test k lacks, currency, once `redeemed` liabilities are paid with interest (spec 02 §14.8)."""
    if state.oc[k, OcState.IS_PASSED] != 0.0 or terms.policy & Policy.OC_CURES_OFF:
        return 0.0
    left = state.oc[k, OcState.DENOMINATOR] - redeemed
    return max(0.0, terms.oc_trigger[k] * left - state.oc[k, OcState.NUMERATOR])
