"""What a moment leg does with missing prices and missing terms (spec 07 §13.1, §13.2)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import day_number
from engine.errors import ModelError
from engine.payouts.book import moments
from engine.payouts.book.moments import MOMENTS
from engine.payouts.book.tables import CALENDARS, CURRENCIES, LEGS, NO_ROW, PERFORMANCE, ContractRows, LegLine
from engine.payouts.codes import ESTIMATED, INCOMPLETE, MISSING_PRICE, OK
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CorrelationMethod, CorrelationWeighting, WeightType
from engine.payouts.terms.contract import LotClosing, TradeLot
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.returns import ReturnTerms
from tests.payouts.moments.moment_trades import (
    BASKET_PRICES,
    FIVE_DAYS_LATER,
    MONDAY,
    PRICES,
    amount,
    basket,
    book_of,
    compiled,
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

NONE = float("nan")
THURSDAY = date(2024, 3, 7)


def test_a_disrupted_day_is_spanned() -> None:
    """A day without price makes one return of two days; the divisor stays the expected number."""
    gap = {"A": (100.0, 101.0, NONE, 100.5, 102.0, 101.0)}
    without = payout(ReturnTerms(variance=variance_terms()), end=date(2024, 3, 8))

    assert amount(variance(), prices=gap) == pytest.approx(
        amount(without, on=date(2024, 3, 8), prices={"A": (100.0, 101.0, 100.5, 102.0, 101.0)}), rel=1e-12
    )


def test_a_day_with_one_price_missing_is_dropped_for_all() -> None:
    """A correlation uses the days on which every constituent has a price."""
    gap = dict(zip("ABC", BASKET_PRICES, strict=True))
    gap["B"] = (50, 50.6, NONE, 50.9, 50.4, 51.2)
    dropped = {name: (*closes[:2], NONE, *closes[3:]) for name, closes in zip("ABC", BASKET_PRICES, strict=True)}

    assert amount(correlation(), notional=1.0, prices=gap) == amount(correlation(), notional=1.0, prices=dropped)


@pytest.mark.parametrize(("place", "on"), [(0, MONDAY), (5, FIVE_DAYS_LATER)])
def test_the_first_and_the_last_price_are_needed(place: int, on: date) -> None:
    """Without the first or the final price nothing is paid: the value is missing and says which day lacks."""
    prices = [*PRICES]
    prices[place] = NONE
    book = book_of(contract(variance()))
    values = valued(book, market(book, {"A": prices}), FIVE_DAYS_LATER)

    assert values.status[0] == MISSING_PRICE
    assert (values.missing_row[0], values.missing_day[0]) == (0, day_number(on))
    assert values.amount[0] != values.amount[0]


def test_before_the_end_a_missing_price_makes_an_estimate() -> None:
    """On a disrupted day the mark is that of the day before, and flagged."""
    book = book_of(contract(variance()))
    prices = {"A": (*PRICES[:3], NONE, *PRICES[4:])}
    observed = market(book, prices, implied={"VS-1/1": (0.2, 1.0)})
    before, on_it = (valued(book, observed, on) for on in (THURSDAY - timedelta(1), THURSDAY))

    assert on_it.amount[0] == before.amount[0]
    assert (before.status[0], on_it.status[0]) == (OK, ESTIMATED)


def test_days_outside_the_market_are_missing() -> None:
    """A leg that begins before the market data, or is valued after them, has no value."""
    book = book_of(contract(variance()))
    observed = market(book, {"A": PRICES})
    late = replace(observed, first_day=observed.first_day + 1)
    short = market(book, {"A": PRICES[:3]}, n_days=3)

    assert valued(book, late, THURSDAY).status[0] == MISSING_PRICE
    assert valued(book, short, THURSDAY).missing_day[0] == day_number(THURSDAY)


def test_a_price_of_zero_is_no_price() -> None:
    """No return is made of a price that is not positive; the leg names the day."""
    book = book_of(contract(variance()))
    values = valued(book, market(book, {"A": (*PRICES[:3], 0.0, *PRICES[4:])}), FIVE_DAYS_LATER)

    assert (values.status[0], values.missing_day[0]) == (MISSING_PRICE, day_number(THURSDAY))


def test_a_series_that_stands_still_has_no_correlation() -> None:
    """At the end the leg cannot be paid; before it the implied correlation stands for the realised one."""
    still = {"A": BASKET_PRICES[0], "B": BASKET_PRICES[1], "C": (20.0,) * 6}
    book = book_of(contract(correlation(), notional=1.0))
    observed = market(book, still, implied={"VS-1/1": (0.5, 1.0)})

    assert valued(book, observed, FIVE_DAYS_LATER).status[0] == INCOMPLETE
    assert valued(book, observed, THURSDAY).amount[0] == pytest.approx(0.5 - 0.60123)


def test_holidays_of_the_calendar_are_no_observation_days() -> None:
    """A price on a day that the exchange is closed is not observed."""
    book = book_of(contract(variance()))
    observed = market(book, {"A": PRICES})
    closed = observed.good.copy()
    closed[0, day_number(THURSDAY) - observed.first_day] = 0

    value = valued(book, replace(observed, good=closed), FIVE_DAYS_LATER).amount[0]

    assert value == pytest.approx(amount(variance(), prices={"A": (*PRICES[:3], NONE, *PRICES[4:])}), rel=1e-12)


def test_the_valuation_schedule_names_the_calendar() -> None:
    """Business centers of the final valuation schedule come before the exchange; the expected days follow them."""
    plain = variance(expected_trading_days=None)
    schedule = replace(plain.valuation_schedules[0], business_centers=("USNY", "GBLO"))
    trade = contract(replace(plain, valuation_schedules=(schedule,)))
    rows = compiled(trade, CenterCalendars({"USNY": WEEKENDS_ONLY, "GBLO": WEEKENDS_ONLY}))

    assert list(rows.names[CALENDARS]) == ["GBLO+USNY"]
    assert dict(zip(MOMENTS.dtype.names or (), rows.rows[MOMENTS.name][0], strict=True))["expected_days"] == 5


def test_expected_days_from_a_start_on_a_holiday() -> None:
    """S_0 of a start on a Saturday is Monday's price, unless an initial level makes Monday's return count."""
    saturday = MONDAY - timedelta(2)
    at_weekend = replace(variance(expected_trading_days=None), first_observation_date=saturday)
    with_level = replace(variance(expected_trading_days=None, initial_level=100.0), first_observation_date=saturday)
    place = (MOMENTS.dtype.names or ()).index("expected_days")

    assert compiled(contract(at_weekend)).rows[MOMENTS.name][0][place] == 5
    assert compiled(contract(with_level)).rows[MOMENTS.name][0][place] == 6


WITHOUT_EXCHANGE = replace(share(), exchange_mic=None)


@pytest.mark.parametrize(
    ("performance", "problem"),
    [
        (variance(strike_scale=None), "Set strike_scale to POINTS"),
        (volatility(strike_scale=None), "Set strike_scale to POINTS"),
        (variance(volatility_strike_price=None), "Set variance_strike_price or volatility_strike_price"),
        (variance(variance_strike_price=324.0), "Exactly one of variance strike and volatility strike"),
        (variance(volatility_strike_price=0.0), "is not positive"),
        (variance(vega_notional_amount=None), "variance notional or vega notional is missing"),
        (volatility(vega_notional_amount=None), "vega notional is missing"),
        (correlation(), "notional amount of the leg is missing"),
        (correlation(correlation_method=CorrelationMethod.SPEARMAN), "Set correlation_method to PEARSON"),
        (volatility(lower_barrier=90.0), "volatility payoff with barriers"),
        (variance(lower_barrier=90.0, mean_adjustment=True), "mean adjustment is not defined"),
        (variance(lower_barrier=110.0, upper_barrier=90.0), "holds no price"),
        (variance(expected_trading_days=0), "Set expected_trading_days"),
        (replace(variance(), valuation_schedules=()), "final valuation schedule"),
        (replace(variance(), first_observation_date=FIVE_DAYS_LATER), "Put the dates in order"),
        (replace(variance(), underlier=basket((0.5, 0.5))), "Use one leg for each constituent"),
        (
            replace(variance(), underlier=replace(variance().underlier, instrument=WITHOUT_EXCHANGE)),
            "Give the instrument its exchange",
        ),
        (variance(vega_notional_currency="EUR"), "Set the leg's settlement currency to EUR"),
        (payout(ReturnTerms()), "no variance, volatility or correlation terms"),
    ],
)
def test_missing_terms_name_the_leg_and_the_remedy(performance: PerformancePayout, problem: str) -> None:
    """A leg that cannot be valued is refused when compiled, and leaves no row behind."""
    with pytest.raises(ModelError, match=problem) as caught:
        compiled(contract(performance))

    assert (caught.value.number, caught.value.where) == ("CLO-1958", "VS-1 leg 1")


@pytest.mark.parametrize(
    ("weights", "kind", "problem"),
    [
        ((0.5, None), WeightType.PERCENTAGE, "B has no percentage or notional weight"),
        ((10.0, 20.0), WeightType.UNITS, "A has no percentage or notional weight"),
        ((1.0,), WeightType.PERCENTAGE, "at least two constituents"),
    ],
)
def test_basket_weights_are_needed(weights: tuple[float | None, ...], kind: WeightType, problem: str) -> None:
    """Weighting by the basket asks for percentages or notionals of two constituents or more."""
    performance = correlation(basket(weights, kind), weighting=CorrelationWeighting.BASKET_WEIGHTS)

    with pytest.raises(ModelError, match=problem):
        compiled(contract(performance, notional=1.0))


def test_closed_lots_are_refused() -> None:
    """Part of a moment leg is terminated at an agreed amount, never by closing a lot."""
    trade = contract(variance())
    closing = LotClosing(event_reference="E1", event_date=MONDAY, settlement_date=MONDAY, quantity=1.0, price=1.0)
    lot = TradeLot(
        lot_identifier="L1", cost_date=MONDAY, settlement_date=MONDAY, notional_amount=1.0, closings=(closing,)
    )
    closed = replace(trade, legs=(replace(trade.legs[0], lots=(lot,)),))

    with pytest.raises(ModelError, match="cannot be closed"):
        compiled(closed)


def test_a_refused_leg_leaves_no_row() -> None:
    """Bad terms never leave half a leg in the book."""
    trade = contract(variance(strike_scale=None))
    rows = ContractRows("VS-1")
    leg_row = rows.add(LEGS, LegLine(0, 1, 1, rows.name(CURRENCIES, "USD"), PERFORMANCE, NO_ROW, NO_ROW))
    with pytest.raises(ModelError):
        moments.compile_moments(trade, trade.legs[0], leg_row, {}, CenterCalendars({}), rows)

    assert set(rows.rows) == {LEGS.name}
