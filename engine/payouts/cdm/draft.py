"""What reading a document gives: the contract, what was noticed, and facts of the document that terms do not keep."""

from dataclasses import dataclass
from datetime import date

from engine.payouts.cdm.document import ReferenceCounts
from engine.payouts.cdm.instruments import InstrumentFacts
from engine.payouts.events.requests import Observation
from engine.payouts.findings import PayoutFinding
from engine.payouts.terms.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFact:
    """A price as written: value, currency of its unit, what it is per, how it is expressed."""

    value: float | None = None
    currency: str | None = None
    per: str | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFacts:
    """Facts of one payout as the document has them, beside the leg's terms.

    notional_source: `quantity`, `derivedQuantity`, `price*units`, `reference:KEY`, `dangling reference:KEY -> only
    performance payout`, or `unresolved`. given_terms: names of the return terms' fields that the document has.
    """

    leg_number: int
    payout_index: int
    kind: str
    notional_source: str
    notional_reset: bool | None = None
    given_terms: frozenset[str] = frozenset()
    prices: tuple[PriceFact, ...] = ()
    unit_type: str | None = None
    underlier: InstrumentFacts | None = None
    dividend_payment_references: tuple[str | None, ...] = ()
    total_ratios: tuple[float | None, ...] = ()
    cash_ratios: tuple[float | None, ...] = ()
    n_spreads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFact:
    """A transfer of the document's history; amount None where it has none. Parties by their external keys."""

    transfer_type: str | None
    amount: float | None
    currency: str | None
    settlement: str | None
    payer_key: str | None
    receiver_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetFact:
    """An observed price or rate of the document's reset history."""

    reset_date: date
    value: float
    unit: str | None = None
    record_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A contract as read. `contract` is None whenever a finding is an ERROR.

    document_root: type of the root (TradeState, Trade, BusinessEvent, WorkflowStep), "" where it is none of them.
    corporate_actions: those of the document's observation history.
    """

    contract: Contract | None
    findings: tuple[PayoutFinding, ...]
    document_root: str = ""
    name: str = ""
    references: ReferenceCounts = ReferenceCounts()
    content_key: str | None = None
    n_lots: int = 0
    leg_facts: tuple[LegFacts, ...] = ()
    transfers: tuple[TransferFact, ...] = ()
    resets: tuple[ResetFact, ...] = ()
    corporate_actions: tuple[Observation, ...] = ()
