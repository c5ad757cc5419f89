"""What a filter says, as records: comparisons joined by AND, OR and NOT."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as record_field
from enum import Enum

from engine.collateral.filters.fields import FilterField, Reading
from engine.collateral.filters.text import Place

Key = float | str


class Operator(Enum):
    """A comparison by its sign."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="

    @property
    def needs_order(self) -> bool:
        """Whether the comparison asks for smaller or greater."""
        return self not in (Operator.EQUAL, Operator.UNEQUAL)


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is written, and the key that is compared: a text, or a number (ordinal, day number, 0 or 1)."""

    text: str
    key: Key


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against one value. A missing value of the field is unequal to everything and compares false else."""

    field: FilterField
    reading: Reading
    operator: Operator
    value: Value
    place: Place = record_field(compare=False)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One field against a list of values, of which one must be equal."""

    field: FilterField
    reading: Reading
    values: tuple[Value, ...]
    place: Place = record_field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What does not meet the operand."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """What meets all parts; without parts, everything."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What meets at least one part; without parts, nothing."""

    parts: tuple["Expression", ...]


Expression = Comparison | OneOf | Not | And | Or

EVERYTHING = And(())
NOTHING = Or(())


def all_of(parts: Iterable[Expression]) -> Expression:
    """Conjunction without conjunctions among its parts; a single part stands for itself."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(parts: Iterable[Expression]) -> Expression:
    """Alternative without alternatives among its parts; a single part stands for itself."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def fields_of(expression: Expression) -> tuple[FilterField, ...]:
    """The fields that a filter names, each once, in the order of the text."""
    return tuple(dict.fromkeys(_fields(expression)))


def _fields(expression: Expression) -> Iterator[FilterField]:
    if isinstance(expression, Comparison | OneOf):
        yield expression.field
    elif isinstance(expression, Not):
        yield from _fields(expression.operand)
    else:
        for part in expression.parts:
            yield from _fields(part)
