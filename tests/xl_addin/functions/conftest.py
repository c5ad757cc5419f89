"""A desk that ran the demo deal, and calls of cells on it."""

from collections.abc import Iterator

import pytest

from db.cache import Cache, LocalCache
from db.scenarios import NamedContent
from db.settings import StorageSettings
from db.store import Store
from engine.desk.assumption_sets import WORKBOOK
from engine.desk.desk import Desk
from engine.desk.simulations.request import CorrelationSource, SimulationRequest
from engine.modes import Mode
from tests.conftest import fresh_database
from tests.xl_addin.conftest import CallCell
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

N_LOANS = 40
RATES_UP = "RATES UP"
"""A scenario of our own, a percentage point above the curve of another assumption set."""

RATINGS = SimulationRequest(deals=(DEAL_NAME,), n_simulations=96, seed=12)
FLOWS = SimulationRequest(
    deals=(DEAL_NAME,), n_simulations=96, seed=7, has_cash_flows=True, assumptions=WORKBOOK, default_scale=4.0
)
AS_LEGACY = SimulationRequest(
    deals=(DEAL_NAME,), n_simulations=9, seed=12, correlation=CorrelationSource.RULE, mode=Mode.LEGACY
)
"""Simulations of ratings alone, of cash flows with so many defaults that classes lose, and as the legacy model did."""


@pytest.fixture(scope="session")
def ran_desk(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Desk]:
    """A desk with the demo deal, simulated with and without cash flows, tested once, run in three scenarios and two
    modes, and the demo swaps; tests leave it as it is."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(LocalCache()))
        book = demo_snapshot(n_assets=N_LOANS)
        store.save_snapshot(book)
        desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), book.analysis_date)
        for request in (RATINGS, FLOWS, AS_LEGACY):
            desk.simulations.simulate(request, progress=lambda _text, _done: None)
        desk.compliance(DEAL_NAME)
        for mode in Mode:
            desk.run_deal(DEAL_NAME, "BASE", assumptions=WORKBOOK, mode=mode)
        desk.run_deal(DEAL_NAME, "STRESS", assumptions=WORKBOOK)
        with store.begin() as work:
            work.scenarios.save(NamedContent(name=RATES_UP, description="", content={"curve_shift": 0.01}))
        desk.run_deal(DEAL_NAME, RATES_UP, assumptions="illustrative")
        desk.swaps.demo()
        yield desk
        store.close()


@pytest.fixture
def demo(ran_desk: Desk) -> CallCell:
    """Calls a function as a cell would, on that desk: the value, or {"e", "m"} for an error."""
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(lambda: ran_desk)

    def call(name: str, *arguments: object) -> object:
        answer = dispatcher.call(name, arguments, ctx)
        return answer.get("v", answer)

    return call
