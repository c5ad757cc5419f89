"""When a basket goes back to its weights by itself, and to which (spec 07 §10, §19.1).

Days are counted from the start of the first composition, never from the rebalancing before, so that holidays do not let
them drift: every good day (DAILY), every seventh day on or after it (WEEKLY, FOLLOWING), the same day of every or every
third month (MONTHLY, QUARTERLY, MODFOLLOWING), the listed ones (EXPLICIT, FOLLOWING), on the centers of the leg's
valuations. They lie between the first day and the final valuation, at which there is nothing left to rebalance.

A basket with the frequency ON_RESET and weights needs no events: its weights are restored when a period is valued.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.errors import InputError
from engine.payouts.baskets import target_weights
from engine.payouts.dates.calendars import CenterCalendars, JointCalendar
from engine.payouts.dates.rolls import StubType, roll_dates
from engine.payouts.enums import (
    BusinessDayConvention,
    CompositionReason,
    PeriodUnit,
    RebalancingFrequency,
    WeightType,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import BasketComposition, BasketConstituent, PerformancePayout

_PERIODS = {
    RebalancingFrequency.DAILY: (1, PeriodUnit.D, BusinessDayConvention.FOLLOWING),
    RebalancingFrequency.WEEKLY: (1, PeriodUnit.W, BusinessDayConvention.FOLLOWING),
    RebalancingFrequency.MONTHLY: (1, PeriodUnit.M, BusinessDayConvention.MODFOLLOWING),
    RebalancingFrequency.QUARTERLY: (3, PeriodUnit.M, BusinessDayConvention.MODFOLLOWING),
}
_REPLACED = (CompositionReason.CORPORATE_ACTION, CompositionReason.SUBSTITUTION)


def rebalancing_dates(
    contract: Contract, leg: Leg, composition: BasketComposition, calendars: CenterCalendars
) -> tuple[date, ...]:
    """The days after the start of a composition at whose close its basket is due, in order.

    Its `next_rebalancing_date` stands in the place of the first of them, wherever it lies. One held in units whose
    frequency is ON_RESET is due at its valuations, so that somebody hears of it. Raises InputError CLO-1927 for a leg
    without a basket or without a final valuation, CLO-1911 for an unknown center.
    """
    payout = leg.performance
    if payout is None or not payout.underlier.compositions:
        raise InputError("CLO-1927", f"Leg {leg.leg_number} follows no basket", remedy="Name a leg with a basket.")
    first = max(min(one.effective_from for one in payout.underlier.compositions), contract.effective_date)
    last = _final_valuation(contract, leg, payout)
    days = _regular_days(payout, composition, first, last, valuation_calendar(payout, calendars))
    later = [day for day in sorted(set(days)) if max(first, composition.effective_from) < day < last]
    stated = composition.next_rebalancing_date
    if stated is None or composition.rebalancing_frequency is RebalancingFrequency.NONE:
        return tuple(later)
    following = valuation_calendar(payout, calendars).adjust(stated, BusinessDayConvention.FOLLOWING)
    own = (following,) if max(first, composition.effective_from) < following < last else ()
    return (*own, *(day for day in later[1:] if day > following))


def valuation_calendar(payout: PerformancePayout, calendars: CenterCalendars) -> JointCalendar:
    """Days that are good in all centers of the payout's valuations; Monday to Friday where it names none."""
    return calendars.joint(center for schedule in payout.valuation_schedules for center in schedule.business_centers)


def composition_held(leg: Leg, on: date) -> BasketComposition | None:
    """The composition that a leg's basket has after the close of a day; None for none, or before its first day."""
    compositions = leg.performance.underlier.compositions if leg.performance is not None else ()
    begun = [one for one in compositions if one.effective_from <= on]
    return max(begun, key=lambda one: one.effective_from, default=None)


def target_constituents(composition: BasketComposition) -> tuple[BasketConstituent, ...]:
    """What a composition goes back to: its constituents with their percentages.

    Notionals count by their proportions, which are percentages from the first rebalancing on: the amounts were those
    of the start. Raises InputError CLO-1928 for a basket held in units, which states nothing to go back to, and
    CLO-1939 for weights that are refused.
    """
    types = {constituent.weight_type for constituent in composition.constituents}
    if WeightType.UNITS in types:
        since = f"since the {composition.reason.value.lower().replace('_', ' ')} of {composition.effective_from}, "
        raise InputError(
            "CLO-1928",
            f"The basket is held in units, {since if composition.reason in _REPLACED else ''}so that there are no"
            f" weights that its {composition.rebalancing_frequency.value} rebalancing could restore",
            remedy="Rebalance it by an event with percentages, or amend the frequency to NONE.",
        )
    return tuple(
        replace(
            constituent,
            weight_type=WeightType.PERCENTAGE,
            weight_value=weight,
            units=None,
            initial_price=None,
            fx_at_start=None,
        )
        for constituent, weight in zip(composition.constituents, target_weights(composition), strict=True)
    )


def rebalancing_reference(contract_reference: str, leg_number: int, on: date) -> str:
    """The reference of the event by which a basket is rebalanced at its frequency: one for each leg and day."""
    return f"{contract_reference} rebalancing L{leg_number} {on}"


def _regular_days(
    payout: PerformancePayout, composition: BasketComposition, first: date, last: date, calendar: JointCalendar
) -> Sequence[date]:
    """The days by the frequency alone; whatever lies outside the life of the basket is the caller's to leave out."""
    frequency = composition.rebalancing_frequency
    if frequency is RebalancingFrequency.EXPLICIT:
        return [calendar.adjust(day, BusinessDayConvention.FOLLOWING) for day in composition.rebalancing_dates]
    if frequency is RebalancingFrequency.ON_RESET:
        is_in_units = any(constituent.weight_type is WeightType.UNITS for constituent in composition.constituents)
        return _valuations(payout) if is_in_units else ()
    if frequency not in _PERIODS or last <= first:
        return ()
    multiplier, unit, convention = _PERIODS[frequency]
    rolls = roll_dates(first, last, multiplier, unit, stub=StubType.SHORT_FINAL).dates
    return [calendar.adjust(day, convention) for day in rolls]


def _valuations(payout: PerformancePayout) -> list[date]:
    return [item.adjusted_date for schedule in payout.valuation_schedules for item in schedule.dates]


def _final_valuation(contract: Contract, leg: Leg, payout: PerformancePayout) -> date:
    last = max(_valuations(payout), default=contract.termination_date)
    if last is None:
        raise InputError(
            "CLO-1927",
            f"Leg {leg.leg_number} has no final valuation, up to which its basket is rebalanced",
            remedy="State the final valuation date or the termination date.",
        )
    return last
