"""Moves of cashflows through the desk, in the database (spec 07 §14.3, §14.4, §26.1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps import deferrals, settlement
from engine.desk.swaps.life_cycle import ANY_VERSION, BatchMove, batch, transition
from engine.errors import InputError, ReferenceDataError
from engine.payouts.enums import CashflowStatus, DeferralOutcome, DeferralReason
from engine.payouts.life_cycle import TRANSITIONS, InvalidTransition, MissingDetail, StaleVersion
from engine.payouts.transition_requests import (
    Adjust,
    AnyRequest,
    Approval,
    Cancel,
    Defer,
    Extend,
    Realise,
    Release,
    Settle,
)
from tests.desk.swaps.cash_book import (
    DUE,
    accrued,
    ages_on,
    at_once,
    open_book,
    realise,
    realised,
    row_counts,
    statuses,
)

S = CashflowStatus
TODAY = date(2024, 3, 13)
LATER = date(2024, 4, 15)
COMMON = {"version": ANY_VERSION, "business_date": TODAY, "changed_by": "anna", "reason": "because"}
CORRECTION = "TRS-1/correction"


@pytest.fixture
def store(emptied_store: Store) -> Store:
    return emptied_store


def deferred(store: Store, name: str) -> str:
    reference = accrued(store, name, "500.25")
    transition(store, reference, request(S.ACCRUED, S.REALIZED_DEFERRED), idempotency_key=None)
    return reference


def settled(store: Store, name: str) -> str:
    reference = realised(store, name, "1000.125")
    (payment,) = settlement.settle(store, DUE, execute=True).payments
    settlement.complete(store, payment.payment_reference, DUE)
    return reference


def cancelled(store: Store, name: str) -> str:
    reference = accrued(store, name, 10)
    transition(store, reference, request(S.ACCRUED, S.CANCELLED), idempotency_key=None)
    return reference


def adjusted(store: Store, name: str) -> str:
    reference = accrued(store, name, 10)
    transition(store, reference, request(S.ACCRUED, S.ADJUSTED), idempotency_key=None)
    return reference


IN_STATUS: dict[S, Callable[[Store, str], str]] = {
    S.ACCRUED: lambda store, name: accrued(store, name, "1000.125"),
    S.REALIZED_DEFERRED: deferred,
    S.REALIZED_UNSETTLED: lambda store, name: realised(store, name, "1000.125"),
    S.REALIZED_SETTLED: settled,
    S.CANCELLED: cancelled,
    S.ADJUSTED: adjusted,
}


def request(current: S, to: S) -> AnyRequest:
    """A request with everything that a move needs."""
    match to:
        case S.REALIZED_DEFERRED if current is S.REALIZED_DEFERRED:
            return Extend(**COMMON, expected_realization_date=date(2024, 5, 15))  # type: ignore[arg-type]
        case S.REALIZED_DEFERRED:
            return Defer(
                **COMMON,  # type: ignore[arg-type]
                deferral_reason=DeferralReason.TECHNICAL_ISSUE,
                expected_realization_date=LATER,
            )
        case S.REALIZED_UNSETTLED:
            return (Release if current is S.REALIZED_DEFERRED else Realise)(**COMMON)  # type: ignore[arg-type]
        case S.REALIZED_SETTLED:
            return Settle(
                **COMMON,  # type: ignore[arg-type]
                settlement_date=DUE,
                payment_reference="PAY-1",
                amount=Decimal("1000.13"),
            )
        case S.CANCELLED:
            return Cancel(**COMMON)  # type: ignore[arg-type]
        case _:
            return Adjust(**COMMON, superseded_by=CORRECTION)  # type: ignore[arg-type]


ALLOWED = [(current, to) for current in S for to in S if to in TRANSITIONS[current] and to is not S.REALIZED_SETTLED]
FORBIDDEN = [(current, to) for current in S for to in S if to not in TRANSITIONS[current] and to is not S.ACCRUED]


def test_every_move_of_the_table_is_stored_with_history_and_message(store: Store) -> None:
    """Each allowed move gives the next version, one history row and one message."""
    open_book(store)
    accrued(store, "correction", 1)
    for current, to in ALLOWED:
        reference = IN_STATUS[current](store, f"{current}-{to}")
        before = row_counts(store)
        with store.read() as work:
            version = work.payouts.life_cycle.read([reference])[0].state.version

        moved = transition(store, reference, request(current, to), idempotency_key=f"key {reference}")

        after = row_counts(store)
        assert (moved.move.from_status, moved.move.to_status) == (current, to)
        assert statuses(store, [reference]) == [to]
        assert moved.state.version == version + 1
        assert after["cashflow_status_history"] == before["cashflow_status_history"] + 1
        assert after["payout_outbox"] == before["payout_outbox"] + 1
        with store.read() as work:
            assert work.payouts.life_cycle.history(reference)[-1] == moved.move
            assert work.payouts.life_cycle.read([reference])[0].state == moved.state


def test_no_move_outside_the_table_succeeds(store: Store) -> None:
    """Each forbidden move is refused and writes nothing."""
    open_book(store)
    accrued(store, "correction", 1)
    # The settled one first: netting takes everything that is due.
    ordered = sorted(S, key=lambda current: current is not S.REALIZED_SETTLED)
    reference_in = {current: IN_STATUS[current](store, current.value) for current in ordered}
    before = row_counts(store)
    for current, to in FORBIDDEN:
        with pytest.raises(InvalidTransition, match="CLO-1951"):
            transition(store, reference_in[current], request(current, to), idempotency_key=None)

    assert row_counts(store) == before
    assert {current: statuses(store, [one])[0] for current, one in reference_in.items()} == {s: s for s in S}


def test_cash_is_not_settled_without_its_payment(store: Store) -> None:
    """A settlement that names no completed payment of the cashflow is refused."""
    open_book(store)
    reference = realised(store, "a", "1000.125")

    with pytest.raises(MissingDetail, match="PAY-1 is no completed payment"):
        transition(store, reference, request(S.REALIZED_UNSETTLED, S.REALIZED_SETTLED), idempotency_key=None)


def test_what_is_being_paid_is_not_cancelled(store: Store) -> None:
    """A cashflow in a live netting instruction is cancelled only once the instruction is."""
    open_book(store)
    reference = realised(store, "a", 100)
    (instruction,) = settlement.settle(store, DUE).instructions
    cancel = request(S.REALIZED_UNSETTLED, S.CANCELLED)

    with pytest.raises(InputError, match="CLO-1971"):
        transition(store, reference, cancel, idempotency_key=None)
    settlement.cancel_netting(store, instruction.netting_reference)
    transition(store, reference, cancel, idempotency_key=None)

    assert statuses(store, [reference]) == [S.CANCELLED]


def test_realisation_rounds_once_and_names_who_pays(store: Store) -> None:
    """Halves go up in minor units, and a negative amount is paid by the reporting party."""
    open_book(store)
    paid, received = accrued(store, "paid", "-1000.125"), accrued(store, "received", "0.005", currency="JPY")

    states = [realise(store, one).state for one in (paid, received)]

    assert [state.settlement_amount for state in states] == [Decimal("-1000.13"), Decimal(0)]
    assert [(state.payer, state.receiver) for state in states] == [("DESK", "FUND"), ("FUND", "DESK")]
    with store.read() as work:
        assert work.payouts.life_cycle.read([paid])[0].state == states[0]


def test_the_same_key_gives_the_first_result(store: Store) -> None:
    """A request that comes again writes nothing, even when the cashflow has moved on."""
    open_book(store)
    reference = accrued(store, "a", 100)
    first = transition(store, reference, request(S.ACCRUED, S.REALIZED_DEFERRED), idempotency_key="key")
    released = transition(store, reference, request(S.REALIZED_DEFERRED, S.REALIZED_UNSETTLED), idempotency_key=None)
    before = row_counts(store)

    again = transition(
        store, reference, request(S.ACCRUED, S.REALIZED_DEFERRED), expected_version=1, idempotency_key="key"
    )

    assert again.move == first.move
    assert (first.is_repeated, again.is_repeated) == (False, True)
    assert again.state == released.state
    assert row_counts(store) == before


def test_a_key_belongs_to_one_move(store: Store) -> None:
    """A key that another cashflow or another status used is refused, and nothing is written."""
    open_book(store)
    one, two = accrued(store, "a", 100), accrued(store, "b", 100)
    transition(store, one, request(S.ACCRUED, S.REALIZED_UNSETTLED), idempotency_key="key")
    before = row_counts(store)

    for reference, to in ((two, S.REALIZED_UNSETTLED), (one, S.CANCELLED)):
        with pytest.raises(InputError, match="CLO-1975"):
            transition(store, reference, request(S.ACCRUED, to), idempotency_key="key")
    assert row_counts(store) == before


def test_of_two_sessions_one_wins_and_the_other_is_stale(
    store: Store, cash_database_url: str, storage_settings: StorageSettings
) -> None:
    """Two that decided on the same version: one move is made, the other is refused as stale."""
    open_book(store)
    reference = accrued(store, "a", 100)
    wanted = [request(S.ACCRUED, S.REALIZED_UNSETTLED), request(S.ACCRUED, S.CANCELLED)]

    results = at_once(
        cash_database_url,
        storage_settings,
        [
            lambda own, one=one: transition(own, reference, one, expected_version=1, idempotency_key=None)  # type: ignore[misc]
            for one in wanted
        ],
    )

    assert sum(isinstance(result, StaleVersion) for result in results) == 1
    with store.read() as work:
        assert len(work.payouts.life_cycle.history(reference)) == 2
        assert work.payouts.life_cycle.read([reference])[0].state.version == 2


def test_two_sessions_with_one_key_make_one_move(
    store: Store, cash_database_url: str, storage_settings: StorageSettings
) -> None:
    """The same request twice at the same time gives both callers the one move."""
    open_book(store)
    reference = accrued(store, "a", 100)
    asked = request(S.ACCRUED, S.REALIZED_UNSETTLED)

    one, two = at_once(
        cash_database_url,
        storage_settings,
        [lambda own: transition(own, reference, asked, expected_version=1, idempotency_key="key").move] * 2,
    )

    assert one == two
    with store.read() as work:
        assert work.payouts.life_cycle.history(reference)[1:] == (one,)


def test_a_batch_reports_row_by_row(store: Store) -> None:
    """What is refused is reported with its error, and the rows after it are moved all the same."""
    open_book(store)
    one, two = accrued(store, "a", 100), accrued(store, "b", 100)
    asked = request(S.ACCRUED, S.REALIZED_UNSETTLED)

    results = batch(
        store,
        [
            BatchMove(one, asked),
            BatchMove(one, asked),
            BatchMove("TRS-1/none", asked),
            BatchMove(two, asked, expected_version=7),
            BatchMove(two, asked, idempotency_key="key"),
        ],
    )

    assert [result.cashflow_reference for result in results] == [one, one, "TRS-1/none", two, two]
    assert [result.moved is not None for result in results] == [True, False, False, False, True]
    assert [type(result.error) for result in results[1:4]] == [InvalidTransition, ReferenceDataError, StaleVersion]
    assert statuses(store, [one, two]) == [S.REALIZED_UNSETTLED] * 2


def test_an_approver_is_somebody_else(store: Store) -> None:
    """A move that its own requester approves is refused; without approval it is missing."""
    open_book(store)
    reference = accrued(store, "a", 100)
    asked = replace(request(S.ACCRUED, S.REALIZED_DEFERRED), approval_required=True)
    at = datetime(2024, 3, 13, 12, tzinfo=UTC)

    with pytest.raises(MissingDetail, match="needs an approval"):
        transition(store, reference, asked, idempotency_key=None)
    with pytest.raises(InputError, match="CLO-1973"):
        transition(
            store,
            reference,
            replace(asked, approval=Approval(approved_by="anna", approved_at=at)),
            idempotency_key=None,
        )
    moved = transition(
        store, reference, replace(asked, approval=Approval(approved_by="bert", approved_at=at)), idempotency_key=None
    )

    assert moved.move.approved_by == "bert"


def test_nothing_stays_of_a_move_that_fails_in_the_middle(store: Store) -> None:
    """A failure after row and history are written, at the message, leaves the cashflow as it was."""
    open_book(store)
    reference = accrued(store, "a", 100)
    with store.begin() as work:
        work.driver.execute("ALTER TABLE payout_outbox ADD CONSTRAINT no_more CHECK (topic <> 'cashflow.deferred')")
    before = row_counts(store)

    with pytest.raises(InputError, match="CLO-3007"):
        transition(store, reference, request(S.ACCRUED, S.REALIZED_DEFERRED), idempotency_key="key")

    assert row_counts(store) == before
    with store.read() as work:
        assert work.payouts.life_cycle.read([reference])[0].state.version == 1


def test_a_correction_has_to_exist_in_the_contract(store: Store) -> None:
    """An adjustment names a stored cashflow of the same contract; the chain lists both in their order."""
    open_book(store)
    reference = realised(store, "a", 100)
    adjust = request(S.REALIZED_UNSETTLED, S.ADJUSTED)

    with pytest.raises(InputError, match="CLO-1976"):
        transition(store, reference, adjust, idempotency_key=None)
    accrued(store, "correction", -3, supersedes=reference, kind=("ADJUSTMENT", "CORRECTION"))
    moved = transition(store, reference, adjust, idempotency_key=None)

    assert moved.state.superseded_by == CORRECTION
    with store.read() as work:
        for asked in (reference, CORRECTION):
            chain = work.payouts.life_cycle.chain(asked)
            assert [item.state.cashflow_reference for item in chain] == [reference, CORRECTION]


def test_episodes_follow_the_deferral(store: Store) -> None:
    """An extension ends one episode and begins the next, a release ends it; ageing counts from the first deferral."""
    open_book(store)
    reference = deferred(store, "a")
    deferrals.extend(
        store,
        reference,
        business_date=LATER,
        expected_realization_date=date(2024, 5, 15),
        changed_by="anna",
        justification="still open",
    )
    (age,) = ages_on(store, date(2024, 5, 20))
    moved = deferrals.release(store, reference, business_date=date(2024, 5, 18), changed_by="anna")

    with store.read() as work:
        first, second = work.payouts.deferrals.episodes(reference)
    assert (age.days_since_deferral, age.days_overdue, age.bucket.value) == (68, 5, "1_30_DAYS")
    assert (first.deferral_date, first.ended_date, first.outcome) == (TODAY, LATER, DeferralOutcome.EXTENDED)
    assert (second.deferral_date, second.outcome) == (LATER, DeferralOutcome.REALIZED)
    assert moved.state.payment_date == date(2024, 5, 20)
