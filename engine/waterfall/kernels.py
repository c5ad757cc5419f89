"""The one interpreter of waterfall programs, and the evaluation of a program's tests (spec 02 §14).

Kernels change one scenario's PeriodState in place; cash in currency. `trace` is float64 (rows, 6) - period, section,
step, cash before, paid, cash after, one row per executed step - or has no rows, and then costs nothing.
"""

from engine.borrowing import borrowed
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
    pay_scheduled,
    principal_due,
)
from engine.liabilities.kernels_coverage import (
    collateral_shortfall,
    evaluate_ic,
    evaluate_oc,
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
from engine.liabilities.kernels_incentive import distribute_equity
from engine.liabilities.state import (
    Context,
    FeeState,
    Floats,
    IcState,
    Integers,
    LiabilityTerms,
    OcState,
    PeriodState,
    Policy,
    Register,
    ReserveState,
)
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel
from engine.waterfall.codes import (
    NO_LABEL,
    SHARE_IC,
    AllocationCode,
    Codes,
    Column,
    CompiledProgram,
    ConditionCode,
    Destination,
    DiversionSizing,
    EscrowCode,
    FeeSource,
    Op,
    ReinvestCode,
    ReserveCode,
    SectionCode,
)

INFINITE = 1e308


@kernel
def ic_numerator(
    program: CompiledProgram, terms: LiabilityTerms, state: PeriodState, interest_proceeds: float
) -> float:
    """Interest proceeds less the fees above the tested interest: in standard mode all of them with arrears (DQ-26)."""
    numerator = interest_proceeds
    for position in range(program.ic_fees.shape[0]):
        f = program.ic_fees[position]
        if terms.policy & Policy.IC_DEDUCTS_CURRENT_ACCRUAL:
            numerator -= state.fee[f, FeeState.ACCRUED]
        else:
            numerator -= fee_due(state.fee, f)
    return numerator


@kernel
def evaluate_tests(
    program: CompiledProgram,
    terms: LiabilityTerms,
    state: PeriodState,
    ic_numerator_amount: float,
    oc_numerator_amount: float,
    event_of_default_numerator: float,
) -> int:
    """Evaluate all IC tests, then all OC tests with diversion and event of default (spec 02 §5.2 step 11).

    Numerators in currency. Writes state.ic, state.oc and the two buffers; returns a Status.
    """
    tranche, contract, policy = state.tranche, terms.tranche, terms.policy
    ic, ic_trigger, ic_bounds, ic_members = state.ic, terms.ic_trigger, program.ic_bounds, program.ic_members
    for j in range(ic.shape[0]):
        interest = 0.0
        balance = 0.0
        for position in range(ic_bounds[j], ic_bounds[j + 1]):
            t = ic_members[position]
            interest += interest_due(tranche, contract, policy, t)
            balance += current_balance(tranche, contract, t)
        evaluate_ic(ic, j, ic_trigger[j], policy, ic_numerator_amount, interest, balance)
    oc, oc_trigger, oc_bounds, oc_members = state.oc, terms.oc_trigger, program.oc_bounds, program.oc_members
    selectors = program.oc_numerator
    for k in range(oc.shape[0]):
        balance = 0.0
        for position in range(oc_bounds[k], oc_bounds[k + 1]):
            balance += current_balance(tranche, contract, oc_members[position])
        numerator = event_of_default_numerator if selectors[k] else oc_numerator_amount
        status = evaluate_oc(oc, k, oc_trigger[k], policy, numerator, balance)
        if status != 0:
            return status
    _measure_buffers(oc, oc_trigger, program.covered_oc, ic, ic_trigger, program.covered_ic, state.register)
    return 0


@kernel
def _measure_buffers(
    oc: Floats,
    oc_trigger: Floats,
    covered_oc: Codes,
    ic: Floats,
    ic_trigger: Floats,
    covered_ic: Codes,
    register: Floats,
) -> None:
    """Smallest ratio above trigger over the coverage tests that have a denominator; infinite without any."""
    buffer = INFINITE
    for position in range(covered_oc.shape[0]):
        k = covered_oc[position]
        if oc[k, OcState.DENOMINATOR] > 0.0:
            buffer = min(buffer, oc[k, OcState.RATIO] - oc_trigger[k])
    register[Register.OC_BUFFER] = buffer
    buffer = INFINITE
    for position in range(covered_ic.shape[0]):
        j = covered_ic[position]
        if ic[j, IcState.DENOMINATOR] > 0.0:
            buffer = min(buffer, ic[j, IcState.RATIO] - ic_trigger[j])
    register[Register.IC_BUFFER] = buffer


@kernel
def evaluate_predicates(program: CompiledProgram, state: PeriodState) -> None:
    """Section PRE: truth of every feature predicate from the registers, into state.predicate (spec 02 §16.3)."""
    predicate = state.predicate
    predicate[:] = 1
    for row in range(program.predicate_terms.shape[0]):
        metric = state.register[program.predicate_terms[row, 1]]
        level = program.predicate_levels[row]
        comparison = program.predicate_terms[row, 2]
        if comparison == 1:
            is_true = metric > level
        elif comparison == -1:
            is_true = metric < level
        elif comparison == 2:
            is_true = metric >= level
        else:
            is_true = metric <= level
        if not is_true:
            predicate[program.predicate_terms[row, 0]] = 0


@kernel
def is_event_of_default(program: CompiledProgram, state: PeriodState) -> bool:
    """Whether the event-of-default test of the period failed."""
    return program.event_of_default >= 0 and state.oc[program.event_of_default, OcState.IS_PASSED] == 0.0


@outlined_kernel
def run_section(
    program: CompiledProgram, terms: LiabilityTerms, state: PeriodState, section: int, cash: float, trace: Floats
) -> int:
    """Run one section from its cash (spec 02 §14.4); returns a Status.

    Payments are booked in the state, transfers in the registers, undistributed cash in register CASH_LEFT. Negative
    cash is carried in a register in standard mode and runs through the steps in legacy mode (DQ-16).
    """
    program, terms, state, trace = borrowed(program), borrowed(terms), borrowed(state), borrowed(trace)
    ops, parameters, shares = program.ops, program.parameters, program.shares
    group_bounds, group_members = program.group_bounds, program.group_members
    covered_oc, covered_ic, equity = program.covered_oc, program.covered_ic, program.equity
    contract, oc_trigger, policy, share = terms.tranche, terms.oc_trigger, terms.policy, terms.incentive_share
    tranche, fee, oc, ic, incentive = state.tranche, state.fee, state.oc, state.ic, state.incentive
    register, context, predicate, reserve = state.register, state.context, state.predicate, state.reserve
    register[Register.CURE_PAID] = 0.0
    if cash < 0.0 and policy & Policy.NEGATIVE_CASH_ABSORBED == 0:
        carried = Register.INTEREST_CARRIED if section == SectionCode.INT else Register.PRINCIPAL_CARRIED
        register[carried] += cash
        cash = 0.0
    if section == SectionCode.PRIN:
        context[Context.CONTROLLING_CLASS] = controlling_class(
            program.control_bounds, program.control_members, program.control_labels, tranche, contract
        )
    first = program.section_bounds[section, 0]
    last = program.section_bounds[section, 1]
    for row in range(first, last):
        condition, argument = ops[row, Column.CONDITION_1], ops[row, Column.ARGUMENT_1]
        is_due = condition == 0 or holds(condition, argument, context, oc, ic, predicate, covered_oc, covered_ic)
        condition, argument = ops[row, Column.CONDITION_2], ops[row, Column.ARGUMENT_2]
        if condition != 0 and is_due:
            is_due = holds(condition, argument, context, oc, ic, predicate, covered_oc, covered_ic)
        if not is_due:
            continue
        op = ops[row, Column.OP]
        a = ops[row, Column.A]
        mode = ops[row, Column.MODE]
        amount = parameters[row, 0]
        limit = parameters[row, 1]
        status = 0
        paid = 0.0
        taken = 0.0
        if op == Op.INT or op == Op.PIK or op == Op.PRN:
            begin, end = group_bounds[a], group_bounds[a + 1]
            if mode == AllocationCode.SEQUENTIAL:
                paid = pay_in_order(tranche, contract, policy, group_members, begin, end, op, cash)
                taken = paid
            elif mode == AllocationCode.PRO_RATA:
                paid = pay_pro_rata(tranche, contract, policy, group_members, begin, end, op, cash)
                taken = paid
            else:
                status, paid, is_all_gone = pay_legacy_group(
                    tranche, contract, policy, group_members, begin, end, op, mode, cash
                )
                taken = cash if is_all_gone else paid
        elif op == Op.FEE and mode == FeeSource.CURE_PAID:
            # out of the last cure's amount: the cash of the section does not shrink (DQ-36)
            paid = pay_fee(fee, a, fee_due(fee, a), register[Register.CURE_PAID])
        elif op == Op.FEE:
            paid = run_fee(fee, a, mode, amount, cash)
            taken = paid
        elif op == Op.CURE:
            paid = run_cure(oc, ic, oc_trigger, policy, shares, ops, row, cash)
            register[Register.NOTES] += paid
            register[Register.CURE_PAID] = paid
            taken = paid
        elif op == Op.DIVERT:
            paid = diversion(oc, a, oc_trigger[a], policy, mode, amount, register[Register.NOTES], cash)
            register[Register.PRINCIPAL_PROCEEDS] += paid
            taken = paid
        elif op == Op.REINVEST:
            paid = min(register[Register.REINVESTMENT_CAP], cash) if mode == ReinvestCode.MAX else cash
            register[Register.REINVESTED] += paid
            taken = paid
        elif op == Op.NOTES:
            paid = cash
            register[Register.NOTES] += paid
            taken = paid
        elif op == Op.EQUITY:
            gate = ops[row, Column.B]
            is_fee_open = gate == 0 or predicate[gate - 1] != 0
            distribute_equity(
                incentive, tranche, register, share, policy, equity, mode, amount, limit, is_fee_open, cash
            )
            paid = cash
            taken = paid
        elif op == Op.SCHED:
            paid = pay_scheduled(tranche, a, cash)
            taken = paid
        elif op == Op.SWEEP:
            paid = run_sweep(register, reserve, a, mode, amount, limit, cash)
            taken = paid
        elif op == Op.RESERVE:
            claims = claims_of(fee, tranche, contract, policy, shares, ops, row)
            paid = run_reserve(reserve, a, mode, amount, limit, claims, cash)
            taken = paid
        elif op == Op.ESCROW:
            paid = cash if mode == EscrowCode.HOLD else -register[Register.ESCROW]
            register[Register.ESCROW] += paid
            taken = paid
        else:
            status = 1
        if status != 0:
            context[Context.FAILED_SECTION] = section
            context[Context.FAILED_STEP] = row - first
            register[Register.CASH_LEFT] = cash
            return status
        if trace.shape[0] > 0:
            record_step(context, section, row - first, cash, paid, cash - taken, trace)
        cash -= taken
    register[Register.CASH_LEFT] = cash
    return 0


@kernel
def record_step(
    context: Integers, section: int, step: int, cash_before: float, paid: float, cash_after: float, trace: Floats
) -> None:
    """Append one row to the trace; rows beyond its length are not kept."""
    row = context[Context.TRACE_ROWS]
    if row >= trace.shape[0]:
        return
    trace[row, 0] = context[Context.PERIOD]
    trace[row, 1] = section * 1
    trace[row, 2] = step
    trace[row, 3] = cash_before
    trace[row, 4] = paid
    trace[row, 5] = cash_after
    context[Context.TRACE_ROWS] = row + 1


@kernel
def controlling_class(bounds: Codes, members: Codes, labels: Codes, tranche: Floats, contract: Floats) -> int:
    """Label of the first control entry with a balance, NO_LABEL if there is none."""
    for entry in range(labels.shape[0]):
        balance = 0.0
        for position in range(bounds[entry], bounds[entry + 1]):
            balance += current_balance(tranche, contract, members[position])
        if balance > 0.0:
            return labels[entry]
    return NO_LABEL


@kernel
def holds(
    condition: int,
    argument: int,
    context: Integers,
    oc: Floats,
    ic: Floats,
    predicate: Integers,
    covered_oc: Codes,
    covered_ic: Codes,
) -> bool:
    """Whether a condition of a step is met."""
    code = abs(condition)
    is_met = True
    if code == ConditionCode.CONTROLLING_CLASS:
        is_met = context[Context.CONTROLLING_CLASS] == argument
    elif code == ConditionCode.REINVESTING:
        is_met = context[Context.IS_REINVESTING] != 0
    elif code == ConditionCode.POST:
        is_met = context[Context.IS_REINVESTING] == 0
    elif code == ConditionCode.LIQUIDATING:
        is_met = context[Context.IS_LIQUIDATING] != 0
    elif code == ConditionCode.OC_FAILED:
        is_met = oc[argument, OcState.IS_PASSED] == 0.0
    elif code == ConditionCode.OC_PASSED:
        is_met = oc[argument, OcState.IS_PASSED] != 0.0
    elif code == ConditionCode.IC_FAILED:
        is_met = ic[argument, IcState.IS_PASSED] == 0.0
    elif code == ConditionCode.ALL_PASSED:
        is_met = all_passed(oc, ic, covered_oc, covered_ic)
    elif code == ConditionCode.PREDICATE:
        is_met = predicate[argument] != 0
    elif code == ConditionCode.PAYMENT_FROM:
        is_met = context[Context.PAYMENT_DAY] >= argument
    elif code == ConditionCode.FIRST_PERIOD:
        is_met = context[Context.PERIOD] == 1
    return is_met != (condition < 0)


@kernel
def all_passed(oc: Floats, ic: Floats, covered_oc: Codes, covered_ic: Codes) -> bool:
    """Whether every coverage test passed at the period's start."""
    is_passed = True
    for position in range(covered_oc.shape[0]):
        is_passed = is_passed and oc[covered_oc[position], OcState.IS_PASSED] != 0.0
    for position in range(covered_ic.shape[0]):
        is_passed = is_passed and ic[covered_ic[position], IcState.IS_PASSED] != 0.0
    return is_passed


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
