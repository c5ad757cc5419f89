"""Valuation and payment schedules of a payout (spec 07 §5.4, §6.3)."""

from dataclasses import dataclass
from datetime import date

from engine.payouts.cdm.dates import (
    CALCULATION_PERIODS,
    FINAL_VALUATION,
    INTERIM_PAYMENT,
    INTERIM_VALUATION,
    NO_MOVE,
    TRADE_DATE,
    Centers,
    Dates,
    convention_of,
    day_type_of,
    meaning,
)
from engine.payouts.cdm.document import Node
from engine.payouts.enums import (
    BusinessDayConvention,
    DayType,
    PayRelativeTo,
    PeriodUnit,
    ScheduleRole,
    ScheduleType,
    upper_snake,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

ROLES = (
    (ScheduleRole.INITIAL, "initialValuationDate"),
    (ScheduleRole.INTERIM, "interimValuationDate"),
    (ScheduleRole.FINAL, "finalValuationDate"),
)
VALUATION_TARGETS = {
    ScheduleRole.INITIAL: TRADE_DATE,
    ScheduleRole.INTERIM: INTERIM_PAYMENT,
    ScheduleRole.FINAL: FINAL_VALUATION,
}
DAYS_OF = {"D": 1, "W": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dates:
    """What valuation and payment schedules have in common."""

    schedule_type: ScheduleType
    explicit_dates: tuple[date, ...] = ()
    first: date | None = None
    last: date | None = None
    multiplier: int | None = None
    unit: PeriodUnit | None = None
    roll: str | None = None
    relative_to: str | None = None
    offset_days: int = 0
    day_type: DayType | None = None
    convention: BusinessDayConvention = BusinessDayConvention.NONE
    centers: tuple[str, ...] = ()


def read_valuation_schedules(payout: Node, dates: Dates, centers: Centers) -> tuple[ValuationSchedule, ...]:
    """The initial, interim and final valuation dates, as far as the document gives any."""
    found = []
    for role, key in ROLES:
        node = payout.at("valuationDates", key)
        place = node.at("valuationDates") if node.at("valuationDates").is_there else node.at("valuationDate")
        read = _read(place, dates, centers, VALUATION_TARGETS[role], role)
        if read is None:
            continue
        time = node.at("valuationTime")
        method, time_type = node.text("determinationMethod"), node.text("valuationTimeType")
        schedule = ValuationSchedule(
            role=role,
            schedule_type=read.schedule_type,
            explicit_dates=read.explicit_dates,
            period_multiplier=read.multiplier,
            period_unit=read.unit,
            first_valuation_date=read.first,
            last_valuation_date=read.last,
            roll_convention=read.roll,
            valuation_time=time.text("hourMinuteTime"),
            valuation_timezone=time.text("businessCenter"),
            valuation_time_type=upper_snake(time_type) if time_type else None,
            determination_method=upper_snake(method) if method else None,
            relative_to=read.relative_to,
            offset_days=read.offset_days if read.schedule_type is ScheduleType.RELATIVE else None,
            day_type=read.day_type,
            business_day_convention=read.convention,
            business_centers=read.centers,
        )
        found.append(schedule)
    return tuple(found)


def read_payment_schedules(
    payout: Node, dates: Dates, centers: Centers, *, is_funding: bool = False
) -> tuple[PaymentSchedule, ...]:
    """The interim and final payment dates; the settlement date stands in for a final one (spec 07 §5.4)."""
    places = payout.at("paymentDates", "paymentDateSchedule")
    interim = places.each("interimPaymentDates")
    if len(interim) > 1:
        message = f"{len(interim)} sets of interim payment dates; the first is taken"
        payout.findings.warning(FindingCode.CARDINALITY, interim[1].pointer, message)
    final = places.at("finalPaymentDate")
    if not final.is_there:
        final = payout.at("settlementTerms", "settlementDate")
    found = []
    own = CALCULATION_PERIODS if is_funding else INTERIM_VALUATION
    if interim:
        found.append(
            _payment(_read(interim[0], dates, centers, own, ScheduleRole.INTERIM), ScheduleRole.INTERIM, payout)
        )
    elif payout.at("paymentDates", "paymentFrequency").is_there:
        found.append(_by_frequency(payout.at("paymentDates"), centers))
    if final.is_there:
        read = _read(final, dates, centers, FINAL_VALUATION, ScheduleRole.FINAL)
        found.append(_payment(read, ScheduleRole.FINAL, payout))
    return tuple(schedule for schedule in found if schedule is not None)


def default_pay(schedule_type: ScheduleType, relative_to: str | None) -> PayRelativeTo:
    """What a schedule pays relative to where a document does not say so."""
    if schedule_type is ScheduleType.EXPLICIT:
        return PayRelativeTo.EXPLICIT
    if schedule_type is ScheduleType.PARAMETRIC or relative_to in (CALCULATION_PERIODS, INTERIM_PAYMENT):
        return PayRelativeTo.CALCULATION_PERIOD_END
    return PayRelativeTo.VALUATION_DATE


def _payment(read: _Dates | None, role: ScheduleRole, payout: Node) -> PaymentSchedule | None:
    if read is None:
        return None
    pays = _pay_relative_to(payout.at("paymentDates"), default_pay(read.schedule_type, read.relative_to))
    delay, delay_type = read.offset_days, read.day_type
    offset = payout.at("paymentDates", "paymentDaysOffset")
    if offset.is_there and read.schedule_type is not ScheduleType.RELATIVE:
        delay, delay_type = _days(offset)
    return PaymentSchedule(
        role=role,
        schedule_type=read.schedule_type,
        explicit_dates=read.explicit_dates,
        period_multiplier=read.multiplier,
        period_unit=read.unit,
        first_payment_date=read.first,
        last_payment_date=read.last,
        roll_convention=read.roll,
        relative_to=read.relative_to,
        pay_relative_to=pays,
        payment_delay_days=delay,
        delay_day_type=delay_type,
        business_day_convention=read.convention,
        business_centers=read.centers,
    )


def _pay_relative_to(node: Node, default: PayRelativeTo) -> PayRelativeTo:
    text = node.text("payRelativeTo")
    if text is None:
        return default
    # CalculationPeriodEndDate of the CDM is our CALCULATION_PERIOD_END; ValuationDate keeps its last word.
    return node.choice(PayRelativeTo, "payRelativeTo", read=_without_date) or default


def _without_date(text: str) -> str:
    return text.removesuffix("Date") if text.startswith("CalculationPeriod") else text


def _days(offset: Node) -> tuple[int, DayType | None]:
    """An offset in days and what they are."""
    days = (offset.integer("periodMultiplier") or 0) * DAYS_OF.get(offset.text("period") or "D", 1)
    return days, day_type_of(offset, days)


def _by_frequency(node: Node, centers: Centers) -> PaymentSchedule:
    adjustments, offset = node.at("paymentDatesAdjustments"), node.at("paymentDaysOffset")
    convention = convention_of(adjustments)
    days, day_type = _days(offset)
    return PaymentSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.PARAMETRIC,
        period_multiplier=node.integer("paymentFrequency", "periodMultiplier"),
        period_unit=node.choice(PeriodUnit, "paymentFrequency", "period"),
        first_payment_date=node.day("firstPaymentDate"),
        last_payment_date=node.day("lastRegularPaymentDate"),
        pay_relative_to=_pay_relative_to(node, PayRelativeTo.CALCULATION_PERIOD_END),
        payment_delay_days=days,
        delay_day_type=day_type,
        business_day_convention=convention,
        business_centers=centers.of(adjustments, is_needed=convention not in NO_MOVE),
    )


def _read(place: Node, dates: Dates, centers: Centers, default: str, role: ScheduleRole) -> _Dates | None:
    """The dates at a place in whichever of the three forms they stand; None where there are none."""
    if place.at("adjustableOrRelativeDate").is_there:
        place = place.at("adjustableOrRelativeDate")
    if not place.is_there:
        return None
    for key in ("relativeDate", "relativeDates"):
        if place.at(key).is_there:
            return _relative(place.at(key), dates, centers, default, role)
    if place.at("periodicDates").is_there:
        return _periodic(place.at("periodicDates"), dates, centers)
    inner = next((place.at(key) for key in ("adjustableDate", "adjustableDates") if place.at(key).is_there), place)
    if not isinstance(inner.value, dict):
        found = place.day()
        return _Dates(schedule_type=ScheduleType.EXPLICIT, explicit_dates=(found,)) if found else None
    nodes = inner.each("unadjustedDate") or inner.each("adjustedDate")
    listed = tuple(day for day in (node.day() for node in nodes) if day is not None)
    if not listed:
        return None
    adjustments = inner.at("dateAdjustments")
    convention = convention_of(adjustments)
    return _Dates(
        schedule_type=ScheduleType.EXPLICIT,
        explicit_dates=listed,
        convention=convention,
        centers=_centers(adjustments, convention, None, centers),
    )


def _relative(node: Node, dates: Dates, centers: Centers, default: str, role: ScheduleRole) -> _Dates | None:
    multiplier, period = node.integer("periodMultiplier") or 0, node.text("period") or "D"
    convention = convention_of(node)
    if period not in DAYS_OF:
        found = dates.day(node) if multiplier else None
        base = meaning(node.at("dateRelativeTo"), default)
        if found is None and base in dates.anchors:
            start = dates.day(dates.anchors[base])
            found = dates.shifted(start, node) if start else None
        if found is None:
            message = f"An offset of {multiplier} {period} from a set of dates is not supported"
            node.findings.error(FindingCode.UNKNOWN_VALUE, node.pointer, message)
            return None
        return _Dates(schedule_type=ScheduleType.EXPLICIT, explicit_dates=(found,))
    target = meaning(node.at("dateRelativeTo"), default)
    # The last date of a set of valuation dates is the final one.
    if role is ScheduleRole.FINAL and target == INTERIM_VALUATION:
        target = FINAL_VALUATION
    day_type = DayType.CALENDAR if period == "W" else day_type_of(node, multiplier)
    return _Dates(
        schedule_type=ScheduleType.RELATIVE,
        relative_to=target,
        offset_days=multiplier * DAYS_OF[period],
        day_type=day_type,
        convention=convention,
        centers=_centers(node, convention, day_type, centers),
    )


def _periodic(node: Node, dates: Dates, centers: Centers) -> _Dates:
    adjustments = node.at("periodDatesAdjustments")
    convention = convention_of(adjustments)
    frequency = node.at("periodFrequency")
    return _Dates(
        schedule_type=ScheduleType.PARAMETRIC,
        first=dates.day(node.at("startDate")),
        last=dates.day(node.at("endDate")),
        multiplier=frequency.integer("periodMultiplier"),
        unit=frequency.choice(PeriodUnit, "period"),
        roll=frequency.text("rollConvention"),
        convention=convention,
        centers=_centers(adjustments, convention, None, centers),
    )


def _centers(
    node: Node, convention: BusinessDayConvention, day_type: DayType | None, centers: Centers
) -> tuple[str, ...]:
    steps_over_days = day_type in (DayType.BUSINESS, DayType.CURRENCY_BUSINESS)
    has_reference = any(place.at("businessCentersReference").is_there for place in (node, node.at("businessCenters")))
    return centers.of(node, is_needed=convention not in NO_MOVE or steps_over_days or has_reference)
