"""The contract with its legs and lots: one CDM trade (spec 07 §3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.errors import InputError
from engine.payouts.enums import (
    AdjustmentType,
    CashflowSubtype,
    ContractStatus,
    ContractType,
    LegDirection,
    LegType,
    LotClosingMethod,
    LotStatus,
    QuantityUnit,
    Side,
    UnwindFunding,
)
from engine.payouts.terms.funding import FixedPricePayout, InterestRatePayout
from engine.payouts.terms.parties import ContractParty, Instrument, Party
from engine.payouts.terms.performance import PerformancePayout


@dataclass(frozen=True, slots=True, kw_only=True)
class LotClosing:
    """Part of a lot that was closed: at which price (FX: settlement per price currency), on which day, paid when.

    event_reference names the business event that closed it; the closed part is paid by a cashflow of its own. funding:
    whether its interest of the running period is paid with the period (RUN) or on the settlement date (BREAK).
    """

    event_reference: str
    event_date: date
    settlement_date: date
    quantity: float
    price: float
    fx_rate: float | None = None
    funding: UnwindFunding = UnwindFunding.RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLot:
    """Units opened at one price: equity performance and dividends from `cost_date`, funding from `settlement_date`.

    Quantities and prices, those of the closings too, are on the basis of `basis_date` (None: the cost date): splits
    with a later ex-date are not in them, valuing applies the instrument's adjustment factors (spec 07 §19.3). A split
    event that rewrites a lot moves the basis to its ex-date, which changes no value. opened_quantity is None for a lot
    that is a notional alone. spread overrides the funding leg's spread for this lot.
    """

    lot_identifier: str
    cost_date: date
    settlement_date: date
    notional_amount: float
    opened_quantity: float | None = None
    quantity_unit: QuantityUnit | None = None
    initial_price: float | None = None
    price_currency: str | None = None
    initial_fx: float | None = None
    basis_date: date | None = None
    spread: float | None = None
    closings: tuple[LotClosing, ...] = ()

    @property
    def closed_quantity(self) -> float:
        """Units closed so far, on the basis of the lot."""
        return sum(closing.quantity for closing in self.closings)

    @property
    def status(self) -> LotStatus:
        """CLOSED once nothing is left."""
        is_closed = self.opened_quantity is not None and self.closed_quantity >= self.opened_quantity
        return LotStatus.CLOSED if is_closed else LotStatus.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A single payment agreed in the contract. The payer may be a third party; amount is positive."""

    fee_reference: str
    subtype: CashflowSubtype
    amount: float
    currency: str
    payment_date: date
    payer_identifier: str
    receiver_identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One payout of the contract; exactly one of the three kinds of payout is there. leg_number counts from 1.

    payer owes the positive amount of the leg; where it performs it is short the underlier, and pays the borrow fee if
    there is one: InputError CLO-1987 for one that the long side would pay. linked_leg_number: of a funding leg, the
    equity leg whose notional it follows. Lots belong to equity legs.
    """

    leg_number: int
    leg_type: LegType
    payer: Side
    notional_amount: float | None = None
    notional_currency: str | None = None
    linked_leg_number: int | None = None
    cdm_payout_index: int | None = None
    cdm_external_key: str | None = None
    performance: PerformancePayout | None = None
    interest: InterestRatePayout | None = None
    fixed_price: FixedPricePayout | None = None
    lots: tuple[TradeLot, ...] = ()

    def __post_init__(self) -> None:
        payouts = (self.performance, self.interest, self.fixed_price)
        if sum(payout is not None for payout in payouts) != 1:
            raise InputError(
                "CLO-1902",
                f"Leg {self.leg_number} has {sum(payout is not None for payout in payouts)} payouts",
                remedy="Give a leg one performance, one interest rate or one fixed price payout.",
            )
        fee = self.performance.borrow_fee if self.performance is not None else None
        if fee is not None and fee.payer is not self.payer:
            raise InputError(
                "CLO-1987",
                f"The borrow fee of leg {self.leg_number} would be paid by {fee.payer}, which is long: it receives the"
                " performance",
                where="borrow_fee.payer",
                remedy=f"Let {self.payer}, which is short, pay it, or leave the fee out.",
            )

    @property
    def receiver(self) -> Side:
        """Who is owed the positive amount of the leg."""
        return self.payer.other


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A trade between two parties, known by `contract_reference`, as seen by `reporting_party`.

    metadata: further facts of the document it came from, by name (identifiers of others, `uti`).
    """

    contract_reference: str
    contract_type: ContractType
    trade_date: date
    effective_date: date
    party1: Party
    party2: Party
    legs: tuple[Leg, ...]
    termination_date: date | None = None
    product_qualifier: str | None = None
    contract_status: ContractStatus = ContractStatus.ACTIVE
    reporting_party: Side = Side.PARTY1
    adjustment_type: AdjustmentType | None = None
    settlement_currency: str | None = None
    calculation_agent: str | None = None
    governing_law: str | None = None
    master_agreement_reference: str | None = None
    netting_agreement_reference: str | None = None
    lot_closing_method: LotClosingMethod = LotClosingMethod.FIFO
    deferral_rate: float | None = None
    has_late_compensation: bool = False
    other_parties: tuple[ContractParty, ...] = ()
    fees: tuple[Fee, ...] = ()
    cdm_version: str | None = None
    cdm_global_key: str | None = None
    content_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.party1.party_identifier == self.party2.party_identifier:
            raise InputError(
                "CLO-1903",
                f"Both parties of {self.contract_reference} are {self.party1.party_identifier}",
                remedy="Name two different counterparties.",
            )
        if self.termination_date is not None and self.termination_date < self.effective_date:
            raise InputError(
                "CLO-1904",
                f"{self.contract_reference} terminates on {self.termination_date}, before it is effective on"
                f" {self.effective_date}",
                remedy="Put the dates in order.",
            )

    def leg(self, leg_number: int) -> Leg:
        """The leg of a number. Raises InputError CLO-1905 naming the legs there are."""
        for leg in self.legs:
            if leg.leg_number == leg_number:
                return leg
        numbers = ", ".join(str(leg.leg_number) for leg in self.legs)
        raise InputError("CLO-1905", f"{self.contract_reference} has no leg {leg_number}", remedy=f"It has {numbers}.")

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Every instrument that the contract follows, constituents of baskets included, each once."""
        found: dict[str, Instrument] = {}
        for leg in self.legs:
            if leg.performance is None:
                continue
            underlier = leg.performance.underlier
            if underlier.instrument is not None:
                found.setdefault(underlier.instrument.reference, underlier.instrument)
            for composition in underlier.compositions:
                for constituent in composition.constituents:
                    found.setdefault(constituent.instrument.reference, constituent.instrument)
        return tuple(found.values())

    def sign(self, leg: Leg) -> int:
        """+1 where the reporting party receives the positive amount of the leg, else -1."""
        return 1 if leg.receiver is self.reporting_party else -1

    def direction(self, leg: Leg) -> LegDirection:
        """The sign in words."""
        return LegDirection.RECEIVE if self.sign(leg) > 0 else LegDirection.PAY

    def party(self, side: Side) -> Party:
        """The party on a side."""
        return self.party1 if side is Side.PARTY1 else self.party2
