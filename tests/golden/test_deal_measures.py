"""Schedules, tranche risk measures and IRR on the recorded flows of golden/deals, without running a deal."""

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.analytics.cashflow_vector import CashflowVector
from engine.analytics.irr import xirr
from engine.analytics.risk import durations, weighted_average_life
from engine.analytics.valuation import present_value_with_spread, solve_spread, solve_yield
from engine.conventions.business_day import parse_business_day_convention
from engine.conventions.calendar import Calendar
from engine.conventions.day_count import parse_day_count
from engine.conventions.days import NO_DAY, DayArray, to_date
from engine.conventions.schedule import DealSchedule, DealScheduleTerms, deal_schedule
from engine.market.curve import IndexCurve
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks
RELATIVE = 1e-9
SOLVER_ABSOLUTE = 1e-9
IRR_ABSOLUTE = 1e-6
UNSET = "1899-12-30"

Record = dict[str, Any]


@pytest.fixture(scope="module")
def deals(reference: Path) -> dict[str, Record]:
    files = sorted((reference / "golden" / "deals").glob("*.json"))
    assert files
    return {file.stem: json.loads(file.read_text()) for file in files}


def schedule_of(deal: Record) -> DealSchedule:
    dates = deal["inputs"]["dates"]
    terms = DealScheduleTerms(
        closing=date.fromisoformat(dates["closing_date"]),
        first_payment=date.fromisoformat(dates["first_payment_date"]),
        maturity=date.fromisoformat(dates["stated_maturity"]),
        payment_day=dates["payment_day"],
        months_between_payments=dates["months_between_payments"],
        interest_determination_days=dates["interest_determination_days"],
        determination_days=dates["determination_days"],
        convention=parse_business_day_convention(dates["business_day_convention"], LEGACY),
    )
    calendar = Calendar.of(map(date.fromisoformat, deal["holidays"]))
    return deal_schedule(terms, date.fromisoformat(dates["analysis_date"]), calendar, LEGACY)


def iso(days: DayArray) -> list[str]:
    return [UNSET if day == NO_DAY else to_date(day).isoformat() for day in days.tolist()]


def test_legacy_schedules_are_reproduced(deals: dict[str, Record]) -> None:
    """All four dates of every period, the payment before included."""
    for name, deal in deals.items():
        recorded = deal["outputs"]["payment_dates"]
        schedule = schedule_of(deal)
        found = {
            "payment_date": iso(schedule.payment),
            "interest_determination_date": iso(schedule.interest_determination),
            "collection_begin": iso(schedule.collection_begin),
            "collection_end": iso(schedule.collection_end),
        }

        for column, days in found.items():
            assert days == [row[column] for row in recorded], (name, column)


def is_curve_short(deal: Record) -> bool:
    """Whether the run may have asked for rates beyond the curve."""
    last_payment = to_date(schedule_of(deal).payment[-1])
    return curve_of(deal).last_node.toordinal() < last_payment.toordinal() + 366


def curve_of(deal: Record) -> IndexCurve:
    curve = deal["inputs"]["yield_curve"]
    points = [(int(month), float(rate)) for month, rate in curve["rates"]]
    return IndexCurve.of(date.fromisoformat(curve["analysis_date"]), points, LEGACY)


def measured(deal: Record, terms: Record, recorded: Record) -> dict[str, float]:
    """Risk measures of one tranche from its recorded payments (spec 02 §7)."""
    n = recorded["last_period_calc"]
    as_of = date.fromisoformat(deal["inputs"]["dates"]["analysis_date"])
    dates = [date.fromisoformat(row["payment_date"]) for row in deal["outputs"]["payment_dates"][1 : n + 1]]
    principal = np.array(recorded["prin_paid"][:n])
    cash = principal + sum(np.array(recorded[name][:n]) for name in ("int_paid", "def_int_paid", "def_prin_paid"))
    day_count = parse_day_count(terms["day_count"], LEGACY)
    flows = CashflowVector.of(as_of, dates, cash, frequency=4, day_count=day_count, quirks=LEGACY)
    zero_rates = curve_of(deal).zeros(as_of, flows.days)
    balance = terms["current_balance"]
    value = terms["price"] * balance
    annual_yield = solve_yield(flows, value, LEGACY).value
    macaulay, modified = durations(flows, annual_yield, value, LEGACY)
    return {
        "yield_given_price": annual_yield,
        "dm_given_price": solve_spread(flows, zero_rates, value, LEGACY).value,
        "price_given_dm": present_value_with_spread(flows, zero_rates, terms["dm"], LEGACY) / balance,
        "wal": weighted_average_life(as_of, dates, principal, balance, terms["original_balance"]),
        "macaulay_duration": macaulay,
        "modified_duration": modified,
    }


def test_legacy_risk_measures_follow_from_the_recorded_flows(deals: dict[str, Record]) -> None:
    """Yield, margin, price, average life and both durations of every tranche that received a payment."""
    n_tranches = 0
    for name, deal in deals.items():
        if deal["outputs"]["status"] != "ok" or is_curve_short(deal):
            continue  # the legacy run measured nothing, or on a curve that its own look-ups had spoilt (LQ-47)
        for terms in deal["inputs"]["liabilities"]:
            recorded = deal["outputs"]["liabilities"].get(terms["name"], {})
            if "risk" not in recorded or not recorded["last_period_calc"] or not terms["current_balance"]:
                continue
            n_tranches += 1
            for measure, value in measured(deal, terms, recorded).items():
                absolute = SOLVER_ABSOLUTE if measure in ("yield_given_price", "dm_given_price") else 1e-12
                expected = recorded["risk"][measure]
                assert math.isclose(value, expected, rel_tol=RELATIVE, abs_tol=absolute), (
                    name, terms["name"], measure, value, expected,
                )  # fmt: skip
    assert n_tranches > 0


def test_the_irr_of_the_equity_follows_from_the_recorded_flows(deals: dict[str, Record]) -> None:
    """XIRR of the sub-note history and each further payment, where the recorded rate is positive."""
    n_rates = 0
    for name, deal in deals.items():
        as_of = date.fromisoformat(deal["inputs"]["dates"]["analysis_date"])
        history = [(date.fromisoformat(on), paid) for on, paid in deal["inputs"]["incentive_fee"]["sub_note_payments"]]
        equity = next(terms["name"] for terms in deal["inputs"]["liabilities"] if terms["is_equity"])
        recorded = deal["outputs"]["liabilities"].get(equity, {})
        flows = [flow for flow in history if flow[0] <= as_of]
        for i, expected in enumerate(deal["outputs"].get("incentive_fee", {}).get("irr", [])):
            on = date.fromisoformat(deal["outputs"]["payment_dates"][i + 1]["payment_date"])
            flows.append((on, recorded["int_paid"][i] + recorded["prin_paid"][i]))
            if expected > 0.0:
                n_rates += 1
                found = xirr([day for day, _ in flows], [paid for _, paid in flows]).value
                assert found == pytest.approx(expected, rel=0, abs=IRR_ABSOLUTE), (name, i + 1)
    assert n_rates > 0
