"""`clodesk grid` and `clodesk breakeven`: what they print, store and refuse."""

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from engine.errors import InputError
from tests.xl_addin.command_line.conftest import Clodesk
from workbooks.demo import DEAL_NAME, demo_waterfall
from xl_addin.command_line.grids import PERCENT, values


@pytest.fixture
def imported(clodesk: Clodesk, small_demo: Path, here: Path) -> Clodesk:
    """The demo deal of few loans in the database, with its waterfall."""
    (here / "demo.waterfall").write_text(demo_waterfall())
    assert clodesk("import", small_demo).code == 0
    assert clodesk("waterfall", "set", DEAL_NAME, here / "demo.waterfall").code == 0
    return clodesk


def test_a_grid_is_run_stored_and_written(imported: Clodesk, here: Path) -> None:
    """JSON holds every point, the workbook its maps; asked again the answer comes from the store."""
    line = ("grid", "Demo 1", "--cdr", "0:4:2", "--severity", "30,50", "--lag", "6", "--assumptions", "workbook")
    first = imported(*line, "--out", "g.xlsx", "--json")
    again = imported(*line, "--json")

    assert (first.code, again.code) == (0, 0)
    assert [(point["cdr"], point["severity"]) for point in first.json["points"]] == [
        (cdr, severity) for cdr in (0.0, 0.02, 0.04) for severity in (0.3, 0.5)
    ]
    assert again.json["answered_from"] == "store"
    assert again.json["points"] == first.json["points"]
    assert "Yield" in openpyxl.load_workbook(here / "g.xlsx").sheetnames
    shown = imported(*line)
    assert "6 points" in shown.out
    assert "Severity" in shown.out


def test_break_evens_are_found_and_written(imported: Clodesk, here: Path) -> None:
    """A rate for each class of debt, its multiplier, and yields at the prices asked for."""
    line = ("breakeven", "Demo 1", "--severity", "60", "--assumptions", "workbook", "--price", "90,100")
    said = imported(*line, "--out", "b.xlsx", "--json")
    shown = imported(*line)

    assert said.code == shown.code == 0
    assert {item["measure"] for item in said.json["break_evens"]} == {"cdr", "multiplier"}
    assert said.json["held_constant"] == {"severity": 0.6}
    assert said.json["prices"][0]["price"] == [0.9, 1.0]
    assert openpyxl.load_workbook(here / "b.xlsx").sheetnames == ["Summary", "Prices"]
    assert "break-even default rates" in shown.out


MISTAKES = (
    (("--cdr", "two"), 1, "CLO-4150: 'two' is no number, at --cdr. Write 0,2,4 or a range such as 0:10:2."),
    (("--cdr", "0:10"), 1, "CLO-4151: '0:10' is no range, at --cdr. Write first:last:step"),
    (("--cdr", "10:0:1"), 1, "CLO-4151: '10:0:1' is no range"),
    (("--cdr", "0:1:0.000001"), 1, "CLO-4152: '0:1:0.000001' has 1,000,001 values, at --cdr"),
    (("--cdr", "-1"), 1, "CLO-1340: -0.01 cannot stand on the axis cdr"),
    (("--severity", "101"), 1, "CLO-1340: 1.01 cannot stand on the axis severity"),
    (("--cdr", "0:99:0.1", "--cpr", "0:99:0.9"), 1, "CLO-1342: The grid has 110,001 points (111 x 991)"),
    ((), 1, "CLO-1344: A grid without values has no points"),
    (("--cdr", "1", "--tranche", "Z"), 1, "CLO-1345: Demo 1 has no tranche 'Z'"),
    (("--default-rate", "1"), 2, "No such option: --default-rate"),
)


def test_bad_input_is_told(imported: Clodesk) -> None:
    """A number, a range, an axis or a class that cannot be: one message and an exit code."""
    for arguments, code, text in MISTAKES:
        said = imported("grid", "Demo 1", "--assumptions", "workbook", *arguments)

        assert said.code == code, arguments
        assert text in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,2.5,4%", (0.0, 0.025, 0.04)),
        ("0:0.3:0.1", (0.0, 0.001, 0.002, 0.003)),
        ("1:2:0.4,9", (0.01, 0.014, 0.018, 0.09)),
    ],
)
def test_values_are_lists_and_ranges(text: str, expected: tuple[float, ...]) -> None:
    """Percent signs may stand, ranges hold their last value if they reach it, decimals are exact."""
    assert values(text, "--cdr", PERCENT) == expected


def test_infinity_is_no_number() -> None:
    """What Python would read as a number and a grid cannot hold."""
    with pytest.raises(InputError, match="CLO-4150: 'inf' is no number"):
        values("inf", "--lag", Decimal(1))
