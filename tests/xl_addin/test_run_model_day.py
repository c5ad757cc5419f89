"""A day with the old "Run Model" sheet as a new user would try it: only what a client can call, and a workbook file.

The legacy workbook is imported by command, MAG 17 chosen, its cash flows run, its tests, a hypothetical trade, a
ranking and a rebalance; every result is a sheet of the analyst's own control workbook, which LibreOffice then prints.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from openpyxl import Workbook, load_workbook

from tests.conftest import fresh_database
from tests.xl_addin.programs import need
from tests.xl_addin.running_server import running_server
from workbooks.templates.control_workbook import write_control_workbook
from xl_addin.commands.applier_openpyxl import apply_patch
from xl_addin.commands.declare import command_of
from xl_addin.commands.files_openpyxl import read_inputs, save_workbook
from xl_addin.commands.patch import patch_from_json

DEAL = "Mag 17"
REBALANCED_OBJECTIVE = 110.49833385
"""What the legacy model recorded for this rebalance (spec 05 §14, T4)."""


@dataclass
class Analyst:
    """Somebody with a workbook and a server."""

    client: httpx.Client
    book: Workbook

    def press(self, command_id: str, *, file: Path | None = None, **answers: Any) -> list[str]:
        """Press a ribbon button, wait for its job, let it write into the workbook; what it says."""
        inputs = read_inputs(self.book, command_of(command_id).reads)
        body = {
            "cells": inputs.cells,
            "tables": inputs.tables,
            "answers": answers,
            "sheets": inputs.sheets,
            "ours": inputs.ours,
        }
        if file is None:
            response = self.client.post(f"/api/v1/macro/{command_id}", json=body)
        else:
            with file.open("rb") as content:
                response = self.client.post(
                    f"/api/v1/macro/{command_id}",
                    data={"inputs": orjson.dumps(body).decode()},
                    files={"file": (file.name, content)},
                )
        answer = response.json()
        assert response.status_code < 400, answer
        if "job" in answer:
            answer = self._finished(answer["job"])
        said = apply_patch(patch_from_json(answer["patch"]), self.book)
        return [message.text for message in said]

    def _finished(self, job: str) -> dict[str, Any]:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.client.get(f"/api/v1/jobs/{job}").json()
            if found["state"] in ("done", "failed", "cancelled"):
                assert found["state"] == "done", found
                return found
            time.sleep(0.2)
        raise AssertionError(f"job {job} did not end")

    def ask(self, name: str, *arguments: Any) -> Any:
        """The value of a cell."""
        answer = self.client.post(f"/api/v1/udf/{name}", json={"a": list(arguments)}).json()
        assert "v" in answer, answer
        return answer["v"]

    def set(self, name: str, value: Any) -> None:
        """Type into a named cell."""
        sheet, cell = next(iter(self.book.defined_names[name].destinations))
        self.book[sheet][cell.replace("$", "")] = value

    def column(self, sheet: str, heading: str) -> list[Any]:
        """The column under a heading of the first table that has it."""
        for table in self.book[sheet].tables.values():
            rows = self.book[sheet][table.ref]
            headings = [str(cell.value).lower() for cell in rows[0]]
            if heading in headings:
                place = headings.index(heading)
                return [row[place].value for row in rows[1:]]
        raise AssertionError(f"no table of {sheet} has a column {heading}")

    def figure(self, sheet: str, label: str) -> Any:
        """The cell to the right of a label."""
        for row in self.book[sheet].iter_rows():
            for cell in row:
                if cell.value == label:
                    return cell.offset(column=1).value
        raise AssertionError(f"{sheet} has no {label}")


@pytest.fixture(scope="module")
def analyst(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyst]:
    """An analyst with an empty control workbook and a server on an empty database."""
    folder = tmp_path_factory.mktemp("day")
    path = folder / "clo_control.xlsx"
    write_control_workbook(path)
    with (
        fresh_database(server_url, template_database) as database,
        running_server(folder / "server", database) as server,
        server.client(timeout=300) as client,
    ):
        yield Analyst(client, load_workbook(path))


def test_the_day(analyst: Analyst, reference: Path, tmp_path: Path) -> None:
    """Every button leaves its sheet with its numbers and charts, and the workbook prints."""
    workbook = reference / "data" / "legacy" / "legacy_workbook.xlsx"
    assert "Nothing was written" in analyst.press("clo_import_workbook", file=workbook)[0]
    analyst.press("clo_import_workbook", file=workbook, is_dry_run=False)
    assert DEAL in [row[0] for row in analyst.ask("CLO_DEALS")]
    analyst.press("clo_select_deal", deal="MAG17")
    assert _cell(analyst, "clo_deal") == DEAL

    _cash_flows(analyst)
    _compliance(analyst)
    _hypothetical_trade(analyst)
    _ranking(analyst)
    _rebalance(analyst)
    _printed(analyst, tmp_path)


def _cell(analyst: Analyst, name: str) -> Any:
    sheet, cell = next(iter(analyst.book.defined_names[name].destinations))
    return analyst.book[sheet][cell.replace("$", "")].value


def _cash_flows(analyst: Analyst) -> None:
    analyst.set("clo_assumptions", "illustrative")
    analyst.press("clo_run_waterfall")
    sheet = f"Deal CF-{DEAL}"

    metrics = {row[0]: row for row in analyst.ask("CLO_TRANCHE_METRICS", DEAL)}
    wal = metrics["class_name"].index("wal")
    shown = dict(zip(analyst.column(sheet, "class name"), analyst.column(sheet, "wal"), strict=True))
    assert shown == {name: row[wal] for name, row in metrics.items() if name != "class_name"}
    assert analyst.book[sheet]._charts
    assert str(_cell(analyst, "clo_last_run")) == str(analyst.ask("CLO_RUNS", DEAL, "deal")[1][0])


def _compliance(analyst: Analyst) -> None:
    analyst.press("clo_run_compliance")
    sheet = f"Compliance-{DEAL}"

    answered = analyst.ask("CLO_COMPLIANCE", DEAL)
    results = [row[answered[0].index("result")] for row in answered[1:]]
    assert analyst.column(sheet, "result") == results
    assert analyst.book[sheet]._charts


def _hypothetical_trade(analyst: Analyst) -> None:
    held = analyst.ask("CLO_ASSETS", DEAL, "blkrock_id, par", None, 1)[1]
    trades = [[DEAL, held[0], "Buy", 1_000_000.0, ""], [DEAL, held[0], "Sale", 500_000.0, 98.5]]
    (table,) = (sheet.tables["tbl_trades"] for sheet in analyst.book.worksheets if "tbl_trades" in sheet.tables)
    (sheet,) = (sheet for sheet in analyst.book.worksheets if "tbl_trades" in sheet.tables)
    for row, trade in zip(sheet[table.ref][1:], trades, strict=False):
        for cell, value in zip(row, trade, strict=False):
            cell.value = value
    analyst.press("clo_run_hypo")

    answered = analyst.ask("CLO_HYPO", DEAL, trades)
    after = [row[answered[0].index("after")] for row in answered[1:]]
    assert analyst.column(f"HYPO-{DEAL}", "after") == after
    assert analyst.book[f"HYPO-{DEAL}"]._charts


def _ranking(analyst: Analyst) -> None:
    analyst.set("clo_rank_side", "Buy")
    analyst.set("clo_rank_par", 750_000)
    analyst.press("clo_run_rankings", top_n=10)

    answered = analyst.ask("CLO_RANKINGS", DEAL, "Buy", 750_000, None, None, None, 10)
    gains = [row[answered[0].index("delta_objective")] for row in answered[1:]]
    assert len(gains) == 10
    assert analyst.column(f"Rankings-{DEAL}", "delta objective") == gains


def _rebalance(analyst: Analyst) -> None:
    analyst.set("clo_mode", "legacy")
    for name, value in (("clo_sale_par", 15_000_000), ("clo_buy_par", 75_000_000), ("clo_rank_par", 750_000)):
        analyst.set(name, value)
    analyst.press("clo_run_rebalance")

    objective = analyst.figure(f"Rebalance-{DEAL}", "Objective shown by the legacy model")
    assert objective == pytest.approx(REBALANCED_OBJECTIVE, abs=5e-9)
    assert analyst.figure(f"Rebalance-{DEAL}", "Purchases refused") == 88


def _printed(analyst: Analyst, folder: Path) -> None:
    """The workbook as a PDF: every result sheet is there with its title."""
    path = folder / "day.xlsx"
    save_workbook(analyst.book, path)
    soffice, pdftotext = need("soffice"), need("pdftotext")
    subprocess.run(
        [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf", path.name],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=180,
    )
    subprocess.run([pdftotext, "-layout", "day.pdf", "day.txt"], cwd=folder, check=True)
    text = (folder / "day.txt").read_text().lower()
    for title in ("deal cash flows", "compliance tests", "hypothetical trades", "assets to purchase", "rebalance"):
        assert f"mag 17: {title}" in text
    pictures = os.environ.get("CLODESK_SCREENSHOTS")
    if pictures is not None:
        shutil.copy(folder / "day.pdf", pictures)
        shutil.copy(path, pictures)
