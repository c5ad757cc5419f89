"""Rating paths as the legacy model draws them: one stream, all assets of the matrix, a label each (spec 04 §4 and §6).

A label is a state of `fields`, 0 = AAA to 16 = CCC, DEFAULTED, MATURED, and NO_LABEL for the blank text that a draw
past the last probability leaves (04 Q28). Which row of the matrix a label migrates with is another matter: for A+ it is
that of AA+ (04 Q1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from engine.collateral.asset import Asset
from engine.collateral.ratings import IN_DEFAULT, is_default_rating, rating_rank
from engine.conventions.business_day import months_later
from engine.conventions.days import day_array, to_date
from engine.errors import InputError, ReferenceDataError
from engine.modes import Quirk, Quirks
from engine.rating_migration.fields import DEFAULTED, MATURED, N_STATES, RATINGS
from engine.rating_migration.kernels_legacy_generator import walk_labels
from engine.rating_migration.legacy_algebra import ANNUALLY, LEGACY, QUARTERLY, SEMI_ANNUALLY
from engine.rating_migration.legacy_generator import LegacyRandom

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

NO_LABEL = N_STATES
LABELS = (*RATINGS, IN_DEFAULT, "M", "")
"""Text of each label in a rating history."""

_A_PLUS, _AA_PLUS, _CCC = RATINGS.index("A+"), RATINGS.index("AA+"), RATINGS.index("CCC")
_SIMULATIONS_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegacyWalk:
    """What the paths of one run have in common; n assets in the order of the correlation matrix, T periods.

    start (n,): labels; maturity (n,), dates (T + 1,), balance_dates (T + 1,): day numbers, of the path and of its
    balances; in_scope (n,): the assets that the run moves; cumulative (18, 18); lower (n, n): factor of the
    correlations; row_of_label (20,): row of the matrix; months: of a period.
    """

    ids: tuple[str, ...]
    start: States
    maturity: Ints
    dates: Ints
    balance_dates: Ints
    in_scope: Flags
    cumulative: Floats
    lower: Floats
    row_of_label: Ints
    months: int

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return int(self.dates.shape[0]) - 1


def months_of(frequency: str, quirks: Quirks = LEGACY, *, is_all_deals: bool = False) -> int:
    """Months of a step of the path: 12, 6, or 3 for any other text; case is no matter. Under 04 Q2 3 for all deals."""
    if is_all_deals and Quirk.ALL_DEALS_STEP_QUARTERLY in quirks:
        return 3
    return {ANNUALLY: 12, SEMI_ANNUALLY: 6, QUARTERLY: 3}.get(frequency.title(), 3)


def path_dates(as_of: date, months: int, last_maturity: date, quirks: Quirks = LEGACY) -> Ints:
    """Day numbers of the start and of every step until the last maturity is reached, (T + 1,).

    Under LQ-56 each date counts from the one before, so that month ends drift: 31 August, 30 November, 28 February.
    """
    found = [as_of]
    while found[-1] < last_maturity:
        if Quirk.MONTH_END_DRIFT in quirks:
            found.append(months_later(found[-1], months))
        else:
            found.append(months_later(as_of, months * len(found)))
    return day_array(found)


def start_label(asset: Asset, quirks: Quirks = LEGACY) -> int:
    """Label that an asset starts with: default by its flag, else its S&P rating with all of CCC+ to C as CCC.

    Raises ReferenceDataError CLO-1846 for an asset without a rating, which the legacy model counts nowhere.
    """
    if asset.default_asset or is_default_rating(asset.sp_rating, quirks):
        return DEFAULTED
    rank = rating_rank(asset.sp_rating, quirks)
    if not rank:
        raise ReferenceDataError(
            "CLO-1846",
            f"'{asset.sp_rating}' is no S&P rating",
            where=f"asset '{asset.blkrock_id}'",
            remedy="Give a rating from AAA to C, or D.",
        )
    return min(rank - 1, _CCC)


def lay_out_walk(
    assets: Sequence[Asset],
    matrix_ids: Sequence[str],
    lower: Floats,
    cumulative: Floats,
    as_of: date,
    months: int,
    quirks: Quirks = LEGACY,
    *,
    deal_ids: frozenset[str] | None = None,
) -> LegacyWalk:
    """Lay out the paths of the assets in a correlation matrix.

    assets: the pool, with their ratings; those that are not in the matrix only lengthen the run (04 Q12). lower (n, n):
    factor of the matrix of matrix_ids; cumulative (18, 18): rows added up. deal_ids: the assets of the one deal that
    is run, None for the whole pool. Raises ReferenceDataError CLO-1845 for ids of the matrix or the deal that the pool
    has not, CLO-1846 for an asset without a rating, CLO-1847 without a maturity.
    """
    asset_by_id = {asset.blkrock_id: asset for asset in assets}
    missing = [key for key in (*matrix_ids, *sorted(deal_ids or ())) if key not in asset_by_id]
    if missing:
        raise ReferenceDataError(
            "CLO-1845",
            f"Correlations or the deal have assets that the pool has not: {', '.join(missing[:10])}",
            where="assets",
            remedy="Load these assets, or take them out; the legacy model stops at them.",
        )
    simulated = [asset_by_id[key] for key in matrix_ids]
    run = [asset for asset in assets if deal_ids is None or asset.blkrock_id in deal_ids]
    dates = path_dates(as_of, months, max(_maturity(asset) for asset in run), quirks)
    straight = day_array(months_later(as_of, months * t) for t in range(dates.shape[0]))
    return LegacyWalk(
        ids=tuple(matrix_ids),
        start=np.array([start_label(asset, quirks) for asset in simulated], dtype=np.uint8),
        maturity=day_array(_maturity(asset) for asset in simulated),
        dates=dates,
        balance_dates=straight,
        in_scope=np.array([deal_ids is None or key in deal_ids for key in matrix_ids], dtype=np.bool_),
        cumulative=np.ascontiguousarray(cumulative),
        lower=np.ascontiguousarray(lower),
        row_of_label=row_of_label(quirks),
        months=months,
    )


def row_of_label(quirks: Quirks = LEGACY) -> Ints:
    """Row of the matrix that each label migrates with, (20,); what is no rating has the row of default."""
    rows = np.minimum(np.arange(N_STATES + 1), DEFAULTED)
    if Quirk.A_PLUS_IS_AA_PLUS in quirks:
        rows[_A_PLUS] = _AA_PLUS
    return rows


def correlated_uniforms(walk: LegacyWalk, normals: Floats) -> Floats:
    """Phi(L epsilon), (..., n), of independent normals (..., n); low is a good draw."""
    uniforms: Floats = ndtr(normals @ walk.lower.T)
    return uniforms


def labels_of_draws(walk: LegacyWalk, uniforms: Floats) -> States:
    """Labels (T + 1, n) of one simulation after its correlated draws (T, n)."""
    labels = np.empty((walk.n_periods + 1, len(walk.ids)), dtype=np.uint8)
    labels[0] = walk.start
    walk_labels(
        walk.cumulative, walk.row_of_label, walk.maturity, walk.dates, walk.in_scope,
        np.ascontiguousarray(uniforms), labels,
    )  # fmt: skip
    return labels


def simulate_legacy(walk: LegacyWalk, n_simulations: int, random: LegacyRandom) -> States:
    """Labels (T + 1, n, S) of S simulations, drawn one after the other, by period, by asset.

    Every period draws for all assets of the matrix, in scope or not, alive or not. The legacy model went to 500
    simulations. Raises InputError CLO-1848 for less than one, ModelError CLO-1840 where the generator comes upon its 0.
    """
    if n_simulations < 1:
        raise InputError(
            "CLO-1848", f"{n_simulations} simulations cannot be run", where="simulations", remedy="Ask for 1 or more."
        )
    n_periods, n = walk.n_periods, len(walk.ids)
    found = np.empty((n_periods + 1, n, n_simulations), dtype=np.uint8)
    for first in range(0, n_simulations, _SIMULATIONS_AT_ONCE):
        n_now = min(_SIMULATIONS_AT_ONCE, n_simulations - first)
        normals = random.normals(n_now * n_periods * n).reshape(n_now, n_periods, n)
        for s, uniforms in enumerate(correlated_uniforms(walk, normals), start=first):
            found[:, :, s] = labels_of_draws(walk, uniforms)
    return found


def rating_history(walk: LegacyWalk, labels: States, asset: int, current: str) -> tuple[tuple[date, str], ...]:
    """The S&P history that a path (T + 1, n) leaves with an asset: its rating today as it is, then a label a date.

    The last entry is that of default or maturity. An asset that starts in default has no entry but the first.
    """
    column = labels[:, asset]
    over = np.flatnonzero((column == DEFAULTED) | (column == MATURED))
    n_entries = int(over[0]) + 1 if over.size else column.shape[0]
    if not walk.in_scope[asset]:
        n_entries = 1
    later = ((to_date(int(walk.dates[t])), LABELS[column[t]]) for t in range(1, n_entries))
    return ((to_date(int(walk.dates[0])), current), *later)


def labels_on_balance_dates(walk: LegacyWalk, labels: States, quirks: Quirks = LEGACY) -> States:
    """Labels (T + 1, n, S) that the histories give on the balance dates (04 Q33).

    The two grids differ at month ends only. There a look-up finds the last entry before, but the older one of the two
    middle entries of an even history of four and more (LQ-35).
    """
    drifted = np.flatnonzero(walk.dates != walk.balance_dates)
    if not drifted.size or Quirk.DESCENDING_SORT_MIDDLE not in quirks:
        return labels
    found = labels.copy()
    is_over = (labels == DEFAULTED) | (labels == MATURED)
    length = np.where(is_over.any(axis=0), is_over.argmax(axis=0) + 1, labels.shape[0])
    for t in drifted[drifted >= 2]:
        is_middle = length == 2 * t
        found[t][is_middle] = labels[t - 1][is_middle]
    return found


def _maturity(asset: Asset) -> date:
    if asset.maturity is None:
        raise ReferenceDataError(
            "CLO-1847",
            "An asset without a maturity cannot be simulated",
            where=f"asset '{asset.blkrock_id}'",
            remedy="Give its maturity.",
        )
    return asset.maturity
