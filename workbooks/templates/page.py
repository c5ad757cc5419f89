"""One sheet of a template being written: cells with looks, named inputs, tables that spill, print set-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles.numbers import NumberFormat
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from engine.snapshot import CellValue
from workbooks.palette import FONT
from workbooks.templates import looks
from workbooks.templates.formulas import call, filling, status
from workbooks.templates.looks import Look, style_of
from workbooks.templates.tables import Spilled

HEADER_HEIGHT, LINE_HEIGHT = 31.0, 16.5
NumberKind = Literal["whole", "decimal", "date"]
TABLE_STYLE = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)


@dataclass(frozen=True, slots=True)
class Area:
    """A range on a sheet, both ends included."""

    sheet: str
    row: int
    column: int
    n_rows: int
    n_columns: int

    @property
    def a1(self) -> str:
        """The range without its sheet."""
        last = f"{get_column_letter(self.column + self.n_columns - 1)}{self.row + self.n_rows - 1}"
        return f"{get_column_letter(self.column)}{self.row}:{last}"

    @property
    def reference(self) -> str:
        """The range with its sheet, absolute."""
        first, last = self.a1.split(":")
        return f"'{self.sheet}'!{_absolute(first)}:{_absolute(last)}"

    def part(self, offset: int, n_columns: int = 1) -> "Area":
        """Some columns of the range."""
        return Area(self.sheet, self.row, self.column + offset, self.n_rows, n_columns)

    def head(self, n_rows: int) -> "Area":
        """The first rows of the range."""
        return Area(self.sheet, self.row, self.column, min(n_rows, self.n_rows), self.n_columns)

    def cell(self, row: int, column: int) -> str:
        """The address of a cell of the range, counted from 0."""
        return f"{get_column_letter(self.column + column)}{self.row + row}"


def _absolute(cell: str) -> str:
    row, column = coordinate_to_tuple(cell)
    return f"${get_column_letter(column)}${row}"


class Page:
    """A sheet and the workbook in which its names stand."""

    def __init__(self, book: Workbook, title: str, tab: str) -> None:
        self.book = book
        self.sheet: Worksheet = book.create_sheet(title)
        self.sheet.sheet_properties.tabColor = looks.rgb(tab)
        self.sheet.sheet_view.showGridLines = False
        self.sheet.sheet_view.zoomScale = 90
        self.sheet.sheet_format.defaultRowHeight = LINE_HEIGHT
        self.sheet.sheet_format.customHeight = True

    def widths(self, widths: Sequence[float]) -> None:
        """Widths of the columns from A on, in characters."""
        for index, width in enumerate(widths, start=1):
            self.sheet.column_dimensions[get_column_letter(index)].width = width

    def put(self, cell: str, content: CellValue, look: Look) -> None:
        """Write a value or a formula. A text that begins with an equals sign is a formula."""
        place = self.sheet[cell]
        place.value = content
        self.dress(cell, look)

    def text(self, cell: str, content: str, look: Look = looks.TEXT) -> None:
        """Write a text that is never a formula."""
        self.put(cell, content, look)
        self.sheet[cell].data_type = "s"

    def dress(self, area: str, look: Look) -> None:
        """Give every cell of a range a look."""
        style = style_of(look)
        found = self.sheet[area]
        rows = found if isinstance(found, tuple) else ((found,),)
        for row in rows:
            for place in row if isinstance(row, tuple) else (row,):
                place.font, place.fill, place.alignment = style.font, style.fill, style.alignment
                place.border, place.number_format = style.border, look.number_format

    def title(self, formula: str, subtitle: str) -> None:
        """The head of the sheet."""
        self.sheet.row_dimensions[2].height = 28
        self.put("B2", formula, looks.TITLE)
        self.put("B3", subtitle, looks.SUBTITLE)

    def section(self, cell: str, text: str, n_columns: int) -> None:
        """A heading with a line under it, so many columns wide."""
        row, column = coordinate_to_tuple(cell)
        self.sheet.row_dimensions[row].height = 21
        self.dress(Area("", row, column, 1, n_columns).a1, looks.SECTION)
        self.put(cell, text, looks.SECTION)

    def name(self, name: str, cell: str) -> None:
        """Give a cell a name of the workbook."""
        reference = f"'{self.sheet.title}'!{_absolute(cell)}"
        self.book.defined_names[name] = DefinedName(name, attr_text=reference)

    def entry(self, cell: str, name: str, content: CellValue, number_format: str = "General") -> None:
        """A named cell that the user fills."""
        self.put(cell, content, looks.entry(number_format))
        self.name(name, cell)

    def headers(self, cell: str, labels: Sequence[str], n_left: int = 1, height: float = HEADER_HEIGHT) -> None:
        """A row of column headers, the first few of them over texts."""
        row, column = coordinate_to_tuple(cell)
        self.sheet.row_dimensions[row].height = height
        for offset, label in enumerate(labels):
            look = looks.HEADER_LEFT if offset < n_left else looks.HEADER
            self.text(f"{get_column_letter(column + offset)}{row}", label, look)

    def spill(
        self,
        cell: str,
        table: Spilled,
        n_rows: int,
        condition: str = 'clo_deal<>""',
        height: float = HEADER_HEIGHT,
        **arguments: str,
    ) -> Area:
        """A table of ours under headers of its own, over a range of so many rows; the range without the headers."""
        row, column = coordinate_to_tuple(cell)
        self.headers(cell, [one.label for one in table.columns], n_left=0, height=height)
        area = Area(self.sheet.title, row + 1, column, n_rows, len(table.columns))
        for offset, one in enumerate(table.columns):
            if one.look.align == "left":
                self.dress(f"{get_column_letter(column + offset)}{row}", looks.HEADER_LEFT)
            self.dress(area.part(offset).a1, one.look)
        expression = call(table.function, headers="FALSE", **arguments)
        self.array(area, filling(expression, n_rows, len(table.columns), condition))
        self.lines(area)
        return area

    def lines(self, area: Area) -> None:
        """Thin lines between the rows of a range, as far as its first column shows something."""
        formula = f'${area.cell(0, 0)}<>""'
        rule = Rule(type="expression", dxf=looks.underlined(), formula=[formula])
        self.sheet.conditional_formatting.add(area.a1, rule)

    def status(self, cell: str, expression: str, text: str, condition: str = 'clo_deal<>""') -> None:
        """A cell that says why a table is empty."""
        self.put(cell, status(expression, text, condition), looks.ALERT_NOTE)

    def array(self, area: Area, formula: str) -> None:
        """An array formula over a range."""
        self.sheet[area.cell(0, 0)].value = ArrayFormula(area.a1, formula)

    def table(self, name: str, area: Area) -> None:
        """Make a range with headers an Excel table."""
        made = Table(displayName=name, ref=area.a1)
        made.tableStyleInfo = TABLE_STYLE
        self.sheet.add_table(made)

    def choices(self, area: str, source: str, *, is_strict: bool = True) -> None:
        """Offer a drop-down list in a range: a reference as formula text, or words in quotes."""
        rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=is_strict)
        rule.error, rule.errorTitle = "Choose one of the entries of the list.", "Not in the list"
        rule.add(area)
        self.sheet.add_data_validation(rule)

    def limits(self, area: str, kind: NumberKind, low: float, high: float | None, message: str) -> None:
        """Accept only numbers or dates within limits."""
        operator: Literal["greaterThanOrEqual", "between"] = "greaterThanOrEqual" if high is None else "between"
        second = None if high is None else f"{high:g}"
        rule = DataValidation(type=kind, operator=operator, formula1=f"{low:g}", formula2=second, allow_blank=True)
        rule.showErrorMessage = True
        rule.error, rule.errorTitle = message, "Outside the limits"
        rule.add(area)
        self.sheet.add_data_validation(rule)

    def mark(self, area: str, formula: str, color: str, fill: str) -> None:
        """A conditional format: the formula as of the first cell of the range."""
        rule = Rule(type="expression", dxf=looks.marked(color, fill), formula=[formula])
        self.sheet.conditional_formatting.add(area, rule)

    def mark_verdicts(self, area: str) -> None:
        """Colour the words Pass and Fail."""
        first = area.split(":")[0]
        self.mark(area, f'{first}="Pass"', *looks.GOOD_MARK)
        self.mark(area, f'{first}="Fail"', *looks.BAD_MARK)

    def format_where(self, area: str, formula: str, number_format: str) -> None:
        """Another number format, over the line of the row, where a condition holds."""
        style = looks.underlined()
        style.numFmt = NumberFormat(numFmtId=164, formatCode=number_format)
        self.sheet.conditional_formatting.add(area, Rule(type="expression", dxf=style, formula=[formula]))

    def print_setup(self, area: str, *, header_row: int | None = None, is_one_page: bool = False) -> None:
        """A4 landscape, one page wide, and the header row on every page."""
        setup = self.sheet.page_setup
        setup.orientation, setup.paperSize = "landscape", 9
        setup.fitToWidth, setup.fitToHeight = 1, 1 if is_one_page else 0
        self.sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        margins = self.sheet.page_margins
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.header, margins.footer = 0.6, 0.6, 0.3, 0.3
        self.sheet.oddFooter = HeaderFooterItem(left=_footer("&A"), center=None, right=_footer("Page &P of &N"))
        self.sheet.print_area = area
        if header_row is not None:
            self.sheet.print_title_rows = f"{header_row}:{header_row}"


def _footer(text: str) -> _HeaderFooterPart:
    return _HeaderFooterPart(text, font=FONT, size=8, color=looks.rgb(looks.MUTED))
