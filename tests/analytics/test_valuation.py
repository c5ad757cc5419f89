"""Present values, yields and spreads: worked examples, QuantLib, properties, and where there is no root."""

import math
from datetime import date

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  (the name its own documentation uses)
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.cashflow_vector import CashflowVector, compounding_periods
from engine.analytics.risk import durations, weighted_average_life
from engine.analytics.valuation import (
    SolveStatus,
    present_value,
    present_value_over_paths,
    present_value_with_spread,
    solve_option_adjusted_spread,
    solve_spread,
    solve_yield,
)
from engine.conventions.day_count import DayCount
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Mode, Quirk

LEGACY = Mode.LEGACY.quirks

# spec 01 §10.6
BOND_SETTLE = date(2016, 2, 15)
BOND_DATES = [date(2016, 3, 31), date(2016, 6, 30), date(2016, 9, 30), date(2016, 12, 30)]
BOND_CASH = [1.25, 1.25, 1.25, 101.25]
BOND_CURVE = [(1, 0.0040), (3, 0.0060), (6, 0.0090), (12, 0.0120), (24, 0.0200)]
PRINTED = 5.1e-11

# spec 02 §19 GV-3
GV3_DATE = date(2016, 3, 23)
GV3_DATES = [date(2016, 4, 15), date(2016, 7, 15), date(2016, 10, 17), date(2017, 1, 17)]
GV3_PRINCIPAL = [0.0, 10e6, 10e6, 20e6]
GV3_CASH = [200e3, 200e3 + 10e6, 150e3 + 10e6, 100e3 + 20e6]
GV3_CURVE = [
    (1, 0.0044),
    (2, 0.0052),
    (3, 0.0063),
    (6, 0.0090),
    (12, 0.0121),
    (24, 0.0100),
    (36, 0.0115),
    (60, 0.0140),
    (84, 0.0165),
    (120, 0.0190),
    (360, 0.0230),
]
SOLVER = 1e-9

DISCOUNTING = [frozenset[Quirk](), frozenset({Quirk.ZERO_AS_FORWARD})]

positive_flows = st.lists(st.floats(0.1, 100.0), min_size=1, max_size=60)


def bond(quirks: frozenset[Quirk] = frozenset()) -> tuple[CashflowVector, np.ndarray]:
    flows = CashflowVector.of(BOND_SETTLE, BOND_DATES, BOND_CASH, quirks=quirks)
    curve = IndexCurve.of(BOND_SETTLE, BOND_CURVE, quirks)
    return flows, curve.zeros(BOND_SETTLE, flows.days)


def quarterly_vector(cash: list[float], *, day: int = 15) -> CashflowVector:
    dates = [date(2016 + (3 * k + 3) // 12, (3 * k + 3) % 12 + 1, 15) for k in range(len(cash))]
    return CashflowVector.of(date(2016, 2, day), dates, cash, day_count=DayCount.THIRTY_360_US)


def ql_leg(flows: CashflowVector) -> ql.Leg:
    epoch = ql.Date(1, 1, 1970)
    return ql.Leg([ql.SimpleCashFlow(c, epoch + int(d)) for c, d in zip(flows.cash, flows.days, strict=True)])


def test_worked_bond() -> None:
    """Spec 01 §10.6: periods, present value, yield, and both definitions of the spread."""
    flows, zero_rates = bond()
    legacy_flows, legacy_rates = bond(LEGACY)

    assert flows.intervals.tolist() == pytest.approx([45 / 91, 1.0, 1.0, 1.0], rel=1e-15)
    assert zero_rates.tolist() == pytest.approx([0.00451613, 0.0075, 0.00975, 0.01124194], abs=5.1e-9)
    assert present_value(flows, 0.05) == pytest.approx(100.62992730959515, rel=1e-14)
    assert present_value(legacy_flows, 0.05, LEGACY) == pytest.approx(100.62992730959515, rel=1e-14)
    assert solve_yield(flows, 99.0).value == pytest.approx(0.0693805868, rel=0, abs=PRINTED)
    assert solve_yield(legacy_flows, 99.0, LEGACY).value == pytest.approx(0.0693805868, rel=0, abs=PRINTED)
    assert solve_spread(flows, zero_rates, 99.0).value == pytest.approx(0.0581841551, rel=0, abs=PRINTED)
    assert solve_spread(legacy_flows, legacy_rates, 99.0, LEGACY).value == pytest.approx(0.0606173873, abs=PRINTED)


def test_worked_tranche_of_the_legacy_model() -> None:
    """Spec 02 GV-3, all six measures."""
    flows = CashflowVector.of(GV3_DATE, GV3_DATES, GV3_CASH, quirks=LEGACY)
    zero_rates = IndexCurve.of(GV3_DATE, GV3_CURVE, LEGACY).zeros(GV3_DATE, flows.days)
    value = 0.99 * 40e6

    annual_yield = solve_yield(flows, value, LEGACY).value
    macaulay, modified = durations(flows, annual_yield, value, LEGACY)

    assert flows.intervals.tolist() == pytest.approx([0.252747253, 1.0, 1.021739130, 1.0], abs=5.1e-10)
    assert present_value_with_spread(flows, zero_rates, 0.02, LEGACY) / 40e6 == pytest.approx(0.998606994780, abs=1e-12)
    assert annual_yield == pytest.approx(0.0421113234561, rel=0, abs=SOLVER)
    assert solve_spread(flows, zero_rates, value, LEGACY).value == pytest.approx(0.033994642876, rel=0, abs=SOLVER)
    wal = weighted_average_life(GV3_DATE, GV3_DATES, GV3_PRINCIPAL, 40e6, 50e6)
    assert wal == pytest.approx(0.505205479, abs=5.1e-10)
    assert macaulay == pytest.approx(0.625403680, abs=5.1e-10)
    assert modified == pytest.approx(0.618888130, abs=5.1e-10)


def test_average_life_is_over_the_current_balance_in_standard_mode() -> None:
    """DQ-22: a note paid down by a fifth shows a quarter more than over its original balance."""
    legacy = weighted_average_life(GV3_DATE, GV3_DATES, GV3_PRINCIPAL, 40e6, 50e6)

    assert weighted_average_life(GV3_DATE, GV3_DATES, GV3_PRINCIPAL, 40e6, 40e6) == pytest.approx(legacy * 1.25)


def test_principal_never_repaid_counts_to_the_last_date() -> None:
    """Average life of a note that repays nothing is its last date's."""
    days = (GV3_DATES[-1] - GV3_DATE).days

    assert weighted_average_life(GV3_DATE, GV3_DATES, [0.0] * 4, 40e6, 40e6) == pytest.approx(days / 365.0)
    assert math.isnan(weighted_average_life(GV3_DATE, GV3_DATES, [0.0] * 4, 0.0, 0.0))


@given(positive_flows, st.floats(-0.5, 2.0), st.integers(1, 15))
def test_yield_durations_and_value_agree_with_quantlib(cash: list[float], annual_yield: float, day: int) -> None:
    """Present value, both durations and the solved yield are QuantLib's for quarterly 30/360 flows."""
    flows = quarterly_vector(cash, day=day)
    rate = ql.InterestRate(annual_yield, ql.Thirty360(ql.Thirty360.USA), ql.Compounded, ql.Quarterly)
    settle = ql.Date(1, 1, 1970) + flows.settle
    leg = ql_leg(flows)
    value = ql.CashFlows.npv(leg, rate, False, settle, settle)
    macaulay, modified = durations(flows, annual_yield, value)

    assert present_value(flows, annual_yield) == pytest.approx(value, rel=1e-11)
    assert macaulay == pytest.approx(ql.CashFlows.duration(leg, rate, ql.Duration.Macaulay, False, settle), rel=1e-10)
    assert modified == pytest.approx(ql.CashFlows.duration(leg, rate, ql.Duration.Modified, False, settle), rel=1e-10)
    assert solve_yield(flows, value).value == pytest.approx(annual_yield, rel=0, abs=1e-11)


@given(positive_flows, st.floats(-3.0, 5.0))
def test_the_yield_of_a_price_gives_the_price(cash: list[float], annual_yield: float) -> None:
    """Solving what was valued returns the yield, far outside the legacy bracket too."""
    flows = quarterly_vector(cash)
    value = present_value(flows, annual_yield)

    solution = solve_yield(flows, value)

    assert solution.is_solved
    assert present_value(flows, solution.value) == pytest.approx(value, rel=1e-11)
    assert solution.value == pytest.approx(annual_yield, rel=1e-11, abs=1e-11)


@given(
    positive_flows, st.floats(-0.2, 2.0), st.floats(0.0, 0.2), st.sampled_from([frozenset(), {Quirk.ZERO_AS_FORWARD}])
)
def test_the_spread_of_a_price_gives_the_price(
    cash: list[float], spread: float, slope: float, quirks: frozenset[Quirk]
) -> None:
    """Solving what was valued returns the spread, under both definitions of discounting."""
    flows = quarterly_vector(cash)
    zero_rates = np.linspace(0.0, slope, flows.n_flows)
    value = present_value_with_spread(flows, zero_rates, spread, quirks)

    solution = solve_spread(flows, zero_rates, value, quirks)

    assert solution.value == pytest.approx(spread, rel=1e-10, abs=1e-11)


@given(positive_flows, st.floats(0.2, 1.5))
def test_both_solver_families_find_the_same_yield(cash: list[float], price: float) -> None:
    """Inside its bracket the legacy bisection agrees with the standard solver."""
    flows = quarterly_vector(cash)
    standard = solve_yield(flows, price * sum(cash)).value
    if -1.4 < standard < 0.99:
        assert solve_yield(flows, price * sum(cash), LEGACY).value == pytest.approx(standard, rel=0, abs=1e-8)


def test_a_single_path_is_an_ordinary_spread() -> None:
    """The spread over one path, and over many equal ones, is the spread of that path."""
    for quirks in DISCOUNTING:
        flows, zero_rates = bond(quirks)
        cash, rates = np.tile(flows.cash, (3, 1)), np.tile(zero_rates, (3, 1))
        expected = solve_spread(flows, zero_rates, 99.0, quirks).value

        assert solve_option_adjusted_spread(flows, cash, rates, 99.0, quirks).value == pytest.approx(
            expected, abs=1e-13
        )
        assert present_value_over_paths(flows, cash, rates, expected, quirks) == pytest.approx(99.0, rel=1e-13)


def test_flows_with_a_payment_in_between_are_solved_by_bracketing() -> None:
    """A vector that changes sign has a yield as well where the present value meets the price."""
    flows = CashflowVector.of(BOND_SETTLE, BOND_DATES, [50.0, -200.0, 50.0, 150.0])

    solution = solve_yield(flows, 20.0)

    assert solution.is_solved
    assert present_value(flows, solution.value) == pytest.approx(20.0, rel=1e-10)


@pytest.mark.parametrize(
    ("cash", "target", "status"),
    [
        ([0.0, 0.0, 0.0, -1.0], 99.0, SolveStatus.NO_POSITIVE_FLOW),
        (BOND_CASH, 0.0, SolveStatus.BAD_TARGET),
        (BOND_CASH, float("nan"), SolveStatus.BAD_TARGET),
        ([1.0, 0.0, 0.0, -100.0], 200.0, SolveStatus.NO_ROOT),
    ],
)
def test_where_there_is_no_yield_the_status_says_why(cash: list[float], target: float, status: SolveStatus) -> None:
    """In standard mode a missing root is NaN with a reason."""
    flows = CashflowVector.of(BOND_SETTLE, BOND_DATES, cash)
    solution = solve_yield(flows, target)
    over_curve = solve_spread(flows, np.zeros(4), target)

    assert (math.isnan(solution.value), solution.status) == (True, status)
    assert (math.isnan(over_curve.value), over_curve.status) == (True, status)


def test_the_legacy_error_value_is_not_a_number() -> None:
    """LQ-52: with annual periods and a high price the bisection meets a power that does not exist."""
    flows = CashflowVector.of(
        BOND_SETTLE, [date(2016, 12, 30), date(2017, 12, 30)], [5.0, 105.0], frequency=1, quirks=LEGACY
    )

    solution = solve_yield(flows, 1e9, LEGACY)

    assert solution.status is SolveStatus.ARITHMETIC_ERROR
    assert math.isnan(solution.value)
    assert solve_yield(flows, 1e9).is_solved


def test_the_legacy_bracket_ends_are_returned() -> None:
    """LQ-52: a price out of reach gives the end of the bracket, -150 % or 100 %, without a warning."""
    flows, _ = bond(LEGACY)

    assert solve_yield(flows, 1e6, LEGACY).value == pytest.approx(-1.5, abs=1e-9)
    assert solve_yield(flows, 1e-3, LEGACY).value == pytest.approx(1.0, abs=1e-9)


def test_the_first_interval_is_counted_back_from_the_payment() -> None:
    """45 of the 91 days before 31 March are left on 15 February; forward counting has 45 of 90."""
    start, end = BOND_SETTLE, BOND_DATES[0]
    counted = [
        compounding_periods(start, end, 3, DayCount.ACTUAL_360, is_settlement=is_settlement)
        for is_settlement in (True, False)
    ]

    assert counted == pytest.approx([45 / 91, 45 / 90])


def test_month_ends_drift_in_legacy_compounding() -> None:
    """LQ-56: back from 31 May by quarters; steps taken one from the other end on the 28th."""
    start, end = date(2015, 12, 30), date(2016, 5, 31)
    anchored = compounding_periods(start, end, 1, DayCount.ACTUAL_360, is_settlement=True)
    drifting = compounding_periods(start, end, 1, DayCount.ACTUAL_360, LEGACY, is_settlement=True)

    assert anchored == pytest.approx(5 + 1 / 31)
    assert drifting == pytest.approx(4 + 30 / 31)


@pytest.mark.parametrize(
    ("dates", "cash", "frequency", "message"),
    [
        (BOND_DATES, [1.0], 4, "CLO-1032: 4 dates for 1 cash flows. Give one date a flow."),
        (BOND_DATES, BOND_CASH, 0, "CLO-1031: 0 compounding periods a year. Give 1 to 12 a year."),
        (BOND_DATES, [1.0, float("nan"), 1.0, 1.0], 4, "CLO-1033: Cash flow 2 is not a number. Give numbers."),
        (BOND_DATES[::-1], BOND_CASH, 4, "CLO-1034: Cash-flow dates do not ascend. Sort the flows by date."),
    ],
)
def test_a_wrong_vector_is_refused(dates: list[date], cash: list[float], frequency: int, message: str) -> None:
    """Each mistake has its number."""
    with pytest.raises(InputError) as caught:
        CashflowVector.of(BOND_SETTLE, dates, cash, frequency=frequency)

    assert str(caught.value) == message


def test_rates_must_match_the_flows() -> None:
    """One zero rate a flow, paths of one shape."""
    flows, zero_rates = bond()

    with pytest.raises(InputError, match="CLO-1035"):
        solve_spread(flows, zero_rates[:2], 99.0)
    with pytest.raises(InputError, match="CLO-1036"):
        solve_option_adjusted_spread(flows, np.ones((2, 4)), np.ones((3, 4)), 99.0)
