"""Whatever stands in an argument of any function of the catalogue, the cell shows a value or a helpful error."""

import re
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.desk.desk import Desk
from workbooks.demo import DEAL_NAME
from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import Function, Parameter
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

SECONDS = 5.0
CODES = {"#VALUE!", "#N/A", "#NUM!", "#DIV/0!"}
TEXT = re.compile(r"CLO-(?!2199)\d{4}: .+\. [A-Z'`].+", re.DOTALL)
"""A number, what is wrong, and after it what to do."""

ODD: Mapping[str, Any] = {
    "omitted": None,
    "blank": "",
    "blanks": "   ",
    "true": True,
    "zero": 0,
    "negative": -3,
    "fraction": 0.5,
    "huge": 1.5e308,
    "huge whole": 10**18,
    "large": 9_999_999,
    "day": 42452,
    "last day": 2_958_465,
    "date cell": {"d": 42452, "f": "yyyy-mm-dd"},
    "word": "nonsense",
    "upper case": "DEMO 1",
    "other alphabet": "Ünïcode \u2019 Ж \U0001f4c8",
    "control characters": "a\x00b\tc\n",
    "formula": "=1+1",
    "formula with name": '=CLO_DEAL("Demo 1")',
    "markup": "<b>'; DROP TABLE assets; --",
    "decimal comma": "1.234,56",
    "german date": "23.03.2016",
    "iso date": "2016-03-23",
    "percent": "4.75%",
    "infinity": "inf",
    "not a number": "nan",
    "long text": "x" * 32_767,
    "too long text": "x" * 32_768,
    "column": [[1], [2], [3]],
    "mixed range": [["a", 1, ""], [True, {"d": 42452}, None]],
    "range with error": [[1], [{"e": "#N/A", "m": ""}]],
    "ragged": [[1], [2, 3]],
    "empty range": [],
    "nested": [[[1]]],
    "dates": [[42452], [42542], [42634]],
    "unknown object": {"x": 1},
}
ERRORS = ("#VALUE!", "#N/A", "#NUM!", "#DIV/0!", "#REF!", "#NAME?", "#NULL!")

USUAL: Mapping[str, Any] = {
    "deal": DEAL_NAME,
    "blkrock_id": "DMORKTBCX",
    "asset_1": "DMORKTBCX",
    "asset_2": "DMOF532MR",
    "assets": [["DMORKTBCX"], ["DMOF532MR"]],
    "class_name": "Class B",
    "rating": "B+",
    "dates": [[42542], [42634]],
    "amounts": [[1.25], [101.25]],
    "principal": [[50], [50]],
    "settlement": 42452,
    "start_date": 42452,
    "end_date": 42542,
    "on_date": 42452,
    "pv": 99.0,
    "yield_rate": 0.05,
    "rate": 0.05,
    "annual_rate": 0.05,
    "spread": 0.02,
    "sheet": "Deal Assets-Mag 16",
    "block": "Deal Assets",
    "row_key": "BRSYGJK13",
    "column": "BlackRock ID",
    "vector_name": "BASE_CPR",
    "trades": [[DEAL_NAME, "DMORKTBCX", "Sale", 100000, ""]],
    "test": 1,
    "kind": "oc",
    "side": "Buy",
    "par": 1_000_000,
    "fee_name": "Trustee Fee",
    "metric": "wal",
    "field": "price",
    "filter": "Market Value > 90",
    "unit": "m",
    "count": 1,
    "days": 3,
    "months": 3,
    "tenor_months": 3,
    "rank": 5,
    "agency": "Moody's",
    "to_agency": "Moody's",
    "run_id": 4,
    "simulation": 1,
    "stat": "P95",
    "first": 1,
    "part": "tests",
    "handle": "CLO:scenario#0123456789ab",
    "contract": "DEMO-TRS",
    "first_date": "2024-03-01",
    "last_date": "2024-03-15",
    "as_of": "2024-03-15",
    "prices": [[100], [101], [99]],
    "report": "R-15",
}
"""What stands in the other arguments of a call."""
SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "CLO_OC_RATIO": {"test": "Class B"},
    "CLO_IC_RATIO": {"test": "Class B"},
    "CLO_RM_STATS": {"run_id": 1, "field": "CDR"},
    "CLO_RM_PATH": {"run_id": 1, "field": "CDR"},
    "CLO_SIM_STATS": {"run_id": 2},
    "CLO_SIM_PATHS": {"run_id": 2},
    "CLO_FIXING": {"on_date": "2014-12-18"},
    "PAY_ACCRUED_FUNDING": {"notional": 1_000_000},
    "PAY_COMPOUNDED_PERIODS": {"notional": 1_000_000, "rates": [[0.05], [0.052]], "year_fractions": [[0.25], [0.25]]},
    "PAY_CORRELATION": {"prices": [[100, 50], [101, 51], [99, 50]]},
    "PAY_CORRELATION_PAYOFF": {"correlation": 0.7, "strike": 0.6, "notional": 350_000},
    "PAY_NETTING": {"on_date": "2024-03-06"},
    "PAY_OVERNIGHT_RATE": {
        "rates": [[0.05], [0.05]],
        "days": [["2024-03-25"], ["2024-03-26"]],
        "start_date": "2024-03-25",
        "end_date": "2024-03-27",
    },
    "PAY_PERIOD_RETURN": {"mode": "RESET", "quantity": 1_000, "start_price": 100, "end_price": 110},
    "PAY_PNL": {"on_date": "2024-03-15"},
    "PAY_RISK": {"pnl": [[n] for n in range(25)]},
    "PAY_TOTAL_RETURN": {
        "mode": "RESET",
        "quantity": 1_000,
        "start_price": 100,
        "end_price": 110,
        "dividends": [[0.5]],
    },
    "PAY_VARIANCE_PAYOFF": {"realised_variance": 0.04, "volatility_strike": 18, "vega_notional": 50_000},
    "PAY_VOLATILITY_PAYOFF": {"realised_volatility": 0.2, "volatility_strike": 18, "vega_notional": 50_000},
}


def _usual(function: Function) -> list[Any]:
    usual = {**USUAL, **SPECIAL.get(function.name, {})}
    return [None if parameter.is_optional else usual.get(parameter.name, "") for parameter in function.parameters]


def _arguments() -> list[tuple[Function, int, Parameter]]:
    return [
        (function, place, parameter) for function in catalogue() for place, parameter in enumerate(function.parameters)
    ]


def _fault(answer: Any) -> str:
    """What is wrong with an answer; empty for a value, or an error that says what to do."""
    if "v" in answer:
        return ""
    if answer["e"] not in CODES:
        return f"shows {answer['e']}"
    return "" if TEXT.fullmatch(answer["m"]) else f"says {answer['m']!r}"


@pytest.fixture(scope="module")
def ctx(ran_desk: Desk) -> CallContext:
    """Calls on the desk, after each function ran once: what numba compiles then is no time of an answer."""
    made = CallContext(lambda: ran_desk)
    for function in catalogue():
        Dispatcher(ResultMemory()).call(function.name, _usual(function), made)
    return made


@pytest.mark.parametrize(
    ("function", "place"),
    [
        pytest.param(function, place, id=f"{function.name}-{parameter.name}")
        for function, place, parameter in _arguments()
    ],
)
def test_any_input_gives_a_value_or_an_error_that_helps(ctx: CallContext, function: Function, place: int) -> None:
    """Blank, wrong type, huge, wrong case, formula-like, of another locale: never a traceback, never a hang."""
    dispatcher = Dispatcher(ResultMemory())
    faults = {}
    for name, odd in ODD.items():
        arguments = _usual(function)
        arguments[place] = odd
        started = time.perf_counter()
        fault = _fault(dispatcher.call(function.name, arguments, ctx))
        if time.perf_counter() - started > SECONDS:
            fault = "takes too long"
        if fault:
            faults[name] = fault

    assert faults == {}


@pytest.mark.parametrize("function", catalogue(), ids=lambda function: function.name)
@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(data=st.data())
def test_any_inputs_together_give_a_value_or_an_error_that_helps(
    ctx: CallContext, function: Function, data: st.DataObject
) -> None:
    """Odd values in several arguments at once, usual ones in the others."""
    arguments = [
        data.draw(st.sampled_from([usual, *ODD.values()]), label=parameter.name)
        for usual, parameter in zip(_usual(function), function.parameters, strict=True)
    ]
    started = time.perf_counter()

    answer = Dispatcher(ResultMemory()).call(function.name, arguments, ctx)

    assert _fault(answer) == ""
    assert time.perf_counter() - started < SECONDS


@pytest.mark.parametrize(
    ("function", "place"),
    [
        pytest.param(function, place, id=f"{function.name}-{parameter.name}")
        for function, place, parameter in _arguments()
        if not parameter.kind.accepts_errors
    ],
)
def test_an_error_in_an_argument_is_handed_on(ctx: CallContext, function: Function, place: int) -> None:
    """Whatever error the argument holds, alone or as a range of one cell, the cell shows the same."""
    dispatcher = Dispatcher(ResultMemory())
    shown = []
    for code in ERRORS:
        for raw in ({"e": code, "m": "of another add-in"}, [[{"e": code, "m": "of another add-in"}]]):
            arguments = _usual(function)
            arguments[place] = raw
            shown.append(dispatcher.call(function.name, arguments, ctx).get("e"))

    assert shown == [code for code in ERRORS for _ in range(2)]


def test_usual_arguments_are_usual(ctx: CallContext) -> None:
    """The calls around which one argument is odd give values themselves, but for what the demo does not have."""
    dispatcher = Dispatcher(ResultMemory())
    failing = {
        function.name for function in catalogue() if "e" in dispatcher.call(function.name, _usual(function), ctx)
    }

    assert failing <= {"CLO_LEGACY_RESULT", "CLO_DESCRIBE", "CLO_ERROR"}
