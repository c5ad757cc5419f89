"""Data versions: whatever writes raises them, in its own transaction."""

from datetime import date

import pytest

from db.payouts.fixings import FxFixing, RateFixing
from db.scenarios import NamedContent
from db.store import Store
from db.versions import data_versions
from engine.snapshot import WorkbookSnapshot
from engine.waterfall.compiler import program_hash
from engine.waterfall.parser import parse_program
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall


@pytest.fixture(scope="module")
def book() -> WorkbookSnapshot:
    return demo_snapshot(n_assets=20)


def _versions(store: Store) -> dict[str, int]:
    with store.read() as work:
        return data_versions(work.driver)


def test_an_import_raises_its_deals_and_what_all_share(store: Store, book: WorkbookSnapshot) -> None:
    """An empty database has no versions at all."""
    before = _versions(store)
    store.save_snapshot(book)

    assert before == {}
    assert _versions(store) == {"*": 1, "DEMO1": 1}


def test_a_scenario_and_a_waterfall_raise_what_all_share(store: Store, book: WorkbookSnapshot) -> None:
    """The deal's own version stays."""
    store.save_snapshot(book)
    with store.begin() as work:
        work.scenarios.save(NamedContent(name="S", description="", content={}))
    between = _versions(store)
    with store.begin() as work:
        text = demo_waterfall()
        work.waterfalls.save(
            DEAL_NAME, text, program_hash(parse_program(text)), effective_date=date(2016, 1, 1), deal_name=DEAL_NAME
        )

    assert (between["*"], _versions(store)["*"]) == (2, 3)
    assert _versions(store)["DEMO1"] == 1


def test_limits_raise_the_version_of_their_deal(store: Store, book: WorkbookSnapshot) -> None:
    """Setting them and taking them away."""
    store.save_snapshot(book)
    found = []
    for content in ({"a": 1}, {"a": 2}, None):
        with store.begin() as work:
            work.compliance.save_limits("DEMO1", content)
        found.append(_versions(store)["DEMO1"])

    assert found == [2, 3, 4]


def test_what_is_undone_raises_nothing(store: Store, book: WorkbookSnapshot) -> None:
    """The version belongs to the transaction that writes."""
    store.save_snapshot(book)

    def write_and_fail() -> None:
        with store.begin() as work:
            work.scenarios.save(NamedContent(name="S", description="", content={}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()

    assert _versions(store)["*"] == 1


def test_swaps_have_a_version_of_their_own(store: Store) -> None:
    """However many rows a transaction writes it is one version more, and no mark of it is left."""
    for rate in (0.05, 0.05, 0.06):
        with store.begin() as work:
            days = [date(2024, 3, n) for n in range(1, 29)]
            work.payouts.fixings.put_rates([RateFixing("USD-SOFR", "", on, rate) for on in days], "test")
            work.payouts.fixings.put_fx([FxFixing("EUR", "USD", on, 1.0 + rate) for on in days], "test")

    assert _versions(store) == {"payouts": 3}
