"""The one interpreter of waterfall programs, and the evaluation of a program's tests (spec 02 §14).

Kernels change one scenario's PeriodState in place; cash in currency. `trace` is float64 (rows, 6) - period, section,
step, cash before, paid, cash after, one row per executed step - or has no rows, and then costs nothing.
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
    IcState,
    OcState,
    Policy,
    Register,
    ReserveState,
    Status,
)
from engine.numerics import kernel
from engine.waterfall.codes import (
    NO_LABEL,
    SHARE_IC,
    AllocationCode,
    Column,
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
def ic_numerator(program, terms, state, interest_proceeds):
    """Interest proceeds less the fees above the tested interest: in standard mode all of them with arrears (DQ-26)."""
    numerator = interest_proceeds
    for position in range(program.ic_fees.shape[0]):
        f = program.ic_fees[position]
        if terms.policy & Policy.IC_DEDUCTS_CURRENT_ACCRUAL:
            numerator -= state.fee[f, FeeState.ACCRUED]
        else:
            numerator -= fee_due(state, f)
    return numerator


@kernel
def evaluate_tests(program, terms, state, ic_numerator_amount, oc_numerator_amount, event_of_default_numerator):
    """Evaluate all IC tests, then all OC tests with diversion and event of default (spec 02 §5.2 step 11).

    Numerators in currency. Writes state.ic, state.oc and the two buffers; returns a Status.
    """
    for j in range(state.ic.shape[0]):
        interest = 0.0
        balance = 0.0
        for position in range(program.ic_bounds[j], program.ic_bounds[j + 1]):
            t = program.ic_members[position]
            interest += interest_due(terms, state, t)
            balance += current_balance(terms, state, t)
        evaluate_ic(terms, state, j, ic_numerator_amount, interest, balance)
    for k in range(state.oc.shape[0]):
        balance = 0.0
        for position in range(program.oc_bounds[k], program.oc_bounds[k + 1]):
            balance += current_balance(terms, state, program.oc_members[position])
        numerator = event_of_default_numerator if program.oc_numerator[k] else oc_numerator_amount
        status = evaluate_oc(terms, state, k, numerator, balance)
        if status != Status.OK:
            return status
    _measure_buffers(program, terms, state)
    return Status.OK


@kernel
def _measure_buffers(program, terms, state):
    """Smallest ratio above trigger over the coverage tests that have a denominator; infinite without any."""
    buffer = INFINITE
    for position in range(program.covered_oc.shape[0]):
        k = program.covered_oc[position]
        if state.oc[k, OcState.DENOMINATOR] > 0.0:
            buffer = min(buffer, state.oc[k, OcState.RATIO] - terms.oc_trigger[k])
    state.register[Register.OC_BUFFER] = buffer
    buffer = INFINITE
    for position in range(program.covered_ic.shape[0]):
        j = program.covered_ic[position]
        if state.ic[j, IcState.DENOMINATOR] > 0.0:
            buffer = min(buffer, state.ic[j, IcState.RATIO] - terms.ic_trigger[j])
    state.register[Register.IC_BUFFER] = buffer


@kernel
def evaluate_predicates(program, state):
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
def is_event_of_default(program, state):
    """Whether the event-of-default test of the period failed."""
    return program.event_of_default >= 0 and state.oc[program.event_of_default, OcState.IS_PASSED] == 0.0


@kernel
def run_section(program, terms, state, section, cash, trace):
    """Run one section from its cash (spec 02 §14.4); returns a Status.

    Payments are booked in the state, transfers in the registers, undistributed cash in register CASH_LEFT. Negative
    cash is carried in a register in standard mode and runs through the steps in legacy mode (DQ-16).
    """
    register = state.register
    register[Register.CURE_PAID] = 0.0
    if cash < 0.0 and not terms.policy & Policy.NEGATIVE_CASH_ABSORBED:
        carried = Register.INTEREST_CARRIED if section == SectionCode.INT else Register.PRINCIPAL_CARRIED
        register[carried] += cash
        cash = 0.0
    if section == SectionCode.PRIN:
        state.context[Context.CONTROLLING_CLASS] = controlling_class(program, terms, state)
    first = program.section_bounds[section, 0]
    for row in range(first, program.section_bounds[section, 1]):
        if not (
            holds(program, state, program.ops[row, Column.CONDITION_1], program.ops[row, Column.ARGUMENT_1])
            and holds(program, state, program.ops[row, Column.CONDITION_2], program.ops[row, Column.ARGUMENT_2])
        ):
            continue
        status, paid, left = run_step(program, terms, state, row, cash)
        if status != Status.OK:
            state.context[Context.FAILED_SECTION] = section
            state.context[Context.FAILED_STEP] = row - first
            register[Register.CASH_LEFT] = cash
            return status
        if trace.shape[0] > 0:
            record_step(state, section, row - first, cash, paid, left, trace)
        cash = left
    register[Register.CASH_LEFT] = cash
    return Status.OK


@kernel
def record_step(state, section, step, cash_before, paid, cash_after, trace):
    """Append one row to the trace; rows beyond its length are not kept."""
    row = state.context[Context.TRACE_ROWS]
    if row >= trace.shape[0]:
        return
    trace[row, 0] = state.context[Context.PERIOD]
    trace[row, 1] = int(section)
    trace[row, 2] = step
    trace[row, 3] = cash_before
    trace[row, 4] = paid
    trace[row, 5] = cash_after
    state.context[Context.TRACE_ROWS] = row + 1


@kernel
def controlling_class(program, terms, state):
    """Label of the first control entry with a balance, NO_LABEL if there is none."""
    for entry in range(program.control_labels.shape[0]):
        balance = 0.0
        for position in range(program.control_bounds[entry], program.control_bounds[entry + 1]):
            balance += current_balance(terms, state, program.control_members[position])
        if balance > 0.0:
            return program.control_labels[entry]
    return NO_LABEL


@kernel
def holds(program, state, condition, argument):
    """Whether a condition of a step is met."""
    if condition == ConditionCode.ALWAYS:
        return True
    code = abs(condition)
    is_met = False
    if code == ConditionCode.REINVESTING:
        is_met = state.context[Context.IS_REINVESTING] != 0
    elif code == ConditionCode.POST:
        is_met = state.context[Context.IS_REINVESTING] == 0
    elif code == ConditionCode.CONTROLLING_CLASS:
        is_met = state.context[Context.CONTROLLING_CLASS] == argument
    elif code == ConditionCode.LIQUIDATING:
        is_met = state.context[Context.IS_LIQUIDATING] != 0
    elif code == ConditionCode.OC_FAILED:
        is_met = state.oc[argument, OcState.IS_PASSED] == 0.0
    elif code == ConditionCode.OC_PASSED:
        is_met = state.oc[argument, OcState.IS_PASSED] != 0.0
    elif code == ConditionCode.IC_FAILED:
        is_met = state.ic[argument, IcState.IS_PASSED] == 0.0
    elif code == ConditionCode.ALL_PASSED:
        is_met = all_passed(program, state)
    elif code == ConditionCode.PREDICATE:
        is_met = state.predicate[argument] != 0
    elif code == ConditionCode.PAYMENT_FROM:
        is_met = state.context[Context.PAYMENT_DAY] >= argument
    elif code == ConditionCode.FIRST_PERIOD:
        is_met = state.context[Context.PERIOD] == 1
    return is_met != (condition < 0)


@kernel
def all_passed(program, state):
    """Whether every coverage test passed at the period's start."""
    for position in range(program.covered_oc.shape[0]):
        if state.oc[program.covered_oc[position], OcState.IS_PASSED] == 0.0:
            return False
    for position in range(program.covered_ic.shape[0]):
        if state.ic[program.covered_ic[position], IcState.IS_PASSED] == 0.0:
            return False
    return True


@kernel
def run_step(program, terms, state, row, cash):
    """Execute one step: (Status, amount paid, cash left)."""
    op = program.ops[row, Column.OP]
    a = program.ops[row, Column.A]
    mode = program.ops[row, Column.MODE]
    register = state.register
    if op == Op.INT or op == Op.PIK or op == Op.PRN:
        return pay_group(program, terms, state, op, a, mode, cash)
    if op == Op.FEE:
        return run_fee(state, a, mode, program.parameters[row, 0], cash)
    if op == Op.CURE:
        paid = run_cure(program, terms, state, row, cash)
        return Status.OK, paid, cash - paid
    if op == Op.DIVERT:
        paid = diversion(terms, state, a, mode, program.parameters[row, 0], cash)
        register[Register.PRINCIPAL_PROCEEDS] += paid
        return Status.OK, paid, cash - paid
    if op == Op.REINVEST:
        paid = cash
        if mode == ReinvestCode.MAX:
            paid = min(register[Register.REINVESTMENT_CAP], cash)
        register[Register.REINVESTED] += paid
        return Status.OK, paid, cash - paid
    if op == Op.NOTES:
        register[Register.NOTES] += cash
        return Status.OK, cash, 0.0
    if op == Op.EQUITY:
        gate = program.ops[row, Column.B]
        is_fee_open = gate == 0 or state.predicate[gate - 1] != 0
        distribute_equity(
            terms,
            state,
            program.equity,
            mode,
            program.parameters[row, 0],
            program.parameters[row, 1],
            is_fee_open,
            cash,
        )
        return Status.OK, cash, 0.0
    if op == Op.SCHED:
        paid = pay_scheduled(state, a, cash)
        return Status.OK, paid, cash - paid
    if op == Op.SWEEP:
        paid = run_sweep(state, a, mode, program.parameters[row, 0], program.parameters[row, 1], cash)
        return Status.OK, paid, cash - paid
    if op == Op.RESERVE:
        paid = run_reserve(program, terms, state, row, cash)
        return Status.OK, paid, cash - paid
    if op == Op.ESCROW:
        paid = cash if mode == EscrowCode.HOLD else -register[Register.ESCROW]
        register[Register.ESCROW] += paid
        return Status.OK, paid, cash - paid
    return Status.RAISED, 0.0, cash


@kernel
def run_fee(state, f, source, amount, cash):
    """Pay a fee from cash, from the last cure's amount, or in part: (Status, paid, cash left)."""
    if source == FeeSource.CURE_PAID:
        return Status.OK, pay_fee(state, f, fee_due(state, f), state.register[Register.CURE_PAID]), cash
    due = fee_due(state, f)
    paid_before = state.fee[f, FeeState.PAID]
    if source == FeeSource.CAPPED:
        due = max(0.0, min(due, amount * state.fee[f, FeeState.YEAR_FRACTION] - paid_before))
    elif source == FeeSource.PART:
        due = max(0.0, amount * (due + paid_before) - paid_before)
    paid = pay_fee(state, f, due, cash)
    return Status.OK, paid, cash - paid


@kernel
def due_of(terms, state, op, t):
    """What tranche t can take in an INT, PIK or PRN step, currency."""
    if op == Op.INT:
        return interest_due(terms, state, t)
    if op == Op.PIK:
        return deferred_due(state, t)
    return principal_due(state, t)


@kernel
def legacy_weight(terms, state, op, t):
    """Weight of tranche t in a legacy group: interest due, gross deferred balance, or balance with deferred (DQ-40)."""
    if op == Op.INT:
        return interest_due(terms, state, t)
    if op == Op.PIK:
        return deferred_begin(terms, state, t)
    return current_balance(terms, state, t)


@kernel
def pay_tranche(terms, state, op, t, cash):
    """Pay one tranche in an INT, PIK or PRN step; returns the amount paid."""
    if op == Op.INT:
        return pay_interest(terms, state, t, cash)
    if op == Op.PIK:
        return pay_deferred(state, t, cash)
    return pay_principal(terms, state, t, cash)


@kernel
def pay_group(program, terms, state, op, group, allocation, cash):
    """Pay a group of tranches: (Status, paid, cash left)."""
    first = program.group_bounds[group]
    last = program.group_bounds[group + 1]
    if allocation == AllocationCode.SEQUENTIAL:
        paid = pay_in_order(program, terms, state, op, first, last, cash)
        return Status.OK, paid, cash - paid
    if allocation == AllocationCode.PRO_RATA:
        paid = pay_pro_rata(program, terms, state, op, first, last, cash)
        return Status.OK, paid, cash - paid
    weight = 0.0
    for position in range(first, last):
        weight += legacy_weight(terms, state, op, program.group_members[position])
    if weight <= cash:
        if allocation == AllocationCode.RAISE_IF_COVERED:
            return Status.RAISED, 0.0, cash
        paid = pay_in_order(program, terms, state, op, first, last, cash)
        return Status.OK, paid, cash - paid
    if allocation == AllocationCode.RAISE_IF_SHORT:
        return Status.RAISED, 0.0, cash
    if allocation == AllocationCode.BOOLEAN_LEGACY:
        return Status.OK, pay_comparison(program, terms, state, first, last, cash), 0.0
    if weight == 0.0:
        return Status.UNDEFINED_ALLOCATION, 0.0, cash
    paid = 0.0
    for position in range(first, last):
        t = program.group_members[position]
        offered = cash * legacy_weight(terms, state, op, t) / weight
        taker = program.group_members[first] if allocation == AllocationCode.FIRST_TWICE else t
        paid += pay_tranche(terms, state, op, taker, offered)
    return Status.OK, paid, 0.0


@kernel
def pay_in_order(program, terms, state, op, first, last, cash):
    """Pay members one after the other; returns the amount paid."""
    left = cash
    for position in range(first, last):
        left -= pay_tranche(terms, state, op, program.group_members[position], left)
    return cash - left


@kernel
def pay_pro_rata(program, terms, state, op, first, last, cash):
    """Pay members in proportion to what each can take; what all of them cannot take stays. Returns the amount paid.

    The weights are the claims themselves, so cash that a member could not use never arises while others are short.
    """
    claims = 0.0
    for position in range(first, last):
        claims += due_of(terms, state, op, program.group_members[position])
    if claims <= cash:
        return pay_in_order(program, terms, state, op, first, last, cash)
    left = cash
    for position in range(first, last):
        t = program.group_members[position]
        due = due_of(terms, state, op, t)
        offered = left
        # the last member takes the rest, so that rounding leaves nothing behind
        if position < last - 1 and claims > 0.0:
            offered = min(left, left * due / claims)
        claims -= due
        left -= pay_tranche(terms, state, op, t, offered)
    return cash - left


@kernel
def pay_comparison(program, terms, state, first, last, cash):
    """Book the value of the comparison `cash = 0` as principal of every member: -1.00 or 0 (DQ-39)."""
    booked = -1.0 if cash == 0.0 else 0.0
    paid = 0.0
    for position in range(first, last):
        paid += pay_principal(terms, state, program.group_members[position], booked)
    return paid


@kernel
def run_cure(program, terms, state, row, cash):
    """Joint cure of an OC and an IC test, credited to the tests of its share list (spec 02 §11); returns the amount."""
    k = program.ops[row, Column.A]
    j = program.ops[row, Column.B]
    is_principal = program.ops[row, Column.MODE]
    oc_due = principal_cure_due(state, k) if is_principal else interest_cure_due(state, k)
    if j >= 0 and ic_cure_due(state, j) > oc_due:
        paid = pay_ic_cure(state, j, cash)
        receive_oc_cure(terms, state, k, is_principal, paid)
    else:
        paid = pay_principal_cure(state, k, cash) if is_principal else pay_interest_cure(terms, state, k, cash)
        if j >= 0:
            receive_ic_cure(state, j, paid)
    state.register[Register.NOTES] += paid
    state.register[Register.CURE_PAID] = paid
    offset = program.ops[row, Column.SHARE_OFFSET]
    for position in range(offset, offset + program.ops[row, Column.SHARE_LENGTH]):
        test = program.shares[position]
        if test >= SHARE_IC:
            receive_ic_cure(state, test - SHARE_IC, paid)
        else:
            receive_oc_cure(terms, state, test, is_principal, paid)
    return paid


@kernel
def receive_oc_cure(terms, state, k, is_principal, amount):
    """Credit OC test k with another test's cure of the same side."""
    if is_principal:
        receive_principal_cure(state, k, amount)
    else:
        receive_interest_cure(terms, state, k, amount)


@kernel
def diversion(terms, state, k, sizing, fraction, cash):
    """Interest sent to principal proceeds while OC test k fails (spec 02 §12.1, §14.8), currency."""
    if state.oc[k, OcState.IS_PASSED] != 0.0:
        return 0.0
    if sizing == DiversionSizing.COLLATERAL:
        return min(fraction * cash, collateral_shortfall(terms, state, k, state.register[Register.NOTES]))
    return min(fraction * cash, interest_cure_due(state, k))


@kernel
def run_sweep(state, account, destination, fraction, cap, cash):
    """Send a fraction of the cash elsewhere; returns the amount."""
    amount = min(fraction * cash, cap)
    if destination == Destination.NOTES:
        state.register[Register.NOTES] += amount
    elif destination == Destination.PRIN:
        state.register[Register.PRINCIPAL_PROCEEDS] += amount
    elif destination == Destination.ESCROW:
        state.register[Register.ESCROW] += amount
    else:
        state.reserve[account, ReserveState.BALANCE] += amount
        state.reserve[account, ReserveState.MOVEMENT] += amount
    return amount


@kernel
def run_reserve(program, terms, state, row, cash):
    """Fund a reserve account, or draw on it for the claims that cash does not cover; returns the cash it takes.

    A draw returns a negative amount: it adds to the cash.
    """
    account = program.ops[row, Column.A]
    balance = state.reserve[account, ReserveState.BALANCE]
    if program.ops[row, Column.MODE] == ReserveCode.FUND:
        room = min(program.parameters[row, 0], program.parameters[row, 1]) - balance
        amount = max(0.0, min(cash, room))
    else:
        claims = 0.0
        offset = program.ops[row, Column.SHARE_OFFSET]
        for position in range(offset, offset + program.ops[row, Column.SHARE_LENGTH]):
            claim = program.shares[position]
            if claim >= SHARE_IC:
                claims += interest_due(terms, state, claim - SHARE_IC)
            else:
                claims += fee_due(state, claim)
        amount = -max(0.0, min(balance, claims - cash))
    state.reserve[account, ReserveState.BALANCE] += amount
    state.reserve[account, ReserveState.MOVEMENT] += amount
    return amount
