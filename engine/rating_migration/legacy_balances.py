"""What the assets of a legacy path hold on its dates, and the fields of the legacy histories (spec 04 §7.4 to §8.1).

Until it defaults an asset pays as it would without default, so one projection of each asset serves every path: a
default on date t takes the balance at the first payment from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.layout import lay_out_pool
from engine.collateral.projection import LEGACY_NOTIONAL, asset_cashflows
from engine.collateral.ratings import is_default_rating
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_date
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Quirk, Quirks
from engine.rating_migration.fields import DEFAULTED, LEGACY_FIELDS, MATURED, N_FIELDS, N_PERFORMING, ROW_OF_FIELD
from engine.rating_migration.kernels_legacy_balances import add_up_deal, add_up_single, first_defaults
from engine.rating_migration.legacy_algebra import LEGACY
from engine.rating_migration.legacy_paths import LegacyWalk, labels_on_balance_dates, row_of_label, start_label

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

_NEVER = int(np.iinfo(np.int64).max)
_NUM, _BAL = 0, N_PERFORMING
"""Rows of the first count and the first balance by rating."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BalanceTables:
    """What n assets hold and repay on the balance dates 0 to T; currency.

    opening (n,): at the start; balance, balance_before (n, T + 1): on each date and one day earlier, without default;
    repaid (n, T + 1): scheduled principal up to it; default_day, repaid_before (n, T + 2): by first date in default,
    the last column for none, the day number of the payment that defaults and what is repaid before it.
    """

    ids: tuple[str, ...]
    opening: Floats
    balance: Floats
    balance_before: Floats
    repaid: Floats
    default_day: Ints
    repaid_before: Floats


def balance_tables(
    walk: LegacyWalk,
    holdings: Sequence[Holding],
    as_of: date,
    calendar: Calendar,
    curve: IndexCurve | None = None,
    quirks: Quirks = LEGACY,
    *,
    has_positions: bool = True,
    is_all_deals: bool = False,
) -> BalanceTables:
    """Tables of the holdings by projecting each without prepayments and defaults (the legacy MIGRATION runs).

    has_positions: whether par is a deal's. Without a deal the legacy model opens every asset with 1,000,000 and goes on
    with the pool's own par, in which 0 is 1,000,000 as well. Runs of all deals read neither schedules nor assumptions
    (04 Q17). Raises InputError CLO-11xx for an asset that cannot be projected.
    """
    is_notional = not has_positions and Quirk.OPENING_PAR_IS_NOTIONAL in quirks
    is_bare = is_all_deals and Quirk.MIGRATION_ALL_WITHOUT_CF_DATA in quirks
    projected = [_without_losses(holding, is_bare=is_bare) for holding in holdings]
    layout = lay_out_pool(projected, as_of, calendar, quirks)
    rows_of = {int(position): layout.rows[lane] for lane, position in enumerate(layout.position.tolist())}
    n, n_dates = len(holdings), walk.dates.shape[0]
    tables = BalanceTables(
        ids=tuple(holding.asset.blkrock_id for holding in holdings),
        opening=np.array([LEGACY_NOTIONAL if is_notional else holding.par for holding in holdings], dtype=np.float64),
        balance=np.zeros((n, n_dates)),
        balance_before=np.zeros((n, n_dates)),
        repaid=np.zeros((n, n_dates)),
        default_day=np.full((n, n_dates + 1), _NEVER, dtype=np.int64),
        repaid_before=np.zeros((n, n_dates + 1)),
    )
    for i, cashflow in enumerate(asset_cashflows(layout, curve)):
        days = cashflow.payment_date.view(np.int64)
        to_date_repaid = np.concatenate(([0.0], np.cumsum(cashflow.scheduled)))
        tables.repaid[i] = to_date_repaid[np.searchsorted(days, walk.balance_dates, side="right")]
        for t, day in enumerate(walk.balance_dates.tolist()):
            tables.balance[i, t] = cashflow.balance_at(to_date(day))
            tables.balance_before[i, t] = cashflow.balance_at(to_date(day - 1))
        payments = rows_of[i].payment
        starts = np.concatenate((walk.dates, [_NEVER]))
        if is_default_rating(holdings[i].asset.mdy_rating, quirks):
            starts[:] = walk.dates[0]
        place = np.searchsorted(payments, starts)
        tables.default_day[i] = np.append(payments, _NEVER)[place]
        tables.repaid_before[i] = to_date_repaid[np.searchsorted(days, tables.default_day[i])]
    return tables


def single_deal_fields(walk: LegacyWalk, tables: BalanceTables, labels: States, quirks: Quirks = LEGACY) -> Floats:
    """Fields (N_FIELDS, T + 1, S) of the single-deal history, from labels (T + 1, n, S); the added rows are NaN.

    tables: of the deal's assets, in the walk's order; what the matrix does not have is in no field (04 Q12). Defaults
    and matured loans are stocks, as their balances; downgrades hold the defaults (04 Q30); the default rate is four
    times that of the period for every length of it (04 Q7), and once nothing is left of the pool the balances end.
    Raises InputError CLO-1849 for tables of other assets.
    """
    labels = labels[:, _places(walk, tables)]
    fields = _counted_fields(labels)
    fields[ROW_OF_FIELD["NUMMAT"]] = _count(labels == MATURED)
    _count_moves(fields, labels, quirks, holds_defaults=Quirk.DOWNGRADES_HOLD_DEFAULTS in quirks)
    buckets, defaulted, matured, rate = _balance_arrays(labels)
    add_up_single(
        labels_on_balance_dates(walk, labels, quirks), _first_defaults(labels), tables.opening, tables.balance,
        tables.balance_before, tables.repaid, tables.default_day, tables.repaid_before, walk.balance_dates,
        4.0 if Quirk.CDR_TIMES_FOUR in quirks else 12.0 / walk.months, buckets, defaulted, matured, rate,
    )  # fmt: skip
    fields[ROW_OF_FIELD["BALDEF"]] = defaulted
    fields[ROW_OF_FIELD["BALPERDEF"], 1:] = np.diff(defaulted, axis=0)
    fields[ROW_OF_FIELD["CDR"]] = rate
    _add_balances(fields, buckets, matured, quirks)
    return fields


def deal_labels(walk: LegacyWalk, holdings: Sequence[Holding], labels: States, quirks: Quirks = LEGACY) -> States:
    """Labels (T + 1, d, S) of a deal's holdings on a joint path (T + 1, n, S).

    An asset that the matrix does not have keeps its first rating for ever, after its maturity too (04 Q12).
    """
    place = {key: i for i, key in enumerate(walk.ids)}
    seen = labels_on_balance_dates(walk, labels, quirks)
    found = np.empty((labels.shape[0], len(holdings), labels.shape[2]), dtype=np.uint8)
    for d, holding in enumerate(holdings):
        i = place.get(holding.asset.blkrock_id)
        found[:, d] = start_label(holding.asset, quirks) if i is None else seen[:, i]
    return found


def multi_deal_fields(walk: LegacyWalk, tables: BalanceTables, labels: States, quirks: Quirks = LEGACY) -> Floats:
    """Fields (N_FIELDS, T + 1, S) of one deal in a run of all deals, labels (T + 1, d, S) of `deal_labels`.

    tables: of the deal's holdings in the same order. Matured loans are counted in the period of their maturity, their
    balance is all that is repaid so far (04 Q21); downgrades are without defaults; the default rate is the period's
    times the periods a year, 0 where nothing performed. Raises InputError CLO-1849 for tables of other assets.
    """
    if labels.shape[1] != len(tables.ids):
        raise _other_assets()
    fields = _counted_fields(labels)
    fields[ROW_OF_FIELD["NUMMAT"], 1:] = np.diff(_count(labels == MATURED), axis=0)
    _count_moves(fields, labels, quirks, holds_defaults=False)
    buckets, period_default, matured, _ = _balance_arrays(labels)
    add_up_deal(
        labels, _first_defaults(labels), tables.opening, tables.balance, tables.balance_before, tables.repaid,
        tables.default_day, tables.repaid_before, walk.balance_dates, buckets, period_default, matured,
    )  # fmt: skip
    fields[ROW_OF_FIELD["BALDEF"]] = np.cumsum(period_default, axis=0)
    fields[ROW_OF_FIELD["BALPERDEF"], 1:] = period_default[1:]
    _add_balances(fields, buckets, matured, quirks)
    performing = fields[ROW_OF_FIELD["BALPERF"], :-1]
    rate = np.divide(period_default[1:], performing, out=np.zeros_like(performing), where=performing != 0.0)
    fields[ROW_OF_FIELD["CDR"], 1:] = rate * (12.0 / walk.months)
    return fields


def _without_losses(holding: Holding, *, is_bare: bool) -> Holding:
    held = replace(holding, par=holding.par or LEGACY_NOTIONAL, assumptions=AssetAssumptions())
    return replace(held, sink_schedule=(), amortization=()) if is_bare else held


def _places(walk: LegacyWalk, tables: BalanceTables) -> list[int]:
    place = {key: i for i, key in enumerate(walk.ids)}
    if not place.keys() >= set(tables.ids):
        raise _other_assets()
    return [place[key] for key in tables.ids]


def _other_assets() -> InputError:
    return InputError(
        "CLO-1849",
        "Balances and paths are not of the same assets",
        where="rating simulation",
        remedy="Give holdings of the correlation matrix, and labels of the same holdings.",
    )


def _counted_fields(labels: States) -> Floats:
    """Fields with loans by rating and in default, all others of the legacy names 0."""
    fields = np.full((N_FIELDS, labels.shape[0], labels.shape[2]), np.nan)
    fields[: len(LEGACY_FIELDS)] = 0.0
    for state in range(N_PERFORMING):
        fields[_NUM + state] = _count(labels == state)
    fields[ROW_OF_FIELD["NUMDEF"]] = _count(labels == DEFAULTED)
    fields[ROW_OF_FIELD["NUMPERDEF"], 1:] = np.diff(fields[ROW_OF_FIELD["NUMDEF"]], axis=0)
    return fields


def _balance_arrays(labels: States) -> tuple[Floats, Floats, Floats, Floats]:
    shape = labels.shape[0], labels.shape[2]
    return np.zeros((N_PERFORMING, *shape)), np.zeros(shape), np.zeros(shape), np.zeros(shape)


def _first_defaults(labels: States) -> Ints:
    first = np.empty(labels.shape[1:], dtype=np.int64)
    first_defaults(labels, first)
    return first


def _count(is_so: Flags) -> Ints:
    found: Ints = np.count_nonzero(is_so, axis=1)
    return found


def _count_moves(fields: Floats, labels: States, quirks: Quirks, *, holds_defaults: bool) -> None:
    moved = np.diff(row_of_label(quirks)[labels], axis=0)
    can_move = labels[1:] != MATURED
    if not holds_defaults:
        can_move &= labels[1:] != DEFAULTED
    fields[ROW_OF_FIELD["UPGRADES"], 1:] = _count((moved < 0) & can_move)
    fields[ROW_OF_FIELD["DOWNGRADES"], 1:] = _count((moved > 0) & can_move)


def _add_balances(fields: Floats, buckets: Floats, matured: Floats, quirks: Quirks) -> None:
    fields[_BAL : _BAL + N_PERFORMING] = buckets
    fields[ROW_OF_FIELD["BALMAT"]] = matured
    fields[ROW_OF_FIELD["BALPERF"]] = buckets.sum(axis=0)
    if Quirk.PERFORMING_NOT_COUNTED not in quirks:
        fields[ROW_OF_FIELD["NUMPERF"]] = fields[_NUM : _NUM + N_PERFORMING].sum(axis=0)
