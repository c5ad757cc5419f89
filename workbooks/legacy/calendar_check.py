"""Whether the calendar stored on a deal sheet is the one the deal's own terms give (spec 06 §4.5, W-CALENDAR)."""

from collections.abc import Iterable
from datetime import date, timedelta

from engine.conventions.business_day import parse_business_day_convention
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_dates
from engine.conventions.schedule import DealSchedule, DealScheduleTerms, deal_schedule
from engine.errors import InputError
from engine.snapshot import CalendarRow, DateInputs, DealSnapshot
from workbooks.legacy.calendar import PAYMENT_DATES
from workbooks.legacy.cells import address
from workbooks.legacy.deal_sheet import SHEET_SUFFIX
from workbooks.legacy.findings import Code, FindingLog


def check_calendars(log: FindingLog, deals: Iterable[DealSnapshot], holidays: Iterable[date]) -> None:
    """W-CALENDAR for every deal whose stored payment, determination or collection dates differ before maturity.

    Rows after maturity are not compared: the sheet counts on, a deal does not.
    """
    calendar = Calendar.of(holidays)
    for deal in deals:
        sheet = deal.name + SHEET_SUFFIX
        try:
            terms = _terms(deal.date_inputs)
            if terms is None or not deal.calendar:
                continue
            day_before = min(terms.closing, terms.first_payment) - timedelta(days=1)
            schedule = deal_schedule(terms, day_before, calendar)
        except InputError as error:
            log.add(Code.CALENDAR, sheet, deal.date_inputs.place.cell, f"no calendar can be made: {error.problem}")
            continue
        _compare(log, sheet, deal.calendar, _rows(schedule))


def _terms(inputs: DateInputs) -> DealScheduleTerms | None:
    """The terms of a deal; None where one of them is missing. Raises InputError for an unknown convention."""
    if (
        inputs.closing is None
        or inputs.first_payment is None
        or inputs.maturity is None
        or inputs.payment_day is None
        or inputs.months_between_payments is None
        or inputs.interest_determination_days is None
        or inputs.determination_days is None
    ):
        return None
    return DealScheduleTerms(
        closing=inputs.closing,
        first_payment=inputs.first_payment,
        maturity=inputs.maturity,
        payment_day=inputs.payment_day,
        months_between_payments=inputs.months_between_payments,
        interest_determination_days=inputs.interest_determination_days,
        determination_days=inputs.determination_days,
        convention=parse_business_day_convention(inputs.business_day_convention),
    )


def _rows(schedule: DealSchedule) -> list[CalendarRow]:
    columns = (
        schedule.payment,
        schedule.interest_determination,
        schedule.collection_begin,
        schedule.collection_end,
    )
    return [
        CalendarRow(
            payment=dates[0], interest_determination=dates[1], collection_begin=dates[2], collection_end=dates[3]
        )
        for dates in zip(*(to_dates(days[1:]) for days in columns), strict=True)
    ]


def _compare(log: FindingLog, sheet: str, stored: tuple[CalendarRow, ...], regenerated: list[CalendarRow]) -> None:
    differences = []
    for i, (old, new) in enumerate(zip(stored, regenerated, strict=False)):
        pairs = (
            (old.payment, new.payment),
            (old.interest_determination, new.interest_determination),
            (old.collection_begin, new.collection_begin),
            (old.collection_end, new.collection_end),
        )
        differences += [
            (address(PAYMENT_DATES.row + i, PAYMENT_DATES.column + offset), was, becomes)
            for offset, (was, becomes) in enumerate(pairs)
            if was != becomes
        ]
    if differences:
        cell, was, becomes = differences[0]
        remark = f"{len(differences)} dates differ from the calendar the deal's terms give, which is used"
        log.add(Code.CALENDAR, sheet, cell, remark, found=was, used=becomes)
    if len(stored) < len(regenerated):
        cell = address(PAYMENT_DATES.row + len(stored), PAYMENT_DATES.column)
        remark = "the stored calendar ends before the deal does"
        log.add(Code.CALENDAR, sheet, cell, remark, used=regenerated[len(stored)].payment)
