"""The sheets of one run of a deal: a summary with charts, and everything period by period side by side."""

from collections.abc import Sequence
from typing import Any

from engine.desk.records import RunOutcome
from xl_addin.commands.declare import Inputs
from xl_addin.commands.inputs import Basis
from xl_addin.commands.patch import Grid, Style
from xl_addin.commands.sheets import Block, OutputSheet, output_name
from xl_addin.commands.tables import table_of
from xl_addin.commands.verdicts import worded
from xl_addin.registry.context import CallContext

_MILLIONS = '#,##0,,"m"'
_RATIO_ROOM = 0.35


def deal_sheets(inputs: Inputs, ctx: CallContext, chosen: Basis, outcome: RunOutcome) -> list[OutputSheet]:
    """Summary and periods of a run, whose context shows it as the deal's last one."""
    as_of, scenario, mode = chosen.wire
    common = {"deal": chosen.deal, "as_of": as_of, "scenario": scenario, "mode": mode}
    summary = OutputSheet(output_name(inputs, f"Deal CF-{chosen.deal}"))
    periods = OutputSheet(output_name(inputs, f"Deal CF-{chosen.deal} Periods"), after=summary.name)
    what = f"As of {chosen.as_of}, scenario {chosen.scenario}, {chosen.mode.value} mode, run {outcome.run_id}"
    triggers = table_of(ctx, "CLO_TRIGGERS", **common)
    summary.title(f"{chosen.deal}: deal cash flows", what)
    _write_summary(summary, ctx, common, outcome, triggers)
    periods.title(f"{chosen.deal}: cash flows by period", what)
    deal = periods.table("Deal", table_of(ctx, "CLO_WATERFALL", **common))
    periods.freeze(deal, 2)
    names = outcome.result.tranche_names
    classes = {name: _class_block(periods, ctx, common, name) for name in names}
    for name in outcome.result.fee_names:
        periods.table(f"Fee {name}", table_of(ctx, "CLO_FEE_CASHFLOW", fee_name=name, **common), is_beside=True)
    ratios = periods.table("Coverage tests", _by_period(triggers), is_beside=True, styles=_ratio_styles(triggers))
    _draw(summary, deal, classes, ratios, outcome, triggers)
    return [summary, periods]


def _class_block(sheet: OutputSheet, ctx: CallContext, common: dict[str, Any], name: str) -> Block:
    grid = table_of(ctx, "CLO_TRANCHE_CASHFLOW", class_name=name, **common)
    return sheet.table(_label(name), grid, is_beside=True)


def _label(name: str) -> str:
    return name if " " in name else f"Class {name}"


def _write_summary(
    sheet: OutputSheet, ctx: CallContext, common: dict[str, Any], outcome: RunOutcome, triggers: Grid
) -> None:
    metrics = sheet.table("Classes", table_of(ctx, "CLO_TRANCHE_METRICS", **common))
    sheet.freeze(metrics, 1)
    place = list(triggers[0]).index("period")
    first = worded([triggers[0], *(row for row in triggers[1:] if row[place] == 1)])
    first = [[*row[:place], *row[place + 1 :]] for row in first]
    block = sheet.table("Coverage tests on the first payment date", first, styles=_RATIOS)
    sheet.verdicts(block, "pass", first[1:])
    totals = [(one.label, one.value, _TOTAL_STYLES.get(one.unit.value, Style.NUMBER)) for one in outcome.summary.totals]
    sheet.facts([(label, value if value == value else None, style) for label, value, style in totals])  # NaN: blank
    sources = [["assumption", "source"], *([one.item, one.source] for one in outcome.summary.sources)]
    sheet.table("Where the assumptions come from", sources)
    failure = outcome.result.failure
    stopped = () if failure is None else (f"Stopped in period {failure.period}, {failure.step}: {failure.reason}",)
    sheet.notes((*stopped, *outcome.summary.remarks, *(finding.text for finding in outcome.summary.findings)))


_RATIOS = {"result": Style.RATIO, "threshold": Style.RATIO}
_TOTAL_STYLES = {
    "money": Style.MONEY, "rate": Style.PERCENT, "ratio": Style.RATIO, "years": Style.NUMBER, "count": Style.WHOLE,
}  # fmt: skip


def _coverage(triggers: Grid) -> dict[tuple[str, str], dict[int, Sequence[Any]]]:
    """Rows of the OC and IC tests by kind and name, then by period."""
    header = list(triggers[0])
    period, name, kind = (header.index(word) for word in ("period", "test_name", "kind"))
    found: dict[tuple[str, str], dict[int, Sequence[Any]]] = {}
    for row in triggers[1:]:
        if row[kind] in ("oc", "ic"):
            found.setdefault((str(row[kind]), str(row[name])), {})[int(row[period])] = row
    return found


def _series_name(kind: str, name: str) -> str:
    return name if kind.upper() in name.upper().split() else f"{name} {kind.upper()}"


def _by_period(triggers: Grid) -> list[list[Any]]:
    """A row for each period, a column of ratios for each OC and IC test."""
    header, found = list(triggers[0]), _coverage(triggers)
    result = header.index("result")
    last = max((period for rows in found.values() for period in rows), default=0)
    columns = ["period", *(_series_name(*key) for key in found)]
    rows = [
        [period, *(one[period][result] if period in one else None for one in found.values())]
        for period in range(1, last + 1)
    ]
    return [columns, *rows]


def _ratio_styles(triggers: Grid) -> dict[str, Style]:
    return {_series_name(*key): Style.RATIO for key in _coverage(triggers)}


def _draw(
    sheet: OutputSheet,
    deal: Block,
    classes: dict[str, Block],
    ratios: Block,
    outcome: RunOutcome,
    triggers: Grid,
) -> None:
    """Balances of the notes, distributions by class, coverage ratios, cash of the deal."""
    dates, data = deal.cells("payment_date"), deal.sheet
    equity = {one.name for one in outcome.summary.tranche_inputs if one.is_equity}
    notes = [(_label(name), block.cells("end_balance")) for name, block in classes.items() if name not in equity]
    sheet.chart("stacked_area", "Balance of the notes", dates, notes, data_sheet=data, axis_format=_MILLIONS)
    interest = [(_label(name), block.cells("interest_paid")) for name, block in classes.items()]
    sheet.chart(
        "stacked_column", "Interest and distributions by class", dates, interest, data_sheet=data, axis_format=_MILLIONS
    )
    for kind in ("oc", "ic"):
        keys = [key for key in _coverage(triggers) if key[0] == kind]
        lines = [(_series_name(*key), ratios.cells(_series_name(*key))) for key in keys]
        low, high = _ends(triggers, kind)
        title = f"{kind.upper()} ratios"
        sheet.chart("line", title, dates, lines, data_sheet=data, axis_format="0%", axis_min=low, axis_max=high)
    cash = [
        ("Interest proceeds", deal.cells("interest_proceeds")),
        ("Principal proceeds", deal.cells("principal_proceeds")),
    ]
    sheet.chart("stacked_column", "Proceeds of the deal", dates, cash, data_sheet=data, axis_format=_MILLIONS)


def _ends(triggers: Grid, kind: str) -> tuple[float | None, float | None]:
    """Ends of the axis of ratios: near the triggers and the first ratios.

    A class almost repaid has a ratio of many hundred percent, which would flatten everything else.
    """
    found = [rows for key, rows in _coverage(triggers).items() if key[0] == kind]
    header = list(triggers[0])
    places = (header.index("result"), header.index("threshold"))
    first = [rows[min(rows)][place] for rows in found for place in places]
    known = [float(value) for value in first if isinstance(value, int | float)]
    if not known:
        return None, None
    return round(max(0.0, min(known) - 0.15), 1), round(max(known) + _RATIO_ROOM, 1)
