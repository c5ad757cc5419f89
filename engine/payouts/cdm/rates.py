"""Rate, spreads and overnight parameters of a funding leg (spec 07 §5.4, §12.2, §12.3)."""

import re
from dataclasses import dataclass, replace

from engine.payouts.cdm.document import Node
from engine.payouts.cdm.quantities import lot_identifier
from engine.payouts.enums import ObservationShift, OvernightMethod, PeriodUnit, RateKind
from engine.payouts.findings import FindingCode
from engine.payouts.terms.funding import InterestRatePayout, RateSpreadStep

OVERNIGHT_NAMES = re.compile(r"OIS|SOFR|SONIA|ESTR|€STR|TONA", re.IGNORECASE)
TERM_NAMES = re.compile(r"\bTERM\b", re.IGNORECASE)
METHODS = {
    "Compounding": OvernightMethod.COMPOUNDED,
    "CompoundedIndex": OvernightMethod.COMPOUNDED,
    "Averaging": OvernightMethod.AVERAGED,
}
SHIFTS = (
    ("observationShiftCalculation", ObservationShift.OBSERVATION_PERIOD_SHIFT),
    ("lookbackCalculation", ObservationShift.LOOKBACK),
    ("lockoutCalculation", ObservationShift.LOCKOUT),
)
UNLIKELY_SPREAD = 1.0
"""From here on a spread is not a decimal (spec 07 §5.4)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Which rate a leg pays."""

    kind: RateKind
    fixed_rate: float | None = None
    index: str | None = None
    tenor_multiplier: int | None = None
    tenor_unit: PeriodUnit | None = None


@dataclass(frozen=True, slots=True)
class Spreads:
    """The spread of a leg, its dated steps, how many prices the document has for it, and those of further lots."""

    spread: float = 0.0
    steps: tuple[RateSpreadStep, ...] = ()
    count: int = 0
    by_lot: dict[str, float] | None = None


def read_rate(payout: Node) -> Rate:
    """A fixed rate, or a floating rate index with its tenor; without tenor, or by its name, it is an overnight rate."""
    node = payout.at("rateSpecification")
    kind = node.type_name
    if kind == "FixedRateSpecification":
        target = next(iter(node.at("rateSchedule", "price").follow()), node.at("rateSchedule", "price"))
        rate = target.number("value")
        if rate is None:
            node.findings.error(FindingCode.MISSING, node.pointer, "The fixed rate has no value")
        elif abs(rate) >= UNLIKELY_SPREAD:
            message = f"The fixed rate {rate} is no decimal; it is not converted"
            node.findings.warning(FindingCode.SPREAD_SCALE, target.pointer, message)
        return Rate(RateKind.FIXED, fixed_rate=rate)
    if kind not in ("FloatingRateSpecification", ""):
        node.findings.error(FindingCode.UNSUPPORTED_PAYOUT, node.pointer, f"A rate by {kind} is not supported")
        return Rate(RateKind.FIXED)
    option = next(iter(node.at("rateOption").follow()), node.at("rateOption"))
    index = option.text("floatingRateIndex")
    if index is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/rateOption", "The leg has no rate index")
        return Rate(RateKind.FLOATING_TERM)
    number = option.integer("indexTenor", "periodMultiplier")
    unit = option.choice(PeriodUnit, "indexTenor", "period")
    is_overnight = number is None or bool(OVERNIGHT_NAMES.search(index) and not TERM_NAMES.search(index))
    found = RateKind.FLOATING_OVERNIGHT if is_overnight else RateKind.FLOATING_TERM
    if node.text("calculationParameters", "calculationMethod") == "CompoundedIndex":
        found = RateKind.FLOATING_COMPOUNDED_INDEX
    return Rate(found, index=index, tenor_multiplier=number, tenor_unit=unit)


def read_spreads(trade: Node, payout: Node) -> Spreads:
    """Spreads of the first lot, by series where there are several, and one for each further lot."""
    reference = payout.at("rateSpecification", "spreadSchedule", "price")
    by_lot: dict[int, list[Node]] = {}
    lots = trade.each("tradeLot")
    for target in reference.follow():
        index = next((i for i, lot in enumerate(lots) if target.pointer.startswith(f"{lot.pointer}/")), 0)
        if target.text("priceType") in (None, "InterestRate") and target.number("value") is not None:
            by_lot.setdefault(index, []).append(target)
    if not by_lot:
        return Spreads()
    series = by_lot[min(by_lot)]
    values = [_spread(node) for node in series]
    steps: list[RateSpreadStep] = []
    for number, (node, value) in enumerate(zip(series, values, strict=True), 1):
        series_number = 0 if len(series) == 1 else number
        if series_number:
            steps.append(RateSpreadStep(series=series_number, spread=value))
        for dated in node.each("datedValue"):
            day, later = dated.day("date"), dated.number("value")
            if day is None or later is None:
                message = "A dated spread needs a date and a value"
                dated.findings.error(FindingCode.MISSING, dated.pointer, message)
                continue
            steps.append(RateSpreadStep(series=series_number, spread=later, step_date=day))
    others = {lot_identifier(lots[index], index): _spread(nodes[0]) for index, nodes in by_lot.items() if len(lots) > 1}
    return Spreads(values[0] if len(series) == 1 else 0.0, tuple(steps), len(series), others or None)


def _spread(node: Node) -> float:
    value = node.number("value") or 0.0
    if abs(value) >= UNLIKELY_SPREAD:
        message = f"The spread {value} is no decimal, perhaps basis points; it is not converted"
        node.findings.warning(FindingCode.SPREAD_SCALE, node.pointer, message)
    return value


def overnight_terms(terms: InterestRatePayout, specification: Node) -> InterestRatePayout:
    """The parameters of overnight compounding; without any, OVERNIGHT_TERMS_DEFAULTED: in arrears, no shift."""
    node = specification.at("calculationParameters")
    if not node.is_there:
        message = "Overnight terms are not given: compounded in arrears, without shift"
        node.findings.warning(FindingCode.OVERNIGHT_TERMS_DEFAULTED, node.pointer, message)
        return replace(terms, overnight_method=OvernightMethod.COMPOUNDED)
    text = node.text("calculationMethod") or "Compounding"
    if text not in METHODS:
        pointer = f"{node.pointer}/calculationMethod"
        node.findings.error(FindingCode.UNKNOWN_VALUE, pointer, f"{text!r:.30} is no method; use {', '.join(METHODS)}")
    given = [(key, shift) for key, shift in SHIFTS if node.at(key).is_there]
    if len(given) > 1:
        names = ", ".join(key for key, _ in given)
        node.findings.warning(FindingCode.CARDINALITY, node.pointer, f"{names} are given together; the first counts")
    key, shift = given[0] if given else ("", ObservationShift.NONE)
    days = node.at("applicableBusinessDays")
    places = days.each("businessCenter")
    observed = node.at("observationParameters")
    return replace(
        terms,
        overnight_method=METHODS.get(text, OvernightMethod.COMPOUNDED),
        observation_shift=shift,
        observation_shift_days=(node.integer(key, "offsetDays") or 0) if key else 0,
        observation_centers=tuple(name for name in (place.text() for place in places) if name),
        daily_cap=observed.number("observationCapRate"),
        daily_floor=observed.number("observationFloorRate"),
    )
