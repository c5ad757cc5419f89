"""Business events reach the database whole, once, and can be taken back (spec 07 §19, §26.1 item 3)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from db.payouts.events import EventRepository
from db.payouts.state import state_of
from db.store import Store
from engine.desk.swaps import events
from engine.desk.swaps.booking import Outcome
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.event_booking import EventResult
from engine.desk.swaps.events import DocumentTerms
from engine.errors import InputError, ReferenceDataError
from engine.payouts.enums import BusinessEventType, ContractStatus, Side
from engine.payouts.events.instructions import AnyInstruction, Event, FieldChange, Novation, Termination, TermsChange
from engine.payouts.events.outcome import ContractClosedError
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.parties import Party
from tests.desk.swaps.book_tables import count, table_states
from tests.desk.swaps.swap_book import (
    business_days,
    put_calendar,
    put_prices,
    put_sofr,
    share,
    stored,
    total_return_swap,
)

BOOK_FIRST = DocumentTerms(import_before=True)
START, END = date(2024, 1, 10), date(2024, 7, 10)
SHARE = share("ACME.N")


@pytest.fixture
def desk(store: Store) -> SwapDesk:
    """A desk with New York's calendar and no contracts."""
    with store.begin() as work:
        put_calendar(work.payouts)
    return SwapDesk(store)


@pytest.fixture
def swap(desk: SwapDesk, store: Store) -> Contract:
    """A monthly total return swap on 1,000 shares at 100."""
    return desk.create(total_return_swap("TRS-9", SHARE, start=START, end=END)).contract


@pytest.fixture
def sample(reference: Path) -> Callable[[str], Path]:
    """The path of an event sample."""
    return lambda name: reference / "data" / "cdm" / "events" / f"{name}-func-input.json"


def event(reference: str, on: date, *asked: AnyInstruction, kind: BusinessEventType) -> Event:
    """An event of one day."""
    return Event(event_reference=reference, event_type=kind, event_date=on, effective_date=on, instructions=asked)


def decrease(reference: str, on: date, quantity: float, price: float = 110.0) -> Event:
    """A partial termination of so many shares."""
    change = QuantityChange(direction=QuantityDirection.DECREASE, quantity=quantity, price=price, price_currency="USD")
    return event(reference, on, change, kind=BusinessEventType.PARTIAL_TERMINATION)


def termination(on: date, price: float) -> Event:
    """The end of everything at a price."""
    asked = Termination(prices={SHARE.reference: price})
    return event("T-1", on, asked, kind=BusinessEventType.TERMINATION)


def lots(store: Store, contract_reference: str) -> list[tuple[Any, ...]]:
    """Lots as the table has them: name, open units, price, notional, status."""
    with store.read() as work:
        return work.driver.execute(
            "SELECT lot_identifier, (opened_quantity - closed_quantity)::float8, initial_price::float8,"
            " notional_amount::float8, l.status FROM trade_lots l JOIN contracts k ON k.id = l.contract_id"
            " WHERE contract_reference = %s ORDER BY 1",
            (contract_reference,),
        ).fetchall()


@dataclass(frozen=True)
class Expected:
    """What spec 07 §19.2 requires of an event sample: the lots, and the fee."""

    lots: list[tuple[str, float, float]]
    qualifier: str
    fee: float | None = None


EXPECTED: Mapping[str, Expected] = {
    "increase-equity-swap": Expected([("LOT-1", 760_400.0, 37.44), ("LOT-2", 250_000.0, 30.0)], "INCREASE", 2_000.0),
    "increase-equity-swap-existing-trade-lot": Expected(
        [("LOT-1", 760_400.0, 37.44), ("LOT-2", 1_010_400.0, 37.44)], "INCREASE"
    ),
    "partial-termination-equity-swap": Expected(
        [("LOT-1", 760_400.0, 37.44), ("LOT-2", 608_320.0, 37.44)], "PARTIAL_TERMINATION", 2_000.0
    ),
    "stock-split-equity-swap": Expected([("LOT-1", 1_520_800.0, 18.72)], "STOCK_SPLIT"),
}
NOTIONALS = {
    "increase-equity-swap": {"LOT-2": 7_500_000.0},
    "increase-equity-swap-existing-trade-lot": {"LOT-2": 37_829_376.0},
    "stock-split-equity-swap": {"LOT-1": 28_469_376.0},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_event_gives_its_result_and_is_taken_back(
    desk: SwapDesk, store: Store, sample: Callable[[str], Path], name: str
) -> None:
    """The lots, notionals, fee and qualifier of spec 07 §19.2 are in the tables; cancelled, all is as before."""
    result = events.apply_document(store, sample(name), terms=BOOK_FIRST)
    expected, reference = EXPECTED[name], result.contract_reference
    found = lots(store, reference)
    with store.read() as work:
        before = work.payouts.contracts.version(reference, 1)
        after = work.payouts.contracts.load(reference).contract

    assert [row[:3] for row in found] == expected.lots
    assert {row[0]: row[3] for row in found if row[0] in NOTIONALS.get(name, {})} == NOTIONALS.get(name, {})
    assert (result.qualifier, result.before_version, result.after_version) == (expected.qualifier, 1, 2)
    fees = [fee for fee in after.fees if fee not in before.fees]
    assert [fee.amount for fee in fees] == ([] if expected.fee is None else [expected.fee])
    assert count(store, "contract_fees") == len(after.fees)
    assert events.replay(store, reference) == after

    events.cancel(store, reference, result.event_reference, reason="entered twice")

    assert desk.contract(reference) == before
    assert [row[:3] for row in lots(store, reference)] == [
        (lot.lot_identifier, lot.opened_quantity, lot.initial_price) for leg in before.legs for lot in leg.lots
    ]
    assert events.replay(store, reference) == before
    assert count(store, "contract_fees") == len(before.fees)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("corporate-actions", ["STOCK_SPLIT"]), ("corporate-actions-obs", ["STOCK_SPLIT", "CASH_DIVIDEND"])],
)
def test_an_observation_is_stored_and_changes_no_terms(
    desk: SwapDesk, store: Store, sample: Callable[[str], Path], name: str, kinds: list[str]
) -> None:
    """The action waits for its amount, beside one that the trade's history has; the contract keeps its version."""
    result = events.apply_document(store, sample(name), terms=BOOK_FIRST)

    assert (result.before_version, result.after_version) == (1, 1)
    with store.read() as work:
        rows = work.driver.execute(
            "SELECT action_type, status, adjustment_factor FROM corporate_actions ORDER BY ex_date"
        ).fetchall()
    assert rows == [(kind, "ESTIMATED", None) for kind in kinds]
    assert events.replay(store, result.contract_reference) == desk.contract(result.contract_reference)


def test_an_event_finds_its_trade_among_namesakes(
    desk: SwapDesk, store: Store, reference: Path, sample: Callable[[str], Path]
) -> None:
    """With other trades of the same reference stored, the event goes to the one it speaks of."""
    trades = reference / "data" / "cdm" / "trades"
    desk.import_documents([trades / "eqvs-ex02-variance-swap-single-stock.json"])

    result = events.apply_document(store, sample("stock-split-equity-swap"), terms=BOOK_FIRST)

    assert result.contract_reference == "6234-2"
    assert desk.contract("6234").contract_type != desk.contract("6234-2").contract_type


def test_the_same_event_again_is_the_first_result(desk: SwapDesk, store: Store, sample: Callable[[str], Path]) -> None:
    """Applying a document twice writes nothing the second time."""
    path = sample("increase-equity-swap")
    first = events.apply_document(store, path, terms=BOOK_FIRST)
    before = table_states(store)
    second = desk.apply_event(path)

    assert second.is_repeated
    assert (second.event_reference, second.after_version) == (first.event_reference, first.after_version)
    assert second.contract == first.contract
    assert table_states(store) == before


def test_an_idempotency_key_gives_the_first_result(store: Store, swap: Contract) -> None:
    """The key decides, whatever comes with it; on another contract it is refused."""
    first = events.apply(store, "TRS-9", decrease("E-1", date(2024, 2, 1), 100.0), idempotency_key="K")
    second = events.apply(store, "TRS-9", decrease("E-2", date(2024, 2, 1), 300.0), idempotency_key="K")

    assert second.is_repeated
    assert second.event_reference == first.event_reference == "E-1"
    assert count(store, "business_events") == 1


def test_an_event_of_a_trade_that_is_not_stored_names_the_remedy(
    desk: SwapDesk, store: Store, sample: Callable[[str], Path]
) -> None:
    """Nothing is imported by the way."""
    before = table_states(store)
    with pytest.raises(ReferenceDataError, match=r"CLO-1999.*6234.*Import the trade first"):
        desk.apply_event(sample("stock-split-equity-swap"))
    assert table_states(store) == before


def test_a_dry_run_and_a_preview_store_nothing(desk: SwapDesk, store: Store, swap: Contract) -> None:
    """They tell what the event would do."""
    before = table_states(store)

    result = events.preview(store, "TRS-9", decrease("E-1", date(2024, 2, 1), 100.0))

    assert not result.is_written
    assert result.contract.legs[0].lots[0].closed_quantity == 100.0
    assert table_states(store) == before


def apply(store: Store, *several: Event) -> list[EventResult]:
    return [events.apply(store, "TRS-9", one) for one in several]


def test_a_closed_contract_takes_no_event_and_nothing_is_stored(store: Store, swap: Contract) -> None:
    """After a termination an increase is refused; the tables do not change."""
    end = event(
        "T-1", date(2024, 2, 1), Termination(prices={SHARE.reference: 105.0}), kind=BusinessEventType.TERMINATION
    )
    assert apply(store, end)[0].contract.contract_status is ContractStatus.TERMINATED
    before = table_states(store)

    with pytest.raises(ContractClosedError, match="CLO-1961"):
        apply(store, decrease("E-1", date(2024, 2, 2), 10.0))
    with pytest.raises(ReferenceDataError, match="CLO-1983"):
        events.apply(store, "NOBODY", decrease("E-1", date(2024, 2, 2), 10.0))

    assert table_states(store) == before


def test_too_large_a_quantity_is_refused_and_nothing_is_stored(store: Store, swap: Contract) -> None:
    """More shares than are open cannot be closed."""
    before = table_states(store)
    with pytest.raises(InputError, match="CLO-1963"):
        apply(store, decrease("E-1", date(2024, 2, 1), 1_001.0))
    assert table_states(store) == before


def test_a_failure_in_the_middle_leaves_nothing(store: Store, swap: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version and the event are written before the lot events; when these fail, neither stays."""
    before = table_states(store)

    def fail(*_: Any) -> None:
        raise RuntimeError("the power is off")

    monkeypatch.setattr(EventRepository, "put_lot_events", fail)
    with pytest.raises(RuntimeError, match="power"):
        apply(store, decrease("E-1", date(2024, 2, 1), 100.0))

    assert table_states(store) == before


def test_a_termination_cancels_what_lies_after_it(desk: SwapDesk, store: Store, swap: Contract) -> None:
    """What it leaves nothing of is cancelled with its history; the closed part is paid, and nothing stays accrued."""
    days = business_days(date(2024, 1, 1), date(2024, 3, 29))
    with store.begin() as work:
        put_prices(work.payouts, SHARE, dict.fromkeys(days, 101.0))
        put_sofr(work.payouts, dict.fromkeys(days, 0.05))
    desk.end_of_day(date(2024, 3, 15), refreshes_views=False)
    n_accrued = count(store, "cashflows", "cashflow_status = 'ACCRUED'")
    n_realised = count(store, "cashflows", "cashflow_status = 'REALIZED_UNSETTLED'")

    (result,) = apply(store, termination(date(2024, 3, 13), 111.0))

    assert result.n_cancelled == n_accrued == 2
    assert count(store, "cashflow_status_history", "from_status = 'ACCRUED' AND to_status = 'CANCELLED'") == n_accrued
    assert count(store, "cashflows", "cashflow_status = 'REALIZED_UNSETTLED'") == n_realised

    outcome = desk.end_of_day(date(2024, 3, 18), recompute_since=date(2024, 3, 13), refreshes_views=False)

    assert outcome.failures == ()
    paid = "business_event_id IS NOT NULL AND cashflow_status = 'REALIZED_UNSETTLED' AND settlement_amount = 10000"
    assert count(store, "cashflows", paid) == 1
    assert count(store, "cashflows", "cashflow_status = 'ACCRUED' AND amount <> 0") == 0


def test_moved_dates_leave_no_flow_behind(desk: SwapDesk, store: Store, swap: Contract) -> None:
    """A later end of the running period cancels its accrued flow; the new one takes its place the next day."""
    days = business_days(date(2024, 1, 1), date(2024, 6, 28))
    with store.begin() as work:
        put_prices(work.payouts, SHARE, dict.fromkeys(days, 101.0))
        put_sofr(work.payouts, dict.fromkeys(days, 0.05))
    desk.end_of_day(date(2024, 6, 20), refreshes_views=False)
    final = {"role": "FINAL", "schedule_type": "EXPLICIT", "explicit_dates": ["2024-07-31"]}
    first_two = json.loads(state_of(swap))["legs"][0]["performance"]["valuation_schedules"][:2]
    later = {"termination_date": "2024-07-31", "1.performance.valuation_schedules": [*first_two, final]}

    desk.amend("TRS-9", later, date(2024, 6, 21))
    desk.end_of_day(date(2024, 6, 24), refreshes_views=False)

    with store.read() as work:
        rows = work.driver.execute(
            "SELECT l.leg_number, c.accrual_start_date, c.accrual_end_date FROM cashflows c"
            " JOIN contract_legs l ON l.id = c.leg_id WHERE c.cashflow_status = 'ACCRUED' ORDER BY 1, 2"
        ).fetchall()
    assert [row[0] for row in rows] == [1, 2]
    assert {row[2] for row in rows} <= {date(2024, 7, 31), date(2024, 8, 2), date(2024, 7, 10), date(2024, 7, 12)}
    assert count(store, "cashflows", "cashflow_status = 'ACCRUED' AND accrual_end_date < '2024-06-24'") == 0


def test_a_novation_stores_two_contracts(desk: SwapDesk, store: Store, swap: Contract) -> None:
    """The old one is NOVATED, the new one active with the new party and its own lots and dates."""
    step_in = Party(party_identifier="NEWCOMER", party_name="A newcomer")
    novation = Novation(side=Side.PARTY2, new_party=step_in, new_contract_reference="TRS-9N")
    (result,) = apply(store, event("N-1", date(2024, 1, 20), novation, kind=BusinessEventType.NOVATION))

    old, new = desk.contract("TRS-9"), desk.contract("TRS-9N")
    assert (old.contract_status, new.contract_status) == (ContractStatus.NOVATED, ContractStatus.ACTIVE)
    assert new.party2 == step_in
    assert result.contracts == (old, new)
    assert [row[1] for row in lots(store, "TRS-9N")] == [1_000.0]

    events.cancel(store, "TRS-9", "N-1", reason="agreed otherwise")

    assert desk.contract("TRS-9").contract_status is ContractStatus.ACTIVE
    assert desk.contract("TRS-9N").contract_status is ContractStatus.CANCELLED


def test_many_events_replay_to_the_newest_version(desk: SwapDesk, store: Store, swap: Contract) -> None:
    """Increase, decrease, another spread, a later end, one event taken back: replaying gives the stored contract."""
    more = QuantityChange(
        direction=QuantityDirection.INCREASE, quantity=500.0, price=104.0, price_currency="USD", lot_identifier="LOT-2"
    )
    apply(
        store,
        event("E-1", date(2024, 2, 1), more, kind=BusinessEventType.INCREASE),
        decrease("E-2", date(2024, 2, 20), 250.0),
        event(
            "E-3",
            date(2024, 3, 4),
            TermsChange(changes=(FieldChange(path="interest.spread", value=0.01, leg_number=2),)),
            kind=BusinessEventType.TERMS_CHANGE,
        ),
    )
    desk.amend("TRS-9", {"has_late_compensation": True}, date(2024, 3, 5))
    events.cancel(store, "TRS-9", "E-2", reason="wrong account")
    newest = desk.contract("TRS-9")

    assert events.replay(store, "TRS-9") == newest
    assert [row[1] for row in lots(store, "TRS-9")] == [1_000.0, 500.0]
    assert newest.has_late_compensation
    with store.read() as work:
        rows = work.driver.execute(
            "SELECT l.lot_identifier, sum(e.quantity_change)::float8, max(e.sequence) FROM lot_events e"
            " JOIN trade_lots l ON l.id = e.lot_id GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert rows == [("LOT-1", 1_000.0, 1), ("LOT-2", 500.0, 1)]


def test_an_event_taken_back_can_be_brought_back(desk: SwapDesk, store: Store, swap: Contract) -> None:
    """Cancelling twice is cancelling once; cancelling the cancellation restores the event, and so on."""
    (first,) = apply(store, decrease("E-1", date(2024, 2, 1), 100.0))
    undone = events.cancel(store, "TRS-9", "E-1", reason="error")
    again = events.cancel(store, "TRS-9", "E-1", reason="error")
    events.cancel(store, "TRS-9", undone.event_reference, reason="no error")
    restored = desk.contract("TRS-9")
    third = events.cancel(store, "TRS-9", "E-1", reason="an error after all")

    assert (undone.is_repeated, again.is_repeated, third.is_repeated) == (False, True, False)
    assert restored == first.contract
    assert desk.contract("TRS-9") == swap


@pytest.mark.parametrize(("reference", "reason"), [("E-7", "none such"), ("E-1", " ")])
def test_what_cannot_be_taken_back_is_refused(store: Store, swap: Contract, reference: str, reason: str) -> None:
    """An unknown event, and a cancellation without reason."""
    apply(store, decrease("E-1", date(2024, 2, 1), 100.0))
    before = table_states(store)
    with pytest.raises(InputError, match="CLO-1996"):
        events.cancel(store, "TRS-9", reference, reason=reason)
    assert table_states(store) == before


def test_a_document_without_event_is_refused(desk: SwapDesk, store: Store, reference: Path, tmp_path: Path) -> None:
    """A trade is no event, and half an event is none."""
    half = tmp_path / "half.json"
    half.write_text(json.dumps({"instruction": [], "eventDate": "2024-01-01"}), encoding="utf-8")
    trade = reference / "data" / "cdm" / "trades" / "eqs-ex09-compounding-swap.json"
    for path in (half, trade, tmp_path / "absent.json"):
        with pytest.raises(InputError, match="CLO-1998"):
            desk.apply_event(path)


def test_a_trade_with_events_is_not_overwritten_by_its_document(
    desk: SwapDesk, store: Store, sample: Callable[[str], Path], tmp_path: Path
) -> None:
    """The document it came in is unchanged, a changed one is refused with the remedy."""
    events.apply_document(store, sample("increase-equity-swap"), terms=BOOK_FIRST)
    document = json.loads(sample("increase-equity-swap").read_bytes())["instruction"][0]["before"]
    path = tmp_path / "trade.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    same = desk.import_documents([path])
    document["trade"]["contractDetails"] = {"governingLaw": "GBEN"}
    path.write_text(json.dumps(document), encoding="utf-8")
    before = desk.contract("6234")

    refused = desk.import_documents([path])

    assert [one.outcome for one in same] == [Outcome.UNCHANGED]
    assert [one.outcome for one in refused] == [Outcome.REFUSED]
    assert "amend it" in refused[0].findings[-1].message
    assert desk.contract("6234") == before


def test_contracts_saved_without_lot_events_get_their_openings(desk: SwapDesk, store: Store) -> None:
    """A contract that another job stored has its openings written with its first event."""
    with store.begin() as work:
        (contract,) = stored(work.payouts, total_return_swap("TRS-9", SHARE, start=START, end=END))
    assert count(store, "lot_events") == 0

    apply(store, decrease("E-1", date(2024, 2, 1), 100.0))

    assert count(store, "lot_events") == 2
    assert replace(contract, legs=()) == replace(desk.contract("TRS-9"), legs=())
