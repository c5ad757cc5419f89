"""The commands: help that works when pasted, exit codes, streams, JSON."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest
import typer

from tests.db.payouts.conftest import first_swap
from tests.desk.made_books import as_mag16_in_default
from tests.xl_addin.command_line.command_lines import COMMANDS, parse
from workbooks.demo import demo_snapshot, demo_waterfall
from xl_addin.command_line import app as cli


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_help_with_an_example_that_works(name: str, command: typer.core.TyperCommand) -> None:
    """One sentence, and a line to paste that the command line understands."""
    text = command.help or ""
    example = re.search(r"^Example: (clodesk .+)$", text, re.MULTILINE)

    assert text.split("\n\n")[0].strip().endswith(".")
    assert example is not None
    assert example[1].startswith(f"clodesk {name}")
    parse(example[1])


def test_the_demo_leaves_a_results_workbook_and_answers_again_from_the_store(clodesk, here) -> None:
    """Two scenarios computed, then the same runs answered without computing."""
    first = clodesk("demo", "--json")
    second = clodesk("demo", "--json")

    assert (first.code, second.code) == (0, 0)
    assert [(run["summary"]["scenario"], run["answered_from"]) for run in first.json] == [
        ("BASE", "computed"),
        ("STRESS", "computed"),
    ]
    assert {run["answered_from"] for run in second.json} <= {"cache", "store"}
    assert [run["run_id"] for run in second.json] == [run["run_id"] for run in first.json]
    assert [run["classes"] for run in second.json] == [run["classes"] for run in first.json]
    assert {path.name for path in here.iterdir()} == {"Demo 1.xlsx", "Demo 1 results.xlsx"}


def test_from_workbook_to_results(clodesk, small_demo, here) -> None:
    """Import, list, run, show and export, each a command that ends with code 0."""
    assert clodesk("import", small_demo).code == 0
    (here / "mine.waterfall").write_text(demo_waterfall())
    assert clodesk("waterfall", "set", "Demo 1", "mine.waterfall").code == 0
    listed = clodesk("deals", "--json").json
    assert [(line["name"], line["n_positions"], line["program"]) for line in listed] == [("Demo 1", 30, "Demo 1 v1")]

    run = clodesk("run", "demo 1", "--assumptions", "workbook", "--json")
    shown = clodesk("results", "Demo 1", "--json")
    exported = clodesk("export", "Demo 1", "-o", "mine.xlsx")

    assert (run.code, shown.code, exported.code) == (0, 0, 0)
    assert shown.json["classes"] == run.json["classes"]
    assert (here / "mine.xlsx").read_bytes()[:2] == b"PK"
    assert exported.out == ""


def test_a_run_as_json_has_the_documented_keys(clodesk, small_demo, here) -> None:
    """Head, failure, dates, classes with risk and cash flows, tests."""
    import_demo(clodesk, small_demo, here)
    run = clodesk("run", "Demo 1", "--assumptions", "workbook", "--json").json

    assert list(run) == [
        "run_id",
        "answered_from",
        "summary",
        "failure",
        "last_period",
        "payment_dates",
        "classes",
        "oc_tests",
        "ic_tests",
    ]
    cash_flows = run["classes"]["Class A-1"]["cash_flows"]
    assert len(cash_flows["principal_paid"]) == len(run["payment_dates"])
    assert "yield_at_price" in run["classes"]["Class A-1"]["risk"]
    assert run["summary"]["sources"]
    assert {"trigger", "ratio", "is_passed"} <= set(run["oc_tests"]["Class B OC Test"])


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("deals",), {"name", "as_of", "n_positions", "par", "program", "source_file"}),
        (("results",), {"run_id", "deal_id", "scenario", "as_of", "mode", "status", "input_hash"}),
        (("assumptions", "list"), {"name", "description", "curve", "rows", "fees", "reinvestment"}),
    ],
)
def test_lists_as_json_are_records(clodesk, small_demo, here, arguments, keys) -> None:
    """A list of objects with the names of the records."""
    import_demo(clodesk, small_demo, here)
    clodesk("run", "Demo 1", "--assumptions", "workbook")
    said = clodesk(*arguments, "--json")

    assert said.code == 0
    assert keys <= set(said.json[0])


def test_an_import_as_json_has_findings_and_changes(clodesk, small_demo) -> None:
    """What was found, what changed, what was done."""
    said = clodesk("import", small_demo, "--json").json

    assert set(said) == {"message", "is_written", "has_errors", "findings", "violations", "changes"}
    assert said["is_written"] is True
    assert {"deal", "table", "key", "kind", "field", "old", "new"} == set(said["changes"][0])


def test_a_dry_run_writes_nothing(clodesk, small_demo, n_rows) -> None:
    """It says what would change, and no table has a row more."""
    said = clodesk("import", small_demo, "--dry-run")

    assert said.code == 0
    assert said.out.rstrip().endswith("Nothing was written.")
    assert [n_rows(table) for table in ("source_files", "deal_snapshots", "assets", "asset_history")] == [0, 0, 0, 0]


def test_usage_errors_end_with_2(clodesk) -> None:
    """An unknown option, a missing argument, a wrong date, nothing to export."""
    for arguments in (
        ("deals", "--colour"),
        ("import",),
        ("run", "Demo 1", "--as-of", "yesterday"),
        ("run", "Demo 1", "--mode", "wishful"),
        ("export",),
    ):
        said = clodesk(*arguments)
        assert (said.code, said.out) == (2, ""), arguments
        assert said.err != ""


def test_a_run_without_assumption_set_ends_with_1(clodesk, small_demo, here) -> None:
    """The refusal is on stderr, stdout stays empty."""
    import_demo(clodesk, small_demo, here)
    said = clodesk("run", "Demo 1")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("CLO-4016: No assumption set was chosen")


def test_a_run_that_stops_ends_with_3_and_tells_where(clodesk, here, store) -> None:
    """The results up to there are shown, with period, section and step."""
    demo = demo_snapshot(n_assets=40)
    store.save_snapshot(as_mag16_in_default(replace(demo, source_file=replace(demo.source_file, name="mag16.xlsx"))))
    said = clodesk("run", "MAG 16", "--assumptions", "workbook", "--mode", "legacy")
    as_json = clodesk("run", "MAG 16", "--assumptions", "workbook", "--mode", "legacy", "--json")
    exported = clodesk("export", "MAG 16", "-o", "failed.xlsx")

    assert (said.code, as_json.code, exported.code) == (3, 3, 0)
    assert "section EOD, at `INT {C-1 C-2}!full`" in " ".join(said.out.split())
    assert as_json.json["failure"]["section"] == "EOD"


def test_a_database_out_of_reach_ends_with_4(clodesk, monkeypatch) -> None:
    """The address that was tried is named, the password is not."""
    monkeypatch.setenv("CLODESK_DATABASE_URL", "postgresql://analyst:hush-hush@127.0.0.1:1/clo")
    said = clodesk("deals")

    assert (said.code, said.out) == (4, "")
    assert said.err.startswith("CLO-3002: PostgreSQL cannot be reached")
    assert "127.0.0.1:1" in said.err
    assert "hush-hush" not in said.err


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("CLODESK_DATABASE_URL", "mysql://u:hush-hush@host/clo", "CLO-3023: The database address is not"),
        ("CLODESK_DATABASE_URL", "postgresql://u:hush-hush@host:port/clo", "CLO-3023: The database address is not"),
        ("CLODESK_REDIS_URL", "hush-hush", "CLO-3019: The cache address is not a Redis address, at CLODESK_REDIS_URL."),
        ("CLODESK_POOL_SIZE", "hush-hush", "CLO-3018: The environment variable CLODESK_POOL_SIZE cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_read_ends_with_1(clodesk, monkeypatch, variable, value, text) -> None:
    """The variable is named; its value is not shown, it may hold a password."""
    monkeypatch.setenv(variable, value)
    said = clodesk("deals")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(text)
    assert variable in said.err
    assert "hush-hush" not in said.err


def test_without_cache_server_a_run_says_so_once_and_is_right(clodesk, small_demo, here, monkeypatch, caplog) -> None:
    """One warning, the same numbers."""
    import_demo(clodesk, small_demo, here)
    right = clodesk("run", "Demo 1", "--assumptions", "workbook", "--json")
    monkeypatch.setenv("CLODESK_REDIS_URL", "redis://127.0.0.1:1/0")
    said = clodesk("run", "Demo 1", "--assumptions", "workbook", "--json")

    assert said.code == 0
    assert said.json["classes"] == right.json["classes"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_results_workbook_that_cannot_be_written_ends_with_1(clodesk, small_demo, here) -> None:
    """No traceback: the path, and what to do."""
    import_demo(clodesk, small_demo, here)
    clodesk("run", "Demo 1", "--assumptions", "workbook")
    said = clodesk("export", "Demo 1", "-o", here / "no such folder" / "mine.xlsx")

    assert said.code == 1
    assert said.err.startswith("CLO-2062: The workbook cannot be written")


def test_assumption_sets_go_out_and_come_back(clodesk, here) -> None:
    """What `show` prints, `add` reads."""
    text = clodesk("assumptions", "show", "illustrative").out
    (here / "mine.json").write_text(text.replace('"illustrative"', '"mine"'))
    added = clodesk("assumptions", "add", "mine.json")
    again = clodesk("assumptions", "show", "mine").out
    unknown = clodesk("assumptions", "show", "wishful")
    of_workbook = clodesk("assumptions", "show", "workbook")

    assert (added.code, added.out) == (0, "")
    assert again == text.replace('"illustrative"', '"mine"')
    assert (unknown.code, of_workbook.code) == (1, 1)
    assert "Known sets: workbook, illustrative, mine." in unknown.err
    assert of_workbook.err.startswith("CLO-4019: The set 'workbook' is what the workbook of a deal says")


@pytest.mark.parametrize(("name", "place"), [("Mag 16", ""), ("MAG 12", "")], ids=["shipped", "another"])
def test_a_shown_waterfall_passes_the_check(clodesk, here, name, place) -> None:
    """The text of a shipped program is a program."""
    (here / "shown.waterfall").write_text(clodesk("waterfall", "show", name).out)

    assert clodesk("waterfall", "check", "shown.waterfall").code == 0


def test_storage_is_described_without_secrets(clodesk) -> None:
    """Address, kind, revision."""
    said = clodesk("db", "status", "--json")

    assert said.code == 0
    assert said.json["revision"] == said.json["needed"]
    assert clodesk("db", "upgrade").code == 0


def test_daily_rows_in_no_partition_are_told_and_put_into_place(clodesk, store, n_rows) -> None:
    """Status counts them by table and says what to do; the upgrade moves them into the partition of their year."""
    with store.begin() as work:
        rows = first_swap(work.session.connection())
        rows.accrual(rows.cashflow(), date(2024, 3, 15))
    told, told_json = clodesk("db", "status"), clodesk("db", "status", "--json").json
    upgraded = clodesk("db", "upgrade")
    after = clodesk("db", "status")

    assert (told.code, told_json["misplaced"]) == (0, {"daily_accruals": 1})
    assert "1 of daily_accruals" in told.out
    assert "run `clodesk db upgrade`" in " ".join(told.err.split())
    assert upgraded.code == 0
    assert n_rows("daily_accruals_2024") == 1
    assert n_rows("daily_accruals_default") == 0
    assert (after.err, "daily_accruals" in after.out) == ("", False)


def test_an_old_year_is_put_aside_and_brought_back(clodesk, store, n_rows) -> None:
    """Status names archived years; a year that is needed or has no rows stays, with the reason."""
    store.prepare_payout_years(date(2021, 1, 1), date(2024, 1, 1))
    with store.begin() as work:
        rows = first_swap(work.session.connection())
        rows.pnl(date(2021, 3, 15), 5)
        rows.insert("job_runs", kind="end of day", as_of=date(2024, 3, 15))
        rows.execute("UPDATE job_runs SET status = 'FINISHED', finished_at = now()")
    refused = clodesk("db", "archive", "2024")
    archived = clodesk("db", "archive", "2021")
    told, n_left = clodesk("db", "status", "--json").json["archived"], n_rows("unrealized_pnl_timeseries")
    shown = clodesk("db", "status").out
    restored = clodesk("db", "restore", "2021")

    assert (refused.code, "the last day run is in 2024" in " ".join(refused.err.split())) == (1, True)
    assert (archived.code, told, n_left) == (0, [2021], 0)
    assert "clodesk db restore 2021" in " ".join(archived.err.split())
    assert "Archived years" in shown
    assert (restored.code, n_rows("unrealized_pnl_timeseries")) == (0, 1)


def test_every_table_fits_a_terminal_of_80_columns(clodesk, small_demo, here, monkeypatch) -> None:
    """No line of a table is cut or broken where a person works."""
    import_demo(clodesk, small_demo, here)
    monkeypatch.setattr(cli, "console", type(cli.console)(width=80))
    clodesk("run", "Demo 1", "--assumptions", "workbook", "--scenario", "STRESS")
    for arguments in (("deals",), ("results",), ("results", "Demo 1"), ("assumptions", "list")):
        said = clodesk(*arguments)
        assert max(map(len, said.out.splitlines())) <= 80
        assert "\u2026" not in said.out, arguments


def test_data_and_talk_keep_to_their_streams(database_url, redis_url, here) -> None:
    """In a process of its own: tables on stdout, errors on stderr, the code as documented."""
    environment = os.environ | {"CLODESK_DATABASE_URL": database_url, "CLODESK_REDIS_URL": redis_url}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", "from xl_addin.command_line.app import main; main()", *arguments]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    listed, failed = run("deals", "--json"), run("import", "missing.xlsx")

    assert (listed.returncode, listed.stdout.strip(), listed.stderr) == (0, "[]", "")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("CLO-2001:")


def import_demo(clodesk, small_demo, here) -> None:
    assert clodesk("import", small_demo).code == 0
    (here / "demo.waterfall").write_text(demo_waterfall())
    assert clodesk("waterfall", "set", "Demo 1", "demo.waterfall").code == 0
