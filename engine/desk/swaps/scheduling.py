"""Dates of contracts on the calendars that are loaded (spec 07 §6.1, §6.3).

A contract may name a center whose holidays nobody loaded. Its dates are then made on Monday to Friday, and a finding
says so; they stay until the contract is amended, whatever is loaded later.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from engine.conventions.calendar import WEEKENDS_ONLY, Calendar
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import regenerate_after, with_schedules
from engine.payouts.enums import FindingSeverity
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract


class _OrWeekends(Mapping[str, Calendar]):
    """Loaded calendars, and Monday to Friday for any other center that is asked for; `missing` are those."""

    def __init__(self, loaded: Mapping[str, Calendar]) -> None:
        self._loaded = loaded
        self.missing: set[str] = set()

    def __getitem__(self, center: str) -> Calendar:
        if center not in self._loaded:
            self.missing.add(center)
            return WEEKENDS_ONLY
        return self._loaded[center]

    def __contains__(self, center: object) -> bool:
        return center in self._loaded

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class DateMaker:
    """Makes the dates of contracts on one set of loaded calendars; `centers` are those calendars, for readers."""

    def __init__(self, loaded: Mapping[str, Calendar]) -> None:
        self._holidays = _OrWeekends(loaded)
        self.centers = CenterCalendars(self._holidays)

    def schedule(self, contract: Contract) -> tuple[Contract, tuple[PayoutFinding, ...]]:
        """The contract with all its dates; what was assumed. Errors as in `with_schedules`, but for unknown centers."""
        self.begin()
        made, findings = with_schedules(contract, self.centers)
        return made, (*findings, *self.weekends())

    def reschedule(
        self, old: Contract, amended: Contract, effective: date
    ) -> tuple[Contract, tuple[PayoutFinding, ...]]:
        """The amended contract with the dates of the old one up to a day, and its own after it."""
        self.begin()
        made, findings = regenerate_after(old, amended, self.centers, effective)
        return made, (*findings, *self.weekends())

    def weekends(self) -> tuple[PayoutFinding, ...]:
        """A finding for the centers that were asked for and are not loaded."""
        if not self._holidays.missing:
            return ()
        names = ", ".join(sorted(self._holidays.missing))
        message = (
            f"No holidays of {names} are loaded: Monday to Friday taken."
            " Load them with clodesk swaps calendars, then amend the contract"
        )
        return (PayoutFinding(FindingSeverity.WARNING, FindingCode.CENTERS_DEFAULTED, "", message),)

    def begin(self) -> None:
        """Forget which centers were missing; done before each document and each contract."""
        if self._holidays.missing:
            # Joint calendars are kept by CenterCalendars: a fresh one asks for the missing centers again.
            self._holidays.missing.clear()
            self.centers = CenterCalendars(self._holidays)
