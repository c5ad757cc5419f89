"""Deals made up for tests: a plain one with round figures, and random ones around it."""

from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions, Reinvestment
from engine.collateral.holding import Holding
from engine.conventions.calendar import WEEKENDS_ONLY
from engine.deal.contract import Account, AccountNumber, Deal, DealDates
from engine.deal.run import DealMarket
from engine.liabilities.terms import Fee, FeeBasis, IncentiveFee, SubNotePayment, Tranche
from engine.market.curve import IndexCurve

AS_OF = date(2016, 3, 23)
CURVE = ((1, 0.0044), (3, 0.0063), (6, 0.009), (12, 0.0121), (36, 0.0139), (60, 0.0163), (120, 0.0199), (360, 0.022))
FEE_NAMES = ("Trustee Fee", "Admin Fee", "Base Manager Fee", "Junior Manager Fee")
CLASSES = {
    "MAG 12": ("A", "B", "C", "D", "E", "F"),
    "MAG 6": ("A", "B", "C", "D", "E"),
    "MAG 16": ("A", "B", "C-1", "C-2", "D", "E"),
    "MAG 7": ("A-1A", "A-1B", "A-2A", "A-2B", "B", "C", "D"),
    "MAG 9": ("A-1", "A-2", "B", "C", "D", "E"),
    "MAG 17": ("X", "A", "B-1", "B-2", "C", "D", "E"),
}


def market() -> DealMarket:
    """Weekends and one curve."""
    return DealMarket(calendar=WEEKENDS_ONLY, curve=IndexCurve.of(AS_OF, CURVE))


def loan(number: int, par: float, *, months: int, assumptions: AssetAssumptions, **fields: object) -> Holding:
    """A floating quarterly bullet that matures `months` after a first payment in 2015."""
    first = date(2015, 6, 10) + timedelta(days=number % 80)
    values: dict[str, object] = {
        "blkrock_id": f"MADE{number:05d}",
        "issue_name": f"Loan {number}",
        "issuer_name": f"Issuer {number}",
        "maturity": date(2016 + (6 + months) // 12, (6 + months) % 12 + 1, 15),
        "coupon_type": "FLOAT",
        "payment_freq": 4,
        "cpn_spread": 0.04,
        "libor_floor": 0.01,
        "coupon": 0.05,
        "market_value": 98.0,
        "sp_rating": "B",
        "mdy_rating": "B2",
        "dated_date": first - timedelta(days=91),
        "first_payment_date": first,
        "day_count": "ACTUAL/360",
        "business_day_conv": "Following",
    }
    values.update(fields)
    return Holding(asset=Asset(**values), par=par, assumptions=assumptions)  # type: ignore[arg-type]


def plain_deal(program: str = "MAG 12", *, holdings: tuple[Holding, ...] | None = None, **changes: object) -> Deal:
    """A deal of 100 million with five per cent of equity cushion a class."""
    classes = CLASSES[program]
    senior = 62_000_000.0
    junior = 26_000_000.0 / (len(classes) - 1)
    tranches = [
        Tranche(
            name=f"Class {name}",
            original_balance=senior if i == 0 else junior,
            current_balance=senior if i == 0 else junior,
            price=1.0,
            spread=0.015 + 0.01 * i,
            discount_margin=0.015 + 0.01 * i,
            is_deferrable=i >= 2,
            oc_trigger=max(1.02, 1.25 - 0.05 * i) if i else 1.02,
            ic_trigger=1.10 if i else 1.05,
        )
        for i, name in enumerate(classes)
    ]
    equity = Tranche(
        name="Sub Notes",
        original_balance=12_000_000.0,
        current_balance=12_000_000.0,
        price=0.8,
        discount_margin=0.12,
        is_equity=True,
    )
    default_holdings = tuple(
        loan(i, 5_000_000.0, months=12 + 5 * i % 60, assumptions=AssetAssumptions(cpr=0.15, cdr=0.02, severity=0.4))
        for i in range(20)
    )
    values: dict[str, object] = {
        "deal_id": "MADE",
        "name": "Made",
        "program": program,
        "dates": DealDates(
            pricing=None,
            closing=date(2015, 3, 12),
            effective=None,
            first_payment=date(2015, 7, 15),
            no_call=date(2017, 4, 15),
            reinvestment_end=date(2018, 4, 15),
            maturity=date(2024, 4, 15),
            payment_day=15,
            months_between_payments=3,
            interest_determination_days=2,
            determination_days=8,
            business_day_convention="Following",
        ),
        "holdings": default_holdings if holdings is None else holdings,
        "accounts": (
            Account(number=AccountNumber.COLLECTION, name="Collection", interest=100_000.0, principal=1_000_000.0),
        ),
        "tranches": (*tranches, equity),
        "fees": tuple(
            Fee(name=name, basis=FeeBasis.AVERAGE if i % 2 else FeeBasis.BEGINNING, percentage=0.0005 * (i + 1))
            for i, name in enumerate(FEE_NAMES)
        ),
        "incentive_fee": IncentiveFee(
            hurdle=0.12, share=0.2, payments=(SubNotePayment(date(2015, 3, 12), -12_000_000.0),)
        ),
        "reinvestment": Reinvestment(
            spread=0.0375,
            floor=0.01,
            maturity_months=60,
            price=0.99,
            cpr=0.15,
            cdr=0.02,
            severity=0.4,
            recovery_lag_months=6,
            pre_type="ALL PRINCIPAL",
            pre_fraction=1.0,
            post_type="UNSCHEDULED PRINCIPAL",
            post_fraction=0.5,
        ),
        "interest_diversion_trigger": 1.03,
        "event_of_default_trigger": 1.01,
        "current_index": 0.0063,
        "purchased_accrued_interest": 50_000.0,
        "opening_fee_basis": 100_000_000.0,
        "is_event_of_default": False,
        "call_threshold": -1.0,
        "liquidation_price": 0.95,
        "ccc_limit": 0.075,
        "ccc_liquidation_price": 0.6,
    }
    values.update(changes)
    return Deal(**values)  # type: ignore[arg-type]


@st.composite
def deals(draw: st.DrawFn) -> Deal:
    """Random collateral, credit, triggers and cash around the plain deal, with any shipped structure."""
    program = draw(st.sampled_from(sorted(CLASSES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    credit = AssetAssumptions(
        cpr=draw(st.sampled_from((0.0, 0.1, 0.4, (0.05, 0.3, 0.1)))),
        cdr=draw(st.sampled_from((0.0, 0.03, 0.25, (0.0, 0.5, 0.05)))),
        severity=draw(st.floats(0.0, 1.0)),
        recovery_lag_months=draw(st.sampled_from((0.0, 3.0, 12.0))),
    )
    holdings = tuple(
        loan(
            i,
            float(np.round(rng.uniform(1e5, 9e6), 2)),
            months=int(rng.integers(1, 95)),
            assumptions=credit,
            payment_freq=int(rng.choice((1, 2, 4, 12))),
            default_asset=bool(rng.random() < 0.1),
            market_value=float(np.round(rng.uniform(20, 102), 3)),
            sp_rating=str(rng.choice(("B", "B-", "CCC", "BB"))),
        )
        for i in range(draw(st.integers(1, 25)))
    )
    return plain_deal(
        program,
        holdings=holdings,
        accounts=(
            Account(
                number=AccountNumber.COLLECTION,
                name="Collection",
                interest=draw(st.floats(-2e5, 1e6)),
                principal=draw(st.floats(-2e6, 5e6)),
            ),
            Account(number=AccountNumber.INTEREST_RESERVE, name="Reserve", principal=draw(st.floats(0.0, 5e5))),
        ),
        interest_diversion_trigger=draw(st.floats(1.001, 1.2)),
        event_of_default_trigger=draw(st.floats(1.001, 1.6)),
        call_threshold=draw(st.sampled_from((-1.0, 0.02))),
        is_event_of_default=draw(st.booleans()),
    )
