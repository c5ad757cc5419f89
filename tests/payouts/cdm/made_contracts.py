"""Contracts made by hand for the tests of the CDM border: every feature that the terms records have, somewhere."""

from dataclasses import replace
from datetime import date

from engine.payouts.enums import (
    BusinessDayConvention,
    CashflowSubtype,
    CompoundingMethod,
    ContractStatus,
    ContractType,
    DayCount,
    DayType,
    DividendApplicability,
    DividendPaymentReference,
    FxFeatureType,
    IdentifierScheme,
    LegType,
    LotClosingMethod,
    NegativeRateTreatment,
    NotionalMode,
    NotionalSource,
    ObservationShift,
    OvernightMethod,
    PartyType,
    PayRelativeTo,
    PeriodUnit,
    PriceReturnType,
    QuantityUnit,
    QuoteBasis,
    RateKind,
    RealisedVarianceMethod,
    ReinvestmentPoint,
    ScheduleRole,
    ScheduleType,
    Side,
    StrikeScale,
    UnderlierType,
    WeightType,
)
from engine.payouts.terms.contract import Contract, Fee, Leg, LotClosing, TradeLot
from engine.payouts.terms.funding import FixedPricePayout, InterestRatePayout, RateSpreadStep
from engine.payouts.terms.parties import ContractParty, Instrument, InstrumentIdentifier, Party
from engine.payouts.terms.performance import (
    BasketComposition,
    BasketConstituent,
    FxFeature,
    PerformancePayout,
    Underlier,
)
from engine.payouts.terms.returns import (
    CorrelationReturnTerms,
    DividendPayoutRatio,
    DividendPeriod,
    DividendReturnTerms,
    PriceReturnTerms,
    ReturnTerms,
    VarianceVolatilityTerms,
)
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

FOLLOWING = BusinessDayConvention.FOLLOWING


def instrument(
    isin: str, name: str, currency: str = "USD", kind: UnderlierType = UnderlierType.SINGLE_STOCK
) -> Instrument:
    identifier = InstrumentIdentifier(scheme=IdentifierScheme.ISIN, identifier=isin)
    return Instrument(
        reference=f"ISIN:{isin}",
        instrument_type=UnderlierType.SINGLE_STOCK,
        name=name,
        currency=currency,
        identifiers=(identifier,),
    )


STEEL = instrument("US9129091081", "US Steel")
PHILIPS = instrument("NL0000009538", "Philips", "EUR")


def underlier(of: Instrument) -> Underlier:
    return Underlier(
        underlier_type=of.instrument_type,
        underlier_reference=of.reference,
        underlier_name=of.name,
        underlier_currency=of.currency,
        instrument=of,
    )


VALUATIONS = (
    ValuationSchedule(
        role=ScheduleRole.INITIAL,
        schedule_type=ScheduleType.RELATIVE,
        relative_to="TRADE_DATE",
        offset_days=1,
        day_type=DayType.EXCHANGE_BUSINESS,
    ),
    ValuationSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.PARAMETRIC,
        period_multiplier=3,
        period_unit=PeriodUnit.M,
        first_valuation_date=date(2024, 6, 17),
        last_valuation_date=date(2025, 12, 17),
        roll_convention="17",
        valuation_time="16:00:00",
        valuation_timezone="USNY",
        valuation_time_type="SPECIFIC_TIME",
        determination_method="VALUATION_TIME",
        business_day_convention=BusinessDayConvention.MODFOLLOWING,
        business_centers=("USNY", "GBLO"),
    ),
    ValuationSchedule(
        role=ScheduleRole.FINAL,
        schedule_type=ScheduleType.EXPLICIT,
        explicit_dates=(date(2026, 3, 17),),
        business_day_convention=FOLLOWING,
        business_centers=("USNY",),
    ),
)
PAYMENTS = (
    PaymentSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.RELATIVE,
        relative_to="INTERIM_VALUATION",
        payment_delay_days=2,
        delay_day_type=DayType.CURRENCY_BUSINESS,
        business_day_convention=FOLLOWING,
        business_centers=("USNY",),
    ),
    PaymentSchedule(
        role=ScheduleRole.FINAL,
        schedule_type=ScheduleType.RELATIVE,
        relative_to="FINAL_VALUATION",
        payment_delay_days=2,
        delay_day_type=DayType.CURRENCY_BUSINESS,
        business_day_convention=FOLLOWING,
        business_centers=("USNY",),
    ),
)


def lot(identifier: str, units: float, price: float, **changes: object) -> TradeLot:
    base = TradeLot(
        lot_identifier=identifier,
        cost_date=date(2024, 3, 18),
        settlement_date=date(2024, 3, 20),
        notional_amount=units * price,
        opened_quantity=units,
        quantity_unit=QuantityUnit.SHARE,
        initial_price=price,
        price_currency="USD",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def equity_leg(**payout_terms: object) -> Leg:
    """A leg on 1,500 shares in two lots; terms of the payout may be given."""
    terms: dict[str, object] = {
        "underlier": underlier(STEEL),
        "returns": ReturnTerms(
            price=PriceReturnTerms(
                return_type=PriceReturnType.TOTAL,
                initial_price=30.0,
                initial_price_currency="USD",
                interim_determination_method="VALUATION_TIME",
                final_determination_method="HEDGE_EXECUTION",
            ),
            dividend=DividendReturnTerms(
                dividend_payout_ratio=0.85,
                payment_date_reference=DividendPaymentReference.SHARE_PAYMENT,
                payment_offset_days=3,
                payment_offset_day_type="CURRENCY_BUSINESS",
                dividend_reinvestment=True,
                reinvest_at=ReinvestmentPoint.PAY_DATE,
                dividend_currency="USD",
                special_dividends=True,
                material_dividend=True,
                material_dividend_threshold=0.1,
                withholding_rate=0.15,
            ),
        ),
        "settlement_currency": "USD",
        "valuation_schedules": VALUATIONS,
        "payment_schedules": PAYMENTS,
    }
    terms.update(payout_terms)
    closing = LotClosing(
        event_reference="E1",
        event_date=date(2024, 9, 2),
        settlement_date=date(2024, 9, 4),
        quantity=100.0,
        price=31.0,
    )
    return Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=Side.PARTY2,
        notional_amount=46_500.0,
        notional_currency="USD",
        cdm_payout_index=0,
        cdm_external_key="EquityNotional",
        performance=PerformancePayout(**terms),  # type: ignore[arg-type]
        lots=(
            lot("A", 1_000.0, 30.0, spread=0.002, closings=(closing,)),
            lot("B", 500.0, 33.0, spread=0.003, initial_fx=1.1),
        ),
    )


FUNDING = Leg(
    leg_number=2,
    leg_type=LegType.FUNDING_LEG,
    payer=Side.PARTY1,
    notional_amount=46_500.0,
    notional_currency="USD",
    linked_leg_number=1,
    cdm_payout_index=1,
    interest=InterestRatePayout(
        rate_kind=RateKind.FLOATING_OVERNIGHT,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-SOFR",
        spread=0.002,
        spread_steps=(RateSpreadStep(series=0, spread=0.0025, step_date=date(2025, 3, 17)),),
        multiplier=1.5,
        effective_date=date(2024, 3, 20),
        termination_date=date(2026, 3, 20),
        period_multiplier=3,
        period_unit=PeriodUnit.M,
        roll_convention="20",
        stub_type="ShortInitial",
        first_regular_start=date(2024, 6, 20),
        last_regular_end=date(2025, 12, 20),
        period_bdc=BusinessDayConvention.MODFOLLOWING,
        period_centers=("USNY", "GBLO"),
        reset_multiplier=3,
        reset_unit=PeriodUnit.M,
        fixing_offset_days=-2,
        fixing_day_type=DayType.BUSINESS,
        fixing_centers=("USGS",),
        overnight_method=OvernightMethod.AVERAGED,
        observation_shift=ObservationShift.LOCKOUT,
        observation_shift_days=4,
        observation_centers=("USGS", "USNY"),
        daily_cap=0.07,
        daily_floor=0.0,
        rate_rounding_dp=7,
        compounding_method=CompoundingMethod.SPREAD_EXCLUSIVE,
        cap_rate=0.08,
        floor_rate=0.01,
        negative_rate_treatment=NegativeRateTreatment.ZERO_INTEREST,
        initial_stub_rate=0.05,
        final_stub_index="USD-SOFR",
        final_stub_tenor="1W",
        notional_source=NotionalSource.EQUITY_RESET,
        payment_schedules=(
            PaymentSchedule(
                role=ScheduleRole.INTERIM,
                schedule_type=ScheduleType.RELATIVE,
                relative_to="INTERIM_PAYMENT",
                pay_relative_to=PayRelativeTo.CALCULATION_PERIOD_END,
            ),
        ),
    ),
)


def contract(*legs: Leg, kind: ContractType = ContractType.TOTAL_RETURN_SWAP) -> Contract:
    """A contract of two named parties, a broker who is paid a fee, and the legs."""
    return Contract(
        contract_reference="TRS-77",
        contract_type=kind,
        trade_date=date(2024, 3, 15),
        effective_date=date(2024, 3, 20),
        termination_date=date(2026, 3, 20),
        party1=Party(
            party_identifier="HEDGECO",
            party_name="HedgeCo Capital",
            country="US",
            legal_entity_identifier="529900T8BM49AURSDO55",
            cdm_external_key="hedgeco",
        ),
        party2=Party(party_identifier="DEALER", party_name="Dealer Bank"),
        legs=legs,
        reporting_party=Side.PARTY2,
        contract_status=ContractStatus.PENDING,
        settlement_currency="USD",
        governing_law="GBEN",
        master_agreement_reference="ISDAMaster 2002 2019-05-06",
        netting_agreement_reference="NET-1",
        lot_closing_method=LotClosingMethod.HIFO,
        deferral_rate=0.01,
        has_late_compensation=True,
        other_parties=(ContractParty(party=Party(party_identifier="BR", party_name="Broker"), role=PartyType.BROKER),),
        fees=(
            Fee(
                fee_reference="F-1",
                subtype=CashflowSubtype.BREAKAGE_FEE,
                amount=1_250.5,
                currency="EUR",
                payment_date=date(2024, 4, 2),
                payer_identifier="HEDGECO",
                receiver_identifier="BR",
            ),
        ),
        metadata={"desk": "delta one"},
    )


def single_share() -> Contract:
    """A total return swap with two lots and every overnight parameter."""
    return contract(equity_leg(), FUNDING)


def quanto_basket() -> Contract:
    """Percentage weights, two quanto rates, ratios and spreads by constituent, explicit dividend periods."""
    members = tuple(
        BasketConstituent(
            instrument=one,
            weight_type=WeightType.PERCENTAGE,
            weight_value=weight,
            initial_price=price,
            price_currency=one.currency,
            spread_series=series,
        )
        for series, (one, weight, price) in enumerate(((STEEL, 0.4, 30.0), (PHILIPS, 0.6, 25.0)), 1)
    )
    basket = Underlier(
        underlier_type=UnderlierType.BASKET,
        underlier_reference="BASKET:GREEN",
        underlier_name="Green basket",
        compositions=(
            BasketComposition(
                effective_from=date(2024, 3, 18),
                basket_value_at_start=46_500.0,
                constituents=members,
            ),
        ),
    )
    features = tuple(
        FxFeature(
            fx_feature_type=FxFeatureType.QUANTO,
            reference_currency="USD",
            quote_currency1="USD",
            quote_currency2=currency,
            quote_basis=QuoteBasis.CURRENCY2_PER_CURRENCY1,
            quanto_fx_rate=rate,
            quanto_fx_rate_source="Reuters EUR=",
            quanto_fixing_time="11:00:00",
            quanto_fixing_timezone="USNY",
        )
        for currency, rate in (("EUR", 0.92), ("JPY", 150.0))
    )
    dividends = DividendReturnTerms(
        payment_date_reference=DividendPaymentReference.EXPLICIT,
        payout_ratios=(
            DividendPayoutRatio(constituent_reference=STEEL.reference, total_ratio=1.0),
            DividendPayoutRatio(constituent_reference=PHILIPS.reference, cash_ratio=0.85, non_cash_ratio=0.0),
        ),
        periods=(
            DividendPeriod(
                period_number=1,
                start_date=date(2024, 3, 20),
                end_date=date(2025, 3, 19),
                payment_date=date(2025, 3, 24),
                valuation_date=date(2025, 3, 19),
                constituent_reference=STEEL.reference,
            ),
        ),
    )
    returns = ReturnTerms(price=PriceReturnTerms(conversion_factor=1.1), dividend=dividends)
    leg = equity_leg(underlier=basket, returns=returns, fx_features=features, notional_mode=NotionalMode.CUMULATIVE)
    lots = (lot("A", 1.0, 46_500.0, opened_quantity=None, quantity_unit=None, initial_price=None),)
    steps = (
        RateSpreadStep(series=1, spread=0.005, constituent_reference=STEEL.reference),
        RateSpreadStep(series=2, spread=-0.004, constituent_reference=PHILIPS.reference),
        RateSpreadStep(series=2, spread=0.0042, step_date=date(2025, 1, 2), constituent_reference=PHILIPS.reference),
    )
    interest = FUNDING.interest
    assert interest is not None
    term = replace(
        interest,
        rate_kind=RateKind.FLOATING_TERM,
        floating_rate_index="EUR-EURIBOR-Reuters",
        index_tenor_multiplier=3,
        index_tenor_unit=PeriodUnit.M,
        spread=0.0,
        spread_steps=steps,
        overnight_method=None,
        observation_shift=ObservationShift.NONE,
        observation_shift_days=0,
        observation_centers=(),
        daily_cap=None,
        daily_floor=None,
    )
    return contract(replace(leg, lots=lots), replace(FUNDING, interest=term))


def rebalanced_basket() -> Contract:
    """A basket that holds something else after a year, with units and FX at the start."""
    made = quanto_basket()
    payout = made.legs[0].performance
    assert payout is not None
    [first] = payout.underlier.compositions
    members = tuple(replace(one, units=80.0, fx_at_start=1.08) for one in first.constituents)
    day = date(2025, 3, 17)
    later = replace(first, effective_from=day, constituents=first.constituents[:1], basket_value_at_start=None)
    compositions = (replace(first, effective_to=day, constituents=members), later)
    underlier = replace(payout.underlier, compositions=compositions)
    leg = replace(made.legs[0], performance=replace(payout, underlier=underlier))
    return replace(made, legs=(leg, *made.legs[1:]))


def _parameter_leg(returns: ReturnTerms, number: int = 1) -> Leg:
    leg = equity_leg(returns=returns, first_observation_date=date(2024, 3, 18))
    one = lot("LOT-1", 1.0, 1.0, opened_quantity=None, quantity_unit=None, initial_price=None, price_currency=None)
    return replace(
        leg,
        leg_number=number,
        cdm_payout_index=number - 1,
        cdm_external_key=f"N{number}",
        notional_amount=1_388.889,
        lots=(replace(one, notional_amount=1_388.889),),
    )


def variance() -> Contract:
    """Two variance legs: a conditional one whose scale the notionals tell, and a capped one with its scale given."""
    conditional = VarianceVolatilityTerms(
        strike_scale=StrikeScale.POINTS,
        volatility_strike_price=18.0,
        lower_barrier=94.0,
        upper_barrier=101.0,
        realised_variance_method=RealisedVarianceMethod.BOTH,
        days_in_range_adjustment=True,
        vega_notional_amount=50_000.0,
        vega_notional_currency="USD",
        variance_notional_amount=1_388.889,
        expected_trading_days=250,
        initial_level=101.5,
        mean_adjustment=True,
        share_price_dividend_adjustment=True,
        dividend_applicability=DividendApplicability.ALL,
        options_price_valuation=True,
        exchange_traded_contract_reference="RIC:.IBM",
    )
    capped = VarianceVolatilityTerms(
        strike_scale=StrikeScale.DECIMAL,
        variance_strike_price=0.04,
        variance_cap_price=0.25,
        variance_floor_price=0.0,
        variance_cap_factor=2.5,
        annualization_factor=260,
    )
    kind = ContractType.DISPERSION_SWAP
    legs = (
        _parameter_leg(ReturnTerms(variance=conditional)),
        _parameter_leg(ReturnTerms(variance=capped), 2),
    )
    return contract(*legs, kind=kind)


def volatility() -> Contract:
    """A volatility leg with cap and factor."""
    terms = VarianceVolatilityTerms(
        strike_scale=StrikeScale.POINTS,
        volatility_strike_price=20.0,
        volatility_cap_price=50.0,
        volatility_cap_factor=2.5,
        vega_notional_amount=1_388.889,
        expected_trading_days=60,
    )
    kind = ContractType.VOLATILITY_SWAP
    return contract(_parameter_leg(ReturnTerms(volatility=terms)), kind=kind)


def correlation() -> Contract:
    """A bounded correlation leg."""
    terms = CorrelationReturnTerms(
        correlation_strike=0.6, correlation_cap=0.85, correlation_floor=0.35, expected_trading_days=120
    )
    kind = ContractType.CORRELATION_SWAP
    return contract(_parameter_leg(ReturnTerms(correlation=terms)), kind=kind)


def dividend_swap() -> Contract:
    """Dividends of an index against a fixed price per unit."""
    terms = DividendReturnTerms(cash_ratio=1.0, payment_date_reference=DividendPaymentReference.EXPLICIT)
    leg = equity_leg(returns=ReturnTerms(dividend=terms))
    one = lot("LOT-1", 1_000.0, 1.0, initial_price=None, price_currency=None, notional_amount=0.0)
    fixed = Leg(
        leg_number=2,
        leg_type=LegType.FIXED_LEG,
        payer=Side.PARTY1,
        notional_amount=50_000.0,
        notional_currency="USD",
        linked_leg_number=1,
        cdm_payout_index=1,
        fixed_price=FixedPricePayout(fixed_price=120.0, currency="USD", price_type="Dividend", units=1_000.0),
    )
    equity = replace(leg, notional_amount=None, notional_currency=None, lots=(one,))
    return contract(equity, fixed, kind=ContractType.DIVIDEND_SWAP)


MADE = {
    made.__name__: made
    for made in (
        single_share,
        quanto_basket,
        rebalanced_basket,
        variance,
        volatility,
        correlation,
        dividend_swap,
    )
}
