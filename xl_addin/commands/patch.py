"""A workbook patch: what a command does to the open workbook, as an ordered list of operations (spec 08 §8.2).

A patch is plain data and can be applied twice with the same outcome. Four appliers know the operations: Excel through
COM, Office.js, files (openpyxl) and LibreOffice (UNO). Cell values are those of the wire (`registry.results`): None and
"" are blank, a date is {"d": serial, "f": format}, an error {"e": code, "m": text}. Ranges are A1 without sheet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal, get_type_hints

CellValue = Any
Grid = Sequence[Sequence[CellValue]]


class Style(Enum):
    """How a range looks; each applier has the same table of fonts, fills and number formats (`looks`)."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    HEADER = "header"
    LABEL = "label"
    INPUT = "input"
    MONEY = "money"
    AMOUNT = "amount"
    PERCENT = "percent"
    RATIO = "ratio"
    PRICE = "price"
    NUMBER = "number"
    WHOLE = "whole"
    DATE = "date"
    TEXT = "text"
    GOOD = "good"
    BAD = "bad"
    NOTE = "note"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureSheet:
    """Have a sheet of this name; its content stays. after: name of the sheet it follows, last by default.

    is_output marks it as written by us: `DeleteSheets` takes only such sheets away, and no user's sheet is overwritten.
    Such a sheet prints across the page, all columns side by side, unless is_wide says that nobody could read that.
    """

    name: str
    after: str | None = None
    is_visible: bool = True
    is_output: bool = True
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSheets:
    """Delete the sheets marked as ours whose names begin with a prefix."""

    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write values from an anchor cell on. A text that begins with = + - @ stays text."""

    sheet: str
    anchor: str
    values: Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFormulas:
    """Write formulas of ours, one per cell; with is_array the first one fills the whole range as an array formula.

    range covers all formulas; under is_array a formula whose result is smaller leaves the rest as it is shown by Excel.
    """

    sheet: str
    range: str
    formulas: Sequence[Sequence[str]]
    is_array: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """Clear a range, or with an empty range the sheet: contents, formats, or all with charts and tables."""

    sheet: str
    range: str = ""
    what: Literal["contents", "formats", "all"] = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineName:
    """Give a range a name in the workbook."""

    name: str
    sheet: str
    range: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteNamed:
    """Write one value into the cell that the workbook calls by a name; nothing where it knows no such name."""

    name: str
    value: CellValue


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeTable:
    """Make a range with headers an Excel table of this name; where one of the name stands, it is resized."""

    name: str
    sheet: str
    range: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """Give a range a style."""

    sheet: str
    range: str
    style: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnWidths:
    """Widths in characters, from the first column on."""

    sheet: str
    widths: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezePanes:
    """Freeze everything above and left of a cell."""

    sheet: str
    cell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a chart: its name, and the ranges of its values on the chart's data sheet."""

    name: str
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A native chart; one of the same name on the sheet is replaced. Of bars, the first category stands on top.

    data_sheet: where the ranges stand. width, height: points. axis_format: number format of the value axis;
    axis_min, axis_max: its ends, None to leave them to the program.
    """

    sheet: str
    name: str
    anchor: str
    kind: Literal["line", "column", "stacked_column", "bar", "stacked_bar", "area", "stacked_area", "scatter"]
    title: str
    data_sheet: str
    categories: str
    series: Sequence[Series]
    width: float = 480.0
    height: float = 260.0
    axis_format: str = "General"
    axis_min: float | None = None
    axis_max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """Show a sheet with a cell selected."""

    sheet: str
    cell: str = "A1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Tell the user something, in the status bar or the task pane."""

    level: Literal["information", "warning", "error"]
    text: str


Operation = (
    EnsureSheet
    | DeleteSheets
    | Write
    | WriteFormulas
    | Clear
    | DefineName
    | WriteNamed
    | MakeTable
    | Format
    | ColumnWidths
    | FreezePanes
    | Chart
    | Select
    | Message
)

_KINDS: dict[str, type[Any]] = {
    "ensure_sheet": EnsureSheet,
    "delete_sheets": DeleteSheets,
    "write": Write,
    "write_formulas": WriteFormulas,
    "clear": Clear,
    "define_name": DefineName,
    "write_named": WriteNamed,
    "make_table": MakeTable,
    "format": Format,
    "column_widths": ColumnWidths,
    "freeze_panes": FreezePanes,
    "chart": Chart,
    "select": Select,
    "message": Message,
}
_WORD_BY_KIND = {kind: word for word, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class WorkbookPatch:
    """Operations in order."""

    operations: tuple[Operation, ...]


def patch_to_json(patch: WorkbookPatch) -> list[dict[str, Any]]:
    """A patch as JSON values: one object per operation, its kind under `op`."""
    return [{"op": _WORD_BY_KIND[type(one)], **_plain(asdict(one))} for one in patch.operations]


def patch_from_json(items: Sequence[Mapping[str, Any]]) -> WorkbookPatch:
    """A patch from its JSON values. Raises ValueError for an unknown operation, TypeError for a wrong field."""
    return WorkbookPatch(tuple(_operation(item) for item in items))


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value.value if isinstance(value, Enum) else value for name, value in fields.items()}


def _operation(item: Mapping[str, Any]) -> Operation:
    kind = _KINDS.get(str(item.get("op")))
    if kind is None:
        raise ValueError(f"no operation {item.get('op')!r}")
    fields = {name: value for name, value in item.items() if name != "op"}
    if "style" in get_type_hints(kind):
        fields["style"] = Style(fields["style"])
    if kind is Chart:
        fields["series"] = tuple(Series(**one) for one in fields["series"])
    made: Operation = kind(**fields)
    return made
