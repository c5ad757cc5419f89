"""The command `clodesk compliance`: whether a deal passes its tests, by how much, and how that developed."""

from pathlib import Path
from typing import Annotated

import typer

from engine.compliance.results import PastResult
from engine.desk.desk import Desk
from engine.desk.records import ComplianceOutcome
from engine.errors import InputError
from engine.modes import Mode
from xl_addin.command_line import compliance_tables as tables
from xl_addin.command_line import machine
from xl_addin.command_line.terminal import (
    AsOf,
    DealName,
    Json,
    console,
    day,
    file_text,
    opened_desk,
    print_json,
    progress,
    talk,
)

NO_LIMITS = "none"


def compliance(
    deal: DealName,
    as_of: AsOf = None,
    legacy: Annotated[bool, typer.Option("--legacy", help="As the old model tested, its defects included.")] = False,
    test: Annotated[list[str] | None, typer.Option("--test", help="Only this test, by id or name; repeatable.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write a workbook with charts.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Make the shown results the ones to maintain or improve on from now on.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="The tests on every tested day.")] = False,
    limits: Annotated[
        str | None,
        typer.Option(help=f"JSON file of tests and limits beyond the deal's sheet, kept; '{NO_LIMITS}' forgets them."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Test a deal's holdings against its limits, store the results, and say what drives each of them.

    Example: clodesk compliance "MAG 17" --report compliance.xlsx
    """
    mode = Mode.LEGACY if legacy else Mode.STANDARD
    with opened_desk() as desk, progress() as watch:
        if limits is not None:
            desk.set_limits(deal, None if limits == NO_LIMITS else file_text(Path(limits)), limits)
        wanted = tuple(desk.id_of_test(int(text) if text.isdigit() else text, "--test") for text in test or [])
        outcome = desk.compliance(deal, day(as_of), mode, progress=watch)
        chosen = _chosen(outcome, wanted)
        accepted = desk.accept_compliance(outcome, chosen) if accept else {}
        past = _history(desk, deal, mode, wanted) if history else ()
        if report is not None:
            desk.export_compliance(report, outcome, wanted)
    if as_json:
        print_json(machine.compliance(outcome, chosen, past if history else None, accepted if accept else None))
    elif history:
        tables.show_history(console, outcome.report.deal, past)
    else:
        tables.show_compliance(console, outcome, chosen)
    if accepted:
        talk.print(f"Accepted {len(accepted)} results of {outcome.report.deal} as of {outcome.report.as_of}")
    if report is not None:
        talk.print(f"Wrote {report}")


def _chosen(outcome: ComplianceOutcome, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """The tests to show, all where none is named; InputError for one that the deal does not have."""
    for test_id in wanted:
        if outcome.result(test_id) is None:
            raise InputError(
                "CLO-4056",
                f"Test {test_id} is not among the tests of {outcome.report.deal}",
                where="--test",
                remedy="Configure it on the deal's sheet, or with --limits FILE.",
            )
    return wanted or tuple(result.test_id for result in outcome.report.results)


def _history(desk: Desk, deal: str, mode: Mode, wanted: tuple[int, ...]) -> tuple[PastResult, ...]:
    past = desk.compliance_history(deal, None, mode)
    return tuple(item for item in past if item.test_id in wanted) if wanted else past
