"""Reading a legacy workbook of 1,004 assets and a 489 x 489 correlation sheet; run with python, no arguments.

Beside it the bare reading of the same cells by calamine and by openpyxl, neither of which checks or explains anything.
Wall and processor seconds are the best of several runs in this process; ratios are what to compare between machines.
"""

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
from python_calamine import CalamineWorkbook

from workbooks.demo import write_universe_workbook
from workbooks.legacy import read_workbook
from workbooks.legacy.package import open_package

REPEATS = 5


def best_seconds(call: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Shortest wall time and shortest processor time of several runs."""
    wall, processor = [], []
    for _ in range(repeats):
        started, worked = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - worked)
    return min(wall), min(processor)


def bare_calamine(content: bytes) -> int:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def bare_openpyxl(content: bytes) -> int:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    return sum(1 for sheet in book for _ in sheet.iter_rows(values_only=True))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "universe.xlsx"
        write_universe_workbook(path)
        content = path.read_bytes()
        reading = read_workbook(path)
        if reading.snapshot is None:
            raise SystemExit("the universe workbook was kept out")
        correlation = reading.snapshot.correlation
        n_correlated = len(correlation.ids) if correlation else 0
        print(f"{len(content):,} bytes, {len(reading.snapshot.assets):,} assets, {n_correlated} x {n_correlated}")
        lines = {
            "read_workbook, findings included": best_seconds(lambda: read_workbook(path)),
            "  of which opening and checking": best_seconds(lambda: open_package(path)),
            "calamine, cells alone": best_seconds(lambda: bare_calamine(content)),
            "openpyxl read-only, cells alone": best_seconds(lambda: bare_openpyxl(content), repeats=2),
        }
    whole = lines["read_workbook, findings included"][1]
    for name, (wall, processor) in lines.items():
        print(f"{name:36s} {wall:7.3f} s wall {processor:7.3f} s processor {processor / whole:6.2f} x")


if __name__ == "__main__":
    main()
