"""Made-up simulations of a loan pool and its nine classes: plausible shapes from a fixed stream, no simulation core."""

from datetime import date

import numpy as np

from engine.rating_migration.fields import FIELDS, RATINGS, ROW_OF_FIELD
from engine.rating_migration.statistics import (
    convergence,
    histogram,
    representative_path,
    summarise,
    worst_is_high_of_fields,
)
from workbooks.results import Unit
from workbooks.simulation import (
    ConvergenceRow,
    DealRecord,
    Fact,
    LegacyPathSet,
    LegacyRecord,
    LossDistribution,
    RepresentativePath,
    SimulationRecord,
    SimulationStatistics,
    Spread,
)

CLASSES = ("Class X", "Class A-1", "Class A-2", "Class B", "Class C", "Class D", "Class E", "Class F", "Sub notes")
BALANCES = np.array([1.25, 280.0, 30.0, 55.0, 30.0, 27.5, 22.5, 10.0, 45.0]) * 1e6
TESTS = ("OC B", "OC C", "OC D", "OC E", "OC ID")
OPENING = 450e6
N_LOANS = 195.0


def simulated_fields(n_simulations: int = 400, n_periods: int = 40, seed: int = 17) -> np.ndarray:
    """(N_FIELDS, T + 1, S) of a pool that defaults, repays and migrates around one factor."""
    random = np.random.default_rng(seed)
    shape = (n_periods + 1, n_simulations)
    factor = 0.55 * random.standard_normal(n_simulations) + 0.15 * random.standard_normal(shape)
    rate = np.clip(0.007 * np.exp(factor), 0.0, 0.5)
    rate[0] = 0.0
    time = np.arange(n_periods + 1)[:, None] / n_periods
    repaid_share = np.where(time < 1.0, time**2 * 0.9, 1.0)
    survival = np.cumprod(1.0 - rate, axis=0)
    alive = survival * (1.0 - repaid_share)
    fields = np.zeros((len(FIELDS), *shape))
    rows = {name: fields[row] for name, row in ROW_OF_FIELD.items()}
    defaulted = np.cumsum(np.concatenate([rate[:1], rate[1:] * alive[:-1]]), axis=0)
    weights = np.array([0, 0, 0, 0, 0.01, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.18, 0.2, 0.13, 0.07, 0.05])
    drift = np.linspace(-1.0, 1.0, len(RATINGS))[:, None, None] * (0.4 * time * (1.0 + factor))[None]
    mix = weights[:, None, None] * np.exp(drift)
    mix /= mix.sum(axis=0)
    for at, share in enumerate(mix):
        rows[FIELDS[at]][:] = np.round(share * alive * N_LOANS)
        rows[FIELDS[at + len(RATINGS)]][:] = share * alive * OPENING
    rows["BALDEF"][:] = defaulted * OPENING
    rows["BALPERDEF"][1:] = np.diff(rows["BALDEF"], axis=0)
    rows["NUMDEF"][:] = np.round(defaulted * N_LOANS)
    rows["NUMPERDEF"][1:] = np.diff(rows["NUMDEF"], axis=0)
    rows["BALPERF"][:] = alive * OPENING
    rows["BALMAT"][:] = np.maximum(OPENING - rows["BALPERF"] - rows["BALDEF"], 0.0)
    rows["BALPERMAT"][1:] = np.diff(rows["BALMAT"], axis=0)
    rows["NUMPERF"][:] = np.round(alive * N_LOANS)
    rows["CDRSIMPLE"][:] = 4.0 * rate
    rows["CDR"][:] = 1.0 - (1.0 - rate) ** 4
    rows["DEFAULTRATE"][:] = defaulted
    rows["UPGRADES"][1:] = random.poisson(4.0, (n_periods, n_simulations))
    rows["DOWNGRADES"][1:] = random.poisson(6.0 * np.exp(factor[1:]))
    return fields


def grid_dates(n_periods: int = 40, months: int = 3) -> np.ndarray:
    """Quarter ends from the analysis date."""
    return (np.datetime64("2016-03") + months * np.arange(n_periods + 1)).astype("datetime64[D]") + 22


def made_up_simulation(
    *, deal: str = "Demo 1", n_simulations: int = 400, n_periods: int = 40, has_tranches: bool = True, seed: int = 17
) -> SimulationRecord:
    """A record as the desk would fill it."""
    fields = simulated_fields(n_simulations, n_periods, seed)
    totals = fields[ROW_OF_FIELD["BALDEF"], -1]
    paths = []
    for probability, label in ((0.05, "P5"), (0.5, "Median"), (0.95, "P95"), (0.99, "P99")):
        chosen = representative_path(totals, probability)
        paths.append(RepresentativePath(label=label, simulation=chosen + 1, fields=fields[:, :, chosen]))
    found = summarise(fields, worst_is_high=worst_is_high_of_fields())
    losses = 0.55 * fields[ROW_OF_FIELD["DEFAULTRATE"], -1]
    return SimulationRecord(
        deal=deal,
        as_of=date(2016, 3, 23),
        run_id="42",
        simulations=n_simulations,
        facts=_facts(),
        dates=grid_dates(n_periods),
        figures=found.figures,
        quantile_low=found.quantile_low,
        quantile_high=found.quantile_high,
        opening_balance=OPENING,
        paths=tuple(paths),
        convergence=tuple(_convergence(fields)),
        collateral_loss=loss_distribution("Collateral", OPENING, losses),
        tranches=_deal(losses, n_simulations) if has_tranches else None,
        remarks=("Three loans have no industry; they depend on the general factor alone.",),
    )


def loss_distribution(subject: str, balance: float, losses: np.ndarray) -> LossDistribution:
    """Losses as shares; simulations without one are counted apart."""
    losing = losses[losses > 0.0]
    found = histogram(losing) if losing.size else histogram(np.array([0.0, 1.0]))
    counts = found.counts if losing.size else np.zeros_like(found.counts)
    n_none = len(losses) - len(losing)
    return LossDistribution(subject=subject, balance=balance, edges=found.edges, counts=counts, n_none=n_none)


def made_up_legacy(deals: tuple[str, ...] = ("Demo 1",), *, with_flows: bool = False) -> LegacyRecord:
    """The legacy sheets of three simulations over a year."""
    n_periods = 4
    fields = np.stack([simulated_fields(5, n_periods, seed) for seed in range(len(deals))])
    first = fields[0]
    five = np.stack(
        [first.max(axis=-1), first.min(axis=-1), first.mean(axis=-1), np.median(first, axis=-1), first.std(axis=-1)]
    )
    sets = (
        LegacyPathSet(kind="Averages", simulation=None, fields=fields.mean(axis=-1)),
        LegacyPathSet(kind="MIN", simulation=3, fields=fields[..., 2]),
    )
    names = ("Class A", "Class B", "Equity")
    statistics = SimulationStatistics(
        simulation=np.repeat(np.arange(1, 4), len(deals)),
        deal=deals * 3,
        classes=(names,) * (3 * len(deals)),
        figures=np.arange(3.0 * len(deals) * 3 * 10).reshape(-1, 3, 10),
        fee_names=(("Base fee", "Junior fee", "Incentive fee"),) * (3 * len(deals)),
        fees=np.arange(9.0 * len(deals)).reshape(-1, 3),
    )
    return LegacyRecord(
        deals=deals,
        dates=grid_dates(n_periods),
        simulation_numbers=(1, 2, 3),
        simulated=np.moveaxis(first[..., :3], -1, 0),
        five=five,
        sets=sets,
        statistics=statistics,
        with_flows=with_flows,
    )


def _facts() -> tuple[Fact, ...]:
    return (
        Fact("Mode", "standard"),
        Fact("Seed", "12"),
        Fact("Frequency", "quarterly"),
        Fact("Variance reduction", "none"),
        Fact("Correlation", "factor model: 0.10 general, 0.20 industry, 0.50 issuer"),
        Fact("Persistence", "0.00; default correlation over five years 0.021"),
        Fact("Recovery", "severity and lag of each loan"),
        Fact("Matrix", "SP 2016, version 3"),
        Fact("Engine", "0.1.0"),
    )


def _convergence(fields: np.ndarray) -> list[ConvergenceRow]:
    found = convergence(fields[ROW_OF_FIELD["DEFAULTRATE"], -1])
    return [
        ConvergenceRow(
            subject="Default rate to date",
            simulations=int(found.n[step]),
            mean=float(found.mean[step]),
            standard_error=float(found.standard_error[step]),
            relative_change=float(found.relative_change[step]),
            unit=Unit.RATE,
        )
        for step in range(len(found.n))
    ]


def _deal(pool_losses: np.ndarray, n_simulations: int) -> DealRecord:
    random = np.random.default_rng(5)
    excess = pool_losses / pool_losses.mean() * 40e6 - 12e6
    above = BALANCES[::-1].cumsum() - BALANCES[::-1]
    losses = np.clip((excess[None, :] - above[:, None]) / BALANCES[::-1, None], 0.0, 1.0)[::-1]
    n = len(CLASSES)
    metrics = np.empty((n, 4, n_simulations))
    metrics[:, 0] = 0.02 + 0.01 * np.arange(n)[:, None] - 0.1 * losses
    metrics[:, 1] = 1.0 - losses
    metrics[:, 2] = 5.0 + 0.3 * np.arange(n)[:, None] + random.normal(0.0, 0.2, (n, n_simulations))
    metrics[:, 3] = losses * BALANCES[:, None]
    metrics[-1, 0, 5::9] = np.nan
    found = summarise(metrics, worst_is_high=np.array([[False, False, True, True]]))
    months = np.arange(40)[None, :]
    breach = np.clip(0.02 * np.arange(1, 6)[:, None] * np.sqrt(months / 12.0), 0.0, 1.0)
    breach[0, 30:] = np.nan
    irr = histogram(metrics[-1, 0])
    return DealRecord(
        names=CLASSES,
        is_equity=(*(False,) * (n - 1), True),
        balance=BALANCES,
        expected_loss=(losses * BALANCES[:, None]).mean(axis=-1),
        loss_probability=(losses > 0.0).mean(axis=-1),
        break_even_cdr=np.array([np.nan, 0.31, 0.22, 0.16, 0.121, 0.094, 0.071, 0.058, np.nan]),
        metrics=("Yield at price", "Price at margin", "Average life", "Loss"),
        units=(Unit.RATE, Unit.RATIO, Unit.YEARS, Unit.MONEY),
        figures=found.figures,
        n_missing=found.n_missing,
        payment_dates=grid_dates(39),
        test_names=TESTS,
        breach_probability=breach,
        losses=tuple(loss_distribution(name, float(BALANCES[at]), losses[at]) for at, name in enumerate(CLASSES[:-1])),
        equity_irr=Spread(edges=irr.edges, counts=irr.counts, n_missing=int(found.n_missing[-1, 0])),
    )
