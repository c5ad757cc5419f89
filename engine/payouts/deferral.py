"""Deferred payments: how old they are, which rule puts a payment off, what late cash earns (spec 07 §17, §18)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.errors import InputError
from engine.payouts.enums import (
    AgingBucket,
    BusinessDayConvention,
    CashflowType,
    DeferralAction,
    DeferralReason,
    DeferralUrgency,
)
from engine.payouts.life_cycle import OPEN_ENDED_REASONS, SettlementDays

DUE_SOON_DAYS = 7
"""Calendar days before the expected date from which on a deferral is due soon."""

_URGENCY_ORDER = {urgency: place for place, urgency in enumerate(DeferralUrgency)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredCashflow:
    """A cashflow in REALIZED_DEFERRED. amount is its signed settlement amount."""

    cashflow_reference: str
    deferral_date: date
    deferral_reason: DeferralReason
    currency: str
    amount: Decimal
    expected_realization_date: date | None = None

    @property
    def deferral_period_days(self) -> int | None:
        """Days from deferral to the expected date, None while open-ended."""
        expected = self.expected_realization_date
        return None if expected is None else (expected - self.deferral_date).days


@dataclass(frozen=True, slots=True)
class DeferralAge:
    """A deferral as of a date. days_until_expected is negative where overdue, None without an expected date."""

    cashflow: DeferredCashflow
    days_since_deferral: int
    days_until_expected: int | None
    urgency: DeferralUrgency
    bucket: AgingBucket

    @property
    def days_overdue(self) -> int:
        """Days after the expected date, 0 where it has not passed."""
        return max(0, -(self.days_until_expected or 0))


def deferral_age(cashflow: DeferredCashflow, as_of: date) -> DeferralAge:
    """Age, urgency and bucket of one deferral as of a date (spec 07 §18.2)."""
    expected = cashflow.expected_realization_date
    until = None if expected is None else (expected - as_of).days
    return DeferralAge(cashflow, (as_of - cashflow.deferral_date).days, until, _urgency(until), _bucket(until))


def aging(cashflows: Iterable[DeferredCashflow], as_of: date) -> tuple[DeferralAge, ...]:
    """Ages of deferrals in the order of reports: by urgency, then expected date, deferral date and reference."""
    ages = [deferral_age(one, as_of) for one in cashflows]
    return tuple(
        sorted(
            ages,
            key=lambda age: (
                _URGENCY_ORDER[age.urgency],
                age.cashflow.expected_realization_date or date.max,
                age.cashflow.deferral_date,
                age.cashflow.cashflow_reference,
            ),
        )
    )


def _urgency(until: int | None) -> DeferralUrgency:
    if until is None:
        return DeferralUrgency.UNSCHEDULED
    if until < 0:
        return DeferralUrgency.OVERDUE
    if until == 0:
        return DeferralUrgency.DUE_TODAY
    return DeferralUrgency.DUE_SOON if until <= DUE_SOON_DAYS else DeferralUrgency.FUTURE


def _bucket(until: int | None) -> AgingBucket:
    overdue = 0 if until is None else -until
    if overdue <= 0:
        return AgingBucket.CURRENT
    if overdue <= 30:
        return AgingBucket.DAYS_1_30
    if overdue <= 60:
        return AgingBucket.DAYS_31_60
    return AgingBucket.DAYS_61_90 if overdue <= 90 else AgingBucket.OVER_90


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralTotal:
    """Deferrals of one reason and currency. Amounts are signed sums; the average is over those with a date."""

    deferral_reason: DeferralReason
    currency: str
    count: int
    amount: Decimal
    average_period_days: float | None
    overdue_count: int
    overdue_amount: Decimal


def deferral_totals(ages: Iterable[DeferralAge]) -> tuple[DeferralTotal, ...]:
    """Counts and amounts by reason and currency, in that order (spec 07 §18.2)."""
    groups: dict[tuple[DeferralReason, str], list[DeferralAge]] = {}
    for age in ages:
        groups.setdefault((age.cashflow.deferral_reason, age.cashflow.currency), []).append(age)
    return tuple(_total(key, groups[key]) for key in sorted(groups))


def _total(key: tuple[DeferralReason, str], ages: Sequence[DeferralAge]) -> DeferralTotal:
    periods = [age.cashflow.deferral_period_days for age in ages]
    dated = [period for period in periods if period is not None]
    overdue = [age for age in ages if age.urgency is DeferralUrgency.OVERDUE]
    return DeferralTotal(
        deferral_reason=key[0],
        currency=key[1],
        count=len(ages),
        amount=sum((age.cashflow.amount for age in ages), Decimal(0)),
        average_period_days=sum(dated) / len(dated) if dated else None,
        overdue_count=len(overdue),
        overdue_amount=sum((age.cashflow.amount for age in overdue), Decimal(0)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralScope:
    """What a rule applies to: every field that is there has to match.

    party is either side; amount_below: an absolute amount in the cashflow's currency, which has to be smaller.
    """

    contract_reference: str | None = None
    cashflow_type: CashflowType | None = None
    currency: str | None = None
    party: str | None = None
    amount_below: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralRule:
    """A rule by which payments are put off; the lowest priority number is asked first.

    days: of DEFER_DAYS, calendar days. releases_automatically: the nightly job may release once the date has come.
    """

    rule_id: str
    priority: int
    reason: DeferralReason
    action: DeferralAction
    scope: DeferralScope = DeferralScope()
    days: int | None = None
    is_active: bool = True
    approval_required: bool = False
    releases_automatically: bool = False

    def __post_init__(self) -> None:
        if (self.action is DeferralAction.DEFER_DAYS) != (self.days is not None and self.days > 0):
            raise _error(
                self.rule_id,
                f"{self.action.value} with {self.days} days",
                "Give DEFER_DAYS a number of days above 0, other actions none.",
            )
        if self.action is DeferralAction.DEFER_UNTIL_RELEASED and self.reason not in OPEN_ENDED_REASONS:
            names = ", ".join(sorted(OPEN_ENDED_REASONS))
            raise _error(
                self.rule_id,
                f"A deferral for {self.reason.value} cannot be without an expected date",
                f"Use one of the reasons {names}, or an action with a date.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralCandidate:
    """A cashflow about to be realised, as rules see it. amount is signed; parties are both sides."""

    cashflow_reference: str
    contract_reference: str
    cashflow_type: CashflowType
    currency: str
    amount: Decimal
    parties: tuple[str, str]
    next_payment_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralDecision:
    """The rule that applied, what it said, and what it looked at, to be written to the history."""

    rule_id: str
    reason: DeferralReason
    action: DeferralAction
    deferral_date: date
    expected_realization_date: date | None
    approval_required: bool
    candidate: DeferralCandidate


def matches(scope: DeferralScope, candidate: DeferralCandidate) -> bool:
    """Whether every field that the scope names fits the cashflow."""
    return (
        scope.contract_reference in (None, candidate.contract_reference)
        and scope.cashflow_type in (None, candidate.cashflow_type)
        and scope.currency in (None, candidate.currency)
        and scope.party in (None, *candidate.parties)
        and (scope.amount_below is None or abs(candidate.amount) < scope.amount_below)
    )


def decide(
    rules: Iterable[DeferralRule], candidate: DeferralCandidate, business_date: date, days: SettlementDays
) -> DeferralDecision | None:
    """What the first active rule that matches decides, by priority and then rule id; None: pay as planned.

    Expected dates are moved to good settlement days. Raises InputError CLO-1955 where the rule defers to the next
    payment date and there is none after the business date.
    """
    ordered = sorted((rule for rule in rules if rule.is_active), key=lambda rule: (rule.priority, rule.rule_id))
    rule = next((rule for rule in ordered if matches(rule.scope, candidate)), None)
    if rule is None:
        return None
    return DeferralDecision(
        rule_id=rule.rule_id,
        reason=rule.reason,
        action=rule.action,
        deferral_date=business_date,
        expected_realization_date=_expected_date(rule, candidate, business_date, days),
        approval_required=rule.approval_required,
        candidate=candidate,
    )


def _expected_date(
    rule: DeferralRule, candidate: DeferralCandidate, business_date: date, days: SettlementDays
) -> date | None:
    if rule.action is DeferralAction.DEFER_UNTIL_RELEASED:
        return None
    expected = candidate.next_payment_date
    if rule.action is DeferralAction.DEFER_DAYS:
        expected = business_date + timedelta(days=rule.days or 0)
    if expected is None or expected <= business_date:
        raise _error(
            rule.rule_id,
            f"{candidate.cashflow_reference} has no payment date after {business_date} to be deferred to",
            "Give its next payment date, or realise it.",
        )
    return days.adjust(expected, BusinessDayConvention.FOLLOWING)


def releasable(age: DeferralAge, is_automatic: bool) -> bool:
    """Whether the nightly job releases a deferral by itself: its date has come and its rule, if it has one, allows."""
    has_come = age.days_until_expected is not None and age.days_until_expected <= 0
    return has_come and is_automatic


def compensation(amount: float | Decimal, rate: float, due: date, paid: date, basis: float) -> float:
    """Interest on an amount paid after it was due: amount x rate x days / basis, signed as the amount.

    rate: decimal a year, overnight for late settlement (spec 07 §17), the contract's deferral rate for deferrals
    (§18.3); basis: days of the year, 360 or 365. Raises InputError CLO-1955 for a basis that is not positive, and where
    `paid` is before `due`.
    """
    if not basis > 0.0:
        raise _error("", f"A year of {basis} days", "Use 360 or 365.")
    if paid < due:
        raise _error("", f"Paid on {paid}, before it was due on {due}", "Put the dates in order.")
    return float(amount) * rate * (paid - due).days / basis


def _error(where: str, problem: str, remedy: str) -> InputError:
    return InputError("CLO-1955", problem, where=where, remedy=remedy)
