"""Simulated paths through a deal: each equals the deal run with that path's defaults, and every cent is there."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.collateral.assumptions import AssetAssumptions
from engine.conventions.days import day_array, to_date
from engine.deal import kernels_simulation
from engine.deal.assumptions import STRESS
from engine.deal.contract import Deal
from engine.deal.kernels_simulation import PathFigures
from engine.deal.resolve import ResolvedDeal, resolve
from engine.deal.results import (
    FEE_COLUMNS,
    IC_COLUMNS,
    INCENTIVE_COLUMNS,
    OC_COLUMNS,
    POOL_COLUMNS,
    RISK_COLUMNS,
    TRANCHE_COLUMNS,
    DealResult,
)
from engine.deal.run import run_deal
from engine.deal.simulated import figures_of, joined, simulated_deal
from engine.deal.simulation import DealSimulation, PathRunner
from engine.errors import InputError, ModelError
from engine.modes import Mode, Quirk, Quirks
from engine.rating_migration.fields import DEFAULTED, MATURED, RATINGS
from engine.waterfall.library import load_program
from tests.deal.made_deals import AS_OF, loan, market, plain_deal
from tests.deal.test_conservation import cash_in, cash_out, opening_cash

STANDARD: Quirks = frozenset()
B, CCC = RATINGS.index("B"), RATINGS.index("CCC")
GRID = day_array([date(2016 + m // 12, m % 12 + 1, 23) for m in range(2, 2 + 3 * 34, 3)])
PRINCIPAL = ("scheduled_principal", "unscheduled_principal", "recoveries", "sold")
LAG = AssetAssumptions(cpr=0.1, cdr=0.02, severity=0.4, recovery_lag_months=6.0)


def some_deal(**changes: object) -> Deal:
    """Twenty loans with a recovery lag, some of which outlive the others."""
    holdings = tuple(loan(i, 5_000_000.0, months=12 + 5 * i % 60, assumptions=LAG, sp_rating="B") for i in range(20))
    return plain_deal(holdings=holdings, **changes)


def resolved(deal: Deal, quirks: Quirks = STANDARD) -> ResolvedDeal:
    """The deal on the market of the tests."""
    base = market()
    return resolve(deal, load_program(deal.program, quirks), base.calendar, (base.curve,), AS_OF, quirks)


def places(deal: Deal) -> dict[str, int]:
    """Holdings in the order of the states."""
    return {holding.asset.blkrock_id: i for i, holding in enumerate(deal.holdings)}


def simulation(deal: Deal, quirks: Quirks = STANDARD) -> DealSimulation:
    """The deal waiting for states in the order of its holdings."""
    return DealSimulation.of(resolved(deal, quirks), GRID, places(deal))


def random_states(deal: Deal, n_paths: int, seed: int = 6) -> np.ndarray:
    """Paths of a plain Markov chain down to CCC and default, without default between the last date and maturity."""
    rng = np.random.default_rng(seed)
    n_assets = len(deal.holdings)
    maturity = day_array([holding.asset.maturity or AS_OF for holding in deal.holdings])[:, np.newaxis]
    states = np.full((GRID.shape[0], n_assets, n_paths), B, dtype=np.uint8)
    for t in range(1, GRID.shape[0]):
        draw = rng.random((n_assets, n_paths))
        before = states[t - 1].astype(int)
        moved = before + (draw < 0.30).astype(int) - (draw > 0.96).astype(int)
        moved = np.where((before == CCC) & (draw < 0.15), DEFAULTED, np.minimum(moved, CCC))
        moved = np.where(draw < 0.02, DEFAULTED, moved)
        moved = np.where(GRID[t] > maturity, MATURED, moved)
        states[t] = np.where(before >= DEFAULTED, before, moved)
    return states


def with_histories(deal: Deal, states: np.ndarray) -> Deal:
    """The deal whose assets are driven by the ratings of one path (T + 1, n)."""
    texts = (*RATINGS, "D", "M")

    def history(path: np.ndarray) -> tuple[tuple[date, str], ...]:
        ends = np.flatnonzero(path >= DEFAULTED)
        n = int(ends[0]) + 1 if ends.size else path.shape[0]
        return tuple((to_date(int(GRID[t])), texts[path[t]]) for t in range(n))

    holdings = tuple(
        replace(item, assumptions=replace(item.assumptions, cdr="RATING"), sp_rating_history=history(states[:, i]))
        for i, item in enumerate(deal.holdings)
    )
    return replace(deal, holdings=holdings)


def check_equal(found: PathFigures, j: int, wanted: DealResult, deal: Deal) -> None:
    """Path j is that run to the last bit."""
    n, columns = wanted.last_period, TRANCHE_COLUMNS.index
    end = wanted.tranches[n - 1]
    is_deferrable = np.array([tranche.is_deferrable for tranche in deal.tranches])
    loss = end[:, columns("balance_end")] + np.where(is_deferrable, end[:, columns("deferred_end")], 0.0)
    loss[-1] = 0.0
    pools = wanted.original_pool + wanted.reinvested_pool
    failed = [
        (wanted.oc[:, :, OC_COLUMNS.index("is_passed")] == 0.0),
        wanted.ic[:, :, IC_COLUMNS.index("is_passed")] == 0,
    ]

    assert found.status[j] == 0
    assert found.last_period[j] == n
    np.testing.assert_array_equal(found.risk[j], wanted.risk)
    np.testing.assert_array_equal(found.yield_at_price[j], wanted.risk[:, RISK_COLUMNS.index("yield_at_price")])
    np.testing.assert_array_equal(found.wal[j], wanted.risk[:, RISK_COLUMNS.index("wal")])
    np.testing.assert_allclose(found.fees[j], wanted.fees[:, :, FEE_COLUMNS.index("paid")].sum(0), rtol=1e-13)
    incentive = wanted.incentive[:, INCENTIVE_COLUMNS.index("fee_paid")].sum()
    assert found.incentive[j] == pytest.approx(incentive, rel=1e-13)
    np.testing.assert_array_equal(found.loss[j], loss)
    np.testing.assert_allclose(found.principal[j], wanted.tranches[:, :, columns("principal_paid")].sum(0), rtol=1e-13)
    for name, total in (
        ("default", found.defaulted),
        ("recoveries", found.recovered),
        ("net_loss", found.collateral_loss),
    ):
        assert total[j] == pytest.approx(pools[:, POOL_COLUMNS.index(name)].sum(), rel=1e-12, abs=1e-6)
    for bits, first, wanted_failed in zip(
        (found.oc_failed, found.ic_failed), (found.oc_first_breach, found.ic_first_breach), failed, strict=True
    ):
        np.testing.assert_array_equal(np.unpackbits(bits[j], axis=-1)[:, :n].T, wanted_failed)
        np.testing.assert_array_equal(first[j], np.where(wanted_failed.any(0), wanted_failed.argmax(0) + 1, 0))


def test_the_kernel_counts_states_as_the_simulation_does() -> None:
    """CCC, default and matured have one number each."""
    assert (kernels_simulation.CCC, kernels_simulation.DEFAULTED, kernels_simulation.MATURED) == (
        CCC,
        DEFAULTED,
        MATURED,
    )


def test_a_path_without_default_is_the_run_without_defaults_to_the_last_bit() -> None:
    """Twenty loans that stay B are the deal at a CDR of 0; reinvested loans keep theirs."""
    deal = some_deal()
    found = PathRunner(simulation(deal)).run(np.full((GRID.shape[0], 20, 2), B, dtype=np.uint8))

    calm = tuple(replace(item, assumptions=replace(item.assumptions, cdr=0.0)) for item in deal.holdings)
    wanted = run_deal(replace(deal, holdings=calm), market(), AS_OF)
    for j in range(2):
        check_equal(found, j, wanted, deal)
    assert found.defaulted[0] > 0.0


@pytest.mark.parametrize("quirks", [STANDARD, Mode.LEGACY.quirks])
def test_defaults_and_ccc_flags_of_a_path_are_those_of_its_rating_history(quirks: Quirks) -> None:
    """The rows that default and the CCC flags at every collection end, with the legacy look-up in legacy mode."""
    deal = some_deal()
    states, terms = random_states(deal, 30), simulation(deal, quirks).terms
    paths = np.zeros((20, 30, GRID.shape[0]), dtype=np.uint8)
    kernels_simulation.gather_paths(terms.asset, states, 30, paths)

    for j in range(30):
        wanted = resolved(with_histories(deal, states[:, :, j]), quirks)
        is_ccc, row, recovery = np.zeros_like(wanted.arrays.deal.is_ccc), np.zeros(20, np.int64), np.zeros(20)
        kernels_simulation.set_path(terms, paths, np.zeros((0, 0)), j, row, recovery, is_ccc)

        np.testing.assert_array_equal(row, wanted.default_row[0])
        np.testing.assert_array_equal(is_ccc[1:], wanted.arrays.deal.is_ccc[1:])
        assert np.isnan(recovery).all()


@pytest.mark.parametrize("quirks", [frozenset({Quirk.DEFAULT_AT_ACCRUAL_BEGIN}), Mode.LEGACY.quirks])
def test_a_path_is_the_run_with_its_rating_histories_to_the_last_bit(quirks: Quirks) -> None:
    """Given one by one as rating histories, random paths default, recover and count as CCC alike."""
    deal = some_deal()
    states = random_states(deal, 6)
    found = PathRunner(simulation(deal, quirks)).run(states)

    for j in range(6):
        check_equal(found, j, run_deal(with_histories(deal, states[:, :, j]), market(), AS_OF, quirks), deal)
    assert (found.oc_first_breach > 0).any()
    assert (found.loss > 0.0).any()


def test_a_path_is_the_same_in_any_chunk_and_on_any_thread() -> None:
    """96 paths in one chunk, in three from a pickled simulation, and in three on two threads have the same bytes."""
    deal = some_deal()
    prepared = simulation(deal)
    states = random_states(deal, 96)
    parts = [states[:, :, first : first + 32] for first in range(0, 96, 32)]

    whole = PathRunner(prepared).run(states)
    one_runner = PathRunner(pickle.loads(pickle.dumps(prepared)))  # noqa: S301 (our own bytes)
    in_turn = joined([one_runner.run(part) for part in parts])
    with ThreadPoolExecutor(max_workers=2) as pool:
        at_once = joined(list(pool.map(lambda part: PathRunner(prepared).run(part), parts)))
    for found in (in_turn, at_once, figures_of(one_runner.run(parts[0], n_paths=5)._asdict())):
        for mine, wanted in zip(found, whole, strict=True):
            np.testing.assert_array_equal(mine, wanted[: mine.shape[0]])


@pytest.mark.parametrize("quirks", [STANDARD, frozenset({Quirk.DEFAULT_AT_ACCRUAL_BEGIN})])
def test_every_cent_of_a_path_is_accounted_for(quirks: Quirks) -> None:
    """In every period of every path collections equal payments and purchases."""
    deal = some_deal()
    states, runner = random_states(deal, 8, seed=2), PathRunner(simulation(deal, quirks))

    for j in range(8):
        result = runner.replay(states, j)
        opening = np.eye(1, result.last_period)[0] * opening_cash(deal)
        np.testing.assert_allclose(cash_in(result) + opening, cash_out(result), atol=1e-6)
        lost = result.original_pool[:, POOL_COLUMNS.index("net_loss")].sum()
        repaid = result.original_pool[:, [POOL_COLUMNS.index(name) for name in PRINCIPAL]].sum()
        assert repaid + lost == pytest.approx(100_000_000.0, abs=1e-4)


def test_loans_in_the_ccc_state_take_the_haircut_of_ccc_loans() -> None:
    """Twenty loans that are CCC on every date are the deal whose loans are rated CCC; B loans have more coverage."""
    deal = some_deal()
    ccc = np.full((GRID.shape[0], 20, 1), CCC, dtype=np.uint8)
    runner = PathRunner(simulation(deal))

    found, result = runner.run(ccc), runner.replay(ccc, 0)
    rated = tuple(
        replace(item, asset=replace(item.asset, sp_rating="CCC+"), assumptions=replace(item.assumptions, cdr=0.0))
        for item in deal.holdings
    )
    check_equal(found, 0, run_deal(replace(deal, holdings=rated), market(), AS_OF), deal)
    calm = runner.replay(np.full_like(ccc, B), 0)
    assert result.oc[0, 0, 0] < calm.oc[0, 0, 0] - 100_000.0


def test_a_scenario_shocks_prepayment_and_severity_of_every_path() -> None:
    """Two defaults under STRESS are the deal whose terms were shocked beforehand, with those two histories."""
    deal, quirks = some_deal(), frozenset({Quirk.DEFAULT_AT_ACCRUAL_BEGIN})
    states = np.full((GRID.shape[0], 20, 1), B, dtype=np.uint8)
    states[2:, 3:5] = DEFAULTED

    found = PathRunner(DealSimulation.of(resolved(deal, quirks), GRID, places(deal), STRESS)).run(states)
    shocked = replace(
        deal,
        holdings=tuple(replace(item, assumptions=STRESS.shock(item.assumptions)) for item in deal.holdings),
        reinvestment=STRESS.shock_reinvestment(deal.reinvestment),
    )
    alone = run_deal(with_histories(shocked, states[:, :, 0]), market(), AS_OF, quirks)
    np.testing.assert_allclose(found.yield_at_price[0], alone.risk[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.wal[0], alone.risk[:, 3], rtol=1e-12)


def test_recoveries_handed_in_take_the_place_of_the_severity() -> None:
    """Of ten million that defaults 25 % is recovered where the path says so, and 60 % where it says nothing."""
    deal = some_deal(reinvestment=replace(plain_deal().reinvestment, pre_type="NONE", post_type="NONE"))
    states = np.full((GRID.shape[0], 20, 2), B, dtype=np.uint8)
    states[1:, :2] = DEFAULTED
    recovery = np.full((2, 20), 0.25)
    recovery[1] = np.nan

    found = PathRunner(simulation(deal)).run(states, recovery)
    plain = PathRunner(simulation(deal)).run(states)

    np.testing.assert_allclose(found.recovered / found.defaulted, [0.25, 0.6], rtol=1e-12)
    np.testing.assert_array_equal(plain.recovered, found.recovered[[1, 1]])
    assert found.collateral_loss[0] > found.collateral_loss[1]


def test_a_path_that_the_program_stops_is_counted_and_has_no_figures() -> None:
    """A failing test with a trigger of 1 stops the paths in which it fails, and only those."""
    deal = some_deal(interest_diversion_trigger=1.0)
    states = np.full((GRID.shape[0], 20, 3), B, dtype=np.uint8)
    states[2:, :18, 1] = DEFAULTED

    prepared = simulation(deal, Mode.LEGACY.quirks)
    found = PathRunner(prepared).run(states)
    summary = simulated_deal(prepared.resolved, found)

    assert found.status.tolist() == [0, 3, 0]
    assert np.isnan(found.loss[1]).all()
    assert np.isnan(found.risk[1]).all()
    assert np.isnan(found.fees[1]).all()
    assert np.isnan(found.incentive[1])
    assert np.isnan(found.equity_irr[1])
    assert (summary.n_paths, summary.n_completed) == (3, 2)
    assert [item.simulations for item in summary.failures] == [(1,)]
    assert summary.failures[0].failure.number == "CLO-1303"
    assert summary.tranches.loss.n.tolist() == [2] * len(deal.tranches)
    with pytest.raises(ModelError, match="CLO-1325: None of 1 paths reached its end"):
        simulated_deal(prepared.resolved, PathRunner(prepared).run(states[:, :, 1:2]))


def test_what_cannot_be_simulated_is_refused_with_its_ids() -> None:
    """Assets without a path, dates that do not fit, states and recoveries of the wrong kind."""
    deal = some_deal()
    ready, known = resolved(deal), places(deal)
    states = np.full((GRID.shape[0], 20, 2), B, dtype=np.uint8)
    runner = PathRunner(DealSimulation.of(ready, GRID, known))

    with pytest.raises(InputError, match=r"CLO-1320: 2 assets of the deal are not simulated: MADE00018, MADE00019"):
        DealSimulation.of(ready, GRID, {name: i for name, i in known.items() if i < 18})
    with pytest.raises(InputError, match="CLO-1321: The dates of the simulation do not ascend from 2016-03-23"):
        DealSimulation.of(ready, GRID[1:], known)
    with pytest.raises(InputError, match=r"CLO-1322: The simulation ends on 2021-03-23, before 3 assets do: MADE00009"):
        DealSimulation.of(ready, GRID[:21], known)
    for wrong in (states[1:], states[:, :19], states.astype(np.int64), states[:, :, 0]):
        with pytest.raises(InputError, match="CLO-1323"):
            runner.run(wrong)
    with pytest.raises(InputError, match="CLO-1323"):
        runner.run(states, np.zeros((20, 2)))
    with pytest.raises(InputError, match="CLO-1324"):
        runner.run(states, np.full((2, 20), 1.5))


def test_assets_in_default_or_matured_need_no_path() -> None:
    """What was in default on the analysis date is treated as ever: recovered at its market value."""
    deal = some_deal(reinvestment=replace(plain_deal().reinvestment, pre_type="NONE", post_type="NONE"))
    first = deal.holdings[0]
    bad = replace(first, asset=replace(first.asset, default_asset=True, market_value=45.0))
    deal = replace(deal, holdings=(bad, *deal.holdings[1:]))
    others = {name: i for name, i in places(deal).items() if i}

    found = PathRunner(DealSimulation.of(resolved(deal), GRID, others)).run(
        np.full((GRID.shape[0], 20, 1), B, dtype=np.uint8)
    )

    assert found.recovered[0] == pytest.approx(2_250_000.0)
    assert found.defaulted[0] == 0.0


def test_distributions_are_those_of_the_paths() -> None:
    """Probabilities by period are shares of paths, and equal what the figures of single paths say."""
    deal = some_deal()
    prepared = simulation(deal)
    found = PathRunner(prepared).run(random_states(deal, 64))
    summary = simulated_deal(prepared.resolved, found)

    assert summary.tranches.loss.of("mean") == pytest.approx(found.loss.mean(axis=0))
    assert summary.tranches.has_loss.of("mean") == pytest.approx((found.loss > 0.005).mean(axis=0))
    assert summary.tranches.yield_at_price.of("p50") == pytest.approx(np.nanmedian(found.yield_at_price, axis=0))
    assert summary.equity_irr.of("p5") == pytest.approx(np.nanquantile(found.equity_irr, 0.05))
    by = [((found.oc_first_breach > 0) & (found.oc_first_breach <= i)).mean(axis=0) for i in (1, 6, 33)]
    np.testing.assert_allclose(summary.oc.failed_by[[0, 5, 32]], by)
    np.testing.assert_allclose(summary.oc.ever, (found.oc_first_breach > 0).mean(axis=0))
    assert (summary.oc.failing <= summary.oc.failed_by).all()
    k = summary.oc.names.index("Event of Default")
    assert summary.event_of_default == pytest.approx(summary.oc.ever[k])
