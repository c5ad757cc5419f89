"""What the assets of a pool owe on the dates of a simulation while nothing defaults (spec 04 §7.4, §11.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.collateral.holding import Holding
from engine.collateral.layout import lay_out_pool
from engine.collateral.projection import asset_cashflows
from engine.conventions.calendar import Calendar
from engine.market.curve import IndexCurve
from engine.rating_migration.kernels_fields import Positions

Ints = npt.NDArray[np.int64]


def positions_of(
    holdings: Sequence[Holding],
    grid: Ints,
    asset_of_id: Mapping[str, int],
    as_of: date,
    calendar: Calendar,
    curve: IndexCurve | None,
) -> Positions:
    """Positions of a pool on a grid of T + 1 day numbers, prepaid as their assumptions say and never defaulting.

    asset_of_id: place of each asset among the simulated ones. What would be in default on a date is the balance after
    the payments up to it; of an asset that was repaid since the date before, the balance of its last payment; of one
    that was repaid earlier, nothing.
    """
    spared = [replace(item, assumptions=replace(item.assumptions, cdr=0.0)) for item in holdings]
    flows = asset_cashflows(lay_out_pool(spared, as_of, calendar), curve)
    balance = np.zeros((len(grid), len(holdings)))
    in_default = np.zeros_like(balance)
    for place, (holding, flow) in enumerate(zip(holdings, flows, strict=True)):
        is_live = flow.balance_begin > 0.0
        days = flow.payment_date[is_live].astype(np.int64)
        begin, end = flow.balance_begin[is_live], flow.balance_end[is_live]
        owed = np.concatenate(([holding.par], end))
        n_paid = np.searchsorted(days, grid, side="right")
        balance[:, place] = owed[n_paid]
        in_default[:, place] = balance[:, place]
        repaid = np.flatnonzero((balance[:-1, place] > 0.0) & (balance[1:, place] <= 0.0)) + 1
        in_default[repaid, place] = begin[-1:]
    return Positions(
        asset=np.array([asset_of_id[item.asset.blkrock_id] for item in holdings], dtype=np.int64),
        balance=balance,
        default_balance=in_default,
    )
