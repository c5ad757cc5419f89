"""Funding of closed units that is broken off and paid as they settle (spec 07 §19.2)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.conventions.days import to_date
from engine.payouts.book.tables import EVENTS, FLOWS, NO_ROW, Book
from engine.payouts.enums import (
    CompoundingMethod,
    DayCount,
    NotionalSource,
    ObservationShift,
    OvernightMethod,
    RateKind,
    UnwindFunding,
)
from engine.payouts.terms.contract import LotClosing, TradeLot
from engine.payouts.terms.funding import InterestRatePayout, RateSpreadStep
from tests.payouts.funding.made_funding import (
    END,
    SHARE,
    START,
    book_of,
    equity_leg,
    funding_leg,
    interest,
    lot,
    market_of,
    overnight,
    periods,
    swap,
    v5_rates,
)

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
OPEN, SECOND, THIRD = date(2024, 1, 2), date(2024, 4, 2), date(2024, 7, 2)
CLOSED, SETTLED = date(2024, 3, 1), date(2024, 3, 5)
LATE = date(2024, 3, 28)
"""The Thursday before Good Friday, inside the period of V-5."""


def closing(
    quantity: float = 400.0,
    settles: date = SETTLED,
    *,
    on: date = CLOSED,
    funding: UnwindFunding = UnwindFunding.BREAK,
    event: str = "CLOSE-1",
) -> LotClosing:
    """Units closed at 130."""
    return LotClosing(
        event_reference=event,
        event_date=on,
        settlement_date=settles,
        quantity=quantity,
        price=130.0,
        funding=funding,
    )


def term(**terms: object) -> InterestRatePayout:
    """A three months' rate, ACT/360, two quarters, on the notional that is reset with the equity leg."""
    plain = InterestRatePayout(
        rate_kind=RateKind.FLOATING_TERM,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-LIBOR-BBA",
        notional_source=NotionalSource.EQUITY_RESET,
        calculation_periods=periods(OPEN, SECOND, THIRD),
    )
    return replace(plain, **terms)  # type: ignore[arg-type]


def book(payout: InterestRatePayout, *lots: TradeLot, resets: Sequence[date] = (SECOND, THIRD)) -> Book:
    """A swap on lots whose funding leg follows them; its interest is positive."""
    return book_of(swap(equity_leg(lots, resets), funding_leg(payout, notional=None)))


def flows(made: Book) -> list[tuple[str, date, date, date]]:
    """Event, start, end and payment day of each flow."""
    names = made.names[EVENTS]
    return [
        (
            "" if row["event"] == NO_ROW else names[row["event"]],
            to_date(int(row["start_day"])),
            to_date(int(row["end_day"])),
            to_date(int(row["payment_day"])),
        )
        for row in made[FLOWS]
    ]


def accrued(made: Book, day: date) -> list[float]:
    """Interest of each flow up to a day; 5 % for three months, overnight rates of V-5, the share at 110 from April."""
    rates = {"USD-LIBOR-BBA|": dict.fromkeys((OPEN, SECOND), 0.05), "USD-SOFR|": v5_rates()}
    prices = {SHARE.reference: {SECOND: 110.0}}
    market = market_of(made, first=FIRST, last=LAST, rates=rates, prices=prices)
    return [interest(made, market, day, flow) for flow in range(len(made[FLOWS]))]


def total(made: Book, day: date) -> float:
    """Interest of all flows that have begun by a day."""
    return sum(amount for amount, flow in zip(accrued(made, day), flows(made), strict=True) if flow[1] <= day)


def test_broken_interest_of_a_term_rate_is_paid_as_the_units_settle() -> None:
    """40,000 x 5 % x 63/360 = 350 on 5 March; 60,000 x 5 % x 91/360 = 758.33 with the quarter: 1,108.33 in all, the
    same as in one payment."""
    broken = book(term(), lot(closings=(closing(),)))
    running = book(term(), lot(closings=(closing(funding=UnwindFunding.RUN),)))

    assert flows(broken) == [
        ("", OPEN, SECOND, SECOND),
        ("", SECOND, THIRD, THIRD),
        ("CLOSE-1", OPEN, SETTLED, SETTLED),
    ]
    assert accrued(broken, THIRD) == pytest.approx([758.0 + 1 / 3, 66_000 * 0.05 * 91 / 360, 350.0], abs=1e-9)
    assert accrued(running, THIRD)[0] == pytest.approx(1_108.0 + 1 / 3, abs=1e-9)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"spread": 0.01, "compounding_method": CompoundingMethod.STRAIGHT},
        {"overnight_method": OvernightMethod.AVERAGED, "spread": 0.002},
        {"observation_shift": ObservationShift.LOOKBACK, "observation_shift_days": 2},
        {"observation_shift": ObservationShift.OBSERVATION_PERIOD_SHIFT, "observation_shift_days": 2},
        {"rate_rounding_dp": 4, "daily_cap": 0.0532},
        {"spread_steps": (RateSpreadStep(series=0, spread=0.02, step_date=date(2024, 3, 27)),)},
    ],
)
@pytest.mark.parametrize("source", [NotionalSource.EQUITY_RESET, NotionalSource.EQUITY_FIXED, NotionalSource.LOTS])
def test_both_parts_together_are_what_one_payment_is(source: NotionalSource, terms: dict[str, object]) -> None:
    """On every day of an overnight period: interest on interest stays on both sides of the settlement either way."""
    payout = overnight(notional_source=source, **terms)
    lots = [
        [
            lot(closings=(closing(400.0, LATE, funding=how), closing(100.0, END, event="CLOSE-2"))),
            lot("LOT-2", closings=(closing(250.0, LATE, funding=how),)),
        ]
        for how in UnwindFunding
    ]
    running, broken = (book(payout, *held) for held in lots)

    for day in (START + timedelta(days=i) for i in range((END - START).days + 1)):
        assert total(broken, day) == pytest.approx(total(running, day), abs=1e-9)
    assert [flow[0] for flow in flows(broken)] == ["", "CLOSE-1", "CLOSE-2"]


def test_broken_overnight_interest_compounds_up_to_the_settlement() -> None:
    """40,000 over the three nights before 28 March; the others compound within each side of it."""
    made = book(overnight(notional_source=NotionalSource.EQUITY_RESET), lot(closings=(closing(settles=LATE),)))
    rates = v5_rates()
    nights = [(rates[date(2024, 3, day)], days) for day, days in ((25, 1), (26, 1), (27, 1))]
    later = [(rates[LATE], 4), *((rates[date(2024, 4, day)], 1) for day in (1, 2, 3, 4))]

    def grown(observed: list[tuple[float, int]]) -> float:
        product = 1.0
        for rate, days in observed:
            product *= 1.0 + rate * days / 360
        return product - 1.0

    regular, broken = accrued(made, END)

    assert broken == pytest.approx(40_000 * grown(nights), abs=1e-9)
    assert regular == pytest.approx(60_000 * (grown(nights) + grown(later)), abs=1e-9)
    assert flows(made)[1] == ("CLOSE-1", START, LATE, LATE)


def test_a_lockout_locks_the_days_before_the_settlement() -> None:
    """With two days locked the nights of 26 and 27 March have the rate of the 25th, known when the units settle."""
    payout = overnight(
        notional_source=NotionalSource.EQUITY_RESET,
        observation_shift=ObservationShift.LOCKOUT,
        observation_shift_days=2,
    )
    made = book(payout, lot(closings=(closing(settles=LATE),)))

    assert accrued(made, END)[1] == pytest.approx(40_000 * ((1 + 0.0531 / 360) ** 3 - 1), abs=1e-9)


@pytest.mark.parametrize(
    ("settles", "expected"),
    [
        (OPEN, []),
        (SECOND, [(OPEN, SECOND, SECOND)]),
        (date(2024, 4, 12), [(SECOND, date(2024, 4, 12), date(2024, 4, 12))]),
        (date(2024, 7, 4), []),
    ],
)
def test_only_the_period_of_the_settlement_is_broken(settles: date, expected: list[tuple[date, date, date]]) -> None:
    """Nothing has accrued on the first day, a settlement on the last day takes the whole period, one in the next
    period leaves the first to its payment, and one after the last period is none of the leg's."""
    made = book(term(), lot(closings=(closing(settles=settles, on=min(settles, SECOND)),)))
    running = book(
        term(), lot(closings=(closing(settles=settles, on=min(settles, SECOND), funding=UnwindFunding.RUN),))
    )

    assert [flow[1:] for flow in flows(made) if flow[0]] == expected
    assert total(made, THIRD) == pytest.approx(total(running, THIRD), abs=1e-9)


def test_nothing_is_left_to_the_period_where_everything_is_broken_off() -> None:
    """100,000 x 5 % x 63/360 = 875 is all there is."""
    made = book(term(), lot(closings=(closing(1_000.0),)))

    assert flows(made) == [("CLOSE-1", OPEN, SETTLED, SETTLED)]
    assert accrued(made, THIRD) == pytest.approx([875.0], abs=1e-9)


@pytest.mark.parametrize("quantity", [400.0, 1_000.0])
def test_what_earlier_periods_carry_stays_with_the_compounded_payment(quantity: float) -> None:
    """5 % a quarter of ninety days, straight, in one payment: the first 1,250 on 100,000 earns in the second quarter,
    whatever of the notional is broken off there, after 45 days."""
    bounds = (OPEN, date(2024, 4, 1), date(2024, 6, 30))
    paid = (date(2024, 6, 30),) * 2
    payout = term(
        rate_kind=RateKind.FIXED,
        fixed_rate=0.05,
        notional_source=NotionalSource.EQUITY_FIXED,
        compounding_method=CompoundingMethod.STRAIGHT,
        calculation_periods=periods(*bounds, payment_dates=paid),
    )
    settles = date(2024, 5, 16)
    made = book(payout, lot(closings=(closing(quantity, settles, on=settles),)))
    left = 100_000.0 - 100.0 * quantity

    assert accrued(made, bounds[2]) == pytest.approx(
        [1_250.0, (left + 1_250.0) * 0.0125, 100.0 * quantity * 0.00625], abs=1e-9
    )
    assert flows(made)[2] == ("CLOSE-1", bounds[1], settles, settles)
