"""Commands that only tests have: slow ones, one that heeds nothing, one that dies, ones that fail."""

import os
import time

from engine.errors import InputError
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.patch import Message, WorkbookPatch
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

_FACTS = {"group": "Tools", "supertip": "For tests.", "icon": "Help"}


def _said(text: str) -> WorkbookPatch:
    return WorkbookPatch((Message(level="information", text=text),))


@command("test_burn", label="Burn", is_background=True, **_FACTS)  # type: ignore[arg-type]
def burn(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Use the processor for a minute, reporting all the while."""
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        sum(range(10_000))
        progress("Burning", 1.0 - (end - time.monotonic()) / 60.0)
    return _said("burnt")


@command("test_deaf", label="Deaf", is_background=True, **_FACTS)  # type: ignore[arg-type]
def deaf(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Use the processor for a minute and look at nothing."""
    progress("Started", 0.1)
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        sum(range(10_000))
    return _said("deaf")


@command("test_write", label="Write", is_background=True, **_FACTS)  # type: ignore[arg-type]
def write(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Store something, and take long before it is final."""
    with ctx.desk._store.begin() as work:
        work.access.add_key("half written", "nobody", "viewer", None, None)
        progress("Storing", 0.5)
        time.sleep(60.0)
    return _said("stored")


@command("test_steps", label="Steps", is_background=True, role=Role.VIEWER, **_FACTS)  # type: ignore[arg-type]
def steps(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Three stages, then a patch that names the user."""
    for done, stage in ((0.0, "Loading"), (0.5, "Working"), (0.9, "Writing")):
        progress(stage, done)
        # Longer than a busy machine takes between two looks at a job.
        time.sleep(0.4)
    return _said(f"done for {ctx.user}")


@command("test_die", label="Die", is_background=True, **_FACTS)  # type: ignore[arg-type]
def die(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Take the process down."""
    os._exit(3)


@command("test_fail", label="Fail", **_FACTS)  # type: ignore[arg-type]
def fail(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """An error that says what to do."""
    raise InputError("CLO-9001", "The test wants it so", where="B7", remedy="Do something else.")


@command("test_crash", label="Crash", **_FACTS)  # type: ignore[arg-type]
def crash(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """An error that nobody foresaw."""
    raise ZeroDivisionError("secret detail")


@command(
    "test_file",
    label="Read",
    asks=(
        Ask(name="file", kind=kinds.TEXT, label="File", is_file=True),
        Ask(name="count", kind=kinds.WHOLE, label="How many", default=7),
        Ask(name="deals", kind=kinds.NAME, label="Deals", is_many=True, default=()),
    ),
    **_FACTS,  # type: ignore[arg-type]
)
def read(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """What was asked, as it arrived."""
    path = inputs.answers["file"]
    content = "no file" if path is None else f"{path.name}: {path.stat().st_size} bytes in {path.parent}"
    return _said(f"{content}; {inputs.answers['count']}; {', '.join(inputs.answers['deals'])}; {inputs.cells}")
