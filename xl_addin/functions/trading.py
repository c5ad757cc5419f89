"""Trades in cells that nobody books: their effect on tests and objective, and rankings (spec 06 §11.4)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from engine.collateral.filters.mask import AssetColumns, mask
from engine.desk.reading.asset_filters import expression_of
from engine.desk.reading.rankings import RankingLine, ranking_lines
from engine.desk.reading.trade_ranges import trades_of
from engine.desk.reading.trade_views import traded_deal
from engine.desk.trading import outcome_of
from engine.modes import Mode
from engine.trading.hypothetical import Comparison, TestChange, TradeAttributes, hypothetical
from engine.trading.trades import Grouping, Side
from xl_addin.functions.weights import WEIGHTS, weight_by_test
from xl_addin.registry.arguments import AsOf, DealName, Filter, Rows, RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.kinds import ROWS
from xl_addin.registry.results import Table

CATEGORY = "CLO Trading"
OBJECTIVE = "Objective Function"
TEST_COLUMNS = (
    "test_number",
    "test_name",
    "threshold_before",
    "threshold_after",
    "before",
    "before_pass",
    "after",
    "after_pass",
    "difference",
    "comment",
)
RANKING_COLUMNS = (
    "score",
    "delta_objective",
    "max_par",
    "binding_test",
    "objective_function",
    "blkrock_id",
    "issue_name",
    "par",
    "market_value",
    "mdy_rating",
    "sp_rating",
    "coupon",
    "spread",
    "libor_floor",
    "wal",
    "mdy_recovery_rate",
)
_EXAMPLE = '{"Demo 1","DMORKTBCX","Buy",1000000,98.25}'
_SIDES = {"buy": Side.BUY, "sale": Side.SALE}

Trades = Annotated[
    Rows, ROWS, "Range with deal, asset, Buy or Sale, par in currency and price in points (blank: market value)."
]


def _compared(
    ctx: CallContext, deal: str, trades: Rows, as_of: date | None, mode: Mode, grouping: Grouping
) -> tuple[Comparison, ...]:
    traded = traded_deal(ctx.views, deal, as_of, mode)
    return hypothetical(trades_of(trades, traded.name).trades, [traded], grouping)


@udf(
    "CLO_HYPO",
    category=CATEGORY,
    cost="heavy",
    depends=("deal",),
    examples=[f'=CLO_HYPO("Demo 1",{_EXAMPLE})', f'=CLO_HYPO("Demo 1",{_EXAMPLE},FALSE)'],
)
def clo_hypo(
    deal: DealName,
    trades: Trades,
    pool_mode: Annotated[
        bool, "TRUE (default): all trades together; FALSE: each alone, with a first column that names it."
    ] = True,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Every compliance test of a deal before and after trades, shares as decimals, and the objective in the last row;
    nothing is booked. Trades of other deals are left aside."""
    if pool_mode:
        (comparison,) = _compared(ctx, deal, trades, as_of, mode, Grouping.PACKAGE)
        return Table(TEST_COLUMNS, comparison_rows(comparison))
    rows = [
        [comparison.title, *row]
        for comparison in _compared(ctx, deal, trades, as_of, mode, Grouping.INDIVIDUAL)
        for row in comparison_rows(comparison)
    ]
    return Table(("trade", *TEST_COLUMNS), rows)


def comparison_rows(comparison: Comparison) -> list[list[Any]]:
    """The tests before and after, the objective last."""
    before, after = comparison.objective_before, comparison.objective_after
    last = [None, OBJECTIVE, None, None, before, None, after, None, comparison.objective_difference, None]
    return [*map(_test_row, comparison.changes), last]


def _test_row(change: TestChange) -> list[Any]:
    before, after = change.before, change.after
    remarks = (
        after.ranked,
        "broken by the trades" if change.is_broken else "",
        "passes as maintained or improved" if after.is_maintained else "",
    )
    return [
        change.definition.id,
        change.definition.label,
        before.threshold,
        after.threshold,
        before.value,
        before.is_passed,
        after.value,
        after.is_passed,
        change.difference,
        "; ".join(remark for remark in remarks if remark) or None,
    ]


@udf(
    "CLO_HYPO_TRADES",
    category=CATEGORY,
    cost="heavy",
    depends=("deal",),
    examples=[f'=CLO_HYPO_TRADES("Demo 1",{_EXAMPLE})'],
)
def clo_hypo_trades(deal: DealName, trades: Trades, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """What each of a deal's trades is filled at, in the order of the range: par and principal proceeds in currency,
    negative for a purchase, price in points, and why a fill is not what was asked for."""
    (comparison,) = _compared(ctx, deal, trades, as_of, Mode.STANDARD, Grouping.PACKAGE)
    rows = [(fill.par, 100.0 * fill.price, fill.proceeds, fill.reason or None) for fill in comparison.fills]
    return Table(("filled_par", "price", "proceeds", "reason"), rows)


@udf(
    "CLO_HYPO_ATTRIBUTES",
    category=CATEGORY,
    cost="heavy",
    depends=("deal",),
    examples=[f'=CLO_HYPO_ATTRIBUTES("Demo 1",{_EXAMPLE})'],
)
def clo_hypo_attributes(deal: DealName, trades: Trades, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """Purchases and sales of a deal's trades in eight rows: par in currency, then averages by par: spreads and recovery
    as decimals, rating factor, life in years, market value and price in points."""
    (comparison,) = _compared(ctx, deal, trades, as_of, Mode.STANDARD, Grouping.PACKAGE)
    outcome = outcome_of([comparison])
    return attribute_table(outcome.purchases[comparison.deal], outcome.sales[comparison.deal])


def attribute_table(purchases: TradeAttributes | None, sales: TradeAttributes | None) -> Table:
    """Purchases and sales in eight rows; a side without trades is blank."""
    sides = _attributes(purchases), _attributes(sales)
    return Table(("attribute", "purchases", "sales"), list(zip(_ATTRIBUTES, *sides, strict=True)))


_ATTRIBUTES = (
    "Par Amount",
    "Weighted Average Spread",
    "Weighted Average Spread with LIBOR Floor",
    "Weighted Average Rating",
    "Weighted Average Life",
    "Weighted Average Recovery Rate",
    "Weighted Average Market Value",
    "Weighted Average Trade Price",
)


def _attributes(found: TradeAttributes | None) -> Sequence[float | None]:
    if found is None:
        return [None] * len(_ATTRIBUTES)
    return (
        found.par,
        found.spread,
        found.spread_with_floor,
        found.rating_factor,
        found.wal_years,
        found.recovery_rate,
        100.0 * found.market_value,
        100.0 * found.price,
    )


@udf(
    "CLO_RANKINGS",
    category=CATEGORY,
    cost="heavy",
    depends=("deal",),
    examples=[
        '=CLO_RANKINGS("Demo 1","buy",750000,"Market Value >= 90",,,20)',
        '=CLO_RANKINGS("Demo 1","sale",1000000)',
    ],
)
def clo_rankings(
    deal: DealName,
    side: Annotated[Literal["buy", "sale"], "buy or sale."],
    par: Annotated[float, "Par of each trade, currency; of a smaller position the whole is sold."],
    filter: Filter = None,  # noqa: A002  (the name of the argument in every function)
    include_held: Annotated[bool, "TRUE (default): positions of the deal may be added to."] = True,
    weights: WEIGHTS = None,
    top_n: Annotated[int | None, "How many of the best trades; all by default."] = None,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Single trades of a deal, best first, with their exact effect on the objective and the largest par that breaks no
    limit; market values in points, rates as decimals.

    score is that of the legacy model, by which legacy mode ranks; empty where it knows no term for a weighted test.
    binding_test: what stops a larger trade, a test, cash or the position. objective_function: the weighted sum after
    the trade, limits left aside.
    """
    traded = traded_deal(ctx.views, deal, as_of, mode)
    plan = traded.plan
    book = ctx.views.deal(deal, as_of).source.book
    lines = ranking_lines(
        traded,
        _SIDES[side],
        par,
        mask(expression_of(filter, book, mode), AssetColumns(plan.portfolio.assets)),
        includes_held=include_held,
        weights=weight_by_test(weights, plan) if weights else None,
        n_best=None if top_n is None else max(top_n, 0),
        mode=mode,
    )
    return Table(RANKING_COLUMNS, [_ranking_row(line) for line in lines])


def _ranking_row(line: RankingLine) -> list[Any]:
    trade = line.trade
    asset = trade.asset
    return [
        line.score,
        trade.change,
        trade.largest_par,
        trade.binding or None,
        line.objective_after,
        asset.blkrock_id,
        asset.issue_name,
        trade.par,
        asset.market_value,
        asset.mdy_rating or None,
        asset.sp_rating or None,
        asset.coupon,
        asset.cpn_spread,
        asset.libor_floor,
        asset.wal,
        asset.mdy_recovery_rate,
    ]
