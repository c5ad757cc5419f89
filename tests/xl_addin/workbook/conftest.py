"""Desks whose deals were run, for workbooks that are calculated on them: the demo deal alone, and MAG 17 beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.assumption_sets import WORKBOOK
from engine.desk.desk import Desk
from engine.desk.simulations.request import SimulationRequest
from tests.conftest import fresh_database
from xl_addin.evaluator import Evaluation, evaluate
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

DEMO, MAG17 = "Demo 1", "Mag 17"
SCENARIOS = ("BASE", "STRESS")
Calculate = Callable[[Workbook | Path], Evaluation]


def calculated(workbook: Workbook | Path, desk: Desk) -> Evaluation:
    """A workbook calculated on a desk."""
    return evaluate(workbook, Dispatcher(ResultMemory()), lambda: CallContext(lambda: desk))


def simulate_demo(desk: Desk) -> None:
    """Store a simulation of the demo deal's ratings, and one of its cash flows."""
    for has_cash_flows in (False, True):
        request = SimulationRequest(
            deals=(DEMO,), n_simulations=64, seed=12, has_cash_flows=has_cash_flows, assumptions=WORKBOOK
        )
        desk.simulations.simulate(request, progress=lambda _text, _done: None)


@pytest.fixture(scope="session")
def demo_run_desk(
    server_url: str, template_database: str, storage_settings: StorageSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """A desk that knows the demo deal, run in both built-in scenarios and simulated with and without cash flows."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(LocalCache()))
        desk.demo(tmp_path_factory.mktemp("demo"))
        simulate_demo(desk)
        yield desk
        store.close()


@pytest.fixture(scope="session")
def mag17_run_url(
    server_url: str,
    template_database: str,
    storage_settings: StorageSettings,
    tmp_path_factory: pytest.TempPathFactory,
    reference: Path,
) -> Iterator[str]:
    """A database with the demo deal, simulated too, and the recorded workbook, both run in both built-in scenarios, and
    demo swaps.
    """
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(LocalCache()))
        desk.demo(tmp_path_factory.mktemp("demo"))
        simulate_demo(desk)
        desk.swaps.demo()
        desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
        for scenario in SCENARIOS:
            desk.run_deal(MAG17, scenario, assumptions="illustrative")
        store.close()
        yield url


@pytest.fixture(scope="session")
def mag17_run_desk(mag17_run_url: str, storage_settings: StorageSettings) -> Iterator[Desk]:
    """A desk on that database."""
    store = Store(storage_settings, mag17_run_url)
    yield Desk(store, Cache(LocalCache()))
    store.close()
