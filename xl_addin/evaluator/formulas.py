"""Formulas as the calculation engine needs them: what Excel does and the engine does not is spelled out in them."""

import re
from collections.abc import Callable, Collection

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.worksheet.cell_range import CellRange

from workbooks.templates.formulas import fills_its_range
from xl_addin.evaluator.values import OMITTED

FIT = "CLO__FIT"
"""The evaluator's own function around an array formula: brings its value to the size of its range."""

_LINK = re.compile(r"(\[\d+\]!)?(_xldudf_|_xll\.|_xlfn\.)?(?=[A-Z])")


def prepared(formula: str, names: Collection[str]) -> str:
    """A formula whose calls of ours are plain, whatever client wrote it, and name the arguments they leave out."""
    open_calls: list[bool] = []
    written: list[str] = []
    is_empty = False
    for token in Tokenizer(formula).items:
        text = token.value
        if token.subtype == Token.OPEN:
            name = _LINK.sub("", text, count=1)
            open_calls.append(name[:-1].upper() in names)
            text, is_empty = name, False
        elif token.type == Token.SEP or token.subtype == Token.CLOSE:
            if open_calls and open_calls[-1] and (is_empty or (token.type == Token.SEP and _opens(written))):
                written.append(f'"{OMITTED}"')
            is_empty = token.type == Token.SEP
            if token.subtype == Token.CLOSE:
                open_calls.pop()
        elif token.type != Token.WSPACE:
            is_empty = False
        written.append(text)
    return "=" + "".join(written)


def _opens(written: list[str]) -> bool:
    return next((text for text in reversed(written) if text.strip()), "").endswith("(")


def prepared_array(formula: str, area: str, names: Collection[str]) -> str:
    """An array formula in its first cell, cut or filled up to the size of its range."""
    size = CellRange(area)
    pad = "TRUE" if fills_its_range(formula) else "FALSE"
    n_rows, n_columns = size.max_row - size.min_row + 1, size.max_col - size.min_col + 1
    return f"={FIT}({n_rows},{n_columns},{pad},{prepared(formula, names)[1:]})"


def fitting(make_error: Callable[[str, str], object]) -> Callable[[float, float, bool, object], list[list[object]]]:
    """The function behind FIT.

    A single value, row or column is repeated; beyond the value stands #N/A, or an empty text where the formula says so.
    """

    def fit(n_rows: float, n_columns: float, is_filled: bool, value: object) -> list[list[object]]:
        rows = value if isinstance(value, list) else [[value]]
        cells = [[_returned(cell, make_error) for cell in row] for row in rows]
        beyond = "" if is_filled else make_error("Na", "")

        def at(i: int, j: int) -> object:
            i = 0 if len(cells) == 1 and not is_filled else i
            j = 0 if len(cells[0]) == 1 and not is_filled else j
            return cells[i][j] if i < len(cells) and j < len(cells[0]) else beyond

        return [[at(i, j) for j in range(int(n_columns))] for i in range(int(n_rows))]

    return fit


def _returned(cell: object, make_error: Callable[[str, str], object]) -> object:
    if isinstance(cell, dict):
        return make_error(str(cell.get("kind")), str(cell.get("message", "")))
    return "" if cell is None else cell
