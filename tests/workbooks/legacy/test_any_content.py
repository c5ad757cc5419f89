"""Whatever stands in the cells, reading ends in a snapshot or in an error among the findings, never in an exception."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbooks.legacy import read_loader, read_workbook
from workbooks.legacy.cells import address
from workbooks.legacy.findings import Code

SHEETS = ("Run Model", "Mag 1 Inputs", "All Assets", "Asset Correlation", "Reference Table", "Filter Sheet")
LAST_ROW, LAST_COLUMN = 24, 72
XML_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs",)), max_size=12)

VALUES = st.one_of(
    st.tuples(st.just("plain"), XML_TEXT),
    st.tuples(
        st.just("plain"), st.sampled_from(["NA", "#N/A", "=", "All", "Mag 1", "Table of Contents", "1e400", "-"])
    ),
    st.tuples(st.just("plain"), st.booleans()),
    st.tuples(st.just("plain"), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just("plain"), st.integers(-(10**9), 10**9)),
    st.tuples(st.just("as_date"), st.floats(-1e7, 1e7)),
    st.tuples(st.just("error"), st.sampled_from(["#N/A", "#REF!", "#NUM!", "#VALUE!"])),
    st.tuples(
        st.just("formula"), st.sampled_from(["DealAnalysisDate", "A1", "AF4", "SUM(A1:A9)", "'Run Model'!C8", "!"])
    ),
)
PLACES = st.tuples(st.sampled_from(SHEETS), st.integers(1, LAST_ROW), st.integers(1, LAST_COLUMN))
NAMED = st.sampled_from(
    ["#REF!", "", "OFFSET(A1,0,0)", "'Mag 1 Inputs'!$C$2", "'Reference Table'!$A$1:$C$9", "5", "Nowhere!$A$1"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(PLACES, VALUES), max_size=12), name=st.integers(0, 40), reference=NAMED)
def test_no_content_makes_the_importer_raise(new_book, tmp_path, changes, name, reference):
    """Any value in any cell, any name pointing anywhere: all findings carry a known code and a sheet of the file."""
    book = new_book()
    for (sheet, row, column), (kind, value) in changes:
        book.put(sheet, address(row, column), [value if kind == "plain" else getattr(book, kind)(value)])
    names = list(book.names)
    book.names[names[name % len(names)]] = reference
    path = book.write(tmp_path / "model.xlsx")

    reading = read_workbook(path)

    assert {finding.code for finding in reading.findings} <= {code.value for code in Code}
    assert (reading.snapshot is None) == any(finding.code[0] == "E" for finding in reading.findings)
    assert read_loader(path).snapshot is None


def test_a_workbook_with_every_cell_overwritten_is_kept_out(new_book, tmp_path):
    """Nothing but numbers, then nothing but text: too wrong to import, never too wrong to report."""
    for value in (0.5, "text", 40_000, -1e300):
        book = new_book()
        for cells in book.sheets.values():
            for cell in cells:
                cells[cell] = value

        reading = read_workbook(book.write(tmp_path / "model.xlsx"))

        assert reading.snapshot is None
