"""How the commands of swaps show what they found: tables for people, JSON for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from db.payouts.contracts import ContractLine
from engine.errors import ClodeskError
from engine.payouts.enums import DeferralAction, FindingSeverity
from engine.payouts.findings import PayoutFinding
from engine.payouts.money import minor_digits
from engine.payouts.report_table import Cell, ColumnKind, ReportTable
from engine.payouts.terms.contract import Contract, Leg
from xl_addin.command_line import machine
from xl_addin.command_line.tables import table

if TYPE_CHECKING:
    from db.payouts.cashflow_records import MovedCashflow
    from engine.desk.swaps.end_of_day import EndOfDayOutcome
    from engine.desk.swaps.event_booking import EventResult
    from engine.desk.swaps.importing import ImportedFile
    from engine.desk.swaps.market_data import MarketLoad
    from engine.desk.swaps.settlement import SettlementOutcome
    from engine.payouts.deferral import DeferralRule, DeferralScope
    from engine.payouts.netting import NettingSet

_COLOURS = {FindingSeverity.ERROR: "red", FindingSeverity.WARNING: "yellow", FindingSeverity.INFO: "dim"}
_LEFT = frozenset({ColumnKind.TEXT, ColumnKind.DATE})
_MOST_MISSING = 20
_ID_SHOWN = 8
"""Of the 36 characters of a rule's id: enough to tell rules apart, and to name one by."""


def show_book(console: Console, lines: Sequence[ContractLine]) -> None:
    """Contracts, one a line."""
    rows = [
        (
            line.contract_reference,
            line.contract_type.replace("_", " ").lower(),
            line.contract_status.lower(),
            "" if line.termination_date is None else line.termination_date.isoformat(),
            line.underliers,
            "" if line.notional_amount is None else f"{line.notional_amount:,.0f} {line.notional_currency or ''}",
        )
        for line in lines
    ]
    headers = ("Reference", "Type", "Status", "Ends", "Underlier", "Notional")
    console.print(table("Swaps", headers, rows, left=5, long=0))


def show_contract(console: Console, contract: Contract) -> None:
    """A contract and its legs."""
    console.print(Text(f"{contract.contract_reference}: {contract.contract_type.value}", style="bold"))
    ends = "open" if contract.termination_date is None else contract.termination_date.isoformat()
    console.print(Text(f"{contract.party1.party_name} and {contract.party2.party_name}"))
    console.print(Text(f"{contract.contract_status.value}, {contract.effective_date.isoformat()} to {ends}"))
    rows = [_leg_row(contract, leg) for leg in contract.legs]
    headers = ("Leg", "Type", "Side", "Underlier or index", "Notional")
    console.print(table("Legs", headers, rows, left=4, long=3))


def _leg_row(contract: Contract, leg: Leg) -> tuple[str, ...]:
    what = ""
    if leg.performance is not None:
        what = leg.performance.underlier.underlier_reference or ""
    elif leg.interest is not None:
        what = leg.interest.floating_rate_index or f"fixed {leg.interest.fixed_rate}"
    notional = "" if leg.notional_amount is None else f"{leg.notional_amount:,.2f} {leg.notional_currency or ''}"
    side = "receives" if contract.sign(leg) > 0 else "pays"
    return str(leg.leg_number), leg.leg_type.value, side, what, notional


def show_report(console: Console, report: ReportTable) -> None:
    """A report; where it is wider than the terminal, each row as a block of names and values."""
    headings = [column.heading for column in report.columns]
    shown = [
        [_cell(cell, column.kind) for cell, column in zip(row, report.columns, strict=True)] for row in report.rows
    ]
    title = f"{report.code} {report.title}"
    widths = [max(map(len, column)) for column in zip(headings, *shown, strict=True)]
    if sum(widths) + len(widths) <= console.width or not shown:
        made = table(title, headings, shown, left=0)
        for column, kind in zip(made.columns, report.columns, strict=True):
            column.justify = "left" if kind.kind in _LEFT else "right"
        console.print(made)
    else:
        _show_blocks(console, title, headings, shown)
    if report.next_page is not None:
        console.print(Text(f"There is more: --arg after='{report.next_page}'", style="dim"))


def _show_blocks(console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console.print(Text(title, style="bold"))
    wide = max(map(len, headings))
    for row in rows:
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                console.print(Text(f"  {heading:{wide}}  {cell}"), soft_wrap=True)
        console.print()


def _cell(cell: Cell, kind: ColumnKind) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date | str):
        return str(cell)
    if kind is ColumnKind.MONEY:
        return f"{cell:,.2f}"
    if kind is ColumnKind.SHARE:
        return f"{cell:.2%}"
    return f"{cell:,}" if isinstance(cell, int) else f"{float(cell):.10g}"


def show_imported(console: Console, files: Sequence["ImportedFile"]) -> None:
    """What became of each file, with its findings."""
    for file in files:
        reference = f" {file.contract_reference}" if file.contract_reference else ""
        told = file.outcome.value.lower() + ("" if file.is_written or file.is_refused else ", nothing written")
        console.print(Text(f"{file.name}:{reference} {told}"), soft_wrap=True)
        show_findings(console, file.findings)


def show_findings(console: Console, findings: Sequence[PayoutFinding]) -> None:
    """Findings of a document, errors first, with their place."""
    order = list(FindingSeverity)
    for finding in sorted(findings, key=lambda one: order.index(one.severity)):
        line = Text.assemble((f"  {finding.severity.value:8}", _COLOURS[finding.severity]), f"{finding.code.value} ")
        line.append(f"{finding.pointer}: " if finding.pointer else "")
        console.print(line.append(finding.message), soft_wrap=True)


def show_market(console: Console, load: "MarketLoad") -> None:
    """Rows by kind, and whether they were stored."""
    rows = [(count.kind.value, f"{count.n_rows:,}", f"{count.n_changed:,}") for count in load.counts]
    if rows:
        console.print(table(load.file, ("Sheet", "Rows", "New or different"), rows))
    console.print(Text("Stored." if load.is_stored else "Nothing was written."))


def show_days(console: Console, outcomes: Sequence["EndOfDayOutcome"]) -> None:
    """Days that were run: rows written, and what could not be valued."""
    rows = [
        (
            one.as_of.isoformat(),
            *(f"{n:,}" for n in (one.n_contracts, one.n_flows, one.n_accruals, one.n_realised, one.n_pnl)),
            str(len(one.missing)),
            str(len(one.failures)),
        )
        for one in outcomes
    ]
    headers = ("Day", "Swaps", "Flows", "Accruals", "Realised", "P&L", "Missing", "Failed")
    console.print(table("End of day", headers, rows))
    for failure in dict.fromkeys(f"{f.contract_reference}: {f.error}" for one in outcomes for f in one.failures):
        console.print(Text(failure, style="red"), soft_wrap=True)
    n_fixed = sum(one.n_fixed for one in outcomes)
    if n_fixed:
        console.print(Text(f"{n_fixed:,} baskets got their units." if n_fixed > 1 else "1 basket got its units."))
    n_rebalanced = sum(one.n_rebalanced for one in outcomes)
    if n_rebalanced:
        console.print(
            Text(f"{n_rebalanced:,} baskets were rebalanced." if n_rebalanced > 1 else "1 basket was rebalanced.")
        )
    kept = [f"{k.contract_reference} leg {k.leg_number}: {k.error}" for one in outcomes for k in one.not_rebalanced]
    for told in dict.fromkeys(kept):
        console.print(Text(told, style="yellow"), soft_wrap=True)
    gaps = [
        f"{gap.contract_reference} leg {gap.leg_number}: no {gap.what} of {gap.name} on {gap.on}"
        for one in outcomes
        for gap in one.missing
    ]
    distinct = list(dict.fromkeys(gaps))
    for gap in distinct[:_MOST_MISSING]:
        console.print(Text(gap, style="yellow"), soft_wrap=True)
    if len(distinct) > _MOST_MISSING:
        console.print(Text(f"... and {len(distinct) - _MOST_MISSING} more; --json shows all of them", style="dim"))
    _show_deferrals(console, outcomes)


def _show_deferrals(console: Console, outcomes: Sequence["EndOfDayOutcome"]) -> None:
    """What became due before the days were run; of the last of them, what somebody has to decide."""
    runs = [one.releases for one in outcomes if one.releases is not None]
    released = [moved.state.cashflow_reference for run in runs for moved in run.released]
    if released:
        console.print(Text(f"Released, their day has come: {', '.join(released)}"), soft_wrap=True)
    for refused in (item for run in runs for item in run.failed):
        console.print(
            Text(f"{refused.cashflow_reference} is not released: {refused.error}", style="red"), soft_wrap=True
        )
    for last in outcomes[-1:]:
        told = [
            f"{age.cashflow.cashflow_reference} was put off until {age.cashflow.expected_realization_date}: release or"
            " extend it"
            for age in (last.releases.waiting if last.releases is not None else ())
        ]
        told += [
            f"{held.decision.candidate.cashflow_reference} is to be put off by rule {held.decision.rule_id}, with"
            " approval: defer or realise it"
            for held in last.awaiting_approval
        ]
        told += [f"{held.cashflow_reference} is not realised: {held.error}" for held in last.not_deferred]
        for line in told[:_MOST_MISSING]:
            console.print(Text(line, style="yellow"), soft_wrap=True)
        if len(told) > _MOST_MISSING:
            console.print(Text(f"... and {len(told) - _MOST_MISSING} more; --json shows all of them", style="dim"))


def show_deferral_rules(console: Console, rules: Sequence["DeferralRule"]) -> None:
    """Deferral rules in the order in which they are asked."""
    rows = [
        (
            rule.rule_id[:_ID_SHOWN],
            str(rule.priority) if rule.is_active else "ended",
            _scope_text(rule.scope),
            _until_text(rule),
            rule.reason.value.replace("_", " ").lower(),
        )
        for rule in rules
    ]
    console.print(table("Deferral rules", ("Rule", "Asked", "Which", "Until when", "Reason"), rows, left=5, long=2))


def _scope_text(scope: "DeferralScope") -> str:
    said = (
        None if scope.cashflow_type is None else scope.cashflow_type.value.replace("_", " ").lower(),
        None if scope.amount_below is None else f"below {scope.amount_below:,f}",
        None if scope.currency is None else f"in {scope.currency}",
        None if scope.party is None else f"with {scope.party}",
        None if scope.contract_reference is None else f"of {scope.contract_reference}",
    )
    return " ".join(part for part in said if part is not None) or "everything"


def _until_text(rule: "DeferralRule") -> str:
    until = {
        DeferralAction.DEFER_DAYS: "1 day" if rule.days == 1 else f"{rule.days} days",
        DeferralAction.DEFER_TO_NEXT_PAYMENT_DATE: "next payment",
        DeferralAction.DEFER_UNTIL_RELEASED: "released",
    }[rule.action]
    is_kept = rule.action is not DeferralAction.DEFER_UNTIL_RELEASED and not rule.releases_automatically
    return until + (", by hand" if is_kept else "") + (", approved" if rule.approval_required else "")


def show_event(console: Console, result: "EventResult") -> None:
    """What an event came to."""
    for one in (result, *result.others):
        change = f"version {one.before_version} to {one.after_version}"
        said = "applied before" if one.is_repeated else "applied" if one.is_written else "would apply"
        console.print(
            Text(f"{one.contract_reference}: {one.event_type.value} {one.event_reference} {said}, {change}"),
            soft_wrap=True,
        )
        show_findings(console, one.findings)


def money_text(amount: Decimal, currency: str) -> str:
    """An amount in the minor units of its currency: `13,122.27 USD`."""
    return f"{amount:,.{minor_digits(currency)}f} {currency}"


def show_settlement(console: Console, outcome: "SettlementOutcome") -> None:
    """Instructions of a day and their payments."""
    rows = [
        (one.netting_reference, one.payer, one.receiver, money_text(one.amount, one.currency), one.status.value)
        for one in outcome.instructions
    ]
    headers = ("Instruction", "Payer", "Receiver", "Amount", "Status")
    console.print(table(f"Netting of {outcome.on}", headers, rows, left=3, long=0))
    for payment in outcome.payments:
        console.print(Text(f"Payment {payment.payment_reference}: {money_text(payment.amount, payment.currency)}"))
    for reference in outcome.awaiting:
        console.print(Text(f"{reference} waits for somebody else: clodesk swaps confirm-netting", style="yellow"))
    for failure in outcome.failures:
        console.print(Text(f"{failure.netting_reference}: {failure.error}", style="red"), soft_wrap=True)


def show_netting(console: Console, on: date, sets: Sequence["NettingSet"]) -> None:
    """What a day would be netted to."""
    rows = [
        (
            one.payment_date.isoformat(),
            one.netting_agreement,
            one.payer,
            one.receiver,
            money_text(one.payment_amount, one.currency),
            str(len(one.cashflow_references)),
            f"{one.netting_benefit:.2%}",
        )
        for one in sets
    ]
    headers = ("Due", "Agreement", "Payer", "Receiver", "Net amount", "Flows", "Saved")
    console.print(table(f"To be paid on {on}", headers, rows, left=4, long=1))


def show_moved(console: Console, moved: "MovedCashflow") -> None:
    """A cashflow after a move."""
    state = moved.state
    told = ", as before" if moved.is_repeated else ""
    due = "" if state.payment_date is None else f", due {state.payment_date}"
    console.print(
        Text(f"{state.cashflow_reference}: {state.status.value}, {money_text(state.due, state.currency)}{due}{told}"),
        soft_wrap=True,
    )


def report_json(report: ReportTable) -> str:
    """A report as code, title, rows by column name, and the next page."""
    names = [column.name for column in report.columns]
    rows = [dict(zip(names, map(plain, row), strict=True)) for row in report.rows]
    return machine.text({"code": report.code, "title": report.title, "rows": rows, "next_page": report.next_page})


def as_json(value: Any) -> str:
    """Records as JSON."""
    return machine.text(plain(value))


def plain(value: Any) -> Any:
    """A record as JSON values: money as numbers, errors by their parts."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, ClodeskError):
        return {"number": value.number, "problem": value.problem, "where": value.where, "remedy": value.remedy}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value
