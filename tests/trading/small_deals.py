"""Deals of a few loans, written out: what the optimiser is checked on by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.evaluation import Holdings
from engine.compliance.plan import plan_of
from engine.compliance.portfolio import portfolio_of
from engine.compliance.terms import DealTerms, Direction, TestSetting
from engine.trading.optimiser.inputs import Budget, OptimiserInputs
from engine.trading.trades import Settlement, TradedDeal

AS_OF = date(2016, 3, 23)
MILLION = 1e6
MAX, MIN = Direction.MAX, Direction.MIN
_RATING_OF_FACTOR = {2220: "B1", 2720: "B2", 3490: "B3", 4770: "Caa1"}


@dataclass(frozen=True)
class Loan:
    """One loan: par held in millions, price in percent of par, rates as decimals."""

    name: str
    held: float
    price: float = 100.0
    spread: float = 0.04
    factor: int = 2720
    recovery: float = 0.45
    wal: float = 5.0
    is_caa: bool = False
    is_fixed: bool = False
    issuer: str = ""
    industry: str = "Steel"
    unfunded: float = 0.0

    @property
    def asset(self) -> Asset:
        """The record of the asset master."""
        return Asset(
            blkrock_id=self.name,
            issue_name=f"Loan {self.name}",
            issuer_id=self.issuer or self.name,
            bond_loan="LOAN",
            coupon_type="FIXED" if self.is_fixed else "FLOAT",
            payment_freq=4,
            cpn_spread=0.0 if self.is_fixed else self.spread,
            coupon=self.spread,
            index_name="3M Libor",
            unfunded_amount=self.unfunded,
            facility_size=500 * MILLION,
            mdy_industry=self.industry,
            sp_industry=self.industry,
            seniority="Senior Secured",
            country="USA",
            wal=self.wal,
            market_value=self.price,
            mdy_rating="Caa1" if self.is_caa else "B2",
            mdy_recovery_rate=self.recovery,
            mdy_dp_rating="B2",
            mdy_dp_rating_warf=_RATING_OF_FACTOR[self.factor],
        )


def limit(test_id: int, direction: Direction, threshold: float | None = None, *, is_hard: bool = True) -> TestSetting:
    """A configured test."""
    return TestSetting(test_id=test_id, direction=direction, threshold=threshold, is_hard=is_hard)


def deal_of(
    loans: Sequence[Loan],
    cash: float,
    limits: Iterable[TestSetting],
    parameters: Mapping[str, float],
    *,
    weights: Mapping[int, float] | None = None,
    settlement: Settlement | None = None,
    scale: float = MILLION,
) -> TradedDeal:
    """A deal that holds these loans, amounts in millions unless `scale` says otherwise."""
    portfolio = portfolio_of([loan.asset for loan in loans], AS_OF, frozenset())
    par = np.zeros(len(portfolio))
    for loan in loans:
        par[portfolio.row_of[loan.name]] = loan.held * scale
    terms = DealTerms(deal="Small", as_of=AS_OF, parameters={"current_libor": 0.0, **parameters})
    plan = plan_of(portfolio, terms, tuple(limits))
    return TradedDeal(plan, Holdings(par, cash * scale), weights or {}, settlement or Settlement())


def inputs_of(
    loans: Sequence[Loan],
    sales: Budget,
    purchases: Budget,
    **others: object,
) -> OptimiserInputs:
    """Inputs that let every loan be bought and sold at its price."""
    prices = {loan.name: loan.price for loan in loans}
    everything = frozenset(prices)
    chosen = {"ask": prices, "bid": prices, "buyable": everything, "sellable": everything, "gap": 1e-9, **others}
    return OptimiserInputs(sales=sales, purchases=purchases, **chosen)  # type: ignore[arg-type]


SECTION_12 = (
    Loan("A", 30.0, 100.0, 0.0325, 2220, 0.50, 4.0),
    Loan("B", 25.0, 99.0, 0.0375, 2720, 0.50, 5.0),
    Loan("C", 20.0, 97.0, 0.0425, 3490, 0.45, 5.5),
    Loan("D", 15.0, 88.0, 0.0650, 4770, 0.35, 4.5, is_caa=True),
    Loan("E", 0.0, 98.5, 0.0475, 2720, 0.45, 6.0),
    Loan("F", 0.0, 93.0, 0.0600, 4770, 0.40, 5.0, is_caa=True),
)
"""The six loans of spec 05 section 12."""


def section_12(scale: float = MILLION) -> TradedDeal:
    """The worked example of spec 05 section 12: start cash 10, all loans floating, distinct obligors."""
    limits = (
        limit(7, MAX, 0.175),
        limit(4, MAX, 0.30),
        limit(39, MIN),
        limit(36, MAX),
        limit(35, MAX, 5.2),
        limit(38, MIN, 0.97),
    )
    parameters = {
        "weighted_average_spread": 0.0415,
        "was_factor": 0.0005,
        "warr_threshold": 0.43,
        "warf_threshold": 2800.0,
        "warf_factor": 60.0,
        "junior_oc_denominator": 100.0 * scale,
    }
    return deal_of(SECTION_12, 10.0, limits, parameters, scale=scale)


def section_12_inputs(scale: float = MILLION, **others: object) -> OptimiserInputs:
    """Sales of at most 15, purchases of at most 20 by name; a limit that fails at the start has to be mended."""
    chosen = {"name_cap": 20.0 * scale, "maintain_or_improve": False, **others}
    return inputs_of(SECTION_12, Budget(15.0 * scale), Budget(1000.0 * scale), **chosen)
