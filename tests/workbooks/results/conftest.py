"""Made-up runs of a nine-class deal: plausible shapes, random digits, no engine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.deal.results import (
    FEE_COLUMNS,
    IC_COLUMNS,
    INCENTIVE_COLUMNS,
    OC_COLUMNS,
    POOL_COLUMNS,
    RISK_COLUMNS,
    TRACE_DTYPE,
    TRANCHE_COLUMNS,
    DealResult,
    Failure,
    PeriodDates,
)
from engine.snapshot import Finding
from workbooks.results import AssumptionSource, ResultRecord, RunSummary, Total, TrancheInput, Unit

CLASSES = (
    ("X", 1_250_000.0, 0.010),
    ("A-1", 280_000_000.0, 0.015),
    ("A-2", 30_000_000.0, 0.020),
    ("B", 55_000_000.0, 0.023),
    ("C", 30_000_000.0, 0.033),
    ("D", 27_500_000.0, 0.045),
    ("E", 22_500_000.0, 0.063),
    ("F", 10_000_000.0, 0.075),
    ("SUB", 45_000_000.0, 0.0),
)
OC_TESTS = (("B", 1.30), ("C", 1.205), ("D", 1.13), ("E", 1.07), ("ID", 1.055), ("EOD", 1.025))
IC_TESTS = (("B", 1.20), ("C", 1.15), ("D", 1.10))
FEE_NAMES = ("Trustee Fee", "Admin Fee", "Base Manager Fee", "Junior Manager Fee")

RecordMaker = Callable[..., ResultRecord]


@pytest.fixture(scope="session")
def make_record() -> RecordMaker:
    return made_up_record


def made_up_record(
    *, scenario: str = "Base", deal: str = "Demo 1", n_periods: int = 43, stress: float = 0.0
) -> ResultRecord:
    """One record; stress > 0 lowers the ratios for some periods so that tests fail."""
    random = np.random.default_rng(n_periods)
    tranches = _tranches(n_periods)
    oc, ic = _oc(n_periods, stress), _ic(n_periods)
    result = DealResult(
        deal_id=deal,
        program="DEMO",
        dates=_dates(n_periods),
        last_period=n_periods,
        tranche_names=tuple(name for name, _, _ in CLASSES),
        fee_names=FEE_NAMES,
        oc_names=tuple(name for name, _ in OC_TESTS),
        oc_triggers=tuple(trigger for _, trigger in OC_TESTS),
        ic_names=tuple(name for name, _ in IC_TESTS),
        ic_triggers=tuple(trigger for _, trigger in IC_TESTS),
        deal=np.column_stack([random.random((n_periods, 4)) * 7e6, random.random(n_periods) * 0.03]),
        original_pool=random.random((n_periods, len(POOL_COLUMNS))) * 4e8,
        reinvested_pool=random.random((n_periods, len(POOL_COLUMNS))) * 1e8,
        tranches=tranches,
        fees=random.random((n_periods, len(FEE_NAMES), len(FEE_COLUMNS))) * 4e5,
        oc=oc,
        ic=ic,
        incentive=np.column_stack(
            [random.random((n_periods, len(INCENTIVE_COLUMNS) - 1)) * 1e6, np.full(n_periods, np.nan)]
        ),
        risk=random.random((len(CLASSES), len(RISK_COLUMNS))),
        last_calculated=np.full(len(CLASSES), n_periods),
        trace=_trace(n_periods),
        step_texts={(section, step): f"STEP {section}.{step}" for section in range(4) for step in range(12)},
    )
    return ResultRecord(_summary(deal, scenario), result)


def failed(record: ResultRecord, period: int = 3) -> ResultRecord:
    """The same run, stopped in a period."""
    failure = Failure(
        number="CLO-1301",
        period=period,
        section="INT",
        step="7 CURE I B B",
        reason="Class A-2B is not known to the deal",
    )
    return replace(record, result=replace(record.result, failure=failure))


def _summary(deal: str, scenario: str) -> RunSummary:
    return RunSummary(
        deal=deal,
        scenario=scenario,
        as_of=date(2016, 3, 31),
        mode="standard",
        program="DEMO",
        run_id="7f3c0a52",
        engine_version="0.1.0",
        input_hash="d0c4b7a9e1f25836",
        tranche_inputs=tuple(
            TrancheInput(
                name=name,
                original_balance=balance,
                current_balance=balance,
                price=None if name == "X" else 0.99,
                spread=spread,
                discount_margin=spread + 0.001,
                is_equity=name == "SUB",
            )
            for name, balance, spread in CLASSES
        ),
        sources=(
            AssumptionSource("Prepayments, defaults, severities", "Reference Table, CFAssumptions"),
            AssumptionSource("Index curve", "Assumption set BASE"),
            AssumptionSource("Reinvestment", "Demo 1 Inputs, CFInputs"),
        ),
        totals=(
            Total("Interest to the notes", 123_456_789.12, Unit.MONEY),
            Total("Equity IRR", 0.1834, Unit.RATE),
            Total("Collateral losses", 9_876_543.21, Unit.MONEY),
        ),
        findings=(Finding(code="W-TRIGGER", sheet="Demo 1 Inputs", cell="AK12", text="blank trigger level"),),
    )


def _dates(n_periods: int) -> PeriodDates:
    months = np.datetime64("2016-04") + 3 * np.arange(n_periods)
    payment = months.astype("datetime64[D]") + 19
    return PeriodDates(
        payment=payment,
        interest_determination=payment - 92,
        collection_begin=payment - 102,
        collection_end=payment - 12,
    )


def _tranches(n_periods: int) -> np.ndarray:
    flows = np.zeros((n_periods, len(CLASSES), len(TRANCHE_COLUMNS)))
    at = {name: position for position, name in enumerate(TRANCHE_COLUMNS)}
    balances = [balance for _, balance, _ in CLASSES]
    for period in range(n_periods):
        cash = 1_250_000.0 if period == 0 else 0.0 if period < 12 else 21_000_000.7
        for number, (name, _, spread) in enumerate(CLASSES):
            row = flows[period, number]
            row[at["coupon"]] = spread + 0.0063
            row[at["balance_begin"]] = balances[number]
            interest = balances[number] * (spread + 0.0063) / 4 if name != "SUB" else 1_700_000.123
            row[at["interest_accrued"]] = row[at["interest_paid"]] = interest
            paid = min(cash, balances[number]) if name != "SUB" else 0.0
            cash -= paid
            balances[number] -= paid
            row[at["principal_paid"]] = paid
            row[at["balance_end"]] = balances[number]
    return flows


def _oc(n_periods: int, stress: float) -> np.ndarray:
    values = np.zeros((n_periods, len(OC_TESTS), len(OC_COLUMNS)))
    for number, (_, trigger) in enumerate(OC_TESTS):
        path = trigger + 0.05 + 0.002 * np.arange(n_periods) - stress * np.exp(-((np.arange(n_periods) - 12) ** 2) / 40)
        values[:, number, 0], values[:, number, 1], values[:, number, 2] = 5e8, 5e8 / path, path
        values[:, number, 3] = path > trigger
    values[-1, :, 2:4] = np.nan
    return values


def _ic(n_periods: int) -> np.ndarray:
    values = np.ones((n_periods, len(IC_TESTS), len(IC_COLUMNS)))
    values[:, :, 3] = 2.1234567890123457
    return values


def _trace(n_periods: int) -> np.ndarray:
    rows = [
        (period + 1, section, step, 1e6 / (step + 3), 1e5 / (step + 7), 1e6 / (step + 3) - 1e5 / (step + 7))
        for period in range(min(n_periods, 6))
        for section in range(3)
        for step in range(12)
    ]
    return np.array(rows, dtype=TRACE_DTYPE)
