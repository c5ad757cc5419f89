"""Deals of a few loans, to be checked by hand: every loan stated as what it differs in from a plain one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.catalogue import definition_of
from engine.compliance.cushions import cushions
from engine.compliance.definition import Definition
from engine.compliance.evaluation import Evaluation, Holdings, evaluate
from engine.compliance.plan import plan_of
from engine.compliance.portfolio import portfolio_of
from engine.compliance.terms import ClassTerms, DealTerms, TestSetting
from engine.modes import Quirks

AS_OF = date(2020, 1, 1)
PLAIN = Asset(
    blkrock_id="",
    bond_loan="LOAN",
    seniority="Senior Secured",
    mdy_asset_category="Moody's Senior Secured Loan",
    sp_priority_category="Senior Secured Loan",
    coupon_type="FLOAT",
    index_name="3M Libor",
    payment_freq=4,
    cpn_spread=0.04,
    libor_floor=0.0,
    coupon=0.045,
    facility_size=500e6,
    country="USA",
    maturity=date(2025, 1, 1),
    market_value=100.0,
    mdy_rating="B2",
    mdy_dp_rating="B2",
    mdy_dp_rating_warf="B2",
    mdy_recovery_rate=0.45,
    sp_rating="B",
    sp_recovery_rating="3",
    wal=4.0,
)
FACTS = ("purchase_price", "is_swapped_discount", "is_step_up", "is_step_down", "is_workout")


def loan(name: str, par: float, /, **differences: Any) -> tuple[Asset, float, dict[str, float]]:
    """A loan with its par and facts; issuer and industries are its own unless stated."""
    facts = {"purchase_price": 99.0, **dict.fromkeys(FACTS[1:], 0.0)}
    of_asset = {key: value for key, value in differences.items() if key in Asset.__dataclass_fields__}
    facts |= {key: float(value) for key, value in differences.items() if key not in of_asset}
    own = {"issuer_id": name, "sp_industry": f"S {name}", "mdy_industry": f"M {name}"}
    return replace(PLAIN, blkrock_id=name, **(own | of_asset)), par, facts


@dataclass(frozen=True)
class Outcome:
    """What one test says of a small deal."""

    value: float
    numerator: float
    denominator: float
    threshold: float
    cushion: float
    is_applicable: bool
    is_passed: bool


def outcome(
    test: int | str,
    loans: Sequence[tuple[Asset, float, dict[str, float]]],
    *,
    cash: float = 0.0,
    threshold: float | None = 0.0,
    stated_maturity: date | None = date(2026, 1, 1),
    classes: tuple[ClassTerms, ...] = (),
    without: str = "",
    quirks: Quirks = frozenset(),
    **parameters: float,
) -> Outcome:
    """One test of these loans and this cash; without: a fact that nobody supplied."""
    found = evaluated(
        definition_of(test),
        loans,
        cash=cash,
        threshold=threshold,
        stated_maturity=stated_maturity,
        classes=classes,
        without=without,
        quirks=quirks,
        parameters=parameters,
    )
    return Outcome(
        value=float(found.value[0]),
        numerator=float(found.numerator[0]),
        denominator=float(found.denominator[0]),
        threshold=float(found.threshold[0]),
        cushion=float(cushions(found)[0]),
        is_applicable=bool(found.is_applicable[0]),
        is_passed=bool(found.is_passed[0]),
    )


def evaluated(
    definition: Definition,
    loans: Sequence[tuple[Asset, float, dict[str, float]]],
    *,
    cash: float = 0.0,
    threshold: float | None = None,
    stated_maturity: date | None = None,
    classes: tuple[ClassTerms, ...] = (),
    without: str = "",
    quirks: Quirks = frozenset(),
    parameters: Mapping[str, float] | None = None,
) -> Evaluation:
    """The evaluation behind `outcome`."""
    names = {name for _, _, facts in loans for name in facts} - {without}
    extra = {name: {a.blkrock_id: facts[name] for a, _, facts in loans if name in facts} for name in names}
    portfolio = portfolio_of([asset for asset, _, _ in loans], AS_OF, quirks, extra)
    terms = DealTerms(
        deal="Small", as_of=AS_OF, parameters=parameters or {}, stated_maturity=stated_maturity, classes=classes
    )
    setting = TestSetting(test_id=definition.id, direction=definition.direction, threshold=threshold)
    par = np.zeros(len(portfolio))
    for asset, amount, _ in loans:
        par[portfolio.row_of[asset.blkrock_id]] = amount
    return evaluate(plan_of(portfolio, terms, [setting]), Holdings(par, cash))
