"""Field rules of the asset master: its texts, by length and by what they may say (spec 01 §1.1, spec 03 §3.2)."""

from collections.abc import Iterator

from engine.collateral.asset import ASSET_FIELDS, FIELD_BY_NAME, FieldKind
from engine.validation.accepted_texts import CLOSED_TEXTS, CURRENCIES, RATING_FIELDS, folded_text, is_known_rating
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault

_TEXTS = tuple(item for item in ASSET_FIELDS if item.kind is FieldKind.TEXT)


def long_texts(records: Records) -> Iterator[Fault]:
    """Texts with more characters than their field has room for."""
    for row in records.assets:
        for item in _TEXTS:
            value = getattr(row.asset, item.name)
            if isinstance(value, str) and len(value) > item.longest:
                yield asset_fault(row, f"{item.label} has more than {item.longest} characters", value)


def unknown_ratings(records: Records) -> Iterator[Fault]:
    """Texts in rating fields that their agency does not give."""
    for row in records.assets:
        for name in RATING_FIELDS:
            value = getattr(row.asset, name)
            if isinstance(value, str) and folded_text(value) and not is_known_rating(name, value):
                yield asset_fault(row, f"{FIELD_BY_NAME[name].label} is no rating of its agency", value)


def unknown_currencies(records: Records) -> Iterator[Fault]:
    """Currency texts that are no code of ISO 4217."""
    for row in records.assets:
        value = row.asset.currency
        if isinstance(value, str) and value.strip() and value.strip() not in CURRENCIES:
            yield asset_fault(row, "Currency is no currency code", value)


def unknown_choices(records: Records) -> Iterator[Fault]:
    """Texts outside the closed set of their field."""
    for row in records.assets:
        for name, accepted in CLOSED_TEXTS.items():
            value = getattr(row.asset, name)
            if isinstance(value, str) and folded_text(value) and folded_text(value) not in accepted:
                yield asset_fault(row, f"{FIELD_BY_NAME[name].label} is none of {', '.join(sorted(accepted))}", value)


_ASSET = "asset"
ASSET_TEXT_RULES: tuple[Rule, ...] = (
    Rule(
        "E-LENGTH",
        Scope.FIELD,
        _ASSET,
        "A text fits into its field.",
        "Shorten the text.",
        "field catalogue",
        long_texts,
    ),
    Rule(
        "E-RATING",
        Scope.FIELD,
        _ASSET,
        "A rating is on the scale of the agency of its field.",
        "Use the agency's scale or NR, or leave the field empty.",
        "seed validator; spec 03 §8.1, §14.5",
        unknown_ratings,
    ),
    Rule(
        "W-CURRENCY",
        Scope.FIELD,
        _ASSET,
        "A currency is a code of ISO 4217.",
        "Give the three-letter code.",
        "spec 01 §1.1 row 39",
        unknown_currencies,
    ),
    Rule(
        "W-CHOICE",
        Scope.FIELD,
        _ASSET,
        "Coupon type, bond or loan, and amortisation type are one of the texts the model knows.",
        "Use one of these texts; any other counts as fixed, as no loan, as a bullet.",
        "spec 01 §1.1 rows 6, 9, 64; spec 03 §3.2",
        unknown_choices,
    ),
)
