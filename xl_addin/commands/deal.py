"""Choosing what to work on: the deal of the Control sheet (spec 06 §12, group Deal)."""

from engine.errors import located
from xl_addin.commands.answers import said, told
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.inputs import AS_OF, ASSUMPTIONS, DEAL, assumptions
from xl_addin.commands.patch import WorkbookPatch, WriteNamed
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.results import DATE_FORMAT
from xl_addin.registry.values import serial


@command(
    "clo_select_deal",
    label="Select deal",
    group="Deal",
    supertip="Choose the deal that the Control sheet and every command work on, at its newest date.",
    icon="AccessTableContacts",
    role=Role.VIEWER,
    asks=(Ask(name="deal", kind=kinds.NAME, label="Deal", source="deals"),),
)
def select_deal(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Fill the Control sheet with a deal, its newest date and the assumption set it was run on last."""
    with located("dialog Select deal"):
        view = ctx.views.deal(str(inputs.answers.get("deal") or ""))
    par = sum(view.par_by_id.values())
    text = f"{view.deal.name} as of {view.as_of}: {len(view.par_by_id)} positions, par {par:,.2f}."
    return WorkbookPatch(
        (
            WriteNamed(name=DEAL, value=view.deal.name),
            WriteNamed(name=AS_OF, value={"d": serial(view.as_of), "f": DATE_FORMAT}),
            WriteNamed(name=ASSUMPTIONS, value=assumptions(Inputs(), ctx, view.deal.name)),
            *said(text),
        )
    )


@command(
    "clo_settings",
    label="Settings",
    group="Deal",
    supertip="Where the calculation server is, how this workbook signs in, and the default mode.",
    icon="PropertySheet",
    role=Role.VIEWER,
    is_client_side=True,
)
def settings(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say where the settings are; the client shows them."""
    return told("The settings are those of the add-in: open them in its task pane.")
