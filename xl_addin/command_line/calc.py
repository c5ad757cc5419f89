"""The LibreOffice extension on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from xl_addin.command_line.terminal import talk

calc_app = typer.Typer(help="The LibreOffice face: the extension with all functions for Calc.", no_args_is_help=True)


# One command alone would take the place of its group.
@calc_app.callback()
def _group() -> None: ...


@calc_app.command("build")
def build_extension(
    output: Annotated[Path, typer.Option(help="Where the extension goes.")] = Path("clo.oxt"),
) -> None:
    """Build the extension for LibreOffice Calc; the same catalogue gives the same bytes.

    Example: clodesk calc build --output clo.oxt
    """
    from xl_addin.calc.build import build
    from xl_addin.registry.catalogue import catalogue

    output.write_bytes(build())
    talk.print(f"{output}: {len(catalogue())} functions. Install it with Tools > Extensions, or `unopkg add {output}`")
