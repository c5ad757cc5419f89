"""What holds for all equity positions: telescoping, conservation, splits, one result however it is written down."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.payouts.codes import ESTIMATED, MISSING_FX, MISSING_PRICE, OK
from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    CompositionReason,
    CompositionStatus,
    FxFeatureType,
    NotionalMode,
    QuantityUnit,
    QuoteBasis,
    ReinvestmentPoint,
    UnderlierType,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import TradeLot
from engine.payouts.terms.performance import BasketComposition, BasketConstituent
from engine.payouts.terms.returns import DividendReturnTerms, PriceReturnTerms
from tests.payouts.equity.made_equity import (
    START,
    Fixings,
    closing,
    fx_feature,
    lot,
    on,
    payout,
    price_amounts,
    share,
    swap,
    valued,
    with_lots,
)

SUM_TOLERANCE = 1e-10
"""Relative, for sums of float64 amounts."""

QUANTO_RATE = 1.3

prices = st.floats(0.5, 500.0)
rates = st.floats(0.5, 2.0)
sizes = st.floats(1.0, 1e6)
modes = st.sampled_from(NotionalMode)
features = st.sampled_from([FxFeatureType.COMPOSITE, FxFeatureType.QUANTO, FxFeatureType.CROSS_CURRENCY])


def closes(*values: float, name: str = "SHARE") -> dict[str, dict[date, float]]:
    """Closes every ten days from START."""
    return {name: {on(10 * i): value for i, value in enumerate(values)}}


@settings(max_examples=60, deadline=None)
@given(quantity=sizes, path=st.lists(prices, min_size=3, max_size=8))
def test_reset_amounts_telescope_to_the_whole_move(quantity, path):
    """§8: Σ A = Q · (P[n] - P[0])."""
    days = [on(10 * i) for i in range(1, len(path))]
    result = valued(swap(payout(days), lot(quantity, path[0])), Fixings(prices=closes(*path)), days[-1])

    scale = quantity * max(path)
    assert sum(result.amounts()) == pytest.approx(quantity * (path[-1] - path[0]), abs=SUM_TOLERANCE * scale)


@settings(max_examples=60, deadline=None)
@given(
    quantity=sizes,
    share_closed=st.floats(0.05, 0.95),
    path=st.tuples(prices, prices, prices),
    fx=st.tuples(rates, rates, rates),
    kind=features,
    mode=modes,
)
def test_closing_part_of_a_position_conserves_its_value(quantity, share_closed, path, fx, kind, mode):
    """§19.2: closed amount and rest at the unwind price are what the whole was worth, in every mode and FX feature."""
    at, days = on(20), [on(10), on(30)]
    feature = fx_feature(kind, quanto_fx_rate=QUANTO_RATE if kind is FxFeatureType.QUANTO else None)
    terms = payout(days, instrument=share(currency="EUR"), fx=(feature,), mode=mode)
    fixings = Fixings(prices=closes(*path), fx=closes(*fx, name="EUR/USD"))
    whole = lot(quantity, path[0], notional=quantity * path[0] * fx[0])
    parted = replace(whole, closings=(closing(quantity * share_closed, path[2], at, fx=fx[2]),))
    before = valued(swap(terms, whole), fixings, at)
    after = valued(swap(terms, parted), fixings, at)

    scale = quantity * max(path) * max(fx) * QUANTO_RATE
    assert after.values.parts.sum() == pytest.approx(before.values.parts.sum(), abs=SUM_TOLERANCE * scale)
    assert len(after.of(CashflowType.EQUITY_RETURN, CashflowSubtype.TERMINATION_AMOUNT)) == 1


@settings(max_examples=40, deadline=None)
@given(sized=st.tuples(sizes, sizes), opened=st.tuples(prices, prices), path=st.tuples(prices, prices, prices))
def test_lots_merged_or_separate_pay_equal_cash(sized, opened, path):
    """§19.2: in RESET mode two lots pay what one at their average price pays."""
    days = [on(10), on(20)]
    merged = (sized[0] * opened[0] + sized[1] * opened[1]) / sum(sized)
    fixings = Fixings(prices=closes(*path))
    separate = valued(
        swap(payout(days), lot(sized[0], opened[0]), lot(sized[1], opened[1], name="LOT-2")), fixings, days[-1]
    )
    one = valued(swap(payout(days), lot(sum(sized), merged)), fixings, days[-1])

    scale = sum(sized) * max(*opened, *path)
    assert separate.amounts() == pytest.approx(one.amounts(), abs=SUM_TOLERANCE * scale)


def test_a_lot_opened_within_a_period_starts_at_its_own_price():
    """§8, partial period: its first amount uses the lot's price, the next one the close of the reset."""
    terms = payout([on(10), on(20)])
    later = lot(50.0, 104.0, name="LOT-2", cost=on(5))
    result = valued(swap(terms, lot(100.0, 99.0), later), Fixings(prices=closes(98.0, 110.0, 105.0)), on(20))

    assert result.amounts() == pytest.approx([100.0 * 11.0 + 50.0 * 6.0, 150.0 * -5.0])


def test_a_lot_opened_on_a_valuation_date_begins_with_the_next_period():
    """(V[k-1], V[k]]: nothing of it is in the period that ends on its cost date."""
    terms = payout([on(10), on(20)])
    later = lot(50.0, 111.0, name="LOT-2", cost=on(10))
    result = valued(swap(terms, lot(100.0, 98.0), later), Fixings(prices=closes(98.0, 110.0, 105.0)), on(20))

    assert result.amounts() == pytest.approx([100.0 * 12.0, 100.0 * -5.0 + 50.0 * -6.0])


def test_a_closing_on_a_valuation_date_is_paid_at_its_own_price():
    """A part closed on V[k] leaves period k; what follows does not see it."""
    terms = payout([on(10), on(20)])
    parted = lot(100.0, 98.0, closings=(closing(40.0, 109.0, on(10)),))
    result = valued(swap(terms, parted), Fixings(prices=closes(98.0, 110.0, 105.0)), on(20))

    assert sorted(result.amounts()) == pytest.approx(sorted([60.0 * 12.0, 40.0 * 11.0, 60.0 * -5.0]))


def test_a_lot_closed_on_its_cost_date_pays_the_difference_of_its_prices():
    """Opened at 98 and closed at 99 on one day: one flow that starts and ends on it."""
    parted = lot(100.0, 98.0, closings=(closing(100.0, 99.0, START),))
    result = valued(swap(payout([on(10)]), parted), Fixings(prices=closes(97.0, 110.0)), START)

    assert result.amounts() == pytest.approx([100.0])
    assert result.paid_on(CashflowType.EQUITY_RETURN) == [on(2)]


def test_a_flow_is_worth_nothing_at_its_start_and_stays_at_its_final_amount():
    """Mark to market between; after the end no price is needed any more."""
    contract = swap(payout([on(10), on(20)]), lot(100.0, 97.0))
    fixings = Fixings(prices={"SHARE": {START: 98.0, on(4): 95.0, on(10): 110.0}})
    by_day = {n: valued(contract, fixings, on(n)).amounts() for n in (0, 4, 10)}

    assert by_day[0] == [0.0, 0.0]
    assert by_day[4] == pytest.approx([-200.0, 0.0])
    assert by_day[10] == pytest.approx([1_300.0, 0.0])
    later = valued(contract, fixings, on(13))
    assert later.amounts()[0] == pytest.approx(1_300.0)
    assert later.values.status.tolist() == [OK, MISSING_PRICE]


def test_a_missing_price_is_named_and_never_zero():
    """The row of the instrument and the day say what is missing; all parts are NaN."""
    result = valued(swap(payout([on(10)]), lot(100.0, 97.0)), Fixings(prices=closes(98.0)), on(10))

    assert result.values.status.tolist() == [MISSING_PRICE]
    assert np.isnan(result.values.parts).all()
    assert (result.values.missing_row[0], result.values.missing_day[0]) == (0, (on(10) - date(1970, 1, 1)).days)


def test_a_missing_fx_rate_is_named():
    """The same for a pair."""
    terms = payout([on(10)], instrument=share(currency="EUR"), fx=(fx_feature(FxFeatureType.COMPOSITE),))
    fixings = Fixings(prices=closes(98.0, 99.0), fx={"EUR/USD": {START: 1.1}})
    result = valued(swap(terms, lot(100.0, 97.0)), fixings, on(10))

    assert result.values.status.tolist() == [MISSING_FX]
    assert np.isnan(result.amounts()[0])


@pytest.mark.parametrize(("kind", "expected"), [(UnderlierType.SINGLE_STOCK, MISSING_PRICE), (UnderlierType.OTHER, OK)])
def test_a_negative_price_is_refused_unless_the_instrument_may_have_one(kind, expected):
    """A share below zero is a wrong fixing; a spread or a future is not."""
    terms = payout([on(10)], instrument=share(kind=kind))
    result = valued(swap(terms, lot(100.0, 3.0)), Fixings(prices=closes(3.0, -2.0)), on(10))

    assert result.values.status.tolist() == [expected]
    if expected == OK:
        assert result.amounts() == pytest.approx([-500.0])


@settings(max_examples=40, deadline=None)
@given(ratio=st.sampled_from([2.0, 3.0, 0.1, 1.5]), path=st.tuples(prices, prices, prices), at=st.integers(1, 25))
def test_a_split_changes_no_amount_whether_a_lot_was_rewritten_or_not(ratio, path, at):
    """§19.3: units times ratio and price over ratio jump together, inside a period and on its ends."""
    days, factor = [on(10), on(20), on(30)], 1.0 / ratio
    before = Fixings(prices=closes(path[0], path[1], path[2], path[0]))
    observed = {day: price * (factor if day >= on(at) else 1.0) for day, price in before.prices["SHARE"].items()}
    after = Fixings(prices={"SHARE": observed}, splits=(("SHARE", on(at), factor),))
    parted = lot(100.0, path[0], closings=(closing(30.0, path[2], on(20)),))
    rewritten = lot(
        100.0 * ratio, path[0] * factor, basis=on(at), closings=(closing(30.0 * ratio, path[2] * factor, on(20)),)
    )
    plain = valued(swap(payout(days), parted), before, on(30)).amounts()

    assert valued(swap(payout(days), parted), after, on(30)).amounts() == pytest.approx(plain, abs=1e-8)
    assert valued(swap(payout(days), rewritten), after, on(30)).amounts() == pytest.approx(plain, abs=1e-8)


@pytest.mark.parametrize("mode", NotionalMode)
def test_a_rebalancing_within_a_period_adds_units_or_multiplies_returns(mode):
    """§10: the old composition ends at its close, the new one starts there; continuous, so one amount results."""
    old = composition(START, ("A", 10.0), ("B", 5.0))
    new = composition(on(10), ("A", 4.0), ("C", 15.0), reason=CompositionReason.REBALANCE)
    fixings = Fixings(
        prices={
            **closes(10.0, 20.0, 22.0, name="A"),
            **closes(40.0, 42.0, 50.0, name="B"),
            **closes(1.0, 22.0, 20.0, name="C"),
        }
    )
    start, middle_old, middle_new, end = 300.0, 410.0, 410.0, 388.0
    result = valued(
        swap(payout([on(20)], mode=mode, compositions=(old, new)), lot(2.0, notional=600.0)), fixings, on(20)
    )

    in_units = 2.0 * ((middle_old - start) + (end - middle_new))
    on_notional = 600.0 * (middle_old / start * end / middle_new - 1.0)
    assert result.amounts() == pytest.approx([on_notional if mode is NotionalMode.FIXED else in_units], rel=1e-12)


def composition(start: date, *held: tuple[str, float], reason: CompositionReason = CompositionReason.INITIAL):
    """A composition with these units."""
    return BasketComposition(
        effective_from=start,
        reason=reason,
        constituents=tuple(BasketConstituent(instrument=share(name), units=units) for name, units in held),
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [(9, 100.0 * 2.0), (10, 100.0 * (40.0 + 0.2 * 55.0 - 50.0)), (20, 100.0 * (41.0 + 0.2 * 60.0 - 50.0))],
)
def test_a_spin_off_hands_the_position_over_without_a_valuation(day, expected):
    """§19.3 METHOD_BASKET: parent to the eve of the ex-date, parent and child from then on."""
    old = composition(START, ("A", 1.0))
    new = composition(on(10), ("A", 1.0), ("CHILD", 0.2), reason=CompositionReason.CORPORATE_ACTION)
    fixings = Fixings(
        prices={"A": {START: 50.0, on(9): 52.0, on(10): 40.0, on(20): 41.0}, "CHILD": {on(10): 55.0, on(20): 60.0}}
    )
    terms = payout([on(20)], compositions=(old, new))

    assert valued(swap(terms, lot(100.0, 50.0)), fixings, on(day)).amounts() == pytest.approx([expected])


def test_constituents_of_a_basket_are_converted_each_at_its_own_pair():
    """Two currencies, two pairs (`eqs-ex03`), one of them that of the settlement."""
    basket = BasketComposition(
        effective_from=START,
        constituents=tuple(
            BasketConstituent(instrument=share(name, currency), units=units)
            for name, currency, units in (("A", "EUR", 10.0), ("B", "JPY", 20.0), ("C", "USD", 30.0))
        ),
    )
    fixings = Fixings(
        prices={**closes(100.0, 110.0, name="A"), **closes(5_000.0, 5_100.0, name="B"), **closes(7.0, 8.0, name="C")},
        fx={**closes(1.10, 1.05, name="EUR/USD"), **closes(0.007, 0.0068, name="JPY/USD")},
    )
    composite = payout([on(10)], compositions=(basket,), fx=(fx_feature(FxFeatureType.COMPOSITE),))
    quanto = payout(
        [on(10)],
        compositions=(basket,),
        fx=(
            fx_feature(
                FxFeatureType.QUANTO,
                quanto_fx_rate=1.2,
                quote_currency1="USD",
                quote_currency2="EUR",
                quote_basis=QuoteBasis.CURRENCY1_PER_CURRENCY2,
            ),
            fx_feature(
                FxFeatureType.QUANTO,
                quanto_fx_rate=125.0,
                quote_currency1="USD",
                quote_currency2="JPY",
                quote_basis=QuoteBasis.CURRENCY2_PER_CURRENCY1,
            ),
        ),
    )

    both = 10.0 * (110.0 * 1.05 - 110.0) + 20.0 * (5_100.0 * 0.0068 - 5_000.0 * 0.007) + 30.0
    assert valued(swap(composite, lot(1.0)), fixings, on(10)).amounts() == pytest.approx([both])
    assert valued(swap(quanto, lot(1.0)), fixings, on(10)).amounts() == pytest.approx(
        [10.0 * 10.0 * 1.2 + 20.0 * 100.0 / 125.0 + 30.0]
    )


def test_a_composite_fixing_may_lie_business_days_before_the_valuation():
    """§11: `composite_relative_date_offset`; START + 10 is a Friday, two business days before it a Wednesday."""
    feature = fx_feature(FxFeatureType.COMPOSITE, composite_relative_date_offset=-2)
    terms = payout([on(10)], instrument=share(currency="EUR"), fx=(feature,))
    fixings = Fixings(prices=closes(100.0, 110.0), fx={"EUR/USD": {on(8): 1.05, on(10): 9.9}})
    result = valued(swap(terms, lot(1_000.0, 100.0, fx=1.10)), fixings, on(10))

    assert result.amounts() == pytest.approx([5_500.0])


def test_a_composite_fixing_after_the_valuation_is_estimated_until_then():
    """The FX of the day stands in and the status says so."""
    feature = fx_feature(FxFeatureType.COMPOSITE, composite_relative_date_offset=1)
    terms = payout([on(10)], instrument=share(currency="EUR"), fx=(feature,))
    fixings = Fixings(prices=closes(100.0, 110.0), fx={"EUR/USD": {START: 1.2, on(10): 1.00, on(13): 1.05}})
    early, late = (valued(swap(terms, lot(1_000.0, 100.0, fx=1.10)), fixings, on(n)) for n in (10, 13))

    assert (early.values.status.tolist(), late.values.status.tolist()) == ([ESTIMATED], [OK])
    assert (early.amounts()[0], late.amounts()[0]) == pytest.approx((0.0, 5_500.0), abs=SUM_TOLERANCE * 1e5)


def test_agreed_prices_of_basket_units_count_for_lots_and_closings():
    """A lot of a basket opened later, and one closed, at one price for the whole basket unit."""
    basket = composition(START, ("A", 10.0), ("B", 5.0))
    fixings = Fixings(prices={**closes(10.0, 20.0, 22.0, name="A"), **closes(40.0, 42.0, 50.0, name="B")})
    later = replace(lot(3.0, 405.0, name="LOT-2", cost=on(10)), quantity_unit=QuantityUnit.BASKET_UNIT)
    parted = replace(later, closings=(closing(1.0, 480.0, on(20)),))
    result = valued(swap(payout([on(20)], compositions=(basket,)), lot(2.0), parted), fixings, on(20))
    tenfold = replace(basket, basket_units=10.0)
    more = valued(swap(payout([on(20)], compositions=(tenfold,)), lot(2.0), parted), fixings, on(20))

    assert sorted(result.amounts()) == pytest.approx(sorted([2.0 * 170.0 + 2.0 * (470.0 - 405.0), 480.0 - 405.0]))
    assert more.amounts() == pytest.approx([10.0 * amount for amount in result.amounts()])


def test_a_notional_alone_buys_units_at_the_agreed_price():
    """Q = N / P[0]; the payout's initial price stands in for a first lot without one."""
    fixings = Fixings(prices=closes(98.0, 110.0))
    own = valued(swap(payout([on(10)]), lot(None, 100.0, notional=50_000.0)), fixings, on(10))
    shared = valued(
        swap(payout([on(10)], price=PriceReturnTerms(initial_price=100.0)), lot(None, notional=50_000.0)),
        fixings,
        on(10),
    )

    assert own.amounts() == shared.amounts() == pytest.approx([5_000.0])


@pytest.mark.parametrize(("currency", "units"), [("EUR", 500.0), ("USD", 500.0 / 1.25)])
def test_the_notional_of_a_lot_is_converted_where_its_price_has_another_currency(currency, units):
    """50,000 EUR at 100 EUR are 500 units, 50,000 USD at 1.25 are 400; without the FX nothing is guessed."""
    terms = payout([on(10)], instrument=share(currency="EUR"), fx=(fx_feature(FxFeatureType.COMPOSITE),))
    fixings = Fixings(prices=closes(98.0, 110.0), fx=closes(1.25, 1.25, name="EUR/USD"))
    contract = swap(terms, lot(None, 100.0, notional=50_000.0, fx=1.25), notional_currency=currency)

    assert valued(contract, fixings, on(10)).amounts() == pytest.approx([units * 10.0 * 1.25])
    if currency == "USD":
        with pytest.raises(ModelError, match="CLO-1931"):
            valued(with_lots(contract, lot(None, 100.0, notional=50_000.0)), fixings, on(10))


def test_the_conversion_factor_multiplies_units():
    """A contract of ten index units moves ten times as much."""
    terms = payout([on(10)], price=PriceReturnTerms(conversion_factor=10.0))

    result = valued(swap(terms, lot(100.0, 98.0)), Fixings(prices=closes(98.0, 110.0)), on(10))
    assert result.amounts() == pytest.approx([12_000.0])


@settings(max_examples=40, deadline=None)
@given(
    quantity=sizes, path=st.tuples(prices, prices, prices), fx=st.tuples(rates, rates, rates), kind=features, mode=modes
)
def test_amounts_agree_with_decimal_arithmetic(quantity, path, fx, kind, mode):
    """§22: the formulas of §8, §11 and §16.2 in Decimal, 1e-10 of the position on random data."""
    days = [on(10), on(20)]
    feature = fx_feature(kind, quanto_fx_rate=QUANTO_RATE if kind is FxFeatureType.QUANTO else None)
    terms = payout(days, instrument=share(currency="EUR"), fx=(feature,), mode=mode)
    notional = quantity * path[0] * (QUANTO_RATE if kind is FxFeatureType.QUANTO else fx[0])
    made: TradeLot = lot(quantity, path[0], notional=notional, fx=fx[0])
    result = valued(swap(terms, made), Fixings(prices=closes(*path), fx=closes(*fx, name="EUR/USD")), days[-1])

    with localcontext() as context:
        context.prec = 50
        p, x = [Decimal(value) for value in path], [Decimal(value) for value in fx]
        expected = [
            reference_period(Decimal(quantity), Decimal(notional), p[k : k + 2], x[k : k + 2], kind, mode)
            for k in (0, 1)
        ]
    scale = max(notional, quantity * max(path) * max(*fx, QUANTO_RATE))
    if mode is NotionalMode.FIXED:
        scale = notional * max(path) / min(path) * max(fx) / min(fx)
    assert price_amounts(result) == pytest.approx([float(price) for price, _ in expected], abs=1e-10 * scale)
    assert result.values.parts[3].tolist() == pytest.approx([float(part) for _, part in expected], abs=1e-10 * scale)


def reference_period(quantity, notional, p, x, kind, mode):
    """(price, fx) of one period: §16.2 for constant units, times N over the start value for a constant notional."""
    match kind:
        case FxFeatureType.COMPOSITE:
            parts = (quantity * (p[1] - p[0]) * x[0], quantity * p[1] * (x[1] - x[0]))
        case FxFeatureType.QUANTO:
            parts = (quantity * (p[1] - p[0]) * Decimal(QUANTO_RATE), Decimal(0))
        case _:
            parts = (quantity * (p[1] - p[0]) * x[0], quantity * (p[1] - p[0]) * (x[1] - x[0]))
    if mode is not NotionalMode.FIXED:
        return parts
    start = quantity * p[0] * (Decimal(QUANTO_RATE) if kind is FxFeatureType.QUANTO else x[0])
    return tuple(part * notional / start for part in parts)


def test_reinvestment_needs_the_close_of_its_day_and_knows_the_pay_date():
    """§8: without the close nothing is guessed; `reinvest_at` PAY_DATE buys later."""
    paid = DividendEvent(instrument_reference="SHARE", ex_date=on(4), currency="USD", gross_amount=2.0, pay_date=on(6))
    terms = DividendReturnTerms(dividend_payout_ratio=1.0, dividend_reinvestment=True)
    base = {START: 100.0, on(10): 110.0, on(20): 105.0}
    lots = lot(100.0, 100.0)
    missing = valued(
        swap(payout([on(10)], dividend=terms), lots), Fixings(prices={"SHARE": base}, dividends=(paid,)), on(10)
    )
    whole = Fixings(prices={"SHARE": {**base, on(4): 50.0, on(6): 40.0}}, dividends=(paid,))
    at_ex = valued(swap(payout([on(10), on(20)], dividend=terms), lots), whole, on(20))
    at_pay = valued(
        swap(payout([on(10), on(20)], dividend=replace(terms, reinvest_at=ReinvestmentPoint.PAY_DATE)), lots),
        whole,
        on(20),
    )

    assert missing.values.status.tolist() == [MISSING_PRICE]
    assert at_ex.amounts() == pytest.approx([100.0 * (1.04 * 110.0 - 100.0), 100.0 * 1.04 * -5.0])
    assert at_pay.amounts() == pytest.approx([100.0 * (1.05 * 110.0 - 100.0), 100.0 * 1.05 * -5.0])


@pytest.mark.parametrize(
    ("ex", "cost", "expected"),
    [(10, 0, [200.0, 1_020.0]), (10, 10, [1_000.0]), (11, 0, [0.0, 1_220.0]), (11, 10, [1_220.0])],
)
def test_a_reinvested_dividend_belongs_to_the_period_that_ends_on_its_ex_date(ex, cost, expected):
    """§8: ex-dates in (V[k-1], V[k]]; a lot that is opened on the ex-date has none of it."""
    paid = DividendEvent(instrument_reference="SHARE", ex_date=on(ex), currency="USD", gross_amount=2.0)
    terms = DividendReturnTerms(dividend_payout_ratio=1.0, dividend_reinvestment=True)
    fixings = Fixings(prices={"SHARE": {**{on(n): 100.0 for n in range(20)}, on(20): 110.0}}, dividends=(paid,))
    result = valued(swap(payout([on(10), on(20)], dividend=terms), lot(100.0, 100.0, cost=on(cost))), fixings, on(20))

    assert result.amounts() == pytest.approx(expected)


def test_a_reinvested_dividend_in_another_currency_has_no_value():
    """Without its FX the growth is not known."""
    paid = DividendEvent(instrument_reference="SHARE", ex_date=on(4), currency="EUR", gross_amount=2.0)
    terms = DividendReturnTerms(dividend_payout_ratio=1.0, dividend_reinvestment=True)
    flat = Fixings(prices={"SHARE": {on(n): 100.0 for n in range(21)}}, dividends=(paid,))
    result = valued(swap(payout([on(10)], dividend=terms), lot(100.0, 100.0)), flat, on(10))

    assert result.values.status.tolist() == [MISSING_FX]


def test_terms_that_say_too_little_are_refused():
    """Nothing is guessed: units, FX, composition, closings after the end."""
    fixings = Fixings(prices=closes(98.0, 110.0))
    whole = swap(payout([on(10)]), lot(100.0))
    incomplete = replace(composition(START, ("A", 1.0)), status=CompositionStatus.INCOMPLETE)
    cases = {
        "CLO-1931": with_lots(whole, lot(None)),
        "CLO-1932": with_lots(whole, lot(100.0, closings=(closing(1.0, 1.0, on(11)),))),
        "CLO-1933": swap(payout([on(10)], instrument=share(currency="EUR")), lot(100.0)),
        "CLO-1934": swap(payout([on(10)], compositions=(incomplete,)), lot(100.0)),
        "CLO-1937": swap(payout([on(10)], mode=NotionalMode.FIXED), lot(100.0), notional_currency="CHF"),
    }
    for number, contract in (*cases.items(), ("CLO-1931", with_lots(whole))):
        with pytest.raises(ModelError) as raised:
            valued(contract, fixings, on(10))
        assert (raised.value.number, bool(raised.value.remedy)) == (number, True)
