"""Whether rates are decimals, the one question that a wrong unit answers by itself (spec 06 §4.3, W-UNIT).

Index fixings are judged where they still are percent: by the importer.
"""

from collections.abc import Iterator

from engine.collateral.asset import ASSET_FIELDS, USUAL_BY_KIND, FieldKind
from engine.snapshot import DealSnapshot, Place
from engine.validation.limits import TESTS_IN_OWN_UNIT
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault

_RATES = tuple(item for item in ASSET_FIELDS if item.kind is FieldKind.RATE)


def rate_remark(value: float) -> str:
    """What is odd about a rate as a decimal; empty where nothing is."""
    lowest, highest = USUAL_BY_KIND[FieldKind.RATE]
    if value > highest:
        return f"above {highest:g} where a decimal is expected"
    return f"below {lowest:g} where a decimal is expected" if value < lowest else ""


def threshold_remark(number: int, level: float) -> str:
    """What is odd about the level of a test as a decimal; empty for tests in a unit of their own."""
    return rate_remark(level) if number not in TESTS_IN_OWN_UNIT else ""


def rates_that_are_no_decimals(records: Records) -> Iterator[Fault]:
    """Rates and levels that seem to be percent or basis points, and repayments with the sign of a drawing."""
    for row in records.assets:
        for item in _RATES:
            value = getattr(row.asset, item.name)
            if value is not None and (remark := rate_remark(value)):
                yield asset_fault(row, f"{item.label} {remark}", value)
    for deal in records.deals:
        for what, value, place in _deal_rates(deal):
            if value is not None and (remark := rate_remark(value)):
                yield Fault(text=f"{what} {remark}", key=f"{deal.name} {what}", place=place, found=value)
        for test in deal.tests:
            if isinstance(test.threshold, float) and (remark := threshold_remark(test.number, test.threshold)):
                text = f"threshold of test {test.number} {remark}"
                yield Fault(text=text, key=f"{deal.name} test {test.number}", place=test.place, found=test.threshold)
    for month, value in records.curve:
        if remark := rate_remark(value):
            yield Fault(text=f"curve rate of month {month} {remark}", key=f"month {month}", found=value)
    for sink in records.sink_schedule:
        if sink.amount < 0:
            text = f"negative repayment of {sink.blkrock_id}"
            yield Fault(text=text, key=f"{sink.blkrock_id} {sink.on}", place=sink.place, found=sink.amount)


def _deal_rates(deal: DealSnapshot) -> Iterator[tuple[str, float | None, Place | None]]:
    yield "original LIBOR", deal.original_libor, None
    yield "current LIBOR", deal.current_libor, None
    for tranche in deal.tranches:
        yield f"spread of {tranche.name}", tranche.spread, tranche.place
        yield f"discount margin of {tranche.name}", tranche.discount_margin, tranche.place
    for fee in deal.fees:
        yield f"percentage of {fee.name}", fee.percentage, fee.place
        yield f"spread on unpaid {fee.name}", fee.interest_spread, fee.place


UNIT_RULES: tuple[Rule, ...] = (
    Rule(
        "W-UNIT",
        Scope.FIELD,
        "rate",
        "Rates, spreads, fees and levels are decimals between -1 and 1, repayments are not negative.",
        "Give the decimal (0.0475 for 4.75 %); numbers are never rescaled.",
        "spec 06 §4.3, §5.5",
        rates_that_are_no_decimals,
    ),
)
