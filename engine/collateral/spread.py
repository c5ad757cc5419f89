"""Z-spread of an asset's cash flow at a price (spec 01 §3.12)."""

import numpy as np

from engine.analytics.cashflow_vector import CashflowVector
from engine.analytics.valuation import Solution, solve_spread
from engine.collateral.asset_cashflow import AssetCashflow
from engine.conventions.days import day_array, to_date
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Quirks


def z_spread(cashflow: AssetCashflow, price: float, curve: IndexCurve, quirks: Quirks = frozenset()) -> Solution:
    """Spread over the zero curve at which the flows are worth `price` (fraction of par) of the opening balance.

    Settlement is the first accrual begin, compounding quarterly on Actual/360. Raises InputError for a cash flow
    without rows.
    """
    if cashflow.n_rows == 0:
        raise InputError("CLO-1114", "A cash flow without rows has no spread", remedy="Choose an asset that pays.")
    settle = to_date(int(cashflow.accrual_begin[0].astype(np.int64)))
    dates = cashflow.payment_date.astype(object).tolist()
    vector = CashflowVector.of(settle, dates, cashflow.total, frequency=4, quirks=quirks)
    target = price * float(cashflow.balance_begin[0])
    return solve_spread(vector, curve.zeros(settle, day_array(dates)), target, quirks)
