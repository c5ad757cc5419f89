"""Overnight rates against QuantLib on random periods, rates and calendars, and against Decimal arithmetic."""

from datetime import date, timedelta
from decimal import Decimal, getcontext
from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813

from engine.conventions.days import day_number
from engine.payouts.kernels_overnight import (
    AVERAGED,
    COMPOUNDED,
    LOCKOUT,
    LOOKBACK,
    NO_SHIFT,
    OBSERVATION_PERIOD_SHIFT,
    SPREAD_COMPOUNDED,
    Fixings,
    Overnight,
    compound,
    index_rate,
    lock_day,
    overnight_rate,
    overnight_rows,
)

FIRST = date(2021, 1, 4)
N_DAYS = 1_000
RELATIVE = 1e-10
N_PERIODS = 60
NAN = float("nan")


class RandomMarket:
    """Random overnight rates, negative ones too, on a calendar of weekends and random holidays; for both sides."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.days = [FIRST + timedelta(days=i) for i in range(N_DAYS)]
        holidays = set(self.random.choice(N_DAYS, 40, replace=False).tolist())
        self.good = np.array([day.weekday() < 5 and i not in holidays for i, day in enumerate(self.days)], np.uint8)
        self.rates = np.where(self.good == 1, self.random.uniform(-0.01, 0.08, N_DAYS).round(5), np.nan)
        self.fixings = Fixings(day_number(FIRST), self.rates, self.good)
        calendar = ql.BespokeCalendar(f"random {seed}")
        calendar.addWeekend(ql.Saturday)
        calendar.addWeekend(ql.Sunday)
        for i in holidays:
            calendar.addHoliday(self.quantlib_day(i))
        self.index = ql.OvernightIndex(f"random{seed}", 0, ql.USDCurrency(), calendar, ql.Actual360())
        self.index.clearFixings()
        for i in np.flatnonzero(self.good).tolist():
            self.index.addFixing(self.quantlib_day(i), float(self.rates[i]))

    def quantlib_day(self, i: int) -> ql.Date:
        """Day i as QuantLib has it."""
        day = self.days[i]
        return ql.Date(day.day, day.month, day.year)

    def period(self) -> tuple[int, int]:
        """A random period between good days with room for shifts before it."""
        good = np.flatnonzero(self.good)
        a, b = sorted(self.random.choice(np.arange(30, len(good)), 2, replace=False).tolist())
        return int(good[a]), int(good[min(b, a + 90)])


def terms(shift: int, shift_days: int, end: int, fixings: Fixings, *, averaged: bool = False, spread: float = 0.0):
    """Terms of a period that ends at a day number, ACT/360."""
    locked = lock_day(end, shift_days, fixings) if shift == LOCKOUT else 0
    return Overnight(averaged, shift, shift_days, locked, 360.0, 1.0, spread, NAN, NAN)


@pytest.mark.parametrize(
    ("shift", "averaged"),
    [(NO_SHIFT, False), (NO_SHIFT, True), (LOOKBACK, False), (OBSERVATION_PERIOD_SHIFT, False), (LOCKOUT, False)],
)
def test_random_periods_agree_with_quantlib(shift, averaged):
    """Every variant that QuantLib has, on 60 random periods of three random calendars."""
    ql.Settings.instance().evaluationDate = ql.Date(1, 6, 2024)
    averaging = ql.RateAveraging.Simple if averaged else ql.RateAveraging.Compound
    for seed in range(3):
        market = RandomMarket(seed)
        for _ in range(N_PERIODS // 3):
            start, end = market.period()
            n = int(market.random.integers(1, 6)) if shift else 0
            coupon = ql.OvernightIndexedCoupon(
                market.quantlib_day(end),
                1_000_000.0,
                market.quantlib_day(start),
                market.quantlib_day(end),
                market.index,
                1.0,
                0.0,
                ql.Date(),
                ql.Date(),
                ql.Actual360(),
                False,
                averaging,
                n if shift in (LOOKBACK, OBSERVATION_PERIOD_SHIFT) else 0,
                min(n, end - start - 1) if shift == LOCKOUT else 0,
                shift == OBSERVATION_PERIOD_SHIFT,
            )
            if shift == LOCKOUT:
                n = coupon.lockoutDays()
                if n >= int(market.good[start:end].sum()):
                    continue
            first = market.fixings.first_day
            found = overnight_rate(
                first + start,
                first + end,
                terms(shift, n, first + end, market.fixings, averaged=averaged),
                market.fixings,
            )

            assert found[0] == pytest.approx(coupon.rate(), rel=RELATIVE, abs=1e-15)
            assert found[1] == 0


def test_a_compounded_spread_agrees_with_quantlib():
    """SPREAD inside the daily product, without shift."""
    ql.Settings.instance().evaluationDate = ql.Date(1, 6, 2024)
    market = RandomMarket(7)
    for _ in range(20):
        start, end = market.period()
        coupon = ql.OvernightIndexedCoupon(
            market.quantlib_day(end),
            1_000_000.0,
            market.quantlib_day(start),
            market.quantlib_day(end),
            market.index,
            1.0,
            0.0075,
            ql.Date(),
            ql.Date(),
            ql.Actual360(),
            False,
            ql.RateAveraging.Compound,
            0,
            0,
            False,
            True,
        )
        first = market.fixings.first_day
        inside = terms(NO_SHIFT, 0, first + end, market.fixings, spread=0.0075)

        rate, _, _ = overnight_rate(first + start, first + end, inside, market.fixings)

        assert rate == pytest.approx(coupon.rate(), rel=RELATIVE)


def decimal_rate(market: RandomMarket, start: int, end: int, shift: int, n: int, *, averaged: bool) -> Decimal:
    """The formula of spec 07 §12.3 in Decimal, by walking over the listed good days."""
    getcontext().prec = 40
    good = [int(i) for i in np.flatnonzero(market.good)]

    def back(i: int, steps: int) -> int:
        return [g for g in good if g < i][-steps] if steps else i

    first, last = (back(start, n), back(end, n)) if shift == OBSERVATION_PERIOD_SHIFT else (start, end)
    inside = [g for g in good if first <= g < last]
    product, total = Decimal(1), Decimal(0)
    for k, day in enumerate(inside):
        following = inside[k + 1] if k + 1 < len(inside) else last
        observed = back(day, n) if shift == LOOKBACK else day
        if shift == LOCKOUT:
            observed = min(day, inside[len(inside) - 1 - n])
        interest = Decimal(repr(float(market.rates[observed]))) * (following - day)
        product *= 1 + interest / 360
        total += interest
    if averaged:
        return total / (last - first)
    return (product - 1) * 360 / (last - first)


@pytest.mark.parametrize("averaged", [False, True])
@pytest.mark.parametrize("shift", [NO_SHIFT, LOOKBACK, OBSERVATION_PERIOD_SHIFT, LOCKOUT])
def test_random_periods_agree_with_decimal_arithmetic(shift, averaged):
    """The kernel and a literal Decimal form of the formula, to 1e-10 relative and near zero rates to 1e-15."""
    market = RandomMarket(11)
    first = market.fixings.first_day
    for _ in range(25):
        start, end = market.period()
        n = 2 if shift and end - start > 14 else 0

        made = terms(shift, n, first + end, market.fixings, averaged=averaged)

        rate, _, _ = overnight_rate(first + start, first + end, made, market.fixings)

        assert rate == pytest.approx(
            float(decimal_rate(market, start, end, shift, n, averaged=averaged)), rel=RELATIVE, abs=1e-15
        )


def test_compound_agrees_with_decimal_arithmetic():
    """Rate and running interest of the plain kernel in its three modes."""
    getcontext().prec = 40
    random = np.random.default_rng(3)
    rates, weights = random.uniform(-0.01, 0.08, 80), random.integers(1, 5, 80).astype(float)
    for mode in (COMPOUNDED, AVERAGED, SPREAD_COMPOUNDED):
        interest, days, spread = Decimal(0), Decimal(0), Decimal("0.004")
        running = np.empty(80)
        rate = compound(rates, weights, 365.0, 0.004, mode, running)
        for i in range(80):
            r, w = Decimal(repr(float(rates[i]))), Decimal(int(weights[i]))
            days += w
            if mode == AVERAGED:
                interest += r * w / 365
            else:
                interest += (1 + interest) * (r + (spread if mode == SPREAD_COMPOUNDED else 0)) * w / 365
            expected = interest if mode == SPREAD_COMPOUNDED else interest + spread * days / 365

            assert running[i] == pytest.approx(float(expected), rel=1e-12)
        assert rate == pytest.approx(float(expected * 365 / days), rel=1e-12)


def test_a_compounded_index_gives_the_rate_of_its_daily_rates():
    """The ratio of two index levels is the compounded rate of the days between them, on any day of the period."""
    market = RandomMarket(5)
    good = np.flatnonzero(market.good)
    levels = np.full(N_DAYS, np.nan)
    levels[good[0]] = 1.0
    for a, b in pairwise(good):
        levels[b] = levels[a] * (1 + market.rates[a] * (b - a) / 360)
    index = Fixings(market.fixings.first_day, levels, market.good)
    first = market.fixings.first_day
    start, end = int(good[100]), int(good[160])
    shifted = terms(OBSERVATION_PERIOD_SHIFT, 2, first + end, market.fixings)
    plain = terms(NO_SHIFT, 0, first + end, market.fixings)

    for day in range(start + 1, end + 1):
        from_index, found, _ = index_rate(first + start, first + day, 0, 360.0, index)
        assert found == 0
        assert from_index == pytest.approx(
            overnight_rate(first + start, first + day, plain, market.fixings)[0], abs=1e-12
        )
    from_index, _, _ = index_rate(first + start, first + end, 2, 360.0, index)
    assert from_index == pytest.approx(
        overnight_rate(first + start, first + end, shifted, market.fixings)[0], abs=1e-12
    )


def test_an_index_that_is_not_published_yet_grows_at_its_last_daily_rate():
    """After the last level its growth of the last day goes on, as an estimate; without two levels there is no rate."""
    levels = np.array([1.0, 1.0001, np.nan, np.nan])
    fixings = Fixings(0, levels, np.ones(4, np.uint8))

    rate, found, day = index_rate(0, 3, 0, 360.0, fixings)

    assert rate == pytest.approx((1.0001 * 1.0002 / 1.0 - 1) / 3 * 360, rel=1e-9)
    assert (found, day) == (1, 3)
    assert index_rate(0, 2, 0, 360.0, Fixings(0, levels[[0, 2, 2, 2]], np.ones(4, np.uint8)))[1] == 2


def test_daily_rows_close_to_the_period_amount():
    """Daily rows of the standalone kernel sum to notional x rate x days / basis."""
    market = RandomMarket(13)
    first = market.fixings.first_day
    start, end = market.period()
    plain = terms(NO_SHIFT, 0, first + end, market.fixings)
    cumulative, daily = np.empty(end - start), np.empty(end - start)

    found = overnight_rows(first + start, first + end, 1e6, 0.001, plain, market.fixings, cumulative, daily)

    rate, _, _ = overnight_rate(first + start, first + end, plain, market.fixings)
    assert found == 0
    assert daily.sum() == pytest.approx(1e6 * (rate + 0.001) * (end - start) / 360, rel=1e-12)
    assert cumulative[-1] == pytest.approx(daily.sum(), rel=1e-12)


def test_a_start_on_a_bad_day_takes_the_rate_of_the_good_day_before():
    """From Saturday to Tuesday: Friday's rate for two days, Monday's for one."""
    fixings = Fixings(4, np.array([0.05, np.nan, np.nan, 0.06]), np.array([1, 0, 0, 1], np.uint8))
    rate, found, _ = overnight_rate(5, 8, terms(NO_SHIFT, 0, 8, fixings), fixings)

    assert rate == pytest.approx(((1 + 0.05 * 2 / 360) * (1 + 0.06 / 360) - 1) * 360 / 3, rel=1e-12)
    assert found == 0


def test_daily_bounds_hold_for_every_rate():
    """Cap and floor act on each published rate before it is compounded."""
    fixings = Fixings(0, np.array([0.10, -0.02, 0.03]), np.ones(3, np.uint8))
    bounded = Overnight(False, NO_SHIFT, 0, 0, 360.0, 1.0, 0.0, 0.05, 0.0)

    rate, _, _ = overnight_rate(0, 3, bounded, fixings)

    assert rate == pytest.approx(((1 + 0.05 / 360) * (1 + 0.03 / 360) - 1) * 120, rel=1e-12)
