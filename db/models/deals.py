"""Deals in their current state: parties and dates, tranches, the modelling record of each tranche, and holdings."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Identity, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.assets import ASSET_ID
from db.models.metadata import FRACTION, MONEY, RATE, RATIO, YEARS, Entity


class CloDeal(Entity):
    """One CLO; deal_id is the name without blanks in capitals (`MAG17`)."""

    __tablename__ = "clo_deals"

    deal_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    deal_name: Mapped[str] = mapped_column(String(255))
    manager_name: Mapped[str | None] = mapped_column(String(100))
    trustee_name: Mapped[str | None] = mapped_column(String(100))
    pricing_date: Mapped[date | None] = mapped_column(Date)
    closing_date: Mapped[date | None] = mapped_column(Date)
    effective_date: Mapped[date | None] = mapped_column(Date)
    first_payment_date: Mapped[date | None] = mapped_column(Date)
    maturity_date: Mapped[date | None] = mapped_column(Date)
    reinvestment_end_date: Mapped[date | None] = mapped_column(Date)
    no_call_date: Mapped[date | None] = mapped_column(Date)
    target_par_amount: Mapped[Decimal | None] = mapped_column(MONEY)
    ramp_up_period: Mapped[int | None] = mapped_column(Integer)
    payment_frequency: Mapped[int | None] = mapped_column(Integer)
    deal_status: Mapped[str | None] = mapped_column(String(20))


class CloTranche(Entity):
    """One class of notes as the documents state it."""

    __tablename__ = "clo_tranches"
    __table_args__ = (UniqueConstraint("deal_id", "tranche_name"),)

    tranche_id: Mapped[str] = mapped_column(String(110), primary_key=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("clo_deals.deal_id"))
    tranche_name: Mapped[str] = mapped_column(String(50))
    initial_balance: Mapped[Decimal | None] = mapped_column(MONEY)
    current_balance: Mapped[Decimal | None] = mapped_column(MONEY)
    coupon_rate: Mapped[Decimal | None] = mapped_column(RATE)
    coupon_type: Mapped[str | None] = mapped_column(String(20))
    index_name: Mapped[str | None] = mapped_column(String(20))
    margin: Mapped[Decimal | None] = mapped_column(RATE)
    mdy_rating: Mapped[str | None] = mapped_column(String(10))
    sp_rating: Mapped[str | None] = mapped_column(String(10))
    seniority_level: Mapped[int | None] = mapped_column(Integer)
    payment_rank: Mapped[int | None] = mapped_column(Integer)
    interest_deferrable: Mapped[bool | None] = mapped_column(Boolean, server_default=text("false"))


class Liability(Entity):
    """The modelling record of a tranche, from which a run starts; prices in the seed's scale, fractions of par."""

    __tablename__ = "liabilities"
    __table_args__ = (
        UniqueConstraint("deal_id", "tranche_name"),
        CheckConstraint("original_balance >= 0", name="original_balance"),
    )

    liability_id: Mapped[int] = mapped_column(Integer, Identity(always=False), primary_key=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("clo_deals.deal_id"))
    tranche_id: Mapped[str | None] = mapped_column(ForeignKey("clo_tranches.tranche_id"))
    tranche_name: Mapped[str] = mapped_column(String(50))
    original_balance: Mapped[Decimal] = mapped_column(MONEY)
    current_balance: Mapped[Decimal] = mapped_column(MONEY)
    deferred_balance: Mapped[Decimal | None] = mapped_column(MONEY, server_default=text("0"))
    is_pikable: Mapped[bool | None] = mapped_column(Boolean, server_default=text("false"))
    is_equity_tranche: Mapped[bool | None] = mapped_column(Boolean, server_default=text("false"))
    libor_spread: Mapped[Decimal | None] = mapped_column(RATE)
    coupon_type: Mapped[str | None] = mapped_column(String(20), server_default=text("'FLOATING'"))
    day_count_convention: Mapped[str | None] = mapped_column(String(20), server_default=text("'ACT/360'"))
    input_price: Mapped[Decimal | None] = mapped_column(RATIO)
    input_discount_margin: Mapped[Decimal | None] = mapped_column(RATIO)
    analysis_date: Mapped[date | None] = mapped_column(Date)
    calculated_yield: Mapped[Decimal | None] = mapped_column(RATIO)
    calculated_dm: Mapped[Decimal | None] = mapped_column(RATIO)
    calculated_price: Mapped[Decimal | None] = mapped_column(RATIO)
    weighted_average_life: Mapped[Decimal | None] = mapped_column(YEARS)
    macaulay_duration: Mapped[Decimal | None] = mapped_column(YEARS)
    modified_duration: Mapped[Decimal | None] = mapped_column(YEARS)
    oc_trigger: Mapped[Decimal | None] = mapped_column(FRACTION)
    ic_trigger: Mapped[Decimal | None] = mapped_column(FRACTION)


class DealAsset(Entity):
    """The par of one asset that a deal holds, in currency; repeated positions are added up."""

    __tablename__ = "deal_assets"

    deal_id: Mapped[str] = mapped_column(ForeignKey("clo_deals.deal_id"), primary_key=True)
    blkrock_id: Mapped[str] = mapped_column(ASSET_ID, ForeignKey("assets.blkrock_id"), primary_key=True, index=True)
    par_amount: Mapped[Decimal] = mapped_column(MONEY)
    analysis_date: Mapped[date | None] = mapped_column(Date)
