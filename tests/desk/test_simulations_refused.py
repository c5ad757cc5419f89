"""Simulations that cannot be: what is wrong is told with its place and a way out, and nothing is stored."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from db.cache import Cache
from db.settings import StorageSettings
from db.store import Store
from engine.collateral.assumptions import AssumptionRow
from engine.desk.assumption_sets import from_workbook, to_json
from engine.desk.blocks.settings import BlockSettings
from engine.desk.desk import Desk
from engine.desk.simulations.request import CorrelationSource, SimulationRequest
from engine.errors import BackendError, ClodeskError, InputError, ReferenceDataError
from engine.modes import Mode
from engine.rating_migration.draws import Method
from engine.rating_migration.nearest_correlation import Repair
from engine.snapshot import Correlation, WorkbookSnapshot
from tests.conftest import fresh_database
from tests.desk.conftest import Shelf
from tests.desk.simulation_requests import ASKED, WITH_FLOWS, simulate, with_asset, without_ratings
from workbooks.demo import DEAL_NAME

Edit = Callable[[WorkbookSnapshot], WorkbookSnapshot]


def with_row(row: int, **changes: float) -> Edit:
    """A row of the transition matrix changed by column: `c0` is the first, `c_1` the last."""

    def edit(book: WorkbookSnapshot) -> WorkbookSnapshot:
        assert book.transition_matrix is not None
        matrix = book.transition_matrix.matrix.copy()
        for column, value in changes.items():
            matrix[row, int(column[1:].replace("_", "-"))] = value
        return replace(book, transition_matrix=replace(book.transition_matrix, matrix=matrix))

    return edit


def with_correlation(*entries: tuple[int, int, float], without: int = 0) -> Edit:
    """Correlations of the assets, all 0.2 but for some entries; those of the last assets left out."""

    def edit(book: WorkbookSnapshot) -> WorkbookSnapshot:
        ids = tuple(row.asset.blkrock_id for row in book.assets)
        n = len(ids) - without
        matrix = np.full((n, n), 0.2)
        np.fill_diagonal(matrix, 1.0)
        for i, j, value in entries:
            matrix[i, j] = value
        return replace(book, correlation=Correlation(ids=ids[:n], matrix=matrix))

    return edit


def without_positions(book: WorkbookSnapshot) -> WorkbookSnapshot:
    return replace(book, deals=(replace(book.deals[0], positions=()),))


def with_unknown_position(book: WorkbookSnapshot) -> WorkbookSnapshot:
    deal = book.deals[0]
    positions = (replace(deal.positions[0], blkrock_id="GHOST1"), *deal.positions[1:])
    return replace(book, deals=(replace(deal, positions=positions),))


STORED: dict[str, Any] = {"correlation": CorrelationSource.STORED}
RULE: dict[str, Any] = {"correlation": CorrelationSource.RULE}
NOT_SEMIDEFINITE = with_correlation((0, 1, 0.9), (1, 0, 0.9), (0, 2, 0.9), (2, 0, 0.9), (1, 2, -0.9), (2, 1, -0.9))

BOOKS: list[tuple[str, Edit, dict[str, Any], str]] = [
    (
        "rows that do not add up",
        with_row(3, c0=0.5),
        {},
        r"CLO-1801: Row 4 \(AA-\) of the transition matrix adds up to 1\.4",
    ),
    (
        "a negative entry",
        with_row(3, c0=-0.01),
        {},
        "CLO-1805: The probability of a move from AA- to AAA is negative: -0.01",
    ),
    ("no absorbing state", with_row(-1, c_1=0.9, c_2=0.1), {}, "CLO-1806: The last state, .*, can be left and is no"),
    ("no matrix", lambda book: replace(book, transition_matrix=None), {}, "CLO-4090: The workbook .* no transition"),
    ("no rating", without_ratings, {}, "CLO-4182: 1 assets have no rating of any agency: .*, at All Assets. Rate them"),
    ("no maturity", lambda book: with_asset(book, maturity=None), {}, "CLO-4187: Asset .* has no maturity, at All"),
    ("no positions", without_positions, {}, "CLO-4186: Demo 1 holds no asset. Import a workbook"),
    (
        "an unknown position",
        with_unknown_position,
        {},
        "CLO-4185: 1 positions of Demo 1 are not in the asset list: GHOST1, at 'Demo 1 Inputs'!D4. Add the assets",
    ),
    ("no correlations", lambda book: replace(book, correlation=None), STORED, "CLO-4091: The workbook .* no correl"),
    ("a lopsided matrix", with_correlation((0, 1, 0.5)), STORED, "CLO-1821: .*not symmetric"),
    ("out of range", with_correlation((0, 1, 1.5), (1, 0, 1.5)), STORED, "CLO-1822: .*outside of -1 to 1"),
    ("an asset that is missing", with_correlation(without=2), STORED, "CLO-1826: .*not in the matrix"),
    ("not semidefinite", NOT_SEMIDEFINITE, {**STORED, "repair": Repair.NONE}, "CLO-1827: "),
    (
        "no rules",
        lambda book: replace(book, correlation_rules=book.correlation_rules[:1]),
        RULE,
        "CLO-4188: The workbook .* has no complete set of correlation rules. Give the correlations of the factor",
    ),
]


@pytest.fixture(scope="module")
def refusing(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """One database for all that is refused: what is refused leaves nothing behind."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        yield store
        store.close()


@pytest.fixture
def refusing_desk(refusing: Store, shelf: Shelf) -> Iterator[Desk]:
    """A desk on that database; afterwards there is still no run and no block."""
    desk = Desk(refusing, Cache(shelf))
    yield desk
    assert desk.simulations.runs() == ()
    assert refusing.blocks.jobs() == ()


def saved(store: Store, book: WorkbookSnapshot, case: str) -> None:
    """Store a workbook as the newest one."""
    file = replace(book.source_file, sha256=hashlib.sha256(case.encode()).hexdigest())
    store.save_snapshot(replace(book, source_file=file))


@pytest.mark.parametrize(("case", "edit", "changes", "text"), BOOKS, ids=[case[0] for case in BOOKS])
def test_a_workbook_that_cannot_be_simulated_is_refused(
    refusing: Store,
    refusing_desk: Desk,
    demo_book: WorkbookSnapshot,
    case: str,
    edit: Edit,
    changes: dict[str, Any],
    text: str,
) -> None:
    """What is wrong with matrix, ratings, positions or correlations is told, with no run and no block left."""
    saved(refusing, edit(demo_book), case)

    with pytest.raises(ClodeskError, match=text):
        simulate(refusing_desk, **changes)


REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"n_simulations": 0}, "CLO-1831: 0 simulations cannot be run. Ask for 1 to 1,000,000 simulations"),
    ({"n_simulations": 255, "method": Method.ANTITHETIC}, "CLO-1832: 255 simulations do not fall into antithetic"),
    ({"n_simulations": 300, "method": Method.SOBOL}, "CLO-1833: 300 simulations are not 16 Sobol sequences"),
    ({**RULE, "method": Method.SOBOL, "scrambles": 2}, "CLO-1834: Sobol points need common factors"),
    ({"seed": -1}, "CLO-1830: Seed -1 is no 64-bit number"),
    ({"default_scale": -1.0}, "CLO-1810: Default probabilities cannot be multiplied by -1"),
    ({"deals": ("Mag 99",)}, "CLO-.*Mag 99"),
    ({"scenario": "CALM"}, "CLO-4018: There is no scenario 'CALM'"),
    ({"assumptions": "mine"}, "CLO-4017: There is no assumption set 'mine'"),
    ({"has_cash_flows": True}, "CLO-4016: No assumption set was chosen"),
    ({"as_of": date(2020, 1, 1), "deals": ()}, "CLO-4183: There is no deal to simulate of 2020-01-01. Import a work"),
    ({"mode": Mode.LEGACY}, "CLO-4194: The legacy model knows no monthly steps and no factor model. Choose quarterly"),
]


@pytest.mark.parametrize(("changes", "text"), REQUESTS, ids=[text.split(":")[0] for _, text in REQUESTS])
def test_a_request_that_cannot_be_met_is_refused(
    refusing: Store, refusing_desk: Desk, demo_book: WorkbookSnapshot, changes: dict[str, Any], text: str
) -> None:
    """Numbers, names and methods that do not go together; nothing is stored."""
    saved(refusing, demo_book, "as it is")

    with pytest.raises(ClodeskError, match=text):
        simulate(refusing_desk, **changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({**RULE, "defaults_by_issuer": True}, "CLO-4180: Issuers that default as one need the factor model"),
        ({"mode": Mode.LEGACY, "method": Method.SOBOL}, "CLO-4181: The legacy model draws plain random numbers"),
        ({"mode": Mode.LEGACY, "defaults_by_issuer": True}, "CLO-4181"),
        ({"unrated_as": "XYZ"}, "CLO-4163: 'XYZ' is no S&P rating that unrated assets could count as"),
    ],
)
def test_a_request_that_contradicts_itself_cannot_be_made(changes: dict[str, Any], text: str) -> None:
    """Told before anything is read."""
    with pytest.raises(InputError, match=text):
        SimulationRequest(**changes)


def test_a_severity_through_time_and_scatter_do_not_go_together(demo_desk: Desk, demo_book: WorkbookSnapshot) -> None:
    """Recoveries scatter around one number."""
    row = AssumptionRow(blkrock_id="ALL", cpr=0.1, cdr=0.02, severity="SLOPE", recovery_lag_months=6.0)
    base = from_workbook(demo_book.curve, demo_book.cf_assumptions, demo_book.vectors)
    sloping = replace(base, name="sloping", rows=(row,), vectors={"SLOPE": (0.3, 0.5)})
    demo_desk.documents.store_assumption_set(to_json(sloping), sloping.name)

    with pytest.raises(InputError, match="CLO-4189: Recoveries cannot scatter around a severity that changes"):
        simulate(demo_desk, WITH_FLOWS, assumptions="sloping", recovery_deviation=0.1)


def test_deals_of_two_workbooks_are_not_simulated_together(
    desk: Desk, store: Store, demo_book: WorkbookSnapshot
) -> None:
    """Their assets and correlations are not the same ones."""
    saved(store, demo_book, "one")
    saved(store, replace(demo_book, deals=(replace(demo_book.deals[0], name="Demo 2"),)), "two")

    with pytest.raises(InputError, match="CLO-4184: Demo 1 and Demo 2 come from different workbooks"):
        simulate(desk, deals=(DEAL_NAME, "Demo 2"))


def test_what_is_no_simulation_is_not_shown_as_one(demo_desk: Desk) -> None:
    """A deal's own run has another kind."""
    run = demo_desk.run_deal(DEAL_NAME, assumptions="workbook")

    with pytest.raises(InputError, match=f"CLO-4190: Run {run.run_id} of DEMO1 is a deal run and no simulation"):
        demo_desk.simulations.record(run.run_id)
    with pytest.raises(ReferenceDataError):
        demo_desk.simulations.record(999)


def test_a_path_that_is_not_there_is_not_walked(
    demo_desk: Desk, store: Store, demo_book: WorkbookSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers run from 1 to that of the simulations; after new data the paths would be others."""
    (run_id,) = simulate(demo_desk).run_ids
    for number in (0, 257):
        with pytest.raises(InputError, match=rf"CLO-4191: Run {run_id} has no simulation {number}. Ask for 1 to 256"):
            demo_desk.simulations.path(run_id, number)
    deal = replace(demo_book.deals[0], positions=demo_book.deals[0].positions[:-1])
    saved(store, replace(demo_book, deals=(deal,)), "fewer")

    with pytest.raises(ReferenceDataError, match=f"CLO-4192: Run {run_id} cannot be walked again"):
        demo_desk.simulations.path(run_id, 1)


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        (
            BlockSettings(scheduler="tcp://127.0.0.1:9", connect_timeout=0.5),
            BackendError,
            "CLO-4171: The scheduler cannot be reached .*, at tcp://127.0.0.1:9. Start it, or correct CLODESK_",
        ),
        (BlockSettings(memory=1 << 20), InputError, "CLO-4167: One block needs about [0-9]+ MiB and a worker may take"),
    ],
)
def test_workers_out_of_reach_or_too_small_leave_nothing(
    demo_desk: Desk, settings: BlockSettings, error: type[ClodeskError], text: str
) -> None:
    """The scheduler that nobody started, a memory that no block fits into."""
    with pytest.raises(error, match=text):
        simulate(demo_desk, ASKED, settings)

    assert demo_desk.simulations.runs() == ()
