"""Rating migration on sheets laid out as the legacy model had them, name by name and header by header (spec 06 §6).

Numbers are unrounded where the legacy sheets hold what their cells showed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from workbooks.simulation.legacy_sheets import (
    AVERAGES,
    PATH_BALANCES,
    PATH_COUNTS,
    PATH_HEADERS,
    SET_BLOCKS,
    STATISTIC_BALANCES,
    STATISTIC_COUNTS,
    STATISTIC_HEADERS,
    STATISTIC_NAMES,
)
from workbooks.simulation.record import Floats, SimulationRecord
from xl_addin.commands.declare import Inputs
from xl_addin.commands.patch import Style
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.simulating import wire_days
from xl_addin.functions.run_tables import cells

_PLACES = {
    "Max": "maximum",
    "Min": "minimum",
    "Average": "mean",
    "Median": "p50",
    "Standard Deviation": "sd_population",
}
_LOOKS = {
    "Period": Style.TEXT,
    **dict.fromkeys((*PATH_HEADERS[2:], *STATISTIC_HEADERS[2:]), Style.NUMBER),
    "Period CDR": Style.PERCENT,
}
_MINIMUM = "MIN"


def legacy_statistics(inputs: Inputs, record: SimulationRecord, *, after: str) -> list[OutputSheet]:
    """Sheets of one deal: the paths the legacy model shows as smallest, largest and median, and its statistics."""
    paths = OutputSheet(output_name(inputs, "RM-Output"), after=after)
    paths.title(f"{record.deal}: paths of the smallest, largest and median defaults", "Counts, then balances")
    for number, path in enumerate(record.paths):
        rows = [
            [day, period, *_row(names, path.fields[:, period])]
            for period, day in enumerate(wire_days(record.dates))
            for names in (PATH_COUNTS, PATH_BALANCES)
        ]
        title = f"Credit Migration: Simulation {path.simulation}"
        # The legacy sheet heads two columns `Period`; the names of a table's columns differ.
        header = [PATH_HEADERS[0], "Period number", *PATH_HEADERS[2:]]
        looks = {**_LOOKS, "Period": Style.DATE, "Period number": Style.WHOLE}
        paths.table(title, [header, *rows], is_beside=number > 0, styles=looks)
    statistics = OutputSheet(output_name(inputs, "RM-Credit Migration Stats"), after=paths.name)
    statistics.title(f"{record.deal}: statistics by period", "Counts, then balances")
    rows = _statistic_rows(record)
    looks = {**_LOOKS, "Period": Style.WHOLE, "Stat": Style.TEXT}
    statistics.freeze(statistics.table("Credit Migration Stats", [STATISTIC_HEADERS, *rows], styles=looks), 2)
    return [paths, statistics]


def _row(names: Sequence[str | None], figures: Floats) -> list[Any]:
    """Fields of one period in the order of a legacy row; an empty cell where the row has none."""
    return [None if name is None else cells([float(figures[ROW_OF_FIELD[name]])])[0] for name in names]


def _statistic_rows(record: SimulationRecord) -> list[list[Any]]:
    """The start in two rows, then ten rows a period with a blank one between."""
    average = record.figures[:, 0, STATISTICS.index("mean")]
    both = (STATISTIC_COUNTS, STATISTIC_BALANCES)
    rows: list[list[Any]] = [[0, None, *_row(names, average)] for names in both]
    for period in range(1, len(record.dates)):
        if period > 1:
            rows.append([None] * len(STATISTIC_HEADERS))
        for names in both:
            for word in STATISTIC_NAMES:
                figures = record.figures[:, period, STATISTICS.index(_PLACES[word])]
                rows.append([period, word, *_row(names, figures)])
    return rows


def legacy_sets(inputs: Inputs, records: Sequence[SimulationRecord], *, after: str) -> list[OutputSheet]:
    """Sheets over deals: averages, and the paths of the smallest, largest and median defaults of all deals."""
    mean = STATISTICS.index("mean")
    sheets = [_set_sheet(inputs, AVERAGES, None, records, [record.figures[:, :, mean] for record in records], after)]
    for number, path in enumerate(records[0].paths):
        fields = [record.paths[number].fields for record in records]
        sheets.append(_set_sheet(inputs, path.label, path.simulation, records, fields, sheets[-1].name))
    return sheets


def _set_sheet(
    inputs: Inputs,
    kind: str,
    simulation: int | None,
    records: Sequence[SimulationRecord],
    fields: Sequence[Floats],
    after: str,
) -> OutputSheet:
    """Blocks of dates by deals, side by side; in the MIN set the CCC block shows the performing balance (04 Q16)."""
    middle = kind if simulation is None else f"{kind}-{simulation}"
    sheet = OutputSheet(output_name(inputs, f"RM-{middle}-Output"), after=after)
    sheet.title(f"All deals: {kind}", "" if simulation is None else f"Simulation {simulation}")
    deals = [record.deal for record in records]
    days = wire_days(records[0].dates)
    for number, (title, field) in enumerate(SET_BLOCKS):
        shown = "BALPERF" if field == "BALCCC" and kind == _MINIMUM else field
        name = "Balance of Performance" if field == "BALPERF" and kind != AVERAGES else title
        figures = np.stack([one[ROW_OF_FIELD[shown]] for one in fields], axis=1)
        rows = [[day, *cells(row)] for day, row in zip(days, figures, strict=True)]
        look = Style.PERCENT if field == "CDR" else Style.NUMBER
        looks = {"Period": Style.DATE, **dict.fromkeys(deals, look)}
        sheet.table(name, [["Period", *deals], *rows], is_beside=number > 0, styles=looks)
    return sheet
