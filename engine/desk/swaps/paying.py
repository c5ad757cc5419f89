"""What netting and payments share: instructions checked against their cashflows, cashflows settled (spec 07 §17)."""

from datetime import date

from db.payouts.cashflow_records import Compensation, MovedCashflow, StoredCashflow
from db.payouts.payment_records import NettingInstruction, Payment
from db.payouts.work import PayoutWork
from engine.desk.swaps.compensation import Lateness, compensation_of, settlement_days
from engine.desk.swaps.life_cycle import ANY_VERSION, move_all
from engine.desk.swaps.overnight import last_overnight_rate
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import BusinessDayConvention, CashflowStatus
from engine.payouts.netting import NettingSet, PayableCashflow, netting_sets, require_payment
from engine.payouts.transition_requests import Settle


def make_payment(work: PayoutWork, instruction: NettingInstruction, on: date, calendars: CenterCalendars) -> Payment:
    """A payment of what was netted, once it is checked that the cashflows still come to it."""
    netting = locked_set(work, instruction)
    execution_date = value_date(instruction, on, calendars)
    days = settlement_days(calendars, instruction.currency)
    require_payment(netting, instruction.amount, execution_date, days)
    return work.payments.add(instruction, on, execution_date)


def value_date(instruction: NettingInstruction, on: date, calendars: CenterCalendars) -> date:
    days = settlement_days(calendars, instruction.currency)
    return days.adjust(max(on, instruction.netting_date), BusinessDayConvention.FOLLOWING)


def locked_set(work: PayoutWork, instruction: NettingInstruction) -> NettingSet:
    """The netting set of an instruction's cashflows as they are now, held; InputError CLO-1974 where it differs."""
    cashflows = work.life_cycle.lock(instruction.cashflow_references)
    where = instruction.netting_reference
    for cashflow in cashflows:
        if cashflow.state.status is not CashflowStatus.REALIZED_UNSETTLED:
            raise contradiction(
                f"{cashflow.state.cashflow_reference} is {cashflow.state.status.value}, not to be paid",
                where,
                "Cancel the instruction and net anew.",
            )
    because = instruction.excluded_because
    excluded = {} if because is None else dict.fromkeys(instruction.cashflow_references, because)
    sets = netting_sets([_payable(cashflow) for cashflow in cashflows], excluded)
    if len(sets) != 1 or (sets[0].payment_amount and (sets[0].payer, sets[0].payment_amount)) != (
        instruction.amount and (instruction.payer, instruction.amount)
    ):
        raise contradiction(
            f"The cashflows no longer come to {instruction.amount} {instruction.currency} paid by {instruction.payer}",
            where,
            "Cancel the instruction and net anew.",
        )
    return sets[0]


def _payable(cashflow: StoredCashflow) -> PayableCashflow:
    state = cashflow.state
    if state.payment_date is None:
        raise contradiction("The payment date is not known", state.cashflow_reference, "Correct the cashflow.")
    return PayableCashflow(
        cashflow_reference=state.cashflow_reference,
        contract_reference=cashflow.contract_reference,
        payer=state.payer,
        receiver=state.receiver,
        amount=abs(state.due),
        currency=state.currency,
        payment_date=state.payment_date,
        netting_agreement=cashflow.netting_agreement,
    )


def settle_cashflows(
    work: PayoutWork,
    cashflows: tuple[StoredCashflow, ...],
    paid_by: str,
    settlement_date: date,
    reason: str,
    calendars: CenterCalendars,
) -> tuple[MovedCashflow, ...]:
    user = work.settlement.user()
    requests = [
        (
            cashflow.state.cashflow_reference,
            Settle(
                version=ANY_VERSION,
                business_date=settlement_date,
                changed_by=user,
                reason=f"{reason}: {paid_by}",
                settlement_date=settlement_date,
                payment_reference=paid_by,
                amount=cashflow.state.due,
            ),
        )
        for cashflow in cashflows
    ]
    return move_all(work, requests, calendars=calendars)


def late_compensations(
    work: PayoutWork,
    cashflows: tuple[StoredCashflow, ...],
    paid: date,
    rate: float | None,
    calendars: CenterCalendars,
) -> tuple[Compensation, ...]:
    """What cashflows paid after their payment date earn, where their contracts say so."""
    late = [
        cashflow
        for cashflow in cashflows
        if cashflow.has_late_compensation and (cashflow.state.payment_date or paid) < paid
    ]
    if not late:
        return ()
    overnight = last_overnight_rate(work, late[0].state.currency, paid) if rate is None else rate
    found = [
        compensation_of(
            cashflow, overnight, cashflow.state.payment_date or paid, paid, Lateness.SETTLED_LATE, calendars
        )
        for cashflow in late
    ]
    return tuple(item for item in found if item is not None)


def contradiction(problem: str, where: str, remedy: str) -> InputError:
    return InputError("CLO-1974", problem, where=where, remedy=remedy)
