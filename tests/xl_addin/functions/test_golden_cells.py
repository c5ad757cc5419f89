"""The maths module and the rating tables of the legacy model, call by call through cells in legacy mode."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.desk import Desk
from tests.conftest import fresh_database
from tests.xl_addin.conftest import CallCell
from workbooks.demo import demo_snapshot
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory
from xl_addin.registry.values import serial

RELATIVE = 1e-9
SOLVER_ABSOLUTE = 1e-9
BASES = ("30/360", "ACTUAL/ACTUAL", "ACTUAL/360", "ACTUAL/365", "30/360EU")
CONVENTIONS = {"FOLLOWING": "following", "MOD FOLLOWING": "modified_following", "PREVIOUS": "previous", "": "none"}

Args = dict[str, Any]


def _column(values: list[Any]) -> list[list[Any]]:
    return [[value] for value in values]


def _between(a: Args) -> tuple[Any, ...]:
    return a["start"], a["end"], BASES[a["day_count"]]


def _flows(a: Args) -> tuple[Any, ...]:
    dates = a["dates"]
    return _column(dates[1:]), _column(a["cashflows"][1:]), dates[0]


CALLS: dict[str, Callable[[Args], tuple[Any, ...] | None]] = {
    "DateFraction": lambda a: ("CLO_YEAR_FRACTION", *_between(a)),
    "Days": lambda a: ("CLO_DAYS", *_between(a)),
    "ConvertAnnualRates": lambda a: ("CLO_PERIOD_RATE", a["rate"], a["start"], a["end"]),
    "CheckBusinessDate": lambda a: (
        "CLO_BUSINESS_DAY", a["date"], CONVENTIONS[a["convention"].upper()], None, "legacy",
    ),
    "GetNextBusinessDate": lambda a: ("CLO_ADD_BUSINESS_DAYS", a["date"], a["days"], None, "legacy"),
    "GetPreviousBusinessDate": lambda a: (
        ("CLO_ADD_BUSINESS_DAYS", a["date"], -a["days"], None, "legacy") if a["days"] else None
    ),
    "DateAddBusiness": lambda a: (
        "CLO_ADD_PERIOD", a["date"], a["number"], a["interval"], CONVENTIONS[a["convention"].upper()],
        a["end_of_month"], "legacy",
    ),
    "CalcYield": lambda a: (
        "CLO_YIELD", *_flows(a), a["pv"], BASES[a["day_count"]], a["payments_per_year"], "legacy",
    ),
    "WAL": lambda a: (
        ("CLO_WAL", _column(list(range(50_000, 50_000 + len(a["cashflows"]) - 1))), _column(a["cashflows"][1:]),
         50_000, "legacy")
        if a["periods_per_year"] == 4.0
        else None
    ),
}  # fmt: skip
"""The call that takes the place of a legacy function; None where a cell cannot ask for it."""


@pytest.fixture(scope="module")
def golden(reference: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((reference / "golden" / "math_functions.json").read_text())
    return content


@pytest.fixture(scope="module")
def golden_cell(
    server_url: str, template_database: str, storage_settings: StorageSettings, golden: dict[str, Any]
) -> Iterator[CallCell]:
    """Calls cells on a database whose workbook has the holidays of the golden calls."""
    book = demo_snapshot(n_assets=20)
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        store.save_snapshot(replace(book, holidays=tuple(map(date.fromisoformat, golden["holidays"]))))
        desk = Desk(store, Cache(LocalCache()))
        dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(lambda: desk)
        yield lambda name, *arguments: dispatcher.call(name, arguments, ctx)
        store.close()


def _is_equal(answer: dict[str, Any], expected: Any) -> bool:
    value = answer.get("v")
    if isinstance(expected, str):
        return isinstance(value, dict) and value["d"] == serial(date.fromisoformat(expected))
    return isinstance(value, int | float) and math.isclose(
        value, expected, rel_tol=RELATIVE, abs_tol=SOLVER_ABSOLUTE if expected else 1e-15
    )


@pytest.mark.parametrize("function", CALLS)
def test_legacy_mode_shows_what_the_legacy_function_returned(
    function: str, golden: dict[str, Any], golden_cell: CallCell
) -> None:
    """Dates exactly, numbers to 1e-9, a failed yield as -1."""
    cases = [case for case in golden["cases"] if case["function"] == function]
    calls = [(case, CALLS[function](case["args"])) for case in cases]
    asked = [(case, golden_cell(*call)) for case, call in calls if call is not None]

    assert len(asked) >= 3
    assert [(case["args"], answer) for case, answer in asked if not _is_equal(answer, case["result"])] == []


def test_rating_cells_show_the_legacy_tables(reference: Path, golden_cell: CallCell) -> None:
    """Legacy ordinals of both agencies for every text of the tables, those they do not know as well."""
    cases = json.loads((reference / "golden" / "ratings_tables.json").read_text(encoding="utf-8"))["cases"]
    agencies = {"enum_sp": "S&P", "enum_moody": "Moody's"}
    asked = [
        (case, golden_cell("CLO_RATING_RANK", case["rating"], agencies[case["table"]], "legacy"))
        for case in cases
        if case["table"] in agencies
    ]

    assert len(asked) == 68
    assert [(case, answer) for case, answer in asked if answer.get("v") != case["value"]] == []


def test_rating_factors_are_those_of_moodys(reference: Path, golden_cell: CallCell) -> None:
    """Every Moody's rating of the recorded table has its factor."""
    cases = json.loads((reference / "golden" / "ratings_tables.json").read_text(encoding="utf-8"))["cases"]
    factors = {case["rating"]: case["factor"] for case in cases if case["table"] == "factor" and case["factor"]}

    assert len(factors) == 17
    assert {rating: golden_cell("CLO_RATING_FACTOR", rating)["v"] for rating in factors} == factors
