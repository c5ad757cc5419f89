"""Small contracts for the tests of events: the equity swap of the CDM event samples and variations of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.payouts.enums import (
    BusinessEventType,
    CashflowSubtype,
    ContractType,
    DayCount,
    LegType,
    NotionalSource,
    QuantityUnit,
    RateKind,
    Side,
    UnderlierType,
    WeightType,
)
from engine.payouts.events.instructions import AnyInstruction, Event
from engine.payouts.events.requests import QuantityChange, QuantityDirection, StockSplit
from engine.payouts.terms.contract import Contract, Fee, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import BasketComposition, BasketConstituent, PerformancePayout, Underlier
from engine.payouts.terms.returns import PriceReturnTerms, ReturnTerms, VarianceVolatilityTerms

SHPGY = Instrument(
    reference="OTHER:SHPGY.O", instrument_type=UnderlierType.SINGLE_STOCK, name="Shire ADR", currency="USD"
)
PARTY_A = Party(party_identifier="party1", party_name="Party A")
PARTY_B = Party(party_identifier="party2", party_name="Party B")
PARTY_C = Party(party_identifier="party3", party_name="Party C")
COST_DATE = date(2001, 9, 27)
SETTLEMENT = date(2001, 10, 2)
EVENT_DAY = date(2021, 11, 11)


def share(reference: str, currency: str = "USD") -> Instrument:
    """A share that is known by its reference alone."""
    return Instrument(
        reference=reference, instrument_type=UnderlierType.SINGLE_STOCK, name=reference, currency=currency
    )


def lot(
    identifier: str,
    quantity: float | None = 760_400.0,
    price: float | None = 37.44,
    *,
    cost_date: date = COST_DATE,
    notional: float | None = None,
    spread: float | None = None,
) -> TradeLot:
    """A lot of shares; its notional is quantity times price unless it is given."""
    return TradeLot(
        lot_identifier=identifier,
        cost_date=cost_date,
        settlement_date=SETTLEMENT,
        notional_amount=(quantity or 0.0) * (price or 0.0) if notional is None else notional,
        opened_quantity=quantity,
        quantity_unit=QuantityUnit.SHARE,
        initial_price=price,
        price_currency="USD",
        spread=spread,
    )


def swap(lots: Sequence[TradeLot] | None = None, instrument: Instrument = SHPGY) -> Contract:
    """The equity swap of the event samples: floating funding at 0.20 % over, notional reset with the equity leg."""
    held = tuple(lots) if lots is not None else (lot("LOT-1"),)
    notional = sum(one.notional_amount for one in held)
    underlier = Underlier(
        underlier_type=UnderlierType.SINGLE_STOCK,
        underlier_reference=instrument.reference,
        underlier_currency=instrument.currency,
        instrument=instrument,
    )
    equity = Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=Side.PARTY2,
        notional_amount=notional,
        notional_currency="USD",
        performance=PerformancePayout(underlier=underlier, returns=ReturnTerms(price=PriceReturnTerms())),
        lots=held,
    )
    funding = Leg(
        leg_number=2,
        leg_type=LegType.FUNDING_LEG,
        payer=Side.PARTY1,
        notional_amount=notional,
        notional_currency="USD",
        linked_leg_number=1,
        interest=InterestRatePayout(
            rate_kind=RateKind.FLOATING_TERM,
            day_count=DayCount.ACT_360,
            floating_rate_index="USD-LIBOR-BBA",
            index_tenor_multiplier=1,
            spread=0.002,
            notional_source=NotionalSource.EQUITY_RESET,
        ),
    )
    return Contract(
        contract_reference="EQS-1",
        contract_type=ContractType.EQUITY_SWAP,
        trade_date=date(2001, 9, 24),
        effective_date=COST_DATE,
        termination_date=date(2031, 9, 26),
        party1=PARTY_A,
        party2=PARTY_B,
        legs=(equity, funding),
        settlement_currency="USD",
    )


def basket_swap(units: Sequence[float] = (4_000.0, 1_750.0, 5_000.0), currency: str = "USD") -> Contract:
    """A swap on one unit of the basket of vector V-4."""
    names = ("A", "B", "C")
    constituents = tuple(
        BasketConstituent(
            instrument=share(name), weight_type=WeightType.UNITS, weight_value=held, units=held, price_currency="USD"
        )
        for name, held in zip(names, units, strict=True)
    )
    contract = swap((lot("LOT-1", 1.0, 1_000_000.0),))
    leg = contract.legs[0]
    assert leg.performance is not None
    underlier = Underlier(
        underlier_type=UnderlierType.BASKET,
        underlier_reference="BASKET-1",
        underlier_currency=currency,
        compositions=(BasketComposition(effective_from=COST_DATE, constituents=constituents),),
    )
    basket = replace(leg, performance=replace(leg.performance, underlier=underlier))
    return replace(contract, legs=(basket, contract.legs[1]))


def variance_swap(vega: float = 50_000.0) -> Contract:
    """A variance swap: one leg with a vega notional and no units."""
    contract = swap(
        (TradeLot(lot_identifier="LOT-1", cost_date=COST_DATE, settlement_date=SETTLEMENT, notional_amount=vega),)
    )
    leg = contract.legs[0]
    assert leg.performance is not None
    terms = VarianceVolatilityTerms(vega_notional_amount=vega, variance_notional_amount=vega / 36.0)
    payout = replace(leg.performance, returns=ReturnTerms(variance=terms))
    return replace(contract, legs=(replace(leg, performance=payout),), contract_type=ContractType.VARIANCE_SWAP)


def increase(quantity: float, price: float | None = None, **more: object) -> QuantityChange:
    """More units."""
    return QuantityChange(direction=QuantityDirection.INCREASE, quantity=quantity, price=price, **more)  # type: ignore[arg-type]


def decrease(quantity: float | None, price: float | None = None, **more: object) -> QuantityChange:
    """Fewer units."""
    return QuantityChange(direction=QuantityDirection.DECREASE, quantity=quantity, price=price, **more)  # type: ignore[arg-type]


def split(ratio: float, on: date) -> StockSplit:
    """A split of the sample share."""
    return StockSplit(instrument_reference=SHPGY.reference, ratio=ratio, effective_date=on)


def fee(amount: float = 2_000.0, reference: str = "FEE-1") -> Fee:
    """The fee of the event samples."""
    return Fee(
        fee_reference=reference,
        subtype=CashflowSubtype.UPFRONT_FEE,
        amount=amount,
        currency="USD",
        payment_date=date(2001, 9, 24),
        payer_identifier="party1",
        receiver_identifier="party2",
    )


def event(
    *instructions: AnyInstruction,
    kind: BusinessEventType = BusinessEventType.INCREASE,
    on: date = EVENT_DAY,
    reference: str = "EV-1",
    sequence: int = 1,
    fx_rate: float | None = None,
) -> Event:
    """An event of one day, settling on that day."""
    return Event(
        event_reference=reference,
        event_type=kind,
        event_date=on,
        effective_date=on,
        instructions=instructions,
        sequence=sequence,
        fx_rate=fx_rate,
    )
