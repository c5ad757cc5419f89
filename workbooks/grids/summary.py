"""What stands at the head of both workbooks: what was run, and on which assumptions."""

from collections.abc import Sequence

from workbooks.grids.record import GridHead
from workbooks.results.looks import Look, Page

COLUMN_WIDTHS = (23, 17, 17, 17, 17, 17, 17, 17)


def write_head(page: Page, head: GridHead, run_id: int, title: str, facts: Sequence[tuple[str, str]]) -> int:
    """Title, names of all that the run rests on and further facts; the next free row."""
    for column, width in enumerate(COLUMN_WIDTHS):
        page.sheet.set_column(column, column, width)
    page.title(title)
    page.text(
        1, 0, f"Analysis date {head.as_of.isoformat()}, {head.mode} mode, waterfall {head.program}", Look.SUBTITLE
    )
    rows = (
        ("Deal", head.deal),
        ("Assumption set", head.assumptions),
        ("Scenario underneath", head.scenario),
        *facts,
        ("Run", str(run_id)),
        ("Engine", head.engine_version),
        ("Input hash", head.input_hash),
    )
    for number, (label, text) in enumerate(rows, start=3):
        page.text(number, 0, label, Look.LABEL)
        page.text(number, 1, text)
    return 3 + len(rows) + 1


def write_sources(page: Page, head: GridHead, row: int) -> int:
    """Where each assumption came from; the next free row."""
    page.text(row, 0, "Sources", Look.BLOCK)
    for number, source in enumerate(head.sources, start=row + 1):
        page.text(number, 0, source.item)
        page.text(number, 3, source.source)
    return row + len(head.sources) + 2
