"""A function that is declared is everywhere: nothing else has to be edited for any face (spec 08 §16 item 2)."""

from collections.abc import Iterator
from typing import Annotated

import pytest

from xl_addin.registry import catalogue
from xl_addin.registry.declare import FUNCTIONS, udf

NAME = "CLO_ONE_MORE"
SUMMARY = "One more than a number."


@pytest.fixture
def one_more() -> Iterator[None]:
    """A function more in the catalogue."""
    catalogue.catalogue()
    _forget()

    @udf(NAME, category="CLO Test", examples=[f"={NAME}(1)"])
    def one_more(number: Annotated[float, "The number."]) -> float:
        """One more than a number."""
        return number + 1.0

    yield
    del FUNCTIONS[NAME]
    _forget()


def _forget() -> None:
    for kept in (catalogue.catalogue, catalogue.by_name, catalogue.fingerprint):
        kept.cache_clear()


@pytest.mark.usefixtures("one_more")
def test_a_declared_function_is_in_every_face() -> None:
    """VBA and its wizard sheets, functions.json, the Calc interface, OpenAPI, the help pages."""
