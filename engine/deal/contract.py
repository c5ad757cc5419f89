"""A deal as a run needs it: dates, positions, accounts, tranches, fees and tests, all complete (spec 02 §1)."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from engine.collateral.assumptions import Reinvestment
from engine.collateral.holding import Holding as Holding
from engine.liabilities.terms import Fee, IncentiveFee, Tranche


class AccountNumber(IntEnum):
    """The accounts of a deal by their legacy numbers (spec 02 section 1.6)."""

    PAYMENT = 1
    COLLECTION = 2
    RAMP_UP = 3
    REVOLVER_FUNDING = 4
    EXPENSE_RESERVE = 5
    CUSTODIAL = 6
    SUPPLEMENTAL_RESERVE = 7
    INTEREST_RESERVE = 8
    FUNDING_NOTE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Cash of one account, in currency."""

    number: AccountNumber
    name: str
    interest: float = 0.0
    principal: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DealDates:
    """The twelve date inputs of a deal; lags in business days."""

    pricing: date | None
    closing: date
    effective: date | None
    first_payment: date
    no_call: date
    reinvestment_end: date
    maturity: date
    payment_day: int
    months_between_payments: int
    interest_determination_days: int
    determination_days: int
    business_day_convention: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One deal, ready to run.

    program names the waterfall (`MAG 17`, or a stored configuration). Triggers are ratios, prices fractions of par,
    fractions and rates decimals. call_threshold: redeem when a period's sub-note distribution falls under this
    fraction of the original sub-note balance. ccc_limit: fraction of collateral allowed in CCC/Caa.
    """

    deal_id: str
    name: str
    program: str
    dates: DealDates
    holdings: tuple[Holding, ...]
    accounts: tuple[Account, ...]
    tranches: tuple[Tranche, ...]
    fees: tuple[Fee, ...]
    incentive_fee: IncentiveFee
    reinvestment: Reinvestment
    interest_diversion_trigger: float
    event_of_default_trigger: float
    current_index: float
    purchased_accrued_interest: float
    opening_fee_basis: float
    is_event_of_default: bool
    call_threshold: float
    liquidation_price: float
    ccc_limit: float
    ccc_liquidation_price: float
