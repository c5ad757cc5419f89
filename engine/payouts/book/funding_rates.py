"""The rate of a calculation period: index, tenor, stub, fixing day, observation calendar (spec 07 §12.2, §12.3)."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from engine.conventions.days import day_number, to_date
from engine.conventions.kernels import add_months
from engine.errors import ModelError
from engine.payouts.book.tables import CALENDARS, NO_ROW, RATES, ContractRows
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import DayCount, ObservationShift, PeriodUnit, RateKind, ResetRelativeTo
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout

DEFAULT_SHIFT_DAYS = 5
"""What the CDM means by a shift without days."""

OBSERVATION_CENTERS: dict[str, str] = {
    "SOFR": "USSOFR",
    "SONIA": "GBLO",
    "ESTR": "EUTA",
    "EUROSTR": "EUTA",
    "EONIA": "EUTA",
    "TONA": "JPTO",
    "TONAR": "JPTO",
    "SARON": "CHZU",
    "AONIA": "AUSY",
    "CORRA": "CATO",
}
"""Where an overnight rate is published, by a word of its index's name."""

_BASIS_365 = frozenset(("GBP", "JPY", "AUD", "CAD", "NZD", "HKD", "SGD", "ZAR", "PLN", "KRW", "INR", "THB", "CNY"))
_BASIS_360 = frozenset(("USD", "EUR", "CHF", "SEK", "NOK", "DKK", "MXN"))
_OVERNIGHT_CURRENCY = {
    "USSOFR": "USD",
    "GBLO": "GBP",
    "EUTA": "EUR",
    "JPTO": "JPY",
    "CHZU": "CHF",
    "AUSY": "AUD",
    "CATO": "CAD",
}
_TENOR = re.compile(r"(\d+)\s*([DWMY])")


class PeriodRate(NamedTuple):
    """How a period's rate is looked up: kind, rows of up to two tenors, weight of the second, or a fixed rate."""

    rate_kind: int
    rate: int
    second_rate: int
    second_weight: float
    fixed_rate: float


def rate_name(index: str, tenor: str = "") -> str:
    """The name of a rate in a book."""
    return f"{index}|{tenor}"


def period_rate(payout: InterestRatePayout, period: CalculationPeriod, rows: ContractRows) -> PeriodRate:
    """The rate of a period, that of its stub where the contract states one.

    A stub rate stands in the place of the fixing: spread and floors still apply. Two tenors in a stub (`1M/2M`) are
    interpolated linearly in days; a stub shorter or longer than both takes the nearer one. Raises ModelError CLO-1944
    where the fixed rate or the index is missing.
    """
    stub_rate, stub_index, stub_tenor = _stub_terms(payout, period)
    kind = list(RateKind).index(payout.rate_kind)
    if stub_rate is not None:
        return PeriodRate(list(RateKind).index(RateKind.FIXED), NO_ROW, NO_ROW, 0.0, stub_rate)
    if payout.rate_kind is RateKind.FIXED:
        if payout.fixed_rate is None:
            raise _missing("fixed rate")
        return PeriodRate(kind, NO_ROW, NO_ROW, 0.0, payout.fixed_rate)
    index = stub_index or payout.floating_rate_index
    if index is None:
        raise _missing("floating rate index")
    if payout.rate_kind is not RateKind.FLOATING_TERM:
        return PeriodRate(kind, rows.name(RATES, rate_name(index)), NO_ROW, 0.0, 0.0)
    if stub_tenor is None:
        return PeriodRate(kind, rows.name(RATES, rate_name(index, _tenor(payout))), NO_ROW, 0.0, 0.0)
    tenors = _TENOR.findall(stub_tenor.upper())
    first = rows.name(RATES, rate_name(index, "".join(tenors[0]) if tenors else stub_tenor))
    if len(tenors) < 2:
        return PeriodRate(kind, first, NO_ROW, 0.0, 0.0)
    second = rows.name(RATES, rate_name(index, "".join(tenors[1])))
    return PeriodRate(kind, first, second, _interpolation_weight(period, tenors[0], tenors[1]), 0.0)


def _missing(what: str) -> ModelError:
    return ModelError("CLO-1944", f"The funding leg has no {what}", remedy="Add it to the terms of the leg.")


def _tenor(payout: InterestRatePayout) -> str:
    if payout.index_tenor_multiplier is None or payout.index_tenor_unit is None:
        return ""
    return f"{payout.index_tenor_multiplier}{payout.index_tenor_unit.value}"


def _stub_terms(payout: InterestRatePayout, period: CalculationPeriod) -> tuple[float | None, str | None, str | None]:
    """Rate, index and tenor of the stub that a period is, all None for a regular one."""
    if not period.is_stub:
        return None, None, None
    initial = (payout.initial_stub_rate, payout.initial_stub_index, payout.initial_stub_tenor)
    final = (payout.final_stub_rate, payout.final_stub_index, payout.final_stub_tenor)
    is_last = period.period_number == max(other.period_number for other in payout.calculation_periods)
    if period.period_number == 1 and (not is_last or any(term is not None for term in initial)):
        return initial
    return final


def _interpolation_weight(period: CalculationPeriod, first: tuple[str, str], second: tuple[str, str]) -> float:
    """Share of the second tenor for the length of a period, between 0 and 1."""
    start = period.adjusted_start
    shorter, longer = ((_tenor_end(start, *tenor) - start).days for tenor in (first, second))
    if shorter == longer:
        return 0.0
    share = ((period.adjusted_end - start).days - shorter) / (longer - shorter)
    return min(1.0, max(0.0, share))


def _tenor_end(start: date, count: str, unit: str) -> date:
    n = int(count)
    if unit in ("D", "W"):
        return start + timedelta(days=n if unit == "D" else 7 * n)
    return to_date(add_months(day_number(start), n * (12 if unit == "Y" else 1)))


def fixing_day(payout: InterestRatePayout, period: CalculationPeriod, calendars: CenterCalendars) -> int:
    """When a term rate is fixed: as generated, else so many good days before the reset date (spec 07 §12.2)."""
    if period.fixing_date is not None:
        return day_number(period.fixing_date)
    is_start = payout.reset_relative_to is ResetRelativeTo.START
    reset = period.adjusted_start if is_start else period.adjusted_end
    if payout.fixing_offset_days == 0 or payout.rate_kind is not RateKind.FLOATING_TERM:
        return day_number(reset)
    calendar = calendars.joint(payout.fixing_centers or payout.period_centers)
    return day_number(calendar.add_business_days(reset, -abs(payout.fixing_offset_days)))


def observation_calendar(payout: InterestRatePayout, rows: ContractRows) -> int:
    """Row of the calendar on which an overnight rate is published: as stated, else the index's own, else that of its
    fixings or periods; NO_ROW where nothing is known, which means Monday to Friday."""
    default = _publishing_center(payout.floating_rate_index)
    centers = payout.observation_centers or ((default,) if default else payout.fixing_centers or payout.period_centers)
    return calendar_row(centers, rows)


def calendar_row(centers: tuple[str, ...], rows: ContractRows) -> int:
    """Row of a joint calendar, NO_ROW without any center."""
    return rows.name(CALENDARS, "+".join(sorted(set(centers)))) if centers else NO_ROW


def _publishing_center(index: str | None) -> str | None:
    words = re.split(r"[^A-Z]+", (index or "").upper().replace("€STR", "ESTR"))
    return next((OBSERVATION_CENTERS[word] for word in words if word in OBSERVATION_CENTERS), None)


def index_basis(index: str | None, day_count: DayCount) -> float:
    """Days a year of an overnight index: by its currency, else 365 where the leg counts ACT/365, else 360."""
    center = _publishing_center(index)
    currency = (index or "")[:3].upper()
    if currency not in _BASIS_365 | _BASIS_360 and center is not None:
        currency = _OVERNIGHT_CURRENCY[center]
    if currency in _BASIS_365:
        return 365.0
    if currency in _BASIS_360:
        return 360.0
    return 365.0 if day_count in (DayCount.ACT_365_FIXED, DayCount.ACT_365L) else 360.0


def shift_days(payout: InterestRatePayout) -> int:
    """Good days of the observation shift; a shift stated without days has DEFAULT_SHIFT_DAYS."""
    if payout.observation_shift is ObservationShift.NONE:
        return 0
    return payout.observation_shift_days or DEFAULT_SHIFT_DAYS


def periods_per_year(payout: InterestRatePayout) -> int:
    """Regular calculation periods a year, for ACT/ACT.ICMA; 0 for another day count.

    Raises ModelError CLO-1945 where the frequency is unknown or no whole number a year.
    """
    if payout.day_count is not DayCount.ACT_ACT_ICMA:
        return 0
    count = payout.period_multiplier or 0
    months = count * {PeriodUnit.M: 1, PeriodUnit.Y: 12}.get(payout.period_unit or PeriodUnit.T, 0)
    if months == 0 or 12 % months:
        raise ModelError(
            "CLO-1945",
            "ACT/ACT.ICMA needs calculation periods of 1, 2, 3, 4, 6 or 12 months",
            remedy="State the period of the funding leg, or choose another day count.",
        )
    return 12 // months
