"""One period of the liabilities as the deal's loop calls it: begin, accrue, roll, record (spec 02 §5.2).

Order of a period: `begin_period`, `accrue_all`, tests and sections of `engine.waterfall.kernels`, `roll_all`,
`record_period`.
"""

from engine.liabilities.kernels import accrue_fees, accrue_tranches, close_balances, open_period
from engine.liabilities.kernels_incentive import close_incentive, open_incentive
from engine.liabilities.state import Floats, LiabilityTerms, PeriodState
from engine.numerics import inlined_kernel as kernel


@kernel
def begin_period(
    terms: LiabilityTerms,
    state: PeriodState,
    period: int,
    payment_day: int,
    is_reinvesting: bool,
    is_liquidating: bool,
    growth: float,
) -> None:
    """Carry balances into period `period` (1-based), zero the period's amounts, set the incentive threshold.

    payment_day: days since 1970-01-01; flags 0 or 1; growth: (1 + hurdle) ** years from closing to the payment date.
    """
    open_period(terms, state, period, payment_day, is_reinvesting, is_liquidating)
    open_incentive(state, growth)


@kernel
def accrue_all(
    terms: LiabilityTerms,
    state: PeriodState,
    index_rate: float,
    tranche_fractions: Floats,
    fee_fractions: Floats,
    fee_basis: float,
) -> None:
    """Accrue every tranche and every fee.

    index_rate decimal a year; tranche_fractions (T,) and fee_fractions (F,) years on each one's day count; fee_basis
    currency (spec 02 §5.2 step 8).
    """
    accrue_tranches(terms, state, index_rate, tranche_fractions)
    accrue_fees(terms, state, index_rate, fee_fractions, fee_basis)


@kernel
def roll_all(terms: LiabilityTerms, state: PeriodState, growth: float) -> None:
    """Close tranches, fees and incentive fee; `begin_period` of the next period carries the balances over."""
    close_balances(terms, state)
    close_incentive(state, growth)


@kernel
def record_period(
    state: PeriodState, tranches: Floats, fees: Floats, oc: Floats, ic: Floats, incentive: Floats
) -> None:
    """Copy the closed period into one period's rows of the history.

    tranches (T, 11), fees (F, 5), oc (K, 10), ic (J, 8), incentive (3,), all written, columns of engine.deal.results.
    """
    for t in range(tranches.shape[0]):
        for column in range(tranches.shape[1]):
            tranches[t, column] = state.tranche[t, column]
    for f in range(fees.shape[0]):
        for column in range(fees.shape[1]):
            fees[f, column] = state.fee[f, column]
    for k in range(oc.shape[0]):
        for column in range(oc.shape[1]):
            oc[k, column] = state.oc[k, column]
    for j in range(ic.shape[0]):
        for column in range(ic.shape[1]):
            ic[j, column] = state.ic[j, column]
    for column in range(incentive.shape[0]):
        incentive[column] = state.incentive[column]
