"""How the styles of a patch look in Calc: fonts, fills, number formats, column widths."""

from collections.abc import Sequence
from typing import Any

import uno  # type: ignore[import-not-found]  # comes with LibreOffice

from workbooks.palette import FONT
from xl_addin.commands.looks import LOOKS
from xl_addin.commands.patch import Style

_BOLD, _NORMAL = 150.0, 100.0  # com.sun.star.awt.FontWeight
_JUSTIFY = {"": "STANDARD", "left": "LEFT", "center": "CENTER", "right": "RIGHT"}
# Excel counts widths in digits of its default font, 7 pixels at 96 to the inch, and adds a margin.
_PIXELS_A_DIGIT, _MARGIN, _HUNDREDTH_MM_A_PIXEL = 7.0, 5.0, 2540.0 / 96.0
_THIN = 26  # 1/100 mm


def format_range(document: Any, area: Any, style: Style) -> None:
    """Give a range the look of a style."""
    look = LOOKS[style]
    area.CharFontName = FONT
    area.CharHeight = look.size
    area.CharWeight = _BOLD if look.is_bold else _NORMAL
    area.CharPosture = uno.Enum("com.sun.star.awt.FontSlant", "ITALIC" if look.is_italic else "NONE")
    area.CharColor = colour(look.colour)
    area.HoriJustify = uno.Enum("com.sun.star.table.CellHoriJustify", _JUSTIFY[look.align])
    area.IsTextWrapped = look.is_wrapped
    if look.fill:
        area.CellBackColor = colour(look.fill)
    if look.number_format:
        area.NumberFormat = number_format(document, look.number_format)
    if look.has_top_border:
        line = uno.createUnoStruct("com.sun.star.table.BorderLine2")
        line.OuterLineWidth = line.LineWidth = _THIN
        line.Color = colour(look.colour)
        area.TopBorder = line


def number_format(document: Any, code: str) -> int:
    """The key of a number format of Excel in this document."""
    locale = uno.createUnoStruct("com.sun.star.lang.Locale")
    locale.Language, locale.Country = "en", "US"
    formats = document.getNumberFormats()
    # Calc writes the colours of a format in capitals.
    code = code.replace("[Red]", "[RED]")
    found = int(formats.queryKey(code, locale, False))
    return found if found >= 0 else int(formats.addNew(code, locale))


def colour(text: str) -> int:
    """A colour RRGGBB as the number that UNO takes."""
    return int(text, 16)


def set_widths(sheet: Any, widths: Sequence[float]) -> None:
    """Widths in characters, from the first column on."""
    columns = sheet.getColumns()
    for place, width in enumerate(widths):
        columns.getByIndex(place).Width = round((width * _PIXELS_A_DIGIT + _MARGIN) * _HUNDREDTH_MM_A_PIXEL)
