"""Recipes of object handles: what a short text in a cell stands for."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class StoredRecipe:
    """What a handle stands for: its kind, and its inputs as JSON values."""

    kind: str
    recipe: dict[str, Any]


class HandleRepository:
    """Recipes on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def save(self, handle: str, stored: StoredRecipe) -> None:
        """Store a recipe; a handle names its content, so that one that is there stays as it is."""
        self._connection.execute(
            "INSERT INTO handle_recipes (handle, kind, recipe) VALUES (%s, %s, %s) ON CONFLICT (handle) DO NOTHING",
            [handle, stored.kind, Jsonb(stored.recipe)],
        )

    def find(self, handle: str) -> StoredRecipe | None:
        """The recipe of a handle, or None."""
        row = self._connection.execute("SELECT kind, recipe FROM handle_recipes WHERE handle = %s", [handle]).fetchone()
        return None if row is None else StoredRecipe(row[0], row[1])
