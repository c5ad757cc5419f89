"""The commands `clodesk excel ...`: build, install and examine the add-in for Windows, repair links in workbooks."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from xl_addin.command_line import machine
from xl_addin.command_line.terminal import ExitCode, Json, console, print_json, talk
from xl_addin.links.spelling import ADD_IN_FILE, Spelling

app = typer.Typer(help="The Excel add-in for Windows: build, install, examine, repair links.", no_args_is_help=True)

_MARKS = {"good": "ok ", "bad": "BAD", "skipped": "-  "}


@app.command()
def build(folder: Annotated[Path, typer.Option(help="Where clo.xlam and clo.xlsm go.")] = Path()) -> None:
    """Build the add-in clo.xlam, and clo.xlsm with the same macros, from source; works on every system.

    Example: clodesk excel build --folder dist
    """
    from xl_addin.com.build.product import built

    with talk.status("Building the add-in"):
        made = built()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((ADD_IN_FILE, made.xlam), ("clo.xlsm", made.xlsm)):
        (folder / name).write_bytes(content)
        console.print(str(folder / name), markup=False, highlight=False, soft_wrap=True)


@app.command()
def install(
    file: Annotated[
        Path | None, typer.Option("--file", help="A clo.xlam built elsewhere; without it one for this Python.")
    ] = None,
) -> None:
    """Install the add-in for the current Windows user; Excel opens it at its next start.

    Example: clodesk excel install
    """
    from xl_addin.com.install import install as put_in_place

    content = _read(file) if file is not None else None
    if content is None and sys.platform == "win32":
        from xl_addin.com.build.product import built
        from xl_addin.com.places import windowless

        content = built(interpreter=windowless(sys.executable)).xlam
    installed = put_in_place(content or b"")
    console.print(str(installed.add_in), markup=False, highlight=False, soft_wrap=True)
    for older in installed.older:
        talk.print(f"Delete the older copy: {older}", markup=False, highlight=False, soft_wrap=True)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None


@app.command()
def doctor(as_json: Json = False) -> None:
    """Examine Python, Excel, add-in and server, and say what to do about what is wrong; exit code 1 if anything is.

    Example: clodesk excel doctor
    """
    from xl_addin.com.doctor import Verdict, examine, this_machine

    findings = examine(this_machine())
    if as_json:
        print_json(machine.records(findings))
    else:
        for one in findings:
            remedy = f" {one.remedy}" if one.remedy and one.remedy not in one.text else ""
            line = f"{_MARKS[one.verdict.value]} {one.subject}: {one.text.rstrip('.')}.{remedy}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(one.verdict is Verdict.BAD for one in findings):
        raise typer.Exit(ExitCode.INPUT)


@app.command("repair-links")
def repair_links(
    workbook: Annotated[Path, typer.Argument(help="A workbook, .xlsx or .xlsm; it is changed in place.")],
    to: Annotated[Spelling, typer.Option(help="Which client the formulas are written for.")] = Spelling.PLAIN,
    check: Annotated[bool, typer.Option("--check", help="Only report; exit code 1 if any would change.")] = False,
    as_json: Json = False,
) -> None:
    """Write the CLO formulas of a workbook so that another computer or client knows them again.

    Example: clodesk excel repair-links deal.xlsx --to plain --check
    """
    from xl_addin.links.repair import repair_links as repair

    report = repair(workbook, to=to, check_only=check)
    if as_json:
        print_json(machine.record(report))
    else:
        counts = ", ".join(f"{number} {form}" for form, number in sorted(report.n_calls.items())) or "none"
        verb = "would be written" if check else "were written"
        told = f"{workbook}: calls {counts}; {report.n_formulas} formulas {verb}; {len(report.removed)} links removed"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    if check and not report.is_clean:
        raise typer.Exit(ExitCode.INPUT)
