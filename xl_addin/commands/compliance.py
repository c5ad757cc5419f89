"""Compliance sheets: one deal with its tightest limits, or all deals side by side (spec 06 §12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.compliance.results import Verdict
from engine.desk.records import ComplianceOutcome
from engine.errors import InputError, ModelError
from engine.modes import Mode
from xl_addin.commands.answers import counted, shown
from xl_addin.commands.declare import Ask, Inputs, Progress, command
from xl_addin.commands.inputs import BASIS, MODE, basis, cell
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.tables import fresh, table_of
from xl_addin.commands.verdicts import show_units, tightest, unit_style, worded
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.values import serial


@command(
    "clo_run_compliance",
    label="Compliance",
    group="Run",
    supertip="Test the deal's holdings against every limit, store the results, and show them on Compliance-<deal>.",
    icon="DataValidation",
    reads=BASIS,
    asks=(
        Ask(
            name="accept_baseline",
            kind=kinds.FLAG,
            label="Accept these results as the levels to maintain or improve on",
            default=False,
        ),
    ),
)
def run_compliance(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Test a deal, store the run, and lay out its tests; the baseline moves only where that is asked for."""
    chosen = basis(inputs, ctx)
    outcome = ctx.desk.compliance(chosen.deal, chosen.as_of, chosen.mode, progress=progress)
    grid = table_of(fresh(ctx), "CLO_COMPLIANCE", deal=chosen.deal, as_of=chosen.wire_date, mode=chosen.mode_word)
    is_accepted = bool(inputs.answers.get("accept_baseline"))
    if is_accepted:
        ctx.desk.accept_compliance(outcome)
    text = _verdict(outcome) + (" These results are the baseline from now on." if is_accepted else "")
    sheet = _deal_sheet(inputs, outcome, grid)
    return shown((sheet,), text, level=_level(outcome), run_id=outcome.run_id)


def _verdict(outcome: ComplianceOutcome) -> str:
    report = outcome.report
    n_failed, n_tests = report.count(Verdict.FAILED), len(report.results)
    state = f"{n_failed} of {counted(n_tests, 'test')} fail" if n_failed else f"all {n_tests} tests pass"
    return f"{report.deal} as of {report.as_of}: {state}."


def _level(outcome: ComplianceOutcome) -> Any:
    return "warning" if outcome.report.count(Verdict.FAILED) else "information"


def _deal_sheet(inputs: Inputs, outcome: ComplianceOutcome, grid: list[list[Any]]) -> OutputSheet:
    report = outcome.report
    sheet = OutputSheet(output_name(inputs, f"Compliance-{report.deal}"))
    sheet.title(
        f"{report.deal}: compliance tests",
        f"As of {report.as_of}, {report.mode} mode, run {outcome.run_id}, from {report.source_file}",
    )
    grid = worded(grid)
    block = sheet.table("Tests", grid)
    show_units(sheet, block, grid, {result.test_id: result.unit for result in report.results})
    sheet.freeze(block, 2)
    facts = [("Objective", report.objective, Style.NUMBER)] if report.objective is not None else []
    pool = outcome.metrics
    facts += [
        ("Par", pool.total_par, Style.MONEY),
        ("Principal cash", pool.principal_cash, Style.MONEY),
        ("Principal amount", pool.collateral_principal_amount, Style.MONEY),
    ]
    sheet.facts(facts, column=2)
    drawn = sheet.table("Tightest limits", tightest(report.results))
    sheet.notes(report.remarks)
    sheet.chart(
        "bar",
        f"{report.deal}: use of the tightest limits",
        drawn.cells("test_name"),
        [("Use of limit", drawn.cells("use_of_limit"))],
        axis_format="0%",
        axis_min=0.0,
    )
    return sheet


@dataclass(frozen=True, slots=True)
class _Tested:
    """A deal of the overview: its outcome, or what kept it from being tested."""

    deal: str
    outcome: ComplianceOutcome | None
    problem: str = ""


@command(
    "clo_run_compliance_all",
    label="Compliance, all deals",
    group="Run",
    supertip="Test every deal at its newest date, store the results, and show tests by deal on Compliance-All.",
    icon="TableInsert",
    is_background=True,
    reads=(MODE,),
)
def run_compliance_all(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Test every deal; one that cannot be tested is named with its error and stops no other."""
    mode = cell(inputs, MODE, kinds.MODE, Mode.STANDARD)
    names = list(dict.fromkeys(line.name for line in ctx.desk.deals()))
    if not names:
        raise InputError("CLO-2206", "No deal is stored", remedy="Import a workbook first.")
    tested = []
    for number, name in enumerate(names):
        progress(f"Testing {name}", number / len(names))
        tested.append(_tested(ctx, name, mode))
    progress("Done", 1.0)
    n_failed = sum(item.outcome is None or item.outcome.report.count(Verdict.FAILED) > 0 for item in tested)
    text = f"{counted(len(tested), 'deal')} tested, {n_failed} with failures."
    return shown((_overview(inputs, tested, mode),), text, level="warning" if n_failed else "information")


def _tested(ctx: CallContext, name: str, mode: Mode) -> _Tested:
    try:
        return _Tested(name, ctx.desk.compliance(name, None, mode))
    except (InputError, ModelError) as error:
        return _Tested(name, None, str(error))


def _overview(inputs: Inputs, tested: Sequence[_Tested], mode: Mode) -> OutputSheet:
    sheet = OutputSheet(output_name(inputs, "Compliance-All"))
    sheet.title("Compliance of all deals", f"Each at its newest date, {mode.value} mode")
    rows = [_deal_row(item) for item in tested]
    deals = sheet.table(
        "Deals",
        [["deal", "as_of", "tests", "failing", "objective", "run_id", "text"], *rows],
        styles={"tests": Style.WHOLE},
    )
    sheet.mark(deals, "failing", [Style.BAD if row[3] else Style.GOOD if row[3] == 0 else None for row in rows])
    _test_by_deal(sheet, [item.outcome for item in tested if item.outcome is not None])
    sheet.chart(
        "column", "Failing tests by deal", deals.cells("deal"), [("Failing", deals.cells("failing"))], axis_format="0"
    )
    return sheet


def _deal_row(item: _Tested) -> list[Any]:
    if item.outcome is None:
        return [item.deal, None, None, None, None, None, item.problem]
    report = item.outcome.report
    as_of = {"d": serial(report.as_of), "f": "yyyy-mm-dd"}
    n_failed = report.count(Verdict.FAILED)
    return [item.deal, as_of, len(report.results), n_failed, report.objective, item.outcome.run_id, ""]


def _test_by_deal(sheet: OutputSheet, outcomes: Sequence[ComplianceOutcome]) -> None:
    """A row for every test, a column of results for every deal."""
    labels = {result.test_id: result for outcome in outcomes for result in outcome.report.results}
    tests = sorted(labels)
    found = [{result.test_id: result for result in outcome.report.results} for outcome in outcomes]
    header = ["test_number", "test_name", *(outcome.report.deal for outcome in outcomes)]
    rows = [[test, labels[test].label, *(one[test].value if test in one else None for one in found)] for test in tests]
    block = sheet.table("Results by test", [header, *rows])
    units = [unit_style(labels[test].unit) for test in tests]
    for outcome, one in zip(outcomes, found, strict=True):
        sheet.mark(block, outcome.report.deal, units)
        failed = [Style.BAD if test in one and not one[test].is_passed else None for test in tests]
        sheet.mark(block, outcome.report.deal, failed)
