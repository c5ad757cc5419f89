"""Two runs of deals side by side: classes, coverage tests and totals, with differences (spec 08 §8.1)."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from engine.deal.results import IC_COLUMNS, OC_COLUMNS, RISK_COLUMNS, DealResult
from engine.desk.records import RunOutcome
from engine.errors import InputError
from xl_addin.commands.answers import shown
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

_MEASURE_STYLES: Mapping[str, Style] = {
    "yield_at_price": Style.PERCENT,
    "discount_margin_at_price": Style.PERCENT,
    "price_at_discount_margin": Style.PRICE,
    "wal": Style.NUMBER,
    "macaulay_duration": Style.NUMBER,
    "modified_duration": Style.NUMBER,
    "interest_paid": Style.MONEY,
    "principal_paid": Style.MONEY,
}


@command(
    "clo_compare_runs",
    label="Compare runs",
    group="Data",
    supertip="Two stored runs of deal cash flows side by side: classes, coverage tests, differences.",
    icon="ReviewCompareMenu",
    role=Role.VIEWER,
    asks=(
        Ask(name="run_a", kind=kinds.WHOLE, label="First run", source="runs"),
        Ask(name="run_b", kind=kinds.WHOLE, label="Second run", source="runs"),
    ),
)
def compare_runs(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Two runs of the same kind on one sheet, what they share beside its difference."""
    numbers = [inputs.answers.get(name) for name in ("run_a", "run_b")]
    if not all(numbers) or numbers[0] == numbers[1]:
        raise InputError(
            "CLO-2211", "Two different runs are needed", where="dialog Compare runs", remedy="Choose two runs."
        )
    one, other = (ctx.desk.stored_run(int(number)) for number in numbers if number)
    sheet = OutputSheet(output_name(inputs, f"Compare {one.run_id} and {other.run_id}"))
    sheet.title(f"Run {one.run_id} and run {other.run_id}", f"{_what(one)}; {_what(other)}")
    measures = _measures(one.result, other.result)
    block = sheet.table("Classes", [["class_name", "measure", "first", "second", "difference"], *measures])
    for name in ("first", "second", "difference"):
        sheet.mark(block, name, [_MEASURE_STYLES[row[1]] for row in measures])
    sheet.freeze(block, 2)
    ratios = _ratios(one.result, other.result)
    styles = dict.fromkeys(("first", "second", "difference", "trigger"), Style.RATIO)
    header = ["test_name", "kind", "trigger", "first", "second", "difference"]
    sheet.table("Coverage tests on the first payment date", [header, *ratios], styles=styles)
    _draw(sheet, one, other)
    n_differ = sum(bool(row[-1]) for row in (*measures, *ratios))
    return shown((sheet,), f"Runs {one.run_id} and {other.run_id} differ in {n_differ} figures.")


def _what(run: RunOutcome) -> str:
    head = run.summary
    return f"{run.run_id}: {head.deal} as of {head.as_of}, {head.scenario}, {head.mode} mode"


def _difference(one: float | None, other: float | None) -> list[Any]:
    values = [None if value is None or not isfinite(value) else value for value in (one, other)]
    return [*values, values[1] - values[0] if values[0] is not None and values[1] is not None else None]


def _measures(one: DealResult, other: DealResult) -> list[list[Any]]:
    names = list(dict.fromkeys((*one.tranche_names, *other.tranche_names)))
    return [
        [name, measure, *_difference(_measure(one, name, measure), _measure(other, name, measure))]
        for name in names
        for measure in _MEASURE_STYLES
    ]


def _measure(result: DealResult, name: str, measure: str) -> float | None:
    if name not in result.tranche_names:
        return None
    if measure in RISK_COLUMNS:
        return float(result.risk[result.tranche_names.index(name), RISK_COLUMNS.index(measure)])
    return float(result.tranche(name, measure).sum())


def _ratios(one: DealResult, other: DealResult) -> list[list[Any]]:
    found = [_first_ratios(result) for result in (one, other)]
    keys = list(dict.fromkeys((*found[0], *found[1])))
    rows = []
    for key in keys:
        trigger = next(ratios[key][0] for ratios in found if key in ratios)
        first, second = (ratios[key][1] if key in ratios else None for ratios in found)
        rows.append([key[0], key[1], trigger, *_difference(first, second)])
    return rows


def _first_ratios(result: DealResult) -> dict[tuple[str, str], tuple[float, float]]:
    """Trigger and first ratio of every coverage test by name and kind."""
    found = {}
    for kind, names, triggers, values, place in (
        ("oc", result.oc_names, result.oc_triggers, result.oc, OC_COLUMNS.index("ratio")),
        ("ic", result.ic_names, result.ic_triggers, result.ic, IC_COLUMNS.index("ratio")),
    ):
        for number, (name, trigger) in enumerate(zip(names, triggers, strict=True)):
            if len(values):
                found[name, kind] = (float(trigger), float(values[0, number, place]))
    return found


def _draw(sheet: OutputSheet, one: RunOutcome, other: RunOutcome) -> None:
    """Balance of the equity's distributions through time, run by run."""
    rows = []
    equity = [{item.name for item in run.summary.tranche_inputs if item.is_equity} for run in (one, other)]
    n_periods = max(len(run.result.dates.payment) for run in (one, other))
    for period in range(n_periods):
        paid = [
            sum(float(run.result.tranche(name, "interest_paid")[period]) for name in names)
            if period < len(run.result.dates.payment)
            else None
            for run, names in zip((one, other), equity, strict=True)
        ]
        rows.append([period + 1, *paid])
    block = sheet.table("Equity distributions", [["period", "first", "second"], *rows],
                        styles={"first": Style.MONEY, "second": Style.MONEY})  # fmt: skip
    series = [(f"Run {run.run_id}", block.cells(name)) for run, name in ((one, "first"), (other, "second"))]
    sheet.chart("line", "Equity distributions by period", block.cells("period"), series, axis_format='#,##0.0,,"m"')
