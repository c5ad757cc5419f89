"""Answering calls: one look-up, one computation and one memory for every face (spec 08 §3.3, §3.4).

A batch is looked up whole, identical calls are computed once, functions with a form for many calls get all of theirs at
once. An answer is kept under the call and the version of the data it depends on; nothing expires by time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from engine.errors import BackendError, ClodeskError
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import PAYOUTS, Cost, Function, Parameter
from xl_addin.registry.errors import CellError, PassedOnError, cell_error, wrong
from xl_addin.registry.memory import ResultMemory
from xl_addin.registry.results import decode, encode, encode_error
from xl_addin.registry.values import OMITTED, Raw, is_error


class Call(NamedTuple):
    """One call: name of the function, raw arguments in order, address of the cell if it is known."""

    name: str
    arguments: Sequence[Raw]
    cell: str = ""


class Answer(NamedTuple):
    """The wire form of a result; whether it may be kept."""

    encoded: bytes
    is_kept: bool


@dataclass(slots=True)
class Batch:
    """A batch on its way: answers in the order of the calls, None where they are still missing.

    open_calls: what has to be computed, once each; places: where the answer to each of them belongs; keys: what it is
    kept under.
    """

    answers: list[bytes | None]
    open_calls: list[Call] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)

    def open(self, call: Call, key: bytes) -> None:
        """Take a call in that has to be computed."""
        self.open_calls.append(call)
        self.keys.append(key)
        self.places.append([])

    def fill(self, index: int, encoded: bytes) -> None:
        """Give every cell that asked for open call `index` its answer."""
        for place in self.places[index]:
            self.answers[place] = encoded


class Dispatcher:
    """Calls to answers, with a memory."""

    def __init__(self, memory: ResultMemory) -> None:
        self._memory = memory

    def answer(self, calls: Sequence[Call], ctx: CallContext) -> list[bytes]:
        """The wire form of every result, in order; a failure is the answer of its own call only."""
        batch = self.look_up(calls, ctx)
        self.keep(batch, range(len(batch.open_calls)), compute(batch.open_calls, ctx))
        answers = [answer for answer in batch.answers if answer is not None]
        note_errors(calls, answers, ctx)
        return answers

    def call(self, name: str, arguments: Sequence[Raw], ctx: CallContext, cell: str = "") -> Any:
        """One result as JSON values: {"v": ...} or {"e": ..., "m": ...}."""
        return decode(self.answer([Call(name, arguments, cell)], ctx)[0])

    def look_up(self, calls: Sequence[Call], ctx: CallContext) -> Batch:
        """What is known of a batch already, and what is left to compute."""
        functions = by_name()
        batch = Batch([None] * len(calls))
        keyed: list[tuple[int, bytes]] = []
        shared: set[bytes] = set()
        for place, call in enumerate(calls):
            function = functions.get(call.name)
            try:
                key = _key(function or _found(call.name), call, ctx)
            except ClodeskError as error:
                batch.answers[place] = encode_error(error, call.name[:64])
                continue
            keyed.append((place, key))
            if function is not None and function.cost is not Cost.LIGHT:
                shared.add(key)
        known = self._memory.get_many({key for _, key in keyed}, shared)
        index_by_key: dict[bytes, int] = {}
        for place, key in keyed:
            answer = known.get(key)
            if answer is not None:
                batch.answers[place] = answer
                continue
            index = index_by_key.setdefault(key, len(batch.keys))
            if index == len(batch.keys):
                batch.open(calls[place], key)
            batch.places[index].append(place)
        return batch

    def keep(self, batch: Batch, indices: Iterable[int], answers: Iterable[Answer]) -> None:
        """Fill in the answers to open calls, and remember those that may be kept."""
        functions = by_name()
        shared: dict[bytes, bytes] = {}
        local: dict[bytes, bytes] = {}
        for index, answer in zip(indices, answers, strict=True):
            batch.fill(index, answer.encoded)
            function = functions[batch.open_calls[index].name]
            if answer.is_kept and function.is_cached:
                (local if function.cost is Cost.LIGHT else shared)[batch.keys[index]] = answer.encoded
        self._memory.put_many(local, is_shared=False)
        self._memory.put_many(shared, is_shared=True)


def note_errors(calls: Sequence[Call], answers: Sequence[bytes], ctx: CallContext) -> None:
    """Remember the errors of cells whose address is known, and forget those that are well again."""
    for call, answer in zip(calls, answers, strict=True):
        if call.cell:
            is_error = answer.startswith(b'{"e"')
            ctx.errors.note(ctx.workbook, call.cell, decode(answer)["m"] if is_error else None)


def cost_of(name: str) -> Cost:
    """What a call of a function costs."""
    return by_name()[name].cost


def compute(calls: Sequence[Call], ctx: CallContext) -> list[Answer]:
    """The answers to calls of known functions, each computed."""
    answers: list[Answer | None] = [None] * len(calls)
    grouped: dict[str, list[int]] = {}
    functions = by_name()
    for index, call in enumerate(calls):
        function = functions[call.name]
        if function.batch is None:
            answers[index] = _computed(function, call, ctx)
        else:
            grouped.setdefault(call.name, []).append(index)
    for name, indices in grouped.items():
        for index, answer in zip(
            indices, _computed_many(functions[name], [calls[i] for i in indices], ctx), strict=True
        ):
            answers[index] = answer
    return [answer for answer in answers if answer is not None]


def bind(function: Function, arguments: Sequence[Raw]) -> tuple[Any, ...]:
    """The values of all parameters from raw arguments. Raises CellError naming the argument."""
    parameters = function.parameters
    if len(arguments) > len(parameters) and not (parameters and parameters[-1].is_rest):
        raise wrong(
            "CLO-2120",
            f"{function.name} takes {len(parameters)} arguments and got {len(arguments)}",
            remedy="Take the superfluous ones out.",
        )
    values = []
    for position, parameter in enumerate(parameters):
        if parameter.is_rest:
            values.append(tuple(_read(function, parameter, raw) for raw in arguments[position:]))
        else:
            values.append(_read(function, parameter, arguments[position] if position < len(arguments) else None))
    return tuple(values)


def _read(function: Function, parameter: Parameter, raw: Raw) -> Any:
    if raw is not None:
        if raw.__class__ is dict or raw.__class__ is list:
            error_cell = _single_error(raw)
            if error_cell is not None and not parameter.kind.accepts_errors:
                raise PassedOnError(str(error_cell["e"]), str(error_cell.get("m", "")))
        try:
            value = parameter.kind.read(raw)
        except PassedOnError:
            raise
        except CellError as error:
            error.where = f"{function.name}, argument {parameter.name}"
            raise
        if value is not OMITTED:
            return value
    if parameter.is_optional:
        return parameter.default
    raise wrong(
        "CLO-2101",
        f"Argument {parameter.name} is missing",
        where=function.name,
        remedy=f"It takes: {parameter.description}",
    )


def _single_error(raw: Raw) -> dict[str, Any] | None:
    """The error cell that an argument is, alone or as a range of one cell, as some clients send it."""
    while isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    return raw if is_error(raw) else None


def _found(name: str) -> Function:
    function = by_name().get(name.upper())
    if function is None:
        raise CellError(
            "#VALUE!",
            "CLO-2119",
            f"There is no function {name[:64]!r}",
            remedy="Correct the name; if the workbook was made with a newer add-in, update the server.",
        )
    raise wrong("CLO-2119", f"Functions are called in capitals: {function.name}", remedy="Correct the name.")


def _key(function: Function, call: Call, ctx: CallContext) -> bytes:
    try:
        arguments = orjson.dumps(call.arguments)
    except TypeError:
        raise wrong(
            "CLO-2103", "An argument is of a type that cannot be used", remedy="Give numbers, texts, dates or ranges."
        ) from None
    return b"%b.%d %b %b" % (
        function.name.encode(),
        function.version,
        _version(function, call, ctx).encode(),
        arguments,
    )


def _version(function: Function, call: Call, ctx: CallContext) -> str:
    """What the answer depends on beside its arguments."""
    if not function.depends:
        return ""
    if function.depends == (PAYOUTS,):
        return ctx.versions.of_payouts
    if "deal" in function.depends and "universe" not in function.depends:
        for position, parameter in enumerate(function.parameters):
            if parameter.name == "deal":
                raw = call.arguments[position] if position < len(call.arguments) else None
                version = ctx.versions.of_deal(raw) if isinstance(raw, str) else None
                if version is not None:
                    return version
                break
    return ctx.versions.of_everything


def _computed(function: Function, call: Call, ctx: CallContext) -> Answer:
    try:
        values = bind(function, call.arguments)
        shown, has_headers = (values[:-1], values[-1]) if function.has_headers else (values, True)
        if function.parameters and function.parameters[-1].is_rest:
            shown = (*values[:-1], *values[-1])
        result = function.call(*shown, ctx=ctx) if function.takes_context else function.call(*shown)
    except Exception as error:  # the outermost adapter: whatever goes wrong becomes the error of one cell
        return _failed(error, function)
    return _encoded(function, result, has_headers)


def _computed_many(function: Function, calls: Sequence[Call], ctx: CallContext) -> list[Answer]:
    """Several calls of a function with a form for many."""
    assert function.batch is not None  # noqa: S101 (the caller grouped by it)
    answers: list[Answer | None] = []
    bound: list[tuple[Any, ...]] = []
    for call in calls:
        try:
            bound.append(bind(function, call.arguments))
            answers.append(None)
        except CellError as error:
            answers.append(_failed(error, function))
    values = [one[:-1] if function.has_headers else one for one in bound]
    try:
        results = list(function.batch(values, ctx)) if values else []
    except Exception as error:  # as above; a failure of the whole is a failure of each
        results = [error] * len(values)
    finished = iter(zip(results, bound, strict=True))
    for index, answer in enumerate(answers):
        if answer is None:
            result, one = next(finished)
            answers[index] = (
                _failed(result, function)
                if isinstance(result, Exception)
                else _encoded(function, result, one[-1] if function.has_headers else True)
            )
    return [answer for answer in answers if answer is not None]


def _encoded(function: Function, result: Any, has_headers: bool) -> Answer:
    if isinstance(result, CellError):
        return _failed(result, function)
    try:
        return Answer(encode(result, function.name, has_headers=has_headers), True)
    except Exception as error:  # as above: a result that no cell can hold
        return _failed(error, function)


def _failed(error: Exception, function: Function) -> Answer:
    """A failure on the wire; what may be gone with the next try is not kept."""
    lasts = isinstance(error, ClodeskError) and not isinstance(error, BackendError)
    return Answer(encode_error(cell_error(error, function.name), function.name), lasts)
