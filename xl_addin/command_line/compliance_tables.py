"""What `clodesk compliance` shows a person: the tests of a deal with their cushions, and their history."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.compliance.definition import Unit
from engine.compliance.results import ComplianceResult, PastResult, Verdict
from engine.compliance.terms import Direction
from engine.desk.records import ComplianceOutcome
from xl_addin.command_line.tables import millions, money, percent, table

_COLOUR = {Verdict.FAILED: "bold red", Verdict.MAINTAINED: "yellow", Verdict.NOT_APPLICABLE: "dim"}
_WORD = {Verdict.FAILED: "FAIL"}
_SIGN = {Direction.MAX: "<=", Direction.MIN: ">="}
_MOST_DRIVERS = 2
_HEADERS = ("Test", "", "Value", "", "Limit", "Use", "Cushion", "Result", "Driven by")
_WIDE = 120
"""Columns of a terminal from which on the positions behind a test have room."""
_BESIDE_DAYS, _DAY = 40, 16
"""Columns that test and name take in the history, and each day."""


def show_compliance(console: Console, outcome: ComplianceOutcome, tests: Sequence[int]) -> None:
    """The tests, what an analyst must know of them, and the pool in a line."""
    report, pool = outcome.report, outcome.metrics
    run = "not stored" if outcome.run_id is None else f"run {outcome.run_id} ({outcome.answered_from})"
    head = f"{report.deal}, as of {report.as_of}, {report.mode} mode - {run}"
    console.print(Text(head, style="bold"))
    results = [result for result in report.results if result.test_id in tests]
    is_wide = console.width >= _WIDE
    made = table(
        "Tests (cushion: par that could move against a test, in millions)",
        _HEADERS if is_wide else _HEADERS[:-1],
        (),
        left=2,
        long=1,
    )
    if is_wide:
        made.columns[-1].justify = "left"
    for result in results:
        made.add_row(*_cells(result)[: len(made.columns)])
    console.print(made)
    counts = Counter(result.verdict for result in results)
    console.print(Text(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])))
    objective = "" if report.objective is None else f"; objective {report.objective:.4f}"
    par, cash, amount = (
        millions(value) for value in (pool.total_par, pool.principal_cash, pool.collateral_principal_amount)
    )
    console.print(Text(f"Par {par} + principal cash {cash} = principal amount {amount} million{objective}"))
    for remark in report.remarks:
        console.print(Text(f"  {remark}", style="yellow"), soft_wrap=True)


def _cells(result: ComplianceResult) -> tuple[Text, ...]:
    use = result.use_of_limit
    cells = (
        str(result.test_id),
        result.label,
        "" if result.verdict is Verdict.NOT_APPLICABLE else shown(result.value, result.unit),
        _SIGN[result.direction],
        shown(result.threshold, result.unit),
        "" if use is None else f"{use:.1%}",
        "" if result.cushion is None else millions(result.cushion),
        _WORD.get(result.verdict, result.verdict.value),
        result.ranked_name or ", ".join(driver.blkrock_id for driver in result.drivers[:_MOST_DRIVERS]),
    )
    style = _COLOUR.get(result.verdict, "")
    return tuple(Text(cell, style=style if place == 7 else "") for place, cell in enumerate(cells))


def shown(value: float, unit: Unit) -> str:
    """A value in its unit: shares as percent with four decimals, as the legacy output shows them."""
    if unit is Unit.SHARE:
        return percent(value, 4)
    if unit is Unit.MONEY:
        return money(value)
    return f"{value:,.2f}" if unit is Unit.YEARS else f"{value:,.3f}"


def show_history(console: Console, deal: str, past: Sequence[PastResult]) -> None:
    """Every test with a column for each tested day, oldest first, as far as the terminal has room for the last ones."""
    every_day = sorted({item.as_of for item in past})
    days = every_day[-max(1, (console.width - _BESIDE_DAYS) // _DAY) :]
    by_test: dict[int, dict[object, PastResult]] = {}
    for item in past:
        by_test.setdefault(item.test_id, {})[item.as_of] = item
    headers = ("Test", "", *(day.isoformat() for day in days))
    made: Table = table(f"{deal}: tests through time", headers, (), left=2, long=1)
    for test, items in by_test.items():
        label = next(iter(items.values())).label
        made.add_row(Text(str(test)), Text(label), *(_past_cell(items.get(day)) for day in days))
    console.print(made)
    if len(days) < len(every_day):
        console.print(Text(f"{len(every_day) - len(days)} earlier days: --json shows all of them", style="dim"))


def _past_cell(item: PastResult | None) -> Text:
    if item is None:
        return Text("")
    if item.is_passed and not item.is_applicable:
        return Text("n/a", style="dim")
    text = shown(item.value, item.unit)
    return Text(text) if item.is_passed else Text(f"{text} FAIL", style="bold red")
