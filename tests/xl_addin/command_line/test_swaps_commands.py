"""The commands `clodesk swaps ...`: from a demo book to reports, settlement and files."""

import json
from collections.abc import Iterator

import openpyxl
import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from tests.conftest import fresh_database

LAST = "2024-03-15"


@pytest.fixture(scope="module")
def demo_database(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[str]:
    """Name of a database with the demo swaps, all their days run; each test gets a copy."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        SwapDesk(store).demo()
        store.close()
        yield url.rsplit("/", 1)[1].partition("?")[0]


@pytest.fixture
def database_url(server_url: str, demo_database: str) -> Iterator[str]:
    """A copy of the demo swaps."""
    with fresh_database(server_url, demo_database) as url:
        yield url


@pytest.fixture
def demo(clodesk):
    """The commands on that copy."""
    return clodesk


def test_the_demo_is_a_book_that_reports_and_settles(demo, here) -> None:
    """List, show, report, net and pay, export, and run a day again without changing anything."""
    listed = demo("swaps", "book", "--json").json
    shown = demo("swaps", "show", "DEMO-TRS")
    pnl = demo("swaps", "report", "R-8", "--as-of", LAST, "--arg", "business_days=2", "--json").json
    preview = demo("swaps", "settle", "2024-02-06", "--dry-run", "--json").json
    netted = demo("swaps", "settle", "2024-02-06", "--execute", "--json").json
    again = demo("swaps", "eod", LAST, "--json")
    exported = demo("swaps", "export", "DEMO-TRS")

    assert [line["contract_reference"] for line in listed] == ["DEMO-TRS", "DEMO-TRS-EUR", "DEMO-VARIANCE"]
    assert "RIC:DEMO.A" in shown.out
    assert {row["contract_reference"] for row in pnl["rows"]} == {"DEMO-TRS", "DEMO-TRS-EUR", "DEMO-VARIANCE"}
    assert len(preview) == len(netted["instructions"]) == 1
    assert netted["instructions"][0]["amount"] == pytest.approx(
        abs(preview[0]["party1_owes"] - preview[0]["party2_owes"])
    )
    (day,) = again.json
    assert (again.code, day["n_flows"], day["n_accruals"], day["n_realised"], day["n_pnl"]) == (0, 0, 0, 0, 0)
    assert json.loads(exported.out)["trade"]


def test_a_cash_flow_that_is_excluded_is_paid_by_itself_with_its_reason(demo) -> None:
    """It leaves the net of the others, in the preview and in the instructions; what is not due cannot be excluded."""
    (together,) = demo("swaps", "settle", "2024-02-06", "--dry-run", "--json").json
    first, *others = together["cashflow_references"]
    line = ("swaps", "settle", "2024-02-06", "--exclude", f"{first}=disputed, ticket 7")
    sets = demo(*line, "--dry-run", "--json").json
    instructions = demo(*line, "--json").json["instructions"]
    missing = demo("swaps", "settle", "2024-02-06", "--exclude", "NO-SUCH=gone")

    assert [(one["cashflow_references"], one["excluded_because"]) for one in sets] == [
        (others, None),
        ([first], "disputed, ticket 7"),
    ]
    assert [one["excluded_because"] for one in instructions] == [None, "disputed, ticket 7"]
    assert sum(one["party1_owes"] - one["party2_owes"] for one in sets) == pytest.approx(
        together["party1_owes"] - together["party2_owes"]
    )
    assert missing.code == 1
    assert "The excluded cashflow is not among those to net" in missing.err


def test_a_payment_fails_is_tried_again_and_settles(demo) -> None:
    """A failed payment leaves its cash flows unsettled; the next attempt, once completed, settles them."""
    paid = demo("swaps", "settle", "2024-02-06", "--execute", "--json").json["payments"][0]["payment_reference"]
    failed = demo("swaps", "payment", paid, "FAILED", "--on", "2024-02-06", "--because", "wrong account", "--json").json
    again = demo("swaps", "payment", paid, "RETRY", "--on", "2024-02-07", "--json").json
    before = demo("swaps", "report", "R-13", "--arg", "first=2024-01-02", "--arg", f"last={LAST}", "--json").json
    done = demo("swaps", "payment", again["payment_reference"], "COMPLETED", "--on", "2024-02-07")
    after = demo("swaps", "report", "R-13", "--arg", "first=2024-01-02", "--arg", f"last={LAST}", "--json").json
    refused = demo("swaps", "payment", paid, "COMPLETED", "--on", "2024-02-07")

    assert (failed["status"], again["status"], again["attempt_number"]) == ("FAILED", "PENDING", 2)
    assert "COMPLETED" in done.out
    assert sum(row["settled_count"] for row in before["rows"]) == 0
    assert sum(row["settled_count"] for row in after["rows"]) == len(again["cashflow_references"])
    assert refused.code == 1
    assert "CLO-" in refused.err


def test_what_is_netted_is_called_back_and_netted_anew(demo) -> None:
    """The cash flows of a cancelled instruction are free for the next netting; an executed one is not called back."""
    (netted,) = demo("swaps", "settle", "2024-02-06", "--json").json["instructions"]
    said = demo("swaps", "cancel-netting", netted["netting_reference"])
    (anew,) = demo("swaps", "settle", "2024-02-06", "--execute", "--json").json["instructions"]
    executed = demo("swaps", "cancel-netting", anew["netting_reference"])
    unknown = demo("swaps", "cancel-netting", "NET/1")

    assert said.code == 0
    assert said.out.startswith(f"{netted['netting_reference']}: CANCELLED; free: ")
    assert all(reference in said.out for reference in netted["cashflow_references"])
    assert (anew["cashflow_references"], anew["amount"]) == (netted["cashflow_references"], netted["amount"])
    assert anew["netting_reference"] != netted["netting_reference"]
    assert [refused.code for refused in (executed, unknown)] == [1, 1]
    assert "CLO-1951" in executed.err
    assert "CLO-1978" in unknown.err


def test_a_payment_is_sent_called_back_and_made_anew(demo) -> None:
    """A cancelled payment leaves its cash flows to the next attempt; one that arrived is not called back."""
    paid = demo("swaps", "settle", "2024-02-06", "--execute", "--json").json["payments"][0]["payment_reference"]
    sent = demo("swaps", "payment", paid, "sent", "--on", "2024-02-06", "--json").json
    back = demo("swaps", "payment", paid, "CANCELLED", "--on", "2024-02-06", "--because", "wrong day", "--json").json
    again = demo("swaps", "payment", paid, "RETRY", "--on", "2024-02-07", "--json").json
    demo("swaps", "payment", again["payment_reference"], "COMPLETED", "--on", "2024-02-07")
    late = demo("swaps", "payment", again["payment_reference"], "CANCELLED", "--on", "2024-02-07")

    assert (sent["status"], back["status"], again["status"]) == ("IN_TRANSIT", "CANCELLED", "PENDING")
    assert again["cashflow_references"] == back["cashflow_references"]
    assert late.code == 1
    assert "CLO-1951" in late.err


def test_large_payments_take_two_people(demo, monkeypatch) -> None:
    """Above the threshold the instruction waits; who made it cannot confirm it, somebody else can, and it is paid."""
    monkeypatch.setenv("LOGNAME", "anna")
    waiting = demo("swaps", "settle", "2024-02-06", "--execute", "--threshold", "1,000", "--json").json
    (reference,) = waiting["awaiting"]
    own = demo("swaps", "confirm-netting", reference)
    told = demo("swaps", "settle", "2024-02-06", "--execute", "--threshold", "1000")
    monkeypatch.setenv("LOGNAME", "bert")
    confirmed = demo("swaps", "confirm-netting", reference)
    paid = demo("swaps", "settle", "2024-02-06", "--execute", "--threshold", "1000", "--json").json

    assert waiting["payments"] == []
    assert own.code == 1
    assert "CLO-1973" in own.err
    assert f"{reference} waits for somebody else" in told.out
    assert f"{reference}: CONFIRMED by bert" in confirmed.out
    assert [(len(paid["payments"]), paid["awaiting"])] == [(1, [])]


def test_cash_flows_go_out_as_transfers(demo) -> None:
    """What is due is pending, and instructed or netted once it is being paid."""
    before = demo("swaps", "export", "DEMO-TRS", "--transfers").json
    demo("swaps", "settle", LAST, "--execute")
    after = demo("swaps", "export", "DEMO-TRS", "--transfers").json
    unknown = demo("swaps", "export", "NO-SUCH", "--transfers")

    assert {state["transferStatus"] for state in before} == {"Pending"}
    assert {state["transferStatus"] for state in after} <= {"Pending", "Instructed", "Netted"}
    assert {state["transferStatus"] for state in after} != {"Pending"}
    assert [state["transfer"] for state in after] == [state["transfer"] for state in before]
    assert unknown.code == 1


def test_the_demo_again_changes_nothing(demo, n_rows) -> None:
    """The second one runs no day."""
    before = [n_rows(table) for table in ("contract_versions", "job_runs", "price_fixings")]

    assert demo("swaps", "demo").code == 0
    assert [n_rows(table) for table in ("contract_versions", "job_runs", "price_fixings")] == before


def test_market_data_bring_the_next_days(demo, here) -> None:
    """A day without fixings says which are missing and ends with 1; with them the missed days are caught up."""
    lacking = demo("swaps", "eod", "2024-03-18", "--json")
    days = ("2024-03-18", "2024-03-19")
    book = openpyxl.Workbook()
    book.active.title = "PRICES"
    book.active.append(["instrument", "date", "price", "currency"])
    fx, rates = book.create_sheet("FX"), book.create_sheet("RATES")
    fx.append(["currency1", "currency2", "date", "rate"])
    rates.append(["index", "date", "rate"])
    for on in days:
        book.active.append(["DEMO.A", on, 101.0, "USD"])
        book.active.append(["DEMO.B", on, 52.0, "EUR"])
        fx.append(["EUR", "USD", on, 1.09])
        rates.append(["USD-SOFR", on, 0.0531])
    book.save("fixings.xlsx")

    tried = demo("swaps", "market", "fixings.xlsx", "--dry-run")
    stored = demo("swaps", "market", "fixings.xlsx", "--json").json
    run = demo("swaps", "eod", "2024-03-18", "--through", "2024-03-19", "--json")

    assert lacking.code == 1
    assert {gap["name"] for gap in lacking.json[0]["missing"]} == {"RIC:DEMO.A", "EUR/USD"}
    assert (tried.code, tried.out.rstrip().endswith("Nothing was written.")) == (0, True)
    assert [count["n_changed"] for count in stored["counts"]] == [4, 2, 2]
    assert (run.code, [day["as_of"] for day in run.json]) == (0, list(days))
    assert all(day["n_pnl"] > 0 for day in run.json)


def test_bad_market_data_end_with_1_and_name_the_cell(demo, here, n_rows) -> None:
    """Nothing is stored."""
    (here / "closes.csv").write_text("instrument,date,price,currency\nDEMO.A,2024-03-18,-5,USD\n")
    before = n_rows("price_fixings")
    said = demo("swaps", "market", "closes.csv")

    assert said.code == 1
    assert "E-RANGE" in said.out
    assert "'closes.csv'!C2: price is negative" in said.out
    assert n_rows("price_fixings") == before


def test_a_cashflow_is_deferred_released_and_cancelled(demo) -> None:
    """By its reference, each with a reason; what is not possible ends with 1 or 3."""
    flows = demo("swaps", "report", "cashflows", "--arg", "contract=DEMO-TRS", "--json").json["rows"]
    accrued = [row["cashflow_reference"] for row in flows if row["cashflow_status"] == "ACCRUED"]

    deferred = demo("swaps", "defer", accrued[0], "asked for", "--until", "2024-04-10", "--on", LAST, "--json")
    released = demo("swaps", "release", accrued[0], "--on", "2024-04-10", "--because", "agreed", "--json")
    cancelled = demo("swaps", "transition", accrued[1], "cancel", "--because", "agreed", "--on", LAST, "--json")
    again = demo("swaps", "transition", accrued[1], "cancel", "--because", "agreed", "--on", LAST)

    assert [said.code for said in (deferred, released, cancelled)] == [0, 0, 0], deferred.err + cancelled.err
    assert deferred.json["state"]["status"] == "REALIZED_DEFERRED"
    assert released.json["state"]["status"] == "REALIZED_UNSETTLED"
    assert cancelled.json["state"]["status"] == "CANCELLED"
    assert again.code in (1, 3)


def test_a_swap_goes_out_and_comes_back(demo, here) -> None:
    """What `export` prints, `import` reads: a folder of documents, tried first."""
    (here / "trades").mkdir()
    (here / "trades" / "one.json").write_text(demo("swaps", "export", "DEMO-TRS").out)
    (here / "trades" / "two.json").write_text("{}")
    tried = demo("swaps", "import", "trades", "--dry-run", "--json")

    assert tried.code == 1
    assert [file["name"] for file in tried.json] == ["one.json", "two.json"]
    assert [file["outcome"] == "REFUSED" for file in tried.json] == [False, True]
    assert not any(file["is_written"] for file in tried.json)


def test_usage_errors_end_with_2_and_unknown_things_with_1(demo, here) -> None:
    """What is wrong stands on stderr."""
    usage = [
        ("swaps", "eod", "yesterday"),
        ("swaps", "eod", LAST, "--through", "2024-03-01"),
        ("swaps", "report", "R-6", "--arg", "contract"),
        ("swaps", "calendars", "--first-year", "2030", "--last-year", "2020"),
        ("swaps", "transition", "X", "settle"),
        ("swaps", "settle", LAST, "--threshold", "much"),
        ("swaps", "settle", LAST, "--exclude", "CF-1"),
        ("swaps", "payment", "X", "LOST"),
    ]
    unknown = [
        ("swaps", "show", "NO-SUCH"),
        ("swaps", "report", "R-99"),
        ("swaps", "report", "R-6"),
        ("swaps", "release", "NO-SUCH"),
        ("swaps", "import", "."),
        ("swaps", "market", "missing.csv"),
        ("swaps", "event", "missing.json"),
    ]

    assert [(line, demo(*line).code) for line in usage] == [(line, 2) for line in usage]
    assert [(line, demo(*line).code) for line in unknown] == [(line, 1) for line in unknown]


def test_tables_of_swaps_fit_a_terminal_of_80_columns(demo, monkeypatch) -> None:
    """No line of a table is cut where a person works; wide reports become blocks."""
    from xl_addin.command_line import swaps, swaps_days, swaps_life

    for module in (swaps, swaps_days, swaps_life):
        monkeypatch.setattr(module, "console", type(module.console)(width=80))
    for line in (
        ("book",),
        ("show", "DEMO-TRS"),
        ("eod", LAST),
        ("settle", "2024-02-06", "--dry-run"),
        ("report", "R-14", "--as-of", LAST),
    ):
        said = demo("swaps", *line)
        assert max(map(len, said.out.splitlines())) <= 80, said.out
        assert "\u2026" not in said.out, said.out


def test_a_workbook_of_results_is_written(demo, here) -> None:
    """A workbook that opens."""
    said = demo("swaps", "workbook", "swaps.xlsx", "--as-of", LAST)

    assert (said.code, said.out) == (0, "")
    assert openpyxl.load_workbook("swaps.xlsx").sheetnames
