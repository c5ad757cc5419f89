"""Prepayment, default, severity and recovery-lag assumptions of assets and of reinvestment (spec 01 §1.3, §1.4, §5)."""

from dataclasses import dataclass
from typing import Literal

Rate = float | tuple[float, ...]
"""An annual decimal: one number, or a vector whose first element belongs to the first interest period."""

RATING_DRIVEN: Literal["RATING"] = "RATING"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAssumptions:
    """Assumptions of one asset.

    cpr, cdr, severity: annual decimals (severity: of the defaulted amount), scalar or vector by interest period.
    cdr may be RATING: the asset defaults when its simulated rating does. recovery_lag_months: months from default to
    recovery.
    """

    cpr: Rate = 0.0
    cdr: Rate | Literal["RATING"] = 0.0
    severity: Rate = 0.0
    recovery_lag_months: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionRow:
    """One row of the CFAssumptions sheet: an asset id or ALL, each rate a number or the name of a vector.

    The last row that applies to an asset wins (spec 01 section 1.3 step 5.4).
    """

    blkrock_id: str
    cpr: float | str
    cdr: float | str
    severity: float | str
    recovery_lag_months: float


class ReinvestmentType:
    """Texts of the reinvestment type known to the model; anything else reinvests nothing."""

    ALL_PRINCIPAL = "ALL PRINCIPAL"
    UNSCHEDULED_PRINCIPAL = "UNSCHEDULED PRINCIPAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinvestment:
    """What collateral principal buys (spec 01 section 5): a bullet loan on the deal's own dates.

    spread, floor, cpr, cdr, severity decimals; price a fraction of par; maturity and lag in months; the types select
    the cash before (pre) and after (post) the reinvestment end date, the fractions scale it.
    """

    spread: float
    floor: float
    maturity_months: float
    price: float
    cpr: Rate
    cdr: Rate
    severity: Rate
    recovery_lag_months: float
    pre_type: str
    pre_fraction: float
    post_type: str
    post_fraction: float
