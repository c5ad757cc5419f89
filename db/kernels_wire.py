"""Reading the rows of a binary COPY in one walk over their bytes."""

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

WHOLE, NUMERIC, TEXT = 0, 1, 2
"""What a column holds: a whole number of any width, which a date's days are too, a NUMERIC, or text."""
MISSING = -(2**63)
"""Stands for NULL."""
_HEADER = 19
_DIGIT_BASE_POWER = 4
_NOT_A_NUMBER = 0xC000
_NEGATIVE = 0x4000


@kernel
def _whole(stream: npt.NDArray[np.uint8], at: int, length: int) -> int:
    """A signed number, most significant byte first."""
    number = np.int64(stream[at]) - (256 if stream[at] > 127 else 0)
    for place in range(at + 1, at + length):
        number = number * 256 + np.int64(stream[place])
    return int(number)


@kernel
def _scaled(stream: npt.NDArray[np.uint8], at: int, scale: int) -> int:
    """A NUMERIC times 10**scale, which must be all its digits; no step is larger than the result."""
    sign = np.int64(stream[at + 4]) * 256 + np.int64(stream[at + 5])
    if sign == _NOT_A_NUMBER:
        return MISSING
    power = _DIGIT_BASE_POWER * _whole(stream, at + 2, 2) + scale
    number = 0
    for group in range(_whole(stream, at, 2)):
        digits = _whole(stream, at + 8 + 2 * group, 2)
        number += digits * 10**power if power >= 0 else digits // 10**-power
        power -= _DIGIT_BASE_POWER
    return int(-number if sign == _NEGATIVE else number)


@kernel
def _is_same_text(stream: npt.NDArray[np.uint8], one: int, other: int, length: int) -> bool:
    """Whether `length` bytes and the four of the length before them agree."""
    place = -4
    while place < length and stream[one + place] == stream[other + place]:
        place += 1
    return place == length


@kernel
def read_rows(
    stream: npt.NDArray[np.uint8],
    kinds: npt.NDArray[np.int64],
    scales: npt.NDArray[np.int64],
    values: npt.NDArray[np.int64],
) -> int:
    """Fill values (columns, at least as many as there are rows) from a whole stream; returns the number of rows.

    kinds (columns,) of WHOLE, NUMERIC and TEXT; scales (columns,) the decimals of a NUMERIC. A NULL is MISSING. A text
    is the place of its first byte in the stream, the same for neighbouring rows of the same text.
    """
    at, row = _HEADER, 0
    while _whole(stream, at, 2) >= 0:
        at += 2
        for column in range(len(kinds)):
            length = _whole(stream, at, 4)
            at += 4
            if length < 0:
                values[column, row] = MISSING
                continue
            if kinds[column] == WHOLE:
                values[column, row] = _whole(stream, at, length)
            elif kinds[column] == NUMERIC:
                values[column, row] = _scaled(stream, at, scales[column])
            elif (
                row > 0 and values[column, row - 1] >= 0 and _is_same_text(stream, values[column, row - 1], at, length)
            ):
                values[column, row] = values[column, row - 1]
            else:
                values[column, row] = at
            at += length
        row += 1
    return row
