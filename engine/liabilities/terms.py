"""What a deal owes, as its documents state it: tranches, fees, incentive fee, sub-note payments (spec 02 §1)."""

from dataclasses import dataclass
from datetime import date
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche:
    """One class of notes.

    name as the waterfall programs know it after the word Class (`Class B-1`); the subordinated notes are the equity
    tranche. Balances in currency; price a fraction of par; spread (the coupon itself if is_fixed) and discount_margin
    decimals a year; triggers ratios (1.10 = 110 %), None where the class has no such test. day_count is the text of
    the documents.
    """

    name: str
    original_balance: float
    current_balance: float
    deferred_balance: float = 0.0
    price: float | None = None
    spread: float = 0.0
    discount_margin: float | None = None
    is_deferrable: bool = False
    oc_trigger: float | None = None
    ic_trigger: float | None = None
    day_count: str = "ACTUAL/360"
    is_equity: bool = False
    is_fixed: bool = False


class FeeBasis(Enum):
    """What a fee's percentage is taken of: the basis at the beginning of the period, or the average over it.

    FIXED exists in standard mode only: the fixed amount alone (spec 02 DQ-25).
    """

    BEGINNING = "BEGINNING"
    AVERAGE = "AVERAGE"
    FIXED = "FIXED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One fee: percentage of the basis plus fixed_amount, both a year; unpaid balances may bear index plus spread."""

    name: str
    basis: FeeBasis
    percentage: float = 0.0
    fixed_amount: float = 0.0
    day_count: str = "ACTUAL/360"
    unpaid_balance: float = 0.0
    has_interest_on_unpaid: bool = False
    interest_spread: float = 0.0


@dataclass(frozen=True, slots=True)
class SubNotePayment:
    """Cash to (+) or from (-) the subordinated noteholders on a date, in currency."""

    on: date
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IncentiveFee:
    """The manager's share of sub-note cash above an annual hurdle; decimals."""

    hurdle: float
    share: float
    payments: tuple[SubNotePayment, ...] = ()
