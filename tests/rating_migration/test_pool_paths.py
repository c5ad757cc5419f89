"""Fields of a pool against a slow count in numpy, identities between them, and the two forms of the default rate."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from engine.errors import InputError
from engine.rating_migration.fields import (
    ADDED_FIELDS,
    DEFAULTED,
    FIELDS,
    LEGACY_FIELDS,
    MATURED,
    N_FIELDS,
    N_PERFORMING,
    RATINGS,
    ROW_OF_FIELD,
)
from engine.rating_migration.kernels_fields import Positions
from engine.rating_migration.pool_paths import MOST_POSITIONS, PoolPaths, PoolTally, pool_fields
from tests.rating_migration.made_plans import B

CENT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadePool:
    """Random states (T + 1, n, S), positions in some of the assets, and lengths of the periods."""

    states: np.ndarray
    positions: Positions
    years: np.ndarray

    def fields(self) -> np.ndarray:
        """As the engine has them, (N_FIELDS, T + 1, S)."""
        return fields_of(self.states, self.positions, self.years)


def fields_of(states: np.ndarray, positions: Positions, years: np.ndarray) -> np.ndarray:
    """Fields of states (T + 1, n, S)."""
    n_rows, _, n_simulations = states.shape
    fields = np.full((N_FIELDS, n_rows, n_simulations), np.nan)
    pool_fields(PoolPaths(positions, n_rows - 1, n_simulations).tally(states), years, fields)
    return fields


def made_pool(seed: int) -> MadePool:
    """Paths that keep to the absorbing states; balances that amortise, some of them to nothing."""
    rng = np.random.default_rng(seed)
    n_periods, n, n_simulations, n_positions = int(rng.integers(1, 9)), 12, 8, int(rng.integers(1, 20))
    states = rng.integers(0, 19, (n_periods + 1, n, n_simulations)).astype(np.uint8)
    states = np.where(rng.random(states.shape) < 0.8, states % 17, states).astype(np.uint8)
    for t in range(1, n_periods + 1):
        states[t] = np.where(states[t - 1] >= DEFAULTED, states[t - 1], states[t])
    kept = np.cumprod(rng.choice([1.0, 0.9, 0.5, 0.0], (n_periods + 1, n_positions), p=[0.6, 0.2, 0.15, 0.05]), axis=0)
    balance = kept * rng.uniform(1e5, 1e7, n_positions)
    return MadePool(
        states=states,
        positions=Positions(rng.integers(0, n, n_positions), balance, np.maximum(balance, 1000.0)),
        years=rng.uniform(0.05, 1.5, n_periods),
    )


def slow_fields(pool: MadePool) -> dict[str, np.ndarray]:
    """The 49 fields as spec 04 §8.1 defines them, (T + 1, S) each, counted one position at a time."""
    n_rows, _, n_simulations = pool.states.shape
    found = {name: np.zeros((n_rows, n_simulations)) for name in FIELDS}
    texts = [rating.replace("+", "P").replace("-", "M") for rating in RATINGS]
    opening = np.zeros(n_simulations)
    for s in range(n_simulations):
        for p, asset in enumerate(pool.positions.asset.tolist()):
            path = pool.states[:, asset, s].tolist()
            balance, in_default = pool.positions.balance[:, p], pool.positions.default_balance[:, p]
            opening[s] += balance[0] if path[0] != MATURED else 0.0
            for t, state in enumerate(path):
                before = path[t - 1] if t else state
                if state < DEFAULTED:
                    found[f"NUM{texts[state]}"][t, s] += 1
                    found[f"BAL{texts[state]}"][t, s] += balance[t]
                    found["UPGRADES"][t, s] += state < before
                    found["DOWNGRADES"][t, s] += state > before
                elif state == DEFAULTED and before != DEFAULTED:
                    found["NUMPERDEF"][t, s] += 1
                    found["BALPERDEF"][t, s] += in_default[t]
                if t == 0 and state == DEFAULTED:
                    found["BALDEF"][:, s] += balance[0]
                found["NUMDEF"][t, s] += state == DEFAULTED
                found["NUMMATTODATE"][t, s] += state == MATURED
                found["NUMMAT"][t, s] += state == MATURED and (t == 0 or before != MATURED)
    found["NUMPERF"] = sum(found[f"NUM{text}"] for text in texts)
    found["BALPERF"] = sum(found[f"BAL{text}"] for text in texts)
    found["BALDEF"] += np.cumsum(found["BALPERDEF"], axis=0)
    found["BALMAT"] = opening - found["BALPERF"] - found["BALDEF"]
    found["BALPERMAT"] = np.diff(found["BALMAT"], axis=0, prepend=0.0)
    for s in range(n_simulations):
        for t in range(n_rows):
            found["DEFAULTRATE"][t, s] = found["BALDEF"][t, s] / opening[s] if opening[s] else 0.0
            if t and found["BALPERF"][t - 1, s] > 0.0:
                rate = min(found["BALPERDEF"][t, s] / found["BALPERF"][t - 1, s], 1.0)
                found["CDR"][t, s] = 1.0 - (1.0 - rate) ** (1.0 / pool.years[t - 1])
                found["CDRSIMPLE"][t, s] = rate / pool.years[t - 1]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_fields_are_those_of_a_slow_count(seed: int) -> None:
    """Random paths, positions that share assets, periods of any length."""
    pool = made_pool(seed)
    fields, expected = pool.fields(), slow_fields(pool)

    for name, row in ROW_OF_FIELD.items():
        assert_allclose(fields[row], expected[name], rtol=1e-12, atol=CENT, err_msg=name)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_loans_and_balances_add_up(seed: int) -> None:
    """Loans to the positions, balances to the opening one; flows add up to stocks."""
    pool = made_pool(seed)
    by_name = dict(zip(FIELDS, pool.fields(), strict=True))
    n_positions = len(pool.positions.asset)
    is_in = pool.states[0, pool.positions.asset] != MATURED
    opening = (pool.positions.balance[0, :, np.newaxis] * is_in).sum(axis=0)

    assert_array_equal(by_name["NUMPERF"] + by_name["NUMDEF"] + by_name["NUMMATTODATE"], n_positions)
    assert_allclose(
        by_name["BALPERF"] + by_name["BALDEF"] + by_name["BALMAT"],
        np.broadcast_to(opening, by_name["BALMAT"].shape),
        rtol=1e-12,
    )
    assert_array_equal(by_name["NUMMAT"].cumsum(axis=0), by_name["NUMMATTODATE"])
    assert_allclose(by_name["BALPERMAT"].cumsum(axis=0), by_name["BALMAT"], rtol=1e-9, atol=CENT)
    assert_array_equal(by_name["NUMDEF"][0] + by_name["NUMPERDEF"].cumsum(axis=0), by_name["NUMDEF"])
    assert_allclose(by_name["BALDEF"][0] + by_name["BALPERDEF"].cumsum(axis=0), by_name["BALDEF"], rtol=1e-12)
    assert_array_equal(sum(by_name[name] for name in FIELDS[:N_PERFORMING]), by_name["NUMPERF"])
    assert_allclose(
        sum(by_name[name] for name in FIELDS[N_PERFORMING : 2 * N_PERFORMING]),
        by_name["BALPERF"],
        rtol=1e-12,
        atol=CENT,
    )
    assert ((by_name["CDR"] >= 0.0) & (by_name["CDR"] <= 1.0)).all()


def test_there_are_the_45_legacy_fields_and_four_more() -> None:
    """Under the names of spec 04 §8.1."""
    assert (len(LEGACY_FIELDS), len(ADDED_FIELDS)) == (45, 4)
    assert FIELDS[:3] == ("NUMAAA", "NUMAAP", "NUMAA")
    assert FIELDS[16:18] == ("NUMCCC", "BALAAA")
    assert FIELDS[25:27] == ("BALBBB", "BALBBBM")
    assert len(set(FIELDS)) == N_FIELDS == 49


@pytest.mark.parametrize(
    ("in_default", "years", "compound", "simple"),
    [(1.0, 0.25, 3.94, 4.0), (5.0, 0.25, 18.5, 20.0), (5.0, 1.0, 5.0, 5.0), (5.0, 0.5, 9.75, 10.0)],
)
def test_the_default_rate_is_annualised_for_the_step(
    in_default: float, years: float, compound: float, simple: float
) -> None:
    """Spec 04 Q7: 1 % a quarter is 3.94 % and 5 % is 18.5 % a year, or 4 % and 20 % without compounding."""
    states = np.full((2, 2, 8), B, np.uint8)
    states[1, 0] = DEFAULTED
    balance = np.tile([in_default, 100.0 - in_default], (2, 1))

    fields = fields_of(states, Positions(np.arange(2), balance, balance), np.array([years]))

    digits = len(str(compound).partition(".")[2])
    assert np.round(100.0 * fields[ROW_OF_FIELD["CDR"], 1], digits).tolist() == [compound] * 8
    assert (100.0 * fields[ROW_OF_FIELD["CDRSIMPLE"], 1]).tolist() == pytest.approx([simple] * 8, rel=1e-12)
    assert fields[ROW_OF_FIELD["DEFAULTRATE"], 1].tolist() == pytest.approx([in_default / 100.0] * 8, rel=1e-12)


def test_rates_are_zero_where_nothing_is_left_to_default() -> None:
    """A pool that has matured, and one that was in default from the start."""
    states = np.full((3, 2, 8), MATURED, np.uint8)
    states[0, 0] = B
    states[:, 1, 4:] = DEFAULTED
    balance = np.full((3, 2), 100.0)

    fields = fields_of(states, Positions(np.arange(2), balance, balance), np.array([0.25, 0.25]))

    assert not fields[ROW_OF_FIELD["CDR"]].any()
    assert fields[ROW_OF_FIELD["DEFAULTRATE"], 2].tolist() == [0.0] * 4 + [0.5] * 4
    assert fields[ROW_OF_FIELD["NUMMAT"], :, 0].tolist() == [1.0, 1.0, 0.0]
    assert fields[ROW_OF_FIELD["BALMAT"], :, 0].tolist() == [0.0, 100.0, 100.0]


def test_a_loan_that_is_repaid_when_found_in_default_defaults_with_its_last_balance() -> None:
    """Spec 04 §7.4: what it owed before its last payment."""
    states = np.array([B, B, DEFAULTED], np.uint8)[:, np.newaxis, np.newaxis].repeat(8, axis=2)
    balance = np.array([[100.0], [60.0], [0.0]])

    fields = fields_of(
        states, Positions(np.zeros(1, np.int64), balance, np.array([[100.0], [60.0], [60.0]])), np.ones(2)
    )

    assert fields[ROW_OF_FIELD["BALPERDEF"], :, 0].tolist() == [0.0, 0.0, 60.0]
    assert fields[ROW_OF_FIELD["BALMAT"], :, 0].tolist() == [0.0, 40.0, 40.0]


def test_tallies_do_not_remember_the_chunk_before() -> None:
    """The second of two chunks is counted as if it were the first, and leaves the first as it was."""
    one, two = made_pool(1), made_pool(1)
    two.states[-1] = np.where(two.states[-1] < DEFAULTED, DEFAULTED, two.states[-1])
    counter = PoolPaths(one.positions, len(one.years), 8)
    first = counter.tally(one.states)
    kept = PoolTally(first.loans.copy(), first.balances.copy())

    second = counter.tally(two.states)

    alone = PoolPaths(one.positions, len(one.years), 8).tally(two.states)
    for found, expected in ((second, alone), (first, kept)):
        assert_array_equal(found.loans, expected.loans)
        assert_array_equal(found.balances, expected.balances)


def test_a_pool_has_at_most_so_many_positions() -> None:
    """Counts of loans have sixteen bits."""
    n = MOST_POSITIONS + 1
    positions = Positions(np.zeros(n, np.int64), np.zeros((2, n)), np.zeros((2, n)))

    with pytest.raises(InputError, match="CLO-1838: A pool of 65536 positions is too large to simulate"):
        PoolPaths(positions, 1, 8)


def test_the_largest_pool_is_counted_without_overflow() -> None:
    """65,535 positions in one state."""
    n = MOST_POSITIONS
    positions = Positions(np.zeros(n, np.int64), np.ones((2, n)), np.ones((2, n)))

    fields = fields_of(np.full((2, 1, 8), B, np.uint8), positions, np.ones(1))

    assert (fields[ROW_OF_FIELD["NUMPERF"]] == n).all()
