"""Distributions over the simulated paths of a deal: losses, yields, lives and coverage (spec 04 §11.8, R12).

Figures of paths arrive chunk by chunk; they are put together in the order of simulations and summarised once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.deal.kernels_simulation import PathFigures, new_path_figures
from engine.deal.outcome import failure_of, oc_label
from engine.deal.resolve import ResolvedDeal
from engine.deal.results import Failure
from engine.errors import ModelError
from engine.liabilities.state import Status
from engine.rating_migration.statistics import Summary, summarise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST_LOSS = 0.005
"""Half a cent: less than that is rounding of the arithmetic and no loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPaths:
    """Paths that the program stopped in one place for one reason; simulations: their numbers, from 0, ascending."""

    failure: Failure
    simulations: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrancheDistributions:
    """Summaries by tranche, (T,) each; the worst tail of losses and lives is the high one, of the others the low one.

    loss in currency and loss_fraction of the balance at the analysis date; has_loss 1 or 0, so that its mean is the
    probability of any loss; yield_at_price decimal; wal in years; interest, principal: totals paid, currency;
    last_paid: last period with a payment. A yield that a path does not have counts as missing.
    """

    loss: Summary
    loss_fraction: Summary
    has_loss: Summary
    yield_at_price: Summary
    wal: Summary
    interest: Summary
    principal: Summary
    last_paid: Summary


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Breaches:
    """How often coverage tests fail; N periods, K tests, probabilities as decimals.

    failing (N, K): that the test fails in the period; failed_by (N, K): that it has failed in this period or an earlier
    one. A path that has ended fails no more.
    """

    names: tuple[str, ...]
    triggers: tuple[float, ...]
    failing: Floats
    failed_by: Floats

    @property
    def ever(self) -> Floats:
        """Probability that each test fails at all, (K,)."""
        last: Floats = self.failed_by[-1]
        return last


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedDeal:
    """What a simulation says about a deal; S paths, T tranches, N periods.

    figures: of every path, NaN for those that stopped; the n_completed of n_paths that reached their end are what every
    distribution is about. payment (N,): dates; balance (T,): at the analysis date, currency. equity_irr: effective
    annual decimal at the sub notes' price, missing where a path returns nothing; equity_multiple: receipts over that
    price. defaulted, recovered, collateral_loss: currency over the deal's life, reinvested collateral included.
    event_of_default: probability of one.
    """

    deal_id: str
    program: str
    payment: npt.NDArray[np.datetime64]
    tranche_names: tuple[str, ...]
    balance: Floats
    n_paths: int
    n_completed: int
    failures: tuple[FailedPaths, ...]
    figures: PathFigures
    tranches: TrancheDistributions
    equity_irr: Summary
    equity_multiple: Summary
    oc: Breaches
    ic: Breaches
    defaulted: Summary
    recovered: Summary
    collateral_loss: Summary
    last_period: Summary
    event_of_default: float


def joined(parts: Sequence[PathFigures]) -> PathFigures:
    """Figures of consecutive runs of paths as one."""
    return PathFigures(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def figures_of(arrays: Mapping[str, npt.NDArray[np.generic]]) -> PathFigures:
    """Figures from arrays by name, as `PathFigures._asdict` has them."""
    nothing = new_path_figures(0, 0, 0, 0, 0, 0)
    return PathFigures._make(np.asarray(arrays[name], dtype=getattr(nothing, name).dtype) for name in nothing._fields)


def simulated_deal(resolved: ResolvedDeal, figures: PathFigures, *, group_size: int = 1) -> SimulatedDeal:
    """Distributions of the figures of all paths, in the order of simulations.

    group_size: consecutive paths that depend on each other, as in `summarise`. Raises ModelError CLO-1325 where no path
    reached its end.
    """
    is_completed = figures.status == Status.OK
    failures = _failures(resolved, figures)
    if not is_completed.any():
        raise ModelError(
            "CLO-1325",
            f"None of {is_completed.shape[0]} paths reached its end",
            where=f"the simulation of {resolved.deal.name}",
            remedy=f"The first stopped because {failures[0].failure.reason}: run the deal by itself to see where.",
        )
    waterfall, n_periods = resolved.waterfall, resolved.schedule.n_periods
    oc_names = tuple(oc_label(name) for name in waterfall.oc_names)
    ic_names = tuple(f"Class {name} IC Test" for name in waterfall.ic_names)
    paths = _Paths(is_completed, group_size)
    return SimulatedDeal(
        deal_id=resolved.deal.deal_id,
        program=waterfall.program.name,
        payment=resolved.schedule.payment[1:].astype("datetime64[D]"),
        tranche_names=tuple(tranche.name for tranche in resolved.deal.tranches),
        balance=resolved.arrays.risk.balance,
        n_paths=is_completed.shape[0],
        n_completed=int(is_completed.sum()),
        failures=failures,
        figures=figures,
        tranches=_tranches(figures, paths),
        equity_irr=paths.summary(figures.equity_irr),
        equity_multiple=paths.summary(figures.equity_multiple),
        oc=_breaches(oc_names, waterfall.oc_triggers, figures.oc_failed[is_completed], n_periods),
        ic=_breaches(ic_names, waterfall.ic_triggers, figures.ic_failed[is_completed], n_periods),
        defaulted=paths.summary(figures.defaulted, worst_is_high=True),
        recovered=paths.summary(figures.recovered),
        collateral_loss=paths.summary(figures.collateral_loss, worst_is_high=True),
        last_period=paths.summary(figures.last_period, worst_is_high=True),
        event_of_default=float(figures.has_event_of_default[is_completed].mean()),
    )


@dataclass(frozen=True, slots=True)
class _Paths:
    """Which paths count, and in what groups they were drawn."""

    is_completed: Bools
    group_size: int

    def summary(self, values: npt.NDArray[np.generic], *, worst_is_high: bool = False) -> Summary:
        """Summary of figures (S,) or (S, T) over the paths that reached their end."""
        known = np.array(values.T, dtype=np.float64, order="C")
        known[..., ~self.is_completed] = np.nan
        return summarise(known, worst_is_high=worst_is_high, group_size=self.group_size)


def _tranches(figures: PathFigures, paths: _Paths) -> TrancheDistributions:
    return TrancheDistributions(
        loss=paths.summary(figures.loss, worst_is_high=True),
        loss_fraction=paths.summary(figures.loss_fraction, worst_is_high=True),
        has_loss=paths.summary(figures.loss > LEAST_LOSS, worst_is_high=True),
        yield_at_price=paths.summary(figures.yield_at_price),
        wal=paths.summary(figures.wal, worst_is_high=True),
        interest=paths.summary(figures.interest),
        principal=paths.summary(figures.principal),
        last_paid=paths.summary(figures.last_paid, worst_is_high=True),
    )


def _breaches(
    names: tuple[str, ...], triggers: tuple[float, ...], failed: npt.NDArray[np.uint8], n_periods: int
) -> Breaches:
    """Probabilities from a bit per path, test and period, (S, K, bytes)."""
    by_period = np.unpackbits(failed, axis=-1, count=n_periods)
    return Breaches(
        names=names,
        triggers=triggers,
        failing=by_period.mean(axis=0).T,
        failed_by=np.maximum.accumulate(by_period, axis=-1).mean(axis=0).T,
    )


def _failures(resolved: ResolvedDeal, figures: PathFigures) -> tuple[FailedPaths, ...]:
    """The paths that stopped, by place and reason, in the order of the first of each."""
    places: dict[tuple[int, int, int, int], list[int]] = {}
    for simulation in np.flatnonzero(figures.status != Status.OK).tolist():
        place = (
            int(figures.status[simulation]),
            int(figures.last_period[simulation]),
            int(figures.failed_section[simulation]),
            int(figures.failed_step[simulation]),
        )
        places.setdefault(place, []).append(simulation)
    found = []
    for (status, period, section, step), simulations in places.items():
        failure = failure_of(resolved, status, period, np.array([section, step], dtype=np.int64))
        if failure is not None:
            found.append(FailedPaths(failure=failure, simulations=tuple(simulations)))
    return tuple(found)
