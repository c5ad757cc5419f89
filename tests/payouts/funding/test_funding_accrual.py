"""What accrues from day to day: closing sums, rate terms, estimates, compounding of periods."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conventions.days import day_number
from engine.errors import ModelError
from engine.payouts.codes import ESTIMATED, MISSING_RATE, OK
from engine.payouts.dates.day_count import DAY_COUNT_CODES, NO_GOOD_DAYS, year_fraction
from engine.payouts.enums import (
    CompoundingMethod,
    DayCount,
    NegativeRateTreatment,
    ObservationShift,
    OvernightMethod,
    PeriodUnit,
    RateKind,
    ResetRelativeTo,
)
from engine.payouts.kernels_interest import accrual_rows, all_in_rate, compounded_amounts, rounded_rate
from engine.payouts.terms.funding import InterestRatePayout, RateSpreadStep
from tests.payouts.funding.made_funding import (
    CALENDARS_OF_TEST,
    END,
    START,
    book_of,
    funding_leg,
    interest,
    market_of,
    overnight,
    periods,
    swap,
    v5_rates,
    valued,
)

FIRST, LAST = date(2023, 12, 1), date(2025, 12, 31)
NOTIONAL = 1_000_000.0
VARIANTS = {
    "fixed": {"rate_kind": RateKind.FIXED, "fixed_rate": 0.0431},
    "term": {"rate_kind": RateKind.FLOATING_TERM, "floating_rate_index": "USD-LIBOR-BBA"},
    "compounded": {},
    "look-back": {"observation_shift": ObservationShift.LOOKBACK, "observation_shift_days": 3},
    "shifted": {"observation_shift": ObservationShift.OBSERVATION_PERIOD_SHIFT, "observation_shift_days": 2},
    "locked out": {"observation_shift": ObservationShift.LOCKOUT, "observation_shift_days": 2},
    "averaged": {"overnight_method": OvernightMethod.AVERAGED},
    "spread inside": {"compounding_method": CompoundingMethod.STRAIGHT},
}


def wavy_rates() -> dict[date, float]:
    """A rate on every weekday from FIRST to LAST, between 1 and 5 percent."""
    days = ((FIRST + timedelta(days=i), i) for i in range((LAST - FIRST).days + 1))
    return {day: 0.03 + 0.02 * float(np.sin(i / 9)) for day, i in days if day.weekday() < 5}


def payout_of(variant: str, day_count: DayCount, start: date, end: date, spread: float = 0.0) -> InterestRatePayout:
    return overnight(
        **VARIANTS[variant],
        day_count=day_count,
        spread=spread,
        calculation_periods=periods(start, end),
        period_centers=("USNY",),
        period_multiplier=3,
        period_unit=PeriodUnit.M,
    )


@settings(max_examples=60, deadline=None)
@given(
    variant=st.sampled_from(sorted(VARIANTS)),
    day_count=st.sampled_from(list(DayCount)),
    start=st.dates(date(2024, 1, 2), date(2025, 9, 1)),
    length=st.integers(1, 100),
    spread=st.floats(-0.01, 0.01),
)
def test_daily_accruals_add_up_to_the_amount(variant, day_count, start, length, spread):
    """In every day count and variant the daily changes sum to notional x all-in rate x year fraction of the period."""
    end = start + timedelta(days=length)
    book = book_of(swap(funding_leg(payout_of(variant, day_count, start, end, spread), notional=NOTIONAL)))
    rates = wavy_rates()
    market = market_of(
        book, first=FIRST, last=LAST, rates={"USD-SOFR|": rates, "USD-LIBOR-BBA|": dict.fromkeys((start, end), 0.04)}
    )
    years = year_fraction(
        start,
        end,
        day_count,
        period=(start, end),
        periods_per_year=4,
        calendar=CALENDARS_OF_TEST.joint(["USNY"]),
    )

    values = [valued(book, market, start + timedelta(days=i)) for i in range(length + 1)]

    daily = np.diff([day.parts[2, 0] for day in values])
    factors = np.diff([day.year_fraction[0] for day in values])
    last = values[-1]
    assert daily.sum() == pytest.approx(last.parts[2, 0], abs=1e-8)
    assert factors.sum() == pytest.approx(years, abs=1e-13)
    assert last.parts[2, 0] == pytest.approx(NOTIONAL * last.rate_or_price[0] * years, abs=1e-7)
    assert valued(book, market, end + timedelta(days=9)).parts[2, 0] == last.parts[2, 0]


def test_accrual_rows_of_many_periods_match_their_year_fractions():
    """The standalone kernel: factors sum to the year fraction, daily rows to the amount, the 31st has factor 0."""
    bounds = [date(2024, 1, 15), date(2024, 4, 15), date(2024, 7, 31)]
    days = np.array([day_number(day) for day in bounds])
    offsets = np.concatenate(([0], np.cumsum(np.diff(days))))
    for day_count in (DayCount.ACT_360, DayCount.THIRTY_360, DayCount.THIRTY_E_360_ISDA, DayCount.ACT_ACT_ISDA):
        factors, cumulative, daily = (np.empty(offsets[-1]) for _ in range(3))
        accrual_rows(
            days[:-1],
            days[1:],
            np.array([1e6, 2e6]),
            np.array([0.05, -0.01]),
            DAY_COUNT_CODES[day_count],
            int(days[-1]),
            NO_GOOD_DAYS,
            offsets,
            factors,
            cumulative,
            daily,
        )
        for k, (notional, rate) in enumerate([(1e6, 0.05), (2e6, -0.01)]):
            rows = slice(offsets[k], offsets[k + 1])
            years = year_fraction(bounds[k], bounds[k + 1], day_count, termination=bounds[-1])

            assert factors[rows].sum() == pytest.approx(years, abs=1e-13)
            assert daily[rows].sum() == pytest.approx(notional * rate * years, abs=1e-8)
            assert cumulative[rows][-1] == pytest.approx(notional * rate * years, abs=1e-8)
        if day_count is DayCount.THIRTY_360:
            assert daily[(date(2024, 1, 31) - bounds[0]).days] == 0.0


@pytest.mark.parametrize(
    ("treatment", "rate"),
    [
        (NegativeRateTreatment.NEGATIVE_INTEREST, -0.0075),
        (NegativeRateTreatment.ZERO_INTEREST, 0.0),
        (NegativeRateTreatment.ZERO_INTEREST_EXCLUDING_SPREAD, 0.0025),
    ],
)
@pytest.mark.parametrize("kind", [RateKind.FLOATING_TERM, RateKind.FLOATING_OVERNIGHT])
def test_negative_rates_are_treated_as_agreed(kind, treatment, rate):
    """A rate of -1 % and a spread of 0.25 %: the receiver pays, nobody pays, or the spread stays."""
    start, end = date(2024, 1, 8), date(2024, 1, 9)
    payout = overnight(
        rate_kind=kind, spread=0.0025, negative_rate_treatment=treatment, calculation_periods=periods(start, end)
    )
    book = book_of(swap(funding_leg(payout, notional=NOTIONAL)))
    market = market_of(book, first=start, last=end, rates={"USD-SOFR|": {start: -0.01}})

    assert interest(book, market, end) == pytest.approx(NOTIONAL * rate / 360, abs=1e-9)


def test_an_all_in_rate_is_made_in_the_stated_order():
    """Multiplier, floor without spread, spread, cap and floor, rounding, each on the result of the one before."""
    nan = float("nan")

    assert all_in_rate(0.02, 1.5, 0.004, 0, nan, nan, -1) == pytest.approx(0.034, abs=1e-16)
    assert all_in_rate(0.02, 1.5, 0.004, 0, 0.031, nan, -1) == 0.031
    assert all_in_rate(-0.02, 1.5, 0.004, 2, nan, 0.005, -1) == 0.005
    assert all_in_rate(-0.02, 1.5, 0.004, 1, nan, nan, -1) == 0.0
    assert all_in_rate(0.01234565, 1.0, 0.0, 0, nan, nan, 7) == 0.0123457
    assert np.isnan(all_in_rate(nan, 1.0, 0.0, 0, nan, nan, 7))


@settings(deadline=None)
@given(thousandths=st.integers(-999_999, 999_999), decimals=st.integers(0, 8))
def test_rates_round_half_away_from_zero(thousandths, decimals):
    """As Decimal does with the printed rate."""
    rate = Decimal(thousandths).scaleb(-8)
    expected = rate.quantize(Decimal(1).scaleb(-decimals), rounding="ROUND_HALF_UP")

    assert rounded_rate(float(rate), decimals) == pytest.approx(float(expected), abs=1e-15)


def test_a_compounded_rate_is_rounded_at_the_end_only():
    """The period's rate has seven decimals; the rate of the days before runs on unrounded."""
    book = book_of(swap(funding_leg(overnight(rate_rounding_dp=7))))
    market = market_of(book, first=date(2024, 3, 1), last=END, rates={"USD-SOFR|": v5_rates()})

    assert valued(book, market, END).rate_or_price[0] == 0.0533078
    assert interest(book, market, END) == pytest.approx(1e7 * 0.0533078 * 11 / 360, abs=1e-9)
    assert valued(book, market, END - timedelta(days=1)).rate_or_price[0] != pytest.approx(0.0533067, abs=1e-9)


def test_spread_steps_act_from_their_day_on():
    """50 bp, then 70 bp from the sixth day: each part of the period with its own spread."""
    step = date(2024, 1, 8)
    payout = InterestRatePayout(
        rate_kind=RateKind.FLOATING_TERM,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-LIBOR-BBA",
        index_tenor_multiplier=3,
        index_tenor_unit=PeriodUnit.M,
        spread=0.005,
        spread_steps=(RateSpreadStep(series=0, spread=0.007, step_date=step),),
        calculation_periods=periods(date(2024, 1, 2), date(2024, 4, 2)),
    )
    book = book_of(swap(funding_leg(payout, notional=NOTIONAL)))
    market = market_of(book, first=FIRST, last=LAST, rates={"USD-LIBOR-BBA|3M": {date(2024, 1, 2): 0.05}})

    assert interest(book, market, step) == pytest.approx(NOTIONAL * 0.055 * 6 / 360, abs=1e-9)
    assert interest(book, market, date(2024, 4, 2)) == pytest.approx(
        NOTIONAL * (0.055 * 6 + 0.057 * 85) / 360, abs=1e-9
    )
    assert valued(book, market, date(2024, 2, 1)).rate_or_price[0] == pytest.approx(0.057, abs=1e-15)


def stubbed(**terms: object) -> InterestRatePayout:
    """A front stub of 45 days before two regular quarters, six-month tenors unless `terms` say otherwise."""
    plain = InterestRatePayout(
        rate_kind=RateKind.FLOATING_TERM,
        day_count=DayCount.ACT_360,
        floating_rate_index="EUR-EURIBOR-Telerate",
        index_tenor_multiplier=3,
        index_tenor_unit=PeriodUnit.M,
        calculation_periods=periods(
            date(2024, 1, 1), date(2024, 2, 15), date(2024, 5, 15), date(2024, 6, 1), stubs=(1, 3)
        ),
    )
    return replace(plain, **terms)  # type: ignore[arg-type]


def test_stubs_take_their_own_rates():
    """A stub rate for the first period, an interpolation of two tenors for the last, the index between."""
    payout = stubbed(initial_stub_rate=0.02125, final_stub_tenor="1W/1M", spread=0.001)
    book = book_of(swap(funding_leg(payout, notional=NOTIONAL)))
    fixed = date(2024, 5, 15)
    market = market_of(
        book,
        first=FIRST,
        last=LAST,
        rates={
            "EUR-EURIBOR-Telerate|3M": {date(2024, 2, 15): 0.039},
            "EUR-EURIBOR-Telerate|1W": {fixed: 0.036},
            "EUR-EURIBOR-Telerate|1M": {fixed: 0.0384},
        },
    )
    mixed = 0.036 + 0.0024 * (17 - 7) / (31 - 7)

    assert valued(book, market, date(2024, 6, 1)).rate_or_price == pytest.approx([0.02225, 0.04, mixed + 0.001])
    assert interest(book, market, date(2024, 6, 1), flow=2) == pytest.approx(NOTIONAL * (mixed + 0.001) * 17 / 360)


def test_a_stub_longer_than_both_tenors_takes_the_nearer_one():
    """Interpolation never leaves the two tenors."""
    payout = stubbed(initial_stub_tenor="1W 1M")
    book = book_of(swap(funding_leg(payout, notional=NOTIONAL)))
    rates = {
        "EUR-EURIBOR-Telerate|1W": {date(2024, 1, 1): 0.036},
        "EUR-EURIBOR-Telerate|1M": {date(2024, 1, 1): 0.0384},
    }
    market = market_of(book, first=FIRST, last=LAST, rates=rates)

    assert valued(book, market, date(2024, 2, 1)).rate_or_price[0] == 0.0384


def test_a_term_rate_is_fixed_before_the_reset_date():
    """Two business days before the start, or before the end where the reset is there."""
    start, end = date(2024, 4, 1), date(2024, 4, 30)
    terms = {"fixing_offset_days": -2, "fixing_centers": ("USNY",), "rate_kind": RateKind.FLOATING_TERM}
    payout = overnight(calculation_periods=periods(start, end), **terms)
    late = replace(payout, reset_relative_to=ResetRelativeTo.END)
    book = book_of(swap(funding_leg(payout)), swap(funding_leg(late)))

    rates = {"USD-SOFR|": {date(2024, 3, 27): 0.05, date(2024, 4, 26): 0.06}}
    values = valued(book, market_of(book, first=FIRST, last=LAST, rates=rates), end)

    assert values.rate_or_price.tolist() == [0.05, 0.06]
    assert values.status.tolist() == [OK, OK]


def test_a_rate_that_is_not_published_is_carried_forward_as_an_estimate():
    """From the day on whose rate is missing, the last known rate counts and the value is an estimate."""
    known = {day: rate for day, rate in v5_rates().items() if day < date(2024, 4, 2)}
    book = book_of(swap(funding_leg(overnight())))
    market = market_of(book, first=date(2024, 3, 1), last=END, rates={"USD-SOFR|": known})
    carried = known | {date(2024, 4, day): 0.0533 for day in (2, 3, 4)}
    full = market_of(book, first=date(2024, 3, 1), last=END, rates={"USD-SOFR|": carried})

    assert valued(book, market, date(2024, 4, 2)).status[0] == OK
    assert valued(book, market, date(2024, 4, 3)).status[0] == ESTIMATED
    assert interest(book, market, END) == interest(book, full, END)
    assert valued(book, full, END).status[0] == OK


def test_without_any_earlier_rate_the_missing_row_and_day_are_named():
    """No value is made up: every component is NaN, with the row and the day of the rate that is missing."""
    book = book_of(swap(funding_leg(overnight())))
    late = {day: rate for day, rate in v5_rates().items() if day > START}
    market = market_of(book, first=START, last=END, rates={"USD-SOFR|": late})

    values = valued(book, market, END)

    assert values.status[0] == MISSING_RATE
    assert np.isnan(values.parts[:, 0]).all()
    assert book.names["rates"][values.missing_row[0]] == "USD-SOFR|"
    assert values.missing_day[0] == day_number(START)


def test_a_flow_that_has_not_begun_is_worth_nothing():
    """Before its start a flow keeps the zeros it had; on its start day nothing has accrued."""
    book = book_of(swap(funding_leg(overnight())))
    market = market_of(book, first=date(2024, 3, 1), last=END, rates={"USD-SOFR|": v5_rates()})

    assert valued(book, market, date(2024, 3, 20)).parts[:, 0].tolist() == [0.0] * 5
    assert valued(book, market, START).parts[:, 0].tolist() == [0.0] * 5
    assert valued(book, market, START).notional[0] == 10_000_000.0


def test_two_overnight_periods_in_one_payment_are_one_long_product():
    """Without a spread compounding periods equals compounding days: the payment is that of one undivided period."""
    middle = date(2024, 4, 1)
    chain = overnight(
        compounding_method=CompoundingMethod.FLAT,
        calculation_periods=periods(START, middle, END, payment_dates=(END, END)),
    )
    book = book_of(swap(funding_leg(chain)), swap(funding_leg(overnight())))
    market = market_of(book, first=date(2024, 3, 1), last=END, rates={"USD-SOFR|": v5_rates()})

    for day in (date(2024, 3, 28), middle, date(2024, 4, 3), END):
        parts = valued(book, market, day).parts[2]
        assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-12)


def test_periods_with_payments_of_their_own_do_not_compound():
    """A compounding method has no effect between periods that are paid on different days."""
    middle = date(2024, 4, 1)
    apart = overnight(
        compounding_method=CompoundingMethod.FLAT, calculation_periods=periods(START, middle, END), spread=0.001
    )
    plain = replace(apart, compounding_method=CompoundingMethod.NONE)
    book = book_of(swap(funding_leg(apart)), swap(funding_leg(plain)))
    values = valued(book, market_of(book, first=date(2024, 3, 1), last=END, rates={"USD-SOFR|": v5_rates()}), END)

    assert values.parts[2, :2].tolist() == values.parts[2, 2:].tolist()


def test_an_estimate_in_an_earlier_period_of_a_payment_shows_in_the_later_one():
    """Interest on an estimated amount is an estimate."""
    first, second, third = date(2024, 1, 15), date(2024, 4, 15), date(2024, 7, 15)
    payout = InterestRatePayout(
        rate_kind=RateKind.FLOATING_TERM,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-LIBOR-BBA",
        compounding_method=CompoundingMethod.STRAIGHT,
        calculation_periods=periods(first, second, third, payment_dates=(third, third)),
    )
    book = book_of(swap(funding_leg(payout)))
    rates = {"USD-LIBOR-BBA|": {date(2024, 1, 12): 0.05, second: 0.052}}

    values = valued(book, market_of(book, first=FIRST, last=LAST, rates=rates), third)

    assert values.status.tolist() == [ESTIMATED, ESTIMATED]


@settings(deadline=None)
@given(
    notional=st.floats(1e3, 1e8),
    rates=st.lists(st.floats(-0.02, 0.1), min_size=1, max_size=6),
    spread=st.floats(-0.01, 0.02),
)
def test_compounded_amounts_agree_with_decimal_arithmetic(notional, rates, spread):
    """§12.4 written out in Decimal for every method."""
    n, s, tau = Decimal(repr(notional)), Decimal(repr(spread)), Decimal("0.25")
    plain = [Decimal(repr(rate)) for rate in rates]
    for method in CompoundingMethod:
        total = base = Decimal(0)
        for rate in plain:
            if method is CompoundingMethod.NONE:
                amount = n * (rate + s) * tau
            elif method is CompoundingMethod.STRAIGHT:
                amount = (n + total) * (rate + s) * tau
            elif method is CompoundingMethod.FLAT:
                amount = n * (rate + s) * tau + total * rate * tau
            else:
                amount = (n + base) * rate * tau + n * s * tau
                base += (n + base) * rate * tau
            total += amount
        amounts = np.empty(len(rates))
        code = list(CompoundingMethod).index(method)

        result = compounded_amounts(notional, np.array(rates), spread, np.full(len(rates), 0.25), code, amounts)

        assert result == pytest.approx(float(total), rel=1e-10, abs=notional * 1e-14)
        assert amounts.sum() == pytest.approx(result, rel=1e-12, abs=notional * 1e-14)


@pytest.mark.parametrize(
    ("terms", "number"),
    [
        ({"calculation_periods": ()}, "CLO-1941"),
        ({"rate_kind": RateKind.FIXED}, "CLO-1944"),
        ({"floating_rate_index": None}, "CLO-1944"),
        ({"day_count": DayCount.ACT_ACT_ICMA}, "CLO-1945"),
    ],
)
def test_missing_terms_are_named(terms, number):
    """Without periods, a rate or a frequency nothing is compiled and the error says what to add."""
    with pytest.raises(ModelError) as caught:
        book_of(swap(funding_leg(overnight(**terms))))

    assert caught.value.number == number
    assert caught.value.remedy


def test_a_leg_without_notional_is_refused():
    """An own notional has to be stated."""
    with pytest.raises(ModelError) as caught:
        book_of(swap(funding_leg(overnight(), notional=None)))

    assert caught.value.number == "CLO-1942"
