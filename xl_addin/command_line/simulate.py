"""The command `clodesk simulate`: rating paths of deals, cash flows along them, and what becomes of the classes."""

import secrets
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from engine.desk.desk import Desk
from engine.desk.simulations.request import CorrelationSource, SimulationRequest
from engine.errors import InputError
from engine.modes import Mode
from engine.rating_migration.draws import CHUNK, Method
from engine.rating_migration.factor_model import FactorModel
from engine.rating_migration.nearest_correlation import Repair
from engine.rating_migration.transition import Step
from xl_addin.command_line.terminal import (
    AsOf,
    ExitCode,
    Json,
    console,
    day,
    opened_desk,
    print_json,
    progress,
    talk,
)

if TYPE_CHECKING:
    from workbooks.simulation import SimulationRecord

USUAL = 10_000
"""Simulations that are run when nobody says how many."""

_SEED_BITS = 32
_OF_A_STORED_RUN = frozenset({"run_id", "out", "png", "legacy_sheets", "as_json"})


class Frequency(Enum):
    """How often ratings move."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi-annual"
    ANNUAL = "annual"


def simulate(
    ctx: typer.Context,
    deals: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DEAL ...]", help="Deals simulated together; by default all of the newest date."),
    ] = None,
    simulations: Annotated[
        int | None, typer.Option("--simulations", "-n", help="How many; 10000, with Sobol points 8192.")
    ] = None,
    cash_flows: Annotated[
        bool, typer.Option("--cash-flows", help="Run cash flows and waterfall along every path.")
    ] = False,
    assumptions: Annotated[
        str | None,
        typer.Option(
            help="Assumption set for prepayment and recovery; cash flows need one, `clodesk assumptions list`."
        ),
    ] = None,
    scenario: Annotated[str, typer.Option(help="Shock of the assumptions: BASE, STRESS or a stored one.")] = "BASE",
    as_of: AsOf = None,
    frequency: Annotated[Frequency, typer.Option(help="How often ratings move.")] = Frequency.QUARTERLY,
    seed: Annotated[
        int | None, typer.Option(help="The same seed gives the same numbers; a new one by default.")
    ] = None,
    method: Annotated[Method, typer.Option(help="How paths are drawn.")] = Method.PSEUDO,
    scrambles: Annotated[int, typer.Option(help="Independent sequences of Sobol points.")] = 16,
    correlation: Annotated[
        CorrelationSource,
        typer.Option(help="Factor model, the rule of issuer, industry and notches, or the stored matrix."),
    ] = CorrelationSource.FACTORS,
    market: Annotated[
        float | None, typer.Option(help="Correlation of any two assets; by default that of the workbook's rules.")
    ] = None,
    industry: Annotated[float | None, typer.Option(help="Correlation of two assets of an industry.")] = None,
    issuer: Annotated[float | None, typer.Option(help="Correlation of two assets of an issuer.")] = None,
    persistence: Annotated[
        float | None, typer.Option(help="Correlation of a factor with itself one period earlier, 0 to below 1.")
    ] = None,
    repair: Annotated[
        Repair, typer.Option(help="What makes a matrix positive semidefinite; none refuses to.")
    ] = Repair.HIGHAM,
    by_issuer: Annotated[bool, typer.Option("--by-issuer", help="Loans of an issuer default together.")] = False,
    recovery_sd: Annotated[
        float, typer.Option(help="Standard deviation of recovery rates around 1 - severity, a decimal.")
    ] = 0.0,
    recovery_correlation: Annotated[
        float, typer.Option(help="How closely low recoveries come with many defaults, 0 to 1.")
    ] = 0.0,
    unrated: Annotated[
        str, typer.Option(help="S&P rating of assets that no agency rates; without it they are refused.")
    ] = "",
    default_scale: Annotated[float, typer.Option(help="Factor on all default probabilities of the matrix.")] = 1.0,
    accept_matrix: Annotated[
        bool, typer.Option("--accept-matrix", help="Run though no generator meets the matrix within 5 bp a year.")
    ] = False,
    mode: Annotated[Mode, typer.Option(help="standard, or legacy to reproduce the old model.")] = Mode.STANDARD,
    run_id: Annotated[int | None, typer.Option("--run", help="Show a stored simulation by its number instead.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Workbook with charts to write.")] = None,
    png: Annotated[Path | None, typer.Option(help="Folder for charts as PNG files.")] = None,
    legacy_sheets: Annotated[
        bool, typer.Option("--legacy-sheets", help="Add the output sheets of the old model to the workbook.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Simulate ratings and defaults of one deal or of several in one joint run, and store the distributions.

    Ctrl-C stops after the blocks that run; the same command with the seed it printed goes on from there. The work is
    done on all cores; CLODESK_WORKERS (4, threads:4, processes:4) says otherwise, CLODESK_WORKER_MEMORY (2GiB) bounds
    each worker, CLODESK_SCHEDULER (tcp://host:8786) sends the work to a Dask cluster. None of them changes a number.

    Example: clodesk simulate "MAG 17" --cash-flows --assumptions workbook --out simulation.xlsx
    """
    wanted = _Wanted(out=out, png=png, has_legacy_sheets=legacy_sheets, as_json=as_json)
    if legacy_sheets and out is None:
        raise _idle("--legacy-sheets", "there is no workbook to add them to", "add --out")
    if run_id is not None:
        _refuse_beside_run(ctx)
        with opened_desk() as desk:
            _hand_out(desk, (desk.simulations.record(run_id),), "store", wanted)
        return
    _refuse_idle_options(ctx, correlation, method, is_scattered=recovery_sd != 0.0, has_cash_flows=cash_flows)
    request = SimulationRequest(
        deals=tuple(deals or ()),
        n_simulations=_usual(method, scrambles) if simulations is None else simulations,
        as_of=day(as_of),
        step=Step[frequency.name],
        method=method,
        scrambles=scrambles,
        seed=secrets.randbits(_SEED_BITS) if seed is None and mode is Mode.STANDARD else seed,
        correlation=correlation,
        factors=_factors(market, industry, issuer, persistence),
        repair=repair,
        defaults_by_issuer=by_issuer,
        has_cash_flows=cash_flows,
        assumptions=assumptions,
        scenario=scenario,
        recovery_deviation=recovery_sd,
        recovery_correlation=recovery_correlation,
        unrated_as=unrated,
        default_scale=default_scale,
        accepts_matrix_error=accept_matrix,
        mode=mode,
    )
    _run(request, wanted, is_new_seed=seed is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What becomes of a simulation: a workbook, pictures, JSON in place of tables."""

    out: Path | None
    png: Path | None
    has_legacy_sheets: bool
    as_json: bool


def _run(request: SimulationRequest, wanted: _Wanted, *, is_new_seed: bool) -> None:
    if is_new_seed and request.seed is not None:
        talk.print(f"Seed {request.seed}", highlight=False)
    with opened_desk() as desk:
        from engine.desk.blocks.job import StoppedError

        try:
            with interruptible(request.mode) as is_cancelled, progress() as watch:
                outcome = desk.simulations.simulate(request, progress=watch, is_cancelled=is_cancelled)
        except StoppedError as error:
            again = [*sys.argv[1:], *(["--seed", str(request.seed)] if is_new_seed else [])]
            talk.print(str(error), markup=False, highlight=False, soft_wrap=True)
            talk.print(f"Go on with: clodesk {shlex.join(again)}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(ExitCode.STOPPED) from None
        _hand_out(desk, outcome.records, outcome.answered_from, wanted)


def _hand_out(desk: Desk, records: "tuple[SimulationRecord, ...]", answered_from: str, wanted: _Wanted) -> None:
    """Show simulations, and write what was asked for."""
    from xl_addin.command_line import simulate_tables

    found = [
        simulate_tables.Shown(
            record=record,
            equity_irr=desk.simulations.equity_irr(int(record.run_id)),
            seed=desk.simulations.request(int(record.run_id)).seed,
            answered_from=answered_from,
        )
        for record in records
    ]
    if wanted.as_json:
        print_json(simulate_tables.simulations_json(found))
    else:
        for one in found:
            simulate_tables.show_simulation(console, one)
    if wanted.out is not None:
        desk.simulations.export(wanted.out, records, with_legacy_sheets=wanted.has_legacy_sheets)
        talk.print(f"Wrote {wanted.out}", markup=False)
    if wanted.png is not None:
        for file in desk.simulations.plot(wanted.png, records):
            talk.print(f"Wrote {file}", markup=False)


@contextmanager
def interruptible(mode: Mode) -> Iterator[Callable[[], bool]]:
    """Whether somebody has pressed Ctrl-C; the second time it ends the process as it always does.

    The legacy generator is one sequence that cannot be gone on with: there Ctrl-C keeps its meaning.
    """
    pressed: list[bool] = []

    def press(_number: int, _frame: FrameType | None) -> None:
        pressed.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        talk.print("Stopping after the blocks that run; press Ctrl-C again to end at once")

    if mode is Mode.LEGACY:
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _usual(method: Method, scrambles: int) -> int:
    """How many simulations are run when nobody says: as many Sobol points as come near to the usual number."""
    if method is not Method.SOBOL:
        return USUAL
    points = CHUNK
    while 2 * points * scrambles <= USUAL:
        points *= 2
    return points * scrambles


def _factors(
    market: float | None, industry: float | None, issuer: float | None, persistence: float | None
) -> FactorModel | None:
    """The factor model of the options; None where none is given. InputError CLO-4153 for a part of one."""
    if market is None and industry is None and issuer is None and persistence is None:
        return None
    if market is None or industry is None or issuer is None:
        raise InputError(
            "CLO-4153",
            "The factor model is only given in part",
            where="--market, --industry, --issuer, --persistence",
            remedy="Give market, industry and issuer together, for example 0.05, 0.15 and 0.5, or none of the four.",
        )
    return FactorModel(market=market, industry=industry, issuer=issuer, persistence=persistence or 0.0)


def _refuse_beside_run(ctx: typer.Context) -> None:
    for name in ctx.params:
        if name not in _OF_A_STORED_RUN and _is_given(ctx, name):
            raise _idle("DEAL" if name == "deals" else _option(name), "--run shows what is stored", "ask without --run")


def _refuse_idle_options(
    ctx: typer.Context, correlation: CorrelationSource, method: Method, *, is_scattered: bool, has_cash_flows: bool
) -> None:
    """Raise InputError CLO-4154 for an option that nothing would come of."""
    is_model = correlation is CorrelationSource.FACTORS
    rules = (
        (
            ("market", "industry", "issuer", "persistence"),
            is_model,
            "only the factor model reads it",
            "leave out --correlation",
        ),
        (("repair",), not is_model, "the factor model needs no repair", "choose --correlation rule or stored"),
        (("scrambles",), method is Method.SOBOL, "only Sobol points have scrambles", "choose --method sobol"),
        (("recovery_sd",), has_cash_flows, "nothing is recovered without cash flows", "add --cash-flows"),
        (("recovery_correlation",), is_scattered, "recoveries do not scatter", "give --recovery-sd"),
    )
    for names, has_effect, reason, instead in rules:
        for name in names:
            if not has_effect and _is_given(ctx, name):
                raise _idle(_option(name), reason, instead)


def _is_given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _idle(option: str, reason: str, instead: str) -> InputError:
    return InputError("CLO-4154", f"{option} has no effect here: {reason}", remedy=f"Leave it out, or {instead}.")
