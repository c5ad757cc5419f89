"""Contracts are checked at the border, stored whole, amended from a day on and shown whole (spec 07 §21)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from db.payouts.contracts import ContractRepository
from db.payouts.state import state_of
from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps import contracts, events
from engine.desk.swaps.desk import SwapDesk
from engine.errors import InputError, ReferenceDataError
from engine.payouts.dates.schedule import valuation_line
from engine.payouts.enums import DayCount
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.performance import PerformancePayout
from tests.desk.swaps.book_tables import count, new_store, table_states
from tests.desk.swaps.swap_book import put_calendar, share, total_return_swap

START, END = date(2024, 1, 10), date(2024, 7, 10)
SHARE = share("ACME.N")


@pytest.fixture
def desk(store: Store) -> SwapDesk:
    """A desk with New York's calendar and no contracts."""
    with store.begin() as work:
        put_calendar(work.payouts)
    return SwapDesk(store)


@pytest.fixture
def terms() -> Contract:
    """A monthly total return swap without dates yet."""
    return total_return_swap("TRS-1", SHARE, start=START, end=END)


@pytest.fixture(scope="module")
def shared(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """A store with one swap, TRS-7, that refused requests leave as it is."""
    with new_store(server_url, template_database, storage_settings) as opened:
        contracts.create(opened, total_return_swap("TRS-7", SHARE, start=START, end=END))
        yield opened


def request_of(contract: Contract) -> dict[str, Any]:
    """A contract as somebody would send it."""
    found: dict[str, Any] = json.loads(state_of(contract))
    return found


def equity(contract: Contract) -> PerformancePayout:
    payout = contract.legs[0].performance
    assert payout is not None
    return payout


def test_a_contract_gets_its_dates_and_is_stored_once(desk: SwapDesk, store: Store, terms: Contract) -> None:
    """A request as JSON and the record give the same contract, and the second one writes nothing."""
    first = desk.create(request_of(terms))
    before = table_states(store)
    second = desk.create(terms)

    line = valuation_line(equity(first.contract))
    assert [day.adjusted_date.isoformat() for day in line] == [
        "2024-01-10", "2024-02-12", "2024-03-11", "2024-04-10", "2024-05-10", "2024-06-10", "2024-07-10",
    ]  # fmt: skip
    assert second == first
    assert (first.version, table_states(store)) == (1, before)
    assert count(store, "lot_events") == 1


def set_at(request: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A request with another value at a path."""
    *steps, last = path.split(".")
    place: Any = request
    for step in steps:
        place = place[int(step)] if step.isdecimal() else place[step]
    place[last] = value
    return request


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("trade_date", "yesterday", r"CLO-1995.*trade_date"),
        ("legs.1.interest.day_count", "ACT/361", r"CLO-1995.*legs\.1\.interest\.day_count"),
        ("legs.0.lots.0.notional_amount", "much", r"CLO-1995.*lots\.0\.notional_amount"),
        ("legs.0.performence", {}, r"CLO-1995.*legs\.0\.performence"),
        ("termination_date", "2023-01-01", r"CLO-19(04|95)"),
    ],
)
def test_a_wrong_request_names_the_field_and_stores_nothing(
    shared: Store, terms: Contract, path: str, value: object, message: str
) -> None:
    """Types, closed lists, unknown fields and dates out of order are told by their path."""
    before = table_states(shared)
    with pytest.raises(InputError, match=message):
        contracts.create(shared, set_at(request_of(terms), path, value))
    assert table_states(shared) == before


def test_a_reference_is_taken_once(shared: Store, terms: Contract) -> None:
    """Another contract under it is refused, and the stored one stays."""
    before = table_states(shared)
    with pytest.raises(InputError, match="CLO-1997"):
        contracts.create(shared, replace(terms, contract_reference="TRS-7", governing_law="GBEN"))
    assert table_states(shared) == before


def test_a_failure_in_the_middle_leaves_nothing(
    desk: SwapDesk, store: Store, terms: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last write of a contract fails, none of its rows stays, nor a party or an instrument."""
    before = table_states(store)
    save = ContractRepository.save

    def save_and_fail(self: ContractRepository, *given: Any, **named: Any) -> None:
        save(self, *given, **named)
        raise RuntimeError("the power is off")

    monkeypatch.setattr(ContractRepository, "save", save_and_fail)
    with pytest.raises(RuntimeError, match="power"):
        desk.create(terms)

    assert table_states(store) == before
    assert count(store, "contract_legs") == count(store, "parties") == 0


def test_an_amendment_moves_only_later_dates(desk: SwapDesk, store: Store, terms: Contract) -> None:
    """From 1 April on the swap ends earlier; dates before stay, and replaying gives the same."""
    before = desk.create(terms).contract
    roll = {
        "termination_date": "2024-06-10",
        "1.performance.valuation_schedules": [
            *request_of(before)["legs"][0]["performance"]["valuation_schedules"][:2],
            {"role": "FINAL", "schedule_type": "EXPLICIT", "explicit_dates": ["2024-06-10"]},
        ],
    }

    after = desk.amend("TRS-1", roll, date(2024, 4, 1), expected_version=1)
    again = desk.amend("TRS-1", roll, date(2024, 4, 1), expected_version=1)

    old, new = (valuation_line(equity(one)) for one in (before, after.contract))
    assert new[:3] == old[:3]
    assert [day.adjusted_date.isoformat() for day in new[3:]] == ["2024-04-10", "2024-05-10", "2024-06-10"]
    assert (after.version, again.version) == (2, 2)
    assert after.contract.termination_date == date(2024, 6, 10)
    assert events.replay(store, "TRS-1") == after.contract == desk.contract("TRS-1")
    with store.read() as work:
        assert work.payouts.contracts.version("TRS-1", 1) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"terminaton_date": "2024-06-10"}, "CLO-1986.*termination_date"),
        ({"2.interest.day_count": "ACT/361"}, "CLO-1986.*day_count"),
        ({"contract_reference": "TRS-2"}, "CLO-1967"),
        ({"9.interest.spread": 0.01}, "CLO-1905"),
        ({}, "CLO-1967"),
    ],
)
def test_an_impossible_amendment_stores_nothing(shared: Store, changes: dict[str, object], message: str) -> None:
    """Unknown terms come with a suggestion, wrong values with what they should be."""
    before = table_states(shared)
    with pytest.raises(InputError, match=message):
        contracts.amend(shared, "TRS-7", changes, date(2024, 4, 1))
    assert table_states(shared) == before


def test_an_amendment_of_an_old_version_is_refused(desk: SwapDesk, terms: Contract) -> None:
    """Who looked at version 1 may not overwrite version 2."""
    desk.create(terms)
    desk.amend("TRS-1", {"2.interest.day_count": "ACT/365.FIXED"}, date(2024, 4, 1), expected_version=1)
    with pytest.raises(InputError, match="CLO-1982"):
        desk.amend("TRS-1", {"has_late_compensation": True}, date(2024, 4, 1), expected_version=1)


def test_the_detail_is_the_stored_state(desk: SwapDesk, store: Store, terms: Contract) -> None:
    """Contract, payouts, events and findings in four statements; the tables hold the same payout as the state."""
    desk.create(terms)
    desk.amend("TRS-1", {"2.interest.day_count": "ACT/365.FIXED"}, date(2024, 1, 10))
    found = contracts.detail(store, "TRS-1")
    with store.read() as work:
        table = work.payouts.payouts.detail("TRS-1", 1)

    assert (found.version, [line.leg_number for line in found.payouts]) == (2, [1])
    assert [one.qualifier for one in found.events] == ["TERMS_CHANGE"]
    funding = found.contract.legs[1].interest
    assert funding is not None
    assert funding.day_count is DayCount.ACT_365_FIXED
    stated = equity(found.contract)
    roles = {schedule.role: schedule for schedule in stated.valuation_schedules}
    assert {schedule.role: schedule for schedule in table.payout.valuation_schedules} == roles
    assert table.payout.returns == stated.returns
    assert table.payout.underlier == stated.underlier
    with pytest.raises(ReferenceDataError, match="CLO-1983"):
        contracts.detail(store, "TRS-2")
