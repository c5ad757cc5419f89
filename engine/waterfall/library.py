"""The waterfalls that come with clodesk: MAG 6 to MAG 17, each in standard and in legacy form (spec 02 §12, §14.8)."""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources

from engine.errors import InputError
from engine.modes import Mode, Quirk, Quirks
from engine.waterfall.codes import AllocationCode
from engine.waterfall.parser import parse_program
from engine.waterfall.program import Payment, PayTranches, Program, Raise, Step
from engine.waterfall.tokens import listed

PROGRAM_NAMES = tuple(f"MAG {number}" for number in (6, 7, 8, 9, 11, 12, 14, 15, 16, 17))

_TEXT_QUIRKS = frozenset(
    {
        Quirk.CLASS_E_DENOMINATOR_OMITS_E,
        Quirk.EVENT_OF_DEFAULT_LAST_A_TRANCHE,
        Quirk.OWN_TEST_IN_SHARE_LIST,
        Quirk.CLASS_E_MISSING_IN_SHARE_LIST,
        Quirk.PRINCIPAL_CURE_ON_INTEREST_SIDE,
        Quirk.CONTROLLING_CLASS_LABELS,
        Quirk.JUNIOR_FEE_FROM_CURE,
        Quirk.NO_JUNIOR_FEE_IN_NOTE_SEQUENCE,
        Quirk.PRORATA_LOSES_EXCESS,
        Quirk.MAG6_REINVESTS_EVERYTHING,
        Quirk.NOTE_SEQUENCE_SKIPS_INTEREST,
        Quirk.MAG17_RUNS_MAG15,
    }
)


def program_text(name: str, mode: Mode) -> str:
    """Text of a program by its name, `MAG 16` in any case and spacing; raises InputError for an unknown one."""
    match = re.fullmatch(r"\s*mag[\s_]*(\d+)\s*", name, re.IGNORECASE)
    canonical = f"MAG {int(match.group(1))}" if match else name
    if canonical not in PROGRAM_NAMES:
        raise InputError(
            "CLO-1235",
            f"Waterfall '{name}' is not known",
            remedy=f"Use {listed(PROGRAM_NAMES)}, or store a waterfall text of your own.",
        )
    file = f"{canonical.lower().replace(' ', '_')}.{mode.value}.waterfall"
    return (resources.files("engine.waterfall") / "programs" / file).read_text(encoding="utf-8")


def load_program(name: str, quirks: Quirks) -> Program:
    """A program of the library as the quirks in force want it.

    Quirks that are spelled out in program texts travel together: any of them selects the legacy text. The two
    misspellings (DQ-38, DQ-39) are separate; without them the steps behave as the corrected legacy code.
    """
    if not quirks & _TEXT_QUIRKS:
        return parse_program(program_text(name, Mode.STANDARD))
    program = parse_program(program_text(name, Mode.LEGACY))
    if Quirk.MAG7_MISSPELT_CLASS not in quirks and program.name == "MAG 7":
        program = _with_each_step(program, _spelt_as_mag7)
    if Quirk.MAG16_MISSPELT_METHOD not in quirks and program.name == "MAG 16":
        program = _with_each_step(program, _spelt_as_mag16)
    return program


def _with_each_step(program: Program, edit: Callable[[Step], Step]) -> Program:
    return replace(
        program,
        interest=tuple(map(edit, program.interest)),
        principal=tuple(map(edit, program.principal)),
        notes=tuple(map(edit, program.notes)),
        event_of_default=tuple(map(edit, program.event_of_default)),
    )


def _spelt_as_mag7(step: Step) -> Step:
    """The second payee of the A-2 group is Class A-2A again, in a shortfall and always in the EOD section."""
    if isinstance(step.action, Raise):
        return replace(step, action=PayTranches(Payment.INT, ("A-2A", "A-2A"), AllocationCode.PRO_RATA_LEGACY))
    if isinstance(step.action, PayTranches) and step.action.allocation is AllocationCode.RAISE_IF_SHORT:
        return replace(step, action=replace(step.action, allocation=AllocationCode.FIRST_TWICE))
    return step


def _spelt_as_mag16(step: Step) -> Step:
    if isinstance(step.action, PayTranches) and step.action.allocation is AllocationCode.RAISE_IF_COVERED:
        return replace(step, action=replace(step.action, allocation=AllocationCode.PRO_RATA_LEGACY))
    return step
