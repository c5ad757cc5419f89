"""Two dates of a deal side by side: positions, cash and tests, with differences (spec 08 §8.1, compare versions)."""

from datetime import date
from typing import Any

from engine.desk.reading.views import DealView
from engine.errors import InputError, located
from xl_addin.commands.answers import shown
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.inputs import DEAL, MODE, Basis, basis
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.verdicts import unit_style
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

_VALUES = ("first", "second", "difference")
_HALF_A_CENT = 0.005


@command(
    "clo_compare_versions",
    label="Compare dates",
    group="Data",
    supertip="Two stored dates of the deal side by side: positions, cash, compliance tests, differences.",
    icon="ReviewTrackChanges",
    role=Role.VIEWER,
    reads=(DEAL, MODE),
    asks=(
        Ask(name="first", kind=kinds.DAY, label="First date"),
        Ask(name="second", kind=kinds.DAY, label="Second date; the newest by default"),
    ),
)
def compare_versions(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """What changed between two dates of a deal; only positions that differ are listed."""
    chosen = basis(inputs, ctx)
    first = inputs.answers.get("first")
    if not isinstance(first, date):
        raise InputError(
            "CLO-2215", "No first date was given", where="dialog Compare dates", remedy="Give a date that is stored."
        )
    with located("dialog Compare dates"):
        views = [ctx.views.deal(chosen.deal, day) for day in (first, inputs.answers.get("second"))]
    sheet = OutputSheet(output_name(inputs, f"Compare Dates-{chosen.deal}"))
    sheet.title(f"{chosen.deal}: {views[0].as_of} and {views[1].as_of}", "Positions that differ, cash, and every test")
    positions = _positions(*views)
    money = dict.fromkeys(_VALUES, Style.MONEY)
    block = sheet.table("Positions", [["blkrock_id", "issue_name", *_VALUES], *positions], styles=money)
    sheet.freeze(block, 2)
    sheet.table("Cash", [["account", "cash_type", *_VALUES], *_cash(*views)], styles=money)
    _show_tests(sheet, ctx, chosen, views)
    return shown((sheet,), f"{chosen.deal}: {len(positions)} positions differ.")


def _pair(one: float, other: float) -> list[float]:
    return [one, other, other - one]


def _positions(one: DealView, other: DealView) -> list[list[Any]]:
    """Positions whose par differs, the largest change first."""
    rows = []
    for name in dict.fromkeys((*one.par_by_id, *other.par_by_id)):
        asset = other.source.asset(name) or one.source.asset(name)
        pars = one.par_by_id.get(name, 0.0), other.par_by_id.get(name, 0.0)
        if abs(pars[1] - pars[0]) > _HALF_A_CENT:
            rows.append([name, "" if asset is None else asset.issue_name, *_pair(*pars)])
    return sorted(rows, key=lambda row: -abs(row[-1]))


def _cash(one: DealView, other: DealView) -> list[list[Any]]:
    """Interest and principal cash of every account."""
    before, after = ({row.number: row for row in view.deal.accounts} for view in (one, other))
    rows = []
    for number in dict.fromkeys((*before, *after)):
        found = [accounts.get(number) for accounts in (before, after)]
        name = next(row.name for row in found if row is not None)
        for kind in ("interest", "principal"):
            rows.append([name, kind, *_pair(*(float(getattr(row, kind, 0.0) or 0.0) for row in found))])
    return rows


def _show_tests(sheet: OutputSheet, ctx: CallContext, chosen: Basis, views: list[DealView]) -> None:
    before, after = (
        {one.test_id: one for one in ctx.views.compliance(chosen.deal, view.as_of, chosen.mode).report.results}
        for view in views
    )
    tests = [test for test in before if test in after]
    rows = [[test, after[test].label, *_pair(before[test].value, after[test].value)] for test in tests]
    block = sheet.table("Compliance tests", [["test_number", "test_name", *_VALUES], *rows])
    for name in _VALUES:
        sheet.mark(block, name, [unit_style(after[test].unit) for test in tests])
