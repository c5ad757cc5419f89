"""A slow projection written for reading: one asset, one row at a time, as spec 01 §3.4, §3.5 and §4.5 tell it.

Dates, year fractions and coupons come from the engine; the recurrence, the recoveries and the periods do not.
"""

from dataclasses import dataclass, field

import numpy as np

from engine.collateral.assumptions import RATING_DRIVEN, Rate
from engine.collateral.holding import Holding
from engine.collateral.kernels_pool import N_POOL_COLUMNS
from engine.collateral.periods import CollectionPeriods
from engine.collateral.schedule import AssetRows
from engine.conventions.days import to_date
from engine.modes import Quirk, Quirks


@dataclass
class Row:
    """One payment date."""

    payment: int
    accrual_begin: int
    begin: float = 0.0
    default: float = 0.0
    default_value: float = 0.0
    interest: float = 0.0
    scheduled: float = 0.0
    unscheduled: float = 0.0
    recoveries: float = 0.0
    net_loss: float = 0.0
    default_balance: float = 0.0
    default_value_balance: float = 0.0


@dataclass
class Pending:
    """Defaults by the number of the interest date they belong to."""

    default: dict[int, float] = field(default_factory=dict)
    value: dict[int, float] = field(default_factory=dict)

    def add(self, slot: int, default: float, value: float) -> None:
        self.default[slot] = self.default.get(slot, 0.0) + default
        self.value[slot] = self.value.get(slot, 0.0) + value


def annual(rate: Rate, n: int, quirks: Quirks) -> float:
    """Annual rate of interest period n, counted from 1."""
    if not isinstance(rate, tuple):
        return rate
    if n <= len(rate):
        return rate[n - 1]
    return float(len(rate)) if Quirk.VECTOR_END_USES_LENGTH in quirks else rate[-1]


def period(rate: float, days: int) -> float:
    """Period rate of an annual rate on 30/360 days."""
    if days == 0:
        return 0.0
    exponent = 1.0 / (360.0 / days)
    base = 1.0 - rate
    if base < 0.0 and exponent != int(exponent):
        return 0.0
    return 1.0 - float(base**exponent)


def is_rated_default(holding: Holding, day: int) -> bool:
    """Whether the rating history has reached D by a day; the histories of the tests never leave it."""
    return any(rating == "D" and on <= to_date(day) for on, rating in holding.sp_rating_history)


def slow_cashflow(holding: Holding, rows: AssetRows, coupons: np.ndarray, quirks: Quirks) -> list[Row]:
    """Rows of one asset."""
    terms = holding.assumptions
    is_legacy = Quirk.LAG0_DEFAULTED_NO_RECOVERY in quirks
    is_driven = terms.cdr == RATING_DRIVEN and len(holding.sp_rating_history) > 1
    severity_rate = terms.severity
    if isinstance(severity_rate, tuple) and Quirk.SEVERITY_VECTOR_READS_PREPAY in quirks:
        severity_rate = terms.cpr
    lag = round(terms.recovery_lag_months / rows.months)
    performing, in_default, value_in_default = holding.par, 0.0, 0.0
    pending = Pending()
    found: list[Row] = []
    severity = 0.0 if is_legacy else annual(severity_rate, 1, quirks)
    for k in range(rows.n_rows):
        if performing < 1.0 and (not found or in_default < 1.0):
            break
        row = Row(int(rows.payment[k]), int(rows.accrual_begin[k]))
        is_first = not found
        if is_first and holding.asset.default_asset:
            in_default = performing
            value_in_default = performing * (holding.asset.market_value or 0.0) / 100.0
            pending.add(0, in_default, value_in_default)
            if is_legacy and not rows.is_interest[k]:
                row.default_value = value_in_default
            performing = 0.0
        row.begin = performing
        n = int(rows.interest_period[k])
        fraction, coupon = float(rows.fraction[k]), float(coupons[k])
        is_tail = k >= rows.n_rows - rows.n_tail
        is_hit = is_driven and is_rated_default(holding, row.payment)
        if rows.is_interest[k]:
            severity = annual(severity_rate, n, quirks)
            cdr = 0.0 if terms.cdr == RATING_DRIVEN else annual(terms.cdr, n, quirks)  # type: ignore[arg-type]
            row.default = performing if is_hit else performing * period(cdr, 0 if is_tail else int(rows.days[k]))
            row.default_value += row.default * (1.0 - severity)
            pending.add(n, row.default, row.default * (1.0 - severity))
            survivors = performing - row.default
            row.interest = float(rows.year_fraction[k]) * coupon * survivors
            row.scheduled = survivors * fraction
            cpr = period(annual(terms.cpr, n, quirks), 0 if is_tail else int(rows.days[k]))
            row.unscheduled = (survivors - row.scheduled) * cpr
        elif is_hit:
            row.default = performing
            row.default_value += performing * (1.0 - severity)
            pending.add(n, row.default, row.default * (1.0 - severity))
        else:
            row.scheduled = fraction * performing
            row.interest = float(rows.year_fraction[k]) * coupon * performing
        in_default += row.default
        value_in_default += row.default * (1.0 - severity)
        for slot in due_slots(lag, n, bool(rows.is_interest[k]), is_first, is_legacy):
            default, value = pending.default.pop(slot, 0.0), pending.value.pop(slot, 0.0)
            row.recoveries += value
            row.net_loss += default - value
            in_default -= default
            value_in_default -= value
        performing -= row.default + row.scheduled + row.unscheduled
        if performing < 1.0 and in_default < 1.0:
            row.net_loss += in_default + performing
            performing = in_default = value_in_default = 0.0
        row.default_balance, row.default_value_balance = in_default, value_in_default
        found.append(row)
    if found and found[-1].default_balance > 0.0:
        found[-1].net_loss += found[-1].default_balance
        found[-1].default_balance = found[-1].default_value_balance = 0.0
    return found


def due_slots(lag: int, n: int, is_interest: bool, is_first: bool, is_legacy: bool) -> list[int]:
    """Interest dates whose defaults are recovered on a row: the lag before it; without lag the row's own.

    Without lag the legacy model leaves what was in default from the start, and defaults on principal-only dates.
    """
    if lag > 0:
        return [n - lag] if is_interest and n >= lag else []
    if is_legacy:
        return [n] if is_interest else []
    return [0, n] if is_first else [n]


def slow_periods(
    holding: Holding, rows: list[Row], has_rows: bool, periods: CollectionPeriods, quirks: Quirks
) -> np.ndarray:
    """Pool rows of one asset, (N + 2, 11)."""
    n = periods.n_periods
    table = np.zeros((n + 2, N_POOL_COLUMNS))
    if not has_rows and Quirk.MATURED_BALANCE_STUCK not in quirks:
        return table
    value = holding.par * (holding.asset.market_value or 0.0) / 100.0
    begin, in_default, in_value = (0.0, holding.par, value) if holding.asset.default_asset else (holding.par, 0.0, 0.0)
    for i in range(1, n + 1):
        first, last = int(periods.begin[i - 1]), int(periods.end[i - 1])
        paid = [row for row in rows if first < row.payment <= last]
        defaults = [row for row in rows if row.accrual_begin <= last and (i == 1 or row.accrual_begin > first)]
        is_over = begin < 1.0 and in_default < 1.0
        if is_over:
            begin = in_default = in_value = 0.0
        flows = [
            sum(row.default for row in defaults),
            sum(row.default_value for row in defaults),
            *(
                sum(getattr(row, name) for row in paid)
                for name in ("interest", "scheduled", "unscheduled", "recoveries", "net_loss")
            ),
        ]
        table[i, :3] = begin, in_default, in_value
        table[i, 3:10] = flows
        if is_over:
            return table
        begin -= flows[0] + flows[3] + flows[4]
        in_default += flows[0] - flows[5] - flows[6]
        in_value += flows[1] - flows[5]
    if Quirk.NO_BALANCES_AFTER_LAST_PERIOD not in quirks:
        table[n + 1, :3] = begin, in_default, in_value
    return table
