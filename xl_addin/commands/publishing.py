"""Publishing what an analyst edited in the workbook: waterfall text, scenarios, objective weights (spec 08 §8.1).

A publication is tried first and listed change by change; only then, and only by a manager, is it stored.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from difflib import SequenceMatcher
from typing import Any

from engine.deal.assumptions import Scenario
from engine.errors import InputError, located
from engine.waterfall.parser import check_program
from xl_addin.commands.answers import counted, shown, told
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.inputs import BASIS, WEIGHTS, Basis, basis, weights
from xl_addin.commands.patch import WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.errors import CellError
from xl_addin.registry.ranges import rows_of

PROGRAM, SCENARIOS = "clo_program", "tbl_scenarios"
_SHOCKS = tuple(one.name for one in fields(Scenario) if one.name not in ("name", "description"))
_MOST_MISTAKES = 5


@dataclass(frozen=True, slots=True)
class _Publication:
    """What differs from what is stored; None and empty for what stays."""

    program: str | None
    scenarios: tuple[Scenario, ...]
    limits: str | None
    changes: tuple[tuple[str, str, Any, Any], ...]


@command(
    "clo_publish_inputs",
    label="Publish inputs",
    group="Data",
    supertip="Store the waterfall text, scenarios and weights of the workbook for everybody; lists the changes first.",
    icon="FileCheckIn",
    role=Role.MANAGER,
    reads=(*BASIS, PROGRAM, SCENARIOS, WEIGHTS),
    asks=(Ask(name="is_dry_run", kind=kinds.FLAG, label="Only list the changes, store nothing", default=True),),
)
def publish_inputs(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Check the edits, list what they change, and store them unless this is a trial."""
    chosen = basis(inputs, ctx)
    found = _publication(inputs, ctx, chosen)
    if not found.changes:
        return told(f"The inputs of {chosen.deal} are stored as they stand in the workbook.")
    is_trial = bool(inputs.answers.get("is_dry_run", True))
    if not is_trial:
        _store(ctx, chosen, found)
    state = "would change; nothing was stored" if is_trial else "changed and stored"
    sheet = OutputSheet(output_name(inputs, f"Publish-{chosen.deal}"))
    sheet.title(f"{chosen.deal}: publish inputs", f"{counted(len(found.changes), 'input')} {state}")
    sheet.freeze(sheet.table("Changes", [["input", "key", "old", "new"], *found.changes]))
    return shown((sheet,), f"{chosen.deal}: {counted(len(found.changes), 'input')} {state}.")


def _publication(inputs: Inputs, ctx: CallContext, chosen: Basis) -> _Publication:
    program, told_program = _program(inputs, ctx, chosen)
    scenarios, told_scenarios = _scenarios(inputs, ctx)
    limits, told_weights = _limits(inputs, ctx, chosen)
    return _Publication(program, scenarios, limits, (*told_program, *told_scenarios, *told_weights))


def _store(ctx: CallContext, chosen: Basis, found: _Publication) -> None:
    """Store what changed, first what may still be refused."""
    if found.limits is not None:
        ctx.desk.set_limits(chosen.deal, found.limits, f"table {WEIGHTS}")
    if found.program is not None:
        ctx.desk.documents.set_waterfall(chosen.deal, found.program, chosen.as_of)
    if found.scenarios:
        ctx.desk.documents.store_scenarios(found.scenarios)


def _program(inputs: Inputs, ctx: CallContext, chosen: Basis) -> tuple[str | None, Sequence[tuple[str, str, Any, Any]]]:
    """The waterfall text of the workbook if it differs from the stored one.

    Raises InputError CLO-2210 naming the rows of the sheet that cannot be read.
    """
    lines = [str(row[0]) if row and row[0] is not None else "" for row in rows_of(inputs.cells.get(PROGRAM, ""))]
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    if not text.strip():
        return None, ()
    mistakes = check_program("\n".join(lines))
    if mistakes:
        told_mistakes = "; ".join(f"{one.where}: {one.problem}" for one in mistakes[:_MOST_MISTAKES])
        raise InputError(
            "CLO-2210",
            f"The waterfall text has {counted(len(mistakes), 'mistake')}: {told_mistakes}",
            where=f"range {PROGRAM}, lines are its rows",
            remedy="Correct them; nothing was stored.",
        )
    before = "\n".join(line.rstrip() for line in _stored_program(ctx, chosen).splitlines()).strip("\n")
    if text == before:
        return None, ()
    old, new = before.splitlines(), text.splitlines()
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    n_changed = sum(max(i2 - i1, j2 - j1) for word, i1, i2, j1, j2 in changes if word != "equal")
    return text + "\n", (("waterfall", chosen.deal, f"{len(old)} lines", f"{len(new)} lines, {n_changed} differ"),)


def _stored_program(ctx: CallContext, chosen: Basis) -> str:
    try:
        return ctx.desk.documents.waterfall_text(chosen.deal, chosen.mode)
    except InputError:  # a deal without any waterfall gets its first
        return ""


def _scenarios(inputs: Inputs, ctx: CallContext) -> tuple[tuple[Scenario, ...], list[tuple[str, str, Any, Any]]]:
    """Scenarios that are new or changed. Raises InputError that names table and row."""
    stored = {one.name: one for one in ctx.desk.documents.scenarios()}
    found, told_changes = [], []
    for number, row in enumerate(inputs.tables.get(SCENARIOS, ()), start=1):
        if not row or row[0] is None or not str(row[0]).strip():
            continue
        one = _scenario(row, f"{SCENARIOS}, row {number}")
        before = stored.get(one.name)
        if before == one:
            continue
        found.append(one)
        old, new = asdict(before) if before else {}, asdict(one)
        told_changes += [
            ("scenario", f"{one.name} {name}", old.get(name), value)
            for name, value in new.items()
            if name != "name" and old.get(name) != value
        ]
    return tuple(found), told_changes


def _scenario(row: Sequence[Any], where: str) -> Scenario:
    cells = [*row, *[None] * (2 + len(_SHOCKS) - len(row))]
    shocks: dict[str, float] = {}
    for name, raw in zip(_SHOCKS, cells[2:], strict=False):
        if raw is not None and raw != "":
            try:
                shocks[name] = kinds.NUMBER.read(raw)
            except CellError as error:
                raise InputError(error.number, error.problem, where=f"{where}, {name}", remedy=error.remedy) from None
    with located(where):
        return Scenario(name=str(cells[0]).strip().upper(), description=str(cells[1] or ""), **shocks)


def _limits(inputs: Inputs, ctx: CallContext, chosen: Basis) -> tuple[str | None, list[tuple[str, str, Any, Any]]]:
    """The deal's limits with the weights of the workbook, if those differ from the weights in force."""
    wanted = weights(inputs)
    if wanted is None:
        return None, []
    now = dict(ctx.views.compliance(chosen.deal, chosen.as_of, chosen.mode).report.weights)
    new = {int(test): weight for test, weight in wanted}
    changed = [test for test, weight in new.items() if now.get(test, 0.0) != weight]
    if not changed:
        return None, []
    content = json.loads(ctx.desk.limits_text(chosen.deal) or "{}")
    # Weights of this document stand in place of all those of the sheet, so that the others must be named too.
    content["weights"] = {str(test): weight for test, weight in {**now, **new}.items()}
    told_changes = [("objective weight", f"test {test}", now.get(test, 0.0), new[test]) for test in changed]
    return json.dumps(content), told_changes
