"""A legacy simulation from its inputs to its histories: one deal, or all deals on one joint path (spec 04 §8.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.holding import Holding
from engine.conventions.calendar import Calendar
from engine.modes import Quirks
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.legacy_algebra import LEGACY, cholesky, cumulative_rows, period_matrix
from engine.rating_migration.legacy_balances import (
    balance_tables,
    deal_labels,
    multi_deal_fields,
    single_deal_fields,
)
from engine.rating_migration.legacy_generator import LegacyRandom
from engine.rating_migration.legacy_paths import LegacyWalk, lay_out_walk, months_of, simulate_legacy
from engine.rating_migration.legacy_statistics import ShownPaths, shown_paths

Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegacySetting:
    """What a legacy simulation reads beside its deals.

    assets: the pool with its ratings; annual (18, 18): the one-year matrix; frequency: Annually, Semi-Annually or
    Quarterly, as typed; matrix_ids, correlation (n, n): the assets that are simulated; seed: None for the numbers of a
    fresh process.
    """

    assets: tuple[Asset, ...]
    annual: Floats
    frequency: str
    matrix_ids: tuple[str, ...]
    correlation: Floats
    as_of: date
    calendar: Calendar
    n_simulations: int
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegacySimulation:
    """Labels (T + 1, n, S) of the walk's assets; fields by deal (N_FIELDS, T + 1, S); the paths that stand for all."""

    walk: LegacyWalk
    labels: States
    fields: tuple[Floats, ...]
    shown: ShownPaths


def run_one_deal(setting: LegacySetting, holdings: Sequence[Holding], quirks: Quirks = LEGACY) -> LegacySimulation:
    """The run of one deal: its assets alone move, to its own last maturity, in its own steps.

    Raises what `lay_out_walk`, `cholesky`, `simulate_legacy` and the projection of assets raise.
    """
    by_id = {holding.asset.blkrock_id: holding for holding in holdings}
    walk = _walk(setting, months_of(setting.frequency, quirks), quirks, frozenset(by_id))
    labels = simulate_legacy(walk, setting.n_simulations, LegacyRandom(setting.seed))
    in_matrix = [by_id[key] for key in walk.ids if key in by_id]
    tables = balance_tables(walk, in_matrix, setting.as_of, setting.calendar, quirks=quirks)
    fields = (single_deal_fields(walk, tables, labels, quirks),)
    return LegacySimulation(walk=walk, labels=labels, fields=fields, shown=_shown(fields, quirks))


def run_all_deals(
    setting: LegacySetting, deals: Sequence[Sequence[Holding]], quirks: Quirks = LEGACY
) -> LegacySimulation:
    """The run of all deals: every asset moves, by quarters whatever the matrix (04 Q2), in bullets (04 Q17).

    Raises what `run_one_deal` does.
    """
    walk = _walk(setting, months_of(setting.frequency, quirks, is_all_deals=True), quirks, None)
    labels = simulate_legacy(walk, setting.n_simulations, LegacyRandom(setting.seed))
    fields = []
    for holdings in deals:
        tables = balance_tables(walk, holdings, setting.as_of, setting.calendar, quirks=quirks, is_all_deals=True)
        fields.append(multi_deal_fields(walk, tables, deal_labels(walk, holdings, labels, quirks), quirks))
    return LegacySimulation(walk=walk, labels=labels, fields=tuple(fields), shown=_shown(fields, quirks))


def _walk(setting: LegacySetting, months: int, quirks: Quirks, deal_ids: frozenset[str] | None) -> LegacyWalk:
    return lay_out_walk(
        setting.assets,
        setting.matrix_ids,
        cholesky(setting.correlation),
        cumulative_rows(period_matrix(setting.annual, setting.frequency, quirks)),
        setting.as_of,
        months,
        quirks,
        deal_ids=deal_ids,
    )


def _shown(fields: Sequence[Floats], quirks: Quirks) -> ShownPaths:
    return shown_paths(np.stack([deal[ROW_OF_FIELD["BALDEF"], -1] for deal in fields]), quirks)
