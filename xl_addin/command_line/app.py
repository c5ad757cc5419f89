"""The command line: one command per use case of the desk.

Data go to stdout, everything else to stderr. Exit codes: 0 done, 1 the input is at fault, 2 the command line is, 3 the
model cannot run the deal, 4 a server is out of reach, 130 stopped with Ctrl-C, to be gone on with.
"""

import logging
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from engine.desk.desk import Desk, open_desk
from engine.desk.records import ImportOutcome, RunOutcome
from engine.errors import BackendError, ClodeskError, ModelError
from engine.modes import Mode
from xl_addin.command_line import (
    calc,
    compliance,
    correlations,
    database,
    excel,
    grids,
    machine,
    optimise,
    serve,
    simulate,
    swaps_rules,
    tables,
    templates,
    trading,
    validate,
)
from xl_addin.command_line.terminal import (
    AsOf,
    DealName,
    ExitCode,
    Json,
    console,
    day,
    file_text,
    opened_desk,
    print_json,
    progress,
    talk,
)

app = typer.Typer(
    help="CLO desk: import legacy workbooks, run deals, export results.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
waterfall_app = typer.Typer(help="Waterfall programs: check, show, and give one to a deal.", no_args_is_help=True)
assumptions_app = typer.Typer(help="Assumption sets: list, show, add.", no_args_is_help=True)
app.add_typer(waterfall_app, name="waterfall")
app.add_typer(assumptions_app, name="assumptions")
app.add_typer(database.app, name="db")
app.add_typer(calc.calc_app, name="calc")
app.add_typer(excel.app, name="excel")
app.add_typer(swaps_rules.app, name="swaps")  # the last module of the group, so that all its commands are there
app.add_typer(correlations.app, name="correlation")
app.add_typer(serve.token_app, name="token")
app.add_typer(serve.keys_app, name="keys")

ProgramFile = Annotated[Path, typer.Argument(help="A waterfall program as text.")]


DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")]
Strict = Annotated[bool, typer.Option("--strict", help="Keep the file out for a warning too, not only for an error.")]


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo workbook and the results go.")] = Path(),
    as_json: Json = False,
) -> None:
    """Make a deal of 200 loans, import it, run it in two scenarios and leave a results workbook.

    Example: clodesk demo --folder demo
    """
    folder.mkdir(parents=True, exist_ok=True)
    with opened_desk() as desk, progress() as report:
        made = desk.demo(folder, progress=report)
    if as_json:
        print_json(machine.runs(made.outcomes))
        return
    for outcome in made.outcomes:
        tables.show_run(console, outcome)
    talk.print(f"Workbook: {made.workbook}\nResults:  {made.results}")


@app.command("import")
def import_workbook(
    workbook: Annotated[Path, typer.Argument(help="A legacy workbook, .xlsx or .xlsm.")],
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Read a legacy workbook into the database; with an error in any sheet nothing is stored.

    Example: clodesk import TradeHypoPrelimv32.xlsx --dry-run
    """
    with opened_desk() as desk, progress() as report:
        outcome = desk.import_workbook(workbook, dry_run=dry_run, is_strict=strict, progress=report)
    _show_import(outcome, as_json)


@app.command()
def load(
    workbook: Annotated[Path, typer.Argument(help="A loader workbook, .xlsx or .xlsm.")],
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Read a loader workbook: fresh positions, cash, assets and curve for deals that were imported before.

    Example: clodesk load CF_Loader.xlsm --dry-run
    """
    with opened_desk() as desk, talk.status(f"Reading {workbook.name}"):
        outcome = desk.load_workbook(workbook, dry_run=dry_run, is_strict=strict)
    _show_import(outcome, as_json)


app.command("validate")(validate.validate)
app.command("trade")(trading.trade)
app.command("rank")(trading.rank)
app.command("optimise")(optimise.optimise)
app.command("simulate")(simulate.simulate)
app.command("grid")(grids.grid)
app.command("breakeven")(grids.breakeven)
app.command("rebalance")(optimise.rebalance)
app.command("serve")(serve.serve)
app.command("compliance")(compliance.compliance)
app.command("template")(templates.template)
app.command("reconciliation")(templates.reconciliation)


@app.command()
def deals(as_json: Json = False) -> None:
    """List the deals in the database, newest date first.

    Example: clodesk deals
    """
    with opened_desk() as desk:
        found = desk.deals()
    if as_json:
        print_json(machine.records(found))
        return
    tables.show_deals(console, found)


@app.command()
def run(
    deal: DealName,
    assumptions: Annotated[
        str | None,
        typer.Option(help="Assumption set for what the deal's sheet does not say; `clodesk assumptions list`."),
    ] = None,
    scenario: Annotated[str, typer.Option(help="Shock of the assumptions: BASE, STRESS or a stored one.")] = "BASE",
    as_of: AsOf = None,
    mode: Annotated[Mode, typer.Option(help="standard, or legacy to reproduce the old model.")] = Mode.STANDARD,
    as_json: Json = False,
) -> None:
    """Run a deal through collateral, tests and waterfall, and store the results.

    Example: clodesk run "MAG 17" --assumptions workbook --scenario STRESS
    """
    with opened_desk() as desk, progress() as report:
        outcome = desk.run_deal(deal, scenario, day(as_of), assumptions=assumptions, mode=mode, progress=report)
    _show(outcome, as_json)


@app.command()
def results(
    deal: Annotated[str | None, typer.Argument(help="A deal: its last run. Without it: the list of runs.")] = None,
    run_id: Annotated[int | None, typer.Option("--run", help="A run by its number.")] = None,
    scenario: Annotated[str | None, typer.Option(help="The last run of this scenario.")] = None,
    as_json: Json = False,
) -> None:
    """Show a stored run, or list the runs.

    Example: clodesk results "MAG 17" --scenario STRESS
    """
    with opened_desk() as desk:
        if deal is None and run_id is None:
            found = desk.runs()
            if as_json:
                print_json(machine.records(found))
            else:
                tables.show_runs(console, found)
            return
        outcome = _stored(desk, deal, run_id, scenario)
    _show(outcome, as_json)


@app.command()
def export(
    deal: Annotated[str | None, typer.Argument(help="A deal: its last run.")] = None,
    run_id: Annotated[
        list[int] | None, typer.Option("--run", help="Runs by number; several make one workbook.")
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="The last run of this scenario.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Workbook to write.")] = None,
) -> None:
    """Write a results workbook with tables, charts and the waterfall step by step.

    Example: clodesk export "MAG 17" -o mag17.xlsx
    """
    numbers: list[int | None] = [*run_id] if run_id else [None]
    with opened_desk() as desk:
        outcomes = [_stored(desk, deal, number, scenario) for number in numbers]
        path = output or Path(f"{outcomes[0].summary.deal} results.xlsx")
        desk.export(path, outcomes)
    talk.print(f"Wrote {path}")


@app.command()
def warmup() -> None:
    """Compile everything once, so that the first answer of every later process is quick.

    Example: clodesk warmup
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from engine.desk.swaps.warming import compile_swap_kernels
    from engine.desk.warmup import compile_kernels

    # The compiler uses one core; what the two books compile has little in common.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside, progress() as report:
        swaps = beside.submit(compile_swap_kernels)
        seconds = compile_kernels(report)
        swaps.result()
    talk.print(f"Compiled in {seconds:.1f} s")


@waterfall_app.command("check")
def check_waterfall(program: ProgramFile, as_json: Json = False) -> None:
    """Check a waterfall program: every mistake with line and column.

    Example: clodesk waterfall check my.waterfall
    """
    from engine.waterfall.parser import check_program

    found = check_program(file_text(program))
    if as_json:
        print_json(machine.errors(found))
    else:
        for error in found:
            console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        if not found:
            console.print(f"{program.name}: no mistakes")
    if found:
        raise typer.Exit(ExitCode.INPUT)


@waterfall_app.command("set")
def set_waterfall(
    deal: DealName, program: Annotated[Path, typer.Argument(help="A waterfall program as text.")]
) -> None:
    """Give a deal its own waterfall; earlier versions are kept.

    Example: clodesk waterfall set "MAG 17" my.waterfall
    """
    with opened_desk() as desk:
        number = desk.documents.set_waterfall(deal, file_text(program), date.today())  # noqa: DTZ011 (a calendar day, no instant)
    talk.print(f"{deal} now runs on version {number} of its own waterfall")


@waterfall_app.command("show")
def show_waterfall(
    name: Annotated[str, typer.Argument(help='A deal, or a program that ships with clodesk ("MAG 16").')],
    mode: Annotated[Mode, typer.Option(help="Which form of a shipped program.")] = Mode.STANDARD,
) -> None:
    """Print a waterfall program.

    Example: clodesk waterfall show "MAG 16" --mode legacy
    """
    with opened_desk() as desk:
        text = desk.documents.waterfall_text(name, mode)
    sys.stdout.write(text)


@waterfall_app.command("features")
def set_features(
    deal: DealName, file: Annotated[Path, typer.Argument(help="Features as JSON; {} switches all of them off.")]
) -> None:
    """Switch optional features of a deal's waterfall on: turbo, claw-back, catch-up, fee deferral, stopper and more.

    Example: clodesk waterfall features "MAG 17" features.json
    """
    with open_desk() as desk:
        names = desk.documents.set_features(deal, file_text(file), file.name)
    talk.print(f"{deal} runs with {', '.join(names)}" if names else f"{deal} runs without optional features")


@assumptions_app.command("list")
def list_assumptions(as_json: Json = False) -> None:
    """List the assumption sets.

    Example: clodesk assumptions list
    """
    with opened_desk() as desk:
        found = desk.documents.assumption_sets()
    if as_json:
        print_json(machine.records(found))
        return
    tables.show_assumption_sets(console, found)


@assumptions_app.command("show")
def show_assumptions(name: Annotated[str, typer.Argument(help="Name of a set.")]) -> None:
    """Print an assumption set in the form that `add` reads.

    Example: clodesk assumptions show illustrative > mine.json
    """
    from engine.desk.assumption_sets import to_json

    with opened_desk() as desk:
        chosen = desk.documents.assumption_set(name)
    sys.stdout.write(to_json(chosen) + "\n")


@assumptions_app.command("add")
def add_assumptions(file: Annotated[Path, typer.Argument(help="An assumption set as JSON.")]) -> None:
    """Store an assumption set under the name it gives itself.

    Example: clodesk assumptions add mine.json
    """
    with opened_desk() as desk:
        chosen = desk.documents.store_assumption_set(file_text(file), file.name)
    talk.print(f"Stored assumption set {chosen.name}")


def _show_import(outcome: ImportOutcome, as_json: bool) -> None:
    if as_json:
        print_json(machine.imported(outcome))
    else:
        tables.show_import(console, outcome)
    if outcome.has_errors:
        raise typer.Exit(ExitCode.INPUT)


def _show(outcome: RunOutcome, as_json: bool) -> None:
    if as_json:
        print_json(machine.run(outcome))
    else:
        tables.show_run(console, outcome)
    if outcome.result.failure is not None:
        raise typer.Exit(ExitCode.MODEL)


def _stored(desk: Desk, deal: str | None, run_id: int | None, scenario: str | None) -> RunOutcome:
    if run_id is not None:
        return desk.stored_run(run_id)
    if deal is None:
        raise typer.BadParameter("name a deal, or a run with --run")
    return desk.latest_run(deal, scenario)


def main() -> None:
    """Run the command line; a failure is one message on stderr and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        app()
    except ClodeskError as error:
        _tell(str(error))
        sys.exit(_exit_code(error))
    except OSError as error:
        _tell(f"CLO-4024: {error.filename or 'A file'} cannot be used: {error.strerror or error}. Check the path.")
        sys.exit(ExitCode.INPUT)


def _tell(text: str) -> None:
    talk.print(text, style="red", markup=False, highlight=False, soft_wrap=True)


def _exit_code(error: ClodeskError) -> ExitCode:
    if isinstance(error, BackendError):
        return ExitCode.BACKEND
    if isinstance(error, ModelError):
        return ExitCode.MODEL
    return ExitCode.INPUT
