"""Cash flows of a contract as CDM transfer states, with what became of their payments (spec 07 §14.5)."""

import json
from datetime import date
from typing import Any

import pytest

from db.store import Store
from engine.desk.swaps import deferrals, settlement
from engine.desk.swaps.desk import SwapDesk
from engine.errors import ReferenceDataError
from engine.payouts.enums import DeferralReason
from tests.desk.swaps.cash_book import DUE, accrued, open_book, realised, swap

LATER = date(2024, 3, 18)


@pytest.fixture
def store(emptied_store: Store) -> Store:
    return emptied_store


def exported(store: Store, contract: str = "TRS-1") -> dict[str, tuple[str, dict[str, Any]]]:
    """Status and transfer by cash flow, in their order."""
    states = json.loads(SwapDesk(store).export_transfers(contract))
    assert all(state["@type"] == "cdm.event.common.TransferState" for state in states)
    return {
        state["transfer"]["identifier"][0]["assignedIdentifier"][0]["identifier"]["@data"]: (
            state["transferStatus"],
            state["transfer"],
        )
        for state in states
    }


def test_a_transfer_follows_its_payment(store: Store) -> None:
    """Pending, instructed once there is a payment, pending again while that has failed, settled when one arrives."""
    open_book(store)
    reference = realised(store, "a", "-349800.00")
    seen = [exported(store)[reference][0]]
    (failing,) = settlement.settle(store, DUE, execute=True).payments
    seen.append(exported(store)[reference][0])
    settlement.fail(store, failing.payment_reference, DUE, "account closed")
    seen.append(exported(store)[reference][0])
    again = settlement.retry(store, failing.payment_reference, LATER)
    seen.append(exported(store)[reference][0])
    settlement.complete(store, again.payment_reference, LATER)
    status, transfer = exported(store)[reference]

    assert [*seen, status] == ["Pending", "Instructed", "Pending", "Instructed", "Settled"]
    assert transfer["quantity"] == {"value": 349800.0, "unit": {"currency": {"@data": "USD"}}}
    assert transfer["transferType"] == "Performance"
    assert transfer["settlementDate"]["unadjustedDate"] == LATER.isoformat()


def test_what_is_netted_says_so_from_its_execution_on(store: Store) -> None:
    """Two amounts in one instruction are pending until it is executed, and netted from then on."""
    open_book(store)
    references = [realised(store, "a", 100), realised(store, "b", -40)]
    settlement.settle(store, DUE)
    before = [exported(store)[reference][0] for reference in references]
    (payment,) = settlement.settle(store, DUE, execute=True).payments
    executed = [exported(store)[reference][0] for reference in references]
    settlement.complete(store, payment.payment_reference, DUE)
    after = [exported(store)[reference][0] for reference in references]

    assert (before, executed, after) == (["Pending"] * 2, ["Netted"] * 2, ["Netted"] * 2)


def test_only_realised_cash_flows_of_the_contract_are_exported(store: Store) -> None:
    """Accrued ones are left out, deferred ones are pending on their expected day; parties go by their keys."""
    open_book(store, swap(), swap("TRS-2"))
    accrued(store, "a", 5)
    paid, put_off = realised(store, "b", 7), accrued(store, "c", 9)
    realised(store, "d", 11, contract="TRS-2")
    deferrals.defer(
        store,
        put_off,
        reason=DeferralReason.COUNTERPARTY_REQUEST,
        business_date=DUE,
        expected_realization_date=date(2024, 3, 25),
        changed_by="anna",
        justification="asked by FUND",
    )
    document = json.loads(SwapDesk(store).export_cdm("TRS-1"))
    keys = {party["partyId"][0]["identifier"]["@data"]: party["@key:external"] for party in document["trade"]["party"]}

    found = exported(store)

    assert {name: status for name, (status, _) in found.items()} == {paid: "Pending", put_off: "Pending"}
    assert found[put_off][1]["settlementDate"]["unadjustedDate"] == "2024-03-25"
    assert found[paid][1]["payerReceiver"] == {
        "payerPartyReference": {"@ref:external": keys["FUND"]},
        "receiverPartyReference": {"@ref:external": keys["DESK"]},
    }
    with pytest.raises(ReferenceDataError, match="CLO-1983"):
        SwapDesk(store).export_transfers("TRS-9")
