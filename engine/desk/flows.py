"""The cash flows of a deal's assets as the database keeps them."""

from datetime import date

import numpy as np

from db.asset_flows import AMOUNT_COLUMNS, AssetCashFlows
from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.layout import lay_out_pool
from engine.collateral.projection import asset_cashflows
from engine.deal.contract import Deal
from engine.deal.run import DealMarket
from engine.modes import Quirks

_COLUMN_OF = {
    "beginning_balance": "balance_begin",
    "ending_balance": "balance_end",
    "default_balance": "default_balance",
    "mv_default_balance": "default_value_balance",
    "interest_payment": "interest",
    "scheduled_principal": "scheduled",
    "unscheduled_principal": "unscheduled",
    "default_amount": "default",
    "recoveries": "recoveries",
    "net_loss": "net_loss",
    "total_cash_flow": "total",
}
"""Column of `asset_cash_flows` -> column of a cash flow; assets of a projection are neither bought nor sold."""


def project_assets_of(deal: Deal, market: DealMarket, as_of: date, quirks: Quirks) -> AssetCashFlows:
    """Every asset's cash flow on its own payment dates, defaulted assets' recoveries included."""
    layout = lay_out_pool(deal.holdings, as_of, market.calendar, quirks)
    flows = asset_cashflows(layout, market.curve)
    return collect(tuple(holding.asset.blkrock_id for holding in deal.holdings), flows)


def collect(ids: tuple[str, ...], flows: tuple[AssetCashflow, ...]) -> AssetCashFlows:
    """Cash flows of many assets one below the other, in the order of `ids`."""
    counts = [flow.payment_date.shape[0] for flow in flows]
    amounts = np.zeros((len(AMOUNT_COLUMNS), sum(counts)))
    for row, name in enumerate(AMOUNT_COLUMNS):
        if name in _COLUMN_OF:
            amounts[row] = np.concatenate([getattr(flow, _COLUMN_OF[name]) for flow in flows])
    payment = np.concatenate([flow.payment_date for flow in flows])
    return AssetCashFlows(
        ids=ids,
        asset_index=np.repeat(np.arange(len(ids), dtype=np.int32), counts),
        period_number=np.concatenate([np.arange(1, count + 1, dtype=np.int32) for count in counts]),
        payment_date=payment,
        accrual_begin=np.concatenate([flow.accrual_begin for flow in flows]),
        accrual_end=payment,
        amounts=amounts,
    )
