"""What an event needs to know and what it gives (spec 07 §19)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, FindingSeverity
from engine.payouts.events.instructions import Event, ExternalValuation
from engine.payouts.events.lots import LotEvent
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, Fee


class ContractClosedError(InputError):
    """An event on a contract that is terminated, novated, cancelled or matured (CLO-1961)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """What is known about a contract besides its terms.

    last_realised_date: end of the last realised period. actions: corporate actions by instrument reference, factors
    filled in. initial_prices: fixings on the cost date by underlier reference, for lots that are a notional alone and
    were agreed without a price. first_version and applied: the contract as it was first booked and all events since,
    as they came in; needed to cancel, to correct and to apply an event that is dated before others.
    """

    last_realised_date: date | None = None
    actions: Mapping[str, tuple[CorporateAction, ...]] = field(default_factory=dict)
    initial_prices: Mapping[str, float] = field(default_factory=dict)
    first_version: Contract | None = None
    applied: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RealiseRequest:
    """The closed part of a lot, whose TERMINATION_AMOUNT and funding can be realised, payable on `payment_date`."""

    leg_number: int
    lot_identifier: str
    event_reference: str
    end_date: date
    payment_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What instructions did to a contract.

    new_contract: of a novation. schedules_from: dates after this day are to be generated anew. cancel_from: unrealised
    flows that start on or after this day are to be cancelled, and those of legs without units (variance, correlation)
    whenever they started. actions: corporate actions to store. cancelled_contracts: contracts that an earlier event
    made and that are cancelled with it. rebuilds: the lot events are all there are, in place of those stored before.
    undone_reference: of the event that was cancelled or corrected, whose unrealised flows are to be cancelled.
    """

    contract: Contract
    event_type: BusinessEventType | None = None
    new_contract: Contract | None = None
    lot_events: tuple[LotEvent, ...] = ()
    fees: tuple[Fee, ...] = ()
    findings: tuple[PayoutFinding, ...] = ()
    realise: tuple[RealiseRequest, ...] = ()
    schedules_from: date | None = None
    cancel_from: date | None = None
    actions: tuple[CorporateAction, ...] = ()
    valuations: tuple[ExternalValuation, ...] = ()
    cancelled_contracts: tuple[str, ...] = ()
    rebuilds: bool = False
    undone_reference: str | None = None

    def then(self, later: "Effect") -> "Effect":
        """Both effects as one; the contract is that of the later."""
        return Effect(
            contract=later.contract,
            event_type=later.event_type or self.event_type,
            new_contract=later.new_contract or self.new_contract,
            lot_events=later.lot_events if later.rebuilds else (*self.lot_events, *later.lot_events),
            fees=(*self.fees, *later.fees),
            findings=(*self.findings, *later.findings),
            realise=(*self.realise, *later.realise),
            schedules_from=_earliest(self.schedules_from, later.schedules_from),
            cancel_from=_earliest(self.cancel_from, later.cancel_from),
            actions=(*self.actions, *later.actions),
            valuations=(*self.valuations, *later.valuations),
            cancelled_contracts=(*self.cancelled_contracts, *later.cancelled_contracts),
            rebuilds=self.rebuilds or later.rebuilds,
            undone_reference=later.undone_reference or self.undone_reference,
        )

    def with_fee(self, fee: Fee | None) -> "Effect":
        """The effect with a fee agreed in the contract."""
        if fee is None:
            return self
        if any(known.fee_reference == fee.fee_reference for known in self.contract.fees):
            raise InputError(
                "CLO-1967",
                f"{self.contract.contract_reference} has a fee {fee.fee_reference} already",
                remedy="Give the fee a reference of its own.",
            )
        contract = replace(self.contract, fees=(*self.contract.fees, fee))
        return replace(self, contract=contract, fees=(*self.fees, fee))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """What an event came to. event_type is what it turned out to be, the qualifier its text for documents; contracts
    the contract afterwards, and behind it the new one of a novation. The rest is as in `Effect`."""

    event_type: BusinessEventType
    qualifier: str
    contracts: tuple[Contract, ...]
    effect: Effect

    @property
    def contract(self) -> Contract:
        """The contract the event was applied to, as it is afterwards."""
        return self.contracts[0]

    @property
    def lot_events(self) -> tuple[LotEvent, ...]:
        """Changes of lots, in order."""
        return self.effect.lot_events

    @property
    def findings(self) -> tuple[PayoutFinding, ...]:
        """What was assumed or needs attention."""
        return self.effect.findings


def finding(severity: FindingSeverity, code: FindingCode, event: Event, message: str) -> PayoutFinding:
    """A finding about an event; events are no documents, the pointer is empty."""
    return PayoutFinding(severity, code, "", f"{event.event_reference}: {message}")


def warning(code: FindingCode, event: Event, message: str) -> PayoutFinding:
    """A finding that needs attention."""
    return finding(FindingSeverity.WARNING, code, event, message)


def _earliest(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one is not None and other is not None else one or other
