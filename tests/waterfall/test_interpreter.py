"""The interpreter against the plain reference, and what every standard program keeps: cash, and signs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.liabilities.state import (
    FeeState,
    IcState,
    IncentiveState,
    OcState,
    Register,
    ReserveState,
    TrancheState,
)
from engine.liabilities.terms import Tranche
from engine.modes import Mode
from engine.waterfall.codes import SectionCode
from engine.waterfall.kernels import run_section
from engine.waterfall.library import PROGRAM_NAMES, load_program
from engine.waterfall.period import PeriodOutcome, distribute
from engine.waterfall.program import Program
from tests.waterfall import reference, strategies
from tests.waterfall.periods import Period, debt, open_program, sub_notes

MONEY = 1e-6
RARE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Proceeds:
    """Cash and circumstances of a random period, currency."""

    interest: float
    principal: float
    cap: float
    oc_numerator: float
    threshold: float | None
    is_reinvesting: bool
    is_liquidating: bool
    is_event_of_default: bool


@st.composite
def proceeds(draw: st.DrawFn) -> Proceeds:
    """Anything from a flood to a negative principal balance."""
    return Proceeds(
        interest=draw(st.integers(0, 60)) * 137_123.25,
        principal=draw(st.integers(-4, 60)) * 613_777.5,
        cap=draw(st.integers(0, 20)) * 450_001.0,
        oc_numerator=draw(st.integers(0, 120)) * 9_999_999.0,
        threshold=draw(st.none() | st.integers(0, 30).map(lambda steps: steps * 200_003.0)),
        is_reinvesting=draw(st.booleans()),
        is_liquidating=draw(st.booleans()),
        is_event_of_default=draw(st.booleans()),
    )


def _open(program: Program, tranches: Sequence[Tranche], cash: Proceeds) -> Period:
    return open_program(
        program,
        tranches,
        quirks=program.mode.quirks,
        interest=cash.interest,
        oc_numerator=cash.oc_numerator,
        event_of_default_numerator=cash.oc_numerator + 3e6,
        is_reinvesting=cash.is_reinvesting,
        is_liquidating=cash.is_liquidating,
        threshold=cash.threshold,
        schedule=[250_000.0] * len(tranches),
    )


def _distribute(period: Period, cash: Proceeds) -> PeriodOutcome:
    return distribute(
        period.waterfall,
        period.terms,
        period.state,
        interest=cash.interest,
        principal=cash.principal,
        reinvestment_cap=cash.cap,
        is_event_of_default=cash.is_event_of_default,
    )


def _mirror(period: Period, cash: Proceeds) -> reference.Period:
    """The same opened period in the objects of the reference."""
    program, state, quirks = period.waterfall.program, period.state, period.waterfall.program.mode.quirks
    is_strict = program.mode is Mode.LEGACY
    classes = {
        name: reference.Class(
            balance=row[TrancheState.BALANCE_BEGIN],
            deferred=row[TrancheState.DEFERRED_BEGIN],
            interest=row[TrancheState.INTEREST_ACCRUED],
            deferred_interest=row[TrancheState.DEFERRED_INTEREST_ACCRUED],
            is_deferrable=bool(terms[0]),
            is_equity=bool(terms[1]),
            scheduled=row[TrancheState.SCHEDULED_DUE],
        )
        for name, row, terms in zip(program.tranches, state.tranche.tolist(), period.terms.tranche, strict=True)
    }
    fees = {
        code.code: reference.FeeAccount(row[FeeState.UNPAID_BEGIN], row[FeeState.ACCRUED], row[FeeState.YEAR_FRACTION])
        for code, row in zip(program.fees, state.fee.tolist(), strict=True)
    }
    oc = {
        name: reference.Overcollateralisation(row[OcState.NUMERATOR], row[OcState.DENOMINATOR], trigger, is_strict)
        for name, row, trigger in zip(
            period.waterfall.oc_names, state.oc.tolist(), period.waterfall.oc_triggers, strict=True
        )
    }
    ic = {
        name: reference.InterestCoverage(
            row[IcState.NUMERATOR], row[IcState.DENOMINATOR], row[IcState.LIABILITY_BALANCE], trigger, is_strict
        )
        for name, row, trigger in zip(
            period.waterfall.ic_names, state.ic.tolist(), period.waterfall.ic_triggers, strict=True
        )
    }
    mirror = reference.Period(
        program=program,
        quirks=quirks,
        classes=classes,
        fees=fees,
        oc=oc,
        ic=ic,
        share=period.terms.incentive_share,
        threshold=state.incentive[IncentiveState.THRESHOLD],
        is_reached=bool(state.incentive[IncentiveState.IS_REACHED]),
        is_reinvesting=cash.is_reinvesting,
        is_liquidating=cash.is_liquidating,
        principal=cash.principal,
        reinvestment_cap=cash.cap,
    )
    level = program.predicates[0].terms[0].level if program.predicates else 0.0
    mirror.truths[strategies.FLAG] = state.register[Register.OC_BUFFER] > level
    return mirror


def _numbers(period: Period) -> list[float]:
    state = period.state
    columns = [
        TrancheState.INTEREST_PAID,
        TrancheState.DEFERRED_INTEREST_PAID,
        TrancheState.DEFERRED_PRINCIPAL_PAID,
        TrancheState.PRINCIPAL_PAID,
    ]
    oc_columns = [
        OcState.IS_PASSED,
        OcState.INTEREST_CURE_PAID,
        OcState.PRIOR_INTEREST_CURE,
        OcState.PRINCIPAL_CURE,
        OcState.PRINCIPAL_CURE_PAID,
        OcState.PRIOR_PRINCIPAL_CURE,
    ]
    registers = [Register.PRINCIPAL_PROCEEDS, Register.NOTES, Register.REINVESTED, Register.ESCROW]
    return [
        *state.tranche[:, columns].ravel(),
        *state.fee[:, FeeState.PAID],
        *state.oc[:, oc_columns].ravel(),
        *state.ic[:, [IcState.CURE_PAID, IcState.PRIOR_CURE]].ravel(),
        *state.register[registers],
        state.register[Register.INTEREST_CARRIED] + state.register[Register.PRINCIPAL_CARRIED],
        state.incentive[IncentiveState.FEE_PAID],
        state.reserve[8, ReserveState.BALANCE],
    ]


def _reference_numbers(mirror: reference.Period) -> list[float]:
    numbers: list[float] = []
    for notes in mirror.classes.values():
        numbers += [notes.interest_paid, notes.deferred_interest_paid, notes.deferred_paid, notes.principal_paid]
    numbers += [fee.paid for fee in mirror.fees.values()]
    for oc in mirror.oc.values():
        numbers += [float(oc.is_passed), oc.interest_paid, oc.interest_prior]
        numbers += [oc.principal_cure, oc.principal_paid, oc.principal_prior]
    for ic in mirror.ic.values():
        numbers += [ic.paid, ic.prior]
    numbers += [mirror.principal, mirror.notes, mirror.reinvested, mirror.escrow, mirror.carried]
    return [*numbers, mirror.incentive_paid, mirror.reserves.get(8, 0.0)]


def _run_reference(mirror: reference.Period, cash: Proceeds) -> None:
    if cash.is_event_of_default:
        mirror.run(SectionCode.EOD, cash.interest + cash.principal)
        return
    mirror.run(SectionCode.INT, cash.interest)
    mirror.run(SectionCode.PRIN, mirror.principal)
    mirror.run(SectionCode.NPS, mirror.notes)


def _assert_same_as_reference(program: Program, tranches: Sequence[Tranche], cash: Proceeds) -> None:
    period = _open(program, tranches, cash)
    mirror = _mirror(period, cash)
    has_stopped = False
    try:
        _run_reference(mirror, cash)
    except reference.Stopped:
        has_stopped = True
    if has_stopped:
        with pytest.raises(ModelError, match="CLO-1260"):
            _distribute(period, cash)
    else:
        _distribute(period, cash)

    assert _numbers(period) == pytest.approx(_reference_numbers(mirror), rel=1e-9, abs=MONEY)


@RARE
@given(strategies.programs(), strategies.tranche_lists(), proceeds())
def test_interpreter_pays_what_the_reference_pays(program, tranches, cash):
    """On random programs and states every payment, cure and register agrees, and both stop in the same cases."""
    _assert_same_as_reference(program, tranches, cash)


@st.composite
def _library_deals(draw: st.DrawFn, program: Program) -> tuple[Tranche, ...]:
    tested_oc = {test.name for test in program.oc}
    tested_ic = {test.name for test in program.ic}
    notes = tuple(
        debt(
            name,
            draw(st.integers(0, 200)) * 1e6,
            draw(st.integers(0, 40)) / 400,
            deferred=draw(st.integers(0, 40)) * 1e5,
            is_deferrable=draw(st.booleans()),
            oc=1.0 + draw(st.integers(1, 30)) / 100 if name in tested_oc else None,
            ic=1.0 + draw(st.integers(1, 30)) / 100 if name in tested_ic else None,
        )
        for name in program.tranches[:-1]
    )
    return (*notes, sub_notes())


@RARE
@given(st.data(), st.sampled_from(PROGRAM_NAMES), st.sampled_from(Mode), proceeds())
def test_library_programs_pay_what_the_reference_pays(data, name, mode, cash):
    """MAG 6 to MAG 17 in both forms agree with the reference, aborts of legacy code included."""
    program = load_program(name, mode.quirks)

    _assert_same_as_reference(program, data.draw(_library_deals(program)), cash)


def _cash_paid_out(period: Period, outcome: PeriodOutcome) -> float:
    state = period.state
    paid = state.tranche[:, [3, 4, 8, 9]].sum() + state.fee[:, FeeState.PAID].sum()
    paid += state.incentive[IncentiveState.FEE_PAID] + state.register[Register.REINVESTED]
    paid += state.register[Register.ESCROW] + state.reserve[:, ReserveState.BALANCE].sum()
    carried = state.register[Register.INTEREST_CARRIED] + state.register[Register.PRINCIPAL_CARRIED]
    return float(paid + carried + outcome.cash_left)


def _assert_cash_conserved(program: Program, tranches: Sequence[Tranche], cash: Proceeds) -> None:
    period = _open(program, tranches, cash)
    outcome = _distribute(period, cash)
    state = period.state
    balances = state.tranche[:, TrancheState.BALANCE_BEGIN] - state.tranche[:, TrancheState.PRINCIPAL_PAID]

    assert _cash_paid_out(period, outcome) == pytest.approx(cash.interest + cash.principal, abs=MONEY)
    assert outcome.cash_left == pytest.approx(0.0, abs=MONEY)
    assert state.tranche[:, [3, 4, 8, 9]].min() >= 0.0
    assert state.fee[:, FeeState.PAID].min() >= 0.0
    assert balances[:-1].min() >= -MONEY
    assert state.incentive[IncentiveState.FEE_PAID] >= 0.0


@RARE
@given(strategies.programs((Mode.STANDARD,)), strategies.tranche_lists(), proceeds())
def test_standard_programs_conserve_cash_on_random_states(program, tranches, cash):
    """What comes in is paid, reinvested or held; nothing paid is negative."""
    _assert_cash_conserved(program, tranches, cash)


@RARE
@given(st.data(), st.sampled_from(PROGRAM_NAMES), proceeds())
def test_standard_library_programs_conserve_cash(data, name, cash):
    """MAG 6 to MAG 17 in standard form conserve cash to a millionth."""
    program = load_program(name, frozenset())

    _assert_cash_conserved(program, data.draw(_library_deals(program)), cash)


@RARE
@given(strategies.programs((Mode.STANDARD,)), strategies.tranche_lists(), proceeds())
def test_each_step_of_a_trace_takes_what_it_pays(program, tranches, cash):
    """In standard mode cash before less paid is cash after, and each step starts where the one before ended."""
    outcome = _distribute(_open(program, tranches, cash), cash)

    for step in outcome.trace:
        assert step.cash_before - step.paid == pytest.approx(step.cash_after, abs=MONEY)
    for earlier, later in zip(outcome.trace, outcome.trace[1:], strict=False):
        if earlier.section == later.section:
            assert later.cash_before == earlier.cash_after


def test_a_state_with_no_trace_runs_the_same():
    """Tracing changes no number."""
    program = load_program("MAG 12", frozenset())
    tranches = tuple(debt(name, 10e6, 0.05, oc=1.1, ic=1.1, is_deferrable=name > "B") for name in program.tranches[:-1])
    cash = Proceeds(2e6, 3e6, 1e6, 62e6, 1e6, True, False, False)
    traced, silent = _open(program, (*tranches, sub_notes()), cash), _open(program, (*tranches, sub_notes()), cash)
    _distribute(traced, cash)
    register, none = silent.state.register, np.zeros((0, 6))
    register[Register.PRINCIPAL_PROCEEDS], register[Register.REINVESTMENT_CAP] = cash.principal, cash.cap
    run_section(silent.waterfall.compiled, silent.terms, silent.state, SectionCode.INT, cash.interest, none)
    principal = register[Register.PRINCIPAL_PROCEEDS]
    run_section(silent.waterfall.compiled, silent.terms, silent.state, SectionCode.PRIN, principal, none)
    run_section(silent.waterfall.compiled, silent.terms, silent.state, SectionCode.NPS, register[Register.NOTES], none)

    assert _numbers(silent) == _numbers(traced)
