"""Swaps in cells: the vectors of spec 07 §25 through the functions, and what stored swaps show."""

import itertools
from datetime import date, timedelta

import pytest

from xl_addin.registry.catalogue import by_name, catalogue
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory
from xl_addin.registry.values import serial

CENT_PARTS = 5e-7
"""Half of the last printed digit of the amounts."""

TWELVE_PLACES = 5e-13
"""Half of the last printed digit of year fractions, variances and correlations."""


@pytest.fixture
def call():
    """Calls a function as a cell would, without a database."""

    def no_desk():
        raise AssertionError("a function of numbers alone opened the database")

    dispatcher = Dispatcher(ResultMemory())

    def value(name, *arguments):
        answer = dispatcher.call(name, arguments, CallContext(no_desk))
        return answer.get("v", answer)

    return value


def day(year, month, number):
    """A date as a cell sends it."""
    return {"d": serial(date(year, month, number))}


V1 = {
    ("2023-12-31", "2024-02-29"): (
        0.166666666667, 0.163934426230, 0.163941911820, 0.163888888889, 0.163888888889, 0.166666666667, 0.163888888889,
    ),
    ("2024-01-31", "2024-02-29"): (
        0.080555555556, 0.079234972678, 0.079234972678, 0.080555555556, 0.080555555556, 0.083333333333, 0.080555555556,
    ),
    ("2024-02-29", "2024-03-31"): (
        0.086111111111, 0.084699453552, 0.084699453552, 0.088888888889, 0.086111111111, 0.083333333333, 0.083333333333,
    ),
    ("2024-08-31", "2025-02-28"): (
        0.502777777778, 0.495890410959, 0.494969683360, 0.494444444444, 0.494444444444, 0.500000000000, 0.494444444444,
    ),
}  # fmt: skip
"""V-1: ACT/360, ACT/365L, ACT/ACT.ISDA, 30/360, 30E/360, 30E/360.ISDA, and the last with the end as termination."""


@pytest.mark.parametrize(("start", "end"), V1)
def test_year_fractions_are_the_printed_ones(call, start, end) -> None:
    """V-1, every day count in the table."""
    codes = ("ACT/360", "ACT/365L", "ACT/ACT.ISDA", "30/360", "30E/360", "30E/360.ISDA")
    found = [call("PAY_YEAR_FRACTION", start, end, code) for code in codes]
    found.append(call("PAY_YEAR_FRACTION", start, end, "30E/360.ISDA", end))

    assert found == pytest.approx(V1[start, end], abs=TWELVE_PLACES)


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("RESET", 212_000, (349_800.0, -657_200.0)),
        ("CUMULATIVE", 212_000, (349_800.0, -657_200.0)),
        ("FIXED", 6_243_400, (349_800.0, -622_332.475884)),
    ],
)
def test_a_period_returns_what_its_notional_mode_says(call, mode, quantity, expected) -> None:
    """V-2: two periods on constant units, or on a constant notional."""
    found = [call("PAY_PERIOD_RETURN", mode, quantity, *prices) for prices in ((29.45, 31.10), (31.10, 28.00))]

    assert found == pytest.approx(expected, abs=CENT_PARTS)


@pytest.mark.parametrize(
    ("ratio", "closes", "expected"),
    [
        (1.0, None, 360_400.0),
        (0.85, None, 358_810.0),
        (1.0, 30.0, 360_788.666667),
        (0.85, 30.0, 359_140.366667),
    ],
)
def test_dividends_are_paid_or_reinvested(call, ratio, closes, expected) -> None:
    """V-2: 10,600 and 9,010 beside the price amount; reinvested at 30.00 they are part of it."""
    found = call("PAY_TOTAL_RETURN", "RESET", 212_000, 29.45, 31.10, [[0.05]], ratio, closes)

    assert found == pytest.approx(expected, abs=CENT_PARTS)


@pytest.mark.parametrize(
    ("mode", "end_fx", "expected"),
    [("COMPOSITE", 1.05, 5_500.0), ("QUANTO", 1.05, 11_000.0), ("CROSS_CURRENCY", 1.05, 10_500.0)],
)
def test_fx_features_can_be_told_apart(call, mode, end_fx, expected) -> None:
    """V-3: one move, three amounts; as returns on the notional of 110,000 the same."""
    of_units = call("PAY_PERIOD_RETURN", "RESET", 1_000, 100, 110, 1.10, end_fx, mode)
    on_notional = call("PAY_PERIOD_RETURN", "FIXED", 110_000, 100, 110, 1.10, end_fx, mode)

    assert of_units == pytest.approx(expected, rel=1e-13)
    assert on_notional == pytest.approx(expected, rel=1e-13)


def test_a_basket_period_is_the_sum_of_its_constituents(call) -> None:
    """V-4: +47,500 in the first period and -125 in the second, buy and hold."""
    units = (4_000, 1_750, 5_000)
    closes = ((100, 200, 50), (110, 190, 55), (121, 180.5, 49.5))
    periods = [
        sum(call("PAY_PERIOD_RETURN", "RESET", n, p, q) for n, p, q in zip(units, before, after, strict=True))
        for before, after in itertools.pairwise(closes)
    ]

    assert periods == pytest.approx([47_500.0, -125.0], abs=CENT_PARTS)


V5_DAYS = [20, 21, 22, 25, 26, 27, 28]
V5_RATES = [0.0531, 0.0531, 0.0531, 0.0531, 0.0532, 0.0533, 0.0534, 0.0533, 0.0532, 0.0531, 0.0532]


@pytest.mark.parametrize(
    ("arguments", "rate", "interest"),
    [
        (("compounded",), 5.3307835751, 16_288.505368),
        (("compounded", "LOOKBACK", 2), 5.3244137559, 16_269.042032),
        (("compounded", "OBSERVATION_PERIOD_SHIFT", 2), 5.3280254759, 16_280.077843),
        (("compounded", "LOCKOUT", 2), 5.3316940125, 16_291.287260),
        (("averaged",), 5.3272727273, 16_277.777778),
        (("compounded", "NONE", 0, 0.005), 5.8307835751, 17_816.283146),
        (("spread_compounded", "NONE", 0, 0.005), 5.8314738888, 17_818.392438),
    ],
)
def test_overnight_variants_give_the_printed_rates_and_amounts(call, arguments, rate, interest) -> None:
    """V-5: every variant, its rate in percent and the interest on 10,000,000 over eleven days."""
    days = [day(2024, 3, n) for n in V5_DAYS] + [day(2024, 4, n) for n in range(1, 5)]
    start, end = day(2024, 3, 25), day(2024, 4, 5)
    found = call("PAY_OVERNIGHT_RATE", [[r] for r in V5_RATES], [[d] for d in days], start, end, *arguments)
    amount = call("PAY_ACCRUED_FUNDING", 10_000_000, found, 0, start, end, "ACT/360")

    assert found * 100 == pytest.approx(rate, abs=5e-11)
    assert amount == pytest.approx(interest, abs=CENT_PARTS)


def test_a_missing_overnight_rate_is_named(call) -> None:
    """Nothing is carried forward: the first day without a rate is in the message."""
    found = call("PAY_OVERNIGHT_RATE", [[0.05]], [[day(2024, 3, 25)]], day(2024, 3, 25), day(2024, 3, 27))

    assert found["e"] == "#VALUE!"
    assert "There is no rate of 2024-03-26" in found["m"]


def test_daily_rows_add_up_to_the_interest(call) -> None:
    """V-6: accrued through each day is the rate so far times the days; its first rows are the printed ones."""
    days = [day(2024, 3, n) for n in V5_DAYS] + [day(2024, 4, n) for n in range(1, 5)]
    start = date(2024, 3, 25)
    accrued = [0.0]
    for n in range(1, 5):
        end = {"d": serial(start + timedelta(days=n))}
        rate = call("PAY_OVERNIGHT_RATE", [[r] for r in V5_RATES], [[d] for d in days], day(2024, 3, 25), end)
        accrued.append(call("PAY_ACCRUED_FUNDING", 10_000_000, rate, 0.005, day(2024, 3, 25), end))
    rows = [after - before for before, after in itertools.pairwise(accrued)]

    assert rows == pytest.approx([1_613.888889, 1_616.884639, 1_619.881652, 1_622.879931], abs=CENT_PARTS)


PRICES = [[100], [101], [99.5], [100.5], [102], [101]]
NO = None


def test_realised_variance_is_the_printed_one(call) -> None:
    """V-7: variance, its root, mean-adjusted, with a dividend on day 3 in both styles."""
    paid = [[0], [0], [0], [0.5], [0], [0]]
    found = [
        call("PAY_REALISED_VARIANCE", PRICES, 5),
        call("PAY_REALISED_VOLATILITY", PRICES, 5),
        call("PAY_REALISED_VARIANCE", PRICES, 5, 252, True),
        call("PAY_REALISED_VARIANCE", PRICES, 5, 252, False, paid),
        call("PAY_REALISED_VARIANCE", PRICES, 5, 252, False, paid, "ADD_BACK"),
    ]
    expected = [0.037268422206, 0.193050310039, 0.045338013298, 0.043625681088, 0.043512271165]

    assert found == pytest.approx(expected, abs=TWELVE_PLACES)


@pytest.mark.parametrize(
    ("method", "share", "variance", "payoff"),
    [
        ("PREVIOUS", 0.6, 0.045560206410, 109_668.386754),
        ("PREVIOUS", 1.0, 0.045560206410, 182_780.644589),
        ("LAST", 0.6, 0.024870593663, -62_745.052809),
        ("BOTH", 0.2, 0.024950289190, -20_693.641139),
    ],
)
def test_a_corridor_counts_some_days(call, method, share, variance, payoff) -> None:
    """V-7: conditional variance between 99.6 and 101.0, and what it pays."""
    found = call("PAY_REALISED_VARIANCE", PRICES, 5, 252, False, NO, NO, 99.6, 101.0, method)
    paid = call("PAY_VARIANCE_PAYOFF", found, 18, 50_000, "POINTS", NO, NO, share)

    assert found == pytest.approx(variance, abs=TWELVE_PLACES)
    assert paid == pytest.approx(payoff, abs=CENT_PARTS)


def test_payoffs_of_moments_are_the_printed_ones(call) -> None:
    """V-7: variance and volatility swap with one vega; the decimal scale is the same trade."""
    variance, volatility = call("PAY_REALISED_VARIANCE", PRICES, 5), call("PAY_REALISED_VOLATILITY", PRICES, 5)
    found = [
        call("PAY_VARIANCE_PAYOFF", variance, 18, 50_000),
        call("PAY_VARIANCE_PAYOFF", variance, 0.18, 50_000, "DECIMAL"),
        call("PAY_VOLATILITY_PAYOFF", volatility, 18, 50_000),
        call("PAY_VARIANCE_PAYOFF", variance, 18, 50_000, "POINTS", 19),
    ]
    capped = 50_000 / 36 * (19**2 - 18**2)

    assert found == pytest.approx([67_616.975083, 67_616.975083, 65_251.550193, capped], abs=CENT_PARTS)


def test_correlations_and_their_payoffs_are_the_printed_ones(call) -> None:
    """V-7: equal weights, 50/30/20 %, mean-adjusted, and the bounded payoffs."""
    closes = [
        [100, 50, 20],
        [101, 50.6, 20.1],
        [100.2, 50.1, 20.2],
        [101.9, 50.9, 20.35],
        [101.1, 50.4, 20.4],
        [102.3, 51.2, 20.5],
    ]
    equal = call("PAY_CORRELATION", closes)
    weighted = call("PAY_CORRELATION", closes, [[0.5], [0.3], [0.2]])
    adjusted = call("PAY_CORRELATION", closes, NO, True)
    paid = [
        call("PAY_CORRELATION_PAYOFF", found, 0.60123, 350_000, 0.85123, 0.35123) for found in (equal, weighted, 0.9)
    ]

    assert [equal, weighted, adjusted] == pytest.approx(
        [0.704664921477, 0.772097147405, 0.800838688780], abs=TWELVE_PLACES
    )
    assert paid == pytest.approx([36_202.222517, 59_803.501592, 87_500.0], abs=CENT_PARTS)


def test_risk_numbers_are_the_printed_ones(call) -> None:
    """V-9: quantiles as they are, the shortfall as a loss."""
    thousands = (-9, -7, -5, -4, -3, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
    table = dict(call("PAY_RISK", [[1_000 * n] for n in thousands]))

    assert table["var_95_percentile"] == pytest.approx(-7_100)
    assert table["var_99_percentile"] == pytest.approx(-8_620)
    assert table["mean"] == pytest.approx(150)
    assert table["standard_deviation"] == pytest.approx(4_319.783133, abs=CENT_PARTS)
    assert table["expected_shortfall_95"] == pytest.approx(9_000)
    assert table["is_low_sample_99"] is True


def test_a_small_sample_has_no_risk_numbers(call) -> None:
    """Nineteen days are too few."""
    found = call("PAY_RISK", [[n] for n in range(19)])

    assert (found["e"], "CLO-2193" in found["m"]) == ("#VALUE!", True)


@pytest.mark.parametrize(
    ("method", "amount"),
    [("NONE", 28_000.0), ("STRAIGHT", 28_195.9375), ("FLAT", 28_178.75), ("SPREAD_EXCLUSIVE", 28_162.5)],
)
def test_periods_in_one_payment_compound_as_printed(call, method, amount) -> None:
    """V-15: two quarters at 5.0 % and 5.2 % with a spread of 0.5 %."""
    found = call("PAY_COMPOUNDED_PERIODS", 1_000_000, [[0.05], [0.052]], [[0.25], [0.25]], 0.005, method)

    assert found == pytest.approx(amount, abs=1e-8)


def test_term_interest_is_the_printed_one(call) -> None:
    """V-16: notional times rate and spread on 30/360."""
    found = call("PAY_ACCRUED_FUNDING", 28_469_376, "5%", "0.2%", day(2024, 4, 1), day(2024, 5, 1), "30/360")

    assert found == pytest.approx(123_367.296, abs=CENT_PARTS)


@pytest.mark.parametrize(
    ("name", "arguments", "number"),
    [
        ("PAY_PERIOD_RETURN", ("RESET", 1, 100, 110, 1.1, 1.05), "CLO-4110"),
        ("PAY_PERIOD_RETURN", ("RESET", 1, 100, 110, 0, 1.05, "COMPOSITE"), "CLO-4110"),
        ("PAY_PERIOD_RETURN", ("FIXED", 1, 0, 110), "CLO-4110"),
        ("PAY_PERIOD_RETURN", ("SOMETIMES", 1, 1, 1), "CLO-2110"),
        ("PAY_TOTAL_RETURN", ("RESET", 1, 1, 1, [[1], [1]], 1, [[30]]), "CLO-4110"),
        ("PAY_YEAR_FRACTION", ("2024-01-31", "2024-02-29", "ACT/361"), "CLO-2110"),
        ("PAY_YEAR_FRACTION", ("2024-03-31", "2024-02-29"), "CLO-1914"),
        ("PAY_COMPOUNDED_PERIODS", (1, [[0.05]], [[0.25], [0.25]]), "CLO-4110"),
        ("PAY_OVERNIGHT_RATE", ([[1], [1]], [["2024-03-25"], ["2024-03-25"]], "2024-03-25", "2024-03-26"), "CLO-4110"),
        ("PAY_REALISED_VARIANCE", ([[100]],), "CLO-1959"),
        ("PAY_CORRELATION", ([[1, 1], [1, 1]],), "CLO-2192"),
        ("PAY_VARIANCE_PAYOFF", (0.04, 0, 1), "CLO-1959"),
    ],
)
def test_what_cannot_be_calculated_says_why(call, name, arguments, number) -> None:
    """An error with its number, never a blank or a zero."""
    found = call(name, *arguments)

    assert found["m"].startswith(number), found


def test_functions_of_numbers_alone_need_no_data() -> None:
    """They are open to every user and are answered without a database; the others depend on swaps."""
    depends = {one.name: one.depends for one in catalogue() if one.name.startswith("PAY_")}
    stored = {name for name, on in depends.items() if on}

    assert stored == {
        "PAY_CONTRACTS",
        "PAY_CASHFLOWS",
        "PAY_PNL",
        "PAY_PNL_SERIES",
        "PAY_ACCRUALS",
        "PAY_DEFERRALS",
        "PAY_NETTING",
        "PAY_REPORT",
    }
    assert {depends[name] for name in stored} == {("payouts",)}
    assert by_name()["PAY_PERIOD_RETURN"].depends == ()
