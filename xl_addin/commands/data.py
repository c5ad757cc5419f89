"""Data in and judged: importing workbooks, and validating what is stored (spec 06 §12, group Data)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.desk.records import ImportOutcome, ValidationOutcome
from engine.errors import InputError
from engine.snapshot import Finding, Severity
from engine.validation import Violation
from xl_addin.commands.answers import counted, shown
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.inputs import DEAL, cell
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

_MOST_ROWS = 5_000
_HEADER = ["severity", "code", "where", "text", "value_found", "value_used"]
_SEVERITY_STYLES = {"error": Style.BAD, "warning": Style.INPUT}
_DRY_RUN = Ask(name="is_dry_run", kind=kinds.FLAG, label="Only say what would change, store nothing", default=True)
_STRICT = Ask(name="is_strict", kind=kinds.FLAG, label="Keep the file out for a warning too", default=False)


def _file(inputs: Inputs) -> Path:
    """The uploaded file; InputError CLO-2209 where there is none."""
    path = inputs.answers.get("file")
    if not path:
        raise InputError("CLO-2209", "No file was chosen", remedy="Choose a workbook, .xlsx or .xlsm.")
    return Path(str(path))


@command(
    "clo_import_workbook",
    label="Import legacy workbook",
    group="Data",
    supertip="Read a legacy workbook into the database, whole or not at all; first say what it would change.",
    icon="ImportExcel",
    is_background=True,
    role=Role.MANAGER,
    asks=(Ask(name="file", kind=kinds.TEXT, label="Legacy workbook", is_file=True), _DRY_RUN, _STRICT),
)
def import_workbook(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Import a model workbook and list what was found in it and what it changes."""
    outcome = ctx.desk.import_workbook(
        _file(inputs),
        dry_run=bool(inputs.answers.get("is_dry_run", True)),
        is_strict=bool(inputs.answers.get("is_strict")),
        progress=progress,
    )
    return _import_patch(inputs, outcome)


@command(
    "clo_import_loader",
    label="Load positions and market",
    group="Data",
    supertip="Read a loader workbook: fresh positions, cash, assets and curve of deals that were imported before.",
    icon="ImportTextFile",
    is_background=True,
    role=Role.MANAGER,
    asks=(Ask(name="file", kind=kinds.TEXT, label="Loader workbook", is_file=True), _DRY_RUN, _STRICT),
)
def import_loader(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Load fresh data and list what was found and what it changes."""
    progress("Reading the loader workbook", 0.1)
    outcome = ctx.desk.load_workbook(
        _file(inputs),
        dry_run=bool(inputs.answers.get("is_dry_run", True)),
        is_strict=bool(inputs.answers.get("is_strict")),
    )
    patch = _import_patch(inputs, outcome)
    progress("Done", 1.0)
    return patch


def _import_patch(inputs: Inputs, outcome: ImportOutcome) -> WorkbookPatch:
    sheet = OutputSheet(output_name(inputs, "Import"))
    sheet.title("Import", outcome.message)
    rows = remarks(outcome.findings, outcome.violations)
    _list_remarks(sheet, rows)
    changes = [
        [one.deal, one.table, one.key, one.kind.value, one.field, _shown(one.old), _shown(one.new)]
        for one in outcome.changes[:_MOST_ROWS]
    ]
    sheet.table(
        f"Changes against the database: {len(outcome.changes):,}",
        [["deal", "table", "key", "change", "field", "old", "new"], *changes],
    )
    text = outcome.message
    if outcome.is_written:
        text += " Press Compliance, all deals to test them."
    return shown((sheet,), text, level="error" if outcome.has_errors else "information")


def remarks(findings: Iterable[Finding], violations: Iterable[Violation]) -> list[list[Any]]:
    """Findings and breaches as rows, errors first."""
    rows = [
        [one.severity.name.lower(), one.code, f"'{one.sheet}'!{one.cell}" if one.cell else one.sheet, one.text,
         one.value_found, one.value_used]
        for one in findings
    ]  # fmt: skip
    rows += [
        [one.severity.name.lower(), one.code, one.where, f"{one.text} {one.remedy}".strip(), one.value_found,
         one.value_used]
        for one in violations
    ]  # fmt: skip
    order = {severity.name.lower(): place for place, severity in enumerate(_BY_WEIGHT)}
    return sorted(rows, key=lambda row: order[row[0]])


_BY_WEIGHT = (Severity.ERROR, *(one for one in Severity if one is not Severity.ERROR))


def _list_remarks(sheet: OutputSheet, rows: Sequence[list[Any]]) -> None:
    shown_rows = rows[:_MOST_ROWS]
    block = sheet.table(f"Messages: {len(rows):,}", [_HEADER, *shown_rows])
    sheet.mark(block, "severity", [_SEVERITY_STYLES.get(row[0]) for row in shown_rows])
    sheet.freeze(block, 2)


def _shown(value: object) -> Any:
    """Any stored value as a cell can hold it."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


@command(
    "clo_validate",
    label="Validate",
    group="Data",
    supertip="Judge the stored data of the deal, or of all deals where none is chosen, by every validation rule.",
    icon="ErrorChecking",
    role=Role.VIEWER,
    reads=(DEAL,),
)
def validate(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Everything that is wrong with the stored data of a deal, or of all."""
    deal = cell(inputs, DEAL, kinds.NAME)
    outcomes = ctx.desk.validate(deal)
    whose = _whose(deal, outcomes)
    rows = [row for one in outcomes for row in remarks(one.findings, one.violations)]
    sheet = OutputSheet(output_name(inputs, f"Validation-{whose}"))
    sheet.title(f"{whose}: validation", ", ".join(f"{one.file} as of {one.as_of}" for one in outcomes))
    _list_remarks(sheet, rows)
    n_errors = sum(row[0] == "error" for row in rows)
    text = f"{whose}: {counted(len(rows), 'message')}, {counted(n_errors, 'error')}."
    return shown((sheet,), text, level="warning" if n_errors else "information")


def _whose(deal: str | None, outcomes: Sequence[ValidationOutcome]) -> str:
    """The deal in its own spelling."""
    names = [name for one in outcomes for name in one.deals]
    return "All" if deal is None or not names else names[0]
