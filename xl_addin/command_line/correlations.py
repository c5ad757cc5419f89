"""The commands `clodesk correlation ...`: asset correlations by pair, by asset, as files, and their faults."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from engine.desk.correlations import CorrelationReport
from xl_addin.command_line import machine
from xl_addin.command_line.tables import number, percent, table
from xl_addin.command_line.terminal import AsOf, ExitCode, Json, console, day, opened_desk, print_json, talk

app = typer.Typer(help="Asset correlations: look up, check, import, export.", no_args_is_help=True)

AssetId = Annotated[str, typer.Argument(help="Id of an asset.")]
From = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="From when on; by default the date of the newest workbook."),
]
_SHOWN = 5


@app.command()
def show(asset_1: AssetId, asset_2: AssetId, as_of: AsOf = None, as_json: Json = False) -> None:
    """Show the correlation of two assets.

    Example: clodesk correlation show DMORKTBCX DMOF532MR
    """
    with opened_desk() as desk:
        correlations = desk.correlations(day(as_of))
        one, two = correlations.id_of(asset_1), correlations.id_of(asset_2)
        found = correlations.pair(one, two)
        source = correlations.version.source
    if as_json:
        print_json(machine.record({"asset_1": one, "asset_2": two, "correlation": found, "source": source}))
        return
    console.print(Text(f"{one} and {two}: {number(found, 6) or 'no number'} ({source})"), soft_wrap=True)


@app.command()
def of(
    asset: AssetId,
    top: Annotated[int, typer.Option(min=1, help="So many of them.")] = 20,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List the assets that an asset is correlated with, the strongest first.

    Example: clodesk correlation of DMORKTBCX --top 5
    """
    with opened_desk() as desk:
        correlations = desk.correlations(day(as_of))
        name, found = correlations.id_of(asset), correlations.asset(asset, top)
        n_others, source = len(correlations.version.ids) - 1, correlations.version.source
    if as_json:
        print_json(machine.records(found))
        return
    rows = [
        (partner.blkrock_id, "no number" if partner.correlation is None else number(partner.correlation, 6))
        for partner in found
    ]
    console.print(table("Correlations", ("Asset", "Correlation"), rows))
    console.print(Text(f"{name}: {len(found)} of {n_others} correlations ({source})"), soft_wrap=True)


@app.command()
def check(as_of: AsOf = None, as_json: Json = False) -> None:
    """Say what there is to say about the matrix in force: size, faults, coverage, a factor model that gives the same.

    Example: clodesk correlation check
    """
    with opened_desk() as desk:
        report = desk.correlations(day(as_of)).check()
    if as_json:
        print_json(machine.record(report))
    else:
        _show_report(report)
    if not report.is_usable:
        raise typer.Exit(ExitCode.INPUT)


@app.command("import")
def import_matrix(
    file: Annotated[Path, typer.Argument(help="A matrix or pairs, .csv, .xlsx or .xlsm.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")] = False,
    as_of: From = None,
    as_json: Json = False,
) -> None:
    """Read a correlation matrix on its own, in place of the sheet of the workbooks; earlier ones stay stored.

    The file is a square with ids in the first row and column, or lines under asset_1, asset_2, correlation.

    Example: clodesk correlation import correlations.csv --dry-run
    """
    with opened_desk() as desk:
        outcome = desk.correlations(day(as_of)).import_file(file, dry_run=dry_run)
    if as_json:
        print_json(machine.record(outcome))
        return
    _show_report(outcome.report)
    console.print(Text(outcome.message), soft_wrap=True)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The file to write, .csv.")],
    as_of: AsOf = None,
) -> None:
    """Write the matrix in force as CSV, in the form that `import` reads; no digit is lost.

    Example: clodesk correlation export correlations.csv
    """
    with opened_desk() as desk:
        found = desk.correlations(day(as_of)).export(file)
    talk.print(f"Wrote {len(found.ids)} x {len(found.ids)} correlations to {file}", markup=False, soft_wrap=True)


@app.command()
def history(as_json: Json = False) -> None:
    """List the matrices that were imported on their own, and from when on each counts.

    Example: clodesk correlation history
    """
    with opened_desk() as desk:
        found = desk.correlations().history()
    if as_json:
        print_json(machine.records(found))
        return
    rows = [
        (
            source.effective_date.isoformat(),
            source.name or "the sheets of the workbooks",
            str(source.n_assets or ""),
            f"{source.imported_at:%Y-%m-%d %H:%M}",
            source.imported_by,
        )
        for source in found
    ]
    console.print(table("Correlations", ("From", "Source", "Assets", "Imported", "By"), rows, left=5))


@app.command()
def withdraw(as_of: From = None) -> None:
    """Let the sheet of the workbooks count again; what was imported on its own stays stored.

    Example: clodesk correlation withdraw
    """
    with opened_desk() as desk:
        effective = desk.correlations(day(as_of)).withdraw()
    talk.print(f"From {effective} on the correlations are those of the workbooks")


def _show_report(report: CorrelationReport) -> None:
    n = report.n_assets
    lines = [
        ("Source", f"{report.source}, in force from {report.effective_date} on"),
        ("Size", f"{n:,} assets, {n * (n - 1) // 2:,} pairs"),
        ("Coverage", f"{report.n_covered:,} of {report.n_known:,} assets of the workbook{_share(report)}"),
        ("Not in the matrix", _named(report.missing)),
        ("Not in the workbook", _named(report.unknown)),
    ]
    if report.constant is not None:
        lines.append(("Constant", f"every correlation is {report.constant:g}{_one_factor(report.constant)}"))
    lines += [("Fault", text) for text in report.faults]
    lines += [("Remark", text) for text in report.remarks]
    console.print(table("Correlations", ("", ""), [line for line in lines if line[1]], left=2, long=1))


def _share(report: CorrelationReport) -> str:
    return f" ({percent(report.n_covered / report.n_known, 1)})" if report.n_known else ""


def _one_factor(constant: float) -> str:
    """One common factor x with loading sqrt(rho) correlates every pair by rho; a negative rho has none."""
    return f"; one factor with loading {number(constant**0.5, 6)} gives the same" if constant >= 0.0 else ""


def _named(ids: tuple[str, ...]) -> str:
    if not ids:
        return ""
    more = f" and {len(ids) - _SHOWN:,} more; --json lists them" if len(ids) > _SHOWN else ""
    return f"{len(ids):,}: {', '.join(ids[:_SHOWN])}{more}"
