"""Terms agreed anew, another rate index, another notional (spec 07 §19.1)."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

from engine.closest import did_you_mean
from engine.errors import InputError
from engine.payouts.enums import BusinessEventType
from engine.payouts.events.instructions import Event, FieldChange, IndexTransition, NotionalReset, TermsChange
from engine.payouts.events.lots import LotEvent, LotEventKind
from engine.payouts.events.outcome import Effect, EventContext, warning
from engine.payouts.events.own_notionals import has_own_notional, with_notional
from engine.payouts.events.positions import changed_lot, performance_legs, replaced_leg
from engine.payouts.events.quantity import check_currency
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import InterestRatePayout, RateSpreadStep

SPREAD = "interest.spread"
BORROW_RATE = "performance.borrow_fee.rate"
"""The terms that are kept by date: a new spread, or borrow rate, becomes a step on the effective date."""

NOT_TERMS = frozenset(
    {"contract_reference", "contract_status", "party1", "party2", "legs", "fees", "lots", "leg_number", "payer"}
)
"""Fields that events of their own change, or that make another contract."""

UNDATED = frozenset(
    {
        "termination_date",
        "calculation_agent",
        "governing_law",
        "master_agreement_reference",
        "netting_agreement_reference",
        "lot_closing_method",
        "product_qualifier",
        "deferral_rate",
        "has_late_compensation",
        "metadata",
    }
)
"""Terms that do not enter the amount of a period that is over."""


def change_terms(contract: Contract, change: TermsChange, event: Event, context: EventContext) -> Effect:
    """The contract on new terms; dates generated for after the effective date are dropped, to be generated anew.

    A spread or a borrow rate becomes a step. Any other term is one for the whole life: where periods are realised
    already a finding says that calculating them again would differ. Raises InputError CLO-1967 for a field that is not
    there or is no term, and the errors of the terms themselves.
    """
    if not change.changes:
        raise InputError("CLO-1967", "The change of terms changes nothing", remedy="Name the terms and their values.")
    changed = contract
    findings: list[PayoutFinding] = []
    for one in change.changes:
        changed = _with_change(changed, one, event.effective_date)
        if context.last_realised_date is not None and not _is_dated(one):
            findings.append(_past_note(one.path, event, context.last_realised_date))
    return Effect(
        contract=without_later_dates(changed, event.effective_date),
        event_type=BusinessEventType.TERMS_CHANGE,
        findings=tuple(findings),
        schedules_from=event.effective_date,
    )


def move_index(contract: Contract, transition: IndexTransition, event: Event, context: EventContext) -> Effect:
    """The funding leg on another index, its spreads and those of lots raised by the spread adjustment.

    Raises InputError CLO-1967 where the leg has no floating rate.
    """
    leg = contract.leg(transition.leg_number)
    interest = leg.interest
    if interest is None or interest.floating_rate_index is None:
        raise InputError(
            "CLO-1967",
            f"Leg {leg.leg_number} has no floating rate index",
            remedy="Name the funding leg that floats.",
        )
    day = event.effective_date
    moved = replace(
        _with_raised_spreads(interest, transition.spread_adjustment, day),
        floating_rate_index=transition.floating_rate_index,
        index_tenor_multiplier=transition.index_tenor_multiplier,
        index_tenor_unit=transition.index_tenor_unit,
        rate_kind=transition.rate_kind or interest.rate_kind,
        overnight_method=transition.overnight_method or interest.overnight_method,
    )
    effect = Effect(contract=replaced_leg(contract, replace(leg, interest=moved)))
    effect = effect.then(_raised_lot_spreads(effect.contract, leg, transition.spread_adjustment, event))
    is_past = context.last_realised_date is not None
    notes = (_past_note("interest.floating_rate_index", event, context.last_realised_date),) if is_past else ()
    return replace(
        effect,
        contract=without_later_dates(effect.contract, day),
        event_type=BusinessEventType.INDEX_TRANSITION,
        findings=notes,
        schedules_from=day,
    )


def reset_notional(contract: Contract, reset: NotionalReset, event: Event) -> Effect:
    """The leg on another notional from the event's effective date on. A funding leg that follows an equity leg gets it
    with the next reset anyhow, which a finding says. Raises InputError CLO-1963 for a negative one, CLO-1965 for
    another currency."""
    leg = contract.leg(reset.leg_number)
    check_currency(leg, "notional", reset.notional_currency, leg.notional_currency)
    if not reset.notional_amount >= 0.0:
        raise InputError(
            "CLO-1963", f"A notional of {reset.notional_amount} is impossible", remedy="Give an amount from 0 on."
        )
    is_own = has_own_notional(leg)
    amount_set = replace(leg, notional_amount=reset.notional_amount)
    if is_own:
        amount_set = with_notional(leg, reset.notional_amount, event.effective_date)
    amount_set = replace(amount_set, notional_currency=reset.notional_currency)
    message = f"leg {leg.leg_number} follows units and prices; its notional here is for information"
    notes = () if is_own else (warning(FindingCode.UNITS_DISAGREE, event, message),)
    return Effect(
        contract=replaced_leg(contract, amount_set), event_type=BusinessEventType.NOTIONAL_RESET, findings=notes
    )


def without_later_dates(contract: Contract, day: date) -> Contract:
    """The contract without the generated dates and calculation periods that end after a day."""

    def cut(leg: Leg) -> Leg:
        if leg.performance is not None:
            payout = replace(
                leg.performance,
                valuation_schedules=tuple(
                    replace(schedule, dates=tuple(date_ for date_ in schedule.dates if date_.adjusted_date <= day))
                    for schedule in leg.performance.valuation_schedules
                ),
                payment_schedules=_cut_payments(leg.performance.payment_schedules, day),
            )
            return replace(leg, performance=payout)
        if leg.interest is not None:
            interest = replace(
                leg.interest,
                calculation_periods=tuple(
                    period for period in leg.interest.calculation_periods if period.adjusted_end <= day
                ),
                payment_schedules=_cut_payments(leg.interest.payment_schedules, day),
            )
            return replace(leg, interest=interest)
        return leg

    return replace(contract, legs=tuple(cut(leg) for leg in contract.legs))


def spread_on(interest: InterestRatePayout, series: int, day: date) -> float:
    """The spread of a series in force on a day."""
    steps = [step for step in interest.spread_steps if step.series == series]
    known = [step for step in steps if step.step_date is None or step.step_date <= day]
    if not known:
        return interest.spread
    return max(known, key=lambda step: step.step_date or date.min).spread


def _cut_payments(schedules: Any, day: date) -> Any:
    """Payment schedules without later dates; tuples of either kind of schedule have `dates` alike."""
    return tuple(
        replace(schedule, dates=tuple(date_ for date_ in schedule.dates if date_.adjusted_date <= day))
        for schedule in schedules
    )


def _with_change(contract: Contract, change: FieldChange, day: date) -> Contract:
    steps = change.path.split(".")
    if steps[0] in NOT_TERMS:
        raise InputError(
            "CLO-1967",
            f"{change.path} is no term that can be changed",
            remedy="Use the event for it: quantity change, novation, termination or cancellation.",
        )
    if change.leg_number is None:
        changed: Contract = _with_field(contract, steps, change.value)
        return changed
    leg = contract.leg(change.leg_number)
    if change.path == SPREAD and leg.interest is not None:
        if not isinstance(change.value, int | float):
            raise InputError("CLO-1967", f"A spread of {change.value!r} is no number", remedy="Give a decimal a year.")
        stepped = _with_step(leg.interest, 0, float(change.value), day)
        return replaced_leg(contract, replace(leg, interest=stepped))
    payout = leg.performance
    if change.path == BORROW_RATE and payout is not None and payout.borrow_fee is not None:
        if not isinstance(change.value, int | float):
            raise InputError("CLO-1967", f"A rate of {change.value!r} is no number", remedy="Give a decimal a year.")
        fee = payout.borrow_fee.with_rate(float(change.value), day)
        return replaced_leg(contract, replace(leg, performance=replace(payout, borrow_fee=fee)))
    return replaced_leg(contract, _with_field(leg, steps, change.value))


def _with_field(record: Any, steps: Sequence[str], value: object) -> Any:
    """A record with the value at the end of a path of fields. Records of any of the terms' types come in."""
    name = steps[0]
    known = [field.name for field in fields(record)] if is_dataclass(record) else []
    if name not in known:
        raise InputError(
            "CLO-1967",
            f"{type(record).__name__} has no term {name!r}",
            remedy=did_you_mean(name, known, f"Use one of {', '.join(known)}."),
        )
    held = getattr(record, name)
    if len(steps) > 1:
        value = _with_field(held, steps[1:], value)
    elif None not in (held, value) and not (type(held) is type(value) or isinstance(held, int | float)):
        raise InputError(
            "CLO-1967",
            f"{name} is a {type(held).__name__} and cannot become {value!r}",
            remedy=f"Give a {type(held).__name__}.",
        )
    return replace(record, **{name: value})


def _with_step(interest: InterestRatePayout, series: int, spread: float, day: date) -> InterestRatePayout:
    kept = tuple(step for step in interest.spread_steps if not (step.series == series and step.step_date == day))
    return replace(interest, spread_steps=(*kept, RateSpreadStep(series=series, spread=spread, step_date=day)))


def _with_raised_spreads(interest: InterestRatePayout, adjustment: float, day: date) -> InterestRatePayout:
    """Every series raised from the day on, later steps too."""
    if adjustment == 0.0:
        return interest
    raised = interest
    for series in sorted({0, *(step.series for step in interest.spread_steps)}):
        raised = _with_step(raised, series, spread_on(interest, series, day) + adjustment, day)
    later = tuple(
        replace(step, spread=step.spread + adjustment) if step.step_date is not None and step.step_date > day else step
        for step in raised.spread_steps
    )
    return replace(raised, spread_steps=later)


def _raised_lot_spreads(contract: Contract, funding: Leg, adjustment: float, event: Event) -> Effect:
    """Lots with a spread of their own, raised too: a lot has one spread for all its life."""
    effect = Effect(contract=contract)
    followed = funding.linked_leg_number
    for leg in performance_legs(contract):
        if adjustment == 0.0 or (followed is not None and leg.leg_number != followed):
            continue
        for lot in leg.lots:
            if lot.spread is None:
                continue
            record = LotEvent(
                event_reference=event.event_reference,
                leg_number=leg.leg_number,
                lot_identifier=lot.lot_identifier,
                kind=LotEventKind.RESPREAD,
                event_date=event.effective_date,
                spread=lot.spread + adjustment,
            )
            effect = effect.then(changed_lot(effect.contract, record))
    return effect


def _is_dated(change: FieldChange) -> bool:
    name = change.path.split(".")[-1]
    return change.path in (SPREAD, BORROW_RATE) or name in UNDATED or name.endswith("_schedules")


def _past_note(path: str, event: Event, last_realised: date | None) -> PayoutFinding:
    message = f"{path} holds for the whole life, periods up to {last_realised} were realised on the old terms"
    return warning(FindingCode.DATES_INCONSISTENT, event, message)
