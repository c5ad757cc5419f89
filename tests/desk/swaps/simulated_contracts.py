"""Swaps of every type on the simulated market, a few months each: what a desk could have booked in one year."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from engine.payouts.enums import (
    BusinessDayConvention,
    CashflowSubtype,
    CompoundingMethod,
    ContractType,
    DayCount,
    DayType,
    DividendAmountType,
    DividendApplicability,
    DividendPaymentReference,
    DividendPeriodConvention,
    FxFeatureType,
    LegType,
    NotionalMode,
    NotionalSource,
    ObservationShift,
    OvernightMethod,
    PeriodUnit,
    QuantityUnit,
    RateKind,
    RebalancingFrequency,
    ScheduleRole,
    ScheduleType,
    Side,
    StrikeScale,
    WeightType,
)
from engine.payouts.terms.contract import Contract, Fee, Leg, TradeLot
from engine.payouts.terms.funding import FixedPricePayout
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import (
    BasketComposition,
    BasketConstituent,
)
from engine.payouts.terms.returns import (
    CorrelationReturnTerms,
    DividendReturnTerms,
    ReturnTerms,
    VarianceVolatilityTerms,
)
from engine.payouts.terms.schedules import PaymentSchedule
from tests.desk.swaps.simulated_market import (
    CHILD,
    INDICES,
    PARENT,
    SHARES,
    SPIN_OFF_DAY,
    SPLITTING,
    after,
    good_days,
)
from tests.desk.swaps.simulated_terms import (
    PAID_AFTER,
    US,
    Slot,
    centers_of,
    dividends,
    equity_leg,
    feature,
    funding_leg,
    lot,
    overnight,
    performance,
    swap,
)

Builder = Callable[[Slot], Contract]


# Total and price return on one share or index


def usd_total_return(slot: Slot, of: Instrument | None = None) -> Contract:
    share = of or slot.share("USD")
    dividend = dividends(DividendPaymentReference.EQUITY_PAYMENT_DATE, special_dividends=slot.number % 2 == 0)
    leg = equity_leg(slot, performance(slot, share, "USD", dividend=dividend), lot(slot, share, 1_000.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "USD", leg, funding_leg(slot, "USD", **overnight("USD-SOFR")))


def eur_total_return_lookback(slot: Slot) -> Contract:
    share = slot.share("EUR")
    payout = performance(slot, share, "EUR", dividend=dividends(DividendPaymentReference.SHARE_PAYMENT))
    terms = overnight("EUR-EuroSTR", observation_shift=ObservationShift.LOOKBACK, observation_shift_days=3)
    leg = equity_leg(slot, payout, lot(slot, share, 1_500.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "EUR", leg, funding_leg(slot, "EUR", **terms))


def gbp_total_return_shifted(slot: Slot) -> Contract:
    share = slot.share("GBP")
    dividend = dividends(
        DividendPaymentReference.EQUITY_PAYMENT_DATE, first_period=DividendPeriodConvention.FIRST_PERIOD
    )
    terms = overnight(
        "GBP-SONIA",
        observation_shift=ObservationShift.OBSERVATION_PERIOD_SHIFT,
        observation_shift_days=5,
        day_count=DayCount.ACT_365_FIXED,
    )
    leg = equity_leg(slot, performance(slot, share, "GBP", dividend=dividend), lot(slot, share, 2_000.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "GBP", leg, funding_leg(slot, "GBP", **terms))


def index_price_return(slot: Slot) -> Contract:
    index = INDICES[slot.number % 3]
    currency = index.currency or ""
    leg = equity_leg(slot, performance(slot, index, currency), lot(slot, index, 25.0))
    terms = {"rate_kind": RateKind.FIXED, "fixed_rate": 0.045, "day_count": DayCount.THIRTY_360}
    return swap(slot, ContractType.EQUITY_SWAP, currency, leg, funding_leg(slot, currency, **terms))


def fixed_notional(slot: Slot) -> Contract:
    share = slot.share("EUR")
    payout = performance(slot, share, "EUR", mode=NotionalMode.FIXED)
    terms = {
        "rate_kind": RateKind.FLOATING_TERM,
        "floating_rate_index": "EUR-EURIBOR",
        "index_tenor_multiplier": 1,
        "index_tenor_unit": PeriodUnit.M,
        "fixing_offset_days": -2,
        "fixing_day_type": DayType.BUSINESS,
        "fixing_centers": ("EUTA",),
        "notional_source": NotionalSource.EQUITY_FIXED,
    }
    leg = equity_leg(slot, payout, lot(slot, share, 1_200.0))
    return swap(slot, ContractType.EQUITY_SWAP, "EUR", leg, funding_leg(slot, "EUR", **terms))


def cumulative(slot: Slot) -> Contract:
    share = slot.share("GBP")
    payout = performance(slot, share, "GBP", mode=NotionalMode.CUMULATIVE)
    terms = {"rate_kind": RateKind.FIXED, "fixed_rate": 0.05, "day_count": DayCount.THIRTY_E_360}
    leg = equity_leg(slot, payout, lot(slot, share, 900.0))
    own = funding_leg(slot, "GBP", 100_000.0, notional_source=NotionalSource.OWN, **terms)
    return swap(slot, ContractType.EQUITY_SWAP, "GBP", leg, own)


def usd_lockout(slot: Slot) -> Contract:
    share = slot.share("USD")
    payout = performance(slot, share, "USD", dividend=dividends(DividendPaymentReference.DIVIDEND_PAYMENT_DATE))
    terms = overnight(
        "USD-SOFR", observation_shift=ObservationShift.LOCKOUT, observation_shift_days=2, rate_rounding_dp=7
    )
    leg = equity_leg(slot, payout, lot(slot, share, 700.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "USD", leg, funding_leg(slot, "USD", **terms))


def usd_averaged_lots(slot: Slot) -> Contract:
    share = slot.share("USD")
    later = after(slot.start, 8, *centers_of("USD"))
    payout = performance(slot, share, "USD", dividend=dividends(DividendPaymentReference.FOLLOWING_PAYMENT_DATE))
    terms = overnight(
        "USD-SOFR", overnight_method=OvernightMethod.AVERAGED, notional_source=NotionalSource.LOTS, daily_floor=0.0
    )
    lots = (lot(slot, share, 600.0), lot(slot, share, 300.0, "LOT-2", later))
    leg = equity_leg(slot, payout, *lots)
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "USD", leg, funding_leg(slot, "USD", **terms))


def compounded_index_funding(slot: Slot) -> Contract:
    share = slot.share("USD")
    terms = {"rate_kind": RateKind.FLOATING_COMPOUNDED_INDEX, "floating_rate_index": "USD-SOFR-INDEX"}
    leg = equity_leg(slot, performance(slot, share, "USD"), lot(slot, share, 800.0))
    return swap(slot, ContractType.EQUITY_SWAP, "USD", leg, funding_leg(slot, "USD", **terms))


def compounded_periods(slot: Slot) -> Contract:
    """Monthly term rates, all compounded into one payment at the end."""
    share = slot.share("USD")
    method = (CompoundingMethod.FLAT, CompoundingMethod.STRAIGHT, CompoundingMethod.SPREAD_EXCLUSIVE)[slot.number % 3]
    terms = {
        "rate_kind": RateKind.FLOATING_TERM,
        "floating_rate_index": "USD-TERM",
        "index_tenor_multiplier": 1,
        "index_tenor_unit": PeriodUnit.M,
        "period_multiplier": 1,
        "period_unit": PeriodUnit.M,
        "period_bdc": BusinessDayConvention.MODFOLLOWING,
        "period_centers": ("USNY",),
        "fixing_offset_days": -2,
        "fixing_centers": ("USNY",),
        "compounding_method": method,
        "notional_source": NotionalSource.OWN,
        "payment_schedules": (
            PaymentSchedule(
                role=ScheduleRole.FINAL,
                schedule_type=ScheduleType.EXPLICIT,
                explicit_dates=(after(slot.end, PAID_AFTER, "USNY"),),
            ),
        ),
    }
    leg = equity_leg(slot, performance(slot, share, "USD", months=None), lot(slot, share, 500.0))
    return swap(slot, ContractType.EQUITY_SWAP, "USD", leg, funding_leg(slot, "USD", 50_000.0, **terms))


def reinvesting(slot: Slot) -> Contract:
    share = slot.share("EUR")
    dividend = DividendReturnTerms(dividend_payout_ratio=1.0, dividend_reinvestment=True)
    leg = equity_leg(slot, performance(slot, share, "EUR", dividend=dividend), lot(slot, share, 1_000.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "EUR", leg, funding_leg(slot, "EUR", **overnight("EUR-EuroSTR")))


def splitting(slot: Slot) -> Contract:
    return usd_total_return(slot, SPLITTING)


def spinning_off(slot: Slot) -> Contract:
    return usd_total_return(slot, PARENT)


# Currencies


def composite(slot: Slot) -> Contract:
    share = slot.share("EUR")
    payout = performance(
        slot,
        share,
        "USD",
        dividend=dividends(DividendPaymentReference.EQUITY_PAYMENT_DATE),
        fx=(feature(FxFeatureType.COMPOSITE, "USD"),),
    )
    leg = equity_leg(slot, payout, lot(slot, share, 1_000.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "USD", leg, funding_leg(slot, "USD", **overnight("USD-SOFR")))


def quanto(slot: Slot) -> Contract:
    share = slot.share("GBP")
    rate = feature(FxFeatureType.QUANTO, "USD", quanto_fx_rate=1.25)
    payout = performance(slot, share, "USD", dividend=dividends(DividendPaymentReference.EX_DATE), fx=(rate,))
    terms = {"rate_kind": RateKind.FIXED, "fixed_rate": 0.05}
    leg = equity_leg(slot, payout, lot(slot, share, 1_100.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "USD", leg, funding_leg(slot, "USD", **terms))


def cross_currency(slot: Slot) -> Contract:
    share = slot.share("EUR")
    payout = performance(
        slot,
        share,
        "GBP",
        dividend=dividends(
            DividendPaymentReference.CUMULATIVE_EQUITY_PAID,
            dividend_amount_type=DividendAmountType.PAID_AMOUNT,
            dividend_currency_method="DIVIDEND_CURRENCY",
        ),
        fx=(feature(FxFeatureType.CROSS_CURRENCY, "GBP"),),
    )
    leg = equity_leg(slot, payout, lot(slot, share, 900.0))
    terms = overnight("GBP-SONIA", day_count=DayCount.ACT_365_FIXED)
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "GBP", leg, funding_leg(slot, "GBP", **terms))


def foreign_funding(slot: Slot) -> Contract:
    """A dollar share funded in euro."""
    share = slot.share("USD")
    leg = equity_leg(slot, performance(slot, share, "USD"), lot(slot, share, 1_000.0))
    return swap(slot, ContractType.EQUITY_SWAP, "USD", leg, funding_leg(slot, "EUR", **overnight("EUR-EuroSTR")))


# Baskets


def _basket(shares: Sequence[Instrument], units: Sequence[float], from_day: date, **more: object) -> BasketComposition:
    held = tuple(
        BasketConstituent(
            instrument=share, weight_type=WeightType.UNITS, weight_value=n, units=n, price_currency=share.currency
        )
        for share, n in zip(shares, units, strict=True)
    )
    return BasketComposition(effective_from=from_day, constituents=held, **more)  # type: ignore[arg-type]


def _basket_lot(slot: Slot, composition: BasketComposition, units: float) -> TradeLot:
    value = sum((one.units or 0.0) * slot.market.close(one.instrument, slot.start) for one in composition.constituents)
    return TradeLot(
        lot_identifier="LOT-1",
        cost_date=slot.start,
        settlement_date=after(slot.start, PAID_AFTER, "USNY"),
        notional_amount=units * value,
        opened_quantity=units,
        quantity_unit=QuantityUnit.BASKET_UNIT,
        price_currency="USD",
    )


def rebalanced_basket(slot: Slot) -> Contract:
    """Three dollar shares, and other units of the same value from the middle of the term on."""
    shares = [one for one in SHARES if one.currency == "USD"][:3]
    if slot.start > SPIN_OFF_DAY:
        shares[2] = CHILD
    middle = list(good_days(slot.start, slot.end, *centers_of("USD")))
    on = middle[len(middle) // 2]
    first = _basket(shares, (10.0, 20.0, 5.0), slot.start, effective_to=on)
    value = sum((one.units or 0.0) * slot.market.close(one.instrument, on) for one in first.constituents)
    weights = (0.5, 0.3, 0.2)
    units = [weight * value / slot.market.close(share, on) for weight, share in zip(weights, shares, strict=True)]
    second = _basket(shares, units, on)
    payout = performance(
        slot, (first, second), "USD", dividend=dividends(DividendPaymentReference.CUMULATIVE_INTEREST_EX_DIV)
    )
    leg = equity_leg(slot, payout, _basket_lot(slot, first, 30.0))
    return swap(slot, ContractType.TOTAL_RETURN_SWAP, "USD", leg, funding_leg(slot, "USD", **overnight("USD-SOFR")))


def weighted_basket(slot: Slot) -> Contract:
    """Two shares that are brought back to their weights at every reset, on a fixed notional."""
    shares = [one for one in SHARES if one.currency == "USD"][3:5]
    held = tuple(
        BasketConstituent(
            instrument=share, weight_type=WeightType.PERCENTAGE, weight_value=weight, price_currency="USD"
        )
        for share, weight in zip(shares, (0.6, 0.4), strict=True)
    )
    composition = BasketComposition(
        effective_from=slot.start, rebalancing_frequency=RebalancingFrequency.ON_RESET, constituents=held
    )
    payout = performance(slot, (composition,), "USD", mode=NotionalMode.FIXED)
    bought = TradeLot(
        lot_identifier="LOT-1",
        cost_date=slot.start,
        settlement_date=after(slot.start, PAID_AFTER, "USNY"),
        notional_amount=250_000.0,
        opened_quantity=1.0,
        quantity_unit=QuantityUnit.BASKET_UNIT,
        price_currency="USD",
    )
    terms = {"rate_kind": RateKind.FIXED, "fixed_rate": 0.05, "notional_source": NotionalSource.EQUITY_FIXED}
    leg = equity_leg(slot, payout, bought)
    return swap(slot, ContractType.EQUITY_SWAP, "USD", leg, funding_leg(slot, "USD", **terms))


# Without funding


def contract_for_difference(slot: Slot) -> Contract:
    """One leg, valued at the end alone; dividends when the issuer pays."""
    share = slot.share("GBP")
    payout = performance(
        slot,
        share,
        "GBP",
        dividend=dividends(DividendPaymentReference.SHARE_PAYMENT, dividend_payout_ratio=1.0),
        months=None,
    )
    return swap(slot, ContractType.CONTRACT_FOR_DIFFERENCE, "GBP", equity_leg(slot, payout, lot(slot, share, 3_000.0)))


def zero_strike(slot: Slot) -> Contract:
    """The buyer pays the notional up front and nothing afterwards."""
    share = slot.share("USD")
    bought = lot(slot, share, 1_000.0)
    payout = performance(slot, share, "USD", dividend=dividends(DividendPaymentReference.TERMINATION_DATE), months=None)
    payer = US if slot.payer is Side.PARTY2 else slot.other
    fee = Fee(
        fee_reference="UPFRONT",
        subtype=CashflowSubtype.UPFRONT_FEE,
        amount=round(bought.notional_amount, 2),
        currency="USD",
        payment_date=after(slot.start, PAID_AFTER, "USNY"),
        payer_identifier=payer.party_identifier,
        receiver_identifier=(slot.other if payer is US else US).party_identifier,
    )
    return swap(slot, ContractType.EQUITY_SWAP, "USD", equity_leg(slot, payout, bought), fees=(fee,))


# Moments and dividends


def _variance(
    slot: Slot, of: Instrument, vega: float, *, payer: Side | None = None, number: int = 1, **terms: object
) -> Leg:
    stated = {
        "strike_scale": StrikeScale.POINTS,
        "volatility_strike_price": 24.0,
        "vega_notional_amount": vega,
        "volatility_cap_factor": 2.5,
    }
    returns = ReturnTerms(variance=VarianceVolatilityTerms(**{**stated, **terms}))  # type: ignore[arg-type]
    payout = performance(slot, of, of.currency or "", returns=returns, months=None)
    return equity_leg(slot, payout, payer=payer, number=number)


def variance(slot: Slot) -> Contract:
    share = slot.share(("USD", "EUR", "GBP")[slot.number % 3])
    leg = _variance(slot, share, 10_000.0, dividend_applicability=DividendApplicability.ALL)
    return swap(slot, ContractType.VARIANCE_SWAP, share.currency or "", leg)


def volatility(slot: Slot) -> Contract:
    share = slot.share("USD")
    terms = VarianceVolatilityTerms(
        strike_scale=StrikeScale.DECIMAL,
        volatility_strike_price=0.24,
        vega_notional_amount=8_000.0,
        mean_adjustment=True,
    )
    payout = performance(slot, share, "USD", returns=ReturnTerms(volatility=terms), months=None)
    return swap(slot, ContractType.VOLATILITY_SWAP, "USD", equity_leg(slot, payout))


def correlation(slot: Slot) -> Contract:
    shares = [one for one in SHARES if one.currency == "USD"][:3]
    composition = _basket(shares, (1.0, 1.0, 1.0), slot.start)
    returns = ReturnTerms(
        correlation=CorrelationReturnTerms(correlation_strike=0.2, correlation_cap=0.7, correlation_floor=-0.3)
    )
    leg = equity_leg(slot, performance(slot, (composition,), "USD", returns=returns, months=None))
    return swap(slot, ContractType.CORRELATION_SWAP, "USD", replace(leg, notional_amount=200_000.0))


def dispersion(slot: Slot) -> Contract:
    """Variance of the index one way, of three shares the other."""
    shares = [one for one in SHARES if one.currency == "USD"][:3]
    index = _variance(slot, INDICES[0], 9_000.0)
    others = [
        _variance(slot, share, 3_000.0, payer=slot.payer.other, number=n) for n, share in enumerate(shares, start=2)
    ]
    return swap(slot, ContractType.DISPERSION_SWAP, "USD", index, *others)


def dividend_swap(slot: Slot) -> Contract:
    share = slot.share("USD")
    terms = dividends(DividendPaymentReference.EQUITY_PAYMENT_DATE, dividend_payout_ratio=1.0)
    payout = performance(slot, share, "USD", returns=ReturnTerms(dividend=terms), months=None)
    fixed = Leg(
        leg_number=2,
        leg_type=LegType.FIXED_LEG,
        payer=slot.payer.other,
        linked_leg_number=1,
        fixed_price=FixedPricePayout(fixed_price=0.65, currency="USD", units=10_000.0),
    )
    return swap(slot, ContractType.DIVIDEND_SWAP, "USD", equity_leg(slot, payout), fixed)


BUILDERS: tuple[Builder, ...] = (
    usd_total_return,
    eur_total_return_lookback,
    gbp_total_return_shifted,
    index_price_return,
    fixed_notional,
    cumulative,
    usd_lockout,
    usd_averaged_lots,
    compounded_index_funding,
    compounded_periods,
    reinvesting,
    splitting,
    spinning_off,
    composite,
    quanto,
    cross_currency,
    foreign_funding,
    rebalanced_basket,
    weighted_basket,
    contract_for_difference,
    zero_strike,
    variance,
    volatility,
    correlation,
    dispersion,
    dividend_swap,
)
