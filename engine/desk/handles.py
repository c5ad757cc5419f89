"""Object handles: short texts in cells that stand for inputs put together, such as a scenario (spec 08 §4.4).

A handle is named after its content: equal inputs give equal handles, on any machine, and a saved workbook finds them
again. What it stands for is its recipe in the database.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import orjson

from db.handles import StoredRecipe
from db.store import UnitOfWork
from engine.deal.assumptions import Scenario
from engine.errors import BackendError, ReferenceDataError

SCENARIO = "scenario"
SCENARIO_FIELDS = tuple(item.name for item in fields(Scenario) if item.name not in ("name", "description"))
"""The numbers that make a scenario, by name."""

_HANDLE = re.compile(r"CLO:[a-z]{1,10}#[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_handle(text: str) -> bool:
    """Whether a text has the form of a handle, `CLO:scenario#0123456789ab`, in any case."""
    return _HANDLE.fullmatch(text.strip()) is not None


def handle_of(stored: StoredRecipe) -> str:
    """The handle of a recipe: its kind, and twelve hex digits of a hash of all that it says."""
    content = orjson.dumps([stored.kind, stored.recipe], option=orjson.OPT_SORT_KEYS)
    return f"CLO:{stored.kind}#{hashlib.sha256(content).hexdigest()[:12]}"


def recipe(work: UnitOfWork, handle: str) -> StoredRecipe:
    """What a handle stands for; BackendError CLO-2121 for one that this database does not know yet.

    It may be tried again: the cell that makes the handle stores its recipe without a change of any other data.
    """
    found = work.handles.find(_canonical(handle))
    if found is None:
        raise BackendError(
            "CLO-2121",
            f"The handle {handle.strip()[:60]} is not known",
            remedy="Calculate the cell that makes it again; a handle of another database means nothing here.",
        )
    return found


def scenario_recipe(base: Scenario, changes: Mapping[str, float]) -> StoredRecipe:
    """The recipe of a scenario with some of its numbers changed; raises what `Scenario` raises."""
    values: dict[str, Any] = dict(changes)
    changed = replace(base, **values)
    # Adding 0 makes one zero of the two that floats have.
    return StoredRecipe(SCENARIO, {name: float(getattr(changed, name)) + 0.0 for name in SCENARIO_FIELDS})


def scenario_of(work: UnitOfWork, handle: str) -> Scenario:
    """The scenario of a handle, named by it; raises as `recipe` does, CLO-2122 for a handle of another kind."""
    found = recipe(work, handle)
    if found.kind != SCENARIO:
        raise ReferenceDataError(
            "CLO-2122",
            f"The handle {handle.strip()} is a {found.kind}, no scenario",
            remedy="Use a handle that CLO_SCENARIO makes.",
        )
    return Scenario(name=handle.strip().upper(), description=described(found), **found.recipe)


def described(stored: StoredRecipe) -> str:
    """A recipe in a line for people: what it is and what it says."""
    parts = "; ".join(f"{name}={value:g}" for name, value in stored.recipe.items())
    return f"{stored.kind}: {parts}"


def _canonical(handle: str) -> str:
    kind, _, digits = handle.strip()[len("CLO:") :].partition("#")
    return f"CLO:{kind.lower()}#{digits.lower()}"
