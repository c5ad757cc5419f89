"""Simulations as the legacy model ran them: its generator, its paths, its balances, one simulation after the other.

The generator is one sequence, so nothing is cut into blocks (spec 04 §4 to §8).
"""

import secrets
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from db.store import Store
from engine.collateral.rating_derivation import as_loaded, with_ratings
from engine.deal.kernels_simulation import PathFigures
from engine.deal.resolve import ResolvedDeal
from engine.deal.simulated import joined, simulated_deal
from engine.deal.simulation import DealSimulation, PathRunner
from engine.desk.calendars import calendar_of
from engine.desk.engine_version import engine_version
from engine.desk.records import Progress
from engine.desk.simulations.build import correlation_rules, job_key, resolved_deal
from engine.desk.simulations.inputs import SimulatedDealInput, SimulationInputs
from engine.desk.simulations.request import CorrelationSource
from engine.desk.simulations.run import PATHS, SimulationOutcome, keep
from engine.desk.simulations.summing_up import collateral_losses, convergence_rows, deal_record
from engine.errors import InputError
from engine.modes import Mode
from engine.rating_migration.legacy_balances import deal_labels
from engine.rating_migration.legacy_correlation import legacy_rule_matrix
from engine.rating_migration.legacy_paths import LegacyWalk
from engine.rating_migration.legacy_simulation import LegacySetting, LegacySimulation, run_all_deals, run_one_deal
from engine.rating_migration.statistics import summarise, worst_is_high_of_fields
from engine.rating_migration.transition import LEGACY_FREQUENCIES
from workbooks.simulation.record import Fact, RepresentativePath, SimulationRecord

Floats = npt.NDArray[np.float64]

QUIRKS = Mode.LEGACY.quirks
_SEED_BITS = 15
_PATHS_AT_ONCE = 128


def simulate_as_legacy(store: Store, inputs: SimulationInputs, *, user: str, progress: Progress) -> SimulationOutcome:
    """Run a request in legacy mode and store it.

    Raises InputError CLO-4194 for a request that the legacy model does not know: the factor model, monthly steps.
    """
    request = inputs.request
    seed = secrets.randbits(_SEED_BITS) if request.seed is None else request.seed
    progress("Simulating as the legacy model did", 0.1)
    simulation = legacy_simulation(inputs, seed, request.n_simulations)
    records, arrays = [], []
    for number in range(len(inputs.deals)):
        record, kept = _record(inputs, simulation, number, seed)
        records.append(record)
        arrays.append(kept)
    progress("Storing", 0.95)
    return keep(store, inputs, replace(request, seed=seed), records, job_key(inputs, seed), user=user, arrays=arrays)


def legacy_path(inputs: SimulationInputs, deal_name: str, simulation: int) -> Floats:
    """Fields of one path, (N_FIELDS, T + 1), simulation from 1; those before it have to be drawn first."""
    found = legacy_simulation(inputs, inputs.request.seed or 0, simulation)
    number = next(i for i, item in enumerate(inputs.deals) if item.stored.deal.name == deal_name)
    return found.fields[number][:, :, -1].copy()


def legacy_simulation(inputs: SimulationInputs, seed: int, n_simulations: int) -> LegacySimulation:
    """The first simulations of a request: one deal by itself, or several on one path (spec 04 §8.4)."""
    setting = _setting(inputs, seed, n_simulations)
    if len(inputs.deals) > 1:
        return run_all_deals(setting, [item.holdings for item in inputs.deals], QUIRKS)
    return run_one_deal(setting, inputs.deals[0].holdings, QUIRKS)


def _setting(inputs: SimulationInputs, seed: int, n_simulations: int) -> LegacySetting:
    request = inputs.request
    if request.step not in LEGACY_FREQUENCIES or request.correlation is CorrelationSource.FACTORS:
        raise InputError(
            "CLO-4194",
            "The legacy model knows no monthly steps and no factor model",
            remedy="Choose quarterly, semi-annual or annual steps, and the stored matrix or the rule.",
        )
    pool = tuple(with_ratings(as_loaded(row.asset, QUIRKS), inputs.as_of, QUIRKS) for row in inputs.book.assets)
    if inputs.correlation is not None:
        ids, matrix = inputs.correlation.ids, inputs.correlation.matrix
    else:
        ids = tuple(asset.blkrock_id for asset in pool)
        matrix = legacy_rule_matrix(pool, correlation_rules(inputs), QUIRKS)
    return LegacySetting(
        assets=pool,
        annual=inputs.transition.matrix,
        frequency=LEGACY_FREQUENCIES[request.step],
        matrix_ids=ids,
        correlation=matrix,
        as_of=inputs.as_of,
        calendar=calendar_of(inputs.book),
        n_simulations=n_simulations,
        seed=seed,
    )


def _record(
    inputs: SimulationInputs, simulation: LegacySimulation, number: int, seed: int
) -> tuple[SimulationRecord, dict[str, npt.NDArray[np.generic]]]:
    item, fields, walk = inputs.deals[number], simulation.fields[number], simulation.walk
    paths = simulation.shown.paths
    chosen = {"MIN": paths.minimum, "MAX": paths.maximum, "MEDIAN": paths.median}
    opening = float(sum(holding.par for holding in item.holdings))
    tranches, kept = None, {}
    resolved = resolved_deal(item, inputs)
    if resolved is not None:
        figures = _figures(inputs, simulation, item, resolved)
        is_equity = tuple(tranche.is_equity for tranche in resolved.deal.tranches)
        no_break_evens = np.full(len(is_equity), np.nan)
        tranches = deal_record(simulated_deal(resolved, figures), is_equity, no_break_evens)
        kept = {f"{PATHS}{name}": np.ascontiguousarray(array) for name, array in figures._asdict().items()}
    summary = summarise(fields, worst_is_high=worst_is_high_of_fields(), quirks=QUIRKS)
    record = SimulationRecord(
        deal=item.stored.deal.name,
        as_of=inputs.as_of,
        run_id="",
        simulations=simulation.labels.shape[2],
        facts=_facts(inputs, walk, seed),
        dates=walk.dates.astype("datetime64[D]"),
        figures=summary.figures,
        quantile_low=summary.quantile_low,
        quantile_high=summary.quantile_high,
        opening_balance=opening,
        paths=tuple(
            RepresentativePath(label=label, simulation=number + 1, fields=fields[:, :, number].copy())
            for label, number in chosen.items()
        ),
        convergence=convergence_rows(fields, 1),
        collateral_loss=collateral_losses(fields, opening),
        tranches=tranches,
    )
    return record, kept


def _figures(
    inputs: SimulationInputs, simulation: LegacySimulation, item: SimulatedDealInput, resolved: ResolvedDeal
) -> PathFigures:
    """The deal along every path, loans that the matrix does not have in their first rating for ever (04 Q12)."""
    place = {holding.asset.blkrock_id: d for d, holding in enumerate(item.holdings)}
    # The deal was assembled under the scenario: its terms hold the shocks already.
    runner = PathRunner(DealSimulation.of(resolved, simulation.walk.dates, place))
    states = deal_labels(simulation.walk, item.holdings, simulation.labels, QUIRKS)
    return joined(
        [
            runner.run(np.ascontiguousarray(states[:, :, first : first + _PATHS_AT_ONCE]))
            for first in range(0, states.shape[2], _PATHS_AT_ONCE)
        ]
    )


def _facts(inputs: SimulationInputs, walk: LegacyWalk, seed: int) -> tuple[Fact, ...]:
    request = inputs.request
    source = "stored matrix (User Defined)" if inputs.correlation is not None else "rule (System Defined)"
    lines = [
        ("Deals in one joint simulation", ", ".join(item.stored.deal.name for item in inputs.deals)),
        ("Analysis date", inputs.as_of.isoformat()),
        ("Simulations", f"{request.n_simulations:,}"),
        ("Seed", str(seed)),
        ("Generator", "24-bit congruential generator of the legacy model"),
        ("Steps", f"{walk.n_periods} of {walk.months} months"),
        ("Assets", f"{len(walk.ids):,} in the correlation matrix, {int(walk.in_scope.sum()):,} moved"),
        ("Transition matrix", f"{inputs.book.source_file.name}, {LEGACY_FREQUENCIES[request.step]} by square roots"),
        ("Correlation", source),
        ("Cash flows", f"waterfall along every path, {inputs.chosen.name}" if request.has_cash_flows else "none"),
        ("Mode", request.mode.value),
        ("Engine", engine_version()),
    ]
    return tuple(Fact(label, text) for label, text in lines)
