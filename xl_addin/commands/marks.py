"""How a sheet of ours is known again, and whether a user changed it since (spec 06 §12).

A sheet that a patch made carries the sheet-level name `clodesk_output`; its value is the fingerprint of what stood on
the sheet after the patch. A sheet whose fingerprint is another one by now belongs to the user: no command writes on it.
"""

from collections.abc import Iterable
from math import isclose
from typing import Any

MARK = "clodesk_output"


def fingerprint(values: Iterable[Any]) -> str:
    """What stands on a sheet, from its cell values row by row: `filled cells|sum of numbers|sum of letters`.

    A date counts as its serial, a logical value as 1 or 0. Every client can work it out from one read of a sheet.
    """
    n_filled, total, letters = 0, 0.0, 0
    for value in values:
        if value is None or value == "":
            continue
        n_filled += 1
        if isinstance(value, bool | int | float):
            total += float(value)
        else:
            letters += sum(ord(letter) for letter in str(value))
    return f"{n_filled}|{total!r}|{letters}"


def is_unchanged(mark: str, now: str) -> bool:
    """Whether two fingerprints are of the same content; sums may differ in rounding."""
    one, other = mark.split("|"), now.split("|")
    if len(one) != 3 or len(other) != 3 or (one[0], one[2]) != (other[0], other[2]):
        return False
    try:
        return isclose(float(one[1]), float(other[1]), rel_tol=1e-9, abs_tol=1e-6)
    except ValueError:
        return False
