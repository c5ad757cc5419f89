"""What the simulation workbook and its plots say of a run: plain arrays and texts that the desk fills.

T is the number of periods of the simulation grid (column 0 of T + 1 is the start), N = N_STATISTICS; amounts are
currency, rates decimals, simulations are numbered from 1 as an analyst counts.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from workbooks.results.record import Unit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what was run: `Correlation` and `Factor model, 0.10 / 0.20 / 0.50`."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentativePath:
    """A path that stands for a quantile of the cumulative default balance.

    label: `P95`; simulation: its number from 1; fields (N_FIELDS, T + 1).
    """

    label: str
    simulation: int
    fields: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvergenceRow:
    """The mean of one figure over the first simulations; relative_change against the row before, NaN in the first.

    unit: how mean and standard error are shown.
    """

    subject: str
    simulations: int
    mean: float
    standard_error: float
    relative_change: float
    unit: Unit = Unit.MONEY


@dataclass(frozen=True, slots=True, kw_only=True)
class LossDistribution:
    """Losses as shares of `balance`: edges (B + 1,), counts (B,) of simulations with a loss; n_none without one.

    subject: `Collateral` or a class; balance: currency that the shares refer to.
    """

    subject: str
    balance: float
    edges: Floats
    counts: Ints
    n_none: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How often a rate fell where: edges (B + 1,) decimals, counts (B,); n_missing simulations without the figure."""

    edges: Floats
    counts: Ints
    n_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRecord:
    """What the simulated paths did to the tranches; C classes in order of seniority, M metrics, K OC tests.

    names, is_equity (C,); balance, expected_loss (C,) currency; loss_probability, break_even_cdr (C,) decimals, NaN
    where a class has none. metrics (M,): texts such as `Yield at price`, units (M,) how they are shown;
    figures (C, M, N); n_missing (C, M): simulations without the figure. payment_dates (P,), test_names (K,),
    breach_probability (K, P), NaN after a test's end. losses: distributions by class, in any order. equity_irr: None
    where there is no equity.
    """

    names: tuple[str, ...]
    is_equity: tuple[bool, ...]
    balance: Floats
    expected_loss: Floats
    loss_probability: Floats
    break_even_cdr: Floats
    metrics: tuple[str, ...]
    units: tuple[Unit, ...]
    figures: Floats
    n_missing: Ints
    payment_dates: Days
    test_names: tuple[str, ...]
    breach_probability: Floats
    losses: tuple[LossDistribution, ...] = ()
    equity_irr: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRecord:
    """One simulated deal. dates (T + 1,); figures (N_FIELDS, T + 1, N) in the order of FIELDS and STATISTICS.

    quantile_low, quantile_high (N_FIELDS, T + 1, 11): 95 % confidence intervals of the quantiles, as in a Summary.
    standard_error_of: how the standard errors were found (`independent paths`, `antithetic pairs`, `16 scrambles`).
    """

    deal: str
    as_of: date
    run_id: str
    simulations: int
    facts: tuple[Fact, ...]
    dates: Days
    figures: Floats
    quantile_low: Floats
    quantile_high: Floats
    opening_balance: float
    standard_error_of: str = "independent paths"
    paths: tuple[RepresentativePath, ...] = ()
    convergence: tuple[ConvergenceRow, ...] = ()
    collateral_loss: LossDistribution | None = None
    tranches: DealRecord | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyPathSet:
    """One of the RM- sets over deals: kind `Averages`, `MAX`, `MIN` or `MEDIAN`, and the simulation it shows, from 1.

    simulation: None for the averages. fields (D, N_FIELDS, T + 1) of the deals in order, as the sheet shows them.
    """

    kind: str
    simulation: int | None
    fields: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationStatistics:
    """The rows of `Sim Stats`, one for each simulation and deal in the order of the legacy sheet.

    simulation (R,) from 1. deal (R,); classes (R,): names of the row's classes, the equity last; figures (R, C, 10) in
    that order, NaN where there is none: total interest, total principal, price, discount margin, yield at price, margin
    at price, price at margin, average life, Macaulay and modified duration; prices fractions of par. fee_names (R,),
    fees (R, 3): paid in currency: base, junior, incentive.
    """

    simulation: Ints
    deal: tuple[str, ...]
    classes: tuple[tuple[str, ...], ...]
    figures: Floats
    fee_names: tuple[tuple[str, str, str], ...]
    fees: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyRecord:
    """What the legacy output sheets show. deals (D,); dates (T + 1,).

    simulated (S', N_FIELDS, T + 1): paths of one deal for RM-Output, simulation_numbers (S',) from 1; five
    (5, N_FIELDS, T + 1): maximum, minimum, average, median, population deviation of that deal. Parts that are None or
    empty have no sheet. with_flows: whether the deals' cash flows were run, which drops `Number of CCC`.
    """

    deals: tuple[str, ...]
    dates: Days
    simulation_numbers: tuple[int, ...] = ()
    simulated: Floats | None = None
    five: Floats | None = None
    sets: tuple[LegacyPathSet, ...] = ()
    statistics: SimulationStatistics | None = None
    with_flows: bool = False
