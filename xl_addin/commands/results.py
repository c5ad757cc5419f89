"""What is done with results that stand in the workbook already (spec 06 §12, group Results)."""

from engine.errors import InputError
from workbooks.legacy.outputs import PREFIXES
from xl_addin.commands.answers import counted, said, told
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.patch import DeleteSheets, WorkbookPatch
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

OTHER_PREFIXES = ("Import", "Validation-", "Publish-", "Compare ", "CLO Functions", "CLO Messages")
"""Sheets of commands that the legacy model did not have."""


@command(
    "clo_refresh",
    label="Refresh",
    group="Results",
    supertip="Recalculate every cell that holds a CLO function. The add-in does this itself.",
    icon="Refresh",
    role=Role.VIEWER,
    is_client_side=True,
)
def refresh(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say how cells are refreshed; the client recalculates them."""
    return told("Recalculate the workbook with Ctrl+Alt+F9 to ask for every CLO cell again.")


@command(
    "clo_freeze_values",
    label="Freeze values",
    group="Results",
    supertip="Put values in place of CLO formulas and keep the formulas to bring them back. The add-in does it itself.",
    icon="PasteValues",
    role=Role.VIEWER,
    is_client_side=True,
)
def freeze_values(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say how values are frozen; the client replaces the formulas."""
    return told("Copy the cells and paste them as values to keep what they show.")


@command(
    "clo_unfreeze_values",
    label="Unfreeze values",
    group="Results",
    supertip="Bring back the CLO formulas that were frozen. The add-in does this itself.",
    icon="Undo",
    role=Role.VIEWER,
    is_client_side=True,
)
def unfreeze_values(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say that formulas come back; the client puts them there."""
    return told("The add-in that froze the values brings the formulas back.")


@command(
    "clo_delete_outputs",
    label="Delete outputs",
    group="Results",
    supertip="Delete the result sheets that the add-in made and nobody changed.",
    icon="Delete",
    role=Role.VIEWER,
    asks=(Ask(name="is_confirmed", kind=kinds.FLAG, label="Delete all result sheets", default=False),),
)
def delete_outputs(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Delete our sheets; InputError CLO-2212 without the confirmation."""
    if not inputs.answers.get("is_confirmed"):
        raise InputError(
            "CLO-2212", "The deletion was not confirmed", where="dialog Delete outputs", remedy="Confirm it."
        )
    prefixes = (*PREFIXES, *OTHER_PREFIXES)
    n_sheets = sum(name.lower().startswith(tuple(prefix.lower() for prefix in prefixes)) for name in inputs.ours)
    text = f"{counted(n_sheets, 'result sheet')} {'was' if n_sheets == 1 else 'were'} deleted."
    return WorkbookPatch((*(DeleteSheets(prefix=prefix) for prefix in prefixes), *said(text)))


@command(
    "clo_export_file",
    label="Export PDF or CSV",
    group="Results",
    supertip="Save the sheet that is shown as PDF or CSV. The add-in does this itself.",
    icon="FileSaveAsPdfOrXps",
    role=Role.VIEWER,
    is_client_side=True,
)
def export_file(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say how a sheet is saved; the client saves it."""
    return told("Save the sheet with File, Save As, and choose PDF or CSV.")
