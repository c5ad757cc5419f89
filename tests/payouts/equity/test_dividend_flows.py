"""Dividend flows: who is entitled, how much, when it is paid (spec 07 §9)."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.errors import ModelError
from engine.payouts.book.tables import CURRENCIES, EVENTS
from engine.payouts.codes import ESTIMATED, MISSING_FX, OK
from engine.payouts.enums import (
    CashflowSubtype,
    CashflowType,
    CompositionReason,
    DayCount,
    DividendAmountType,
    DividendEntitlement,
    DividendFxDate,
    DividendPaymentReference,
    DividendPeriodConvention,
    DividendStatus,
    DividendType,
    FxFeatureType,
    LegType,
    NonCashDividendTreatment,
    RateKind,
    Side,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Leg
from engine.payouts.terms.funding import CalculationPeriod, FixedPricePayout, InterestRatePayout
from engine.payouts.terms.performance import BasketComposition, BasketConstituent
from engine.payouts.terms.returns import DividendPayoutRatio, DividendPeriod, DividendReturnTerms
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

PERIODS = [on(30), on(60), on(90)]
WHOLE = DividendReturnTerms(dividend_payout_ratio=1.0)
AFTER_ALL = on(120)
FLAT = {"SHARE": {on(n): 100.0 for n in range(0, 130)}}


def dividend(ex: int, amount: float | None = 0.5, **terms: object) -> DividendEvent:
    """A dividend of SHARE in USD, ex on day `ex`, paid ten days later."""
    stated = {"pay_date": on(ex + 10), "record_date": on(ex + 1), "currency": "USD", **terms}
    return DividendEvent(instrument_reference="SHARE", ex_date=on(ex), gross_amount=amount, **stated)


def funding_leg(*payments: int) -> Leg:
    """A funding leg that pays on these days."""
    days = [START, *(on(n) for n in payments)]
    periods = tuple(
        CalculationPeriod(
            period_number=i,
            unadjusted_start=days[i - 1],
            unadjusted_end=days[i],
            adjusted_start=days[i - 1],
            adjusted_end=days[i],
            payment_date=days[i],
        )
        for i in range(1, len(days))
    )
    interest = InterestRatePayout(
        rate_kind=RateKind.FIXED, day_count=DayCount.ACT_360, fixed_rate=0.05, calculation_periods=periods
    )
    return Leg(leg_number=2, leg_type=LegType.FUNDING_LEG, payer=Side.PARTY1, interest=interest)


def result_of(terms: DividendReturnTerms, *events: DividendEvent, lots=(), day: date = AFTER_ALL, **contract):
    """The flows of a swap with these dividend terms and dividends."""
    made = swap(payout(PERIODS, dividend=terms), *(lots or (lot(1_000.0, 100.0),)), **contract)
    return valued(made, Fixings(prices=FLAT, dividends=events), day)


def paid(result) -> list[float]:
    """Amounts of dividend flows."""
    return result.amounts(CashflowType.DIVIDEND)


@pytest.mark.parametrize(
    ("reference", "offset", "expected"),
    [
        (None, None, on(32)),
        (DividendPaymentReference.EQUITY_PAYMENT_DATE, None, on(32)),
        (DividendPaymentReference.CASH_SETTLEMENT_PAYMENT_DATE, None, on(32)),
        (DividendPaymentReference.CUMULATIVE_EQUITY_EX_DIV, None, on(32)),
        (DividendPaymentReference.CUMULATIVE_EQUITY_PAID, None, on(62)),
        (DividendPaymentReference.CUMULATIVE_INTEREST_EX_DIV, None, on(28)),
        (DividendPaymentReference.CUMULATIVE_INTEREST_PAID, None, on(59)),
        (DividendPaymentReference.FOLLOWING_PAYMENT_DATE, None, on(28)),
        (DividendPaymentReference.FLOATING_AMOUNT_PAYMENT_DATE, None, on(28)),
        (DividendPaymentReference.FLOATING_AMOUNT_PAYMENT_DATE, 8, on(59)),
        (DividendPaymentReference.SHARE_PAYMENT, None, on(36)),
        (DividendPaymentReference.SHARE_PAYMENT, 1, on(35)),
        (DividendPaymentReference.DIVIDEND_PAYMENT_DATE, None, on(34)),
        (DividendPaymentReference.EX_DATE, None, on(24)),
        (DividendPaymentReference.RECORD_DATE, None, on(27)),
        (DividendPaymentReference.TERMINATION_DATE, None, on(95)),
        (DividendPaymentReference.AD_HOC_DATE, None, None),
    ],
)
def test_each_payment_reference_has_its_payment_date(reference, offset, expected):
    """§9.3; ex on day 24, a Friday, record date on the Saturday after, paid on day 34, the Monday of the next week."""
    terms = replace(WHOLE, payment_date_reference=reference, payment_offset_days=offset)
    result = result_of(terms, dividend(24), other_legs=(funding_leg(28, 59, 91),), termination=on(95))

    assert result.paid_on(CashflowType.DIVIDEND) == [expected]
    assert paid(result) == pytest.approx([500.0])
    flow = result.flows[result.of(CashflowType.DIVIDEND)[0]]
    assert flow["start_day"] == flow["end_day"] == (on(24) - date(1970, 1, 1)).days


def test_a_payment_reference_that_cannot_be_generated_is_refused():
    """Texts of the CDM that are kept as written do not pay."""
    with pytest.raises(ModelError, match="CLO-1935"):
        result_of(replace(WHOLE, payment_date_reference="SOME_OTHER_DATE"), dividend(24))


@pytest.mark.parametrize(
    ("convention", "ex", "payment"),
    [
        (DividendPeriodConvention.SECOND_PERIOD, 1, 32),
        (DividendPeriodConvention.SECOND_PERIOD, 30, 32),
        (DividendPeriodConvention.SECOND_PERIOD, 31, 62),
        (DividendPeriodConvention.SECOND_PERIOD, 90, 92),
        (DividendPeriodConvention.SECOND_PERIOD, 91, None),
        (DividendPeriodConvention.FIRST_PERIOD, 1, None),
        (DividendPeriodConvention.FIRST_PERIOD, 2, 32),
        (DividendPeriodConvention.FIRST_PERIOD, 31, 32),
        (DividendPeriodConvention.FIRST_PERIOD, 32, 62),
        (DividendPeriodConvention.FIRST_PERIOD, 91, 92),
        (DividendPeriodConvention.FIRST_PERIOD, 92, None),
    ],
)
def test_periods_follow_valuations_or_payments(convention, ex, payment):
    """§9.1: (V[k-1], V[k]] after the trade date; or [payment, next payment) from one settlement cycle after it."""
    result = result_of(replace(WHOLE, first_period=convention), dividend(ex))

    assert result.paid_on(CashflowType.DIVIDEND) == ([] if payment is None else [on(payment)])


@pytest.mark.parametrize(("ex", "payment"), [(9, None), (10, 50), (20, 50), (21, None), (40, 70), (45, 70)])
def test_explicit_periods_include_both_ends(ex, payment):
    """§9.1, EXPLICIT: as listed, with their own payment dates."""
    terms = replace(
        WHOLE,
        first_period=DividendPeriodConvention.EXPLICIT,
        payment_date_reference=DividendPaymentReference.EXPLICIT,
        periods=(
            DividendPeriod(period_number=1, start_date=on(10), end_date=on(20), payment_date=on(50)),
            DividendPeriod(period_number=2, start_date=on(40), end_date=on(45), payment_date=on(70)),
        ),
    )
    result = result_of(terms, dividend(ex))

    assert result.paid_on(CashflowType.DIVIDEND) == ([] if payment is None else [on(payment)])


@pytest.mark.parametrize(
    ("counted", "payment"),
    [
        (DividendAmountType.EX_AMOUNT, 32),
        (DividendAmountType.RECORD_AMOUNT, 32),
        (DividendAmountType.PAID_AMOUNT, 62),
        (None, 32),
    ],
)
def test_the_amount_type_says_which_day_falls_into_the_period(counted, payment):
    """§9.1: ex on day 29, recorded on day 30, paid on day 39."""
    result = result_of(replace(WHOLE, dividend_amount_type=counted), dividend(29))

    assert result.paid_on(CashflowType.DIVIDEND) == [on(payment)]


@pytest.mark.parametrize(
    ("cost", "closed", "units"),
    [(0, None, 1_000.0), (19, None, 1_000.0), (20, None, 0.0), (0, 19, 600.0), (0, 20, 1_000.0), (0, 25, 1_000.0)],
)
def test_units_count_that_were_held_at_the_close_before_the_ex_date(cost, closed, units):
    """§9.1: cost date before the ex-date, not closed before it; one flow whether or not a part was closed later."""
    closings = () if closed is None else (closing(400.0, 100.0, on(closed)),)
    result = result_of(WHOLE, dividend(20), lots=(lot(1_000.0, 100.0, cost=on(cost), closings=closings),))

    assert paid(result) == pytest.approx([] if units == 0.0 else [0.5 * units])


@pytest.mark.parametrize(
    ("cost", "closed", "units"), [(21, None, 1_000.0), (22, None, 0.0), (0, 21, 600.0), (0, 22, 1_000.0)]
)
def test_units_count_that_were_held_on_the_record_date(cost, closed, units):
    """§9.1, RECORD_DATE on day 21: opened on it counts, closed on it does not."""
    closings = () if closed is None else (closing(400.0, 100.0, on(closed)),)
    terms = replace(WHOLE, dividend_entitlement=DividendEntitlement.RECORD_DATE)
    result = result_of(terms, dividend(20), lots=(lot(1_000.0, 100.0, cost=on(cost), closings=closings),))

    assert paid(result) == pytest.approx([] if units == 0.0 else [0.5 * units])


def test_every_lot_and_dividend_has_a_flow_of_its_own():
    """§9.3: linked by the dividend's reference; amounts on the units of the lot."""
    events = (dividend(20), dividend(20, 2.0, dividend_type=DividendType.SPECIAL), dividend(40))
    lots = (lot(100.0, 100.0), lot(10.0, 100.0, name="LOT-2", cost=on(30)))
    result = result_of(replace(WHOLE, special_dividends=True), *events, lots=lots)

    rows = result.of(CashflowType.DIVIDEND)
    references = [result.book.names[EVENTS][row] for row in result.flows["event"][rows]]
    lots_of = [result.book.names[EVENTS][result.book.tables["lots"]["lot"][row]] for row in result.flows["lot"][rows]]
    assert list(zip(lots_of, references, paid(result), strict=True)) == [
        ("LOT-1", events[0].reference, 50.0),
        ("LOT-1", events[1].reference, 200.0),
        ("LOT-1", events[2].reference, 50.0),
        ("LOT-2", events[2].reference, 5.0),
    ]
    special = result.of(CashflowType.DIVIDEND, CashflowSubtype.SPECIAL_DIVIDEND)
    assert special == [rows[1]]


@pytest.mark.parametrize(
    ("event", "terms", "expected"),
    [
        (dividend(20, None, status=DividendStatus.DECLARED), WHOLE, []),
        (dividend(20, 2.0, dividend_type=DividendType.SPECIAL), WHOLE, []),
        (dividend(20, 2.0, dividend_type=DividendType.RETURN_OF_CAPITAL), WHOLE, []),
        (
            dividend(20, 2.0, dividend_type=DividendType.RETURN_OF_CAPITAL),
            replace(WHOLE, special_dividends=True),
            [2_000.0],
        ),
        (dividend(20, None, dividend_type=DividendType.STOCK, cash_equivalent_amount=3.0), WHOLE, []),
        (
            dividend(20, None, dividend_type=DividendType.STOCK, cash_equivalent_amount=3.0),
            replace(WHOLE, non_cash_ratio=0.8, non_cash_dividend_treatment=NonCashDividendTreatment.CASH_EQUIVALENT),
            [2_400.0],
        ),
        (
            dividend(20, 1.0, cash_equivalent_amount=3.0),
            replace(
                WHOLE,
                cash_ratio=0.9,
                non_cash_ratio=0.8,
                non_cash_dividend_treatment=NonCashDividendTreatment.CASH_EQUIVALENT,
            ),
            [900.0 + 2_400.0],
        ),
        (dividend(20, 1.0), replace(WHOLE, cash_ratio=0.9, withholding_rate=0.3), [900.0]),
    ],
)
def test_the_kind_of_a_dividend_decides_what_is_passed_on(event, terms, expected):
    """§9.2: announced cash by the cash ratio, specials where agreed, non-cash as cash equivalent where agreed."""
    assert paid(result_of(terms, event)) == pytest.approx(expected)


def test_a_ratio_that_is_not_stated_is_refused():
    """Neither one nor nothing is assumed."""
    with pytest.raises(ModelError, match="CLO-1936"):
        result_of(DividendReturnTerms(), dividend(20))


@pytest.mark.parametrize("event", [dividend(20, status=DividendStatus.ESTIMATED), dividend(20, pay_date=None)])
def test_what_is_not_confirmed_is_estimated(event):
    """§9.3: ex-date + 30 stands in for a pay date, here day 50, a Wednesday, plus two business days."""
    terms = replace(WHOLE, payment_date_reference=DividendPaymentReference.SHARE_PAYMENT)
    result = result_of(terms, event)

    assert result.values.status[result.of(CashflowType.DIVIDEND)].tolist() == [ESTIMATED]
    assert result.paid_on(CashflowType.DIVIDEND) == [on(34) if event.pay_date else on(52)]


def test_a_dividend_is_worth_nothing_before_its_ex_date():
    """§15: zero before, the full amount from the ex-date on."""
    assert paid(result_of(WHOLE, dividend(20), day=on(19))) == [0.0]
    assert paid(result_of(WHOLE, dividend(20), day=on(20))) == pytest.approx([500.0])


FX_DAYS = {"EUR/USD": {on(20): 1.08, on(25): 1.11, on(30): 1.20}}


@pytest.mark.parametrize(
    ("feature", "terms", "day", "parts", "status"),
    [
        (FxFeatureType.COMPOSITE, {}, 25, (540.0, 0.0), OK),
        (FxFeatureType.COMPOSITE, {"dividend_fx_date": DividendFxDate.PAY_DATE}, 25, (540.0, 15.0), ESTIMATED),
        (FxFeatureType.COMPOSITE, {"dividend_fx_date": DividendFxDate.PAY_DATE}, 30, (540.0, 60.0), OK),
        (FxFeatureType.COMPOSITE, {"dividend_fx_date": DividendFxDate.PAY_DATE}, 35, (540.0, 60.0), OK),
        (FxFeatureType.CROSS_CURRENCY, {}, 25, (540.0, 0.0), OK),
        (FxFeatureType.QUANTO, {}, 25, (650.0, 0.0), OK),
        (FxFeatureType.COMPOSITE, {"dividend_currency_method": "DIVIDEND_CURRENCY"}, 25, (500.0, 0.0), OK),
    ],
)
def test_a_dividend_in_another_currency_is_converted_on_its_day(feature, terms, day, parts, status):
    """§9.2, §16.2: X of the ex-date, of the pay date, that of the quanto, or none."""
    made = payout(
        PERIODS,
        instrument=share(currency="EUR"),
        dividend=replace(WHOLE, **terms),
        fx=(fx_feature(feature, quanto_fx_rate=1.3 if feature is FxFeatureType.QUANTO else None),),
    )
    fixings = Fixings(prices=FLAT, fx=FX_DAYS, dividends=(dividend(20, currency="EUR"),))
    result = valued(swap(made, lot(1_000.0, 100.0)), fixings, on(day))

    row = result.of(CashflowType.DIVIDEND)[0]
    assert result.values.parts[[1, 3], row].tolist() == pytest.approx(list(parts))
    assert result.values.status[row] == status
    currency = result.book.names[CURRENCIES][result.flows["currency"][row]]
    assert currency == ("EUR" if terms.get("dividend_currency_method") else "USD")


def test_a_dividend_whose_fx_is_unknown_has_no_value():
    """A currency that the book names no pair for, and a day without a rate."""
    made = payout(PERIODS, instrument=share(currency="EUR"), dividend=WHOLE, fx=(fx_feature(FxFeatureType.COMPOSITE),))
    for event in (dividend(20, currency="CHF"), dividend(21, currency="EUR")):
        result = valued(swap(made, lot(1_000.0)), Fixings(prices=FLAT, fx=FX_DAYS, dividends=(event,)), on(25))

        row = result.of(CashflowType.DIVIDEND)[0]
        assert result.values.status[row] == MISSING_FX
        assert np.isnan(result.values.parts[:, row]).all()


def test_units_on_the_ex_date_include_the_splits_before_it():
    """§19.3: a 2 for 1 split on day 10 doubles what a dividend on day 20 is paid on, not one on day 5."""
    fixings = Fixings(prices=FLAT, splits=(("SHARE", on(10), 0.5),), dividends=(dividend(5), dividend(20)))
    result = valued(swap(payout(PERIODS, dividend=WHOLE), lot(1_000.0, 100.0)), fixings, on(60))

    assert paid(result) == pytest.approx([500.0, 1_000.0])


def test_constituents_have_their_own_ratios_and_compositions_their_own_units():
    """§9.2 for baskets: units of the composition that was held at the close before the ex-date."""
    old, new = (
        BasketComposition(
            effective_from=start,
            reason=reason,
            constituents=tuple(BasketConstituent(instrument=share(n), units=u) for n, u in held),
        )
        for start, reason, held in (
            (START, CompositionReason.INITIAL, (("SHARE", 10.0), ("B", 5.0))),
            (on(20), CompositionReason.REBALANCE, (("SHARE", 4.0), ("B", 8.0))),
        )
    )
    terms = replace(WHOLE, payout_ratios=(DividendPayoutRatio(constituent_reference="B", total_ratio=0.7),))
    events = tuple(
        DividendEvent(instrument_reference=name, ex_date=on(ex), currency="USD", gross_amount=1.0, pay_date=on(ex + 5))
        for name in ("SHARE", "B")
        for ex in (20, 21)
    )
    made = payout(PERIODS, compositions=(old, new), dividend=terms)
    result = valued(swap(made, lot(3.0)), Fixings(prices=FLAT, dividends=events), on(60))

    assert sorted(paid(result)) == pytest.approx(sorted([30.0, 12.0, 15.0 * 0.7, 24.0 * 0.7]))


def test_a_dividend_swap_pays_on_the_units_of_its_fixed_leg():
    """§13.3: no price return, no lots; floating s · units · ρ · d per dividend."""
    fixed = Leg(
        leg_number=2,
        leg_type=LegType.FIXED_LEG,
        payer=Side.PARTY1,
        fixed_price=FixedPricePayout(fixed_price=1.2, currency="USD", units=50_000.0),
    )
    made = payout(PERIODS, price=None, dividend=WHOLE)
    result = valued(swap(made, other_legs=(fixed,)), Fixings(prices=FLAT, dividends=(dividend(20),)), on(60))

    assert paid(result) == pytest.approx([25_000.0])
    assert result.of(CashflowType.EQUITY_RETURN) == []


def test_many_swaps_have_their_dividends_at_once():
    """Two hundred swaps over one market: the same amounts as one of them alone."""
    contract = swap(payout(PERIODS, dividend=WHOLE), lot(1_000.0, 100.0), lot(10.0, 100.0, name="LOT-2"))
    fixings = Fixings(prices=FLAT, dividends=tuple(dividend(n) for n in range(5, 90, 5)))
    alone = valued(contract, fixings, on(90))
    many = valued([contract] * 200, fixings, on(90))

    assert paid(many) == paid(alone) * 200
    assert many.values.parts.sum() == pytest.approx(200 * alone.values.parts.sum(), rel=1e-12)
