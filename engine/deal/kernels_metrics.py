"""What optional features look at: returns on the sub notes, their multiple, the pool's spread over its debt.

Nothing here is called for a deal without features (spec 02 §16.3).
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.analytics.kernels import solve_xirr
from engine.liabilities.state import (
    Context,
    IncentiveState,
    LiabilityTerms,
    PeriodState,
    Register,
    ReserveState,
    TrancheState,
    TrancheTerm,
)
from engine.numerics import kernel
from engine.waterfall.codes import CompiledProgram, SectionCode
from engine.waterfall.kernels import run_section

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Measured(IntEnum):
    """What a deal measures in every period, one bit each; 0 for nothing."""

    IRR = 1
    PRO_FORMA_IRR = 2
    MOIC = 4
    SPREAD = 8


class MetricTerms(NamedTuple):
    """What the metrics need beside the state of a deal; H sub-note payments before the first period.

    measured          int, sum of Measured bits
    opening_day, opening_amount
                      (H,) int64 day numbers and float64 currency, contributions negative
    collection_years  (N + 1,) float64, years in which the interest of a period was collected
    call_multiple     float, receipts over contributions from which on a call needs no date; infinite for never
    """

    measured: int
    opening_day: Ints
    opening_amount: Floats
    collection_years: Floats
    call_multiple: float


class SubNotePayments(NamedTuple):
    """Payments to the sub notes of one scenario, with those before the first period in the first H rows.

    day (H + N + 1,) int64, amount (H + N + 1,) float64, written from row H on; without rows where nothing needs them.
    """

    day: Ints
    amount: Floats


NOTES, DEFAULTED = int(SectionCode.NPS), int(SectionCode.EOD)

UNDEFINED_IRR = -1.0
_GUESS = 0.1


@kernel
def measure(
    metrics: MetricTerms,
    liability: LiabilityTerms,
    state: PeriodState,
    i: int,
    payment_day: int,
    index_rate: float,
    interest: float,
    performing: float,
    payments: SubNotePayments,
) -> None:
    """Write the metrics of period i into the registers.

    interest: what the pools pay in the period, performing: their balance at its begin, currency. Returns on the sub
    notes end with the previous payment; pro forma, the escrow is paid on top on this period's payment date.
    """
    register, n = state.register, metrics.opening_day.shape[0] + i - 1
    if metrics.measured & Measured.IRR:
        register[Register.IRR] = sub_note_return(payments, n)
    if metrics.measured & Measured.PRO_FORMA_IRR:
        payments.day[n], payments.amount[n] = payment_day, register[Register.ESCROW]
        register[Register.PRO_FORMA_IRR] = sub_note_return(payments, n + 1)
    if metrics.measured & Measured.MOIC:
        register[Register.MOIC] = multiple(state)
    if metrics.measured & Measured.SPREAD:
        earned = 0.0
        if performing > 0.0 and metrics.collection_years[i] > 0.0:
            earned = interest / metrics.collection_years[i] / performing
        register[Register.SPREAD] = earned - debt_rate(liability, state, index_rate)


@kernel
def sub_note_return(payments: SubNotePayments, n: int) -> float:
    """Internal rate of return of the first n payments, effective annual; -1 where there is none."""
    rate, status = solve_xirr(payments.amount, payments.day, n, _GUESS)
    return rate if status == 0 else UNDEFINED_IRR


@kernel
def multiple(state: PeriodState) -> float:
    """Receipts of the sub notes, this period's included, over their contributions; 0 without contributions."""
    incentive = state.incentive
    contributions = incentive[IncentiveState.CONTRIBUTIONS]
    if contributions <= 0.0:
        return 0.0
    return (incentive[IncentiveState.RECEIPTS] + incentive[IncentiveState.SUB_NOTE_PAID]) / contributions


@kernel
def debt_rate(liability: LiabilityTerms, state: PeriodState, index_rate: float) -> float:
    """Coupon of the debt weighted by balance, decimal a year; 0 without debt."""
    interest, balance = 0.0, 0.0
    for t in range(state.tranche.shape[0]):
        if liability.tranche[t, TrancheTerm.IS_EQUITY] == 0.0:
            coupon = liability.tranche[t, TrancheTerm.SPREAD]
            if liability.tranche[t, TrancheTerm.IS_FIXED] == 0.0:
                coupon += index_rate
            interest += coupon * state.tranche[t, TrancheState.BALANCE_BEGIN]
            balance += state.tranche[t, TrancheState.BALANCE_BEGIN]
    return interest / balance if balance > 0.0 else 0.0


@kernel
def note_payment(metrics: MetricTerms, state: PeriodState, i: int, payment_day: int, payments: SubNotePayments) -> None:
    """Add the sub-note payment of period i to the payments, where returns are measured."""
    row = metrics.opening_day.shape[0] + i - 1
    if row < payments.day.shape[0]:
        payments.day[row], payments.amount[row] = payment_day, state.incentive[IncentiveState.SUB_NOTE_PAID]


@kernel
def pay_held_cash(
    program: CompiledProgram, liability: LiabilityTerms, state: PeriodState, is_defaulted: bool, trace: Floats
) -> int:
    """Pay out reserves and escrow in a deal's last period; returns a Status.

    Reserves go down the note payment sequence, or the default waterfall, to what is still unpaid; the escrow is
    released in front of equity.
    """
    cash = 0.0
    for account in range(state.reserve.shape[0]):
        cash += state.reserve[account, ReserveState.BALANCE]
        state.reserve[account, ReserveState.MOVEMENT] -= state.reserve[account, ReserveState.BALANCE]
        state.reserve[account, ReserveState.BALANCE] = 0.0
    if cash == 0.0 and state.register[Register.ESCROW] == 0.0:
        return 0
    state.context[Context.IS_LIQUIDATING] = 1
    return run_section(program, liability, state, DEFAULTED if is_defaulted else NOTES, cash, trace)
