"""Payouts of a contract as CDM blocks: performance, interest rate, fixed price (spec 07 §5.4)."""

from typing import Any

from engine.payouts.cdm.codes import COMPOUNDING, NEGATIVE_RATES, RESET_NAMES, camel, unspelled
from engine.payouts.cdm.dates import CALCULATION_PERIODS, FINAL_PAYMENT
from engine.payouts.cdm.rates import METHODS, SHIFTS
from engine.payouts.cdm.writing_names import Names, number, observable_key, price_key, quantity_key, rate_key
from engine.payouts.cdm.writing_returns import return_terms
from engine.payouts.cdm.writing_schedules import (
    adjustments,
    clock,
    fixed_date,
    payment_block,
    payment_dates,
    valuation_dates,
)
from engine.payouts.enums import (
    BusinessDayConvention,
    CompoundingMethod,
    FxFeatureType,
    NegativeRateTreatment,
    NotionalMode,
    ObservationShift,
    OvernightMethod,
    RateKind,
    ScheduleRole,
    Side,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import FixedPricePayout, InterestRatePayout
from engine.payouts.terms.performance import FxFeature, PerformancePayout

SIDE_NAMES = {Side.PARTY1: "Party1", Side.PARTY2: "Party2"}
SHIFT_NAMES = {shift: key for key, shift in SHIFTS}
Block = dict[str, Any]


def payouts(contract: Contract, names: Names) -> list[Block]:
    """The payouts in the order of the legs."""
    return [_payout(contract, leg, names) for leg in contract.legs]


def notional_key(leg: Leg) -> str:
    """The external key by which other legs speak of a leg's notional."""
    return leg.cdm_external_key or f"EquityNotionalAmount-{leg.leg_number}"


def has_own_quantity(leg: Leg) -> bool:
    """Whether the notional is written as a quantity of the payout, not through its lots."""
    if leg.notional_amount is None:
        return False
    if leg.performance is not None:
        return leg.performance.returns.price is None
    return leg.linked_leg_number is None or leg.fixed_price is not None or not _follows(leg)


def _follows(leg: Leg) -> bool:
    return leg.interest is not None and leg.interest.notional_source.value != "OWN"


def _payout(contract: Contract, leg: Leg, names: Names) -> Block:
    roles = {"payer": SIDE_NAMES[leg.payer], "receiver": SIDE_NAMES[leg.receiver]}
    quantity: Block = {}
    if leg.cdm_external_key is not None:
        quantity["@key:external"] = leg.cdm_external_key
    if has_own_quantity(leg):
        quantity["quantitySchedule"] = {"@ref:scoped": quantity_key(leg)}
    if leg.performance is not None:
        return _performance(leg, leg.performance, roles, quantity, names)
    if leg.interest is not None:
        if leg.linked_leg_number is not None:
            key = notional_key(contract.leg(leg.linked_leg_number))
            quantity["quantityReference"] = {"@ref:external": key}
        return _interest(leg, leg.interest, roles, quantity, names)
    if leg.fixed_price is not None:
        return _fixed(leg.fixed_price, roles, quantity)
    return {}


def _performance(leg: Leg, payout: PerformancePayout, roles: Block, quantity: Block, names: Names) -> Block:
    price = payout.returns.price
    is_priced = price is not None
    if payout.notional_mode is not NotionalMode.RESET or is_priced:
        quantity["reset"] = payout.notional_mode is NotionalMode.RESET
    settlement: Block = {"settlementType": camel(payout.settlement_type)}
    if payout.settlement_currency is not None:
        settlement["settlementCurrency"] = {"@data": payout.settlement_currency}
    final = next((one for one in payout.payment_schedules if one.role is ScheduleRole.FINAL), None)
    # Payouts on variance, correlation and dividends pay by the settlement date (spec 07 §5.4).
    if final is not None and not is_priced:
        dated = {"@key:external": names.date_key(leg, FINAL_PAYMENT), **payment_block(leg, final, names)}
        settlement["settlementDate"] = {"adjustableOrRelativeDate": dated}
    block: Block = {"@type": "cdm.product.template.PerformancePayout", "payerReceiver": roles}
    if payout.cdm_external_key is not None:
        block["@key:external"] = payout.cdm_external_key
    block["priceQuantity"] = quantity
    block["settlementTerms"] = settlement
    if payout.first_observation_date is not None:
        start = {"startDate": fixed_date(payout.first_observation_date)}
        block["observationTerms"] = {"observationDates": {"periodicSchedule": start}}
    values = valuation_dates(leg, payout.valuation_schedules, price, names)
    payments = payment_dates(leg, payout.payment_schedules, names, has_final=is_priced)
    for key, inner in (("valuationDates", values), ("paymentDates", payments)):
        if inner:
            block[key] = inner
    block["underlier"] = {"@type": "cdm.observable.asset.Observable", "@ref:scoped": observable_key(leg)}
    if payout.fx_features:
        block["fxFeature"] = _fx_features(payout.fx_features)
    block["returnTerms"] = return_terms(leg, payout, names)
    return block


def _fx_features(features: tuple[FxFeature, ...]) -> list[Block]:
    """FX features; quanto rates of one reference currency and source stand in one feature."""
    blocks: list[Block] = []
    groups: dict[tuple[str | None, ...], Block] = {}
    for feature in features:
        if feature.fx_feature_type is not FxFeatureType.QUANTO:
            blocks.append(_fx_feature(feature))
            continue
        group = (
            feature.reference_currency,
            feature.quanto_fx_rate_source,
            feature.quanto_fixing_time,
            feature.quanto_fixing_timezone,
        )
        if group not in groups:
            groups[group] = _fx_feature(feature)
            blocks.append(groups[group])
        elif feature.quanto_fx_rate is not None:
            groups[group]["quanto"].setdefault("fxRate", []).append(_fx_rate(feature))
    return blocks


def _fx_rate(feature: FxFeature) -> Block:
    pair: Block = {}
    if feature.quote_currency1 is not None:
        pair["currency1"] = {"@data": feature.quote_currency1}
    if feature.quote_currency2 is not None:
        pair["currency2"] = {"@data": feature.quote_currency2}
    if feature.quote_basis is not None:
        words = feature.quote_basis.value.replace("CURRENCY", "Currency").replace("_PER_", "Per")
        pair["quoteBasis"] = words
    return {"quotedCurrencyPair": pair, "rate": feature.quanto_fx_rate}


def _source(text: str | None) -> Block:
    if text is None:
        return {}
    provider, _, page = text.partition(" ")
    primary: Block = {"sourceProvider": {"@data": provider}}
    if page:
        primary["sourcePage"] = {"@data": page}
    return {"fxSpotRateSource": {"primarySource": primary}}


def _timed(time: str | None, center: str | None) -> Block:
    return {"fixingTime": clock(time, center)} if time is not None or center is not None else {}


def _fx_feature(feature: FxFeature) -> Block:
    block: Block = {"referenceCurrency": {"@data": feature.reference_currency}}
    if feature.fx_feature_type is FxFeatureType.QUANTO:
        inner = _source(feature.quanto_fx_rate_source)
        inner.update(_timed(feature.quanto_fixing_time, feature.quanto_fixing_timezone))
        if feature.quanto_fx_rate is not None:
            inner["fxRate"] = [_fx_rate(feature)]
        block["quanto"] = inner
    elif feature.fx_feature_type is FxFeatureType.COMPOSITE:
        inner = _source(feature.composite_fx_spot_rate_source)
        if feature.composite_determination_method is not None:
            inner["determinationMethod"] = camel(feature.composite_determination_method)
        if feature.composite_relative_date_offset is not None:
            inner["relativeDate"] = {"periodMultiplier": feature.composite_relative_date_offset, "period": "D"}
        block["composite"] = inner
    elif feature.fx_feature_type is FxFeatureType.CROSS_CURRENCY:
        inner = _source(feature.cross_currency_fx_rate_source)
        inner.update(_timed(feature.cross_currency_fixing_time, feature.cross_currency_fixing_center))
        block["crossCurrency"] = inner
    return block


def _interest(leg: Leg, payout: InterestRatePayout, roles: Block, quantity: Block, names: Names) -> Block:
    block: Block = {"@type": "cdm.product.asset.InterestRatePayout", "payerReceiver": roles}
    if quantity:
        block["priceQuantity"] = quantity
    block["rateSpecification"] = _specification(leg, payout)
    block["dayCountFraction"] = {"@data": payout.day_count.value}
    block["calculationPeriodDates"] = _periods(leg, payout, names)
    payments = payment_dates(leg, payout.payment_schedules, names)
    if payments:
        block["paymentDates"] = payments
    block["resetDates"] = _resets(leg, payout, names)
    stubs = _stubs(payout)
    if stubs:
        block["stubPeriod"] = stubs
    if payout.compounding_method is not CompoundingMethod.NONE:
        block["compoundingMethod"] = unspelled(COMPOUNDING, payout.compounding_method.value)
    return block


def _specification(leg: Leg, payout: InterestRatePayout) -> Block:
    if payout.rate_kind is RateKind.FIXED:
        rate = {"price": {"@ref:scoped": price_key(leg)}}
        return {"@type": "cdm.product.asset.FixedRateSpecification", "rateSchedule": rate}
    block: Block = {
        "@type": "cdm.product.asset.FloatingRateSpecification",
        "rateOption": {"@ref:scoped": rate_key(leg)},
        "spreadSchedule": {"price": {"@ref:scoped": price_key(leg)}},
    }
    if payout.multiplier != 1.0:
        block["multiplierSchedule"] = {"value": number(payout.multiplier)}
    for key, value in (("capRateSchedule", payout.cap_rate), ("floorRateSchedule", payout.floor_rate)):
        if value is not None:
            block[key] = {"price": {"value": value}}
    if payout.rate_rounding_dp is not None:
        block["finalRateRounding"] = {"roundingDirection": "Nearest", "precision": payout.rate_rounding_dp}
    if payout.negative_rate_treatment is not NegativeRateTreatment.NEGATIVE_INTEREST:
        block["negativeInterestRateTreatment"] = unspelled(NEGATIVE_RATES, payout.negative_rate_treatment.value)
    parameters = _overnight(payout)
    if parameters:
        block["calculationParameters"] = parameters
    return block


def _overnight(payout: InterestRatePayout) -> Block:
    if payout.rate_kind is RateKind.FLOATING_TERM:
        return {}
    block: Block = {}
    if payout.overnight_method is not None:
        block["calculationMethod"] = next(name for name, one in METHODS.items() if one is payout.overnight_method)
    if payout.rate_kind is RateKind.FLOATING_COMPOUNDED_INDEX:
        block["calculationMethod"] = "CompoundedIndex"
    if payout.observation_shift is not ObservationShift.NONE:
        block[SHIFT_NAMES[payout.observation_shift]] = {"offsetDays": payout.observation_shift_days}
    if payout.observation_centers:
        centers = [{"@data": center} for center in payout.observation_centers]
        block["applicableBusinessDays"] = {"businessCenter": centers}
    observed = {"observationCapRate": payout.daily_cap, "observationFloorRate": payout.daily_floor}
    if payout.daily_cap is not None or payout.daily_floor is not None:
        block["observationParameters"] = {key: value for key, value in observed.items() if value is not None}
    # What a reader takes where a document has none of this need not be said.
    is_default = block == {"calculationMethod": "Compounding"} and payout.overnight_method is OvernightMethod.COMPOUNDED
    return {} if is_default else block


def _periods(leg: Leg, payout: InterestRatePayout, names: Names) -> Block:
    block: Block = {"@key:external": names.date_key(leg, CALCULATION_PERIODS)}
    for key, day in (
        ("effectiveDate", payout.effective_date),
        ("terminationDate", payout.termination_date),
        ("firstRegularPeriodStartDate", payout.first_regular_start),
        ("lastRegularPeriodEndDate", payout.last_regular_end),
    ):
        if day is not None:
            block[key] = fixed_date(day) if key in ("effectiveDate", "terminationDate") else day.isoformat()
    if payout.stub_type is not None:
        block["stubPeriodType"] = payout.stub_type
    if payout.period_bdc is not BusinessDayConvention.NONE or payout.period_centers:
        block["calculationPeriodDatesAdjustments"] = adjustments(payout.period_bdc, payout.period_centers)
    unit = payout.period_unit.value if payout.period_unit is not None else None
    values = (
        ("periodMultiplier", payout.period_multiplier),
        ("period", unit),
        ("rollConvention", payout.roll_convention),
    )
    frequency = {key: value for key, value in values if value is not None}
    if frequency:
        block["calculationPeriodFrequency"] = frequency
    return block


def _resets(leg: Leg, payout: InterestRatePayout, names: Names) -> Block:
    key = names.date_key(leg, CALCULATION_PERIODS)
    block: Block = {"calculationPeriodDatesReference": {"@ref:external": key}}
    block["resetRelativeTo"] = RESET_NAMES[payout.reset_relative_to.value]
    unit = payout.reset_unit.value if payout.reset_unit is not None else None
    values = (("periodMultiplier", payout.reset_multiplier), ("period", unit))
    frequency = {name: value for name, value in values if value is not None}
    if frequency:
        block["resetFrequency"] = frequency
    if payout.fixing_offset_days or payout.fixing_day_type is not None or payout.fixing_centers:
        fixing: Block = {"periodMultiplier": payout.fixing_offset_days, "period": "D"}
        if payout.fixing_day_type is not None:
            fixing["dayType"] = camel(payout.fixing_day_type.value)
        fixing.update(adjustments(BusinessDayConvention.PRECEDING, payout.fixing_centers))
        fixing["dateRelativeTo"] = {"@ref:external": key}
        block["fixingDates"] = fixing
    return block


def _stubs(payout: InterestRatePayout) -> Block:
    blocks: Block = {}
    for key, rate, index, tenor in (
        ("initialStub", payout.initial_stub_rate, payout.initial_stub_index, payout.initial_stub_tenor),
        ("finalStub", payout.final_stub_rate, payout.final_stub_index, payout.final_stub_tenor),
    ):
        block: Block = {}
        if rate is not None:
            block["stubRate"] = rate
        if index is not None:
            floating: Block = {"floatingRateIndex": index}
            if tenor is not None and tenor[:-1].isdecimal():
                floating["indexTenor"] = {"periodMultiplier": int(tenor[:-1]), "period": tenor[-1]}
            block["floatingRate"] = [floating]
        if block:
            blocks[key] = block
    return blocks


def _fixed(payout: FixedPricePayout, roles: Block, quantity: Block) -> Block:
    price: Block = {"priceType": payout.price_type} if payout.price_type is not None else {}
    if payout.fixed_price is not None:
        price["value"] = number(payout.fixed_price)
        price["unit"] = {"currency": {"@data": payout.currency}}
    block: Block = {"@type": "cdm.product.template.FixedPricePayout", "payerReceiver": roles}
    if quantity:
        block["priceQuantity"] = quantity
    block["fixedPrice"] = {"price": price}
    return block
