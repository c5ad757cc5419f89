"""Commands on a desk that knows the demo deal, and workbooks that their patches are applied to."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openpyxl import Workbook

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.desk import Desk
from engine.snapshot import WorkbookSnapshot
from tests.conftest import fresh_database
from tests.desk.conftest import demo_book as demo_book
from workbooks.demo import DEAL_NAME, demo_waterfall
from xl_addin.commands.applier_openpyxl import apply_patch, our_sheets
from xl_addin.commands.declare import Inputs, Progress, command_of
from xl_addin.commands.patch import Message, WorkbookPatch, patch_from_json, patch_to_json
from xl_addin.registry.context import CallContext

RunCommand = Callable[..., WorkbookPatch]


@pytest.fixture(scope="session")
def demo(
    server_url: str, template_database: str, storage_settings: StorageSettings, demo_book: WorkbookSnapshot
) -> Iterator[Desk]:
    """A desk with the demo deal on a database of its own; commands of several tests store their runs there."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        store.save_snapshot(demo_book)
        desk = Desk(store, Cache(LocalCache()))
        desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), demo_book.analysis_date)
        yield desk
        store.close()


@pytest.fixture
def demo_desk_of_its_own(store: Store, demo_book: WorkbookSnapshot) -> Desk:
    """A desk with the demo deal and nothing stored yet, for one test."""
    store.save_snapshot(demo_book)
    desk = Desk(store, Cache(LocalCache()))
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), demo_book.analysis_date)
    return desk


def silent(_text: str, _done: float) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def run(demo: Desk) -> RunCommand:
    """Runs a command on the demo desk: id, then cells, tables, answers and sheets as keywords; deal is chosen."""

    def call(command_id: str, *, desk: Desk = demo, progress: Progress = silent, **given: Any) -> WorkbookPatch:
        cells = {"clo_deal": DEAL_NAME, **given.pop("cells", {})}
        return command_of(command_id).run(Inputs(cells=cells, **given), CallContext(lambda: desk), progress)

    return call


@pytest.fixture
def book() -> Workbook:
    """A workbook with one sheet of the user's."""
    made = Workbook()
    made.active.title = "Notes"
    made.active["A1"] = "mine"
    return made


def applied(patch: WorkbookPatch, book: Workbook) -> list[Message]:
    """Send a patch through JSON and apply it to a workbook."""
    return apply_patch(patch_from_json(patch_to_json(patch)), book)


def sheets_of(book: Workbook) -> dict[str, list[str]]:
    """Names of all sheets and of ours, as a client sends them."""
    return {"sheets": book.sheetnames, "ours": our_sheets(book)}


def table_on(book: Workbook, sheet: str, title: str) -> list[dict[str, Any]]:
    """Rows of the Excel table under a title, by header."""
    page = book[sheet]
    for table in page.tables.values():
        first = page[table.ref][0][0]
        if page.cell(first.row - 1, first.column).value == title:
            headers, *rows = [[cell.value for cell in row] for row in page[table.ref]]
            return [dict(zip(headers, row, strict=True)) for row in rows]
    raise AssertionError(f"no table {title!r} on {sheet}")


def charts_on(book: Workbook, sheet: str) -> list[str]:
    """Titles of the charts of a sheet."""
    return [one.title.tx.rich.p[0].r[0].t for one in book[sheet]._charts]
