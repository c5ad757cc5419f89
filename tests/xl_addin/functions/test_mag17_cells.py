"""MAG 17 in cells: what the recorded deal and its extract say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.collateral.asset import WORKBOOK_FIELDS, FieldKind
from engine.conventions.calendar import us_bank_holidays
from engine.desk.desk import Desk
from tests.golden.mag17_extract import extract_par, extract_rows, extract_value
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.tables import column, records
from xl_addin.registry.values import serial

DEAL = "Mag 17"
POOL = 431157604.91528994
PRINCIPAL_CASH = 68842395.08471006
INTEREST_CASH = 107224.41000000003


def _shown(value: Any) -> Any:
    """A value of a record as a cell shows it."""
    if value is None:
        return ""
    return value if isinstance(value, str | int | float) else {"d": serial(value), "f": "yyyy-mm-dd"}


def test_pool_and_cash_are_those_of_the_control_panel(cell: CallCell) -> None:
    """Recorded on sheet Run Model C10 to C12, to the last digit."""
    assert cell("CLO_DEAL_PAR", DEAL) == POOL
    assert cell("CLO_DEAL_CASH", DEAL) == PRINCIPAL_CASH
    assert cell("CLO_DEAL_CASH", DEAL, 2, "interest") == INTEREST_CASH
    assert cell("CLO_DEAL_CASH", DEAL, " collection ", "total") == PRINCIPAL_CASH + INTEREST_CASH


@pytest.mark.parametrize("spelling", ["Mag 17", "MAG17", " mag 17 ", "mag-17"])
def test_a_deal_is_found_in_any_spelling(cell: CallCell, spelling: str) -> None:
    """Blanks, case and hyphens do not matter; the name comes back as the sheet has it."""
    assert cell("CLO_DEAL", spelling, "name") == "Mag 17"


def test_every_field_of_every_asset_is_that_of_the_extract(cell: CallCell, reference: Path) -> None:
    """195 assets by 70 fields, market values in points, rates as decimals; derived ratings stand where it has none."""
    rows = extract_rows(reference)
    names = [item.name for item in WORKBOOK_FIELDS]
    table = cell("CLO_ASSETS", DEAL, [names])
    wrong = [
        (row["BLKRockID"], item.name, found, expected)
        for row, shown in zip(rows, table[1:], strict=True)
        for item, found in zip(WORKBOOK_FIELDS, shown, strict=True)
        if (expected := _shown(extract_value(item, row))) != found
        and not (item.kind is FieldKind.TEXT and expected == "" and "rating" in item.name)
    ]

    assert table[0] == names
    assert wrong == []


def test_pars_are_those_of_the_positions_in_order(cell: CallCell, reference: Path) -> None:
    """Added up from the top they give the pool to the last digit."""
    table = cell("CLO_ASSETS", DEAL, "blkrock_id,par")
    rows = extract_rows(reference)

    assert table[1:] == [[row["BLKRockID"], extract_par(row)] for row in rows]
    assert sum(column(table, "par")) == POOL


def test_one_asset_is_shown_in_three_shapes(cell: CallCell) -> None:
    """A field is a value, several are a row, none is a table of all, derived S&P rating and par included."""
    assert cell("CLO_ASSET", DEAL, "brsrb2ye7", "market_value") == 98.75
    assert cell("CLO_ASSET", DEAL, "BRSRB2YE7", [["par"], ["Moody's Rating"], ["spread"]]) == [[1500000.0, "B1", 0.055]]
    table = dict(cell("CLO_ASSET", DEAL, "BRSRB2YE7")[1:])
    assert len(table) == 72
    assert (table["sp_rating"], table["par"]) == ("B", 1500000.0)
    assert cell("CLO_ASSET", "", "BRSRB2YE7", "par") == ""


def test_filters_choose_by_text_by_range_and_by_name(cell: CallCell) -> None:
    """The same filter as text, as rows in the legacy layout with headers, and stored on the control panel."""
    rows = [
        ["Logical Operator", "Parenthesis", "Field", "Operator", "Value", "Parenthesis"],
        ["", "(", "S&P Rating", ">=", "B-", ""],
        ["AND", "", "Market Value", "<", 90, ")"],
        ["", "", "", "", "", ""],
    ]
    by_range = cell("CLO_ASSETS", DEAL, "blkrock_id,market_value", rows)

    assert by_range == cell("CLO_ASSETS", DEAL, "blkrock_id,market_value", "S&P Rating >= B- and Market Value < 90")
    assert len(by_range) > 1
    assert max(column(by_range, "market_value")) < 90
    assert cell("CLO_FILTER_CHECK", rows) == "S&P Rating >= B- AND Market Value < 90"
    assert cell("CLO_FILTER_CHECK", "@buy") == ('S&P Rating >= B- AND Market Value >= 80 AND Analyst Opinion != "Sale"')
    assert cell("CLO_DEAL_PAR", DEAL, "Market Value >= 90") + cell("CLO_DEAL_PAR", DEAL, "Market Value < 90") == (
        pytest.approx(POOL, rel=1e-15)
    )


def test_classes_are_those_of_the_extract(cell: CallCell, reference: Path) -> None:
    """Balances, prices, spreads, triggers of eight classes; each is found with and without the word Class."""
    expected = json.loads((reference / "data" / "mag17" / "tranches.json").read_text())
    found = {row["class_name"]: row for row in records(cell("CLO_TRANCHES", DEAL))}

    assert len(found) == 8
    for one in expected:
        row = found[one["class_name"]]
        for field in ("original_balance", "current_balance", "price", "spread", "oc_trigger", "ic_trigger"):
            assert row[field] == _shown(one[field])
            short = one["class_name"].removeprefix("Class ")
            assert cell("CLO_TRANCHE", DEAL, short, field) == row[field]
    assert cell("CLO_TRANCHE", DEAL, "Equity", "class_name") == "Sub Notes"


def test_deal_sheet_is_read_by_name(cell: CallCell) -> None:
    """Recorded cells of the sheet: dates, LIBOR, and a labelled input by its label or its name."""
    assert cell("CLO_DEAL", DEAL, "current_libor") == 0.005418
    assert cell("CLO_DEAL", DEAL, "JR OC Denominator") == cell("CLO_DEAL", DEAL, "jr_oc_denominator") == 462_400_000.0
    assert cell("CLO_DEAL", DEAL, "closing_date")["d"] == 42460
    table = cell("CLO_DEAL", DEAL)
    assert table[0] == ["field", "value"]
    assert cell("CLO_DEAL", DEAL, "*") == [[value for _, value in table[1:]]]


def test_payment_dates_are_those_of_the_recorded_grid(cell: CallCell, mag17_desk: Desk) -> None:
    """The formulas of the sheet, a WORKDAY grid of 48 quarters, and the schedule of the engine agree."""
    grid = mag17_desk.views(mag17_desk.data_versions()).deal(DEAL).deal.calendar
    table = cell("CLO_PAYMENT_DATES", DEAL)
    expected = [
        [_shown(day) for day in (row.payment, row.interest_determination, row.collection_begin, row.collection_end)]
        for row in grid[:48]
    ]

    assert [row[1:] for row in table[1:]] == expected
    assert column(table, "period") == list(range(1, 49))
    later = cell("CLO_PAYMENT_DATES", DEAL, "2027-08-01", None, None, False)
    assert [row[0] for row in later] == [46, 47, 48]


def test_reference_data_are_those_of_the_workbook(cell: CallCell) -> None:
    """A fixing on its day and on no other, a vector, holidays of a year, the points of the curve."""
    assert cell("CLO_FIXING", 3, "2014-12-16") == pytest.approx(0.002426, abs=1e-15)
    assert cell("CLO_FIXING", 3, "2014-12-17")["m"].startswith("CLO-1023: No fixing of 3 MONTH LIBOR")
    assert cell("CLO_CF_VECTOR", "qtr_cpr_1")[:2] == [[0.2003], [0.2168]]
    # New Year's Day of 2017 is a Sunday, kept on Monday 2 January.
    holidays = [row[0]["d"] for row in cell("CLO_HOLIDAYS", "2016-01-01", "2016-12-31")]
    assert holidays == [serial(on) for on in us_bank_holidays(2016, 2016) if on.weekday() < 5]
    assert cell("CLO_YIELD_CURVE")[:2] == [["month", "rate"], [1, 0.0043]]
    schedule = cell("CLO_SINK_SCHEDULE", "BRS26Q358")
    assert column(schedule, "amount") == [275000.0, 275000.0]
    assert column(schedule, "fraction") == [0.5, 1.0]


def test_lists_of_deals_and_snapshots_name_their_source(cell: CallCell) -> None:
    """Ten deals in the order of the workbook; each with its positions and its version."""
    deals = records(cell("CLO_DEALS"))
    assert [row["deal"] for row in deals[:2]] == ["Mag 6", "Mag 7"]
    assert deals[-1]["deal"] == DEAL
    assert (deals[-1]["positions"], deals[-1]["par"], deals[-1]["waterfall"]) == (195, POOL, "MAG 17")
    (line,) = records(cell("CLO_SNAPSHOTS", "mag17"))
    assert (line["source_file"], line["as_of"]["d"]) == ("legacy_workbook.xlsx", 42452)


def test_saved_results_of_the_legacy_model_can_be_read(cell: CallCell) -> None:
    """The value of an output sheet by sheet, block, row and column; what does not fit is named."""
    arguments = ["Deal Assets-Mag 16", "Deal Assets", "BRSYGJK13", "BlackRock ID"]

    assert cell("CLO_LEGACY_RESULT", *arguments) == "BRSYGJK13"
    assert cell("CLO_LEGACY_RESULT", *arguments, "LEGACY_workbook.xlsx") == "BRSYGJK13"
    assert "The closest: BRSYGJK13" in cell("CLO_LEGACY_RESULT", *arguments[:2], "BRSYGJK1", arguments[3])["m"]
    assert cell("CLO_LEGACY_RESULT", *arguments, "other.xlsx")["m"].startswith("CLO-4081")


def test_correlations_come_from_the_matrix_or_from_the_rules(cell: CallCell) -> None:
    """The stored matrix is flat 0.30; by rule issuer, industry and notches count (spec 04 §4.2)."""
    one, two = "BRSRB2YE7", "BRSU8ETX2"
    assert cell("CLO_CORREL", one, two) == 0.3
    assert cell("CLO_CORREL", one, one) == 1.0
    # Different industries 0.20, B to BB three notches of 0.01.
    assert cell("CLO_CORREL", one, two, "system") == pytest.approx(0.17, abs=1e-15)
    table = cell("CLO_CORREL_MATRIX", [[one], [two]], "system")
    assert table == [["blkrock_id", one, two], [one, 1.0, pytest.approx(0.17)], [two, pytest.approx(0.17), 1.0]]


@pytest.mark.parametrize(("frequency", "periods"), [("annual", 1), ("semi_annual", 2), ("quarterly", 4)])
def test_transition_matrices_add_up_to_the_year(cell: CallCell, frequency: str, periods: int) -> None:
    """Rows are probabilities, default is final, and the periods of a year come close to its own matrix."""
    annual = np.array([row[1:] for row in cell("CLO_TRANSITION_MATRIX")[1:]])
    found = np.array([row[1:] for row in cell("CLO_TRANSITION_MATRIX", frequency)[1:]])

    assert found.shape == (18, 18)
    assert found.sum(axis=1) == pytest.approx(np.ones(18), abs=1e-12)
    assert found[-1, -1] == 1.0
    assert np.abs(np.linalg.matrix_power(found, periods) - annual).max() < 5e-3


UNKNOWN: dict[str, tuple[tuple[Any, ...], str, str]] = {
    "deal": (("CLO_DEAL", "Mag 18", "name"), "#N/A", "CLO-3013"),
    "snapshot": (("CLO_DEAL_PAR", DEAL, None, "2016-03-24"), "#N/A", "CLO-3013"),
    "universe of a date": (("CLO_ASSET", "", "BRSRB2YE7", "wal", "2016-03-24"), "#N/A", "CLO-4070"),
    "asset": (("CLO_ASSET", DEAL, "BRSRB2YE8"), "#N/A", "CLO-4080"),
    "class": (("CLO_TRANCHE", DEAL, "Class Z", "price"), "#N/A", "CLO-2170"),
    "account": (("CLO_DEAL_CASH", DEAL, "Cellar"), "#N/A", "CLO-2167"),
    "vector": (("CLO_CF_VECTOR", "QTR_CPR_9"), "#N/A", "CLO-4074"),
    "stored filter": (("CLO_DEAL_PAR", DEAL, "@bay"), "#N/A", "CLO-4078"),
    "assumption set": (("CLO_YIELD_CURVE", "none such"), "#N/A", "CLO-4017"),
    "calendar": (("CLO_HOLIDAYS", None, None, "Moon"), "#N/A", "CLO-4072"),
    "field of an asset": (("CLO_ASSET", DEAL, "BRSRB2YE7", "sp_ratng"), "#VALUE!", "CLO-4082"),
    "field of a deal": (("CLO_DEAL", DEAL, "curent_libor"), "#VALUE!", "CLO-4083"),
    "field of a class": (("CLO_TRANCHE", DEAL, "Class A", "prise"), "#VALUE!", "CLO-2163"),
    "choice": (("CLO_DEAL_CASH", DEAL, None, "petty"), "#VALUE!", "CLO-2110"),
    "filter": (("CLO_DEAL_PAR", DEAL, "Market Valu < 90"), "#VALUE!", "CLO-1182"),
    "filter range": (("CLO_DEAL_PAR", DEAL, [["Market Value", "<", 90]]), "#VALUE!", "CLO-4079"),
    "no rows": (("CLO_ASSETS", DEAL, None, "Market Value < 0", None, None, False), "#N/A", "CLO-2116"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_named_with_what_is_like_it(cell: CallCell, what: str) -> None:
    """The errors of spec 06 §10.5 with their numbers."""
    call, code, number = UNKNOWN[what]

    answer = cell(*call)

    assert (answer["e"], answer["m"][:8]) == (code, number)


def test_misspelt_names_are_offered_their_nearest(cell: CallCell) -> None:
    """Ids, fields, classes."""
    assert "BRSRB2YE7" in cell("CLO_ASSET", DEAL, "BRSRB2YE8")["m"]
    assert "sp_rating" in cell("CLO_ASSET", DEAL, "BRSRB2YE7", "sp_ratng")["m"]
    assert "Class A" in cell("CLO_TRANCHE", DEAL, "Class AA", "price")["m"]
