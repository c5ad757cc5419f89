"""Cash: what is due is netted, confirmed, paid, and settled once the payment is there (spec 07 §17).

Netting of a day is one transaction; every instruction is executed, and every payment moved, in one of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from db.payouts.cashflow_records import Compensation, MovedCashflow
from db.payouts.payment_records import NettingInstruction, Payment
from db.payouts.work import PayoutWork
from db.store import Store
from engine.desk.swaps.compensation import settlement_days
from engine.desk.swaps.life_cycle import require_another_person
from engine.desk.swaps.paying import (
    contradiction,
    late_compensations,
    locked_set,
    make_payment,
    settle_cashflows,
    value_date,
)
from engine.errors import ClodeskError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import NettingStatus, PaymentStatus, PaymentType
from engine.payouts.netting import (
    NETTING_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    NettingSet,
    netting_sets,
    require_move,
    require_payment,
)

KIND = "settlement"
"""The job lock under which cashflows are netted."""


@dataclass(frozen=True, slots=True)
class FailedInstruction:
    """A netting instruction that was not executed; nothing of it was written."""

    netting_reference: str
    error: ClodeskError


@dataclass(frozen=True, slots=True)
class SettlementOutcome:
    """What a settlement run did: instructions that are new, payments that were made, cashflows that netted to nothing.

    awaiting: instructions above the threshold that somebody else has to confirm.
    """

    on: date
    instructions: tuple[NettingInstruction, ...]
    payments: tuple[Payment, ...] = ()
    settled_by_netting: tuple[str, ...] = ()
    awaiting: tuple[str, ...] = ()
    failures: tuple[FailedInstruction, ...] = ()


@dataclass(frozen=True, slots=True)
class Execution:
    """An executed instruction: its payment, or the cashflows that were settled by netting to nothing."""

    instruction: NettingInstruction
    payment: Payment | None
    settled: tuple[MovedCashflow, ...]


@dataclass(frozen=True, slots=True)
class CompletedPayment:
    """A completed payment, the cashflows that it settled, and the compensations for those that it settled late."""

    payment: Payment
    settled: tuple[MovedCashflow, ...]
    compensations: tuple[Compensation, ...]


def preview(store: Store, on: date, *, excluded: Mapping[str, str] | None = None) -> tuple[NettingSet, ...]:
    """What `settle` would net on a day; writes nothing."""
    with store.read() as work:
        return netting_sets(work.payouts.settlement.open_for_netting(on), excluded)


def settle(
    store: Store,
    on: date,
    *,
    execute: bool = False,
    excluded: Mapping[str, str] | None = None,
    threshold: Decimal | None = None,
) -> SettlementOutcome:
    """Net what is payable on or before a day; with execute also confirm and pay every instruction that waits.

    excluded: reason by cashflow, each is paid gross. threshold: amount, in any currency, above which the creator of an
    instruction cannot confirm it; such ones are listed and wait. A second run nets nothing twice.
    """
    with store.begin() as work:
        instructions = _netted(work.payouts, on, excluded)
        waiting = work.payouts.settlement.to_execute(on) if execute else ()
    payments: list[Payment] = []
    settled: list[str] = []
    awaiting: list[str] = []
    failures: list[FailedInstruction] = []
    for reference in waiting:
        try:
            done = _confirmed_and_executed(store, reference, on, threshold)
        except ClodeskError as error:
            failures.append(FailedInstruction(reference, error))
            continue
        if done is None:
            awaiting.append(reference)
            continue
        payments += [] if done.payment is None else [done.payment]
        settled += [moved.state.cashflow_reference for moved in done.settled]
    return SettlementOutcome(on, instructions, tuple(payments), tuple(settled), tuple(awaiting), tuple(failures))


def confirm(store: Store, netting_reference: str, *, threshold: Decimal | None = None) -> NettingInstruction:
    """Confirm an instruction as the store's user.

    Above the threshold that has to be another than the one who made it: InputError CLO-1973. None asks for no second
    person.
    """
    with store.begin() as work:
        return _confirmed(work.payouts, netting_reference, threshold)


def cancel_netting(store: Store, netting_reference: str) -> NettingInstruction:
    """Cancel an instruction that is not executed; its cashflows may be netted anew."""
    with store.begin() as work:
        instruction = work.payouts.settlement.instruction(netting_reference, is_locked=True)
        require_move(NETTING_TRANSITIONS, instruction.status, NettingStatus.CANCELLED, netting_reference)
        return work.payouts.settlement.move_instruction(instruction, NettingStatus.CANCELLED)


def send(store: Store, payment_reference: str, on: date) -> Payment:
    """A payment is on its way: PENDING to IN_TRANSIT."""
    with store.begin() as work:
        return _moved(work.payouts, payment_reference, PaymentStatus.IN_TRANSIT, on, None)


def complete(
    store: Store,
    payment_reference: str,
    settlement_date: date,
    *,
    amount: Decimal | None = None,
    overnight_rate: float | None = None,
    idempotency_key: str | None = None,
) -> CompletedPayment:
    """The cash of a payment is there: it and all its cashflows are settled with this day, in one transaction.

    amount: what arrived, where it is known; parts are refused (CLO-1957), as are days that are no settlement days of
    the currency. overnight_rate: for compensations of late settlement, by default the last fixing of the currency's
    overnight index. A payment that was not sent goes through IN_TRANSIT. The same idempotency_key again gives the
    payment as it stands and settles nothing.
    """
    with store.begin() as work:
        payouts = work.payouts
        payment = payouts.payments.load(payment_reference, is_locked=True)
        used = None if idempotency_key is None else payouts.payments.moved_by(idempotency_key)
        if used == (payment_reference, PaymentStatus.COMPLETED):
            return CompletedPayment(payment, (), ())
        return _completed(payouts, payment, settlement_date, amount, overnight_rate, idempotency_key)


def fail(store: Store, payment_reference: str, on: date, reason: str) -> Payment:
    """A payment did not arrive: FAILED for good, its cashflows stay unsettled until `retry` pays them."""
    with store.begin() as work:
        return _moved(work.payouts, payment_reference, PaymentStatus.FAILED, on, reason)


def cancel(store: Store, payment_reference: str, on: date, reason: str) -> Payment:
    """A payment is called back: CANCELLED for good, its cashflows stay unsettled until `retry` pays them."""
    with store.begin() as work:
        return _moved(work.payouts, payment_reference, PaymentStatus.CANCELLED, on, reason)


def retry(store: Store, payment_reference: str, on: date) -> Payment:
    """A new payment, the next attempt, in place of one that failed or was cancelled.

    InputError CLO-1974 where that has not happened, or where another attempt is under way or went through.
    """
    with store.begin() as work:
        payouts = work.payouts
        asked = payouts.payments.load(payment_reference)
        instruction = payouts.settlement.instruction(asked.netting_reference, is_locked=True)
        for attempt in payouts.payments.find(netting=instruction.netting_reference):
            if attempt.status not in (PaymentStatus.FAILED, PaymentStatus.CANCELLED):
                raise contradiction(
                    f"{attempt.payment_reference} is {attempt.status.value}, so there is nothing to repeat",
                    payment_reference,
                    "Retry once every attempt has failed.",
                )
        calendars = CenterCalendars(payouts.calendars.calendars())
        return make_payment(payouts, instruction, on, calendars)


def _netted(work: PayoutWork, on: date, excluded: Mapping[str, str] | None) -> tuple[NettingInstruction, ...]:
    # Runs wait for each other here, so that the second sees what the first has netted.
    work.jobs.lock(KIND)
    return work.settlement.add_instructions(
        netting_sets(work.settlement.open_for_netting(on, is_locked=True), excluded)
    )


def _confirmed_and_executed(store: Store, reference: str, on: date, threshold: Decimal | None) -> Execution | None:
    """None where somebody else has to confirm it."""
    with store.begin() as work:
        instruction = work.payouts.settlement.instruction(reference, is_locked=True)
        if instruction.status in (NettingStatus.EXECUTED, NettingStatus.CANCELLED):
            # Another run was faster, or it was called back since it was listed.
            return Execution(instruction, None, ())
        if instruction.status is NettingStatus.PENDING:
            is_own = instruction.created_by == work.payouts.settlement.user()
            if is_own and _is_above(instruction, threshold):
                return None
            _confirmed(work.payouts, reference, threshold)
        return _executed(work.payouts, reference, on)


def _is_above(instruction: NettingInstruction, threshold: Decimal | None) -> bool:
    return threshold is not None and instruction.amount > threshold


def _confirmed(work: PayoutWork, reference: str, threshold: Decimal | None) -> NettingInstruction:
    instruction = work.settlement.instruction(reference, is_locked=True)
    require_move(NETTING_TRANSITIONS, instruction.status, NettingStatus.CONFIRMED, reference)
    if _is_above(instruction, threshold):
        require_another_person(instruction.created_by, work.settlement.user(), reference)
    return work.settlement.move_instruction(instruction, NettingStatus.CONFIRMED)


def _executed(work: PayoutWork, reference: str, on: date) -> Execution:
    instruction = work.settlement.instruction(reference, is_locked=True)
    require_move(NETTING_TRANSITIONS, instruction.status, NettingStatus.EXECUTED, reference)
    calendars = CenterCalendars(work.calendars.calendars())
    if instruction.payment_type is not PaymentType.NONE:
        payment = make_payment(work, instruction, on, calendars)
        return Execution(work.settlement.move_instruction(instruction, NettingStatus.EXECUTED), payment, ())
    locked_set(work, instruction)
    executed = work.settlement.move_instruction(instruction, NettingStatus.EXECUTED)
    cashflows = work.life_cycle.read(instruction.cashflow_references)
    settlement_date = value_date(instruction, on, calendars)
    settled = settle_cashflows(work, cashflows, reference, settlement_date, "netted to nothing", calendars)
    return Execution(executed, None, settled)


def _moved(work: PayoutWork, reference: str, to: PaymentStatus, on: date, reason: str | None) -> Payment:
    payment = work.payments.load(reference, is_locked=True)
    require_move(PAYMENT_TRANSITIONS, payment.status, to, reference)
    return work.payments.move(payment, to, on, reason=reason)


def _completed(
    work: PayoutWork,
    payment: Payment,
    settlement_date: date,
    amount: Decimal | None,
    overnight_rate: float | None,
    idempotency_key: str | None,
) -> CompletedPayment:
    if payment.status is PaymentStatus.PENDING:
        payment = work.payments.move(payment, PaymentStatus.IN_TRANSIT, settlement_date)
    require_move(PAYMENT_TRANSITIONS, payment.status, PaymentStatus.COMPLETED, payment.payment_reference)
    calendars = CenterCalendars(work.calendars.calendars())
    instruction = work.settlement.instruction(payment.netting_reference, is_locked=True)
    netting = locked_set(work, instruction)
    days = settlement_days(calendars, payment.currency)
    require_payment(netting, payment.amount if amount is None else amount, settlement_date, days)
    done = work.payments.move(
        payment,
        PaymentStatus.COMPLETED,
        settlement_date,
        settlement_date=settlement_date,
        idempotency_key=idempotency_key,
    )
    cashflows = work.life_cycle.read(done.cashflow_references)
    settled = settle_cashflows(work, cashflows, done.payment_reference, settlement_date, "payment completed", calendars)
    late = late_compensations(work, cashflows, settlement_date, overnight_rate, calendars)
    work.compensations.add(late, settlement_date)
    return CompletedPayment(done, settled, late)
