"""When baskets are due for rebalancing, and what they go back to (spec 07 §10)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.conventions.calendar import Calendar
from engine.errors import InputError, ModelError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CompositionReason, NotionalMode, RebalancingFrequency, WeightType
from engine.payouts.rebalancing import composition_held, rebalancing_dates, target_constituents
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.performance import BasketComposition, BasketConstituent
from tests.payouts.equity.made_equity import Fixings, lot, payout, share, swap, valued

FIRST, LAST = date(2024, 1, 31), date(2024, 7, 31)
HOLIDAYS = (date(2024, 2, 5), date(2024, 4, 30), date(2024, 5, 27))
CALENDARS = CenterCalendars({"USNY": Calendar.of(HOLIDAYS)})


def basket(frequency: RebalancingFrequency, *, kind: WeightType = WeightType.PERCENTAGE, **terms: Any):
    """Two shares, half and half."""
    constituents = tuple(
        BasketConstituent(instrument=share(name), weight_type=kind, weight_value=0.5, units=10.0) for name in "AB"
    )
    terms = {"effective_from": FIRST, **terms}
    return BasketComposition(rebalancing_frequency=frequency, constituents=constituents, **terms)


def holding(*compositions: BasketComposition, last: date = LAST, effective: date = FIRST) -> Contract:
    """A swap on a basket that is valued in New York, finally on `last`."""
    valuations = [on for on in (date(2024, 4, 1),) if on < last]
    made = swap(payout([*valuations, last], compositions=compositions), lot(1.0))
    leg = made.legs[0]
    schedules = tuple(replace(one, business_centers=("USNY",)) for one in leg.performance.valuation_schedules)
    leg = replace(leg, performance=replace(leg.performance, valuation_schedules=schedules))
    return replace(made, legs=(leg, *made.legs[1:]), effective_date=effective)


def due(composition: BasketComposition, *before: BasketComposition, **terms: date) -> list[str]:
    """Days on which a composition is due, as month-day."""
    contract = holding(*before, composition, **terms)
    return [f"{day:%m-%d}" for day in rebalancing_dates(contract, contract.legs[0], composition, CALENDARS)]


def test_months_are_counted_from_the_first_day_and_stay_within_theirs():
    """31 January: the end of each month, moved back where the next good day is one of another month; no drift."""
    assert due(basket(RebalancingFrequency.MONTHLY)) == ["02-29", "03-29", "04-29", "05-31", "06-28"]


def test_quarters_are_every_third_month():
    """30 April is a holiday and 1 May another month: 29 April. The final valuation of 31 July is not rebalanced."""
    assert due(basket(RebalancingFrequency.QUARTERLY)) == ["04-29"]
    assert due(basket(RebalancingFrequency.QUARTERLY), last=date(2024, 8, 1)) == ["04-29", "07-31"]


def test_weeks_follow_the_weekday_of_the_first_day():
    """Every Wednesday; with a start on a Monday the holiday of 5 February moves to Tuesday, the next week does not."""
    assert due(basket(RebalancingFrequency.WEEKLY), last=date(2024, 2, 28)) == ["02-07", "02-14", "02-21"]
    monday = date(2024, 1, 29)
    weekly = basket(RebalancingFrequency.WEEKLY, effective_from=monday)
    assert due(weekly, effective=monday, last=date(2024, 2, 19)) == ["02-06", "02-12"]


def test_every_good_day_is_due_daily():
    """Neither the weekend nor the holiday of 5 February."""
    assert due(basket(RebalancingFrequency.DAILY), last=date(2024, 2, 8)) == ["02-01", "02-02", "02-06", "02-07"]


def test_listed_days_are_adjusted_once_each_and_within_the_term():
    """The holiday follows to the listed day behind it; the start, the end and what lies outside are left out."""
    days = (date(2024, 5, 28), HOLIDAYS[2], FIRST, LAST, date(2024, 3, 16), date(2023, 12, 1), date(2025, 1, 2))

    assert due(basket(RebalancingFrequency.EXPLICIT, rebalancing_dates=days)) == ["03-18", "05-28"]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (date(2024, 2, 29), ["02-29", "03-29", "04-29", "05-31", "06-28"]),
        (date(2024, 2, 20), ["02-20", "03-29", "04-29", "05-31", "06-28"]),
        (date(2024, 3, 9), ["03-11", "03-29", "04-29", "05-31", "06-28"]),
        (date(2024, 4, 15), ["04-15", "04-29", "05-31", "06-28"]),
        (LAST, []),
    ],
)
def test_a_stated_next_day_stands_in_the_place_of_the_next_one(stated, expected):
    """Earlier or later than the regular day, on a good day, and with the regular ones behind it."""
    assert due(basket(RebalancingFrequency.MONTHLY, next_rebalancing_date=stated)) == expected


def test_later_compositions_go_on_with_the_days_of_the_first():
    """After a rebalancing by hand in between the months are still those of 31 January."""
    first = basket(RebalancingFrequency.MONTHLY, effective_to=date(2024, 4, 10))
    later = basket(RebalancingFrequency.MONTHLY, effective_from=date(2024, 4, 10), reason=CompositionReason.REBALANCE)

    assert due(later, first) == ["04-29", "05-31", "06-28"]
    leg = holding(first, later).legs[0]
    held = [composition_held(leg, on) for on in (date(2024, 1, 30), FIRST, date(2024, 4, 9), date(2024, 4, 10))]
    assert held == [None, first, first, later]


@pytest.mark.parametrize("kind", [WeightType.PERCENTAGE, WeightType.NOTIONAL, WeightType.UNITS])
def test_resets_restore_weights_by_themselves(kind):
    """ON_RESET is due only where the basket has units and nothing that a reset could restore; NONE never."""
    expected = ["04-01"] if kind is WeightType.UNITS else []

    assert due(basket(RebalancingFrequency.ON_RESET, kind=kind)) == expected
    assert due(basket(RebalancingFrequency.NONE, kind=kind, next_rebalancing_date=date(2024, 4, 1))) == []


def test_targets_are_percentages():
    """Percentages as they are, 100 as one, notionals by their proportions; no units or prices of before."""
    monthly = RebalancingFrequency.MONTHLY
    stated = basket(monthly, kind=WeightType.NOTIONAL)
    amounts = [
        replace(one, weight_value=n, initial_price=5.0) for one, n in zip(stated.constituents, (3e5, 1e5), strict=True)
    ]
    hundred = [replace(one, weight_value=n) for one, n in zip(basket(monthly).constituents, (30.0, 70.0), strict=True)]

    def targets(constituents: Any) -> list[tuple[Any, ...]]:
        found = target_constituents(BasketComposition(effective_from=FIRST, constituents=tuple(constituents)))
        return [(one.weight_type, one.weight_value, one.units, one.initial_price) for one in found]

    kind = WeightType.PERCENTAGE
    assert targets(basket(monthly).constituents) == [(kind, 0.5, None, None)] * 2
    assert targets(amounts) == [(kind, 0.75, None, None), (kind, 0.25, None, None)]
    assert targets(hundred) == [(kind, 0.3, None, None), (kind, 0.7, None, None)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": WeightType.UNITS}, r"CLO-1928: The basket is held in units, so that .* its MONTHLY rebalancing"),
        (
            {"kind": WeightType.UNITS, "reason": CompositionReason.CORPORATE_ACTION},
            r"CLO-1928: The basket is held in units, since the corporate action of 2024-01-31, so that",
        ),
        ({"weights": (0.5, 0.6)}, "CLO-1939"),
        ({"weights": (None, 0.6)}, "CLO-1939"),
        ({"kind": WeightType.NOTIONAL, "weights": (0.0, 0.0)}, "CLO-1939: The notionals of 2024-01-31 sum to nothing"),
        ({"kind": WeightType.NOTIONAL, "weights": (None, 5.0)}, "CLO-1939"),
    ],
)
def test_without_weights_there_is_nothing_to_go_back_to(change, message):
    """Units say no proportions, as after a merger; weights that are no whole are refused."""
    weights = change.pop("weights", (0.5, 0.5))
    made = basket(RebalancingFrequency.MONTHLY, **change)
    held = tuple(replace(one, weight_value=weight) for one, weight in zip(made.constituents, weights, strict=True))

    with pytest.raises(InputError, match=message):
        target_constituents(replace(made, constituents=held))


def test_days_need_a_basket_and_an_end():
    """CLO-1927 for a leg on one share, and for a basket that nobody values at the end."""
    monthly = basket(RebalancingFrequency.MONTHLY)
    endless = holding(monthly)
    leg = endless.legs[0]
    leg = replace(leg, performance=replace(leg.performance, valuation_schedules=()))
    single = swap(payout([LAST]), lot(1.0))

    with pytest.raises(InputError, match="CLO-1927: Leg 1 follows no basket"):
        rebalancing_dates(single, single.legs[0], monthly, CALENDARS)
    with pytest.raises(InputError, match="CLO-1927: Leg 1 has no final valuation"):
        rebalancing_dates(replace(endless, termination_date=None), leg, monthly, CALENDARS)


@pytest.mark.parametrize("mode", [NotionalMode.RESET, NotionalMode.FIXED])
def test_notionals_are_restored_at_resets_as_the_weights_they_are(mode):
    """ON_RESET with 600,000 and 400,000 pays what 60 % and 40 % pay; notionals of nothing are no weights (CLO-1934)."""
    start, first, second = date(2024, 1, 2), date(2024, 2, 1), date(2024, 3, 1)
    fixings = Fixings(
        prices={"A": {start: 10.0, first: 11.0, second: 12.1}, "B": {start: 20.0, first: 19.0, second: 20.9}}
    )

    def amounts(kind: WeightType, *weights: float) -> list[float]:
        made = basket(RebalancingFrequency.ON_RESET, kind=kind, effective_from=start)
        held = tuple(
            replace(one, weight_value=n, units=None) for one, n in zip(made.constituents, weights, strict=True)
        )
        terms = payout([first, second], mode=mode, compositions=(replace(made, constituents=held),))
        return valued(swap(terms, lot(1.0, notional=1e6)), fixings, second).amounts()

    by_percentage = amounts(WeightType.PERCENTAGE, 0.6, 0.4)
    assert by_percentage[0] == pytest.approx(1e6 * (0.6 * 0.1 - 0.4 * 0.05), rel=1e-12)
    assert amounts(WeightType.NOTIONAL, 6e5, 4e5) == pytest.approx(by_percentage, rel=1e-12)
    with pytest.raises(ModelError, match="CLO-1934: The notionals of 2024-01-02 sum to nothing"):
        amounts(WeightType.NOTIONAL, 0.0, 0.0)
