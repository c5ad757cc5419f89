"""Fixings, dividends, corporate actions, calendars, and values from outside (spec 07 §3.6).

Fixings carry no audit trigger: they are many, they are never updated (a correction is a new `revision`), and `known_at`
says when each was learned.
"""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.payouts.columns import (
    Audited,
    Currency,
    Fx,
    Key,
    Money,
    PayoutEntity,
    Price,
    Rate,
    Ratio,
    choice,
    leg_of_contract,
)
from engine.payouts.enums import (
    ConfidenceLevel,
    CorporateActionType,
    DividendStatus,
    DividendType,
    SpinOffMethod,
)


class Revised:
    """Part of a fixing's key: a correction is a new revision, readers take the highest known at their time."""

    revision: Mapped[int] = mapped_column(primary_key=True, server_default=text("1"), sort_order=500)
    known_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=501)


class PriceFixingRow(Revised, PayoutEntity):
    """A price of an instrument on a day, per unit."""

    __tablename__ = "price_fixings"

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"), primary_key=True)
    fixing_date: Mapped[date] = mapped_column(primary_key=True)
    price_type: Mapped[str] = mapped_column(primary_key=True, server_default="CLOSE")
    source: Mapped[str] = mapped_column(primary_key=True)
    price: Mapped[Price]
    currency: Mapped[Currency]
    is_official: Mapped[bool] = mapped_column(server_default=text("true"))


class FxFixingRow(Revised, PayoutEntity):
    """Units of currency2 per unit of currency1."""

    __tablename__ = "fx_fixings"
    __table_args__ = (
        CheckConstraint("currency1 <> currency2", name="currencies_differ"),
        CheckConstraint("rate > 0", name="rate"),
    )

    currency1: Mapped[Currency] = mapped_column(primary_key=True)
    currency2: Mapped[Currency] = mapped_column(primary_key=True)
    fixing_date: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    rate: Mapped[Fx]


class RateFixingRow(Revised, PayoutEntity):
    """A rate of an index as published for a day, decimal a year (a compounded index: its level)."""

    __tablename__ = "rate_fixings"

    rate_index: Mapped[str] = mapped_column(primary_key=True)
    tenor: Mapped[str] = mapped_column(primary_key=True, server_default="")
    fixing_date: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    rate: Mapped[Rate]


class DividendEventRow(Audited, PayoutEntity):
    """A dividend of an instrument, gross per unit; no amount while it is not announced."""

    __tablename__ = "dividend_events"
    __table_args__ = (UniqueConstraint("instrument_id", "ex_date", "dividend_type", "sequence"),)

    id: Mapped[Key]
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"))
    dividend_type: Mapped[DividendType] = choice("dividend_type", DividendType, DividendType.ORDINARY)
    sequence: Mapped[int] = mapped_column(server_default=text("1"))
    declared_date: Mapped[date | None]
    ex_date: Mapped[date]
    record_date: Mapped[date | None]
    pay_date: Mapped[date | None]
    gross_amount: Mapped[Price | None]
    currency: Mapped[Currency]
    cash_equivalent_amount: Mapped[Price | None]
    status: Mapped[DividendStatus] = choice("status", DividendStatus, DividendStatus.CONFIRMED)


class CorporateActionRow(Audited, PayoutEntity):
    """A corporate action; adjustment_factor multiplies prices before the ex-date (spec 07 §19.3)."""

    __tablename__ = "corporate_actions"
    __table_args__ = (
        CheckConstraint("adjustment_factor > 0", name="adjustment_factor"),
        CheckConstraint("ratio_new > 0 AND ratio_old > 0", name="ratio"),
        Index("ix_corporate_actions_instrument_id", "instrument_id", "ex_date"),
    )

    id: Mapped[Key]
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"))
    action_type: Mapped[CorporateActionType] = choice("action_type", CorporateActionType)
    ex_date: Mapped[date]
    announcement_date: Mapped[date | None]
    record_date: Mapped[date | None]
    pay_date: Mapped[date | None]
    ratio_new: Mapped[Ratio | None]
    ratio_old: Mapped[Ratio | None]
    subscription_price: Mapped[Price | None]
    child_instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))
    child_ratio: Mapped[Ratio | None]
    child_price: Mapped[Price | None]
    cash_amount: Mapped[Price | None]
    currency: Mapped[Currency | None]
    adjustment_factor: Mapped[Ratio | None]
    method: Mapped[SpinOffMethod | None] = choice("method", SpinOffMethod)
    successor_instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))
    status: Mapped[str] = mapped_column(server_default="CONFIRMED")


class ResetRow(Audited, PayoutEntity):
    """A value that was fixed for a leg: a price, rate, FX rate or notional, and the fixings it came from."""

    __tablename__ = "resets"
    __table_args__ = (
        leg_of_contract(),
        UniqueConstraint(
            "leg_id", "reset_type", "reset_date", "constituent_instrument_id", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("reset_type IN ('PRICE', 'RATE', 'FX', 'NOTIONAL')", name="reset_type"),
        Index("ix_resets_contract_id", "contract_id", "reset_date"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID]
    leg_id: Mapped[UUID]
    reset_type: Mapped[str]
    reset_date: Mapped[date]
    valuation_date: Mapped[date | None]
    constituent_instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))
    value: Mapped[Fx]
    source_fixing_keys: Mapped[dict[str, Any] | None]
    averaging: Mapped[bool] = mapped_column(server_default=text("false"))
    business_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_events.id"))


class BusinessCenterRow(Audited, PayoutEntity):
    """A business center of FpML and where its calendar comes from."""

    __tablename__ = "business_centers"

    code: Mapped[str] = mapped_column(primary_key=True)
    calendar_source: Mapped[str | None]
    calendar_key: Mapped[str | None]


class CalendarHolidayRow(Audited, PayoutEntity):
    """A day on which a business center is closed."""

    __tablename__ = "calendar_holidays"

    center_code: Mapped[str] = mapped_column(ForeignKey("business_centers.code"), primary_key=True)
    holiday_date: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    source: Mapped[str | None]
    loaded_version: Mapped[str | None]


class ExchangeSessionRow(Audited, PayoutEntity):
    """A session of an exchange; close_time is local."""

    __tablename__ = "exchange_sessions"

    mic: Mapped[str] = mapped_column(CHAR(4), primary_key=True)
    session_date: Mapped[date] = mapped_column(primary_key=True)
    close_time: Mapped[time | None]
    is_early_close: Mapped[bool] = mapped_column(server_default=text("false"))


class ImpliedInputRow(PayoutEntity):
    """Implied volatility (of a correlation leg: correlation) to the end and discount factor, of an instrument or a leg.

    Mark to market of variance, volatility and correlation payouts before their end (spec 07 §13.4).
    """

    __tablename__ = "implied_inputs"
    __table_args__ = (
        UniqueConstraint(
            "instrument_id", "leg_id", "input_date", "source", "revision", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("num_nonnulls(instrument_id, leg_id) = 1", name="one_subject"),
        CheckConstraint("discount_factor > 0", name="discount_factor"),
        Index("ix_implied_inputs_leg_id", "leg_id", "input_date"),
    )

    id: Mapped[Key]
    instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))
    leg_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_legs.id"))
    input_date: Mapped[date]
    implied_volatility: Mapped[Rate]
    discount_factor: Mapped[Rate] = mapped_column(server_default=text("1"))
    source: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    known_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExternalValueRow(Revised, PayoutEntity):
    """The value of a leg as somebody else states it, signed for the reporting party (spec 07 §16.1 EXTERNAL_PRICE)."""

    __tablename__ = "external_values"
    __table_args__ = (leg_of_contract(),)

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    leg_id: Mapped[UUID] = mapped_column(primary_key=True)
    value_date: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Money]
    currency: Mapped[Currency]
    confidence: Mapped[ConfidenceLevel] = choice("confidence", ConfidenceLevel, ConfidenceLevel.MEDIUM)
