"""One period of one deal by itself: what a section pays, step by step, for tests, explanation and teaching.

Runs of a deal call the kernels directly, see `engine.deal`; this module adds names around the same kernels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import ModelError
from engine.liabilities.state import Floats, LiabilityTerms, PeriodState, Register, Status
from engine.waterfall.codes import SectionCode
from engine.waterfall.compiler import Waterfall
from engine.waterfall.kernels import run_section
from engine.waterfall.kernels_tests import evaluate_predicates

_REASONS = {
    Status.RAISED: "the legacy model stops at this step",
    Status.UNDEFINED_ALLOCATION: "a pro rata payment has no claims to share by",
    Status.UNDEFINED_CURE: "a failing test with trigger 1 has no principal cure",
}


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One executed step: its section, its text, cash before, amount paid, cash after (currency)."""

    section: str
    text: str
    cash_before: float
    paid: float
    cash_after: float


@dataclass(frozen=True, slots=True)
class PeriodOutcome:
    """Cash of one period, currency. notes_of_interest: sent to the note sequence by INT alone."""

    notes_of_interest: float
    notes: float
    principal_proceeds: float
    reinvested: float
    cash_left: float
    trace: tuple[TraceStep, ...]


def distribute(
    waterfall: Waterfall,
    terms: LiabilityTerms,
    state: PeriodState,
    *,
    interest: float,
    principal: float,
    reinvestment_cap: float,
    is_event_of_default: bool = False,
) -> PeriodOutcome:
    """Distribute one period's proceeds through an accrued and tested state (spec 02 §5.2 steps 13 and 14).

    Amounts in currency; `reinvestment_cap` is Mx of spec 02 §5.3. Raises ModelError where the program stops.
    """
    trace = np.zeros((4 * waterfall.compiled.ops.shape[0] + 1, 6))
    compiled = waterfall.compiled
    register = state.register
    evaluate_predicates(compiled, state)
    register[Register.PRINCIPAL_PROCEEDS] = principal
    register[Register.REINVESTMENT_CAP] = reinvestment_cap
    notes_of_interest = 0.0
    if is_event_of_default:
        left = _run(waterfall, terms, state, SectionCode.EOD, interest + principal, trace)
    else:
        left = _run(waterfall, terms, state, SectionCode.INT, interest, trace)
        notes_of_interest = float(register[Register.NOTES])
        left += _run(waterfall, terms, state, SectionCode.PRIN, register[Register.PRINCIPAL_PROCEEDS], trace)
        left += _run(waterfall, terms, state, SectionCode.NPS, register[Register.NOTES], trace)
    return PeriodOutcome(
        notes_of_interest=notes_of_interest,
        notes=float(register[Register.NOTES]),
        principal_proceeds=float(register[Register.PRINCIPAL_PROCEEDS]),
        reinvested=float(register[Register.REINVESTED]),
        cash_left=left,
        trace=trace_steps(waterfall, trace[trace[:, 0] > 0.0]),
    )


def _run(
    waterfall: Waterfall,
    terms: LiabilityTerms,
    state: PeriodState,
    section: SectionCode,
    cash: float,
    trace: Floats,
) -> float:
    status = run_section(waterfall.compiled, terms, state, section, cash, trace)
    if status != Status.OK:
        raise stopped(waterfall, state, status)
    return float(state.register[Register.CASH_LEFT])


def stopped(waterfall: Waterfall, state: PeriodState, status: int) -> ModelError:
    """The error of a run that stopped: period, section and step it was executing."""
    period, _, _, _, _, _, section, step = (int(value) for value in state.context)
    text = waterfall.step_texts.get((section, step), "the coverage tests")
    return ModelError(
        "CLO-1260",
        f"The waterfall stops: {_REASONS[Status(status)]}",
        where=f"period {period}, {SectionCode(section).name} step {step + 1} ({text})",
        remedy="Run in standard mode, or correct the program.",
    )


def trace_steps(waterfall: Waterfall, rows: Floats | Sequence[Floats]) -> tuple[TraceStep, ...]:
    """Trace rows with the names of their sections and the texts of their steps."""
    return tuple(
        TraceStep(
            section=SectionCode(int(section)).name,
            text=waterfall.step_texts[int(section), int(step)],
            cash_before=float(before),
            paid=float(paid),
            cash_after=float(after),
        )
        for _, section, step, before, paid, after in rows
    )
