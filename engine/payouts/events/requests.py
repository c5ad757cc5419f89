"""What a business event asks for, as typed records that the events of contracts apply (spec 07 §19.1, §19.2)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from engine.payouts.enums import BusinessEventType, CorporateActionType, UnwindFunding
from engine.payouts.terms.contract import Fee


class QuantityDirection(StrEnum):
    """Whether a change of quantity adds to, takes from or replaces what a lot holds."""

    INCREASE = "INCREASE"
    DECREASE = "DECREASE"
    REPLACE = "REPLACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityChange:
    """More or fewer units of one underlier, agreed at a price.

    quantity: units, positive, the change itself (REPLACE: the new quantity); None where only the notional changes.
    price: per unit in `price_currency`; None where the lot's own price is meant. spread: decimal a year, of the changed
    quantity, not to be added to the lot's. notional_change: of the funding leg, positive, in `notional_currency`.
    lot_identifier: None leaves the choice of lots to the contract's closing method, or asks for a new lot. funding: of
    a closing, when the interest that its units have accrued is paid.
    """

    direction: QuantityDirection
    quantity: float | None = None
    lot_identifier: str | None = None
    instrument_reference: str | None = None
    price: float | None = None
    price_currency: str | None = None
    spread: float | None = None
    notional_change: float | None = None
    notional_currency: str | None = None
    fee: Fee | None = None
    funding: UnwindFunding = UnwindFunding.RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSplit:
    """`ratio` new units for each old one from `effective_date` on (the ex-date): units times, prices divided by it.

    round_units: each lot keeps whole units and its fraction is closed at cash_in_lieu_price, per new unit.
    """

    instrument_reference: str
    ratio: float
    effective_date: date
    round_units: bool = False
    cash_in_lieu_price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A corporate action that was observed. It changes no terms by itself; amounts may be unknown as yet.

    cash_amount: per unit in `currency`. ratio: new units per old one. announcement_date: also called declared date.
    """

    action_type: CorporateActionType
    instrument_reference: str | None
    ex_date: date
    record_date: date | None = None
    pay_date: date | None = None
    announcement_date: date | None = None
    ratio: float | None = None
    cash_amount: float | None = None
    currency: str | None = None
    bespoke_description: str | None = None


Instruction = QuantityChange | StockSplit | Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInstruction:
    """What one event asks of one contract.

    event_reference: the document's identifier of the event, else one made of type, date and content, so that reading
    the same document twice gives the same. effective_date: the event date where the document gives none. intent: the
    CDM's word in upper snake case.
    """

    event_reference: str
    event_type: BusinessEventType
    event_date: date
    effective_date: date
    contract_reference: str | None = None
    intent: str | None = None
    instructions: tuple[Instruction, ...] = ()
