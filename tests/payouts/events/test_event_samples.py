"""The six event samples of the CDM give the results of spec 07 §19.2, from facts entered by hand and as imported."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.payouts.cdm.events import read_event
from engine.payouts.enums import BusinessEventType, CorporateActionType
from engine.payouts.events.apply import apply_event
from engine.payouts.events.lots import open_notional, open_quantity
from engine.payouts.events.requests import EventInstruction, Observation
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract, Leg
from tests.payouts.events.event_contracts import SHPGY, decrease, event, fee, increase, lot, split, swap

TWO_LOTS = (lot("LOT-1"), lot("LOT-2"))


def sample(reference: Path, name: str) -> dict[str, Any]:
    """The primitive instruction of a sample document."""
    path = reference / "data" / "cdm" / "events" / f"{name}-func-input.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    primitive: dict[str, Any] = document["instruction"][0]["primitiveInstruction"]
    return primitive


def test_an_increase_opens_a_second_lot(reference: Path) -> None:
    """250,000 at 30 with their spread and a fee of 2,000; the first lot stays."""
    change = sample(reference, "increase-equity-swap")["quantityChange"]["change"][0]
    quantity, price = change["quantity"]["value"], change["price"][0]["value"]
    asked = increase(quantity, price, lot_identifier="LOT-2", spread=0.002, fee=fee(), notional_change=7_500_000.0)

    outcome = apply_event(swap(), event(asked))

    first, second = outcome.contract.legs[0].lots
    assert first == lot("LOT-1")
    assert (second.opened_quantity, second.initial_price) == (250_000.0, 30.0)
    assert (second.notional_amount, second.spread) == (7_500_000.0, 0.002)
    assert outcome.contract.fees == (fee(),)
    assert (fee().payer_identifier, fee().receiver_identifier, fee().currency) == ("party1", "party2", "USD")
    assert outcome.qualifier == "INCREASE"
    assert outcome.contract.legs[1].notional_amount == 28_469_376.0 + 7_500_000.0


def test_an_increase_on_a_lot_keeps_its_spread_and_recomputes_its_notional(reference: Path) -> None:
    """1,010,400 at 37.44, 37,829,376, spread 0.002: the CDM output adds the spreads and keeps the old notional."""
    quantity = sample(reference, "increase-equity-swap-existing-trade-lot")["quantityChange"]["change"][0]["quantity"]
    lots = (lot("LOT-1"), lot("LOT-2", spread=0.002))

    outcome = apply_event(swap(lots), event(increase(quantity["value"], lot_identifier="LOT-2", spread=0.002)))

    first, second = outcome.contract.legs[0].lots
    assert first == lot("LOT-1")
    assert (second.opened_quantity, second.initial_price, second.spread) == (1_010_400.0, 37.44, 0.002)
    assert second.notional_amount == 37_829_376.0
    assert [one.code for one in outcome.findings][:1] == [FindingCode.DATES_MERGED]


def test_a_partial_termination_leaves_four_fifths(reference: Path) -> None:
    """152,080 of LOT-2 close: 608,320 and 22,775,500.80 stay open, LOT-1 is unchanged, the qualifier is there."""
    quantity = sample(reference, "partial-termination-equity-swap")["quantityChange"]["change"][0]["quantity"]
    asked = decrease(quantity["value"], lot_identifier="LOT-2", fee=fee())

    outcome = apply_event(swap(TWO_LOTS), event(asked, kind=BusinessEventType.PARTIAL_TERMINATION))

    first, second = outcome.contract.legs[0].lots
    assert first == lot("LOT-1")
    assert open_quantity(second) == 608_320.0
    assert open_notional(second) == pytest.approx(22_775_500.80, abs=1e-6)
    assert outcome.event_type is BusinessEventType.PARTIAL_TERMINATION
    assert outcome.qualifier == "PARTIAL_TERMINATION"
    assert outcome.effect.fees == (fee(),)
    assert FindingCode.PRICE_MISSING in {one.code for one in outcome.findings}


def test_a_split_doubles_units_and_halves_the_price(reference: Path) -> None:
    """1,520,800 at 18.72, notional unchanged, on the split's own effective date and not the event's."""
    instruction = sample(reference, "stock-split-equity-swap")["stockSplit"]
    asked = split(instruction["adjustmentRatio"], date.fromisoformat(instruction["effectiveDate"]))
    dated = replace(event(asked, kind=BusinessEventType.STOCK_SPLIT), event_date=date(2001, 11, 1))

    outcome = apply_event(swap(), dated)

    after = outcome.contract.legs[0].lots[0]
    assert (after.opened_quantity, after.initial_price) == (1_520_800.0, 18.72)
    assert after.notional_amount == 28_469_376.0
    assert after.basis_date == date(2001, 11, 3)
    assert [(one.adjustment_factor, one.ex_date) for one in outcome.effect.actions] == [(0.5, date(2001, 11, 3))]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("corporate-actions", CorporateActionType.STOCK_SPLIT),
        ("corporate-actions-obs", CorporateActionType.CASH_DIVIDEND),
    ],
)
def test_an_observation_changes_no_terms(reference: Path, name: str, kind: CorporateActionType) -> None:
    """The action is stored and waits for its amount."""
    seen = sample(reference, name)["observation"]["observationEvent"]["corporateAction"]
    day = date.fromisoformat(seen["exDate"])
    asked = Observation(action_type=kind, instrument_reference=SHPGY.reference, ex_date=day, pay_date=day)

    outcome = apply_event(swap(), event(asked, kind=BusinessEventType.CORPORATE_ACTION, on=day))

    assert outcome.contract == swap()
    assert outcome.lot_events == ()
    assert [(one.action_type, one.ex_date, one.status) for one in outcome.effect.actions] == [(kind, day, "ESTIMATED")]


def read(reference: Path, name: str) -> tuple[Contract, EventInstruction]:
    """The contract before and the event of a sample, as the importer reads them."""
    path = reference / "data" / "cdm" / "events" / f"{name}-func-input.json"
    draft = read_event(path.read_bytes())
    assert draft.contract is not None
    assert draft.event is not None
    return draft.contract, draft.event


def equity_leg(contract: Contract) -> Leg:
    """The leg that follows the share."""
    return next(leg for leg in contract.legs if leg.performance is not None)


def funding_rate_spread(contract: Contract) -> float | None:
    """The spread of the funding leg, which holds for lots without one of their own."""
    return next(leg.interest.spread for leg in contract.legs if leg.interest is not None)


def test_the_increase_as_read_opens_its_lot(reference: Path) -> None:
    """The result required of increase-equity-swap, from the document to the contract after."""
    contract, asked = read(reference, "increase-equity-swap")

    outcome = apply_event(contract, asked)

    first, second = equity_leg(outcome.contract).lots
    assert first == equity_leg(contract).lots[0]
    assert (first.opened_quantity, first.initial_price) == (760_400.0, 37.44)
    assert (second.lot_identifier, second.opened_quantity, second.initial_price) == ("LOT-2", 250_000.0, 30.0)
    assert (second.notional_amount, second.spread) == (7_500_000.0, 0.002)
    paid = outcome.contract.fees[-1]
    assert (paid.amount, paid.currency) == (2_000.0, "USD")
    assert paid.payer_identifier == contract.party1.party_identifier
    assert paid.receiver_identifier == contract.party2.party_identifier
    assert (contract.party1.cdm_external_key, contract.party2.cdm_external_key) == ("party1", "party2")


def test_the_increase_on_a_lot_as_read_keeps_its_spread(reference: Path) -> None:
    """The result required of increase-equity-swap-existing-trade-lot."""
    contract, asked = read(reference, "increase-equity-swap-existing-trade-lot")

    outcome = apply_event(contract, asked)

    after = equity_leg(outcome.contract).lots[1]
    spread = after.spread if after.spread is not None else funding_rate_spread(outcome.contract)
    assert (after.lot_identifier, after.opened_quantity, after.initial_price) == ("LOT-2", 1_010_400.0, 37.44)
    assert (after.notional_amount, spread) == (37_829_376.0, 0.002)


def test_the_partial_termination_as_read_closes_a_fifth(reference: Path) -> None:
    """The result required of partial-termination-equity-swap."""
    contract, asked = read(reference, "partial-termination-equity-swap")

    outcome = apply_event(contract, asked)

    first, second = equity_leg(outcome.contract).lots
    assert first == equity_leg(contract).lots[0]
    assert open_quantity(second) == 608_320.0
    assert open_notional(second) == pytest.approx(22_775_500.80, abs=1e-6)
    assert outcome.qualifier == "PARTIAL_TERMINATION"
    assert [(one.amount, one.currency) for one in outcome.effect.fees] == [(2_000.0, "USD")]


def test_the_split_as_read_doubles_units(reference: Path) -> None:
    """The result required of stock-split-equity-swap."""
    contract, asked = read(reference, "stock-split-equity-swap")

    outcome = apply_event(contract, asked)

    after = equity_leg(outcome.contract).lots[0]
    assert (after.opened_quantity, after.initial_price) == (1_520_800.0, 18.72)
    assert (after.notional_amount, after.basis_date) == (28_469_376.0, date(2001, 11, 3))
    assert asked.event_date == date(2001, 11, 1)


@pytest.mark.parametrize("name", ["corporate-actions", "corporate-actions-obs"])
def test_observations_as_read_change_no_terms(reference: Path, name: str) -> None:
    """The results required of both observation samples."""
    contract, asked = read(reference, name)

    outcome = apply_event(contract, asked)

    assert outcome.contract == contract
    assert [one.status for one in outcome.effect.actions] == ["ESTIMATED"]
    assert outcome.event_type is BusinessEventType.CORPORATE_ACTION
