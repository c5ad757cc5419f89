"""Deferral rules, deferred payments and their release in the database (spec 07 §18)."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from db.payouts import identity
from db.store import Store
from engine.desk.swaps import deferrals
from engine.desk.swaps.deferral_rules import DeferralRules
from engine.desk.swaps.deferrals import DeferralDecisions, DeferralRun
from engine.errors import InputError, ReferenceDataError
from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.enums import (
    AgingBucket,
    CashflowStatus,
    CashflowType,
    DeferralAction,
    DeferralReason,
    DeferralUrgency,
)
from engine.payouts.life_cycle import MissingDetail
from engine.payouts.transition_requests import Approval
from tests.desk.swaps.cash_book import accrued, ages_on, open_book, row_counts, statuses, swap

S = CashflowStatus
TODAY = date(2024, 3, 13)
SMALL = DeferralScope(currency="USD", amount_below=Decimal(1000))


@pytest.fixture
def store(emptied_store: Store) -> Store:
    return emptied_store


def rule(**changes: object) -> DeferralRule:
    """Small amounts in dollars wait ten days."""
    values: dict[str, object] = {
        "rule_id": "",
        "priority": 10,
        "reason": DeferralReason.BUSINESS_RULE,
        "action": DeferralAction.DEFER_DAYS,
        "days": 10,
        "scope": SMALL,
        "releases_automatically": True,
    }
    return DeferralRule(**values | changes)  # type: ignore[arg-type]


def at_end_of_day(
    store: Store, references: list[str], on: date = TODAY, approvals: dict[str, Approval] | None = None
) -> tuple[DeferralDecisions, DeferralRun]:
    """What the end of day does with flows that it would realise."""
    with store.begin() as work:
        keys = [identity.cashflow_id(reference) for reference in references]
        decisions = deferrals.deferral_decisions(work.payouts, on, keys)
        return decisions, deferrals.defer_many(work.payouts, decisions.planned, on, approvals=approvals)


def test_rules_are_added_listed_and_ended(store: Store) -> None:
    """Rules come back as they went in, in the order in which they are asked; an ended one stays in the list."""
    everything = DeferralScope(
        contract_reference="TRS-1",
        cashflow_type=CashflowType.EQUITY_RETURN,
        currency="USD",
        party="FUND",
        amount_below=Decimal("12.50"),
    )
    open_book(store)
    second = DeferralRules(store).add(rule())
    first = DeferralRules(store).add(rule(priority=1, scope=everything, approval_required=True))
    DeferralRules(store).end(second.rule_id)

    assert [item.rule_id for item in DeferralRules(store).all()] == [first.rule_id, second.rule_id]
    assert DeferralRules(store).all(only_active=True) == (first,)
    assert first == rule(rule_id=first.rule_id, priority=1, scope=everything, approval_required=True)
    with pytest.raises(ReferenceDataError, match="CLO-1977"):
        DeferralRules(store).end("none")


def test_a_scope_that_cannot_be_read_defers_nothing(store: Store) -> None:
    """A rule with an unknown field is an error, for without the field it would match too much."""
    with store.begin() as work:
        work.driver.execute(
            "INSERT INTO deferral_rules (priority, reason, scope, action) VALUES"
            " (1, 'REGULATORY', '{\"curency\": \"USD\"}', 'DEFER_UNTIL_RELEASED')"
        )

    with pytest.raises(InputError, match="unknown fields curency"):
        DeferralRules(store).all()


def test_rules_put_off_what_they_match(store: Store) -> None:
    """Small dollars are deferred to the first good day after ten days, with rule and inputs in the history."""
    open_book(store)
    stored = DeferralRules(store).add(rule())
    small, large, euro = (
        accrued(store, "s", "-999.99"),
        accrued(store, "l", 1000),
        accrued(store, "e", 1, currency="EUR"),
    )

    decisions, run = at_end_of_day(store, [small, large, euro])

    assert decisions.held == {identity.cashflow_id(small)}
    assert statuses(store, [small, large, euro]) == [S.REALIZED_DEFERRED, S.ACCRUED, S.ACCRUED]
    (moved,) = run.deferred
    assert moved.state.expected_realization_date == date(2024, 3, 25)
    assert moved.state.settlement_amount == Decimal("-999.99")
    assert moved.move.reason is not None
    head, inputs = moved.move.reason.split(": ", 1)
    assert head == f"rule {stored.rule_id} DEFER_DAYS"
    assert json.loads(inputs)["amount"] == "-999.9900000000"
    with store.read() as work:
        (episode,) = work.payouts.deferrals.episodes(small)
    assert (episode.rule_id, episode.ended_date) == (stored.rule_id, None)


def test_the_next_payment_date_comes_from_the_schedule(store: Store) -> None:
    """Deferring to the next payment date takes the leg's next one; after the last the flow is held and listed."""
    open_book(store)
    DeferralRules(store).add(rule(action=DeferralAction.DEFER_TO_NEXT_PAYMENT_DATE, days=None))
    early, last = accrued(store, "a", 10), accrued(store, "b", 10, payment_date=date(2024, 7, 12))

    decisions, run = at_end_of_day(store, [early, last])

    (moved,) = run.deferred
    (refused,) = decisions.refused
    assert moved.state.expected_realization_date == date(2024, 4, 12)
    assert (refused.cashflow_reference, refused.error.number) == (last, "CLO-1955")
    assert identity.cashflow_id(last) in decisions.held
    assert statuses(store, [early, last]) == [S.REALIZED_DEFERRED, S.ACCRUED]


def test_without_rules_nothing_is_held(store: Store) -> None:
    """No active rule, no decision."""
    open_book(store)
    ended = DeferralRules(store).add(rule())
    DeferralRules(store).end(ended.rule_id)

    decisions, run = at_end_of_day(store, [accrued(store, "a", 1)])

    assert (decisions, run.deferred) == (DeferralDecisions(), ())


def test_a_rule_that_wants_approval_waits_for_it(store: Store) -> None:
    """Without approval the flow stays ACCRUED and is listed; with one it is deferred and names the approver."""
    open_book(store)
    DeferralRules(store).add(rule(approval_required=True))
    reference = accrued(store, "a", 10)
    decisions, run = at_end_of_day(store, [reference])

    assert run.awaiting_approval == decisions.planned
    assert statuses(store, [reference]) == [S.ACCRUED]
    approval = Approval(approved_by="bert", approved_at=datetime(2024, 3, 14, 9, tzinfo=UTC))
    _, run = at_end_of_day(store, [reference], date(2024, 3, 14), {reference: approval})
    assert run.deferred[0].move.approved_by == "bert"


def test_the_nightly_job_releases_what_rules_allow_and_lists_the_rest(store: Store) -> None:
    """Only deferrals whose date has come and whose rule lets go are released, once; the others whose date came wait."""
    open_book(store)
    automatic = DeferralRules(store).add(rule())
    DeferralRules(store).add(rule(priority=20, scope=DeferralScope(currency="EUR"), releases_automatically=False))
    by_rule, kept = accrued(store, "a", 10), accrued(store, "b", 10, currency="EUR")
    at_end_of_day(store, [by_rule, kept])
    by_hand, future = accrued(store, "c", 5000), accrued(store, "d", 6000)
    for reference, expected in ((by_hand, date(2024, 3, 20)), (future, date(2024, 6, 3))):
        deferrals.defer(
            store,
            reference,
            reason=DeferralReason.COUNTERPARTY_REQUEST,
            business_date=TODAY,
            expected_realization_date=expected,
            changed_by="anna",
            justification="asked by FUND",
        )
    DeferralRules(store).end(automatic.rule_id)

    assert deferrals.release_due(store, date(2024, 3, 24)).released == ()
    run = deferrals.release_due(store, date(2024, 3, 25))
    before = row_counts(store)
    again = deferrals.release_due(store, date(2024, 3, 25))

    assert [(moved.state.cashflow_reference, moved.state.payment_date) for moved in run.released] == [
        (by_rule, date(2024, 3, 25))
    ]
    assert [age.cashflow.cashflow_reference for age in run.waiting] == [by_hand, kept]
    assert (again.released, again.failed) == ((), ())
    assert row_counts(store) == before
    assert statuses(store, [by_rule, kept, by_hand, future]) == [S.REALIZED_UNSETTLED, *[S.REALIZED_DEFERRED] * 3]


def test_a_run_of_some_contracts_releases_theirs_only(store: Store) -> None:
    """Deferrals of other contracts neither become due nor are listed."""
    open_book(store, swap(), swap("TRS-2"))
    DeferralRules(store).add(rule())
    references = [accrued(store, "a", 10), accrued(store, "b", 10, contract="TRS-2")]
    at_end_of_day(store, references)

    run = deferrals.release_due(store, date(2024, 3, 25), references=["TRS-2"])

    assert [moved.state.cashflow_reference for moved in run.released] == references[1:]
    assert statuses(store, references) == [S.REALIZED_DEFERRED, S.REALIZED_UNSETTLED]


def test_a_release_that_is_refused_stops_no_other(store: Store) -> None:
    """It is listed with its error and stays deferred; the day goes on."""
    open_book(store)
    DeferralRules(store).add(rule())
    references = [accrued(store, "a", 10), accrued(store, "b", 20)]
    at_end_of_day(store, references)
    with store.begin() as work:
        work.driver.execute(
            "ALTER TABLE payout_outbox ADD CONSTRAINT no_more"
            " CHECK (topic <> 'cashflow.released' OR payload ->> 'cashflow' <> 'TRS-1/a')"
        )

    run = deferrals.release_due(store, date(2024, 3, 25))

    assert [(item.cashflow_reference, item.error and item.error.number) for item in run.failed] == [
        (references[0], "CLO-3007")
    ]
    assert [moved.state.cashflow_reference for moved in run.released] == references[1:]
    assert statuses(store, references) == [S.REALIZED_DEFERRED, S.REALIZED_UNSETTLED]


def test_ageing_is_in_the_order_of_reports(store: Store) -> None:
    """Overdue first, then open-ended, then by date, each with its bucket."""
    open_book(store)
    expected = {"a": date(2024, 6, 3), "b": None, "c": date(2024, 3, 20), "d": date(2024, 4, 22)}
    for name, on in expected.items():
        deferrals.defer(
            store,
            accrued(store, name, 100),
            reason=DeferralReason.REGULATORY,
            business_date=TODAY,
            expected_realization_date=on,
            changed_by="anna",
            justification="sanctions check",
        )

    ages = ages_on(store, date(2024, 4, 22))

    assert [age.cashflow.cashflow_reference[-1] for age in ages] == ["c", "b", "d", "a"]
    assert [age.urgency for age in ages] == [
        DeferralUrgency.OVERDUE,
        DeferralUrgency.UNSCHEDULED,
        DeferralUrgency.DUE_TODAY,
        DeferralUrgency.FUTURE,
    ]
    assert (ages[0].days_overdue, ages[0].bucket) == (33, AgingBucket.DAYS_31_60)


def test_an_extension_keeps_the_rule(store: Store) -> None:
    """What a rule put off and a person extended is still released by night, on its later date."""
    open_book(store)
    DeferralRules(store).add(rule())
    reference = accrued(store, "a", 10)
    at_end_of_day(store, [reference])
    deferrals.extend(
        store,
        reference,
        business_date=date(2024, 3, 25),
        expected_realization_date=date(2024, 4, 2),
        changed_by="anna",
        justification="one week more",
    )

    assert deferrals.release_due(store, date(2024, 3, 28)).released == ()
    assert len(deferrals.release_due(store, date(2024, 4, 2)).released) == 1


def test_a_deferral_rate_is_earned_on_release(store: Store) -> None:
    """At 4 % from the 15th of March to the 15th of April: 500,000 x 0.04 x 31 / 360, paid two days after."""
    open_book(store, swap(deferral_rate=0.04))
    reference = accrued(store, "a", "-500000")
    deferrals.defer(
        store,
        reference,
        reason=DeferralReason.TECHNICAL_ISSUE,
        business_date=TODAY,
        expected_realization_date=date(2024, 4, 15),
        changed_by="anna",
        justification="no account",
    )
    deferrals.release(store, reference, business_date=date(2024, 4, 10), changed_by="anna")

    with store.read() as work:
        (earned,) = work.payouts.life_cycle.read([f"{reference}/DEFERRAL"])
    assert earned.state.amount == (Decimal(-500_000) * Decimal("0.04") * 31 / 360).quantize(Decimal("1e-10"))
    assert (earned.state.payer, earned.state.payment_date) == ("DESK", date(2024, 4, 17))


def test_a_deferral_needs_a_reason_and_a_good_day(store: Store) -> None:
    """A bad day, a missing date and a missing justification are refused, and nothing is written."""
    open_book(store)
    reference = accrued(store, "a", 100)
    before = row_counts(store)
    for expected, why in ((date(2024, 3, 23), "x"), (None, "x"), (date(2024, 3, 25), " ")):
        with pytest.raises(MissingDetail):
            deferrals.defer(
                store,
                reference,
                reason=DeferralReason.TECHNICAL_ISSUE,
                business_date=TODAY,
                expected_realization_date=expected,
                changed_by="anna",
                justification=why,
            )

    assert row_counts(store) == before
