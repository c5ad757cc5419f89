"""What single steps of a waterfall do: fees, groups, cures, diversion, sweeps, reserves (spec 02 §14.4).

Kernels change one scenario's state in place and return the cash they take, currency; conditions and the order of the
steps are the interpreter's.
"""

from engine.liabilities.kernels import (
    current_balance,
    deferred_begin,
    deferred_due,
    fee_due,
    interest_due,
    pay_deferred,
    pay_fee,
    pay_interest,
    pay_principal,
    principal_due,
)
from engine.liabilities.kernels_coverage import (
    collateral_shortfall,
    ic_cure_due,
    interest_cure_due,
    pay_ic_cure,
    pay_interest_cure,
    pay_principal_cure,
    principal_cure_due,
    receive_ic_cure,
    receive_interest_cure,
    receive_principal_cure,
)
from engine.liabilities.state import (
    FeeState,
    Floats,
    OcState,
    Register,
    ReserveState,
)
from engine.numerics import inlined_kernel as kernel
from engine.waterfall.codes import (
    SHARE_IC,
    AllocationCode,
    Codes,
    Column,
    Destination,
    DiversionSizing,
    FeeSource,
    Op,
    ReserveCode,
)


@kernel
def run_fee(fee: Floats, f: int, source: int, amount: float, cash: float) -> float:
    """Pay a fee from cash, at most a yearly cap or a part of what was due at the start; returns the amount paid."""
    due = fee_due(fee, f)
    paid_before = fee[f, FeeState.PAID]
    if source == FeeSource.CAPPED:
        due = max(0.0, min(due, amount * fee[f, FeeState.YEAR_FRACTION] - paid_before))
    elif source == FeeSource.PART:
        due = max(0.0, amount * (due + paid_before) - paid_before)
    return pay_fee(fee, f, due, cash)


@kernel
def due_of(tranche: Floats, contract: Floats, policy: int, op: int, t: int) -> float:
    """What tranche t can take in an INT, PIK or PRN step, currency."""
    if op == Op.INT:
        return interest_due(tranche, contract, policy, t)
    if op == Op.PIK:
        return deferred_due(tranche, t)
    return principal_due(tranche, t)


@kernel
def legacy_weight(tranche: Floats, contract: Floats, policy: int, op: int, t: int) -> float:
    """Weight of tranche t in a legacy group: interest due, gross deferred balance, or balance with deferred (DQ-40)."""
    if op == Op.INT:
        return interest_due(tranche, contract, policy, t)
    if op == Op.PIK:
        return deferred_begin(tranche, contract, t)
    return current_balance(tranche, contract, t)


@kernel
def pay_tranche(tranche: Floats, contract: Floats, policy: int, op: int, t: int, cash: float) -> float:
    """Pay one tranche in an INT, PIK or PRN step; returns the amount paid."""
    if op == Op.INT:
        return pay_interest(tranche, contract, policy, t, cash)
    if op == Op.PIK:
        return pay_deferred(tranche, t, cash)
    return pay_principal(tranche, contract, t, cash)


@kernel
def pay_legacy_group(
    tranche: Floats,
    contract: Floats,
    policy: int,
    members: Codes,
    first: int,
    last: int,
    op: int,
    allocation: int,
    cash: float,
) -> tuple[int, float, bool]:
    """Pay a group as legacy code did: (Status, paid, whether the rest of the cash is gone) (DQ-38 to DQ-40)."""
    weight = 0.0
    for position in range(first, last):
        weight += legacy_weight(tranche, contract, policy, op, members[position])
    if weight <= cash:
        if allocation == AllocationCode.RAISE_IF_COVERED:
            return 1, 0.0, False
        return 0, pay_in_order(tranche, contract, policy, members, first, last, op, cash), False
    if allocation == AllocationCode.RAISE_IF_SHORT:
        return 1, 0.0, False
    paid = 0.0
    if allocation == AllocationCode.BOOLEAN_LEGACY:
        # the value of the comparison `cash = 0`, booked as principal of every member (DQ-39)
        booked = -1.0 if cash == 0.0 else 0.0
        for position in range(first, last):
            paid += pay_principal(tranche, contract, members[position], booked)
        return 0, paid, True
    if weight == 0.0:
        return 2, 0.0, False
    for position in range(first, last):
        t = members[position]
        offered = cash * legacy_weight(tranche, contract, policy, op, t) / weight
        taker = members[first] if allocation == AllocationCode.FIRST_TWICE else t
        paid += pay_tranche(tranche, contract, policy, op, taker, offered)
    return 0, paid, True


@kernel
def pay_in_order(
    tranche: Floats, contract: Floats, policy: int, members: Codes, first: int, last: int, op: int, cash: float
) -> float:
    """Pay members one after the other; returns the amount paid."""
    left = cash
    for position in range(first, last):
        left -= pay_tranche(tranche, contract, policy, op, members[position], left)
    return cash - left


@kernel
def pay_pro_rata(
    tranche: Floats, contract: Floats, policy: int, members: Codes, first: int, last: int, op: int, cash: float
) -> float:
    """Pay members in proportion to what each can take; what all of them cannot take stays. Returns the amount paid.

    The weights are the claims themselves, so cash that a member could not use never arises while others are short.
    """
    claims = 0.0
    for position in range(first, last):
        claims += due_of(tranche, contract, policy, op, members[position])
    left = cash
    for position in range(first, last):
        t = members[position]
        due = due_of(tranche, contract, policy, op, t)
        offered = left
        # the last member takes the rest, so that rounding leaves nothing behind
        if claims > left and position < last - 1:
            offered = min(left, left * due / claims)
        claims -= due
        left -= pay_tranche(tranche, contract, policy, op, t, offered)
    return cash - left


@kernel
def run_cure(
    oc: Floats, ic: Floats, oc_trigger: Floats, policy: int, shares: Codes, ops: Codes, row: int, cash: float
) -> float:
    """Joint cure of an OC and an IC test, credited to the tests of its share list (spec 02 §11); returns the amount."""
    k = ops[row, Column.A]
    j = ops[row, Column.B]
    is_principal = ops[row, Column.MODE]
    trigger = oc_trigger[k]
    oc_due = principal_cure_due(oc, k) if is_principal else interest_cure_due(oc, k)
    if j >= 0 and ic_cure_due(ic, j) > oc_due:
        paid = pay_ic_cure(ic, j, cash)
        receive_oc_cure(oc, k, trigger, policy, is_principal, paid)
    else:
        paid = pay_principal_cure(oc, k, cash) if is_principal else pay_interest_cure(oc, k, trigger, policy, cash)
        if j >= 0:
            receive_ic_cure(ic, j, paid)
    offset = ops[row, Column.SHARE_OFFSET]
    for position in range(offset, offset + ops[row, Column.SHARE_LENGTH]):
        test = shares[position]
        if test >= SHARE_IC:
            receive_ic_cure(ic, test - SHARE_IC, paid)
        else:
            receive_oc_cure(oc, test, oc_trigger[test], policy, is_principal, paid)
    return paid


@kernel
def receive_oc_cure(oc: Floats, k: int, trigger: float, policy: int, is_principal: bool, amount: float) -> None:
    """Credit OC test k with another test's cure of the same side."""
    if is_principal:
        receive_principal_cure(oc, k, amount)
    else:
        receive_interest_cure(oc, k, trigger, policy, amount)


@kernel
def diversion(
    oc: Floats, k: int, trigger: float, policy: int, sizing: int, fraction: float, redeemed: float, cash: float
) -> float:
    """Interest sent to principal proceeds while OC test k fails (spec 02 §12.1, §14.8), currency."""
    if oc[k, OcState.IS_PASSED] != 0.0:
        return 0.0
    if sizing == DiversionSizing.COLLATERAL:
        return min(fraction * cash, collateral_shortfall(oc, k, trigger, policy, redeemed))
    return min(fraction * cash, interest_cure_due(oc, k))


@kernel
def run_sweep(
    register: Floats, reserve: Floats, account: int, destination: int, fraction: float, cap: float, cash: float
) -> float:
    """Send a fraction of the cash elsewhere; returns the amount."""
    amount = min(fraction * cash, cap)
    if destination == Destination.NOTES:
        register[Register.NOTES] += amount
    elif destination == Destination.PRIN:
        register[Register.PRINCIPAL_PROCEEDS] += amount
    elif destination == Destination.ESCROW:
        register[Register.ESCROW] += amount
    else:
        reserve[account, ReserveState.BALANCE] += amount
        reserve[account, ReserveState.MOVEMENT] += amount
    return amount


@kernel
def claims_of(
    fee: Floats, tranche: Floats, contract: Floats, policy: int, shares: Codes, ops: Codes, row: int
) -> float:
    """Fees and interest due that a reserve covers, currency."""
    claims = 0.0
    offset = ops[row, Column.SHARE_OFFSET]
    for position in range(offset, offset + ops[row, Column.SHARE_LENGTH]):
        claim = shares[position]
        if claim >= SHARE_IC:
            claims += interest_due(tranche, contract, policy, claim - SHARE_IC)
        else:
            claims += fee_due(fee, claim)
    return claims


@kernel
def run_reserve(
    reserve: Floats, account: int, direction: int, target: float, cap: float, claims: float, cash: float
) -> float:
    """Fund a reserve account, or draw on it for claims that cash does not cover; returns the cash it takes.

    A draw returns a negative amount: it adds to the cash.
    """
    balance = reserve[account, ReserveState.BALANCE]
    if direction == ReserveCode.FUND:
        amount = max(0.0, min(cash, min(target, cap) - balance))
    else:
        amount = -max(0.0, min(balance, claims - cash))
    reserve[account, ReserveState.BALANCE] += amount
    reserve[account, ReserveState.MOVEMENT] += amount
    return amount
