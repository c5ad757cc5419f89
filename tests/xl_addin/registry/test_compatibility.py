"""Published functions: a change that would break workbooks is found, one that does not is let through."""

from copy import deepcopy
from typing import Any

import pytest

from tests.xl_addin.registry.catalogue_snapshot import RENEW, current, published
from xl_addin.registry.compatibility import breaches


def _parameter(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "number",
        "choices": [],
        "is_optional": False,
        "is_rest": False,
        "default": None,
        **facts,
    }


PUBLISHED: dict[str, Any] = {
    "CLO_PRICE": {
        "returns_table": False,
        "parameters": [
            _parameter("rate"),
            _parameter("side", kind="choice", choices=["Buy", "Sale"], is_optional=True, default="Buy"),
        ],
    },
    "CLO_RATE": {"returns_table": True, "parameters": []},
}


def _changed(**changes: Any) -> dict[str, Any]:
    """The published catalogue with other facts of the two parameters of CLO_PRICE: first__kind='text'."""
    made = deepcopy(PUBLISHED)
    for key, value in changes.items():
        place, fact = key.split("__")
        made["CLO_PRICE"]["parameters"][0 if place == "first" else 1][fact] = value
    return made


def test_what_is_the_same_breaks_nothing() -> None:
    """A catalogue is compatible with itself."""
    assert breaches(PUBLISHED, deepcopy(PUBLISHED)) == []


def test_growing_at_the_end_breaks_nothing() -> None:
    """Another function, an optional parameter appended, another choice and a parameter that may now be left out."""
    grown = _changed(first__is_optional=True, second__choices=["Buy", "Sale", "Both"])
    grown["CLO_PRICE"]["parameters"].append(_parameter("extra", is_optional=True))
    grown["CLO_NEW"] = {"returns_table": False, "parameters": []}

    assert breaches(PUBLISHED, grown) == []


@pytest.mark.parametrize(
    ("changes", "breach"),
    [
        ({"first__name": "yield_rate"}, "CLO_PRICE, parameter 1: rate became yield_rate"),
        ({"first__kind": "text"}, "CLO_PRICE, parameter 1: rate takes another kind, number before and text after"),
        ({"second__is_optional": False}, "CLO_PRICE, parameter 2: side must be given"),
        ({"second__default": "Sale"}, "CLO_PRICE, parameter 2: side has another default, Buy before and Sale after"),
        ({"second__choices": ["Buy"]}, "CLO_PRICE, parameter 2: side does not take Sale any more"),
        (
            {"first__is_rest": True},
            "CLO_PRICE, parameter 1: rate takes another number of arguments, False before and True after",
        ),
    ],
)
def test_a_changed_parameter_is_found(changes: dict[str, Any], breach: str) -> None:
    """Another name, kind or default, a parameter that has to be given, a choice that is gone."""
    assert breaches(PUBLISHED, _changed(**changes)) == [breach]


def test_a_moved_or_removed_parameter_is_found() -> None:
    """Arguments go by their place: whatever shifts them breaks formulas."""
    swapped, shorter = deepcopy(PUBLISHED), deepcopy(PUBLISHED)
    swapped["CLO_PRICE"]["parameters"].reverse()
    shorter["CLO_PRICE"]["parameters"].pop()

    assert breaches(PUBLISHED, swapped) == ["CLO_PRICE, parameter 1: rate became side"]
    assert breaches(PUBLISHED, shorter) == ["CLO_PRICE, parameter 2: side is gone"]


def test_a_removed_function_and_another_shape_are_found() -> None:
    """A function that is gone, and one whose result fills another range."""
    made = deepcopy(PUBLISHED)
    del made["CLO_PRICE"]
    made["CLO_RATE"]["returns_table"] = False

    assert breaches(PUBLISHED, made) == ["CLO_PRICE is gone", "CLO_RATE returns another shape"]


def test_an_appended_parameter_that_must_be_given_is_found() -> None:
    """Formulas of today do not give it."""
    made = deepcopy(PUBLISHED)
    made["CLO_PRICE"]["parameters"].append(_parameter("extra"))

    assert breaches(PUBLISHED, made) == ["CLO_PRICE, parameter 3: extra was added and must be given"]


def test_the_catalogue_keeps_what_was_published() -> None:
    """No published function was removed, renamed or changed in a way that breaks workbooks."""
    assert breaches(published(), current()) == []


def test_the_snapshot_is_that_of_the_catalogue() -> None:
    """What was added is published knowingly: the snapshot is renewed by its own command."""
    assert published() == current(), f"renew the snapshot: {RENEW}"
