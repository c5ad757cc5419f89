"""Swaps on the basket of vector V-4, and closes that go through its prices on the monthly valuation days."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.enums import QuantityUnit, RebalancingFrequency, UnderlierType, WeightType
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketComposition, BasketConstituent, FxFeature, Underlier
from tests.desk.swaps import swap_book

START, V1, V2, END = date(2024, 1, 10), date(2024, 2, 12), date(2024, 3, 11), date(2024, 4, 10)
"""The first day and the valuations: the 10th of the month or the next business day."""
DAYS = swap_book.business_days(START, date(2024, 4, 15))
WEIGHTS = (0.40, 0.35, 0.25)
UNITS = (4_000.0, 1_750.0, 5_000.0)
V4_PRICES = ((100.0, 110.0, 121.0, 118.0), (200.0, 190.0, 180.5, 201.0), (50.0, 55.0, 49.5, 52.0))
"""Closes of A, B and C on the first day and the valuations."""


def path(prices: Sequence[float]) -> dict[date, float]:
    """Closes of all business days, straight from one valuation to the next."""
    found: dict[date, float] = {}
    for (start, begin), (end, stop) in pairwise(zip((START, V1, V2, END), prices, strict=True)):
        days = [on for on in DAYS if start <= on <= end]
        found |= {on: begin + (stop - begin) * k / (len(days) - 1) for k, on in enumerate(days)}
    return found | {on: prices[-1] for on in DAYS if on > END}


def shares(names: str = "ABC") -> tuple[Instrument, ...]:
    """Dollar shares."""
    return tuple(swap_book.share(name) for name in names)


def basket_swap(
    reference: str,
    frequency: RebalancingFrequency,
    held: Sequence[Instrument] | None = None,
    *,
    kind: WeightType = WeightType.PERCENTAGE,
    weights: Sequence[float] = WEIGHTS,
    units: Sequence[float] = UNITS,
    features: Sequence[FxFeature] = (),
    **terms: Any,
) -> Contract:
    """The desk receives the return of one unit of the basket, worth 1,000,000 at the start, for overnight interest."""
    instruments = shares() if held is None else held
    made = swap_book.total_return_swap(
        reference, instruments[0], start=START, end=END, units=1.0, price=1e6, fx_features=features
    )
    equity, funding = made.legs
    assert equity.performance is not None
    constituents = tuple(
        BasketConstituent(
            instrument=instrument,
            weight_type=kind,
            weight_value=weight,
            units=number,
            price_currency=instrument.currency,
        )
        for instrument, weight, number in zip(instruments, weights, units, strict=True)
    )
    composition = BasketComposition(
        effective_from=START, rebalancing_frequency=frequency, constituents=constituents, **terms
    )
    underlier = Underlier(
        underlier_type=UnderlierType.BASKET,
        underlier_reference=f"BASKET {reference}",
        underlier_currency="USD",
        compositions=(composition,),
    )
    lot = replace(equity.lots[0], quantity_unit=QuantityUnit.BASKET_UNIT, price_currency="USD", initial_price=None)
    returns = replace(equity.performance.returns, price=replace(equity.performance.returns.price, initial_price=None))
    performance = replace(equity.performance, underlier=underlier, returns=returns)
    return replace(made, legs=(replace(equity, lots=(lot,), performance=performance, notional_currency="USD"), funding))


def closes(names: str = "ABC") -> dict[str, dict[date, float]]:
    """Closes of shares that go the way of A, B and C."""
    return {name: path(prices) for name, prices in zip(names, V4_PRICES, strict=True)}


def booked(store: Store, *contracts: Contract, prices: Mapping[str, Mapping[date, float]] | None = None) -> SwapDesk:
    """A desk with these swaps and, by name, closes of their shares."""
    with store.begin() as work:
        swap_book.put_calendar(work.payouts)
        swap_book.stored(work.payouts, *contracts)
        swap_book.put_sofr(work.payouts, dict.fromkeys(swap_book.business_days(date(2024, 1, 2), DAYS[-1]), 0.05))
    put_closes(store, contracts, closes() if prices is None else prices)
    return SwapDesk(store)


def put_closes(store: Store, contracts: Sequence[Contract], prices: Mapping[str, Mapping[date, float]]) -> None:
    """Store closes of shares of the contracts by name."""
    by_name = {item.name: item for contract in contracts for item in contract.instruments}
    with store.begin() as work:
        for name, by_day in prices.items():
            swap_book.put_prices(work.payouts, by_name[name], dict(by_day))
