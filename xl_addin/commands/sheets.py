"""Laying out one result sheet: title, facts, tables with their looks, charts; in the end the operations of a patch.

Tables stand below each other, or beside each other in one band of rows. Charts stand to the right of everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbooks.xlsx import sheet_name
from xl_addin.commands.columns import heading, style_of, width_of
from xl_addin.commands.declare import Inputs
from xl_addin.commands.patch import (
    CellValue,
    Chart,
    Clear,
    ColumnWidths,
    EnsureSheet,
    Format,
    FreezePanes,
    Grid,
    MakeTable,
    Operation,
    Series,
    Style,
    Write,
)

FIRST_TABLE_ROW = 4
PASS, FAIL = "Pass", "Fail"
_CHART_WIDTH, _CHART_HEIGHT = 560.0, 280.0
_ROWS_OF_CHART, _POINTS_OF_ROW = 20, 15.0


def letters(column: int) -> str:
    """Letters of a column, counted from 1."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def address(row: int, column: int) -> str:
    """A cell as A1, both counted from 1."""
    return f"{letters(column)}{row}"


def area(first_row: int, first_column: int, last_row: int, last_column: int) -> str:
    """A range as A1:B2, all counted from 1."""
    return f"{address(first_row, first_column)}:{address(last_row, last_column)}"


@dataclass(frozen=True, slots=True)
class Block:
    """Where a table stands: its sheet, header row, first column, column names and number of rows."""

    sheet: str
    header_row: int
    first_column: int
    columns: tuple[str, ...]
    n_rows: int

    @property
    def last_row(self) -> int:
        """The last row with data; of a table without any, the blank row that Excel demands."""
        return self.header_row + max(self.n_rows, 1)

    @property
    def last_column(self) -> int:
        return self.first_column + len(self.columns) - 1

    def cells(self, column: str, n_rows: int | None = None) -> str:
        """The data cells of a column, or its first n_rows."""
        place = self.first_column + self.columns.index(column)
        last = self.last_row if n_rows is None else min(self.last_row, self.header_row + n_rows)
        return area(self.header_row + 1, place, last, place)


def output_name(inputs: Inputs, wanted: str) -> str:
    """The sheet that a result goes to: `wanted` as Excel allows it, with (2) where the user has one of that name."""
    ours = {name.lower() for name in inputs.ours}
    return sheet_name(wanted, {name.lower() for name in inputs.sheets if name.lower() not in ours})


def table_name(sheet: str, title: str) -> str:
    """A name for an Excel table: letters, digits and underscores of the sheet and the title."""
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else "_" for letter in f"out_{sheet}_{title}".lower()
    )
    return "_".join(part for part in plain.split("_") if part)[:250]


_MOST_PRINTED = 24
"""Columns that can still be read side by side on one page."""


@dataclass(slots=True)
class OutputSheet:
    """One sheet on its way. after: the sheet it follows."""

    name: str
    after: str | None = None
    _operations: list[Operation] = field(default_factory=list)
    _widths: dict[int, float] = field(default_factory=dict)
    _next_row: int = FIRST_TABLE_ROW
    _band_row: int = FIRST_TABLE_ROW
    _next_column: int = 1
    _right: int = 1
    _n_charts: int = 0
    _freeze: str = ""

    def title(self, text: str, subtitle: str) -> None:
        """What the sheet shows, and of what day and run."""
        self._operations += [
            Write(sheet=self.name, anchor="A1", values=((text,), (subtitle,))),
            Format(sheet=self.name, range="A1", style=Style.TITLE),
            Format(sheet=self.name, range="A2", style=Style.SUBTITLE),
        ]

    def facts(self, facts: Sequence[tuple[str, CellValue, Style]], *, column: int = 1) -> None:
        """Labels with a value each, below what stands already, the labels in a column counted from 1."""
        row = self._next_row
        for place, (label, value, style) in enumerate(facts, start=row):
            self._operations += [
                Write(sheet=self.name, anchor=address(place, column), values=((label, value),)),
                Format(sheet=self.name, range=address(place, column), style=Style.LABEL),
                Format(sheet=self.name, range=address(place, column + 1), style=style),
            ]
        for place, width in ((column, 22.0), (column + 1, 16.0)):
            self._widths[place] = max(self._widths.get(place, 0.0), width)
        self._next_row = row + len(facts) + 1

    def notes(self, texts: Sequence[str]) -> None:
        """Remarks, a row each."""
        if texts:
            row = self._next_row
            self._operations += [
                Write(sheet=self.name, anchor=address(row, 1), values=tuple((text,) for text in texts)),
                Format(sheet=self.name, range=area(row, 1, row + len(texts) - 1, 1), style=Style.SUBTITLE),
            ]
            self._next_row = row + len(texts) + 1

    def table(
        self,
        title: str,
        grid: Grid,
        *,
        is_beside: bool = False,
        styles: Mapping[str, Style] | None = None,
    ) -> Block:
        """Write a table whose first row names its columns, under its title.

        is_beside: in the band of the table before it. styles: looks of columns that differ from what their names say.
        """
        if not is_beside:
            self._band_row, self._next_column = self._next_row, 1
        columns, rows = tuple(str(name) for name in grid[0]), [tuple(row) for row in grid[1:]]
        block = Block(self.name, self._band_row + 1, self._next_column, columns, len(rows))
        self._write(block, title, rows, styles or {})
        place = area(block.header_row, block.first_column, block.last_row, block.last_column)
        self._operations.append(MakeTable(name=table_name(self.name, title), sheet=self.name, range=place))
        self._next_row = max(self._next_row, block.last_row + 3)
        self._next_column = block.last_column + 2
        self._right = max(self._right, block.last_column)
        return block

    def _write(
        self, block: Block, title: str, rows: Sequence[Sequence[CellValue]], styles: Mapping[str, Style]
    ) -> None:
        headers = tuple(heading(name) for name in block.columns)
        top, left = block.header_row, block.first_column
        self._operations += [
            Write(sheet=self.name, anchor=address(top - 1, left), values=((title,),)),
            Format(sheet=self.name, range=address(top - 1, left), style=Style.LABEL),
            Write(sheet=self.name, anchor=address(top, left), values=(_distinct(headers), *rows)),
            Format(sheet=self.name, range=area(top, left, top, block.last_column), style=Style.HEADER),
        ]
        for column in block.columns:
            place = left + block.columns.index(column)
            style = styles.get(column, style_of(column))
            self._widths[place] = max(self._widths.get(place, 0.0), width_of(column))
            if rows:
                self._operations.append(Format(sheet=self.name, range=block.cells(column), style=style))

    def mark(self, block: Block, column: str, styles: Sequence[Style | None]) -> None:
        """Give cells of a column looks of their own, row by row; None leaves a cell as it is."""
        place = block.first_column + block.columns.index(column)
        start = 0
        while start < len(styles):
            end = start
            while end + 1 < len(styles) and styles[end + 1] is styles[start]:
                end += 1
            style = styles[start]
            if style is not None:
                first = block.header_row + 1
                cells = area(first + start, place, first + end, place)
                self._operations.append(Format(sheet=self.name, range=cells, style=style))
            start = end + 1

    def verdicts(self, block: Block, column: str, rows: Grid) -> None:
        """Colour a column of the words Pass and Fail."""
        at = block.columns.index(column)
        looks = {PASS: Style.GOOD, FAIL: Style.BAD}
        self.mark(block, column, [looks.get(row[at]) for row in rows])

    def chart(
        self,
        kind: str,
        title: str,
        categories: str,
        series: Sequence[tuple[str, str]],
        *,
        data_sheet: str = "",
        axis_format: str = "General",
        axis_min: float | None = None,
        axis_max: float | None = None,
    ) -> None:
        """A chart to the right of the tables, below the one before. series: name and range of values."""
        if not series:
            return
        row = FIRST_TABLE_ROW + self._n_charts * _ROWS_OF_CHART
        self._n_charts += 1
        self._operations.append(
            Chart(
                sheet=self.name,
                name=f"{table_name(self.name, 'chart')}_{self._n_charts}",
                anchor=address(row, self._right + 2),
                kind=kind,  # type: ignore[arg-type]  # the callers name kinds of the patch
                title=title,
                data_sheet=data_sheet or self.name,
                categories=categories,
                series=tuple(Series(name=name, values=values) for name, values in series),
                width=_CHART_WIDTH,
                height=_CHART_HEIGHT,
                axis_format=axis_format,
                axis_min=axis_min,
                axis_max=axis_max,
            )
        )

    def freeze(self, block: Block, n_columns: int = 0) -> None:
        """Keep the headers of a table in sight, and its first columns."""
        self._freeze = address(block.header_row + 1, block.first_column + n_columns)

    def ensured(self) -> Operation:
        """Have the sheet."""
        return EnsureSheet(name=self.name, after=self.after, is_wide=self._right > _MOST_PRINTED)

    def operations(self) -> tuple[Operation, ...]:
        """Everything on the sheet in order, in place of what stood there: cells, tables and charts."""
        widths = tuple(self._widths.get(column, 3.0) for column in range(1, max(self._widths, default=0) + 1))
        made: list[Operation] = [
            Clear(sheet=self.name, what="all"),
            *self._operations,
            ColumnWidths(sheet=self.name, widths=widths),
        ]
        if self._freeze:
            made.append(FreezePanes(sheet=self.name, cell=self._freeze))
        return tuple(made)


def _distinct(headers: Sequence[str]) -> tuple[str, ...]:
    """Headers as a table needs them: none twice in any case of letters, none blank."""
    taken: set[str] = set()
    found = []
    for place, header in enumerate(headers, start=1):
        name, number = header or f"Column {place}", 2
        while name.lower() in taken:
            name, number = f"{header} {number}", number + 1
        taken.add(name.lower())
        found.append(name)
    return tuple(found)
