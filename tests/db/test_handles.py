"""Recipes of handles in the database."""

from db.handles import StoredRecipe
from db.store import Store

HANDLE = "CLO:scenario#0123456789ab"


def test_a_recipe_comes_back_as_it_was_stored(store: Store) -> None:
    """Numbers bit for bit; an unknown handle has none."""
    recipe = StoredRecipe("scenario", {"cdr_multiplier": 0.1 + 0.2, "curve_shift": -0.0025})
    with store.begin() as work:
        work.handles.save(HANDLE, recipe)

    with store.read() as work:
        assert work.handles.find(HANDLE) == recipe
        assert work.handles.find("CLO:scenario#000000000000") is None


def test_a_recipe_that_is_there_stays(store: Store) -> None:
    """Two cells that make the same handle at once do not disturb each other."""
    for number in (1.0, 2.0):
        with store.begin() as work:
            work.handles.save(HANDLE, StoredRecipe("scenario", {"cdr_multiplier": number}))

    with store.read() as work:
        found = work.handles.find(HANDLE)
    assert found == StoredRecipe("scenario", {"cdr_multiplier": 1.0})
