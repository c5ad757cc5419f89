"""Single assets in cells: their cash flows and spreads, calculated as they are asked for (spec 06 §11.3)."""

from typing import Annotated

from engine.collateral.asset import Asset
from engine.collateral.asset_cashflow import AssetCashflow
from engine.desk.assumption_sets import WORKBOOK
from engine.desk.reading.asset_filters import expression_of
from engine.desk.reading.asset_flows import NOTIONAL, AssetBasis, assumptions_of_holder, basis_of, no_spread
from engine.desk.reading.asset_lists import AssetList, assets_of
from engine.modes import Mode
from xl_addin.registry.arguments import AsOf, AssetId, DealOrUniverse, Filter, RunMode, ScenarioName
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import cell_error, unavailable
from xl_addin.registry.kinds import PLAIN_NAME
from xl_addin.registry.results import Table

CATEGORY = "CLO Cash Flows"
_BASE = "BASE"
_FLOW_COLUMNS = {
    "beg_balance": "balance_begin",
    "defaults": "default",
    "mv_defaults": "default_value",
    "interest": "interest",
    "scheduled_principal": "scheduled",
    "unscheduled_principal": "unscheduled",
    "recoveries": "recoveries",
    "cash_total": "total",
    "loss": "net_loss",
    "default_balance": "default_balance",
    "mv_default_balance": "default_value_balance",
}
"""Column of the table -> column of a cash flow."""


@udf(
    "CLO_ASSET_CASHFLOW",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_ASSET_CASHFLOW("DMORKTBCX")', '=CLO_ASSET_CASHFLOW("DMORKTBCX",2500000,,"STRESS")'],
)
def clo_asset_cashflow(
    blkrock_id: AssetId,
    par: Annotated[float, "Par in currency, 1,000,000 by default."] = NOTIONAL,
    as_of: AsOf = None,
    scenario: ScenarioName = _BASE,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Cash flow of one asset on its own payment dates, in currency, under the assumptions that a deal which holds it
    was last run on.

    These are the assumption set of the last stored run, of the scenario, date and mode, of a deal that holds the asset;
    without such a run the workbook's own curve, vectors and assumptions.
    """
    universe = assets_of(ctx.views, "", as_of)
    asset = _asset(universe, blkrock_id)
    on = universe.source.analysis_date
    chosen = assumptions_of_holder(ctx.views, asset.blkrock_id, on, scenario, mode)
    basis = basis_of(ctx.views, universe.source, scenario, mode, chosen)
    return flow_table(basis.cash_flow(asset, par))


def flow_table(flow: AssetCashflow) -> Table:
    """A cash flow by payment date."""
    dates = flow.payment_date.astype(object), flow.accrual_begin.astype(object), flow.payment_date.astype(object)
    amounts = [getattr(flow, name).tolist() for name in _FLOW_COLUMNS.values()]
    columns = ("payment_date", "accrual_begin", "accrual_end", *_FLOW_COLUMNS)
    return Table(columns, list(zip(*dates, *amounts, strict=True)))


@udf(
    "CLO_ASSET_ZSPREAD",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_ASSET_ZSPREAD("DMORKTBCX")', '=CLO_ASSET_ZSPREAD("DMORKTBCX",98.5)'],
)
def clo_asset_zspread(
    blkrock_id: AssetId,
    price: Annotated[float | None, "Price in points (100 = par), the market value by default."] = None,
    curve: Annotated[
        str, PLAIN_NAME, "Name of an assumption set whose index curve to use; that of the workbook by default."
    ] = "",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Z-spread of one asset over the zero curve at a price, a decimal a year: contractual flows, neither prepayment nor
    default."""
    universe = assets_of(ctx.views, "", as_of)
    asset = _asset(universe, blkrock_id)
    points = asset.market_value if price is None else price
    if points is None or not points > 0.0:
        raise unavailable(
            "CLO-2184",
            f"{asset.blkrock_id} has no market value" if price is None else f"{points:g} is no price",
            remedy="Give a price in points, such as 98.5.",
        )
    basis = basis_of(ctx.views, universe.source, _BASE, mode, curve or WORKBOOK)
    found = basis.spread(asset, points / 100.0)
    if not found.is_solved:
        raise no_spread(asset, points / 100.0)
    return found.value


@udf(
    "CLO_COLLATERAL_SPREADS",
    category=CATEGORY,
    cost="heavy",
    depends=("deal",),
    examples=['=CLO_COLLATERAL_SPREADS("Demo 1")', '=CLO_COLLATERAL_SPREADS("","Market Value < 95")'],
)
def clo_collateral_spreads(
    deal: DealOrUniverse = "",
    filter: Filter = None,  # noqa: A002  (the name of the argument in every function)
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Z-spreads, decimals a year, of what a deal holds or of all assets, at market values and the workbook's curve;
    defaulted and unpriced assets are left out."""
    assets = assets_of(ctx.views, deal, as_of)
    chosen = assets.chosen(expression_of(filter, assets.source.book, mode))
    basis = basis_of(ctx.views, assets.source, _BASE, mode, WORKBOOK)
    return Table(_SPREAD_COLUMNS, _spread_rows(assets, basis, chosen))


_SPREAD_COLUMNS = (
    "blkrock_id",
    "z_spread",
    "issue_name",
    "market_value",
    "coupon_spread",
    "libor_floor",
    "maturity",
    "mdy_rating",
    "analyst_opinion",
)


def _spread_rows(assets: AssetList, basis: AssetBasis, chosen: tuple[str, ...]) -> list[list[object]]:
    rows: list[list[object]] = []
    for one in basis.spreads(assets.source.asset_by_id[name] for name in chosen):
        spread = one.spread if isinstance(one.spread, float) else cell_error(one.spread, "CLO_COLLATERAL_SPREADS")
        asset = assets.source.rated_by_id[one.asset.blkrock_id]
        rows.append(
            [
                asset.blkrock_id,
                spread,
                asset.issue_name,
                asset.market_value,
                asset.cpn_spread,
                asset.libor_floor,
                asset.maturity,
                asset.mdy_rating or None,
                asset.analyst_opinion or None,
            ]
        )
    return rows


def _asset(universe: AssetList, blkrock_id: str) -> Asset:
    """The asset as its file states it, ratings left blank; the projection derives them in its own mode."""
    return universe.source.asset_by_id[universe.asset(blkrock_id).blkrock_id]
