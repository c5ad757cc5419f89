"""The closed lists of performance payouts, each defined here once (spec 07 §2).

The value of a member is what the database and documents of our own hold. Spellings of other documents are accepted at
the border through `parse`, never written.
"""

from enum import StrEnum
from typing import TypeVar

from engine.closest import did_you_mean
from engine.errors import InputError

M = TypeVar("M", bound=StrEnum)


class ContractType(StrEnum):
    EQUITY_SWAP = "EQUITY_SWAP"
    TOTAL_RETURN_SWAP = "TOTAL_RETURN_SWAP"
    CONTRACT_FOR_DIFFERENCE = "CONTRACT_FOR_DIFFERENCE"
    VARIANCE_SWAP = "VARIANCE_SWAP"
    VOLATILITY_SWAP = "VOLATILITY_SWAP"
    CORRELATION_SWAP = "CORRELATION_SWAP"
    DISPERSION_SWAP = "DISPERSION_SWAP"
    DIVIDEND_SWAP = "DIVIDEND_SWAP"


class ContractStatus(StrEnum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    MATURED = "MATURED"
    TERMINATED = "TERMINATED"
    NOVATED = "NOVATED"
    CANCELLED = "CANCELLED"


class AdjustmentType(StrEnum):
    """CDM `adjustment` of a trade."""

    STANDARD = "STANDARD"
    EXECUTION = "EXECUTION"
    PORTFOLIO_REBALANCING = "PORTFOLIO_REBALANCING"


class Side(StrEnum):
    """One of the two parties of a contract."""

    PARTY1 = "PARTY1"
    PARTY2 = "PARTY2"

    @property
    def other(self) -> "Side":
        """The other party."""
        return Side.PARTY2 if self is Side.PARTY1 else Side.PARTY1


class LegType(StrEnum):
    EQUITY_LEG = "EQUITY_LEG"
    FUNDING_LEG = "FUNDING_LEG"
    FIXED_LEG = "FIXED_LEG"
    FEE_LEG = "FEE_LEG"


class LegDirection(StrEnum):
    """Whether the reporting party pays or receives the positive amount of a leg."""

    PAY = "PAY"
    RECEIVE = "RECEIVE"


class PartyType(StrEnum):
    COUNTERPARTY = "COUNTERPARTY"
    BROKER = "BROKER"
    CLEARING_HOUSE = "CLEARING_HOUSE"
    CALCULATION_AGENT = "CALCULATION_AGENT"
    HEDGING_PARTY = "HEDGING_PARTY"
    DETERMINING_PARTY = "DETERMINING_PARTY"
    OTHER = "OTHER"


class UnderlierType(StrEnum):
    SINGLE_STOCK = "SINGLE_STOCK"
    INDEX = "INDEX"
    BASKET = "BASKET"
    FUND = "FUND"
    FX_RATE = "FX_RATE"
    OTHER = "OTHER"


class InstrumentStatus(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    DELISTED = "DELISTED"
    MERGED = "MERGED"


class IdentifierScheme(StrEnum):
    ISIN = "ISIN"
    CUSIP = "CUSIP"
    SEDOL = "SEDOL"
    RIC = "RIC"
    BBGID = "BBGID"
    MIC_TICKER = "MIC_TICKER"
    REDID = "REDID"
    OTHER = "OTHER"


class WeightType(StrEnum):
    PERCENTAGE = "PERCENTAGE"
    UNITS = "UNITS"
    NOTIONAL = "NOTIONAL"


class RebalancingFrequency(StrEnum):
    NONE = "NONE"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    ON_RESET = "ON_RESET"
    EXPLICIT = "EXPLICIT"


class CompositionStatus(StrEnum):
    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"


class CompositionReason(StrEnum):
    INITIAL = "INITIAL"
    REBALANCE = "REBALANCE"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    SUBSTITUTION = "SUBSTITUTION"


class ReturnType(StrEnum):
    PRICE = "PRICE"
    DIVIDEND = "DIVIDEND"
    VARIANCE = "VARIANCE"
    VOLATILITY = "VOLATILITY"
    CORRELATION = "CORRELATION"


class ReturnSubtype(StrEnum):
    TOTAL = "TOTAL"
    PRICE_ONLY = "PRICE_ONLY"
    DIVIDEND_ONLY = "DIVIDEND_ONLY"


class PriceReturnType(StrEnum):
    PRICE = "PRICE"
    TOTAL = "TOTAL"


class NotionalMode(StrEnum):
    """RESET: units constant; FIXED: notional constant; CUMULATIVE: performance from the initial price."""

    RESET = "RESET"
    FIXED = "FIXED"
    CUMULATIVE = "CUMULATIVE"


class PerformanceCalculationMethod(StrEnum):
    SIMPLE = "SIMPLE"
    LOG = "LOG"


class DividendEntitlement(StrEnum):
    EX_DATE = "EX_DATE"
    RECORD_DATE = "RECORD_DATE"


class DividendAmountType(StrEnum):
    EX_AMOUNT = "EX_AMOUNT"
    RECORD_AMOUNT = "RECORD_AMOUNT"
    PAID_AMOUNT = "PAID_AMOUNT"
    AS_SPECIFIED_IN_MASTER_CONFIRMATION = "AS_SPECIFIED_IN_MASTER_CONFIRMATION"


class DividendPeriodConvention(StrEnum):
    FIRST_PERIOD = "FIRST_PERIOD"
    SECOND_PERIOD = "SECOND_PERIOD"
    EXPLICIT = "EXPLICIT"


class DividendPaymentReference(StrEnum):
    """When a dividend is paid on; what the CDM knows beyond these is kept as text and refused at generation."""

    EQUITY_PAYMENT_DATE = "EQUITY_PAYMENT_DATE"
    CASH_SETTLEMENT_PAYMENT_DATE = "CASH_SETTLEMENT_PAYMENT_DATE"
    SHARE_PAYMENT = "SHARE_PAYMENT"
    EX_DATE = "EX_DATE"
    RECORD_DATE = "RECORD_DATE"
    DIVIDEND_PAYMENT_DATE = "DIVIDEND_PAYMENT_DATE"
    FOLLOWING_PAYMENT_DATE = "FOLLOWING_PAYMENT_DATE"
    FLOATING_AMOUNT_PAYMENT_DATE = "FLOATING_AMOUNT_PAYMENT_DATE"
    CUMULATIVE_EQUITY_EX_DIV = "CUMULATIVE_EQUITY_EX_DIV"
    CUMULATIVE_EQUITY_PAID = "CUMULATIVE_EQUITY_PAID"
    CUMULATIVE_INTEREST_EX_DIV = "CUMULATIVE_INTEREST_EX_DIV"
    CUMULATIVE_INTEREST_PAID = "CUMULATIVE_INTEREST_PAID"
    TERMINATION_DATE = "TERMINATION_DATE"
    AD_HOC_DATE = "AD_HOC_DATE"
    EXPLICIT = "EXPLICIT"


class DividendType(StrEnum):
    ORDINARY = "ORDINARY"
    SPECIAL = "SPECIAL"
    STOCK = "STOCK"
    RETURN_OF_CAPITAL = "RETURN_OF_CAPITAL"


class DividendStatus(StrEnum):
    ESTIMATED = "ESTIMATED"
    DECLARED = "DECLARED"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class DividendFxDate(StrEnum):
    EX_DATE = "EX_DATE"
    PAY_DATE = "PAY_DATE"


class ReinvestmentPoint(StrEnum):
    EX_DATE = "EX_DATE"
    PAY_DATE = "PAY_DATE"


class NonCashDividendTreatment(StrEnum):
    POTENTIAL_ADJUSTMENT_EVENT = "POTENTIAL_ADJUSTMENT_EVENT"
    CASH_EQUIVALENT = "CASH_EQUIVALENT"


class DividendComposition(StrEnum):
    EQUITY_AMOUNT_RECEIVER_ELECTION = "EQUITY_AMOUNT_RECEIVER_ELECTION"
    CALCULATION_AGENT_ELECTION = "CALCULATION_AGENT_ELECTION"


class DividendAdjustmentStyle(StrEnum):
    """How realised variance treats a dividend: taken from the price before, or added to the price after."""

    REDUCE_PREVIOUS = "REDUCE_PREVIOUS"
    ADD_BACK = "ADD_BACK"


class DividendApplicability(StrEnum):
    NONE = "NONE"
    OPTIONS_EXCHANGE = "OPTIONS_EXCHANGE"
    ADDITIONAL = "ADDITIONAL"
    ALL = "ALL"


class FxFeatureType(StrEnum):
    QUANTO = "QUANTO"
    COMPOSITE = "COMPOSITE"
    CROSS_CURRENCY = "CROSS_CURRENCY"
    UNSPECIFIED = "UNSPECIFIED"


class QuoteBasis(StrEnum):
    CURRENCY1_PER_CURRENCY2 = "CURRENCY1_PER_CURRENCY2"
    CURRENCY2_PER_CURRENCY1 = "CURRENCY2_PER_CURRENCY1"


class ScheduleType(StrEnum):
    EXPLICIT = "EXPLICIT"
    PARAMETRIC = "PARAMETRIC"
    RELATIVE = "RELATIVE"


class ScheduleRole(StrEnum):
    INITIAL = "INITIAL"
    INTERIM = "INTERIM"
    FINAL = "FINAL"


class ScheduledDateStatus(StrEnum):
    PLANNED = "PLANNED"
    OBSERVED = "OBSERVED"
    DISRUPTED = "DISRUPTED"
    MOVED = "MOVED"


class Frequency(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    SEMI_ANNUAL = "SEMI_ANNUAL"
    ANNUAL = "ANNUAL"
    TERM = "TERM"


class PeriodUnit(StrEnum):
    """What a period is counted in: days, weeks, months, years, or once over the whole term."""

    D = "D"
    W = "W"
    M = "M"
    Y = "Y"
    T = "T"


class BusinessDayConvention(StrEnum):
    FOLLOWING = "FOLLOWING"
    MODFOLLOWING = "MODFOLLOWING"
    PRECEDING = "PRECEDING"
    MODPRECEDING = "MODPRECEDING"
    NEAREST = "NEAREST"
    FRN = "FRN"
    NONE = "NONE"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class DayType(StrEnum):
    BUSINESS = "BUSINESS"
    CALENDAR = "CALENDAR"
    CURRENCY_BUSINESS = "CURRENCY_BUSINESS"
    EXCHANGE_BUSINESS = "EXCHANGE_BUSINESS"
    SCHEDULED_TRADING_DAY = "SCHEDULED_TRADING_DAY"


class Disruption(StrEnum):
    """What happens to a valuation on a day without a session."""

    MOVE_FOLLOWING = "MOVE_FOLLOWING"
    MOVE_PRECEDING = "MOVE_PRECEDING"
    USE_LAST_CLOSE = "USE_LAST_CLOSE"


class PayRelativeTo(StrEnum):
    VALUATION_DATE = "VALUATION_DATE"
    CALCULATION_PERIOD_START = "CALCULATION_PERIOD_START"
    CALCULATION_PERIOD_END = "CALCULATION_PERIOD_END"
    RESET_DATE = "RESET_DATE"
    EXPLICIT = "EXPLICIT"


class DayCount(StrEnum):
    """Day counts in the spelling of the CDM, which is the stored one."""

    ACT_360 = "ACT/360"
    ACT_364 = "ACT/364"
    ACT_365_FIXED = "ACT/365.FIXED"
    ACT_365L = "ACT/365L"
    ACT_ACT_ISDA = "ACT/ACT.ISDA"
    ACT_ACT_ICMA = "ACT/ACT.ICMA"
    THIRTY_360 = "30/360"
    THIRTY_E_360 = "30E/360"
    THIRTY_E_360_ISDA = "30E/360.ISDA"
    BUS_252 = "BUS/252"
    ONE = "1/1"


class RateKind(StrEnum):
    FIXED = "FIXED"
    FLOATING_TERM = "FLOATING_TERM"
    FLOATING_OVERNIGHT = "FLOATING_OVERNIGHT"
    FLOATING_COMPOUNDED_INDEX = "FLOATING_COMPOUNDED_INDEX"


class OvernightMethod(StrEnum):
    COMPOUNDED = "COMPOUNDED"
    AVERAGED = "AVERAGED"


class ObservationShift(StrEnum):
    NONE = "NONE"
    LOOKBACK = "LOOKBACK"
    OBSERVATION_PERIOD_SHIFT = "OBSERVATION_PERIOD_SHIFT"
    LOCKOUT = "LOCKOUT"


class CompoundingMethod(StrEnum):
    NONE = "NONE"
    FLAT = "FLAT"
    STRAIGHT = "STRAIGHT"
    SPREAD_EXCLUSIVE = "SPREAD_EXCLUSIVE"


class NegativeRateTreatment(StrEnum):
    NEGATIVE_INTEREST = "NEGATIVE_INTEREST"
    ZERO_INTEREST = "ZERO_INTEREST"
    ZERO_INTEREST_EXCLUDING_SPREAD = "ZERO_INTEREST_EXCLUDING_SPREAD"


class NotionalSource(StrEnum):
    """What the notional of a funding leg follows."""

    OWN = "OWN"
    EQUITY_RESET = "EQUITY_RESET"
    EQUITY_FIXED = "EQUITY_FIXED"
    LOTS = "LOTS"


class ResetRelativeTo(StrEnum):
    START = "START"
    END = "END"


class StrikeScale(StrEnum):
    """DECIMAL: volatility 0.18, variance 0.0324; POINTS: volatility 18, variance 324."""

    DECIMAL = "DECIMAL"
    POINTS = "POINTS"


class RealisedVarianceMethod(StrEnum):
    """Which of the two prices of a return has to lie in the corridor."""

    PREVIOUS = "PREVIOUS"
    LAST = "LAST"
    BOTH = "BOTH"


class CorrelationMethod(StrEnum):
    PEARSON = "PEARSON"
    SPEARMAN = "SPEARMAN"


class CorrelationWeighting(StrEnum):
    EQUAL = "EQUAL"
    BASKET_WEIGHTS = "BASKET_WEIGHTS"


class NotionalScale(StrEnum):
    PER_UNIT = "PER_UNIT"
    PER_POINT = "PER_POINT"


class QuantityUnit(StrEnum):
    SHARE = "SHARE"
    INDEX_UNIT = "INDEX_UNIT"
    CONTRACT = "CONTRACT"
    BASKET_UNIT = "BASKET_UNIT"


class LotStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class LotClosingMethod(StrEnum):
    FIFO = "FIFO"
    LIFO = "LIFO"
    HIFO = "HIFO"
    PRO_RATA = "PRO_RATA"
    SPECIFIC = "SPECIFIC"


class UnwindFunding(StrEnum):
    """When the funding that closed units have accrued is paid: with the regular payment, or as they settle."""

    RUN = "RUN"
    BREAK = "BREAK"


class CashflowType(StrEnum):
    EQUITY_RETURN = "EQUITY_RETURN"
    DIVIDEND = "DIVIDEND"
    INTEREST = "INTEREST"
    FEES = "FEES"
    FIXED_AMOUNT = "FIXED_AMOUNT"
    ADJUSTMENT = "ADJUSTMENT"
    CORPORATE_ACTION = "CORPORATE_ACTION"


class CashflowSubtype(StrEnum):
    PRICE_RETURN = "PRICE_RETURN"
    TOTAL_RETURN = "TOTAL_RETURN"
    VARIANCE_RETURN = "VARIANCE_RETURN"
    VOLATILITY_RETURN = "VOLATILITY_RETURN"
    CORRELATION_RETURN = "CORRELATION_RETURN"
    ORDINARY_DIVIDEND = "ORDINARY_DIVIDEND"
    SPECIAL_DIVIDEND = "SPECIAL_DIVIDEND"
    MANUFACTURED_DIVIDEND = "MANUFACTURED_DIVIDEND"
    FIXED_INTEREST = "FIXED_INTEREST"
    FLOATING_INTEREST = "FLOATING_INTEREST"
    UPFRONT_FEE = "UPFRONT_FEE"
    BREAKAGE_FEE = "BREAKAGE_FEE"
    TERMINATION_AMOUNT = "TERMINATION_AMOUNT"
    BORROW_FEE = "BORROW_FEE"
    COMPENSATION = "COMPENSATION"
    CORRECTION = "CORRECTION"


class CashflowStatus(StrEnum):
    ACCRUED = "ACCRUED"
    REALIZED_DEFERRED = "REALIZED_DEFERRED"
    REALIZED_UNSETTLED = "REALIZED_UNSETTLED"
    REALIZED_SETTLED = "REALIZED_SETTLED"
    CANCELLED = "CANCELLED"
    ADJUSTED = "ADJUSTED"


class DeferralReason(StrEnum):
    BUSINESS_RULE = "BUSINESS_RULE"
    REGULATORY = "REGULATORY"
    COUNTERPARTY_REQUEST = "COUNTERPARTY_REQUEST"
    MARKET_CONDITIONS = "MARKET_CONDITIONS"
    TECHNICAL_ISSUE = "TECHNICAL_ISSUE"


class DeferralOutcome(StrEnum):
    REALIZED = "REALIZED"
    CANCELLED = "CANCELLED"
    EXTENDED = "EXTENDED"


class DeferralAction(StrEnum):
    DEFER_TO_NEXT_PAYMENT_DATE = "DEFER_TO_NEXT_PAYMENT_DATE"
    DEFER_DAYS = "DEFER_DAYS"
    DEFER_UNTIL_RELEASED = "DEFER_UNTIL_RELEASED"


class DeferralUrgency(StrEnum):
    """In the order in which reports show them."""

    OVERDUE = "OVERDUE"
    UNSCHEDULED = "UNSCHEDULED"
    DUE_TODAY = "DUE_TODAY"
    DUE_SOON = "DUE_SOON"
    FUTURE = "FUTURE"


class AgingBucket(StrEnum):
    CURRENT = "CURRENT"
    DAYS_1_30 = "1_30_DAYS"
    DAYS_31_60 = "31_60_DAYS"
    DAYS_61_90 = "61_90_DAYS"
    OVER_90 = "OVER_90_DAYS"


class ValuationMethod(StrEnum):
    MARK_TO_MARKET = "MARK_TO_MARKET"
    MODEL_VALUATION = "MODEL_VALUATION"
    EXTERNAL_PRICE = "EXTERNAL_PRICE"
    INTERNAL_MODEL = "INTERNAL_MODEL"


class ConfidenceLevel(StrEnum):
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class PaymentStatus(StrEnum):
    PENDING = "PENDING"
    IN_TRANSIT = "IN_TRANSIT"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class PaymentType(StrEnum):
    CASH = "CASH"
    NETTED = "NETTED"
    NONE = "NONE"


class PaymentMethod(StrEnum):
    WIRE = "WIRE"
    ACH = "ACH"
    CHAPS = "CHAPS"
    SEPA = "SEPA"
    BOOK = "BOOK"


class NettingStatus(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    EXECUTED = "EXECUTED"
    CANCELLED = "CANCELLED"


class NettingInclusion(StrEnum):
    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"


class BusinessEventType(StrEnum):
    EXECUTION = "EXECUTION"
    CONTRACT_FORMATION = "CONTRACT_FORMATION"
    RESET = "RESET"
    TRANSFER = "TRANSFER"
    INCREASE = "INCREASE"
    PARTIAL_TERMINATION = "PARTIAL_TERMINATION"
    TERMINATION = "TERMINATION"
    TERMS_CHANGE = "TERMS_CHANGE"
    NOVATION = "NOVATION"
    PARTIAL_NOVATION = "PARTIAL_NOVATION"
    STOCK_SPLIT = "STOCK_SPLIT"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    NOTIONAL_RESET = "NOTIONAL_RESET"
    PORTFOLIO_REBALANCING = "PORTFOLIO_REBALANCING"
    INDEX_TRANSITION = "INDEX_TRANSITION"
    VALUATION = "VALUATION"
    CANCELLATION = "CANCELLATION"
    CORRECTION = "CORRECTION"


class CorporateActionType(StrEnum):
    """Corporate actions of the CDM, in upper snake case (spec 07 §19.3)."""

    CASH_DIVIDEND = "CASH_DIVIDEND"
    STOCK_DIVIDEND = "STOCK_DIVIDEND"
    STOCK_SPLIT = "STOCK_SPLIT"
    REVERSE_STOCK_SPLIT = "REVERSE_STOCK_SPLIT"
    SPIN_OFF = "SPIN_OFF"
    MERGER = "MERGER"
    DELISTING = "DELISTING"
    STOCK_NAME_CHANGE = "STOCK_NAME_CHANGE"
    STOCK_IDENTIFIER_CHANGE = "STOCK_IDENTIFIER_CHANGE"
    RIGHTS_ISSUE = "RIGHTS_ISSUE"
    TAKEOVER = "TAKEOVER"
    STOCK_RECLASSIFICATION = "STOCK_RECLASSIFICATION"
    BONUS_ISSUE = "BONUS_ISSUE"
    CLASS_ACTION = "CLASS_ACTION"
    EARLY_REDEMPTION = "EARLY_REDEMPTION"
    LIQUIDATION = "LIQUIDATION"
    BANKRUPTCY_OR_INSOLVENCY = "BANKRUPTCY_OR_INSOLVENCY"
    ISSUER_NATIONALIZATION = "ISSUER_NATIONALIZATION"
    RELISTING = "RELISTING"
    BESPOKE_EVENT = "BESPOKE_EVENT"


class SpinOffMethod(StrEnum):
    METHOD_FACTOR = "METHOD_FACTOR"
    METHOD_BASKET = "METHOD_BASKET"


class FindingSeverity(StrEnum):
    """ERROR: the record is refused; WARNING: stored, needs attention; INFO."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


ALIASES: dict[type[StrEnum], dict[str, str]] = {
    LegType: {"EQUITY": "EQUITY_LEG", "INTEREST": "FUNDING_LEG"},
    DividendPeriodConvention: {"FIRST": "FIRST_PERIOD", "SECOND": "SECOND_PERIOD"},
    BusinessDayConvention: {"MODIFIED_FOLLOWING": "MODFOLLOWING"},
    CashflowType: {"PERFORMANCE": "EQUITY_RETURN"},
}
"""Spellings of the seed and of earlier drafts, accepted and never written."""


def upper_snake(text: str) -> str:
    """`EquityPaymentDate` and `Equity payment date` as `EQUITY_PAYMENT_DATE`; capitals in a row stay together."""
    parts: list[str] = []
    for i, letter in enumerate(text.strip()):
        before = text.strip()[i - 1] if i else ""
        if letter.isupper() and before and (before.islower() or before.isdigit()):
            parts.append("_")
        parts.append("_" if letter in " -" else letter.upper())
    return "".join(parts)


def parse(kind: type[M], text: str) -> M:
    """The member that a text names: its value, an alias or the CDM's camel case. InputError CLO-1901 for another."""
    for spelling in (text, upper_snake(text)):
        value = ALIASES.get(kind, {}).get(spelling, spelling)
        if value in kind._value2member_map_:
            return kind(value)
    known = [member.value for member in kind]
    raise InputError(
        "CLO-1901",
        f"{text!r} is no {kind.__name__}",
        remedy=did_you_mean(text, known, f"Use one of {', '.join(known)}."),
    )
