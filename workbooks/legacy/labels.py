"""Label/value blocks and filter blocks, which several sheets have (spec 06 §4.2, §5.1, §5.2)."""

from engine.snapshot import FilterRow, LabelledValue
from workbooks.legacy.cells import Block
from workbooks.legacy.findings import Code
from workbooks.legacy.ranges import Located, list_rows
from workbooks.legacy.values import CellReader, trimmed


def labelled_values(cells: CellReader, located: Located) -> tuple[LabelledValue, ...]:
    """Rows of a label/value block; a repeated label is E-DUPLABEL, one that only trimming makes readable W-LABEL."""
    found: dict[str, LabelledValue] = {}
    for row in list_rows(cells, located):
        text = cells.text(row, located.left, "label")
        label = trimmed(text)
        if not label:
            continue
        if label in found:
            remark = f"label {label!r} is repeated, first in {found[label].place.cell}"
            cells.report(Code.DUPLICATE_LABEL, row, located.left, remark, found=text)
            continue
        if label != text:
            remark = "the legacy model does not find this label: it has blanks at its ends"
            cells.report(Code.LABEL, row, located.left, remark, found=repr(text), used=label)
        found[label] = LabelledValue(
            label=label, value=cells.value(row, located.left + 1, label), place=cells.place(row, located.left)
        )
    return tuple(found.values())


def filter_rows(cells: CellReader, name: str, block: Block) -> tuple[FilterRow, ...]:
    """Filled rows of a six-column filter block."""
    rows: list[FilterRow] = []
    for row in block.rows:
        if all(cells.is_blank(row, block.left + offset) for offset in range(6)):
            continue
        logical, opening, field, operator = (cells.key(row, block.left + offset) for offset in range(4))
        rows.append(
            FilterRow(
                name=name,
                position=len(rows) + 1,
                logical_operator=logical,
                open_parenthesis=opening,
                field=field,
                operator=operator,
                value=cells.value(row, block.left + 4),
                close_parenthesis=cells.key(row, block.left + 5),
                place=cells.place(row, block.left),
            )
        )
    return tuple(rows)
