"""What a tranche is worth and pays per unit of original face, on flows made by hand."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.day_count import DayCount
from engine.desk.swaps.tranche_contracts import tranche_instrument, tranche_swap
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.payouts.enums import DividendStatus, DividendType, ScheduleRole, UnderlierType
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Contract
from engine.payouts.tranche_returns import (
    TrancheFlows,
    clean_price,
    dirty_price,
    dirty_price_at_margin,
    income,
    updated_income,
)
from tests.desk.swaps.swap_book import THEM, US

RUN = date(2024, 2, 20)
JANUARY, APRIL, JULY, OCTOBER = (date(2024, month, 20) for month in (1, 4, 7, 10))
ORIGINAL = 50_000_000.0
COUPON = 0.06
REFERENCE = "CLO:DEAL1|D"
EXACT = 1e-12


def interest(balance: float, start: date, end: date) -> float:
    return balance * COUPON * (end - start).days / 360


def amortising(**changes: object) -> TrancheFlows:
    """40 of 50 million left; 10 repaid in April, nothing in July, the rest in October; ACT/360 from January on."""
    begin = np.array([40e6, 30e6, 30e6])
    accrued = np.array([interest(40e6, JANUARY, APRIL), interest(30e6, APRIL, JULY), interest(30e6, JULY, OCTOBER)])
    flows = TrancheFlows(
        original_balance=ORIGINAL,
        run_date=RUN,
        payment_dates=(APRIL, JULY, OCTOBER),
        coupon=np.full(3, COUPON),
        balance_begin=begin,
        balance_end=np.array([30e6, 30e6, 0.0]),
        interest_accrued=accrued,
        interest_paid=accrued.copy(),
        deferred_paid=np.zeros(3),
        principal_paid=np.array([10e6, 0.0, 30e6]),
        day_count=DayCount.ACTUAL_360,
    )
    return replace(flows, **changes)  # type: ignore[arg-type]


def dividends(flows: TrancheFlows, on: date) -> tuple[DividendEvent, ...]:
    return income(flows, REFERENCE, "USD", on)


def paid_between(flows: TrancheFlows, after: date, to: date) -> float:
    """Per unit of face, what is passed on after one day up to another."""
    return sum(event.gross_amount or 0.0 for event in dividends(flows, to) if after < event.ex_date <= to)


def test_the_dirty_price_is_clean_price_times_factor_plus_accrued() -> None:
    """On 20 February a month of interest has accrued since January, though the run starts only then."""
    price = dirty_price(amortising(), RUN, 0.98)

    assert price == pytest.approx((0.98 * 40e6 + interest(40e6, JANUARY, RUN)) / ORIGINAL, abs=EXACT)
    assert clean_price(amortising(), RUN, price) == pytest.approx(0.98, abs=EXACT)


def test_on_a_payment_date_the_price_is_without_the_payment() -> None:
    """The close of 20 April knows the lower factor and no accrued interest."""
    flows = amortising()

    assert flows.factor(APRIL - timedelta(days=1)) == 0.8
    assert flows.factor(APRIL) == 0.6
    assert flows.accrued(APRIL) == pytest.approx(0.0, abs=1e-6)
    assert dirty_price(flows, APRIL, 1.01) == pytest.approx(1.01 * 0.6, abs=EXACT)


@given(price=st.floats(0.5, 1.1), days=st.integers(1, 60))
def test_a_payment_earns_what_accrued_and_the_pull_to_par_of_what_is_repaid(price: float, days: int) -> None:
    """Value after plus cash less value before is the interest of the days between, and (1 - price) on the repayment."""
    flows, before = amortising(), APRIL - timedelta(days=days)

    earned = dirty_price(flows, APRIL, price) + paid_between(flows, before, APRIL) - dirty_price(flows, before, price)

    expected = (interest(40e6, before, APRIL) + (1.0 - price) * 10e6) / ORIGINAL
    assert earned == pytest.approx(expected, abs=2e-12)


def test_a_repayment_at_par_makes_no_profit_at_a_price_of_par() -> None:
    """At 100 the whole return over a payment is the day's interest, whatever is repaid."""
    flows, before = amortising(), APRIL - timedelta(days=1)

    earned = dirty_price(flows, APRIL, 1.0) + paid_between(flows, before, APRIL) - dirty_price(flows, before, 1.0)

    assert earned * ORIGINAL == pytest.approx(interest(40e6, before, APRIL), abs=1e-4)


def test_interest_is_ordinary_and_principal_a_return_of_capital() -> None:
    """Both kinds carry the payment date; those up to the day are confirmed."""
    events = dividends(amortising(), APRIL)

    assert [(e.ex_date, e.pay_date, e.dividend_type, e.status) for e in events] == [
        (APRIL, APRIL, DividendType.ORDINARY, DividendStatus.CONFIRMED),
        (APRIL, APRIL, DividendType.RETURN_OF_CAPITAL, DividendStatus.CONFIRMED),
        (JULY, JULY, DividendType.ORDINARY, DividendStatus.ESTIMATED),
        (OCTOBER, OCTOBER, DividendType.ORDINARY, DividendStatus.ESTIMATED),
        (OCTOBER, OCTOBER, DividendType.RETURN_OF_CAPITAL, DividendStatus.ESTIMATED),
    ]
    assert events[1].gross_amount == 0.2


def test_deferred_interest_is_income_only_when_it_is_paid() -> None:
    """A coupon that is deferred in April neither accrues nor is paid; repaid in July it is a dividend of its own."""
    full = amortising()
    deferred = full.interest_accrued[0]
    flows = amortising(
        interest_paid=np.array([0.0, *full.interest_paid[1:]]), deferred_paid=np.array([0.0, deferred, 0.0])
    )

    assert flows.accrued(APRIL - timedelta(days=1)) == 0.0
    assert paid_between(flows, RUN, APRIL) == pytest.approx(0.2, abs=EXACT)
    in_july = [(e.sequence, e.gross_amount) for e in dividends(flows, JULY) if e.ex_date == JULY]
    assert in_july == [
        (1, pytest.approx(full.interest_paid[1] / ORIGINAL, abs=EXACT)),
        (2, pytest.approx(deferred / ORIGINAL, abs=EXACT)),
    ]


def test_a_coupon_paid_in_part_accrues_in_part() -> None:
    """Half of the coupon that the run pays is half of the accrued interest."""
    full = amortising()
    half = amortising(interest_paid=full.interest_paid * 0.5)

    assert half.accrued(RUN) == pytest.approx(0.5 * full.accrued(RUN), abs=1e-6)


def test_a_price_at_a_margin_is_the_present_value_of_what_is_left() -> None:
    """At a flat curve and no margin, each payment is discounted over whole quarters counted back from it."""
    curve = IndexCurve.of(RUN, [(1, 0.04), (360, 0.04)])
    flows = amortising()

    price = dirty_price_at_margin(flows, APRIL, 0.01, curve, frequency=4)

    per_quarter = 1.0 + (0.04 + 0.01) / 4
    expected = flows.cash[1] / per_quarter + flows.cash[2] / per_quarter**2
    assert price == pytest.approx(expected / ORIGINAL, rel=1e-9)


def test_a_later_run_updates_estimates_and_cancels_what_it_does_not_pay() -> None:
    """July is lower, and October's repayment comes in July: the old estimates follow."""
    known = dividends(amortising(), APRIL)
    later = amortising(
        run_date=date(2024, 5, 31),
        payment_dates=(JULY,),
        **{
            name: getattr(amortising(), name)[1:2]
            for name in ("coupon", "balance_begin", "balance_end", "interest_accrued", "interest_paid", "deferred_paid")
        },
        principal_paid=np.array([30e6]),
    )

    update = updated_income(known, dividends(later, date(2024, 6, 3)), later.run_date, date(2024, 6, 3))

    changed = {(e.ex_date, e.dividend_type): (e.status, e.gross_amount) for e in update.changed}
    assert changed == {
        (JULY, DividendType.RETURN_OF_CAPITAL): (DividendStatus.ESTIMATED, 0.6),
        (OCTOBER, DividendType.ORDINARY): (DividendStatus.CANCELLED, known[3].gross_amount),
        (OCTOBER, DividendType.RETURN_OF_CAPITAL): (DividendStatus.CANCELLED, known[4].gross_amount),
    }
    assert update.unconfirmed == ()


def test_the_same_run_changes_nothing_and_confirms_as_time_goes_by() -> None:
    """On 20 July the July coupon alone is new: it becomes confirmed."""
    known = dividends(amortising(), APRIL)

    assert updated_income(known, dividends(amortising(), APRIL), RUN, APRIL).changed == ()
    confirmed = updated_income(known, dividends(amortising(), JULY), RUN, JULY).changed
    assert [(e.ex_date, e.status) for e in confirmed] == [(JULY, DividendStatus.CONFIRMED)]


@pytest.mark.parametrize("principal", [0.0, 9e6])
def test_a_confirmed_payment_is_never_rewritten(principal: float) -> None:
    """A run that repays something else in April, or nothing, is refused by name and date."""
    known = dividends(amortising(), APRIL)
    other = dividends(amortising(principal_paid=np.array([principal, 0.0, 30e6])), APRIL)

    with pytest.raises(InputError, match=r"CLO-1970: CLO:DEAL1\|D paid principal of 0.2 USD .* on 2024-04-20"):
        updated_income(known, other, RUN, APRIL)


def test_a_difference_of_rounding_is_no_contradiction() -> None:
    """Less than a cent on a hundred million of face is the same payment."""
    known = dividends(amortising(), APRIL)
    nearly = dividends(amortising(principal_paid=np.array([10e6 + 0.001, 0.0, 30e6])), APRIL)

    assert updated_income(known, nearly, RUN, APRIL).changed == ()


def test_an_earlier_day_leaves_what_is_confirmed_since_alone() -> None:
    """Publishing March again from another run neither changes nor refuses the confirmed payment of April."""
    known = dividends(amortising(), APRIL)
    other = dividends(amortising(principal_paid=np.array([9e6, 0.0, 31e6])), date(2024, 3, 1))

    changed = updated_income(known, other, RUN, date(2024, 3, 1)).changed

    assert {e.ex_date for e in changed} == {OCTOBER}


def test_estimates_from_before_the_run_are_reported() -> None:
    """A payment that nobody confirmed before a newer run took over stays an estimate, and is told."""
    known = dividends(amortising(), RUN)
    july = [e for e in dividends(amortising(), RUN) if e.ex_date > APRIL]

    update = updated_income(known, july, date(2024, 5, 31), date(2024, 6, 3))

    assert update.changed == ()
    assert [e.ex_date for e in update.unconfirmed] == [APRIL, APRIL]


def swap(**terms: object) -> Contract:
    usual: dict[str, object] = {"face": 1e7, "start": RUN, "end": JULY, "initial_price": 0.8}
    usual.update(payment_dates=(OCTOBER, APRIL, JULY, APRIL), party1=US, party2=THEM)
    return tranche_swap("TRS-1", "Deal 1", "Class D", **{**usual, **terms})  # type: ignore[arg-type]


def test_the_swap_follows_the_face_and_is_valued_on_the_payment_dates() -> None:
    """Units are original face; the dates of the deal between start and end are valuations, each once."""
    equity, funding = swap().legs
    assert equity.performance is not None

    listed = {schedule.role: schedule.explicit_dates for schedule in equity.performance.valuation_schedules}
    assert listed == {ScheduleRole.INITIAL: (RUN,), ScheduleRole.INTERIM: (APRIL,), ScheduleRole.FINAL: (JULY,)}
    assert (equity.lots[0].opened_quantity, equity.notional_amount) == (1e7, 8e6)
    assert (equity.payer, funding.payer, funding.linked_leg_number) == ("PARTY2", "PARTY1", 1)
    assert swap().instruments == (tranche_instrument("Deal 1", "Class D"),)


def test_a_tranche_has_one_name_in_every_spelling() -> None:
    """The class and the deal may be written as people do."""
    names = (("Mag 17", "Class B-1"), ("MAG-17", "b-1"), ("mag17", "B-1"))
    spelled = {tranche_instrument(deal, name).reference for deal, name in names}

    assert spelled == {"CLO:MAG17|B-1"}
    assert tranche_instrument("Mag 17", "B-1").instrument_type is UnderlierType.OTHER


@pytest.mark.parametrize("terms", [{"face": 0.0}, {"initial_price": 0.0}, {"end": RUN}])
def test_a_swap_without_face_price_or_term_is_refused(terms: dict[str, object]) -> None:
    """What cannot earn anything is no swap."""
    with pytest.raises(InputError, match="CLO-4102: TRS-1"):
        swap(**terms)
