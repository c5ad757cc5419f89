"""The calls of ours inside the formulas of a workbook."""

from collections.abc import Iterator
from typing import NamedTuple

from openpyxl import Workbook
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.worksheet.formula import ArrayFormula


class Called(NamedTuple):
    """A call in a formula: the function and how many arguments it is given, omitted ones included."""

    function: str
    n_arguments: int


def formulas(book: Workbook) -> Iterator[tuple[str, str, str]]:
    """Sheet, cell and text of every formula."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, ArrayFormula):
                    yield sheet.title, cell.coordinate, str(cell.value.text)
                elif cell.data_type == "f":
                    yield sheet.title, cell.coordinate, str(cell.value)


def calls(formula: str) -> Iterator[Called]:
    """Calls of functions with a prefix such as CLO_."""
    open_calls: list[list[str | int]] = []
    for token in Tokenizer(formula).items:
        if token.subtype == Token.OPEN:
            open_calls.append([token.value.rstrip("("), 0])
        elif token.subtype == Token.CLOSE:
            name, n_arguments = open_calls.pop()
            if str(name).startswith(("CLO_", "PAY_")):
                yield Called(str(name), int(n_arguments))
            if open_calls:
                open_calls[-1][1] = max(1, int(open_calls[-1][1]))
        elif open_calls and token.type != Token.WSPACE:
            count = int(open_calls[-1][1])
            open_calls[-1][1] = max(count, 1) + 1 if token.type == Token.SEP else max(count, 1)
