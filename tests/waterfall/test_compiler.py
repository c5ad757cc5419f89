"""Programs bound to a deal: the compiled arrays, and what a deal may lack."""

from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.modes import Mode, Quirk
from engine.waterfall.codes import Column
from engine.waterfall.compiler import Waterfall, compile_program
from engine.waterfall.formatting import format_program
from engine.waterfall.library import load_program, program_text
from engine.waterfall.parser import parse_program
from tests.waterfall.periods import GV4_FEES, gv4_tranches

# spec 02 §14.6: op, a, b, mode, condition 1, argument 1, share offset, share length, p
MAG_6_INT = [
    (1, 0, 0, 0, 0, 0, 0, 0, 0.0),
    (1, 1, 0, 0, 0, 0, 0, 0, 0.0),
    (1, 2, 0, 0, 0, 0, 0, 0, 0.0),
    (2, 0, 0, 0, 0, 0, 0, 0, 0.0),
    (2, 1, 0, 0, 0, 0, 0, 0, 0.0),
    (5, 0, 0, 0, 0, 0, 0, 8, 0.0),
    (2, 2, 0, 0, 0, 0, 0, 0, 0.0),
    (5, 1, 1, 0, 0, 0, 8, 5, 0.0),
    (3, 2, 0, 0, 0, 0, 0, 0, 0.0),
    (2, 3, 0, 0, 0, 0, 0, 0, 0.0),
    (5, 2, 2, 0, 0, 0, 13, 3, 0.0),
    (3, 3, 0, 0, 0, 0, 0, 0, 0.0),
    (2, 4, 0, 0, 0, 0, 0, 0, 0.0),
    (5, 3, 3, 0, 0, 0, 16, 1, 0.0),
    (3, 4, 0, 0, 0, 0, 0, 0, 0.0),
    (1, 3, 0, 0, 0, 0, 0, 0, 0.0),
    (6, 4, 0, 0, 1, 0, 0, 0, 0.5),
    (9, 0, 0, 0, 0, 0, 0, 0, 0.0),
]
MAG_6_SHARES = [65, 66, 67, 0, 1, 2, 3, 4, 66, 67, 2, 3, 4, 67, 3, 4, 4]


def _compiled(name: str, mode: Mode, tranches=None, fees=GV4_FEES) -> Waterfall:
    return compile_program(
        load_program(name, mode.quirks),
        gv4_tranches(name) if tranches is None else tranches,
        fees,
        interest_diversion_trigger=1.06,
        event_of_default_trigger=1.025,
        quirks=mode.quirks,
    )


def test_interest_section_of_mag_6_compiles_to_the_specified_table():
    """Spec 02 §14.6, row by row."""
    compiled = _compiled("MAG 6", Mode.LEGACY).compiled
    first, last = compiled.section_bounds[0]
    columns = [
        Column.OP,
        Column.A,
        Column.B,
        Column.MODE,
        Column.CONDITION_1,
        Column.ARGUMENT_1,
        Column.SHARE_OFFSET,
        Column.SHARE_LENGTH,
    ]
    rows = [
        (*(int(value) for value in compiled.ops[row, columns]), float(compiled.parameters[row, 0]))
        for row in range(first, last)
    ]

    assert rows == MAG_6_INT
    assert list(compiled.shares[: len(MAG_6_SHARES)]) == MAG_6_SHARES


def test_mag_8_and_mag_12_are_the_same_waterfall():
    """The two texts differ in the name only, in both modes."""
    for mode in Mode:
        eight = load_program("MAG 8", mode.quirks)

        assert replace(eight, name="MAG 12") == load_program("mag12", mode.quirks)


def test_legacy_mag_17_is_the_mag_15_program():
    """DQ-43: only the name differs."""
    fifteen = load_program("MAG 15", Mode.LEGACY.quirks)

    assert replace(fifteen, name="MAG 17") == load_program("Mag 17", Mode.LEGACY.quirks)


def test_program_hash_follows_the_meaning_not_the_layout():
    """Remarks and line breaks do not change the hash, a step does."""
    text = program_text("MAG 6", Mode.STANDARD)
    tranches = gv4_tranches("MAG 6")

    def digest(changed: str) -> str:
        return compile_program(
            parse_program(changed),
            tranches,
            GV4_FEES,
            interest_diversion_trigger=1.06,
            event_of_default_trigger=1.025,
            quirks=frozenset(),
        ).program_hash

    assert digest(text) == digest("# remark\n" + text.replace("; ", ";"))
    assert digest(text) != digest(text.replace("DIVERT ID 0.5", "DIVERT ID 0.4"))


def test_misspellings_are_separate_quirks():
    """Without DQ-38 and DQ-39 the legacy texts no longer stop."""
    quirks = Mode.LEGACY.quirks - {Quirk.MAG7_MISSPELT_CLASS, Quirk.MAG16_MISSPELT_METHOD}

    for name, stops in (("MAG 7", ("RAISE", "!short")), ("MAG 16", ("!full",))):
        as_written, corrected = (format_program(load_program(name, chosen)) for chosen in (Mode.LEGACY.quirks, quirks))
        for mark in stops:
            assert mark in as_written
            assert mark not in corrected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda deal: (deal[0][1:], deal[1]),
            "CLO-1231: The program pays class A, which the deal does not have, at waterfall MAG 6. "
            "The deal has B, C, D, E, SUB; correct the program or the tranches.",
        ),
        (
            lambda deal: ((*deal[0][:1], replace(deal[0][1], oc_trigger=None), *deal[0][2:]), deal[1]),
            "CLO-1232: The program has an OC test B, for which the deal has no trigger, at waterfall MAG 6. "
            "Give class B an OC trigger or take the test out of the program.",
        ),
        (
            lambda deal: (deal[0], deal[1][1:]),
            "CLO-1233: The program pays fee T, but the deal has no Trustee Fee, at waterfall MAG 6. "
            "Add the fee to the deal or take its steps out of the program.",
        ),
    ],
)
def test_a_deal_that_lacks_something_is_refused(change, message):
    """The error names the class, trigger or fee and the program that needs it."""
    tranches, fees = change((gv4_tranches("MAG 6"), GV4_FEES))

    with pytest.raises(InputError) as caught:
        _compiled("MAG 6", Mode.STANDARD, tranches, fees)

    assert str(caught.value) == message


def test_an_unknown_program_is_refused_with_the_known_ones():
    """MAG 10 and MAG 13 never existed."""
    with pytest.raises(InputError, match=r"CLO-1235: Waterfall 'MAG 10' is not known\. Use MAG 6, "):
        load_program("MAG 10", frozenset())
