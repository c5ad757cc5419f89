"""What happens to the swaps of the simulated year: closings, increases, novations, the split and the spin-off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.payouts.enums import BusinessEventType, CashflowSubtype, ContractType, Side
from engine.payouts.events.instructions import (
    AnyInstruction,
    CorporateActionApplied,
    Event,
    Novation,
    Termination,
)
from engine.payouts.events.requests import QuantityChange, QuantityDirection, StockSplit
from engine.payouts.terms.contract import Contract, Fee, Leg
from engine.payouts.terms.parties import Party
from tests.desk.swaps.simulated_market import (
    CHILD,
    HOLIDAYS,
    PARENT,
    SPIN_OFF,
    SPIN_OFF_DAY,
    SPLIT_DAY,
    SPLITTING,
    Market,
    after,
    good_days,
)
from tests.desk.swaps.simulated_terms import PAID_AFTER, US

PARTIAL, INCREASE, TERMINATION, NOVATION = "partial", "increase", "termination", "novation"
NEWCOMER = Party(party_identifier="FUND-9", party_name="Fund 9")

PLAN: dict[str, Sequence[tuple[str, ...]]] = {
    "USD-TOTAL-RETURN": ((PARTIAL,), (INCREASE,), (TERMINATION,), (PARTIAL, INCREASE, TERMINATION)),
    "EUR-TOTAL-RETURN-LOOKBACK": ((NOVATION,), (PARTIAL,), (INCREASE,)),
    "GBP-TOTAL-RETURN-SHIFTED": ((TERMINATION,), (INCREASE, PARTIAL)),
    "INDEX-PRICE-RETURN": ((TERMINATION,), (PARTIAL,)),
    "FIXED-NOTIONAL": ((PARTIAL,), (INCREASE,)),
    "CUMULATIVE": ((PARTIAL,),),
    "USD-LOCKOUT": ((PARTIAL,), (TERMINATION,)),
    "USD-AVERAGED-LOTS": ((PARTIAL,), (TERMINATION,)),
    "COMPOUNDED-INDEX-FUNDING": ((PARTIAL,),),
    "COMPOSITE": ((PARTIAL,), (TERMINATION,), (INCREASE,)),
    "QUANTO": ((PARTIAL,),),
    "CROSS-CURRENCY": ((PARTIAL,), (TERMINATION,)),
    "FOREIGN-FUNDING": ((PARTIAL,), (TERMINATION,)),
    "SPLITTING": ((PARTIAL,), (PARTIAL,)),
    "CONTRACT-FOR-DIFFERENCE": ((TERMINATION,), (PARTIAL,), (INCREASE,)),
    "ZERO-STRIKE": ((PARTIAL,),),
    "VARIANCE": ((TERMINATION,),),
}
"""By type of contract, what happens to the first, the second, ... of it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An event of a contract, to be applied after the closes of a day are known."""

    on: date
    contract_reference: str
    event: Event


def planned_events(contracts: Sequence[Contract], market: Market) -> tuple[Planned, ...]:
    """All events in the order of their days."""
    found = [one for contract in contracts for one in (*_by_plan(contract, contracts, market), *_of_shares(contract))]
    return tuple(sorted(found, key=lambda one: (one.on, one.contract_reference, one.event.event_reference)))


def _by_plan(contract: Contract, contracts: Sequence[Contract], market: Market) -> Iterator[Planned]:
    kind = contract.contract_reference.rsplit("-", 1)[0]
    same = [one.contract_reference for one in contracts if one.contract_reference.rsplit("-", 1)[0] == kind]
    place = same.index(contract.contract_reference)
    planned = PLAN.get(kind, ())
    if place >= len(planned):
        return
    days = list(good_days(contract.effective_date, _end(contract), *HOLIDAYS))
    for n, what in enumerate(planned[place]):
        on = days[int(len(days) * (0.35 + 0.2 * n))]
        yield _planned(contract, on, what, _instruction(contract, what, on, market), market)


def _of_shares(contract: Contract) -> Iterator[Planned]:
    """The split rewrites the lots of every other contract, the factor alone serves the rest; the child joins in all."""
    followed = [one.reference for one in contract.instruments]
    number = int(contract.contract_reference.rsplit("-", 1)[1])
    if SPLITTING.reference in followed and contract.effective_date < SPLIT_DAY < _end(contract) and number % 2:
        split = StockSplit(instrument_reference=SPLITTING.reference, ratio=2.0, effective_date=SPLIT_DAY)
        yield Planned(SPLIT_DAY, contract.contract_reference, _event(SPLIT_DAY, "split", split))
    spun_off = CorporateActionApplied(action=SPIN_OFF, child=CHILD)
    if PARENT.reference in followed and contract.effective_date < SPIN_OFF_DAY <= _end(contract):
        yield Planned(SPIN_OFF_DAY, contract.contract_reference, _event(SPIN_OFF_DAY, "spin-off", spun_off))


def _end(contract: Contract) -> date:
    return contract.termination_date or date.max


def _planned(contract: Contract, on: date, what: str, instruction: AnyInstruction, market: Market) -> Planned:
    return Planned(on, contract.contract_reference, _event(on, what, instruction, _fx(contract, on, market)))


def _event(on: date, what: str, instruction: AnyInstruction, fx_rate: float | None = None) -> Event:
    return Event(
        event_reference=f"{what} {on.isoformat()}",
        event_type=_TYPES[what],
        event_date=on,
        effective_date=on,
        settlement_date=after(on, PAID_AFTER, *HOLIDAYS),
        instructions=(instruction,),
        fx_rate=fx_rate,
    )


def _fx(contract: Contract, on: date, market: Market) -> float | None:
    """Settlement per price currency of a leg that converts."""
    for leg in contract.legs:
        payout = leg.performance
        if payout is not None and payout.fx_features and payout.underlier.instrument is not None:
            pair = (payout.underlier.instrument.currency or "", payout.settlement_currency or "")
            return market.fx[pair][on]
    return None


def _instruction(contract: Contract, what: str, on: date, market: Market) -> AnyInstruction:
    leg = contract.legs[0]
    instrument = leg.performance.underlier.instrument if leg.performance is not None else None
    if instrument is None:
        raise ValueError(f"nothing is planned for baskets such as {contract.contract_reference}")
    price = market.close(instrument, on)
    if what == TERMINATION:
        return Termination(prices={instrument.reference: price}, fee=_agreed(contract, leg, on))
    if what == NOVATION:
        return Novation(
            side=Side.PARTY2,
            new_party=NEWCOMER,
            new_contract_reference=f"{contract.contract_reference}-N",
            prices={instrument.reference: price},
        )
    units = sum(lot.opened_quantity or 0.0 for lot in leg.lots)
    return QuantityChange(
        direction=QuantityDirection.DECREASE if what == PARTIAL else QuantityDirection.INCREASE,
        quantity=round(units * (0.7 if len(leg.lots) > 1 else 0.4)),
        price=price,
        price_currency=instrument.currency,
    )


def _agreed(contract: Contract, leg: Leg, on: date) -> Fee | None:
    """What a variance swap is worth is agreed when it ends early, and paid as a fee."""
    if contract.contract_type is not ContractType.VARIANCE_SWAP:
        return None
    return Fee(
        fee_reference="UNWIND",
        subtype=CashflowSubtype.TERMINATION_AMOUNT,
        amount=12_345.67,
        currency=leg.notional_currency or "USD",
        payment_date=after(on, PAID_AFTER, *HOLIDAYS),
        payer_identifier=contract.party2.party_identifier,
        receiver_identifier=US.party_identifier,
    )


_TYPES = {
    PARTIAL: BusinessEventType.PARTIAL_TERMINATION,
    INCREASE: BusinessEventType.INCREASE,
    TERMINATION: BusinessEventType.TERMINATION,
    NOVATION: BusinessEventType.NOVATION,
    "split": BusinessEventType.STOCK_SPLIT,
    "spin-off": BusinessEventType.CORPORATE_ACTION,
}
