"""A deal result as named arrays, exact to the bit, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import psycopg

from db.asset_flows import AssetCashFlows
from engine.deal.results import DealResult, Failure, PeriodDates
from engine.errors import BackendError

Array = npt.NDArray[Any]
_DATES = tuple(item.name for item in fields(PeriodDates))
_FLOWS = ("asset_index", "period_number", "payment_date", "accrual_begin", "accrual_end", "amounts")


def result_arrays(result: DealResult) -> dict[str, Array]:
    """Everything a result holds as arrays; its names and texts as one array of JSON bytes called `texts`."""
    arrays: dict[str, Array] = {f"dates.{name}": getattr(result.dates, name) for name in _DATES}
    texts: dict[str, Any] = {}
    for item in fields(DealResult):
        value = getattr(result, item.name)
        if isinstance(value, np.ndarray):
            arrays[item.name] = value
        elif _is_number(value) or (isinstance(value, tuple) and value and all(map(_is_number, value))):
            # JSON knows no NaN, so floating point numbers travel as arrays too.
            arrays[f"numbers.{item.name}"] = np.asarray(value, dtype=np.float64)
        elif item.name not in ("dates", "step_texts", "failure"):
            texts[item.name] = value
    texts["step_texts"] = [[section, step, text] for (section, step), text in result.step_texts.items()]
    texts["failure"] = result.failure
    arrays["texts"] = np.frombuffer(orjson.dumps(texts), np.uint8)
    return arrays


def _is_number(value: object) -> bool:
    return isinstance(value, float)


def result_from(arrays: Mapping[str, Array]) -> DealResult:
    """The result that `result_arrays` took apart."""
    values: dict[str, Any] = orjson.loads(arrays["texts"].tobytes())
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    values["step_texts"] = {(section, step): text for section, step, text in values["step_texts"]}
    values["failure"] = None if values["failure"] is None else Failure(**values["failure"])
    values["dates"] = PeriodDates(**{name: arrays[f"dates.{name}"] for name in _DATES})
    for name, array in arrays.items():
        if name.startswith("numbers."):
            values[name.removeprefix("numbers.")] = tuple(array.tolist()) if array.ndim else float(array)
        elif name != "texts" and "." not in name:
            values[name] = array
    return DealResult(**values)


def flow_arrays(flows: AssetCashFlows) -> dict[str, Array]:
    """Asset cash flows as arrays, names beginning with `flows.`."""
    arrays: dict[str, Array] = {f"flows.{name}": getattr(flows, name) for name in _FLOWS}
    arrays["flows.ids"] = np.frombuffer(orjson.dumps(flows.ids), np.uint8)
    return arrays


def flows_from(arrays: Mapping[str, Array]) -> AssetCashFlows | None:
    """The flows that `flow_arrays` took apart, None where the run kept none."""
    if "flows.ids" not in arrays:
        return None
    return AssetCashFlows(
        ids=tuple(orjson.loads(arrays["flows.ids"].tobytes())),
        **{name: arrays[f"flows.{name}"] for name in _FLOWS},
    )


def store_arrays(
    connection: psycopg.Connection[Any], run_id: int, run_at: datetime, arrays: Mapping[str, Array]
) -> None:
    """Append the arrays of a run."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO run_arrays (run_id, run_at, name, dtype, shape, data) VALUES (%s, %s, %s, %s, %s, %b)",
            [
                (run_id, run_at, name, _dtype_text(array.dtype), list(array.shape), array.tobytes())
                for name, array in arrays.items()
            ],
        )


def load_arrays(
    connection: psycopg.Connection[Any], run_id: int, run_at: datetime, *, prefix: str | None = None
) -> dict[str, Array]:
    """Arrays of a run by name, equal to what was stored bit for bit; with a prefix only those that begin with it."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(
            "SELECT name, dtype, shape, data FROM run_arrays WHERE run_id = %s AND run_at = %s"
            " AND (%s::text IS NULL AND name NOT LIKE 'flows.%%' OR starts_with(name, %s::text))",
            [run_id, run_at, prefix, prefix],
        ).fetchall()
    return {name: _array(name, dtype, shape, data) for name, dtype, shape, data in rows}


def load_array_of_runs(connection: psycopg.Connection[Any], run_ids: Sequence[int], name: str) -> dict[int, Array]:
    """One array of several runs by run number; runs without it are left out."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(
            "SELECT run_id, dtype, shape, data FROM run_arrays WHERE run_id = ANY(%s) AND name = %s",
            [list(run_ids), name],
        ).fetchall()
    return {run_id: _array(name, dtype, shape, data) for run_id, dtype, shape, data in rows}


def _dtype_text(dtype: np.dtype[Any]) -> str:
    return orjson.dumps(dtype.descr if dtype.names else dtype.str).decode()


def _array(name: str, dtype_text: str, shape: list[int], data: bytes) -> Array:
    described = orjson.loads(dtype_text)
    dtype = np.dtype(described if isinstance(described, str) else [tuple(part) for part in described])
    found = np.frombuffer(data, dtype)
    if found.size != int(np.prod(shape, dtype=np.int64)):
        raise BackendError("CLO-3014", f"The stored array {name} is incomplete", where="table run_arrays")
    return found.reshape(shape)
