"""The rating histories of the legacy model as one simulated path: its recorded deal comes out."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from engine.collateral.holding import Holding
from engine.collateral.ratings import sp_state
from engine.conventions.calendar import Calendar
from engine.conventions.days import day_array
from engine.deal.contract import Deal
from engine.deal.resolve import resolve
from engine.deal.results import RISK_COLUMNS
from engine.deal.run import DealMarket, run_deal
from engine.deal.simulation import DealSimulation, PathRunner
from engine.market.curve import IndexCurve
from engine.modes import Mode
from engine.rating_migration.fields import DEFAULTED, MATURED
from engine.waterfall.library import load_program
from tests.golden import legacy_records
from tests.golden.test_deals import (
    DEAL_COLUMNS,
    DEAL_NAMES,
    POOL_COLUMNS,
    POOL_NAMES,
    TRANCHE_COLUMNS,
    TRANCHE_NAMES,
    assert_block,
    assert_close,
)

QUARTERS = 40


def states_of(deal: Deal, grid: list[date]) -> np.ndarray:
    """(T + 1, n, 1): the state on each grid date; matured where the history has ended otherwise than in default."""
    states = np.full((len(grid), len(deal.holdings), 1), MATURED, dtype=np.uint8)
    for i, holding in enumerate(deal.holdings):
        history = dict(holding.sp_rating_history)
        for t, on in enumerate(grid):
            if on in history:
                states[t, i] = DEFAULTED if history[on] == "D" else sp_state(history[on]) - 1
            elif t and states[t - 1, i, 0] == DEFAULTED:
                states[t, i] = DEFAULTED
    return states


def with_maturity(holding: Holding, grid: list[date]) -> Holding:
    """The holding with the label M behind its history, which the legacy simulator writes and the file leaves out.

    The look-up of ratings depends on the number of entries (LQ-35), and with it the CCC haircut of a late period.
    """
    history = holding.sp_rating_history
    if not history or history[-1][1] == "D" or history[-1][0] == grid[-1]:
        return holding
    return replace(holding, sp_rating_history=(*history, (grid[grid.index(history[-1][0]) + 1], "M")))


def test_the_histories_of_the_legacy_model_give_its_deal(reference: Path) -> None:
    """All proceeds, pool rows and payments of the file whose defaults come from histories, and the same OC tests."""
    case = json.loads((reference / "golden" / "deals" / "mag12-rm.json").read_text())
    quirks, expected = Mode.LEGACY.quirks, case["outputs"]
    as_of = legacy_records.known_day(case["inputs"]["dates"]["analysis_date"])
    curve = IndexCurve.of(as_of, case["inputs"]["yield_curve"]["rates"], quirks)
    calendar = Calendar.of(legacy_records.known_day(day) for day in case["holidays"])
    deal = legacy_records.deal(case)
    ready = resolve(deal, load_program(deal.program, quirks), calendar, (curve,), as_of, quirks)
    grid = [date(as_of.year + (2 + 3 * k) // 12, (2 + 3 * k) % 12 + 1, as_of.day) for k in range(QUARTERS + 1)]
    states = states_of(deal, grid)
    places = {holding.asset.blkrock_id: i for i, holding in enumerate(deal.holdings)}
    runner = PathRunner(DealSimulation.of(ready, day_array(grid), places))

    found, result = runner.run(states), runner.replay(states, 0)

    n = expected["periods_reported"]
    assert result.last_period == found.last_period[0] == expected["last_period"]
    assert_block("deal", expected["deal"], DEAL_NAMES, DEAL_COLUMNS, result.deal, n)
    assert_block("pool", expected["collateral_original"], POOL_NAMES, POOL_COLUMNS, result.original_pool, n)
    assert_block("book", expected["collateral_reinvested"], POOL_NAMES, POOL_COLUMNS, result.reinvested_pool, n)
    for t, name in enumerate(result.tranche_names[:-1]):
        block = expected["liabilities"][name]
        assert_block(name, block, TRANCHE_NAMES, TRANCHE_COLUMNS, result.tranches[:, t], n)
        assert_close(f"{name} yield", found.yield_at_price[0, t], result.risk[t, RISK_COLUMNS.index("yield_at_price")])
    assert (states == DEFAULTED).any(axis=(0, 2)).sum() >= 2

    matured = replace(deal, holdings=tuple(with_maturity(holding, grid) for holding in deal.holdings))
    alone = run_deal(matured, DealMarket(calendar, curve), as_of, quirks)
    np.testing.assert_array_equal(result.oc, alone.oc)
    np.testing.assert_array_equal(result.tranches, alone.tranches)
