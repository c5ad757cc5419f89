"""Small deals whose every number can be worked out by hand."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.evaluation import Holdings
from engine.compliance.plan import plan_of
from engine.compliance.portfolio import portfolio_of
from engine.compliance.terms import DealTerms, Direction, TestSetting
from engine.modes import Quirks
from engine.trading.trades import Settlement, Side, Trade, TradedDeal

AS_OF = date(2016, 3, 23)
CAA = TestSetting(test_id=7, direction=Direction.MAX, threshold=0.10)
RECOVERY = TestSetting(test_id=33, direction=Direction.MIN, threshold=0.40)


def loan(name: str, *, price: float | None = 100.0, rating: str = "B2", recovery: float = 0.5) -> Asset:
    """A floating senior secured loan of an issuer of its own; price in percent of par."""
    return Asset(
        blkrock_id=name,
        issue_name=f"{name} Term Loan",
        issuer_id=f"{name} Inc",
        bond_loan="LOAN",
        seniority="Senior Secured",
        coupon_type="FLOAT",
        index_name="3M Libor",
        cpn_spread=0.04,
        coupon=0.045,
        country="USA",
        wal=5.0,
        market_value=price,
        mdy_rating=rating,
        mdy_dp_rating=rating,
        mdy_dp_rating_warf=rating,
        mdy_recovery_rate=recovery,
        sp_facility_rating="B",
        sp_issuer_rating="B",
        mdy_industry="Retail",
        sp_industry="Retail",
    )


def small_deal(
    assets: Sequence[Asset],
    held: Mapping[str, float],
    cash: float,
    *,
    name: str = "Small",
    settings: Sequence[TestSetting] = (RECOVERY, CAA),
    weights: Mapping[int, float] | None = None,
    settlement: Settlement | None = None,
    quirks: Quirks = frozenset(),
) -> TradedDeal:
    """A deal that may trade these assets."""
    portfolio = portfolio_of(assets, AS_OF, quirks)
    plan = plan_of(portfolio, DealTerms(deal=name, as_of=AS_OF), settings)
    par = np.array([held.get(asset, 0.0) for asset in portfolio.ids])
    return TradedDeal(plan, Holdings(par, cash), weights or {33: 1.0}, settlement or Settlement())


def buy(name: str, par: float, price: float | None = None, *, deal: str = "Small", place: str = "") -> Trade:
    return Trade(deal=deal, blkrock_id=name, side=Side.BUY, par=par, price=price, place=place)


def sell(name: str, par: float, price: float | None = None, *, deal: str = "Small", place: str = "") -> Trade:
    return Trade(deal=deal, blkrock_id=name, side=Side.SALE, par=par, price=price, place=place)
