"""Cells written by the project: exact numbers, no formula from outside, legal sheet names (spec 06 §14)."""

import math
import struct
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from workbooks.xlsx import LONGEST_SHEET_NAME, ExactWorkbook, put, sheet_name

MAG_17_PAR = 431157604.91528994
AWKWARD_TEXTS = (
    "=1+1",
    "+44 20 7946",
    "-SUM(A1)",
    "@cmd",
    "{=A1}",
    "http://example.org",
    "12.50",
    "'quoted",
    " padded ",
)
finite = st.floats(allow_nan=False, allow_infinity=False)


def written(path: Path, values: list[object]) -> Path:
    book = ExactWorkbook(path)
    sheet = book.add_worksheet("Values")
    for row, value in enumerate(values):
        put(sheet, row, 0, value)  # type: ignore[arg-type]  # the tests hand over every kind
    book.close()
    return path


def test_seventeen_digits_are_kept_where_needed(tmp_path: Path) -> None:
    """The MAG 17 par, which 16 digits lose, reads back to the same double with both readers."""
    path = written(tmp_path / "par.xlsx", [MAG_17_PAR, 0.1, 1e22, -0.0])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None

    assert float(f"{MAG_17_PAR:.16G}") != MAG_17_PAR
    assert sheet["A1"].value == MAG_17_PAR
    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0][0] == MAG_17_PAR


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(finite, min_size=1, max_size=200))
def test_every_double_reads_back_bit_for_bit(tmp_path: Path, numbers: list[float]) -> None:
    """Whatever the double, the stored text is the same double again."""
    path = written(tmp_path / "numbers.xlsx", list(numbers))
    cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    read = [0.0 if row[0] == "" else float(row[0]) for row in cells]

    assert [struct.pack("<d", value + 0.0) for value in read] == [struct.pack("<d", value + 0.0) for value in numbers]


def test_text_from_outside_never_becomes_a_formula(tmp_path: Path) -> None:
    """Texts that look like formulas, numbers or links are stored as texts, unchanged."""
    path = written(tmp_path / "texts.xlsx", list(AWKWARD_TEXTS))
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None

    for row, text in enumerate(AWKWARD_TEXTS, start=1):
        assert sheet.cell(row, 1).value == text
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_missing_numbers_leave_the_cell_empty(tmp_path: Path) -> None:
    """NaN and None are no cells; infinity is said in words; a date is a serial number."""
    path = written(tmp_path / "missing.xlsx", [math.nan, None, math.inf, -math.inf, date(2016, 3, 31)])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None

    assert [sheet.cell(row, 1).value for row in range(1, 6)] == [None, None, "inf", "-inf", 42460]


@given(names=st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_sheet_names_are_legal_and_distinct_for_any_deal_name(names: list[str]) -> None:
    """At most 31 characters, none forbidden, no apostrophe at an end, never the same twice."""
    taken: set[str] = set()
    chosen = [sheet_name(name, taken) for name in names]

    assert len({name.lower() for name in chosen}) == len(names)
    for name in chosen:
        assert 0 < len(name.encode("utf-16-le")) <= 2 * LONGEST_SHEET_NAME
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")
        assert not name.endswith("'")
