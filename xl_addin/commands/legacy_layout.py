"""A stored run on sheets laid out as the legacy model left them, to reconcile with it (spec 06 §6).

Headers are exact, misspellings included. `Current Percent` of the equity stays blank: no source says what it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from engine.compliance.definition import Unit
from engine.compliance.results import ComplianceResult
from engine.deal.results import DealResult, Floats
from engine.desk.records import ComplianceOutcome, RunOutcome
from engine.errors import InputError
from engine.modes import Mode
from workbooks.results.record import TrancheInput
from xl_addin.commands.answers import said
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.patch import Clear, EnsureSheet, Format, Operation, Select, Style, WorkbookPatch, Write
from xl_addin.commands.sheets import address, area, output_name
from xl_addin.commands.verdicts import unit_style
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.values import serial

_DEAL = ["Period", "Payment Date", "Coll Beg Date", "Coll End Date", "Int Proceeds", "Prin Proceeds",
         "Payment of Principal", "Procceds Reinvest", "LIBOR"]  # fmt: skip
_POOL = ["Beg Performing Balance", "Beg Default Balance", "Beg MV Default Balance", "Period Default",
         "Period MV Default", "Interest", "Scheduled Principal", "Unscheduled Principal", "Recoveries", "Net loss",
         "Sold"]  # fmt: skip
_DEBT = ["Coupon", "Beg Balance", "Int Accrued", "Int Paid", "Prin Paid", "End Balance", "Def Beg Balance",
         "Def Int Accrued", "Def Int Paid", "Def Prin Paid", "Def End Balance"]  # fmt: skip
_DEFERRED_INTEREST = (7, 8)
_EQUITY = ["Beg Balance", "Prin Paid", "Int Paid", "Current Percent"]
_RISK = ("User Price", "User DM", "Yield Given Price", "DM Given Price", "Price Given DM", "WAL", "Mac Duration",
         "Mod Duration")  # fmt: skip
_FEE = ["Fee Basis", "Beg Balance", "Fee Accrued", "Fee Paid", "End Balance"]
_INCENTIVE = ["Threshold", "Fee Paid", "IRR"]
_IC = ["Numerator", "Denominator", "Liability Balance", "Results", "Threshold", "Pass/Fail", "Prior Cure Payments",
       "Cure Amount", "Cure Paid"]  # fmt: skip
_OC = ["Numerator", "Denominator", "Result", "Threshold", "Pass/Fail", "Prior Int Cure", "Prior Prin Cure",
       "Int Cure Amount", "Tnt Cure Paid", "Prin Cure Amount", "Prin Cure Paid"]  # fmt: skip
_COMPLIANCE = ["Test Num", "Test Name", "Denominator", "Numeratior", "comments", "Results", "Threshold", "Pass/Fail",
               "Comments on Pass/Fail"]  # fmt: skip
_RATES = frozenset({"Coupon", "LIBOR", "IRR", "Results", "Result", "Threshold"})


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of the shared tab: its title, headers and rows."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]


@command(
    "clo_export_legacy_layout",
    label="Legacy layout",
    group="Results",
    supertip="Write a stored run and the tests of its day on sheets laid out as the legacy workbook had them.",
    icon="TableStyleNewTableStyle",
    role=Role.VIEWER,
    asks=(Ask(name="run", kind=kinds.WHOLE, label="Run of deal cash flows", source="runs"),),
)
def export_legacy_layout(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The sheets Deal CF and Compliance of a run, for reconciliation; InputError CLO-2214 without a run."""
    number = inputs.answers.get("run")
    if not number:
        raise InputError("CLO-2214", "No run was chosen", where="dialog Legacy layout", remedy="Choose one.")
    run = ctx.desk.stored_run(int(number))
    head = run.summary
    tests = ctx.views.compliance(head.deal, head.as_of, Mode(head.mode))
    deal = ctx.views.deal(head.deal, head.as_of).deal
    deferrable = {_letter(row.name): row.is_deferrable for row in deal.tranches}
    flows, compliance = f"Deal CF-{head.deal}-Output", f"Compliance-{head.deal}"
    text = f"Run {run.run_id} of {head.deal} stands on {flows} and {compliance}."
    return WorkbookPatch(
        (
            *_own_tab(output_name(inputs, compliance), tests),
            *_shared_tab(output_name(inputs, flows), _blocks(run, deferrable)),
            *said(text),
        )
    )


def _letter(name: str) -> str:
    """What tells a class from the others: `Class B-1` and `B-1` are one."""
    return name.upper().removeprefix("CLASS").strip()


def _shared_tab(name: str, blocks: Iterable[_Block]) -> list[Operation]:
    """Blocks beside each other from column B on, a blank column between them: title, headers, rows."""
    made: list[Operation] = [EnsureSheet(name=name), Clear(sheet=name)]
    column = 2
    for block in blocks:
        made.append(Write(sheet=name, anchor=address(1, column), values=[[block.title], block.headers, *block.rows]))
        made += [
            Format(sheet=name, range=area(1, column, 1, column + len(block.headers) - 1), style=Style.LABEL),
            Format(sheet=name, range=area(2, column, 2, column + len(block.headers) - 1), style=Style.HEADER),
        ]
        for place, header in enumerate(block.headers):
            style = Style.RATIO if header in _RATES else Style.MONEY
            is_number = any(isinstance(row[place], float) for row in block.rows)
            if is_number:
                cells = area(3, column + place, 2 + len(block.rows), column + place)
                made.append(Format(sheet=name, range=cells, style=style))
        column += len(block.headers) + 1
    return [*made, Select(sheet=name)]


def _blocks(run: RunOutcome, deferrable: Mapping[str, bool]) -> list[_Block]:
    """Deal, pools, classes, fees, incentive fee, IC, OC, as the legacy model ordered them."""
    result = run.result
    blocks = [_deal(result)]
    pools = (("Original Collateral Pool", result.original_pool), ("Reinvest Collateral Pool", result.reinvested_pool))
    blocks += [_Block(title, _POOL, _rows(flows)) for title, flows in pools]
    blocks += [
        _class(result, place, one, deferrable.get(_letter(one.name), True))
        for place, one in enumerate(run.summary.tranche_inputs)
    ]
    blocks += [_Block(name, _FEE, _rows(result.fees[:, place])) for place, name in enumerate(result.fee_names)]
    blocks.append(_Block("Incentive Fee", _INCENTIVE, _rows(result.incentive)))
    for names, triggers, values, headers, at in (
        (result.ic_names, result.ic_triggers, result.ic, _IC, 4),
        (result.oc_names, result.oc_triggers, result.oc, _OC, 3),
    ):
        for place, (name, trigger) in enumerate(zip(names, triggers, strict=True)):
            blocks.append(_Block(name, headers, _tests(values[:, place], float(trigger), at)))
    return [_Block(f"{one.title} Sim #1", one.headers, one.rows) for one in blocks]


def _deal(result: DealResult) -> _Block:
    dates = result.dates
    days = [column.astype(object) for column in (dates.payment, dates.collection_begin, dates.collection_end)]
    rows = [
        [period, *({"d": serial(day), "f": "m/d/yyyy"} for day in three), *amounts]
        for period, (amounts, *three) in enumerate(zip(_rows(result.deal), *days, strict=True), start=1)
    ]
    return _Block("Deal Info", _DEAL, rows)


def _class(result: DealResult, place: int, one: TrancheInput, is_deferrable: bool) -> _Block:
    """Flows of a class, its risk measures in two further columns of the first rows."""
    flows = _rows(result.tranches[:, place])
    if one.is_equity:
        headers, rows = _EQUITY, [[row[1], row[4], row[3], None] for row in flows]
    else:
        kept = [at for at in range(len(_DEBT)) if is_deferrable or at not in _DEFERRED_INTEREST]
        headers, rows = [_DEBT[at] for at in kept], [[row[at] for at in kept] for row in flows]
    risk = [one.price, one.discount_margin, *_rows(result.risk[place : place + 1])[0]]
    measures = list(zip(_RISK, risk, strict=True))
    rows = [[*row, *(measures[number] if number < len(measures) else (None, None))] for number, row in enumerate(rows)]
    return _Block(f"{one.name} Liabilities", [*headers, "Risk Measures", "Risk Measures"], rows)


def _tests(values: Floats, trigger: float, at: int) -> list[list[Any]]:
    """A coverage test by period, its trigger before the verdict at place `at`."""
    rows = _rows(values)
    return [[*row[:at], trigger, None if row[at] is None else bool(row[at]), *row[at + 1 :]] for row in rows]


def _rows(values: Floats) -> list[list[Any]]:
    """Numbers of an array, missing ones as empty cells."""
    return [[value if isfinite(value) else None for value in row] for row in values.tolist()]


def _own_tab(name: str, outcome: ComplianceOutcome) -> list[Operation]:
    """Tests from column B on, headers in row 1, the objective in a last row."""
    results = outcome.report.results
    rows: list[list[Any]] = [_test(one) for one in results]
    if outcome.report.objective is not None:
        rows.append([None, None, None, None, None, "Objective Function", outcome.report.objective, None, None])
    made: list[Operation] = [
        EnsureSheet(name=name),
        Clear(sheet=name),
        Write(sheet=name, anchor="B1", values=[_COMPLIANCE, *rows]),
        Format(sheet=name, range=area(1, 2, 1, 1 + len(_COMPLIANCE)), style=Style.HEADER),
    ]
    if results:
        made.append(Format(sheet=name, range=area(2, 4, 1 + len(results), 5), style=Style.MONEY))
    for number, one in enumerate(results, start=2):
        made.append(Format(sheet=name, range=area(number, 7, number, 8), style=unit_style(one.unit)))
    return made


def _test(one: ComplianceResult) -> list[Any]:
    digits = 6 if one.unit is Unit.SHARE else 3
    return [
        one.test_id,
        one.label,
        one.denominator,
        one.numerator,
        one.ranked_name,
        round(one.value, digits),
        round(one.threshold, digits),
        "Pass" if one.is_passed else "Fail",
        one.remark,
    ]
