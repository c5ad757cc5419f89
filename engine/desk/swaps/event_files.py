"""Business events in JSON of our own, for what CDM documents have no words for (spec 07 §19).

    {"contract_reference": "TRS-1", "event_reference": "U-1", "event_type": "PARTIAL_TERMINATION",
     "event_date": "2024-01-25", "settlement_date": "2024-01-29",
     "instructions": [{"type": "QuantityChange", "direction": "DECREASE", "quantity": 400, "price": 108.5,
                       "funding": "BREAK"}]}

The fields are those of `Event` and of its instructions, each with the name of its type. The effective date is the event
date where it is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from db.payouts.event_state import instruction_json, read_instruction
from engine.desk.swaps.contracts import unknown_fields
from engine.errors import InputError, located
from engine.payouts.events.instructions import AnyInstruction, Event

_EVENT = TypeAdapter(Event)


def event_of_file(content: bytes, path: Path) -> Event | None:
    """The event of a file of our own; None for any other content, as a CDM document.

    Raises InputError CLO-1998 for a field of the event that is missing, wrong or unknown, CLO-1986 for an instruction,
    each with its place.
    """
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return None
    if not isinstance(document, Mapping) or not isinstance(document.get("instructions"), list):
        return None
    instructions = tuple(
        _instruction(one, f"{path} instruction {number}") for number, one in enumerate(document["instructions"], 1)
    )
    values = {name: value for name, value in document.items() if name != "instructions"}
    values.setdefault("effective_date", values.get("event_date"))
    try:
        event = _EVENT.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            "CLO-1998",
            f"The event has {error.error_count()} faults, first {place}: {first['msg']}",
            where=str(path),
            remedy=f"Correct {place}.",
        ) from error
    _refuse_unknown(values, _EVENT.dump_python(event, mode="json"), "event", str(path))
    return replace(event, instructions=instructions)


def _instruction(state: Any, where: str) -> AnyInstruction:
    if not isinstance(state, Mapping):
        raise InputError("CLO-1998", "An instruction is no object", where=where, remedy="Give it its type and fields.")
    with located(where):
        instruction = read_instruction(state)
    _refuse_unknown(state, instruction_json(instruction), str(state["type"]), where)
    return instruction


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any], what: str, where: str) -> None:
    """A field that nobody reads would be a wish that nobody hears."""
    for name in unknown_fields(given, known, ""):
        raise InputError(
            "CLO-1998", f"There is no field {name} in {what}", where=where, remedy="Correct its name or leave it out."
        )
