"""Measures of classes in cells: those of the stored run, and what another price or margin makes of its flows."""

from datetime import date, timedelta
from math import isnan

import numpy as np
import pytest

from engine.deal.results import RISK_COLUMNS
from engine.desk.desk import Desk
from engine.desk.reading.run_views import measures_of
from engine.modes import Mode
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.conftest import RATES_UP
from tests.xl_addin.functions.tables import column, numbers
from workbooks.demo import DEAL_NAME

METRICS = ["yield", "dm", "price", "wal", "macaulay", "modified", "total_interest", "total_principal", "irr"]
_ROOT = 1e-9
"""What two solutions of one equation may differ by; the solvers stop at 1e-12."""
_EPOCH = date(1899, 12, 30)


def test_the_table_holds_what_the_run_stored(demo: CallCell, ran_desk: Desk) -> None:
    """One row a class, senior first, the stored measures to the last digit, and the totals of the flows."""
    table = demo("CLO_TRANCHE_METRICS", DEAL_NAME, None, "STRESS")
    result = ran_desk.latest_run(DEAL_NAME, "STRESS").result

    assert table[0] == ["class_name", *METRICS]
    assert column(table, "class_name") == list(result.tranche_names)
    for place, name in enumerate(METRICS[:6]):
        np.testing.assert_array_equal(numbers(table, name), result.risk[:, place])
    np.testing.assert_allclose(
        numbers(table, "total_interest") + numbers(table, "total_principal"),
        np.nansum(result.tranches[:, :, [3, 4, 8, 9]], axis=(0, 2)),
        rtol=1e-12,
    )


def test_a_single_metric_is_the_cell_of_the_table(demo: CallCell) -> None:
    """Each metric of a class alone."""
    table = demo("CLO_TRANCHE_METRICS", DEAL_NAME)
    row = table[1:][column(table, "class_name").index("Class C")]

    assert [demo("CLO_TRANCHE_METRIC", DEAL_NAME, "C", metric) for metric in METRICS] == row[1:]


@pytest.mark.parametrize(
    ("scenario", "mode"),
    [("BASE", Mode.STANDARD), ("BASE", Mode.LEGACY), ("STRESS", Mode.STANDARD), (RATES_UP, Mode.STANDARD)],
)
def test_at_the_stored_price_the_stored_measures_come_back(ran_desk: Desk, scenario: str, mode: Mode) -> None:
    """Calculated again from flows, curve and day count, every measure is the one that the run found, in both modes."""
    views = ran_desk.views(ran_desk.data_versions())
    run = next(run for run in ran_desk.runs(DEAL_NAME) if (run.scenario, run.mode) == (scenario, mode.value))
    measures = measures_of(views, run)

    for place, one in enumerate(measures.inputs):
        if not one.current_balance or one.price is None or one.discount_margin is None:
            continue
        again = (
            measures.yield_at(place, one.price),
            measures.margin_at(place, one.price),
            measures.price_at(place, one.discount_margin),
            measures.stored(place, "wal"),
            *measures.durations_at(place, one.price),
        )
        stored = [measures.stored(place, name) for name in RISK_COLUMNS]
        for found, expected in zip(again, stored, strict=True):
            assert found == pytest.approx(expected, abs=_ROOT) or (isnan(found) and expected <= 0.0), one.name


def test_price_margin_and_yield_explain_each_other(demo: CallCell) -> None:
    """The price at a margin has that margin; a lower price yields more, and par at the coupon's margin is par."""
    price = demo("CLO_TRANCHE_METRIC", DEAL_NAME, "Class B", "price", 0.03)

    assert demo("CLO_TRANCHE_METRIC", DEAL_NAME, "Class B", "dm", price) == pytest.approx(0.03, abs=_ROOT)
    yields = [demo("CLO_TRANCHE_METRIC", DEAL_NAME, "Class B", "yield", at) for at in (0.95, 0.98, 1.0)]
    assert yields == sorted(yields, reverse=True)


def test_the_internal_rate_makes_the_flows_worth_the_price(demo: CallCell) -> None:
    """Discounted at the rate by actual days / 365 the payments of the class add up to the price paid on the date."""
    table = demo("CLO_TRANCHE_CASHFLOW", DEAL_NAME, "Class D")
    rate = demo("CLO_TRANCHE_METRIC", DEAL_NAME, "Class D", "irr", 0.97)
    as_of = date(2016, 3, 31)
    days = np.array([(_EPOCH + timedelta(days=cell["d"]) - as_of).days for cell in column(table, "payment_date")])
    paid = sum(
        numbers(table, name)
        for name in ("interest_paid", "principal_paid", "deferred_interest_paid", "deferred_principal_paid")
    )

    assert (paid * (1.0 + rate) ** (-days / 365.0)).sum() == pytest.approx(0.97 * 27_500_000.0, rel=1e-7)


@pytest.mark.parametrize(
    ("metric", "value", "code", "said"),
    [
        ("wal", 0.98, "#VALUE!", "CLO-2176: wal depends on no price"),
        ("yield", -1.0, "#NUM!", "CLO-2180: There is no yield of Class B on these flows at -1"),
        ("convexity", None, "#VALUE!", "Choose yield, dm, price"),
    ],
)
def test_what_no_metric_can_be(demo: CallCell, metric: str, value: float | None, code: str, said: str) -> None:
    """An input that a metric does not know, a price without a root, a metric that does not exist."""
    answer = demo("CLO_TRANCHE_METRIC", DEAL_NAME, "Class B", metric, value)

    assert answer["e"] == code
    assert said in answer["m"]
