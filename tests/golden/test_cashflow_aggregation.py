"""Several loans by payment date in legacy mode: every case of golden/cashflow_aggregation.json."""

import json
import math
from datetime import date
from typing import Any

import pytest

from engine.collateral.asset_cashflow import PaymentTotals, by_payment_date
from engine.collateral.projection import asset_cashflow
from engine.conventions.calendar import Calendar
from engine.market.curve import IndexCurve
from engine.modes import Mode
from tests.conftest import reference_folder
from tests.golden import legacy_records

RELATIVE, MONEY = 1e-9, 1e-6
LEGACY = Mode.LEGACY.quirks
COLUMNS = {
    "interest": "interest",
    "sched_principal": "scheduled",
    "unsched_principal": "unscheduled",
    "recoveries": "recoveries",
    "total": "total",
}
WINDOW = {
    "interest": "interest",
    "principal": "principal",
    "sched": "scheduled",
    "unsched": "unscheduled",
    "recoveries": "recoveries",
    "net_loss": "net_loss",
}

Case = dict[str, Any]


def contents() -> dict[str, Any]:
    path = reference_folder() / "golden" / "cashflow_aggregation.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"cases": [], "holidays": []}
    return found


CONTENTS = contents()
CASES: list[Case] = CONTENTS["cases"]
CALENDAR = Calendar.of(date.fromisoformat(day) for day in CONTENTS["holidays"])


def added_up(case: Case) -> PaymentTotals:
    cashflows = []
    for item in case["assets"]:
        given = item["yield_curve"]
        points = [(int(month), float(rate)) for month, rate in given["rates"]] if given else []
        curve = IndexCurve.of(date.fromisoformat(given["analysis_date"]), points, LEGACY) if given else None
        as_of = date.fromisoformat(item["analysis_date"])
        cashflows.append(asset_cashflow(legacy_records.holding(item), as_of, CALENDAR, curve, LEGACY))
    return by_payment_date(cashflows)


def test_the_file_has_cases(reference: object) -> None:
    """An empty file would pass every test below."""
    assert reference
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_loans_add_up_by_payment_date(case: Case) -> None:
    """Every date, every column and the totals of every window agree."""
    found = added_up(case)

    assert [str(on) for on in found.payment_date] == [row["payment_date"] for row in case["rows"]]
    assert [
        (legacy, i, getattr(found, name)[i], row[legacy])
        for legacy, name in COLUMNS.items()
        for i, row in enumerate(case["rows"])
        if not math.isclose(getattr(found, name)[i], row[legacy], rel_tol=RELATIVE, abs_tol=MONEY)
    ] == []
    for name, wanted in case.items():
        if not name.startswith("window_"):
            continue
        begin, end = name.removeprefix("window_").split("_")
        totals = found.totals(date.fromisoformat(begin), date.fromisoformat(end))
        assert {
            item: (getattr(totals, WINDOW[item]), value)
            for item, value in wanted.items()
            if not math.isclose(getattr(totals, WINDOW[item]), value, rel_tol=RELATIVE, abs_tol=MONEY)
        } == {}
