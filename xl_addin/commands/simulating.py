"""What commands that simulate share: the simulation cells of the Control sheet as a request, the run, its facts."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.desk.simulations.request import CorrelationSource, SimulationRequest
from engine.errors import InputError
from engine.modes import Mode
from engine.rating_migration.draws import MOST_SIMULATIONS
from engine.rating_migration.transition import Step
from workbooks.simulation.record import SimulationRecord
from xl_addin.commands.declare import Ask, Inputs
from xl_addin.commands.inputs import ASSUMPTIONS, cell
from xl_addin.functions.run_tables import cells
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.results import DATE_FORMAT
from xl_addin.registry.values import serial

Floats = npt.NDArray[np.float64]

SIMULATIONS, FREQUENCY, CORRELATION = "clo_simulations", "clo_frequency", "clo_correlation_source"
STATIC, SEED = "clo_static_random", "clo_seed"
READS = (ASSUMPTIONS, SIMULATIONS, FREQUENCY, STATIC, SEED, CORRELATION)
"""The named cells that say how to simulate."""

ASKS = (
    Ask(name="accepts_matrix", kind=kinds.FLAG, label="Accept the matrix as it is", default=False),
    Ask(name="unrated_as", kind=kinds.NAME, label="S&P rating of assets that nobody rates; blank to refuse them"),
)
"""What is asked beside them."""

DEALS = Ask(name="deals", kind=kinds.NAMES, label="Deals; none for all of them", source="deals", is_many=True)
USUAL_SIMULATIONS, USUAL_SEED = 100, 12

_STEPS = {
    "Annual": Step.ANNUAL,
    "Annually": Step.ANNUAL,
    "Semi-Annual": Step.SEMI_ANNUAL,
    "Semi-Annually": Step.SEMI_ANNUAL,
    "Quarterly": Step.QUARTERLY,
}
_SOURCES = {
    "user": CorrelationSource.STORED,
    "system": CorrelationSource.RULE,
    "factors": CorrelationSource.FACTORS,
    "User Defined": CorrelationSource.STORED,
    "System Defined": CorrelationSource.RULE,
}
_SEED_BITS: Mapping[Mode, int] = {Mode.STANDARD: 48, Mode.LEGACY: 15}
"""Of a seed from the system: one that a cell holds exactly, so that it can be entered again."""


def request_of(
    inputs: Inputs,
    mode: Mode,
    *,
    deals: tuple[str, ...],
    as_of: date | None,
    scenario: str,
    assumptions: str | None,
    has_cash_flows: bool = False,
) -> SimulationRequest:
    """The simulation that the Control sheet asks for.

    Without a source of correlations it is the factor model, in legacy mode the stored matrix. Raises InputError
    CLO-2216 for a number of simulations out of range, CLO-2217 for a seed below 0.
    """
    source = cell(inputs, CORRELATION, kinds.choice(*_SOURCES), "user" if mode is Mode.LEGACY else "factors")
    return SimulationRequest(
        deals=deals,
        n_simulations=_n_simulations(inputs),
        as_of=as_of,
        step=_STEPS[cell(inputs, FREQUENCY, kinds.choice(*_STEPS), "Quarterly")],
        seed=_seed(inputs, mode),
        correlation=_SOURCES[source],
        has_cash_flows=has_cash_flows,
        assumptions=assumptions,
        scenario=scenario,
        unrated_as=str(inputs.answers.get("unrated_as") or ""),
        accepts_matrix_error=bool(inputs.answers.get("accepts_matrix")),
        mode=mode,
    )


def _n_simulations(inputs: Inputs) -> int:
    number = int(cell(inputs, SIMULATIONS, kinds.WHOLE, USUAL_SIMULATIONS))
    if not 1 <= number <= MOST_SIMULATIONS:
        raise InputError(
            "CLO-2216",
            f"{number:,} simulations cannot be run",
            where=f"cell {SIMULATIONS}",
            remedy=f"Enter 1 to {MOST_SIMULATIONS:,}.",
        )
    return number


def _seed(inputs: Inputs, mode: Mode) -> int:
    """The seed of the Control sheet, or where random numbers are not to be the same again one of the system's."""
    if not cell(inputs, STATIC, kinds.FLAG, True):
        return secrets.randbits(_SEED_BITS[mode])
    seed = int(cell(inputs, SEED, kinds.WHOLE, USUAL_SEED))
    if seed < 0:
        raise InputError(
            "CLO-2217", f"The seed {seed} is below 0", where=f"cell {SEED}", remedy="Enter a whole number from 0 up."
        )
    return seed


def chosen_deals(inputs: Inputs) -> tuple[str, ...]:
    """The deals that were picked, each once."""
    return tuple(dict.fromkeys(str(name) for name in inputs.answers.get("deals") or ()))


def known_assumptions(inputs: Inputs, ctx: CallContext, deal: str | None = None) -> str | None:
    """The assumption set that the Control sheet names, else that of a deal's last run; None for none at all."""
    named = cell(inputs, ASSUMPTIONS, kinds.NAME)
    if named is not None or deal is None:
        return None if named is None else str(named)
    return next((run.assumption_set for run in ctx.views.stored_runs(deal) if run.assumption_set), None)


def subtitle(record: SimulationRecord, request: SimulationRequest) -> str:
    """What was simulated, in one line."""
    used = "no prepayments or recoveries" if request.assumptions is None else f"assumption set {request.assumptions}"
    return (
        f"As of {record.as_of}, {record.simulations:,} simulations, seed {request.seed},"
        f" {request.step.name.lower().replace('_', '-')}, scenario {request.scenario}, {used},"
        f" {request.mode.value} mode, run {record.run_id}"
    )


def fact_lines(record: SimulationRecord) -> tuple[str, ...]:
    """What the numbers rest on, for `OutputSheet.notes`."""
    return tuple(f"{fact.label}: {fact.text}" for fact in record.facts)


def wire_days(days: npt.NDArray[np.datetime64]) -> list[dict[str, Any]]:
    """Dates as cells hold them."""
    return [{"d": serial(day), "f": DATE_FORMAT} for day in days.astype("datetime64[D]").astype(object)]


def dated(
    name: str, days: npt.NDArray[np.datetime64], columns: Mapping[str, Floats] | Sequence[tuple[str, Floats]]
) -> list[list[Any]]:
    """A table of figures by date, an empty cell for what is missing."""
    named = list(columns.items()) if isinstance(columns, Mapping) else list(columns)
    figures = [cells(values) for _, values in named]
    return [[name, *(title for title, _ in named)], *map(list, zip(wire_days(days), *figures, strict=True))]
