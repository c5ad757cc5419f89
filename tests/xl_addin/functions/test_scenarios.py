"""Object handles in cells: equal inputs give equal handles, and a handle stands for its scenario everywhere."""

import re
from dataclasses import astuple, fields

import pytest

from db.cache import Cache, LocalCache
from db.handles import StoredRecipe
from db.store import Store
from engine.deal.assumptions import BUILT_IN_SCENARIOS, Scenario
from engine.desk.assumption_sets import WORKBOOK
from engine.desk.desk import Desk
from engine.desk.handles import handle_of
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.tables import numbers
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

OPTIONS = "cdr_multiplier=2; severity_shift=10%"


def test_equal_numbers_give_equal_handles(demo: CallCell) -> None:
    """Order, case, blanks and the way a number is written do not matter; another number is another handle."""
    handle = demo("CLO_SCENARIO", "BASE", OPTIONS)

    assert re.fullmatch("CLO:scenario#[0-9a-f]{12}", handle)
    assert demo("CLO_SCENARIO", " base ", " Severity_Shift = 0.1 ;CDR_MULTIPLIER=2.0;") == handle
    assert demo("CLO_SCENARIO", None, OPTIONS) == handle
    assert demo("CLO_SCENARIO", "BASE", "cdr_multiplier=2") != handle


def test_a_handle_does_not_depend_on_the_order_of_its_recipe() -> None:
    """The database gives a recipe back in an order of its own."""
    recipe = {"cdr_multiplier": 2.0, "curve_shift": 0.0}

    assert handle_of(StoredRecipe("scenario", recipe)) == handle_of(
        StoredRecipe("scenario", dict(reversed(recipe.items())))
    )


def test_a_handle_can_be_the_base_of_another(demo: CallCell) -> None:
    """Two steps lead to the handle of one."""
    first = demo("CLO_SCENARIO", "BASE", "cdr_multiplier=2")

    assert demo("CLO_SCENARIO", first, "severity_shift=0.1") == demo("CLO_SCENARIO", "BASE", OPTIONS)


def test_a_handle_says_what_it_stands_for(demo: CallCell) -> None:
    """Its kind and all its numbers."""
    told = demo("CLO_DESCRIBE", demo("CLO_SCENARIO", "BASE", OPTIONS))

    assert set(told.removeprefix("scenario: ").split("; ")) == {
        "cpr_multiplier=1",
        "cdr_multiplier=2",
        "severity_shift=0.1",
        "curve_shift=0",
    }


def test_a_handle_serves_on_another_machine(demo: CallCell, ran_desk: Desk) -> None:
    """Another desk on the same database, and cells in capitals, find the recipe."""
    handle = demo("CLO_SCENARIO", "BASE", OPTIONS)

    assert ran_desk.describe_handle(handle.upper()).startswith("scenario: ")


def test_runs_and_cells_take_a_handle_for_a_scenario(demo: CallCell, store: Store) -> None:
    """The run of a handle is shown by cells that name it, and differs from the base as a shock must."""
    book = demo_snapshot(n_assets=20)
    store.save_snapshot(book)
    desk = Desk(store, Cache(LocalCache()))
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), book.analysis_date)
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(lambda: desk)
    handle = dispatcher.call("CLO_SCENARIO", ["BASE", "cdr_multiplier=3"], ctx)["v"]

    desk.run_deal(DEAL_NAME, handle, assumptions=WORKBOOK)
    ctx = CallContext(lambda: desk)
    shocked = dispatcher.call("CLO_COLLATERAL_CASHFLOW", [DEAL_NAME, None, None, handle], ctx)["v"]
    base = demo("CLO_COLLATERAL_CASHFLOW", DEAL_NAME)

    shares = [numbers(flow, "default")[0] / numbers(flow, "performing_begin")[0] for flow in (shocked, base)]
    assert shares[0] > 2.0 * shares[1] > 0.0


def test_an_unknown_handle_is_not_available_until_its_cell_is_calculated(demo: CallCell, store: Store) -> None:
    """A database without the recipe says so; the answer is not kept, and comes right without any other change."""
    handle = demo("CLO_SCENARIO", "BASE", OPTIONS)
    other = Desk(store, Cache(LocalCache()))
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(lambda: other)

    before = dispatcher.call("CLO_DESCRIBE", [handle], ctx)
    dispatcher.call("CLO_SCENARIO", ["BASE", OPTIONS], ctx)
    after = dispatcher.call("CLO_DESCRIBE", [handle], ctx)

    assert before["e"] == "#N/A"
    assert before["m"].startswith(f"CLO-2121: The handle {handle} is not known")
    assert after["v"].startswith("scenario: ")


@pytest.mark.parametrize(
    ("arguments", "code", "number"),
    [
        (("BASE", "cdr=2"), "#VALUE!", "CLO-2124"),
        (("BASE", "cdr_multiplier"), "#VALUE!", "CLO-2123"),
        (("BASE", "cdr_multiplier=2; cdr_multiplier=3"), "#VALUE!", "CLO-2123"),
        (("BASE", "cdr_multiplier=1,5"), "#VALUE!", "CLO-2104"),
        (("BASE", "cdr_multiplier="), "#VALUE!", "CLO-2104"),
        (("BASE", "cdr_multiplier=-1"), "#VALUE!", "CLO-1310"),
        (("WORST",), "#N/A", "CLO-4018"),
        (("CLO:scenario#000000000000",), "#N/A", "CLO-2121"),
    ],
)
def test_what_makes_no_scenario_is_refused(demo: CallCell, arguments: tuple[str, ...], code: str, number: str) -> None:
    """Unknown options and scenarios, options of another form, numbers that are none."""
    answer = demo("CLO_SCENARIO", *arguments)

    assert (answer["e"], answer["m"][:8]) == (code, number)


def test_what_is_no_handle_is_said_to_be_none(demo: CallCell) -> None:
    """Any other text in place of a handle."""
    assert demo("CLO_DESCRIBE", "BASE")["m"].startswith("CLO-2125: 'BASE' is no handle")


def test_scenarios_are_listed_with_their_numbers(demo: CallCell) -> None:
    """Those that ship with clodesk among them, each with all its fields, by name."""
    header, *rows = demo("CLO_SCENARIOS")
    shown = {row[0]: row for row in rows}

    assert header == [item.name for item in fields(Scenario)]
    assert list(shown) == sorted(shown)
    assert {name: shown[name] for name in BUILT_IN_SCENARIOS} == {
        name: list(astuple(one)) for name, one in BUILT_IN_SCENARIOS.items()
    }
