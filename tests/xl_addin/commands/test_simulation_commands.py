"""Simulations from the ribbon on the demo deal: the numbers of the stored runs, by date, by class and by path."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from openpyxl import Workbook

from db.cache import Cache, LocalCache
from db.store import Store
from engine.desk.desk import Desk
from engine.desk.simulations.request import CorrelationSource
from engine.errors import ClodeskError
from engine.modes import Mode
from engine.rating_migration.fields import FIELDS, ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from engine.rating_migration.transition import Step
from engine.snapshot import WorkbookSnapshot
from tests.xl_addin.commands.conftest import RunCommand, applied, charts_on, sheets_of, table_on
from workbooks.demo import DEAL_NAME
from workbooks.simulation.legacy_sheets import PATH_HEADERS, STATISTIC_HEADERS
from workbooks.simulation.record import SimulationRecord
from xl_addin.commands.declare import Inputs
from xl_addin.commands.patch import WriteNamed
from xl_addin.commands.simulating import request_of

CELLS = {"clo_simulations": 64, "clo_frequency": "Quarterly", "clo_assumptions": "workbook"}


def _record(desk: Desk, patch: Any) -> SimulationRecord:
    """What the run that a patch names as the last one found."""
    (run_id,) = (one.value for one in patch.operations if isinstance(one, WriteNamed) and one.name == "clo_last_run")
    return desk.simulations.record(run_id)


def _texts(book: Workbook, sheet: str) -> dict[str, str]:
    """What a sheet says of its numbers, by label."""
    cells = [row[0] for row in book[sheet].iter_rows(max_col=1, values_only=True)]
    return dict(text.split(": ", 1) for text in cells if isinstance(text, str) and ": " in text)


def _column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_rating_migration_shows_the_stored_distribution(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Fan, rating mix, representative paths and every statistic are those of the run that the message names."""
    patch = run("clo_run_migration", cells=CELLS)
    (message,) = applied(patch, book)
    record = _record(demo, patch)
    fan, mix = (table_on(book, "RM-Demo 1", one) for one in ("Cumulative default rate", "Mean balance by rating"))
    rates = record.figures[ROW_OF_FIELD["DEFAULTRATE"]]

    for header, name in (("Mean", "mean"), ("P1", "p1"), ("P50", "p50"), ("P99", "p99")):
        assert _column(fan, header) == rates[:, STATISTICS.index(name)].tolist()
    total = [sum(value for value in list(row.values())[1:]) for row in mix]
    assert total == pytest.approx([record.opening_balance] * len(total), rel=1e-9)
    stats = table_on(book, "RM-Demo 1 Statistics", "Statistics")
    assert len(stats) == len(FIELDS) * len(record.dates)
    assert stats[-1]["Mean"] == record.figures[-1, -1, 0]
    assert charts_on(book, "RM-Demo 1") == [
        "Range of the cumulative default rate",
        "Mean balance by rating, repaid and defaulted",
    ]
    assert _texts(book, "RM-Demo 1")["Seed"] == "12"
    assert message.text.endswith("seed 12.")
    assert record.simulations == 64


def test_the_same_cells_answer_from_the_store(run: RunCommand, book: Workbook) -> None:
    """The random numbers are the same again: another press of the button finds the run, and the sheets are replaced."""
    applied(run("clo_run_migration", cells=CELLS, **sheets_of(book)), book)
    names = book.sheetnames
    stages: list[str] = []
    applied(
        run(
            "clo_run_migration",
            cells=CELLS,
            progress=lambda text, _done: stages.append(text),
            **sheets_of(book),
        ),
        book,
    )

    assert book.sheetnames == names
    assert stages == ["Loading the deals"]


def test_other_random_numbers_have_a_seed_that_is_shown(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """A seed from the system, in the facts and small enough to be entered in a cell again."""
    patch = run("clo_run_migration", cells={**CELLS, "clo_static_random": False})
    applied(patch, book)
    shown = _texts(book, "RM-Demo 1")["Seed"]
    again = run("clo_run_migration", cells={**CELLS, "clo_seed": int(shown)})

    assert shown != "12"
    assert 0 <= int(shown) < 2**53
    assert _record(demo, again).run_id == _record(demo, patch).run_id


def test_progress_goes_forward_to_its_end(demo_desk_of_its_own: Desk, run: RunCommand) -> None:
    """The parts of a simulation report themselves in order."""
    reports: list[tuple[str, float]] = []
    run(
        "clo_run_deal_simulation",
        desk=demo_desk_of_its_own,
        cells=CELLS,
        progress=lambda text, done: reports.append((text, done)),
    )
    done = [one for _, one in reports]

    assert done == sorted(done)
    assert done[-1] == 1.0
    assert any("blocks" in text for text, _ in reports)


class CancelledError(Exception):
    """What a job raises out of its progress when the user cancels it."""


@pytest.mark.parametrize("command_id", ["clo_run_migration", "clo_run_migration_all", "clo_run_deal_simulation"])
def test_a_cancelled_simulation_is_not_stored(demo_desk_of_its_own: Desk, run: RunCommand, command_id: str) -> None:
    """Cancelled in the middle of the paths and while it is stored, it leaves no run."""
    for stage in ("blocks", "Summing up", "Storing"):

        def cancel(text: str, _done: float, stage: str = stage) -> None:
            if stage in text:
                raise CancelledError(text)

        with pytest.raises(CancelledError):
            run(command_id, desk=demo_desk_of_its_own, cells=CELLS, progress=cancel)

    assert demo_desk_of_its_own.simulations.runs() == ()


def test_simulated_waterfalls_show_classes_breaches_and_returns(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """The tables are those of the run, the row of a path is what the function shows."""
    patch = run("clo_run_deal_simulation", cells=CELLS)
    applied(patch, book)
    record = _record(demo, patch)
    tranches, name = record.tranches, "Deal CF-Demo 1-Sim Stats"
    assert tranches is not None
    classes = table_on(book, name, "Classes")
    breaches = table_on(book, name, "Probability that a coverage test fails")
    bins = table_on(book, name, "Return of the equity")
    paths = table_on(book, "Deal CF-Demo 1-Sim Paths", "Simulations")

    assert _column(classes, "Expected loss") == tranches.expected_loss.tolist()
    assert _column(classes, "Balance") == tranches.balance.tolist()
    assert _column(classes, "Mean WAL") == tranches.figures[:, 3, STATISTICS.index("mean")].tolist()
    assert [_column(breaches, test) for test in tranches.test_names] == [
        [None if np.isnan(value) else value for value in row] for row in tranches.breach_probability.tolist()
    ]
    assert tranches.equity_irr is not None
    assert _column(bins, "Paths") == tranches.equity_irr.counts.tolist()
    assert len(paths) == 64 * len(tranches.names)
    assert {"Probability of a loss", "Return of the equity"} <= set(charts_on(book, name))


def test_chosen_deals_take_the_place_of_the_control_sheet(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Deals that are picked need no deal in the cell; one that is unknown is refused by name."""
    applied(run("clo_run_deal_simulation", cells={**CELLS, "clo_deal": ""}, answers={"deals": ("demo1",)}), book)

    assert "Deal CF-Demo 1-Sim Stats" in book.sheetnames
    with pytest.raises(ClodeskError, match="CLO-3013"):
        run("clo_run_deal_simulation", cells=CELLS, answers={"deals": (DEAL_NAME, "Mag 99")})


def test_all_deals_along_joint_paths(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Every deal of the newest date in one run: default rates by deal, and their comparison."""
    patch = run("clo_run_migration_all", cells=CELLS)
    (message,) = applied(patch, book)
    record = _record(demo, patch)
    (row,) = table_on(book, "RM-ALL", "Default rate at the end")
    lines = table_on(book, "RM-ALL", "Mean cumulative default rate")

    assert (row["Deal"], row["Run ID"], row["Opening balance"]) == (
        DEAL_NAME,
        int(record.run_id),
        record.opening_balance,
    )
    rates = record.figures[ROW_OF_FIELD["DEFAULTRATE"]]
    assert row["P95"] == rates[-1, STATISTICS.index("p95")]
    assert _column(lines, DEAL_NAME) == rates[:, 0].tolist()
    assert message.text == "1 deal along 64 joint paths; seed 12."


def test_legacy_mode_adds_the_legacy_sheets(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """The headers of the legacy model, its five statistics, and the paths it shows, counts above balances."""
    cells = {**CELLS, "clo_simulations": 5, "clo_mode": "legacy", "clo_correlation_source": "system"}
    patch = run("clo_run_migration", cells=cells)
    applied(patch, book)
    record = _record(demo, patch)
    stats = table_on(book, "RM-Credit Migration Stats", "Credit Migration Stats")
    path = record.paths[0]
    rows = table_on(book, "RM-Output", f"Credit Migration: Simulation {path.simulation}")

    assert [cell.value for cell in book["RM-Credit Migration Stats"][5]][: len(STATISTIC_HEADERS)] == list(
        STATISTIC_HEADERS
    )
    assert list(rows[0])[2:] == list(PATH_HEADERS[2:])
    assert _column(stats[2:12], "Stat") == ["Max", "Min", "Average", "Median", "Standard Deviation"] * 2
    fan = table_on(book, "RM-Demo 1", "Cumulative default rate")
    assert (
        _column(fan, "P95")
        == (record.figures[ROW_OF_FIELD["BALDEF"], :, STATISTICS.index("p95")] / record.opening_balance).tolist()
    )
    deviation = record.figures[:, 1, STATISTICS.index("sd_population")]
    assert stats[6]["Number of CCC"] == deviation[ROW_OF_FIELD["NUMCCC"]]
    assert stats[11]["Number of CCC"] == deviation[ROW_OF_FIELD["BALCCC"]]
    assert _column(rows[::2], "Number of Defaults") == path.fields[ROW_OF_FIELD["NUMDEF"]].tolist()
    assert _column(rows[1::2], "Number of Defaults") == path.fields[ROW_OF_FIELD["BALDEF"]].tolist()


def test_legacy_sets_of_all_deals(run: RunCommand, demo: Desk, book: Workbook) -> None:
    """Averages and three paths; the CCC block of the smallest shows the performing balance, as the legacy model did."""
    cells = {**CELLS, "clo_simulations": 5, "clo_mode": "legacy", "clo_correlation_source": "system"}
    patch = run("clo_run_migration_all", cells=cells)
    applied(patch, book)
    record = _record(demo, patch)
    by_label = {path.label: path for path in record.paths}
    smallest = f"RM-MIN-{by_label['MIN'].simulation}-Output"

    assert {"RM-Averages-Output", smallest, f"RM-MAX-{by_label['MAX'].simulation}-Output"} <= set(book.sheetnames)
    performing = by_label["MIN"].fields[ROW_OF_FIELD["BALPERF"]].tolist()
    assert _column(table_on(book, smallest, "Balance of CCC"), DEAL_NAME) == performing
    assert _column(table_on(book, smallest, "Balance of Performance"), DEAL_NAME) == performing
    mean = record.figures[ROW_OF_FIELD["CDR"], :, STATISTICS.index("mean")]
    assert _column(table_on(book, "RM-Averages-Output", "Period CDR"), DEAL_NAME) == mean.tolist()


def test_a_deal_with_unknown_positions_is_left_out_and_named(
    store: Store, demo_book: WorkbookSnapshot, run: RunCommand, book: Workbook
) -> None:
    """It stops no other deal, unless it was picked."""
    (deal,) = demo_book.deals
    unknown = replace(deal.positions[0], blkrock_id="NOWHERE1")
    other = replace(deal, name="Demo 2", positions=(*deal.positions, unknown))
    store.save_snapshot(replace(demo_book, deals=(deal, other)))
    desk = Desk(store, Cache(LocalCache()))
    (message,) = applied(run("clo_run_migration_all", desk=desk, cells=CELLS), book)

    assert _column(table_on(book, "RM-ALL", "Default rate at the end"), "Deal") == [DEAL_NAME]
    assert message.level == "warning"
    assert "Demo 2 is left out: NOWHERE1 not in the asset list." in message.text
    with pytest.raises(ClodeskError, match=r"CLO-4185.*NOWHERE1"):
        run("clo_run_migration_all", desk=desk, cells=CELLS, answers={"deals": ("Demo 2",)})


def _asked(mode: Mode, **cells: Any) -> Any:
    return request_of(Inputs(cells=cells), mode, deals=(), as_of=None, scenario="BASE", assumptions=None)


def test_the_control_sheet_says_how_to_simulate() -> None:
    """Blank cells stand for 100 quarterly simulations with seed 12 and the factor model."""
    usual = _asked(Mode.STANDARD)
    chosen = _asked(
        Mode.STANDARD, clo_simulations=500, clo_frequency="semi-annual", clo_seed=7, clo_correlation_source="System"
    )

    assert (usual.n_simulations, usual.step, usual.seed) == (100, Step.QUARTERLY, 12)
    assert usual.correlation is CorrelationSource.FACTORS
    assert (chosen.n_simulations, chosen.step, chosen.seed) == (500, Step.SEMI_ANNUAL, 7)
    assert chosen.correlation is CorrelationSource.RULE
    assert _asked(Mode.STANDARD, clo_correlation_source="user").correlation is CorrelationSource.STORED
    assert _asked(Mode.LEGACY).correlation is CorrelationSource.STORED
    assert _asked(Mode.LEGACY, clo_frequency="Annually").step is Step.ANNUAL


def test_a_new_seed_for_every_run() -> None:
    """Without static random numbers no two requests are the same; the legacy generator takes smaller seeds."""
    seeds = {_asked(Mode.STANDARD, clo_static_random=False).seed for _ in range(4)}

    assert len(seeds) == 4
    assert _asked(Mode.LEGACY, clo_static_random="FALSE").seed < 2**15


@pytest.mark.parametrize(
    ("cells", "number", "where"),
    [
        ({"clo_simulations": 0}, "CLO-2216", "cell clo_simulations"),
        ({"clo_simulations": 2_000_000}, "CLO-2216", "cell clo_simulations"),
        ({"clo_simulations": "many"}, "CLO-2104", "cell clo_simulations"),
        ({"clo_seed": -1}, "CLO-2217", "cell clo_seed"),
        ({"clo_frequency": "Weekly"}, "CLO-2110", "cell clo_frequency"),
        ({"clo_correlation_source": "guess"}, "CLO-2110", "cell clo_correlation_source"),
    ],
)
def test_a_wrong_simulation_cell_is_named(run: RunCommand, cells: dict[str, Any], number: str, where: str) -> None:
    """Each mistake has its number and its cell."""
    with pytest.raises(ClodeskError) as caught:
        run("clo_run_migration", cells=cells)

    assert (caught.value.number, caught.value.where) == (number, where)


def test_consent_and_unrated_assets_come_from_the_dialog() -> None:
    """What was answered stands in the request."""
    answers = {"accepts_matrix": True, "unrated_as": "CCC-"}
    request = request_of(
        Inputs(answers=answers), Mode.STANDARD, deals=(), as_of=None, scenario="BASE", assumptions=None
    )

    assert request.accepts_matrix_error
    assert request.unrated_as == "CCC-"
