"""Parties and instruments."""

from dataclasses import dataclass
from datetime import date

from engine.payouts.enums import IdentifierScheme, InstrumentStatus, PartyType, UnderlierType


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A legal person, known by `party_identifier`. country is ISO 3166 alpha-2, the LEI has valid check digits."""

    party_identifier: str
    party_name: str
    party_type: PartyType = PartyType.COUNTERPARTY
    country: str | None = None
    legal_entity_identifier: str | None = None
    cdm_global_key: str | None = None
    cdm_external_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractParty:
    """A party that is no counterparty, in its role."""

    party: Party
    role: PartyType


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentIdentifier:
    """One name of an instrument in a numbering scheme, from `valid_from` up to, not including, `valid_to`."""

    scheme: IdentifierScheme
    identifier: str
    scheme_uri: str = ""
    valid_from: date = date(1900, 1, 1)
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A share, index, fund or other thing with a price.

    reference: the key by which terms, fixings and dividends speak of it: its preferred identifier, `SCHEME:IDENTIFIER`.
    price_quote_factor: quotes per unit of currency, 100 where prices are in pence. is_total_return_index: income is
    already in the price (spec 07 §8).
    """

    reference: str
    instrument_type: UnderlierType
    name: str
    currency: str | None = None
    exchange_mic: str | None = None
    sector: str | None = None
    country: str | None = None
    price_quote_factor: float = 1.0
    is_listed: bool | None = None
    is_total_return_index: bool = False
    status: InstrumentStatus = InstrumentStatus.ACTIVE
    successor_reference: str | None = None
    identifiers: tuple[InstrumentIdentifier, ...] = ()
