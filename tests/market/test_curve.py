"""Index curves: worked examples of both specifications in both modes, properties, errors."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.days import day_array, day_number
from engine.errors import InputError
from engine.market import kernels
from engine.market.curve import CurveMode, IndexCurve
from engine.modes import Mode, Quirks

LEGACY = Mode.LEGACY.quirks
STANDARD = Mode.STANDARD.quirks
PRINTED = 5.1e-11  # ten decimals

SHORT_POINTS = [(1, 0.0040), (3, 0.0060), (6, 0.0090), (12, 0.0120)]  # spec 01 §10.4
SHORT_DATE = date(2016, 1, 15)

GV2_DATE = date(2016, 3, 23)
GV2_POINTS = [
    (1, 0.0044),
    (2, 0.0052),
    (3, 0.0063),
    (6, 0.0090),
    (12, 0.0121),
    (24, 0.0100),
    (36, 0.0115),
    (60, 0.0140),
    (84, 0.0165),
    (120, 0.0190),
    (360, 0.0230),
]


def short_curve(quirks: Quirks = LEGACY) -> IndexCurve:
    return IndexCurve.of(SHORT_DATE, SHORT_POINTS, quirks)


def test_worked_forwards() -> None:
    """Spec 01 §10.4: one-month forwards at the 15th of January to December 2016."""
    printed = [
        0.00400000, 0.00600100, 0.00800299, 0.01000597, 0.01200994, 0.01401490,
        0.01250521, 0.01350694, 0.01450892, 0.01551115, 0.01651362, 0.01751634,
    ]  # fmt: skip

    assert short_curve().forwards.tolist() == pytest.approx(printed, rel=0, abs=5.1e-9)
    assert short_curve().last_node == date(2016, 12, 15)


@pytest.mark.parametrize(
    ("on", "months", "printed"),
    [
        ("2016-01-15", 3, 0.0060000000),
        ("2016-03-31", 3, 0.0110069916),
        ("2016-06-30", 3, 0.0134138254),
        ("2016-02-29", 1, 0.0069674740),
    ],
)
def test_worked_spot_rates(on: str, months: int, printed: float) -> None:
    """Spec 01 §10.4, SpotRate."""
    assert short_curve().spot(date.fromisoformat(on), months) == pytest.approx(printed, rel=0, abs=PRINTED)


@pytest.mark.parametrize(
    ("start", "end", "printed"),
    [
        ("2016-01-15", "2016-01-25", 0.0012903226),
        ("2016-01-15", "2016-02-15", 0.0040000000),
        ("2016-01-15", "2016-04-30", 0.0065000000),
        ("2016-01-15", "2016-07-10", 0.0088333333),
        ("2016-01-29", "2016-03-18", 0.0055438363),
    ],
)
def test_worked_zero_rates(start: str, end: str, printed: float) -> None:
    """Spec 01 §10.4, ZeroRate."""
    found = short_curve().zero(date.fromisoformat(start), date.fromisoformat(end))

    assert found == pytest.approx(printed, rel=0, abs=PRINTED)


def test_worked_life_past_the_end() -> None:
    """Spec 01 §10.4, LQ-47: 0.00565081 at the first look past the end, then 0 after the analysis date."""
    days = day_array([date(2016, 12, 1), date(2016, 3, 31), SHORT_DATE])

    rates = short_curve().spots(days, np.array([3, 3, 1]))

    assert rates.tolist() == pytest.approx([0.00565081, 0.0, 0.004], rel=0, abs=5.1e-9)


@pytest.mark.parametrize("quirks", [STANDARD, LEGACY])
def test_worked_curve_of_the_deals(quirks: Quirks) -> None:
    """Spec 02 §19 GV-2; the days chosen there do not drift, so both modes agree."""
    curve = IndexCurve.of(GV2_DATE, GV2_POINTS, quirks)

    assert curve.spot(GV2_DATE, 4) == pytest.approx(0.0072, rel=0, abs=1e-13)
    assert curve.spot(GV2_DATE, 9) == pytest.approx(0.01055, rel=0, abs=1e-13)
    assert curve.spot(date(2016, 3, 23), 3) == pytest.approx(0.0063, rel=0, abs=1e-13)
    assert curve.spot(date(2016, 4, 13), 3) == pytest.approx(0.0075341647904, rel=0, abs=1e-13)
    assert curve.spot(date(2016, 7, 11), 3) == pytest.approx(0.0122553272798, rel=0, abs=1e-13)
    assert curve.spot(date(2018, 1, 15), 3) == pytest.approx(0.0078587964265, rel=0, abs=1e-13)
    assert curve.zero(GV2_DATE, date(2016, 7, 15)) == pytest.approx(0.00696, rel=0, abs=1e-13)
    assert curve.zero(GV2_DATE, date(2021, 4, 15)) == pytest.approx(0.0140772849462, rel=0, abs=1e-13)


def test_the_first_month_takes_the_one_month_rate_in_standard_mode() -> None:
    """LQ-49: 0.44 % instead of 0.326 % for 23 of 31 days (GV-2)."""
    on = date(2016, 4, 15)

    assert IndexCurve.of(GV2_DATE, GV2_POINTS, LEGACY).zero(GV2_DATE, on) == pytest.approx(0.0032645161290, abs=1e-13)
    assert IndexCurve.of(GV2_DATE, GV2_POINTS).zero(GV2_DATE, on) == pytest.approx(0.0044, rel=1e-12)


def test_standard_mode_extends_the_last_forward() -> None:
    """LQ-47 in standard mode: past the end the last forward holds, whatever was asked before."""
    curve = short_curve(STANDARD)
    days = day_array([date(2016, 12, 1), date(2030, 1, 1), date(2016, 3, 31)])

    rates = curve.spots(days, 3)

    assert rates[1] == pytest.approx(curve.forwards[-1], rel=1e-12)
    assert rates[2] == curve.spot(date(2016, 3, 31), 3)


def test_standard_mode_sorts_and_extends_to_the_first_month() -> None:
    """LQ-48 in standard mode: months in any order, the first rate holds back to month 1."""
    curve = IndexCurve.of(GV2_DATE, [(12, 0.012), (3, 0.006)])

    assert curve.spot(GV2_DATE, 1) == pytest.approx(0.006, rel=1e-12)
    assert curve.zero(GV2_DATE, date(2017, 3, 23)) == pytest.approx(0.012, rel=1e-12)


def test_month_steps_are_anchored_in_standard_mode() -> None:
    """LQ-56: from 31 January the second step is 31 March; in legacy mode, counted from 29 February, 29 March."""
    on = date(2016, 1, 31)
    standard, legacy = short_curve(STANDARD), short_curve(LEGACY)

    def compounded(days: list[date]) -> float:
        return float(np.prod([1.0 + legacy.forward(day) for day in days])) ** (1.0 / 3.0) - 1.0

    assert standard.spot(on, 3) == pytest.approx(compounded([on, date(2016, 2, 29), date(2016, 3, 31)]), rel=1e-12)
    assert legacy.spot(on, 3) == pytest.approx(compounded([on, date(2016, 2, 29), date(2016, 3, 29)]), rel=1e-12)


@given(st.lists(st.floats(-0.02, 0.15), min_size=4, max_size=4), st.integers(0, 11))
def test_given_rates_come_back_as_spot_rates(rates: list[float], day: int) -> None:
    """On the analysis date the spot rate of a given month is the given rate."""
    as_of = date(2016, 3, 5 + day)
    curve = IndexCurve.of(as_of, list(zip((1, 3, 12, 40), rates, strict=True)))

    assert [curve.spot(as_of, month) for month in (1, 3, 12, 40)] == pytest.approx(rates, rel=1e-9, abs=1e-12)


@given(st.floats(-0.01, 0.2), st.integers(0, 4000), st.integers(1, 24))
def test_a_flat_curve_is_flat(rate: float, offset: int, months: int) -> None:
    """Spot and zero rates of a flat curve are its rate on any day, past its end too."""
    curve = IndexCurve.of(GV2_DATE, [(1, rate), (60, rate)])
    on = GV2_DATE + timedelta(days=offset)

    assert curve.spot(on, months) == pytest.approx(rate, rel=1e-9, abs=1e-12)
    assert curve.zero(GV2_DATE, on + timedelta(days=1)) == pytest.approx(rate, rel=1e-9, abs=1e-12)


def test_a_shift_moves_every_rate_and_leaves_the_curve_alone() -> None:
    """A scenario's curve has all rates moved by the shift."""
    curve = short_curve(STANDARD)
    shifted = curve.shifted(0.01)

    assert shifted.spot(SHORT_DATE, 6) == pytest.approx(0.019, rel=1e-12)
    assert curve.spot(SHORT_DATE, 6) == pytest.approx(0.009, rel=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        curve.forwards[0] = 0.0
    with pytest.raises(InputError, match="CLO-1014"):
        curve.shifted(-2.0)


def test_a_poisoned_curve_stays_poisoned_between_calls() -> None:
    """The kernel hands the state back, so that a legacy run can carry it from one batch of queries to the next."""
    curve = short_curve()
    rates = np.empty(1)
    arguments = (np.array([3]), curve.node_days, curve.forwards)

    mode = kernels.spot_rates(day_array([date(2017, 1, 1)]), *arguments, int(curve.mode), rates)
    kernels.spot_rates(day_array([date(2016, 3, 31)]), *arguments, mode, rates)

    assert CurveMode(mode) == curve.mode | CurveMode.POISONED
    assert rates[0] == 0.0


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "CLO-1011: The index curve has no point. Give at least one month and rate."),
        ([(0, 0.01)], "CLO-1012: Curve month 0 is under 1. Give whole months from 1 on."),
        ([(1, 0.01), (3, 0.01), (3, 0.02)], "CLO-1013: Curve month 3 is given twice. Keep one rate a month."),
        ([(1, -1.5)], "CLO-1014: Rate -1.5 of curve month 1 is no rate. Give decimals above -1."),
    ],
)
def test_a_wrong_curve_is_refused(points: list[tuple[int, float]], message: str) -> None:
    """Each mistake has its number and says the month."""
    with pytest.raises(InputError) as caught:
        IndexCurve.of(GV2_DATE, points)

    assert str(caught.value) == message


def test_the_legacy_curve_needs_month_1_first() -> None:
    """LQ-48: an unsorted curve is refused in legacy mode."""
    with pytest.raises(InputError, match="CLO-1015"):
        IndexCurve.of(GV2_DATE, [(3, 0.01), (1, 0.01)], LEGACY)


def test_many_queries_equal_single_ones() -> None:
    """The vectorised lookups give what one call each gives."""
    curve = IndexCurve.of(GV2_DATE, GV2_POINTS)
    dates = [GV2_DATE + timedelta(days=37 * n) for n in range(40)]
    days = day_array(dates)

    assert curve.spots(days, 3).tolist() == [curve.spot(on, 3) for on in dates]
    assert curve.zeros(GV2_DATE, days).tolist() == [curve.zero(GV2_DATE, on) for on in dates]
    assert int(days[0]) == day_number(GV2_DATE)
