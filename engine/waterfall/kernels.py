"""The one interpreter of waterfall programs (spec 02 §14).

Kernels change one scenario's PeriodState in place; cash in currency. `trace` is float64 (rows, 6) - period, section,
step, cash before, paid, cash after, one row per executed step - or has no rows, and then costs nothing.
"""

from engine.borrowing import borrowed
from engine.liabilities.kernels import (
    fee_due,
    pay_fee,
    pay_scheduled,
)
from engine.liabilities.kernels_incentive import distribute_equity
from engine.liabilities.state import (
    Context,
    Floats,
    Integers,
    LiabilityTerms,
    PeriodState,
    Policy,
    Register,
)
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel
from engine.waterfall.codes import (
    AllocationCode,
    Column,
    CompiledProgram,
    EscrowCode,
    FeeSource,
    Op,
    ReinvestCode,
    SectionCode,
)
from engine.waterfall.kernels_steps import (
    claims_of,
    diversion,
    pay_in_order,
    pay_legacy_group,
    pay_pro_rata,
    run_cure,
    run_fee,
    run_reserve,
    run_sweep,
)
from engine.waterfall.kernels_tests import controlling_class, holds


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
