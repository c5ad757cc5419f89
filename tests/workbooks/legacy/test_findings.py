"""Every finding of the importer, each from the smallest change to a clean workbook (spec 06 §4.4)."""

from collections.abc import Callable
from datetime import date

import pytest

DEAL = "Mag 1 Inputs"
ASSETS = "All Assets"
REFERENCE = "Reference Table"
PANEL = "Run Model"


def places(reading, code):
    """Sheet and cell of every finding of a code."""
    return [(finding.sheet, finding.cell) for finding in reading.findings if finding.code == code]


def test_a_clean_workbook_gives_a_snapshot_without_findings(imported):
    """The workbook the other tests bend is clean itself."""
    reading = imported()

    assert reading.findings == ()
    assert [deal.name for deal in reading.snapshot.deals] == ["Mag 1"]


@pytest.mark.parametrize("sheet", ["Run Model", "All Assets", "Reference Table", "Filter Sheet", "Asset Correlation"])
def test_a_missing_sheet_keeps_the_file_out(book, imported, sheet):
    """E-LAYOUT names the sheet."""
    del book.sheets[sheet]
    book.names = {name: text for name, text in book.names.items() if sheet not in text}

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-LAYOUT")[0] == (sheet, "")


def test_a_workbook_without_deal_sheet_is_refused(book, imported):
    """E-LAYOUT: a deal is a sheet whose name ends in Inputs."""
    book.sheets = {("Deal" if name == DEAL else name): cells for name, cells in book.sheets.items()}
    book.names = {}

    reading = imported()

    assert reading.snapshot is None
    assert ("", "") in places(reading, "E-LAYOUT")


def test_the_old_panel_layout_is_refused(book, imported):
    """A deal name in C4 of Run Model is the layout of an older version."""
    book.put(PANEL, "C4", ["Mag 1"])

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-LAYOUT") == [(PANEL, "C4")]


def test_ten_renamed_headers_are_another_layout(book, imported):
    """More than three unknown headers of All Assets: E-HEADER, nothing is read by guess."""
    book.put(ASSETS, "B1", [f"Column {i}" for i in range(10)])

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-HEADER") == [(ASSETS, "B1")]


def test_three_renamed_headers_are_read_by_position(book, imported):
    """Up to three unknown headers cost a warning each, and no value."""
    book.put(ASSETS, "K1", ["Margin", "Floor", "Fixing"])

    reading = imported()

    assert places(reading, "W-ANCHOR") == [(ASSETS, "K1"), (ASSETS, "L1"), (ASSETS, "M1")]
    assert reading.snapshot.assets[0].asset.cpn_spread == 0.0375


def test_headers_are_found_wherever_they_stand(book, imported):
    """Columns are mapped by header: trimmed, case folded, with either apostrophe."""
    sheet = book.sheets[ASSETS]
    sheet["K1"], sheet["L1"] = "libor floor ", " COUPON SPREAD"
    sheet["AQ1"] = "Moody\u2019s Rating-21"

    reading = imported()

    assert reading.findings == ()
    assert reading.snapshot.assets[0].asset.libor_floor == 0.0375
    assert reading.snapshot.assets[0].asset.cpn_spread == 0.01
    assert reading.snapshot.assets[0].asset.mdy_rating == "B1"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("E5", "two million"),
        ("E5", True),
        ("E5", 1e300),
        ("E5", float("nan")),
        ("D5", "B" * 51),
        ("H5", "n/a"),
        ("I5", "?"),
        ("L5", "thirty-five"),
        ("L5", 35.5),
        ("AK5", "NA"),
        ("AK7", "four"),
        ("AE4", "soon"),
        ("AE9", 80_000),
    ],
)
def test_an_unreadable_key_value_keeps_the_file_out(book, imported, cell, value):
    """Par, account balance, test number, tranche balance, closing and maturity date: E-CELLTYPE at the cell."""
    book.put(DEAL, cell, [value])

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-CELLTYPE") == [(DEAL, cell)]


def test_an_error_in_a_key_value_keeps_the_file_out(book, imported):
    """An Excel error as par of a position is unreadable too."""
    book.put(DEAL, "E5", [book.error("#REF!")])

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-CELLTYPE") == [(DEAL, "E5")]


@pytest.mark.parametrize("cell", ["AK7", "AE4", "AE9", "E4"])
def test_a_missing_key_value_keeps_the_file_out(book, imported, cell):
    """A tranche without balance, a position without par, a deal without closing or maturity date."""
    del book.sheets[DEAL][cell]

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-CELLTYPE") == [(DEAL, cell)]


def test_all_errors_of_a_file_are_reported_together(book, imported):
    """Findings are collected, not met one at a time."""
    book.put(DEAL, "E4", ["x"], ["y"])
    book.put(DEAL, "L5", [1])

    reading = imported()

    assert places(reading, "E-CELLTYPE") == [(DEAL, "E4"), (DEAL, "E5")]
    assert places(reading, "E-DUPTEST") == [(DEAL, "L5")]


@pytest.mark.parametrize(
    ("code", "sheet", "cell", "value"),
    [
        ("E-DUPTEST", DEAL, "L5", 1),
        ("E-DUPTEST", DEAL, "V5", 32),
        ("E-DUPLABEL", DEAL, "R4", "Current LIBOR"),
        ("E-DUPLABEL", DEAL, "X5", "Liquidation Price"),
        ("E-DUPLABEL", DEAL, "AB5", "Interest Diversion Test"),
        ("E-DUPLABEL", REFERENCE, "K3", "CPR_1"),
        ("E-DUPCURVE", REFERENCE, "AN6", 3),
    ],
)
def test_a_repeated_key_keeps_the_file_out(book, imported, code, sheet, cell, value):
    """Repeated test, weight, label, vector and curve month."""
    book.put(sheet, cell, [value])

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, code) == [(sheet, cell)]


@pytest.mark.parametrize(
    ("code", "sheet", "cell", "value"),
    [
        ("W-CELLTYPE", DEAL, "O4", True),
        ("W-CELLTYPE", DEAL, "N4", "Minimum"),
        ("W-CELLTYPE", DEAL, "AE3", "1899-12-30"),
        ("W-CELLTYPE", DEAL, "AE3", 0.5),
        ("W-CELLTYPE", DEAL, "AK6", "par"),
        ("W-CELLTYPE", DEAL, "AE10", 15.5),
        ("W-CELLTYPE", DEAL, "AE10", 32),
        ("W-CELLTYPE", DEAL, "AE11", 0),
        ("W-CELLTYPE", DEAL, "AE12", 1e12),
        ("W-CELLTYPE", DEAL, "AE13", -1),
        ("W-CALENDAR", DEAL, "AE14", "Whenever"),
        ("W-CELLTYPE", REFERENCE, "J4", "fast"),
        ("W-UNIT", DEAL, "AK9", 1.5),
        ("W-UNIT", DEAL, "O4", 90.0),
        ("W-UNIT", DEAL, "AS4", 2),
        ("W-UNIT", REFERENCE, "G4", 0.00622),
        ("W-UNIT", REFERENCE, "T4", -5.0),
        ("W-UNIT", REFERENCE, "AO5", 1.2),
        ("W-FLAG", DEAL, "AM11", "NA"),
        ("W-FLAG", DEAL, "AM15", "equity"),
        ("W-DEALLIST", REFERENCE, "AU3", "Mag 1"),
        ("W-DEALLIST", REFERENCE, "AU4", "Mag 2"),
        ("W-CALENDAR", DEAL, "AG5", date(2016, 4, 14)),
        ("W-MATRIX", REFERENCE, "W4", 0.1),
        ("W-MATRIX", REFERENCE, "U4", "aaa"),
        ("W-MATRIX", REFERENCE, "X5", -0.01),
        ("W-MATRIX", REFERENCE, "W5", 1.5),
        ("W-MATRIX", REFERENCE, "AM21", 0.9),
        ("W-MATRIX", REFERENCE, "AM3", "Default"),
        ("W-MATRIX", REFERENCE, "W3", "AAA"),
        ("W-MATRIX", "Asset Correlation", "A3", "BRSA"),
        ("W-MATRIX", "Asset Correlation", "C2", 0.4),
        ("W-MATRIX", "Asset Correlation", "B2", 0.9),
        ("W-MATRIX", "Asset Correlation", "C1", "BRSX"),
        ("W-MATRIX", "Asset Correlation", "C2", "high"),
        ("W-CONTROL", PANEL, "C10", 6_000_000.01),
        ("W-CONTROL", PANEL, "C11", 0.0),
        ("W-CONTROL", PANEL, "C12", 0.0),
        ("W-CONTROL", DEAL, "S5", 4_999_999.0),
        ("W-WEIGHTS", PANEL, "I31", 0.5),
        ("W-VECTOR", REFERENCE, "AQ4", "CPR_9"),
        ("W-ASSET", DEAL, "D6", "BRSZ"),
        ("W-ASSET", PANEL, "K11", "BRSZ"),
        ("W-LABEL", DEAL, "X5", "CCC Liquidation Price "),
        ("I-UNKNOWNSECTION", DEAL, "BC1", "Table of Contents"),
        ("I-UNKNOWNSECTION", DEAL, "BC2", "Hedges"),
        ("I-SKIPPED", PANEL, "N12", 97.0),
    ],
)
def test_an_oddity_is_imported_with_a_remark(book, imported, code, sheet, cell, value):
    """Warnings and information: the file is read, the finding carries its sheet and cell."""
    book.put(sheet, cell, [value])
    moved = {
        "W-CONTROL": {"S5": "R5"},
        "W-MATRIX": {"W4": "V4", "U4": "U4"},
        "I-SKIPPED": {"N12": "J12"},
        "W-ASSET": {"K11": "J11"},
        "W-CALENDAR": {"AE14": "AE3"},
    }

    reading = imported()

    assert reading.snapshot is not None
    assert (sheet, moved.get(code, {}).get(cell, cell)) in places(reading, code)


def test_a_wrong_probability_names_its_ratings(book, imported):
    """Which rating moves to which, what the row of a rating sums to, and which rating is left for ever."""
    book.put(REFERENCE, "X5", [-0.01])
    book.put(REFERENCE, "AM21", [0.9])

    reading = imported()

    told = [finding.text for finding in reading.findings if finding.code == "W-MATRIX"]
    assert told[0] == "probability AA+ to AA is not between 0 and 1"
    assert told[1].startswith("probabilities of AA+ sum to 0.")
    assert told[2:] == ["probabilities of D sum to 0.9", "D is not absorbing"]
    assert reading.snapshot.transition_matrix.matrix[1, 2] == -0.01


def test_a_cell_error_is_read_as_no_value(book, imported):
    """W-CELLERR shows the error that was found."""
    book.put(DEAL, "O4", [book.error("#DIV/0!")])

    reading = imported()

    assert places(reading, "W-CELLERR") == [(DEAL, "O4")]
    assert reading.findings[0].value_found == "#DIV/0!"
    assert reading.snapshot.deals[0].tests[0].threshold is None


def test_errors_outside_of_what_is_read_are_not_reported(book, imported):
    """Cells that nothing reads may hold what they like (spec 06 §16 item 6)."""
    book.put(REFERENCE, "V43", [book.error("#NUM!")])

    assert imported().findings == ()


def test_a_formula_never_calculated_is_reported_with_its_cell(book, imported):
    """W-NOVALUE: one finding a sheet, at the first such cell."""
    book.put(DEAL, "K4", [book.formula('VLOOKUP(AG4&"3 MONTH LIBOR",LIBOR_Rates,4,0)/100')])
    book.put(DEAL, "S3", [book.formula("K4+0")])

    reading = imported()

    assert places(reading, "W-NOVALUE") == [(DEAL, "K4")]
    assert reading.snapshot.deals[0].current_libor is None


def test_a_pure_reference_is_followed_instead_of_calculated(book, imported):
    """`=DealAnalysisDate` and `=AE6` name a cell; no finding is due."""
    book.put(DEAL, "C3", [book.formula("DealAnalysisDate")])
    book.put(DEAL, "AF4", [book.formula("AE6")])
    book.put(DEAL, "AE6", [date(2016, 4, 15)])

    reading = imported()

    assert reading.findings == ()
    assert reading.snapshot.deals[0].analysis_date == date(2016, 3, 23)
    assert reading.snapshot.deals[0].calendar[0].payment == date(2016, 4, 15)


def test_references_that_run_in_a_circle_have_no_value(book, imported):
    """A reference to itself ends, as a formula without value."""
    book.put(DEAL, "K4", [book.formula("K3")])
    book.put(DEAL, "K3", [book.formula("K4")])

    assert places(imported(), "W-NOVALUE") == [(DEAL, "K3")]


def test_a_file_that_was_never_calculated_is_kept_out(book, imported):
    """E-NOVALUE: not one formula has a result, so that whatever a formula gives is missing."""
    book.put(DEAL, "C3", [book.formula("DealAnalysisDate")])
    book.put(DEAL, "K4", [book.formula("K3*1")])
    book.put(REFERENCE, "D4", [book.formula("E4&F4")])

    reading = imported()

    assert reading.snapshot is None
    assert places(reading, "E-NOVALUE") == [(PANEL, "")]


@pytest.mark.parametrize("text", [None, "#REF!", "'Run Model'!$D$4:$E$20", "$D$90:$E$99"])
def test_a_name_that_does_not_fit_is_replaced_by_the_anchor(book, imported, text):
    """W-ANCHOR at the anchor that is used; the positions are the same."""
    del book.names[f"{DEAL}!DealCollateral"]
    if text is not None:
        book.names[f"{DEAL}!DealCollateral"] = text if "!" in text else f"'{DEAL}'!{text}"

    reading = imported()

    assert places(reading, "W-ANCHOR") == [(DEAL, "D4")]
    assert len(reading.snapshot.deals[0].positions) == 3


def test_a_missing_section_mark_is_reported(book, imported):
    """Every section starts below a mark in row 1."""
    del book.sheets[DEAL]["L1"]

    assert places(imported(), "W-ANCHOR") == [(DEAL, "L1")]


def test_positions_after_a_blank_row_of_a_name_are_read_with_a_remark(book, imported):
    """A named range is read to its end, as the legacy model did."""
    book.put(DEAL, "D8", ["BRSA", 5.0])

    reading = imported()

    assert places(reading, "W-GAP") == [(DEAL, "D8")]
    assert reading.snapshot.deals[0].positions[0].par == 1_000_005.0


def test_positions_after_a_blank_row_without_a_name_are_not_read(book, imported):
    """Without a name a list ends at its first blank, and what follows is reported."""
    book.put(DEAL, "D8", ["BRSA", 5.0])
    book.names[f"{DEAL}!DealCollateral"] = f"OFFSET('{DEAL}'!$D$4,0,0,COUNTA('{DEAL}'!$D:$D),2)"

    reading = imported()

    assert places(reading, "W-GAP") == [(DEAL, "D8")]
    assert reading.snapshot.deals[0].positions[0].par == 1_000_000.0


def test_positions_below_their_name_are_reported(book, imported):
    """A name that ends too early leaves positions out; that is said."""
    book.names[f"{DEAL}!DealCollateral"] = f"'{DEAL}'!$D$4:$E$5"

    reading = imported()

    assert places(reading, "W-GAP") == [(DEAL, "D6")]
    assert len(reading.snapshot.deals[0].positions) == 2


def test_not_available_rows_after_the_positions_are_skipped_in_silence(book, imported):
    """The legacy load macro leaves #N/A behind (quirk W-07)."""
    book.put(DEAL, "D7", [book.error("#N/A"), book.error("#N/A")], ["#N/A", "#N/A"])

    reading = imported()

    assert reading.findings == ()
    assert len(reading.snapshot.deals[0].positions) == 3


def test_a_repeated_position_is_added_up(book, imported):
    """W-DUPPOS: one position with the sum of both pars."""
    book.put(DEAL, "D7", ["BRSA", 500_000.0])
    book.put(PANEL, "C10", [6_500_000.0])

    reading = imported()

    assert [finding.code for finding in reading.findings] == ["W-DUPPOS"]
    assert places(reading, "W-DUPPOS") == [(DEAL, "D7")]
    assert [row.par for row in reading.snapshot.deals[0].positions] == [1_500_000.0, 2_000_000.0, 3_000_000.0]


def test_an_id_that_differs_in_case_is_unknown_and_said_so(book, imported):
    """Ids are case-sensitive; the finding names the id that is meant."""
    book.put(DEAL, "D4", ["BRSa"])

    reading = imported()

    assert places(reading, "W-ASSET") == [(DEAL, "D4")]
    assert "BRSA, which differs in case only" in reading.findings[0].text


def test_a_repeated_asset_keeps_its_first_row(book, imported):
    """W-DUPASSET at the second row."""
    book.put(ASSETS, "A5", ["BRSA"])
    book.sheets[ASSETS][book.asset_cell(5, "payment_freq")] = 2

    reading = imported()

    assert places(reading, "W-DUPASSET") == [(ASSETS, "A5")]
    assert reading.snapshot.assets[0].asset.payment_freq == 4


def test_assets_after_a_blank_id_are_not_read(book, imported):
    """The legacy model stops at the first blank id; W-GAP says what it misses."""
    book.put(ASSETS, "A6", ["BRSD"])

    reading = imported()

    assert places(reading, "W-GAP") == [(ASSETS, "A6")]
    assert len(reading.snapshot.assets) == 3


def test_assets_below_their_name_are_reported(book, imported):
    """A range that ends too early leaves assets out; that is said."""
    book.names["AllAssets"] = "'All Assets'!$A$2:$BR$3"

    reading = imported()

    assert places(reading, "W-GAP") == [(ASSETS, "A4")]
    assert len(reading.snapshot.assets) == 2


def test_a_blank_trigger_is_missing_and_not_zero(book, imported):
    """W-TRIGGER: the legacy model would test against a level of 0."""
    del book.sheets[DEAL]["AK12"]

    reading = imported()

    assert places(reading, "W-TRIGGER") == [(DEAL, "AK12")]
    assert reading.snapshot.deals[0].tranches[0].oc_trigger is None


@pytest.mark.parametrize(
    ("field", "value", "code", "read", "is_dropped"),
    [
        ("cpn_spread", "L+375", "W-CELLTYPE", None, True),
        ("cpn_spread", 3.75, "W-UNIT", 3.75, False),
        ("maturity", "perpetual", "W-CELLTYPE", None, True),
        ("maturity", "12/31/1899", "W-CELLTYPE", None, True),
        ("maturity", "6/30/2022", None, date(2022, 6, 30), False),
        ("maturity", "2022-06-30", None, date(2022, 6, 30), False),
        ("maturity", 44742, None, date(2022, 6, 30), False),
        ("payment_freq", "4", None, 4, False),
        ("payment_freq", "quarterly", "W-CELLTYPE", None, True),
        ("market_value", "bid wanted", "W-CELLTYPE", None, False),
        ("default_asset", "YES", "W-FLAG", True, False),
        ("default_asset", 1, "W-FLAG", True, False),
        ("default_asset", "no", None, False, False),
        ("default_asset", "perhaps", "W-CELLTYPE", False, False),
        ("piking", "yes", None, True, False),
        ("eom_flag", "yes", "W-FLAG", True, True),
        ("eom_flag", "FALSE", None, False, False),
        ("eom_flag", "often", "W-CELLTYPE", False, True),
        ("mdy_rating", "BB7", "W-RATING", "", False),
        ("mdy_rating", "BB+", "W-RATING", "", False),
        ("mdy_rating", "CAA1", None, "CAA1", False),
        ("sp_facility_rating", "Ba1", "W-RATING", "", False),
        ("sp_recovery_rating", 3, None, "3", False),
        ("sp_recovery_rating", "7", "W-RATING", "", False),
        ("bond_loan", "CORPORATE BOND", "W-CELLTYPE", "", False),
        ("amt_issued", 1e15, "W-CELLTYPE", None, False),
        ("amt_issued", float("nan"), "W-CELLTYPE", None, False),
        ("cpn_spread", -37_500.0, "W-CELLTYPE", None, False),
        ("mdy_facility_outlook", 0, None, "", False),
        ("issuer_name", "  Padded\u00a0Ltd ", None, "  Padded\u00a0Ltd ", False),
    ],
)
def test_an_asset_cell_is_read_or_reported(book, imported, field, value, code, read, is_dropped):
    """What a field of All Assets accepts, and whether the legacy model would have dropped the asset (spec 01 §1.3)."""
    cell = book.asset_cell(3, field)
    book.put(ASSETS, cell, [value])

    reading = imported()

    assert [finding.code for finding in reading.findings] == ([code] if code else [])
    assert all((finding.sheet, finding.cell) == (ASSETS, cell) for finding in reading.findings)
    row = reading.snapshot.assets[1]
    assert getattr(row.asset, field) == read
    assert row.legacy_dropped is is_dropped


def test_a_zero_date_has_no_value(book, imported):
    """A zero under a date format is reported on a deal sheet; in an asset it is a blank."""
    book.put(DEAL, "C5", [book.as_date(0.0)])
    book.put(ASSETS, book.asset_cell(2, "date_of_default"), [book.as_date(0.0)])

    reading = imported()

    assert places(reading, "W-CELLTYPE") == [(DEAL, "C5")]
    assert reading.snapshot.deals[0].collection_begin is None
    assert reading.snapshot.assets[0].asset.date_of_default is None


@pytest.mark.parametrize("serial", [-5.0, 0.25, 73_051.0])
def test_a_serial_outside_of_the_calendar_is_no_date(book, imported, serial):
    """Numbers below 1 and above 73050 are rejected, whatever their format shows."""
    book.put(DEAL, "AE3", [book.as_date(serial)])

    reading = imported()

    assert places(reading, "W-CELLTYPE") == [(DEAL, "AE3")]
    assert reading.snapshot.deals[0].date_inputs.pricing is None


def test_a_number_under_a_date_format_stays_a_number(book, imported):
    """A par that is formatted as a date is read as the number behind it."""
    book.put(DEAL, "E4", [book.as_date(1_000_000.0)])
    book.put(DEAL, "E5", [book.as_date(42_452.125)])

    reading = imported()

    assert [row.par for row in reading.snapshot.deals[0].positions][:2] == [1_000_000.0, 42_452.125]


def test_curve_months_out_of_order_are_sorted(book, imported):
    """W-ORDER; the snapshot holds the curve ascending."""
    book.put(REFERENCE, "AN5", [24, 0.018])

    reading = imported()

    assert places(reading, "W-ORDER") == [(REFERENCE, "AN6")]
    assert [month for month, _ in reading.snapshot.curve] == [1, 12, 24]


def test_a_sheet_nobody_knows_is_left_out_with_a_remark(book, imported):
    """I-UNKNOWNSECTION for the sheet."""
    book.put("Scratch", "A1", [1])

    assert places(imported(), "I-UNKNOWNSECTION") == [("Scratch", "")]


def test_many_findings_of_a_kind_are_counted(book, imported):
    """A column of wrong cells does not drown the others: beyond 400 a code is counted."""
    book.names["AllAssets"] = "'All Assets'!$A$2:$BR$1004"
    for row in range(2, 452):
        book.sheets[ASSETS][f"A{row}"] = f"ID{row}"
        book.sheets[ASSETS][book.asset_cell(row, "cpn_spread")] = "?"
        book.sheets[ASSETS][book.asset_cell(row, "payment_freq")] = 4

    reading = imported()

    assert len(places(reading, "W-CELLTYPE")) == 401
    assert reading.findings[-1].text == "50 more like it"


def test_progress_tells_every_sheet_and_the_end(book, tmp_path):
    """The caller hears which sheet is read and how much of the file is done."""
    from workbooks.legacy import read_workbook

    told: list[tuple[str, float]] = []
    tell: Callable[[str, float], None] = lambda sheet, done: told.append((sheet, done))  # noqa: E731

    read_workbook(book.write(tmp_path / "model.xlsx"), progress=tell)

    assert [sheet for sheet, _ in told][:2] == [PANEL, DEAL]
    assert told[-1] == ("", 1.0)
    assert [done for _, done in told] == sorted(done for _, done in told)
