"""The funding leg, an interest rate payout, and the fixed leg of a dividend swap (spec 07 §5.4, §12)."""

from dataclasses import dataclass, replace
from datetime import date

from engine.payouts.cdm.codes import COMPOUNDING, NEGATIVE_RATES, spelled
from engine.payouts.cdm.dates import NO_MOVE, Centers, convention_of
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.draft import LegFacts
from engine.payouts.cdm.performance import LegPlace, read_payer
from engine.payouts.cdm.quantities import QUANTITY, UNRESOLVED, scoped_quantity
from engine.payouts.cdm.rates import Spreads, overnight_terms, read_rate, read_spreads
from engine.payouts.cdm.schedules import read_payment_schedules
from engine.payouts.enums import (
    CompoundingMethod,
    DayCount,
    DayType,
    LegType,
    NegativeRateTreatment,
    NotionalMode,
    NotionalSource,
    PeriodUnit,
    RateKind,
    ResetRelativeTo,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Leg
from engine.payouts.terms.funding import FixedPricePayout, InterestRatePayout


@dataclass(frozen=True, slots=True)
class Funding:
    """The notional of a funding leg: amount, currency, the leg it follows, in words and as an enumeration."""

    notional: float | None
    currency: str | None
    linked: int | None
    source_text: str
    source: NotionalSource


_NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency, in a leg whose contract is refused for want of one."""


def read_funding_leg(
    place: LegPlace, equity_legs: list[Leg], contract_dates: tuple[date, date | None]
) -> tuple[Leg, LegFacts, Spreads]:
    """The leg of an interest rate payout, read after the equity legs whose notional it may follow."""
    payout = place.payout
    funding = _notional(payout, equity_legs)
    spreads = read_spreads(place.trade, payout)
    terms = _terms(place, funding, spreads, contract_dates)
    leg = Leg(
        leg_number=place.leg_number,
        leg_type=LegType.FUNDING_LEG,
        payer=read_payer(payout),
        notional_amount=funding.notional,
        notional_currency=funding.currency,
        linked_leg_number=funding.linked,
        cdm_payout_index=place.payout_index,
        cdm_external_key=payout.at("priceQuantity").external_key,
        interest=terms,
    )
    facts = LegFacts(
        leg_number=place.leg_number,
        payout_index=place.payout_index,
        kind="InterestRatePayout",
        notional_source=funding.source_text,
        n_spreads=spreads.count,
    )
    return leg, facts, spreads


def _notional(payout: Node, equity_legs: list[Leg]) -> Funding:
    """Its own amount, else the leg that its quantity reference names, else the only equity leg."""
    own = scoped_quantity(payout)
    reference = payout.at("priceQuantity", "quantityReference")
    key = reference.reference_name
    followed = next((leg for leg in equity_legs if key is not None and leg.cdm_external_key == key), None)
    if followed is None and key is not None:
        # The key may stand at another place of the payout than its quantity.
        pointers = [target.pointer for target in reference.follow()]
        followed = next(
            (leg for leg in equity_legs if any(f"/payout/{leg.cdm_payout_index}/" in p for p in pointers)), None
        )
    if own is not None:
        linked = followed.leg_number if followed is not None else None
        return Funding(own[0], own[1], linked, QUANTITY, NotionalSource.OWN)
    if followed is not None:
        return _following(followed, f"reference:{key}")
    if len(equity_legs) == 1:
        text = f"dangling reference:{key} -> only performance payout" if key else UNRESOLVED
        message = "The notional is taken to follow the only equity leg"
        payout.findings.warning(FindingCode.NOTIONAL_MISSING, f"{payout.pointer}/priceQuantity", message)
        return _following(equity_legs[0], text)
    message = "The funding leg has no notional"
    payout.findings.warning(FindingCode.NOTIONAL_MISSING, f"{payout.pointer}/priceQuantity", message)
    return Funding(None, None, None, UNRESOLVED, NotionalSource.OWN)


def _following(leg: Leg, text: str) -> Funding:
    mode = leg.performance.notional_mode if leg.performance else NotionalMode.RESET
    source = NotionalSource.EQUITY_RESET if mode is NotionalMode.RESET else NotionalSource.EQUITY_FIXED
    if leg.notional_amount is None:
        text = UNRESOLVED
    return Funding(leg.notional_amount, leg.notional_currency, leg.leg_number, text, source)


def _terms(
    place: LegPlace, funding: Funding, spreads: Spreads, contract_dates: tuple[date, date | None]
) -> InterestRatePayout:
    payout = place.payout
    centers = Centers(payout, funding.currency)
    specification = payout.at("rateSpecification")
    rate = read_rate(payout)
    day_count = payout.choice(DayCount, "dayCountFraction")
    if day_count is None:
        pointer = f"{payout.pointer}/dayCountFraction"
        payout.findings.error(FindingCode.MISSING, pointer, "The funding leg has no day count")
    terms = InterestRatePayout(
        rate_kind=rate.kind,
        day_count=day_count or DayCount.ACT_360,
        fixed_rate=rate.fixed_rate,
        floating_rate_index=rate.index,
        index_tenor_multiplier=rate.tenor_multiplier,
        index_tenor_unit=rate.tenor_unit,
        spread=spreads.spread,
        spread_steps=spreads.steps,
        multiplier=_or(specification.number("multiplierSchedule", "value"), 1.0),
        compounding_method=payout.choice(
            CompoundingMethod, "compoundingMethod", read=lambda text: spelled(COMPOUNDING, text)
        )
        or CompoundingMethod.NONE,
        cap_rate=specification.number("capRateSchedule", "price", "value"),
        floor_rate=specification.number("floorRateSchedule", "price", "value"),
        negative_rate_treatment=specification.choice(
            NegativeRateTreatment, "negativeInterestRateTreatment", read=lambda text: spelled(NEGATIVE_RATES, text)
        )
        or NegativeRateTreatment.NEGATIVE_INTEREST,
        rate_rounding_dp=specification.integer("finalRateRounding", "precision"),
        notional_source=funding.source,
        payment_schedules=read_payment_schedules(payout, place.dates, centers, is_funding=True),
    )
    if rate.kind in (RateKind.FLOATING_OVERNIGHT, RateKind.FLOATING_COMPOUNDED_INDEX):
        terms = overnight_terms(terms, specification)
    terms = _with_periods(terms, place, centers, contract_dates)
    terms = _with_resets(terms, payout.at("resetDates"), centers)
    return _with_stubs(terms, payout.at("stubPeriod"))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _with_periods(
    terms: InterestRatePayout, place: LegPlace, centers: Centers, contract_dates: tuple[date, date | None]
) -> InterestRatePayout:
    node = place.payout.at("calculationPeriodDates")
    start = place.dates.day(node.at("effectiveDate"))
    end = place.dates.day(node.at("terminationDate"))
    if start is not None and end is not None and end <= start:
        message = f"The calculation period runs from {start} to {end}; the contract's dates are taken"
        node.findings.warning(FindingCode.DEGENERATE_PERIOD, node.pointer, message)
        start, end = contract_dates
    frequency = node.at("calculationPeriodFrequency")
    adjustments = node.at("calculationPeriodDatesAdjustments")
    convention = convention_of(adjustments)
    return replace(
        terms,
        effective_date=start,
        termination_date=end,
        period_multiplier=frequency.integer("periodMultiplier"),
        period_unit=frequency.choice(PeriodUnit, "period"),
        roll_convention=frequency.text("rollConvention"),
        stub_type=node.text("stubPeriodType"),
        first_regular_start=place.dates.day(node.at("firstRegularPeriodStartDate")),
        last_regular_end=place.dates.day(node.at("lastRegularPeriodEndDate")),
        period_bdc=convention,
        period_centers=centers.of(adjustments, is_needed=convention not in NO_MOVE),
    )


def _with_resets(terms: InterestRatePayout, node: Node, centers: Centers) -> InterestRatePayout:
    relative = node.choice(ResetRelativeTo, "resetRelativeTo", read=_start_or_end)
    fixing = node.at("fixingDates")
    return replace(
        terms,
        reset_relative_to=relative or ResetRelativeTo.START,
        reset_multiplier=node.integer("resetFrequency", "periodMultiplier"),
        reset_unit=node.choice(PeriodUnit, "resetFrequency", "period"),
        fixing_offset_days=fixing.integer("periodMultiplier") or 0,
        fixing_day_type=fixing.choice(DayType, "dayType"),
        fixing_centers=centers.of(fixing) if fixing.is_there else (),
    )


def _start_or_end(text: str) -> str:
    """`CalculationPeriodStartDate` as START."""
    return text.removeprefix("CalculationPeriod").removesuffix("Date").upper()


def _with_stubs(terms: InterestRatePayout, node: Node) -> InterestRatePayout:
    stubs = []
    for key in ("initialStub", "finalStub"):
        stub = node.at(key)
        floating = next(iter(stub.each("floatingRate")), stub.at("floatingRate"))
        number, period = floating.integer("indexTenor", "periodMultiplier"), floating.text("indexTenor", "period")
        price = stub.at("stubRate")
        rate = (
            price.number("value")
            if "value" in (price.value if isinstance(price.value, dict) else ())
            else price.number()
        )
        stubs.append((rate, floating.text("floatingRateIndex"), f"{number}{period}" if number and period else None))
    initial, final = stubs
    return replace(
        terms,
        initial_stub_rate=initial[0],
        initial_stub_index=initial[1],
        initial_stub_tenor=initial[2],
        final_stub_rate=final[0],
        final_stub_index=final[1],
        final_stub_tenor=final[2],
    )


def read_fixed_leg(place: LegPlace, equity_legs: list[Leg]) -> tuple[Leg, LegFacts]:
    """The leg of a fixed price payout. Its units are those of the dividend leg; without a price, PRICE_MISSING."""
    payout = place.payout
    own = scoped_quantity(payout)
    price = payout.at("fixedPrice", "price")
    target = next(iter(price.follow()), price)
    value = target.number("value")
    if value is None:
        payout.findings.warning(FindingCode.PRICE_MISSING, price.pointer, "The fixed price has no value")
    elif value < 0.0:
        payout.findings.error(FindingCode.NEGATIVE_PRICE, target.pointer, f"The fixed price is {value}")
    currency = target.currency("unit", "currency") or (own[1] if own else None)
    currency = currency or next((leg.performance.settlement_currency for leg in equity_legs if leg.performance), None)
    if currency is None:
        payout.findings.error(FindingCode.MISSING, price.pointer, "The fixed price has no currency")
    lots = [lot for leg in equity_legs for lot in leg.lots]
    leg = Leg(
        leg_number=place.leg_number,
        leg_type=LegType.FIXED_LEG,
        payer=read_payer(payout),
        notional_amount=own[0] if own else None,
        notional_currency=own[1] if own else None,
        linked_leg_number=equity_legs[0].leg_number if len(equity_legs) == 1 else None,
        cdm_payout_index=place.payout_index,
        cdm_external_key=payout.at("priceQuantity").external_key,
        fixed_price=FixedPricePayout(
            fixed_price=value,
            currency=currency or _NO_CURRENCY,
            price_type=target.text("priceType"),
            units=lots[0].opened_quantity if lots else None,
        ),
    )
    source = QUANTITY if own else UNRESOLVED
    facts = LegFacts(
        leg_number=place.leg_number, payout_index=place.payout_index, kind="FixedPricePayout", notional_source=source
    )
    return leg, facts
