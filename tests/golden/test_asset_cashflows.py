"""Single loans in legacy mode against the legacy model: every case of golden/asset_cashflows.json."""

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.assumptions import RATING_DRIVEN
from engine.collateral.projection import asset_cashflow
from engine.collateral.schedule import asset_schedule
from engine.collateral.spread import z_spread
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_dates
from engine.errors import ClodeskError
from engine.market.curve import IndexCurve
from engine.modes import Mode
from tests.conftest import reference_folder
from tests.golden import legacy_records

RELATIVE, MONEY, SOLVER = 1e-9, 1e-6, 1e-9
LEGACY = Mode.LEGACY.quirks

COLUMNS = {
    "balance_begin": "beg_balance",
    "default": "default",
    "default_value": "mv_default",
    "interest": "interest",
    "scheduled": "sched_principal",
    "unscheduled": "unsched_principal",
    "balance_end": "end_balance",
    "recoveries": "recoveries",
    "net_loss": "net_loss",
    "total": "total",
    "default_balance": "beg_default_balance",
    "default_value_balance": "beg_mv_default_balance",
}
WINDOW = {
    "interest": "interest",
    "unsched": "unscheduled",
    "sched": "scheduled",
    "recoveries": "recoveries",
    "net_loss": "net_loss",
    "defaults": "default",
    "defaults_first_period": "default_first_period",
    "mv_defaults": "default_value",
}
ARGUMENTS = {
    "analysis_date",
    "initial_settlement_date",
    "curr_balance",
    "prepay",
    "default",
    "severity",
    "lag_month",
    "end_cf_date",
}

Case = dict[str, Any]


def contents() -> dict[str, Any]:
    path = reference_folder() / "golden" / "asset_cashflows.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"cases": [], "holidays": []}
    return found


CONTENTS = contents()
CASES: list[Case] = CONTENTS["cases"]
CALENDAR = Calendar.of(date.fromisoformat(day) for day in CONTENTS["holidays"])


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def curve_of(case: Case) -> IndexCurve | None:
    given = case["inputs"]["yield_curve"]
    if given is None:
        return None
    points = [(int(month), float(rate)) for month, rate in given["rates"]]
    return IndexCurve.of(date.fromisoformat(given["analysis_date"]), points, LEGACY)


def projected(case: Case) -> AssetCashflow:
    """The cash flow of a case; arguments of the call take the place of the loan's own, a lag of 0 does not (LQ-17)."""
    inputs = case["inputs"]
    call = inputs["calc"]
    assert set(call) <= ARGUMENTS, f"unknown arguments {set(call) - ARGUMENTS}"
    holding = legacy_records.holding(inputs)
    assumptions = holding.assumptions
    if "prepay" in call:
        assumptions = replace(assumptions, cpr=legacy_records.rate(call["prepay"]))
    if "default" in call:
        is_text = isinstance(call["default"], str)
        assumptions = replace(assumptions, cdr=RATING_DRIVEN if is_text else legacy_records.rate(call["default"]))
    if "severity" in call:
        assumptions = replace(assumptions, severity=legacy_records.rate(call["severity"]))
    if call.get("lag_month"):
        assumptions = replace(assumptions, recovery_lag_months=float(call["lag_month"]))
    return asset_cashflow(
        replace(holding, assumptions=assumptions),
        date.fromisoformat(call["analysis_date"]),
        CALENDAR,
        curve_of(case),
        LEGACY,
        balance=call.get("curr_balance"),
        initial_settlement=day(call.get("initial_settlement_date")),
        end=day(call.get("end_cf_date")),
        is_rating_migration_on=bool(inputs["use_rating_migration"]),
    )


def is_close(found: float, wanted: float) -> bool:
    return math.isclose(found, wanted, rel_tol=RELATIVE, abs_tol=MONEY)


def row_mismatches(cashflow: AssetCashflow, rows: list[Case]) -> list[Any]:
    wrong: list[Any] = []
    for name, legacy in COLUMNS.items():
        found = getattr(cashflow, name)
        wrong += [
            (legacy, i, found[i], row[legacy]) for i, row in enumerate(rows) if not is_close(found[i], row[legacy])
        ]
    wrong += [
        (legacy, i, str(found[i]), row[legacy])
        for found, legacy in ((cashflow.payment_date, "payment_date"), (cashflow.accrual_begin, "accrual_begin"))
        for i, row in enumerate(rows)
        if str(found[i]) != row[legacy]
    ]
    return wrong


def window_mismatches(cashflow: AssetCashflow, name: str, wanted: Case) -> list[Any]:
    begin, end = name.removeprefix("window_").split("_")
    totals = cashflow.totals(date.fromisoformat(begin), date.fromisoformat(end))
    wrong: list[Any] = []
    for item, value in wanted.items():
        if item.startswith("balance_"):
            found = cashflow.balance_at(date.fromisoformat(item.removeprefix("balance_")))
        else:
            found = getattr(totals, WINDOW[item])
        if not is_close(found, value):
            wrong.append((item, found, value))
    return wrong


def spread_mismatches(case: Case, cashflow: AssetCashflow) -> list[Any]:
    wrong: list[Any] = []
    for name, wanted in case["outputs"].items():
        if not name.startswith("z_spread_at_"):
            continue
        price = float(name.removeprefix("z_spread_at_")) / 100.0
        found = z_spread(cashflow, price, curve_of(case) or default_curve(), LEGACY).value
        is_right = math.isnan(found) if isinstance(wanted, dict) else abs(found - wanted) <= SOLVER
        if not is_right:
            wrong.append((name, found, wanted))
    return wrong


def default_curve() -> IndexCurve:
    """The curve that spreads of a loan without a curve of its own are over: that of the other loans of the file."""
    found = next(curve for curve in map(curve_of, CASES) if curve is not None)
    return found


def test_the_file_has_cases(reference: Path) -> None:
    """An empty file would pass every test below."""
    assert (reference / "golden" / "asset_cashflows.json").is_file()
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_loan_reproduces_every_recorded_number(case: Case) -> None:
    """Rows, dates, coupon left, window totals and spread agree; where the legacy model stopped, there is no number."""
    outputs = case["outputs"]
    if "error" in outputs:
        with pytest.raises(ClodeskError):
            projected(case)
        return
    cashflow = projected(case)

    assert cashflow.n_rows == len(outputs["rows"])
    assert row_mismatches(cashflow, outputs["rows"]) == []
    assert math.isclose(cashflow.next_coupon, outputs["coupon_after_run"], rel_tol=RELATIVE)
    assert [
        mismatch
        for name, wanted in outputs.items()
        if name.startswith("window_")
        for mismatch in window_mismatches(cashflow, name, wanted)
    ] == []
    assert spread_mismatches(case, cashflow) == []


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_loan_pays_on_the_recorded_dates(case: Case) -> None:
    """Interest dates and payment dates of the whole life agree, past ones included."""
    outputs = case["outputs"]
    holding = legacy_records.holding(case["inputs"])
    if "schedule_dates" not in outputs:
        with pytest.raises(ClodeskError):
            asset_schedule(holding, CALENDAR, LEGACY)
        return
    schedule = asset_schedule(holding, CALENDAR, LEGACY)

    assert [str(on) for on in to_dates(schedule.interest_days)] == outputs["interest_dates"]
    assert [str(on) for on in to_dates(schedule.payment_days)] == outputs["schedule_dates"]
    assert np.all(np.diff(schedule.payment_days) > 0)
