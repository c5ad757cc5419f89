"""Loans regrouped on the collection periods of a deal in legacy mode: every case of golden/pool_mapping.json."""

import json
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.collateral.holding import Holding
from engine.collateral.kernels import Floats
from engine.collateral.layout import PoolLayout, default_rows, interest_factors, lay_out_pool
from engine.collateral.periods import CollectionPeriods
from engine.collateral.projection import PoolBuffers, base_rates, map_to_deal_periods, project
from engine.conventions.calendar import Calendar
from engine.conventions.days import day_array, to_date
from engine.market.curve import IndexCurve
from engine.modes import Mode
from tests.conftest import reference_folder
from tests.golden import legacy_records

RELATIVE, MONEY = 1e-9, 1e-6
LEGACY = Mode.LEGACY.quirks
COLUMNS = (
    "beg_balance",
    "beg_default_balance",
    "beg_mv_default_balance",
    "default",
    "mv_default",
    "interest",
    "sched_principal",
    "unsched_principal",
    "recoveries",
    "net_loss",
    "sold",
)

Case = dict[str, Any]


def contents() -> dict[str, Any]:
    path = reference_folder() / "golden" / "pool_mapping.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"cases": [], "holidays": []}
    return found


CONTENTS = contents()
CASES: list[Case] = CONTENTS["cases"]
CALENDAR = Calendar.of(date.fromisoformat(day) for day in CONTENTS["holidays"])


def periods_of(case: Case) -> CollectionPeriods:
    rows = case["inputs"]["payment_dates"]
    return CollectionPeriods(
        day_array(date.fromisoformat(row["collection_begin"]) for row in rows),
        day_array(date.fromisoformat(row["collection_end"]) for row in rows),
    )


def pool_of(case: Case, holdings: list[Holding]) -> tuple[PoolLayout, Floats, Floats]:
    """Layout, pool rows and balances by lane of some holdings of a case."""
    inputs = case["inputs"]
    points = [(int(month), float(rate)) for month, rate in inputs["yield_curve"]["rates"]]
    curve = IndexCurve.of(date.fromisoformat(inputs["yield_curve"]["analysis_date"]), points, LEGACY)
    as_of = date.fromisoformat(inputs["analysis_date"])
    layout = lay_out_pool(holdings, as_of, CALENDAR, LEGACY, periods=periods_of(case))
    buffers = PoolBuffers.of(layout, keeps_balances=False)
    project(layout, interest_factors(layout, curve), base_rates(layout), default_rows(layout), buffers)
    pool, performing = map_to_deal_periods(layout, buffers.flows)
    return layout, pool, performing


def recorded(case: Case, blkrock_id: str) -> Floats:
    """The rows of one loan, zeros after its last one: (N + 2, 11)."""
    rows = np.zeros((periods_of(case).n_periods + 2, len(COLUMNS)))
    for column, name in enumerate(COLUMNS):
        values = case["outputs"]["per_asset"][blkrock_id][name]
        rows[1 : 1 + len(values), column] = values
    return rows


def holdings_of(case: Case) -> list[Holding]:
    return [legacy_records.holding(item) for item in case["inputs"]["assets"]]


def test_the_file_has_cases(reference: object) -> None:
    """An empty file would pass every test below."""
    assert reference
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_loan_falls_into_the_recorded_periods(case: Case) -> None:
    """Each loan alone gives its recorded balances and flows in every period."""
    for holding in holdings_of(case):
        _, pool, _ = pool_of(case, [holding])

        np.testing.assert_allclose(
            pool,
            recorded(case, holding.asset.blkrock_id),
            rtol=RELATIVE,
            atol=MONEY,
            err_msg=holding.asset.blkrock_id,
        )


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_pool_is_the_sum_of_its_loans(case: Case) -> None:
    """Pool rows and the balances of lanes agree with the recorded loans; so does the last maturity."""
    holdings = holdings_of(case)
    layout, pool, performing = pool_of(case, holdings)
    expected = sum(recorded(case, holding.asset.blkrock_id) for holding in holdings)

    np.testing.assert_allclose(pool, expected, rtol=RELATIVE, atol=MONEY)
    for lane, holding in enumerate(layout.holdings):
        balances = recorded(case, holding.asset.blkrock_id)[:, 0]
        np.testing.assert_allclose(performing[:, lane], balances, rtol=RELATIVE, atol=MONEY)
    assert str(to_date(max(rows.maturity for rows in layout.rows))) == case["outputs"]["last_maturity"]
