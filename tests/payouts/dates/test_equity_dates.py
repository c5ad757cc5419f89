"""Valuation and payment dates of equity legs (spec 07 §6.3)."""

from datetime import date, timedelta

import pytest

from engine.conventions.calendar import Calendar
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars, closed_weekdays
from engine.payouts.dates.payments import equity_payment_dates
from engine.payouts.dates.valuation import valuation_dates
from engine.payouts.enums import (
    BusinessDayConvention,
    DayType,
    Disruption,
    PeriodUnit,
    ScheduledDateStatus,
    ScheduleRole,
    ScheduleType,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate, ValuationSchedule
from tests.payouts.dates.made_swaps import CALENDARS, NEW_YORK, equity_payout, swap

BDC = BusinessDayConvention
QUARTERS = ValuationSchedule(
    role=ScheduleRole.INTERIM,
    schedule_type=ScheduleType.PARAMETRIC,
    period_multiplier=3,
    period_unit=PeriodUnit.M,
    business_day_convention=BDC.MODFOLLOWING,
    business_centers=("USNY",),
)


def explicit(role: ScheduleRole, *days: date, disruption: Disruption = Disruption.MOVE_FOLLOWING) -> ValuationSchedule:
    return ValuationSchedule(
        role=role,
        schedule_type=ScheduleType.EXPLICIT,
        explicit_dates=days,
        business_day_convention=BDC.FOLLOWING,
        business_centers=("USNY",),
        disruption=disruption,
    )


def pays(role: ScheduleRole, *days: date) -> PaymentSchedule:
    return PaymentSchedule(role=role, schedule_type=ScheduleType.EXPLICIT, explicit_dates=days)


def delay(role: ScheduleRole, days: int, day_type: DayType | None = DayType.BUSINESS) -> PaymentSchedule:
    return PaymentSchedule(
        role=role,
        schedule_type=ScheduleType.RELATIVE,
        payment_delay_days=days,
        delay_day_type=day_type,
        business_day_convention=BDC.FOLLOWING,
        business_centers=("USNY",),
    )


def line(payout: PerformancePayout, calendars: CenterCalendars = CALENDARS) -> tuple[date, ...]:
    """The adjusted valuation dates of a one-year swap from 10 January 2024."""
    valuations, _ = valuation_dates(payout, swap(payout), calendars)
    return tuple(day.adjusted_date for day in valuations)


def made_valuations(*days: date) -> tuple[ScheduledDate, ...]:
    return tuple(ScheduledDate(sequence=max(k, 1), unadjusted_date=d, adjusted_date=d) for k, d in enumerate(days))


def paid(payout: PerformancePayout, *valuations: date) -> tuple[dict[date, tuple[int, ...]], set[FindingCode]]:
    """What each payment date pays, and the kinds of findings."""
    found, findings = equity_payment_dates(payout, swap(payout), CALENDARS, made_valuations(*valuations))
    assert [payment.sequence for payment in found] == list(range(1, len(found) + 1))
    return {payment.adjusted_date: payment.pays_sequences for payment in found}, {f.code for f in findings}


def test_a_bare_swap_is_valued_when_it_starts_and_when_it_ends() -> None:
    """Without any schedule V[0] is the effective and V[n] the termination date."""
    assert line(equity_payout()) == (date(2024, 1, 10), date(2025, 1, 10))


def test_quarterly_valuations_leave_out_start_and_end() -> None:
    """Roll dates between the outer ones, which are themselves no interim dates."""
    valuations, findings = valuation_dates(equity_payout([QUARTERS]), swap(equity_payout()), CALENDARS)

    assert [day.adjusted_date for day in valuations] == [
        date(2024, 1, 10),
        date(2024, 4, 10),
        date(2024, 7, 10),
        date(2024, 10, 10),
        date(2025, 1, 10),
    ]
    assert [day.sequence for day in valuations] == [1, 1, 2, 3, 4]
    assert findings == ()


def test_a_stated_first_valuation_is_one() -> None:
    """A first date after V[0] counts itself, and rolls go forward from it."""
    stated = ValuationSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.PARAMETRIC,
        period_multiplier=6,
        period_unit=PeriodUnit.M,
        first_valuation_date=date(2024, 3, 15),
    )

    assert line(equity_payout([stated]))[1:-1] == (date(2024, 3, 15), date(2024, 9, 15))


def test_rolls_run_back_from_the_end() -> None:
    """Without a first date the short period comes first."""
    payout = equity_payout([QUARTERS])
    valuations, _ = valuation_dates(payout, swap(payout, termination=date(2024, 9, 25)), CALENDARS)

    assert [day.adjusted_date for day in valuations][1:] == [
        date(2024, 3, 25),
        date(2024, 6, 25),
        date(2024, 9, 25),
    ]


def test_explicit_dates_are_adjusted_sorted_and_single() -> None:
    """Memorial Day moves to the Tuesday, the order of the list does not matter, a repetition is dropped."""
    listed = explicit(ScheduleRole.INTERIM, date(2024, 8, 12), date(2024, 5, 27), date(2024, 8, 12))

    assert line(equity_payout([listed]))[1:-1] == (date(2024, 5, 28), date(2024, 8, 12))


def test_dates_that_adjustment_lets_coincide_are_merged_with_a_finding() -> None:
    """Saturday and Sunday both move to the Monday: one valuation, one DATES_MERGED."""
    payout = equity_payout([explicit(ScheduleRole.INTERIM, date(2024, 6, 8), date(2024, 6, 9))])
    valuations, findings = valuation_dates(payout, swap(payout), CALENDARS)

    assert [day.adjusted_date for day in valuations][1:-1] == [date(2024, 6, 10)]
    assert [finding.code for finding in findings] == [FindingCode.DATES_MERGED]


def test_interim_dates_outside_the_term_are_left_out_with_a_finding() -> None:
    """A listed date after the final valuation is not valued; one on the final date is the final date."""
    payout = equity_payout([explicit(ScheduleRole.INTERIM, date(2024, 6, 10), date(2025, 1, 10), date(2025, 6, 10))])
    valuations, findings = valuation_dates(payout, swap(payout), CALENDARS)

    assert [day.adjusted_date for day in valuations][1:] == [date(2024, 6, 10), date(2025, 1, 10)]
    assert [finding.code for finding in findings] == [FindingCode.DATES_INCONSISTENT]


def test_without_a_final_date_the_last_interim_one_is_final() -> None:
    """A contract without termination date ends with its last listed valuation."""
    payout = equity_payout([explicit(ScheduleRole.INTERIM, date(2024, 6, 10), date(2024, 9, 10))])
    valuations, _ = valuation_dates(payout, swap(payout, termination=None), CALENDARS)

    assert [day.adjusted_date for day in valuations] == [date(2024, 1, 10), date(2024, 6, 10), date(2024, 9, 10)]


def test_relative_valuations_are_the_other_dates_shifted() -> None:
    """Final valuation two business days before termination, over New Year's Eve and the holidays."""
    final = ValuationSchedule(
        role=ScheduleRole.FINAL,
        schedule_type=ScheduleType.RELATIVE,
        relative_to="TERMINATION_DATE",
        offset_days=-2,
        day_type=DayType.BUSINESS,
        business_day_convention=BDC.PRECEDING,
        business_centers=("USNY",),
    )
    payout = equity_payout([final])
    valuations, _ = valuation_dates(payout, swap(payout, termination=date(2025, 1, 2)), CALENDARS)

    assert valuations[-1].adjusted_date == date(2024, 12, 30)
    assert valuations[-1].unadjusted_date == date(2024, 12, 30)


def test_references_to_what_is_not_known_are_refused() -> None:
    """CLO-1916 names the dates that may be referred to."""
    interim = ValuationSchedule(
        role=ScheduleRole.INTERIM, schedule_type=ScheduleType.RELATIVE, relative_to="INTERIM_PAYMENT"
    )
    payout = equity_payout([interim])
    with pytest.raises(InputError, match="refers to INTERIM_PAYMENT") as caught:
        valuation_dates(payout, swap(payout), CALENDARS)

    assert caught.value.number == "CLO-1916"
    assert "TERMINATION_DATE" in caught.value.remedy


@pytest.mark.parametrize("termination", [None, date(2024, 1, 10)])
def test_a_swap_without_an_end_is_refused(termination: date | None) -> None:
    """CLO-1917 where no valuation follows the initial one."""
    with pytest.raises(InputError, match="no final valuation after the initial one of 2024-01-10") as caught:
        valuation_dates(equity_payout(), swap(termination=termination), CALENDARS)
    assert caught.value.number == "CLO-1917"


@pytest.mark.parametrize(
    ("disruption", "expected", "status"),
    [
        (Disruption.MOVE_FOLLOWING, date(2024, 6, 12), ScheduledDateStatus.MOVED),
        (Disruption.MOVE_PRECEDING, date(2024, 6, 7), ScheduledDateStatus.MOVED),
        (Disruption.USE_LAST_CLOSE, date(2024, 6, 10), ScheduledDateStatus.DISRUPTED),
    ],
)
def test_a_day_without_a_session_moves_as_agreed(
    disruption: Disruption, expected: date, status: ScheduledDateStatus
) -> None:
    """The exchange is closed on Monday and Tuesday, 10 and 11 June, on which New York is open for business."""
    calendars = with_closed_exchange(date(2024, 6, 10), 2)
    payout = equity_payout([explicit(ScheduleRole.INTERIM, date(2024, 6, 10), disruption=disruption)])
    valuations, _ = valuation_dates(payout, swap(payout), calendars)

    assert valuations[1].unadjusted_date == date(2024, 6, 10)
    assert valuations[1].adjusted_date == expected
    assert valuations[1].status is status


def test_a_long_closure_is_waited_for_eight_scheduled_days() -> None:
    """After eight scheduled trading days the valuation happens without a session: Juneteenth is not one of them."""
    payout = equity_payout([explicit(ScheduleRole.INTERIM, date(2024, 6, 10))])
    eighth, _ = valuation_dates(payout, swap(payout), with_closed_exchange(date(2024, 6, 10), 12))
    beyond, _ = valuation_dates(payout, swap(payout), with_closed_exchange(date(2024, 6, 10), 20))

    assert eighth[1].adjusted_date == date(2024, 6, 21)
    assert eighth[1].status is ScheduledDateStatus.DISRUPTED
    assert beyond[1].adjusted_date == date(2024, 6, 21)


def test_an_agreed_initial_price_needs_no_session() -> None:
    """V[0] moves off a day without session unless its price is already agreed."""
    calendars = with_closed_exchange(date(2024, 1, 10), 1)

    assert line(equity_payout(), calendars)[0] == date(2024, 1, 11)
    assert line(equity_payout(initial_price=100.0), calendars)[0] == date(2024, 1, 10)


def with_closed_exchange(first: date, n_days: int) -> CenterCalendars:
    """New York, and an exchange with its days but for n calendar days from `first`."""
    closed = {first + timedelta(days=k) for k in range(n_days)}
    every = [date(2024, 1, 2) + timedelta(days=k) for k in range(500)]
    sessions = [day for day in every if NEW_YORK.is_business_day(day) and day not in closed]
    return CenterCalendars({"USNY": NEW_YORK, "XNYS": Calendar.of(closed_weekdays(sessions))})


def test_payments_follow_their_valuations_by_the_delay() -> None:
    """Two business days after each valuation, three after the last."""
    payout = equity_payout(payments=[delay(ScheduleRole.INTERIM, 2), delay(ScheduleRole.FINAL, 3)])
    found, codes = paid(payout, date(2024, 1, 10), date(2024, 7, 3), date(2024, 12, 23))

    assert found == {date(2024, 7, 8): (1,), date(2024, 12, 27): (2,)}
    assert codes == set()


def test_more_valuations_than_payments_wait_for_the_next_payment() -> None:
    """As in trs-ex02: eleven interim valuations and a final one, three payments in October."""
    payout = equity_payout(
        payments=[pays(ScheduleRole.INTERIM, date(2004, 10, 12), date(2005, 10, 12), date(2006, 10, 12))]
    )
    days = [date(2003, 10, 10)] + [date(2004, 1, 12) + timedelta(days=91 * k) for k in range(11)] + [date(2006, 10, 10)]
    found, codes = paid(payout, *days)

    assert found == {
        date(2004, 10, 12): (1, 2, 3, 4),
        date(2005, 10, 12): (5, 6, 7, 8),
        date(2006, 10, 12): (9, 10, 11, 12),
    }
    assert codes == set()


def test_as_many_payments_as_valuations_are_matched_in_order() -> None:
    """A payment long after its valuation still pays that one, not the valuations in between."""
    payout = equity_payout(payments=[pays(ScheduleRole.INTERIM, date(2024, 7, 10), date(2024, 9, 10)),
                                     pays(ScheduleRole.FINAL, date(2025, 1, 20))])  # fmt: skip
    found, _ = paid(payout, date(2024, 1, 10), date(2024, 3, 10), date(2024, 6, 10), date(2025, 1, 10))

    assert found == {date(2024, 7, 10): (1,), date(2024, 9, 10): (2,), date(2025, 1, 20): (3,)}


def test_without_interim_payments_all_is_paid_at_the_end() -> None:
    """Interim valuations of a swap with a final payment only accumulate until that."""
    payout = equity_payout(payments=[pays(ScheduleRole.FINAL, date(2025, 1, 14))])
    found, codes = paid(payout, date(2024, 1, 10), date(2024, 4, 10), date(2024, 7, 10), date(2025, 1, 10))

    assert found == {date(2025, 1, 14): (1, 2, 3)}
    assert codes == set()


def test_without_any_schedule_the_last_valuation_day_pays_with_a_finding() -> None:
    """Nothing is assumed in silence."""
    found, codes = paid(equity_payout(), date(2024, 1, 10), date(2025, 1, 10))

    assert found == {date(2025, 1, 10): (1,)}
    assert codes == {FindingCode.MISSING}


def test_a_payment_that_pays_nothing_is_kept_with_a_finding() -> None:
    """The funding leg may still follow it."""
    payout = equity_payout(payments=[pays(ScheduleRole.INTERIM, date(2024, 4, 12), date(2024, 5, 12)),
                                     delay(ScheduleRole.FINAL, 2)])  # fmt: skip
    found, codes = paid(payout, date(2024, 1, 10), date(2024, 4, 10), date(2025, 1, 10))

    assert found == {date(2024, 4, 12): (1,), date(2024, 5, 12): (), date(2025, 1, 14): (2,)}
    assert codes == {FindingCode.DATES_INCONSISTENT}


def test_a_list_may_repeat_the_final_payment() -> None:
    """As in trs-ex02: the last of the interim dates is the final payment date again, which pays once."""
    last = date(2025, 1, 14)
    payout = equity_payout(
        payments=[pays(ScheduleRole.INTERIM, date(2024, 7, 12), last), pays(ScheduleRole.FINAL, last)]
    )
    found, codes = paid(payout, date(2024, 1, 10), date(2024, 7, 10), date(2025, 1, 10))

    assert found == {date(2024, 7, 12): (1,), last: (2,)}
    assert codes == set()


def test_a_delay_without_day_type_is_assumed_with_a_finding() -> None:
    """Business days where centers are known, else calendar days (eqs-ex10)."""
    with_centers = equity_payout(payments=[delay(ScheduleRole.FINAL, 2, None)])
    without = equity_payout(payments=[
        PaymentSchedule(role=ScheduleRole.FINAL, schedule_type=ScheduleType.RELATIVE, payment_delay_days=2)
    ])  # fmt: skip
    friday = date(2024, 6, 14)

    assert paid(with_centers, date(2024, 1, 10), friday) == ({date(2024, 6, 18): (1,)}, {FindingCode.DAY_TYPE_ASSUMED})
    assert paid(without, date(2024, 1, 10), friday) == ({date(2024, 6, 16): (1,)}, {FindingCode.DAY_TYPE_ASSUMED})


@pytest.mark.parametrize(
    ("day_type", "centers", "expected", "codes"),
    [
        (DayType.CURRENCY_BUSINESS, ("GBLO",), date(2024, 5, 29), set()),
        (DayType.BUSINESS, ("GBLO",), date(2024, 5, 28), set()),
        (DayType.BUSINESS, (), date(2024, 5, 29), {FindingCode.CENTERS_DEFAULTED}),
        (DayType.SCHEDULED_TRADING_DAY, ("USNY",), date(2024, 5, 29), {FindingCode.CENTERS_DEFAULTED}),
        (DayType.CALENDAR, ("USNY",), date(2024, 5, 28), set()),
    ],
)
def test_each_day_type_steps_over_its_own_calendar(
    day_type: DayType, centers: tuple[str, ...], expected: date, codes: set[FindingCode]
) -> None:
    """Two days from Friday 24 May 2024; Monday is Memorial Day in New York and a good day in London."""
    schedule = PaymentSchedule(
        role=ScheduleRole.FINAL,
        schedule_type=ScheduleType.RELATIVE,
        payment_delay_days=2,
        delay_day_type=day_type,
        business_day_convention=BDC.FOLLOWING,
        business_centers=centers,
    )
    found, noticed = paid(equity_payout(payments=[schedule]), date(2024, 1, 10), date(2024, 5, 24))

    assert found == {expected: (1,)}
    assert noticed == codes


def test_quarterly_payments_of_monthly_valuations() -> None:
    """A payment frequency of its own: months wait for their quarter, the end is paid by the final schedule."""
    quarterly = PaymentSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.PARAMETRIC,
        period_multiplier=3,
        period_unit=PeriodUnit.M,
        roll_convention="15",
        first_payment_date=date(2024, 4, 15),
        last_payment_date=date(2024, 7, 15),
    )
    payout = equity_payout(payments=[quarterly, delay(ScheduleRole.FINAL, 2)])
    months = [date(2024, month, 10) for month in range(1, 11)]
    found, _ = paid(payout, *months)

    assert found == {date(2024, 4, 15): (1, 2, 3), date(2024, 7, 15): (4, 5, 6), date(2024, 10, 15): (7, 8, 9)}


def test_payment_dates_are_plain_records() -> None:
    """A payment date holds the day that the delay leads to and the good day on which it is paid."""
    payout = equity_payout(payments=[delay(ScheduleRole.FINAL, 2, DayType.CALENDAR)])
    found, _ = equity_payment_dates(
        payout, swap(payout), CALENDARS, made_valuations(date(2024, 1, 10), date(2024, 6, 17))
    )

    assert found == (
        PaymentDate(
            sequence=1, unadjusted_date=date(2024, 6, 19), adjusted_date=date(2024, 6, 20), pays_sequences=(1,)
        ),
    )


def test_a_center_that_is_not_loaded_stops_the_dates() -> None:
    """CLO-1911 rather than dates on a calendar that was not asked for."""
    with pytest.raises(InputError, match="'USNY' is not known"):
        line(equity_payout([QUARTERS]), CenterCalendars({"GBLO": Calendar.of([])}))
