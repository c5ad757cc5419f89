"""Small books through the end of day: what a desk is owed does not depend on how its contracts are written down."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps import events
from engine.desk.swaps.desk import SwapDesk
from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, NotionalSource
from engine.payouts.events.instructions import Event, Termination
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Contract
from tests.conftest import fresh_database
from tests.desk.swaps import swap_book as made
from tests.desk.swaps.simulated_year import checksums

START, END = date(2024, 2, 6), date(2024, 4, 9)
DAYS = tuple(made.business_days(date(2024, 1, 2), date(2024, 4, 19)))
RUN_ON = tuple(on for on in DAYS if on >= START)[::3]
"""Every third business day: what lies between is caught up."""

SHARE, OTHER = made.share("ACME"), made.share("OTHER")


@pytest.fixture
def empty_store(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Store]:
    with fresh_database(server_url, template_database) as url, closing(Store(storage_settings, url)) as opened:
        yield opened


def swap(reference: str, seed: int = 1, units: float = 1_000.0) -> Contract:
    """A funded total return swap on one of two shares."""
    instrument = SHARE if seed % 2 else OTHER
    return made.total_return_swap(reference, instrument, start=START, end=END, units=units, payout_ratio=0.9)


def put_market(store: Store, instruments: Sequence[str], seed: int = 7) -> None:
    """A random walk for each instrument, SOFR, and a dividend of each."""
    rng = np.random.default_rng(seed)
    walks = {one.reference: np.exp(np.cumsum(rng.normal(0.0, 0.015, len(DAYS)))) for one in (SHARE, OTHER)}
    with store.begin() as work:
        for one in (SHARE, OTHER):
            if one.reference in instruments:
                closes = {on: round(100.0 * float(x), 2) for on, x in zip(DAYS, walks[one.reference], strict=True)}
                made.put_prices(work.payouts, one, closes)
                work.payouts.market_events.put_dividends(
                    [
                        DividendEvent(
                            instrument_reference=one.reference,
                            ex_date=date(2024, 3, 13),
                            currency="USD",
                            gross_amount=0.85,
                            pay_date=date(2024, 3, 27),
                        )
                    ]
                )
        made.put_sofr(work.payouts, {on: 0.053 + 0.0001 * (n % 5) for n, on in enumerate(DAYS)})


def stored(store: Store, *contracts: Contract) -> None:
    """The contracts and their market."""
    with store.begin() as work:
        made.put_calendar(work.payouts)
        made.stored(work.payouts, *contracts)
    put_market(store, [one.reference for contract in contracts for one in contract.instruments])


def run(store: Store, references: Sequence[str] | None = None) -> None:
    """All days of the life of the contracts."""
    desk = SwapDesk(store)
    for on in RUN_ON:
        outcome = desk.end_of_day(on, references=references, refreshes_views=False)
        assert outcome.failures == ()
        assert outcome.missing == ()


def cash(store: Store) -> dict[tuple[str, int, str, date], Decimal]:
    """Amounts by contract, leg, type and payment date, not rounded."""
    with store.read() as work:
        rows = work.driver.execute(
            "SELECT k.contract_reference, l.leg_number, c.cashflow_type, c.payment_date, sum(c.amount) FROM cashflows c"
            " JOIN contracts k ON k.id = c.contract_id JOIN contract_legs l ON l.id = c.leg_id GROUP BY 1, 2, 3, 4"
        ).fetchall()
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def pnl(store: Store) -> dict[tuple[str, int, date], tuple[Decimal, ...]]:
    """Components of the unrealized P&L and what was realised, by contract, leg and day."""
    with store.read() as work:
        rows = work.driver.execute(
            "SELECT k.contract_reference, l.leg_number, u.valuation_date, u.price_pnl_amount, u.dividend_pnl_amount,"
            " u.interest_pnl_amount, u.fx_pnl_amount, u.other_pnl_amount, u.realized_since_previous"
            " FROM unrealized_pnl_timeseries u JOIN contracts k ON k.id = u.contract_id"
            " JOIN contract_legs l ON l.id = u.leg_id"
        ).fetchall()
    return {(row[0], row[1], row[2]): row[3:] for row in rows}


@pytest.mark.parametrize("seed", [1, 2])
def test_lots_merged_or_separate_give_equal_cash(empty_store: Store, seed: int) -> None:
    """Units in one lot or in three, at the same price or at prices that average to it, pay the same on every date."""
    rng = np.random.default_rng(seed)
    quantities = rng.integers(1, 400, 3).astype(float)
    prices = np.round(rng.uniform(95.0, 105.0, 3), 2)
    merged = swap("SWAP-ONE", seed, float(quantities.sum()))
    average = float((quantities * prices).sum() / quantities.sum())
    whole = replace(merged.legs[0].lots[0], initial_price=average, notional_amount=float(quantities @ prices))
    parts = tuple(
        replace(whole, lot_identifier=f"LOT-{n}", opened_quantity=q, initial_price=p, notional_amount=q * p)
        for n, (q, p) in enumerate(zip(quantities.tolist(), prices.tolist(), strict=True), start=1)
    )
    one = replace(merged, legs=(replace(merged.legs[0], lots=(whole,)), merged.legs[1]))
    three = replace(merged, contract_reference="SWAP-THREE", legs=(replace(merged.legs[0], lots=parts), merged.legs[1]))
    stored(empty_store, one, three)
    run(empty_store)

    amounts = cash(empty_store)
    of_one = {key[1:]: value for key, value in amounts.items() if key[0] == "SWAP-ONE"}
    of_three = {key[1:]: value for key, value in amounts.items() if key[0] == "SWAP-THREE"}

    assert of_one.keys() == of_three.keys()
    assert len(of_one) >= 6
    assert all(abs(of_one[key] - of_three[key]) < Decimal("1e-8") for key in of_one)


def test_the_order_of_contracts_is_irrelevant(
    empty_store: Store, server_url: str, template_database: str, storage_settings: StorageSettings
) -> None:
    """A book run with its contracts in one order or the other has the same cash and the same P&L, digit for digit."""
    contracts = [swap(f"SWAP-{n}", n, 100.0 * n) for n in range(1, 6)]
    names = [contract.contract_reference for contract in contracts]
    stored(empty_store, *contracts)
    run(empty_store, names)
    with fresh_database(server_url, template_database) as url, closing(Store(storage_settings, url)) as other:
        stored(other, *reversed(contracts))
        run(other, names[::-1])
        backward = cash(other), pnl(other)

    assert (cash(empty_store), pnl(empty_store)) == backward


def test_a_contract_alone_is_worth_what_it_is_in_the_book(
    empty_store: Store, server_url: str, template_database: str, storage_settings: StorageSettings
) -> None:
    """Valued alone or among others, a contract has the same cash and the same P&L, digit for digit."""
    contracts = [swap(f"SWAP-{n}", n, 100.0 * n) for n in range(1, 5)]
    stored(empty_store, *contracts)
    run(empty_store)
    in_book = {key: value for key, value in pnl(empty_store).items() if key[0] == "SWAP-3"}
    cash_in_book = {key: value for key, value in cash(empty_store).items() if key[0] == "SWAP-3"}
    with fresh_database(server_url, template_database) as url, closing(Store(storage_settings, url)) as other:
        stored(other, contracts[2])
        run(other)
        alone, cash_alone = pnl(other), cash(other)

    assert alone == in_book
    assert cash_alone == cash_in_book


def test_half_a_cent_is_no_correction(empty_store: Store) -> None:
    """An amount of exactly half a cent is rounded once: the days after find nothing to correct.

    0.5 units times 0.01 is 0.005 in decimals and 0.00499... in binary.
    """
    contract = replace(swap("SWAP-1", 1, 0.5), netting_agreement_reference=None)
    lot = replace(contract.legs[0].lots[0], initial_price=100.09)
    stored(empty_store, replace(contract, legs=(replace(contract.legs[0], lots=(lot,)), contract.legs[1])))
    with empty_store.begin() as work:
        made.put_prices(work.payouts, SHARE, dict.fromkeys(DAYS, 100.1))
    run(empty_store)

    with empty_store.read() as work:
        adjustments = work.driver.execute("SELECT 1 FROM cashflows WHERE cashflow_type = 'ADJUSTMENT'").fetchall()
    amounts = sorted(value for key, value in cash(empty_store).items() if key[2] == "EQUITY_RETURN")
    assert amounts[-1] == Decimal("0.0050000000")
    assert adjustments == []


def test_a_past_day_can_be_run_again(empty_store: Store) -> None:
    """A day long past, in the middle of the life or after the end, changes no row."""
    stored(empty_store, swap("SWAP-1"), swap("SWAP-2", 2))
    desk = SwapDesk(empty_store)
    for on in RUN_ON[:12]:
        desk.end_of_day(on, refreshes_views=False)
    before = checksums(empty_store)
    desk.end_of_day(RUN_ON[3], refreshes_views=False)
    in_the_middle = checksums(empty_store)
    run(empty_store)
    at_the_end = checksums(empty_store)
    desk.end_of_day(RUN_ON[3], refreshes_views=False)

    assert in_the_middle == before
    assert checksums(empty_store) == at_the_end


def an_event(what: BusinessEventType, on: date, instruction: QuantityChange | Termination) -> Event:
    return Event(
        event_reference=f"{what.value} {on}",
        event_type=what,
        event_date=on,
        effective_date=on,
        settlement_date=DAYS[DAYS.index(on) + 2],
        instructions=(instruction,),
    )


def test_a_lot_cannot_be_closed_before_it_opens(empty_store: Store) -> None:
    """A termination before a lot that is booked for later is refused: the book's end of day would stop at it."""
    contract = swap("SWAP-1")
    later = replace(contract.legs[0].lots[0], lot_identifier="LOT-2", cost_date=RUN_ON[4], settlement_date=RUN_ON[5])
    equity = replace(contract.legs[0], lots=(*contract.legs[0].lots, later))
    stored(empty_store, replace(contract, legs=(equity, contract.legs[1])))
    terminate = Termination(prices={SHARE.reference: 100.0})
    event = an_event(BusinessEventType.TERMINATION, RUN_ON[2], terminate)

    with pytest.raises(InputError, match="CLO-1967"):
        events.apply(empty_store, "SWAP-1", event)
    run(empty_store)


def test_a_lot_opens_in_a_contract_booked_without_openings(empty_store: Store) -> None:
    """An increase opens a lot of its own where the lots that were there have no events stored yet."""
    stored(empty_store, swap("SWAP-1"))
    increase = QuantityChange(direction=QuantityDirection.INCREASE, quantity=400.0, price=101.0, price_currency="USD")

    result = events.apply(empty_store, "SWAP-1", an_event(BusinessEventType.INCREASE, RUN_ON[4], increase))

    assert [lot.opened_quantity for lot in result.contract.legs[0].lots] == [1_000.0, 400.0]


def test_a_contract_does_not_end_before_what_is_booked_later(empty_store: Store) -> None:
    """A termination dated before an increase that was applied already would leave the new lot open: it is refused."""
    stored(empty_store, swap("SWAP-1"))
    increase = QuantityChange(direction=QuantityDirection.INCREASE, quantity=400.0, price=101.0, price_currency="USD")
    events.apply(empty_store, "SWAP-1", an_event(BusinessEventType.INCREASE, RUN_ON[4], increase))
    terminate = Termination(prices={SHARE.reference: 100.0})
    event = an_event(BusinessEventType.TERMINATION, RUN_ON[2], terminate)

    with pytest.raises(InputError, match="CLO-1961"):
        events.apply(empty_store, "SWAP-1", event)


def test_a_closing_divides_the_days_of_a_running_period(empty_store: Store) -> None:
    """After a partial termination the accruals of the closed part and of the rest each sum to their amount."""
    contract = swap("SWAP-1")
    funding = contract.legs[1]
    assert funding.interest is not None
    by_lots = replace(funding, interest=replace(funding.interest, notional_source=NotionalSource.LOTS))
    stored(empty_store, replace(contract, legs=(contract.legs[0], by_lots)))
    desk = SwapDesk(empty_store)
    for on in RUN_ON:
        if on == RUN_ON[6]:
            decrease = QuantityChange(
                direction=QuantityDirection.DECREASE, quantity=400.0, price=103.0, price_currency="USD"
            )
            events.apply(empty_store, "SWAP-1", an_event(BusinessEventType.PARTIAL_TERMINATION, on, decrease))
        desk.end_of_day(on, refreshes_views=False)

    with empty_store.read() as work:
        rows = work.driver.execute(
            "SELECT c.cashflow_subtype, c.amount, sum(a.daily_accrual_amount),"
            " min(a.accrual_date) - c.accrual_start_date FROM cashflows c"
            " JOIN daily_accruals a ON a.cashflow_id = c.id GROUP BY c.id"
        ).fetchall()
    closed = [row for row in rows if row[0] == "TERMINATION_AMOUNT"]
    assert all(amount == total for _, amount, total, _ in rows)
    assert len(closed) == 1
    assert closed[0][3] == 1
