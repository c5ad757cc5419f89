"""What the command line shows: tables of deals, runs, findings and results for a person to read."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.deal.assumptions import AssumptionSet
from engine.deal.results import IC_COLUMNS, OC_COLUMNS, RISK_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.desk.records import ChangeKind, DealLine, ImportOutcome, RunOutcome, StoredRun
from engine.desk.storage import StorageStatus
from xl_addin.command_line.remarks import shortened, show_remarks


def millions(value: float) -> str:
    """Currency in millions; empty for NaN."""
    return "" if value != value else f"{value / 1e6:,.2f}"


def money(value: float) -> str:
    """Whole currency units with separators; empty for NaN."""
    return "" if value != value else f"{value:,.0f}"


def percent(value: float, digits: int = 3) -> str:
    """A decimal as percent; empty for NaN."""
    return "" if value != value else f"{value:.{digits}%}"


def number(value: float, digits: int = 3) -> str:
    """A plain number; empty for NaN."""
    return "" if value != value else f"{value:.{digits}f}"


def table(
    title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1, long: int | None = None
) -> Table:
    """A table whose first `left` columns are texts and the others numbers; the column `long` breaks its lines."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD, show_edge=False
    )
    made.padding = (0, 1, 0, 0)
    for position, header in enumerate(headers):
        is_long = position == long
        made.add_column(
            header,
            justify="left" if position < left else "right",
            no_wrap=not is_long,
            overflow="fold" if is_long else "ellipsis",
        )
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def show_import(console: Console, outcome: ImportOutcome) -> None:
    """What an import did or would do."""
    show_remarks(console, outcome.findings, outcome.violations, per_code=3)
    edits = [change for change in outcome.changes if change.kind is ChangeKind.CHANGED]
    if edits:
        rows = [
            (
                change.deal or "all",
                f"{_spoken(change.table)} {change.key}",
                change.field,
                shortened(change.old, 18),
                shortened(change.new, 18),
            )
            for change in edits[:MOST_EDITS]
        ]
        console.print(table("Changed", ("Deal", "Record", "Field", "Old", "New"), rows, left=5, long=1))
        if len(edits) > MOST_EDITS:
            console.print(Text(f"... and {len(edits) - MOST_EDITS} more; --json shows all of them", style="dim"))
    for kind, word in ((ChangeKind.ADDED, "New rows"), (ChangeKind.REMOVED, "Rows no longer there")):
        counts = Counter(_spoken(change.table) for change in outcome.changes if change.kind is kind)
        if counts:
            told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
            console.print(Text(f"{word}: {told}"))
    console.print(Text(outcome.message))


MOST_EDITS = 20
"""Changed fields that are listed one by one."""


def _spoken(table_name: str) -> str:
    return table_name.removesuffix("s").removesuffix("_snapshot").replace("_", " ")


def show_deals(console: Console, deals: Sequence[DealLine]) -> None:
    """The deals in the database."""
    rows = [
        (deal.name, deal.as_of.isoformat(), str(deal.n_positions), money(deal.par), deal.program, deal.source_file)
        for deal in deals
    ]
    made = table("Deals", ("Deal", "As of", "Positions", "Par", "Waterfall", "Source"), rows)
    console.print(made)


def show_runs(console: Console, runs: Sequence[StoredRun]) -> None:
    """Stored runs, newest first."""
    rows = [
        (
            str(run.run_id),
            run.deal_id,
            run.scenario,
            run.assumption_set,
            run.as_of.isoformat(),
            run.mode,
            run.status,
            f"{run.started_at:%m-%d %H:%M}",
        )
        for run in runs
    ]
    headers = ("Run", "Deal", "Scenario", "Set", "As of", "Mode", "Status", "Started")
    console.print(table("Runs", headers, rows, left=len(headers)))


def show_assumption_sets(console: Console, sets: Sequence[AssumptionSet]) -> None:
    """The assumption sets and what they hold."""
    rows = [
        (
            chosen.name,
            chosen.description,
            "yes" if chosen.curve else "",
            str(len(chosen.rows)),
            "yes" if chosen.reinvestment else "",
            str(len(chosen.fees)),
        )
        for chosen in sets
    ]
    rows.append(("workbook", "What the workbook of the deal itself says", "yes", "", "", ""))
    headers = ("Name", "Description", "Curve", "Rows", "Reinv.", "Fees")
    console.print(table("Assumption sets", headers, rows, left=2, long=1))


def show_storage(console: Console, status: StorageStatus) -> None:
    """Where the data are."""
    rows = [
        ("Database", status.address),
        ("Kind", "embedded" if status.is_embedded else "CLODESK_DATABASE_URL"),
        ("Schema", f"{status.revision or 'none'} (needed: {status.needed})"),
        ("Cache", status.cache),
        *(("Rows without a year", f"{n:,} of {name}") for name, n in status.misplaced.items()),
        *([("Archived years", ", ".join(map(str, status.archived)))] if status.archived else []),
    ]
    console.print(table("Storage", ("", ""), rows, left=2, long=1))


def show_run(console: Console, outcome: RunOutcome) -> None:
    """One run: where its assumptions came from, its classes and its first coverage tests."""
    result, summary = outcome.result, outcome.summary
    console.print(
        Text(
            f"{summary.deal}, {summary.scenario}, as of {summary.as_of}, {summary.mode} mode,"
            f" waterfall {summary.program} - run {outcome.run_id} ({outcome.answered_from})",
            style="bold",
        )
    )
    items_by_source: dict[str, list[str]] = {}
    for source in summary.sources:
        items_by_source.setdefault(source.source, []).append(source.item)
    for name, items in items_by_source.items():
        console.print(Text(f"  {name}: {', '.join(items)}", style="dim"))
    for finding in summary.findings:
        console.print(Text(f"  {finding.code} {finding.text}", style="yellow"))
    if result.failure is not None:
        failure = result.failure
        console.print(
            Text(
                f"{failure.number}: the run stopped in period {failure.period}, section {failure.section},"
                f" at `{failure.step}`: {failure.reason}",
                style="red",
            )
        )
    for made in (_tranche_table(result), _coverage_table(result)):
        console.print()
        console.print(made)
    console.print()


def _tranche_table(result: DealResult) -> Table:
    rows = []
    paid = [TRANCHE_COLUMNS.index(name) for name in _PAID]
    for t, name in enumerate(result.tranche_names):
        risk = dict(zip(RISK_COLUMNS, result.risk[t].tolist(), strict=True))
        block = result.tranches[:, t]
        rows.append(
            (
                name,
                millions(block[0, TRANCHE_COLUMNS.index("balance_begin")]),
                number(100.0 * risk["yield_at_price"], 2),
                number(100.0 * risk["discount_margin_at_price"], 2),
                number(100.0 * risk["price_at_discount_margin"], 2),
                number(risk["wal"], 2),
                number(risk["modified_duration"], 2),
                millions(float(block[:, paid].sum())),
                millions(float(block[:, TRANCHE_COLUMNS.index("principal_paid")].sum())),
            )
        )
    headers = ("Class", "Balance", "Yield %", "DM %", "Price %", "WAL", "Dur", "Interest", "Principal")
    return table("Classes (amounts in millions; WAL and duration in years)", headers, rows)


_PAID = ("interest_paid", "deferred_interest_paid", "deferred_principal_paid")


def _coverage_table(result: DealResult) -> Table:
    rows = []
    for names, triggers, block, columns in (
        (result.oc_names, result.oc_triggers, result.oc, OC_COLUMNS),
        (result.ic_names, result.ic_triggers, result.ic, IC_COLUMNS),
    ):
        for k, (name, trigger) in enumerate(zip(names, triggers, strict=True)):
            ratio = block[:, k, columns.index("ratio")]
            passed = block[:, k, columns.index("is_passed")]
            is_tested = block[:, k, columns.index("denominator")] > 0.0
            failed = int(((passed == 0.0) & is_tested).sum())
            rows.append(
                (
                    name,
                    percent(ratio[0], 2),
                    percent(trigger, 2),
                    percent(ratio[0] - trigger, 2),
                    "pass" if passed[0] else "FAIL",
                    percent(float(ratio[is_tested].min()) if is_tested.any() else float("nan"), 2),
                    str(failed),
                )
            )
    headers = ("Test", "Ratio", "Trigger", "Cushion", "Result", "Lowest", "Failed")
    return table("Coverage tests (first period; lowest ratio and failed periods of the run)", headers, rows)
