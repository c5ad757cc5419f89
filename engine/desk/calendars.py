"""Business calendars by name: that of an imported workbook, the New York banks', or weekends alone."""

from functools import cache

from engine.conventions.calendar import WEEKENDS_ONLY, Calendar, us_bank_calendar
from engine.snapshot import WorkbookSnapshot

US, WEEKENDS = "US", "WEEKENDS"
FIRST_YEAR, LAST_YEAR = 1971, 2120
"""Years of the named calendar of the New York banks."""


def calendar_of(book: WorkbookSnapshot) -> Calendar:
    """The holidays of a workbook; of one that lists none, those of the New York banks."""
    if book.holidays:
        return Calendar.of(book.holidays)
    return us_bank_calendar(book.analysis_date.year - 10, book.analysis_date.year + 40)


@cache
def bank_calendar() -> Calendar:
    """The New York banks' holidays of 1971 to 2120."""
    return us_bank_calendar(FIRST_YEAR, LAST_YEAR)


def weekend_calendar() -> Calendar:
    """Saturdays and Sundays."""
    return WEEKENDS_ONLY
