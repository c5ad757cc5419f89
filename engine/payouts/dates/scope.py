"""In which calendars the dates of a payout are counted, and the anchors that other dates refer to by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from engine.errors import InputError
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars, JointCalendar
from engine.payouts.enums import BusinessDayConvention, DayType, FindingSeverity
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import PerformancePayout, Underlier

Anchors = Mapping[str, tuple[date, ...]]
"""Dates by the name under which `relative_to` speaks of them, for instance EFFECTIVE_DATE or INTERIM_PAYMENT."""


@dataclass(frozen=True, slots=True, order=True)
class AdjustedDate:
    """A date after and before adjustment; dates are put in order by the first."""

    adjusted: date
    unadjusted: date


@dataclass(frozen=True, slots=True, eq=False)
class DateScope:
    """Calendars of one payout and what was noticed while its dates were made.

    currency: of payments. exchanges: market codes of the underlier whose sessions are loaded. findings grows.
    """

    calendars: CenterCalendars
    currency: str | None = None
    exchanges: tuple[str, ...] = ()
    findings: list[PayoutFinding] = field(default_factory=list)

    def note(self, code: FindingCode, message: str, severity: FindingSeverity = FindingSeverity.WARNING) -> None:
        """Keep a finding; the same one is kept once."""
        finding = PayoutFinding(severity, code, "", message)
        if finding not in self.findings:
            self.findings.append(finding)

    def adjust(self, on: date, convention: BusinessDayConvention, centers: tuple[str, ...]) -> date:
        """`on` moved to a good day of the centers, Monday to Friday without any."""
        return self.calendars.joint(centers).adjust(on, convention)

    def shift(
        self,
        on: date,
        n: int,
        day_type: DayType | None,
        centers: tuple[str, ...],
        convention: BusinessDayConvention = BusinessDayConvention.NONE,
    ) -> AdjustedDate:
        """`on` moved by n days of a kind, then adjusted; n = 0 only adjusts (spec 07 §6.2).

        Without a day type business days are counted where centers are known, else calendar days (DAY_TYPE_ASSUMED).
        """
        moved = on
        if n:
            kind = day_type or self._assumed_day_type(n, centers)
            if kind is DayType.CALENDAR:
                moved = on + timedelta(days=n)
            else:
                moved = self._stepping_calendar(kind, centers).add_business_days(on, n)
        return AdjustedDate(self.adjust(moved, convention, centers), moved)

    def sessions(self) -> JointCalendar | None:
        """Days on which all exchanges of the underlier trade; None where none is loaded."""
        return self.calendars.joint(self.exchanges) if self.exchanges else None

    def _assumed_day_type(self, n: int, centers: tuple[str, ...]) -> DayType:
        kind = DayType.BUSINESS if centers else DayType.CALENDAR
        self.note(FindingCode.DAY_TYPE_ASSUMED, f"An offset of {n} days states no day type: {kind.value} days assumed")
        return kind

    def _stepping_calendar(self, kind: DayType, centers: tuple[str, ...]) -> JointCalendar:
        """Exchange days follow the exchange, currency days the currency; the stated centers stand in for either."""
        of_currency = DEFAULT_CENTERS.get(self.currency or "", ())
        of_currency = of_currency if all(center in self.calendars for center in of_currency) else ()
        stated = {DayType.BUSINESS: centers, DayType.CURRENCY_BUSINESS: of_currency}.get(kind, self.exchanges)
        chosen = stated or centers or of_currency
        if not stated:
            used = ", ".join(chosen) or "Monday to Friday"
            self.note(FindingCode.CENTERS_DEFAULTED, f"{kind.value} days are counted on {used}, no calendar of theirs")
        return self.calendars.joint(chosen)


def equity_scope(payout: PerformancePayout, contract: Contract, calendars: CenterCalendars) -> DateScope:
    """Scope of an equity payout: its settlement currency and the exchanges of its underlier."""
    currency = payout.settlement_currency or contract.settlement_currency
    return DateScope(calendars, currency, tuple(mic for mic in _exchanges(payout.underlier) if mic in calendars))


def funding_scope(leg: Leg, contract: Contract, calendars: CenterCalendars) -> DateScope:
    """Scope of a funding leg: its notional's currency."""
    return DateScope(calendars, leg.notional_currency or contract.settlement_currency)


def contract_anchors(contract: Contract) -> dict[str, tuple[date, ...]]:
    """The dates of the contract itself."""
    anchors: dict[str, tuple[date, ...]] = {
        "TRADE_DATE": (contract.trade_date,),
        "EFFECTIVE_DATE": (contract.effective_date,),
    }
    if contract.termination_date is not None:
        anchors["TERMINATION_DATE"] = (contract.termination_date,)
    return anchors


def anchor_dates(name: str, anchors: Anchors, what: str) -> tuple[date, ...]:
    """The dates of a name. Raises InputError CLO-1916 where `what` refers to dates that do not exist before it."""
    if name not in anchors:
        raise InputError(
            "CLO-1916",
            f"The {what} refers to {name}, which is not known before it",
            remedy=f"Refer to one of {', '.join(sorted(anchors))}, or state the dates.",
        )
    return anchors[name]


def merged(groups: Iterable[Sequence[PayoutFinding]]) -> tuple[PayoutFinding, ...]:
    """Findings of several scopes, each once, in order."""
    return tuple(dict.fromkeys(finding for group in groups for finding in group))


def of_leg(findings: Sequence[PayoutFinding], leg: Leg) -> tuple[PayoutFinding, ...]:
    """The findings with the leg they concern in their words."""
    return tuple(replace(finding, message=f"Leg {leg.leg_number}: {finding.message}") for finding in findings)


def _exchanges(underlier: Underlier) -> tuple[str, ...]:
    """Market codes of the underlier; of a basket, those of all that it holds at the start."""
    if underlier.instrument is not None and underlier.instrument.exchange_mic:
        return (underlier.instrument.exchange_mic,)
    if underlier.exchange:
        return (underlier.exchange,)
    held = underlier.compositions[0].constituents if underlier.compositions else ()
    return tuple(sorted({member.instrument.exchange_mic for member in held if member.instrument.exchange_mic}))
