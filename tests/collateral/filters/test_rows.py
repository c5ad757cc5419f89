"""Filter blocks of the control panel: joined as the legacy model did, errors at their cells."""

from datetime import date

import pytest

from engine.collateral.asset import Asset
from engine.collateral.filters.formatting import format_filter
from engine.collateral.filters.mask import AssetColumns
from engine.collateral.filters.readings import compare_row_readings
from engine.collateral.filters.rows import filter_text, parse_rows
from engine.collateral.filters.text import FilterError
from engine.modes import Mode
from engine.snapshot import CellValue, FilterRow, Place

LEGACY = Mode.LEGACY.quirks


def rows(*cells: tuple[str, str, str, str, CellValue, str], column: str = "D") -> list[FilterRow]:
    return [
        FilterRow(
            name="buy",
            position=number,
            logical_operator=logical,
            open_parenthesis=opening,
            field=field,
            operator=operator,
            value=value,
            close_parenthesis=closing,
            place=Place("Run Model", f"{column}{14 + number}"),
        )
        for number, (logical, opening, field, operator, value, closing) in enumerate(cells, start=1)
    ]


EXAMPLE = rows(
    ("", "(", "S&P Rating", "<=", "B+", ""),
    ("or", "", " Market Value ", "<", 90.0, ")"),
    ("and", "", "Cov-Lite", "=", False, ""),
)


def test_rows_join_to_the_text_of_the_legacy_model() -> None:
    """The text is that of spec 05 §3.1, and both readings take it."""
    assert filter_text(EXAMPLE) == "(S&P Rating<=B+ or Market Value<90) and Cov-Lite=False"
    assert format_filter(parse_rows(EXAMPLE)) == "(S&P Rating <= B+ OR Market Value < 90) AND Cov-Lite = false"
    assert format_filter(parse_rows(EXAMPLE, LEGACY)) == "(S&P Rating <= B+ OR Market Value < 90) AND Cov-Lite = False"


def test_no_rows_choose_everything() -> None:
    """An empty block is an empty filter."""
    assert filter_text([]) == ""
    assert format_filter(parse_rows([])) == ""
    assert format_filter(parse_rows([], LEGACY)) == ""


def test_numbers_and_dates_are_written_plainly() -> None:
    """A whole number has no decimals, a date is in ISO form."""
    found = rows(("", "", "wal", ">", 2.5, ""), ("and", "", "maturity", "<", date(2020, 6, 30), ""))

    assert filter_text(found) == "wal>2.5 and maturity<2020-06-30"
    assert format_filter(parse_rows(found)) == "WAL > 2.5 AND maturity < 2020-06-30"


@pytest.mark.parametrize("industry", ["Banking, Finance, Insurance and Real Estate", "Media (Print)", 'the "A"', ""])
def test_a_value_with_a_keyword_is_right_in_standard_mode(industry: str) -> None:
    """The cell says where a value ends, whatever stands in it (05 Q15)."""
    found = rows(("", "(", "Moody's Industry", "=", industry, ")"))
    assets = AssetColumns([Asset(blkrock_id="X", mdy_industry=industry.upper()), Asset(blkrock_id="Y", wal=1.0)])

    chosen = compare_row_readings(found, assets)

    assert chosen.standard.tolist() == [True, industry == ""]
    assert chosen.legacy is not None or "The legacy model could not read this filter." in chosen.warning


# ruff: noqa: E501 - a case stands on one line
# rows, place in standard mode, its number, place in legacy mode (empty where it reads the rows)
MISTAKES = [
    ([("", "", "S&P Ratings", "=", "B", "")], "F15, row 1", "CLO-1182", ""),
    ([("", "", "WAL", ">", 5.0, ""), ("or", "", "S&P Rating", "<=", "B1", "")], "H16, row 2", "CLO-1184", ""),
    ([("", "", "WAL", ">", 5.0, ""), ("or", "", "Facility Size", ">", None, "")], "H16, row 2", "CLO-1183", "F16, row 2"),
    ([("", "", "Country", ">", "USA", "")], "G15, row 1", "CLO-1185", ""),
    ([("", "", "Country", "", "USA", "")], "H15, row 1", "CLO-1181", "F15, row 1"),
    ([("", "(", "WAL", ">", 5.0, ""), ("and", "", "WAL", "<", 7.0, "")], "I16, row 2", "CLO-1181", "E15, row 1"),
    ([("", "", "WAL", ">", 5.0, ")")], "I15, row 1", "CLO-1181", ""),
    ([("", "", "WAL", ">", 5.0, ""), ("", "", "Cov-Lite", "=", True, "")], "F16, row 2", "CLO-1181", ""),
    ([("", "", "WAL", ">", 5.0, ""), ("not", "", "Cov-Lite", "=", True, "")], "D16, row 2", "CLO-1181", ""),
    ([("", "", "", "", None, ""), ("and", "", "Cov-Lite", "=", "Yes", "")], "D16, row 2", "CLO-1181", "D16, row 2"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "standard", "number", "legacy"), MISTAKES)
def test_a_mistake_names_its_cell(
    cells: list[tuple[str, str, str, str, CellValue, str]], standard: str, number: str, legacy: str
) -> None:
    """An error says in which cell and row of the block the analyst finds it."""
    with pytest.raises(FilterError) as caught:
        parse_rows(rows(*cells))

    assert caught.value.number == number
    assert caught.value.where == f"'Run Model'!{standard} of the filter"
    if legacy:
        with pytest.raises(FilterError) as caught:
            parse_rows(rows(*cells), LEGACY)
        assert caught.value.where == f"'Run Model'!{legacy} of the filter"
    else:
        parse_rows(rows(*cells), LEGACY)


def test_cells_beyond_column_z_are_counted_on() -> None:
    """A block that begins in column X ends in column AC."""
    with pytest.raises(FilterError, match="'Run Model'!AB15, row 1 of the filter"):
        parse_rows(rows(("", "", "WAL", ">", "long", ""), column="X"))
