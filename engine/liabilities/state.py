"""Where every number of a deal's liabilities lives: the columns of the state arrays of all kernels (spec 02 §14.3).

The leading columns of a state array are the published columns of `engine.deal.results`, in the same order, so that a
period is recorded by copying rows; the columns after them are working storage. One state block belongs to one
scenario; terms are read only and shared by all of them.

A period goes: `open_period`, accruals, tests, sections of the waterfall, `close_period`, record. The carried columns of
the state before the first period hold the opening balances.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class TrancheState(IntEnum):
    """Columns of the tranche state, (T, 16); currency but for the coupon (decimal a year) and the last two.

    A shortfall of a tranche that is not deferrable stands in the deferred columns too: owed with the next interest in
    standard mode, forgotten in legacy mode (DQ-19).
    """

    COUPON = 0
    BALANCE_BEGIN = 1
    INTEREST_ACCRUED = 2
    INTEREST_PAID = 3
    PRINCIPAL_PAID = 4
    BALANCE_END = 5
    DEFERRED_BEGIN = 6
    DEFERRED_INTEREST_ACCRUED = 7
    DEFERRED_INTEREST_PAID = 8
    DEFERRED_PRINCIPAL_PAID = 9
    DEFERRED_END = 10
    BALANCE_CARRIED = 11
    DEFERRED_CARRIED = 12
    SCHEDULED_DUE = 13
    IS_REACHED = 14
    LAST_CALCULATED = 15


class TrancheTerm(IntEnum):
    """Columns of the tranche terms, (T, 7): flags 0 or 1, spread (or fixed coupon) decimal a year, currency."""

    IS_DEFERRABLE = 0
    IS_EQUITY = 1
    IS_FIXED = 2
    SPREAD = 3
    ORIGINAL_BALANCE = 4
    CURRENT_BALANCE = 5
    DEFERRED_BALANCE = 6


class FeeState(IntEnum):
    """Columns of the fee state, (F, 9); currency, YEAR_FRACTION in years of the period's accrual."""

    BASIS = 0
    UNPAID_BEGIN = 1
    ACCRUED = 2
    PAID = 3
    UNPAID_END = 4
    UNPAID_CARRIED = 5
    BASIS_BEGIN = 6
    BASIS_END = 7
    YEAR_FRACTION = 8


class FeeTerm(IntEnum):
    """Columns of the fee terms, (F, 10).

    BASIS_CODE is a FeeBasisCode. The last four are zero unless a feature sets them: extra rate of the basis with a cap
    in currency a period, and a share of the pool's spread above a strike (spec 02 §16.3).
    """

    BASIS_CODE = 0
    PERCENTAGE = 1
    FIXED_AMOUNT = 2
    OPENING_UNPAID = 3
    HAS_INTEREST_ON_UNPAID = 4
    INTEREST_SPREAD = 5
    OVERLAY_RATE = 6
    OVERLAY_CAP = 7
    EXCESS_SPREAD_STRIKE = 8
    EXCESS_SPREAD_SHARE = 9


class FeeBasisCode(IntEnum):
    """What a fee's percentage is taken of; NONE accrues nothing (an unknown type in legacy mode, DQ-25)."""

    NONE = 0
    BEGINNING = 1
    AVERAGE = 2
    FIXED = 3


class OcState(IntEnum):
    """Columns of the OC test state, (K, 10); currency, ratio and pass flag (0 or 1) pure numbers."""

    NUMERATOR = 0
    DENOMINATOR = 1
    RATIO = 2
    IS_PASSED = 3
    PRIOR_INTEREST_CURE = 4
    PRIOR_PRINCIPAL_CURE = 5
    INTEREST_CURE = 6
    INTEREST_CURE_PAID = 7
    PRINCIPAL_CURE = 8
    PRINCIPAL_CURE_PAID = 9


class IcState(IntEnum):
    """Columns of the IC test state, (J, 8)."""

    NUMERATOR = 0
    DENOMINATOR = 1
    LIABILITY_BALANCE = 2
    RATIO = 3
    IS_PASSED = 4
    PRIOR_CURE = 5
    CURE = 6
    CURE_PAID = 7


class IncentiveState(IntEnum):
    """Entries of the incentive fee state, (9,); currency but for IRR (decimal, filled by the deal) and IS_REACHED.

    DISCOUNTED_PAYMENTS is the sum of sub-note payments discounted to closing at the hurdle, contributions negative.
    RECEIPTS, CONTRIBUTIONS (positive) and FEE_PAID_TO_DATE cover the whole history, the current period included.
    """

    THRESHOLD = 0
    FEE_PAID = 1
    IRR = 2
    DISCOUNTED_PAYMENTS = 3
    IS_REACHED = 4
    SUB_NOTE_PAID = 5
    RECEIPTS = 6
    CONTRIBUTIONS = 7
    FEE_PAID_TO_DATE = 8


class Register(IntEnum):
    """Entries of the registers, (16,), currency unless said.

    CURE_PAID is the x of spec 02 §12: cash moved by the last cure step of the section. The CARRIED registers hold
    negative cash that standard mode keeps in the Collection account (DQ-16). The metrics from IRR on are decimals:
    IRR, PRO_FORMA_IRR, MOIC and SPREAD are supplied by the deal where a program needs them, the buffers are the
    smallest ratio above trigger over the active coverage tests.
    """

    PRINCIPAL_PROCEEDS = 0
    NOTES = 1
    REINVESTED = 2
    REINVESTMENT_CAP = 3
    CURE_PAID = 4
    INTEREST_CARRIED = 5
    PRINCIPAL_CARRIED = 6
    ESCROW = 7
    CASH_LEFT = 8
    BENEFICIARY_PAID = 9
    IRR = 10
    PRO_FORMA_IRR = 11
    MOIC = 12
    SPREAD = 13
    OC_BUFFER = 14
    IC_BUFFER = 15


class Context(IntEnum):
    """Entries of the period's circumstances, (8,) integers.

    PERIOD is 1-based, PAYMENT_DAY a day number (days since 1970-01-01). CONTROLLING_CLASS (label code) is written on
    entry to PRIN, TRACE_ROWS and FAILED_STEP (0-based within its section) by the interpreter.
    """

    PERIOD = 0
    PAYMENT_DAY = 1
    IS_REINVESTING = 2
    IS_LIQUIDATING = 3
    CONTROLLING_CLASS = 4
    TRACE_ROWS = 5
    FAILED_SECTION = 6
    FAILED_STEP = 7


class ReserveState(IntEnum):
    """Columns of the reserve accounts, (10, 2), row = account number: balance and movement of the period (+ funded)."""

    BALANCE = 0
    MOVEMENT = 1


class Policy(IntEnum):
    """Legacy behaviour of the liability kernels, one bit per engine quirk; 0 is standard mode.

    The two last bits are features: coverage tests whose cures are switched off (spec 02 §16.3).
    """

    NEGATIVE_CASH_ABSORBED = 1  # DQ-16
    SHORTFALL_FORGIVEN = 2  # DQ-19
    INTEREST_ON_OPENING_UNPAID = 4  # DQ-24
    NO_ACCRUAL_WITHOUT_BASIS = 8  # DQ-25
    IC_DEDUCTS_CURRENT_ACCRUAL = 16  # DQ-26
    EXACT_HURDLE = 32  # DQ-27
    STRICT_PASS_UNCAPPED_CURES = 64  # DQ-28
    OC_CURES_OFF = 128
    IC_CURES_OFF = 256


class Status(IntEnum):
    """What a kernel returns: OK, or why the deal cannot go on."""

    OK = 0
    RAISED = 1  # a RAISE step, or an allocation that legacy code cannot execute
    UNDEFINED_ALLOCATION = 2  # pro rata of claims that sum to zero while cash is negative
    UNDEFINED_CURE = 3  # principal cure of a failing test with trigger 1


ACCOUNT_ROWS = 10

UNKNOWN_CLASS = -2
"""Controlling class before the principal waterfall is entered; no condition on a class is met."""


class PeriodState(NamedTuple):
    """All state of one scenario; every member is written by the kernels."""

    tranche: Floats
    fee: Floats
    oc: Floats
    ic: Floats
    incentive: Floats
    register: Floats
    context: Integers
    predicate: Integers
    reserve: Floats


class LiabilityTerms(NamedTuple):
    """Contract terms as arrays, shared by all scenarios.

    tranche (T, 7), fee (F, 10), oc_trigger (K,), ic_trigger (J,), incentive_share fraction of cash above the hurdle,
    policy a sum of Policy bits. schedule (N, T): principal scheduled for payment in each period, currency; (0, T)
    where no tranche amortises by schedule.
    """

    tranche: Floats
    fee: Floats
    oc_trigger: Floats
    ic_trigger: Floats
    incentive_share: float
    policy: int
    schedule: Floats


class StateBlock(NamedTuple):
    """States of many scenarios: the arrays of PeriodState with a leading scenario axis."""

    tranche: Floats
    fee: Floats
    oc: Floats
    ic: Floats
    incentive: Floats
    register: Floats
    context: Integers
    predicate: Integers
    reserve: Floats


def new_states(
    n_scenarios: int, n_tranches: int, n_fees: int, n_oc: int, n_ic: int, n_predicates: int = 0
) -> StateBlock:
    """Zeroed states of `n_scenarios`; `kernels.start_deal` fills in the opening balances."""
    return StateBlock(
        tranche=np.zeros((n_scenarios, n_tranches, len(TrancheState))),
        fee=np.zeros((n_scenarios, n_fees, len(FeeState))),
        oc=np.zeros((n_scenarios, n_oc, len(OcState))),
        ic=np.zeros((n_scenarios, n_ic, len(IcState))),
        incentive=np.zeros((n_scenarios, len(IncentiveState))),
        register=np.zeros((n_scenarios, len(Register))),
        context=np.zeros((n_scenarios, len(Context)), dtype=np.int64),
        predicate=np.zeros((n_scenarios, n_predicates), dtype=np.int64),
        reserve=np.zeros((n_scenarios, ACCOUNT_ROWS, len(ReserveState))),
    )
