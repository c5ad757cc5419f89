"""A workbook of 1,004 assets and a 489 x 489 correlation sheet into the database, findings included."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import openpyxl

from benchmarks.databases import fresh_store
from benchmarks.figures import Figure, Unit, median_seconds
from db.cache import open_cache
from db.settings import StorageSettings
from engine.desk.desk import Desk
from workbooks.demo import write_universe_workbook


def read_cells(path: Path) -> int:
    """Read every cell with openpyxl, which neither checks nor stores anything."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    n_rows = sum(1 for sheet in book for _ in sheet.iter_rows(values_only=True))
    book.close()
    return n_rows


def run(*, is_quick: bool) -> list[Figure]:
    """The whole import, each time into a database that has the schema and nothing else."""
    cache = open_cache(StorageSettings())
    latest: list[Desk] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stores:
        path = Path(folder) / "universe.xlsx"
        write_universe_workbook(path)

        def import_it() -> None:
            assert latest[-1].import_workbook(path).is_written

        seconds = median_seconds(
            import_it,
            1 if is_quick else 5,
            prepare=lambda: latest.append(Desk(stores.enter_context(fresh_store()), cache)),
        )
        beside = median_seconds(lambda: read_cells(path), 1 if is_quick else 3)
    return [
        Figure(
            name="import of 1,004 assets and the 489 sheet, checked and stored",
            amount=seconds,
            unit=Unit.SECOND,
            alternative="openpyxl, read-only, cells alone",
            alternative_amount=beside,
            target=1.5,
        )
    ]
