"""Field arguments: one name, several in a range or a comma list, or `*` for all (spec 08 §13)."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from engine.closest import did_you_mean
from xl_addin.registry.errors import wrong
from xl_addin.registry.kinds import NAMES

Fields = Annotated[tuple[str, ...], NAMES, 'Field, several in a range or as "a,b", or "*" for all; several give a row.']
ALL = ("*",)


def fields_of(given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The fields that an argument names; CellError CLO-2163 for an unknown one, with the closest names."""
    if tuple(given) == ALL:
        return tuple(known)
    by_folded = {name.casefold(): name for name in known}
    return tuple(_field(name, by_folded) for name in given)


def _field(name: str, by_folded: dict[str, str]) -> str:
    found = by_folded.get(name.casefold())
    if found is None:
        raise wrong(
            "CLO-2163",
            f"There is no field '{name[:60]}'",
            remedy=did_you_mean(name, by_folded.values(), f"Fields: {', '.join(by_folded.values())}."),
        )
    return found


def one_or_row(given: Sequence[str], fields: Sequence[str], value: Callable[[str], Any]) -> Any:
    """What a cell shows of fields: one value where one was named, else a row."""
    if len(fields) == 1 and tuple(given) != ALL:
        return value(fields[0])
    return [[value(field) for field in fields]]
