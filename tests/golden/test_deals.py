"""Whole deals in legacy mode against the legacy model: every file of golden/deals, every recorded number."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.conventions.calendar import Calendar
from engine.deal.results import (
    DEAL_COLUMNS,
    FEE_COLUMNS,
    IC_COLUMNS,
    OC_COLUMNS,
    POOL_COLUMNS,
    RISK_COLUMNS,
    TRANCHE_COLUMNS,
    DealResult,
)
from engine.deal.run import DealMarket, run_deal
from engine.market.curve import IndexCurve
from engine.modes import Mode, Quirk, Quirks
from tests.conftest import reference_folder
from tests.golden import legacy_records

RELATIVE, MONEY, SOLVER, IRR = 1e-9, 1e-6, 1e-9, 1e-6
MISSPELLINGS = {Quirk.MAG7_MISSPELT_CLASS, Quirk.MAG16_MISSPELT_METHOD}

DEAL_NAMES = dict(
    zip(("int_proceeds", "prin_proceeds", "notes_payable", "reinvestment", "libor"), DEAL_COLUMNS, strict=True)
)
POOL_NAMES = dict(
    zip(
        (
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
        ),
        POOL_COLUMNS,
        strict=True,
    )
)
TRANCHE_NAMES = dict(
    zip(
        (
            "coupon",
            "beg_balance",
            "int_accrued",
            "int_paid",
            "prin_paid",
            "end_balance",
            "def_beg_balance",
            "def_int_accrued",
            "def_int_paid",
            "def_prin_paid",
            "def_end_balance",
        ),
        TRANCHE_COLUMNS,
        strict=True,
    )
)
EQUITY_NAMES = {name: TRANCHE_NAMES[name] for name in ("beg_balance", "int_paid", "prin_paid")}
FEE_NAMES = dict(zip(("basis", "beg_balance", "accrued", "paid", "end_balance"), FEE_COLUMNS, strict=True))
OC_NAMES = dict(
    zip(
        (
            "numerator",
            "denominator",
            "result",
            "passed",
            "prior_int_cure",
            "prior_prin_cure",
            "int_cure_amount",
            "int_cure_paid",
            "prin_cure_amount",
            "prin_cure_paid",
        ),
        OC_COLUMNS,
        strict=True,
    )
)
IC_NAMES = dict(
    zip(
        (
            "numerator",
            "denominator",
            "liability_balance",
            "result",
            "passed",
            "prior_cure",
            "cure_amount",
            "cure_paid",
        ),
        IC_COLUMNS,
        strict=True,
    )
)
RISK_NAMES = dict(
    zip(
        (
            "yield_given_price",
            "dm_given_price",
            "price_given_dm",
            "wal",
            "macaulay_duration",
            "modified_duration",
        ),
        RISK_COLUMNS,
        strict=True,
    )
)
SOLVED = {"yield_given_price", "dm_given_price", "macaulay_duration", "modified_duration"}


def case_paths() -> list[Path]:
    """Every deal file of the reference folder; empty where there is none, and then `reference` says why."""
    return sorted((reference_folder() / "golden" / "deals").glob("*.json"))


def quirks_of(case: dict[str, Any]) -> Quirks:
    """Legacy mode, without the two misspellings where the file was made without them."""
    legacy = Mode.LEGACY.quirks
    return legacy - MISSPELLINGS if case["source_variant"] == "typo_corrected" else legacy


def run_case(case: dict[str, Any]) -> DealResult:
    """Run the deal of a golden file."""
    quirks = quirks_of(case)
    as_of = legacy_records.known_day(case["inputs"]["dates"]["analysis_date"])
    market = DealMarket(
        calendar=Calendar.of(legacy_records.known_day(day) for day in case["holidays"]),
        curve=IndexCurve.of(as_of, case["inputs"]["yield_curve"]["rates"], quirks),
    )
    return run_deal(legacy_records.deal(case), market, as_of, quirks)


def assert_close(place: str, found: float, expected: float, absolute: float = MONEY) -> None:
    """Within the README's tolerance: relative 1e-9, or `absolute`."""
    assert math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=absolute), f"{place}: {found!r} != {expected!r}"


def assert_block(
    place: str,
    expected: dict[str, Any],
    names: dict[str, str],
    columns: tuple[str, ...],
    found: np.ndarray,
    periods: int,
) -> None:
    """Every recorded column over its first `periods` periods."""
    for legacy_name, name in names.items():
        for period, value in enumerate(expected[legacy_name][:periods]):
            assert_close(f"{place} {name} period {period + 1}", float(found[period, columns.index(name)]), float(value))


@pytest.mark.parametrize("path", case_paths() or [None], ids=lambda path: path.stem if path else "none")
def test_deal_reproduces_the_legacy_model(path: Path | None, reference: Path) -> None:
    """All proceeds, balances, payments, tests, fees and risk measures of the file."""
    assert path is not None, f"no deal file in {reference / 'golden' / 'deals'}"
    case = json.loads(path.read_text())
    expected = case["outputs"]

    result = run_case(case)

    n = expected["periods_reported"]
    assert result.deal.shape[0] == n
    if expected["status"] == "ok":
        assert result.failure is None
        assert result.last_period == expected["last_period"]
    else:
        assert result.failure is not None
        assert result.failure.period == expected["error"]["period"]
        assert result.failure.step
    dates = {row["period"]: row for row in expected["payment_dates"]}
    for period in range(1, n + 1):
        assert str(result.dates.payment[period - 1]) == dates[period]["payment_date"]
        assert str(result.dates.collection_begin[period - 1]) == dates[period]["collection_begin"]
        assert str(result.dates.collection_end[period - 1]) == dates[period]["collection_end"]
        assert str(result.dates.interest_determination[period - 1]) == dates[period]["interest_determination_date"]
    assert_block("deal", expected["deal"], DEAL_NAMES, DEAL_COLUMNS, result.deal, n)
    assert_block("pool", expected["collateral_original"], POOL_NAMES, POOL_COLUMNS, result.original_pool, n)
    assert_block("book", expected["collateral_reinvested"], POOL_NAMES, POOL_COLUMNS, result.reinvested_pool, n)
    for t, name in enumerate(result.tranche_names):
        block = expected["liabilities"][name]
        is_equity = case["inputs"]["liabilities"][t]["is_equity"]
        names = EQUITY_NAMES if is_equity else TRANCHE_NAMES
        assert_block(name, block, names, TRANCHE_COLUMNS, result.tranches[:, t], n)
        assert result.last_calculated[t] == block["last_period_calc"], name
        if expected["status"] == "ok":
            for legacy_name, column in RISK_NAMES.items():
                tolerance = SOLVER if legacy_name in SOLVED else 1e-9
                found = float(result.risk[t, RISK_COLUMNS.index(column)])
                assert_close(f"{name} {column}", found, block["risk"][legacy_name], tolerance)
    for f, name in enumerate(result.fee_names):
        assert_block(name, expected["fees"][name], FEE_NAMES, FEE_COLUMNS, result.fees[:, f], n)
    for k, name in enumerate(result.oc_names):
        block = expected["oc_tests"][name]
        assert_close(f"{name} trigger", result.oc_triggers[k], block["trigger"])
        assert_block(name, block, OC_NAMES, OC_COLUMNS, result.oc[:, k], min(n, block["last_period_calc"]))
    for j, name in enumerate(result.ic_names):
        block = expected["ic_tests"][name]
        assert_close(f"{name} trigger", result.ic_triggers[j], block["trigger"])
        assert_block(name, block, IC_NAMES, IC_COLUMNS, result.ic[:, j], min(n, block["last_period_calc"]))
    assert set(result.oc_names) == set(expected["oc_tests"])
    assert set(result.ic_names) == set(expected["ic_tests"])
    incentive = expected["incentive_fee"]
    for period in range(n):
        assert_close(f"incentive threshold {period + 1}", result.incentive[period, 0], incentive["threshold"][period])
        assert_close(f"incentive fee {period + 1}", result.incentive[period, 1], incentive["fee_paid"][period])
        if incentive["irr"][period] > 0.0:
            assert_close(f"irr {period + 1}", result.incentive[period, 2], incentive["irr"][period], IRR)
    collection = expected["accounts_end"]["collection"]
    assert_close("collection interest", result.collection_end[0], collection["interest"])
    assert_close("collection principal", result.collection_end[1], collection["principal"])
    assert_close("accrued", result.accrued_interest_end, expected["purchase_finance_accrued_interest_end"])
