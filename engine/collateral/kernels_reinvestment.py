"""The book of reinvested collateral: bullet loans on the deal's own payment dates (spec 01 §5.3, spec 02 §4.6)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.collateral.kernels_pool import (
    POOL_DEFAULT,
    POOL_DEFAULT_BALANCE,
    POOL_DEFAULT_VALUE,
    POOL_DEFAULT_VALUE_BALANCE,
    POOL_INTEREST,
    POOL_NET_LOSS,
    POOL_PERFORMING,
    POOL_RECOVERIES,
    POOL_SCHEDULED,
    POOL_UNSCHEDULED,
)
from engine.conventions.kernels import period_rate_from_days
from engine.numerics import inlined_kernel as kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class ReinvestmentTerms(NamedTuple):
    """What every purchase has in common; N deal periods.

    price        float, fraction of par
    n_terms, lag int, deal periods to maturity and from default to recovery
    has_tail     int, 1 to recover after maturity or full repayment, 0 for the legacy model, which writes off or
                 abandons what is in default then (LQ-44)
    n_balance_rows
                 int, the last row that gets balances: N + 1, or N in the legacy model (DQ-09)
    interest_factor
                 (N + 2,) float64, year fraction times coupon from payment date j to j + 1
    days         (N + 2,) int64, DAYS360 of the same interval
    """

    price: float
    n_terms: int
    lag: int
    has_tail: int
    n_balance_rows: int
    interest_factor: Floats
    days: Ints


@kernel
def fill_reinvestment_rates(days: Ints, annual: Floats, rates: Floats) -> None:
    """Period rates of a purchase by its own period and by deal interval.

    days   : (N + 2,) int64, of ReinvestmentTerms
    annual : (P,) float64, decimals by the purchase's own period; one element for a constant
    rates  : (P, N + 2) float64, written
    """
    for k in range(annual.shape[0]):
        for j in range(days.shape[0]):
            rates[k, j] = period_rate_from_days(annual[k], days[j])


@kernel
def add_reinvestment(
    terms: ReinvestmentTerms,
    cpr_period: Floats,
    cdr_period: Floats,
    severity: Floats,
    amount: float,
    period: int,
    pending: Floats,
    book: Floats,
) -> None:
    """Buy collateral for `amount` in a period and add its flows to the book (spec 01 §5.3).

    cpr_period, cdr_period : (P, N + 2) float64, from `fill_reinvestment_rates`; the last own period goes on
    severity : (P,) float64, decimals by own period; the last one goes on
    amount   : float, currency; period : int, 1-based; the first flow is in period + 1
    pending  : (2, n_terms + 1) float64, scratch
    book     : (N + 2, N_POOL_COLUMNS) float64, currency, added to; the flows of row N + 1 stay zero
    """
    n_periods = book.shape[0] - 2
    if amount == 0.0:
        return
    balance = amount / terms.price
    in_default, value_in_default = 0.0, 0.0
    n_own = terms.n_terms + (terms.lag if terms.has_tail == 1 else 0)
    for k in range(1, n_own + 1):
        i = period + k
        if i <= terms.n_balance_rows:
            book[i, POOL_PERFORMING] += balance
            book[i, POOL_DEFAULT_BALANCE] += in_default
            book[i, POOL_DEFAULT_VALUE_BALANCE] += value_in_default
        if i > n_periods:
            return
        default, value, interest, scheduled, unscheduled = 0.0, 0.0, 0.0, 0.0, 0.0
        if k <= terms.n_terms:
            default = balance * cdr_period[min(k, cdr_period.shape[0]) - 1, i - 1]
            value = default * (1.0 - severity[min(k, severity.shape[0]) - 1])
            interest = terms.interest_factor[i - 1] * (balance - default)
            scheduled = balance - default if k == terms.n_terms else 0.0
            unscheduled = (balance - default - scheduled) * cpr_period[min(k, cpr_period.shape[0]) - 1, i - 1]
            pending[0, k] = default
            pending[1, k] = value
        recovery, net_loss = 0.0, 0.0
        if k > terms.lag:
            recovery = pending[1, k - terms.lag]
            net_loss = pending[0, k - terms.lag] - recovery
        balance = balance - default - scheduled - unscheduled
        in_default = in_default + default - recovery - net_loss
        value_in_default = value_in_default + value - recovery
        if k == n_own:
            net_loss += in_default
            in_default, value_in_default = 0.0, 0.0
        book[i, POOL_DEFAULT] += default
        book[i, POOL_DEFAULT_VALUE] += value
        book[i, POOL_INTEREST] += interest
        book[i, POOL_SCHEDULED] += scheduled
        book[i, POOL_UNSCHEDULED] += unscheduled
        book[i, POOL_RECOVERIES] += recovery
        book[i, POOL_NET_LOSS] += net_loss
        if balance == 0.0 and (terms.has_tail == 0 or in_default == 0.0):
            return
