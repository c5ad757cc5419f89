"""The command `clodesk template`: the control workbook of an analyst."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from workbooks.templates import FILE_NAME, RECONCILIATION_NAME, write_control_workbook, write_reconciliation
from xl_addin.command_line.terminal import DealName, opened_desk, talk


def template(
    deal: Annotated[
        str | None, typer.Option("--deal", help="Deal to begin with; by default that of the panel.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", help="Where the workbook goes.")] = Path(FILE_NAME),
) -> None:
    """Write the control workbook: dashboard, tests, trades, cash flows, waterfall, all in formulas of the add-in.

    Example: clodesk template --deal "Mag 17" --output clo_control.xlsx
    """
    from engine.desk.control_content import control_content

    with opened_desk() as desk:
        content = control_content(desk, deal, version("clodesk"))
    write_control_workbook(output, content)
    talk.print(f"{output}: the control workbook" + (f" of {content.deal}" if content.deal else ""), markup=False)


def reconciliation(
    deal: DealName,
    output: Annotated[Path, typer.Option("--output", help="Where the workbook goes.")] = Path(RECONCILIATION_NAME),
) -> None:
    """Write the results that a deal's imported workbook had saved, beside live formulas, with a verdict on each.

    Example: clodesk reconciliation "Mag 17" --output clo_reconciliation.xlsx
    """
    with opened_desk() as desk:
        view = desk.views(desk.data_versions()).deal(deal)
    book = view.source.book
    write_reconciliation(output, book.legacy_results, view.deal.name, book.trades)
    talk.print(f"{output}: {len(book.legacy_results)} saved results of {book.source_file.name}", markup=False)
