"""The six sample events read into the instructions of spec 07 §19.2."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from engine.payouts.cdm.events import EventDraft, read_event
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.writer import write_trade
from engine.payouts.enums import BusinessEventType, CashflowSubtype, CorporateActionType
from engine.payouts.events.requests import Observation, QuantityChange, QuantityDirection, StockSplit
from tests.payouts.cdm.made_contracts import single_share

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"
SHIRE = "OTHER:SHPGY.O"


def sample(name: str) -> EventDraft:
    return read_event((FOLDER / "events" / f"{name}-func-input.json").read_bytes())


def test_an_increase_with_a_new_lot(reference: Path) -> None:
    """250,000 units at 30 in LOT-2 with 7,500,000 notional and spread 0.002, and a fee of 2,000 USD to party 2."""
    draft = sample("increase-equity-swap")
    assert draft.event is not None
    assert draft.contract is not None
    [change] = draft.event.instructions
    assert isinstance(change, QuantityChange)
    assert change.fee is not None

    assert draft.event.event_type is BusinessEventType.INCREASE
    assert (draft.event.event_date, draft.event.effective_date) == (date(2021, 11, 11), date(2021, 11, 11))
    assert (change.direction, change.lot_identifier) == (QuantityDirection.INCREASE, "LOT-2")
    assert change.instrument_reference == SHIRE
    assert (change.quantity, change.price, change.price_currency) == (250_000.0, 30.0, "USD")
    assert (change.notional_change, change.notional_currency, change.spread) == (7_500_000.0, "USD", 0.002)
    assert (change.fee.amount, change.fee.currency, change.fee.payment_date) == (2_000.0, "USD", date(2001, 9, 24))
    assert (change.fee.payer_identifier, change.fee.receiver_identifier) == ("Party A", "Party B")
    assert change.fee.subtype is CashflowSubtype.UPFRONT_FEE
    [lot] = draft.contract.legs[0].lots
    assert (lot.lot_identifier, lot.opened_quantity, lot.initial_price) == ("LOT-1", 760_400.0, 37.44)


def test_an_increase_of_an_existing_lot(reference: Path) -> None:
    """Two lots before; 250,000 more units of LOT-2 without a price of their own."""
    draft = sample("increase-equity-swap-existing-trade-lot")
    assert draft.event is not None
    assert draft.contract is not None
    [change] = draft.event.instructions
    assert isinstance(change, QuantityChange)

    assert [(lot.lot_identifier, lot.opened_quantity, lot.spread) for lot in draft.contract.legs[0].lots] == [
        ("LOT-1", 760_400.0, 0.002),
        ("LOT-2", 760_400.0, 0.002),
    ]
    assert draft.contract.legs[0].notional_amount == 56_938_752.0
    assert (change.quantity, change.lot_identifier, change.price, change.fee) == (250_000.0, "LOT-2", None, None)


def test_a_partial_termination(reference: Path) -> None:
    """152,080 units less of LOT-2, a fee of 2,000 USD; the type is there though the document has no intent."""
    draft = sample("partial-termination-equity-swap")
    assert draft.event is not None
    [change] = draft.event.instructions
    assert isinstance(change, QuantityChange)
    assert change.fee is not None

    assert draft.event.event_type is BusinessEventType.PARTIAL_TERMINATION
    assert (change.direction, change.quantity) == (QuantityDirection.DECREASE, 152_080.0)
    assert (change.fee.amount, change.fee.subtype) == (2_000.0, CashflowSubtype.BREAKAGE_FEE)


def test_a_stock_split(reference: Path) -> None:
    """Ratio 2, effective on 2001-11-03 though the event is dated 2001-11-01."""
    draft = sample("stock-split-equity-swap")
    assert draft.event is not None

    assert draft.event.event_type is BusinessEventType.STOCK_SPLIT
    assert draft.event.intent == "CORPORATE_ACTION_ADJUSTMENT"
    assert (draft.event.event_date, draft.event.effective_date) == (date(2001, 11, 1), date(2001, 11, 3))
    assert draft.event.instructions == (
        StockSplit(instrument_reference=SHIRE, ratio=2.0, effective_date=date(2001, 11, 3)),
    )


@pytest.mark.parametrize(
    ("name", "kind", "day"),
    [
        ("corporate-actions", CorporateActionType.STOCK_SPLIT, date(2009, 2, 1)),
        ("corporate-actions-obs", CorporateActionType.CASH_DIVIDEND, date(2009, 2, 13)),
    ],
)
def test_observations_change_no_terms(name: str, kind: CorporateActionType, day: date, reference: Path) -> None:
    """A split, then a cash dividend without amount, are observed on the index."""
    draft = sample(name)
    assert draft.event is not None

    assert draft.event.event_type is BusinessEventType.CORPORATE_ACTION
    assert draft.event.instructions == (
        Observation(action_type=kind, instrument_reference="OTHER:.GDAXI", ex_date=day, pay_date=day),
    )


def test_earlier_observations_are_those_of_the_state_before(reference: Path) -> None:
    """The state before the dividend tells of the split."""
    [before] = sample("corporate-actions-obs").before

    assert [one.action_type for one in before.corporate_actions] == [CorporateActionType.STOCK_SPLIT]


def test_reading_an_event_twice_gives_the_same_reference(reference: Path) -> None:
    """Without an identifier of its own an event is known by its date and content."""
    first, second = sample("increase-equity-swap"), sample("increase-equity-swap")

    assert first.event is not None
    assert second.event is not None
    assert first.event.event_reference == second.event.event_reference
    assert first.event == second.event


def event(units: float, direction: str = "Decrease", **primitive: object) -> str:
    change = {"direction": direction, "change": [{"quantity": {"value": units, "unit": {"financialUnit": "Share"}}}]}
    before = json.loads(write_trade(single_share()))
    instruction = {"primitiveInstruction": {"quantityChange": change, **primitive}, "before": before}
    return json.dumps({"instruction": [instruction], "eventDate": "2024-12-02"})


def test_a_decrease_of_everything_is_a_termination() -> None:
    """1,400 units are open: 1,000 and 500 less 100 that were closed."""
    whole, part = read_event(event(1_400.0)), read_event(event(1_399.0))

    assert whole.event is not None
    assert whole.event.event_type is BusinessEventType.TERMINATION
    assert part.event is not None
    assert part.event.event_type is BusinessEventType.PARTIAL_TERMINATION


def test_an_instruction_that_is_not_read_refuses_the_event() -> None:
    """A change of terms beside the change of quantity is not dropped in silence."""
    draft = read_event(event(100.0, termsChange={}))

    assert draft.events == ()
    assert [one.code for one in draft.findings if one.severity == "ERROR"] == ["EVENT_REFUSED"]


def test_a_workflow_step_is_read_by_its_event() -> None:
    """The business event inside a workflow step gives the same instruction."""
    inner = json.loads(event(100.0))
    step = json.dumps({"@type": "cdm.event.workflow.WorkflowStep", "businessEvent": inner})

    assert read_event(step).events == read_event(event(100.0)).events


@pytest.mark.parametrize(
    ("name", "lots"),
    [
        ("increase-equity-swap", [("LOT-1", 760_400.0, 37.44), ("LOT-2", 250_000.0, 30.0)]),
        ("partial-termination-equity-swap", [("LOT-1", 760_400.0, 37.44), ("LOT-2", 608_320.0, 37.44)]),
        ("stock-split-equity-swap", [("LOT-1", 1_520_800.0, 18.72)]),
    ],
)
def test_the_state_after_an_event_reads_as_a_trade(
    name: str, lots: list[tuple[str, float, float]], reference: Path
) -> None:
    """A business event document is a trade too: the one after it, with all lots, those without keys included."""
    draft = read_trade((FOLDER / "events" / f"{name}-func-output.json").read_bytes())
    assert draft.contract is not None

    assert draft.document_root == "BusinessEvent"
    found = draft.contract.legs[0].lots
    assert [(lot.lot_identifier, lot.opened_quantity, lot.initial_price) for lot in found] == lots
