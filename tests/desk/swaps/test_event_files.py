"""Events in JSON of our own: what CDM documents cannot say reaches the book, and mistakes are named (spec 07 §19)."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from db.store import Store
from engine.desk.swaps import events
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.events import DocumentTerms
from engine.errors import InputError
from engine.payouts.enums import ContractStatus, UnwindFunding
from tests.desk.swaps.book_tables import table_states
from tests.desk.swaps.day_runs import ACME, PRICES, START, checksums, prepared, rows, run_days, swap

ON, SETTLED, LAST = date(2024, 1, 25), date(2024, 1, 29), date(2024, 2, 16)
DECREASE = {
    "type": "QuantityChange",
    "direction": "DECREASE",
    "quantity": 400,
    "price": 108.0,
    "price_currency": "USD",
    "funding": "BREAK",
}
UNWIND = {
    "contract_reference": "TRS-1",
    "event_reference": "U-1",
    "event_type": "PARTIAL_TERMINATION",
    "event_date": "2024-01-25",
    "settlement_date": "2024-01-29",
    "instructions": [DECREASE],
}
REVERSE_SPLIT = {
    "type": "CorporateActionApplied",
    "action": {
        "instrument_reference": ACME.reference,
        "action_type": "REVERSE_STOCK_SPLIT",
        "ex_date": "2024-01-25",
        "ratio_new": 1,
        "ratio_old": 4,
    },
    "round_units": True,
    "cash_in_lieu_price": 432.0,
}


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes an event and gives its path."""

    def write(document: dict[str, Any]) -> Path:
        path = tmp_path / "event.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


def test_an_unwind_of_a_file_breaks_its_funding(store: Store, written: Any) -> None:
    """The file says what the event is; a dry run stores nothing, the same file again is the first result."""
    desk = prepared(store, swap("TRS-1"))
    path = written(UNWIND)
    before = table_states(store)
    preview = desk.apply_event(path, dry_run=True)
    assert table_states(store) == before

    result = desk.apply_event(path)

    (closing,) = result.contract.legs[0].lots[0].closings
    assert preview.contract == result.contract
    assert (closing.event_date, closing.settlement_date, closing.quantity) == (ON, SETTLED, 400.0)
    assert closing.funding is UnwindFunding.BREAK
    assert desk.apply_event(path).is_repeated


def test_a_termination_of_a_file_takes_terms_that_are_given_apart(store: Store, written: Any) -> None:
    """Contract and settlement date come from the call where the file leaves them out."""
    desk = prepared(store, swap("TRS-1"))
    asked = {"type": "Termination", "prices": {ACME.reference: 108.0}}
    left_out = {"contract_reference", "settlement_date"}
    document = {name: value for name, value in UNWIND.items() if name not in left_out}
    terms = DocumentTerms(contract_reference="TRS-1", settlement_date=SETTLED)

    result = desk.apply_event(written({**document, "event_type": "TERMINATION", "instructions": [asked]}), terms=terms)

    assert result.contract.contract_status is ContractStatus.TERMINATED
    assert result.contract.legs[0].lots[0].closings[0].settlement_date == SETTLED


def reverse_split(store: Store, written: Any) -> SwapDesk:
    """1,001 shares become 250.25 on 25 January, and the share closes at 432 instead of 108."""
    prices = {on: price * (4.0 if on >= ON else 1.0) for on, price in PRICES.items()}
    desk = prepared(store, swap("TRS-1", units=1_001.0), prices=prices)
    run_days(desk, START, date(2024, 1, 24))
    desk.apply_event(written({**UNWIND, "event_type": "CORPORATE_ACTION", "instructions": [REVERSE_SPLIT]}))
    return desk


def test_cash_in_lieu_is_realised_and_paid_with_the_event(store: Store, written: Any) -> None:
    """0.25 x (432 - 400) = 8.00 on the 29th; 250 shares earn the rest of the period. Days that are run again write
    nothing, and replaying gives the stored contract."""
    desk = reverse_split(store, written)
    run_days(desk, ON, LAST)
    seen = checksums(store)
    for on in (ON, SETTLED, LAST):
        desk.end_of_day(on, refreshes_views=False)

    assert checksums(store) == seen
    found = rows(
        store,
        "SELECT cashflow_subtype, accrual_end_date, payment_date, settlement_amount FROM cashflows"
        " WHERE cashflow_type = 'EQUITY_RETURN' AND cashflow_status = 'REALIZED_UNSETTLED' ORDER BY 2",
    )
    reset = 4.0 * PRICES[date(2024, 2, 12)]
    assert found == [
        ("TERMINATION_AMOUNT", ON, SETTLED, Decimal(8)),
        ("PRICE_RETURN", date(2024, 2, 12), date(2024, 2, 14), Decimal(f"{250.0 * (reset - 400.0):.2f}")),
    ]
    assert events.replay(store, "TRS-1") == desk.contract("TRS-1")


def test_taking_the_rounding_back_gives_the_fraction_back(store: Store, written: Any) -> None:
    """The accrued cash is cancelled with the event; the lot has its 1,001 units, on the basis of before."""
    desk = reverse_split(store, written)
    before = swap("TRS-1", units=1_001.0).legs[0].lots
    events.cancel(store, "TRS-1", "U-1", reason="called off")

    assert desk.contract("TRS-1").legs[0].lots == before
    assert events.replay(store, "TRS-1") == desk.contract("TRS-1")


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in UNWIND.items() if key != name}


WRONG = {
    "funding": ({**UNWIND, "instructions": [{**DECREASE, "funding": "BRAKE"}]}, "CLO-1986.*funding.*'RUN' or 'BREAK'"),
    "misspelt": (
        {**UNWIND, "instructions": [{**DECREASE, "fundng": "BREAK"}]},
        "CLO-1998: There is no field fundng in QuantityChange, at .*instruction 1",
    ),
    "inside": (
        {
            **UNWIND,
            "instructions": [{**REVERSE_SPLIT, "action": {**REVERSE_SPLIT["action"], "ratio": 4}}],  # type: ignore[dict-item]
        },
        "CLO-1998: There is no field action.ratio in CorporateActionApplied",
    ),
    "type": ({**UNWIND, "instructions": [{"type": "QuantityChnge"}]}, "CLO-1986.*'QuantityChnge'.*QuantityChange"),
    "no object": ({**UNWIND, "instructions": ["sell"]}, "CLO-1998: An instruction is no object"),
    "no reference": (without("event_reference"), "CLO-1998.*event_reference: Field required"),
    "event type": ({**UNWIND, "event_type": "UNWIND"}, "CLO-1998.*event_type"),
    "unknown": ({**UNWIND, "settlement": "2024-01-29"}, "CLO-1998: There is no field settlement in event"),
    "no contract": (without("contract_reference"), "CLO-1998: The event names no contract"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_a_file_is_named(store: Store, written: Any, name: str) -> None:
    """Number, field and place; nothing is stored."""
    document, problem = WRONG[name]
    desk = prepared(store, swap("TRS-1"))
    before = table_states(store)

    with pytest.raises(InputError, match=problem):
        desk.apply_event(written(document))

    assert table_states(store) == before
