"""Calendars as they were loaded: holidays of business centers and sessions of exchanges, frozen until loaded anew."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import psycopg

from engine.conventions.calendar import Calendar
from engine.payouts.dates.calendars import closed_weekdays

EXCHANGE_SOURCE = "exchange_calendars"
"""Source of centers that are exchanges; their holidays are weekdays without a session."""


class CalendarRepository:
    """Calendars of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def put(self, code: str, holidays: Iterable[tuple[date, str]], *, source: str, version: str) -> int:
        """Load the holidays of a center in place of those loaded before; how many there are."""
        self._driver.execute(
            "INSERT INTO business_centers (code, calendar_source, calendar_key) VALUES (%s, %s, %s)"
            " ON CONFLICT (code) DO UPDATE SET calendar_source = excluded.calendar_source",
            (code, source, code),
        )
        self._driver.execute("DELETE FROM calendar_holidays WHERE center_code = %s", (code,))
        rows = [(code, on, name, source, version) for on, name in holidays]
        with self._driver.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO calendar_holidays (center_code, holiday_date, name, source, loaded_version)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                rows,
            )
        return len(rows)

    def add(self, code: str, holidays: Iterable[tuple[date, str]], *, source: str, version: str) -> int:
        """Add holidays to those of a center, which it may have none of yet; how many were new."""
        self._driver.execute(
            "INSERT INTO business_centers (code, calendar_source, calendar_key) VALUES (%s, %s, %s)"
            " ON CONFLICT (code) DO NOTHING",
            (code, source, code),
        )
        statement = (
            "INSERT INTO calendar_holidays (center_code, holiday_date, name, source, loaded_version)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
        )
        return sum(self._driver.execute(statement, (code, on, name, source, version)).rowcount for on, name in holidays)

    def put_sessions(self, mic: str, sessions: Sequence[date], *, version: str) -> int:
        """Load the sessions of an exchange, and the weekdays between them without one as its holidays.

        InputError CLO-4115 for a session on a weekend.
        """
        closed = closed_weekdays(sessions)
        self._driver.execute("DELETE FROM exchange_sessions WHERE mic = %s", (mic,))
        with self._driver.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO exchange_sessions (mic, session_date) VALUES (%s, %s)", [(mic, on) for on in sessions]
            )
        return self.put(mic, ((on, "no session") for on in closed), source=EXCHANGE_SOURCE, version=version)

    def codes(self) -> tuple[str, ...]:
        """Centers and exchanges that are loaded."""
        return tuple(row[0] for row in self._driver.execute("SELECT code FROM business_centers ORDER BY code"))

    def key(self) -> str:
        """What tells the loaded calendars from any others: a hash of their holidays."""
        row = self._driver.execute(
            "SELECT coalesce(md5(string_agg(center_code || holiday_date::text, ','"
            " ORDER BY center_code, holiday_date)), '') FROM calendar_holidays"
        ).fetchone()
        return "" if row is None else str(row[0])

    def calendars(self) -> dict[str, Calendar]:
        """The calendar of every center and exchange that is loaded."""
        found: dict[str, list[date]] = {code: [] for code in self.codes()}
        for code, on in self._driver.execute("SELECT center_code, holiday_date FROM calendar_holidays"):
            found[code].append(on)
        return {code: Calendar.of(days) for code, days in found.items()}
