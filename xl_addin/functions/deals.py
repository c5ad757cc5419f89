"""Deals in cells: lists, values of the deal sheet, positions, cash and dates (spec 06 §11.1)."""

from datetime import date
from typing import Annotated, Any, Literal

from engine.conventions.days import day_number, to_date
from engine.desk.reading import deal_facts, deal_lists
from engine.desk.reading.asset_filters import expression_of
from engine.desk.reading.asset_lists import assets_of
from engine.modes import Mode
from engine.snapshot import AccountRow
from xl_addin.registry.arguments import AsOf, DealName, Filter, RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import unavailable
from xl_addin.registry.fields import ALL, Fields, one_or_row
from xl_addin.registry.kinds import NAME
from xl_addin.registry.results import Table

CATEGORY = "CLO Data"


@udf("CLO_DEALS", category=CATEGORY, cost="data", depends=("universe",), examples=["=CLO_DEALS()"])
def clo_deals(*, ctx: CallContext) -> Table:
    """List of all deals at their newest dates, with waterfall, number of positions and par in currency."""
    columns = (
        "deal",
        "closing_date",
        "maturity_date",
        "waterfall",
        "snapshot_date",
        "positions",
        "par",
        "data_version",
    )
    return Table(
        columns,
        [
            (
                deal.name,
                deal.closing,
                deal.maturity,
                deal.waterfall,
                deal.as_of,
                deal.n_positions,
                deal.par,
                ctx.versions.of_deal(deal.name),
            )
            for deal in deal_lists.current_deals(ctx.views)
        ],
    )


@udf("CLO_SNAPSHOTS", category=CATEGORY, cost="data", depends=("universe",), examples=['=CLO_SNAPSHOTS("Demo 1")'])
def clo_snapshots(
    deal: Annotated[str, NAME, "Deal in any spelling; all deals by default."] = "", *, ctx: CallContext
) -> Table:
    """List of the stored snapshots of a deal or of all, with the file they came from and par in currency."""
    return Table(
        ("deal", "as_of", "source_file", "imported_at", "positions", "par"),
        [
            (line.deal_name, line.as_of, line.source_file, line.imported_at, line.n_positions, line.par)
            for line in deal_lists.snapshots(ctx.views, deal)
        ],
    )


@udf(
    "CLO_DEAL",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_DEAL("Demo 1","current_libor")', '=CLO_DEAL("Demo 1")'],
)
def clo_deal(deal: DealName, field: Fields = (), as_of: AsOf = None, *, ctx: CallContext) -> Any:
    """Value of the deal sheet by its name, such as current_libor or maturity_date; without a field a table of all.

    Rates and ratios are decimals, amounts in currency. A labelled input is named by its label in small letters:
    jr_oc_denominator, warf_threshold.
    """
    sheet = ctx.views.deal(deal, as_of).deal
    if not field:
        return Table(("field", "value"), list(deal_facts.deal_facts(sheet).items()))
    names = tuple(deal_facts.deal_facts(sheet)) if field == ALL else field
    return one_or_row(field, names, lambda name: deal_facts.fact(sheet, name))


@udf(
    "CLO_DEAL_PAR",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_DEAL_PAR("Demo 1")', '=CLO_DEAL_PAR("Demo 1","Cov-Lite = true")'],
)
def clo_deal_par(
    deal: DealName,
    filter: Filter = None,  # noqa: A002  (the name of the argument in every function)
    as_of: AsOf = None,
    *,
    ctx: CallContext,
) -> float:
    """Par of a deal's positions, of all or of those that pass a filter, in currency."""
    if filter is None:
        return float(sum(ctx.views.deal(deal, as_of).par_by_id.values()))
    held = assets_of(ctx.views, deal, as_of)
    return held.par_of(held.chosen(expression_of(filter, held.source.book)))


@udf(
    "CLO_DEAL_CASH",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_DEAL_CASH("Demo 1")', '=CLO_DEAL_CASH("Demo 1","Collection","interest")'],
)
def clo_deal_cash(
    deal: DealName,
    account: Annotated[str, NAME, "Account by number or name; Collection by default."] = deal_facts.COLLECTION,
    cash_type: Annotated[Literal["interest", "principal", "total"], "Which cash; principal by default."] = "principal",
    as_of: AsOf = None,
    *,
    ctx: CallContext,
) -> float:
    """Cash of a deal's account, in currency."""
    sheet = ctx.views.deal(deal, as_of).deal
    found = deal_facts.account(sheet, account)
    if found is None:
        names = ", ".join(f"{row.number} {row.name.strip()}" for row in sheet.accounts)
        raise unavailable(
            "CLO-2167", f"{sheet.name} has no account '{account[:60]}'", remedy=f"Its accounts: {names or 'none'}."
        )
    return _cash(found, cash_type)


def _cash(account: AccountRow, cash_type: str) -> float:
    return {
        "interest": account.interest,
        "principal": account.principal,
        "total": account.interest + account.principal,
    }[cash_type]


@udf("CLO_ACCOUNTS", category=CATEGORY, cost="data", depends=("deal",), examples=['=CLO_ACCOUNTS("Demo 1")'])
def clo_accounts(deal: DealName, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """List of a deal's accounts with their cash, in currency."""
    return Table(
        ("account_number", "account_name", "interest", "principal"),
        [
            (row.number, row.name.strip(), row.interest, row.principal)
            for row in ctx.views.deal(deal, as_of).deal.accounts
        ],
    )


@udf("CLO_FEES", category=CATEGORY, cost="data", depends=("deal",), examples=['=CLO_FEES("Demo 1")'])
def clo_fees(deal: DealName, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """List of a deal's fees: percentage a year as a decimal, amounts in currency."""
    columns = (
        "fee_name",
        "fee_type",
        "unpaid_balance",
        "fixed_amount",
        "day_count",
        "percentage",
        "interest_on_unpaid",
        "interest_spread",
    )
    return Table(
        columns,
        [
            (
                row.name.strip(),
                row.basis,
                row.unpaid_balance,
                row.fixed_amount,
                row.day_count,
                row.percentage,
                row.has_interest_on_unpaid,
                row.interest_spread,
            )
            for row in ctx.views.deal(deal, as_of).deal.fees
        ],
    )


@udf(
    "CLO_PAYMENT_DATES",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_PAYMENT_DATES("Demo 1")'],
)
def clo_payment_dates(
    deal: DealName,
    from_date: Annotated[date | None, "First payment date wanted; all still to come by default."] = None,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """List of a deal's payment periods still to come: payment, interest determination and collection dates."""
    schedule = deal_lists.payment_schedule(ctx.views.deal(deal, as_of), mode)
    dates = (schedule.payment, schedule.interest_determination, schedule.collection_begin, schedule.collection_end)
    first = day_number(from_date or date.min)
    return Table(
        ("period", "payment_date", "interest_determination_date", "collection_begin", "collection_end"),
        [
            (period, *(to_date(int(column[period])) for column in dates))
            for period in range(1, schedule.n_periods + 1)
            if schedule.payment[period] >= first
        ],
    )
