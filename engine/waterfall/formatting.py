"""The text of a program, as `engine.waterfall.parser` reads it (spec 02 §14.5): one step a line, canonical spelling."""

from engine.modes import Mode
from engine.waterfall.codes import AllocationCode, ConditionCode, Destination, FeeSource, SectionCode
from engine.waterfall.program import (
    STANDARD_FEES,
    Action,
    Condition,
    CoverageTest,
    Cure,
    Divert,
    DrawReserve,
    FundReserve,
    MoveEscrow,
    PayEquity,
    PayFee,
    PayNotes,
    PayScheduled,
    PayTranches,
    Predicate,
    Program,
    Raise,
    Reinvest,
    Step,
    Sweep,
)

ALLOCATION_MARKS = {
    AllocationCode.PRO_RATA_LEGACY: "~",
    AllocationCode.RAISE_IF_SHORT: "!short",
    AllocationCode.RAISE_IF_COVERED: "!full",
    AllocationCode.BOOLEAN_LEGACY: "!bool",
    AllocationCode.FIRST_TWICE: "!twice",
}
CONDITION_WORDS = {
    ConditionCode.REINVESTING: "REINV",
    ConditionCode.POST: "POST",
    ConditionCode.CONTROLLING_CLASS: "CC",
    ConditionCode.LIQUIDATING: "LIQ",
    ConditionCode.OC_FAILED: "OCFAIL",
    ConditionCode.OC_PASSED: "OCPASS",
    ConditionCode.IC_FAILED: "ICFAIL",
    ConditionCode.ALL_PASSED: "PASS",
    ConditionCode.PREDICATE: "F",
    ConditionCode.PAYMENT_FROM: "FROM",
    ConditionCode.FIRST_PERIOD: "FIRST",
}


def format_number(value: float) -> str:
    """Shortest text that reads back as the same number."""
    text = repr(float(value))
    return text.removesuffix(".0")


def format_condition(condition: Condition) -> str:
    """`?REINV`, `?!CC=C`, `?F:TURBO`."""
    sign = "!" if condition.is_negated else ""
    word = CONDITION_WORDS[condition.code]
    if not condition.argument:
        return f"?{sign}{word}"
    link = ":" if condition.code is ConditionCode.PREDICATE else "="
    return f"?{sign}{word}{link}{condition.argument}"


def format_action(action: Action) -> str:
    """One action without its conditions."""
    match action:
        case PayFee(fee, FeeSource.CURE_PAID):
            return f"FEE {fee} @x"
        case PayFee(fee, FeeSource.CAPPED, amount):
            return f"FEE {fee} cap {format_number(amount)}"
        case PayFee(fee, FeeSource.PART, amount):
            return f"FEE {fee} part {format_number(amount)}"
        case PayFee(fee):
            return f"FEE {fee}"
        case PayTranches(payment, (tranche,), AllocationCode.SEQUENTIAL):
            return f"{payment.value} {tranche}"
        case PayTranches(payment, tranches, allocation):
            return f"{payment.value} {{{' '.join(tranches)}}}{ALLOCATION_MARKS.get(allocation, '')}"
        case Cure(side, oc, ic, shared_ic, shared_oc):
            lists = f"| {' '.join(('IC', *shared_ic))} | {' '.join(('OC', *shared_oc))}"
            return f"CURE {side.value} {ic or '-'} {oc} {lists}"
        case Divert(oc, fraction):
            return f"DIVERT {oc} {format_number(fraction)}"
        case Reinvest(amount):
            return f"REINVEST {amount.name}"
        case PayNotes():
            return "NOTES"
        case PayEquity():
            return _equity(action)
        case PayScheduled(tranche):
            return f"SCHED {tranche}"
        case Sweep():
            return _sweep(action)
        case FundReserve(account, target, cap):
            limit = "" if cap is None else f" cap {format_number(cap)}"
            return f"RESERVE FUND {account} target {format_number(target)}{limit}"
        case DrawReserve(account, fees, tranches):
            return f"RESERVE DRAW {account} | {' '.join(('FEE', *fees))} | {' '.join(('INT', *tranches))}"
        case MoveEscrow(direction):
            return f"ESCROW {direction.name}"
        case Raise():
            return "RAISE"


def _equity(action: PayEquity) -> str:
    parts = [f"EQUITY {action.side.value}"]
    if action.catch_up:
        parts.append(f"catchup {format_number(action.catch_up)}")
    if action.manager_part != 1.0:
        parts.append(f"share {format_number(action.manager_part)}")
    if action.gate is not None:
        parts.append(f"fee if F:{action.gate}")
    return " ".join(parts)


def _sweep(action: Sweep) -> str:
    target = action.destination.name
    if action.destination is Destination.RESERVE:
        target = f"RESERVE {action.account}"
    limit = "" if action.cap is None else f" cap {format_number(action.cap)}"
    return f"SWEEP {format_number(action.fraction)} {target}{limit}"


def format_step(step: Step) -> str:
    """One step with its conditions, as a trace or an error names it."""
    return " ".join([*(format_condition(condition) for condition in step.conditions), format_action(step.action)])


def _tests(keyword: str, tests: tuple[CoverageTest, ...]) -> list[str]:
    if not tests:
        return []
    return [f"{keyword}  " + "; ".join(f"{test.name}: {' '.join(test.tranches)}" for test in tests)]


def _predicate(predicate: Predicate) -> str:
    terms = (f"{term.metric.value} {term.comparison.value} {format_number(term.level)}" for term in predicate.terms)
    return f"  {predicate.name} = {' and '.join(terms)}"


def format_program(program: Program) -> str:
    """The whole program as text; reading it gives the same program."""
    lines = [f"program {program.name}"] if program.name else []
    lines.append("mode " + ("legacy" if program.mode is Mode.LEGACY else "standard"))
    lines.append("tranches " + " ".join(program.tranches))
    lines += [f"fee {fee.code}: {fee.name}" for fee in program.fees if fee not in STANDARD_FEES]
    control = " ".join(f"{','.join(entry.tranches)}>{entry.label}" for entry in program.control)
    lines.append(f"control  {control}")
    lines += _tests("oc", program.oc) + _tests("ic", program.ic)
    if program.predicates:
        lines += ["PRE:", *(_predicate(predicate) for predicate in program.predicates)]
    for code in (SectionCode.INT, SectionCode.PRIN, SectionCode.NPS, SectionCode.EOD):
        lines.append(f"{code.name}:")
        lines += [f"  {format_step(step)}" for step in program.section(code)]
    return "\n".join(lines) + "\n"
