"""What scenario grids, break-even searches and price tables find: points and figures as arrays, without a kernel."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOSS_FLOOR = 0.005
"""Currency: an unpaid balance under half a cent is no loss."""


class Axis(Enum):
    """What points differ in. Levels, shifts and multipliers are decimals, a lag months, a price a fraction of par."""

    LAG = "lag"
    PRICE = "price"
    CURVE_SHIFT = "curve_shift"
    CPR = "cpr"
    CPR_MULTIPLIER = "cpr_multiplier"
    CDR = "cdr"
    CDR_MULTIPLIER = "cdr_multiplier"
    SEVERITY = "severity"
    SEVERITY_SHIFT = "severity_shift"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Points:
    """S points: values (S, X) on each of X axes; what has no axis is as assumed. names: one each, or none."""

    axes: tuple[Axis, ...]
    values: Floats
    names: tuple[str, ...] = ()

    @property
    def n_points(self) -> int:
        """Number of points."""
        return int(self.values.shape[0])

    def column(self, axis: Axis) -> Floats | None:
        """Values on an axis, (S,); None where the points do not have it."""
        return self.values[:, self.axes.index(axis)] if axis in self.axes else None

    def part(self, first: int, last: int) -> "Points":
        """Points first .. last - 1."""
        return Points(axes=self.axes, values=self.values[first:last], names=self.names[first:last])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PointResults:
    """What T tranches get at S points; NaN where a point failed or a figure does not exist.

    risk (S, T, 6) columns of RISK_COLUMNS; interest, principal, unpaid (S, T) currency: totals paid, and balance with
    deferred interest that is still owed when the deal ends, NaN for the sub notes, which are owed nothing. equity_irr
    (S,) effective annual since the first contribution; incentive (S,) currency; last_period (S,); failures (S,) bytes,
    where and why a point stopped, empty for one that ran. balance (T,): tranche balances at the analysis date.
    """

    tranche_names: tuple[str, ...]
    balance: Floats
    risk: Floats
    interest: Floats
    principal: Floats
    unpaid: Floats
    equity_irr: Floats
    incentive: Floats
    last_period: Ints
    failures: npt.NDArray[np.bytes_]

    @property
    def has_loss(self) -> npt.NDArray[np.bool_]:
        """Whether a tranche takes a loss at a point, (S, T); False where it is not known."""
        return np.asarray(self.unpaid >= LOSS_FLOOR)

    @property
    def is_failed(self) -> npt.NDArray[np.bool_]:
        """Points that stopped before their end, (S,)."""
        return np.asarray(self.failures != b"")

    def failure(self, point: int) -> str:
        """Where and why a point stopped; empty for one that ran."""
        return bytes(self.failures[point]).decode()

    def of_tranches(self, places: Sequence[int]) -> "PointResults":
        """The same points for some tranches, by their places."""
        chosen = list(places)
        return replace(
            self,
            tranche_names=tuple(self.tranche_names[t] for t in chosen),
            balance=self.balance[chosen],
            risk=self.risk[:, chosen],
            interest=self.interest[:, chosen],
            principal=self.principal[:, chosen],
            unpaid=self.unpaid[:, chosen],
        )


POINT_ARRAYS = tuple(item.name for item in fields(PointResults) if item.name not in ("tranche_names", "balance"))
"""The fields of PointResults with a row for each point."""


class Measure(Enum):
    """What is raised: a constant annual CDR of the whole pool, or the multiplier of the assumed CDRs."""

    CDR = "cdr"
    MULTIPLIER = "multiplier"

    @property
    def axis(self) -> Axis:
        """The axis it runs along."""
        return Axis.CDR if self is Measure.CDR else Axis.CDR_MULTIPLIER


class Ending(Enum):
    """How a search ended."""

    FOUND = "found"
    NO_LOSS = "no loss"
    LOSS_AT_ZERO = "loss without defaults"
    STOPPED = "run stopped"
    NO_DEFAULTS = "no defaults assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The first loss of one tranche.

    value: the highest rate found that loses nothing, as nothing below it does, a decimal a year or a multiplier; where
    nothing up to the limit loses it is the limit, where defaults are not needed for a loss NaN. The first loss lies in
    (low, high]; both are NaN unless it was found. reason: why a run stopped.
    """

    tranche_name: str
    measure: Measure
    ending: Ending
    value: float
    low: float
    high: float
    limit: float
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PriceTable:
    """One tranche at P prices: prices (P,) fractions of par, yields and margins (P,) decimals a year, durations (P,)
    years; NaN where a price has none. wal: average life in years at any price.
    """

    tranche_name: str
    prices: Floats
    yields: Floats
    discount_margins: Floats
    macaulay: Floats
    modified: Floats
    wal: float
