"""Commands on the control workbook: they find every name and table, and tell it what came."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from engine.desk.control_content import control_content
from engine.desk.desk import Desk
from tests.xl_addin.commands.conftest import applied, silent
from workbooks.demo import DEAL_NAME
from workbooks.templates.control_workbook import write_control_workbook
from xl_addin.commands.declare import command_of
from xl_addin.commands.files_openpyxl import read_inputs, save_workbook
from xl_addin.registry.context import CallContext


@pytest.fixture
def control(demo: Desk, tmp_path: Path) -> Workbook:
    """The control workbook of the demo deal, as a client opens it."""
    path = tmp_path / "control.xlsx"
    write_control_workbook(path, control_content(demo, DEAL_NAME, "test"))
    return load_workbook(path)


def press(book: Workbook, desk: Desk, command_id: str, **answers: Any) -> str:
    """Run a command on what the workbook says, apply its patch, and hand back the message."""
    command = command_of(command_id)
    inputs = read_inputs(book, command.reads, answers)
    patch = command.run(inputs, CallContext(lambda: desk), silent)
    return applied(patch, book)[-1].text


def named(book: Workbook, name: str) -> Any:
    """The value of a named cell."""
    ((sheet, cell),) = book.defined_names[name].destinations
    return book[sheet][cell.replace("$", "")].value


def test_a_day_with_the_control_workbook(control: Workbook, demo: Desk, tmp_path: Path) -> None:
    """Cash flows, compliance, ranking, rebalance and publishing, one after the other on one workbook."""
    press(control, demo, "clo_select_deal", deal="demo1")
    flows = press(control, demo, "clo_run_waterfall")
    last_run = named(control, "clo_last_run")
    press(control, demo, "clo_run_compliance")
    press(control, demo, "clo_run_rankings")
    press(control, demo, "clo_run_rebalance")
    published = press(control, demo, "clo_publish_inputs")
    save_workbook(control, tmp_path / "after.xlsx")
    after = load_workbook(tmp_path / "after.xlsx")

    assert flows == f"Run {last_run} of Demo 1, scenario BASE: 37 periods."
    assert named(after, "clo_message") == published
    assert {"Deal CF-Demo 1", "Compliance-Demo 1", "Rankings-Demo 1", "Rebalance-Demo 1"} <= set(after.sheetnames)
    assert "Control" in after.sheetnames


def test_the_waterfall_of_the_sheet_is_the_stored_one(control: Workbook, demo: Desk) -> None:
    """An untouched workbook has nothing to publish."""
    lines = read_inputs(control, ("clo_program",)).cells["clo_program"]

    assert [row[0] for row in lines if row[0]] == [
        line for line in demo.documents.waterfall_text(DEAL_NAME).splitlines() if line
    ]
    assert press(control, demo, "clo_publish_inputs") == (
        "The inputs of Demo 1 are stored as they stand in the workbook."
    )
