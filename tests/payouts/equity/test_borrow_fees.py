"""Borrow fees of short positions against hand-computed nights (spec 07 §12.5, §15): terms, amounts, days, CDM."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from math import nan

import numpy as np
import pytest

from engine.conventions.days import day_number, to_date
from engine.errors import InputError
from engine.payouts.book.borrow import BORROW_FEES
from engine.payouts.book.compiling import compile_contract, make_book
from engine.payouts.book.tables import FLOWS, INSTRUMENTS, Book
from engine.payouts.book.valuation import interest_through, value_book
from engine.payouts.book.values import FlowValues
from engine.payouts.cdm.overrides import Overrides, apply_overrides
from engine.payouts.cdm.own_terms import OWN_TERMS
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.transfers import TRANSFER_SUBTYPES
from engine.payouts.cdm.writer import write_trade
from engine.payouts.codes import BORROW, MISSING_FX, MISSING_PRICE, OK, OTHER_PART
from engine.payouts.dates.day_count import year_fraction
from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    CompositionReason,
    DayCount,
    FxFeatureType,
    NotionalMode,
    RebalancingFrequency,
    Side,
    WeightType,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.borrow import ACCRUING_BY_THE_DAY, BorrowFee, BorrowRateStep
from engine.payouts.terms.contract import Contract, TradeLot
from engine.payouts.terms.performance import BasketComposition, BasketConstituent
from engine.payouts.terms.returns import DividendReturnTerms
from tests.payouts.cdm import made_contracts
from tests.payouts.equity.made_equity import (
    CALENDARS,
    START,
    Fixings,
    closing,
    fx_feature,
    lot,
    on,
    payout,
    share,
    swap,
)

EXACT = 1e-12
RATE = 0.036
"""0.0001 a day on Actual/360."""

WEEK = (100.0, 101.0, 103.0, 102.0, 102.0, 102.0, 99.0, 98.0, 97.0)
"""Closes from Tuesday 2 January 2024 on; Saturday and Sunday, days 4 and 5, have Friday's."""

NIGHTS = (10.0, 10.1, 10.3, 10.2, 10.2, 10.2, 9.9)
"""The fee of 1,000 units from Tuesday to Tuesday, night by night."""


def fee(payer: Side = Side.PARTY1, rate: float = RATE, **terms: object) -> BorrowFee:
    return BorrowFee(payer=payer, rate=rate, **{"day_count": DayCount.ACT_360, **terms})  # type: ignore[arg-type]


def short(
    *lots: TradeLot, terms: BorrowFee | None = None, days: tuple[date, ...] = (on(7),), **more: object
) -> Contract:
    """Party 1, which reports, is short these lots, by default 1,000 units, and pays the fee."""
    payer = (terms or fee()).payer
    paid = replace(payout(list(days), **more), borrow_fee=terms or fee())  # type: ignore[arg-type]
    return swap(paid, *(lots or (lot(),)), receives=payer is Side.PARTY2)


def closes(values: tuple[float, ...] = WEEK, name: str = "SHARE") -> dict[str, dict[date, float]]:
    return {name: {on(i): value for i, value in enumerate(values)}}


def book_of(*contracts: Contract) -> Book:
    return make_book([compile_contract(contract, CALENDARS) for contract in contracts])


def fees(book: Book, values: FlowValues) -> list[float]:
    """Amounts of the fee flows, all of which has to be in `other`."""
    rows = book[BORROW_FEES]["flow"]
    assert (book[FLOWS]["kind"][rows] == BORROW).all()
    np.testing.assert_array_equal(values.amount[rows], values.parts[OTHER_PART][rows])
    return values.amount[rows].tolist()


def on_day(contract: Contract, fixings: Fixings, n: int, *, is_through: bool = False) -> list[float]:
    """The fees of a contract at the close of the n-th day, or through that day."""
    book = book_of(contract)
    market = fixings.arrays(book)
    values = value_book(book, market, day_number(on(n)))
    return fees(book, interest_through(book, market, day_number(on(n)), values) if is_through else values)


def test_a_week_costs_the_rate_on_every_close() -> None:
    """Six nights at their own close and three at Friday's; the short side pays."""
    paid = on_day(short(), Fixings(prices=closes()), 7)
    received = on_day(short(terms=fee(Side.PARTY2)), Fixings(prices=closes()), 7)

    assert paid == pytest.approx([-70.9], rel=EXACT)
    assert received == pytest.approx([70.9], rel=EXACT)


def test_the_fee_is_seen_from_the_reporting_party() -> None:
    """The same short position of party 1, reported by party 2, which lends: it receives."""
    lender = replace(short(), reporting_party=Side.PARTY2)

    assert on_day(lender, Fixings(prices=closes()), 7) == pytest.approx([70.9], rel=EXACT)


def test_a_position_without_an_end_accrues_on() -> None:
    """Without valuation dates and termination there is one period, which runs until everything is closed."""
    open_ended = short(days=())
    closed = short(lot(closings=(closing(1_000.0, 98.0, on(7)),)), days=())

    assert on_day(open_ended, Fixings(prices=closes()), 7) == pytest.approx([-70.9], rel=EXACT)
    assert on_day(closed, Fixings(prices=closes()), 8) == pytest.approx([-70.9], rel=EXACT)


def test_a_day_is_accrued_once_it_is_over() -> None:
    """The value on a day has the nights before it, its accrual row its own night too; rows sum to the cash."""
    fixings = Fixings(prices=closes())
    before = [-on_day(short(), fixings, n)[0] for n in range(9)]
    through = [-on_day(short(), fixings, n, is_through=True)[0] for n in range(9)]

    total = [sum(NIGHTS[:n]) for n in range(8)]
    assert before == pytest.approx([*total, total[-1]], rel=EXACT)
    assert through == pytest.approx([*total[1:], total[-1], total[-1]], rel=EXACT)


def test_the_row_of_a_day_says_what_it_rests_on() -> None:
    """Market value and rate of the last accrued day, years since the start; it is a fee of its period, paid with it."""
    book = book_of(short(days=(on(3), on(7))))
    values = value_book(book, Fixings(prices=closes()).arrays(book), day_number(on(5)))
    first, second = book[BORROW_FEES]["flow"].tolist()
    flow = book[FLOWS][second]

    assert (values.notional[first], values.notional[second]) == (103_000.0, 102_000.0)
    assert values.rate_or_price[second] == RATE
    assert values.year_fraction[[first, second]].tolist() == pytest.approx([3 / 360, 2 / 360], rel=EXACT)
    assert list(CashflowType)[flow["cashflow_type"]] is CashflowType.FEES
    assert list(CashflowSubtype)[flow["subtype"]] is CashflowSubtype.BORROW_FEE
    assert [to_date(int(flow[name])) for name in ("start_day", "end_day", "payment_day")] == [on(3), on(7), on(9)]


def test_a_new_rate_holds_from_its_night_on() -> None:
    """7.2 % from Friday: Friday, both days of the weekend and Monday cost double; one before the start is the first."""
    friday = BorrowRateStep(step_date=on(3), rate=2 * RATE)
    early = BorrowRateStep(step_date=START - timedelta(days=9), rate=RATE)
    stepped = fee(rate=0.5, steps=(early, friday))
    found = on_day(short(terms=stepped), Fixings(prices=closes()), 7)

    assert found == pytest.approx([-(sum(NIGHTS[:3]) + 2 * sum(NIGHTS[3:]))], rel=EXACT)


def test_a_row_has_the_rate_of_its_own_night() -> None:
    """With a step on Friday, Thursday's row has the rate before it and Friday's row the new one."""
    book = book_of(short(terms=fee(steps=(BorrowRateStep(step_date=on(3), rate=2 * RATE),))))
    market, row = Fixings(prices=closes()).arrays(book), int(book[BORROW_FEES]["flow"][0])
    friday = value_book(book, market, day_number(on(3)))

    assert friday.rate_or_price[row] == RATE
    assert interest_through(book, market, day_number(on(3)), friday).rate_or_price[row] == 2 * RATE


def test_a_rate_step_can_be_replaced() -> None:
    """A rate agreed for a day stands in date order among the others, in place of one of the same day."""
    stepped = fee(steps=(BorrowRateStep(step_date=on(5), rate=0.1),)).with_rate(0.2, on(2)).with_rate(0.3, on(5))

    assert [(step.step_date, step.rate) for step in stepped.steps] == [(on(2), 0.2), (on(5), 0.3)]


def test_a_split_changes_no_fee() -> None:
    """Two for one on Thursday: half the price on twice the units."""
    halved = tuple(value / 2 if i >= 2 else value for i, value in enumerate(WEEK))
    fixings = Fixings(prices=closes(halved), splits=(("SHARE", on(2), 0.5),))

    assert on_day(short(), fixings, 7) == pytest.approx([-70.9], rel=EXACT)


def test_what_is_closed_costs_nothing_from_its_closing_on() -> None:
    """400 of 1,000 units bought back on Friday at a price of their own: three nights in full, four on 600 units."""
    parted = short(lot(closings=(closing(400.0, 90.0, on(3)),)))
    found = on_day(parted, Fixings(prices=closes()), 7)

    assert found == pytest.approx([-(sum(NIGHTS[:3]) + 0.6 * sum(NIGHTS[3:]))], rel=EXACT)


def test_a_position_that_is_closed_ends_its_fee() -> None:
    """Everything is bought back on Friday: the fee ends there and is paid when that settles."""
    gone = short(lot(closings=(closing(400.0, 90.0, on(2)), closing(600.0, 90.0, on(3), event="EV-2"))))
    book = book_of(gone)
    flow = book[FLOWS][book[BORROW_FEES]["flow"]]

    found = on_day(gone, Fixings(prices=closes()), 9)
    assert found == pytest.approx([-(sum(NIGHTS[:2]) + 0.6 * NIGHTS[2])], rel=EXACT)
    assert [to_date(int(flow[name][0])) for name in ("end_day", "payment_day")] == [on(3), on(5)]


def test_a_position_closed_on_its_first_day_has_no_fee() -> None:
    """No night, no fee."""
    assert len(book_of(short(lot(closings=(closing(1_000.0, 90.0, START),))))[BORROW_FEES]) == 0


def test_a_later_lot_costs_from_its_own_day_on() -> None:
    """500 more units sold on Thursday."""
    found = on_day(short(lot(), lot(500.0, 103.0, name="LOT-2", cost=on(2))), Fixings(prices=closes()), 7)

    assert found == pytest.approx([-(sum(NIGHTS) + 0.5 * sum(NIGHTS[2:]))], rel=EXACT)


def test_every_period_has_its_own_fee() -> None:
    """Nights of Tuesday to Thursday in the first period, the others in the second; they sum to the week."""
    found = on_day(short(days=(on(3), on(7))), Fixings(prices=closes()), 8)

    assert found == pytest.approx([-sum(NIGHTS[:3]), -sum(NIGHTS[3:])], rel=EXACT)


@pytest.mark.parametrize(
    ("mode", "values"),
    [
        (NotionalMode.RESET, [100.0, 101.0, 103.0, 102.0, 102.0, 102.0, 99.0]),
        (NotionalMode.CUMULATIVE, [100.0, 101.0, 103.0, 102.0, 102.0, 102.0, 99.0]),
        (NotionalMode.FIXED, [100.0, 101.0, 103.0, 100.0, 100.0, 100.0, 100.0 * 99.0 / 102.0]),
    ],
)
def test_a_constant_notional_is_borrowed_anew_at_each_reset(mode: NotionalMode, values: list[float]) -> None:
    """Constant units, or 100,000 restored on Friday and moving with the price from there."""
    found = on_day(short(days=(on(3), on(7)), mode=mode), Fixings(prices=closes()), 8)

    assert found == pytest.approx([-sum(values[:3]) / 10, -sum(values[3:]) / 10], rel=EXACT)


FX = {on(i): 1.10 - 0.01 * i for i in range(9)}


@pytest.mark.parametrize(
    ("kind", "terms", "rates"),
    [
        (FxFeatureType.COMPOSITE, {}, list(FX.values())),
        (FxFeatureType.CROSS_CURRENCY, {}, list(FX.values())),
        (FxFeatureType.QUANTO, {"quanto_fx_rate": 1.25}, [1.25] * 9),
    ],
)
def test_a_foreign_share_is_converted_at_the_day(
    kind: FxFeatureType, terms: dict[str, float], rates: list[float]
) -> None:
    """Market value in dollars at the FX of the night; a quanto at its agreed rate."""
    contract = short(instrument=share(currency="EUR"), fx=(fx_feature(kind, **terms),))
    found = on_day(contract, Fixings(prices=closes(), fx={"EUR/USD": FX}), 7)

    assert found == pytest.approx([-sum(night * rate for night, rate in zip(NIGHTS, rates, strict=False))], rel=EXACT)


BASKET_PRICES = {
    "A": {on(i): price for i, price in enumerate((10.0, 11.0, 12.0, 12.0, 13.0))},
    "B": {on(i): price for i, price in enumerate((20.0, 19.0, 18.0, 21.0, 20.0))},
}


def basket(frequency: RebalancingFrequency = RebalancingFrequency.NONE) -> BasketComposition:
    """Two shares, half of the value in each at the start."""
    return BasketComposition(
        effective_from=START,
        rebalancing_frequency=frequency,
        constituents=tuple(
            BasketConstituent(
                instrument=share(name), weight_type=WeightType.PERCENTAGE, weight_value=0.5, units=50_000.0 / price
            )
            for name, price in (("A", 10.0), ("B", 20.0))
        ),
    )


def test_a_basket_costs_the_rate_on_its_value() -> None:
    """5,000 A and 2,500 B, night by night."""
    found = on_day(short(lot(1.0), compositions=(basket(),), days=(on(4),)), Fixings(prices=BASKET_PRICES), 4)

    values = [5_000.0 * BASKET_PRICES["A"][on(i)] + 2_500.0 * BASKET_PRICES["B"][on(i)] for i in range(4)]
    assert found == pytest.approx([-sum(values) * 1e-4], rel=EXACT)


def test_a_basket_that_is_rebalanced_costs_what_it_holds_each_night() -> None:
    """From Thursday's close on 7,500 A and 833⅓ B, worth the same 105,000 on that close."""
    later = replace(
        basket(),
        effective_from=on(2),
        reason=CompositionReason.REBALANCE,
        constituents=tuple(
            replace(held, units=units)
            for held, units in zip(basket().constituents, (7_500.0, 15_000.0 / 18.0), strict=True)
        ),
    )
    contract = short(lot(1.0), compositions=(replace(basket(), effective_to=on(2)), later), days=(on(4),))
    found = on_day(contract, Fixings(prices=BASKET_PRICES), 4)

    values = [100_000.0, 5_000.0 * 11.0 + 2_500.0 * 19.0, 105_000.0, 7_500.0 * 12.0 + 15_000.0 / 18.0 * 21.0]
    assert found == pytest.approx([-sum(values) * 1e-4], rel=EXACT)


def test_a_basket_reset_to_its_weights_costs_the_rate_on_what_it_grew_to() -> None:
    """Half of the value in each share again on Thursday, when the notional has grown by ½·20 % − ½·10 %."""
    terms = short(lot(1.0), compositions=(basket(RebalancingFrequency.ON_RESET),), days=(on(2), on(4)))
    found = on_day(terms, Fixings(prices=BASKET_PRICES), 4)

    first = [100_000.0, 50_000.0 * 1.1 + 50_000.0 * 0.95]
    grown = 105_000.0
    second = [grown, grown * 0.5 * (12.0 / 12.0 + 21.0 / 18.0)]
    assert found == pytest.approx([-sum(first) * 1e-4, -sum(second) * 1e-4], rel=EXACT)


def test_reinvested_dividends_are_borrowed_too() -> None:
    """A dividend of 1.03 on Thursday's 103 buys one unit in a hundred, which the fee counts from that night on."""
    contract = short(dividend=DividendReturnTerms(dividend_payout_ratio=1.0, dividend_reinvestment=True))
    paid = DividendEvent(instrument_reference="SHARE", ex_date=on(2), currency="USD", gross_amount=1.03)
    found = on_day(contract, Fixings(prices=closes(), dividends=(paid,)), 7)

    assert found == pytest.approx([-(sum(NIGHTS[:2]) + 1.01 * sum(NIGHTS[2:]))], rel=EXACT)


@pytest.mark.parametrize("day_count", ACCRUING_BY_THE_DAY)
def test_nights_sum_to_the_fraction_of_the_period(day_count: DayCount) -> None:
    """At a constant price the fee is rate · value · tau of the whole, over a leap day and an end of the year too."""
    days, level = 366, 100.0
    contract = short(terms=fee(day_count=day_count), days=(on(days),))
    found = on_day(contract, Fixings(prices=closes((level,) * (days + 1))), days)

    # ACT/365L goes by the year of each night's end: 364 nights end in 2024 and two in 2025.
    is_by_year = day_count is DayCount.ACT_365L
    tau = 364 / 366 + 2 / 365 if is_by_year else year_fraction(START, on(days), day_count)
    assert found == pytest.approx([-RATE * 1_000.0 * level * tau], rel=1e-11)


def test_a_missing_close_is_named_and_ends_the_value() -> None:
    """Without Thursday's close there is a fee up to Thursday's eve, and none from that night on."""
    holes = closes()
    del holes["SHARE"][on(2)]
    book = book_of(short())
    market = Fixings(prices=holes).arrays(book)
    row = int(book[BORROW_FEES]["flow"][0])
    known = value_book(book, market, day_number(on(2)))
    through = interest_through(book, market, day_number(on(2)), known)
    later = value_book(book, market, day_number(on(7)))

    assert known.amount[row] == pytest.approx(-sum(NIGHTS[:2]), rel=EXACT)
    for values in (through, later):
        assert np.isnan(values.amount[row])
        assert values.status[row] == MISSING_PRICE
        assert book.names[INSTRUMENTS][values.missing_row[row]] == "SHARE"
        assert to_date(int(values.missing_day[row])) == on(2)


def test_a_missing_fx_rate_is_named() -> None:
    """The night whose FX is not known is named by its day."""
    contract = short(instrument=share(currency="EUR"), fx=(fx_feature(FxFeatureType.COMPOSITE),))
    book = book_of(contract)
    rates = {day: rate for day, rate in FX.items() if day != on(4)}
    values = value_book(book, Fixings(prices=closes(), fx={"EUR/USD": rates}).arrays(book), day_number(on(7)))
    row = int(book[BORROW_FEES]["flow"][0])

    assert (values.status[row], to_date(int(values.missing_day[row]))) == (MISSING_FX, on(4))


def test_contracts_in_one_book_keep_their_own_fees() -> None:
    """Rates, positions and missing days of one do not touch another; one without a fee has none."""
    plain = swap(payout([on(7)]), lot())
    dear = short(lot(300.0), terms=fee(rate=0.5, steps=(BorrowRateStep(step_date=on(4), rate=0.6),)))
    other = short(instrument=share("OTHER"))
    prices = {**closes(), **closes((*WEEK[:3], nan, *WEEK[4:]), "OTHER")}
    book = book_of(plain, dear, other, short())
    values = value_book(book, Fixings(prices=prices).arrays(book), day_number(on(7)))

    alone = on_day(dear, Fixings(prices=prices), 7)
    assert fees(book, values) == pytest.approx([alone[0], nan, -70.9], rel=EXACT, nan_ok=True)
    assert values.status[book[BORROW_FEES]["flow"]].tolist() == [OK, MISSING_PRICE, OK]


def test_a_rate_of_zero_is_a_rate() -> None:
    """Easy to borrow: flows that cost nothing."""
    assert on_day(short(terms=fee(rate=0.0)), Fixings(prices=closes()), 7) == [0.0]


def test_the_long_side_pays_no_borrow_fee() -> None:
    """The payer of the fee is the payer of the performance; the message says who is short."""
    terms = replace(payout([on(7)]), borrow_fee=fee(Side.PARTY1))

    with pytest.raises(
        InputError, match=r"CLO-1987: The borrow fee of leg 1 would be paid by PARTY1, which is long.*"
    ) as got:
        swap(terms, lot(), receives=True)
    assert got.value.remedy == "Let PARTY2, which is short, pay it, or leave the fee out."


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"rate": 36.0}, "36.0 a year is out of range"),
        ({"rate": -0.01}, "-0.01 a year is out of range"),
        ({"rate": nan}, "nan a year is out of range"),
        ({"steps": (BorrowRateStep(step_date=START, rate=12.0),)}, "12.0 a year is out of range"),
        (
            {"steps": (BorrowRateStep(step_date=on(3), rate=0.1), BorrowRateStep(step_date=on(3), rate=0.2))},
            "The borrow rate of 2024-01-05 follows that of 2024-01-05",
        ),
        ({"day_count": DayCount.BUS_252}, "for which BUS/252 has no fraction"),
    ],
)
def test_impossible_terms_are_refused(terms: Mapping[str, object], words: str) -> None:
    """CLO-1988: percentages, negative rates, steps out of order, day counts that need more than a day."""
    with pytest.raises(InputError, match=f"CLO-1988.*{words}"):
        fee(**terms)  # type: ignore[arg-type]


def test_a_leg_without_price_return_has_no_position_to_borrow() -> None:
    """CLO-1989: dividends alone."""
    with pytest.raises(InputError, match=r"CLO-1989.*no price return"):
        replace(payout([on(7)], price=None, dividend=DividendReturnTerms(dividend_payout_ratio=1.0)), borrow_fee=fee())


STATED = fee(
    Side.PARTY2,
    steps=(
        BorrowRateStep(step_date=date(2024, 5, 1), rate=0.08),
        BorrowRateStep(step_date=date(2024, 6, 3), rate=0.05),
    ),
)


def test_a_document_of_ours_keeps_the_fee() -> None:
    """The CDM has no place for it: it stands in the block of own terms and comes back."""
    plain = made_contracts.single_share()
    equity = plain.legs[0]
    assert equity.performance is not None
    given = replace(STATED, payer=equity.payer)
    with_fee = replace(equity, performance=replace(equity.performance, borrow_fee=given))
    text = write_trade(replace(plain, legs=(with_fee, *plain.legs[1:])))
    found = read_trade(text).contract

    assert OWN_TERMS in text
    assert found is not None
    assert found.legs[0].performance is not None
    assert found.legs[0].performance.borrow_fee == given


def test_an_analyst_states_the_fee_of_an_imported_trade() -> None:
    """An override puts it on the equity leg; the long side as its payer is refused, a leg without price too."""
    draft = read_trade(write_trade(made_contracts.single_share()))
    assert draft.contract is not None
    given = replace(STATED, payer=draft.contract.legs[0].payer)
    done = apply_overrides(draft, Overrides(borrow_fee=given)).contract

    assert done is not None
    assert done.legs[0].performance is not None
    assert done.legs[0].performance.borrow_fee == given
    assert done.legs[1] == draft.contract.legs[1]
    with pytest.raises(InputError, match="CLO-1987"):
        apply_overrides(draft, Overrides(borrow_fee=replace(given, payer=given.payer.other)))
    with pytest.raises(InputError, match="CLO-1924"):
        apply_overrides(read_trade(write_trade(made_contracts.variance())), Overrides(borrow_fee=given))


def test_a_borrow_fee_is_a_premium_to_the_cdm() -> None:
    """The CDM has no transfer type for it; Premium is the recurring one among its fees."""
    assert TRANSFER_SUBTYPES[CashflowSubtype.BORROW_FEE] == "Premium"
