"""The sheet that sets several runs side by side."""

from collections.abc import Sequence

import numpy as np

from engine.deal.results import OC_COLUMNS, RISK_COLUMNS, TRANCHE_COLUMNS, DealResult
from workbooks.results.looks import Column, Look, Page
from workbooks.results.periods import class_label, label_of_test, ratios_in_force
from workbooks.results.record import ResultRecord
from workbooks.xlsx import Scalar, one_line

FIRST_WIDTH, OTHER_WIDTH, LONGEST_HEADER = 24, 18, 60


def write_comparison(page: Page, runs: Sequence[ResultRecord]) -> None:
    """Per class: yield, average life and principal paid; per test: the lowest cushion; a column for every run."""
    title = f"{runs[0].summary.deal}: {len(runs)} scenarios"
    page.title(title)
    for row, (label, texts) in enumerate(_heads(runs), start=2):
        page.text(row, 0, label, Look.LABEL)
        for column, text in enumerate(texts, start=1):
            page.text(row, column, text, Look.ALERT if text.startswith("stopped") else Look.TEXT)
    row, right = 8, len(runs) + 2
    classes = _union([record.result.tranche_names for record in runs])
    tests = _union([record.result.oc_names for record in runs])
    measures = (("Yield at price", "yield_at_price", Look.RATE), ("Average life, years", "wal", Look.YEARS))
    for (name, measure, look), side in zip(measures, (0, right), strict=True):
        rows = [(class_label(one), [_risk(record.result, one, measure) for record in runs]) for one in classes]
        below = _write_table(page, (row, side), (name, "Class"), rows, look, runs)
    row = below
    paid = [(class_label(one), [_principal(record.result, one) for record in runs]) for one in classes]
    _write_table(page, (row, 0), ("Principal paid", "Class"), paid, Look.MONEY, runs)
    cushions = [(label_of_test(one, "OC"), [_cushion(record.result, one) for record in runs]) for one in tests]
    _write_table(page, (row, right), ("Lowest OC cushion", "Test"), cushions, Look.RATIO, runs)
    for side in (0, right):
        page.sheet.set_column(side, side, FIRST_WIDTH)
        page.sheet.set_column(side + 1, side + len(runs), OTHER_WIDTH)
    page.sheet.freeze_panes(1, 1)
    page.print_landscape(title, n_rows=row + len(classes))


def _heads(runs: Sequence[ResultRecord]) -> list[tuple[str, list[str]]]:
    return [
        ("Scenario", [record.summary.scenario for record in runs]),
        ("Analysis date", [record.summary.as_of.isoformat() for record in runs]),
        ("Mode", [record.summary.mode for record in runs]),
        ("Program", [record.summary.program for record in runs]),
        ("State", [_state(record.result) for record in runs]),
    ]


def _state(result: DealResult) -> str:
    return f"stopped in period {result.failure.period}" if result.failure else f"{result.last_period} periods"


def _union(names: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for one in names for name in one))


def _risk(result: DealResult, name: str, measure: str) -> Scalar:
    if name not in result.tranche_names:
        return None
    return float(result.risk[result.tranche_names.index(name), RISK_COLUMNS.index(measure)])


def _principal(result: DealResult, name: str) -> Scalar:
    if name not in result.tranche_names:
        return None
    return float(
        np.nansum(result.tranches[:, result.tranche_names.index(name), TRANCHE_COLUMNS.index("principal_paid")])
    )


def _cushion(result: DealResult, name: str) -> Scalar:
    if name not in result.oc_names:
        return None
    number = result.oc_names.index(name)
    ratios = ratios_in_force(result.oc[:, number, :], OC_COLUMNS)
    known = ratios[~np.isnan(ratios)]
    return float(known.min()) - result.oc_triggers[number] if len(known) else None


def _write_table(
    page: Page,
    place: tuple[int, int],
    names: tuple[str, str],
    rows: Sequence[tuple[str, list[Scalar]]],
    look: Look,
    runs: Sequence[ResultRecord],
) -> int:
    """One table with a column for every run; headers are numbered where scenarios share a name.

    place: row and column; names: title and first header. Returns the row for what comes below.
    """
    (row, side), (name, first_header) = place, names
    page.text(row, side, name, Look.BLOCK)
    columns = [Column(first_header, Look.TEXT, [label for label, _ in rows])]
    used = {first_header.lower()}
    for number, record in enumerate(runs):
        header = one_line(record.summary.scenario, LONGEST_HEADER) or f"Run {number + 1}"
        if header.lower() in used:
            header = f"{header} ({number + 1})"
        used.add(header.lower())
        columns.append(Column(header, look, [values[number] for _, values in rows]))
    return page.table(row + 1, columns, name=f"compare_{row}_{side}", first_column=side).last_row + 3
