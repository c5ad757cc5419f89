"""Native Excel charts of compliance: bars of shares and of the use of limits, lines of tests through time."""

from collections.abc import Sequence

from xlsxwriter.chart import Chart

from workbooks.palette import ALERT, INK
from workbooks.results.charts import LONGEST_LABEL, PALETTE
from workbooks.results.looks import Block
from workbooks.xlsx import ExactWorkbook, one_line

Cells = Sequence[str | int]
_GRID = {"visible": True, "line": {"color": "#DDE3EA", "width": 0.75}}
_FONT = {"color": INK, "size": 9}


def first_cells(block: Block, header: str, most: int | None = None) -> list[str | int]:
    """The data cells of a column, at most the first few of them."""
    sheet, first, column, last, _ = block.cells(header)
    bottom = int(last) if most is None else min(int(last), int(first) + most - 1)
    return [sheet, first, column, bottom, column]


def bar_chart(
    book: ExactWorkbook,
    subject: str,
    block: Block,
    categories: str,
    values: str,
    number_format: str,
    size: tuple[int, int],
    *,
    most: int | None = None,
    is_upright: bool = False,
    color: str = PALETTE[1],
) -> Chart:
    """Bars of one column against another, from the top down, or columns from left to right where upright."""
    chart = book.add_chart({"type": "column" if is_upright else "bar"})
    chart.add_series(
        {
            "name": one_line(subject, LONGEST_LABEL),
            "categories": first_cells(block, categories, most),
            "values": first_cells(block, values, most),
            "fill": {"color": color},
            "border": {"none": True},
            "gap": 45,
            "data_labels": {"value": True, "num_format": number_format, "font": _FONT},
        }
    )
    names: dict[str, object] = {"num_font": _FONT, "line": {"color": "#9AA5B1"}, "text_axis": True}
    amounts: dict[str, object] = {"num_format": number_format, "num_font": _FONT, "major_gridlines": _GRID, "min": 0}
    # XlsxWriter calls the level axis x, whatever stands on it; bars carry their values, so that theirs is not needed.
    chart.set_x_axis(names if is_upright else amounts | {"visible": False})
    chart.set_y_axis(amounts | {"line": {"none": True}} if is_upright else names | {"reverse": True})
    _finish(chart, subject, size, has_legend=False)
    return chart


def stacked_columns(
    book: ExactWorkbook, subject: str, block: Block, categories: str, values: Sequence[str], size: tuple[int, int]
) -> Chart:
    """Amounts on top of each other, one column a category."""
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for header, color in zip(values, PALETTE[1:], strict=False):
        chart.add_series(
            {
                "name": header,
                "categories": block.cells(categories),
                "values": block.cells(header),
                "fill": {"color": color},
                "border": {"none": True},
                "gap": 40,
            }
        )
    chart.set_x_axis({"num_format": "mmm yy", "num_font": _FONT, "text_axis": True, "line": {"color": "#9AA5B1"}})
    chart.set_y_axis({"num_format": '#,##0,,"m"', "num_font": _FONT, "major_gridlines": _GRID, "line": {"none": True}})
    _finish(chart, subject, size, has_legend=True)
    return chart


def limit_chart(
    book: ExactWorkbook,
    subject: str,
    dates: Cells,
    values: Cells,
    limits: Cells,
    number_format: str,
    size: tuple[int, int],
) -> Chart:
    """A test through time against its limit."""
    chart = book.add_chart({"type": "line"})
    for name, cells, color, dash in (("Value", values, PALETTE[1], "solid"), ("Limit", limits, ALERT, "dash")):
        shape = "circle" if name == "Value" else "long_dash"
        marker = {"type": shape, "size": 5, "fill": {"color": color}, "border": {"color": color}}
        chart.add_series(
            {
                "name": name,
                "categories": list(dates),
                "values": list(cells),
                "line": {"color": color, "width": 2, "dash_type": dash},
                "marker": marker,
            }
        )
    chart.set_x_axis({"num_font": _FONT, "text_axis": True, "line": {"color": "#9AA5B1"}, "label_position": "low"})
    chart.set_y_axis({"num_format": number_format, "num_font": _FONT, "major_gridlines": _GRID, "line": {"none": True}})
    chart.show_blanks_as("gap")
    _finish(chart, subject, size, has_legend=True)
    return chart


def _finish(chart: Chart, subject: str, size: tuple[int, int], *, has_legend: bool) -> None:
    chart.set_title(
        {
            "name": one_line(subject, LONGEST_LABEL),
            "name_font": {"size": 12, "bold": True, "color": INK},
            "overlay": False,
        }
    )
    chart.set_legend({"position": "bottom", "font": _FONT} if has_legend else {"none": True})
    chart.set_size({"width": size[0], "height": size[1]})
