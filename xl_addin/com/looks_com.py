"""The looks of ranges in Excel through COM, from the table that every applier uses."""

from typing import Any

from workbooks.palette import FONT
from xl_addin.commands.looks import LOOKS
from xl_addin.commands.patch import Style

_ALIGNMENTS = {"left": -4131, "center": -4108, "right": -4152}
_TOP_EDGE, _CONTINUOUS = 8, 1


def give(cells: Any, style: Style) -> None:
    """Give a range of Excel a style."""
    look = LOOKS[style]
    font = cells.Font
    font.Name, font.Size, font.Bold, font.Italic = FONT, look.size, look.is_bold, look.is_italic
    font.Color = colour(look.colour)
    if look.fill:
        cells.Interior.Color = colour(look.fill)
    if look.number_format:
        cells.NumberFormat = look.number_format
    if look.align:
        cells.HorizontalAlignment = _ALIGNMENTS[look.align]
    cells.WrapText = look.is_wrapped
    if look.has_top_border:
        cells.Borders(_TOP_EDGE).LineStyle = _CONTINUOUS


def colour(text: str) -> int:
    """RRGGBB as Excel's number, whose lowest byte is red."""
    red, green, blue = (int(text[place : place + 2], 16) for place in (0, 2, 4))
    return red + (green << 8) + (blue << 16)
