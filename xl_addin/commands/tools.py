"""Help with functions and errors (spec 06 §12, 08 §8.1, group Tools)."""

from xl_addin.commands.answers import shown, told
from xl_addin.commands.declare import Inputs, Progress, Role, command
from xl_addin.commands.patch import WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.context import CallContext


@command(
    "clo_insert_function",
    label="Insert CLO function",
    group="Tools",
    supertip="Choose a function, fill in its arguments, and put it into the active cell. The add-in does this itself.",
    icon="FunctionWizard",
    role=Role.VIEWER,
    is_client_side=True,
)
def insert_function(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say where the functions are; the client writes the formula."""
    return told("Type =CLO_ into a cell, or open the function browser of the task pane.")


@command(
    "clo_list_functions",
    label="Function list",
    group="Tools",
    supertip="List every CLO function with what it gives and an example, on the sheet CLO Functions.",
    icon="FunctionsLookupReferenceInsertGallery",
    role=Role.VIEWER,
)
def list_functions(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Every function of the catalogue with its arguments and an example."""
    rows = [
        [one.category, one.name, ", ".join(parameter.name for parameter in one.parameters), one.summary,
         one.examples[0].formula]
        for one in catalogue()
    ]  # fmt: skip
    sheet = OutputSheet(output_name(inputs, "CLO Functions"))
    sheet.title("CLO functions", "Every function of this server")
    sheet.freeze(sheet.table("Functions", [["category", "function", "arguments", "text", "example"], *rows]), 2)
    return shown((sheet,), f"{len(rows)} functions.")


@command(
    "clo_show_messages",
    label="Messages",
    group="Tools",
    supertip="List the errors of this workbook's CLO cells, newest first, on the sheet CLO Messages.",
    icon="ErrorChecking",
    role=Role.VIEWER,
)
def show_messages(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The errors of the workbook's cells that the server remembers."""
    found = ctx.errors.of_workbook(ctx.workbook)
    if not found:
        return told("No CLO cell of this workbook shows an error.")
    sheet = OutputSheet(output_name(inputs, "CLO Messages"))
    sheet.title("Errors of CLO cells", "Newest first, as the server remembers them")
    sheet.freeze(sheet.table("Errors", [["where", "text"], *([cell, text] for cell, text in found)]), 1)
    return shown((sheet,), f"{len(found)} cells show an error.", level="warning")


@command(
    "clo_repair_links",
    label="Repair links",
    group="Tools",
    supertip="Point CLO formulas at the add-in of this computer again. The add-in does this itself.",
    icon="EditLinks",
    role=Role.VIEWER,
    is_client_side=True,
)
def repair_links(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say how links are repaired; the client rewrites them."""
    return told("Links are repaired by the Windows add-in, or with `clodesk excel repair-links FILE`.")


@command(
    "clo_about",
    label="About",
    group="Tools",
    supertip="Versions of add-in, server and data. The add-in shows them itself.",
    icon="Info",
    role=Role.VIEWER,
    is_client_side=True,
)
def about(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Say where the versions are; the client shows them."""
    return told("=CLO_VERSION() shows the versions of add-in, server and data.")
