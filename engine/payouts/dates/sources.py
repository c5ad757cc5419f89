"""Holidays and sessions from public packages, for the job that loads calendars into the database (spec 07 §6.1, §23).

Never on the way of a calculation: a trade of last year must not move because a package was upgraded. The packages are
imported on first use.
"""

import importlib
import warnings
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.closest import did_you_mean
from engine.conventions.calendar import us_bank_holidays
from engine.errors import InputError

DatedName = tuple[date, str]

SOFR_GOOD_FRIDAYS = (date(2021, 4, 2), date(2023, 4, 7), date(2026, 4, 3))
"""Good Fridays on which US government bonds traded and no SOFR was published."""


@dataclass(frozen=True, slots=True)
class _Country:
    """Country of the package `holidays`: in which categories banks are closed, and the one day that they are not."""

    code: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)
    open_on: str | None = None


@dataclass(frozen=True, slots=True)
class _Market:
    """Financial calendar of the package `holidays`."""

    code: str


@dataclass(frozen=True, slots=True)
class ExchangeSession:
    """One trading day: its close in UTC and whether that is earlier than usual."""

    session_date: date
    close_time: datetime
    is_early_close: bool


_SOURCES: dict[str, _Country | _Market] = {
    "EUTA": _Market("ECB"),
    "USGS": _Market("USGS"),
    "USSOFR": _Market("USGS"),
    "GBLO": _Country("GB", "ENG"),
    "JPTO": _Country("JP", None, ("public", "bank")),
    "HKHK": _Country("HK"),
    "KRSE": _Country("KR", None, ("public", "bank")),
    "CHZU": _Country("CH", "ZH"),
    "AUSY": _Country("AU", "NSW", ("public", "bank")),
    "CATO": _Country("CA", "ON", ("public", "government", "optional"), "Easter Monday"),
    "SEST": _Country("SE", None, ("public", "de_facto")),
    "NOOS": _Country("NO"),
    "DKCO": _Country("DK", None, ("public", "optional")),
    "SGSI": _Country("SG"),
    "NZAU": _Country("NZ", "AUK"),
    "DEFR": _Country("DE", "HE"),
    "FRPA": _Country("FR"),
    "ITMI": _Country("IT", "MI"),
    "ESMA": _Country("ES", "MD"),
    "NLAM": _Country("NL"),
    "BEBR": _Country("BE"),
    "IEDU": _Country("IE"),
    "PLWA": _Country("PL"),
    "ZAJO": _Country("ZA"),
}

KNOWN_CENTERS = tuple(sorted(("USNY", *_SOURCES)))
"""Centers that `center_holidays` knows."""


def center_holidays(code: str, first_year: int, last_year: int) -> tuple[DatedName, ...]:
    """Holidays of a business center with their names, both years included, in date order.

    Days that fall on a weekend may be among them. Raises InputError CLO-1918 naming the known centers.
    """
    if code == "USNY":
        return _us_bank(first_year, last_year)
    source = _SOURCES.get(code)
    if source is None:
        listed = f"Known are {', '.join(KNOWN_CENTERS)}."
        raise InputError(
            "CLO-1918", f"No holidays are known for {code!r}", remedy=did_you_mean(code, list(KNOWN_CENTERS), listed)
        )
    found = dict(_package_holidays(source, first_year, last_year))
    if code == "USSOFR":
        found |= {day: "Good Friday, no SOFR" for day in SOFR_GOOD_FRIDAYS if first_year <= day.year <= last_year}
    if code == "CHZU":  # a bank holiday that the canton's law does not know
        found |= {date(year, 1, 2): "Berchtold's Day" for year in range(first_year, last_year + 1)}
    return tuple(sorted(found.items()))


def exchange_sessions(mic: str, first: date, last: date) -> tuple[ExchangeSession, ...]:
    """Sessions of an exchange between two dates, both included, as far as its source goes.

    Raises InputError CLO-1913 where the package is not installed, CLO-1918 for an exchange that it does not know.
    """
    try:
        package: Any = importlib.import_module("exchange_calendars")  # untyped
    except ImportError as missing:
        raise InputError(
            "CLO-1913",
            f"Sessions of {mic} cannot be read: the package exchange_calendars is not installed",
            remedy="Run pip install clodesk[calendars].",
        ) from missing
    # The package itself calls what its dependencies are about to remove, which is no concern of the caller's.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            default = package.get_calendar(mic)
        except package.errors.InvalidCalendarName as unknown:
            raise InputError(
                "CLO-1918", f"No sessions are known for {mic!r}", remedy="Use a market identifier code such as XNYS."
            ) from unknown
        earliest, latest = default.bound_min(), default.bound_max()
        first = first if earliest is None else max(first, earliest.date())
        last = last if latest is None else min(last, latest.date())
        if last < first:
            return ()
        calendar = package.get_calendar(mic, start=first.isoformat(), end=last.isoformat())
        early = {day.date() for day in calendar.early_closes}
        return tuple(
            ExchangeSession(day.date(), close.to_pydatetime(), day.date() in early)
            for day, close in calendar.closes.items()
        )


def _package_holidays(source: _Country | _Market, first_year: int, last_year: int) -> list[DatedName]:
    # Imported here because loading the country tables costs more than most runs of the program.
    from holidays import country_holidays, financial_holidays

    years = range(first_year, last_year + 1)
    if isinstance(source, _Market):
        return list(financial_holidays(source.code, years=years).items())
    days = country_holidays(
        source.code, subdiv=source.subdivision, years=years, categories=source.categories, language="en_US"
    )
    return [(day, name) for day, name in days.items() if name != source.open_on]


def _us_bank(first_year: int, last_year: int) -> tuple[DatedName, ...]:
    """The Reserve Bank's days of `us_bank_holidays`; one kept on a Monday has the name of the Sunday before."""
    from holidays import country_holidays

    names = country_holidays("US", years=range(first_year, last_year + 1), observed=False)
    days = us_bank_holidays(first_year, last_year)
    return tuple((day, names.get(day) or names.get(day - timedelta(days=1)) or "Bank Holiday") for day in days)
