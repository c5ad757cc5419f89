"""Bind a program to a deal and turn it into the arrays of the interpreter (spec 02 §14.3)."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.errors import InputError, ProgramError
from engine.liabilities.state import Register
from engine.liabilities.terms import Fee, Tranche
from engine.modes import Quirk, Quirks
from engine.waterfall.checks import section_findings
from engine.waterfall.codes import (
    NO_LABEL,
    SHARE_IC,
    Codes,
    Column,
    CompiledProgram,
    ConditionCode,
    DiversionSizing,
    FeeSource,
    Op,
    ReserveCode,
    SectionCode,
)
from engine.waterfall.formatting import format_program, format_step
from engine.waterfall.program import (
    DEFAULT_TEST,
    DIVERSION_TEST,
    EQUITY,
    Action,
    Comparison,
    Condition,
    CoverageTest,
    Cure,
    Divert,
    DrawReserve,
    FundReserve,
    Metric,
    MoveEscrow,
    PayEquity,
    PayFee,
    Payment,
    PayNotes,
    PayScheduled,
    PayTranches,
    Program,
    Raise,
    Reinvest,
    Side,
    Step,
    Sweep,
)

_CLASS_PREFIX = "Class "
_PAYMENT_OPS = {Payment.INT: Op.INT, Payment.PIK: Op.PIK, Payment.PRN: Op.PRN}
_COMPARISON_CODES = {Comparison.ABOVE: 1, Comparison.BELOW: -1, Comparison.AT_LEAST: 2, Comparison.AT_MOST: -2}
_METRIC_REGISTERS = {
    Metric.IRR: Register.IRR,
    Metric.PRO_FORMA_IRR: Register.PRO_FORMA_IRR,
    Metric.MOIC: Register.MOIC,
    Metric.SPREAD: Register.SPREAD,
    Metric.OC_BUFFER: Register.OC_BUFFER,
    Metric.IC_BUFFER: Register.IC_BUFFER,
}
_RUNNING_SECTIONS = (SectionCode.INT, SectionCode.PRIN, SectionCode.NPS, SectionCode.EOD)
_EPOCH = date(1970, 1, 1)
_LEGACY_IC_FEES = ("Trustee Fee", "Base Manager Fee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """A program bound to a deal.

    compiled is the argument of the kernels; oc_names and ic_names give tests and triggers in the order of the arrays.
    metrics: what the deal has to supply to the registers before the predicates. step_texts: (section, step) to text.
    program_hash: SHA-256 of the canonical text, hex.
    """

    program: Program
    compiled: CompiledProgram
    oc_names: tuple[str, ...]
    oc_triggers: tuple[float, ...]
    ic_names: tuple[str, ...]
    ic_triggers: tuple[float, ...]
    metrics: frozenset[Metric]
    step_texts: dict[tuple[int, int], str]
    program_hash: str


def program_hash(program: Program) -> str:
    """SHA-256 of the canonical text, hex."""
    return hashlib.sha256(format_program(program).encode()).hexdigest()


def compile_program(
    program: Program,
    tranches: Sequence[Tranche],
    fees: Sequence[Fee],
    *,
    interest_diversion_trigger: float,
    event_of_default_trigger: float,
    quirks: Quirks,
) -> Waterfall:
    """Bind `program` to a deal's tranches, fees and triggers; indexes follow the order of the two sequences.

    Tranches and fees that the program does not name are allowed and never paid. Raises ProgramError for a program that
    breaks its own rules, InputError for a class, fee or trigger that the deal lacks.
    """
    for finding in section_findings(program):
        raise finding
    binding = _Binding(program, tranches, fees, quirks)
    bound = {DIVERSION_TEST: interest_diversion_trigger, DEFAULT_TEST: event_of_default_trigger}
    oc_triggers = tuple(bound[test.name] if test.name in bound else binding.trigger(test, "OC") for test in program.oc)
    ic_triggers = tuple(binding.trigger(test, "IC") for test in program.ic)
    return Waterfall(
        program=program,
        compiled=binding.compiled(),
        oc_names=tuple(test.name for test in program.oc),
        oc_triggers=oc_triggers,
        ic_names=tuple(test.name for test in program.ic),
        ic_triggers=ic_triggers,
        metrics=frozenset(term.metric for predicate in program.predicates for term in predicate.terms),
        step_texts={
            (int(code), number): format_step(step)
            for code in _RUNNING_SECTIONS
            for number, step in enumerate(program.section(code))
        },
        program_hash=program_hash(program),
    )


class _Binding:
    """Looks names up in the deal and gathers the compiled lists."""

    def __init__(self, program: Program, tranches: Sequence[Tranche], fees: Sequence[Fee], quirks: Quirks) -> None:
        self._program = program
        self._quirks = quirks
        self._tranches = {_class_of(tranche): tranche for tranche in tranches}
        self._tranche_index = {_class_of(tranche): t for t, tranche in enumerate(tranches)}
        for name in program.tranches:
            if name not in self._tranche_index:
                raise InputError(
                    "CLO-1231",
                    f"The program pays class {name}, which the deal does not have",
                    where=f"waterfall {program.name}",
                    remedy=f"The deal has {', '.join(self._tranche_index)}; correct the program or the tranches.",
                )
        fee_positions = {fee.name.strip().lower(): f for f, fee in enumerate(fees)}
        self._fee_index: dict[str, int] = {}
        for fee in program.fees:
            if fee.name.lower() in fee_positions:
                self._fee_index[fee.code] = fee_positions[fee.name.lower()]
        self._fee_names = {fee.code: fee.name for fee in program.fees}
        self._oc = {test.name: k for k, test in enumerate(program.oc)}
        self._ic = {test.name: j for j, test in enumerate(program.ic)}
        self._predicates = {predicate.name: p for p, predicate in enumerate(program.predicates)}
        self._labels = {label: code for code, label in enumerate(program.labels)}
        self._groups: dict[tuple[int, ...], int] = {(t,): t for t in range(len(tranches))}
        self._shares: list[int] = []

    def trigger(self, test: CoverageTest, kind: str) -> float:
        """Trigger of a class's test from the deal."""
        tranche = self._tranches.get(test.name)
        value = None if tranche is None else (tranche.oc_trigger if kind == "OC" else tranche.ic_trigger)
        if value is None:
            raise InputError(
                "CLO-1232",
                f"The program has an {kind} test {test.name}, for which the deal has no trigger",
                where=f"waterfall {self._program.name}",
                remedy=f"Give class {test.name} an {kind} trigger or take the test out of the program.",
            )
        return value

    def compiled(self) -> CompiledProgram:
        """The arrays of the program."""
        program = self._program
        steps: list[Step] = []
        bounds = []
        for code in _RUNNING_SECTIONS:
            bounds.append((len(steps), len(steps) + len(program.section(code))))
            steps += program.section(code)
        bounds.append((len(steps), len(steps)))
        ops = np.zeros((len(steps), len(Column)), dtype=np.int32)
        parameters = np.zeros((len(steps), 2))
        for row, step in enumerate(steps):
            self._write(step, ops[row], parameters[row])
        group_bounds, group_members = _compressed(self._groups)
        oc_bounds, oc_members = _compressed([self._indexes(test.tranches) for test in program.oc])
        ic_bounds, ic_members = _compressed([self._indexes(test.tranches) for test in program.ic])
        control_bounds, control_members = _compressed([self._indexes(entry.tranches) for entry in program.control])
        cures = [step.action for step in steps if isinstance(step.action, Cure)]
        terms = [(p, term) for p, predicate in enumerate(program.predicates) for term in predicate.terms]
        return CompiledProgram(
            ops=ops,
            parameters=parameters,
            section_bounds=np.array(bounds, dtype=np.int32),
            group_bounds=group_bounds,
            group_members=group_members,
            shares=np.array(self._shares, dtype=np.int32),
            oc_bounds=oc_bounds,
            oc_members=oc_members,
            oc_numerator=np.array([test.name == DEFAULT_TEST for test in program.oc], dtype=np.int32),
            ic_bounds=ic_bounds,
            ic_members=ic_members,
            control_bounds=control_bounds,
            control_members=control_members,
            control_labels=np.array([self._labels[entry.label] for entry in program.control], dtype=np.int32),
            ic_fees=np.array(self._ic_fees(), dtype=np.int32),
            covered_oc=np.array(sorted({self._oc[cure.oc] for cure in cures}), dtype=np.int32),
            covered_ic=np.array(sorted({self._ic[cure.ic] for cure in cures if cure.ic is not None}), dtype=np.int32),
            predicate_terms=np.array(
                [(p, _METRIC_REGISTERS[term.metric], _COMPARISON_CODES[term.comparison]) for p, term in terms],
                dtype=np.int32,
            ).reshape(len(terms), 3),
            predicate_levels=np.array([term.level for _, term in terms], dtype=np.float64),
            equity=self._tranche_index[EQUITY],
            event_of_default=self._oc.get(DEFAULT_TEST, -1),
        )

    def _ic_fees(self) -> list[int]:
        """Fees taken off the IC numerator: trustee and base fee in legacy mode, else all fees above the interest."""
        if Quirk.IC_DEDUCTS_CURRENT_ACCRUAL_ONLY in self._quirks:
            names = [fee.code for fee in self._program.fees if fee.name in _LEGACY_IC_FEES]
            return [self._fee_index[code] for code in names if code in self._fee_index]
        senior: list[int] = []
        for step in self._program.interest:
            if isinstance(step.action, PayTranches):
                break
            if isinstance(step.action, PayFee):
                senior.append(self._fee(step.action.fee))
        return list(dict.fromkeys(senior))

    def _write(self, step: Step, ops: Codes, parameters: np.ndarray) -> None:
        if len(step.conditions) > 2:
            raise ProgramError(
                "CLO-1211",
                f"{format_step(step)} has more than two conditions",
                where=str(step.place),
                remedy="A step has at most two conditions.",
            )
        for condition, column in zip(step.conditions, (Column.CONDITION_1, Column.CONDITION_2), strict=False):
            ops[column] = -condition.code if condition.is_negated else condition.code
            ops[column + 1] = self._argument(condition)
        self._write_action(step.action, ops, parameters)

    def _write_action(self, action: Action, ops: Codes, parameters: np.ndarray) -> None:
        match action:
            case PayFee(fee, source, amount):
                ops[:4] = (Op.FEE, self._fee(fee), 0, source)
                parameters[0] = amount if source in (FeeSource.CAPPED, FeeSource.PART) else 0.0
            case PayTranches(payment, tranches, allocation):
                ops[:4] = (_PAYMENT_OPS[payment], self._group(tranches), 0, allocation)
            case Cure(side, oc, ic, shared_ic, shared_oc):
                ops[:4] = (Op.CURE, self._oc[oc], -1 if ic is None else self._ic[ic], side is Side.PRINCIPAL)
                entries = [SHARE_IC + self._ic[name] for name in shared_ic] + [self._oc[name] for name in shared_oc]
                self._write_shares(entries, ops)
            case Divert(oc, fraction):
                redeems = Quirk.DIVERSION_SIZED_AS_REDEMPTION in self._quirks
                sizing = DiversionSizing.REDEMPTION if redeems else DiversionSizing.COLLATERAL
                ops[:4] = (Op.DIVERT, self._oc[oc], 0, sizing)
                parameters[0] = fraction
            case Reinvest(amount):
                ops[:4] = (Op.REINVEST, 0, 0, amount)
            case PayNotes():
                ops[0] = Op.NOTES
            case PayEquity(side, catch_up, manager_part, gate):
                gate_index = 0 if gate is None else self._predicates[gate] + 1
                ops[:4] = (Op.EQUITY, 0, gate_index, side is Side.PRINCIPAL)
                parameters[:] = (catch_up, manager_part)
            case PayScheduled(tranche):
                ops[:2] = (Op.SCHED, self._tranche_index[tranche])
            case Sweep(fraction, destination, account, cap):
                ops[:4] = (Op.SWEEP, account, 0, destination)
                parameters[:] = (fraction, math.inf if cap is None else cap)
            case FundReserve(account, target, cap):
                ops[:4] = (Op.RESERVE, account, 0, ReserveCode.FUND)
                parameters[:] = (target, math.inf if cap is None else cap)
            case DrawReserve(account, draw_fees, draw_tranches):
                ops[:4] = (Op.RESERVE, account, 0, ReserveCode.DRAW)
                claims = [self._fee(fee) for fee in draw_fees]
                self._write_shares(claims + [SHARE_IC + t for t in self._indexes(draw_tranches)], ops)
            case MoveEscrow(direction):
                ops[:4] = (Op.ESCROW, 0, 0, direction)
            case Raise():
                ops[0] = Op.RAISE

    def _write_shares(self, entries: list[int], ops: Codes) -> None:
        ops[Column.SHARE_OFFSET] = len(self._shares)
        ops[Column.SHARE_LENGTH] = len(entries)
        self._shares += entries

    def _argument(self, condition: Condition) -> int:
        match condition.code:
            case ConditionCode.CONTROLLING_CLASS:
                if condition.argument == EQUITY:
                    return self._labels.get(EQUITY, NO_LABEL)
                return self._labels.get(condition.argument, len(self._labels))
            case ConditionCode.OC_FAILED | ConditionCode.OC_PASSED:
                return self._oc[condition.argument]
            case ConditionCode.IC_FAILED:
                return self._ic[condition.argument]
            case ConditionCode.PREDICATE:
                return self._predicates[condition.argument]
            case ConditionCode.PAYMENT_FROM:
                return (date.fromisoformat(condition.argument) - _EPOCH).days
            case _:
                return 0

    def _fee(self, code: str) -> int:
        if code not in self._fee_index:
            raise InputError(
                "CLO-1233",
                f"The program pays fee {code}, but the deal has no {self._fee_names.get(code, 'such fee')}",
                where=f"waterfall {self._program.name}",
                remedy="Add the fee to the deal or take its steps out of the program.",
            )
        return self._fee_index[code]

    def _indexes(self, names: Sequence[str]) -> tuple[int, ...]:
        return tuple(self._tranche_index[name] for name in names)

    def _group(self, names: tuple[str, ...]) -> int:
        return self._groups.setdefault(self._indexes(names), len(self._groups))


def _class_of(tranche: Tranche) -> str:
    return EQUITY if tranche.is_equity else tranche.name.strip().removeprefix(_CLASS_PREFIX)


def _compressed(lists: Sequence[tuple[int, ...]] | dict[tuple[int, ...], int]) -> tuple[Codes, Codes]:
    """Bounds (n + 1,) and members of lists of indexes."""
    bounds = np.zeros(len(lists) + 1, dtype=np.int32)
    members: list[int] = []
    for position, entries in enumerate(lists):
        members += entries
        bounds[position + 1] = len(members)
    return bounds, np.array(members, dtype=np.int32)
