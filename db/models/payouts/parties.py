"""Parties, instruments and what instruments are called (spec 07 §3.1)."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, Numeric, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.payouts.columns import Audited, Currency, Key, PayoutEntity, choice
from engine.payouts.enums import IdentifierScheme, InstrumentStatus, PartyType, UnderlierType


class PartyRow(Audited, PayoutEntity):
    """A legal person."""

    __tablename__ = "parties"
    __table_args__ = (
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint(
            "legal_entity_identifier ~ '^[A-Z0-9]{18}[0-9]{2}$' AND mod_97(legal_entity_identifier::text) = 1",
            name="legal_entity_identifier",
        ),
    )

    id: Mapped[Key]
    party_identifier: Mapped[str] = mapped_column(unique=True)
    party_name: Mapped[str]
    party_type: Mapped[PartyType] = choice("party_type", PartyType, PartyType.COUNTERPARTY)
    country: Mapped[str | None] = mapped_column(CHAR(2))
    legal_entity_identifier: Mapped[str | None] = mapped_column(CHAR(20), unique=True)
    cdm_global_key: Mapped[str | None] = mapped_column(index=True)
    cdm_external_key: Mapped[str | None]


class InstrumentRow(Audited, PayoutEntity):
    """A share, index, fund or other thing with a price; `reference` is the key of the domain records."""

    __tablename__ = "instruments"
    __table_args__ = (CheckConstraint("price_quote_factor > 0", name="price_quote_factor"),)

    id: Mapped[Key]
    reference: Mapped[str] = mapped_column(unique=True)
    instrument_type: Mapped[UnderlierType] = choice("instrument_type", UnderlierType, but=(UnderlierType.BASKET,))
    name: Mapped[str]
    currency: Mapped[Currency | None]
    exchange_mic: Mapped[str | None] = mapped_column(CHAR(4))
    sector: Mapped[str | None]
    country: Mapped[str | None]
    price_quote_factor: Mapped[Decimal] = mapped_column(Numeric, server_default=text("1"))
    is_listed: Mapped[bool | None]
    is_total_return_index: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[InstrumentStatus] = choice("status", InstrumentStatus, InstrumentStatus.ACTIVE)
    successor_instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))

    identifiers: Mapped[list["InstrumentIdentifierRow"]] = relationship(
        back_populates="instrument", cascade="all, delete-orphan"
    )


class InstrumentIdentifierRow(Audited, PayoutEntity):
    """One name of an instrument in a numbering scheme, from `valid_from` up to, not including, `valid_to`.

    One name belongs to one instrument at a time. The exclusion works without an extension: a text is the range from
    itself to itself. The address of the scheme is part of the key, as `OTHER` is the scheme of many.
    """

    __tablename__ = "instrument_identifiers"
    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="valid_to"),
        ExcludeConstraint(
            (
                text(
                    "text_range(scheme || chr(10) || scheme_uri || chr(10) || identifier,"
                    " scheme || chr(10) || scheme_uri || chr(10) || identifier, '[]')"
                ),
                "&&",
            ),
            (func.daterange(text("valid_from"), text("valid_to")), "&&"),
            name="ex_instrument_identifiers_owner",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_instrument_identifiers_instrument_id", "instrument_id"),
        Index("ix_instrument_identifiers_identifier", "identifier"),
    )

    scheme: Mapped[IdentifierScheme] = choice("scheme", IdentifierScheme, is_key=True)
    scheme_uri: Mapped[str] = mapped_column(primary_key=True, server_default="")
    identifier: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True, server_default="1900-01-01")
    valid_to: Mapped[date | None]
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"))

    instrument: Mapped[InstrumentRow] = relationship(back_populates="identifiers")
