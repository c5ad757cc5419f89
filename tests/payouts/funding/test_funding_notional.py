"""The notional that funding accrues on: lots, resets, splits, baskets, currencies (spec 07 §11, §12.1)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.errors import ModelError
from engine.payouts.book.compiling import compile_contract, make_book
from engine.payouts.book.tables import FLOWS, PAIRS
from engine.payouts.codes import FUNDING, MISSING_FX, MISSING_PRICE, OK
from engine.payouts.enums import (
    DayCount,
    FxFeatureType,
    NotionalSource,
    QuoteBasis,
    RateKind,
    UnderlierType,
    WeightType,
)
from engine.payouts.terms.contract import Leg, LotClosing
from engine.payouts.terms.funding import InterestRatePayout, RateSpreadStep
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import (
    BasketComposition,
    BasketConstituent,
    FxFeature,
    PerformancePayout,
    Underlier,
)
from engine.payouts.terms.returns import DividendReturnTerms, PriceReturnTerms, ReturnTerms
from tests.payouts.funding.made_funding import (
    CALENDARS_OF_TEST,
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
    valued,
)

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
OPEN, RESET, SECOND, THIRD = date(2024, 1, 2), date(2024, 3, 28), date(2024, 4, 2), date(2024, 7, 2)
FIVE_PERCENT_A_DAY = 0.05 / 360


def fixed(source: NotionalSource, *bounds: date, **terms: object) -> InterestRatePayout:
    """5 % ACT/360 on the notional of the equity leg."""
    plain = InterestRatePayout(
        rate_kind=RateKind.FIXED,
        day_count=DayCount.ACT_360,
        fixed_rate=0.05,
        notional_source=source,
        calculation_periods=periods(*(bounds or (OPEN, SECOND, THIRD))),
    )
    return replace(plain, **terms)  # type: ignore[arg-type]


def prices(**by_day: float) -> dict[str, dict[date, float]]:
    """Closes of SHARE by day, written `d0328=110.0`."""
    return {SHARE.reference: {date(2024, int(key[1:3]), int(key[3:])): price for key, price in by_day.items()}}


def funded(equity: Leg, payout: InterestRatePayout, **terms: object):
    """The book of an equity leg and a funding leg that follows it."""
    return book_of(swap(equity, funding_leg(payout, notional=None, **terms)))


def test_the_notional_is_reset_at_the_last_valuation_before_the_period():
    """First the agreed price, then units x close of the valuation date, though the period begins days later."""
    book = funded(equity_leg([lot()], [RESET, date(2024, 6, 28)]), fixed(NotionalSource.EQUITY_RESET))
    market = market_of(book, first=FIRST, last=LAST, prices=prices(d0102=97.0, d0328=110.0, d0402=111.0))

    values = valued(book, market, THIRD)

    assert values.notional.tolist() == [100_000.0, 110_000.0]
    assert values.parts[2] == pytest.approx(
        [100_000 * FIVE_PERCENT_A_DAY * 91, 110_000 * FIVE_PERCENT_A_DAY * 91], abs=1e-9
    )


def test_a_period_that_begins_on_a_valuation_takes_its_close():
    """Where funding periods run from valuation to valuation, the notional is that of the day itself."""
    book = funded(equity_leg([lot()], [RESET]), fixed(NotionalSource.EQUITY_RESET, OPEN, RESET, THIRD))
    market = market_of(book, first=FIRST, last=LAST, prices=prices(d0328=110.0))

    assert valued(book, market, THIRD).notional.tolist() == [100_000.0, 110_000.0]


def test_a_split_leaves_the_notional_alone():
    """Two for one after the opening: twice the units at the price after the split."""
    book = funded(equity_leg([lot()], [RESET]), fixed(NotionalSource.EQUITY_RESET))
    factors = {SHARE.reference: {date(2024, 2, 15): 0.5}}
    market = market_of(book, first=FIRST, last=LAST, prices=prices(d0328=55.0), factors=factors)

    assert valued(book, market, THIRD).notional.tolist() == [100_000.0, 110_000.0]


def test_lots_accrue_from_their_settlement_up_to_that_of_their_closing():
    """Two time axes: a lot opened and one partly closed inside a period count by their own settlement dates."""
    closing = LotClosing(
        event_reference="CLOSE-1",
        event_date=date(2024, 3, 1),
        settlement_date=date(2024, 3, 5),
        quantity=400.0,
        price=130.0,
    )
    lots = [
        lot(settlement_date=date(2024, 1, 4), closings=(closing,)),
        lot(
            "LOT-2",
            date(2024, 2, 1),
            settlement_date=date(2024, 2, 5),
            opened_quantity=500.0,
            initial_price=120.0,
            notional_amount=60_000.0,
        ),
    ]
    days = {"all": 89, "from February": 57, "after the closing": 28}
    book = funded(equity_leg(lots, [RESET]), fixed(NotionalSource.LOTS))
    market = market_of(book, first=FIRST, last=LAST, prices=prices(d0328=110.0))

    expected = (
        60_000 * days["all"] + 40_000 * (days["all"] - days["after the closing"]) + 60_000 * days["from February"]
    )
    assert interest(book, market, SECOND) == pytest.approx(expected * FIVE_PERCENT_A_DAY, abs=1e-9)
    assert interest(book, market, THIRD, flow=1) == pytest.approx(1_100 * 110 * 91 * FIVE_PERCENT_A_DAY, abs=1e-9)
    assert valued(book, market, date(2024, 1, 10)).notional[0] == 100_000.0
    assert valued(book, market, date(2024, 3, 5)).notional[0] == 160_000.0
    assert valued(book, market, date(2024, 3, 6)).notional[0] == 120_000.0


def test_original_lots_count_from_the_period_start_under_equity_reset():
    """The settlement lag of the first lots is no matter there; a later lot still waits for its own settlement."""
    lots = [lot(settlement_date=date(2024, 1, 4)), lot("LOT-2", date(2024, 2, 1), settlement_date=date(2024, 2, 5))]
    book = funded(equity_leg(lots, [RESET]), fixed(NotionalSource.EQUITY_RESET))

    accrued = interest(book, market_of(book, first=FIRST, last=LAST), SECOND)

    assert accrued == pytest.approx(100_000 * (91 + 57) * FIVE_PERCENT_A_DAY, abs=1e-9)


def test_a_part_closed_before_a_reset_keeps_the_price_it_had():
    """Between closing and its settlement the closed units stay at the reset price before, not at the new one."""
    closing = LotClosing(
        event_reference="CLOSE-1",
        event_date=date(2024, 3, 27),
        settlement_date=date(2024, 4, 4),
        quantity=1_000.0,
        price=130.0,
    )
    book = funded(equity_leg([lot(closings=(closing,))], [RESET]), fixed(NotionalSource.LOTS))

    accrued = interest(book, market_of(book, first=FIRST, last=LAST), THIRD, flow=1)

    assert accrued == pytest.approx(100_000 * 2 * FIVE_PERCENT_A_DAY, abs=1e-9)


def test_nothing_flows_once_everything_is_closed():
    """A period without any open unit has no flow."""
    closing = LotClosing(
        event_reference="CLOSE-1",
        event_date=date(2024, 3, 1),
        settlement_date=date(2024, 3, 5),
        quantity=1_000.0,
        price=130.0,
    )
    book = funded(equity_leg([lot(closings=(closing,))], [RESET]), fixed(NotionalSource.EQUITY_RESET))

    assert len(book[FLOWS]) == 1


def test_interest_on_interest_stays_between_two_changes_of_the_notional():
    """An increase on April 1 cuts the overnight product of both lots there."""
    change = date(2024, 4, 1)
    lots = [lot(cost=START), lot("LOT-2", date(2024, 3, 27), settlement_date=change)]
    payout = overnight(notional_source=NotionalSource.LOTS)
    book = funded(equity_leg(lots), payout)
    market = market_of(book, first=FIRST, last=LAST, rates={"USD-SOFR|": v5_rates()})
    first = (1 + 0.0531 / 360) * (1 + 0.0532 / 360) * (1 + 0.0533 / 360) * (1 + 0.0534 * 4 / 360) - 1
    second = (1 + 0.0533 / 360) * (1 + 0.0532 / 360) * (1 + 0.0531 / 360) * (1 + 0.0532 / 360) - 1

    assert interest(book, market, END) == pytest.approx(100_000 * first + 200_000 * second, rel=1e-12)


def test_a_fixed_equity_notional_never_moves():
    """EQUITY_FIXED takes the lots' notional amounts, whatever the close of the reset."""
    book = funded(equity_leg([lot()], [RESET]), fixed(NotionalSource.EQUITY_FIXED))

    assert valued(book, market_of(book, first=FIRST, last=LAST), THIRD).notional.tolist() == [100_000.0, 100_000.0]


def test_a_notional_without_units_is_scaled_by_the_price():
    """A leg with a notional only follows N0 x P / P0."""
    equity = equity_leg([], [RESET], notional_amount=500_000.0)
    book = funded(equity, fixed(NotionalSource.EQUITY_RESET))
    market = market_of(book, first=FIRST, last=LAST, prices=prices(d0328=110.0))

    assert valued(book, market, THIRD).notional == pytest.approx([500_000.0, 550_000.0], abs=1e-9)


def test_a_lot_may_have_a_spread_of_its_own():
    """The lot's spread replaces that of the leg."""
    lots = [lot(), lot("LOT-2", spread=0.002)]
    payout = fixed(NotionalSource.LOTS, OPEN, SECOND, spread=0.001)
    book = funded(equity_leg(lots, [RESET]), payout)
    values = valued(book, market_of(book, first=FIRST, last=LAST), SECOND)

    assert values.parts[2, 0] == pytest.approx(100_000 * (0.051 + 0.052) * 91 / 360, abs=1e-9)
    assert values.rate_or_price[0] == pytest.approx(0.0515, abs=1e-15)


def test_a_notional_grows_with_reinvested_dividends():
    """Units grow by 1 + d / P on the ex-date, so that funding follows the reinvested position (§8)."""
    plain = equity_leg([lot()], [RESET])
    assert plain.performance is not None
    reinvested = replace(
        plain.performance.returns, dividend=DividendReturnTerms(dividend_payout_ratio=1.0, dividend_reinvestment=True)
    )
    equity = replace(plain, performance=replace(plain.performance, returns=reinvested))
    contract = swap(equity, funding_leg(fixed(NotionalSource.EQUITY_RESET), notional=None))
    book = make_book([compile_contract(contract, CALENDARS_OF_TEST)])
    ex_day = date(2024, 2, 1)
    market = market_of(book, first=FIRST, last=LAST, prices=prices(d0201=50.0, d0328=110.0), dividends={ex_day: 1.0})

    values = valued(book, market, THIRD)

    funding = book[FLOWS]["kind"] == FUNDING
    assert values.notional[funding] == pytest.approx([100_000.0, 110_000.0 * 1.02], abs=1e-9)


def test_a_missing_reset_price_is_named():
    """Funding is not valued on a notional that nobody fixed."""
    book = funded(equity_leg([lot()], [RESET]), fixed(NotionalSource.EQUITY_RESET))

    values = valued(book, market_of(book, first=FIRST, last=LAST, prices=prices(d0327=109.0)), THIRD)

    assert values.status.tolist() == [OK, MISSING_PRICE]
    assert book.names["instruments"][values.missing_row[1]] == SHARE.reference
    assert values.missing_day[1] == (RESET - date(1970, 1, 1)).days


EURO_SHARE = replace(SHARE, reference="ISIN:EU0000000001", currency="EUR")


def euro_leg(feature: FxFeature, lots=(), valuations=(RESET,)) -> Leg:
    """The equity leg on a share priced in euro and settled in dollars."""
    payout = PerformancePayout(
        underlier=Underlier(
            underlier_type=UnderlierType.SINGLE_STOCK,
            underlier_reference=EURO_SHARE.reference,
            instrument=EURO_SHARE,
        ),
        returns=ReturnTerms(price=PriceReturnTerms(initial_price=100.0)),
        settlement_currency="USD",
        fx_features=(feature,),
    )
    return equity_leg(lots or [lot(notional_amount=110_000.0, initial_fx=1.1)], valuations, payout)


COMPOSITE = FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")
QUANTO = FxFeature(
    fx_feature_type=FxFeatureType.QUANTO,
    reference_currency="USD",
    quote_currency1="USD",
    quote_currency2="EUR",
    quote_basis=QuoteBasis.CURRENCY2_PER_CURRENCY1,
    quanto_fx_rate=0.8,
)


def test_a_composite_notional_is_converted_at_each_reset():
    """Q x P x X at the reset; before it the FX agreed with the lot."""
    book = funded(euro_leg(COMPOSITE), fixed(NotionalSource.EQUITY_RESET))
    market = market_of(
        book,
        first=FIRST,
        last=LAST,
        prices={EURO_SHARE.reference: {RESET: 110.0}},
        fx={"EUR/USD": {RESET: 1.2}},
    )

    assert valued(book, market, THIRD).notional == pytest.approx([110_000.0, 132_000.0], abs=1e-9)


def test_a_quanto_notional_keeps_its_rate():
    """0.8 euro a dollar is 1.25 dollars a euro for the whole life."""
    book = funded(euro_leg(QUANTO), fixed(NotionalSource.EQUITY_RESET))
    market = market_of(book, first=FIRST, last=LAST, prices={EURO_SHARE.reference: {RESET: 110.0}})

    assert valued(book, market, THIRD).notional == pytest.approx([125_000.0, 137_500.0], abs=1e-9)
    assert book.names[PAIRS] == ()


def test_funding_in_a_third_currency_is_converted_at_the_reset():
    """N x X: a composite goes from the price currency, a quanto from the settlement currency."""
    fx = {
        "EUR/GBP": {OPEN: 0.85, RESET: 0.86},
        "USD/GBP": {OPEN: 0.75, RESET: 0.78},
    }
    for feature, expected in ((COMPOSITE, [85_000.0, 94_600.0]), (QUANTO, [93_750.0, 107_250.0])):
        book = funded(euro_leg(feature), fixed(NotionalSource.EQUITY_RESET), notional_currency="GBP")
        market = market_of(
            book,
            first=FIRST,
            last=LAST,
            prices={EURO_SHARE.reference: {RESET: 110.0}},
            fx=fx | {"GBP/USD": {OPEN: 1.25, SECOND: 1.25, THIRD: 1.25}},
        )

        assert valued(book, market, THIRD).notional == pytest.approx(expected, abs=1e-9)


def test_an_observed_quanto_in_a_third_currency_is_refused():
    """There is no single pair that leads there."""
    observed = replace(QUANTO, quanto_fx_rate=None, quanto_fx_rate_source="WMR")
    with pytest.raises(ModelError) as caught:
        funded(euro_leg(observed), fixed(NotionalSource.EQUITY_RESET), notional_currency="GBP")

    assert caught.value.number == "CLO-1947"


def test_interest_in_another_currency_is_split_into_interest_and_fx():
    """Accrued euro at the FX of the period start is interest, the move of the FX since then is fx (§16.2)."""
    payout = fixed(NotionalSource.OWN, OPEN, SECOND)
    book = book_of(swap(equity_leg([lot()]), funding_leg(payout, notional=100_000.0, notional_currency="EUR")))
    saturday = date(2024, 1, 13)
    market = market_of(book, first=FIRST, last=LAST, fx={"EUR/USD": {OPEN: 1.10, saturday - timedelta(days=1): 1.05}})
    accrued = 100_000 * FIVE_PERCENT_A_DAY * 11

    values = valued(book, market, saturday)

    assert values.parts[:, 0] == pytest.approx([0, 0, accrued * 1.10, accrued * -0.05, 0], abs=1e-9)
    late = valued(book, market, SECOND)
    assert late.status[0] == MISSING_FX
    assert book.names[PAIRS][late.missing_row[0]] == "EUR/USD"


def basket(weights: tuple[float, float], spread_series: bool = True) -> PerformancePayout:
    """Two shares in one basket unit: two of A at 20 and three of B at 20."""
    constituents = tuple(
        BasketConstituent(
            instrument=Instrument(
                reference=f"RIC:{name}", instrument_type=UnderlierType.SINGLE_STOCK, name=name, currency="USD"
            ),
            weight_type=WeightType.PERCENTAGE,
            weight_value=weight,
            units=units,
            initial_price=20.0,
            spread_series=series if spread_series else None,
        )
        for name, weight, units, series in (("A", weights[0], 2.0, 1), ("B", weights[1], 3.0, 2))
    )
    return PerformancePayout(
        underlier=Underlier(
            underlier_type=UnderlierType.BASKET,
            underlier_reference="BASKET",
            compositions=(BasketComposition(effective_from=OPEN, constituents=constituents),),
        ),
        returns=ReturnTerms(price=PriceReturnTerms()),
        settlement_currency="USD",
    )


SERIES_STEPS = (
    RateSpreadStep(series=1, spread=0.01),
    RateSpreadStep(series=2, spread=0.02),
    RateSpreadStep(series=2, spread=0.03, step_date=SECOND),
)


@pytest.mark.parametrize("is_numbered", [True, False])
@pytest.mark.parametrize("source", [NotionalSource.EQUITY_RESET, NotionalSource.EQUITY_FIXED])
def test_every_constituent_accrues_at_its_own_spread(source, is_numbered):
    """Sum of N_i (R + s_i) tau, at agreed prices first and closes of the reset later, with dated spreads (§10); series
    without a constituent follow their order."""
    equity = equity_leg([lot()], [RESET], basket((0.4, 0.6), is_numbered))
    book = funded(equity, fixed(source, spread_steps=SERIES_STEPS))
    closes = {"RIC:A": {RESET: 25.0}, "RIC:B": {RESET: 18.0}}
    market = market_of(book, first=FIRST, last=LAST, prices=closes)
    tau = 91 / 360
    a, b = (50_000.0, 54_000.0) if source is NotionalSource.EQUITY_RESET else (40_000.0, 60_000.0)

    values = valued(book, market, THIRD)

    assert values.parts[2] == pytest.approx(
        [(40_000 * 0.06 + 60_000 * 0.07) * tau, (a * 0.06 + b * 0.08) * tau], abs=1e-9
    )


def test_a_basket_is_worth_its_units_at_the_reset():
    """Without spreads of their own the constituents are valued together."""
    book = funded(equity_leg([lot()], [RESET], basket((0.4, 0.6), False)), fixed(NotionalSource.EQUITY_RESET))
    closes = {"RIC:A": {RESET: 25.0}, "RIC:B": {RESET: 18.0}}

    values = valued(book, market_of(book, first=FIRST, last=LAST, prices=closes), THIRD)

    assert values.notional == pytest.approx([100_000.0, 104_000.0], abs=1e-9)


def test_constituent_spreads_on_a_constant_notional_need_weights():
    """Without percentages nothing says how a fixed notional is divided."""
    equity = equity_leg([lot()], [RESET], basket((0.4, 0.7)))
    with pytest.raises(ModelError) as caught:
        funded(equity, fixed(NotionalSource.EQUITY_FIXED, spread_steps=SERIES_STEPS))

    assert caught.value.number == "CLO-1946"


def test_a_leg_that_follows_nothing_is_refused():
    """A notional that follows an equity leg needs one."""
    with pytest.raises(ModelError) as caught:
        book_of(swap(funding_leg(fixed(NotionalSource.EQUITY_RESET), notional=None, linked_leg_number=None)))

    assert caught.value.number == "CLO-1943"
