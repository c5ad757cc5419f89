"""Random portfolios of any size with the terms and settings of every test, by seed; hypothesis draws the seed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from engine.collateral.asset import Asset
from engine.collateral.ratings import Agency, rating_at, rating_rank
from engine.compliance.catalogue import CATALOGUE, definition_of
from engine.compliance.evaluation import Holdings, evaluate
from engine.compliance.plan import Plan, plan_of
from engine.compliance.portfolio import Portfolio, portfolio_of
from engine.compliance.terms import ClassTerms, DealTerms, Direction, TestSetting
from engine.modes import Quirks

AS_OF = date(2016, 3, 23)
STATED_MATURITY = date(2024, 4, 20)
PARAMETERS = {
    "current_libor": 0.005418,
    "reinvestment_target_balance": 490_000_000.0,
    "weighted_average_spread": 0.041,
    "warf_factor": 67.0,
    "warf_threshold": 2740.0,
    "junior_oc_denominator": 420_000_000.0,
    "was_factor": 0.00065,
    "warr_threshold": 0.43,
    "ccc_limit": 0.075,
    "fitch_ccc_limit": 0.075,
    "discount_price": 0.80,
    "discount_price_below_b3": 0.85,
    "long_dated_value": 0.70,
    "purchase_price_floor": 0.60,
    "collection_period_years": 0.25,
    "interest_proceeds": 100_000.0,
    "senior_expenses": 300_000.0,
    "interest_diversion_trigger": 1.03,
    "event_of_default_trigger": 1.025,
    "minimum_floating_spread": 0.035,
    "minimum_weighted_average_coupon": 0.07,
    "matrix_spread": 0.0365,
    "matrix_diversity": 65.0,
    "matrix_recovery": 0.43,
    "highest_recovery": 0.60,
    "matrix_factor_350_60": 2650.0,
    "matrix_factor_350_70": 2720.0,
    "matrix_factor_400_60": 2850.0,
    "matrix_factor_400_70": 2930.0,
    "matrix_modifier_350_60": 60.0,
    "matrix_modifier_350_70": 62.0,
    "matrix_modifier_400_60": 66.0,
    "matrix_modifier_400_70": 68.0,
}
_AMOUNTS = ("reinvestment_target_balance", "junior_oc_denominator", "interest_proceeds", "senior_expenses")
_TOTAL = 500_000_000.0
_CLASSES = (
    ClassTerms(name="Class X", balance=2_400_000.0, interest_due=12_000.0),
    ClassTerms(name="Class A", balance=300_000_000.0, interest_due=1_560_000.0, oc_trigger=1.35),
    ClassTerms(name="Class B-1", balance=40_000_000.0, interest_due=290_000.0),
    ClassTerms(name="Class B-2", balance=15_000_000.0, interest_due=139_000.0, oc_trigger=1.22, ic_trigger=1.15),
    ClassTerms(name="Class C", balance=27_000_000.0, interest_due=270_000.0, oc_trigger=1.14, ic_trigger=1.10),
    ClassTerms(
        name="Class D",
        balance=25_000_000.0,
        deferred_balance=500_000.0,
        interest_due=356_000.0,
        oc_trigger=1.08,
        ic_trigger=1.05,
    ),
    ClassTerms(name="Class E", balance=20_000_000.0, interest_due=430_000.0, oc_trigger=1.03),
)
_COUNTRIES = ("USA", "CANADA", "UNITED KINGDOM", "NETHERLANDS", "GERMANY", "FRANCE", "SPAIN", "CAYMAN ISLANDS", "Japan")
_COUNTRY_WEIGHTS = (0.82, 0.03, 0.03, 0.03, 0.02, 0.02, 0.02, 0.02, 0.01)
_MOODYS_CATEGORIES = ("Moody\u2019s Senior Secured loan", "Moody\u2019s Non-Senior Secured Loan", "Other")
_SP_CATEGORIES = ("Senior Secured Loan", "Cov-Lite Loan", "Senior Unsecured Loan/Second Lien Loan")


@dataclass(frozen=True)
class Made:
    """A portfolio with what a deal holds of it, its terms, and settings for tests of the catalogue."""

    portfolio: Portfolio
    holdings: Holdings
    terms: DealTerms
    settings: tuple[TestSetting, ...]

    @property
    def plan(self) -> Plan:
        """The settings laid out over the portfolio."""
        return plan_of(self.portfolio, self.terms, self.settings)


def made(
    n: int,
    seed: int = 0,
    *,
    quirks: Quirks = frozenset(),
    tests: Iterable[int] | None = None,
    held: float = 1.0,
    slack: float = 0.05,
    defaulted: float = 0.0,
    total: float = _TOTAL,
) -> Made:
    """A deal over a universe of n loans; the same for the same arguments.

    tests: all of the catalogue by default. held: share of the loans that the deal holds, the others being candidates.
    slack: by how much of its result each test passes with these holdings. defaulted: share of defaulted loans. total:
    par and principal cash of the deal, currency.
    """
    rng = np.random.default_rng(seed)
    assets = made_assets(n, rng, defaulted=defaulted)
    portfolio = portfolio_of(assets, AS_OF, quirks, made_facts(assets, rng))
    holdings = made_holdings(n, rng, held=held, total=total)
    terms = made_terms(total)
    ids = [definition.id for definition in CATALOGUE] if tests is None else list(tests)
    return Made(portfolio, holdings, terms, made_settings(portfolio, holdings, terms, ids, slack))


def made_assets(n: int, rng: np.random.Generator, *, defaulted: float = 0.0) -> list[Asset]:
    """n loans of about 0.87 n issuers, rated B on average."""
    n_issuers = max(1, round(0.87 * n))
    industry = rng.integers(0, 30, n_issuers)
    factors = np.clip(np.round(rng.normal(14.6, 1.4, n)), 8, 20).astype(int)
    return [_asset(row, int(rng.integers(n_issuers)), industry, int(factors[row]), rng, defaulted) for row in range(n)]


def _asset(row: int, issuer: int, industry: np.ndarray, rank: int, rng: np.random.Generator, defaulted: float) -> Asset:
    is_second_lien = bool(rng.random() < 0.04)
    is_fixed = bool(rng.random() < 0.02)
    spread = round(float(0.02 + 0.0025 * max(rank - 10, 0) + rng.uniform(0.0, 0.01)), 4)
    floor = float(rng.choice((0.0, 0.0075, 0.01, 0.0125)))
    wal = round(float(rng.uniform(1.0, 7.5)), 2)
    facility = float(rng.choice((100e6, 180e6, 240e6, 400e6, 900e6), p=(0.02, 0.03, 0.05, 0.5, 0.4)))

    def rarely(probability: float) -> bool:
        return bool(rng.random() < probability)

    return Asset(
        blkrock_id=f"LOAN{row:05d}",
        issue_name=f"Loan {row}",
        issuer_name=f"Issuer {issuer}",
        issuer_id=f"ISS{issuer:05d}",
        bond_loan="LOAN" if rng.random() < 0.98 else "BOND",
        maturity=AS_OF + timedelta(days=round(365.25 * (wal + float(rng.uniform(0.1, 1.0))))),
        coupon_type="FIXED" if is_fixed else "FLOAT",
        payment_freq=int(rng.choice((4, 12, 2), p=(0.9, 0.08, 0.02))),
        cpn_spread=spread,
        libor_floor=0.0 if is_fixed else floor,
        index_name="3M Libor" if rng.random() < 0.97 else "Prime",
        coupon=round(0.075 + spread / 10 if is_fixed else spread + max(floor, PARAMETERS["current_libor"]), 6),
        unfunded_amount=0.0 if rng.random() < 0.97 else 250_000.0,
        facility_size=facility,
        amt_issued=facility,
        mdy_industry=f"Industry {industry[issuer]:02d}",
        sp_industry=f"Sector {(7 * industry[issuer]) % 29:02d}",
        mdy_asset_category=_MOODYS_CATEGORIES[int(is_second_lien)],
        sp_priority_category=_SP_CATEGORIES[2 if is_second_lien else int(rng.random() < 0.4)],
        country=str(rng.choice(_COUNTRIES, p=_COUNTRY_WEIGHTS)),
        seniority="Senior Secured" if rng.random() < 0.98 else "Senior Unsecured",
        pik_asset=rarely(0.01),
        piking=rarely(0.01),
        default_asset=rarely(defaulted),
        delay_drawdown=rarely(0.01),
        revolver=rarely(0.01),
        letter_of_credit=rarely(0.005),
        participation=rarely(0.01),
        dip=rarely(0.01),
        bridge_loan=rarely(0.005),
        current_pay=rarely(0.005),
        cov_lite=rarely(0.4),
        first_lien_last_out=rarely(0.01),
        currency="USD",
        wal=wal,
        market_value=round(float(np.clip(101.0 - 1.6 * max(rank - 12, 0) ** 1.5 + rng.normal(0.0, 1.5), 20, 102)), 3),
        mdy_rating=rating_at(rank, Agency.MOODYS),
        mdy_recovery_rate=float(rng.choice((0.2, 0.3, 0.45, 0.5, 0.6), p=(0.02, 0.08, 0.3, 0.4, 0.2))),
        mdy_dp_rating=rating_at(rank, Agency.MOODYS),
        mdy_dp_rating_warf=rating_at(rank, Agency.MOODYS),
        sp_issuer_rating=rating_at(int(np.clip(rank + rng.integers(-1, 2), 1, 20)), Agency.SP),
        sp_recovery_rating=str(rng.choice(("1", "2H", "2L", "3H", "3L", "4", "5", "6", ""))),
    )


def made_facts(assets: Iterable[Asset], rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """What the tests need for each asset beside the asset master: name -> asset id -> value."""
    facts: dict[str, dict[str, float]] = {}
    for asset in assets:
        discount = float(rng.choice((0.0, 3.0, 12.0, 30.0), p=(0.8, 0.15, 0.04, 0.01)))
        values = {
            "purchase_price": round((asset.market_value or 100.0) - discount, 3),
            "is_swapped_discount": float(discount > 3.0 and rng.random() < 0.3),
            "is_step_up": float(rng.random() < 0.01),
            "is_step_down": float(rng.random() < 0.01),
            "is_workout": float(rng.random() < 0.01),
        }
        if rng.random() < 0.5:
            values["fitch_rank"] = float(np.clip(rating_rank(asset.mdy_rating) + rng.integers(-1, 2), 1, 20))
        for name, value in values.items():
            facts.setdefault(name, {})[asset.blkrock_id] = value
    return facts


def made_holdings(n: int, rng: np.random.Generator, *, held: float = 1.0, total: float = _TOTAL) -> Holdings:
    """Par in thousands of about this share of n loans and 3 % of principal cash, together `total`."""
    par = rng.lognormal(0.0, 0.4, n) * (rng.random(n) < held)
    if not par.any():
        par[0] = 1.0
    par = np.round(par / par.sum() * 0.97 * total, -3)
    return Holdings(par, float(total - par.sum()))


def made_terms(total: float = _TOTAL) -> DealTerms:
    """Every input that a test of the catalogue needs, for a deal of this size."""
    terms = DealTerms(
        deal="Made", as_of=AS_OF, parameters=PARAMETERS, stated_maturity=STATED_MATURITY, classes=_CLASSES
    )
    return scaled_terms(terms, total / _TOTAL)


def scaled_terms(terms: DealTerms, scale: float) -> DealTerms:
    """The terms of a deal that is this many times as large."""
    amounts = {name: terms.parameters[name] * scale for name in _AMOUNTS}
    classes = tuple(
        replace(
            item,
            balance=item.balance * scale,
            deferred_balance=item.deferred_balance * scale,
            interest_due=item.interest_due * scale,
        )
        for item in terms.classes
    )
    return replace(terms, parameters={**terms.parameters, **amounts}, classes=classes)


def made_settings(
    portfolio: Portfolio, holdings: Holdings, terms: DealTerms, tests: Iterable[int], slack: float
) -> tuple[TestSetting, ...]:
    """Settings under which these holdings pass every test with a level of its own, by `slack` of the result."""
    drafts = tuple(TestSetting(test_id=test, direction=definition_of(test).direction, threshold=0.0) for test in tests)
    found = evaluate(plan_of(portfolio, terms, drafts), holdings)
    row = {setting.test_id: place for place, setting in enumerate(found.plan.settings)}
    return tuple(
        replace(draft, threshold=_level(float(found.value[row[draft.test_id]]), draft.direction, slack))
        for draft in drafts
    )


def _level(value: float, direction: Direction, slack: float) -> float:
    return value + abs(value) * slack + 1e-4 if direction is Direction.MAX else value - abs(value) * slack - 1e-4


@st.composite
def made_deals(draw: st.DrawFn, *, largest: int = 60, defaulted: float = 0.05, quirks: Quirks = frozenset()) -> Made:
    """Deals of 1 to `largest` loans with some defaulted ones and candidates that are not held."""
    n = draw(st.integers(1, largest))
    seed = draw(st.integers(0, 10_000))
    return made(n, seed, quirks=quirks, held=draw(st.sampled_from((1.0, 0.7))), defaulted=defaulted)
