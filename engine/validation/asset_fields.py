"""Field rules of the asset master: kinds, sizes and units of its values, derived from the catalogue (spec 01 §1.1)."""

import math
from collections.abc import Iterator
from datetime import date, datetime

from engine.collateral.asset import ASSET_FIELDS, FIELD_BY_NAME, FieldKind
from engine.conventions.frequency import months_between_payments
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault

USUAL_FREQUENCIES = frozenset({1, 2, 4, 12})
LARGEST_FRACTION = 1.5
"""A price up to this in percent of par was probably typed as a fraction of par, unless the asset is in default."""

_NUMBERS = tuple(item for item in ASSET_FIELDS if item.kind not in {FieldKind.TEXT, FieldKind.DAY, FieldKind.FLAG})
_AMOUNTS = tuple(item for item in ASSET_FIELDS if item.kind in {FieldKind.MONEY, FieldKind.YEARS})
_PRICES = tuple(item for item in ASSET_FIELDS if item.kind is FieldKind.PRICE)
_WORD_BY_KIND = {FieldKind.TEXT: "a text", FieldKind.DAY: "a date", FieldKind.FLAG: "yes or no"} | {
    FieldKind.COUNT: "a whole number"
}


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)


def _is_of_kind(kind: FieldKind, value: object) -> bool:
    if kind is FieldKind.TEXT:
        return isinstance(value, str)
    if kind is FieldKind.FLAG:
        return isinstance(value, bool)
    if value is None:
        return True
    if kind is FieldKind.DAY:
        return isinstance(value, date) and not isinstance(value, datetime)
    return _is_number(value) and (kind is not FieldKind.COUNT or float(str(value)).is_integer())


def wrong_kinds(records: Records) -> Iterator[Fault]:
    """Values that are not of the kind of their field, not-a-number among them."""
    for row in records.assets:
        for item in ASSET_FIELDS:
            value = getattr(row.asset, item.name)
            if not _is_of_kind(item.kind, value):
                wanted = _WORD_BY_KIND.get(item.kind, "a number")
                yield asset_fault(row, f"{item.label} is not {wanted}", value)


def missing_keys(records: Records) -> Iterator[Fault]:
    """Assets without an id."""
    for row in records.assets:
        if isinstance(row.asset.blkrock_id, str) and not row.asset.blkrock_id.strip():
            yield asset_fault(row, "the id is blank", row.asset.issue_name)


def oversized_numbers(records: Records) -> Iterator[Fault]:
    """Numbers of a size that no value of their field has."""
    for row in records.assets:
        for item in _NUMBERS:
            value = getattr(row.asset, item.name)
            if _is_number(value) and not abs(value) < item.largest:
                yield asset_fault(row, f"{item.label} is not below {item.largest:,.0f}", value)


def unusual_amounts(records: Records) -> Iterator[Fault]:
    """Amounts and lives outside of the usual range of their unit."""
    for row in records.assets:
        for item in _AMOUNTS:
            value = getattr(row.asset, item.name)
            lowest, highest = item.usual
            if _is_number(value) and not lowest <= value <= highest:
                limit = f"below {lowest:g}" if value < lowest else f"above {highest:g}"
                yield asset_fault(row, f"{item.label} is {limit}", value)


def negative_prices(records: Records) -> Iterator[Fault]:
    """Prices below zero, of assets and of classes."""
    for row in records.assets:
        for item in _PRICES:
            value = getattr(row.asset, item.name)
            if _is_number(value) and value < item.usual[0]:
                yield asset_fault(row, f"{item.label} is negative", value)
    for deal in records.deals:
        for tranche in deal.tranches:
            if tranche.price is not None and tranche.price < 0:
                text = f"price of {tranche.name} is negative"
                yield Fault(text=text, key=f"{deal.name} {tranche.name}", place=tranche.place, found=tranche.price)


def unusual_prices(records: Records) -> Iterator[Fault]:
    """Prices that seem to be in another unit: percent of par for assets, a fraction of par for classes."""
    for row in records.assets:
        for item in _PRICES:
            value = getattr(row.asset, item.name)
            if not _is_number(value):
                continue
            if value > item.usual[1]:
                yield asset_fault(row, f"{item.label} is above {item.usual[1]:g} percent of par", value)
            elif 0 < value <= LARGEST_FRACTION and not row.asset.default_asset:
                yield asset_fault(row, f"{item.label} looks like a fraction of par, where percent is expected", value)
    highest = FIELD_BY_NAME["market_value"].usual[1] / 100
    for deal in records.deals:
        for tranche in deal.tranches:
            if tranche.price is not None and tranche.price > highest:
                text = f"price of {tranche.name} is above {highest:g} times par, where a fraction of par is expected"
                yield Fault(text=text, key=f"{deal.name} {tranche.name}", place=tranche.place, found=tranche.price)


def impossible_frequencies(records: Records) -> Iterator[Fault]:
    """Payment frequencies that leave no whole month between payments."""
    for row in records.assets:
        value = row.asset.payment_freq
        if value is not None and _is_number(value) and not _has_months(value):
            yield asset_fault(row, "Payment Frequency leaves no whole months between payments", value)


def unusual_frequencies(records: Records) -> Iterator[Fault]:
    """Payment frequencies that can be computed with but are not among those of loans."""
    for row in records.assets:
        value = row.asset.payment_freq
        if value is not None and _is_number(value) and _has_months(value) and value not in USUAL_FREQUENCIES:
            yield asset_fault(row, "Payment Frequency is none of 1, 2, 4, 12 a year", value)


def _has_months(payments_per_year: int) -> bool:
    return payments_per_year >= 1 and months_between_payments(payments_per_year) >= 1


_ASSET = "asset"
ASSET_FIELD_RULES: tuple[Rule, ...] = (
    Rule(
        "E-KIND",
        Scope.FIELD,
        _ASSET,
        "A value is of its field's kind: text, date, whole number, finite number, yes or no.",
        "Give a value of that kind, or leave the field empty.",
        "field catalogue; spec 06 §4.3",
        wrong_kinds,
    ),
    Rule(
        "E-KEY",
        Scope.FIELD,
        _ASSET,
        "An asset has an id.",
        "Give the asset its id.",
        "spec 01 §1.1 row 1",
        missing_keys,
    ),
    Rule(
        "E-SIZE",
        Scope.FIELD,
        _ASSET,
        "A number is of a size that its field can have.",
        "Check the number and its unit.",
        "field catalogue",
        oversized_numbers,
    ),
    Rule(
        "W-AMOUNT",
        Scope.FIELD,
        _ASSET,
        "Amounts are not negative, lives are between 0 and 100 years.",
        "Correct the sign or the unit.",
        "field catalogue; spec 01 §1.3 (no range checks)",
        unusual_amounts,
    ),
    Rule(
        "E-PRICE",
        Scope.FIELD,
        "price",
        "A price is not negative.",
        "Correct the price, or leave it empty.",
        "field catalogue; spec 01 §1.3 (no range checks)",
        negative_prices,
    ),
    Rule(
        "W-PRICE",
        Scope.FIELD,
        "price",
        "A price is in its unit: assets 0 to 200 percent of par, classes 0 to 2 as a fraction of par.",
        "Check the unit of the price.",
        "field catalogue; spec 01 §1.1 row 41; spec 02 §1",
        unusual_prices,
    ),
    Rule(
        "E-FREQUENCY",
        Scope.FIELD,
        _ASSET,
        "A payment frequency leaves at least one whole month between payments.",
        "Give payments a year: 1, 2, 4 or 12.",
        "spec 01 §1.2",
        impossible_frequencies,
    ),
    Rule(
        "W-FREQUENCY",
        Scope.FIELD,
        _ASSET,
        "A payment frequency is 1, 2, 4 or 12 a year.",
        "Check the frequency; months between payments are rounded to whole ones.",
        "spec 01 §1.1 row 10, §1.2",
        unusual_frequencies,
    ),
)
