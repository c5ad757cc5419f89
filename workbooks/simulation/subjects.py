"""What the charts of a simulation show, as numbers: bands of quantiles, the mix of ratings, losses, breach rates.

The native charts of the workbook and the PNG plots draw the same figures.
"""

from dataclasses import dataclass

import numpy as np

from engine.rating_migration.fields import RATINGS, ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from workbooks.simulation.record import Days, Floats, LossDistribution, RepresentativePath, SimulationRecord

BAND_EDGES = ("p1", "p5", "p25", "p75", "p95", "p99")
BANDS = (("p1", "p99"), ("p5", "p95"), ("p25", "p75"))
BAND_NAMES = ("P1 to P99", "P5 to P95", "P25 to P75")
BAND_COLORS = ("#DCE8F2", "#B7D3E6", "#7FB0D3")
MEDIAN_COLOR, MEAN_COLOR = "#1F3A5F", "#B85C38"


@dataclass(frozen=True, slots=True)
class FanSubject:
    """A field drawn as a fan: its title, a rate or an amount of currency; a flow has no figure at the start."""

    field: str
    title: str
    is_rate: bool
    is_flow: bool = False

    @property
    def first(self) -> int:
        """The first period that is drawn."""
        return int(self.is_flow)


FAN_SUBJECTS = (
    FanSubject("DEFAULTRATE", "Cumulative default rate", True),
    FanSubject("BALDEF", "Cumulative default balance", False),
    FanSubject("CDR", "Annualised default rate of the period", True, is_flow=True),
    FanSubject("BALPERF", "Performing balance", False),
    FanSubject("BALCCC", "Balance rated CCC", False),
)

FAMILIES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC")
REPAID, DEFAULTED = "Repaid", "Defaulted"
MIX_NAMES = (*FAMILIES, REPAID, DEFAULTED)
MIX_COLORS = ("#1F3A5F", "#2F5D8C", "#4C86B8", "#7FB0D3", "#B7D3E6", "#E0B66A", "#D98F3E", "#C9CED6", "#B3261E")


def statistic(record: SimulationRecord, field: str, name: str) -> Floats:
    """One statistic (T + 1,) of one field."""
    return record.figures[ROW_OF_FIELD[field], :, STATISTICS.index(name)]


def fan_edges(record: SimulationRecord, field: str) -> Floats:
    """(T + 1, 6): the quantiles of BAND_EDGES."""
    return np.stack([statistic(record, field, name) for name in BAND_EDGES], axis=-1)


def fan_steps(record: SimulationRecord, field: str) -> Floats:
    """(T + 1, 6): the lowest edge and the distance of each edge from the one below, for stacked areas."""
    edges = fan_edges(record, field)
    return np.diff(edges, axis=-1, prepend=0.0)


def rating_mix(record: SimulationRecord) -> Floats:
    """(T + 1, 9): mean balance by letter family, then what was repaid and what defaulted so far."""
    columns = []
    for family in FAMILIES:
        members = [rating for rating in RATINGS if rating.rstrip("+-") == family]
        columns.append(sum((statistic(record, balance_field(one), "mean") for one in members), start=_zeros(record)))
    columns.append(statistic(record, "BALMAT", "mean"))
    columns.append(statistic(record, "BALDEF", "mean"))
    return np.stack(columns, axis=-1)


def performing_mix(record: SimulationRecord) -> Floats:
    """(n, 7): share of each letter family in the mean performing balance, as long as anything performs."""
    balances = rating_mix(record)[:, : len(FAMILIES)]
    total = balances.sum(axis=-1, keepdims=True)
    n = int(np.argmax(total[:, 0] <= 0.0)) if (total <= 0.0).any() else len(total)
    return np.asarray(balances[:n] / total[:n])


def balance_field(rating: str) -> str:
    """The field of a rating's balance: `BB+` -> `BALBBP`."""
    return "BAL" + rating.replace("+", "P").replace("-", "M")


def loss_shares(loss: LossDistribution) -> tuple[Floats, Floats]:
    """(B,) share of all simulations in each bin of losses, and (B,) share that lose at most the bin's upper edge."""
    n = loss.n_none + int(loss.counts.sum())
    shares = loss.counts / n
    return shares, (loss.n_none + np.cumsum(loss.counts)) / n


def loss_title(loss: LossDistribution) -> str:
    """`Class E: 12.4% of the simulations lose`."""
    n_losing = int(loss.counts.sum())
    return f"{loss.subject}: {n_losing / (n_losing + loss.n_none):.1%} of the simulations lose"


def losses_of(record: SimulationRecord) -> list[LossDistribution]:
    """Distributions of the collateral and the classes, those without any loss left out."""
    every = [record.collateral_loss, *(record.tranches.losses if record.tranches else ())]
    return [one for one in every if one is not None and int(one.counts.sum())]


def bin_labels(edges: Floats) -> list[str]:
    """Texts of bins of rates, their lower edges: `2%`, with as many digits as tell them apart."""
    width = float(np.median(np.diff(edges))) * 100.0
    digits = next(digits for digits in range(7) if digits == 6 or abs(width - round(width, digits)) < 1e-3 * width)
    return [f"{100.0 * edge:.{digits}f}%" for edge in edges[:-1].tolist()]


def years_between(dates: Days) -> float:
    """Length of a grid of dates in years."""
    return float((dates[-1] - dates[0]).astype("timedelta64[D]").astype(np.int64)) / 365.25


def path_name(path: RepresentativePath) -> str:
    """`P95: simulation 4,711`."""
    return f"{path.label}: simulation {path.simulation:,}"


def _zeros(record: SimulationRecord) -> Floats:
    return np.zeros(len(record.dates))
