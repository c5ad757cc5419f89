"""Market data as cells name them: business calendars, index curves, fixings (spec 06 §11.1, §11.2)."""

from dataclasses import dataclass
from datetime import date

from engine.closest import did_you_mean
from engine.conventions.business_day import months_later
from engine.conventions.calendar import Calendar
from engine.desk import assumption_sets, calendars, choices
from engine.desk.reading.views import Views
from engine.errors import InputError, ModelError, ReferenceDataError
from engine.market.curve import IndexCurve
from engine.market.fixings import Fixings
from engine.modes import Mode

_LONGEST_TENOR = 1200
_CALENDARS = ("WORKBOOK", calendars.US, calendars.WEEKENDS)


@dataclass(frozen=True)
class ChosenCurve:
    """An index curve by name; is_open_ended: it may be asked beyond its last tenor."""

    name: str
    points: tuple[tuple[int, float], ...]
    index: IndexCurve
    is_open_ended: bool

    def spot(self, on: date, months: int) -> float:
        """Spot rate from a day over whole months, decimal; InputError CLO-4075 for no or too many months."""
        if not 1 <= months <= _LONGEST_TENOR:
            raise InputError(
                "CLO-4075", f"A tenor of {months} months", remedy=f"Give 1 to {_LONGEST_TENOR} whole months."
            )
        if not self.is_open_ended:
            self.reaching(on)
            self.reaching(months_later(on, months))
        return self.index.spot(on, months)

    def zero(self, start: date, end: date) -> float:
        """Zero rate between two dates, decimal; InputError CLO-4076 where the second is not later."""
        if end <= start:
            raise InputError("CLO-4076", f"{end} is not after {start}", remedy="Give dates in ascending order.")
        return self.reaching(end).zero(start, end)

    def reaching(self, last: date) -> IndexCurve:
        """The curve, if it reaches up to a day; ModelError CLO-4071 where it ends before.

        The legacy model asked on: its curve gives 0 beyond the end (LQ-47).
        """
        if self.is_open_ended or last <= self.index.end:
            return self.index
        raise ModelError(
            "CLO-4071",
            f"The curve ends on {self.index.end} and is asked up to {last}",
            where=self.name,
            remedy="Give rates for longer tenors, or set is_curve_extended in the assumption set.",
        )


def named_calendar(views: Views, name: str) -> Calendar:
    """A calendar: WORKBOOK or blank for that of the newest imported workbook, US, or WEEKENDS.

    Raises ReferenceDataError CLO-4072 for another name, CLO-4070 where no workbook was imported.
    """
    word = name.strip().upper()
    if word == calendars.US:
        return calendars.bank_calendar()
    if word == calendars.WEEKENDS:
        return calendars.weekend_calendar()
    if word not in ("", _CALENDARS[0]):
        raise ReferenceDataError(
            "CLO-4072", f"There is no calendar '{name}'", remedy=f"Choose {', '.join(_CALENDARS)}."
        )
    return views.kept("calendar", deal=None, load=lambda: calendars.calendar_of(views.newest_book().book))


def chosen_curve(views: Views, name: str, as_of: date | None, mode: Mode) -> ChosenCurve:
    """The curve of an assumption set, or with a blank name that of the newest imported workbook.

    as_of: the day it stands on, by default that of the newest workbook. Raises InputError CLO-4017 for an unknown set,
    ReferenceDataError CLO-4073 for a set without a curve.
    """

    def load() -> ChosenCurve:
        points, is_extended, on = _points(views, name, as_of)
        if not points:
            raise ReferenceDataError(
                "CLO-4073",
                f"{_shown(name)} has no index curve",
                remedy="Name an assumption set that has one, or fill in the Yield Curve of the workbook.",
            )
        index = IndexCurve.of(on, points, mode.quirks)
        return ChosenCurve(_shown(name), tuple(points), index, is_extended or mode is Mode.LEGACY)

    return views.kept("curve", name, as_of, mode, deal=None, load=load)


def _shown(name: str) -> str:
    return f"assumption set '{name}'" if name else "the newest workbook"


def _points(views: Views, name: str, as_of: date | None) -> tuple[tuple[tuple[int, float], ...], bool, date]:
    """The points of a curve, whether it may go on at its last forward, and its day."""
    if not name or name == assumption_sets.WORKBOOK:
        book = views.newest_book(as_of).book
        return book.curve, False, book.analysis_date
    with views.read() as work:
        chosen = choices.assumption_set(work, name, None)
    return chosen.curve, chosen.is_curve_extended, as_of or views.newest_book().book.analysis_date


def fixing(views: Views, tenor_months: int, on: date, index_name: str) -> float:
    """A fixing, decimal, of the newest workbook; ReferenceDataError where there is none of that very day."""

    def load() -> Fixings:
        rows = views.newest_book().book.fixings
        return Fixings.of((row.index_name, row.on, row.rate) for row in rows)

    return views.kept("fixings", deal=None, load=load).rate(f"{tenor_months} MONTH {index_name}", on)


def vector(views: Views, name: str) -> tuple[float, ...]:
    """A cash-flow vector of the newest workbook, annual decimals by period; ReferenceDataError CLO-4074 for none."""
    vectors = views.newest_book().book.vectors
    found = next((values for known, values in vectors.items() if known.casefold() == name.casefold()), None)
    if found is None:
        raise ReferenceDataError(
            "CLO-4074",
            f"There is no cash-flow vector '{name}'",
            remedy=did_you_mean(name, vectors, f"The workbook has {', '.join(vectors) or 'none'}."),
        )
    return found
