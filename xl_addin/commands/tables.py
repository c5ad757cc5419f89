"""Tables of commands out of the functions of the catalogue, so that a result sheet and a cell cannot differ."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.desk.reading.views import Views
from engine.desk.records import RunOutcome
from engine.errors import InputError
from engine.modes import Mode
from xl_addin.commands.patch import Grid
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import bind
from xl_addin.registry.results import decode, encode


def table_of(ctx: CallContext, function_name: str, **arguments: Any) -> list[list[Any]]:
    """The table that a function shows for these raw arguments by name, its column names in the first row.

    Raises what the function raises; InputError CLO-2205 for a table that no sheet can hold.
    """
    function = by_name()[function_name]
    values = bind(function, [arguments.pop(parameter.name, None) for parameter in function.parameters])
    if arguments:
        raise TypeError(f"{function_name} takes no {', '.join(arguments)}")
    shown = values[:-1] if function.has_headers else values
    result = function.call(*shown, ctx=ctx) if function.takes_context else function.call(*shown)
    answer = decode(encode(result, function_name))
    if "e" in answer:
        raise InputError(
            "CLO-2205",
            "The table cannot be shown on a sheet",
            where=function_name,
            remedy=str(answer["m"]),
        )
    grid: list[list[Any]] = answer["v"]
    return grid


def column(grid: Grid, name: str) -> list[Any]:
    """The values of a column of a table whose first row names the columns."""
    place = list(grid[0]).index(name)
    return [row[place] for row in grid[1:]]


def fresh(ctx: CallContext) -> CallContext:
    """The same call after something was stored: it reads the data as they are now."""
    return replace(ctx, _versions=None)


class _PinnedViews:
    """Stored data in which the last run of a deal is a given one."""

    def __init__(self, views: Views, outcome: RunOutcome) -> None:
        self._views = views
        self._outcome = outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self._views, name)

    def run(self, _deal: str, _as_of: date | None, _scenario: str, _mode: Mode) -> RunOutcome:
        """The run that is shown."""
        return self._outcome


@dataclass
class PinnedContext(CallContext):
    """A context whose functions show one run: an earlier one answers too when it is of the same input."""

    outcome: RunOutcome | None = None

    @property
    def views(self) -> Views:
        """Stored data with the run in place of the last one."""
        stored = super().views
        return stored if self.outcome is None else _PinnedViews(stored, self.outcome)  # type: ignore[return-value]


def pinned(ctx: CallContext, outcome: RunOutcome) -> CallContext:
    """A context in which the deal's last run is this one."""
    return PinnedContext(
        get_desk=ctx.get_desk,
        errors=ctx.errors,
        workbook=ctx.workbook,
        user=ctx.user,
        client=ctx.client,
        client_fingerprint=ctx.client_fingerprint,
        outcome=outcome,
    )
