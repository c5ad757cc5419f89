"""A small Excel behind the object model of xlwings: values, names and tables, to be read back after a patch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openpyxl.utils.cell import get_column_letter, range_boundaries

_Position = tuple[int, int]


class Anything:
    """Takes every attribute and answers every call with another one: parts of Excel that a test does not look at."""

    def __getattr__(self, name: str) -> Anything:
        made = Anything()
        self.__dict__[name] = made
        return made

    def __call__(self, *arguments: Any, **named: Any) -> Anything:
        return Anything()


class FakeApp:
    """Excel. calculated: how often everything was; answers: what dialogs give, in order."""

    def __init__(self) -> None:
        self.screen_updating, self.calculation, self.display_alerts = True, "automatic", True
        self.api = self
        self.prompts: list[str] = []
        self.answers: list[Any] = []
        self.n_calculated = 0
        self.states: list[tuple[bool, str]] = []

    def InputBox(self, prompt: str, title: str, default: str, Type: int) -> Any:  # noqa: N802, N803 (Excel's names)
        self.prompts.append(f"{title}: {prompt} [{default}]")
        return self.answers.pop(0)

    def GetOpenFilename(self, kinds: str, index: int, title: str) -> Any:  # noqa: N802
        self.prompts.append(title)
        return self.answers.pop(0)

    def CalculateFull(self) -> None:  # noqa: N802
        self.n_calculated += 1

    ActiveWindow = Anything()


class FakeName:
    """A name of a workbook or sheet."""

    def __init__(self, book: FakeBook, name: str, refers_to: str) -> None:
        self._book, self.name, self.refers_to = book, name, refers_to

    @property
    def refers_to_range(self) -> FakeRange:
        found = re.fullmatch(r"='?(?P<sheet>.+?)'?!(?P<cells>[$A-Z0-9:]+)", self.refers_to)
        if found is None:
            raise RuntimeError("no range")
        return self._book.sheet(found["sheet"]).range(found["cells"])


class FakeNames(list[FakeName]):
    """Names that can be added as through Excel itself."""

    def __init__(self, book: FakeBook) -> None:
        super().__init__()
        self._book = book

    def Add(self, name: str, refers_to: str, visible: bool = True) -> None:  # noqa: N802
        self[:] = [one for one in self if one.name != name]
        self.append(FakeName(self._book, name, refers_to))


class FakeTable:
    """A table of a sheet."""

    def __init__(self, sheet: FakeSheet, cells: FakeRange) -> None:
        self._sheet, self.cells = sheet, cells
        self.name = self.Name = self.TableStyle = ""
        self.api = self

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "Name":
            super().__setattr__("name", value)

    @property
    def data_body_range(self) -> FakeRange:
        return self.cells[1 : len(self.cells.api.Value2), 0 : self.cells.n_columns]

    def Unlist(self) -> None:  # noqa: N802
        self._sheet.tables.remove(self)


class FakeChart(Anything):
    """A chart of a sheet in its frame: name, series."""

    def __init__(self, sheet: FakeSheet) -> None:
        self.__dict__.update(sheet=sheet, name="", Chart=self, series=[], Count=0)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["name" if name == "Name" else name] = value

    def SeriesCollection(self) -> FakeChart:  # noqa: N802
        return self

    def NewSeries(self) -> Anything:  # noqa: N802
        self.series.append(Anything())
        return self.series[-1]

    def delete(self) -> None:
        self.sheet.charts.remove(self)


class FakeCharts:
    """The frames of a sheet, to which one can be added."""

    def __init__(self, sheet: FakeSheet) -> None:
        self._sheet = sheet

    def Add(self, left: float, top: float, width: float, height: float) -> FakeChart:  # noqa: N802
        self._sheet.charts.append(FakeChart(self._sheet))
        return self._sheet.charts[-1]


class FakeBook:
    """A workbook with one sheet."""

    def __init__(self) -> None:
        self.app = FakeApp()
        self.names = FakeNames(self)
        self.api = Anything()
        self.api.__dict__["Names"] = self.names
        self.sheets = FakeSheets(self)
        self.sheets.add("Control")

    def sheet(self, name: str) -> FakeSheet:
        return next(sheet for sheet in self.sheets if sheet.name == name)


class FakeSheets(list["FakeSheet"]):
    """Sheets in order. active: the one that is shown."""

    def __init__(self, book: FakeBook) -> None:
        super().__init__()
        self._book = book
        self.active: FakeSheet | None = None

    def add(self, name: str, before: FakeSheet | None = None, after: FakeSheet | None = None) -> FakeSheet:
        made = FakeSheet(self._book, name)
        place = self.index(before) if before else self.index(after) + 1 if after else len(self)
        self.insert(place, made)
        self.active = made
        return made


class FakeSheet:
    """A sheet: values and number formats by position, both counted from 1."""

    def __init__(self, book: FakeBook, name: str) -> None:
        self._book, self.name, self.visible = book, name, True
        self.values: dict[_Position, Any] = {}
        self.formats: dict[_Position, str] = {}
        self.names = FakeNames(book)
        self.tables: list[FakeTable] = []
        self.charts: list[FakeChart] = []
        self.n_writes = 0
        self.api = Anything()
        self.api.__dict__.update(Names=self.names, ListObjects=self, ChartObjects=lambda: FakeCharts(self))

    def Add(self, source: int, cells: FakeRange, link: Any, headers: int) -> FakeTable:  # noqa: N802
        self.tables.append(FakeTable(self, cells.of))
        return self.tables[-1]

    def range(self, address: str) -> FakeRange:
        left, top, right, bottom = range_boundaries(address.replace("$", ""))
        return FakeRange(self, int(top or 0), int(left or 0), int(bottom or 0), int(right or 0))

    @property
    def used_range(self) -> FakeRange:
        rows, columns = [row for row, _ in self.values] or [1], [column for _, column in self.values] or [1]
        return FakeRange(self, 1, 1, max(rows), max(columns))

    @property
    def cells(self) -> FakeRange:
        return self.used_range

    def clear(self) -> None:
        self.values.clear()

    def activate(self) -> None:
        self._book.sheets.active = self

    def delete(self) -> None:
        self._book.sheets.remove(self)


class FakeRange:
    """A block of cells; `api` is the same block as Excel itself shows it."""

    def __init__(self, sheet: FakeSheet, top: int, left: int, bottom: int, right: int) -> None:
        self.sheet, self.row, self.column = sheet, top, left
        self.n_rows, self.n_columns = bottom - top + 1, right - left + 1
        self.left, self.top = 0.0, 0.0

    @property
    def of(self) -> FakeRange:
        return self

    @property
    def api(self) -> _ApiRange:
        return _ApiRange(self)

    @property
    def address(self) -> str:
        first = f"${get_column_letter(self.column)}${self.row}"
        if (self.n_rows, self.n_columns) == (1, 1):
            return first
        return f"{first}:${get_column_letter(self.column + self.n_columns - 1)}${self.row + self.n_rows - 1}"

    def positions(self) -> Iterator[_Position]:
        for row in range(self.row, self.row + self.n_rows):
            for column in range(self.column, self.column + self.n_columns):
                yield row, column

    def resize(self, n_rows: int, n_columns: int) -> FakeRange:
        return FakeRange(self.sheet, self.row, self.column, self.row + n_rows - 1, self.column + n_columns - 1)

    def __getitem__(self, place: tuple[Any, Any]) -> FakeRange:
        rows, columns = (one if isinstance(one, slice) else slice(one, one + 1) for one in place)
        top, left = self.row + rows.start, self.column + columns.start
        return FakeRange(self.sheet, top, left, self.row + rows.stop - 1, self.column + columns.stop - 1)

    def _write(self, values: Any) -> None:
        self.sheet.n_writes += 1
        rows = values if isinstance(values, tuple | list) else ((values,),)
        for (row, column), value in zip(self.positions(), (value for line in rows for value in line), strict=True):
            if value is None:
                self.sheet.values.pop((row, column), None)
            else:
                self.sheet.values[row, column] = value

    raw_value = property(None, _write)
    value = property(None, _write)

    def _formula_array(self, formula: str) -> None:
        self.sheet.values[self.row, self.column] = f"{{{formula}}}"

    formula_array = property(None, _formula_array)

    def _number_format(self, text: str) -> None:
        self.sheet.formats.update(dict.fromkeys(self.positions(), text))

    number_format = property(None, _number_format)

    def clear_contents(self) -> None:
        for position in self.positions():
            self.sheet.values.pop(position, None)

    def clear_formats(self) -> None:
        for position in self.positions():
            self.sheet.formats.pop(position, None)

    def clear(self) -> None:
        self.clear_contents()
        self.clear_formats()

    def select(self) -> None:
        self.sheet.activate()


class _ApiRange(Anything):
    """A block of cells in Excel's own words; texts lose the apostrophe that made them texts."""

    def __init__(self, of: FakeRange) -> None:
        self.__dict__["of"] = of
        self.__dict__.update(HasArray=False, HasSpill=False)

    def _values(self) -> Any:
        of: FakeRange = self.__dict__["of"]
        cells = [of.sheet.values.get(position) for position in of.positions()]
        plain = [value.removeprefix("'") if isinstance(value, str) else value for value in cells]
        if len(plain) == 1:
            return plain[0]
        return tuple(tuple(plain[i : i + of.n_columns]) for i in range(0, len(plain), of.n_columns))

    def _write(self, values: Any) -> None:
        self.__dict__["of"]._write(values)

    Value2 = property(_values, _write)
    Formula2 = property(_values, _write)
    Formula = property(_values, _write)
