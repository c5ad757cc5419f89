"""How far the given tenors of a curve reach."""

from datetime import date

import pytest

from engine.market.curve import IndexCurve


@pytest.mark.parametrize(
    ("as_of", "months", "end"),
    [
        (date(2016, 1, 15), 12, date(2017, 1, 15)),
        (date(2015, 8, 31), 6, date(2016, 2, 29)),
        (date(9999, 6, 1), 12, date(9999, 12, 31)),
    ],
)
def test_a_curve_ends_with_its_last_tenor(as_of: date, months: int, end: date) -> None:
    """Counted in calendar months from its own day, and no further than the calendar."""
    assert IndexCurve.of(as_of, [(1, 0.01), (months, 0.02)]).end == end
