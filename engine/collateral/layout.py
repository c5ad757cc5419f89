"""A pool laid out for the kernels: which asset lies in which lane, and what happens in which row (spec 01 §3, §4.5).

Without deal periods a row is the n-th payment date of every asset. With them the rows are grouped by the period in
which they are paid, so that adding up a period reads whole rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.collateral.assumptions import RATING_DRIVEN
from engine.collateral.holding import Holding
from engine.collateral.kernels import NEVER, AssetGrid, Codes, Floats, Ints, RateEntries, RecoveryRuns
from engine.collateral.kernels_pool import PeriodGrid
from engine.collateral.periods import CollectionPeriods, RowPlan, period_grid, plan_rows
from engine.collateral.rates import SourceTable, rate_entries, severity_rate, source_table
from engine.collateral.ratings import is_default_rating, rating_on
from engine.collateral.runs import runs_of_lanes
from engine.collateral.schedule import AssetRows, Flags, asset_rows, coupons, recovery_rows
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_date
from engine.errors import InputError, located
from engine.market.curve import IndexCurve
from engine.modes import Quirk, Quirks


@dataclass(frozen=True, slots=True, eq=False)
class PoolLayout:
    """Everything about a pool that no scenario changes; K rows, A lanes, N periods.

    holdings, rows and plan are in the order of lanes; position (A,) is the place of each lane's holding in the order
    given. lags: recovery lags in months of which `recoveries` holds the runs, None for the assets' own.
    n_interest_periods: columns that annual rates need. matured: ids of the assets without a payment to come.
    """

    holdings: tuple[Holding, ...]
    rows: tuple[AssetRows, ...]
    plan: RowPlan
    position: Ints
    grid: AssetGrid
    recoveries: RecoveryRuns
    lags: tuple[float | None, ...]
    periods: PeriodGrid | None
    cpr: SourceTable
    cdr: SourceTable
    severity: SourceTable
    cpr_entries: RateEntries
    cdr_entries: RateEntries
    severity_entries: RateEntries
    n_interest_periods: int
    matured: tuple[str, ...]
    quirks: Quirks

    @property
    def n_rows(self) -> int:
        """Rows of the grid."""
        return self.plan.n_rows

    @property
    def n_assets(self) -> int:
        """Lanes of the grid."""
        return len(self.holdings)


def lay_out_pool(
    holdings: Sequence[Holding],
    as_of: date,
    calendar: Calendar,
    quirks: Quirks = frozenset(),
    *,
    periods: CollectionPeriods | None = None,
    lags: Sequence[float | None] = (None,),
    has_vectors: bool = False,
    initial_settlement: date | None = None,
) -> PoolLayout:
    """Lay out a pool.

    periods: collection periods of the deal that owns it. lags: every recovery lag in months that a scenario may ask
    for, None for the assets' own. has_vectors: scenarios may replace single rates by vectors. Standard mode leaves
    out the balance of what has matured (LQ-27). Raises InputError for an asset that cannot be projected.
    """
    for holding in holdings:
        _check(holding, quirks)
    resolved = [
        asset_rows(
            holding,
            as_of,
            calendar,
            quirks,
            tail_lag_months=max(_lag(holding, lag) for lag in lags),
            initial_settlement=initial_settlement,
        )
        for holding in holdings
    ]
    unordered = plan_rows(resolved, periods)
    order = _lane_order(holdings, resolved, unordered)
    lanes = tuple(holdings[i] for i in order)
    rows = tuple(resolved[i] for i in order)
    plan = RowPlan(unordered.n_rows, tuple(unordered.places[i] for i in order), unordered.row_begin)
    cells = _Cells.of(rows, plan)
    cpr = source_table([item.assumptions.cpr for item in lanes])
    cdr = source_table([None if isinstance(item.assumptions.cdr, str) else item.assumptions.cdr for item in lanes])
    severity = _severities(lanes, quirks)
    cpr_entries, cpr_entry = cells.entries(cpr, cells.days, cells.has_rates, has_vectors)
    cdr_entries, cdr_entry = cells.entries(cdr, cells.days, cells.has_rates, has_vectors)
    severity_entries, severity_entry = cells.entries(
        severity, np.zeros_like(cells.days), cells.has_severity(quirks), has_vectors
    )
    opening = _opening(lanes)
    has_rows = np.array([item.n_rows > 0 for item in rows], dtype=np.bool_)
    return PoolLayout(
        holdings=lanes,
        rows=rows,
        plan=plan,
        position=np.array(order, dtype=np.int64),
        grid=AssetGrid(
            lane_end=cells.lane_end,
            schedule_fraction=cells.fraction,
            cpr_entry=cpr_entry,
            cdr_entry=cdr_entry,
            severity_entry=severity_entry,
            first_row=np.array([place[0] if place.size else 0 for place in plan.places], dtype=np.int64),
            last_row=_last_rows(rows, plan),
            opening_performing=opening[0] * has_rows,
            opening_default=opening[1] * has_rows,
            opening_default_value=opening[2] * has_rows,
            first_row_value=_first_row_values(rows, opening[2], quirks),
        ),
        recoveries=_recovery_runs(lanes, rows, plan, lags, quirks),
        lags=tuple(lags),
        periods=None
        if periods is None
        else period_grid(
            periods, plan, rows, (opening[0], opening[1], _carrying_value(lanes, opening[2], quirks)), quirks
        ),
        cpr=cpr,
        cdr=cdr,
        severity=severity,
        cpr_entries=cpr_entries,
        cdr_entries=cdr_entries,
        severity_entries=severity_entries,
        n_interest_periods=int(cells.interest_period.max(initial=1)),
        matured=tuple(
            holding.asset.blkrock_id for holding, item in zip(holdings, resolved, strict=True) if item.n_rows == 0
        ),
        quirks=quirks,
    )


def interest_factors(layout: PoolLayout, curve: IndexCurve | None) -> Floats:
    """Interest per unit of survivors in every cell on a curve: (K, A), year fraction times coupon (spec 01 §3.8)."""
    factors = np.zeros((layout.n_rows, layout.n_assets))
    for lane, (holding, rows, place) in enumerate(zip(layout.holdings, layout.rows, layout.plan.places, strict=True)):
        m = place.shape[0]
        factors[place, lane] = rows.year_fraction[:m] * coupons(holding, rows, curve, layout.quirks)[:m]
    return factors


def default_rows(layout: PoolLayout, *, is_rating_migration_on: bool = False) -> Ints:
    """Row on which each asset's rating is first in default, (A,), NEVER for none (spec 01 §3.7).

    Only rating-driven assets look at their ratings. is_rating_migration_on: the legacy switch that makes every asset
    do so, on interest dates only.
    """
    found = np.full(layout.n_assets, NEVER, dtype=np.int64)
    for lane, (holding, rows, place) in enumerate(zip(layout.holdings, layout.rows, layout.plan.places, strict=True)):
        is_driven = holding.assumptions.cdr == RATING_DRIVEN
        if not is_driven and not is_rating_migration_on:
            continue
        for row, day in zip(place.tolist(), rows.payment.tolist(), strict=False):
            looks = is_driven or rows.is_interest[np.searchsorted(place, row)]
            if looks and _is_in_default(holding, to_date(day), layout.quirks):
                found[lane] = row
                break
    return found


def _is_in_default(holding: Holding, on: date, quirks: Quirks) -> bool:
    asset = holding.asset
    moodys = rating_on(asset.mdy_rating, holding.moodys_rating_history, on, quirks)
    sp = rating_on(asset.sp_rating, holding.sp_rating_history, on, quirks, finds_exact_day=True)
    return is_default_rating(moodys, quirks) or is_default_rating(sp, quirks)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The rows of all assets in their places, (K, A) each; zeros and False in empty cells."""

    is_row: Flags
    is_interest: Flags
    has_rates: Flags
    interest_period: Ints
    days: Ints
    fraction: Floats

    @classmethod
    def of(cls, rows: Sequence[AssetRows], plan: RowPlan) -> "_Cells":
        shape = plan.n_rows, len(rows)
        cells = cls(
            is_row=np.zeros(shape, dtype=np.bool_),
            is_interest=np.zeros(shape, dtype=np.bool_),
            has_rates=np.zeros(shape, dtype=np.bool_),
            interest_period=np.zeros(shape, dtype=np.int64),
            days=np.zeros(shape, dtype=np.int64),
            fraction=np.zeros(shape),
        )
        for lane, (item, place) in enumerate(zip(rows, plan.places, strict=True)):
            m = place.shape[0]
            is_live = np.arange(m) < item.n_rows - item.n_tail
            cells.is_row[place, lane] = True
            cells.is_interest[place, lane] = item.is_interest[:m]
            cells.has_rates[place, lane] = item.is_interest[:m] & is_live
            cells.interest_period[place, lane] = item.interest_period[:m]
            cells.days[place, lane] = item.days[:m]
            cells.fraction[place, lane] = item.fraction[:m]
        return cells

    @property
    def lane_end(self) -> Ints:
        """Number of lanes up to the last one with something in the row, (K,)."""
        n_lanes = self.is_row.shape[1]
        return np.where(self.is_row.any(axis=1), n_lanes - self.is_row[:, ::-1].argmax(axis=1), 0).astype(np.int64)

    def has_severity(self, quirks: Quirks) -> Flags:
        """Cells whose defaults take a severity: the legacy model knows none before the first interest date."""
        if Quirk.LAG0_DEFAULTED_NO_RECOVERY in quirks:
            return self.is_row & (self.interest_period > 0)
        return self.is_row

    def entries(self, table: SourceTable, days: Ints, is_used: Flags, has_vectors: bool) -> tuple[RateEntries, Codes]:
        """Entries of a rate table; a single rate needs none by interest period."""
        by_source = np.array([has_vectors or isinstance(rate, tuple) for rate in table.rates] + [False])
        period = np.where(by_source[table.source], np.maximum(self.interest_period - 1, 0), 0)
        return rate_entries(np.broadcast_to(table.source, self.days.shape), period, days, is_used)


def _check(holding: Holding, quirks: Quirks) -> None:
    with located(f"asset '{holding.asset.blkrock_id}'"):
        if not holding.par >= 0.0:
            raise InputError("CLO-1110", f"Par {holding.par} is negative", remedy="Give a par of 0 or more.")
        if not holding.assumptions.recovery_lag_months >= 0.0:
            raise InputError(
                "CLO-1111",
                f"Recovery lag {holding.assumptions.recovery_lag_months} is negative",
                remedy="Give a lag of 0 months or more.",
            )
        if 0.0 < holding.par < 1.0 and Quirk.NO_ROWS_CRASH in quirks:
            raise InputError(
                "CLO-1112",
                f"The legacy model stops at par {holding.par}, which is under 1",
                remedy="Drop the position, or run in standard mode.",
            )


def _lag(holding: Holding, lag: float | None) -> float:
    return holding.assumptions.recovery_lag_months if lag is None else lag


def _lane_order(holdings: Sequence[Holding], rows: Sequence[AssetRows], plan: RowPlan) -> list[int]:
    """Lanes so that those of a row lie in front, and neighbours recover on the same rows.

    Assets that pay several times a period come first, because most lanes are empty in the further rows of a period;
    then what lives longest.
    """

    def key(i: int) -> tuple[bool, int, int, float]:
        place = plan.places[i]
        if not place.size:
            return True, -plan.n_rows, 0, 0.0
        is_sparse = False
        if plan.row_begin is not None:
            is_sparse = place.size >= 1.5 * np.unique(np.searchsorted(plan.row_begin, place, side="right")).size
        return not is_sparse, -int(place[-1]), rows[i].months, holdings[i].assumptions.recovery_lag_months

    return sorted(range(len(rows)), key=key)


def _severities(lanes: Sequence[Holding], quirks: Quirks) -> SourceTable:
    rates = []
    for holding in lanes:
        with located(f"asset '{holding.asset.blkrock_id}'"):
            rates.append(severity_rate(holding.assumptions, quirks))
    return source_table(list(rates))


def _opening(lanes: Sequence[Holding]) -> tuple[Floats, Floats, Floats]:
    """Performing balance, defaulted balance and its market value at the analysis date, (A,) each."""
    par = np.array([item.par for item in lanes])
    is_default = np.array([item.asset.default_asset for item in lanes], dtype=np.bool_)
    price = np.array([item.asset.market_value or 0.0 for item in lanes]) / 100.0
    return np.where(is_default, 0.0, par), np.where(is_default, par, 0.0), np.where(is_default, par * price, 0.0)


def _carrying_value(lanes: Sequence[Holding], market_value: Floats, quirks: Quirks) -> Floats:
    """What a deal's tests count an asset in default at: the lesser of market value and recovery rate (DQ-11)."""
    if Quirk.DEFAULT_AT_MARKET_VALUE_ONLY in quirks:
        return market_value
    recovery = np.array([item.par * (item.asset.mdy_recovery_rate or np.inf) for item in lanes])
    carried: Floats = np.minimum(market_value, recovery)
    return carried


def _last_rows(rows: Sequence[AssetRows], plan: RowPlan) -> Ints:
    """Row of the last payment date, (A,); NEVER where the plan leaves later ones out."""
    return np.array(
        [
            place[-1] if place.size and place.size == item.n_rows else NEVER
            for item, place in zip(rows, plan.places, strict=True)
        ],
        dtype=np.int64,
    )


def _first_row_values(rows: Sequence[AssetRows], opening_value: Floats, quirks: Quirks) -> Floats:
    """What the legacy model leaves as market value of defaults on a principal-only first row of a defaulted asset."""
    starts_off_cycle = np.array([item.n_rows > 0 and not item.is_interest[0] for item in rows], dtype=np.bool_)
    is_left = Quirk.LAG0_DEFAULTED_NO_RECOVERY in quirks
    return np.where(starts_off_cycle & is_left, opening_value, 0.0)


def _recovery_runs(
    lanes: Sequence[Holding],
    rows: Sequence[AssetRows],
    plan: RowPlan,
    lags: Sequence[float | None],
    quirks: Quirks,
) -> RecoveryRuns:
    recovered_on = np.full((len(lags), plan.n_rows + 1, len(lanes)), -1, dtype=np.int32)
    runs = []
    for h, lag in enumerate(lags):
        source_row = np.full((plan.n_rows, len(lanes)), -1, dtype=np.int64)
        for lane, (holding, item, place) in enumerate(zip(lanes, rows, plan.places, strict=True)):
            m = place.shape[0]
            # Rows that the plan leaves out are never reached: nothing recovers there.
            row_of = np.concatenate((place, np.full(item.n_rows - m + 1, -1, dtype=np.int64)))
            source, target, opening = recovery_rows(item, _lag(holding, lag), quirks)
            source_row[place, lane] = row_of[source[:m]]
            recovered_on[h, place, lane] = row_of[target[:m]]
            recovered_on[h, plan.n_rows, lane] = row_of[opening]
        runs.append(runs_of_lanes(source_row))
    offsets = np.cumsum([0] + [item.begin.shape[0] for item in runs])
    return RecoveryRuns(
        start=np.stack([item.start + offset for item, offset in zip(runs, offsets, strict=False)]),
        begin=np.concatenate([item.begin for item in runs]),
        end=np.concatenate([item.end for item in runs]),
        row=np.concatenate([item.value for item in runs]),
        recovered_on=recovered_on,
    )
