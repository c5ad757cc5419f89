"""How cells of a template look: one table of fonts, fills and number formats, in the colours of the house."""

from dataclasses import dataclass
from functools import cache

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle

from workbooks.palette import ACCENT, ALERT, FONT, FONT_SIZE, GOOD, INK, PALE

MUTED, HAIRLINE, INPUT_FILL, INPUT_INK, INPUT_EDGE, WHITE = (
    "#6B7486", "#D5DCE6", "#FFF8E1", "#1746A2", "#E0C878", "#FFFFFF",
)  # fmt: skip
SERIES = ("#1F3A5F", "#2F5D8C", "#4C86B8", "#7FB0D3", "#B7D3E6", "#E0B66A", "#D98F3E", "#B85C38", "#7A7F8C", "#4F7F6B")

AMOUNT, MONEY = '#,##0;[Red]-#,##0;"-"', '#,##0.00;[Red]-#,##0.00;"-"'
PERCENT, RATE = "0.00%;[Red]-0.00%", '0.000%;[Red]-0.000%;"-"'
DATE, WHOLE, NUMBER, YEARS, PRICE = "yyyy-mm-dd", "0", "#,##0.00", "0.00", "0.0000"
MILLIONS = '#,##0.00,,"m"'
MIXED = "[>=2]#,##0.00;[<=-2]-#,##0.00;0.00%"
"""Of a column in which shares stand beside years and scores."""
SHARE_OR_AMOUNT = "[>=2]#,##0;[<=-2]-#,##0;0.00%"
FLAG = '"TRUE";"TRUE";"FALSE"'
"""Of a logical value, which Calc holds as a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One kind of cell. edge: colour of a thin border all round; below: of a line under it."""

    size: float = FONT_SIZE
    bold: bool = False
    italic: bool = False
    color: str = INK
    fill: str = ""
    align: str = ""
    indent: int = 0
    wrap: bool = False
    number_format: str = "General"
    edge: str = ""
    below: str = ""
    font: str = FONT


TITLE = Look(size=18, bold=True, color=ACCENT)
SUBTITLE = Look(color=MUTED)
SECTION = Look(size=12, bold=True, color=ACCENT, below=ACCENT)
ALERT_NOTE = Look(color=ALERT, italic=True)
LABEL = Look(color=INK)
KEY_LABEL = Look(size=9, color=MUTED, fill=PALE, indent=1, align="left")
HEADER = Look(bold=True, color=WHITE, fill=ACCENT, align="center", wrap=True)
HEADER_LEFT = Look(bold=True, color=WHITE, fill=ACCENT, align="left", wrap=True, indent=1)
SUB_HEADER = Look(size=8, color=MUTED, align="right", below=HAIRLINE)
TEXT = Look(align="left", indent=1)
CODE = Look(font="Courier New", align="left", indent=1)
VERDICT = Look(align="center")


def value(number_format: str) -> Look:
    """A figure in a table."""
    align = "center" if number_format == DATE else "right"
    return Look(number_format=number_format, align=align)


def key_figure(number_format: str) -> Look:
    """A large figure of the dashboard."""
    return Look(size=14, bold=True, color=ACCENT, fill=PALE, align="left", indent=1, number_format=number_format)


def entry(number_format: str = "General", align: str = "left") -> Look:
    """A cell that the user fills."""
    indent = 1 if align == "left" else 0
    return Look(
        number_format=number_format, align=align, indent=indent, fill=INPUT_FILL, color=INPUT_INK, edge=INPUT_EDGE
    )


def rgb(color: str) -> str:
    """A colour as openpyxl takes it."""
    return color.removeprefix("#")


@dataclass(frozen=True, slots=True)
class Style:
    """A look as the objects of openpyxl."""

    font: Font
    fill: PatternFill
    alignment: Alignment
    border: Border


@cache
def style_of(look: Look) -> Style:
    """The objects of a look, shared by all its cells."""
    around = Side(style="thin", color=rgb(look.edge)) if look.edge else Side()
    bottom = Side(style="thin", color=rgb(look.below)) if look.below else around
    return Style(
        font=Font(name=look.font, size=look.size, bold=look.bold, italic=look.italic, color=rgb(look.color)),
        fill=PatternFill("solid", fgColor=rgb(look.fill)) if look.fill else PatternFill(),
        alignment=Alignment(
            horizontal=look.align or None, vertical="center", indent=look.indent, wrap_text=look.wrap or None
        ),
        border=Border(left=around, right=around, top=around, bottom=bottom),
    )


def marked(color: str, fill: str) -> DifferentialStyle:
    """The look that a conditional format gives."""
    return DifferentialStyle(
        font=Font(bold=True, color=rgb(color)), fill=PatternFill("solid", bgColor=rgb(fill), fgColor=rgb(fill))
    )


def underlined() -> DifferentialStyle:
    """A thin line under a row, given where the row shows something."""
    return DifferentialStyle(border=Border(bottom=Side(style="thin", color=rgb(HAIRLINE))))


GOOD_MARK, BAD_MARK = (GOOD, "#E6F4EA"), (ALERT, "#FBE9E7")
