"""What the compiler writes and the interpreter reads: op-codes, modes, conditions, arrays (spec 02 §14).

The step table `ops` has the columns of `Column`; amounts of a step stand in the same row of `parameters`.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class SectionCode(IntEnum):
    """Rows of section_bounds. PRE holds feature predicates, which stand in their own arrays."""

    INT = 0
    PRIN = 1
    NPS = 2
    EOD = 3
    PRE = 4


class Op(IntEnum):
    """The closed set of steps."""

    END = 0
    FEE = 1
    INT = 2
    PIK = 3
    PRN = 4
    CURE = 5
    DIVERT = 6
    REINVEST = 7
    NOTES = 8
    EQUITY = 9
    SCHED = 10
    SWEEP = 11
    RESERVE = 12
    ESCROW = 13
    RAISE = 14


class Column(IntEnum):
    """Columns of the step table.

    FEE: A fee, MODE FeeSource, parameter 0 yearly cap or part. INT, PIK, PRN: A group, MODE AllocationCode. CURE: A oc,
    B ic or -1, MODE side, share slice. DIVERT: A oc, MODE DiversionSizing, parameter 0 fraction. REINVEST: MODE
    ReinvestCode. EQUITY: MODE side (0 interest, 1 principal), B gate predicate + 1 or 0, parameters catch-up and
    manager's part. SCHED: A tranche. SWEEP: MODE Destination, A account, parameters fraction and cap. RESERVE: A
    account, MODE ReserveCode, parameters target and cap, share slice = claims. ESCROW: MODE EscrowCode.
    """

    OP = 0
    A = 1
    B = 2
    MODE = 3
    CONDITION_1 = 4
    ARGUMENT_1 = 5
    CONDITION_2 = 6
    ARGUMENT_2 = 7
    SHARE_OFFSET = 8
    SHARE_LENGTH = 9


class FeeSource(IntEnum):
    """Where a fee is paid from and how much of it is due in the step."""

    CASH = 0
    CURE_PAID = 1  # out of x without reducing the cash (DQ-36)
    CAPPED = 2  # at most the yearly cap times the fee's year fraction
    PART = 3  # at most a part of what was due at the start


class AllocationCode(IntEnum):
    """How a group shares cash."""

    SEQUENTIAL = 0
    PRO_RATA = 1
    PRO_RATA_LEGACY = 2  # what a member cannot take is lost (DQ-40)
    RAISE_IF_SHORT = 3  # DQ-38
    RAISE_IF_COVERED = 4  # DQ-39
    BOOLEAN_LEGACY = 5  # DQ-39
    FIRST_TWICE = 6  # DQ-38 without the misspelling: in a shortfall the first member takes both shares


class DiversionSizing(IntEnum):
    """How an interest diversion is sized."""

    REDEMPTION = 0  # DQ-29
    COLLATERAL = 1


class ReinvestCode(IntEnum):
    """How much a REINVEST step takes."""

    ALL = 0
    MAX = 1


class Destination(IntEnum):
    """Where a SWEEP step sends cash."""

    NOTES = 0
    PRIN = 1
    RESERVE = 2
    ESCROW = 3


class ReserveCode(IntEnum):
    """Direction of a RESERVE step."""

    FUND = 0
    DRAW = 1


class EscrowCode(IntEnum):
    """Direction of an ESCROW step."""

    HOLD = 0
    RELEASE = 1


class ConditionCode(IntEnum):
    """When a step is executed; a negative code negates."""

    ALWAYS = 0
    REINVESTING = 1
    POST = 2
    CONTROLLING_CLASS = 3
    LIQUIDATING = 4
    OC_FAILED = 5
    OC_PASSED = 6
    IC_FAILED = 7
    ALL_PASSED = 8
    PREDICATE = 9
    PAYMENT_FROM = 10
    FIRST_PERIOD = 11


SHARE_IC = 64
"""Share entry k is OC test k below this number, IC test k - SHARE_IC from it on; in a claim list fee and tranche."""

NO_LABEL = -1
"""Controlling class when no control entry has a balance (`SUB`)."""


class CompiledProgram(NamedTuple):
    """A program bound to a deal's tranches, fees and tests; indexes are positions in the deal.

    ops (n, 10) and parameters (n, 2): the steps. section_bounds (5, 2): first and past-last row of each section.
    *_bounds and *_members: compressed lists. oc_numerator (K,): 0 collateral numerator, 1 event-of-default numerator.
    control_labels: label code per control entry. ic_fees: fees taken off the IC numerator. covered_oc, covered_ic: the
    tests some cure step belongs to. predicate_terms (m, 3): predicate, register, comparison (1 above, -1 below, 2 at
    least, -2 at most), level in predicate_levels. equity: tranche index. event_of_default: OC test index or -1.
    """

    ops: Codes
    parameters: Floats
    section_bounds: Codes
    group_bounds: Codes
    group_members: Codes
    shares: Codes
    oc_bounds: Codes
    oc_members: Codes
    oc_numerator: Codes
    ic_bounds: Codes
    ic_members: Codes
    control_bounds: Codes
    control_members: Codes
    control_labels: Codes
    ic_fees: Codes
    covered_oc: Codes
    covered_ic: Codes
    predicate_terms: Codes
    predicate_levels: Floats
    equity: int
    event_of_default: int
