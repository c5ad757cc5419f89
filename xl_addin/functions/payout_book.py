"""Stored swaps in cells: contracts, cashflows, P&L, accruals, deferrals, netting, reports (spec 07 §20.4, §21)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from engine.desk.swaps.reports import ReportSpec, report_spec
from engine.payouts.report_table import ReportTable
from xl_addin.functions.payouts import CATEGORY
from xl_addin.registry.arguments import Rows
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import PAYOUTS, udf
from xl_addin.registry.errors import wrong
from xl_addin.registry.kinds import NAME, TEXT_OR_ROWS
from xl_addin.registry.results import Table
from xl_addin.registry.values import OMITTED, read_day

SwapReference = Annotated[str, NAME, "Reference of a swap, as PAY_CONTRACTS lists them."]
FirstDay = Annotated[date, "First day of the window."]
LastDay = Annotated[date, "Last day of the window, included."]
_MOST_ROWS = 10_000


@udf("PAY_CONTRACTS", category=CATEGORY, cost="data", depends=(PAYOUTS,), examples=["=PAY_CONTRACTS()"])
def pay_contracts(
    party: Annotated[str | None, NAME, "Only swaps of this party, by identifier or name."] = None,
    contract_type: Annotated[str | None, NAME, "Only swaps of this type, such as TOTAL_RETURN_SWAP."] = None,
    active_on: Annotated[date | None, "Only swaps that are in force on this day."] = None,
    *,
    ctx: CallContext,
) -> Table:
    """Stored swaps in the order of their references: type, status, dates, parties, underliers, notional, version."""
    columns = (
        "contract_reference",
        "contract_type",
        "contract_status",
        "trade_date",
        "effective_date",
        "termination_date",
        "party1",
        "party2",
        "underliers",
        "notional_amount",
        "notional_currency",
        "version",
    )
    lines = ctx.desk.swaps.book(party=party, contract_type=contract_type, active_on=active_on)
    return Table(columns, [[getattr(line, column) for column in columns] for line in lines])


@udf("PAY_CASHFLOWS", category=CATEGORY, cost="data", depends=(PAYOUTS,), examples=['=PAY_CASHFLOWS("DEMO-TRS")'])
def pay_cashflows(contract: SwapReference, *, ctx: CallContext) -> Table:
    """Cashflows of a swap by status and payment date; amounts positive where the reporting party receives."""
    return report_table(ctx, "R-1", contract=contract, limit=_MOST_ROWS)


@udf(
    "PAY_PNL",
    category=CATEGORY,
    cost="data",
    depends=(PAYOUTS,),
    examples=['=PAY_PNL("DEMO-TRS",DATE(2024,3,15))'],
)
def pay_pnl(
    contract: SwapReference, on_date: Annotated[date, "Day of the end-of-day run."], *, ctx: CallContext
) -> Table:
    """Unrealized P&L of a swap's legs on a day with its components and the day's total P&L."""
    return report_table(ctx, "R-6", contract=contract, first=on_date, last=on_date)


@udf(
    "PAY_PNL_SERIES",
    category=CATEGORY,
    cost="data",
    depends=(PAYOUTS,),
    examples=['=PAY_PNL_SERIES("DEMO-TRS",DATE(2024,3,1),DATE(2024,3,15))'],
)
def pay_pnl_series(contract: SwapReference, first_date: FirstDay, last_date: LastDay, *, ctx: CallContext) -> Table:
    """Unrealized P&L of a swap's legs day by day with its components."""
    return report_table(ctx, "R-6", contract=contract, first=first_date, last=last_date)


@udf(
    "PAY_ACCRUALS",
    category=CATEGORY,
    cost="data",
    depends=(PAYOUTS,),
    examples=['=PAY_ACCRUALS("DEMO-TRS",DATE(2024,3,1),DATE(2024,3,15))'],
)
def pay_accruals(contract: SwapReference, first_date: FirstDay, last_date: LastDay, *, ctx: CallContext) -> Table:
    """Daily accruals of a swap in a window, by cashflow and day."""
    return report_table(ctx, "R-4", contract=contract, first=first_date, last=last_date)


@udf(
    "PAY_DEFERRALS",
    category=CATEGORY,
    cost="data",
    depends=(PAYOUTS,),
    examples=["=PAY_DEFERRALS(DATE(2024,3,15))"],
)
def pay_deferrals(as_of: Annotated[date, "Day to which deferrals are aged."], *, ctx: CallContext) -> Table:
    """Every deferred cashflow with its age and urgency on a day."""
    return report_table(ctx, "R-2", as_of=as_of, includes_future=True)


@udf("PAY_NETTING", category=CATEGORY, cost="data", depends=(PAYOUTS,), examples=["=PAY_NETTING(DATE(2024,3,6))"])
def pay_netting(on_date: Annotated[date, "Day on which it is paid."], *, ctx: CallContext) -> Table:
    """What would be paid on a day, what is overdue too, by payment date, parties, currency and netting agreement;
    nothing is stored.

    A net amount above zero is paid by party 1. netting_benefit: share of the gross amounts that need not be paid.
    """
    columns = ("payment_date", "party1", "party2", "currency", "netting_agreement", "cashflows")
    rows = [
        (
            one.payment_date,
            one.party1,
            one.party2,
            one.currency,
            one.netting_agreement,
            len(one.cashflow_references),
            float(one.party1_owes),
            float(one.party2_owes),
            float(one.net_amount),
            one.netting_benefit,
        )
        for one in ctx.desk.swaps.netting(on_date)
    ]
    return Table((*columns, "party1_owes", "party2_owes", "net_amount", "netting_benefit"), rows)


@udf(
    "PAY_REPORT",
    category=CATEGORY,
    cost="data",
    depends=(PAYOUTS,),
    examples=[
        '=PAY_REPORT("R-7","first=2024-01-02; last=2024-03-15")',
        '=PAY_REPORT("performance",{"contract","DEMO-TRS"})',
    ],
)
def pay_report(
    report: Annotated[str, NAME, "Code or name of a report, R-1 to R-15."],
    arguments: Annotated[
        str | Rows | None,
        TEXT_OR_ROWS,
        "Its arguments as name=value; name=value, or a range of names and values.",
    ] = None,
    *,
    ctx: CallContext,
) -> Table:
    """A report on swaps by its code: cashflows, deferrals, accruals, P&L, risk numbers, exposure, payments and more."""
    spec = report_spec(report)
    return report_table(ctx, spec.code, **_arguments(spec, arguments))


def report_table(ctx: CallContext, code: str, **arguments: Any) -> Table:
    """A report with numbers that a cell can hold."""
    return _shown(ctx.desk.swaps.report(code, **arguments))


def _shown(report: ReportTable) -> Table:
    rows = [[float(cell) if isinstance(cell, Decimal) else cell for cell in row] for row in report.rows]
    return Table([column.name for column in report.columns], rows)


def _arguments(spec: ReportSpec, given: str | Rows | None) -> dict[str, Any]:
    """Arguments by name; days of a range come as serial numbers. Raises CellError CLO-2194 for what is no pair."""
    if given is None:
        return {}
    if isinstance(given, str):
        parts = [part.split("=", 1) for part in given.split(";") if part.strip()]
        pairs: list[tuple[Any, ...]] = [tuple(piece.strip() for piece in part) for part in parts]
    else:
        pairs = [tuple(row) for row in given if any(cell != "" for cell in row)]
    days = {parameter.name for parameter in spec.parameters if parameter.kind is date}
    found: dict[str, Any] = {}
    for pair in pairs:
        name = str(pair[0]).strip()
        if len(pair) != 2 or not name or name in found:
            raise wrong(
                "CLO-2194",
                f"{name or 'A row'!r} is no argument of its own",
                remedy=f"Give name and value, each name once; {spec.code} has "
                f"{', '.join(parameter.name for parameter in spec.parameters)}.",
            )
        value = pair[1]
        if name in days:
            day = read_day(value)
            value = None if day is OMITTED else day
        found[name] = None if value == "" else value
    return found
