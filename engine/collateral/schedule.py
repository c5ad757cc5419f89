"""The dates of one asset and what happens on each: interest, scheduled principal, recovery (spec 01 §1.3, §2.4, §3).

Everything about dates, day counts and schedules is settled here, so that the projection only sees arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.collateral.holding import Holding
from engine.collateral.kernels import Floats, Ints, accrual_factors
from engine.conventions import kernels as day_kernels
from engine.conventions.business_day import (
    BusinessDayConvention,
    adjust,
    interest_roll_rule,
    parse_business_day_convention,
)
from engine.conventions.calendar import Calendar
from engine.conventions.day_count import parse_day_count
from engine.conventions.days import day_number
from engine.conventions.frequency import months_between_payments
from engine.conventions.schedule import interest_dates
from engine.errors import InputError, located
from engine.market.curve import IndexCurve
from engine.modes import Quirk, Quirks

T = TypeVar("T")
Flags = npt.NDArray[np.bool_]

_FULL_REPAYMENT = 1.0 - 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class AssetSchedule:
    """Every date of an asset's life, past ones included.

    maturity: adjusted, and moved to the last sink date if that is later. months between payments. interest_days,
    payment_days: int64 day numbers, ascending; fractions: (P,) of the balance then outstanding, on payment_days.
    """

    maturity: int
    months: int
    convention: BusinessDayConvention
    interest_days: Ints
    payment_days: Ints
    fractions: Floats


@dataclass(frozen=True, slots=True, eq=False)
class AssetRows:
    """The payment dates of an asset after the analysis date; R rows, the last n_tail of them for recoveries only.

    payment, accrual_begin: (R,) int64 day numbers. is_interest: (R,) bool, False for principal-only dates.
    interest_period: (R,) int64, number of interest dates so far, 1 on the first. fraction: (R,) of the survivors repaid
    on schedule. year_fraction: (R,), on principal-only dates times the fraction. days: (R,) int64, DAYS360 of the
    accrual period, 0 on rows without prepayment and default. months: between payments. has_matured: no row is left.
    """

    payment: Ints
    accrual_begin: Ints
    is_interest: Flags
    interest_period: Ints
    fraction: Floats
    year_fraction: Floats
    days: Ints
    months: int
    maturity: int
    n_tail: int

    @property
    def n_rows(self) -> int:
        """Number of rows, recovery tail included."""
        return int(self.payment.shape[0])

    @property
    def is_amortised(self) -> bool:
        """Whether the schedule repays the whole balance."""
        return bool(np.any(self.fraction >= _FULL_REPAYMENT))


def asset_schedule(holding: Holding, calendar: Calendar, quirks: Quirks = frozenset()) -> AssetSchedule:
    """Dates of an asset from its documents and its sink schedule (spec 01 §1.3, §2.4).

    Raises InputError for a missing date, a frequency under one a year or a schedule that repays nothing.
    """
    asset = holding.asset
    with located(f"asset '{asset.blkrock_id}'"):
        frequency = _known(asset.payment_freq, "payment frequency")
        if frequency < 1:
            raise InputError(
                "CLO-1103", f"Payment frequency {frequency} is under one a year", remedy="Give 1, 2, 4 or 12."
            )
        months = months_between_payments(frequency)
        convention = parse_business_day_convention(asset.business_day_conv, quirks)
        maturity = _known(asset.maturity, "maturity")
        if not holding.has_final_dates:
            maturity = adjust(maturity, convention, calendar, quirks)
        if holding.sink_schedule:
            fractions = _sink_fractions(holding.sink_schedule, convention, calendar, quirks)
            last_sink = adjust(max(on for on, _ in holding.sink_schedule), convention, calendar, quirks)
            maturity = max(maturity, last_sink)
        else:
            fractions = dict(holding.amortization) or {maturity: 1.0}
        interest = interest_dates(
            _known(asset.first_payment_date, "first payment date"),
            maturity,
            months,
            convention,
            calendar,
            quirks,
            is_end_of_month=asset.eom_flag,
        )
    scheduled = {day_number(on): fraction for on, fraction in sorted(fractions.items())}
    payment = np.union1d(interest, np.fromiter(scheduled, dtype=np.int64))
    return AssetSchedule(
        maturity=day_number(maturity),
        months=months,
        convention=convention,
        interest_days=interest,
        payment_days=payment,
        fractions=np.array([scheduled.get(day, 0.0) for day in payment.tolist()]),
    )


def asset_rows(
    holding: Holding,
    as_of: date,
    calendar: Calendar,
    quirks: Quirks = frozenset(),
    *,
    tail_lag_months: float = 0.0,
    initial_settlement: date | None = None,
) -> AssetRows:
    """Rows of an asset after the analysis date, with their accrual periods and schedule (spec 01 §3.3 to §3.5).

    tail_lag_months: the longest recovery lag to be served; standard mode goes on every payment period after maturity
    until then (LQ-21). Accrual never begins before initial_settlement. An asset past its maturity has no rows; under
    LQ-09 an asset on its maturity, or one whose first payment is not before maturity, is an InputError.
    """
    schedule = asset_schedule(holding, calendar, quirks)
    analysis = day_number(as_of)
    if analysis > schedule.maturity:
        return _no_rows(schedule)
    is_future = schedule.payment_days > analysis
    with located(f"asset '{holding.asset.blkrock_id}'"):
        _check_has_rows(schedule, is_future, quirks)
    if not is_future.any():
        return _no_rows(schedule)
    payment, fraction = schedule.payment_days[is_future], schedule.fractions[is_future].copy()
    if Quirk.NO_RECOVERY_AFTER_MATURITY not in quirks:
        _repay_the_rest(fraction)
    is_interest = np.isin(payment, schedule.interest_days)
    start = _accrual_start(holding, schedule, analysis, initial_settlement, quirks)
    tail = _tail_days(schedule, payment, tail_lag_months, calendar, quirks)
    return _rows(holding, schedule, payment, fraction, is_interest, start, tail, quirks)


def recovery_periods(lag_months: float, months: int) -> int:
    """Recovery lag in payment periods, half to even: 9 months on a semi-annual payer are 2 (spec 01 §3.1)."""
    return round(round(lag_months) / months)


def recovery_rows(rows: AssetRows, lag_months: float, quirks: Quirks = frozenset()) -> tuple[Ints, Ints, int]:
    """Where the defaults of an asset are recovered under a lag: (source, target, opening).

    source: (R,) the interest row whose default is recovered on each row, -1 for none. target: (R,) the row on which a
    default on a principal-only date is recovered, -1 for none and for interest rows. opening: the row that recovers
    what is in default from the start, -1 for none. Without lag the legacy model recovers neither of the last two
    (LQ-22).
    """
    lag = recovery_periods(lag_months, rows.months)
    n = rows.n_rows
    source, target = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    interest = np.flatnonzero(rows.is_interest)
    recovers_late = interest[lag:] if lag else interest
    defaulted = interest[: interest.shape[0] - lag] if lag else interest
    source[recovers_late] = defaulted[: recovers_late.shape[0]]
    is_lost = lag == 0 and Quirk.LAG0_DEFAULTED_NO_RECOVERY in quirks
    for row in np.flatnonzero(~rows.is_interest).tolist():
        due = int(rows.interest_period[row]) + lag - 1
        if lag == 0:
            target[row] = -1 if is_lost else row
        elif due < interest.shape[0]:
            target[row] = interest[due]
    if lag == 0:
        opening = -1 if is_lost or n == 0 else 0
    else:
        opening = int(interest[lag - 1]) if lag <= interest.shape[0] else -1
    return source, target, opening


def coupons(holding: Holding, rows: AssetRows, curve: IndexCurve | None, quirks: Quirks = frozenset()) -> Floats:
    """Coupon of each row and, last, the one after it: (R + 1,) decimals (spec 01 §3.8).

    A floater without a curve keeps its coupon. Standard mode caps the index (LQ-01), takes the tenor of the index by
    name and pays it as a simple rate (LQ-50).
    """
    asset = holding.asset
    found = np.full(rows.n_rows + 1, asset.coupon or 0.0)
    is_float = asset.coupon_type == "FLOAT" or (
        Quirk.CAP_TAKES_FLOOR not in quirks and asset.coupon_type.strip().upper() == "FLOAT"
    )
    if curve is None or not is_float:
        return found
    n_live = rows.n_rows - rows.n_tail
    resets = np.flatnonzero(rows.is_interest[:n_live])
    index = np.rint(_index_rates(holding, rows.payment[resets], rows.months, curve, quirks) * 1e5) / 1e5
    if Quirk.CAP_TAKES_FLOOR not in quirks and asset.index_cap:
        index = np.minimum(index, asset.index_cap)
    reset = np.maximum(index, asset.libor_floor or 0.0) + (asset.cpn_spread or 0.0)
    for row, coupon in zip(resets.tolist(), reset.tolist(), strict=True):
        found[row + 1 :] = coupon
    return found


def _index_rates(holding: Holding, days: Ints, months: int, curve: IndexCurve, quirks: Quirks) -> Floats:
    if Quirk.TENOR_FROM_FREQUENCY in quirks:
        return curve.spots(days, months)
    name = holding.asset.index_name.strip().upper()
    number = name.split("M", 1)[0].strip()
    tenor = int(number) if number.isdigit() and 0 < int(number) <= 12 else months
    return ((1.0 + curve.spots(days, tenor)) ** (tenor / 12.0) - 1.0) * (12.0 / tenor)


def _sink_fractions(
    sinks: tuple[tuple[date, float], ...], convention: BusinessDayConvention, calendar: Calendar, quirks: Quirks
) -> dict[date, float]:
    """Sink amounts as fractions of the balance then outstanding, by adjusted date (spec 01 §1.3 step 5)."""
    amounts: dict[date, float] = {}
    for on, amount in sorted(sinks):
        adjusted = adjust(on, convention, calendar, quirks)
        amounts[adjusted] = amounts.get(adjusted, 0.0) + amount
    return fractions_of_rest(amounts)


def fractions_of_rest(amounts: Mapping[date, float]) -> dict[date, float]:
    """Amounts as fractions of what is left to repay on their day; InputError CLO-1104 for amounts that cannot be."""
    remaining = sum(amounts.values())
    fractions: dict[date, float] = {}
    for on, amount in amounts.items():
        if remaining <= 0.0 or amount < 0.0:
            raise InputError(
                "CLO-1104",
                f"The sink schedule leaves {remaining:,.2f} to repay on {on} and repays {amount:,.2f}",
                remedy="Give positive sink amounts.",
            )
        fractions[on] = amount / remaining
        remaining -= amount
    return fractions


def _check_has_rows(schedule: AssetSchedule, is_future: Flags, quirks: Quirks) -> None:
    if Quirk.NO_ROWS_CRASH not in quirks:
        return
    if schedule.interest_days.shape[0] == 0 or not is_future.any():
        raise InputError(
            "CLO-1105",
            "The legacy model stops at an asset without a payment between first payment date and maturity",
            remedy="Correct the dates, drop the asset, or run in standard mode.",
        )


def _repay_the_rest(fraction: Floats) -> None:
    """Make the schedule repay exactly what is left: on the date that says so, else on the last one."""
    full = np.flatnonzero(fraction >= _FULL_REPAYMENT)
    fraction[full[0] if full.size else -1] = 1.0


def _accrual_start(
    holding: Holding, schedule: AssetSchedule, analysis: int, initial_settlement: date | None, quirks: Quirks
) -> int:
    """Begin of the first accrual period: the last interest date before the analysis date, else the dated date."""
    passed_before = analysis if Quirk.ACCRUAL_ON_PAYMENT_DATE in quirks else analysis + 1
    n_passed = int(np.searchsorted(schedule.interest_days, passed_before))
    if n_passed:
        start = int(schedule.interest_days[n_passed - 1])
    else:
        with located(f"asset '{holding.asset.blkrock_id}'"):
            start = day_number(_known(holding.asset.dated_date or holding.asset.issue_date, "dated date"))
    return start if initial_settlement is None else max(start, day_number(initial_settlement))


def _tail_days(
    schedule: AssetSchedule, payment: Ints, tail_lag_months: float, calendar: Calendar, quirks: Quirks
) -> Ints:
    """Dates after maturity on which late recoveries arrive."""
    if Quirk.NO_RECOVERY_AFTER_MATURITY in quirks:
        return np.empty(0, dtype=np.int64)
    rule = int(interest_roll_rule(schedule.convention, quirks))
    anchor = int(payment[-1])
    return np.array(
        [
            day_kernels.add_business_months(
                anchor, j * schedule.months, rule, False, calendar.holidays, calendar.weekend
            )
            for j in range(1, recovery_periods(tail_lag_months, schedule.months) + 1)
        ],
        dtype=np.int64,
    )


def _rows(
    holding: Holding,
    schedule: AssetSchedule,
    payment: Ints,
    fraction: Floats,
    is_interest: Flags,
    start: int,
    tail: Ints,
    quirks: Quirks,
) -> AssetRows:
    n_tail = tail.shape[0]
    payment = np.concatenate((payment, tail))
    is_interest = np.concatenate((is_interest, np.ones(n_tail, dtype=np.bool_)))
    interest_period = np.cumsum(is_interest)
    interest_days = np.concatenate((np.array([start], dtype=np.int64), payment[is_interest]))
    # Accrual runs from the last interest date; on an interest date that is the one before it.
    accrual_begin = interest_days[interest_period - is_interest]
    year_fraction, days = np.empty(payment.shape[0]), np.empty(payment.shape[0], dtype=np.int64)
    with located(f"asset '{holding.asset.blkrock_id}'"):
        code = int(parse_day_count(holding.asset.day_count, quirks))
    accrual_factors(accrual_begin, payment, code, year_fraction, days)
    fraction = np.concatenate((fraction, np.zeros(n_tail)))
    days[~is_interest] = 0
    year_fraction[~is_interest] *= fraction[~is_interest]
    if n_tail:
        days[-n_tail:] = 0
        year_fraction[-n_tail:] = 0.0
    return AssetRows(
        payment=payment,
        accrual_begin=accrual_begin,
        is_interest=is_interest,
        interest_period=interest_period.astype(np.int64),
        fraction=fraction,
        year_fraction=year_fraction,
        days=days,
        months=schedule.months,
        maturity=schedule.maturity,
        n_tail=n_tail,
    )


def _no_rows(schedule: AssetSchedule) -> AssetRows:
    none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
    return AssetRows(
        payment=none,
        accrual_begin=none,
        is_interest=np.empty(0, dtype=np.bool_),
        interest_period=none,
        fraction=nothing,
        year_fraction=nothing,
        days=none,
        months=schedule.months,
        maturity=schedule.maturity,
        n_tail=0,
    )


def _known(value: T | None, what: str) -> T:
    if value is None:
        raise InputError("CLO-1102", f"The {what} is missing", remedy="Supply it in the asset master.")
    return value
