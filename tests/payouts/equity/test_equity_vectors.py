"""Amounts of equity periods against the vectors of spec 07 §25: V-2, V-3, V-4, V-8, V-10."""

import pytest

from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    DividendFxDate,
    FxFeatureType,
    NotionalMode,
    QuoteBasis,
    RebalancingFrequency,
    WeightType,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.performance import BasketComposition, BasketConstituent
from engine.payouts.terms.returns import DividendReturnTerms
from tests.payouts.equity.made_equity import (
    START,
    Fixings,
    closing,
    fx_feature,
    lot,
    on,
    payout,
    share,
    swap,
    valued,
)

CENT_PARTS = 5e-7
"""Half of the last printed digit of the vectors."""

V1, V2 = on(30), on(60)
V2_PRICES = {START: 29.45, on(20): 30.00, V1: 31.10, V2: 28.00}
V2_LOT = lot(212_000.0, 29.45, notional=6_243_400.0)
DIVIDEND = DividendEvent(
    instrument_reference="SHARE", ex_date=on(20), currency="USD", gross_amount=0.05, pay_date=on(25)
)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (NotionalMode.RESET, [349_800.00, -657_200.00]),
        (NotionalMode.CUMULATIVE, [349_800.00, -657_200.00]),
        (NotionalMode.FIXED, [349_800.00, -622_332.475884]),
    ],
)
def test_a_single_share_pays_what_its_notional_mode_says(mode, expected):
    """V-2: constant units, or a constant notional."""
    result = valued(swap(payout([V1, V2], mode=mode), V2_LOT), Fixings(prices={"SHARE": V2_PRICES}), V2)

    assert result.amounts() == pytest.approx(expected, abs=CENT_PARTS)
    assert 369_398.302207 not in [pytest.approx(amount, abs=1.0) for amount in result.amounts()]


def test_the_payer_sees_the_opposite_amount():
    """Amounts are signed from the reporting party's view."""
    result = valued(swap(payout([V1, V2]), V2_LOT, receives=False), Fixings(prices={"SHARE": V2_PRICES}), V2)

    assert result.amounts() == pytest.approx([-349_800.00, 657_200.00], abs=CENT_PARTS)


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, 10_600.00), (0.85, 9_010.00)])
def test_a_dividend_is_passed_on_by_its_ratio(ratio, expected):
    """V-2: 0.05 gross on 212,000 units; the withholding rate beside the ratio changes nothing."""
    terms = DividendReturnTerms(dividend_payout_ratio=ratio, withholding_rate=0.15)
    result = valued(
        swap(payout([V1, V2], dividend=terms), V2_LOT),
        Fixings(prices={"SHARE": V2_PRICES}, dividends=(DIVIDEND,)),
        V1,
    )

    assert result.amounts(CashflowType.DIVIDEND) == pytest.approx([expected], abs=CENT_PARTS)
    assert result.amounts()[0] == pytest.approx(349_800.00, abs=CENT_PARTS)


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, 360_788.666667), (0.85, 359_140.366667)])
def test_a_reinvested_dividend_buys_at_the_close_of_its_ex_date(ratio, expected):
    """V-2: units grow by ratio · 0.05 / 30.00 and nothing is paid as a dividend."""
    terms = DividendReturnTerms(dividend_payout_ratio=ratio, dividend_reinvestment=True)
    result = valued(
        swap(payout([V1, V2], dividend=terms), V2_LOT),
        Fixings(prices={"SHARE": V2_PRICES}, dividends=(DIVIDEND,)),
        V2,
    )

    growth = 1.0 + ratio * 0.05 / 30.0
    assert result.amounts() == pytest.approx([expected, 212_000.0 * growth * (28.00 - 31.10)], abs=CENT_PARTS)
    assert result.of(CashflowType.DIVIDEND) == []
    assert result.of(CashflowType.EQUITY_RETURN, CashflowSubtype.TOTAL_RETURN) == [0, 1]


V3_FIXINGS = Fixings(prices={"SHARE": {START: 100.0, V1: 110.0}}, fx={"EUR/USD": {START: 1.10, V1: 1.05}})


@pytest.mark.parametrize(
    ("feature", "price", "fx"),
    [
        (fx_feature(FxFeatureType.COMPOSITE), 11_000.0, -5_500.0),
        (fx_feature(FxFeatureType.QUANTO, quanto_fx_rate=1.10), 11_000.0, 0.0),
        (fx_feature(FxFeatureType.QUANTO, quanto_fx_rate_source="ECB"), 11_000.0, 0.0),
        (
            fx_feature(
                FxFeatureType.QUANTO,
                quanto_fx_rate=1.0 / 1.10,
                quote_currency1="EUR",
                quote_currency2="USD",
                quote_basis=QuoteBasis.CURRENCY1_PER_CURRENCY2,
            ),
            11_000.0,
            0.0,
        ),
        (fx_feature(FxFeatureType.CROSS_CURRENCY), 11_000.0, -500.0),
    ],
)
def test_fx_features_can_be_told_apart(feature, price, fx):
    """V-3: COMPOSITE 5,500, QUANTO 11,000, CROSS_CURRENCY 10,500 with their components."""
    terms = payout([V1], instrument=share(currency="EUR"), fx=(feature,))
    result = valued(swap(terms, lot()), V3_FIXINGS, V1)

    assert result.components == pytest.approx([price, 0.0, 0.0, fx, 0.0], rel=1e-14)
    assert result.amounts() == pytest.approx([price + fx], rel=1e-14)


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (fx_feature(FxFeatureType.COMPOSITE), 110.0 * 1.05 / (100.0 * 1.10) - 1.0),
        (fx_feature(FxFeatureType.QUANTO, quanto_fx_rate=1.10), 0.10),
        (fx_feature(FxFeatureType.CROSS_CURRENCY), 0.10 * 1.05 / 1.10),
    ],
)
@pytest.mark.parametrize(("currency", "converted"), [("USD", 1.0), ("EUR", 1.10)])
def test_a_fixed_notional_earns_the_return_of_its_fx_feature(feature, expected, currency, converted):
    """§11, last column; a notional in the price currency is converted at the period start."""
    terms = payout([V1], instrument=share(currency="EUR"), fx=(feature,), mode=NotionalMode.FIXED)
    result = valued(swap(terms, lot(notional=1e6), notional_currency=currency), V3_FIXINGS, V1)

    assert result.amounts() == pytest.approx([1e6 * converted * expected], rel=1e-12)


V4_NAMES = ("A", "B", "C")
V4_PRICES = {
    name: {START: closes[0], V1: closes[1], V2: closes[2]}
    for name, closes in zip(V4_NAMES, ((100.0, 110.0, 121.0), (200.0, 190.0, 180.5), (50.0, 55.0, 49.5)), strict=True)
}


def v4_basket(frequency=RebalancingFrequency.NONE, units=(4_000.0, 1_750.0, 5_000.0)):
    """The basket of V-4 with its percentage weights."""
    return BasketComposition(
        effective_from=START,
        rebalancing_frequency=frequency,
        constituents=tuple(
            BasketConstituent(
                instrument=share(name), weight_type=WeightType.PERCENTAGE, weight_value=weight, units=held
            )
            for name, weight, held in zip(V4_NAMES, (0.40, 0.35, 0.25), units, strict=True)
        ),
    )


@pytest.mark.parametrize(
    ("mode", "second"), [(NotionalMode.RESET, -125.0), (NotionalMode.FIXED, -125.0 / 1_047_500.0 * 1e6)]
)
def test_a_basket_that_is_held_drifts(mode, second):
    """V-4, buy and hold: +47,500, then -125 in units."""
    terms = payout([V1, V2], mode=mode, compositions=(v4_basket(),))
    result = valued(swap(terms, lot(1.0, notional=1e6)), Fixings(prices=V4_PRICES), V2)

    assert result.amounts() == pytest.approx([47_500.0, second], rel=1e-11)


@pytest.mark.parametrize(
    ("mode", "second"),
    [(NotionalMode.RESET, -2_618.75), (NotionalMode.CUMULATIVE, -2_618.75), (NotionalMode.FIXED, -2_500.0)],
)
def test_a_basket_reset_to_its_weights_earns_the_weighted_return(mode, second):
    """V-4, ON_RESET: -0.25 % on what the notional has grown to, or on the fixed one."""
    terms = payout([V1, V2], mode=mode, compositions=(v4_basket(RebalancingFrequency.ON_RESET),))
    result = valued(swap(terms, lot(1.0, notional=1e6)), Fixings(prices=V4_PRICES), V2)

    assert result.amounts() == pytest.approx([47_500.0, second], rel=1e-11)


def test_a_partial_termination_realises_its_part():
    """V-8: 55,650 realised, 166,950 left, together the 222,600 before."""
    terms = payout([V1, V2])
    at = on(10)
    fixings = Fixings(prices={"SHARE": {START: 29.45, at: 30.50, V1: 31.10, V2: 28.00}})
    whole = valued(swap(terms, V2_LOT), fixings, at)
    parted = lot(212_000.0, 29.45, notional=6_243_400.0, closings=(closing(53_000.0, 30.50, at),))
    result = valued(swap(terms, parted), fixings, at)

    closed = result.of(CashflowType.EQUITY_RETURN, CashflowSubtype.TERMINATION_AMOUNT)
    assert result.values.amount[closed].tolist() == pytest.approx([55_650.0], rel=1e-12)
    assert result.values.amount.sum() - 55_650.0 == pytest.approx(166_950.0, rel=1e-12)
    assert whole.values.amount.sum() == pytest.approx(222_600.0, rel=1e-12)


@pytest.mark.parametrize(
    ("day", "price", "dividend", "fx"),
    [(1, 1_100.00, 0.0, -1_010.00), (2, 3_300.00, 734.40, -2_060.00), (3, 2_200.00, 734.40, 1_040.40)],
)
def test_the_profit_of_a_composite_is_explained_by_price_dividend_and_fx(day, price, dividend, fx):
    """V-10 without its funding leg; its dividend is converted on the pay date, so that it bears FX until then."""
    terms = payout(
        [V1],
        instrument=share(currency="EUR"),
        fx=(fx_feature(FxFeatureType.COMPOSITE),),
        dividend=DividendReturnTerms(dividend_payout_ratio=0.85, dividend_fx_date=DividendFxDate.PAY_DATE),
    )
    paid = DividendEvent(instrument_reference="SHARE", ex_date=on(2), currency="EUR", gross_amount=0.80, pay_date=on(9))
    fixings = Fixings(
        prices={"SHARE": {START: 100.0, on(1): 101.0, on(2): 103.0, on(3): 102.0}},
        fx={"EUR/USD": {START: 1.10, on(1): 1.09, on(2): 1.08, on(3): 1.11}},
        dividends=(paid,),
    )
    result = valued(swap(terms, lot(1_000.0, 100.0, fx=1.10)), fixings, on(day))

    assert result.components == pytest.approx([price, dividend, 0.0, fx, 0.0], abs=5e-9)
