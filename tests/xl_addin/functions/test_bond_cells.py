"""Bond mathematics and curve in cells, against QuantLib and the worked examples of spec 01 §10."""

from collections.abc import Iterator

import pytest
import QuantLib as ql  # noqa: N813  (the name its own documentation uses)

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.deal.assumptions import AssumptionSet
from engine.desk import assumption_sets
from engine.desk.desk import Desk
from tests.conftest import fresh_database
from tests.xl_addin.conftest import CallCell
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

DAYS = [["2016-03-31"], ["2016-06-30"], ["2016-09-30"], ["2016-12-30"]]
AMOUNTS = [[1.25], [1.25], [1.25], [101.25]]
SETTLEMENT = "2016-02-15"
PRINTED = 5e-11
MONTH_END = 3e-5
CURVE = ((1, 0.004), (3, 0.006), (6, 0.009), (12, 0.012))
LONGER = (*CURVE, (24, 0.02))


@pytest.fixture(scope="module")
def example(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[CallCell]:
    """Cells on a desk that knows the curves of the worked examples, and nothing else."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(LocalCache()))
        for name, curve in (("example 10.4", CURVE), ("example 10.5", LONGER)):
            desk.documents.store_assumption_set(assumption_sets.to_json(AssumptionSet(name=name, curve=curve)), "test")
        yield _cells_on(desk)
        store.close()


def _cells_on(desk: Desk) -> CallCell:
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(lambda: desk)

    def call(name: str, *arguments: object) -> object:
        answer = dispatcher.call(name, arguments, ctx)
        return answer.get("v", answer)

    return call


def test_present_value_and_yield_are_those_of_the_worked_example(demo: CallCell) -> None:
    """Spec 01 §10.6: 100.62992730959515 at 5 %, and 6.93805868 % at 99."""
    assert demo("CLO_PV", DAYS, AMOUNTS, SETTLEMENT, 0.05) == pytest.approx(100.62992730959515, abs=1e-12)
    assert demo("CLO_YIELD", DAYS, AMOUNTS, SETTLEMENT, 99) == pytest.approx(0.0693805868, abs=PRINTED)


def test_spread_is_that_of_the_worked_example_in_both_modes(example: CallCell) -> None:
    """Spec 01 §10.6: the corrected definition by default, the chained one in legacy mode."""
    arguments = (DAYS, AMOUNTS, SETTLEMENT, 99, "example 10.5", None, None, SETTLEMENT)
    standard = example("CLO_ZSPREAD", *arguments)

    assert standard == pytest.approx(0.0581841551, abs=PRINTED)
    assert example("CLO_ZSPREAD", *arguments, "legacy") == pytest.approx(0.0606173873, abs=1e-7)
    value = example("CLO_PV_SPREAD", DAYS, AMOUNTS, SETTLEMENT, standard, "example 10.5", None, None, SETTLEMENT)
    assert value == pytest.approx(99.0, abs=1e-9)


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("CLO_SPOT_RATE", ("2016-01-15", 3), 0.0060000000),
        ("CLO_SPOT_RATE", ("2016-03-31", 3), 0.0110069916),
        ("CLO_SPOT_RATE", ("2016-06-30", 3), 0.0134138254),
        ("CLO_FORWARD_RATE", ("2016-02-29",), 0.0069674740),
        ("CLO_ZERO_RATE", ("2016-01-15", "2016-02-15"), 0.0040000000),
        ("CLO_ZERO_RATE", ("2016-01-15", "2016-04-30"), 0.0065000000),
        ("CLO_ZERO_RATE", ("2016-01-29", "2016-03-18"), 0.0055438363),
    ],
)
def test_rates_are_those_of_the_worked_example(
    example: CallCell, function: str, arguments: tuple[object, ...], expected: float
) -> None:
    """Spec 01 §10.4, in legacy mode, which the table was made with; away from month ends both modes agree."""
    padded = (*arguments, *([1] if function == "CLO_FORWARD_RATE" else []), "example 10.4", "2016-01-15")

    assert example(function, *padded, "legacy") == pytest.approx(expected, abs=PRINTED)
    assert example(function, *padded) == pytest.approx(expected, abs=MONTH_END)


def test_a_curve_that_is_too_short_is_no_number(example: CallCell) -> None:
    """Standard mode says where the curve ends; legacy mode goes on, with 0 past the end (LQ-47)."""
    arguments = ("2016-12-01", 3, "example 10.4", "2016-01-15")

    answer = example("CLO_SPOT_RATE", *arguments)

    assert answer["e"] == "#NUM!"
    assert "CLO-4071: The curve ends on 2017-01-15 and is asked up to 2017-03-01" in answer["m"]
    assert example("CLO_SPOT_RATE", *arguments, "legacy") == pytest.approx(0.00565081, abs=5e-9)


def test_yield_and_durations_agree_with_quantlib(demo: CallCell) -> None:
    """A five-year quarterly bullet from a coupon date, 30/360, where both count whole periods."""
    dates = [ql.Date(15, 3, 2016) + ql.Period(3 * k, ql.Months) for k in range(1, 21)]
    amounts = [1.25] * 19 + [101.25]
    leg = ql.Leg([ql.SimpleCashFlow(amount, day) for amount, day in zip(amounts, dates, strict=True)])
    day_counter, settlement = ql.Thirty360(ql.Thirty360.BondBasis), ql.Date(15, 3, 2016)
    rate = ql.InterestRate(0.06, day_counter, ql.Compounded, ql.Quarterly)
    arguments = ([[day.ISO()] for day in dates], [[amount] for amount in amounts], "2016-03-15")
    pv = ql.CashFlows.npv(leg, rate, False, settlement, settlement)

    assert demo("CLO_PV", *arguments, 0.06, "30/360") == pytest.approx(pv, rel=1e-12)
    assert demo("CLO_YIELD", *arguments, pv, "30/360") == pytest.approx(0.06, abs=1e-12)
    for kind, quantlib_kind in (("macaulay", ql.Duration.Macaulay), ("modified", ql.Duration.Modified)):
        expected = ql.CashFlows.duration(leg, rate, quantlib_kind, False, settlement)
        assert demo("CLO_DURATION", *arguments, 0.06, kind, "30/360") == pytest.approx(expected, rel=1e-9)


def test_discount_factor_and_present_value_are_the_same_arithmetic(demo: CallCell) -> None:
    """A single flow is worth its amount times the discount factor."""
    factor = demo("CLO_DISCOUNT_FACTOR", 0.05, SETTLEMENT, "2016-12-30")

    assert demo("CLO_PV", "2016-12-30", 100, SETTLEMENT, 0.05) == pytest.approx(100 * factor, rel=1e-14)


def test_average_life_weighs_days_or_in_legacy_mode_counts_flows(demo: CallCell) -> None:
    """Half after one year and half after two on Actual/365; the legacy routine knows quarters only (LQ-55)."""
    arguments = ([["2018-03-01"], ["2019-03-01"]], [[50], [50]], "2017-03-01")

    assert demo("CLO_WAL", *arguments) == pytest.approx(1.5, abs=1e-15)
    assert demo("CLO_WAL", *arguments, "legacy") == pytest.approx((0.25 + 0.5) / 2, abs=1e-15)


def test_flows_before_settlement_are_refused(demo: CallCell) -> None:
    """A price does not pay for what was paid before."""
    answer = demo("CLO_PV", DAYS, AMOUNTS, "2016-04-15", 0.05)

    assert answer["m"].startswith("CLO-1039: The flow of 2016-03-31 lies before settlement on 2016-04-15")


@pytest.mark.parametrize("convention", ["following", "modified_following", "previous"])
def test_business_days_are_those_of_the_federal_reserve(demo: CallCell, convention: str) -> None:
    """Every day of three years is moved as QuantLib's calendar moves it."""
    calendar = ql.UnitedStates(ql.UnitedStates.FederalReserve)
    word = {"following": ql.Following, "modified_following": ql.ModifiedFollowing, "previous": ql.Preceding}[convention]
    first = ql.Date(1, 1, 2015)
    days = [first + k for k in range(0, 3 * 365, 2)]
    expected = [calendar.adjust(day, word).serialNumber() for day in days]

    found = [demo("CLO_BUSINESS_DAY", day.ISO(), convention, "US")["d"] for day in days]

    assert found == expected


def test_business_days_are_counted_both_ways(demo: CallCell) -> None:
    """QuantLib advances by the same number of business days; 0 is the first one on or after the day."""
    calendar = ql.UnitedStates(ql.UnitedStates.FederalReserve)
    start = ql.Date(15, 6, 2016)
    for n in (-250, -8, -1, 1, 2, 30, 500):
        expected = calendar.advance(start, n, ql.Days).serialNumber()
        assert demo("CLO_ADD_BUSINESS_DAYS", "2016-06-15", n, "US")["d"] == expected
    assert demo("CLO_ADD_BUSINESS_DAYS", "2016-07-03", 0, "US")["d"] == ql.Date(5, 7, 2016).serialNumber()


def test_no_workbook_is_an_error_that_tells_to_import_one(store: Store) -> None:
    """A cell on an empty database names what is missing."""
    answer = _cells_on(Desk(store, Cache(LocalCache())))("CLO_YIELD_CURVE")

    assert answer["e"] == "#N/A"
    assert answer["m"].startswith("CLO-4070: No workbook was imported")
