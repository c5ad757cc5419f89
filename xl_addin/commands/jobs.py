"""Stopping a command that runs in the background (spec 06 §12)."""

from xl_addin.commands.answers import told
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.patch import WorkbookPatch
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext


@command(
    "clo_cancel_run",
    label="Cancel run",
    group="Run",
    supertip="Stop the command that runs in the background; nothing of it is stored. The add-in tells the server.",
    icon="CancelRequest",
    role=Role.VIEWER,
    asks=(Ask(name="is_confirmed", kind=kinds.FLAG, label="Stop the run", default=False),),
    is_client_side=True,
)
def cancel_run(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say that there is nothing to stop; the client cancels the jobs that it started."""
    return told("No command runs in the background.")
