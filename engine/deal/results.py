"""What one run of a deal produces, as arrays with named columns (spec 02 section 17).

Axes: period, then tranche, fee or test, then column. Money in currency, ratios and rates decimals, dates as
`datetime64[D]`. Row i is deal period i + 1. Missing is NaN.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DEAL_COLUMNS = ("interest_proceeds", "principal_proceeds", "notes_payable", "reinvested", "index_rate")
POOL_COLUMNS = (
    "performing_begin",
    "default_balance_begin",
    "default_market_value_begin",
    "default",
    "default_market_value",
    "interest",
    "scheduled_principal",
    "unscheduled_principal",
    "recoveries",
    "net_loss",
    "sold",
)
TRANCHE_COLUMNS = (
    "coupon",
    "balance_begin",
    "interest_accrued",
    "interest_paid",
    "principal_paid",
    "balance_end",
    "deferred_begin",
    "deferred_interest_accrued",
    "deferred_interest_paid",
    "deferred_principal_paid",
    "deferred_end",
)
FEE_COLUMNS = ("basis", "unpaid_begin", "accrued", "paid", "unpaid_end")
OC_COLUMNS = (
    "numerator",
    "denominator",
    "ratio",
    "is_passed",
    "prior_interest_cure",
    "prior_principal_cure",
    "interest_cure",
    "interest_cure_paid",
    "principal_cure",
    "principal_cure_paid",
)
IC_COLUMNS = (
    "numerator",
    "denominator",
    "liability_balance",
    "ratio",
    "is_passed",
    "prior_cure",
    "cure",
    "cure_paid",
)
INCENTIVE_COLUMNS = ("threshold", "fee_paid", "irr")
RISK_COLUMNS = (
    "yield_at_price",
    "discount_margin_at_price",
    "price_at_discount_margin",
    "wal",
    "macaulay_duration",
    "modified_duration",
)
TRACE_DTYPE = np.dtype(
    [
        ("period", "i4"),
        ("section", "i4"),
        ("step", "i4"),
        ("cash_before", "f8"),
        ("paid", "f8"),
        ("cash_after", "f8"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodDates:
    """The dates of every reported period, each (N,) datetime64[D]."""

    payment: npt.NDArray[np.datetime64]
    interest_determination: npt.NDArray[np.datetime64]
    collection_begin: npt.NDArray[np.datetime64]
    collection_end: npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where a run stopped: the period (1-based), the waterfall section and step it was executing, and why."""

    number: str
    period: int
    section: str
    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealResult:
    """One deal in one scenario.

    deal (N, 5), original_pool and reinvested_pool (N, 11), tranches (N, T, 11), fees (N, F, 5), oc (N, K, 10),
    ic (N, J, 8), incentive (N, 3), risk (T, 6), with the columns named above. last_calculated (T,) is the last period
    (1-based) with a balance. trace has one row per executed step, empty unless asked for; step_texts maps (section,
    step) to the text of the step. failure is None for a run that reached its end; then the arrays run to last_period,
    otherwise to the failing period. collection_end is the interest and principal cash left in the Collection account,
    accrued_interest_end the purchased accrued interest not yet recovered.
    """

    deal_id: str
    program: str
    dates: PeriodDates
    last_period: int
    tranche_names: tuple[str, ...]
    fee_names: tuple[str, ...]
    oc_names: tuple[str, ...]
    oc_triggers: tuple[float, ...]
    ic_names: tuple[str, ...]
    ic_triggers: tuple[float, ...]
    deal: Floats
    original_pool: Floats
    reinvested_pool: Floats
    tranches: Floats
    fees: Floats
    oc: Floats
    ic: Floats
    incentive: Floats
    risk: Floats
    last_calculated: npt.NDArray[np.int64]
    trace: npt.NDArray[np.void]
    step_texts: dict[tuple[int, int], str]
    collection_end: tuple[float, float] = (0.0, 0.0)
    accrued_interest_end: float = 0.0
    failure: Failure | None = None

    def tranche(self, name: str, column: str) -> Floats:
        """One column of one tranche over the reported periods, (N,)."""
        return self.tranches[:, self.tranche_names.index(name), TRANCHE_COLUMNS.index(column)]
