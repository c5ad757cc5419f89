"""Fees and the fixed leg of a dividend swap: amounts known from the contract (spec 07 §12.5, §13.3)."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError
from engine.payouts.book.tables import CURRENCIES, EVENTS, FLOWS
from engine.payouts.codes import DIVIDEND_PART, FIXED, INCOMPLETE, OTHER_PART
from engine.payouts.enums import CashflowSubtype, LegType, Side
from engine.payouts.terms.contract import Fee, Leg
from engine.payouts.terms.funding import FixedPricePayout
from engine.payouts.terms.returns import DividendPeriod, DividendReturnTerms, ReturnTerms
from tests.payouts.funding.made_funding import book_of, equity_leg, lot, market_of, swap, valued

TRADED, FIRST_END, SECOND_END, PAID = date(2024, 1, 2), date(2024, 7, 1), date(2024, 12, 30), date(2025, 1, 3)
FEE = Fee(
    fee_reference="FEE-1",
    subtype=CashflowSubtype.UPFRONT_FEE,
    amount=2_000.0,
    currency="USD",
    payment_date=date(2024, 1, 10),
    payer_identifier="A",
    receiver_identifier="B",
)


def market(book):
    return market_of(book, first=TRADED, last=PAID)


def test_a_fee_is_negative_for_its_payer_and_positive_for_its_receiver():
    """Signs follow the parties named in the fee, not the direction of any leg."""
    other_side = swap(equity_leg([lot()]), fees=(FEE,), reporting_party=Side.PARTY2)
    book = book_of(swap(equity_leg([lot()]), fees=(FEE,)), other_side)

    values = valued(book, market(book), TRADED)

    assert values.parts[OTHER_PART].tolist() == [-2_000.0, 2_000.0]
    assert values.amount.tolist() == [-2_000.0, 2_000.0]


def test_a_fee_between_others_is_no_flow_of_ours():
    """A broker's fee that the counterparty pays gives no row."""
    third = replace(FEE, payer_identifier="B", receiver_identifier="BROKER")
    ours = replace(third, fee_reference="FEE-2", payer_identifier="A")
    book = book_of(swap(equity_leg([lot()]), fees=(third, ours)))

    assert len(book[FLOWS]) == 1
    assert book.names[EVENTS] == ("FEE-2",)


def test_fees_under_one_reference_are_told_apart():
    """Two fees of one event on one day have sequence numbers."""
    book = book_of(swap(equity_leg([lot()]), fees=(FEE, FEE)))

    assert book[FLOWS]["sequence"].tolist() == [1, 2]


def test_an_upfront_fee_is_owed_from_the_trade_date_and_another_one_when_it_is_paid():
    """Start and end of a fee are the day from which it is owed; the payment day is its own."""
    later = replace(FEE, fee_reference="FEE-2", subtype=CashflowSubtype.BREAKAGE_FEE, currency="EUR")
    book = book_of(swap(equity_leg([lot()]), fees=(FEE, later)))
    flows = book[FLOWS]

    assert flows["start_day"].tolist() == [day_number(TRADED), day_number(FEE.payment_date)]
    assert flows["end_day"].tolist() == flows["start_day"].tolist()
    assert flows["payment_day"].tolist() == [day_number(FEE.payment_date)] * 2
    assert [book.names[CURRENCIES][row] for row in flows["currency"]] == ["USD", "EUR"]
    assert valued(book, market(book), date(2024, 1, 9)).parts[OTHER_PART].tolist() == [-2_000.0, 0.0]


def dividend_swap(price: float | None, units: float | None = 500.0, explicit: bool = True):
    """Party 1 receives dividends and pays a fixed price for each of two periods."""
    periods = (
        DividendPeriod(period_number=1, start_date=TRADED, end_date=FIRST_END, payment_date=date(2024, 7, 3)),
        DividendPeriod(period_number=2, start_date=FIRST_END, end_date=SECOND_END, payment_date=None),
    )
    dividends = equity_leg([lot()] if units is None else [], [FIRST_END, SECOND_END])
    assert dividends.performance is not None
    terms = ReturnTerms(dividend=DividendReturnTerms(dividend_payout_ratio=1.0, periods=periods if explicit else ()))
    fixed_leg = Leg(
        leg_number=2,
        leg_type=LegType.FIXED_LEG,
        payer=Side.PARTY1,
        fixed_price=FixedPricePayout(fixed_price=price, currency="USD", units=units),
    )
    return swap(replace(dividends, performance=replace(dividends.performance, returns=terms)), fixed_leg)


def test_the_fixed_leg_pays_units_times_price_for_every_dividend_period():
    """500 units at 3.50, paid by the reporting party, evenly over each period."""
    book = book_of(dividend_swap(3.5))
    half = date(2024, 4, 2)
    share = (half - TRADED).days / (FIRST_END - TRADED).days

    assert book[FLOWS]["kind"].tolist() == [FIXED, FIXED]
    assert book[FLOWS]["payment_day"].tolist() == [day_number(date(2024, 7, 3)), NO_DAY]
    assert valued(book, market(book), half).parts[DIVIDEND_PART] == pytest.approx([-1_750 * share, 0.0], abs=1e-9)
    assert valued(book, market(book), PAID).parts[DIVIDEND_PART].tolist() == [-1_750.0, -1_750.0]


def test_valuation_periods_stand_in_for_dividend_periods_that_are_not_listed():
    """Without explicit periods the valuations of the dividend leg bound them; units come from its lots."""
    book = book_of(dividend_swap(3.5, units=None, explicit=False))
    flows = book[FLOWS]

    assert flows["start_day"].tolist() == [day_number(TRADED), day_number(FIRST_END)]
    assert flows["end_day"].tolist() == [day_number(FIRST_END), day_number(SECOND_END)]
    assert valued(book, market(book), PAID).parts[DIVIDEND_PART].tolist() == [-3_500.0, -3_500.0]


def test_an_unknown_price_leaves_the_flow_incomplete():
    """The leg is there, but nothing is valued until the price is agreed."""
    values = valued(book := book_of(dividend_swap(None)), market(book), FIRST_END)

    assert values.status[0] == INCOMPLETE
    assert np.isnan(values.parts[:, 0]).all()


def test_a_fixed_leg_without_units_is_refused():
    """Neither the leg nor the lots say for how many units the price is paid."""
    contract = dividend_swap(3.5)
    without = replace(contract.legs[1], fixed_price=FixedPricePayout(fixed_price=3.5, currency="USD"))
    with pytest.raises(ModelError) as caught:
        book_of(replace(contract, legs=(contract.legs[0], without)))

    assert caught.value.number == "CLO-1948"
