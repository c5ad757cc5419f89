"""The adapter behind xlwings' released dispatch (L2): every function, every kind of value, errors as text."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from tests.xl_addin.com.com_values import com_value
from tests.xl_addin.com.windows_stubs import OMITTED_ARGUMENT
from tests.xl_addin.value_table import CASES, Case
from xl_addin.com.values import CV_ERRORS
from xl_addin.registry.catalogue import catalogue

CallUdf = Callable[..., Any]

_DATE = datetime(2016, 3, 23, tzinfo=timezone(timedelta(hours=5)))


def test_a_value_of_every_kind_that_com_delivers_is_understood(call_udf: CallUdf) -> None:
    """Serials, zoned dates, decimals, ranges and one-cell ranges mean the same to a function."""
    by_serial = call_udf("CLO_YEAR_FRACTION", 42452.0, 42542.0)
    by_date = call_udf("CLO_YEAR_FRACTION", _DATE, datetime(2016, 6, 21, 18, 30))  # noqa: DTZ001 (as COM may give it)
    by_range = call_udf("CLO_YEAR_FRACTION", ((42452.0,),), ((Decimal(42542),),))

    assert by_serial == by_date == by_range == pytest.approx(0.25)


def test_an_omitted_argument_is_not_a_blank_one(call_udf: CallUdf) -> None:
    """A missing required argument is named; an optional one takes its default; a blank cell is a blank."""
    missing = call_udf("CLO_YEAR_FRACTION", OMITTED_ARGUMENT, 42542.0)
    defaulted = call_udf("CLO_YEAR_FRACTION", 42452.0, 42542.0, OMITTED_ARGUMENT)
    blank = call_udf("CLO_YEAR_FRACTION", 42452.0, 42542.0, None)

    assert missing.startswith("\x012015 | CLO-2101: Argument start_date is missing")
    assert defaulted == blank == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("integer", "number"),
    [
        (-2146826288, 2000),
        (-2146826281, 2007),
        (-2146826273, 2015),
        (-2146826265, 2023),
        (-2146826259, 2029),
        (-2146826252, 2036),
        (-2146826246, 2042),
    ],
)
def test_an_error_cell_comes_back_as_the_same_error(call_udf: CallUdf, integer: int, number: int) -> None:
    """The seven integers of COM arrive as errors and leave as the number that CVErr takes."""
    result = call_udf("CLO_YEAR_FRACTION", integer, 42542.0)

    assert result.startswith(f"\x01{number} | ")


def test_a_wrong_argument_is_an_error_text_and_never_an_exception(call_udf: CallUdf) -> None:
    """VBA sees the number for CVErr and the message, whatever was passed."""
    for wrong in ("no date", object(), b"bytes", float("nan"), (("a", 1.0), ("b", 2.0))):
        result = call_udf("CLO_YEAR_FRACTION", wrong, 42542.0)

        assert result.startswith("\x0120"), wrong
        assert " | CLO-" in result or " | An argument" in result, wrong


@pytest.mark.parametrize("function", catalogue(), ids=lambda function: function.name)
def test_every_function_runs_through_xlwings(function: Any, call_udf: CallUdf, entry: ModuleType) -> None:
    """Each function of the catalogue answers through CallUDF with every argument left out."""
    result = call_udf(function.name, *[OMITTED_ARGUMENT] * sum(not one.is_rest for one in function.parameters))

    required = [parameter for parameter in function.parameters if not parameter.is_optional]
    if required:
        assert result.startswith(f"\x012015 | CLO-2101: Argument {required[0].name} is missing"), result
    elif isinstance(result, str) and result.startswith("\x01"):
        assert " | CLO-" in result
        assert "CLO-2199" not in result
    information = getattr(entry, function.name).__xlfunc__
    assert [one["options"]["convert"] for one in information["args"]] == ["raw"] * len(information["args"])
    assert information["ret"]["options"]["convert"] == "raw"
    assert information["async_mode"] is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_value_table_holds_for_this_face(case: Case, call_udf: CallUdf) -> None:
    """The cases that every face runs give the same values and errors through CallUDF."""
    result = call_udf(case.name, *(com_value(raw) for raw in case.arguments))

    if "e" in case.answer:
        assert result.startswith(f"\x01{CV_ERRORS[case.answer['e']]} | {case.answer['m']}"), result
    else:
        assert result == pytest.approx(case.answer["v"])
