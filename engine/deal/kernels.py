"""One deal through its periods in one scenario: proceeds, tests, waterfall, reinvestment, call (spec 02 §5).

Rows of all period arrays are numbered like deal periods: row i belongs to period i, row 0 is not used. Money in
currency, rates and fractions decimals.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.borrowing import borrowed
from engine.collateral.kernels_pool import (
    POOL_DEFAULT_BALANCE,
    POOL_DEFAULT_VALUE_BALANCE,
    POOL_INTEREST,
    POOL_PERFORMING,
    POOL_RECOVERIES,
    POOL_SCHEDULED,
    POOL_UNSCHEDULED,
    ccc_haircut,
    ccc_haircut_whole_pool,
    liquidate,
)
from engine.collateral.kernels_reinvestment import ReinvestmentTerms, add_reinvestment
from engine.deal.kernels_metrics import (
    MetricTerms,
    SubNotePayments,
    measure,
    multiple,
    note_payment,
    pay_held_cash,
)
from engine.liabilities.kernels_period import accrue_all, begin_period, record_period, roll_all
from engine.liabilities.state import (
    LiabilityTerms,
    PeriodState,
    Register,
    Status,
    TrancheState,
    TrancheTerm,
)
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel
from engine.waterfall.codes import CompiledProgram, SectionCode
from engine.waterfall.kernels import run_section
from engine.waterfall.kernels_tests import evaluate_predicates, evaluate_tests, ic_numerator, is_event_of_default

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class DealPolicy(IntEnum):
    """Legacy behaviour of the period loop, one bit per quirk; 0 is standard mode."""

    CASH_AFTER_LIQUIDATION = 1  # DQ-10
    EVENT_OF_DEFAULT_ENDS = 2  # DQ-13
    NO_LIQUIDATION_OF_ONE_PERIOD = 4  # DQ-15
    NEGATIVE_CASH_ABSORBED = 8  # DQ-16
    WHOLE_POOL_HAIRCUT = 16  # DQ-07, DQ-08


class ReinvestedCash(IntEnum):
    """Which cash is reinvested (spec 01 §5.2)."""

    NONE = 0
    ALL_PRINCIPAL = 1
    UNSCHEDULED_PRINCIPAL = 2


class DealColumn(IntEnum):
    """Columns of the deal history, those of `engine.deal.results.DEAL_COLUMNS`."""

    INTEREST_PROCEEDS = 0
    PRINCIPAL_PROCEEDS = 1
    NOTES_PAYABLE = 2
    REINVESTED = 3
    INDEX_RATE = 4


class DealTerms(NamedTuple):
    """What the period loop needs of a deal; N periods, T tranches, F fees, A lanes of the collateral grid.

    payment_day       (N + 1,) int64 day numbers
    tranche_years     (N + 1, T), fee_years (N + 1, F): accrual period in years on each day count
    growth            (N + 1,) (1 + hurdle) to the power of years from closing to the payment
    is_reinvesting, is_before_maturity, is_callable
                      (N + 1,) bool: payment not after the reinvestment end date, before the deal's maturity, not before
                      the no-call date
    interest_cash, principal_cash, reserve_cash, accrued_interest
                      float, opening Collection cash (ramp-up included), interest reserve, purchased accrued interest
    opening_fee_basis, call_threshold, liquidation_price, equity_balance
                      float; the threshold a fraction of equity_balance a period
    pre_cash, post_cash int (ReinvestedCash), pre_fraction, post_fraction float
    is_event_of_default bool, declared from outside
    ccc_limit         float; is_ccc, is_caa (N + 1, A) bool by collection end; ccc_value (A,) fraction of par, or the
                      flat price; dearest_first (A,) int64; ccc_price float, the flat price of the legacy haircut
    policy            int, DealPolicy bits
    """

    payment_day: Ints
    tranche_years: Floats
    fee_years: Floats
    growth: Floats
    is_reinvesting: Flags
    is_before_maturity: Flags
    is_callable: Flags
    interest_cash: float
    principal_cash: float
    reserve_cash: float
    accrued_interest: float
    opening_fee_basis: float
    call_threshold: float
    liquidation_price: float
    equity_balance: float
    pre_cash: int
    pre_fraction: float
    post_cash: int
    post_fraction: float
    is_event_of_default: bool
    ccc_limit: float
    is_ccc: Flags
    is_caa: Flags
    ccc_value: Floats
    dearest_first: Ints
    ccc_price: float
    policy: int


class Pools(NamedTuple):
    """Collateral of one scenario: pool and book (N + 2, 11), cash (N + 2, 2) interest and principal that the original
    assets pay, performing (N + 2, A) balances by asset, purchase (2, ...) scratch of add_reinvestment.
    """

    pool: Floats
    book: Floats
    cash: Floats
    performing: Floats
    purchase: Floats


class ReinvestmentRates(NamedTuple):
    """Period rates of purchases: cpr, cdr (P, N + 2), severity (P,)."""

    cpr: Floats
    cdr: Floats
    severity: Floats


class History(NamedTuple):
    """What a scenario leaves behind, all written: row i - 1 is period i. Columns as in `engine.deal.results`.

    deal (N, 5), tranche (N, T, 11), fee (N, F, 5), oc (N, K, 10), ic (N, J, 8), incentive (N, 3), cash_end (3,):
    Collection interest and principal, purchased accrued interest; trace (R, 6), R = 0 for none; payments of the sub
    notes, where returns are measured.
    """

    deal: Floats
    tranche: Floats
    fee: Floats
    oc: Floats
    ic: Floats
    incentive: Floats
    cash_end: Floats
    trace: Floats
    payments: SubNotePayments


# Sections as plain integers; interest, principal and notes are run in the order of their codes.
INTEREST, PRINCIPAL, NOTES, DEFAULTED = (
    int(code) for code in (SectionCode.INT, SectionCode.PRIN, SectionCode.NPS, SectionCode.EOD)
)

EXHAUSTED = 0.01
"""A deal ends when its collateral is down to a cent (spec 01 §4.8)."""


@outlined_kernel
def run_periods(
    terms: DealTerms,
    liability: LiabilityTerms,
    program: CompiledProgram,
    metrics: MetricTerms,
    index_rate: Floats,
    reinvestment: ReinvestmentTerms,
    rates: ReinvestmentRates,
    state: PeriodState,
    pools: Pools,
    history: History,
) -> tuple[int, int]:
    """Run every period until the pools are exhausted or maturity; returns (Status, last period).

    index_rate (N + 1,) float64, decimals a year, of each period.
    `state` has been started by `start_deal`. On a status other than OK the last period is the failing one, and its
    rows show what was done until then.
    """
    terms, liability, program, index_rate = (
        borrowed(terms),
        borrowed(liability),
        borrowed(program),
        borrowed(index_rate),
    )
    reinvestment, rates = borrowed(reinvestment), borrowed(rates)
    state, pools, history = borrowed(state), borrowed(pools), borrowed(history)
    n_periods = terms.payment_day.shape[0] - 1
    pool, book, cash = pools.pool, pools.book, pools.cash
    interest_cash, principal_cash = terms.interest_cash, terms.principal_cash
    reserve_cash, accrued = terms.reserve_cash, terms.accrued_interest
    is_liquidating = n_periods == 1 and not terms.policy & DealPolicy.NO_LIQUIDATION_OF_ONE_PERIOD
    is_defaulted = terms.is_event_of_default
    status, i = 0, 0
    while i < n_periods:
        i += 1
        begin_period(
            liability, state, i, terms.payment_day[i], terms.is_reinvesting[i], is_liquidating, terms.growth[i]
        )
        interest_cash += cash[i, 0] + book[i, POOL_INTEREST]
        principal_cash += cash[i, 1] + book[i, POOL_SCHEDULED] + book[i, POOL_UNSCHEDULED] + book[i, POOL_RECOVERIES]
        moved = accrued_recovered(interest_cash, accrued, terms.policy)
        interest_cash -= moved
        principal_cash += moved
        accrued -= moved
        interest_proceeds = interest_cash + reserve_cash
        principal_proceeds = principal_cash
        interest_cash, principal_cash, reserve_cash = 0.0, 0.0, 0.0

        performing = pool[i + 1, POOL_PERFORMING] + book[i + 1, POOL_PERFORMING]
        in_default = pool[i + 1, POOL_DEFAULT_BALANCE] + book[i + 1, POOL_DEFAULT_BALANCE]
        default_value = pool[i + 1, POOL_DEFAULT_VALUE_BALANCE] + book[i + 1, POOL_DEFAULT_VALUE_BALANCE]
        haircut = collateral_haircut(terms, pools, i, performing + principal_proceeds)
        basis = performing + in_default + principal_proceeds + accrued
        if metrics.measured:
            measure(
                metrics,
                liability,
                state,
                i,
                terms.payment_day[i],
                index_rate[i],
                pool[i, POOL_INTEREST] + book[i, POOL_INTEREST],
                pool[i, POOL_PERFORMING] + book[i, POOL_PERFORMING],
                history.payments,
            )
        accrue_all(liability, state, index_rate[i], terms.tranche_years[i], terms.fee_years[i], basis)
        default_numerator = performing + default_value + principal_proceeds
        status = evaluate_tests(
            program,
            liability,
            state,
            ic_numerator(program, liability, state, interest_proceeds),
            default_numerator - haircut + accrued,
            default_numerator,
        )
        if status != Status.OK:
            break
        if is_liquidating:
            principal_proceeds += liquidate_pools(terms, pools, i)

        has_defaulted = is_event_of_default(program, state)
        if not terms.policy & DealPolicy.EVENT_OF_DEFAULT_ENDS:
            is_defaulted = is_defaulted or has_defaulted
        state.register[Register.PRINCIPAL_PROCEEDS] = principal_proceeds
        status = pay_period(
            terms,
            liability,
            program,
            reinvestment,
            rates,
            state,
            pools,
            history.trace,
            i,
            is_defaulted or has_defaulted,
            is_liquidating,
            interest_proceeds,
        )
        if status != Status.OK:
            break
        interest_cash += state.register[Register.INTEREST_CARRIED]
        principal_cash += state.register[Register.PRINCIPAL_CARRIED]

        if is_called(terms, liability, metrics, state, i):
            is_liquidating = True
        left = (
            pool[i + 1, POOL_PERFORMING]
            + pool[i + 1, POOL_DEFAULT_BALANCE]
            + book[i + 1, POOL_PERFORMING]
            + book[i + 1, POOL_DEFAULT_BALANCE]
        )
        if left <= EXHAUSTED or i == n_periods:
            status = pay_held_cash(program, liability, state, is_defaulted or has_defaulted, history.trace)
            if status != Status.OK:
                break
        if metrics.measured:
            note_payment(metrics, state, i, terms.payment_day[i], history.payments)
        roll_all(liability, state, terms.growth[i])
        record(state, history, i, interest_proceeds, index_rate[i])
        if left <= EXHAUSTED:
            break
    if status != Status.OK:
        record(state, history, i, interest_proceeds, index_rate[i])
    history.cash_end[0], history.cash_end[1], history.cash_end[2] = interest_cash, principal_cash, accrued
    return status, i


@kernel
def accrued_recovered(interest_cash: float, accrued: float, policy: int) -> float:
    """Interest that repays purchased accrued interest to principal (spec 02 §5.2 step 4).

    The legacy model moves negative interest too, which raises what is still owed (DQ-16).
    """
    if policy & DealPolicy.NEGATIVE_CASH_ABSORBED:
        return accrued if interest_cash > accrued else interest_cash
    return min(max(interest_cash, 0.0), accrued)


@kernel
def collateral_haircut(terms: DealTerms, pools: Pools, i: int, amount: float) -> float:
    """CCC/Caa haircut of the OC numerators in period i (spec 02 §4.3); amount: collateral the limit is taken of."""
    threshold = amount * terms.ccc_limit
    if terms.policy & DealPolicy.WHOLE_POOL_HAIRCUT:
        return ccc_haircut_whole_pool(pools.performing[i], terms.is_ccc[i], terms.is_caa[i], terms.ccc_price, threshold)
    return ccc_haircut(
        pools.performing[i + 1], terms.is_ccc[i], terms.is_caa[i], terms.ccc_value, terms.dearest_first, threshold
    )


@kernel
def liquidate_pools(terms: DealTerms, pools: Pools, i: int) -> float:
    """Sell both pools in period i; returns the proceeds. The legacy model goes on collecting sold assets (DQ-10)."""
    proceeds = liquidate(pools.pool, i, terms.liquidation_price) + liquidate(pools.book, i, terms.liquidation_price)
    if not terms.policy & DealPolicy.CASH_AFTER_LIQUIDATION:
        pools.cash[i + 1 :] = 0.0
        pools.performing[i + 1 :] = 0.0
    return proceeds


@kernel
def reinvestment_cap(terms: DealTerms, pools: Pools, i: int, is_liquidating: bool, principal_proceeds: float) -> float:
    """Most that may be reinvested in period i (spec 02 §5.3); below 0 in legacy mode only (DQ-16)."""
    kind, fraction = 0, 0.0
    if terms.is_reinvesting[i]:
        kind, fraction = terms.pre_cash, terms.pre_fraction
    elif terms.is_before_maturity[i]:
        kind, fraction = terms.post_cash, terms.post_fraction
    if is_liquidating or kind == ReinvestedCash.NONE:
        return 0.0
    if kind == ReinvestedCash.ALL_PRINCIPAL:
        if principal_proceeds < 0.0 and not terms.policy & DealPolicy.NEGATIVE_CASH_ABSORBED:
            return 0.0
        return principal_proceeds * fraction
    return (pools.pool[i, POOL_UNSCHEDULED] + pools.book[i, POOL_UNSCHEDULED]) * fraction


@kernel
def pay_period(
    terms: DealTerms,
    liability: LiabilityTerms,
    program: CompiledProgram,
    reinvestment: ReinvestmentTerms,
    rates: ReinvestmentRates,
    state: PeriodState,
    pools: Pools,
    trace: Floats,
    i: int,
    is_defaulted: bool,
    is_liquidating: bool,
    interest_proceeds: float,
) -> int:
    """Run the sections of period i (spec 02 §5.2 steps 13, 14); returns a Status."""
    register = state.register
    evaluate_predicates(program, state)
    first, last = (DEFAULTED, DEFAULTED) if is_defaulted else (INTEREST, NOTES)
    for section in range(first, last + 1):
        cash = interest_proceeds
        if section == PRINCIPAL:
            cash = register[Register.PRINCIPAL_PROCEEDS]
            register[Register.REINVESTMENT_CAP] = reinvestment_cap(terms, pools, i, is_liquidating, cash)
        elif section == NOTES:
            cash = register[Register.NOTES]
        elif section == DEFAULTED:
            cash += register[Register.PRINCIPAL_PROCEEDS]
        status = run_section(program, liability, state, section, cash, trace)
        if status != Status.OK:
            return status
    if not is_defaulted:
        amount = register[Register.REINVESTED]
        add_reinvestment(reinvestment, rates.cpr, rates.cdr, rates.severity, amount, i, pools.purchase, pools.book)
    return 0


@kernel
def is_called(terms: DealTerms, liability: LiabilityTerms, metrics: MetricTerms, state: PeriodState, i: int) -> bool:
    """Whether the deal is redeemed in the next period: low distributions when it may be called, or the end.

    It may be called after the no-call date, or from a multiple of the contributions on (spec 02 §16.3).
    """
    n_periods = terms.payment_day.shape[0] - 1
    if i >= n_periods:
        return False
    paid = 0.0
    for t in range(state.tranche.shape[0]):
        if liability.tranche[t, TrancheTerm.IS_EQUITY] != 0.0:
            paid += state.tranche[t, TrancheState.INTEREST_PAID] + state.tranche[t, TrancheState.PRINCIPAL_PAID]
    is_open = terms.is_callable[i + 1] or multiple(state) >= metrics.call_multiple
    if is_open and paid / terms.equity_balance < terms.call_threshold:
        return True
    return i == n_periods - 1


@kernel
def record(state: PeriodState, history: History, i: int, interest_proceeds: float, index_rate: float) -> None:
    """Copy the published columns of period i into the history."""
    register, row = state.register, i - 1
    history.deal[row, DealColumn.INTEREST_PROCEEDS] = interest_proceeds
    history.deal[row, DealColumn.PRINCIPAL_PROCEEDS] = register[Register.PRINCIPAL_PROCEEDS]
    history.deal[row, DealColumn.NOTES_PAYABLE] = register[Register.NOTES]
    history.deal[row, DealColumn.REINVESTED] = register[Register.REINVESTED]
    history.deal[row, DealColumn.INDEX_RATE] = index_rate
    record_period(
        state, history.tranche[row], history.fee[row], history.oc[row], history.ic[row], history.incentive[row]
    )
