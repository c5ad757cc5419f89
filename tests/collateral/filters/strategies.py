"""Random filters and random assets, with the odd values that asset masters hold."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.collateral.asset import ASSET_FIELDS, Asset, AssetField, FieldKind
from engine.collateral.filters.domains import AGENCY_OF, ORDINALS
from engine.collateral.filters.fields import FIELDS, FilterField, Reading
from engine.collateral.filters.syntax import Comparison, Expression, Not, OneOf, Operator, all_of, any_of
from engine.collateral.filters.text import Place
from engine.collateral.filters.values import value_of

NOWHERE = Place(0, 1, 1)
SCALES = {FieldKind.MONEY: 2, FieldKind.RATE: 4, FieldKind.PRICE: 4, FieldKind.YEARS: 4}
LEAST_LONG = 10
"""Characters that every text column of the asset master can hold."""

ODD_TEXTS = ("", " ", "USA", "usa", " USA ", "\u00a0usa\t", "\u00dcnited", "\u00fcNITED", "O'Neil", 'the "A"',
             "A and B", "Yahoo! Inc", "A (B)", "50%", "HOLD", "Sale",
             "\u00df", "\u017f", "\u0131", "\u03b1")  # fmt: skip
ODD_RATINGS = ("", " ", "NR", "WR", "D", "SD", "b1", "B+ *-", "bb (neg)", " Baa1 ", "B1*", "B +", "AAA", "aaa", "Caa",
               "C", "CC", "Ca")  # fmt: skip

texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=LEAST_LONG)
days = st.dates(date(2015, 1, 1), date(2015, 1, 20))


def decimals(places: int) -> st.SearchStrategy[Decimal]:
    """Few numbers, so that equal ones meet, with all the digits a column has."""
    few = st.sampled_from(["0", "5", "-1", "9.5", "0.1", "0.3", "0.07"]).map(Decimal)
    return (few | st.decimals(-9, 9, places=places)).map(lambda number: number.quantize(Decimal(1).scaleb(-places)))


def raw_values(item: AssetField) -> st.SearchStrategy[Any]:
    """What a column of the asset master may hold, NULL included, as the database takes it."""
    if item.kind is FieldKind.FLAG:
        return st.booleans()
    if item.kind is FieldKind.DAY:
        return st.none() | days
    if item.kind is FieldKind.COUNT:
        return st.none() | st.integers(-3, 12)
    if item.kind is not FieldKind.TEXT:
        return st.none() | decimals(SCALES[item.kind])
    if FIELDS[item.name].reading in AGENCY_OF:
        return st.none() | st.sampled_from((*ODD_RATINGS, *(text for scale in ORDINALS.values() for text in scale)))
    return texts if item.name in ("issue_name", "issuer_name") else st.none() | texts


@st.composite
def asset_rows(draw: st.DrawFn, most: int = 6) -> list[dict[str, Any]]:
    """Rows of the asset master, by column."""
    fields = [item for item in ASSET_FIELDS if item.name != "blkrock_id"]
    return [
        {"blkrock_id": f"A{number}"} | {item.name: draw(raw_values(item)) for item in fields}
        for number in range(draw(st.integers(1, most)))
    ]


def asset(row: dict[str, Any]) -> Asset:
    """The asset of a row: NULL text is the empty text, numbers are floats."""
    kinds = {item.name: item.kind for item in ASSET_FIELDS}
    values = {}
    for name, value in row.items():
        if kinds[name] is FieldKind.TEXT:
            values[name] = value or ""
        else:
            values[name] = float(value) if isinstance(value, Decimal) else value
    return Asset(**values)


def value_texts(field: FilterField) -> st.SearchStrategy[str]:
    """Texts that stand for a value of a field."""
    reading = field.reading
    if reading is Reading.TEXT:
        return texts
    if reading in AGENCY_OF:
        return st.sampled_from(tuple(ORDINALS[reading])).flatmap(lambda text: st.sampled_from((text, text.lower())))
    if reading is Reading.FLAG:
        return st.sampled_from(("true", "False", "YES", "no"))
    if reading is Reading.DAY:
        return days.map(date.isoformat)
    return decimals(4).map(str)


@st.composite
def comparisons(draw: st.DrawFn) -> Expression:
    """One field against one value or a list."""
    field = draw(st.sampled_from(tuple(FIELDS.values())))
    values = draw(st.lists(value_texts(field), min_size=1, max_size=3))
    read = tuple(value_of(field, text, NOWHERE) for text in values)
    if draw(st.booleans()) and draw(st.booleans()):
        return OneOf(field, field.reading, read, NOWHERE)
    operators = [one for one in Operator if field.reading.is_ordered or not one.needs_order]
    return Comparison(field, field.reading, draw(st.sampled_from(operators)), read[0], NOWHERE)


expressions: st.SearchStrategy[Expression] = st.recursive(
    comparisons(),
    lambda parts: (
        parts.map(Not)
        | st.lists(parts, min_size=2, max_size=3).map(all_of)
        | st.lists(parts, min_size=2, max_size=3).map(any_of)
    ),
    max_leaves=8,
)
