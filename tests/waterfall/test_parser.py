"""Reading waterfall texts: what is accepted, what is refused in which words, and there and back."""

# ruff: noqa: E501 - error texts stand on one line, as a user sees them

import pytest
from hypothesis import given, settings

from engine.errors import ProgramError
from engine.modes import Mode
from engine.waterfall.formatting import format_program
from engine.waterfall.library import PROGRAM_NAMES, program_text
from engine.waterfall.parser import check_program, parse_program
from tests.waterfall.strategies import programs

GOOD = """\
program SMALL
mode standard
tranches A B SUB
control  A>A B>B
oc  B: A B; EOD: A
ic  B: A B
INT:
  FEE T; INT A; INT B
  CURE I B B | IC | OC
  EQUITY I
PRIN:
  INT {A B}
  NOTES
NPS:
  PRN A; PRN B
  EQUITY P
EOD:
  FEE T; INT A; PRN A
  EQUITY P
"""

# replaced text, replacement, the whole error
MISTAKES = [
    ("FEE T; INT A; INT B", "FEE T; PAY A", "CLO-1202: Step 'PAY' is not known, at line 8, column 10. Use FEE, INT, PIK, PRN, CURE, DIVERT, REINVEST, NOTES, EQUITY, SCHED, SWEEP, RESERVE, ESCROW or RAISE."),
    ("INT A; INT B\n", "INT A; INT Z\n", "CLO-1203: Tranche 'Z' is not known, at line 8, column 21. Use A, B or SUB."),
    ("  FEE T; INT A; INT B", "  FEE Q", "CLO-1204: Fee 'Q' is not known, at line 8, column 7. Use T, AD, SR or JR."),
    ("CURE I B B | IC | OC", "CURE I B C | IC | OC", "CLO-1205: OC test 'C' is not known, at line 9, column 12. Use B or EOD."),
    ("CURE I B B | IC | OC", "CURE I C B | IC | OC", "CLO-1205: IC test 'C' is not known, at line 9, column 10. Use B."),
    ("CURE I B B | IC | OC", "CURE X B B | IC | OC", "CLO-1201: Found 'X' where side I or P is expected, at line 9, column 8. Correct the statement or put a semicolon or a new line before it."),
    ("CURE I B B | IC | OC", "CURE I B B | IC", "CLO-1201: Found the end of the statement where 'OC' before the OC tests that share the cure is expected, at line 9, column 18. Correct the statement or put a semicolon or a new line before it."),
    ("  EQUITY I\nPRIN", "  EQUITY I I\nPRIN", "CLO-1201: Found 'I' where the end of the statement is expected, at line 10, column 12. Correct the statement or put a semicolon or a new line before it."),
    ("oc  B: A B;", "oc  B: A B; B: A;", "CLO-1206: OC test B stands here a second time, at line 5, column 13. Name it once."),
    ("tranches A B SUB", "tranches A A SUB", "CLO-1206: Tranche A stands here a second time, at line 3, column 12. Name it once."),
    ("NPS:\n", "INT:\n", "CLO-1206: Section INT stands here a second time, at line 14, column 1. Join the two sections."),
    ("control  A>A B>B\n", "", "CLO-1207: The program has no 'control' line, at line 18, column 1. Add a line that begins with control before the first section."),
    ("EOD:\n  FEE T; INT A; PRN A\n  EQUITY P\n", "", "CLO-1207: The program has no section EOD, at line 16, column 1. Add a section EOD:."),
    ("NPS:\n", "NOTE:\n", "CLO-1208: Section 'NOTE' is not known, at line 14, column 1. Use PRE, INT, PRIN, NPS or EOD."),
    ("mode standard\n", "modus standard\n", "CLO-1208: Found 'modus' where a header or a section is expected, at line 2, column 1. Begin with program, mode, tranches, fee, control, oc or ic, or open section PRE, INT, PRIN, NPS or EOD."),
    ("  NOTES\n", "  oc C: A\n  NOTES\n", "CLO-1208: Found 'oc' inside section PRIN, at line 13, column 3. Move the line before the first section."),
    ("  NOTES\n", "  SWEEP 1.5 NOTES\n  NOTES\n", "CLO-1209: Found '1.5' for the fraction of a sweep, at line 13, column 9. Give a number from 0 to 1."),
    ("  FEE T; INT A; INT B", "  FEE T cap much", "CLO-1209: Found 'much' for the yearly cap of a fee, at line 8, column 13. Give a number of 0 or more."),
    ("  NOTES\n", "  SWEEP 1 RESERVE 12\n  NOTES\n", "CLO-1209: Found '12' for an account number, at line 13, column 19. Give a number from 1 to 9."),
    ("  NOTES\n", "  ?FROM=soon INT A\n  NOTES\n", "CLO-1209: Found 'soon' for a date, at line 13, column 9. Write dates as 2027-01-20."),
    ("INT {A B}", "INT {A B}!most", "CLO-1210: Allocation '!most' is not known, at line 12, column 13. Use ~, !short, !full, !bool or !twice, or none for pro rata."),
    ("INT {A B}", "INT {A B", "CLO-1201: Found the end of the statement where a tranche is expected, at line 12, column 11. Correct the statement or put a semicolon or a new line before it."),
    ("INT {A B}", "?LATE INT A", "CLO-1211: Condition 'LATE' is not known, at line 12, column 4. Use REINV, POST, CC, LIQ, OCFAIL, OCPASS, ICFAIL, PASS, F, FROM or FIRST."),
    ("INT {A B}", "?POST ?LIQ ?FIRST INT A", "CLO-1211: Found a third condition, at line 12, column 15. A step has at most two conditions."),
    ("INT {A B}", "?CC=Q INT A", "CLO-1212: Label 'Q' is not known, at line 12, column 7. Use A, B or SUB."),
    ("INT {A B}", "?F:TURBO INT A", "CLO-1212: Predicate 'TURBO' is not known, at line 12, column 6. Use none."),
    ("INT:\n", "PRE:\n  X = luck > 1\nINT:\n", "CLO-1212: Metric 'luck' is not known, at line 8, column 7. Use irr, pro_forma_irr, moic, spread, oc_buffer or ic_buffer."),
    ("  PRN A; PRN B\n", "  REINVEST MAX\n", "CLO-1213: REINVEST MAX cannot stand in section NPS: its cash would never be paid, at line 15, column 3. Use it in INT or PRIN."),
    ("  PRN A; PRN B\n", "  NOTES\n", "CLO-1216: NOTES is circular: it feeds section NPS, in which it stands, at line 15, column 3. Move the step to an earlier section."),
    ("INT {A B}", "DIVERT B 0.5", "CLO-1216: DIVERT B 0.5 is circular: it feeds section PRIN, in which it stands, at line 12, column 3. Move the step to an earlier section."),
    ("  NOTES\n", "", "CLO-1214: Section PRIN can end with cash that nobody is paid, at line 12, column 3. End it with an unconditional NOTES."),
    ("  EQUITY I\nPRIN", "  ?POST EQUITY I\nPRIN", "CLO-1214: Section INT can end with cash that nobody is paid, at line 10, column 3. End it with an unconditional EQUITY I, or NOTES."),
    ("INT {A B}", "INT {A B}~", "CLO-1215: INT {A B}~ does not conserve cash and exists in legacy mode only, at line 12, column 3. Use a plain step, or write 'mode legacy' at the top."),
    ("  NOTES\n", "  FEE JR @x; NOTES\n", "CLO-1215: FEE JR @x does not conserve cash and exists in legacy mode only, at line 13, column 3. Use a plain step, or write 'mode legacy' at the top."),
    ("INT {A B}", "INT {A A}", "CLO-1217: A tranche stands twice in INT {A A}, at line 12, column 3. Name each one once."),
    ("INT {A B}", "INT {A SUB}", "CLO-1217: A group cannot hold SUB, which takes all cash, at line 12, column 3. Pay it with EQUITY."),
    ("oc  B: A B;", "oc  B: A A;", "CLO-1217: The denominator of OC test B counts a tranche twice, at line 5, column 5. Name each tranche once."),
    ("tranches A B SUB", "tranches A B", "CLO-1218: The list of tranches does not end with the subordinated notes, at line 3, column 13. Name at least one tranche and end the list with SUB."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES, ids=lambda text: text.strip()[:24])
def test_every_mistake_is_named_with_its_place(old, new, message):
    """The error says line and column, what was found and what is expected, word for word."""
    text = GOOD.replace(old, new, 1)
    assert text != GOOD

    with pytest.raises(ProgramError) as caught:
        parse_program(text)

    assert str(caught.value) == message


def test_all_mistakes_of_a_text_are_listed():
    """Checking goes on after a mistake, in the order of the text."""
    text = GOOD.replace("INT A; INT B", "INT Y; INT Z").replace("EQUITY I\n", "EQUITY Q\n")

    assert [(finding.number, finding.where) for finding in check_program(text)] == [
        ("CLO-1203", "line 8, column 14"),
        ("CLO-1203", "line 8, column 21"),
        ("CLO-1201", "line 10, column 10"),
    ]
    assert check_program(GOOD) == []


def test_an_empty_text_lacks_everything():
    """Nothing is assumed for a program that says nothing."""
    assert len(check_program("")) == 7


def test_comments_percentages_and_keyword_case_do_not_matter():
    """A lawyer may write `50%`, remarks after #, and keywords in small letters."""
    text = GOOD.replace("  EQUITY I\n", "  sweep 50% prin   # half\n  equity I\n")

    assert parse_program(text) == parse_program(GOOD.replace("  EQUITY I\n", "  SWEEP 0.5 PRIN\n  EQUITY I\n"))


def test_a_program_may_name_fees_of_its_own():
    """A declared code stands for the fee of that name in the deal."""
    text = GOOD.replace("control ", "fee LG: Legal Fee  # outside counsel\ncontrol ").replace(
        "FEE T; INT A; PRN", "FEE LG; PRN"
    )
    program = parse_program(text)

    assert program.fees[-1].name == "Legal Fee"
    assert parse_program(format_program(program)) == program


@settings(max_examples=100, deadline=None)
@given(programs())
def test_text_and_program_go_there_and_back(program):
    """A program's text reads back as the same program, and formats to the same text."""
    text = format_program(program)

    assert parse_program(text) == program
    assert format_program(parse_program(text)) == text


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", PROGRAM_NAMES)
def test_library_texts_are_valid_and_go_there_and_back(name, mode):
    """All twenty texts are read without findings."""
    text = program_text(name, mode)
    program = parse_program(text)

    assert check_program(text) == []
    assert (program.name, program.mode) == (name, mode)
    assert parse_program(format_program(program)) == program
