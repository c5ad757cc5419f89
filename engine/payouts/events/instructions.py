"""What events ask of a contract beyond what CDM documents instruct, and the event that carries them (spec 07 §19.1).

Those that CDM documents can carry are in `requests`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.payouts.enums import (
    BusinessEventType,
    CompositionReason,
    OvernightMethod,
    PeriodUnit,
    RateKind,
    Side,
    UnwindFunding,
    ValuationMethod,
)
from engine.payouts.events.requests import EventInstruction, Observation, QuantityChange, StockSplit
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Fee
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier, Party
from engine.payouts.terms.performance import BasketConstituent


@dataclass(frozen=True, slots=True, kw_only=True)
class Termination:
    """Everything is closed. prices: per unit on the day, by underlier reference, for each leg with open units.

    funding: when the interest of the running period is paid.
    """

    prices: Mapping[str, float] = field(default_factory=dict)
    fee: Fee | None = None
    funding: UnwindFunding = UnwindFunding.RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Novation:
    """The party on `side` is replaced by `new_party`, for `quantity` units or (None) for everything.

    prices: at which the transfer settles, by underlier reference: the old contract closes and pays at it, the new one
    starts from it. Without prices the units move on their own terms and nothing is paid, which needs a position of
    which no period was realised yet. funding: when the old contract pays the interest that the units have accrued.
    """

    side: Side
    new_party: Party
    new_contract_reference: str
    quantity: float | None = None
    instrument_reference: str | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    fee: Fee | None = None
    funding: UnwindFunding = UnwindFunding.RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One term that gets another value. leg_number None: a term of the contract itself.

    path: the fields from the contract or leg down, joined by dots: `interest.day_count`, `termination_date`.
    """

    path: str
    value: object
    leg_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChange:
    """Terms agreed anew from the event's effective date on."""

    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTransition:
    """Another floating rate index for a funding leg; spread_adjustment, decimal a year, is added to its spreads.

    What is None stays as it is, but the tenor: that of an overnight index is none.
    """

    leg_number: int
    floating_rate_index: str
    index_tenor_multiplier: int | None = None
    index_tenor_unit: PeriodUnit | None = None
    spread_adjustment: float = 0.0
    rate_kind: RateKind | None = None
    overnight_method: OvernightMethod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalancing:
    """A new composition of the basket of a leg at the close of the event's effective date.

    targets: what it shall hold, by one weight type. prices: closes of the day by instrument reference, of what is held
    and of what is targeted; fx: basket currency per unit of each price currency. fee: costs, paid apart.
    """

    leg_number: int
    targets: tuple[BasketConstituent, ...]
    prices: Mapping[str, float]
    fx: Mapping[str, float]
    reason: CompositionReason = CompositionReason.REBALANCE
    next_rebalancing_date: date | None = None
    fee: Fee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialFixing:
    """The first composition of a leg's basket, agreed by weights, gets its units at the close of its first day.

    prices: by instrument reference, closes and those that the terms state; fx: basket currency per unit of each
    currency in which there are prices or notionals.
    """

    leg_number: int
    prices: Mapping[str, float]
    fx: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotionalReset:
    """Another notional for a leg that has one of its own, in `notional_currency`."""

    leg_number: int
    notional_amount: float
    notional_currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalValuation:
    """A value of the whole contract (leg_number None) or a leg that somebody else found; signed from the reporting
    party's view. It is recorded and changes no terms."""

    value: float
    currency: str
    valuation_date: date
    method: ValuationMethod = ValuationMethod.EXTERNAL_PRICE
    leg_number: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateActionApplied:
    """A corporate action takes effect on the contracts that follow the instrument (spec 07 §19.3).

    action.adjustment_factor is filled wherever the action has one. prices: closes by instrument reference, of parent
    and child or successor, where the treatment needs them. child, successor: the new instrument. new_identifier,
    new_name: of a change of identifier or name. round_units: each lot keeps whole units and its fraction is closed at
    cash_in_lieu_price, per unit after the action.
    """

    action: CorporateAction
    prices: Mapping[str, float] = field(default_factory=dict)
    child: Instrument | None = None
    successor: Instrument | None = None
    new_identifier: InstrumentIdentifier | None = None
    new_name: str | None = None
    round_units: bool = False
    cash_in_lieu_price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """An event is taken back as if it had never been; None: the contract itself is."""

    cancelled_reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """An event is replaced: what it should have asked for, and when where the dates were wrong."""

    corrected_reference: str
    instructions: tuple["TermsOfContract", ...]
    event_date: date | None = None
    effective_date: date | None = None
    settlement_date: date | None = None
    fx_rate: float | None = None


TermsOfContract = (
    QuantityChange
    | StockSplit
    | Observation
    | Termination
    | Novation
    | TermsChange
    | IndexTransition
    | InitialFixing
    | Rebalancing
    | NotionalReset
    | ExternalValuation
    | CorporateActionApplied
)
"""Instructions that act on the contract itself."""

AnyInstruction = TermsOfContract | Cancellation | Correction
"""All instructions, those on other events too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of one contract with all that applying it again needs.

    Events take effect in order of (effective_date, event_date, sequence). settlement_date: when closed units are paid
    and new units are funded, the effective date where it is None. fx_rate: settlement per price currency on the day.
    """

    event_reference: str
    event_type: BusinessEventType
    event_date: date
    effective_date: date
    instructions: tuple[AnyInstruction, ...] = ()
    sequence: int = 1
    contract_reference: str | None = None
    intent: str | None = None
    settlement_date: date | None = None
    fx_rate: float | None = None

    @property
    def order(self) -> tuple[date, date, int]:
        """What events are sorted by."""
        return self.effective_date, self.event_date, self.sequence

    @property
    def settles_on(self) -> date:
        """The settlement date."""
        return self.settlement_date or self.effective_date


def event_of_document(
    instruction: EventInstruction,
    *,
    sequence: int = 1,
    settlement_date: date | None = None,
    fx_rate: float | None = None,
) -> Event:
    """The event that a CDM document asks for; documents say neither its place among others of the day, nor when closed
    units settle, nor at which FX rate."""
    return Event(
        event_reference=instruction.event_reference,
        event_type=instruction.event_type,
        event_date=instruction.event_date,
        effective_date=instruction.effective_date,
        instructions=instruction.instructions,
        sequence=sequence,
        contract_reference=instruction.contract_reference,
        intent=instruction.intent,
        settlement_date=settlement_date,
        fx_rate=fx_rate,
    )
