"""Random holdings and collection periods for property tests."""

from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from engine.collateral.asset import Asset
from engine.collateral.assumptions import RATING_DRIVEN, AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.periods import CollectionPeriods
from engine.conventions.days import day_number
from engine.conventions.kernels import add_months

AS_OF = date(2016, 3, 23)

rates = st.floats(0.0, 0.6).map(lambda rate: round(rate, 3))

YEARS = 8
"""Interest periods that no annual payer of these pools outlives."""


def vectors(payment_freq: int) -> st.SearchStrategy[tuple[float, ...]]:
    """Vectors shorter and longer than the loan; those of annual payers last.

    Beyond its end the legacy model takes a vector's length for the rate. Only over whole years does that become a rate
    of several hundred per cent, which drives balances below zero: no workbook could have been run on such a figure.
    """
    return st.lists(rates, min_size=YEARS if payment_freq == 1 else 1, max_size=12).map(tuple)


@st.composite
def assumptions(draw: st.DrawFn, payment_freq: int = 4) -> AssetAssumptions:
    """Single rates and vectors; a severity vector only beside a prepayment vector, as the legacy model needs it."""
    by_period = vectors(payment_freq)
    cpr = draw(st.one_of(rates, by_period))
    cdr = draw(st.one_of(rates, by_period, st.just(RATING_DRIVEN)))
    severity = draw(st.one_of(rates, by_period)) if isinstance(cpr, tuple) else draw(rates)
    return AssetAssumptions(cpr=cpr, cdr=cdr, severity=severity, recovery_lag_months=float(draw(st.integers(0, 18))))


@st.composite
def holdings(draw: st.DrawFn, number: int = 0) -> Holding:
    """A loan alive on the analysis date, with or without a schedule, perhaps in default or heading there."""
    first = AS_OF + timedelta(days=draw(st.integers(-400, 80)))
    maturity = AS_OF + timedelta(days=draw(st.integers(100, 2200)))
    payment_freq = draw(st.sampled_from((1, 2, 4, 12)))
    n_dates = draw(st.integers(0, 4))
    span = (maturity - AS_OF).days
    dates = sorted({AS_OF + timedelta(days=draw(st.integers(-100, span - 10))) for _ in range(n_dates)})
    amortization = tuple((on, draw(st.floats(0.01, 0.5))) for on in dates)
    rating_path = draw(st.lists(st.integers(1, 700), min_size=2, max_size=4, unique=True))
    path = [*("B", "B-", "CCC")[: len(rating_path) - 1], draw(st.sampled_from(("CCC", "D")))]
    return Holding(
        asset=Asset(
            blkrock_id=f"LOAN{number:03d}",
            maturity=maturity,
            coupon_type=draw(st.sampled_from(("FLOAT", "FIXED"))),
            payment_freq=payment_freq,
            cpn_spread=0.035,
            libor_floor=0.01,
            index_name="3M LIBOR",
            coupon=0.0475,
            default_asset=draw(st.integers(0, 9)) == 0,
            market_value=draw(st.floats(5.0, 101.0)),
            sp_rating="B",
            mdy_rating="B2",
            dated_date=first - timedelta(days=90),
            first_payment_date=first,
            day_count=draw(st.sampled_from(("30/360", "ACTUAL/360", "ACTUAL/365", "ACTUAL/ACTUAL", "30/360EU"))),
            business_day_conv=draw(st.sampled_from(("Mod Following", "Following", "Previous", ""))),
            eom_flag=draw(st.booleans()),
        ),
        par=draw(st.floats(1_000.0, 5e6)),
        assumptions=draw(assumptions(payment_freq)),
        amortization=(*amortization, (maturity, 1.0)) if amortization else (),
        sp_rating_history=tuple(
            (AS_OF + timedelta(days=offset), rating) for offset, rating in zip(sorted(rating_path), path, strict=True)
        ),
        has_final_dates=True,
    )


@st.composite
def pools(draw: st.DrawFn, max_size: int = 12) -> list[Holding]:
    """Up to max_size loans with ids of their own."""
    n = draw(st.integers(1, max_size))
    return [draw(holdings(number=i)) for i in range(n)]


@st.composite
def collection_periods(draw: st.DrawFn) -> CollectionPeriods:
    """Monthly to semi-annual periods that begin around the analysis date, often ending before the last asset does."""
    months = draw(st.sampled_from((1, 3, 6)))
    begin = day_number(AS_OF) + draw(st.integers(-90, 20))
    n = draw(st.integers(1, 30))
    days = np.array([add_months(begin, months * i) for i in range(n + 1)], dtype=np.int64)
    return CollectionPeriods(days[:-1], days[1:])
