"""Which assets a deal may buy or sell, and at what size and price they are looked at (spec 05 §7 item 1)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.compliance.evaluation import Holdings
from engine.compliance.portfolio import Codes, Floats, Mask, Portfolio
from engine.errors import InputError
from engine.trading.trades import Side

LOWEST_PRICE = 0.75
"""Assets below this market value, a fraction of par, are not bought."""


@dataclass(frozen=True)
class Candidates:
    """Single trades to be compared, each (candidates,).

    rows of the assets, which may come more than once; is_sale; par positive, in currency; price a fraction of par.
    """

    rows: Codes
    is_sale: Mask
    par: Floats
    price: Floats

    def __len__(self) -> int:
        return len(self.rows)


def purchases(
    portfolio: Portfolio,
    holdings: Holdings,
    step: float,
    *,
    chosen: Mask | None = None,
    includes_held: bool = True,
    prices: Mapping[str, float] | None = None,
) -> Candidates:
    """A purchase of `step` of every asset that may be bought.

    chosen: assets that pass the user's filter, all by default; includes_held: whether a position may be added to;
    prices: percent of par by asset id, where they are not the market value.
    """
    _require_step(step)
    price = _prices(portfolio, prices)
    rows = np.flatnonzero(may_buy(portfolio, holdings, price, chosen, includes_held))
    return Candidates(rows, np.zeros(len(rows), bool), np.full(len(rows), step), price[rows])


def sales(
    portfolio: Portfolio,
    holdings: Holdings,
    step: float,
    *,
    chosen: Mask | None = None,
    prices: Mapping[str, float] | None = None,
) -> Candidates:
    """A sale of `step` of every position with a price, or of the whole position where it is smaller."""
    _require_step(step)
    price = _prices(portfolio, prices)
    rows = np.flatnonzero(may_sell(holdings, chosen) & (price > 0.0))
    return Candidates(rows, np.ones(len(rows), bool), np.minimum(step, holdings.par[rows]), price[rows])


def joined(*parts: Candidates) -> Candidates:
    """Candidates of several lists in one."""
    return Candidates(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.is_sale for part in parts]),
        np.concatenate([part.par for part in parts]),
        np.concatenate([part.price for part in parts]),
    )


def part(candidates: Candidates, chosen: Codes) -> Candidates:
    """Some of the candidates, by their places."""
    return Candidates(
        candidates.rows[chosen], candidates.is_sale[chosen], candidates.par[chosen], candidates.price[chosen]
    )


def may_buy(
    portfolio: Portfolio, holdings: Holdings, price: Floats, chosen: Mask | None = None, includes_held: bool = True
) -> Mask:
    """Assets that a filter chose, not defaulted and not priced below 75, (n,)."""
    allowed = portfolio.performing & (price >= LOWEST_PRICE)
    if chosen is not None:
        allowed &= chosen
    return allowed if includes_held else allowed & (holdings.par == 0.0)


def may_sell(holdings: Holdings, chosen: Mask | None = None) -> Mask:
    """Positions that a filter chose, (n,)."""
    return holdings.par > 0.0 if chosen is None else (holdings.par > 0.0) & chosen


def left_out(
    portfolio: Portfolio, holdings: Holdings, side: Side, *, chosen: Mask | None = None, includes_held: bool = True
) -> dict[str, str]:
    """Assets that the filter chose and that are no candidates all the same, each with the reason."""
    reasons = {}
    for row in range(len(portfolio)) if chosen is None else np.flatnonzero(chosen):
        reason = _reason(portfolio, holdings, int(row), side, includes_held)
        if reason:
            reasons[portfolio.ids[row]] = reason
    return reasons


def _reason(portfolio: Portfolio, holdings: Holdings, row: int, side: Side, includes_held: bool) -> str:
    price = float(portfolio.price[row])
    if side is Side.SALE:
        if not holdings.par[row] > 0.0:
            return "not held"
        return "" if price > 0.0 else "no market value"
    if portfolio.defaulted[row]:
        return "defaulted"
    if not price > 0.0:
        return "no market value"
    if price < LOWEST_PRICE:
        return f"market value below {100 * LOWEST_PRICE:g}"
    return "held already" if not includes_held and holdings.par[row] != 0.0 else ""


def _prices(portfolio: Portfolio, prices: Mapping[str, float] | None) -> Floats:
    found = portfolio.price.copy()
    for name, price in (prices or {}).items():
        if name not in portfolio.row_of or not 0.0 < price < np.inf:
            raise InputError(
                "CLO-1717",
                f"{name} at {price} is no asset with a price in percent of par",
                where="prices of candidates",
                remedy="Give ids of the asset master with prices such as 98.5.",
            )
        found[portfolio.row_of[name]] = price / 100.0
    return found


def _require_step(step: float) -> None:
    if not 0.0 < step < np.inf:
        raise InputError(
            "CLO-1715",
            f"The par step {step} is not an amount above 0",
            where="size of the candidate trades",
            remedy="Enter an amount such as 750,000.",
        )
