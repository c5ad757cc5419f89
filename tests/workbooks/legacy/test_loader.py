"""The loader workbook: fresh data of two deals in one staging snapshot (spec 06 §7, §16 item 10)."""

from datetime import date

import pytest

from engine.errors import WorkbookError
from workbooks.legacy import read_loader, read_workbook, with_fresh_data

SHEETS = ("MAG16 Inputs", "MAG17 Inputs", "Market", "Outputs")


@pytest.fixture
def loader(book):
    """A loader workbook of two deals, its assets those of the model workbook."""
    assets = book.sheets["All Assets"]
    book.sheets = {name: {} for name in SHEETS}
    book.sheets["Outputs"] = dict(assets)
    book.put("MAG16 Inputs", "B1", ["Asset", "Par"], ["BRSA", 750_000.1], ["BRSB", 250_000.2])
    book.put("MAG16 Inputs", "E1", ["Interest", "Principal"], [1_000.5, -2_000.25])
    book.put("MAG17 Inputs", "B2", ["BRSC", 3_000_000.0])
    book.put("MAG17 Inputs", "E2", [107224.41000000003, 68842395.08471006])
    book.put("Market", "A1", [date(2016, 3, 24)])
    book.put("Market", "C2", ["BRSA", date(2017, 6, 30), 100_000.0], ["BRSB", date(2017, 12, 29), 50_000.0])
    book.put("Market", "G2", [1, 0.0044], [3, 0.0063])
    book.names = {
        "Analysisdate": "Market!$A$1",
        "SinkInputs": "Market!$C$2",
        "RatesInputs": "Market!$G$2",
    }
    return book


@pytest.fixture
def loaded(loader, tmp_path):
    return lambda: read_loader(loader.write(tmp_path / "CF_Loader.xlsm"))


def places(reading, code):
    return [(finding.sheet, finding.cell) for finding in reading.findings if finding.code == code]


def test_the_fresh_data_of_two_deals_are_read(loaded):
    """Positions, cash, sink schedule, curve, assets and date, numbers unchanged."""
    reading = loaded()

    assert reading.findings == ()
    snapshot = reading.snapshot
    assert snapshot.analysis_date == date(2016, 3, 24)
    assert [deal.name for deal in snapshot.deals] == ["Mag 16", "Mag 17"]
    assert [(row.blkrock_id, row.par) for row in snapshot.deals[0].positions] == [
        ("BRSA", 750_000.1),
        ("BRSB", 250_000.2),
    ]
    assert (snapshot.deals[0].interest_cash, snapshot.deals[0].principal_cash) == (1_000.5, -2_000.25)
    assert (snapshot.deals[1].interest_cash, snapshot.deals[1].principal_cash) == (
        107224.41000000003,
        68842395.08471006,
    )
    assert [(row.blkrock_id, row.on, row.amount) for row in snapshot.sink_schedule] == [
        ("BRSA", date(2017, 6, 30), 100_000.0),
        ("BRSB", date(2017, 12, 29), 50_000.0),
    ]
    assert snapshot.curve == ((1, 0.0044), (3, 0.0063))
    assert [row.asset.blkrock_id for row in snapshot.assets] == ["BRSA", "BRSB", "BRSC"]
    assert snapshot.source_file.layout == "CF_Loader"


@pytest.mark.parametrize("name", ["Analysisdate", "SinkInputs", "RatesInputs"])
def test_a_missing_name_keeps_the_file_out(loader, loaded, name):
    """E-LAYOUT: the legacy macro would stop half-way with its ranges cleared."""
    del loader.names[name]

    reading = loaded()

    assert reading.snapshot is None
    assert places(reading, "E-LAYOUT") == [("", "")]
    assert name in reading.findings[0].text


def test_a_missing_asset_sheet_keeps_the_file_out(loader, loaded):
    """E-LAYOUT names the sheet."""
    del loader.sheets["Outputs"]

    reading = loaded()

    assert reading.snapshot is None
    assert places(reading, "E-LAYOUT") == [("Outputs", "")]


def test_a_file_without_deals_is_no_loader_workbook(loader, loaded):
    """A model workbook opened by mistake, for one."""
    del loader.sheets["MAG16 Inputs"], loader.sheets["MAG17 Inputs"]

    assert loaded().snapshot is None


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "code"),
    [
        ("MAG16 Inputs", "C3", "a lot", "E-CELLTYPE"),
        ("MAG17 Inputs", "F2", "none", "E-CELLTYPE"),
        ("Market", "A1", "yesterday", "E-CELLTYPE"),
        ("Market", "G3", 1, "E-DUPCURVE"),
    ],
)
def test_an_unreadable_value_keeps_the_file_out(loader, loaded, sheet, cell, value, code):
    """Par, cash, date and a repeated curve month, each with its cell."""
    loader.put(sheet, cell, [value])

    reading = loaded()

    assert reading.snapshot is None
    assert places(reading, code) == [(sheet, cell)]


def test_repeated_and_unknown_positions_are_reported(loader, loaded):
    """As in the model workbook: added up, and imported though All Assets does not have the id."""
    loader.put("MAG16 Inputs", "B4", ["BRSA", 1.0], ["BRSZ", 2.0])

    reading = loaded()

    assert places(reading, "W-DUPPOS") == [("MAG16 Inputs", "B4")]
    assert places(reading, "W-ASSET") == [("MAG16 Inputs", "B5")]
    assert [row.par for row in reading.snapshot.deals[0].positions] == [750_001.1, 250_000.2, 2.0]


@pytest.fixture
def base(new_book, tmp_path):
    """A model workbook whose only deal is Mag 17, with fixings of two determination dates."""
    model = new_book()
    model.sheets = {name.replace("Mag 1 ", "Mag 17 "): cells for name, cells in model.sheets.items()}
    model.names = {
        name.replace("Mag 1 ", "Mag 17 "): text.replace("Mag 1 ", "Mag 17 ") for name, text in model.names.items()
    }
    model.put("Run Model", "C9", ["Mag 17"])
    model.put("Run Model", "J11", ["Mag 17"])
    model.put("Reference Table", "AU4", ["Mag 17"])
    model.put("Reference Table", "E5", [date(2016, 4, 13), "3 MONTH LIBOR", 0.63, "REUT"])
    return read_workbook(model.write(tmp_path / "model.xlsx")).snapshot


def test_fresh_data_replace_those_of_the_workbook(base, loader, loaded):
    """Positions, cash, date, curve and sink schedule; what the sheet derives from them follows."""
    loader.put("Market", "A1", [date(2016, 5, 2)])

    snapshot = with_fresh_data(base, loaded().snapshot)

    deal = snapshot.deals[0]
    settings = {row.name: row.value for row in snapshot.run_settings if row.scope == "current"}
    assert [(row.blkrock_id, row.par) for row in deal.positions] == [("BRSC", 3_000_000.0)]
    assert [(row.interest, row.principal) for row in deal.accounts] == [
        (0.0, 0.0),
        (107224.41000000003, 68842395.08471006),
    ]
    assert (deal.analysis_date, deal.next_payment_date) == (date(2016, 5, 2), date(2016, 7, 15))
    assert (deal.collection_begin, deal.collection_end) == (date(2016, 4, 5), date(2016, 7, 5))
    assert deal.last_payment_date == date(2016, 4, 15)
    assert deal.current_libor == 0.63 / 100
    assert next(row.value for row in deal.quality_inputs if row.label == "Current LIBOR") == 0.63 / 100
    assert settings["collateral_par"] == 3_000_000.0
    assert settings["analysis_date"] == date(2016, 5, 2)
    assert snapshot.curve == ((1, 0.0044), (3, 0.0063))
    assert snapshot.source_file.name == "CF_Loader.xlsm"
    assert deal.tranches == base.deals[0].tranches


def test_before_the_first_payment_the_original_rate_stands(base, loaded):
    """K4 is K3 until the first payment is made."""
    deal = with_fresh_data(base, loaded().snapshot).deals[0]

    assert deal.next_payment_date == date(2016, 4, 15)
    assert deal.current_libor == deal.original_libor == 0.006


def test_a_loader_without_a_deal_of_the_workbook_replaces_nothing(base, loader, loaded):
    """CLO-2013 names the deal that is missing."""
    del loader.sheets["MAG17 Inputs"]

    with pytest.raises(WorkbookError, match="CLO-2013: The loader workbook has no sheet for Mag 17"):
        with_fresh_data(base, loaded().snapshot)
