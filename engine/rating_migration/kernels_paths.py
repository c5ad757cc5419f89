"""Rating paths of all assets in one chunk of simulations (spec 04 §6 as corrected by §10, §11.2, §11.5).

Axes are (period, asset, simulation) and the inner loops run along simulations. Most shocks leave a rating as it is, so
every cell carries the range of shocks that do, in single precision and a margin narrower; only a shock outside of it is
looked at in double precision. The paths are those of double precision throughout.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.borrowing import borrowed
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel
from engine.rating_migration.kernels_random import (
    SINGLE_MARGIN,
    UNIT,
    WORDS_A_BLOCK,
    Floats,
    Ints,
    Ints32,
    Singles,
    Words,
    normal_of,
    philox_words,
    quick_normals_of,
)

States = npt.NDArray[np.uint8]
Patterns = npt.NDArray[np.uint64]

DEFAULTED, MATURED = 17, 18
IDIOSYNCRATIC_STREAM = 1

_MARGIN = np.float32(SINGLE_MARGIN)


class Walk(NamedTuple):
    """What moves ratings; n assets, T periods, M tables of thresholds.

    thresholds   (M, 17, 18) float64: a shock x takes state k to the last j with x >= thresholds[m, k, j]
    period_table (T,) int64, table of each whole period
    stub_table   (n,) int64, table from the grid date before an asset's maturity to its maturity
    last_period  (n,) int64, period in which an asset matures, counted from 1; 0 for one that has, T + 1 for none
    initial      (n,) uint8, state at the start
    """

    thresholds: Floats
    period_table: Ints
    stub_table: Ints
    last_period: Ints
    initial: States


class Loadings(NamedTuple):
    """factor (n, G) int64, loading (n, G), idiosyncratic (n,) float64, as in `dependence.FactorLoadings`."""

    factor: Ints
    loading: Floats
    idiosyncratic: Floats


class Scratch(NamedTuple):
    """Working memory of one thread for chunks of B simulations; pairs of arrays are the same memory.

    below, above (n, B) float32: shocks between them leave the rating; words (4, B) uint32; wide (2, B) float64 and
    wide_bits int64; narrow (2, B) float32 and narrow_bits int32; shock (B,) float32; moved (B,) uint8 and
    moved_patterns (B / 8,) uint64; factors (F, B) float32
    """

    below: Singles
    above: Singles
    words: Words
    wide: Floats
    wide_bits: Ints
    narrow: Singles
    narrow_bits: Ints32
    shock: Singles
    moved: States
    moved_patterns: Patterns
    places: Ints
    factors: Singles


def new_scratch(n_assets: int, n_factors: int, n_simulations: int) -> Scratch:
    """Scratch of a size; n_simulations a multiple of 8."""
    wide, narrow = np.zeros((2, n_simulations)), np.zeros((2, n_simulations), np.float32)
    moved = np.zeros(n_simulations, np.uint8)
    return Scratch(
        np.zeros((n_assets, n_simulations), np.float32),
        np.zeros((n_assets, n_simulations), np.float32),
        np.zeros((WORDS_A_BLOCK, n_simulations), np.uint32),
        wide,
        wide.view(np.int64),
        narrow,
        narrow.view(np.int32),
        np.zeros(n_simulations, np.float32),
        moved,
        moved.view(np.uint64),
        np.zeros(n_simulations, np.int64),
        np.zeros((n_factors, n_simulations), np.float32),
    )


@kernel
def set_range(thresholds: Floats, table: int, state: int, below: Singles, above: Singles, s: int) -> None:
    """Range of shocks that surely leave a state as it is; everything for the absorbing states."""
    if state >= DEFAULTED:
        below[s], above[s] = -np.float32(np.inf), np.float32(np.inf)
        return
    below[s] = np.float32(thresholds[table, state, state]) + _MARGIN
    above[s] = np.float32(thresholds[table, state, state + 1]) - _MARGIN


@kernel
def state_after(row: Floats, state: int, shock: float) -> int:
    """State that a shock leads to, searched outwards from the present one; row (18,) thresholds."""
    j = state
    while j < DEFAULTED and shock >= row[j + 1]:
        j += 1
    while j > 0 and shock < row[j]:
        j -= 1
    return j


@kernel
def is_clear(row: Floats, state: int, shock: float) -> bool:
    """Whether a shock of single precision is far enough from the thresholds around a state to decide on it."""
    if state > 0 and shock - row[state] < SINGLE_MARGIN:
        return False
    return state == DEFAULTED or row[state + 1] - shock >= SINGLE_MARGIN


@kernel
def start_chunk(walk: Walk, states: States) -> None:
    """Set row 0 of the states."""
    for i in range(walk.initial.shape[0]):
        has_matured = walk.last_period[i] == 0 and walk.initial[i] < DEFAULTED
        state = np.uint8(MATURED) if has_matured else walk.initial[i]
        for s in range(states.shape[2]):
            states[0, i, s] = state


@kernel
def set_ranges(walk: Walk, t: int, scratch: Scratch, states: States) -> None:
    """Renew the ranges of all assets before period t, where its table is another than the last one."""
    if t > 1 and walk.period_table[t - 1] == walk.period_table[t - 2]:
        return
    for i in range(states.shape[1]):
        for s in range(states.shape[2]):
            set_range(
                walk.thresholds, walk.period_table[t - 1], states[t - 1, i, s], scratch.below[i], scratch.above[i], s
            )


@kernel
def find_moved(shock: Singles, below: Singles, above: Singles, moved: States) -> None:
    """Mark the simulations whose shock is not surely within the range."""
    for s in range(shock.shape[0]):
        moved[s] = 0 if (shock[s] >= below[s]) & (shock[s] < above[s]) else 1


@kernel
def collect_moved(scratch: Scratch) -> int:
    """List the marked simulations in `places`; how many they are. Marks are passed over eight at a time."""
    count = 0
    for group in range(scratch.moved_patterns.shape[0]):
        if scratch.moved_patterns[group] != 0:
            for s in range(8 * group, 8 * group + 8):
                scratch.places[count] = s
                count += scratch.moved[s]
    return count


@kernel
def copy_states(states: States, t: int, i: int) -> None:
    """Carry the states of an asset over to period t."""
    before, after = states[t - 1, i], states[t, i]
    for s in range(before.shape[0]):
        after[s] = before[s]


@kernel
def factor_shock(loadings: Loadings, factors: Floats, words: Words, scratch: Scratch, i: int, s: int) -> float:
    """The shock of asset i in simulation s in double precision."""
    own = normal_of(words[s], scratch.wide[0], scratch.wide_bits[0], scratch.wide[1], scratch.wide_bits[1])
    shock = loadings.idiosyncratic[i] * own
    for g in range(loadings.factor.shape[1]):
        shock += loadings.loading[i, g] * factors[loadings.factor[i, g], s]
    return shock


@kernel
def quick_shocks(loadings: Loadings, scratch: Scratch, i: int, word_row: int) -> None:
    """Shocks of asset i in all simulations, in single precision."""
    shock = scratch.shock
    quick_normals_of(
        scratch.words[word_row],
        scratch.narrow[0],
        scratch.narrow_bits[0],
        scratch.narrow[1],
        scratch.narrow_bits[1],
        shock,
    )
    own = np.float32(loadings.idiosyncratic[i])
    for s in range(shock.shape[0]):
        shock[s] *= own
    for g in range(loadings.factor.shape[1]):
        common, loading = scratch.factors[loadings.factor[i, g]], np.float32(loadings.loading[i, g])
        for s in range(shock.shape[0]):
            shock[s] += loading * common[s]


@outlined_kernel
def walk_factors(
    walk: Walk,
    loadings: Loadings,
    key_0: int,
    key_1: int,
    counter: Words,
    flip: Words,
    factors: Floats,
    scratch: Scratch,
    states: States,
) -> None:
    """Walk all assets of a chunk under the factor model.

    counter, flip : (B,) uint32, as in `philox_words`; factors : (T, F, B) float64
    states : (T + 1, n, B) uint8, written
    """
    walk, loadings, factors = borrowed(walk), borrowed(loadings), borrowed(factors)
    scratch, states = borrowed(scratch), borrowed(states)
    counter, flip = borrowed(counter), borrowed(flip)
    n = states.shape[1]
    start_chunk(walk, states)
    for t in range(1, states.shape[0]):
        set_ranges(walk, t, scratch, states)
        for f in range(factors.shape[1]):
            for s in range(factors.shape[2]):
                scratch.factors[f, s] = np.float32(factors[t - 1, f, s])
        for block in range((n + WORDS_A_BLOCK - 1) // WORDS_A_BLOCK):
            philox_words(key_0, key_1, block, t, counter, IDIOSYNCRATIC_STREAM, flip, scratch.words)
            for i in range(WORDS_A_BLOCK * block, min(WORDS_A_BLOCK * (block + 1), n)):
                copy_states(states, t, i)
                if walk.last_period[i] < t:
                    continue
                words = scratch.words[i - WORDS_A_BLOCK * block]
                if walk.last_period[i] == t:
                    for s in range(states.shape[2]):
                        if states[t, i, s] < DEFAULTED:
                            shock = factor_shock(loadings, factors[t - 1], words, scratch, i, s)
                            mature(walk, i, shock, scratch, states[t, i], s)
                    continue
                quick_shocks(loadings, scratch, i, i - WORDS_A_BLOCK * block)
                find_moved(scratch.shock, scratch.below[i], scratch.above[i], scratch.moved)
                table = walk.period_table[t - 1]
                for m in range(collect_moved(scratch)):
                    s = scratch.places[m]
                    before = states[t, i, s]
                    shock = np.float64(scratch.shock[s])
                    after = state_after(walk.thresholds[table, before], before, shock)
                    if not is_clear(walk.thresholds[table, before], after, shock):
                        shock = factor_shock(loadings, factors[t - 1], words, scratch, i, s)
                        after = state_after(walk.thresholds[table, before], before, shock)
                    states[t, i, s] = after
                    set_range(walk.thresholds, table, after, scratch.below[i], scratch.above[i], s)


@kernel
def mature(walk: Walk, i: int, shock: float, scratch: Scratch, states: States, s: int) -> None:
    """End the life of an asset in its last period: matured, unless it defaults in the stub before (spec 04 Q6)."""
    state = DEFAULTED if shock >= walk.thresholds[walk.stub_table[i], states[s], DEFAULTED] else MATURED
    states[s] = state
    scratch.below[i, s], scratch.above[i, s] = -np.float32(np.inf), np.float32(np.inf)


@outlined_kernel
def step_shocks(walk: Walk, t: int, shocks: Floats, scratch: Scratch, states: States) -> None:
    """Move all assets of a chunk in period t by their shocks.

    shocks : (n, B) float64; states : (T + 1, n, B) uint8, row t is written; period 1 writes row 0 first
    """
    walk, shocks, scratch, states = borrowed(walk), borrowed(shocks), borrowed(scratch), borrowed(states)
    if t == 1:
        start_chunk(walk, states)
    set_ranges(walk, t, scratch, states)
    table = walk.period_table[t - 1]
    for i in range(states.shape[1]):
        copy_states(states, t, i)
        if walk.last_period[i] < t:
            continue
        if walk.last_period[i] == t:
            for s in range(states.shape[2]):
                if states[t, i, s] < DEFAULTED:
                    mature(walk, i, shocks[i, s], scratch, states[t, i], s)
            continue
        for s in range(states.shape[2]):
            scratch.shock[s] = np.float32(shocks[i, s])
        find_moved(scratch.shock, scratch.below[i], scratch.above[i], scratch.moved)
        for m in range(collect_moved(scratch)):
            s = scratch.places[m]
            after = state_after(walk.thresholds[table, states[t, i, s]], states[t, i, s], shocks[i, s])
            states[t, i, s] = after
            set_range(walk.thresholds, table, after, scratch.below[i], scratch.above[i], s)


@outlined_kernel
def follow_issuers(
    issuer: Ints,
    notches: Ints,
    last_period: Ints,
    stub_share: Floats,
    key_0: int,
    key_1: int,
    stream: int,
    counter: Words,
    flip: Words,
    scratch: Scratch,
    issuers: States,
    loans: States,
) -> None:
    """States of loans from those of their issuers: so many notches apart, in default with them.

    issuer, notches, last_period (n,) int64 and stub_share (n, 17), as in `plan.Issuers`; with as many notches as
    DEFAULTED a loan is in default throughout
    issuers : (T + 1, E, B) uint8; loans : (T + 1, n, B) uint8, written

    An issuer that defaults in the last period of a loan has done so before its maturity with the probability
    stub_share, decided by one number for all loans of the issuer: of two the one that matures earlier is safer.
    """
    issuers, loans, scratch = borrowed(issuers), borrowed(loans), borrowed(scratch)
    for i in range(loans.shape[1]):
        e = issuer[i]
        if notches[i] >= DEFAULTED:
            loans[:, i] = DEFAULTED
            continue
        for t in range(loans.shape[0]):
            states = issuers[t, e]
            if t < last_period[i]:
                for s in range(loans.shape[2]):
                    loans[t, i, s] = loan_state(states[s], notches[i])
            elif t > last_period[i]:
                loans[t, i] = loans[t - 1, i]
            elif t == 0:
                loans[t, i] = MATURED
            else:
                before = issuers[t - 1, e]
                philox_words(key_0, key_1, e // WORDS_A_BLOCK, t, counter, stream, flip, scratch.words)
                words = scratch.words[e % WORDS_A_BLOCK]
                for s in range(loans.shape[2]):
                    is_in_default = before[s] == DEFAULTED
                    if states[s] == DEFAULTED and before[s] < DEFAULTED:
                        is_in_default = (np.float64(words[s]) + 0.5) * UNIT < stub_share[i, before[s]]
                    loans[t, i, s] = DEFAULTED if is_in_default else MATURED


@kernel
def loan_state(state: int, notches: int) -> int:
    """State of a loan so many notches from its issuer, among the performing ones unless the issuer is in default."""
    if state >= DEFAULTED:
        return state
    return max(0, min(DEFAULTED - 1, state + notches))
