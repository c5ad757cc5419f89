"""Stored swaps in cells: the demo's contracts, cashflows, P&L, accruals, netting and reports."""

from collections.abc import Iterator
from datetime import date

import pytest

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.desk import Desk
from tests.conftest import fresh_database
from tests.xl_addin.conftest import CallCell
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory
from xl_addin.registry.values import serial

LAST = "2024-03-15"


@pytest.fixture(scope="module")
def swaps_desk(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Desk]:
    """A desk with the demo swaps, all their days run."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(LocalCache()))
        desk.swaps.demo()
        yield desk
        store.close()


@pytest.fixture
def call(swaps_desk: Desk) -> CallCell:
    """Calls a function as a cell would, on that desk."""
    dispatcher = Dispatcher(ResultMemory())

    def value(name: str, *arguments: object) -> object:
        answer = dispatcher.call(name, arguments, CallContext(lambda: swaps_desk))
        return answer.get("v", answer)

    return value


def records(table: list[list[object]]) -> list[dict[str, object]]:
    """Rows of a table by the names in its first row."""
    names, *rows = table
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_contracts_are_listed_and_filtered(call: CallCell) -> None:
    """All three, those of one type, those of a party, none before the trade date."""
    of_type = records(call("PAY_CONTRACTS", None, "VARIANCE_SWAP"))

    assert [row["contract_reference"] for row in records(call("PAY_CONTRACTS"))] == [
        "DEMO-TRS",
        "DEMO-TRS-EUR",
        "DEMO-VARIANCE",
    ]
    assert [row["contract_reference"] for row in of_type] == ["DEMO-VARIANCE"]
    assert len(records(call("PAY_CONTRACTS", "Demo fund"))) == 3
    assert records(call("PAY_CONTRACTS", None, None, "2023-12-29")) == []


def test_pnl_of_a_day_is_the_sum_of_its_components(call: CallCell) -> None:
    """Of both legs; the funding leg has interest alone."""
    rows = records(call("PAY_PNL", "DEMO-TRS", LAST))
    parts = ("price", "dividend", "interest", "fx", "other")
    sums = [sum(float(row[f"{part}_pnl_amount"]) for part in parts) for row in rows]

    assert [row["leg_number"] for row in rows] == [1, 2]
    assert sums == pytest.approx([row["unrealized_pnl_amount"] for row in rows], abs=1e-9)
    assert rows[1]["interest_pnl_amount"] == pytest.approx(rows[1]["unrealized_pnl_amount"])


def test_the_series_has_every_day_of_the_window(call: CallCell) -> None:
    """Two legs a business day, in order; the last day is that of PAY_PNL."""
    rows = records(call("PAY_PNL_SERIES", "DEMO-TRS", "2024-03-11", LAST))
    days = [row["valuation_date"]["d"] for row in rows]

    assert days == sorted(serial(date(2024, 3, n)) for n in range(11, 16) for _ in (1, 2))
    assert rows[-2:] == records(call("PAY_PNL", "DEMO-TRS", LAST))


def test_a_cashflow_is_what_was_accrued(call: CallCell) -> None:
    """Funding of the first period: its daily accruals add up to its amount."""
    flows = records(call("PAY_CASHFLOWS", "DEMO-TRS"))
    reconciled = records(call("PAY_REPORT", "R-3", f"contract=DEMO-TRS; first=2024-01-02; last={LAST}"))

    assert {"EQUITY_RETURN", "DIVIDEND"} <= {row["cashflow_type"] for row in flows}
    assert {row["reconciliation_status"] for row in reconciled} == {"MATCH"}


def test_accruals_are_listed_by_day(call: CallCell) -> None:
    """Weekend days included: interest runs on them."""
    rows = records(call("PAY_ACCRUALS", "DEMO-TRS", "2024-03-08", "2024-03-11"))

    assert {row["accrual_date"]["d"] - serial(date(2024, 3, 8)) for row in rows} >= {0, 1, 2, 3}


def test_netting_adds_up_what_is_due(call: CallCell) -> None:
    """What both total return swaps pay on a day is one payment, one for each payment date that is still open."""
    rows = records(call("PAY_NETTING", "2024-03-06"))
    flows = [row for name in ("DEMO-TRS", "DEMO-TRS-EUR") for row in records(call("PAY_CASHFLOWS", name))]
    due = [row for row in flows if row["cashflow_status"] == "REALIZED_UNSETTLED"]

    assert [row["payment_date"]["d"] for row in rows] == [serial(date(2024, 2, 6)), serial(date(2024, 3, 6))]
    assert sum(row["cashflows"] for row in rows) == len(due)
    assert -sum(row["net_amount"] for row in rows) == pytest.approx(sum(row["amount"] for row in due), abs=0.05)
    assert all(0 < row["netting_benefit"] < 1 for row in rows)


def test_nothing_is_deferred_and_nothing_was_due_before(call: CallCell) -> None:
    """Tables with their headers alone."""
    assert records(call("PAY_DEFERRALS", LAST)) == []
    assert records(call("PAY_NETTING", "2024-02-05")) == []


def test_a_report_takes_a_text_or_a_range(call: CallCell) -> None:
    """Dates of a range are serial numbers; both give one table."""
    of_text = call("PAY_REPORT", "risk", f"first=2024-01-02; last={LAST}; contract=DEMO-TRS")
    of_range = call(
        "PAY_REPORT",
        "R-7",
        [["first", serial(date(2024, 1, 2))], ["last", {"d": serial(date(2024, 3, 15))}], ["contract", "DEMO-TRS"]],
    )

    assert of_text == of_range
    assert records(of_text)[-1]["observation_count"] >= 50


@pytest.mark.parametrize(
    ("name", "arguments", "number", "code"),
    [
        ("PAY_REPORT", ("R-99",), "CLO-1991", "#VALUE!"),
        ("PAY_REPORT", ("R-9", "first=2024-01-02"), "CLO-1992", "#VALUE!"),
        ("PAY_REPORT", ("R-9", "first"), "CLO-2194", "#VALUE!"),
        ("PAY_REPORT", ("R-9", "first=2024-01-02; first=2024-01-02"), "CLO-2194", "#VALUE!"),
        ("PAY_CASHFLOWS", ("NO-SUCH",), "CLO-1983", "#N/A"),
        ("PAY_PNL_SERIES", ("DEMO-TRS", LAST, "2024-01-02"), "CLO-1992", "#VALUE!"),
    ],
)
def test_what_is_not_there_says_so(call: CallCell, name, arguments, number, code) -> None:
    """The error of the desk, with the error of a cell that fits it."""
    found = call(name, *arguments)

    assert (found["e"], found["m"][:8]) == (code, number)


def test_an_answer_is_kept_until_swaps_change(swaps_desk: Desk, call: CallCell) -> None:
    """A change of a deal or a scenario leaves it; another end of day or fixing does not."""
    before = swaps_desk.data_versions()
    swaps_desk.swaps.end_of_day(date(2024, 3, 15))
    after = swaps_desk.data_versions()

    assert before.of_everything == after.of_everything
    assert int(after.of_payouts) > int(before.of_payouts)
