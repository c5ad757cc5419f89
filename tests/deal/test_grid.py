"""Grids: a point is the run of the deal that assumes it, whatever the grid's cut, order and neighbours."""

import math
import pickle
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from engine.deal.assumptions import BASE, STRESS
from engine.deal.contract import Deal
from engine.deal.grid import POINTS_A_BLOCK, Grid, GridJob
from engine.deal.grid_results import Axis, PointResults, Points
from engine.deal.points import DealRun, places_of, run_at, scenario_points
from engine.deal.results import INCENTIVE_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.deal.run import DealMarket, run_deal, run_many
from engine.errors import InputError
from engine.modes import Mode
from engine.waterfall.library import load_program, program_text
from engine.waterfall.parser import parse_program
from tests.deal.made_deals import AS_OF, market, plain_deal

CENT = 0.005
GRID = Grid.of(
    {
        Axis.CDR: (0.0, 0.04, 0.30),
        Axis.SEVERITY: (0.3, 0.7),
        Axis.CPR: (0.1,),
        Axis.LAG: (0.0, 12.0),
        Axis.CURVE_SHIFT: (-0.001, 0.01),
        Axis.PRICE: (0.95, 1.02),
    }
)


def run_of(deal: Deal | None = None) -> DealRun:
    deal = deal or plain_deal()
    return DealRun(
        deal=deal, market=market(), as_of=AS_OF, quirks=frozenset(), program=load_program(deal.program, frozenset())
    )


def assert_equal(left: PointResults, right: PointResults) -> None:
    """Two results hold the same bits."""
    for name in ("risk", "interest", "principal", "unpaid", "equity_irr", "incentive", "last_period", "failures"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def single_run(at: Mapping[Axis, float]) -> DealResult:
    """The deal whose sheet states the values of a point, run alone."""
    deal = plain_deal()
    rates = {"cpr": at[Axis.CPR], "cdr": at[Axis.CDR], "severity": at[Axis.SEVERITY]}
    rates["recovery_lag_months"] = at[Axis.LAG]
    deal = replace(
        deal,
        holdings=tuple(replace(item, assumptions=replace(item.assumptions, **rates)) for item in deal.holdings),
        reinvestment=replace(deal.reinvestment, **rates),
        tranches=tuple(replace(item, price=at[Axis.PRICE]) for item in deal.tranches),
    )
    base = market()
    return run_deal(deal, DealMarket(base.calendar, base.curve.shifted(at[Axis.CURVE_SHIFT])), AS_OF)


def test_a_point_is_the_run_that_assumes_it() -> None:
    """Rates, lag, curve and price of a point give the figures of a single run of a deal that states them."""
    points = GRID.points()
    found = run_at(run_of(), points)

    paid = [TRANCHE_COLUMNS.index(n) for n in ("interest_paid", "deferred_interest_paid", "deferred_principal_paid")]
    owed = [TRANCHE_COLUMNS.index(n) for n in ("balance_end", "deferred_end")]
    for s in range(points.n_points):
        alone = single_run(dict(zip(points.axes, points.values[s].tolist(), strict=True)))
        np.testing.assert_allclose(found.risk[s], alone.risk, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found.interest[s], alone.tranches[:, :, paid].sum(axis=(0, 2)), atol=CENT)
        np.testing.assert_allclose(
            found.principal[s], alone.tranches[:, :, TRANCHE_COLUMNS.index("principal_paid")].sum(axis=0), atol=CENT
        )
        np.testing.assert_allclose(found.unpaid[s, :-1], alone.tranches[-1, :-1, owed].sum(axis=0), atol=CENT)
        irr = alone.incentive[-1, INCENTIVE_COLUMNS.index("irr")]
        assert irr == (0.0 if math.isnan(found.equity_irr[s]) else pytest.approx(found.equity_irr[s], rel=1e-12))
    assert found.has_loss.any()
    assert not found.has_loss.all()


def test_scenarios_are_points() -> None:
    """Named scenarios give what `run_many` gives, in their order and under their names."""
    points = scenario_points((STRESS, BASE))
    found, many = run_at(run_of(), points), run_many(plain_deal(), market(), AS_OF, (STRESS, BASE))

    assert points.names == ("STRESS", "BASE")
    np.testing.assert_array_equal(found.risk, many.risk)
    np.testing.assert_array_equal(found.principal, many.principal)


def test_no_axis_leaves_what_is_assumed() -> None:
    """A grid of prices alone pays the tranches what the plain run does; only yields differ."""
    points = Grid.of({Axis.PRICE: (0.9, 1.0)}).points()
    found, base = run_at(run_of(), points, [0]), run_many(plain_deal(), market(), AS_OF, (BASE,))

    np.testing.assert_array_equal(found.principal, np.repeat(base.principal, 2, axis=0))
    assert found.risk[0, 0, 0] > found.risk[1, 0, 0]
    np.testing.assert_array_equal(found.risk[0, 1:], found.risk[1, 1:])


def test_multipliers_and_levels_of_a_flat_pool_agree() -> None:
    """Where every asset assumes a CDR of 2 %, a level of 6 % and three times what is assumed are the same."""
    level = run_at(run_of(), Grid.of({Axis.CDR: (0.06,), Axis.SEVERITY: (0.5,)}).points())
    change = run_at(run_of(), Grid.of({Axis.CDR_MULTIPLIER: (3.0,), Axis.SEVERITY_SHIFT: (0.1,)}).points())

    np.testing.assert_allclose(level.principal, change.principal, rtol=1e-12)


def test_order_and_neighbours_change_no_bit() -> None:
    """Points in any order, in company or alone."""
    points = GRID.points()
    order = np.random.default_rng(5).permutation(points.n_points)
    forward = run_at(run_of(), points)
    mixed = run_at(run_of(), Points(axes=points.axes, values=points.values[order]))
    alone = run_at(run_of(), points.part(7, 8))

    np.testing.assert_array_equal(forward.risk[order], mixed.risk)
    np.testing.assert_array_equal(forward.unpaid[order], mixed.unpaid)
    np.testing.assert_array_equal(forward.risk[7], alone.risk[0])


def test_blocks_together_are_the_grid() -> None:
    """A job sent elsewhere and run block by block, last first, gives the bits of one call."""
    grid = Grid.of({Axis.CDR: np.linspace(0.0, 0.5, POINTS_A_BLOCK // 2 + 1).tolist(), Axis.CPR: (0.0, 0.2)})
    job = GridJob(key="k", label="Made", run_of=run_of(), points=grid.points(), priced=(0,))
    sent: GridJob = pickle.loads(pickle.dumps(job))  # noqa: S301 (our own bytes)
    blocks = [sent.run(block) for block in reversed(range(sent.n_blocks))]

    assert job.n_blocks == 2
    assert_equal(job.results(blocks[::-1]), run_at(run_of(), grid.points(), (0,)))


def stopping_run() -> DealRun:
    """The plain deal under a program that stops where Class B loses its cover."""
    text = program_text("MAG 12", Mode.STANDARD)
    assert text.count("\nPRIN:\n") == 1
    text = text.replace("\nPRIN:\n", "\nPRIN:\n  ?OCFAIL=B RAISE\n").replace("mode standard", "mode legacy")
    return replace(run_of(), program=parse_program(text))


def test_a_point_that_stops_is_a_failure_of_its_own() -> None:
    """The stop is told with period and step; the figures of the point are missing, and its neighbours run."""
    found = run_at(stopping_run(), Grid.of({Axis.CDR: (0.6, 0.0), Axis.SEVERITY: (0.9,)}).points())

    assert found.is_failed.tolist() == [True, False]
    assert "RAISE: the program stops here" in found.failure(0)
    assert np.isnan(found.risk[0]).all()
    assert np.isnan(found.principal[0]).all()
    assert np.isfinite(found.principal[1]).all()
    assert found.failure(1) == ""


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({Axis.CDR: (-0.01,)}, "CLO-1340: -0.01 cannot stand on the axis cdr: a CDR is 0 % to 100 % a year."),
        ({Axis.SEVERITY: (1.01,)}, "CLO-1340: 1.01 cannot stand on the axis severity"),
        ({Axis.LAG: (math.nan,)}, "CLO-1340: nan cannot stand on the axis lag: a recovery lag is 0 to 600 months"),
        ({Axis.CDR: (0.1,), Axis.CDR_MULTIPLIER: (2.0,)}, "CLO-1341: A grid cannot have both cdr and cdr_multiplier"),
        (
            {Axis.CDR: tuple(i / 400 for i in range(400)), Axis.CPR: tuple(i / 400 for i in range(251))},
            r"CLO-1342: The grid has 100,400 points \(251 x 400\). Ask for 100,000 at most.",
        ),
        ({Axis.PRICE: (0.99, 1.0, 0.99)}, "CLO-1343: The axis price holds 0.99 twice"),
        ({}, "CLO-1344: A grid without values has no points"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(values: dict[Axis, tuple[float, ...]], text: str) -> None:
    """Values out of range, twice or missing, rival axes, and grids too large name the mistake."""
    with pytest.raises(InputError, match=text):
        Grid.of(values)


def test_tranches_are_known_by_short_and_long_names() -> None:
    """`b` is Class B; an unknown name lists those there are."""
    names = ("Class A", "Class B", "Sub Notes")

    assert places_of("Made", names, ("b", "Class A")) == (0, 1)
    assert places_of("Made", names, ()) == (0, 1, 2)
    with pytest.raises(InputError, match=r"CLO-1345: Made has no tranche 'Z'. Its tranches: Class A, Class B"):
        places_of("Made", names, ("Z",))
