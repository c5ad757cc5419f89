"""Every function in a real spreadsheet program: it is there, it is described, it answers as everywhere else."""

from typing import Any

import pytest

from tests.xl_addin.calc.conftest import Sheet
from tests.xl_addin.value_table import CASES, Case
from xl_addin.calc.harness import Office
from xl_addin.commands.patch import EnsureSheet, WorkbookPatch, Write, patch_to_json
from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.declare import Function

_INPUTS = "Inputs"
_ERROR_FORMULAS = {"#DIV/0!": "1/0", "#N/A": "NA()"}


@pytest.fixture(scope="module")
def described(office: Office) -> dict[str, dict[str, Any]]:
    """What the function wizard shows, by name."""
    return {function["name"]: function for function in office.ask("functions")}


def test_all_functions_arrive(described: dict[str, dict[str, Any]]) -> None:
    """Calc offers exactly the catalogue, and what was registered beside it."""
    ours = {name for name in described if not name.startswith("CLO_TRIAL_")}

    assert ours == {function.name for function in catalogue()}


@pytest.mark.parametrize("function", catalogue(), ids=lambda function: function.name)
def test_descriptions_arrive(described: dict[str, dict[str, Any]], function: Function) -> None:
    """The wizard shows the summary, and every argument under its name with its description."""
    shown = described[function.name]

    assert shown["description"] == function.summary
    assert shown["arguments"] == [[one.name, one.description] for one in function.parameters]


def test_a_newly_registered_function_appears(described: dict[str, dict[str, Any]], sheet: Sheet) -> None:
    """A declaration is all it takes: name, texts and argument are in the wizard, and a cell calculates."""
    assert described["CLO_TRIAL_JOIN"]["description"] == (
        'Label and amounts as one text, <"joined"> & separated by blanks.'
    )
    assert described["CLO_TRIAL_JOIN"]["arguments"] == [["label", "Any text."], ["amounts", "Any numbers."]]
    assert sheet.value('=CLO_TRIAL_JOIN("of";1;2.5)') == "of 1 2.5"


class _Formula:
    """A case as a formula: what cannot stand in a formula stands on a sheet of inputs, and is referred to."""

    def __init__(self, case: Case) -> None:
        self.writes: list[Write] = []
        self.text = f"={case.name}({';'.join(map(self._argument, case.arguments))})"

    def _argument(self, raw: Any) -> str:
        if raw is None:
            return ""
        if isinstance(raw, bool):
            return f"{str(raw).upper()}()"
        if isinstance(raw, int | float):
            return repr(raw)
        if isinstance(raw, str) and raw:
            return '"' + raw.replace('"', '""') + '"'
        if isinstance(raw, dict) and "e" in raw:
            return _ERROR_FORMULAS[raw["e"]]
        return self._reference(raw if isinstance(raw, list) else [[raw]])

    def _reference(self, rows: list[list[Any]]) -> str:
        """A range that holds the rows, in columns that no other argument has."""
        first = "ABCDEFGH"[2 * len(self.writes)]
        last = chr(ord(first) + len(rows[0]) - 1)
        self.writes.append(Write(sheet=_INPUTS, anchor=f"{first}1", values=rows))
        return f"${_INPUTS}.{first}1:{last}{len(rows)}" if len(rows) * len(rows[0]) > 1 else f"${_INPUTS}.{first}1"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_value_table(office: Office, sheet: Sheet, case: Case) -> None:
    """A cell shows the value or the error of the table, and CLO_ERROR() the number of that error."""
    expected = case.calc or case.answer
    formula = _Formula(case)
    patch = WorkbookPatch((EnsureSheet(name=_INPUTS, is_output=False), *formula.writes))
    office.ask("patch", document=sheet.document, patch=patch_to_json(patch))
    sheet.write({"A1": formula.text, "A2": "=CLO_ERROR()"})

    found = sheet.values()

    if "e" in expected:
        assert found["A1"] == {"e": expected["e"]}
        assert str(found.get("A2", "")).startswith(expected["m"])
    else:
        value = expected["v"]
        assert found["A1"] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12))
