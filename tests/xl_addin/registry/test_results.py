"""Results on the wire: scalars, tables, arrays, frames, and what no cell can hold."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xl_addin.registry.errors import unavailable
from xl_addin.registry.results import Table, decode, encode

WHERE = "CLO_TEST"


def _value(result: Any, *, has_headers: bool = True) -> Any:
    answer = decode(encode(result, WHERE, has_headers=has_headers))
    return answer.get("v", (answer.get("e"), answer.get("m", "")[:8]))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (0.25, 0.25),
        (7, 7),
        (True, True),
        ("text", "text"),
        (None, ""),
        (np.float64(0.5), 0.5),
        (np.int64(5), 5),
        (np.bool_(False), False),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (date(2016, 3, 23), {"d": 42452, "f": "yyyy-mm-dd"}),
        (datetime(2016, 3, 23, 12, tzinfo=UTC), {"d": 42452.5, "f": "yyyy-mm-dd hh:mm:ss"}),
    ],
)
def test_single_values(result: Any, expected: Any) -> None:
    """Numbers as they are, nothing as an empty text, dates as serials, whole numbers beyond 2^53 as text."""
    assert _value(result) == expected
    assert type(_value(result)) is type(expected)


def test_a_date_that_no_sheet_can_hold_is_an_error() -> None:
    """Serials begin on 1 March 1900, after the day that never was."""
    assert _value(date(1900, 3, 1)) == {"d": 61, "f": "yyyy-mm-dd"}
    assert _value(date(1900, 2, 27)) == ("#NUM!", "CLO-2126")


@pytest.mark.parametrize("result", [float("nan"), float("inf"), -float("inf"), np.float64("nan"), np.array([np.nan])])
def test_what_is_not_a_number_is_an_error(result: Any) -> None:
    """Alone #NUM!, in an array #NUM! in its own cell only."""
    found = _value(result)

    assert found == ("#NUM!", "CLO-2114") or found[0][0]["e"] == "#NUM!"


def test_sequences_stand_in_a_column_and_rows_as_they_are() -> None:
    """A flat list is a column."""
    assert _value([1, 2]) == [[1], [2]]
    assert _value([[1, "a"], [2, None]]) == [[1, "a"], [2, ""]]
    assert _value(np.array([1.0, 2.0])) == [[1.0], [2.0]]
    assert _value(np.eye(2)) == [[1.0, 0.0], [0.0, 1.0]]


def test_a_failed_cell_of_a_table_leaves_the_others() -> None:
    """Only its own cell is an error, with the function as its place."""
    failure = unavailable("CLO-2151", "No correlation", remedy="Leave it out.")

    table = _value(Table(("a", "b"), [(1, failure), (None, float("nan"))]))

    assert table[0] == ["a", "b"]
    assert table[1][1] == {"e": "#N/A", "m": "CLO-2151: No correlation, at CLO_TEST. Leave it out."}
    assert table[2][0] == ""
    assert table[2][1]["e"] == "#NUM!"


def test_headers_can_be_left_out_of_a_table_that_has_rows() -> None:
    """Without rows and headers nothing is left to show."""
    assert _value(Table(("a",), [(1,)]), has_headers=False) == [[1]]
    assert _value(Table(("a",), [])) == [["a"]]
    assert _value(Table(("a",), []), has_headers=False) == ("#N/A", "CLO-2116")
    assert _value([]) == ("#N/A", "CLO-2116")


def test_frames_have_headers_and_a_named_index_as_first_column() -> None:
    """Missing values of a frame are empty."""
    frame = pd.DataFrame({"x": [1.5, np.nan]}, index=pd.Index(["one", "two"], name="key"))

    assert _value(frame) == [["key", "x"], ["one", 1.5], ["two", ""]]


def test_results_larger_than_allowed_are_refused() -> None:
    """A table of more than 200,000 cells, a column longer than a sheet, a text longer than a cell."""
    assert _value(Table(("a", "b"), [(1, 2)] * 100_001)) == ("#VALUE!", "CLO-2118")
    assert _value(np.zeros((1_048_577, 1))) == ("#VALUE!", "CLO-2117")
    assert _value(np.zeros((1, 16_385))) == ("#VALUE!", "CLO-2117")
    assert _value("x" * 32_768) == ("#VALUE!", "CLO-2115")


def test_a_matrix_of_489_by_489_is_whole() -> None:
    """Every number comes back as it was."""
    matrix = np.random.default_rng(1).random((489, 489))

    np.testing.assert_array_equal(np.array(_value(matrix)), matrix)
