"""The instructions of a business event as JSON, and how they come back (spec 07 §3.8, §19.1).

Each instruction carries the name of its type, since several have fields in common. The new value of a changed term is
kept as JSON too; the field it is for says what it was.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from engine.closest import did_you_mean
from engine.errors import BackendError, InputError
from engine.payouts.events.instructions import AnyInstruction, Correction, FieldChange, TermsChange
from engine.payouts.terms.contract import Contract, Leg

_ADAPTERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(AnyInstruction)}


def instruction_json(instruction: AnyInstruction) -> dict[str, Any]:
    """An instruction with the name of its type."""
    name = type(instruction).__name__
    values: dict[str, Any] = _ADAPTERS[name].dump_python(instruction, mode="json")
    if isinstance(instruction, Correction):
        values["instructions"] = [instruction_json(one) for one in instruction.instructions]
    return {"type": name, **values}


def instruction_of(state: Mapping[str, Any]) -> AnyInstruction:
    """The instruction of a stored JSON object; BackendError CLO-1985 for one that this version does not understand."""
    try:
        return read_instruction(state)
    except InputError as error:
        raise BackendError(
            "CLO-1985",
            f"A stored event cannot be read: {error.problem}",
            where="business_events.instruction",
            remedy="Bring the schema up to date: clodesk db upgrade.",
        ) from error


def read_instruction(state: Mapping[str, Any]) -> AnyInstruction:
    """The instruction of a JSON object. InputError CLO-1986 names the type, field or value that cannot be."""
    values = dict(state)
    name = str(values.pop("type", ""))
    if name not in _ADAPTERS:
        known = sorted(_ADAPTERS)
        raise InputError(
            "CLO-1986",
            f"There is no instruction of type {name!r}",
            remedy=did_you_mean(name, known, f"Use one of {', '.join(known)}."),
        )
    try:
        if name == Correction.__name__:
            # The nested instructions have names of their own; a union without them would guess.
            nested = tuple(read_instruction(one) for one in values.pop("instructions", ()))
            made: AnyInstruction = _ADAPTERS[name].validate_python({**values, "instructions": ()})
            return Correction(**{**_shallow(made), "instructions": nested})
        instruction: AnyInstruction = _ADAPTERS[name].validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            "CLO-1986", f"{name} cannot be read: {place}: {first['msg']}", remedy=f"Correct {place}."
        ) from error
    if isinstance(instruction, TermsChange):
        return TermsChange(changes=tuple(_typed(change) for change in instruction.changes))
    return instruction


def term_value(path: str, value: object, leg_number: int | None = None) -> object:
    """A value as the type of the term it is for: `2025-06-30` as a date, `ACT/360` as a day count.

    path: fields joined by dots, from the contract, or from its legs where leg_number is given. Raises InputError
    CLO-1986 for a term that there is none of, or a value that cannot be one.
    """
    hint: Any = Contract if leg_number is None else Leg
    for name in path.split("."):
        hint = _term_type(hint, name, path)
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            "CLO-1986", f"{value!r:.80} cannot be {path}: {first['msg']}", where=path, remedy="Correct the value."
        ) from error


def _typed(change: FieldChange) -> FieldChange:
    return FieldChange(
        path=change.path,
        value=term_value(change.path, change.value, change.leg_number),
        leg_number=change.leg_number,
    )


def _term_type(owner: Any, name: str, path: str) -> Any:
    kinds = get_args(owner) if get_origin(owner) in (Union, UnionType) else (owner,)
    record: Any = next((kind for kind in kinds if is_dataclass(kind)), None)
    known = _hints(record) if record is not None else {}
    if name not in known:
        raise InputError(
            "CLO-1986",
            f"There is no term {path!r}: {getattr(record, '__name__', 'a plain value')} has no {name!r}",
            where=path,
            remedy=did_you_mean(name, sorted(known), f"Use one of {', '.join(sorted(known))}."),
        )
    return known[name]


@cache
def _hints(record: Any) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {item.name: hints[item.name] for item in fields(record)}


def _shallow(record: Any) -> dict[str, Any]:
    return {item.name: getattr(record, item.name) for item in fields(record)}
