"""Answering many calls of one function: what they share is loaded once, and a failure is that of its own call only."""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from engine.errors import ClodeskError

P = ParamSpec("P")
R = TypeVar("R")


def each(calls: Sequence[tuple[Any, ...]], answer: Callable[..., Any]) -> list[Any]:
    """The result of every call in order, or the error that keeps it from one."""
    return [_result_or_error(answer, values) for values in calls]


def only(results: Sequence[Any]) -> Any:
    """The result of a batch of one call; raises the error that it has instead."""
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result


def _result_or_error(answer: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    try:
        return answer(*values)
    except ClodeskError as error:
        return error


def once(load: Callable[P, R]) -> Callable[P, R]:
    """`load` asked once for the same arguments, which have to be hashable; its failures are remembered too.

    A thousand cells on a deal without a run cost one look for it.
    """
    found: dict[Any, R | ClodeskError] = {}

    def remembered(*args: P.args, **kwargs: P.kwargs) -> R:
        key = (args, tuple(kwargs.items()))
        if key not in found:
            try:
                found[key] = load(*args, **kwargs)
            except ClodeskError as error:
                found[key] = error
        value = found[key]
        if isinstance(value, ClodeskError):
            raise value
        return value

    return remembered
