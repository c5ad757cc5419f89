"""The life of a cashflow: every cell of the table of spec 07 §14.3, and what each move needs and does."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import pytest

from engine.conventions.calendar import Calendar
from engine.conventions.days import day_array
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars, JointCalendar
from engine.payouts.enums import CashflowStatus, DeferralOutcome, DeferralReason
from engine.payouts.life_cycle import (
    TRANSITIONS,
    CashflowState,
    InvalidTransition,
    MissingDetail,
    StaleVersion,
    TransitionError,
    allowed,
    apply_transition,
)
from engine.payouts.transition_requests import (
    Adjust,
    AnyRequest,
    Approval,
    Cancel,
    Defer,
    Extend,
    Realise,
    Release,
    Request,
    Settle,
)

TODAY = date(2024, 3, 15)
GOOD_FRIDAY = date(2024, 3, 29)
LATER, LATEST = date(2024, 4, 15), date(2024, 5, 15)

ACCRUED, DEFERRED, UNSETTLED, SETTLED, CANCELLED, ADJUSTED = (
    CashflowStatus.__members__["ACCRUED"],
    *(
        CashflowStatus[name]
        for name in ("REALIZED_DEFERRED", "REALIZED_UNSETTLED", "REALIZED_SETTLED", "CANCELLED", "ADJUSTED")
    ),
)

TABLE = {
    ACCRUED: "yes yes no yes yes",
    DEFERRED: "yes yes no yes yes",
    UNSETTLED: "no no yes yes yes",
    SETTLED: "no no no no yes",
    CANCELLED: "no no no no no",
    ADJUSTED: "no no no no no",
}
"""Rows as §14.3 prints them; columns are those of TARGETS."""

TARGETS = (DEFERRED, UNSETTLED, SETTLED, CANCELLED, ADJUSTED)


@pytest.fixture(scope="module")
def days() -> JointCalendar:
    """New York's week with Good Friday off."""
    return CenterCalendars({"USNY": Calendar(day_array([GOOD_FRIDAY]))}).joint(("USNY",))


def state(status: CashflowStatus = ACCRUED, **changes: object) -> CashflowState:
    realised = status in (DEFERRED, UNSETTLED, SETTLED)
    given: dict[str, object] = {
        "cashflow_reference": "EQS-1/L1/EQUITY_RETURN/20240315/1",
        "status": status,
        "amount": Decimal("349800.1250000000"),
        "currency": "USD",
        "reporting_party": "A",
        "counterparty": "B",
        "payment_date": date(2024, 3, 19),
        "settlement_amount": Decimal("349800.13") if realised else None,
        "realization_date": TODAY if realised else None,
        "deferral_date": TODAY if status is DEFERRED else None,
        "expected_realization_date": LATER if status is DEFERRED else None,
        "deferral_reason": DeferralReason.BUSINESS_RULE if status is DEFERRED else None,
        "version": 3,
    }
    return CashflowState(**{**given, **changes})  # type: ignore[arg-type]


ASKED = {"version": 3, "business_date": TODAY, "changed_by": "operator", "reason": "because"}


def request(kind: type[Request], **changes: object) -> AnyRequest:
    needed: dict[type[Request], dict[str, object]] = {
        Defer: {"deferral_reason": DeferralReason.BUSINESS_RULE, "expected_realization_date": LATER},
        Extend: {"expected_realization_date": LATEST},
        Settle: {"settlement_date": TODAY, "payment_reference": "PAY-1", "amount": Decimal("349800.13")},
        Adjust: {"superseded_by": "EQS-1/L1/ADJUSTMENT/20240315/1"},
    }
    return kind(**{**ASKED, **needed.get(kind, {}), **changes})  # type: ignore[return-value]


def test_the_table_is_that_of_the_specification() -> None:
    """Every cell of §14.3, thirty of them, and nothing leads back to ACCRUED."""
    printed = {
        (start, to): word == "yes"
        for start, row in TABLE.items()
        for to, word in zip(TARGETS, row.split(), strict=True)
    }

    assert {key: allowed(*key) for key in printed} == printed
    assert not any(ACCRUED in targets for targets in TRANSITIONS.values())
    assert set(TRANSITIONS) == set(CashflowStatus)


@pytest.mark.parametrize(("start", "kind"), list(product(CashflowStatus, AnyRequest.__args__)))
def test_every_request_on_every_status(start: CashflowStatus, kind: type[Request], days: JointCalendar) -> None:
    """Of all requests on all statuses those of the table succeed and move one version on; the rest are refused."""
    succeeds = {
        ACCRUED: {Realise, Defer, Cancel, Adjust},
        DEFERRED: {Extend, Release, Cancel, Adjust},
        UNSETTLED: {Settle, Cancel, Adjust},
        SETTLED: {Adjust},
    }
    before = state(start)
    if kind in succeeds.get(start, set()):
        moved = apply_transition(before, request(kind), days)

        assert (moved.state.status, moved.state.version) == (kind.to, 4)
        assert (moved.history.from_status, moved.history.to_status) == (start, kind.to)
        assert allowed(start, kind.to)
    else:
        with pytest.raises(InvalidTransition, match=start.value) as caught:
            apply_transition(before, request(kind), days)
        assert (caught.value.number, caught.value.where) == ("CLO-1951", before.cashflow_reference)


def test_realise_rounds_and_dates(days: JointCalendar) -> None:
    """Realising fixes the settlement amount in cents and the realisation date, and keeps the payment date."""
    moved = apply_transition(state(), request(Realise), days).state

    assert moved.settlement_amount == Decimal("349800.13")
    assert (moved.realization_date, moved.payment_date) == (TODAY, date(2024, 3, 19))
    assert moved.amount == Decimal("349800.1250000000")


@pytest.mark.parametrize(("amount", "payer", "receiver"), [("1.00", "B", "A"), ("-1.00", "A", "B"), ("0", "B", "A")])
def test_who_pays_follows_the_sign(amount: str, payer: str, receiver: str, days: JointCalendar) -> None:
    """The counterparty pays what is positive, the reporting party what is negative."""
    moved = apply_transition(state(amount=Decimal(amount)), request(Realise), days).state

    assert (moved.payer, moved.receiver) == (payer, receiver)


def test_defer_fixes_the_amount_and_opens_an_episode(days: JointCalendar) -> None:
    """Deferring realises: amount and date are fixed, the history tells reason, days and expected date."""
    moved = apply_transition(state(), request(Defer), days)

    assert moved.state.settlement_amount == Decimal("349800.13")
    assert (moved.state.realization_date, moved.state.deferral_date) == (TODAY, TODAY)
    assert moved.state.expected_realization_date == LATER
    assert (moved.history.deferral_period_days, moved.history.deferral_reason) == (31, DeferralReason.BUSINESS_RULE)
    assert (moved.begins_deferral, moved.ended_deferral) == (True, None)


@pytest.mark.parametrize("reason", DeferralReason)
def test_open_ended_deferrals(reason: DeferralReason, days: JointCalendar) -> None:
    """Only market conditions and regulation may leave the expected date open."""
    asked = request(Defer, deferral_reason=reason, expected_realization_date=None)
    if reason in (DeferralReason.MARKET_CONDITIONS, DeferralReason.REGULATORY):
        moved = apply_transition(state(), asked, days)

        assert (moved.state.expected_realization_date, moved.history.deferral_period_days) == (None, None)
    else:
        with pytest.raises(MissingDetail, match="needs an expected date"):
            apply_transition(state(), asked, days)


def test_extend_ends_one_episode_and_begins_another(days: JointCalendar) -> None:
    """An extension keeps deferral date and reason and counts its days from the first deferral."""
    moved = apply_transition(state(DEFERRED), request(Extend), days)

    assert (moved.state.deferral_date, moved.state.expected_realization_date) == (TODAY, LATEST)
    assert moved.state.deferral_reason is DeferralReason.BUSINESS_RULE
    assert (moved.ended_deferral, moved.begins_deferral) == (DeferralOutcome.EXTENDED, True)
    assert moved.history.deferral_period_days == 61


@pytest.mark.parametrize(
    ("expected", "today", "payment_date"),
    [
        (LATER, TODAY, LATER),
        (LATER, LATEST, LATEST),
        (None, TODAY, TODAY),
        (GOOD_FRIDAY, date(2024, 3, 29), date(2024, 4, 1)),
        (None, date(2024, 3, 16), date(2024, 3, 18)),
    ],
)
def test_release_pays_on_the_expected_date_or_today(
    expected: date | None, today: date, payment_date: date, days: JointCalendar
) -> None:
    """The later of expected date and today, moved to a good day; the episode is over."""
    before = state(DEFERRED, expected_realization_date=expected)
    moved = apply_transition(before, request(Release, business_date=today), days)

    assert moved.state.payment_date == payment_date
    assert moved.ended_deferral is DeferralOutcome.REALIZED
    assert moved.state.settlement_amount == before.settlement_amount


def test_settle_takes_date_and_payment(days: JointCalendar) -> None:
    """Settling records when and by what; the amount is the one that was due."""
    moved = apply_transition(state(UNSETTLED), request(Settle), days).state

    assert (moved.settlement_date, moved.payment_reference) == (TODAY, "PAY-1")


def test_adjusted_after_settlement_leaves_cash_paid(days: JointCalendar) -> None:
    """What was paid stays paid; the row names its correction."""
    before = state(SETTLED, settlement_date=TODAY, payment_reference="PAY-1")
    moved = apply_transition(before, request(Adjust), days).state

    assert moved.superseded_by == "EQS-1/L1/ADJUSTMENT/20240315/1"
    assert (moved.settlement_amount, moved.settlement_date) == (before.settlement_amount, TODAY)


@pytest.mark.parametrize("kind", [Cancel, Adjust])
def test_a_deferral_that_is_called_off_ends_cancelled(kind: type[Request], days: JointCalendar) -> None:
    """Cancelling or replacing a deferred cashflow closes its episode."""
    assert apply_transition(state(DEFERRED), request(kind), days).ended_deferral is DeferralOutcome.CANCELLED


@pytest.mark.parametrize(
    ("before", "asked", "problem"),
    [
        (state(payment_date=None), request(Realise), "payment date is not known"),
        (state(), request(Defer, reason=" "), "Defer needs a reason"),
        (state(), request(Defer, expected_realization_date=date(2024, 3, 14)), "before the deferral"),
        (state(), request(Defer, expected_realization_date=GOOD_FRIDAY), "no good settlement day"),
        (state(), request(Defer, expected_realization_date=date(2024, 3, 30)), "no good settlement day"),
        (state(DEFERRED), request(Extend, expected_realization_date=LATER), "does not extend"),
        (state(DEFERRED), request(Extend, expected_realization_date=None), "needs an expected date"),
        (state(DEFERRED), request(Extend, reason=""), "Extend needs a reason"),
        (state(DEFERRED, deferral_date=None), request(Extend), "no reason or date"),
        (state(UNSETTLED), request(Settle, amount=Decimal("349800.12")), "349800.12 USD were paid, 349800.13 are due"),
        (state(UNSETTLED), request(Settle, settlement_date=date(2024, 3, 14)), "before realisation"),
        (state(UNSETTLED), request(Settle, payment_reference=""), "payment is not named"),
        (state(), request(Cancel, reason=""), "Cancel needs a reason"),
        (state(), request(Adjust, reason=""), "Adjust needs a reason"),
        (state(), request(Adjust, superseded_by=""), "correcting cashflow is not named"),
        (state(), request(Adjust, superseded_by=state().cashflow_reference), "correcting cashflow is not named"),
        (state(), request(Realise, approval_required=True), "needs an approval"),
    ],
)
def test_what_a_move_requires(before: CashflowState, asked: AnyRequest, problem: str, days: JointCalendar) -> None:
    """A move without its details is refused and says which."""
    with pytest.raises(MissingDetail, match=problem) as caught:
        apply_transition(before, asked, days)

    assert (caught.value.number, caught.value.where) == ("CLO-1953", before.cashflow_reference)
    assert isinstance(caught.value, TransitionError)
    assert isinstance(caught.value, InputError)


def test_an_approval_goes_into_the_history(days: JointCalendar) -> None:
    """Who approved, who asked, why and under which key stay with the move."""
    approval = Approval(approved_by="checker", approved_at=datetime(2024, 3, 15, 12, tzinfo=UTC))
    asked = request(Realise, approval_required=True, approval=approval, idempotency_key="k-1")
    history = apply_transition(state(), asked, days).history

    assert (history.approval, history.idempotency_key) == (approval, "k-1")
    assert (history.changed_by, history.business_justification) == ("operator", "because")


def test_a_decision_on_an_old_version_is_stale(days: JointCalendar) -> None:
    """Of two requests on one version the second is refused, whatever it asks."""
    moved = apply_transition(state(), request(Realise), days).state

    with pytest.raises(StaleVersion, match="version 4") as caught:
        apply_transition(moved, request(Realise), days)
    assert caught.value.number == "CLO-1952"


def test_a_move_leaves_the_old_state_alone(days: JointCalendar) -> None:
    """The function is pure: the same request on the same state gives the same result."""
    before = state()
    copy = replace(before)

    assert apply_transition(before, request(Defer), days) == apply_transition(copy, request(Defer), days)
    assert all(getattr(before, one.name) == getattr(copy, one.name) for one in fields(before))
