"""Fixings: exact and last known rates, and what is said when one is missing."""

from datetime import date

import pytest

from engine.errors import ReferenceDataError
from engine.market.fixings import Fixings

FIXINGS = Fixings.of([("3M LIBOR", date(2016, 1, 13), 0.00619), ("3M Libor ", date(2016, 4, 13), 0.00628)])


def test_a_fixing_is_found_by_index_and_date() -> None:
    """Index names are compared without case and outer blanks."""
    assert FIXINGS.rate("3m libor", date(2016, 4, 13)) == 0.00628
    assert FIXINGS.last_rate("3M LIBOR", date(2016, 4, 12)) == (date(2016, 1, 13), 0.00619)


@pytest.mark.parametrize(
    ("index_name", "on", "message"),
    [
        (
            "3M LIBOR",
            date(2016, 4, 14),
            "CLO-1023: No fixing of 3M LIBOR; the last one before is of 2016-04-13, at 2016-04-14. "
            "Load the fixing, or name the date of the one to use.",
        ),
        ("6M LIBOR", date(2016, 4, 13), "CLO-1022: No fixings of index '6M LIBOR'; known: 3M LIBOR. Load its fixings."),
    ],
)
def test_a_missing_fixing_says_what_there_is(index_name: str, on: date, message: str) -> None:
    """The error names index, day and the nearest fixing or the known indices."""
    with pytest.raises(ReferenceDataError) as caught:
        FIXINGS.rate(index_name, on)

    assert str(caught.value) == message


def test_no_fixing_before_the_first() -> None:
    """A day before all fixings has no last rate."""
    with pytest.raises(ReferenceDataError, match="CLO-1023"):
        FIXINGS.last_rate("3M LIBOR", date(2015, 1, 1))


def test_two_rates_of_one_day_contradict_each_other() -> None:
    """The same fixing twice is harmless, another rate is an error."""
    on = date(2016, 1, 13)

    assert Fixings.of([("A", on, 0.01), ("A", on, 0.01)]).rate("A", on) == 0.01
    with pytest.raises(ReferenceDataError, match="CLO-1021"):
        Fixings.of([("A", on, 0.01), ("A", on, 0.02)])
