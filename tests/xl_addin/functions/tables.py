"""Reading the tables that cells return."""

from typing import Any

import numpy as np
import numpy.typing as npt

Grid = list[list[Any]]


def column(table: Grid, name: str) -> list[Any]:
    """One column of a table with headers."""
    place = table[0].index(name)
    return [row[place] for row in table[1:]]


def numbers(table: Grid, name: str) -> npt.NDArray[np.float64]:
    """One column of numbers, empty cells as NaN."""
    return np.array([np.nan if value == "" else value for value in column(table, name)], dtype=np.float64)


def records(table: Grid) -> list[dict[str, Any]]:
    """The rows by column name."""
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]
