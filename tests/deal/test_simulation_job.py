"""Blocks of a simulation: the same arrays whoever runs them, in their places; recoveries; balances that paths meet."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import cholesky

from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.projection import asset_cashflow
from engine.conventions.days import day_number
from engine.deal.base_balances import positions_of
from engine.deal.simulation_job import CHUNKS_A_BLOCK, SimulatedPool, SimulationJob, SimulationResults, recoveries
from engine.rating_migration.dependence import CholeskyFactor
from engine.rating_migration.draws import CHUNK, Draws, Method
from engine.rating_migration.factor_model import one_factor
from engine.rating_migration.fields import DEFAULTED, ROW_OF_FIELD
from engine.rating_migration.grid import DateGrid, regular_grid
from engine.rating_migration.kernels_fields import Positions
from engine.rating_migration.plan import SimulatedAsset, SimulationPlan, plan_by_issuer, plan_simulation
from engine.rating_migration.pool_paths import PoolPaths, pool_fields
from engine.rating_migration.recovery import RecoveryModel, recovery_model
from engine.rating_migration.transition import Step
from engine.rating_migration.walking import ChunkWalker
from tests.deal.made_deals import AS_OF, loan, market
from tests.deal.test_simulation import GRID, places, simulation, some_deal
from tests.rating_migration.made_plans import B, loans, made_transitions, plain_plan, years_of

A_BLOCK = CHUNKS_A_BLOCK * CHUNK
NO_PREPAYMENT = AssetAssumptions(cpr=0.0, cdr=0.1, severity=0.4)


def deal_job(n_simulations: int, *, method: Method = Method.PSEUDO, deviation: float | None = 0.2) -> SimulationJob:
    """Twenty loans along paths of correlation 0.30: a pool of three of them, and the whole deal with its cash flows."""
    deal = some_deal()
    place = places(deal)
    grid = regular_grid(AS_OF, date(2024, 6, 23), Step.QUARTERLY)
    assert_array_equal(grid.days, GRID)
    assets = tuple(
        SimulatedAsset(blkrock_id=item.asset.blkrock_id, state=B, maturity=item.asset.maturity or AS_OF)
        for item in deal.holdings
    )
    plan = plan_simulation(
        assets,
        grid,
        made_transitions(),
        one_factor(20, 0.3),
        Draws(seed=12, n_simulations=n_simulations, method=method),
    )
    base = market()
    few, all_of_them = (
        positions_of(held, grid.days, place, AS_OF, base.calendar, base.curve)
        for held in (deal.holdings[:3], deal.holdings)
    )
    recovery = None
    if deviation is not None:
        recovery = recovery_model(np.full(20, 0.6), np.full(20, deviation), 0.5)
    return SimulationJob(
        key="made",
        label="Simulating made pools",
        plan=plan,
        pools=(
            SimulatedPool(name="few", positions=few),
            SimulatedPool(name="all", positions=all_of_them, deal=simulation(deal)),
        ),
        recovery=recovery,
    )


def pool_job(n_simulations: int) -> SimulationJob:
    """Ten like loans of 100 without cash flows."""
    plan = plain_plan(10, draws=Draws(seed=3, n_simulations=n_simulations))
    balance = np.full((plan.n_periods + 1, 10), 100.0)
    return SimulationJob(
        key="plain",
        label="",
        plan=plan,
        pools=(SimulatedPool(name="ten", positions=Positions(np.arange(10), balance, balance)),),
    )


@pytest.mark.parametrize("method", [Method.PSEUDO, Method.ANTITHETIC])
def test_blocks_are_the_same_whoever_runs_them(method: Method) -> None:
    """Three blocks in order; backwards on two threads; one by one from a pickled job."""
    job = deal_job(2 * A_BLOCK + 130, method=method)
    expected = [job.run(block) for block in range(job.n_blocks)]
    with ThreadPoolExecutor(2) as threads:
        backwards = list(threads.map(job.run, reversed(range(job.n_blocks))))[::-1]
    sent = [pickle.loads(pickle.dumps(job)).run(block) for block in range(job.n_blocks)]  # noqa: S301 (made just here)

    for others in (backwards, sent):
        for other, arrays in zip(others, expected, strict=True):
            assert list(other) == list(arrays)
            for name, array in arrays.items():
                assert other[name].tobytes() == array.tobytes(), name
    assert {"0.loans", "0.balances", "1.loans", "1.balances", "1.loss", "1.equity_irr"} <= set(expected[0])
    assert "0.loss" not in expected[0]


def test_the_last_block_holds_what_is_left() -> None:
    """1,154 simulations are two blocks of 512 and one of 130."""
    job = deal_job(2 * A_BLOCK + 130)

    last = job.run(2)

    assert job.n_blocks == 3
    assert [job.simulations_of(block) for block in range(3)] == [slice(0, 512), slice(512, 1024), slice(1024, 1154)]
    assert last["0.loans"].shape == (22, 34, 130)
    assert last["1.balances"].shape == (19, 34, 130)
    assert {array.shape[0] for name, array in last.items() if name[2:] not in ("loans", "balances")} == {130}


@pytest.mark.parametrize(("n_simulations", "n_blocks"), [(1, 1), (127, 1), (512, 1), (513, 2), (100_000, 196)])
def test_simulations_fall_into_blocks_of_512(n_simulations: int, n_blocks: int) -> None:
    """Whatever their number."""
    job = pool_job(n_simulations)

    assert job.n_blocks == n_blocks
    assert job.simulations_of(n_blocks - 1).stop == n_simulations


def test_fewer_simulations_are_the_first_of_more() -> None:
    """The figures of a path do not know how many follow it."""
    few, more = deal_job(150).run(0), deal_job(400).run(0)

    for name, array in few.items():
        others = more[name]
        first = others[:, :, :150] if name[2:] in ("loans", "balances") else others[:150]
        assert_array_equal(array, first, err_msg=name)


def test_results_are_placed_by_block_in_whatever_order_they_come() -> None:
    """Fields and figures of 1,154 simulations, received shuffled."""
    job = deal_job(2 * A_BLOCK + 130)
    blocks = [job.run(block) for block in range(job.n_blocks)]
    results = SimulationResults(job)

    for block in (2, 0, 1):
        results.receive(block, blocks[block])

    figures = results.figures(1)
    assert figures is not None
    assert results.figures(0) is None
    assert_array_equal(figures.loss, np.concatenate([arrays["1.loss"] for arrays in blocks]))
    for number in (0, 1):
        fields = results.fields(number)
        assert fields.shape == (49, 34, 1154)
        assert_array_equal(
            fields[ROW_OF_FIELD["NUMDEF"]],
            np.concatenate([arrays[f"{number}.loans"][DEFAULTED] for arrays in blocks], axis=1),
        )


def test_fields_of_a_job_are_those_of_its_paths() -> None:
    """Simulation 700 of 1,000: its chunk walked and counted alone."""
    job = pool_job(1000)
    results = SimulationResults(job)
    for block in range(job.n_blocks):
        results.receive(block, job.run(block))
    chunk, column = divmod(700, CHUNK)
    tally = PoolPaths(job.pools[0].positions, job.plan.n_periods, CHUNK).tally(ChunkWalker(job.plan).states(chunk))
    expected = np.zeros((49, job.plan.n_periods + 1, CHUNK))

    pool_fields(tally, job.plan.grid.years, expected)

    assert_array_equal(results.fields(0)[:, :, 700], expected[:, :, column])


def test_scattered_recoveries_change_the_losses_of_a_deal_and_not_its_defaults() -> None:
    """A deviation of 0 is the recovery as assumed; one of 20 %, tied to the factor, costs more in the same defaults."""
    scattered, constant = (deal_job(A_BLOCK, deviation=deviation).run(0) for deviation in (0.2, 0.0))
    assumed = deal_job(A_BLOCK, deviation=None).run(0)

    assert_array_equal(scattered["1.loans"], constant["1.loans"])
    assert_array_equal(constant["1.collateral_loss"], assumed["1.collateral_loss"])
    assert scattered["1.collateral_loss"].mean() > 1.1 * constant["1.collateral_loss"].mean()


def recovered(plan: SimulationPlan, model: RecoveryModel, chunks: range) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recovery rates (S, n), states (T + 1, n, S) and factors (T, F, S) of some chunks."""
    walker, rates, states, factors = ChunkWalker(plan), [], [], []
    for chunk in chunks:
        states.append(walker.states(chunk).copy())
        rates.append(recoveries(plan, model, walker, chunk, states[-1]))
        factors.append(walker.factors(chunk).copy())
    return np.concatenate(rates), np.concatenate(states, axis=2), np.concatenate(factors, axis=2)


def test_recoveries_have_the_mean_and_deviation_asked_for() -> None:
    """Untied to the factor, of 25,000 defaults; only of assets that default along the path."""
    plan = plain_plan(30, transitions=made_transitions(2.0), draws=Draws(seed=5, n_simulations=2048))
    means, deviations = np.linspace(0.3, 0.7, 30), np.full(30, 0.2)
    rates, states, _ = recovered(plan, recovery_model(means, deviations), range(16))

    is_default = (states[-1] == DEFAULTED).T
    assert_array_equal(np.isnan(rates), ~is_default)
    errors = 0.2 / np.sqrt(is_default.sum(axis=0))
    assert (np.abs(np.nanmean(rates, axis=0) - means) < 4 * errors).all()
    assert np.nanstd(rates - means) == pytest.approx(0.2, abs=4 * 0.2 / np.sqrt(is_default.sum()))


def test_recoveries_are_low_when_the_factor_is_high() -> None:
    """The factor of the period of the default, with the correlation asked for; defaults come in bad times."""
    plan = plain_plan(30, transitions=made_transitions(2.0), draws=Draws(seed=5, n_simulations=2048))
    model = recovery_model(np.full(30, 0.6), np.full(30, 0.2), 0.5)
    rates, states, factors = recovered(plan, model, range(16))
    simulation, asset = np.nonzero(~np.isnan(rates))
    period = (states == DEFAULTED)[:, asset, simulation].argmax(axis=0)
    shock, found = factors[period - 1, 0, simulation], rates[simulation, asset]

    assert np.corrcoef(shock, found)[0, 1] == pytest.approx(
        -0.5 * shock.std() / np.hypot(0.5 * shock.std(), np.sqrt(0.75)), abs=0.03
    )
    assert found[shock > 1.5].mean() < found[shock < 0.5].mean() - 0.05
    assert shock.mean() > 0.3
    assert found.mean() < 0.6 - 0.02


def test_the_draw_of_a_recovery_belongs_to_its_asset() -> None:
    """Where an asset defaults in both of two scenarios it recovers the same, early or late; others do not change it."""
    model = recovery_model(np.full(21, 0.6), np.full(21, 0.2))
    draws = Draws(seed=5, n_simulations=512)
    calm, bad, longer = (
        recovered(plain_plan(n, transitions=made_transitions(speed), draws=draws), model, range(4))[0]
        for n, speed in ((20, 1.0), (20, 3.0), (21, 1.0))
    )

    in_both = ~np.isnan(calm) & ~np.isnan(bad)
    assert in_both.sum() > 1000
    assert_array_equal(calm[in_both], bad[in_both])
    assert_array_equal(calm, longer[:, :20])


def test_recoveries_under_a_full_matrix_are_untied() -> None:
    """There is no factor to be tied to: shocks of 0, so a correlation only narrows them."""
    lower = CholeskyFactor(lower=cholesky(np.full((10, 10), 0.3) + 0.7 * np.eye(10), lower=True))
    plan = plain_plan(10, transitions=made_transitions(2.0), dependence=lower, draws=Draws(seed=5, n_simulations=512))
    tied, free = (
        recovered(plan, recovery_model(np.full(10, 0.6), np.full(10, 0.1), rho), range(4))[0] for rho in (0.6, 0.0)
    )

    is_default = ~np.isnan(free)
    assert_array_equal(np.isnan(tied), ~is_default)
    assert tied[is_default].std() == pytest.approx(0.8 * free[is_default].std(), rel=0.05)


def test_loans_of_an_issuer_recover_by_themselves_in_the_bad_times_of_their_issuer() -> None:
    """The factor is the issuer's, the draw the loan's; without a draw of its own each loan recovers alike."""
    assets = loans([B] * 6)
    plan = plan_by_issuer(
        assets,
        ["x", "x", "y", "y", "z", "z"],
        years_of(3, Step.QUARTERLY),
        made_transitions(3.0),
        one_factor(3, 0.3),
        Draws(seed=5, n_simulations=512),
    )
    alone, alike = (
        recovered(plan, recovery_model(np.full(6, 0.6), np.full(6, 0.2), rho), range(4))[0] for rho in (0.5, 1.0)
    )

    is_default = ~np.isnan(alike[:, 0])
    assert is_default.sum() > 50
    assert_array_equal(alike[is_default, 0], alike[is_default, 1])
    assert (alone[is_default, 0] != alone[is_default, 1]).all()


def balances(holding: Holding, grid: DateGrid) -> tuple[list[float], list[float]]:
    """Balance and what would be in default on the dates of a grid."""
    base = market()
    found = positions_of([holding], grid.days, {holding.asset.blkrock_id: 0}, AS_OF, base.calendar, base.curve)
    return found.balance[:, 0].tolist(), found.default_balance[:, 0].tolist()


QUARTERS = regular_grid(AS_OF, date(2017, 9, 23), Step.QUARTERLY)


def test_a_bullet_owes_everything_until_it_is_due() -> None:
    """Due 15 July 2017, a Saturday, paid on the 17th: found in default on 23 September it owed 1,000 before."""
    bullet = loan(0, 1000.0, months=12, assumptions=NO_PREPAYMENT)

    assert balances(bullet, QUARTERS) == ([1000.0] * 6 + [0.0], [1000.0] * 7)


def test_an_amortising_loan_owes_what_is_not_yet_paid() -> None:
    """100 on 12 September 2016 and 300 on 13 March 2017."""
    amortising = replace(
        loan(1, 1000.0, months=24, assumptions=NO_PREPAYMENT),
        sink_schedule=((date(2016, 9, 11), 100.0), (date(2017, 3, 11), 300.0), (date(2018, 6, 15), 600.0)),
    )

    owed = [1000.0, 1000.0, 900.0, 900.0, 600.0, 600.0, 600.0]
    assert balances(amortising, QUARTERS) == (owed, owed)


def test_a_loan_that_was_repaid_a_period_ago_has_nothing_to_default_with() -> None:
    """Repaid by schedule on 15 March 2017, long before its maturity: in default on the 23rd it owed 600, later 0."""
    repaid = replace(
        loan(5, 1000.0, months=36, assumptions=NO_PREPAYMENT),
        sink_schedule=((date(2016, 9, 15), 400.0), (date(2017, 3, 15), 600.0)),
    )

    assert balances(repaid, QUARTERS) == (
        [1000.0, 1000.0, 600.0, 600.0, 0.0, 0.0, 0.0],
        [1000.0, 1000.0, 600.0, 600.0, 600.0, 0.0, 0.0],
    )


def test_a_loan_that_has_matured_owes_nothing_of_its_own() -> None:
    """Due before the analysis date: no payments, and no state in which its balance would count."""
    matured = loan(3, 1000.0, months=-4, assumptions=NO_PREPAYMENT)
    assert matured.asset.maturity is not None
    assert matured.asset.maturity <= AS_OF
    base, grid = market(), QUARTERS
    plan = plan_simulation(
        (SimulatedAsset(blkrock_id="MADE00003", state=B, maturity=matured.asset.maturity),),
        grid,
        made_transitions(),
        one_factor(1, 0.3),
        Draws(seed=1, n_simulations=CHUNK),
    )
    positions = positions_of([matured], grid.days, {"MADE00003": 0}, AS_OF, base.calendar, base.curve)
    fields = np.zeros((49, 7, CHUNK))

    pool_fields(PoolPaths(positions, 6, CHUNK).tally(ChunkWalker(plan).states(0)), grid.years, fields)

    assert not fields[[row for name, row in ROW_OF_FIELD.items() if name.startswith("BAL")]].any()
    assert (fields[ROW_OF_FIELD["NUMMATTODATE"]] == 1.0).all()


def test_a_loan_in_default_at_the_start_stays_in_default_with_its_par() -> None:
    """It has no performing balance to pay down."""
    defaulted = loan(4, 1000.0, months=24, assumptions=NO_PREPAYMENT, default_asset=True)

    assert balances(defaulted, QUARTERS) == ([1000.0] * 7, [1000.0] * 7)


def test_a_payment_on_a_grid_date_has_been_made() -> None:
    """400 due on Wednesday 15 March 2017, which is a date of the grid."""
    holding = replace(
        loan(5, 1000.0, months=36, assumptions=NO_PREPAYMENT),
        sink_schedule=((date(2017, 3, 15), 400.0), (date(2019, 6, 15), 600.0)),
    )
    days = np.array([day_number(day) for day in (AS_OF, date(2017, 3, 14), date(2017, 3, 15), date(2017, 3, 16))])
    grid = DateGrid(days=days, years=np.diff(days) / 365.25, months=0)

    assert balances(holding, grid)[0] == [1000.0, 1000.0, 600.0, 600.0]


@pytest.mark.parametrize("cpr", [0.0, 0.2, (0.05, 0.3, 0.1), 1.0])
def test_balances_are_those_of_the_asset_cash_flow_without_defaults(cpr: float | tuple[float, ...]) -> None:
    """Any prepayment; the assumed default rate takes no part. Balances never rise."""
    holding = loan(2, 1000.0, months=12, assumptions=replace(NO_PREPAYMENT, cpr=cpr))
    base = market()
    spared = replace(holding, assumptions=replace(holding.assumptions, cdr=0.0))
    flow = asset_cashflow(spared, AS_OF, base.calendar, base.curve)
    paid = [np.flatnonzero(flow.payment_date.astype(np.int64) <= day) for day in QUARTERS.days.tolist()]

    owed, in_default = balances(holding, QUARTERS)

    assert owed == [float(flow.balance_end[rows[-1]]) if len(rows) else 1000.0 for rows in paid]
    assert (np.diff(owed) <= 0.0).all()
    assert_allclose(in_default[: owed.index(0.0)], owed[: owed.index(0.0)], rtol=0.0)
    assert in_default[owed.index(0.0)] == float(flow.balance_begin[flow.balance_begin > 0.0][-1])


def test_positions_find_their_assets_by_id() -> None:
    """In the order of the holdings; an asset may be held twice."""
    held = [loan(i, 1000.0 * (i + 1), months=24, assumptions=NO_PREPAYMENT) for i in (2, 0, 2)]
    base = market()
    found = positions_of(held, QUARTERS.days, {"MADE00000": 7, "MADE00002": 4}, AS_OF, base.calendar, base.curve)

    assert found.asset.tolist() == [4, 7, 4]
    assert found.balance[0].tolist() == [3000.0, 1000.0, 3000.0]
