"""Loans that several tests use."""

from datetime import date

import pytest

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding


@pytest.fixture
def asset_x() -> Holding:
    """Asset X of spec 01 §10.2."""
    return Holding(
        asset=Asset(
            blkrock_id="X",
            maturity=date(2017, 3, 31),
            coupon_type="FIXED",
            payment_freq=4,
            coupon=0.05,
            market_value=100.0,
            dated_date=date(2014, 12, 31),
            first_payment_date=date(2015, 3, 31),
            day_count="ACTUAL/360",
            business_day_conv="Mod Following",
            eom_flag=True,
        ),
        par=1_000_000.0,
        assumptions=AssetAssumptions(cpr=0.20, cdr=0.04, severity=0.40, recovery_lag_months=6.0),
    )


@pytest.fixture
def one_bullet(asset_x: Holding) -> Holding:
    """A loan without prepayments that lives for another year."""
    return Holding(asset=asset_x.asset, par=1_000_000.0, assumptions=AssetAssumptions(cdr=0.02, severity=0.4))
