"""From the paths of a simulation to what is kept and shown of it: distributions, paths that stand for others, facts."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from engine.deal.simulated import LEAST_LOSS, SimulatedDeal, simulated_deal
from engine.deal.simulation_job import SimulationResults
from engine.desk.simulations.break_evens import break_even_rates
from engine.desk.simulations.build import BuiltSimulation
from engine.desk.simulations.facts import facts_of
from engine.rating_migration.draws import Draws, Method
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.statistics import (
    Summary,
    convergence,
    histogram,
    representative_path,
    summarise,
    worst_is_high_of_fields,
)
from workbooks.results.record import Unit
from workbooks.simulation.record import (
    ConvergenceRow,
    DealRecord,
    LossDistribution,
    RepresentativePath,
    SimulationRecord,
    Spread,
)

Floats = npt.NDArray[np.float64]

SHOWN_QUANTILES = {"P5": 0.05, "P25": 0.25, "P50": 0.50, "P75": 0.75, "P95": 0.95, "P99": 0.99}
"""Quantiles of the cumulative default balance that a path stands for."""

CONVERGING = (("Cumulative default balance", "BALDEF"), ("CCC balance", "BALCCC"), ("Performing balance", "BALPERF"))

METRICS = (
    ("Loss", "loss", Unit.MONEY),
    ("Loss of the balance", "loss_fraction", Unit.RATE),
    ("Yield at price", "yield_at_price", Unit.RATE),
    ("Average life", "wal", Unit.YEARS),
    ("Interest paid", "interest", Unit.MONEY),
    ("Principal paid", "principal", Unit.MONEY),
)
"""Label, member of TrancheDistributions, and how it is shown."""


def records_of(built: BuiltSimulation, results: SimulationResults) -> tuple[SimulationRecord, ...]:
    """One record for every deal of a simulation; their run numbers are not known yet."""
    return tuple(_record(built, results, number) for number in range(len(built.job.pools)))


def _record(built: BuiltSimulation, results: SimulationResults, number: int) -> SimulationRecord:
    plan, pool = built.job.plan, built.job.pools[number]
    draws, fields = plan.draws, results.fields(number)
    figures, resolved = results.figures(number), built.resolved[number]
    to_run, remarks = built.inputs.deals[number].to_run, list[str]()
    simulated, tranches = None, None
    if figures is not None and resolved is not None and to_run is not None:
        simulated = simulated_deal(resolved, figures, group_size=draws.group_size)
        break_evens = break_even_rates(to_run, built.inputs.as_of, built.inputs.request.mode)
        tranches = deal_record(
            simulated, tuple(tranche.is_equity for tranche in resolved.deal.tranches), break_evens.cdr
        )
        remarks = [*_failures(simulated), *break_evens.remarks]
    opening = float(pool.positions.balance[0].sum() - _matured(built, number))
    summary = summarise(fields, worst_is_high=worst_is_high_of_fields(), group_size=draws.group_size)
    return SimulationRecord(
        deal=pool.name,
        as_of=built.inputs.as_of,
        run_id="",
        simulations=draws.n_simulations,
        facts=facts_of(built),
        dates=plan.grid.days.astype("datetime64[D]"),
        figures=summary.figures,
        quantile_low=summary.quantile_low,
        quantile_high=summary.quantile_high,
        opening_balance=opening,
        standard_error_of=standard_error_of(draws),
        paths=representative_paths(fields),
        convergence=convergence_rows(fields, draws.group_size),
        collateral_loss=collateral_losses(fields, opening) if simulated is None else _deal_losses(simulated, opening),
        tranches=tranches,
        remarks=tuple(remarks),
    )


def _matured(built: BuiltSimulation, number: int) -> float:
    """Balance of positions that had matured before the simulation began."""
    plan, positions = built.job.plan, built.job.pools[number].positions
    last_period = plan.walk.last_period if plan.issuers is None else plan.issuers.last_period
    has_matured = last_period[positions.asset] == 0
    return float(positions.balance[0, has_matured].sum())


def standard_error_of(draws: Draws) -> str:
    """What the standard errors rest on, in words."""
    return {
        Method.PSEUDO: "independent paths",
        Method.ANTITHETIC: "antithetic pairs",
        Method.SOBOL: f"{draws.scrambles} scrambles",
    }[draws.method]


def representative_paths(fields: Floats) -> tuple[RepresentativePath, ...]:
    """The paths whose cumulative default balance at the end is nearest to its quantiles."""
    totals = fields[ROW_OF_FIELD["BALDEF"], -1]
    found = []
    for label, probability in SHOWN_QUANTILES.items():
        simulation = representative_path(totals, probability)
        found.append(RepresentativePath(label=label, simulation=simulation + 1, fields=fields[:, :, simulation].copy()))
    return tuple(found)


def convergence_rows(fields: Floats, group_size: int) -> tuple[ConvergenceRow, ...]:
    """Means of the first simulations: of defaults at the end, of the others half-way."""
    rows = []
    for subject, name in CONVERGING:
        at = -1 if name == "BALDEF" else fields.shape[1] // 2
        found = convergence(fields[ROW_OF_FIELD[name], at], group_size=group_size)
        rows += [
            ConvergenceRow(
                subject=subject,
                simulations=int(found.n[k]),
                mean=float(found.mean[k]),
                standard_error=float(found.standard_error[k]),
                relative_change=float(found.relative_change[k]),
            )
            for k in range(len(found.n))
        ]
    return tuple(rows)


def collateral_losses(fields: Floats, opening: float) -> LossDistribution:
    """The distribution of the balance in default at the end."""
    return _losses("Collateral in default", opening, fields[ROW_OF_FIELD["BALDEF"], -1])


def _deal_losses(simulated: SimulatedDeal, opening: float) -> LossDistribution:
    return _losses("Collateral", opening, simulated.figures.collateral_loss)


def _losses(subject: str, balance: float, losses: Floats) -> LossDistribution:
    known = losses[np.isfinite(losses)]
    lost = known[known >= LEAST_LOSS]
    shares = lost / balance if balance else lost
    bins = histogram(shares) if len(shares) else None
    return LossDistribution(
        subject=subject,
        balance=balance,
        edges=np.array([0.0, 1.0]) if bins is None else bins.edges,
        counts=np.zeros(1, dtype=np.int64) if bins is None else bins.counts,
        n_none=len(known) - len(lost),
    )


def deal_record(simulated: SimulatedDeal, is_equity: tuple[bool, ...], break_even_cdr: Floats) -> DealRecord:
    """What the paths did to the tranches; break_even_cdr (C,) decimals, NaN where a class has none."""
    tranches, figures = simulated.tranches, simulated.figures
    summaries: list[Summary] = [getattr(tranches, member) for _, member, _ in METRICS]
    losses = tuple(
        _losses(name, float(simulated.balance[t]), figures.loss[:, t])
        for t, name in enumerate(simulated.tranche_names)
        if not is_equity[t]
    )
    return DealRecord(
        names=simulated.tranche_names,
        is_equity=is_equity,
        balance=simulated.balance.copy(),
        expected_loss=tranches.loss.of("mean"),
        loss_probability=np.where(is_equity, np.nan, tranches.has_loss.of("mean")),
        break_even_cdr=break_even_cdr,
        metrics=tuple(label for label, _, _ in METRICS),
        units=tuple(unit for _, _, unit in METRICS),
        figures=np.stack([summary.figures for summary in summaries], axis=1),
        n_missing=np.stack([summary.n_missing for summary in summaries], axis=1),
        payment_dates=simulated.payment,
        test_names=simulated.oc.names,
        breach_probability=simulated.oc.failing.T.copy(),
        losses=losses,
        equity_irr=_spread(figures.equity_irr),
    )


def _spread(values: Floats) -> Spread | None:
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    bins = histogram(known)
    return Spread(edges=bins.edges, counts=bins.counts, n_missing=len(values) - len(known))


def _failures(simulated: SimulatedDeal) -> Iterable[str]:
    for group in simulated.failures:
        failure, n = group.failure, len(group.simulations)
        where = f"period {failure.period}, {failure.section} {failure.step}"
        yield (
            f"{n} of {simulated.n_paths} paths stopped ({where}: {failure.reason});"
            f" the first is simulation {group.simulations[0] + 1}"
        )
