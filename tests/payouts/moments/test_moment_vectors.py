"""V-7 of spec 07 §25 and the payoffs of §13, through the compiled book."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.conventions.days import day_number
from engine.payouts.book.moments import MOMENTS, value_moments
from engine.payouts.book.tables import CALENDARS, FLOWS
from engine.payouts.codes import ESTIMATED, MISSING_PRICE, MOMENT, OK, PRICE_PART
from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    CorrelationWeighting,
    DividendAdjustmentStyle,
    DividendApplicability,
    DividendStatus,
    DividendType,
    NotionalScale,
    RealisedVarianceMethod,
    Side,
    StrikeScale,
    UnderlierType,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.performance import Underlier
from engine.payouts.terms.returns import ReturnTerms
from tests.payouts.moments.moment_trades import (
    FIVE_DAYS_LATER,
    MONDAY,
    PRICES,
    amount,
    book_of,
    contract,
    correlation,
    market,
    payout,
    share,
    valued,
    variance,
    variance_terms,
    volatility,
)

PRINTED = 5e-7
"""Half of the last digit that V-7 prints of an amount."""

WEDNESDAY, THURSDAY = date(2024, 3, 6), date(2024, 3, 7)
VARIANCE_OF_V7 = 0.037268422206
NOTIONAL_OF_V7 = 50_000 / 36

CORRIDOR = {"lower_barrier": 99.6, "upper_barrier": 101.0}


def dividend(amount: float | None = 0.5, ex_date: date = THURSDAY, **changes: object) -> DividendEvent:
    return DividendEvent(instrument_reference="A", ex_date=ex_date, currency="USD", gross_amount=amount, **changes)  # type: ignore[arg-type]


def test_variance_payoff() -> None:
    """V-7: vega 50,000 at 18 points pays 67,616.975083 on the realised variance."""
    assert amount(variance()) == pytest.approx(67_616.975083, abs=PRINTED)


def test_volatility_payoff() -> None:
    """V-7: the volatility swap with the same vega pays 65,251.550193."""
    assert amount(volatility()) == pytest.approx(65_251.550193, abs=PRINTED)


def test_mean_adjusted_payoff() -> None:
    """V-7: mean-adjusted the variance is 0.045338013298, of which the payoff follows."""
    expected = NOTIONAL_OF_V7 * (10_000 * 0.045338013298 - 324)

    assert amount(variance(mean_adjustment=True)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("method", "is_adjusted", "expected"),
    [
        (RealisedVarianceMethod.PREVIOUS, True, 109_668.386754),
        (RealisedVarianceMethod.PREVIOUS, False, 182_780.644589),
        (RealisedVarianceMethod.LAST, True, -62_745.052809),
        (RealisedVarianceMethod.BOTH, True, -20_693.641139),
    ],
)
def test_conditional_variance_payoff(method: RealisedVarianceMethod, is_adjusted: bool, expected: float) -> None:
    """V-7: the three ways to count a day in the corridor, with and without days-in-range adjustment."""
    performance = variance(**CORRIDOR, realised_variance_method=method, days_in_range_adjustment=is_adjusted)

    assert amount(performance) == pytest.approx(expected, abs=PRINTED)


@pytest.mark.parametrize(("is_adjusted", "expected"), [(True, 0.0), (False, -NOTIONAL_OF_V7 * 324)])
def test_no_day_in_the_corridor(is_adjusted: bool, expected: float) -> None:
    """Without a day in range a conditional variance pays nothing when adjusted, else minus the strike."""
    performance = variance(lower_barrier=200.0, upper_barrier=300.0, days_in_range_adjustment=is_adjusted)

    assert amount(performance) == pytest.approx(expected, abs=PRINTED)


def test_one_barrier_leaves_the_other_side_open() -> None:
    """An upper barrier alone is the corridor from zero."""
    alone = amount(variance(upper_barrier=101.0))

    assert alone == pytest.approx(amount(variance(lower_barrier=1.0, upper_barrier=101.0)), abs=PRINTED)


def test_seasoned_variance() -> None:
    """V-7: after three of five days, implied 20 % and no discounting, the mark is 68,251.038890."""
    value = amount(variance(), on=THURSDAY, implied={"VS-1/1": (0.20, 1.0)})

    assert value == pytest.approx(68_251.038890, abs=PRINTED)


def test_discount_factor_scales_the_mark_and_not_the_payoff() -> None:
    """A discount factor of 0.9 takes a tenth off the mark; the final amount is paid in full."""
    implied = {"VS-1/1": (0.20, 0.9)}

    assert amount(variance(), on=THURSDAY, implied=implied) == pytest.approx(0.9 * 68_251.038890, abs=PRINTED)
    assert amount(variance(), implied=implied) == pytest.approx(67_616.975083, abs=PRINTED)


def test_seasoned_volatility() -> None:
    """A volatility swap is marked at the root of the blended variance."""
    blended = 0.6 * 0.035523458000 + 0.4 * 0.04

    value = amount(volatility(), on=THURSDAY, implied={"VS-1/1": (0.20, 1.0)})

    assert value == pytest.approx(50_000 * (100 * blended**0.5 - 18), abs=1e-4)


def test_seasoned_mean_adjusted_variance() -> None:
    """The mean takes one degree of freedom: two of four shares are realised after three returns of five."""
    returns = np.diff(np.log(PRICES[:4]))
    blended = 2 / 4 * 252 * returns.var(ddof=1) + 2 / 4 * 0.04

    value = amount(variance(mean_adjustment=True), on=THURSDAY, implied={"VS-1/1": (0.20, 1.0)})

    assert value == pytest.approx(NOTIONAL_OF_V7 * (10_000 * blended - 324), rel=1e-12)


def test_on_the_first_day_the_mark_is_the_implied_variance() -> None:
    """Without a return yet, plain and mean-adjusted legs are worth implied less strike."""
    implied = {"VS-1/1": (0.20, 1.0)}

    for performance in (variance(), variance(mean_adjustment=True)):
        assert amount(performance, on=MONDAY, implied=implied) == pytest.approx(NOTIONAL_OF_V7 * (400 - 324))


def test_seasoned_conditional_variance() -> None:
    """In a corridor the days to come all count, at the implied variance."""
    squares = np.diff(np.log(PRICES[:4]))[:2] ** 2
    performance = variance(**CORRIDOR, days_in_range_adjustment=True)
    blended = (252 * squares.sum() + 2 * 0.04) / 4

    value = amount(performance, on=THURSDAY, implied={"VS-1/1": (0.20, 1.0)})

    assert value == pytest.approx(NOTIONAL_OF_V7 * 4 / 5 * (10_000 * blended - 324), rel=1e-12)


def test_without_implied_only_the_realised_part_counts() -> None:
    """The days to come are worth nothing: 3/5 of realised less strike, and the value is an estimate."""
    book = book_of(contract(variance()))
    values = valued(book, market(book, {"A": PRICES}), THURSDAY)

    expected = NOTIONAL_OF_V7 * 0.6 * (10_000 * 0.035523458000 - 324)
    assert values.amount[0] == pytest.approx(expected, abs=1e-5)
    assert values.status[0] == ESTIMATED


def test_the_mark_meets_the_payoff_at_the_end() -> None:
    """With every expected day observed the implied volatility has no weight left."""
    later = variance(expected_trading_days=5)
    high, low = ({"VS-1/1": (vol, 1.0)} for vol in (0.9, 0.1))

    assert amount(later, implied=high) == amount(later, implied=low)


@pytest.mark.parametrize(
    ("style", "variance_of_v7"),
    [(DividendAdjustmentStyle.REDUCE_PREVIOUS, 0.043625681088), (DividendAdjustmentStyle.ADD_BACK, 0.043512271165)],
)
def test_dividend_adjustment(style: DividendAdjustmentStyle, variance_of_v7: float) -> None:
    """V-7: a dividend of 0.5 ex on day 3, taken from the price before or added to the price after."""
    performance = variance(dividend_applicability=DividendApplicability.ALL, dividend_adjustment_style=style)

    value = amount(performance, dividends=[dividend()])

    assert value == pytest.approx(NOTIONAL_OF_V7 * (10_000 * variance_of_v7 - 324), abs=2e-5)


def test_index_returns_are_not_adjusted() -> None:
    """An index, like a leg whose terms do not ask for it, ignores dividends."""
    index = Underlier(
        underlier_type=UnderlierType.INDEX, underlier_reference="A", instrument=share("A", UnderlierType.INDEX)
    )
    terms = variance_terms(dividend_applicability=DividendApplicability.ALL)
    of_index = amount(payout(ReturnTerms(variance=terms), index), dividends=[dividend()])

    assert of_index == pytest.approx(67_616.975083, abs=PRINTED)
    assert amount(variance(), dividends=[dividend()]) == pytest.approx(67_616.975083, abs=PRINTED)


def test_stock_dividend_leaves_no_cash() -> None:
    """A dividend in shares is left to the adjustment factors, even without a cash amount."""
    stock = dividend(None, dividend_type=DividendType.STOCK)

    value = amount(variance(share_price_dividend_adjustment=True), dividends=[stock])

    assert value == pytest.approx(67_616.975083, abs=PRINTED)


def test_dividend_that_is_not_confirmed_or_not_known() -> None:
    """An estimated dividend makes the value an estimate, one without amount makes it missing from its ex-date on."""
    book = book_of(contract(variance(share_price_dividend_adjustment=True)))
    estimated = valued(
        book, market(book, {"A": PRICES}, dividends=[dividend(status=DividendStatus.ESTIMATED)]), FIVE_DAYS_LATER
    )
    unknown = valued(book, market(book, {"A": PRICES}, dividends=[dividend(None)]), FIVE_DAYS_LATER)

    assert estimated.status[0] == ESTIMATED
    assert unknown.status[0] == MISSING_PRICE
    assert unknown.missing_day[0] == day_number(THURSDAY)


def test_split_changes_nothing() -> None:
    """Factors put returns, dividends and barriers on one basis when a split halves the prices from its ex-date on."""
    halved = {"A": (*PRICES[:3], *(price / 2 for price in PRICES[3:]))}
    terms = {"share_price_dividend_adjustment": True, **CORRIDOR}
    whole = amount(variance(**terms), dividends=[dividend()])
    split = amount(variance(**terms), prices=halved, factors={"A": {THURSDAY: 0.5}}, dividends=[dividend(0.25)])

    assert split == pytest.approx(whole, rel=1e-12)


def test_barriers_and_dividends_are_on_the_basis_of_the_first_day() -> None:
    """A split before the first observation is in every price already and changes nothing."""
    terms = variance(share_price_dividend_adjustment=True, **CORRIDOR)
    before_start = {"A": {MONDAY: 0.5}}

    assert amount(terms, dividends=[dividend()], factors=before_start) == pytest.approx(
        amount(terms, dividends=[dividend()]), rel=1e-12
    )


def test_initial_level_overrides_the_first_price() -> None:
    """With an initial level of 100 the first close does not matter, not even its absence."""
    performance = variance(initial_level=100.0)
    prices = {"A": (float("nan"), *PRICES[1:])}

    assert amount(performance, prices=prices) == pytest.approx(67_616.975083, abs=PRINTED)


def test_decimal_scale_is_the_same_trade() -> None:
    """Strike 0.18 in decimals pays what 18 points pay, from vega or from the variance notional of that scale."""
    terms = {"strike_scale": StrikeScale.DECIMAL, "volatility_strike_price": 0.18}

    assert amount(variance(**terms)) == pytest.approx(67_616.975083, abs=PRINTED)
    assert amount(volatility(**terms)) == pytest.approx(65_251.550193, abs=PRINTED)
    by_notional = variance(**terms, vega_notional_amount=None, variance_notional_amount=NOTIONAL_OF_V7 * 10_000)
    assert amount(by_notional) == pytest.approx(67_616.975083, abs=PRINTED)


def test_variance_strike_and_leg_notional() -> None:
    """A variance strike of 324 is a volatility of 18; without other notionals the leg's quantity is the variance's."""
    terms = {"volatility_strike_price": None, "variance_strike_price": 324.0}

    assert amount(variance(**terms)) == pytest.approx(67_616.975083, abs=PRINTED)
    alone = variance(**terms, vega_notional_amount=None)
    assert amount(alone, notional=NOTIONAL_OF_V7) == pytest.approx(67_616.975083, abs=PRINTED)
    vega_of_leg = volatility(vega_notional_amount=None)
    assert amount(vega_of_leg, notional=50_000.0) == pytest.approx(65_251.550193, abs=PRINTED)


@pytest.mark.parametrize(
    ("bounds", "variance_paid"),
    [
        ({"variance_cap_price": 350.0}, 350.0),
        ({"volatility_cap_price": 18.5}, 18.5**2),
        ({"variance_cap_factor": 1.05}, (1.05 * 18) ** 2),
        ({"variance_cap_factor": 2.5}, 10_000 * VARIANCE_OF_V7),
        ({"variance_floor_price": 400.0}, 400.0),
        ({"volatility_floor_price": 20.0}, 400.0),
    ],
)
def test_variance_cap_and_floor(bounds: dict[str, float], variance_paid: float) -> None:
    """Caps by price or by factor of the volatility strike, and floors, bind the realised variance."""
    assert amount(variance(**bounds)) == pytest.approx(NOTIONAL_OF_V7 * (variance_paid - 324), abs=2e-5)


@pytest.mark.parametrize(
    ("bounds", "volatility_paid"),
    [
        ({"volatility_cap_price": 19.0}, 19.0),
        ({"volatility_cap_factor": 1.05}, 18.9),
        ({"variance_cap_price": 361.0}, 19.0),
        ({"volatility_floor_price": 20.0}, 20.0),
    ],
)
def test_volatility_cap_and_floor(bounds: dict[str, float], volatility_paid: float) -> None:
    """Caps and floors of a volatility swap are volatilities."""
    assert amount(volatility(**bounds)) == pytest.approx(50_000 * (volatility_paid - 18), abs=PRINTED)


def test_correlation_payoffs() -> None:
    """V-7: 350,000 at 0.60123 pays 36,202.222517 equally weighted and 59,803.501592 with 50/30/20 %."""
    bounds = {"correlation_floor": 0.35123, "correlation_cap": 0.85123}
    weighted = correlation(weighting=CorrelationWeighting.BASKET_WEIGHTS, **bounds)

    assert amount(correlation(**bounds), notional=350_000.0) == pytest.approx(36_202.222517, abs=PRINTED)
    assert amount(weighted, notional=350_000.0) == pytest.approx(59_803.501592, abs=PRINTED)


def test_correlation_bounds_mean_and_scale() -> None:
    """Bounds clamp, the mean-adjusted correlation is 0.800838688780, PER_POINT counts hundredths."""
    mean_adjusted = amount(correlation(mean_adjustment=True), notional=350_000.0)

    assert mean_adjusted == pytest.approx(350_000 * (0.800838688780 - 0.60123), abs=1e-6)
    assert amount(correlation(correlation_cap=0.65), notional=1_000.0) == pytest.approx(48.77)
    assert amount(correlation(correlation_floor=0.75), notional=1_000.0) == pytest.approx(148.77)
    per_point = correlation(correlation_cap=0.65, notional_scale=NotionalScale.PER_POINT)
    assert amount(per_point, notional=10.0) == pytest.approx(48.77)


def test_seasoned_correlation() -> None:
    """Realised and implied correlation are blended by days."""
    book = book_of(contract(correlation(), notional=1_000.0))
    closes = {"A": (100, 101, 100.2), "B": (50, 50.6, 50.1), "C": (20, 20.1, 20.2)}
    observed = market(book, closes, implied={"VS-1/1": (0.4, 0.98)})
    values = valued(book, observed, WEDNESDAY)
    realised = values.rate_or_price[0]

    assert values.amount[0] == pytest.approx(1_000 * 0.98 * (0.4 * realised + 0.6 * 0.4 - 0.60123), rel=1e-12)
    assert -1.0 < realised < 1.0


def test_the_payer_loses_what_the_receiver_gains() -> None:
    """The sign follows the side of the reporting party, and all of it is price."""
    book = book_of(contract(variance()), contract(variance(), payer=Side.PARTY1, reference="VS-2"))
    values = valued(book, market(book, {"A": PRICES}), FIVE_DAYS_LATER)

    assert values.amount[0] == -values.amount[1] == pytest.approx(67_616.975083, abs=PRINTED)
    assert (values.parts[PRICE_PART] == values.amount).all()
    assert (values.status == OK).all()
    assert values.notional[0] == pytest.approx(1_388.888889, abs=PRINTED)
    assert values.rate_or_price[0] == 101.0


def test_what_is_compiled() -> None:
    """One flow from the first observation to the final valuation, paid by the final payment schedule."""
    book = book_of(contract(variance(expected_trading_days=None)), contract(correlation(), notional=1.0))
    flow = book[FLOWS][0]

    assert (flow["kind"], flow["start_day"], flow["end_day"]) == (
        MOMENT,
        day_number(MONDAY),
        day_number(FIVE_DAYS_LATER),
    )
    assert flow["payment_day"] == day_number(date(2024, 3, 13))
    assert list(CashflowType)[flow["cashflow_type"]] is CashflowType.EQUITY_RETURN
    assert [list(CashflowSubtype)[one] for one in book[FLOWS]["subtype"]] == [
        CashflowSubtype.VARIANCE_RETURN,
        CashflowSubtype.CORRELATION_RETURN,
    ]
    assert book.names[CALENDARS] == ("XNYS",)
    assert book[MOMENTS]["expected_days"].tolist() == [5, 5]
    assert [(row["first_instrument"], row["last_instrument"]) for row in book[MOMENTS]] == [(0, 1), (1, 4)]


def test_only_active_flows_are_written() -> None:
    """A flow that is not asked for keeps what the other subjects wrote."""
    book = book_of(contract(variance()))
    values = valued(book, market(book, {"A": PRICES}), FIVE_DAYS_LATER)
    untouched = replace(values, parts=values.parts.copy())
    value_moments(book, market(book, {"A": PRICES[:2]}), day_number(FIVE_DAYS_LATER), np.zeros(1, np.uint8), values)

    assert (values.parts == untouched.parts).all()
