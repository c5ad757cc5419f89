"""What a program must keep to so that every amount of cash ends somewhere (spec 02 §14, DQ-36, DQ-39, DQ-40).

Standard programs conserve cash; the steps that make or lose it belong to legacy mode.
"""

from engine.errors import ProgramError
from engine.modes import Mode
from engine.waterfall.codes import AllocationCode, Destination, FeeSource, ReinvestCode, SectionCode
from engine.waterfall.formatting import format_action
from engine.waterfall.program import (
    EQUITY,
    Action,
    Cure,
    Divert,
    PayEquity,
    PayFee,
    PayNotes,
    PayTranches,
    Place,
    Program,
    Raise,
    Reinvest,
    Side,
    Step,
    Sweep,
)
from engine.waterfall.tokens import problem

_LEGACY_ALLOCATIONS = frozenset(AllocationCode) - {AllocationCode.SEQUENTIAL, AllocationCode.PRO_RATA}
_LAST_STEP = {
    SectionCode.INT: "EQUITY I, or NOTES",
    SectionCode.PRIN: "NOTES",
    SectionCode.NPS: "EQUITY P",
    SectionCode.EOD: "EQUITY P",
}


def section_findings(program: Program) -> list[ProgramError]:
    """All breaches, in the order of the text."""
    findings: list[ProgramError] = []
    for code in (SectionCode.INT, SectionCode.PRIN, SectionCode.NPS, SectionCode.EOD):
        steps = program.section(code)
        for step in steps:
            finding = _misplaced(step, code) or _repeated_tranche(step, program.mode)
            if finding is None and program.mode is Mode.STANDARD:
                finding = _legacy_only(step)
            if finding is not None:
                findings.append(finding)
        ending = _loose_end(steps, code)
        if ending is not None:
            findings.append(ending)
    findings.sort(key=_position)
    return findings


def _position(error: ProgramError) -> tuple[int, ...]:
    digits = "".join(character if character.isdigit() else " " for character in error.where)
    return tuple(int(part) for part in digits.split())


def _misplaced(step: Step, section: SectionCode) -> ProgramError | None:
    """Steps whose cash would go round in a circle or to a section that is not run."""
    action = step.action
    feeds_principal = isinstance(action, Divert) or (
        isinstance(action, Sweep) and action.destination is Destination.PRIN
    )
    feeds_notes = isinstance(action, PayNotes | Cure) or (
        isinstance(action, Sweep) and action.destination is Destination.NOTES
    )
    if (feeds_principal and section is SectionCode.PRIN) or (feeds_notes and section is SectionCode.NPS):
        return problem(
            "CLO-1216",
            f"{format_action(action)} is circular: it feeds section {section.name}, in which it stands",
            step.place,
            "Move the step to an earlier section.",
        )
    is_late = feeds_principal or feeds_notes or isinstance(action, Reinvest)
    if is_late and section in (SectionCode.NPS, SectionCode.EOD):
        return problem(
            "CLO-1213",
            f"{format_action(action)} cannot stand in section {section.name}: its cash would never be paid",
            step.place,
            "Use it in INT or PRIN.",
        )
    if isinstance(action, Cure) and action.side is Side.PRINCIPAL and section is SectionCode.INT:
        return problem(
            "CLO-1213",
            f"{format_action(action)} cannot stand in section INT: interest cures are sized on side I",
            step.place,
            "Use side I.",
        )
    return None


def _repeated_tranche(step: Step, mode: Mode) -> ProgramError | None:
    if not isinstance(step.action, PayTranches) or len(step.action.tranches) < 2:
        return None
    tranches = step.action.tranches
    if EQUITY in tranches:
        return problem(
            "CLO-1217", f"A group cannot hold {EQUITY}, which takes all cash", step.place, "Pay it with EQUITY."
        )
    if len(set(tranches)) < len(tranches) and mode is Mode.STANDARD:
        return problem(
            "CLO-1217", f"A tranche stands twice in {format_action(step.action)}", step.place, "Name each one once."
        )
    return None


def _legacy_only(step: Step) -> ProgramError | None:
    """Steps that make, lose or stop cash."""
    action = step.action
    is_legacy = isinstance(action, Raise)
    if isinstance(action, PayFee):
        is_legacy = action.source is FeeSource.CURE_PAID
    elif isinstance(action, PayTranches):
        is_legacy = action.allocation in _LEGACY_ALLOCATIONS
    if not is_legacy:
        return None
    return problem(
        "CLO-1215",
        f"{format_action(action)} does not conserve cash and exists in legacy mode only",
        step.place,
        "Use a plain step, or write 'mode legacy' at the top.",
    )


def _takes_everything(action: Action, section: SectionCode) -> bool:
    if section is SectionCode.PRIN:
        return isinstance(action, PayNotes | PayEquity) or action == Reinvest(ReinvestCode.ALL)
    if section is SectionCode.INT:
        return isinstance(action, PayNotes | PayEquity)
    return isinstance(action, PayEquity)


def _loose_end(steps: tuple[Step, ...], section: SectionCode) -> ProgramError | None:
    last = steps[-1] if steps else None
    if last is not None and not last.conditions and _takes_everything(last.action, section):
        return None
    place = last.place if last is not None else Place()
    return problem(
        "CLO-1214",
        f"Section {section.name} can end with cash that nobody is paid",
        place,
        f"End it with an unconditional {_LAST_STEP[section]}.",
    )
