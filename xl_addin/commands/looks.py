"""How each style of a patch looks, as data: the one table that every applier uses, and clients get as JSON.

Only what a look names is set; colours are RRGGBB.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from workbooks import palette
from workbooks.palette import FONT, FONT_SIZE
from xl_addin.commands.patch import Style

INK, ACCENT, PALE, ALERT, GREEN = (
    colour.removeprefix("#") for colour in (palette.INK, palette.ACCENT, palette.PALE, palette.ALERT, palette.GOOD)
)
MUTED, WHITE, PALE_ALERT, PALE_GREEN, PALE_YELLOW = "5A6478", "FFFFFF", "FBE9E7", "E6F4EA", "FFF9E5"
TABLE_STYLE = "TableStyleLight1"
TAB_COLOUR = ACCENT
GRID_COLOUR = "DDE3EA"
CHART_COLOURS = (
    "1F3A5F", "D98F3E", "4C86B8", "B85C38", "4F7F6B", "7FB0D3", "E0B66A", "7A7F8C", "2F5D8C", "B7D3E6",
)  # fmt: skip
"""Colours of the series of a chart, in order and from the start again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Font, fill, number format and alignment of a range; "" leaves the number format or the fill as it is."""

    number_format: str = ""
    size: float = float(FONT_SIZE)
    is_bold: bool = False
    is_italic: bool = False
    colour: str = INK
    fill: str = ""
    align: Literal["", "left", "center", "right"] = ""
    is_wrapped: bool = False
    has_top_border: bool = False


LOOKS: Mapping[Style, Look] = {
    Style.TITLE: Look(size=16.0, is_bold=True, colour=ACCENT),
    Style.SUBTITLE: Look(is_italic=True, colour=MUTED),
    Style.HEADER: Look(is_bold=True, colour=WHITE, fill=ACCENT, align="center", is_wrapped=True),
    Style.LABEL: Look(is_bold=True, align="left"),
    Style.INPUT: Look(fill=PALE_YELLOW),
    Style.MONEY: Look(number_format="#,##0.00;[Red]-#,##0.00", align="right"),
    Style.AMOUNT: Look(number_format="#,##0;[Red]-#,##0", align="right"),
    Style.PERCENT: Look(number_format="0.000%;[Red]-0.000%", align="right"),
    Style.RATIO: Look(number_format="0.00%;[Red]-0.00%", align="right"),
    Style.PRICE: Look(number_format="0.0000", align="right"),
    Style.NUMBER: Look(number_format="#,##0.000;[Red]-#,##0.000", align="right"),
    Style.WHOLE: Look(number_format="0", align="right"),
    Style.DATE: Look(number_format="yyyy-mm-dd", align="center"),
    Style.TEXT: Look(align="left"),
    Style.GOOD: Look(colour=GREEN, fill=PALE_GREEN, align="center"),
    Style.BAD: Look(is_bold=True, colour=ALERT, fill=PALE_ALERT, align="center"),
    Style.NOTE: Look(is_italic=True, colour=MUTED, is_wrapped=True),
    Style.TOTAL: Look(is_bold=True, fill=PALE, has_top_border=True),
}


def looks_to_json() -> dict[str, Any]:
    """The table as JSON values, for clients that apply patches themselves."""
    return {
        "font": FONT,
        "table_style": TABLE_STYLE,
        "tab_colour": TAB_COLOUR,
        "chart_colours": list(CHART_COLOURS),
        "styles": {style.value: asdict(look) for style, look in LOOKS.items()},
    }
