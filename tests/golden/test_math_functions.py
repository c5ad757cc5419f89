"""The maths module of the legacy model, function by function, against golden/math_functions.json."""

import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.analytics import kernels_legacy, statistics, valuation
from engine.analytics.cashflow_vector import CashflowVector, compounding_periods
from engine.analytics.risk import weighted_average_life_by_index
from engine.conventions import business_day, day_count, frequency
from engine.conventions.calendar import Calendar
from engine.conventions.day_count import DayCount
from engine.errors import ClodeskError
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks
RELATIVE = 1e-9
SOLVER_ABSOLUTE = 1e-9
SOLVERS = {"CalcYield", "CalcZSpread", "CalcOAS"}

Args = dict[str, Any]


def day(text: str) -> date:
    return date.fromisoformat(text)


def dated(args: Args, cash: list[float]) -> CashflowVector:
    """Flows of a case, whose arrays carry an unused element 0 and whose first date is settlement unless given apart."""
    return CashflowVector.of(
        day(args.get("settlement", args["dates"][0])),
        [day(text) for text in args["dates"][1:]],
        cash,
        frequency=args["payments_per_year"],
        day_count=DayCount(args["day_count"]),
        quirks=LEGACY,
    )


def flows(args: Args) -> CashflowVector:
    return dated(args, args["cashflows"][1:])


def rates(args: Args) -> np.ndarray:
    return np.array(args["rates"][1:])


def paths(args: Args) -> tuple[CashflowVector, np.ndarray, np.ndarray]:
    cash = np.array(args["paths_cashflows"])[:, 1:]
    return dated(args, cash[0]), cash, np.array(args["paths_rates"])[:, 1:]


def discount(args: Args) -> float:
    periods = compounding_periods(
        day(args["date1"]),
        day(args["date2"]),
        frequency.months_between_payments(args["payments_per_year"]),
        DayCount(args["day_count"]),
        LEGACY,
        is_settlement=args["is_settlement"],
    )
    base = 1.0 + args["annual_yield"] / args["payments_per_year"]
    return float(kernels_legacy.discount(math.log(base) if base > 0.0 else math.nan, base, periods))


def convention(args: Args) -> business_day.BusinessDayConvention:
    return business_day.parse_business_day_convention(args["convention"], LEGACY)


def functions(calendar: Calendar) -> dict[str, Callable[[Args], Any]]:
    """The project's counterpart of every legacy function, taking the named arguments of a case."""
    return {
        "DateFraction": lambda a: day_count.year_fraction(day(a["start"]), day(a["end"]), DayCount(a["day_count"])),
        "YearFract": lambda a: day_count.year_fraction(day(a["start"]), day(a["end"]), DayCount(a["day_count"])),
        "Days": lambda a: day_count.days(day(a["start"]), day(a["end"]), DayCount(a["day_count"])),
        "ConvertAnnualRates": lambda a: day_count.period_rate(a["rate"], day(a["start"]), day(a["end"])),
        "CheckBusinessDate": lambda a: business_day.adjust(day(a["date"]), convention(a), calendar, LEGACY),
        "GetPreviousBusinessDate": lambda a: business_day.previous_business_day(
            day(a["date"]), a["days"], calendar, LEGACY
        ),
        "GetNextBusinessDate": lambda a: business_day.next_business_day(day(a["date"]), a["days"], calendar, LEGACY),
        "DateAddBusiness": lambda a: add_business_months(a, calendar),
        "GetDayCountEnum": lambda a: day_count.parse_day_count(a["text"], LEGACY),
        "GetMonths": lambda a: frequency.months_by_word(a["text"]),
        "GetPaymentsPerYear": lambda a: frequency.payments_per_year_by_word(a["text"]),
        "CompoundingPeriodsBetweenDates": lambda a: compounding_periods(
            day(a["start"]),
            day(a["end"]),
            a["months"],
            DayCount(a["day_count"]),
            LEGACY,
            is_settlement=a["is_settlement"],
        ),
        "CalcDiscount": discount,
        "CalcCompound": lambda a: 1.0 / discount(a),
        "CalcPV": lambda a: valuation.present_value(flows(a), a["annual_yield"], LEGACY),
        "CalcPVwSpread": lambda a: valuation.present_value_with_spread(flows(a), rates(a), a["spread"], LEGACY),
        "CalcPVwOAS": lambda a: valuation.present_value_over_paths(*paths(a), a["oas"], LEGACY),
        "CalcYield": lambda a: valuation.solve_yield(flows(a), a["pv"], LEGACY).value,
        "CalcZSpread": lambda a: valuation.solve_spread(flows(a), rates(a), a["pv"], LEGACY).value,
        "CalcOAS": lambda a: valuation.solve_option_adjusted_spread(*paths(a), a["pv"], LEGACY).value,
        "WAL": lambda a: weighted_average_life_by_index(a["cashflows"][1:], a["periods_per_year"]),
        "Min": lambda a: min(a["values"]),
        "MinDBL": lambda a: min(a["values"]),
        "Max": lambda a: max(a["values"]),
        "MaxDBL": lambda a: max(a["values"]),
        "Average": average,
        "AverageDBL": average,
        "STD": standard_deviation,
        "STDDBL": standard_deviation,
        "Median": lambda a: statistics.median(a["values"], LEGACY),
        "MedianDBL": lambda a: statistics.median(a["values"], LEGACY),
    }


def average(args: Args) -> float:
    return statistics.average(args["values"], LEGACY, lower_bound=args["lower_bound"])


def standard_deviation(args: Args) -> float:
    return statistics.standard_deviation(args["values"], LEGACY, lower_bound=args["lower_bound"])


def add_business_months(args: Args, calendar: Calendar) -> date:
    assert args["interval"].upper() == "M"
    return business_day.add_business_months(
        day(args["date"]), args["number"], convention(args), calendar, LEGACY, is_end_of_month=args["end_of_month"]
    )


def has_failed(call: Callable[[Args], Any], args: Args) -> bool:
    """Whether the call names an error or has no number, as it must where the legacy code stopped."""
    try:
        value = call(args)
    except ClodeskError:
        return True
    return isinstance(value, float) and math.isnan(value)


def is_reproduced(name: str, call: Callable[[Args], Any], args: Args, expected: Any) -> bool:
    if isinstance(expected, dict):
        return has_failed(call, args)
    value = call(args)
    if isinstance(expected, str):
        return bool(value == day(expected))
    if name in SOLVERS and expected == -1.0 and math.isnan(value):
        return True  # the legacy error value, which is no number here
    relative, absolute = (0.0, SOLVER_ABSOLUTE) if name in SOLVERS else (RELATIVE, 1e-15)
    return math.isclose(value, expected, rel_tol=relative, abs_tol=absolute)


@pytest.fixture(scope="module")
def golden(reference: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((reference / "golden" / "math_functions.json").read_text())
    return content


def test_every_legacy_maths_function_has_a_counterpart(golden: dict[str, Any]) -> None:
    """No case is passed over because its function is unknown."""
    known = functions(Calendar.of(map(day, golden["holidays"])))

    assert {case["function"] for case in golden["cases"]} <= known.keys()


def test_legacy_mode_reproduces_every_recorded_call(golden: dict[str, Any]) -> None:
    """Every recorded result comes out to 1e-9, dates exactly, and errors stay errors."""
    calls = functions(Calendar.of(map(day, golden["holidays"])))
    failures = [
        (case["function"], case["args"], case["result"])
        for case in golden["cases"]
        if not is_reproduced(case["function"], calls[case["function"]], case["args"], case["result"])
    ]

    assert not failures
