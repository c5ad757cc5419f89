"""The record of a simulation as arrays and text, exact to the bit, and back."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
import orjson

from workbooks.simulation.record import SimulationRecord

Array = npt.NDArray[Any]
TEXT = "record.text"
_PREFIX = "record."


def record_arrays(record: SimulationRecord) -> dict[str, Array]:
    """Everything a record holds: its arrays by name, and the rest as JSON bytes called `record.text`."""
    arrays: dict[str, Array] = {}
    text = orjson.dumps(_taken_apart(record, arrays))
    return {**{f"{_PREFIX}{name}": array for name, array in arrays.items()}, TEXT: np.frombuffer(text, np.uint8)}


def record_from(arrays: Mapping[str, Array]) -> SimulationRecord:
    """The record that `record_arrays` took apart."""
    found: SimulationRecord = _put_together(SimulationRecord, orjson.loads(arrays[TEXT].tobytes()), arrays)
    return found


def _taken_apart(value: Any, arrays: dict[str, Array]) -> Any:
    """JSON of a value of the record; arrays, and numbers that JSON does not know, go to `arrays` by number."""
    if is_dataclass(value):
        return {item.name: _taken_apart(getattr(value, item.name), arrays) for item in fields(value)}
    if isinstance(value, tuple):
        return [_taken_apart(item, arrays) for item in value]
    if isinstance(value, np.ndarray | float):
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return name
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _put_together(kind: Any, text: Any, arrays: Mapping[str, Array]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if text is None:
            return None
        kind = next(one for one in get_args(kind) if one is not types.NoneType)
        origin = get_origin(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{item.name: _put_together(hints[item.name], text[item.name], arrays) for item in fields(kind)})  # type: ignore[operator]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(text)
    if origin is tuple:
        return tuple(_put_together(get_args(kind)[0], item, arrays) for item in text)
    if origin is np.ndarray:
        return arrays[f"{_PREFIX}{text}"]
    if kind is float:
        return float(arrays[f"{_PREFIX}{text}"])
    return date.fromisoformat(text) if kind is date else text
