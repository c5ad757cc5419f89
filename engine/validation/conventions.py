"""Conventions named by assets, classes and fees: day counts and business-day rules (spec 01 §2, spec 02 §2)."""

from collections.abc import Iterator

from engine.conventions.business_day import parse_business_day_convention
from engine.conventions.day_count import parse_day_count
from engine.errors import InputError
from engine.snapshot import FeeRow, TrancheRow
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault


def _is_day_count(text: str) -> bool:
    try:
        parse_day_count(text)
    except InputError:
        return False
    return True


def _is_business_day_convention(text: str) -> bool:
    try:
        parse_business_day_convention(text)
    except InputError:
        return False
    return True


def unknown_day_counts(records: Records) -> Iterator[Fault]:
    """Day counts that no calculation knows; a blank one is a missing value, not an unknown one."""
    for row in records.assets:
        if row.asset.day_count.strip() and not _is_day_count(row.asset.day_count):
            yield asset_fault(row, "Day Count is not known", row.asset.day_count)
    for deal in records.deals:
        items: tuple[TrancheRow | FeeRow, ...] = (*deal.tranches, *deal.fees)
        for item in items:
            if item.day_count.strip() and not _is_day_count(item.day_count):
                text = f"day count of {item.name} is not known"
                yield Fault(text=text, key=f"{deal.name} {item.name}", place=item.place, found=item.day_count)


def unknown_business_day_conventions(records: Records) -> Iterator[Fault]:
    """Business-day conventions that no calculation knows."""
    for row in records.assets:
        if not _is_business_day_convention(row.asset.business_day_conv):
            yield asset_fault(row, "Business Day Convention is not known", row.asset.business_day_conv)
    for deal in records.deals:
        text = deal.date_inputs.business_day_convention
        if not _is_business_day_convention(text):
            yield Fault(
                text=f"business-day convention of {deal.name} is not known",
                key=deal.name,
                place=deal.date_inputs.place,
                found=text,
            )


CONVENTION_RULES: tuple[Rule, ...] = (
    Rule(
        "W-DAYCOUNT",
        Scope.FIELD,
        "day count",
        "A day count is one of the known spellings.",
        "Use 30/360, 30/360EU, Actual/360, Actual/365 or Actual/Actual; a deal with another one does not run.",
        "spec 01 §2.5, LQ-08",
        unknown_day_counts,
    ),
    Rule(
        "W-BUSINESSDAY",
        Scope.FIELD,
        "business-day convention",
        "A business-day convention is one of the known spellings.",
        "Use Following, Mod Following, Previous or None; a deal with another one does not run.",
        "spec 01 §2.3, LQ-14",
        unknown_business_day_conventions,
    ),
)
