"""Calculation periods of funding legs, and all dates of a contract together (spec 07 §6.3)."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.dates.funding import PeriodBasis, calculation_periods
from engine.payouts.dates.schedule import payment_line, regenerate_after, valuation_line, with_schedules
from engine.payouts.enums import (
    BusinessDayConvention,
    DayType,
    PayRelativeTo,
    PeriodUnit,
    RateKind,
    ResetRelativeTo,
    ScheduleRole,
    ScheduleType,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule
from tests.payouts.dates.made_swaps import CALENDARS, equity_payout, funding_payout, swap

BDC = BusinessDayConvention
MONTHLY = ValuationSchedule(
    role=ScheduleRole.INTERIM,
    schedule_type=ScheduleType.PARAMETRIC,
    period_multiplier=1,
    period_unit=PeriodUnit.M,
    business_day_convention=BDC.MODFOLLOWING,
    business_centers=("USNY",),
)
QUARTERLY_TERMS = {
    "period_multiplier": 3,
    "period_unit": PeriodUnit.M,
    "period_bdc": BDC.MODFOLLOWING,
    "period_centers": ("USNY",),
}


def delay(role: ScheduleRole, days: int, **terms: object) -> PaymentSchedule:
    stated: dict[str, object] = {
        "role": role,
        "schedule_type": ScheduleType.RELATIVE,
        "payment_delay_days": days,
        "delay_day_type": DayType.BUSINESS,
        "business_day_convention": BDC.FOLLOWING,
        "business_centers": ("USNY",),
    }
    return PaymentSchedule(**(stated | terms))  # type: ignore[arg-type]


def periods_of(funding: InterestRatePayout, **contract: date | None) -> tuple[CalculationPeriod, ...]:
    """Periods of a funding leg that stands alone."""
    made = swap(None, funding, **contract)  # type: ignore[arg-type]
    return calculation_periods(made.legs[0], made, CALENDARS)[0]


def bounds(periods: tuple[CalculationPeriod, ...]) -> list[date]:
    """Adjusted start of the first period and the ends of all, which adjoin."""
    for before, after in pairwise(periods):
        assert before.adjusted_end == after.adjusted_start
    assert [period.period_number for period in periods] == list(range(1, len(periods) + 1))
    return [periods[0].adjusted_start, *(period.adjusted_end for period in periods)]


def monthly_swap(**terms: object) -> Contract:
    """Monthly valuations paid two business days later, funding between the payment dates."""
    payout = equity_payout([MONTHLY], [delay(ScheduleRole.INTERIM, 2), delay(ScheduleRole.FINAL, 2)])
    return swap(payout, funding_payout(**terms))


def test_a_frequency_rolls_back_from_termination() -> None:
    """Quarters to 10 January 2025 with the stub first, each paid at its end."""
    periods = periods_of(funding_payout(**QUARTERLY_TERMS), effective=date(2024, 2, 20))

    assert bounds(periods) == [
        date(2024, 2, 20),
        date(2024, 4, 10),
        date(2024, 7, 10),
        date(2024, 10, 10),
        date(2025, 1, 10),
    ]
    assert [period.is_stub for period in periods] == [True, False, False, False]
    assert [period.payment_date for period in periods] == bounds(periods)[1:]


def test_a_first_regular_start_rolls_forward() -> None:
    """The stub before it stands alone, what is left over makes another at the end."""
    periods = periods_of(funding_payout(**QUARTERLY_TERMS, first_regular_start=date(2024, 2, 15)))

    assert bounds(periods) == [
        date(2024, 1, 10),
        date(2024, 2, 15),
        date(2024, 5, 15),
        date(2024, 8, 15),
        date(2024, 11, 15),
        date(2025, 1, 10),
    ]
    assert [period.is_stub for period in periods] == [True, False, False, False, True]


def test_a_last_regular_end_is_counted_back_from() -> None:
    """Between the last regular end and termination lies a stub."""
    periods = periods_of(funding_payout(**QUARTERLY_TERMS, last_regular_end=date(2024, 12, 16)))

    assert bounds(periods)[-3:] == [date(2024, 9, 16), date(2024, 12, 16), date(2025, 1, 10)]
    assert periods[-1].is_stub


def test_unadjusted_dates_are_kept_beside_the_adjusted() -> None:
    """Saturday 15 June 2024 ends a period on the Monday; its own date is not forgotten."""
    terms = QUARTERLY_TERMS | {"roll_convention": "15"}
    periods = periods_of(funding_payout(**terms), effective=date(2024, 3, 15), termination=date(2024, 9, 15))

    assert periods[0].unadjusted_end == date(2024, 6, 15)
    assert periods[0].adjusted_end == date(2024, 6, 17)
    assert periods[1].adjusted_end == date(2024, 9, 16)


@pytest.mark.parametrize("offset", [2, -2])
def test_term_rates_are_fixed_before_the_reset(offset: int) -> None:
    """Two London days before the start over the early May holiday, whatever the sign of the offset."""
    terms = QUARTERLY_TERMS | {"fixing_offset_days": offset, "fixing_centers": ("GBLO",)}
    payout = funding_payout(**terms, fixing_day_type=DayType.BUSINESS)
    in_arrears = replace(payout, reset_relative_to=ResetRelativeTo.END)
    start, end = date(2024, 5, 7), date(2024, 8, 7)

    assert periods_of(payout, effective=start, termination=end)[0].fixing_date == date(2024, 5, 2)
    assert periods_of(in_arrears, effective=start, termination=end)[0].fixing_date == date(2024, 8, 5)


@pytest.mark.parametrize("kind", [RateKind.FIXED, RateKind.FLOATING_OVERNIGHT, RateKind.FLOATING_COMPOUNDED_INDEX])
def test_other_rates_have_no_single_fixing(kind: RateKind) -> None:
    """Only a term rate is observed on one day."""
    assert periods_of(funding_payout(**QUARTERLY_TERMS, rate_kind=kind))[0].fixing_date is None


def test_monthly_periods_compound_into_quarterly_payments() -> None:
    """Each month waits for the end of its quarter, paid two days later."""
    schedule = delay(
        ScheduleRole.INTERIM,
        2,
        schedule_type=ScheduleType.PARAMETRIC,
        period_multiplier=3,
        period_unit=PeriodUnit.M,
        pay_relative_to=PayRelativeTo.CALCULATION_PERIOD_END,
    )
    monthly = funding_payout(**(QUARTERLY_TERMS | {"period_multiplier": 1}), payment_schedules=(schedule,))
    periods = periods_of(monthly, effective=date(2024, 1, 10), termination=date(2024, 7, 10))

    assert [period.payment_date for period in periods] == [date(2024, 4, 12)] * 3 + [date(2024, 7, 12)] * 3


def test_payment_in_advance_counts_from_the_start() -> None:
    """CALCULATION_PERIOD_START pays when the period begins."""
    schedule = delay(ScheduleRole.INTERIM, 0, pay_relative_to=PayRelativeTo.CALCULATION_PERIOD_START)
    periods = periods_of(funding_payout(**QUARTERLY_TERMS, payment_schedules=(schedule,)))

    assert [period.payment_date for period in periods] == [period.adjusted_start for period in periods]


def test_a_leg_without_frequency_accrues_between_equity_payments() -> None:
    """[previous payment, this payment), the first from the effective date, each paid at its end."""
    contract, findings = with_schedules(monthly_swap(), CALENDARS)
    equity, funding = contract.leg(1).performance, contract.leg(2).interest
    assert equity is not None
    assert funding is not None
    payments = [payment.adjusted_date for payment in payment_line(equity.payment_schedules)]

    assert bounds(funding.calculation_periods) == [date(2024, 1, 10), *payments]
    assert len(payments) == 12
    assert [period.payment_date for period in funding.calculation_periods] == payments
    assert findings == ()


def test_a_leg_may_accrue_between_valuations_instead() -> None:
    """With the basis VALUATION periods are [V[k-1], V[k]), paid with the equity leg."""
    contract, _ = with_schedules(monthly_swap(), CALENDARS, PeriodBasis.VALUATION)
    equity, funding = contract.leg(1).performance, contract.leg(2).interest
    assert equity is not None
    assert funding is not None

    assert bounds(funding.calculation_periods) == [day.adjusted_date for day in valuation_line(equity)]
    assert [period.payment_date for period in funding.calculation_periods] == [
        payment.adjusted_date for payment in payment_line(equity.payment_schedules)
    ]


@pytest.mark.parametrize("name", ["CALCULATION_PERIODS", "INTERIM_PAYMENT"])
def test_a_funding_leg_may_drive_the_equity_dates(name: str) -> None:
    """As in eqs-ex10: interest pays monthly on the 4th, equity is valued two business days before."""
    interest = PaymentSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.PARAMETRIC,
        period_multiplier=1,
        period_unit=PeriodUnit.M,
        roll_convention="4",
        first_payment_date=date(2024, 6, 4),
        business_day_convention=BDC.MODFOLLOWING,
        business_centers=("USNY",),
    )
    interim = ValuationSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.RELATIVE,
        relative_to=name,
        offset_days=-2,
        business_day_convention=BDC.PRECEDING,
        business_centers=("USNY",),
    )
    payout = equity_payout([interim], [delay(ScheduleRole.INTERIM, 2), delay(ScheduleRole.FINAL, 2)])
    made = swap(
        payout,
        funding_payout(payment_schedules=(interest,)),
        effective=date(2024, 6, 4),
        termination=date(2024, 10, 4),
    )
    contract, findings = with_schedules(made, CALENDARS)
    equity, funding = contract.leg(1).performance, contract.leg(2).interest
    assert equity is not None
    assert funding is not None

    # 4 July is a holiday, 4 August a Sunday, 2 September Labor Day.
    assert bounds(funding.calculation_periods) == [
        date(2024, 6, 4),
        date(2024, 7, 5),
        date(2024, 8, 5),
        date(2024, 9, 4),
        date(2024, 10, 4),
    ]
    assert [day.adjusted_date for day in valuation_line(equity)] == [
        date(2024, 6, 4),
        date(2024, 7, 2),
        date(2024, 8, 1),
        date(2024, 8, 30),
        date(2024, 10, 2),
        date(2024, 10, 4),
    ]
    assert {finding.code for finding in findings} == {FindingCode.DAY_TYPE_ASSUMED}
    assert all(finding.message.startswith("Leg 1: ") for finding in findings)


def test_a_leg_that_would_have_no_day_takes_the_contract_dates() -> None:
    """As in trs-ex02: termination equal to the effective date is DEGENERATE_PERIOD."""
    day = date(2024, 1, 10)
    contract, findings = with_schedules(monthly_swap(effective_date=day, termination_date=day), CALENDARS)
    funding = contract.leg(2).interest
    assert funding is not None

    assert len(funding.calculation_periods) == 12
    assert FindingCode.DEGENERATE_PERIOD in {finding.code for finding in findings}


def test_explicit_interest_payments_bound_the_periods() -> None:
    """A list of payment dates without a frequency gives the periods, the contract's end the last one."""
    listed = PaymentSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.EXPLICIT,
        explicit_dates=(date(2024, 7, 10), date(2024, 4, 10)),
    )
    periods = periods_of(funding_payout(payment_schedules=(listed,)))

    assert bounds(periods) == [date(2024, 1, 10), date(2024, 4, 10), date(2024, 7, 10), date(2025, 1, 10)]


def test_a_leg_without_any_dates_is_refused() -> None:
    """CLO-1919 where neither the leg nor an equity leg says when interest is due."""
    with pytest.raises(InputError, match="Leg 2 of SWAP-1 has no calculation periods") as caught:
        periods_of(funding_payout())
    assert caught.value.number == "CLO-1919"


def test_every_date_lies_in_the_schedule_of_its_role() -> None:
    """The initial, interim and final schedules hold V[0], V[1..n-1] and V[n]; what was assumed is written down."""
    contract, _ = with_schedules(monthly_swap(), CALENDARS)
    equity = contract.leg(1).performance
    assert equity is not None
    by_role = {schedule.role: schedule for schedule in equity.valuation_schedules}
    line = valuation_line(equity)

    assert by_role[ScheduleRole.INITIAL].relative_to == "EFFECTIVE_DATE"
    assert by_role[ScheduleRole.FINAL].relative_to == "TERMINATION_DATE"
    assert by_role[ScheduleRole.INITIAL].dates == line[:1]
    assert by_role[ScheduleRole.INTERIM].dates == line[1:-1]
    assert by_role[ScheduleRole.FINAL].dates == line[-1:]
    assert [day.sequence for day in line[1:]] == list(range(1, 13))
    assert [payment.pays_sequences for payment in payment_line(equity.payment_schedules)] == [
        (k,) for k in range(1, 13)
    ]
    assert len(equity.payment_schedules[1].dates) == 1


def test_a_swap_without_schedules_gets_those_that_were_assumed() -> None:
    """Paid on the final valuation day, with a finding that says so."""
    contract, findings = with_schedules(swap(equity_payout()), CALENDARS)
    equity = contract.leg(1).performance
    assert equity is not None

    assert [payment.adjusted_date for payment in payment_line(equity.payment_schedules)] == [date(2025, 1, 10)]
    assert {finding.code for finding in findings} == {FindingCode.MISSING}


def test_dates_made_twice_are_the_same() -> None:
    """A contract with its dates filled gives the same dates again."""
    once, _ = with_schedules(monthly_swap(), CALENDARS)

    assert with_schedules(once, CALENDARS)[0] == once


def test_an_amendment_leaves_past_dates_alone() -> None:
    """From monthly to quarterly in June: what was valued and paid stays, what was valued only is paid anew."""
    old, _ = with_schedules(monthly_swap(spread=0.01), CALENDARS)
    quarterly = replace(MONTHLY, period_multiplier=3)
    payout = equity_payout([quarterly], [delay(ScheduleRole.INTERIM, 5), delay(ScheduleRole.FINAL, 5)])
    amended, _ = regenerate_after(old, swap(payout, funding_payout(spread=0.02)), CALENDARS, date(2024, 6, 10))
    before, after = (contract.leg(1).performance for contract in (old, amended))
    interest = amended.leg(2).interest
    assert before is not None
    assert after is not None
    assert interest is not None

    assert [day.adjusted_date for day in valuation_line(after)] == [
        *(day.adjusted_date for day in valuation_line(before)[:6]),
        date(2024, 7, 10),
        date(2024, 10, 10),
        date(2025, 1, 10),
    ]
    paid = {payment.adjusted_date: payment.pays_sequences for payment in payment_line(after.payment_schedules)}
    assert list(paid.items()) == [
        (date(2024, 2, 14), (1,)),
        (date(2024, 3, 13), (2,)),
        (date(2024, 4, 12), (3,)),
        (date(2024, 5, 14), (4,)),
        (date(2024, 6, 17), (5,)),
        (date(2024, 7, 17), (6,)),
        (date(2024, 10, 18), (7,)),
        (date(2025, 1, 17), (8,)),
    ]
    assert bounds(interest.calculation_periods) == [date(2024, 1, 10), *paid]
    assert interest.spread == 0.02


def test_an_amendment_of_nothing_changes_nothing() -> None:
    """The same terms give the same dates wherever they are cut."""
    old, _ = with_schedules(monthly_swap(), CALENDARS)

    for effective in (date(2024, 1, 1), date(2024, 6, 11), date(2024, 6, 12), date(2026, 1, 1)):
        assert regenerate_after(old, monthly_swap(), CALENDARS, effective)[0] == old


@settings(max_examples=40, deadline=None)
@given(
    effective=st.dates(date(2024, 1, 2), date(2024, 6, 30)),
    n_days=st.integers(30, 900),
    multiplier=st.integers(1, 6),
    convention=st.sampled_from(BDC),
    lag=st.integers(0, 10),
)
def test_dates_are_in_order_and_all_is_paid_once(
    effective: date, n_days: int, multiplier: int, convention: BDC, lag: int
) -> None:
    """Valuations ascend, each is paid by exactly one date on or after it, funding periods adjoin."""
    schedule = replace(MONTHLY, period_multiplier=multiplier, business_day_convention=convention)
    payout = equity_payout([schedule], [delay(ScheduleRole.INTERIM, lag), delay(ScheduleRole.FINAL, lag)])
    termination = date.fromordinal(effective.toordinal() + n_days)
    contract, _ = with_schedules(
        swap(payout, funding_payout(), effective=effective, termination=termination), CALENDARS
    )
    equity, funding = contract.leg(1).performance, contract.leg(2).interest
    assert equity is not None
    assert funding is not None
    line = valuation_line(equity)
    payments = payment_line(equity.payment_schedules)

    assert all(a.adjusted_date < b.adjusted_date for a, b in pairwise(line))
    assert sorted(k for payment in payments for k in payment.pays_sequences) == list(range(1, len(line)))
    assert all(payment.adjusted_date >= line[k].adjusted_date for payment in payments for k in payment.pays_sequences)
    assert bounds(funding.calculation_periods)[-1] == payments[-1].adjusted_date
