"""Contracts, their legs and lots, and what a contract said at any time (spec 07 §3.2)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.payouts.columns import (
    Audited,
    Currency,
    Fx,
    Key,
    Money,
    PayoutEntity,
    Price,
    Quantity,
    Rate,
    Ratio,
    choice,
    leg_of_contract,
)
from db.models.payouts.parties import PartyRow
from engine.payouts.enums import (
    AdjustmentType,
    CashflowSubtype,
    ContractStatus,
    ContractType,
    LegDirection,
    LegType,
    LotClosingMethod,
    LotStatus,
    PartyType,
    QuantityUnit,
    UnwindFunding,
)

if TYPE_CHECKING:
    from db.models.payouts.funding import FixedPricePayoutRow, InterestRatePayoutRow
    from db.models.payouts.performance import PerformancePayoutRow


class ContractRow(Audited, PayoutEntity):
    """A trade between two parties; `version` guards against lost updates."""

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("party1_id <> party2_id", name="parties_differ"),
        CheckConstraint("reporting_party_id IN (party1_id, party2_id)", name="reporting_party"),
        CheckConstraint("termination_date >= effective_date", name="termination_date"),
        Index("ix_contracts_party1_id", "party1_id"),
        Index("ix_contracts_party2_id", "party2_id"),
        Index("ix_contracts_contract_status", "contract_status", "effective_date"),
    )

    id: Mapped[Key]
    contract_reference: Mapped[str] = mapped_column(unique=True)
    contract_type: Mapped[ContractType] = choice("contract_type", ContractType)
    product_qualifier: Mapped[str | None]
    trade_date: Mapped[date]
    effective_date: Mapped[date]
    termination_date: Mapped[date | None]
    contract_status: Mapped[ContractStatus] = choice("contract_status", ContractStatus, ContractStatus.ACTIVE)
    party1_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    party2_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    reporting_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    adjustment_type: Mapped[AdjustmentType | None] = choice("adjustment_type", AdjustmentType)
    settlement_currency: Mapped[Currency | None]
    calculation_agent: Mapped[str | None]
    calculation_agent_party_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    governing_law: Mapped[str | None]
    master_agreement_reference: Mapped[str | None]
    netting_agreement_reference: Mapped[str | None]
    lot_closing_method: Mapped[LotClosingMethod] = choice("lot_closing_method", LotClosingMethod, LotClosingMethod.FIFO)
    deferral_rate: Mapped[Rate | None]
    has_late_compensation: Mapped[bool] = mapped_column(server_default=text("false"))
    cdm_entity_type: Mapped[str] = mapped_column(server_default="Trade")
    cdm_version: Mapped[str | None]
    cdm_global_key: Mapped[str | None] = mapped_column(index=True)
    content_key: Mapped[str | None] = mapped_column(index=True)
    cdm_document: Mapped[dict[str, Any] | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=text("'{}'::jsonb"))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    party1: Mapped[PartyRow] = relationship(foreign_keys=party1_id)
    party2: Mapped[PartyRow] = relationship(foreign_keys=party2_id)
    reporting_party: Mapped[PartyRow] = relationship(foreign_keys=reporting_party_id)
    legs: Mapped[list["ContractLegRow"]] = relationship(
        back_populates="contract", cascade="all, delete-orphan", order_by="ContractLegRow.leg_number"
    )
    other_parties: Mapped[list["ContractPartyRow"]] = relationship(cascade="all, delete-orphan")
    fees: Mapped[list["ContractFeeRow"]] = relationship(
        cascade="all, delete-orphan", order_by="ContractFeeRow.fee_reference"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy reads it)


class ContractPartyRow(Audited, PayoutEntity):
    """A party that is no counterparty, in its role."""

    __tablename__ = "contract_parties"

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    role: Mapped[PartyType] = choice("role", PartyType, is_key=True)

    party: Mapped[PartyRow] = relationship()


class ContractLegRow(Audited, PayoutEntity):
    """One payout of a contract; the payer owes its positive amount. A linked leg is one of the same contract."""

    __tablename__ = "contract_legs"
    __table_args__ = (
        UniqueConstraint("contract_id", "leg_number"),
        UniqueConstraint("contract_id", "id"),
        ForeignKeyConstraint(
            ["contract_id", "linked_leg_id"],
            ["contract_legs.contract_id", "contract_legs.id"],
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("leg_number > 0", name="leg_number"),
        CheckConstraint("payer_party_id <> receiver_party_id", name="parties_differ"),
        CheckConstraint("linked_leg_id <> id", name="linked_leg"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    leg_number: Mapped[int]
    leg_type: Mapped[LegType] = choice("leg_type", LegType)
    leg_direction: Mapped[LegDirection] = choice("leg_direction", LegDirection)
    payer_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    receiver_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    notional_amount: Mapped[Money | None]
    notional_currency: Mapped[Currency | None]
    linked_leg_id: Mapped[UUID | None]
    cdm_payout_index: Mapped[int | None]
    cdm_external_key: Mapped[str | None]

    contract: Mapped[ContractRow] = relationship(back_populates="legs")
    lots: Mapped[list["TradeLotRow"]] = relationship(
        back_populates="leg", cascade="all, delete-orphan", order_by="TradeLotRow.lot_identifier"
    )
    performance: Mapped["PerformancePayoutRow | None"] = relationship(
        back_populates="leg", cascade="all, delete-orphan"
    )
    interest: Mapped["InterestRatePayoutRow | None"] = relationship(back_populates="leg", cascade="all, delete-orphan")
    fixed_price: Mapped["FixedPricePayoutRow | None"] = relationship(back_populates="leg", cascade="all, delete-orphan")


class TradeLotRow(Audited, PayoutEntity):
    """Units opened at one price; without `opened_quantity` it is a notional alone."""

    __tablename__ = "trade_lots"
    __table_args__ = (
        leg_of_contract(),
        UniqueConstraint("leg_id", "lot_identifier"),
        CheckConstraint("opened_quantity > 0", name="opened_quantity"),
        CheckConstraint(
            "closed_quantity >= 0 AND closed_quantity <= COALESCE(opened_quantity, 0)", name="closed_quantity"
        ),
        Index("ix_trade_lots_contract_id", "contract_id"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID]
    leg_id: Mapped[UUID]
    lot_identifier: Mapped[str]
    cost_date: Mapped[date]
    settlement_date: Mapped[date]
    basis_date: Mapped[date | None]
    opened_quantity: Mapped[Quantity | None]
    quantity_unit: Mapped[QuantityUnit | None] = choice("quantity_unit", QuantityUnit)
    initial_price: Mapped[Price | None]
    price_currency: Mapped[Currency | None]
    initial_fx: Mapped[Fx | None]
    spread: Mapped[Rate | None]
    notional_amount: Mapped[Money]
    closed_quantity: Mapped[Quantity] = mapped_column(server_default=text("0"))
    status: Mapped[LotStatus] = choice("status", LotStatus, LotStatus.OPEN)

    leg: Mapped[ContractLegRow] = relationship(back_populates="lots")
    closings: Mapped[list["LotClosingRow"]] = relationship(
        cascade="all, delete-orphan", order_by="LotClosingRow.event_date"
    )


class LotClosingRow(Audited, PayoutEntity):
    """Part of a lot that an event closed: at which price and FX, on which day, paid when."""

    __tablename__ = "lot_closings"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_lot_closings_lot_id", "lot_id"),
    )

    id: Mapped[Key]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("trade_lots.id"))
    event_reference: Mapped[str]
    event_date: Mapped[date]
    settlement_date: Mapped[date]
    quantity: Mapped[Quantity]
    price: Mapped[Price]
    fx_rate: Mapped[Fx | None]
    funding: Mapped[UnwindFunding] = choice("funding", UnwindFunding, UnwindFunding.RUN)


class LotEventRow(Audited, PayoutEntity):
    """What an event did to a lot, with the lot as it stood afterwards; the lot is the fold of its events."""

    __tablename__ = "lot_events"
    __table_args__ = (
        UniqueConstraint("lot_id", "sequence"),
        CheckConstraint("price_adjustment_factor > 0", name="price_adjustment_factor"),
    )

    id: Mapped[Key]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("trade_lots.id"))
    sequence: Mapped[int]
    business_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_events.id"))
    event_date: Mapped[date]
    quantity_change: Mapped[Quantity]
    price: Mapped[Price | None]
    price_adjustment_factor: Mapped[Ratio] = mapped_column(server_default=text("1"))
    opened_quantity: Mapped[Quantity | None]
    closed_quantity: Mapped[Quantity]
    initial_price: Mapped[Price | None]
    notional_amount: Mapped[Money]


class ContractFeeRow(Audited, PayoutEntity):
    """A single payment agreed in the contract; the payer may be a third party."""

    __tablename__ = "contract_fees"
    __table_args__ = (
        UniqueConstraint("contract_id", "fee_reference"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("payer_party_id <> receiver_party_id", name="parties_differ"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    fee_reference: Mapped[str]
    subtype: Mapped[CashflowSubtype] = choice("subtype", CashflowSubtype)
    amount: Mapped[Money]
    currency: Mapped[Currency]
    payment_date: Mapped[date]
    payer_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    receiver_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))


class ContractVersionRow(PayoutEntity):
    """The whole contract as one document: what applied from `valid_from`, and since when the system knows."""

    __tablename__ = "contract_versions"

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    system_from: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[dict[str, Any]]
    compiled_key: Mapped[str | None]
    compiled: Mapped[bytes | None]
