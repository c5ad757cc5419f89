"""Prepayment, default, severity and recovery-lag assumptions of assets and of reinvestment (spec 01 §1.3, §1.4, §5)."""

from dataclasses import dataclass
from typing import Literal

from engine.errors import InputError

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


def assumptions_of(
    blkrock_id: str, rows: tuple[AssumptionRow, ...], vectors: dict[str, tuple[float, ...]]
) -> AssetAssumptions | None:
    """Assumptions of one asset: the last row for its id or for ALL (spec 01 §1.3 step 5.4); None where no row applies.

    Ids and vector names compare without regard to case. Raises InputError for a vector that does not exist.
    """
    wanted = blkrock_id.upper()
    found = None
    for row in rows:
        if row.blkrock_id.strip().upper() in (wanted, "ALL"):
            found = row
    if found is None:
        return None
    by_name = {name.upper(): values for name, values in vectors.items()}
    is_rating_driven = isinstance(found.cdr, str) and found.cdr.strip().upper() == RATING_DRIVEN
    return AssetAssumptions(
        cpr=_named(found.cpr, by_name, found),
        cdr=RATING_DRIVEN if is_rating_driven else _named(found.cdr, by_name, found),
        severity=_named(found.severity, by_name, found),
        recovery_lag_months=found.recovery_lag_months,
    )


def _named(value: float | str, vectors: dict[str, tuple[float, ...]], row: AssumptionRow) -> Rate:
    if not isinstance(value, str):
        return float(value)
    vector = vectors.get(value.strip().upper())
    if vector is None:
        raise InputError(
            "CLO-1101",
            f"Vector '{value}' is not known",
            where=f"the cash-flow assumptions of {row.blkrock_id}",
            remedy=f"Known vectors: {', '.join(sorted(vectors)) or 'none'}.",
        )
    return vector
