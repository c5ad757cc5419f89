"""Declaring a function: what a client would not accept fails when the module is imported, naming the function."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, Literal

import pytest

from xl_addin.registry.declare import FUNCTIONS, DeclarationError, Function, udf
from xl_addin.registry.results import Table

Text = Annotated[str, "A text."]


@pytest.fixture(autouse=True)
def no_traces() -> Iterator[None]:
    """Functions that a test declares are gone after it."""
    before = dict(FUNCTIONS)
    yield
    FUNCTIONS.clear()
    FUNCTIONS.update(before)


def _declared(function: Callable[..., Any], name: str = "TEST_ONE") -> Function:
    udf(name, category="Test", examples=[f"={name}()"])(function)
    return FUNCTIONS[name]


def test_types_defaults_and_descriptions_become_parameters() -> None:
    """A parameter's kind comes from its type, the description from its annotation."""

    def function(
        day: Annotated[date, "A day."],
        side: Annotated[Literal["buy", "sale"], "A side."] = "buy",
        rate: Annotated[float | None, "A rate."] = None,
    ) -> float:
        """A figure."""
        return 0.0

    made = _declared(function)

    assert [(p.name, p.kind.name, p.description, p.is_optional, p.default) for p in made.parameters] == [
        ("day", "date", "A day.", False, None),
        ("side", "choice", "A side.", True, "buy"),
        ("rate", "number", "A rate.", True, None),
    ]
    assert made.parameters[1].kind.choices == ("buy", "sale")


def test_a_table_function_gets_the_switch_of_its_headers() -> None:
    """Every table has the same last argument, written once."""

    def function(deal: Text) -> Table:
        """A table."""
        return Table(["deal"], [[deal]])

    made = _declared(function)

    assert [p.name for p in made.parameters] == ["deal", "headers"]
    assert made.parameters[-1].default is True


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("CLO1", "is not of the form"),
        ("clo_rate", "is not of the form"),
        ("CLO_" + "X" * 61, "is not of the form"),
        ("RATE", "is not of the form"),
    ],
)
def test_a_name_that_a_client_refuses_is_refused(name: str, complaint: str) -> None:
    """Cell addresses, small letters, long names and names without prefix."""

    def function() -> float:
        """A figure."""
        return 0.0

    with pytest.raises(DeclarationError, match=f"{name} {complaint}"):
        _declared(function, name)


def _reserved(end: Text) -> float:
    """A figure."""
    return 0.0


def _capitals(Day: Text) -> float:  # noqa: N803
    """A figure."""
    return 0.0


def _untyped(value) -> float:  # type: ignore[no-untyped-def]
    """A figure."""
    return 0.0


def _without_description(value: float) -> float:
    """A figure."""
    return value


def _strange_type(value: Annotated[dict[str, int], "A dictionary."]) -> float:
    """A figure."""
    return 0.0


def _without_text(value: Text) -> float:
    return 0.0


def _long_text(value: Text) -> float:
    return 0.0


_long_text.__doc__ = "A figure " * 40


def _without_result(value: Text):  # type: ignore[no-untyped-def]
    """A figure."""


def _required_last(value: Text = "", *, ctx: object = None, other: Text) -> float:
    """A figure."""
    return 0.0


def _optional_and_rest(value: Text = "", *rest: Text) -> float:
    """A figure."""
    return 0.0


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (_reserved, "parameter end: the name is a reserved word"),
        (_capitals, "parameter Day: the name is not lower snake case"),
        (_untyped, "parameter value has no type"),
        (_without_description, "parameter value needs a description"),
        (_strange_type, "is not one that a cell can give"),
        (_without_text, "the first paragraph of the docstring needs"),
        (_long_text, "the first paragraph of the docstring needs"),
        (_without_result, "declares no return type"),
        (_required_last, "a required parameter follows an optional one"),
        (_optional_and_rest, "mixes optional parameters and a list"),
    ],
)
def test_a_function_that_breaks_a_rule_is_refused(function: Callable[..., Any], complaint: str) -> None:
    """The error names the function and the rule."""
    with pytest.raises(DeclarationError, match="TEST_ONE.*" + complaint):
        _declared(function)


def test_thirty_parameters_are_too_many() -> None:
    """The function wizard, and people, end at 29."""
    names = [f"part_{i}" for i in range(30)]
    scope: dict[str, Any] = {"Text": Text}
    exec(f"def function({', '.join(f'{name}: Text' for name in names)}) -> float:\n    'A figure.'", scope)  # noqa: S102

    with pytest.raises(DeclarationError, match="TEST_ONE has more than 29 parameters"):
        _declared(scope["function"])


def test_a_name_is_declared_once() -> None:
    """The second declaration would silently replace the first."""

    def function() -> float:
        """A figure."""
        return 0.0

    _declared(function)

    with pytest.raises(DeclarationError, match="TEST_ONE is declared twice"):
        _declared(function)


def test_a_function_needs_an_example() -> None:
    """The example is the help page's first line and a test."""

    def function() -> float:
        """A figure."""
        return 0.0

    with pytest.raises(DeclarationError, match="TEST_TWO has no example"):
        udf("TEST_TWO", category="Test", examples=[])(function)
