"""What a tranche yields at given prices: the flows of one run, priced by `engine.analytics` (spec 02 §7)."""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.analytics.cashflow_vector import CashflowVector
from engine.analytics.risk import durations, weighted_average_life
from engine.analytics.valuation import solve_spread, solve_yield
from engine.conventions.day_count import parse_day_count
from engine.deal.grid import check_value
from engine.deal.grid_results import Axis, PriceTable
from engine.deal.kernels_risk import FREQUENCY
from engine.deal.results import DealResult
from engine.errors import InputError, ModelError
from engine.liabilities.terms import Tranche
from engine.market.curve import IndexCurve

Floats = npt.NDArray[np.float64]


def price_table(
    result: DealResult, tranche: Tranche, curve: IndexCurve, as_of: date, prices: Sequence[float]
) -> PriceTable:
    """Yield, discount margin and durations of a tranche of a run at every price, in standard mode.

    Raises InputError CLO-1340 for a price that cannot be, CLO-1348 for no price, ModelError CLO-1347 for a run that
    stopped or pays the tranche nothing to price.
    """
    if not prices:
        raise InputError("CLO-1348", f"No price is given for {tranche.name}", remedy="Give one price at least.")
    for price in prices:
        check_value(Axis.PRICE, price)
    place = result.tranche_names.index(tranche.name)
    n = int(result.last_calculated[place])
    if result.failure is not None or tranche.current_balance == 0.0 or n == 0:
        raise ModelError(
            "CLO-1347",
            f"{tranche.name} has no cash flows that could be priced",
            where=f"the run of {result.deal_id}",
            remedy="Choose a tranche with a balance, or assumptions under which the deal runs to its end.",
        )
    dates = result.dates.payment[:n].astype(object).tolist()
    deferred = result.tranche(tranche.name, "deferred_principal_paid")[:n]
    principal = result.tranche(tranche.name, "principal_paid")[:n]
    interest = (
        result.tranche(tranche.name, "interest_paid")[:n] + result.tranche(tranche.name, "deferred_interest_paid")[:n]
    )
    flows = CashflowVector.of(
        as_of,
        dates,
        interest + principal + deferred,
        frequency=round(FREQUENCY),
        day_count=parse_day_count(tranche.day_count, frozenset()),
    )
    zeros = curve.zeros(as_of, flows.days)
    found = [_row(flows, zeros, price * tranche.current_balance) for price in prices]
    if tranche.is_deferrable:
        principal = principal + deferred
    owed = float(result.tranche(tranche.name, "balance_end")[n - 1]) + float(principal.sum())
    if tranche.is_deferrable:
        owed += float(result.tranche(tranche.name, "deferred_end")[n - 1])
    columns = np.ascontiguousarray(np.array(found, dtype=np.float64).T)
    return PriceTable(
        tranche_name=tranche.name,
        prices=np.array(prices, dtype=np.float64),
        yields=columns[0],
        discount_margins=columns[1],
        macaulay=columns[2],
        modified=columns[3],
        wal=weighted_average_life(as_of, dates, principal, owed, owed),
    )


def _row(flows: CashflowVector, zeros: Floats, target: float) -> tuple[float, float, float, float]:
    """Yield, discount margin, Macaulay and modified duration at a present value."""
    annual = solve_yield(flows, target).value
    macaulay, modified = (math.nan, math.nan) if math.isnan(annual) else durations(flows, annual, target)
    return annual, solve_spread(flows, zeros, target).value, macaulay, modified
