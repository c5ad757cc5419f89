"""Funding legs against the verification vectors of spec 07 §25: V-5, V-6, V-10, V-15, V-16."""

from datetime import date, timedelta

import numpy as np
import pytest

from engine.payouts.enums import CompoundingMethod, DayCount, ObservationShift, OvernightMethod, RateKind
from engine.payouts.kernels_interest import compounded_amounts
from engine.payouts.kernels_overnight import AVERAGED, COMPOUNDED, SPREAD_COMPOUNDED, compound
from engine.payouts.terms.funding import InterestRatePayout
from tests.payouts.funding.made_funding import (
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

SIX_PLACES = 5e-7
RATE_PLACES = 5e-13
"""Ten places of a rate in percent, as the vectors print it."""

V5 = {
    "in arrears": ({}, 5.3307835751, 16_288.505368, 17_816.283146),
    "look-back 2": (
        {"observation_shift": ObservationShift.LOOKBACK, "observation_shift_days": 2},
        5.3244137559,
        16_269.042032,
        17_796.819810,
    ),
    "observation shift 2": (
        {"observation_shift": ObservationShift.OBSERVATION_PERIOD_SHIFT, "observation_shift_days": 2},
        5.3280254759,
        16_280.077843,
        17_807.855621,
    ),
    "lock-out 2": (
        {"observation_shift": ObservationShift.LOCKOUT, "observation_shift_days": 2},
        5.3316940125,
        16_291.287260,
        17_819.065038,
    ),
    "averaged": ({"overnight_method": OvernightMethod.AVERAGED}, 5.3272727273, 16_277.777778, 17_805.555556),
}
"""Terms, rate in percent, interest, interest with 0.50 % spread; the average's last number follows from its rate."""


def v5_market(book):
    return market_of(book, first=date(2024, 3, 1), last=date(2024, 4, 10), rates={"USD-SOFR|": v5_rates()})


@pytest.mark.parametrize("variant", V5)
def test_overnight_variants_give_the_printed_rates_and_amounts(variant):
    """V-5: every variant gives its rate and its amounts without and with spread."""
    terms, rate, plain, with_spread = V5[variant]
    book = book_of(swap(funding_leg(overnight(**terms))), swap(funding_leg(overnight(spread=0.005, **terms))))

    values = valued(book, v5_market(book), END)

    assert values.rate_or_price[0] == pytest.approx(rate / 100, abs=RATE_PLACES)
    assert values.parts[2] == pytest.approx([plain, with_spread], abs=SIX_PLACES)


def test_a_spread_inside_the_product_gives_the_printed_amount():
    """V-5: STRAIGHT compounds the spread with every day's rate."""
    book = book_of(swap(funding_leg(overnight(spread=0.005, compounding_method=CompoundingMethod.STRAIGHT))))

    values = valued(book, v5_market(book), END)

    assert values.rate_or_price[0] == pytest.approx(0.058314738888, abs=RATE_PLACES)
    assert values.parts[2, 0] == pytest.approx(17_818.392438, abs=SIX_PLACES)


def test_the_plain_kernel_gives_the_same_rates():
    """V-5 through `compound` on the eight rates and weights."""
    rates = np.array([0.0531, 0.0532, 0.0533, 0.0534, 0.0533, 0.0532, 0.0531, 0.0532])
    weights = np.array([1.0, 1, 1, 4, 1, 1, 1, 1])
    running = np.empty(8)

    assert compound(rates, weights, 360.0, 0.0, COMPOUNDED, running) == pytest.approx(0.053307835751, abs=RATE_PLACES)
    assert running[-1] * 1e7 == pytest.approx(16_288.505368, abs=SIX_PLACES)
    assert compound(rates, weights, 360.0, 0.005, SPREAD_COMPOUNDED, running) == pytest.approx(
        0.058314738888, abs=RATE_PLACES
    )
    assert compound(rates, weights, 360.0, 0.0, AVERAGED, running) == pytest.approx(0.053272727273, abs=RATE_PLACES)


def test_daily_rows_are_the_printed_ones():
    """V-6: every calendar day's accrual, weekend rows with simple growth, and their sum."""
    rows = [1_613.888889, 1_616.884639, 1_619.881652, *[1_622.879931] * 4, 1_620.979774, 1_618.418135, 1_615.855296]
    rows.append(1_618.855040)
    book = book_of(swap(funding_leg(overnight(spread=0.005))))
    market = v5_market(book)

    accrued = [interest(book, market, START + timedelta(days=i)) for i in range(12)]

    assert np.diff(accrued) == pytest.approx(rows, abs=SIX_PLACES)
    assert accrued[0] == 0.0
    assert accrued[-1] == pytest.approx(17_816.283146, abs=SIX_PLACES)


@pytest.mark.parametrize(
    ("method", "amount"),
    [
        (CompoundingMethod.NONE, 28_000.00),
        (CompoundingMethod.STRAIGHT, 28_195.9375),
        (CompoundingMethod.FLAT, 28_178.75),
        (CompoundingMethod.SPREAD_EXCLUSIVE, 28_162.50),
    ],
)
def test_periods_in_one_payment_compound_as_printed(method, amount):
    """V-15: two quarters in one payment, through the kernel and as two flows of a book."""
    first, second, third = date(2024, 1, 15), date(2024, 4, 15), date(2024, 7, 15)
    payout = InterestRatePayout(
        rate_kind=RateKind.FLOATING_TERM,
        day_count=DayCount.THIRTY_360,
        floating_rate_index="USD-LIBOR-BBA",
        spread=0.005,
        compounding_method=method,
        calculation_periods=periods(first, second, third, payment_dates=(third, third)),
    )
    book = book_of(swap(funding_leg(payout, notional=1_000_000.0)))
    market = market_of(book, first=first, last=third, rates={"USD-LIBOR-BBA|": {first: 0.05, second: 0.052}})
    code = list(CompoundingMethod).index(method)

    values = valued(book, market, third)

    assert values.parts[2].sum() == pytest.approx(amount, abs=1e-8)
    assert compounded_amounts(
        1e6, np.array([0.05, 0.052]), 0.005, np.array([0.25, 0.25]), code, np.empty(2)
    ) == pytest.approx(amount, abs=1e-8)


def test_term_interest_is_the_printed_one():
    """V-16: notional x (rate + spread) x 30/360."""
    payout = InterestRatePayout(
        rate_kind=RateKind.FLOATING_TERM,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-LIBOR-BBA",
        spread=0.002,
        calculation_periods=periods(date(2024, 4, 1), date(2024, 5, 1)),
    )
    book = book_of(swap(funding_leg(payout, notional=28_469_376.0)))
    market = market_of(
        book, first=date(2024, 4, 1), last=date(2024, 5, 1), rates={"USD-LIBOR-BBA|": {date(2024, 4, 1): 0.05}}
    )

    assert interest(book, market, date(2024, 5, 1)) == pytest.approx(123_367.296, abs=1e-8)


def test_interest_of_the_explained_swap_is_the_printed_one():
    """V-10: 5.50 % ACT/360 on 110,000, paid by the reporting party, for three days."""
    start = date(2024, 1, 2)
    payout = InterestRatePayout(
        rate_kind=RateKind.FIXED,
        day_count=DayCount.ACT_360,
        fixed_rate=0.055,
        calculation_periods=periods(start, date(2024, 7, 2)),
    )
    contract = swap(funding_leg(payout, notional=110_000.0))
    book = book_of(contract, swap(funding_leg(payout, notional=110_000.0, payer=contract.reporting_party)))
    market = market_of(book, first=start, last=date(2024, 7, 2))

    accrued = [interest(book, market, start + timedelta(days=i), flow=1) for i in (1, 2, 3)]

    assert accrued == pytest.approx([-16.8055555556, -33.6111111111, -50.4166666667], abs=5e-11)
    assert interest(book, market, start + timedelta(days=1)) == -accrued[0]
