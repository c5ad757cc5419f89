"""Tests, predicates and conditions of a program, evaluated from the state of a period (spec 02 §5.2, §14, §16.3)."""

from engine.liabilities.kernels import (
    current_balance,
    fee_due,
    interest_due,
)
from engine.liabilities.kernels_coverage import (
    evaluate_ic,
    evaluate_oc,
)
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
)
from engine.numerics import inlined_kernel as kernel
from engine.waterfall.codes import (
    NO_LABEL,
    Codes,
    CompiledProgram,
    ConditionCode,
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
