"""Simulations, grids and break-evens in cells: the numbers of their records, and what cannot be asked of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.cache import Cache, LocalCache
from db.store import Store
from engine.deal.grid_results import Axis
from engine.desk.assumption_sets import WORKBOOK
from engine.desk.desk import Desk
from engine.desk.grid_records import BreakEvenRequest, GridRequest, RunChoice
from engine.desk.simulations.desk import SimulationDesk
from engine.rating_migration.fields import FIELDS, ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.conftest import AS_LEGACY, FLOWS, N_LOANS, RATINGS
from tests.xl_addin.functions.tables import column, numbers, records
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall
from xl_addin.functions.simulation_tables import STATISTIC_BY_WORD
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.memory import ResultMemory


def _silent(_text: str, _done: float) -> None:
    """Progress that nobody watches."""


def _cell(desk: Desk, name: str, *arguments: Any) -> Any:
    answer = Dispatcher(ResultMemory()).call(name, arguments, CallContext(lambda: desk))
    return answer.get("v", answer)


@pytest.fixture
def runs(ran_desk: Desk) -> dict[str, int]:
    """Numbers of the simulations of the desk by what they are."""
    requests = {"ratings": RATINGS, "flows": FLOWS, "legacy": AS_LEGACY}
    wanted = {(one.seed, one.n_simulations, one.mode): name for name, one in requests.items()}
    found = {}
    for stored in ran_desk.simulations.runs(DEAL_NAME):
        request = ran_desk.simulations.request(stored.run_id)
        found[wanted[request.seed, request.n_simulations, request.mode]] = stored.run_id
    return found


def test_statistics_are_those_of_the_record(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """Any field and statistic by its legacy word or its own, in any case of letters, on the dates of the run."""
    record = ran_desk.simulations.record(runs["ratings"])

    for field, word, name in (
        ("DEFAULTRATE", "P95", "p95"),
        ("numccc", "max", "maximum"),
        ("BALBBP", "AVERAGE", "mean"),
        ("BALDEF", "MEDIAN", "p50"),
        ("CDR", "es99.9", "es99_9"),
        ("UPGRADES", "se", "standard_error"),
    ):
        table = demo("CLO_RM_STATS", runs["ratings"], "demo 1", field, word)
        expected = record.figures[ROW_OF_FIELD[field.upper()], :, STATISTICS.index(name)]
        assert table[0] == ["date", "value"]
        assert numbers(table, "value").tolist() == expected.tolist()
    assert len(column(table, "date")) == len(record.dates)
    assert set(STATISTIC_BY_WORD.values()) - {""} == set(STATISTICS)


def test_stddev_divides_as_the_mode_of_the_run_does(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """The population's in legacy mode, the sample's in standard mode."""
    row = ROW_OF_FIELD["BALPERF"]
    for name, statistic in (("legacy", "sd_population"), ("ratings", "sd")):
        figures = ran_desk.simulations.record(runs[name]).figures[row, :, STATISTICS.index(statistic)]
        shown = numbers(demo("CLO_RM_STATS", runs[name], DEAL_NAME, "BALPERF", "STDDEV"), "value")

        assert shown.tolist() == figures.tolist()
        assert shown[-1] != 0.0 or shown.max() > 0.0


def test_every_path_together_makes_the_mean(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """Paths that are walked again add up to the stored statistics."""
    record = ran_desk.simulations.record(runs["legacy"])
    paths = [
        numbers(demo("CLO_RM_PATH", runs["legacy"], DEAL_NAME, simulation, "BALPERF"), "value")
        for simulation in range(1, AS_LEGACY.n_simulations + 1)
    ]
    mean = record.figures[ROW_OF_FIELD["BALPERF"], :, STATISTICS.index("mean")]

    assert np.mean(paths, axis=0) == pytest.approx(mean, rel=1e-12)


def test_a_representative_path_is_walked_again_the_same(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """The path that the record keeps whole, bit for bit."""
    kept = ran_desk.simulations.record(runs["ratings"]).paths[-1]

    for field in ("BALDEF", "NUMCCC", "CDR"):
        shown = demo("CLO_RM_PATH", runs["ratings"], DEAL_NAME, kept.simulation, field)
        assert numbers(shown, "value").tolist() == kept.fields[ROW_OF_FIELD[field]].tolist()


def test_many_cells_of_one_path_walk_it_once(
    ran_desk: Desk, runs: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All fields of a path cost one walk, in one batch or in several."""
    walked = []
    path = SimulationDesk.path

    def counted(self: SimulationDesk, *args: Any) -> Any:
        walked.append(args)
        return path(self, *args)

    monkeypatch.setattr(SimulationDesk, "path", counted)
    calls = [Call("CLO_RM_PATH", [runs["ratings"], DEAL_NAME, 5, field]) for field in FIELDS]
    for _ in range(2):
        answers = Dispatcher(ResultMemory()).answer(calls, CallContext(lambda: ran_desk))
        assert all(answer.startswith(b'{"v":') for answer in answers)

    assert len(walked) == 1


def test_figures_of_a_class_are_those_of_the_record(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """Mean, percentile and error of every metric, for a class in any spelling."""
    tranches = ran_desk.simulations.record(runs["flows"]).tranches
    assert tranches is not None
    for place, metric in enumerate(("loss", "loss_fraction", "yield_at_price", "wal", "interest", "principal")):
        for word, name in (("MEAN", "mean"), ("p95", "p95"), ("SE", "standard_error")):
            shown = demo("CLO_SIM_STATS", runs["flows"], DEAL_NAME, "f", metric, word)
            expected = tranches.figures[tranches.names.index("Class F"), place, STATISTICS.index(name)]
            assert shown == pytest.approx(expected, rel=1e-15)


def test_probability_of_a_loss_and_return_of_the_equity(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """The mean of the probability is that of the record, the equity's quantiles are numpy's of its paths."""
    tranches, rates = (
        ran_desk.simulations.record(runs["flows"]).tranches,
        ran_desk.simulations.equity_irr(runs["flows"]),
    )
    known = rates[np.isfinite(rates)]
    assert tranches is not None

    for name, expected in zip(tranches.names, tranches.loss_probability, strict=True):
        if np.isfinite(expected):
            assert demo("CLO_SIM_STATS", runs["flows"], DEAL_NAME, name, "loss_probability", "AVERAGE") == expected
    assert max(tranches.loss_probability[:-1]) > 0.0
    for word, probability in (("P5", 0.05), ("MEDIAN", 0.5), ("P99", 0.99)):
        shown = demo("CLO_SIM_STATS", runs["flows"], DEAL_NAME, "equity", "equity_irr", word)
        assert shown == pytest.approx(np.quantile(known, probability), rel=1e-12)


def test_tables_of_a_simulation(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """Statistics, representative paths and facts of every simulation; classes and tests of one with cash flows."""
    record = ran_desk.simulations.record(runs["flows"])
    tranches = record.tranches
    assert tranches is not None
    stats = records(demo("CLO_RUN_RESULT", runs["flows"], "stats"))
    paths = records(demo("CLO_RUN_RESULT", runs["flows"], "paths"))
    classes = records(demo("CLO_RUN_RESULT", runs["flows"], "tranches"))
    triggers = demo("CLO_RUN_RESULT", runs["flows"], "triggers")

    assert len(stats) == len(FIELDS) * len(record.dates)
    last = next(row for row in reversed(stats) if row["field"] == "BALDEF")
    assert [last[name] for name in STATISTICS] == record.figures[ROW_OF_FIELD["BALDEF"], -1].tolist()
    assert {(row["stands_for"], row["simulation"]) for row in paths} == {
        (one.label, one.simulation) for one in record.paths
    }
    assert dict(map(tuple, demo("CLO_RUN_RESULT", runs["flows"], "facts")[1:]))["Seed"] == "7"
    assert [row["mean"] for row in classes if row["metric"] == "loss"] == tranches.expected_loss.tolist()
    assert numbers(triggers, tranches.test_names[0]) == pytest.approx(tranches.breach_probability[0], nan_ok=True)


def test_what_each_path_gave_each_class(demo: CallCell, ran_desk: Desk, runs: dict[str, int]) -> None:
    """The rows of all paths make the distribution of the record; a part of them is asked for by its first."""
    tranches = ran_desk.simulations.record(runs["flows"]).tranches
    assert tranches is not None
    table = demo("CLO_RUN_RESULT", runs["flows"], "sim_stats")
    part = demo("CLO_SIM_PATHS", runs["flows"], DEAL_NAME, 11, 3)
    rows, n_classes = records(table), len(tranches.names)

    assert len(rows) == FLOWS.n_simulations * n_classes
    of_f = [row["principal"] for row in rows if row["class_name"] == "Class F"]
    place = tranches.names.index("Class F"), tranches.metrics.index("Principal paid"), STATISTICS.index("mean")
    assert np.mean(of_f) == pytest.approx(tranches.figures[place], rel=1e-12)
    assert part == [table[0], *table[1 + 10 * n_classes : 1 + 13 * n_classes]]
    assert {row["simulation"] for row in records(demo("CLO_SIM_PATHS", runs["flows"], DEAL_NAME, 90))} == set(
        range(90, 97)
    )


@pytest.fixture
def own_desk(store: Store) -> Desk:
    """A desk that knows the demo deal, for one test."""
    book = demo_snapshot(n_assets=N_LOANS)
    store.save_snapshot(book)
    desk = Desk(store, Cache(LocalCache()))
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), book.analysis_date)
    return desk


def test_grids_and_break_evens_have_tables(own_desk: Desk) -> None:
    """Points with their values, what each class gets there, break-evens, prices."""
    choice = RunChoice(deal=DEAL_NAME, assumptions=WORKBOOK)
    grid = own_desk.grid(choice, GridRequest(values={Axis.CDR: (0.0, 0.25), Axis.CPR: (0.1,)}), progress=_silent)
    found = own_desk.breakeven(choice, BreakEvenRequest(tranches=("Class F",), prices=(0.95, 1.0)), progress=_silent)
    points = records(_cell(own_desk, "CLO_RUN_RESULT", grid.run_id, "points"))
    results = _cell(own_desk, "CLO_RUN_RESULT", grid.run_id, "results")
    even = records(_cell(own_desk, "CLO_RUN_RESULT", found.run_id, "results"))
    prices = _cell(own_desk, "CLO_RUN_RESULT", found.run_id, "prices")

    assert [(row["point"], row["cdr"], row["cpr"], row["price"]) for row in points] == [
        (1, 0.0, 0.1, ""),
        (2, 0.25, 0.1, ""),
    ]
    assert numbers(results, "interest").tolist() == grid.results.interest.ravel().tolist()
    assert numbers(results, "wal") == pytest.approx(grid.results.risk[:, :, 3].ravel(), nan_ok=True)
    assert [(row["class_name"], row["measure"], row["break_even"]) for row in even] == [
        (one.tranche_name, one.measure.value, one.value) for one in found.found
    ]
    assert numbers(prices, "yield").tolist() == found.tables[0].yields.tolist()
    assert column(_cell(own_desk, "CLO_RUNS", DEAL_NAME, "grid"), "run_id") == [grid.run_id]
    assert column(_cell(own_desk, "CLO_RUNS", DEAL_NAME, "breakeven"), "simulations") == [""]


@pytest.mark.parametrize(
    ("kind", "call", "code", "said"),
    [
        ("ratings", ("CLO_RM_STATS", "Demo 1", "NUMZZZ", "MIN"), "#VALUE!", "CLO-4193"),
        ("ratings", ("CLO_RM_STATS", "Demo 1", "CDR", "MODE"), "#VALUE!", "CLO-2110"),
        ("ratings", ("CLO_RM_PATH", "Demo 1", 97, "CDR"), "#VALUE!", "CLO-4191"),
        ("ratings", ("CLO_RM_PATH", "Demo 1", 0, "CDR"), "#VALUE!", "CLO-4191"),
        ("ratings", ("CLO_SIM_STATS", "Demo 1", "F", "loss", "MEAN"), "#VALUE!", "CLO-4195"),
        ("ratings", ("CLO_RUN_RESULT", "sim_stats"), "#N/A", "CLO-2188"),
        ("flows", ("CLO_SIM_STATS", "Demo 1", "Z", "loss", "MEAN"), "#N/A", "CLO-2170"),
        ("flows", ("CLO_SIM_STATS", "Demo 1", "F", "equity_irr", "MEAN"), "#VALUE!", "CLO-2196"),
        ("flows", ("CLO_SIM_STATS", "Demo 1", "Sub Notes", "loss_probability", "MEAN"), "#VALUE!", "CLO-2196"),
        ("flows", ("CLO_SIM_STATS", "Demo 1", "F", "profit", "MEAN"), "#VALUE!", "CLO-2110"),
        ("flows", ("CLO_SIM_PATHS", "Demo 1", 97), "#VALUE!", "CLO-2198"),
        ("flows", ("CLO_SIM_PATHS", "Demo 1", 1, 0), "#VALUE!", "CLO-2198"),
    ],
)
def test_what_a_simulation_cannot_answer(
    demo: CallCell, runs: dict[str, int], kind: str, call: tuple[Any, ...], code: str, said: str
) -> None:
    """The cell error of the situation, with its number."""
    name, *rest = call
    answer = demo(name, runs[kind], *rest)

    assert answer["e"] == code
    assert answer["m"].startswith(said)


def test_a_figure_that_cannot_be_known(own_desk: Desk) -> None:
    """A single path has no deviation; its seed, too long for a number of a cell, is shown as text."""
    request = replace(FLOWS, n_simulations=1, seed=2**63 - 1)
    (run_id,) = own_desk.simulations.simulate(request, progress=_silent).run_ids
    (row,) = records(_cell(own_desk, "CLO_RUNS", DEAL_NAME, "simulation"))

    assert _cell(own_desk, "CLO_SIM_STATS", run_id, DEAL_NAME, "F", "wal", "SD")["m"].startswith("CLO-2197")
    assert _cell(own_desk, "CLO_SIM_STATS", run_id, DEAL_NAME, "F", "wal", "MEAN") > 0.0
    assert (row["seed"], row["simulations"]) == (str(2**63 - 1), 1)


def test_a_run_of_another_kind_is_no_simulation(demo: CallCell) -> None:
    """The number of a deal's run is refused, and so is a simulation of another deal."""
    deal_run = column(demo("CLO_RUNS", DEAL_NAME, "deal", 1), "run_id")[0]

    assert demo("CLO_RM_STATS", deal_run, DEAL_NAME, "CDR", "MAX")["m"].startswith("CLO-4190")
    assert demo("CLO_RM_STATS", deal_run, "Demo 2", "CDR", "MAX")["m"].startswith("CLO-3013")


def test_statistics_have_no_mode_of_their_own() -> None:
    """Every word of the statistics is a choice of both functions."""
    for name in ("CLO_RM_STATS", "CLO_SIM_STATS"):
        stat = next(one for one in by_name()[name].parameters if one.name == "stat")
        assert set(stat.kind.choices) == set(STATISTIC_BY_WORD)
