"""Terms that the CDM has no place for, kept in a block of our own in the documents that we write.

The block `@clodesk` at the root of a trade state maps places of the contract, as JSON pointers over its records, to
values: `/legs/0/lots/0/initial_fx` to 1.25. Other readers may leave it out; the rest of the document stands alone.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from engine.errors import ClodeskError
from engine.payouts.cdm.document import Node
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract

OWN_TERMS = "@clodesk"

NOT_TERMS = frozenset({"cdm_global_key", "content_key"})
"""Fields that say where a contract was read, not what was agreed."""


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def encoded(value: Any) -> Any:
    """A value of the terms as JSON: records as objects, tuples as lists, dates and enumerations as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encoded(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [encoded(member) for member in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): encoded(member) for key, member in value.items()}
    return value


def decoded(kind: Any, value: Any) -> Any:
    """A value of the terms from JSON. Raises ValueError or TypeError where it is none of that kind."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decoded_union(get_args(kind), value)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError(f"{value!r:.60} is no list")
        return tuple(decoded(get_args(kind)[0], member) for member in value)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict) or not all(isinstance(member, str) for member in value.values()):
            raise TypeError(f"{value!r:.60} is no object of texts")
        return dict(value)
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise TypeError(f"{value!r:.60} is no object")
        hints = _hints(kind)
        return kind(**{name: decoded(hints[name], member) for name, member in value.items()})
    return _decoded_scalar(kind, value)


def _decoded_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return decoded(kind, value)
        except (TypeError, ValueError):
            continue
    raise TypeError(f"{value!r:.60} is of none of the kinds that are allowed")


def _decoded_scalar(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is date:
        if not isinstance(value, str):
            raise TypeError(f"{value!r:.60} is no date")
        return date.fromisoformat(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is kind:
        return value
    raise TypeError(f"{value!r:.60} is no {getattr(kind, '__name__', kind)}")


def differences(wanted: Any, read: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Places at which `read` is not `wanted`, each with the wanted value as JSON."""
    if is_dataclass(wanted) and type(wanted) is type(read) and not isinstance(wanted, type):
        for field in fields(wanted):
            if field.name not in NOT_TERMS:
                name = field.name
                yield from differences(getattr(wanted, name), getattr(read, name), f"{pointer}/{name}")
    elif isinstance(wanted, tuple) and isinstance(read, tuple) and len(wanted) == len(read) and wanted:
        for i, (one, other) in enumerate(zip(wanted, read, strict=True)):
            yield from differences(one, other, f"{pointer}/{i}")
    elif wanted != read or type(wanted) is not type(read):
        yield pointer, encoded(wanted)


def _replaced(kind: Any, record: Any, path: list[str], value: Any) -> Any:
    """A record with the value at a path; `kind` is the declared type of the record."""
    if not path:
        return decoded(kind, value)
    head, *rest = path
    if isinstance(record, tuple):
        members = list(record)
        [member_kind, *_] = get_args(_without_none(kind))
        members[int(head)] = _replaced(member_kind, members[int(head)], rest, value)
        return tuple(members)
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"there is nothing at {head}")
    return replace(record, **{head: _replaced(_hints(type(record))[head], getattr(record, head), rest, value)})


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return next(one for one in get_args(kind) if one is not type(None))
    return kind


def with_own_terms(contract: Contract, block: Node) -> Contract:
    """The contract with the terms of the block of its document; what cannot be applied is an ERROR finding."""
    for pointer, value in block.fields.items():
        try:
            contract = _replaced(Contract, contract, pointer.split("/")[1:], value)
        except (TypeError, ValueError, LookupError, ClodeskError) as error:
            place = block.at(pointer).pointer
            message = f"The term {pointer!r:.60} cannot be read: {error!s:.200}"
            block.findings.error(FindingCode.UNKNOWN_VALUE, place, message)
    return contract
