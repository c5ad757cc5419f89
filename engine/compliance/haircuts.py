"""What par is worth less than par in a coverage test: discount, long-dated and excess CCC/Caa obligations.

The definitions are those of current US CLO indentures ("Discount Obligation", "Long Dated Obligation", "Excess CCC/Caa
Adjustment Amount"); the excess is the one of spec 03 §7.14, computed alike by `engine.collateral.kernels_pool`.
"""

import numpy as np

from engine.collateral.ratings import LOWEST_RANK_ABOVE_CCC
from engine.compliance.facts import fact, fact_or, market_value, matures_late, stated
from engine.compliance.forms import Form, Measure, MeasureKind, Ratio, Sum, principal_amount, share
from engine.compliance.portfolio import Floats, Mask, Portfolio
from engine.compliance.terms import DealTerms

HAIRCUT_FACTS = ("purchase_price", "is_swapped_discount", "is_discount_cured")
"""Facts of assets that the discount haircut reads, the last one where it is stated."""
_PERCENT = 100.0


def purchase_price(portfolio: Portfolio, test_id: int) -> Floats:
    """Price paid, fraction of par, (n,); of an asset that the deal does not hold, the price that it would pay."""
    return fact(portfolio, "purchase_price", test_id, portfolio.performing) / _PERCENT


def discount_value(portfolio: Portfolio, terms: DealTerms, test_id: int) -> Floats:
    """What a coverage test takes performing par for: the purchase price of a discount obligation, else 1, (n,).

    A discount obligation was bought below `discount_price`, or below `discount_price_below_b3` where Moody's rates it
    worse than B3; it is none while it is a swapped non-discount obligation, nor once its market value has stayed high
    enough (`is_discount_cured`, as the indenture counts the days). Both prices 0: the deal knows no such haircut.
    """
    limit = terms.number("discount_price", test_id)
    limit_below_b3 = terms.number("discount_price_below_b3", test_id)
    if limit <= 0.0 and limit_below_b3 <= 0.0:
        return np.ones(len(portfolio))
    is_low = (portfolio.moodys_rank > LOWEST_RANK_ABOVE_CCC) | (portfolio.moodys_rank == 0)
    paid = purchase_price(portfolio, test_id)
    is_exempt = stated(portfolio, "is_swapped_discount", test_id, portfolio.performing)
    is_exempt |= fact_or(portfolio, "is_discount_cured", np.zeros(len(portfolio))) > 0.0
    is_discount = portfolio.performing & ~is_exempt & (paid < np.where(is_low, limit_below_b3, limit))
    return np.where(is_discount, paid, 1.0)


def long_dated_value(portfolio: Portfolio, terms: DealTerms, test_id: int) -> Floats:
    """What a coverage test takes performing par for: `long_dated_value` or less at market where it matures late, (n,).

    Late is after the stated maturity of the deal; `long_dated_value` 1: the deal knows no such haircut.
    """
    most = terms.number("long_dated_value", test_id)
    if most >= 1.0:
        return np.ones(len(portfolio))
    late = matures_late(portfolio, terms, test_id)
    return np.where(late, np.minimum(market_value(portfolio, test_id, late), most), 1.0)


def discount_obligations_haircut(portfolio: Portfolio, terms: DealTerms) -> Form:
    return _haircut(portfolio, discount_value(portfolio, terms, 78))


def long_dated_haircut(portfolio: Portfolio, terms: DealTerms) -> Form:
    return _haircut(portfolio, long_dated_value(portfolio, terms, 80))


def _haircut(portfolio: Portfolio, value: Floats) -> Ratio:
    lost = np.where(portfolio.performing, np.maximum(1.0 - value, 0.0), 0.0)
    return Ratio(Sum(lost), principal_amount(portfolio))


def ccc_buckets(portfolio: Portfolio) -> tuple[Mask, Mask]:
    """Performing assets of the S&P CCC and of the Moody's Caa bucket, each (n,)."""
    performing = portfolio.performing
    return (
        performing & (portfolio.sp_rank > LOWEST_RANK_ABOVE_CCC),
        performing & (portfolio.moodys_rank > LOWEST_RANK_ABOVE_CCC),
    )


def excess_measure(
    portfolio: Portfolio, terms: DealTerms, test_id: int, kind: MeasureKind, value: Floats, denominator: Sum
) -> Measure:
    """The excess CCC/Caa haircut, or the collateral left after it, by the layout that the kernels say.

    value: what a unit of par counts before the excess is cut to market, (n,).
    """
    ccc, caa = ccc_buckets(portfolio)
    price = market_value(portfolio, test_id, ccc | caa)
    reals = np.stack(
        [
            portfolio.performing.astype(np.float64),
            ccc.astype(np.float64),
            caa.astype(np.float64),
            np.maximum(value - price, 0.0),
            value,
        ]
    )
    cheapest_first = np.argsort(price, kind="stable").astype(np.int64)[None, :]
    limit = np.array([terms.number("ccc_limit", test_id)])
    return Measure(kind, reals, cheapest_first, limit, denominator)


def ccc_caa_excess_haircut(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Par less market value of the excess over the limit, of the larger bucket, the cheapest assets first."""
    par = np.ones(len(portfolio))
    return excess_measure(portfolio, terms, 81, MeasureKind.EXCESS_HAIRCUT, par, principal_amount(portfolio))


def swapped_discount_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Bought below the discount price with the proceeds of another asset, and not treated as discount obligations."""
    return share(portfolio, portfolio.performing & stated(portfolio, "is_swapped_discount", 79, portfolio.performing))


def purchase_price_floor(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Bought below the deal's floor."""
    low = purchase_price(portfolio, 82) < terms.number("purchase_price_floor", 82)
    return share(portfolio, portfolio.performing & low)
