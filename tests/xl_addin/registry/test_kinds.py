"""Arguments: how each kind reads what a client sends, beyond the table that every face runs."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.modes import Mode
from xl_addin.registry import kinds
from xl_addin.registry.errors import CellError, PassedOnError
from xl_addin.registry.kinds import Kind
from xl_addin.registry.values import OMITTED


def _number_of(kind: Kind, raw: Any) -> str:
    with pytest.raises(CellError) as raised:
        kind.read(raw)
    return raised.value.number


@pytest.mark.parametrize("raw", [True, "TRUE", " yes ", "Y", 1, 1.0, "1"])
def test_true_has_many_spellings(raw: Any) -> None:
    """Logical value, word in any case, or 1."""
    assert kinds.FLAG.read(raw) is True


@pytest.mark.parametrize("raw", [False, "false", "No", "n", 0, 0.0, "0", ""])
def test_false_has_many_spellings_and_is_what_a_blank_means(raw: Any) -> None:
    """Logical value, word in any case, 0 or a blank cell."""
    assert kinds.FLAG.read(raw) is False


@pytest.mark.parametrize("raw", [2, "maybe", "WAHR", -1])
def test_other_values_are_neither_true_nor_false(raw: Any) -> None:
    """Words of another language, and the -1 of Basic."""
    assert _number_of(kinds.FLAG, raw) == "CLO-2107"


def test_numbers_become_texts_in_their_shortest_form() -> None:
    """A whole number has no decimals, a logical value its English word."""
    assert [kinds.TEXT.read(raw) for raw in (17.0, 0.1, True, "a", "")] == ["17", "0.1", "TRUE", "a", ""]


def test_texts_end_where_cells_do() -> None:
    """32,767 characters are a text, one more is none."""
    assert len(kinds.TEXT.read("x" * 32_767)) == 32_767
    assert _number_of(kinds.TEXT, "x" * 32_768) == "CLO-2108"


def test_a_blank_name_is_no_argument() -> None:
    """Names are trimmed; nothing is left of a blank one, which for a universe is a value."""
    assert kinds.NAME.read("  Mag 17 ") == "Mag 17"
    assert kinds.NAME.read("   ") is OMITTED
    assert kinds.PLAIN_NAME.read("   ") == ""


def test_modes_are_read_by_either_name() -> None:
    """`default` of the workbook and `standard` of the engine are one mode."""
    assert [kinds.MODE.read(word) for word in ("Default", "STANDARD", "legacy")] == [
        Mode.STANDARD,
        Mode.STANDARD,
        Mode.LEGACY,
    ]


def test_a_vector_is_read_row_by_row_and_loses_the_blanks_at_its_end() -> None:
    """Blanks in between are 0 in numbers."""
    assert kinds.NUMBERS.read([[1, ""], ["2", ""], ["", ""]]).tolist() == [1.0, 0.0, 2.0]
    assert kinds.DAYS.read([["2016-03-23", {"d": 42453}], ["", None]]) == (date(2016, 3, 23), date(2016, 3, 24))
    assert kinds.NUMBERS.read("").size == 0


def test_a_matrix_keeps_its_shape_and_has_no_number_where_it_is_blank() -> None:
    """Rows and columns stay."""
    found = kinds.MATRIX.read([[1, ""], [None, 4]])

    np.testing.assert_array_equal(found, [[1.0, np.nan], [np.nan, 4.0]])


def test_names_come_from_a_cell_a_list_or_a_range() -> None:
    """Blanks between them are dropped; none at all is no argument."""
    assert kinds.NAMES.read("a, b,,c ") == ("a", "b", "c")
    assert kinds.NAMES.read([["a"], [""], [7]]) == ("a", "7")
    assert kinds.NAMES.read([[""], [None]]) is OMITTED


def test_a_filter_is_a_text_or_rows() -> None:
    """One cell is a text however it is sent; the blank rows at the end of a range go."""
    assert kinds.TEXT_OR_ROWS.read([["WAL < 5"]]) == "WAL < 5"
    assert kinds.TEXT_OR_ROWS.read([["", "", "WAL"], ["", "", ""]]) == (("", "", "WAL"),)
    assert kinds.TEXT_OR_ROWS.read([[""], [""]]) is OMITTED


@pytest.mark.parametrize(("raw", "expected"), [(16, 16), (16.0, 16), ("16", 16), ("WARF", "WARF"), (" warf ", "warf")])
def test_a_test_is_a_number_or_a_name(raw: Any, expected: Any) -> None:
    """Digits are a number even as text."""
    assert kinds.TEST.read(raw) == expected


def test_the_place_of_a_wrong_cell_is_told() -> None:
    """Row and column within the range, and what is wrong there."""
    with pytest.raises(CellError, match=r"CLO-2104: Row 2, column 1 of the range: 'x' is not a number"):
        kinds.NUMBERS.read([[1], ["x"]])
    with pytest.raises(CellError, match=r"CLO-2112: Row 1, column 2 of the range holds #N/A"):
        kinds.ROWS.read([[1, {"e": "#N/A"}]])


def test_an_error_in_a_single_cell_is_passed_on() -> None:
    """With its own text, if it has one."""
    with pytest.raises(PassedOnError) as raised:
        kinds.NUMBER.read([[{"e": "#REF!", "m": "of the sheet"}]])

    assert (raised.value.code, str(raised.value)) == ("#REF!", "of the sheet")


@pytest.mark.parametrize("kind", [kinds.NUMBERS, kinds.DAYS, kinds.ROWS, kinds.MATRIX])
def test_ragged_rows_are_refused(kind: Kind) -> None:
    """No client sends them."""
    assert _number_of(kind, [[1], [2, 3]]) == "CLO-2111"


@pytest.mark.parametrize("raw", [{"x": 1}, [[{"x": 1}]]])
def test_what_no_client_sends_is_refused(raw: Any) -> None:
    """An object of no known form."""
    assert _number_of(kinds.NUMBER, raw) == "CLO-2103"
