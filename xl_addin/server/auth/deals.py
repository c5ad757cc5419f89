"""Deals that are not open to a user: which calls and commands they are kept out of (spec 08 §15).

A user of some deals calls functions that read no data or only data of the market, and functions on the data of one of
their deals by its name. A function over all deals is refused to them as a whole: a total of what they may not see would
still tell of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from db.identifiers import deal_key
from xl_addin.commands.declare import Command, Inputs
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.declare import Cost, Function
from xl_addin.registry.dispatch import Call
from xl_addin.registry.errors import CellError, wrong
from xl_addin.server.auth.users import User

_DEAL_PARAMETERS = ("deal", "deals")
# What belongs to no deal: curves, calendars, ratings, scenarios.
_MARKET = frozenset({"CLO Bonds", "CLO Curves", "CLO Dates", "CLO Migration", "CLO Ratings", "CLO Scenarios"})
_MARKET_DATA = frozenset({"CLO_CF_VECTOR", "CLO_FILTER_CHECK", "CLO_FIXING", "CLO_HOLIDAYS", "CLO_SINK_SCHEDULE"})


def shut_out(call: Call, user: User, known: frozenset[str]) -> CellError | None:
    """Why a user may not make a call, None where they may; known: keys of all deals.

    Tables of trades name deals in their cells, so that a closed deal may stand in no argument.
    """
    function = by_name().get(call.name)
    if user.deals is None or function is None or _is_open(function):
        return None
    named = _deals_of(function, call.arguments)
    if not named:
        return _denied(f"{function.name} over all deals")
    elsewhere = [text for text in names_in(call.arguments) if deal_key(text) in known]
    return next((_denied(deal) for deal in [*named, *elsewhere] if not user.may_see(deal)), None)


def _is_open(function: Function) -> bool:
    reads_nothing = function.cost is Cost.LIGHT and not function.depends
    return reads_nothing or function.category in _MARKET or function.name in _MARKET_DATA


def deals_of_calls(calls: Sequence[Call]) -> set[str]:
    """The deals that calls name, as their arguments spell them."""
    functions, found = by_name(), set[str]()
    for call in calls:
        function = functions.get(call.name)
        if function is not None and function.depends:
            found.update(_deals_of(function, call.arguments))
    return found


def _deals_of(function: Function, arguments: Sequence[Any]) -> list[str]:
    """Every deal that a call names."""
    found: list[str] = []
    for position, parameter in enumerate(function.parameters):
        if parameter.name in _DEAL_PARAMETERS and position < len(arguments):
            rest = arguments[position:] if parameter.is_rest else [arguments[position]]
            for raw in rest:
                found += names_in(raw)
    return found


def names_in(raw: Any) -> list[str]:
    """The names in a cell, in a comma list or in a range."""
    if isinstance(raw, str):
        return [part.strip() for part in raw.split(",") if part.strip()]
    if isinstance(raw, list | tuple):
        return [name for item in raw for name in names_in(item)]
    return [] if raw is None or isinstance(raw, Mapping) else [str(raw)]


def command_shut_out(command: Command, inputs: Inputs, user: User, known: frozenset[str]) -> CellError | None:
    """Why a user may not run a command on its inputs, None where they may; known: keys of all deals.

    A command must name a deal that is open to them, and may name no other anywhere; runs are named by numbers that do
    not tell their deals, so that comparing runs is for users of all deals.
    """
    if command.is_client_side or command.group == "Tools":
        return None
    if any(ask.source == "runs" and inputs.answers.get(ask.name) for ask in command.asks):
        return _denied("runs of any deal")
    texts = [inputs.cells, inputs.tables, inputs.answers]
    named = {deal_key(text) for group in texts for value in group.values() for text in names_in(value)} & known
    closed = sorted(deal for deal in named if not user.may_see(deal))
    if closed:
        return _denied(closed[0])
    return None if named else _denied(f"{command.label} over all deals")


def deals_of_inputs(command: Command, inputs: Inputs) -> set[str]:
    """The deals that a command's picker or the workbook's named cell name, as they are spelt."""
    values = [inputs.answers.get(ask.name) for ask in command.asks if ask.source == "deals"]
    return {name for value in [*values, inputs.cells.get("clo_deal")] for name in names_in(value)}


def _denied(what: str) -> CellError:
    return wrong("CLO-3115", f"Access to {what[:64]} is denied", remedy="Ask an administrator to open the deal to you.")
