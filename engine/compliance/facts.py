"""What a test must know of each asset beside the asset master's blanks: stated, or an error; nothing is guessed."""

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.portfolio import Floats, Mask, Portfolio
from engine.compliance.terms import DealTerms
from engine.errors import InputError

_MOST_NAMED = 3


def fact(portfolio: Portfolio, name: str, test_id: int, needed: Mask | None = None) -> Floats:
    """A fact of every asset that needs it (all by default), (n,).

    Raises InputError CLO-1507 where nobody supplied the fact, CLO-1512 where it lacks an asset.
    """
    require_fact(portfolio, name, test_id)
    values = np.asarray(portfolio.extra[name], np.float64)
    require_known(portfolio, ~np.isnan(values), name, test_id, needed)
    return values


def stated(portfolio: Portfolio, name: str, test_id: int, needed: Mask | None = None) -> Mask:
    """A yes/no fact, 1 for yes, of every asset that needs it, (n,); errors as of `fact`."""
    return fact(portfolio, name, test_id, needed) > 0.0


def fact_or(portfolio: Portfolio, name: str, otherwise: Floats) -> Floats:
    """A fact where it is stated, else the value derived, (n,)."""
    if name not in portfolio.extra:
        return otherwise
    values = np.asarray(portfolio.extra[name], np.float64)
    return np.where(np.isnan(values), otherwise, values)


def market_value(portfolio: Portfolio, test_id: int, needed: Mask) -> Floats:
    """Market value as a fraction of par, (n,); CLO-1512 for an asset that needs one and has none."""
    is_priced = portfolio.flags(lambda asset: asset.market_value is not None)
    require_known(portfolio, is_priced, "market value", test_id, needed)
    return portfolio.price


def require_rates(portfolio: Portfolio, test_id: int, needed: Mask) -> None:
    """InputError CLO-1512 for an asset without the spread over LIBOR, or the coupon, that it earns."""
    by_spread = portfolio.floating & portfolio.on_libor
    has_spread = portfolio.flags(lambda asset: asset.cpn_spread is not None)
    require_known(portfolio, has_spread, "coupon spread", test_id, needed & by_spread)
    has_coupon = portfolio.flags(lambda asset: asset.coupon is not None)
    require_known(portfolio, has_coupon, "coupon", test_id, needed & ~by_spread)


def years_to_maturity(portfolio: Portfolio, terms: DealTerms, test_id: int, needed: Mask) -> Floats:
    """Years from the test's date to each maturity, Actual/365, (n,); CLO-1512 for an asset without one."""
    require_known(portfolio, portfolio.flags(lambda asset: asset.maturity is not None), "maturity", test_id, needed)
    return np.array(
        [(asset.maturity - terms.as_of).days / 365.0 if asset.maturity else 0.0 for asset in portfolio.assets],
        np.float64,
    )


def matures_late(portfolio: Portfolio, terms: DealTerms, test_id: int) -> Mask:
    """Performing assets that mature after the deal's stated maturity, (n,).

    Raises InputError CLO-1513 where the deal states no maturity, CLO-1512 for an asset without one.
    """
    last = terms.stated_maturity
    if last is None:
        raise InputError(
            "CLO-1513",
            f"Test {test_id} needs the stated maturity of {terms.deal}",
            where=f"quality inputs of {terms.deal}",
            remedy="Enter the stated maturity date.",
        )
    is_dated = portfolio.flags(lambda asset: asset.maturity is not None)
    require_known(portfolio, is_dated, "maturity", test_id, portfolio.performing)
    return portfolio.performing & portfolio.flags(lambda asset: asset.maturity is not None and asset.maturity > last)


def unknown_text(asset: Asset, what: str, text: str, remedy: str) -> InputError:
    """The error of a text of the asset master that says nothing to a test."""
    return InputError(
        "CLO-1514",
        f"Asset {asset.blkrock_id} has the {what} {text!r}, which is none",
        where=f"asset {asset.blkrock_id}, {what}",
        remedy=remedy,
    )


def require_fact(portfolio: Portfolio, name: str, test_id: int) -> None:
    """InputError CLO-1507 where nobody supplied the fact."""
    if name not in portfolio.extra:
        raise InputError(
            "CLO-1507",
            f"Test {test_id} needs `{name}` for each asset, which nobody supplied",
            where="asset facts of the deal",
            remedy=f"Supply `{name}`, or leave test {test_id} out.",
        )


def require_known(portfolio: Portfolio, is_known: Mask, what: str, test_id: int, needed: Mask | None) -> None:
    """InputError CLO-1512 naming assets of which something is needed and not known."""
    missing = ~is_known if needed is None else ~is_known & needed
    if not missing.any():
        return
    names = [portfolio.ids[row] for row in np.flatnonzero(missing)]
    others = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    raise InputError(
        "CLO-1512",
        f"Test {test_id} needs the {what.replace('_', ' ')} of {', '.join(names[:_MOST_NAMED])}{others}",
        where=f"asset {names[0]}, {what}",
        remedy=f"Enter it, or leave test {test_id} out.",
    )
