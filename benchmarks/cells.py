"""Cells of a workbook: batches of light calls and of data cells, and a large matrix, through the registry.

What a face adds on top - HTTP, COM, a browser - is measured with the server.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.figures import Figure, Unit, median_seconds
from engine.desk.desk import Desk, open_desk
from workbooks.demo import DEAL_NAME, demo_waterfall, write_demo_workbook
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.memory import ResultMemory
from xl_addin.registry.results import encode

N_CELLS = 1000
N_MATRIX = 489
_FIELDS = ("par", "coupon", "spread", "mdy_rating", "market_value")
_FIRST_DAY, _LAST_DAY = 40_000, 42_542


def light_calls() -> list[Call]:
    """A thousand year fractions, no two alike."""
    return [Call("CLO_YEAR_FRACTION", [_FIRST_DAY + i, _LAST_DAY], f"Sheet1!A{i + 1}") for i in range(N_CELLS)]


def data_calls(desk: Desk) -> list[Call]:
    """A thousand fields of assets of the demo deal, no two alike."""
    view = desk.views(desk.data_versions()).deal(DEAL_NAME)
    ids = [row.blkrock_id for row in view.deal.positions]
    return [Call("CLO_ASSET", [DEAL_NAME, name, field]) for field in _FIELDS for name in ids][:N_CELLS]


def _fresh(desk: Desk) -> CallContext:
    return CallContext(lambda: desk)


def _answer(calls: Sequence[Call], desk: Desk, dispatcher: Dispatcher | None = None) -> None:
    answers = (dispatcher or Dispatcher(ResultMemory())).answer(calls, _fresh(desk))
    if any(answer.startswith(b'{"e"') for answer in answers):
        raise AssertionError("a benchmark cell shows an error")


def _store_demo(desk: Desk, folder: Path) -> None:
    workbook = folder / "demo.xlsx"
    write_demo_workbook(workbook)
    desk.import_workbook(workbook)
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), date(2016, 1, 1))


def run(*, is_quick: bool) -> list[Figure]:
    """A batch of light calls, data cells cold and warm, and a matrix on its way to the wire."""
    repeats = 5 if is_quick else 21
    with TemporaryDirectory() as folder, open_desk() as desk:
        _store_demo(desk, Path(folder))
        light, data = light_calls(), data_calls(desk)
        matrix = np.random.default_rng(1).random((N_MATRIX, N_MATRIX))
        warm = Dispatcher(ResultMemory())
        _answer(data, desk, warm)
        _answer(light, desk, warm)

        def cold() -> None:
            with open_desk() as other:
                _answer(data, other)

        def one_by_one() -> None:
            for call in data[:20]:
                with open_desk() as other:
                    _answer([call], other)

        computed = median_seconds(lambda: _answer(light, desk), repeats) / N_CELLS
        answered = median_seconds(lambda: _answer(light, desk, warm), repeats) / N_CELLS
        data_cold = median_seconds(cold, repeats)
        data_warm = median_seconds(lambda: _answer(data, desk, warm), repeats)
        each_alone = median_seconds(one_by_one, 1) / 20 * N_CELLS
        whole = median_seconds(lambda: encode(matrix, "matrix"), repeats)
        by_cell = median_seconds(lambda: encode(matrix.tolist(), "matrix"), 3)
    return [
        Figure(
            name="one of 1,000 light calls in a batch, computed",
            amount=computed,
            unit=Unit.MICROSECOND,
            alternative="the same, answered from memory",
            alternative_amount=answered,
            target=25e-6,
        ),
        Figure(
            name="1,000 distinct data cells, cold",
            amount=data_cold,
            unit=Unit.MILLISECOND,
            alternative="each cell with a read of its own (20 measured)",
            alternative_amount=each_alone,
            target=0.150,
        ),
        Figure(
            name="1,000 distinct data cells, warm",
            amount=data_warm,
            unit=Unit.MILLISECOND,
            alternative="cold",
            alternative_amount=data_cold,
            target=0.020,
        ),
        Figure(
            name="489 x 489 matrix on the wire",
            amount=whole,
            unit=Unit.MILLISECOND,
            alternative="value by value",
            alternative_amount=by_cell,
            target=0.050,
        ),
    ]
