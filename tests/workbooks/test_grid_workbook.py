"""Workbooks of grids and break-evens: cells equal results, maps lie as their labels say, and the files open."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from engine.deal.assumptions import BASE, STRESS
from engine.deal.breakeven import break_even
from engine.deal.grid import Grid
from engine.deal.grid_results import Axis, Measure, Points
from engine.deal.points import run_at, scenario_points
from engine.deal.price_table import price_table
from engine.deal.run import run_deal
from engine.errors import InputError
from tests.deal.made_deals import AS_OF, market, plain_deal
from tests.deal.test_grid import run_of, stopping_run
from workbooks.grids import BreakEvenRecord, GridHead, GridRecord, write_break_evens, write_grid
from workbooks.grids.layout import layout_of
from workbooks.grids.record import shown
from workbooks.results import AssumptionSource

HEAD = GridHead(
    deal="Made",
    as_of=date(2016, 3, 23),
    scenario="BASE",
    assumptions="workbook",
    mode="standard",
    program="MAG 12",
    engine_version="1.0",
    input_hash="f" * 64,
    sources=(AssumptionSource("index curve", "assumption set 'workbook'"),),
)
VALUES = {Axis.CDR: (0.0, 0.05, 0.3), Axis.SEVERITY: (0.3, 0.6), Axis.CPR: (0.1, 0.2), Axis.CURVE_SHIFT: (0.01,)}


def record_of(points: Points) -> GridRecord:
    return GridRecord(run_id=7, head=HEAD, points=points, results=run_at(run_of(), points))


def test_every_cell_of_a_map_is_its_point(tmp_path: Path) -> None:
    """CDR goes down, severity across, CPR from block to block; every yield of the first class is where it belongs."""
    record = record_of(Grid.of(VALUES).points())
    write_grid(tmp_path / "g.xlsx", record)
    sheet = openpyxl.load_workbook(tmp_path / "g.xlsx")["Yield"]

    rows = list(sheet.iter_rows(values_only=True))
    blocks = [i for i, row in enumerate(rows) if row[0] and str(row[0]).startswith("Curve shift +100 bp, CPR 10%")]
    top = blocks[0]
    assert rows[top + 1][0] == "Class A"
    assert rows[top + 2][:3] == ("CDR \\ Severity", "30%", "60%")
    for r, cdr in enumerate(VALUES[Axis.CDR]):
        assert rows[top + 3 + r][0] == shown(Axis.CDR, cdr)
        for c, severity in enumerate(VALUES[Axis.SEVERITY]):
            at = {Axis.CURVE_SHIFT: 0.01, Axis.CPR: 0.1, Axis.CDR: cdr, Axis.SEVERITY: severity}
            place = record.points.values.tolist().index([at[axis] for axis in record.points.axes])
            assert rows[top + 3 + r][1 + c] == record.results.risk[place, 0, 0]
    assert sheet.conditional_formatting


def test_the_points_stand_in_a_table_exactly(tmp_path: Path) -> None:
    """A row for each point and class with the doubles of the result; what does not exist is an empty cell."""
    record = record_of(Grid.of(VALUES).points())
    write_grid(tmp_path / "g.xlsx", record)
    sheet = openpyxl.load_workbook(tmp_path / "g.xlsx")["Points"]

    header, *rows = list(sheet.iter_rows(min_row=3, values_only=True))
    loss, paid = header.index("Loss"), header.index("Principal")
    n_classes = len(record.results.tranche_names)
    assert len(rows) == record.points.n_points * n_classes
    assert [row[paid] for row in rows] == record.results.principal.ravel().tolist()
    assert all(row[loss] is None for row in rows[n_classes - 1 :: n_classes])
    assert "points" in sheet.tables


def test_stopped_points_are_said_to_be(tmp_path: Path) -> None:
    """The map says `stopped`, the summary why."""
    points = Grid.of({Axis.CDR: (0.0, 0.6), Axis.SEVERITY: (0.9,)}).points()
    record = GridRecord(run_id=7, head=HEAD, points=points, results=run_at(stopping_run(), points))
    write_grid(tmp_path / "g.xlsx", record)
    book = openpyxl.load_workbook(tmp_path / "g.xlsx")

    said = [cell for row in book["Summary"].iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
    assert "1 points stopped before their end" in said
    assert any("RAISE: the program stops here" in text for text in said)
    assert "stopped" in [cell for row in book["Yield"].iter_rows(values_only=True) for cell in row]


def test_named_scenarios_go_down() -> None:
    """Their names label the rows; there is nothing across."""
    layout = layout_of(scenario_points((BASE, STRESS)))

    assert (layout.rows, layout.columns) == (("BASE", "STRESS"), ("",))
    assert layout.blocks[0].places.tolist() == [[0], [1]]


def test_a_grid_too_large_for_a_workbook_is_refused(tmp_path: Path) -> None:
    """CLO-2064 says how many points and classes, and writes nothing."""
    record = record_of(Grid.of({Axis.CDR: (0.0,)}).points())
    many = replace(record.results, interest=np.zeros((30_000, 7)))

    with pytest.raises(InputError, match="CLO-2064: A workbook cannot show 1 points of 7 classes"):
        write_grid(tmp_path / "g.xlsx", replace(record, results=many))
    assert not (tmp_path / "g.xlsx").exists()


def test_break_evens_stand_as_they_were_found(tmp_path: Path) -> None:
    """Rates, brackets and price tables, with a bar chart for each measure and a curve for each class."""
    found = tuple(item for measure in Measure for item in break_even(run_of(), measure, {Axis.SEVERITY: 0.5}, range(6)))
    deal = plain_deal()
    result = run_deal(deal, market(), AS_OF)
    tables = tuple(price_table(result, deal.tranches[t], market().curve, AS_OF, (0.9, 1.0)) for t in (0, 1))
    record = BreakEvenRecord(run_id=8, head=HEAD, credit={Axis.SEVERITY: 0.5}, found=found, tables=tables)
    write_break_evens(tmp_path / "b.xlsx", record)
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")

    cells = [row for row in book["Summary"].iter_rows(values_only=True) if row[0] == "Class F"]
    assert [row[1:4] for row in cells] == [(item.value, item.low, item.high) for item in found[5::6]]
    prices = [row[:3] for row in book["Prices"].iter_rows(values_only=True) if row[0] == 0.9]
    assert prices == [(0.9, table.yields[0], table.discount_margins[0]) for table in tables]
    with pytest.raises(InputError, match="CLO-2065: There is no break-even to write"):
        write_break_evens(tmp_path / "b.xlsx", replace(record, found=()))
