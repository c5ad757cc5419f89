"""Simulation workbooks: cells equal the record, charts are native and point at their figures."""

import re
import struct
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from engine.errors import InputError, WorkbookError
from engine.rating_migration.fields import FIELDS, ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from tests.workbooks.excel_tables import tables
from tests.workbooks.simulation_records import CLASSES, loss_distribution, made_up_simulation
from workbooks.simulation import RepresentativePath, SimulationRecord, write_simulation
from workbooks.simulation.subjects import bin_labels, performing_mix, rating_mix
from workbooks.simulation.summary import years_of

SHEETS = ["Summary", "Fan charts", "Rating mix", "Loss distribution", "Tranches", "Paths", "Statistics", "Chart data"]
N_PERIODS = 8


@pytest.fixture(scope="module")
def record() -> SimulationRecord:
    return made_up_simulation(n_simulations=64, n_periods=N_PERIODS)


@pytest.fixture(scope="module")
def path(record: SimulationRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulation") / "one.xlsx"
    write_simulation(path, [record])
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def assert_same_bits(cells: Iterable[object], values: np.ndarray) -> None:
    """Every cell is the same double as its value; NaN is an empty cell."""
    for cell, value in zip(cells, values.tolist(), strict=True):
        if np.isnan(value):
            assert cell is None
        else:
            assert isinstance(cell, float | int)
            assert struct.pack("<d", float(cell)) == struct.pack("<d", value)


def chart_texts(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/charts/chart"))
        return [archive.read(name).decode() for name in names]


def referenced(book: openpyxl.Workbook, reference: str) -> list[object]:
    """The cells of a chart's reference, `'Chart data'!$B$5:$B$13`."""
    sheet, cells = reference.replace("'", "").split("!")
    return [row[0].value for row in book[sheet][cells.replace("$", "")]]


def test_one_deal_gives_eight_sheets(book: openpyxl.Workbook) -> None:
    """From the summary to the figures of the charts, in this order."""
    assert book.sheetnames == SHEETS


def test_a_record_without_a_waterfall_has_no_sheets_for_it(tmp_path: Path) -> None:
    """Rating migration alone has no tranches; without losses and paths their sheets are left out as well."""
    bare = replace(
        made_up_simulation(n_simulations=16, n_periods=2, has_tranches=False),
        paths=(),
        collateral_loss=None,
        convergence=(),
        remarks=(),
    )
    write_simulation(tmp_path / "bare.xlsx", [bare])

    book = openpyxl.load_workbook(tmp_path / "bare.xlsx")
    assert book.sheetnames == ["Summary", "Fan charts", "Rating mix", "Statistics", "Chart data"]


def test_statistics_hold_every_number_bit_for_bit(record: SimulationRecord, book: openpyxl.Workbook) -> None:
    """One row for every field and period, all statistics exact, dates are dates."""
    table = tables(book["Statistics"])["simulation1_statistics"]
    headers = list(table)

    assert table["Field"] == [name for name in FIELDS for _ in range(N_PERIODS + 1)]
    assert table["Period"] == list(range(N_PERIODS + 1)) * len(FIELDS)
    assert [cell.date() for cell in table["Date"][: N_PERIODS + 1]] == record.dates.astype(object).tolist()
    assert headers[3:] == [
        "Mean", "Deviation", "Population deviation", "Standard error", "Minimum", "Maximum", "P0.1", "P1", "P5", "P10",
        "P25", "P50", "P75", "P90", "P95", "P99", "P99.9", "ES95", "ES99", "ES99.9",
    ]  # fmt: skip
    for position, header in enumerate(headers[3:]):
        assert_same_bits(table[header], record.figures[:, :, position].reshape(-1))


def test_summary_says_what_was_run(record: SimulationRecord, book: openpyxl.Workbook) -> None:
    """Every fact, the figures at the end and year by year, convergence and remarks."""
    sheet, found = book["Summary"], tables(book["Summary"])
    texts = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}

    assert {fact.text for fact in record.facts} <= texts
    assert set(record.remarks) <= texts
    assert (
        found["simulation1_end"]["P95"][0] == record.figures[ROW_OF_FIELD["DEFAULTRATE"], -1, STATISTICS.index("p95")]
    )
    assert [cell.date().isoformat() for cell in found["simulation1_years"]["Date"]] == ["2017-03-23", "2018-03-23"]
    assert_same_bits(
        found["simulation1_years"]["ES99"],
        record.figures[ROW_OF_FIELD["DEFAULTRATE"], [4, 8], STATISTICS.index("es99")],
    )
    assert found["simulation1_convergence"]["Simulations"] == [4, 8, 16, 32, 64]
    assert_same_bits(
        found["simulation1_convergence"]["Standard error"], np.array([one.standard_error for one in record.convergence])
    )
    assert found["simulation1_convergence"]["Change"][0] is None
    assert_same_bits(found["simulation1_quantiles"]["Low"], record.quantile_low[ROW_OF_FIELD["DEFAULTRATE"], -1])
    assert found["simulation1_quantiles"]["High"][-1] is None


def test_years_are_found_on_any_grid() -> None:
    """Month ends and quarters: the dates a year apart, within days; a grid shorter than a year has none."""
    record = made_up_simulation(n_simulations=4, n_periods=40, has_tranches=False)
    monthly = (np.datetime64("2016-02") + np.arange(26)).astype("datetime64[D]") - 1

    assert years_of(record) == list(range(4, 41, 4))
    assert years_of(replace(record, dates=monthly)) == [12, 24]
    assert years_of(replace(record, dates=monthly[:6])) == []


def test_tranches_hold_losses_and_quantiles(record: SimulationRecord, book: openpyxl.Workbook) -> None:
    """Losses by class and every statistic shown of every metric equal the record."""
    deal, found = record.tranches, tables(book["Tranches"])

    assert deal is not None
    losses = found["simulation1_losses"]
    assert losses["Class"] == list(CLASSES)
    assert_same_bits(losses["Expected loss"], deal.expected_loss)
    assert_same_bits(losses["Probability of loss"], deal.loss_probability)
    assert_same_bits(losses["Break-even CDR"], deal.break_even_cdr)
    for number in range(len(deal.metrics)):
        table = found[f"simulation1_metric_{number + 1}"]
        assert_same_bits(table["Mean"], deal.figures[:, number, STATISTICS.index("mean")])
        assert_same_bits(table["P99"], deal.figures[:, number, STATISTICS.index("p99")])
        assert table["Missing"] == deal.n_missing[:, number].tolist()


def test_paths_hold_the_simulations_that_stand_for_quantiles(record: SimulationRecord, book: openpyxl.Workbook) -> None:
    """One table for each representative path, named with its simulation."""
    found, sheet = tables(book["Paths"]), book["Paths"]
    titles = [cell.value for cell in sheet["A"]]

    for number, path in enumerate(record.paths, start=1):
        table = found[f"simulation1_path_{number}"]
        assert f"{path.label}: simulation {path.simulation:,}" in titles
        assert_same_bits(table["Defaults to date"], path.fields[ROW_OF_FIELD["BALDEF"]])
        assert_same_bits(table["Downgrades"], path.fields[ROW_OF_FIELD["DOWNGRADES"]])


def test_fans_are_stacked_from_the_quantiles(record: SimulationRecord, path: Path, book: openpyxl.Workbook) -> None:
    """Each fan has six areas that add up to P99 and two lines, which reference the figures of their field."""
    fans = [text for text in chart_texts(path) if "Cumulative default rate" in text]
    values = re.findall(r"<c:val><c:numRef><c:f>(.*?)</c:f>", fans[0])
    rates = record.figures[ROW_OF_FIELD["DEFAULTRATE"]]

    assert len(fans) == 1
    assert len(values) == 8
    assert "<c:areaChart>" in fans[0]
    assert "<c:lineChart>" in fans[0]
    total = np.zeros(N_PERIODS + 1)
    for reference, name in zip(values[:6], ("p1", "p5", "p25", "p75", "p95", "p99"), strict=True):
        total = total + np.array(referenced(book, reference), dtype=np.float64)
        assert total == pytest.approx(rates[:, STATISTICS.index(name)], abs=1e-12)
    assert_same_bits(referenced(book, values[6]), rates[:, STATISTICS.index("p50")])
    assert_same_bits(referenced(book, values[7]), rates[:, STATISTICS.index("mean")])


def test_every_chart_has_its_figures(path: Path, book: openpyxl.Workbook, record: SimulationRecord) -> None:
    """No chart points at an empty cell or outside its table; categories and values are equally long."""
    charts = chart_texts(path)
    losing = sum(bool(one.counts.sum()) for one in record.tranches.losses) if record.tranches else 0

    assert len(charts) == 5 + 2 + (1 + losing + 1) + 2 + 1
    for chart in charts:
        for series in re.findall(r"<c:ser>.*?</c:ser>", chart):
            names, values = re.findall(r"<c:f>(.*?)</c:f>", series)[-2:]
            assert all(cell is not None for cell in referenced(book, names))
            assert len(referenced(book, names)) == len(referenced(book, values))
            assert any(cell is not None for cell in referenced(book, values))


def test_rating_mix_is_the_opening_balance_divided(record: SimulationRecord) -> None:
    """Families, repaid and defaulted add up to the opening balance on every date; shares add up to one."""
    mix, shares = rating_mix(record), performing_mix(record)

    assert mix.sum(axis=-1) == pytest.approx(np.full(N_PERIODS + 1, record.opening_balance), rel=1e-12)
    assert shares.sum(axis=-1) == pytest.approx(np.ones(N_PERIODS), rel=1e-12)
    assert mix[:, 1] == pytest.approx(
        record.figures[[ROW_OF_FIELD[name] for name in ("BALAAP", "BALAA", "BALAAM")], :, 0].sum(axis=0), rel=1e-12
    )


def test_loss_distribution_counts_every_simulation(record: SimulationRecord, book: openpyxl.Workbook) -> None:
    """Shares refer to all simulations; the last cumulative share is one."""
    found = [table for table in tables(book["Chart data"]).values() if "At most" in table]

    assert record.collateral_loss is not None
    assert found[0]["Simulations"] == record.collateral_loss.counts.tolist()
    assert sum(found[0]["Share"]) == pytest.approx(1.0)  # type: ignore[arg-type]
    for table in found:
        assert table["At most"][-1] == 1.0
        assert table["At most"][0] >= 0.0  # type: ignore[operator]


def test_a_deal_without_losses_says_so(tmp_path: Path, record: SimulationRecord) -> None:
    """Where no simulation loses there is a sentence and no empty chart."""
    none = loss_distribution("Collateral", 1e6, np.zeros(16))
    write_simulation(tmp_path / "none.xlsx", [replace(record, collateral_loss=none, tranches=None)])

    sheet = openpyxl.load_workbook(tmp_path / "none.xlsx")["Loss distribution"]
    assert sheet["A2"].value == "No loss in any of 64 simulations."
    assert sum("of the simulations lose" in chart for chart in chart_texts(tmp_path / "none.xlsx")) == 0


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([0.0, 0.01, 0.02], ["0%", "1%"]),
        ([0.0, 0.025, 0.05], ["0.0%", "2.5%"]),
        ([-0.0005, 0.0, 0.0005], ["-0.05%", "0.00%"]),
        ([0.1, 0.35, 0.6], ["10%", "35%"]),
    ],
)
def test_bins_have_as_many_digits_as_tell_them_apart(edges: list[float], expected: list[str]) -> None:
    """Bins are named by their lower edge."""
    assert bin_labels(np.array(edges)) == expected


def test_several_deals_have_an_overview_and_their_own_sheets(tmp_path: Path) -> None:
    """A sheet Deals first, then the sheets of each deal under its name, tables and charts kept apart."""
    records = [
        made_up_simulation(deal=name, n_simulations=16, n_periods=4, has_tranches=False, seed=seed)
        for seed, name in enumerate(("Demo 1", "a/b[1]:*?"))
    ]
    write_simulation(tmp_path / "two.xlsx", records)

    book = openpyxl.load_workbook(tmp_path / "two.xlsx")
    assert book.sheetnames[0] == "Deals"
    assert len(book.sheetnames) == 1 + 2 * 7
    overview = tables(book["Deals"])["deals"]
    assert overview["Deal"] == ["Demo 1", "a/b[1]:*?"]
    assert overview["P95"][1] == records[1].figures[ROW_OF_FIELD["DEFAULTRATE"], -1, STATISTICS.index("p95")]


def test_one_period_is_enough(tmp_path: Path) -> None:
    """The shortest simulation, one period and one path, has all its sheets; a deviation of one value stays empty."""
    write_simulation(tmp_path / "short.xlsx", [made_up_simulation(n_simulations=1, n_periods=1)])

    book = openpyxl.load_workbook(tmp_path / "short.xlsx")
    assert book.sheetnames == SHEETS
    assert set(tables(book["Statistics"])["simulation1_statistics"]["Deviation"]) == {None}


def test_texts_from_outside_never_become_formulas(tmp_path: Path, record: SimulationRecord) -> None:
    """A deal or class named like a formula stays a text."""
    name = '=HYPERLINK("http://x")'
    paths = tuple(replace(one, label=name) for one in record.paths)
    write_simulation(tmp_path / "hostile.xlsx", [replace(record, deal=name, paths=paths, remarks=(name,))])

    book = openpyxl.load_workbook(tmp_path / "hostile.xlsx")
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"n", "s", "d", "b"}
    assert all("HYPERLINK" not in one for text in chart_texts(tmp_path / "hostile.xlsx")
               for one in re.findall(r"<c:f>(.*?)</c:f>", text))  # fmt: skip


def test_equal_records_give_equal_files(tmp_path: Path, record: SimulationRecord) -> None:
    """No clock goes into the file."""
    for name in ("a.xlsx", "b.xlsx"):
        write_simulation(tmp_path / name, [record])

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_nothing_to_write_is_an_error(tmp_path: Path) -> None:
    """No record and no legacy sheets: CLO-2066."""
    with pytest.raises(InputError, match="CLO-2066: There is no simulation to write"):
        write_simulation(tmp_path / "none.xlsx", [])


def test_parts_of_different_runs_are_refused(tmp_path: Path, record: SimulationRecord) -> None:
    """Arrays of another number of periods, classes or fields: CLO-2067, and no file."""
    deal = record.tranches
    assert deal is not None
    path = RepresentativePath(label="P5", simulation=1, fields=np.zeros((len(FIELDS), 3)))

    for wrong in (
        replace(record, figures=record.figures[:, 1:]),
        replace(record, quantile_low=record.quantile_low[..., 1:]),
        replace(record, paths=(path,)),
        replace(record, tranches=replace(deal, balance=deal.balance[1:])),
        replace(record, tranches=replace(deal, figures=deal.figures[:, :2])),
        replace(record, tranches=replace(deal, breach_probability=deal.breach_probability[1:])),
        replace(record, tranches=replace(deal, units=deal.units[1:])),
        replace(record, tranches=replace(deal, is_equity=deal.is_equity[1:])),
        replace(record, tranches=replace(deal, losses=(replace(deal.losses[0], edges=np.zeros(9)),))),
    ):
        with pytest.raises(InputError, match="CLO-2067"):
            write_simulation(tmp_path / "wrong.xlsx", [wrong])
    assert not (tmp_path / "wrong.xlsx").exists()


def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path, record: SimulationRecord) -> None:
    """A folder that does not exist: CLO-2062."""
    with pytest.raises(WorkbookError, match="CLO-2062"):
        write_simulation(tmp_path / "missing" / "one.xlsx", [record])
