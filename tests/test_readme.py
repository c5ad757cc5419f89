"""The README cannot drift: what it shows exists and works."""

import json
import re
from pathlib import Path

import pytest

from db.settings import StorageSettings
from engine import numerics
from engine.desk.blocks import settings as block_settings
from engine.desk.deal_limits import limits_from_json
from engine.desk.swaps.event_files import event_of_file
from engine.desk.swaps.override_files import overrides_of
from engine.payouts.enums import UnwindFunding
from engine.payouts.events.requests import QuantityChange
from engine.waterfall.parser import parse_program
from tests.xl_addin.command_line.command_lines import COMMANDS, parse
from xl_addin.server.settings import ServerSettings

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def shown_commands() -> list[str]:
    """Every `clodesk ...` of the README, in blocks and between backticks."""
    in_blocks = [
        part.strip().removeprefix(".venv/bin/")
        for block in BLOCKS
        for line in block.splitlines()
        for part in line.split("&&")
        if part.strip().removeprefix(".venv/bin/").startswith("clodesk ")
    ]
    outside = re.sub(r"^```\n.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    return in_blocks + re.findall(r"`(clodesk [^`]+)`", outside)


@pytest.mark.parametrize("line", shown_commands())
def test_a_shown_command_exists_and_takes_what_it_is_given(line: str) -> None:
    """The command line parses it as it stands."""
    parse(line)


def test_the_table_holds_every_command() -> None:
    """No command is missing from it, and none is invented."""
    rows = re.findall(r"^\| (`clodesk [^|]+) \|", README, re.MULTILINE)
    lines = [line.split() for row in rows for line in re.findall(r"`clodesk ([^`]+)`", row)]
    named = {" ".join(word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)) for words in lines}

    assert named == {name for name, _ in COMMANDS}


def test_the_environment_variables_are_read() -> None:
    """Settings of storage, blocks and server, the folder of compiled code, the folder of reference data."""
    named = set(re.findall(r"CLODESK_[A-Z_]+", README))
    settings = {f"CLODESK_{name.upper()}" for name in StorageSettings.model_fields}
    settings |= {f"CLODESK_{name.upper()}" for name in block_settings._Texts.model_fields}
    settings |= {f"CLODESK_SERVER_{name.upper()}" for name in ServerSettings.model_fields}

    assert named - settings == {"CLODESK_CACHE_DIR", "CLODESK_REFERENCE"}
    assert '"CLODESK_REFERENCE"' in (PROJECT / "tests" / "conftest.py").read_text()


def test_the_cache_folder_is_the_named_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CLODESK_CACHE_DIR moves the compiled code."""
    monkeypatch.setenv("CLODESK_CACHE_DIR", str(tmp_path))

    assert numerics.cache_root() == tmp_path


def test_the_waterfall_excerpt_is_part_of_a_program() -> None:
    """With a header before it and the other sections after it, it parses."""
    excerpt = next(block for block in BLOCKS if block.startswith("INT:"))
    header = """tranches A B C D E SUB
control A>A B>B C>C D>D E>E
oc B: A B; C: A B C; D: A B C D; E: A B C D E; ID: A B C D E; EOD: A
ic B: A B; C: A B C; D: A B C D
"""
    others = """PRIN:
  NOTES
NPS:
  PRN A; PRN B; PRN C; PRN D; PRN E; EQUITY P
EOD:
  INT A; PRN A; EQUITY P
"""
    program = parse_program(header + excerpt + others)

    assert len(program.tranches) == 6


def test_the_limits_document_can_be_read() -> None:
    """The example of `--limits` names tests, inputs and facts that exist."""
    document = next(block for block in BLOCKS if block.startswith('{"tests"'))

    assert len(limits_from_json(document, "README").tests) == 2


def test_the_business_event_can_be_read() -> None:
    """The example of the plain form is an unwind that breaks its funding."""
    document = next(block for block in BLOCKS if block.startswith('{"contract_reference"'))
    event = event_of_file(document.encode(), Path("unwind.json"))

    assert event is not None
    (change,) = event.instructions
    assert isinstance(change, QuantityChange)
    assert (change.quantity, change.funding) == (400.0, UnwindFunding.BREAK)


def test_the_borrow_fee_can_be_read() -> None:
    """The example belongs into an overrides file."""
    (stated,) = re.findall(r'^`("borrow_fee": .*)`\.$', README, re.MULTILINE)
    fee = overrides_of(json.loads(f"{{{stated}}}"), "README").borrow_fee

    assert fee is not None
    assert [(step.step_date.isoformat(), step.rate) for step in fee.steps] == [("2024-02-01", 0.08)]


def test_the_folders_exist() -> None:
    """Every folder of the map is there."""
    rows = re.findall(r"^\| ((?:`[\w/]+`(?:, )?)+) \|", README, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([\w/]+)`", row)]

    assert len(names) > 10
    for name in names:
        assert (PROJECT / name).is_dir() or (PROJECT / "engine" / name).is_dir(), name


def test_the_two_commands_of_the_readme_are_marked_for_ci() -> None:
    """.ci/run takes them from here: one that installs and runs the main job, one that installs and runs the tests."""
    for mark, ending in (("demo", "clodesk demo"), ("test", "pytest -n 2")):
        found = re.search(rf"<!-- {mark} -->\n```\n(.+)\n```", README)
        assert found is not None
        assert found[1].endswith(ending)
        assert "requirements.lock" in found[1]
