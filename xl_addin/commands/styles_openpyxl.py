"""The looks of patches as openpyxl styles, each made once."""

from copy import copy

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from workbooks.palette import FONT
from xl_addin.commands.charts_openpyxl import OfOpenpyxl
from xl_addin.commands.looks import ACCENT, LOOKS, Look
from xl_addin.commands.patch import Style


class CellStyles:
    """Styles, for the cells of one workbook."""

    def __init__(self) -> None:
        self._made: dict[Style, tuple[Font, PatternFill | None, Alignment, Border]] = {}
        self._results: dict[tuple[Style, tuple[int, ...]], OfOpenpyxl] = {}

    def give(self, cell: OfOpenpyxl, style: Style) -> None:
        """Give a cell a look; what the look does not name stays."""
        # Looking styles up is most of the time of a large sheet, and a column starts from few different ones.
        key = (style, tuple(cell._style or ()))
        known = self._results.get(key)
        if known is not None:
            cell._style = copy(known)
            return
        self._give(cell, style)
        self._results[key] = copy(cell._style)

    def _give(self, cell: OfOpenpyxl, style: Style) -> None:
        look = LOOKS[style]
        font, fill, alignment, border = self._parts(style, look)
        cell.font, cell.alignment = font, alignment
        if fill is not None:
            cell.fill = fill
        if look.has_top_border:
            cell.border = border
        if look.number_format:
            cell.number_format = look.number_format

    def _parts(self, style: Style, look: Look) -> tuple[Font, PatternFill | None, Alignment, Border]:
        if style not in self._made:
            self._made[style] = (
                Font(name=FONT, size=look.size, bold=look.is_bold, italic=look.is_italic, color=look.colour),
                PatternFill("solid", fgColor=look.fill) if look.fill else None,
                Alignment(horizontal=look.align or None, vertical="center", wrap_text=look.is_wrapped),
                Border(top=Side("thin", ACCENT)),
            )
        return self._made[style]
