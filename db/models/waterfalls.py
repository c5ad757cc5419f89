"""Waterfall configurations: the program of a deal, versioned, and the options of the Magnetar versions."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    Numeric,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import FRACTION, MONEY, Entity


class WaterfallConfiguration(Entity):
    """One version of a deal's waterfall; payment_rules holds the program's text and the hash of its compiled form."""

    __tablename__ = "waterfall_configurations"
    __table_args__ = (UniqueConstraint("deal_id", "config_name", "version"),)

    config_id: Mapped[int] = mapped_column(Integer, Identity(always=False), primary_key=True)
    deal_id: Mapped[str | None] = mapped_column(ForeignKey("clo_deals.deal_id"))
    config_name: Mapped[str] = mapped_column(String(100))
    effective_date: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    payment_rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    interest_reserve_target: Mapped[Decimal | None] = mapped_column(MONEY)
    interest_reserve_cap: Mapped[Decimal | None] = mapped_column(MONEY)
    senior_mgmt_fee_rate: Mapped[Decimal | None] = mapped_column(Numeric(10, 6))
    junior_mgmt_fee_rate: Mapped[Decimal | None] = mapped_column(Numeric(10, 6))
    incentive_fee_rate: Mapped[Decimal | None] = mapped_column(FRACTION)
    incentive_hurdle_rate: Mapped[Decimal | None] = mapped_column(FRACTION)
    trustee_fee_annual: Mapped[Decimal | None] = mapped_column(MONEY)
    admin_fee_cap: Mapped[Decimal | None] = mapped_column(MONEY)
    enable_oc_tests: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    enable_ic_tests: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class MagWaterfallConfig(Entity):
    """Thresholds and features of one MAG version (`MAG_6` to `MAG_17`)."""

    __tablename__ = "mag_waterfall_configs"

    config_id: Mapped[int] = mapped_column(Integer, Identity(always=False), primary_key=True)
    deal_id: Mapped[str | None] = mapped_column(ForeignKey("clo_deals.deal_id"))
    mag_version: Mapped[str] = mapped_column(String(10))
    equity_hurdle_rate: Mapped[Decimal | None] = mapped_column(FRACTION)
    equity_catch_up_rate: Mapped[Decimal | None] = mapped_column(FRACTION)
    minimum_equity_irr: Mapped[Decimal | None] = mapped_column(FRACTION)
    features: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    turbo_oc_buffer: Mapped[Decimal | None] = mapped_column(FRACTION)
    turbo_ic_buffer: Mapped[Decimal | None] = mapped_column(FRACTION)
    performance_hurdle_threshold: Mapped[Decimal | None] = mapped_column(FRACTION)
    management_fee_sharing_pct: Mapped[Decimal | None] = mapped_column(FRACTION)
    incentive_fee_sharing_pct: Mapped[Decimal | None] = mapped_column(FRACTION)
