"""Dates of a document: adjustable, relative, by reference; what a reference to a date means (spec 07 §5.3, §6.2)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from engine.errors import InputError
from engine.payouts.cdm.codes import CENTERS
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.json_text import date_from_hash
from engine.payouts.enums import BusinessDayConvention, DayType
from engine.payouts.findings import FindingCode

TRADE_DATE = "TRADE_DATE"
EFFECTIVE_DATE = "EFFECTIVE_DATE"
TERMINATION_DATE = "TERMINATION_DATE"
INITIAL_VALUATION = "INITIAL_VALUATION"
INTERIM_VALUATION = "INTERIM_VALUATION"
FINAL_VALUATION = "FINAL_VALUATION"
INTERIM_PAYMENT = "INTERIM_PAYMENT"
FINAL_PAYMENT = "FINAL_PAYMENT"
CALCULATION_PERIODS = "CALCULATION_PERIODS"

PLACES = (
    ("/tradeDate", TRADE_DATE),
    ("/initialValuationDate", INITIAL_VALUATION),
    ("/interimValuationDate", INTERIM_VALUATION),
    ("/finalValuationDate", FINAL_VALUATION),
    ("/finalPaymentDate", FINAL_PAYMENT),
    ("/settlementDate", FINAL_PAYMENT),
    ("/paymentDates", INTERIM_PAYMENT),
    ("/effectiveDate", EFFECTIVE_DATE),
    ("/terminationDate", TERMINATION_DATE),
    ("/calculationPeriodDates", CALCULATION_PERIODS),
    ("/resetDates", CALCULATION_PERIODS),
)
"""What a date is, by the place where it stands; the first that occurs in the pointer decides."""

NAMES = (
    ("initialvaluation", INITIAL_VALUATION),
    ("finalvaluation", FINAL_VALUATION),
    ("valuation", INTERIM_VALUATION),
    ("calculation", CALCULATION_PERIODS),
    ("perioddates", CALCULATION_PERIODS),
    ("final", FINAL_PAYMENT),
    ("payment", INTERIM_PAYMENT),
    ("tradedate", TRADE_DATE),
    ("effective", EFFECTIVE_DATE),
    ("terminat", TERMINATION_DATE),
)
"""What a key without target must have meant, by a part of its name in lower case."""

NO_MOVE = (BusinessDayConvention.NONE, BusinessDayConvention.NOT_APPLICABLE)
MOST_LINKS = 10
"""Dates that hang on one another further than this hang in a circle."""


class BusinessDays(Protocol):
    """A calendar as far as the reader uses one."""

    def add_business_days(self, on: date, n: int) -> date:
        """The n-th business day after a day, before it where n is negative."""


class Calendars(Protocol):
    """Where calendars of business centers come from."""

    def joint(self, centers: Iterable[str]) -> BusinessDays:
        """The days that are good in all of the centers."""


class Weekdays:
    """Monday to Friday, where no calendars are given."""

    def add_business_days(self, on: date, n: int) -> date:
        """The n-th weekday after a day, before it where n is negative."""
        step = timedelta(days=1 if n > 0 else -1)
        left = abs(n)
        while left:
            on += step
            left -= on.weekday() < 5
        return on


@dataclass(slots=True)
class Centers:
    """The business centers of one leg: those that a date names, else others of the leg, else the currency's."""

    leg: Node
    currency: str | None = None
    _elsewhere: tuple[str, ...] | None = None

    def of(self, node: Node, *, is_needed: bool = True) -> tuple[str, ...]:
        """Centers of a date or its adjustments; CENTERS_DEFAULTED where they come from elsewhere."""
        given = named_centers(node)
        if given or not is_needed:
            return given
        if self._elsewhere is None:
            self._elsewhere = next((found for part in self.leg.walk() if (found := named_centers(part))), ())
        currency_center = CENTERS.get(self.currency or "")
        found = self._elsewhere or ((currency_center,) if currency_center else ())
        source = "other dates of the leg" if self._elsewhere else f"the currency {self.currency}"
        message = f"No business centers are given; {', '.join(found) or 'weekdays'} taken from {source}"
        node.findings.warning(FindingCode.CENTERS_DEFAULTED, node.pointer, message)
        return found


def named_centers(node: Node) -> tuple[str, ...]:
    """Business centers that stand at a date or its adjustments, directly or by a reference that has a target."""
    if not isinstance(node.value, dict):
        return ()
    places = node.each("businessCenters", "businessCenter")
    for reference in (node.at("businessCentersReference"), node.at("businessCenters", "businessCentersReference")):
        if not places and reference.is_there:
            places = [member for target in reference.follow() for member in target.each("businessCenter")]
    return tuple(text for text in (place.text() for place in places) if text)


def convention_of(node: Node) -> BusinessDayConvention:
    """The business day convention at a date or its adjustments; NONE where there is none."""
    return node.choice(BusinessDayConvention, "businessDayConvention") or BusinessDayConvention.NONE


@dataclass(slots=True)
class Dates:
    """Resolves the dates of one trade. `anchors` are the places of the dates that references may mean, by name."""

    anchors: dict[str, Node]
    calendars: Calendars | None = None
    centers: tuple[str, ...] = ()
    _active: list[str] = field(default_factory=list)

    def business_days(self, centers: tuple[str, ...], node: Node) -> BusinessDays:
        """The calendar of some centers: weekdays where none are loaded, with a finding where one is unknown."""
        if self.calendars is None or not (centers or self.centers):
            return Weekdays()
        try:
            return self.calendars.joint(centers or self.centers)
        except InputError as error:
            node.findings.warning(FindingCode.CENTERS_DEFAULTED, node.pointer, f"{error.problem}; weekdays are taken")
            return Weekdays()

    def day(self, node: Node) -> date | None:
        """The concrete date of anything that means one: a date, an adjustable or relative date, a set (its last)."""
        if not node.is_there:
            return None
        if len(self._active) >= MOST_LINKS or node.pointer in self._active:
            node.findings.warning(FindingCode.DATES_INCONSISTENT, node.pointer, "The date depends on itself")
            return None
        self._active.append(node.pointer)
        try:
            return self._date(node)
        finally:
            self._active.pop()

    def _date(self, node: Node) -> date | None:
        if not isinstance(node.value, dict):
            return node.day()
        inner = node.fields
        for key in ("adjustableOrRelativeDate", "adjustableDate", "adjustableDates", "valuationDate", "dividendDate"):
            if inner.get(key) is not None:
                return self.day(node.at(key))
        for key in ("adjustedDate", "unadjustedDate"):
            if inner.get(key) is not None:
                return max((found for part in node.each(key) if (found := part.day())), default=None)
        for key in ("relativeDate", "relativeDates"):
            if inner.get(key) is not None:
                return self._relative(node.at(key))
        if inner.get("periodicDates") is not None:
            return self.day(node.at("periodicDates", "endDate"))
        if node.reference_name is not None:
            return self._referenced(node)
        return node.day() if "@data" in inner else None

    def _referenced(self, node: Node, base: str | None = None) -> date | None:
        """What a reference to a date means: its target; a decoded hash; what its name says."""
        for target in node.follow():
            found = self.day(target)
            if found is not None:
                return found
        coded = date_from_hash(str(node.fields.get("@ref") or ""))
        if coded is not None and not node.follow():
            message = f"The date {coded} is decoded from the reference {node.fields['@ref']}"
            node.findings.warning(FindingCode.DATE_FROM_HASH, node.pointer, message)
            return coded
        name = meaning(node) or base
        return self.day(self.anchors[name]) if name in self.anchors else None

    def _relative(self, node: Node) -> date | None:
        base = self._referenced(node.at("dateRelativeTo"))
        if base is None:
            return None
        return self.shifted(base, node)

    def shifted(self, base: date, node: Node) -> date:
        """A date moved by the offset at a node and adjusted by its convention."""
        multiplier = node.integer("periodMultiplier") or 0
        period = node.text("period") or "D"
        day_type = day_type_of(node, multiplier)
        days = self.business_days(named_centers(node), node)
        try:
            if period == "D" and day_type is not None and day_type is not DayType.CALENDAR:
                base = days.add_business_days(base, multiplier)
            else:
                base = add_period(base, multiplier, period)
            return adjusted(base, convention_of(node), days)
        except (InputError, OverflowError) as error:
            node.findings.error(FindingCode.NOT_A_DATE, node.pointer, f"The date cannot be reached: {error}")
            return base


def day_type_of(node: Node, multiplier: int) -> DayType | None:
    """What the days of an offset are. Without a word: business days, with DAY_TYPE_ASSUMED where it matters."""
    found = node.choice(DayType, "dayType")
    if found is None and multiplier and (node.text("period") or "D") == "D":
        node.findings.warning(FindingCode.DAY_TYPE_ASSUMED, node.pointer, "The offset is taken to be in business days")
        return DayType.BUSINESS
    return found


def add_period(base: date, multiplier: int, period: str) -> date:
    """A date some days, weeks, months or years on; a month that is too short takes its last day."""
    if period in ("D", "W"):
        return base + timedelta(days=multiplier * (7 if period == "W" else 1))
    months = base.year * 12 + base.month - 1 + multiplier * (12 if period == "Y" else 1)
    if not 1900 * 12 <= months < 2200 * 12:
        raise OverflowError(f"{multiplier} {period} from {base}")
    year, month = divmod(months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=base.day - 1), following - timedelta(days=1))


def adjusted(base: date, convention: BusinessDayConvention, days: BusinessDays) -> date:
    """A date moved to a good day; FRN and NEAREST, which need more than the day, roll forward (spec 07 §6.2)."""
    if convention in NO_MOVE or days.add_business_days(days.add_business_days(base, 1), -1) == base:
        return base
    after, before = days.add_business_days(base, 1), days.add_business_days(base, -1)
    if convention is BusinessDayConvention.PRECEDING:
        return before
    if convention is BusinessDayConvention.MODFOLLOWING and after.month != base.month:
        return before
    if convention is BusinessDayConvention.MODPRECEDING:
        return before if before.month == base.month else after
    if convention is BusinessDayConvention.NEAREST and base.weekday() not in (0, 6):
        return before
    return after


def meaning(reference: Node, default: str | None = None) -> str | None:
    """What the date that a reference names is: by the place of its target, else by its name, else `default`.

    The name is a guess, and a finding says so.
    """
    for target in reference.follow():
        found = next((name for part, name in PLACES if f"{part}/" in f"{target.pointer}/"), None)
        if found is not None:
            return found
    key = reference.reference_name
    if key is None or not isinstance(reference.value, dict):
        return default
    external = reference.value.get("@ref:external")
    lowered = external.lower() if isinstance(external, str) else ""
    guessed = next((name for part, name in NAMES if part in lowered), None) or default
    if guessed is not None:
        message = f"Nothing has the key {key!r}; taken as {guessed}"
        reference.findings.info(FindingCode.DATES_INCONSISTENT, reference.pointer, message)
    return guessed


def expression(node: Node) -> str | None:
    """A date as the document says it: `2002-07-20` or `3D ExchangeBusiness rel TradeDate`; None where it says none."""
    inner = node.at("adjustableOrRelativeDate") if node.at("adjustableOrRelativeDate").is_there else node
    relative = inner.at("relativeDate")
    if relative.is_there:
        number, period = relative.integer("periodMultiplier") or 0, relative.text("period") or "D"
        day_type = relative.text("dayType")
        words = [f"{number}{period}", *([day_type] if day_type else []), "rel"]
        return " ".join([*words, relative.at("dateRelativeTo").reference_name or "?"])
    for place in (inner.at("adjustableDate"), inner):
        for key in ("unadjustedDate", "adjustedDate"):
            found = place.at(key).day() if isinstance(place.value, dict) else None
            if found is not None:
                return found.isoformat()
    return None
