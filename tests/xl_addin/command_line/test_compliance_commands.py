"""`clodesk compliance` as a person and a script meet it."""

import json
from dataclasses import replace
from datetime import date

import openpyxl
import pytest

from engine.snapshot import WorkbookSnapshot
from tests.workbooks.legacy.conftest import DEAL
from workbooks.demo import demo_snapshot
from xl_addin.command_line import compliance as cli_compliance

COV_LITE, CAA, SENIOR_SECURED = 29, 7, 1
KEYS = [
    "run_id",
    "answered_from",
    "deal",
    "as_of",
    "mode",
    "engine_version",
    "input_hash",
    "source_file",
    "objective",
    "weights",
    "inputs",
    "remarks",
    "tests",
    "metrics",
    "collections",
]


@pytest.fixture
def demo(clodesk, small_demo) -> None:
    """The demo deal in the database."""
    assert clodesk("import", small_demo).code == 0


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_deal_is_tested_stored_and_answered_again(clodesk, demo, n_rows) -> None:
    """A table with every test; a failing test is a result, not an error; the second call stores nothing more."""
    first = clodesk("compliance", "demo 1")
    second = clodesk("compliance", "Demo 1", "--json")

    assert (first.code, second.code) == (0, 0)
    assert "FAIL" in first.out
    assert "Demo 1, as of 2016-03-31, standard mode - run 1 (computed)" in first.out
    assert second.json["answered_from"] in ("cache", "store")
    assert n_rows("runs") == 1
    assert n_rows("compliance_test_results") == len(second.json["tests"])
    for test in second.json["tests"]:
        assert f"{test['label']}" in flat(first.out)


def test_the_json_has_the_documented_keys(clodesk, demo) -> None:
    """Head, tests with drivers and verdicts, the pool, collections."""
    said = clodesk("compliance", "Demo 1", "--json").json
    test = next(item for item in said["tests"] if item["test_id"] == COV_LITE)

    assert list(said) == KEYS
    assert set(test) == {
        "test_id",
        "name",
        "label",
        "category",
        "unit",
        "direction",
        "standing",
        "value",
        "numerator",
        "denominator",
        "threshold",
        "threshold_source",
        "cushion",
        "is_applicable",
        "is_passed",
        "is_maintained",
        "baseline",
        "ranked_name",
        "place",
        "drivers",
        "verdict",
        "use_of_limit",
        "remark",
    }
    assert test["value"] == pytest.approx(test["numerator"] / test["denominator"])
    assert (test["name"], test["direction"], test["unit"], test["verdict"]) == (
        "cov_lite_loans",
        "max",
        "share",
        "pass",
    )
    assert set(test["drivers"][0]) == {"blkrock_id", "amount"}
    assert said["metrics"]["collateral_principal_amount"] == pytest.approx(test["denominator"])


def test_chosen_tests_by_id_and_by_name(clodesk, demo) -> None:
    """Only they are shown; one that does not exist or that the deal lacks is named."""
    both = clodesk("compliance", "Demo 1", "--test", COV_LITE, "--test", "caa_obligations", "--json")
    typo = clodesk("compliance", "Demo 1", "--test", "caa_obligation")
    lacking = clodesk("compliance", "Demo 1", "--test", 49)

    assert [item["test_id"] for item in both.json["tests"]] == [CAA, COV_LITE]
    assert (typo.code, typo.out) == (1, "")
    assert typo.err.startswith("CLO-1503: There is no compliance test caa_obligation, at --test. Did you mean")
    assert (lacking.code, lacking.out) == (1, "")
    assert lacking.err.startswith("CLO-4056: Test 49 is not among the tests of Demo 1")


def test_modes_and_dates(clodesk, demo) -> None:
    """--legacy tests as the old model did; a date without a snapshot is an error that names those there are."""
    legacy = clodesk("compliance", "Demo 1", "--legacy", "--json").json
    missing = clodesk("compliance", "Demo 1", "--as-of", "2015-01-31")

    assert legacy["mode"] == "legacy"
    assert missing.code == 1
    assert "There is one of 2016-03-31" in missing.err


def test_accepted_results_are_baselines(clodesk, demo, n_rows) -> None:
    """--accept says what it did; afterwards a failing test is maintained; --test accepts that one alone."""
    one = clodesk("compliance", "Demo 1", "--test", "4", "--accept", "--json")
    after = clodesk("compliance", "Demo 1", "--test", "4", "--json")
    everything = clodesk("compliance", "Demo 1", "--accept")

    assert one.json["tests"][0]["verdict"] == "fail"
    assert list(one.json["accepted"]) == ["4"]
    assert one.json["accepted"]["4"]["value"] == one.json["tests"][0]["value"]
    assert after.json["tests"][0]["verdict"] == "maintained"
    assert "Accepted 1 results of Demo 1 as of 2016-03-31" in one.err
    assert "passes as maintained or improved on" in everything.out
    assert n_rows("compliance_baselines") > 10


def test_history_through_two_dates(clodesk, demo, store) -> None:
    """A column for each tested day; as JSON a list of results with run and day."""
    clodesk("compliance", "Demo 1")
    store.save_snapshot(later(demo_snapshot(n_assets=30)))
    said = clodesk("compliance", "Demo 1", "--history", "--test", SENIOR_SECURED)
    as_json = clodesk("compliance", "Demo 1", "--history", "--test", SENIOR_SECURED, "--json").json

    assert said.code == 0
    assert "2016-03-31" in said.out
    assert "2016-04-29" in said.out
    assert [(item["as_of"], item["test_id"]) for item in as_json["history"]] == [
        ("2016-03-31", SENIOR_SECURED),
        ("2016-04-29", SENIOR_SECURED),
    ]


def later(book: WorkbookSnapshot) -> WorkbookSnapshot:
    """The deal a month later."""
    day = date(2016, 4, 29)
    deal = replace(book.deals[0], analysis_date=day)
    return replace(book, deals=(deal,), analysis_date=day, source_file=replace(book.source_file, sha256="9" * 64))


@pytest.mark.filterwarnings("ignore:.*extension is not supported")
def test_the_report_is_a_workbook(clodesk, demo, here) -> None:
    """Written where asked, with the tests that the command shows; a folder that is not there is an error."""
    said = clodesk("compliance", "Demo 1", "--report", "mine.xlsx", "--json")
    nowhere = clodesk("compliance", "Demo 1", "--report", here / "no such folder" / "mine.xlsx")
    sheet = openpyxl.load_workbook(here / "mine.xlsx")["Dashboard"]
    table = next(sheet[one.ref] for one in sheet.tables.values() if one.name == "compliance_tests")

    assert said.code == 0
    assert said.err.strip() == "Wrote mine.xlsx"
    assert [row[0].value for row in list(table)[1:]] == [item["test_id"] for item in said.json["tests"]]
    assert nowhere.code == 1
    assert nowhere.err.startswith("CLO-2062: The workbook cannot be written")


def test_limits_beyond_the_sheet(clodesk, demo, here, n_rows) -> None:
    """--limits FILE adds tests for good, --limits none forgets them; a wrong file changes nothing."""
    document = {"tests": [{"test": "obligors_five_largest", "threshold": 0.5}], "weights": {"29": 1.0}}
    (here / "limits.json").write_text(json.dumps(document))
    (here / "wrong.json").write_text('{"tests": [{"test": "obligors_five_bigest", "threshold": 0.5}]}')
    with_limits = clodesk("compliance", "Demo 1", "--limits", "limits.json", "--json").json
    kept = clodesk("compliance", "Demo 1", "--json").json
    wrong = clodesk("compliance", "Demo 1", "--limits", "wrong.json")
    missing = clodesk("compliance", "Demo 1", "--limits", "missing.json")
    rows = n_rows("deal_limits")
    without = clodesk("compliance", "Demo 1", "--limits", cli_compliance.NO_LIMITS, "--json").json

    assert with_limits["tests"][-1]["name"] == "obligors_five_largest"
    assert kept["run_id"] == with_limits["run_id"]
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("CLO-1503: There is no compliance test obligors_five_bigest, at wrong.json, tests[0].")
    assert (missing.code, rows, n_rows("deal_limits")) == (1, 1, 0)
    assert "obligors_five_largest" not in {item["name"] for item in without["tests"]}


def test_a_limit_with_a_filter_of_its_own(clodesk, demo, here) -> None:
    """Kept by --limits, shown with --test by its name or its id; a typo in the filter is told with its place."""
    limit = {"name": "beverage_loans", "filter": "mdy_industry = 'Beverage, Food & Tobacco'", "direction": "max"}
    (here / "limits.json").write_text(json.dumps({"tests": [limit | {"threshold": 0.05}]}))
    (here / "wrong.json").write_text(json.dumps({"tests": [limit | {"threshold": 0.05, "filter": "mdy_indutry = X"}]}))
    by_name = clodesk("compliance", "Demo 1", "--limits", "limits.json", "--test", "beverage_loans", "--json")
    by_id = clodesk("compliance", "Demo 1", "--test", "1001", "--history", "--json")
    wrong = clodesk("compliance", "Demo 1", "--limits", "wrong.json")

    (test,) = by_name.json["tests"]
    assert (test["test_id"], test["name"], test["place"]) == (1001, "beverage_loans", "limits of Demo 1")
    assert test["label"] == 'Moody\'s Industry = "Beverage, Food & Tobacco"'
    assert test["value"] == pytest.approx(test["numerator"] / test["denominator"])
    assert by_id.json["tests"] == [test]
    assert [item["name"] for item in by_id.json["history"]] == ["beverage_loans"]
    assert (wrong.code, wrong.out) == (1, "")
    assert "CLO-1182: Field 'mdy_indutry' is not known, at wrong.json, test beverage_loans, line 1, column 1." in flat(
        wrong.err
    )


def test_a_deal_that_is_not_there_ends_with_1(clodesk, demo, n_rows) -> None:
    """The known deals are named, nothing is stored."""
    said = clodesk("compliance", "MAG 99")

    assert (said.code, said.out, n_rows("runs")) == (1, "", 0)
    assert said.err.startswith("CLO-3013: Deal MAG 99 is not in the database")
    assert "Demo 1" in said.err


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ("N4", "", "CLO-4050: Test 1 (Limitation on Senior Secured Loans) is neither a minimum nor a maximum"),
        ("L4", 555.0, "CLO-1503: There is no compliance test 555"),
        ("O4", "soon", "CLO-1505: Test 1 (senior_secured_loans) has no threshold"),
    ],
)
def test_bad_cells_of_a_workbook_are_named(clodesk, book, here, n_rows, cell, value, message) -> None:
    """What the import can store but a test cannot use is told with sheet and cell; no run is left."""
    book.put(DEAL, cell, [value])
    book.write(here / "book.xlsx")
    assert clodesk("import", "book.xlsx").code == 0
    said = clodesk("compliance", DEAL.removesuffix(" Inputs"))

    assert (said.code, said.out) == (1, "")
    assert f"{message}, at '{DEAL}'!{cell}." in flat(said.err)
    assert (n_rows("runs"), n_rows("compliance_test_results")) == (0, 0)


@pytest.mark.parametrize("arguments", [("--test", COV_LITE), (), ("--history",)])
def test_tables_fit_a_terminal_of_80_columns(clodesk, demo, monkeypatch, arguments) -> None:
    """Nothing is cut where a person works; a wide terminal shows the drivers too."""
    wide = clodesk("compliance", "Demo 1", *arguments).out
    monkeypatch.setattr(cli_compliance, "console", type(cli_compliance.console)(width=80))
    said = clodesk("compliance", "Demo 1", *arguments)
    tables = [line for line in said.out.splitlines() if not line.startswith("  ")]

    assert max(map(len, tables)) <= 80
    assert "\u2026" not in said.out
    assert ("Driven by" in wide) == ("--history" not in arguments)
