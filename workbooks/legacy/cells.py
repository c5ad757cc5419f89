"""Addresses and rectangles of a sheet in A1 notation, rows and columns counted from 1."""

import re
from dataclasses import dataclass
from functools import lru_cache

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})\Z")


@lru_cache(maxsize=1024)
def column_letters(column: int) -> str:
    """`AK` for 37."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """37 for `AK`."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def address(row: int, column: int) -> str:
    """`AK4` for row 4, column 37."""
    return f"{column_letters(column)}{row}"


def parse_address(text: str) -> tuple[int, int] | None:
    """Row and column of `$AK$4` or `AK4`; None for anything else."""
    match = _ADDRESS.match(text.strip())
    return (int(match[2]), column_number(match[1])) if match else None


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells, borders included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{address(self.top, self.left)}:{address(self.bottom, self.right)}"

    @property
    def rows(self) -> range:
        return range(self.top, self.bottom + 1)


def parse_block(text: str) -> Block | None:
    """The rectangle of `$A$2:$BR$1004` or of a single cell; None for anything else."""
    first, _, last = text.partition(":")
    start = parse_address(first)
    end = parse_address(last) if last else start
    if start is None or end is None:
        return None
    return Block(min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
