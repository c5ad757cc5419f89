"""The reconstructed legacy workbook held against what is recorded of the original (spec 06 §16 items 1-3, 6)."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from engine.collateral.asset import WORKBOOK_FIELDS, FieldKind
from engine.snapshot import DealSnapshot, WorkbookSnapshot
from tests.golden.mag17_extract import extract_par, extract_rows, extract_value
from workbooks.legacy import read_workbook, summarise
from workbooks.legacy.cells import address, column_number, parse_address
from workbooks.legacy.values import trimmed

PAR_OF_MAG_17 = 431157604.91528994

Arrived = tuple[str, str, object]


@pytest.fixture(scope="module")
def reading(reference):
    return read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")


@pytest.fixture(scope="module")
def snapshot(reading) -> WorkbookSnapshot:
    assert reading.snapshot is not None
    return reading.snapshot


def test_counts_sums_dates_and_ranges_are_exactly_the_expected_ones(reading, reference):
    """Every entry of import_expected.json, numbers without any tolerance."""
    expected = json.loads((reference / "data" / "legacy" / "import_expected.json").read_text(encoding="utf-8"))

    found = summarise(reading)

    assert set(found) == set(expected) - {"note", "basis"}
    for part, content in found.items():
        assert content == expected[part], part


def test_the_par_of_mag_17_sums_to_its_last_digit(snapshot):
    """Summed top to bottom in double precision: the total the control panel shows."""
    deal = next(deal for deal in snapshot.deals if deal.name == "Mag 17")

    total = 0.0
    for position in deal.positions:
        total += position.par

    assert total == PAR_OF_MAG_17


def test_the_assets_and_positions_of_mag_17_equal_the_extract(snapshot, reference):
    """195 assets of 70 fields and their par, in the order of the deal sheet (item 2)."""
    recorded = extract_rows(reference)
    deal = next(deal for deal in snapshot.deals if deal.name == "Mag 17")
    assets = {row.asset.blkrock_id: row.asset for row in snapshot.assets}

    assert [(row.blkrock_id, row.par) for row in deal.positions] == [
        (row["BLKRockID"], extract_par(row)) for row in recorded
    ]
    for row in recorded:
        asset = assets[row["BLKRockID"]]
        for item in WORKBOOK_FIELDS:
            assert getattr(asset, item.name) == extract_value(item, row), (row, item)


def test_the_tranches_of_mag_17_equal_the_extract(snapshot, reference):
    """Eight classes; null in the extract is NA on the sheet (item 2)."""
    recorded = json.loads((reference / "data" / "mag17" / "tranches.json").read_text(encoding="utf-8"))
    deal = next(deal for deal in snapshot.deals if deal.name == "Mag 17")

    assert len(deal.tranches) == len(recorded)
    for tranche, row in zip(deal.tranches, recorded, strict=True):
        assert tranche.name == row["class_name"]
        assert tranche.order == row["tranche_number"]
        assert tranche.place.cell == f"{row['column_letter']}4"
        assert tranche.original_balance == row["original_balance"]
        assert tranche.current_balance == row["current_balance"]
        assert tranche.price == row["price"]
        assert tranche.deferred_balance == row["defaulted_deferred"]
        assert tranche.spread == row["spread"]
        assert tranche.discount_margin == row["discount_margin"]
        assert tranche.is_deferrable is bool(row["pikable"])
        assert tranche.oc_trigger == row["oc_trigger"]
        assert tranche.ic_trigger == row["ic_trigger"]
        assert tranche.day_count == row["day_count"]


def test_the_unmodified_file_has_the_expected_warnings_and_no_other(reading):
    """Positions unknown to All Assets, blank triggers, a zero date, NA in a deferrable cell (item 6).

    Besides: the junior OC denominators of Mag 6 and 7, which their balances do not give (data README §4), the
    unidentified section of Mag 6, and a trade of the old panel without a deal.
    """
    codes = Counter(finding.code for finding in reading.findings)
    places = {(finding.code, finding.sheet, finding.cell) for finding in reading.findings}

    assert set(codes) == {
        "W-ASSET",
        "W-TRIGGER",
        "W-CELLTYPE",
        "W-FLAG",
        "W-CONTROL",
        "I-UNKNOWNSECTION",
        "I-SKIPPED",
    }
    assert {place for place in places if place[0] not in {"W-ASSET", "W-TRIGGER"}} == {
        ("W-CELLTYPE", "Mag 17 Inputs", "C5"),
        ("W-FLAG", "Mag 17 Inputs", "AR11"),
        ("W-CONTROL", "Mag 6 Inputs", "R8"),
        ("W-CONTROL", "Mag 7 Inputs", "R8"),
        ("I-UNKNOWNSECTION", "Mag 6 Inputs", "AZ2"),
        ("I-SKIPPED", "Run Model_old", "F30"),
    }
    assert not any(sheet == "Mag 17 Inputs" for code, sheet, _ in places if code == "W-ASSET")


def beside(cell: str, *values: object) -> Iterator[tuple[str, object]]:
    """Values in the cells from one to the right of it."""
    row, column = parse_address(cell) or (0, 0)
    for offset, value in enumerate(values):
        yield address(row, column + offset), value


def below(cell: str, *values: object) -> Iterator[tuple[str, object]]:
    """Values in the cells from one downwards."""
    row, column = parse_address(cell) or (0, 0)
    for offset, value in enumerate(values):
        yield address(row + offset, column), value


def deal_cells(deal: DealSnapshot) -> Iterator[tuple[str, object]]:
    yield from below("C3", deal.analysis_date, deal.next_payment_date, deal.collection_begin, deal.collection_end)
    yield from below("C7", deal.last_payment_date)
    yield from below("K3", deal.original_libor, deal.current_libor)
    for position in deal.positions:
        yield from beside(position.place.cell, position.blkrock_id, position.par)
    for account in deal.accounts:
        yield from beside(account.place.cell, account.number, account.name, account.interest, account.principal)
    for test in deal.tests:
        values = (test.number, test.name, test.direction, test.threshold, test.overwrite, test.previous_value)
        yield from beside(test.place.cell, *values)
    for row in (*deal.quality_inputs, *deal.cf_inputs, *deal.clo_inputs):
        yield from beside(row.place.cell, row.label, row.value)
    for weight in deal.weights:
        yield from beside(weight.place.cell, weight.name, weight.displayed_result, weight.number, weight.weight)
    dates = deal.date_inputs
    yield from below("AE3", dates.pricing, dates.closing, dates.effective, dates.first_payment, dates.no_call)
    yield from below("AE8", dates.reinvestment_end, dates.maturity, dates.payment_day, dates.months_between_payments)
    yield from below("AE12", dates.interest_determination_days, dates.determination_days)
    for i, row in enumerate(deal.calendar):
        values = (row.payment, row.interest_determination, row.collection_begin, row.collection_end)
        yield from beside(f"AF{4 + i}", *values)
    for tranche in deal.tranches:
        yield from below(tranche.place.cell, tranche.name, tranche.original_balance, tranche.price)
        row, column = parse_address(tranche.place.cell) or (0, 0)
        yield from below(address(row - 1, column), tranche.order)
        yield from below(address(row + 3, column), tranche.current_balance, tranche.deferred_balance, tranche.spread)
        yield from below(address(row + 6, column), tranche.discount_margin, tranche.is_deferrable, tranche.oc_trigger)
        yield from below(address(row + 9, column), tranche.ic_trigger, tranche.day_count, tranche.is_equity)
    for fee in deal.fees:
        yield from beside(fee.place.cell, fee.name)


def reference_cells(snapshot: WorkbookSnapshot) -> Iterator[tuple[str, object]]:
    yield from below("B4", *snapshot.holidays)
    for fixing in snapshot.fixings:
        row, column = parse_address(fixing.place.cell) or (0, 0)
        yield from beside(address(row, column + 1), fixing.on, fixing.index_name, fixing.rate, fixing.source)
    for column, (name, values) in enumerate(snapshot.vectors.items(), start=column_number("J")):
        yield from below(address(3, column), name, *values)
    for sink in snapshot.sink_schedule:
        yield from beside(sink.place.cell, sink.blkrock_id, sink.on, sink.amount)
    assert snapshot.transition_matrix is not None
    yield from beside("V3", *snapshot.transition_matrix.ratings)
    yield from below("U4", *snapshot.transition_matrix.ratings)
    for i, probabilities in enumerate(snapshot.transition_matrix.matrix.tolist()):
        yield from beside(f"V{4 + i}", *probabilities)


def arrived(snapshot: WorkbookSnapshot) -> Iterator[Arrived]:
    """Every cell that the snapshot can give back: sheet, address, value."""
    for deal in snapshot.deals:
        yield from ((f"{deal.name} Inputs", cell, value) for cell, value in deal_cells(deal))
    yield from (("Reference Table", cell, value) for cell, value in reference_cells(snapshot))
    for asset in snapshot.assets:
        for item in WORKBOOK_FIELDS:
            value = getattr(asset.asset, item.name)
            row, _ = parse_address(asset.place.cell) or (0, 0)
            flag = "Yes" if value else "No"
            is_word = item.kind is FieldKind.FLAG and item.name != "eom_flag"
            yield "All Assets", address(row, item.column), flag if is_word else value
    assert snapshot.correlation is not None
    for cells in (beside("B1", *snapshot.correlation.ids), below("A2", *snapshot.correlation.ids)):
        yield from (("Asset Correlation", cell, value) for cell, value in cells)
    for i, row in enumerate(snapshot.correlation.matrix[:4].tolist()):
        yield from (("Asset Correlation", cell, value) for cell, value in beside(f"B{2 + i}", *row))
    for setting in snapshot.run_settings:
        yield setting.place.sheet, setting.place.cell, setting.value
    for item in snapshot.filters:
        values = (item.logical_operator, item.open_parenthesis, item.field, item.operator, item.value)
        for cell, value in beside(item.place.cell, *values, item.close_parenthesis):
            yield item.place.sheet, cell, value
    for trade in snapshot.trades:
        values = (trade.deal, trade.blkrock_id, trade.transaction, trade.par, trade.price)
        yield from ((trade.place.sheet, cell, value) for cell, value in beside(trade.place.cell, *values))
    names = list(dict.fromkeys(entry.list_name for entry in snapshot.lists))
    for entry in snapshot.lists:
        yield "Filter Sheet", address(1 + entry.position, 1 + names.index(entry.list_name)), entry.text
    for result in snapshot.legacy_results:
        yield result.sheet, result.place.cell, result.text if result.number is None else result.number


def is_same(recorded: dict[str, str], value: object) -> bool:
    """Whether a recorded cell arrived unchanged: numbers as the same double, texts but for outer blanks."""
    text, kind = recorded["value"], recorded["type"]
    if kind == "zero date":
        return value is None
    if kind == "date":
        return value == date.fromisoformat(text)
    if kind == "bool":
        return value in {text == "True", text.upper()}
    if kind == "number":
        is_fixing = recorded["sheet"] == "Reference Table" and recorded["cell"].startswith("G")
        number = float(text) / 100 if is_fixing else float(text)
        return value == number or (isinstance(value, str) and value != "" and float(value) == number)
    return value == text or (isinstance(value, str) and trimmed(value) == trimmed(text))


NOT_APPLICABLE = {"NA"}
NUMBERS_THAT_ARE_NO_FIELD = {
    ("Reference Table", "I4"),
    ("Reference Table", "I5"),
    ("Run Model_old", "I30"),
    ("Run Model_old", "J30"),
}
"""Period numbers beside the vectors, and par and price of a trade that names no deal (reported as I-SKIPPED)."""


def test_every_recorded_cell_of_an_imported_field_arrives_unchanged(snapshot, reference):
    """recorded_cells.csv against the snapshot, cell by cell; what does not arrive is a label, a title or a header."""
    with (reference / "data" / "legacy" / "recorded_cells.csv").open(encoding="utf-8", newline="") as file:
        recorded = list(csv.DictReader(file))
    values = {(sheet, cell): value for sheet, cell, value in arrived(snapshot)}

    compared = [row for row in recorded if (row["sheet"], row["cell"]) in values]
    left = [row for row in recorded if (row["sheet"], row["cell"]) not in values]

    changed = [
        (row["sheet"], row["cell"], row["value"], values[row["sheet"], row["cell"]])
        for row in compared
        if not is_same(row, values[row["sheet"], row["cell"]]) and row["value"] not in NOT_APPLICABLE
    ]
    assert changed == []
    assert len(compared) > len(recorded) / 2
    assert {(row["sheet"], row["cell"]) for row in left if row["type"] != "text"} == NUMBERS_THAT_ARE_NO_FIELD
