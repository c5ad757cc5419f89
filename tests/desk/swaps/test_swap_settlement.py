"""Netting, payments and settlement in the database (spec 07 §17; invariant 6 of §1; V-11 of §25)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from db.payouts.fixings import RateFixing
from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps import settlement
from engine.desk.swaps.desk import SwapDesk
from engine.errors import InputError, ReferenceDataError
from engine.payouts.enums import CashflowStatus, NettingStatus, PaymentStatus, PaymentType
from engine.payouts.life_cycle import InvalidTransition
from engine.payouts.netting import counterparty_totals
from tests.desk.swaps import swap_book
from tests.desk.swaps.cash_book import DUE, at_once, open_book, realised, row_counts, statuses, swap

S = CashflowStatus
SATURDAY, MONDAY, TUESDAY = date(2024, 3, 16), date(2024, 3, 18), date(2024, 3, 19)


@pytest.fixture
def store(emptied_store: Store) -> Store:
    return emptied_store


def v11(store: Store) -> list[str]:
    """The cashflows of V-11: DESK is A, FUND is B."""
    open_book(store)
    dollars = [realised(store, str(n), amount) for n, amount in enumerate(("349800.00", "10600.00", "-118622.40"))]
    return [*dollars, realised(store, "eur", "680.00", currency="EUR")]


def test_v11_through_the_database(store: Store) -> None:
    """V-11: FUND pays 241,777.60 USD net with a benefit of 49.526870 %, and 680.00 EUR by itself."""
    references = v11(store)
    sets = settlement.preview(store, DUE)
    totals = {total.currency: total for total in counterparty_totals(sets, "DESK")}

    outcome = settlement.settle(store, DUE, execute=True)

    assert totals["USD"].net == Decimal("-241777.60")
    assert totals["USD"].netting_benefit == pytest.approx(0.49526870, abs=5e-9)
    assert [(p.payer, p.receiver, p.amount, p.currency, p.payment_type) for p in outcome.payments] == [
        ("FUND", "DESK", Decimal("680.00"), "EUR", PaymentType.CASH),
        ("FUND", "DESK", Decimal("241777.60"), "USD", PaymentType.NETTED),
    ]
    with store.read() as work:
        (row,) = work.driver.execute(
            "SELECT CASE WHEN one.party_identifier = 'DESK' THEN n.net_amount ELSE -n.net_amount END"
            " FROM netting_instructions n JOIN parties one ON one.id = n.party1_id WHERE n.netting_currency = 'USD'"
        ).fetchall()
    assert row == (Decimal("-241777.60"),)
    assert statuses(store, references) == [S.REALIZED_UNSETTLED] * 4


def test_a_completed_payment_settles_what_it_pays(store: Store) -> None:
    """All cashflows of the payment are settled on its day and name it, and no others."""
    references = v11(store)
    eur, usd = settlement.settle(store, DUE, execute=True).payments

    done = settlement.complete(store, usd.payment_reference, DUE)

    assert done.payment.status is PaymentStatus.COMPLETED
    assert statuses(store, references) == [S.REALIZED_SETTLED] * 3 + [S.REALIZED_UNSETTLED]
    with store.read() as work:
        states = [item.state for item in work.payouts.life_cycle.read(references[:3])]
        history = work.payouts.payments.history(usd.payment_reference)
    assert {(state.settlement_date, state.payment_reference) for state in states} == {(DUE, usd.payment_reference)}
    assert [status.value for status, _, _ in history] == ["PENDING", "IN_TRANSIT", "COMPLETED"]
    assert eur.status is PaymentStatus.PENDING


def test_payments_add_up_to_the_cashflows_that_they_settle(store: Store) -> None:
    """Invariant 6: by pair of parties, currency and day, payments and settled cashflows are the same amount."""
    open_book(store, swap(), swap("TRS-2"), swap("TRS-3", netting_agreement_reference=None))
    amounts = ("1250.55", "-3100.10", "0", "77.01", "-5.05", "910.00", "-910.00", "1e6", "-0.01")
    days = (DUE, MONDAY, date(2024, 3, 14))
    references = [
        realised(
            store,
            f"{n}",
            Decimal(amount),
            contract=f"TRS-{n % 3 + 1}",
            currency=("USD", "EUR")[n % 2],
            payment_date=days[n // 3 % 3],
        )
        for n, amount in enumerate(amounts * 3)
    ]
    outcome = settlement.settle(store, MONDAY, execute=True, excluded={references[0]: "disputed before"})
    for payment in outcome.payments:
        settlement.complete(store, payment.payment_reference, MONDAY)

    paid: defaultdict[tuple[str, date], Decimal] = defaultdict(Decimal)
    settled: defaultdict[tuple[str, date], Decimal] = defaultdict(Decimal)
    with store.read() as work:
        instructions = {item.netting_reference: item for item in outcome.instructions}
        for payment in work.payouts.payments.find():
            sign = 1 if payment.receiver == "DESK" else -1
            paid[payment.currency, instructions[payment.netting_reference].netting_date] += sign * payment.amount
        for item in work.payouts.life_cycle.read(references):
            assert item.state.payment_date is not None
            settled[item.state.currency, item.state.payment_date] += item.state.due
    assert outcome.failures == ()
    assert statuses(store, references) == [S.REALIZED_SETTLED] * 27
    assert {key: total for key, total in paid.items() if total} == {key: t for key, t in settled.items() if t}


def test_a_failed_payment_leaves_cashflows_unsettled_and_its_retry_settles_them(store: Store) -> None:
    """FAILED is final; the next attempt is a new payment of the same amount, and only it settles."""
    references = v11(store)[:3]
    _, usd = settlement.settle(store, DUE, execute=True).payments
    settlement.send(store, usd.payment_reference, DUE)
    with pytest.raises(InputError, match="CLO-1974"):
        settlement.retry(store, usd.payment_reference, DUE)
    failed = settlement.fail(store, usd.payment_reference, DUE, "wrong account")

    assert failed.status is PaymentStatus.FAILED
    assert statuses(store, references) == [S.REALIZED_UNSETTLED] * 3
    assert settlement.settle(store, DUE).instructions == ()
    with pytest.raises(InvalidTransition):
        settlement.complete(store, usd.payment_reference, DUE)
    second = settlement.retry(store, usd.payment_reference, MONDAY)
    assert (second.attempt_number, second.amount, second.execution_date) == (2, usd.amount, MONDAY)
    settlement.complete(store, second.payment_reference, MONDAY)
    assert statuses(store, references) == [S.REALIZED_SETTLED] * 3


def test_a_cancelled_payment_may_be_repeated_too(store: Store) -> None:
    """A payment that was called back leaves its cashflows to the next attempt."""
    references = v11(store)[:3]
    _, usd = settlement.settle(store, DUE, execute=True).payments
    settlement.cancel(store, usd.payment_reference, DUE, "recalled")

    second = settlement.retry(store, usd.payment_reference, DUE)

    settlement.complete(store, second.payment_reference, DUE)
    assert statuses(store, references) == [S.REALIZED_SETTLED] * 3


def test_two_settlement_runs_net_a_cashflow_once(
    store: Store, cash_database_url: str, storage_settings: StorageSettings
) -> None:
    """Runs at the same time: every cashflow is in one instruction, and one payment is made of each."""
    v11(store)

    def run(own: Store) -> object:
        return settlement.settle(own, DUE, execute=True)

    outcomes = at_once(cash_database_url, storage_settings, [run, run, run])

    finished = [outcome for outcome in outcomes if isinstance(outcome, settlement.SettlementOutcome)]
    assert [outcome.failures for outcome in finished] == [()] * 3
    assert sum(len(outcome.payments) for outcome in finished) == 2
    counts = row_counts(store)
    assert (counts["netting_instructions"], counts["netting_cashflow_mapping"]) == (2, 4)
    assert (counts["payments"], counts["payment_cashflows"]) == (2, 4)


def test_the_database_refuses_a_cashflow_in_two_live_instructions(store: Store) -> None:
    """The same netting set stored a second time is refused as a whole."""
    v11(store)
    sets = settlement.preview(store, DUE)
    settlement.settle(store, DUE)
    before = row_counts(store)

    with pytest.raises(InputError, match="uq_netting_cashflow_mapping_live"), store.begin() as work:
        work.payouts.settlement.add_instructions(sets)
    assert row_counts(store) == before


def test_what_nets_to_nothing_is_settled_without_payment(store: Store) -> None:
    """Equal amounts against each other, and a cashflow of zero, are settled by netting."""
    open_book(store)
    references = [realised(store, "in", "12.34"), realised(store, "out", "-12.34")]
    references.append(realised(store, "flat", "0", currency="EUR"))

    outcome = settlement.settle(store, DUE, execute=True)

    assert outcome.payments == ()
    assert sorted(outcome.settled_by_netting) == sorted(references)
    assert statuses(store, references) == [S.REALIZED_SETTLED] * 3


def test_an_excluded_cashflow_is_paid_gross(store: Store) -> None:
    """Kept out with a reason it has a payment of its own; an exclusion without reason stores nothing."""
    references = v11(store)
    with pytest.raises(InputError, match="has no reason"):
        settlement.settle(store, DUE, excluded={references[1]: " "})
    assert row_counts(store)["netting_instructions"] == 0

    outcome = settlement.settle(store, DUE, execute=True, excluded={references[1]: "disputed"})

    assert [(p.payment_type, p.amount) for p in outcome.payments] == [
        (PaymentType.CASH, Decimal("680.00")),
        (PaymentType.NETTED, Decimal("231177.60")),
        (PaymentType.CASH, Decimal("10600.00")),
    ]
    assert outcome.instructions[-1].excluded_because == "disputed"
    assert settlement.settle(store, DUE).instructions == ()
    settlement.complete(store, outcome.payments[-1].payment_reference, DUE)
    assert statuses(store, references[1:2]) == [S.REALIZED_SETTLED]


def test_large_amounts_need_four_eyes(store: Store) -> None:
    """Above the threshold the creator can neither confirm nor execute; somebody else can, and then it is paid."""
    v11(store)
    anna, bert, limit = store.of_user("anna"), store.of_user("bert"), Decimal(100_000)
    outcome = settlement.settle(anna, DUE, execute=True, threshold=limit)
    (awaiting,) = outcome.awaiting

    assert [payment.currency for payment in outcome.payments] == ["EUR"]
    with pytest.raises(InputError, match="CLO-1973"):
        settlement.confirm(anna, awaiting, threshold=limit)
    again = settlement.settle(anna, DUE, execute=True, threshold=limit)
    assert (again.payments, again.awaiting) == ((), (awaiting,))
    assert settlement.confirm(bert, awaiting, threshold=limit).confirmed_by == "bert"
    (payment,) = settlement.settle(anna, DUE, execute=True, threshold=limit).payments
    assert payment.amount == Decimal("241777.60")


def test_a_payment_is_completed_whole_and_on_a_good_day(store: Store) -> None:
    """Parts and Saturdays are refused and change nothing; the same key again settles nothing more."""
    v11(store)
    _, usd = settlement.settle(store, DUE, execute=True).payments
    before = row_counts(store)
    for amount, on in ((Decimal("241777.59"), DUE), (None, SATURDAY)):
        with pytest.raises(InputError, match="CLO-1957"):
            settlement.complete(store, usd.payment_reference, on, amount=amount)
    assert row_counts(store) == before

    settlement.complete(store, usd.payment_reference, DUE, amount=Decimal("241777.60"), idempotency_key="swift 1")
    after = row_counts(store)
    again = settlement.complete(store, usd.payment_reference, DUE, idempotency_key="swift 1")

    assert (again.payment.status, again.settled) == (PaymentStatus.COMPLETED, ())
    assert row_counts(store) == after


def test_overdue_cash_is_paid_on_the_next_good_day(store: Store) -> None:
    """A run on a Saturday instructs for Monday."""
    v11(store)

    payments = settlement.settle(store, SATURDAY, execute=True).payments

    assert {(payment.instruction_date, payment.execution_date) for payment in payments} == {(SATURDAY, MONDAY)}


def test_nothing_stays_of_a_completion_that_fails_in_the_middle(store: Store) -> None:
    """A failure at the last cashflow leaves payment and cashflows as they were."""
    references = v11(store)[:3]
    _, usd = settlement.settle(store, DUE, execute=True).payments
    with store.begin() as work:
        work.driver.execute(
            "ALTER TABLE payout_outbox ADD CONSTRAINT no_more"
            " CHECK (topic <> 'cashflow.settled' OR payload ->> 'cashflow' <> 'TRS-1/2')"
        )
    before = row_counts(store)

    with pytest.raises(InputError, match="CLO-3007"):
        settlement.complete(store, usd.payment_reference, DUE)

    assert row_counts(store) == before
    assert statuses(store, references) == [S.REALIZED_UNSETTLED] * 3
    with store.read() as work:
        assert work.payouts.payments.load(usd.payment_reference).status is PaymentStatus.PENDING


def test_an_instruction_whose_cashflows_changed_is_not_paid_and_the_others_are(store: Store) -> None:
    """What no longer comes to the net is listed as failed; cancelling the instruction frees what is left."""
    references = v11(store)
    settlement.settle(store, DUE)
    with store.begin() as work:
        work.driver.execute(
            "UPDATE cashflows SET cashflow_status = 'CANCELLED' WHERE cashflow_reference = %s", (references[0],)
        )

    outcome = settlement.settle(store, DUE, execute=True)

    (failure,) = outcome.failures
    assert failure.error.number == "CLO-1974"
    assert [payment.currency for payment in outcome.payments] == ["EUR"]
    assert settlement.cancel_netting(store, failure.netting_reference).status is NettingStatus.CANCELLED
    (anew,) = settlement.settle(store, DUE, execute=True).payments
    assert (anew.payer, anew.amount) == ("DESK", Decimal("108022.40"))


def test_late_cash_earns_the_overnight_rate(store: Store) -> None:
    """Four days late at 5.3 %: 349,800 x 0.053 x 4 / 360 as an adjustment; without a rate nothing is settled."""
    open_book(store, swap(has_late_compensation=True))
    reference = realised(store, "a", "349800.00")
    (payment,) = settlement.settle(store, DUE, execute=True).payments
    with pytest.raises(ReferenceDataError, match="CLO-1972"):
        settlement.complete(store, payment.payment_reference, TUESDAY)
    assert statuses(store, [reference]) == [S.REALIZED_UNSETTLED]
    with store.begin() as work:
        work.payouts.fixings.put_rates([RateFixing("USD-SOFR", "", MONDAY, 0.053)], "test")

    done = settlement.complete(store, payment.payment_reference, TUESDAY)

    (earned,) = done.compensations
    assert earned.amount == (Decimal("349800") * Decimal("0.053") * 4 / 360).quantize(Decimal("1e-10"))
    with store.read() as work:
        (stored,) = work.payouts.life_cycle.read([earned.cashflow_reference])
    assert (stored.state.status, stored.state.receiver, stored.state.amount) == (S.ACCRUED, "DESK", earned.amount)
    assert stored.state.payment_date == date(2024, 3, 21)


def test_cash_on_time_earns_nothing(store: Store) -> None:
    """A contract with late compensation whose payment arrives on its day has none."""
    open_book(store, swap(has_late_compensation=True))
    realised(store, "a", "-349800.00")
    (payment,) = settlement.settle(store, DUE, execute=True).payments

    assert settlement.complete(store, payment.payment_reference, DUE).compensations == ()


def test_a_swap_is_paid_as_its_days_end(store: Store) -> None:
    """Through ends of day: a month of a swap is netted, paid late, and its compensation is realised the next day."""
    share, start = swap_book.share("ACME"), date(2024, 1, 10)
    open_book(store, swap(has_late_compensation=True))
    days = swap_book.business_days(date(2024, 1, 2), date(2024, 2, 20))
    with store.begin() as work:
        swap_book.put_prices(work.payouts, share, {on: 100 + 0.5 * n for n, on in enumerate(days)})
        swap_book.put_sofr(work.payouts, dict.fromkeys(days, 0.053))
    desk = SwapDesk(store)
    for on in (start, date(2024, 2, 12), date(2024, 2, 14)):
        desk.end_of_day(on, refreshes_views=False)
    outcome = desk.settle(date(2024, 2, 14), execute=True)
    (payment,) = outcome.payments
    late = settlement.complete(store, payment.payment_reference, date(2024, 2, 15)).compensations

    done = desk.end_of_day(date(2024, 2, 15), refreshes_views=False)

    assert payment.payment_type is PaymentType.NETTED
    assert len(late) == 2
    assert done.n_realised == 2
    assert statuses(store, [item.cashflow_reference for item in late]) == [S.REALIZED_UNSETTLED] * 2
    assert statuses(store, payment.cashflow_references) == [S.REALIZED_SETTLED] * 2
