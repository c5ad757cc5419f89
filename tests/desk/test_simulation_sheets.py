"""The legacy output sheets of stored simulations, and break-even default rates among their results."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from db.cache import Cache
from db.store import Store
from engine.deal.assumptions import STRESS
from engine.deal.grid_results import Measure
from engine.deal.results import FEE_COLUMNS, INCENTIVE_COLUMNS, TRANCHE_COLUMNS
from engine.deal.simulation import DealSimulation, PathRunner
from engine.deal.simulation_job import SimulationResults
from engine.desk.desk import Desk
from engine.desk.grid_records import BreakEvenRequest, RunChoice
from engine.desk.simulations import break_evens, legacy_sheets
from engine.desk.simulations.build import BuiltSimulation, build
from engine.desk.simulations.inputs import SimulationInputs, read_inputs
from engine.desk.simulations.legacy import legacy_simulation
from engine.desk.simulations.legacy_sheets import legacy_record
from engine.desk.simulations.request import CorrelationSource, SimulationRequest
from engine.desk.simulations.run import SimulationOutcome
from engine.errors import InputError, ModelError
from engine.modes import Mode
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.legacy_statistics import SheetStatistic, date_figures, sheet_series
from engine.rating_migration.statistics import STATISTICS
from engine.rating_migration.walking import ChunkWalker
from engine.snapshot import WorkbookSnapshot
from tests.desk.conftest import Shelf
from tests.desk.simulation_requests import ASKED, WITH_FLOWS, figure, simulate, with_deals
from workbooks.demo import DEAL_NAME, demo_waterfall

LEGACY = replace(ASKED, n_simulations=9, mode=Mode.LEGACY, correlation=CorrelationSource.STORED)
CENT = 0.005
BLOCKS = {
    "Period CDR": "CDR",
    "Number of Defaults in Period": "NUMPERDEF",
    "Balance of Defaults in Period": "BALPERDEF",
    "Number of CCC": "NUMCCC",
    "Balance of CCC": "BALCCC",
    "Cumulative Balance of Defaults": "BALDEF",
    "Cumulative Balance of Matures": "BALMAT",
}


@pytest.fixture
def two_deals(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> Desk:
    """A desk with the demo deal and one of the same loans at a varying share of their par."""
    book = with_deals(demo_book, Demo_2=0.5)
    first = book.deals[1].positions[0]
    deals = (
        book.deals[0],
        replace(book.deals[1], positions=(replace(first, par=4.0 * first.par), *book.deals[1].positions[1:])),
    )
    store.save_snapshot(replace(book, deals=deals))
    for deal in deals:
        desk.documents.set_waterfall(deal.name, demo_waterfall(), book.analysis_date)
    return desk


def inputs_of(store: Store, shelf: Shelf, request: SimulationRequest) -> SimulationInputs:
    """What a request reads."""
    with store.read() as work:
        return read_inputs(work, Cache(shelf), request)


def written(desk: Desk, path: Path, outcome: SimulationOutcome) -> openpyxl.Workbook:
    """The workbook of an outcome with its legacy sheets."""
    desk.simulations.export(path, outcome.records, with_legacy_sheets=True)
    return openpyxl.load_workbook(path, read_only=False)


def block(sheet: Worksheet, title: str, at: int) -> list[object]:
    """Cells of one deal, the at-th, below the title of a block of a set."""
    column = next(cell.column for cell in sheet[1] if cell.value == title) + 1 + at
    return [sheet.cell(row, column).value for row in range(3, sheet.max_row + 1)]


def test_legacy_sets_show_what_the_legacy_statistics_say(
    two_deals: Desk, store: Store, shelf: Shelf, tmp_path: Path
) -> None:
    """Every block of the four sheets of two deals; the sheet of the minimum has performing balances as CCC (Q16)."""
    outcome = simulate(two_deals, LEGACY, deals=())
    found = legacy_simulation(inputs_of(store, shelf, outcome.request), 7, LEGACY.n_simulations)
    book, paths = written(two_deals, tmp_path / "sets.xlsx", outcome), found.shown.paths

    names = [
        f"RM-{kind}-Output"
        for kind in ("Averages", f"MAX-{paths.maximum + 1}", f"MIN-{paths.minimum + 1}", f"MEDIAN-{paths.median + 1}")
    ]
    assert book.sheetnames[-4:] == names
    assert "RM-Output" not in book.sheetnames
    for name, statistic in zip(
        names,
        (SheetStatistic.AVERAGE, SheetStatistic.MAXIMUM, SheetStatistic.MINIMUM, SheetStatistic.MEDIAN),
        strict=True,
    ):
        for title, field in BLOCKS.items():
            for at, fields in enumerate(found.fields):
                expected = sheet_series(fields, field, statistic, paths)
                np.testing.assert_allclose(block(book[name], title, at), expected, rtol=1e-12)
    ccc = block(book[names[2]], "Balance of CCC", 1)
    assert ccc == block(book[names[2]], "Balance of Performance", 1)
    assert ccc == found.fields[1][ROW_OF_FIELD["BALPERF"], :, paths.minimum].tolist()


def test_legacy_paths_and_their_five_statistics_are_those_of_the_walk(
    demo_desk: Desk, store: Store, shelf: Shelf, tmp_path: Path
) -> None:
    """One deal: RM-Output has every path, the statistics those of spec 04 §8.2 with the legacy median."""
    outcome = simulate(demo_desk, LEGACY)
    fields = legacy_simulation(inputs_of(store, shelf, outcome.request), 7, LEGACY.n_simulations).fields[0]
    book, five = written(demo_desk, tmp_path / "paths.xlsx", outcome), date_figures(fields)
    paths, statistics = book["RM-Output"], book["RM-Credit Migration Stats"]

    assert [name for name in book.sheetnames if name.startswith("RM-")] == ["RM-Output", "RM-Credit Migration Stats"]
    for simulation in range(LEGACY.n_simulations):
        left = 2 + 26 * simulation
        assert paths.cell(1, left).value == f"Credit Migration: Simulation {simulation + 1}"
        for column, counts, balances in ((left + 20, "NUMCCC", "BALCCC"), (left + 21, "NUMDEF", "BALDEF")):
            cells = [paths.cell(row, column).value for row in range(3, paths.max_row + 1)]
            assert cells[::2] == fields[ROW_OF_FIELD[counts], :, simulation].tolist()
            assert cells[1::2] == fields[ROW_OF_FIELD[balances], :, simulation].tolist()
    row = ROW_OF_FIELD["BALDEF"]
    for period in (1, fields.shape[1] - 1):
        first = 4 + 11 * (period - 1) + 5
        cells = [statistics.cell(first + at, 23).value for at in range(5)]
        each = (five.maximum, five.minimum, five.average, five.median, five.deviation)
        np.testing.assert_allclose(cells, [of[row, period] for of in each], rtol=1e-12, atol=CENT)


def test_sim_stats_are_the_runs_of_the_paths(two_deals: Desk, store: Store, shelf: Shelf, tmp_path: Path) -> None:
    """Rows of two deals by turns: totals, prices, measures and fees of the run of each path by itself."""
    outcome = simulate(two_deals, WITH_FLOWS, deals=(), n_simulations=24)
    built = build(inputs_of(store, shelf, outcome.request), 7)
    sheet = written(two_deals, tmp_path / "stats.xlsx", outcome)["Deal CF-ALL-Sim Stats"]
    states = ChunkWalker(built.job.plan).states(0)

    assert [sheet.cell(row, 2).value for row in (2, 3, 48, 49)] == [1, 1, 24, 24]
    for simulation in (0, 7, 23):
        for number, pool in enumerate(built.job.pools):
            row = 2 + 2 * simulation + number
            assert sheet.cell(row, 3).value == pool.name
            assert pool.deal is not None
            check_row(sheet, row, PathRunner(pool.deal), built, number, states[:, :, simulation : simulation + 1])


def check_row(
    sheet: Worksheet, row: int, runner: PathRunner, built: BuiltSimulation, number: int, states: np.ndarray
) -> None:
    """One row of Sim Stats is the run of one path; the demo deal has nine classes, the equity last."""
    resolved, result = built.resolved[number], runner.replay(states, 0)
    assert resolved is not None
    paid = {name: result.tranches[:, :, at].sum(axis=0) for at, name in enumerate(TRANCHE_COLUMNS)}
    interest = paid["interest_paid"] + paid["deferred_interest_paid"] + paid["deferred_principal_paid"]
    for t, tranche in enumerate(resolved.deal.tranches):
        first = 4 + 13 * t
        cells = [sheet.cell(row, first + at).value for at in range(12)]
        amounts = (interest[t], paid["principal_paid"][t], interest[t] + paid["principal_paid"][t])
        assert cells[0] == tranche.name
        np.testing.assert_allclose(np.array(cells[1:4], float), amounts, rtol=1e-12, atol=CENT)
        given = (tranche.price, tranche.discount_margin)
        assert cells[4:6] == list(given)
        np.testing.assert_array_equal(np.array(cells[6:], dtype=float), result.risk[t])
    fees = [sheet.cell(row, 4 + 13 * len(resolved.deal.tranches) + at).value for at in range(8)]
    assert fees[::3] == ["Base Manager Fee", "Junior Manager Fee", "Incentive Fee"]
    all_paid = result.fees[:, :, FEE_COLUMNS.index("paid")].sum(axis=0)
    expected = [all_paid[result.fee_names.index(str(name))] for name in fees[:6:3]]
    expected.append(result.incentive[:, INCENTIVE_COLUMNS.index("fee_paid")].sum())
    np.testing.assert_allclose(fees[1::3], expected, rtol=1e-12, atol=CENT)


def test_a_standard_simulation_shows_the_first_paths_and_those_of_the_quantiles(
    demo_desk: Desk, store: Store, shelf: Shelf
) -> None:
    """Each as it is walked again, across chunks; the statistics are those of the record."""
    outcome = simulate(demo_desk)
    record, run_id = outcome.records[0], outcome.run_ids[0]
    sheets = legacy_record(store, Cache(shelf), [run_id])

    assert sheets.simulation_numbers == tuple(sorted({*range(1, 21), *(path.simulation for path in record.paths)}))
    assert sheets.simulated is not None
    assert sheets.five is not None
    for at in (0, 19, -1):
        expected = demo_desk.simulations.path(run_id, sheets.simulation_numbers[at])
        np.testing.assert_array_equal(sheets.simulated[at], expected)
    for path in record.paths:
        np.testing.assert_array_equal(sheets.simulated[sheets.simulation_numbers.index(path.simulation)], path.fields)
    assert max(sheets.simulation_numbers) > 128
    np.testing.assert_array_equal(sheets.five[3, ROW_OF_FIELD["BALDEF"]], figure(record, "BALDEF", "p50"))
    assert (sheets.sets, sheets.statistics, sheets.with_flows) == ((), None, False)


def test_standard_sets_are_whole_paths_of_all_deals_together(two_deals: Desk, store: Store, shelf: Shelf) -> None:
    """Of 200 paths those with the most and the least defaults over both deals; CCC balances are their own."""
    outcome = simulate(two_deals, deals=(), n_simulations=200)
    one_run = legacy_record(store, Cache(shelf), outcome.run_ids[1:])
    sheets = legacy_record(store, Cache(shelf), outcome.run_ids[::-1])
    row = ROW_OF_FIELD["BALDEF"]

    assert sheets.deals == (DEAL_NAME, "Demo 2")
    assert sheets.simulated is None
    averages, most, least, median = sheets.sets
    totals = final_defaults(build(inputs_of(store, shelf, outcome.request), 7), 200)
    assert most.simulation == 1 + int(np.argmax(totals))
    assert least.simulation == 1 + int(np.argmin(totals))
    assert sorted(totals)[99] <= median.fields[:, row, -1].sum() <= sorted(totals)[100]
    for number, run in enumerate(outcome.run_ids):
        np.testing.assert_array_equal(most.fields[number], two_deals.simulations.path(run, most.simulation))
    assert least.fields[1, ROW_OF_FIELD["BALCCC"]].tolist() != least.fields[1, ROW_OF_FIELD["BALPERF"]].tolist()
    np.testing.assert_array_equal(averages.fields[1, row], figure(outcome.records[1], "BALDEF"))
    assert one_run.deals == ("Demo 2",)
    assert [one.simulation for one in one_run.sets] == [one.simulation for one in sheets.sets]
    assert one_run.simulated is not None


def final_defaults(built: BuiltSimulation, n: int) -> np.ndarray:
    """Balance in default of all deals at the end of every path, (S,)."""
    results = SimulationResults(replace(built.job, pools=tuple(replace(pool, deal=None) for pool in built.job.pools)))
    for number in range(built.job.n_blocks):
        results.receive(number, built.job.run(number))
    ends = [results.fields(number)[ROW_OF_FIELD["BALDEF"], -1] for number in range(len(built.job.pools))]
    return np.sum(ends, axis=0)[:n]


def test_a_legacy_simulation_with_cash_flows_has_sim_stats(demo_desk: Desk, store: Store, shelf: Shelf) -> None:
    """A row for every path, whose mean is that of the record."""
    outcome = simulate(demo_desk, LEGACY, has_cash_flows=True, assumptions="workbook")
    found, tranches = legacy_record(store, Cache(shelf), outcome.run_ids).statistics, outcome.records[0].tranches
    assert found is not None
    assert tranches is not None

    assert found.simulation.tolist() == list(range(1, 10))
    metric = tranches.figures[:, tranches.metrics.index("Interest paid"), STATISTICS.index("mean")]
    np.testing.assert_allclose(found.figures[:, :, 0].mean(axis=0), metric, rtol=1e-12)


def test_runs_of_different_simulations_have_no_common_sheets(demo_desk: Desk, tmp_path: Path) -> None:
    """Nothing is written."""
    outcomes = [simulate(demo_desk, seed=seed, n_simulations=64) for seed in (1, 2)]
    records = [outcome.records[0] for outcome in outcomes]

    with pytest.raises(InputError, match=r"CLO-4146: Runs \d+ and \d+ belong to different simulations"):
        demo_desk.simulations.export(tmp_path / "both.xlsx", records, with_legacy_sheets=True)
    assert not (tmp_path / "both.xlsx").exists()


def test_more_rows_than_a_sheet_has_are_refused(
    demo_desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Sim Stats has a row for every simulation."""
    outcome = simulate(demo_desk, WITH_FLOWS, n_simulations=64)
    monkeypatch.setattr(legacy_sheets, "MOST_ROWS", 63)

    with pytest.raises(InputError, match="CLO-4147: Sim Stats has a row for each of 64 simulations and a sheet 63"):
        demo_desk.simulations.export(tmp_path / "long.xlsx", outcome.records, with_legacy_sheets=True)


def test_classes_have_the_break_even_rates_of_the_solver(demo_desk: Desk) -> None:
    """Under a scenario too; the sub notes and a legacy run have none."""
    for scenario in ("BASE", "STRESS"):
        record = simulate(demo_desk, WITH_FLOWS, n_simulations=64, scenario=scenario).records[0]
        choice = RunChoice(deal=DEAL_NAME, assumptions="workbook", scenario=scenario)
        found = demo_desk.breakeven(choice, BreakEvenRequest(measures=(Measure.CDR,))).found
        tranches = record.tranches
        assert tranches is not None

        rates = {item.tranche_name: item.value for item in found}
        expected = [rates.get(name, np.nan) for name in tranches.names]
        np.testing.assert_array_equal(tranches.break_even_cdr, expected)
        assert np.isnan(tranches.break_even_cdr[list(tranches.is_equity)]).all()
    legacy = simulate(demo_desk, LEGACY, has_cash_flows=True, assumptions="workbook").records[0]
    assert legacy.tranches is not None
    assert np.isnan(legacy.tranches.break_even_cdr).all()


def test_a_search_that_fails_costs_no_simulation(demo_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rates are missing, and a remark says why."""

    def fail(*_: object) -> None:
        raise ModelError("CLO-1303", "The program stopped", remedy="Look at it.")

    monkeypatch.setattr(break_evens, "break_even", fail)
    record = simulate(demo_desk, WITH_FLOWS, n_simulations=64).records[0]

    assert record.tranches is not None
    assert np.isnan(record.tranches.break_even_cdr).all()
    assert "Break-even default rates were not found: The program stopped" in record.remarks


def test_a_scenario_shocks_the_paths_once(demo_desk: Desk, store: Store, shelf: Shelf) -> None:
    """Paths of a deal assembled under a scenario are those of the plain deal with the scenario's shocks."""
    plain, shocked = (
        build(inputs_of(store, shelf, replace(WITH_FLOWS, scenario=scenario)), 7) for scenario in ("BASE", "STRESS")
    )
    states, resolved, place = ChunkWalker(plain.job.plan).states(0), plain.resolved[0], plain.job.plan.asset_ids
    assert resolved is not None
    assert shocked.job.pools[0].deal is not None
    expected = DealSimulation.of(resolved, plain.job.plan.grid.days, {name: i for i, name in enumerate(place)}, STRESS)

    found, wanted = (PathRunner(deal).run(states, n_paths=16) for deal in (shocked.job.pools[0].deal, expected))
    np.testing.assert_allclose(found.interest, wanted.interest, rtol=1e-9, atol=CENT)
    np.testing.assert_allclose(found.principal, wanted.principal, rtol=1e-9, atol=CENT)
    np.testing.assert_allclose(found.collateral_loss, wanted.collateral_loss, rtol=1e-9, atol=CENT)
