"""Where assumption sets come from: the workbook itself, those that ship with clodesk, and those a user stored."""

import json
from importlib.resources import files
from typing import Any

from pydantic import TypeAdapter, ValidationError

from db.scenarios import NamedContent
from engine.collateral.assumptions import AssumptionRow
from engine.deal.assumptions import AssumptionSet
from engine.errors import InputError

WORKBOOK = "workbook"
"""The name under which every snapshot offers its own curve, vectors and cash-flow assumptions."""

_ADAPTER: TypeAdapter[AssumptionSet] = TypeAdapter(AssumptionSet)


def from_workbook(
    curve: tuple[tuple[int, float], ...],
    rows: tuple[AssumptionRow, ...],
    vectors: dict[str, tuple[float, ...]],
) -> AssumptionSet:
    """The set a workbook states: its curve and collateral assumptions; the rest stands on the deal's sheet."""
    return AssumptionSet(
        name=WORKBOOK,
        description="Curve, vectors and assumptions of the workbook",
        curve=curve,
        rows=rows,
        vectors=vectors,
    )


def built_in() -> dict[str, AssumptionSet]:
    """The sets that ship with clodesk, by name."""
    texts = (
        item.read_bytes() for item in files("engine.desk").joinpath("sets").iterdir() if item.name.endswith(".json")
    )
    sets = (_ADAPTER.validate_json(text) for text in texts)
    return {chosen.name: chosen for chosen in sets}


def to_json(chosen: AssumptionSet) -> str:
    """The text form of a set; `from_json` reads it back."""
    return _ADAPTER.dump_json(chosen, indent=2).decode()


def to_document(chosen: AssumptionSet) -> NamedContent:
    """The set as the database keeps it."""
    return NamedContent(
        name=chosen.name, description=chosen.description, content=_ADAPTER.dump_python(chosen, mode="json")
    )


def from_content(content: dict[str, Any], name: str) -> AssumptionSet:
    """The set of a stored document."""
    return from_json(json.dumps(content), f"assumption set '{name}'")


def from_json(text: str | bytes, where: str) -> AssumptionSet:
    """Read a set from its text form. Raises InputError that names the first wrong field."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the text"
        raise InputError(
            "CLO-4013",
            f"The assumption set cannot be read: {field}: {first['msg']}",
            where=where,
            remedy="Compare with `clodesk assumptions show illustrative`.",
        ) from error
