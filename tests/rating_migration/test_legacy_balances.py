"""Histories of the legacy model: against the asset engine path by path, by hand on two loans (spec 04 §7.4, §7.5)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_allclose

from engine.collateral.asset import Asset
from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.assumptions import RATING_DRIVEN, AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.projection import LEGACY_NOTIONAL, asset_cashflow
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_date
from engine.errors import InputError
from engine.modes import Mode, Quirk, Quirks
from engine.rating_migration.fields import ADDED_FIELDS, LEGACY_FIELDS, RATINGS, ROW_OF_FIELD
from engine.rating_migration.legacy_balances import (
    balance_tables,
    deal_labels,
    multi_deal_fields,
    single_deal_fields,
)
from engine.rating_migration.legacy_generator import LegacyRandom
from engine.rating_migration.legacy_paths import (
    LABELS,
    LegacyWalk,
    labels_of_draws,
    lay_out_walk,
    rating_history,
    simulate_legacy,
)

LEGACY = Mode.LEGACY.quirks
CALENDAR = Calendar.of([])
AS_OF = date(2016, 3, 23)
MONEY = 1e-6

Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.uint8]


def loan(key: str, rating: str, maturity: date, par: float, day: int = 15, **fields: Any) -> Holding:
    return Holding(
        asset=Asset(
            blkrock_id=key,
            sp_rating=rating,
            mdy_rating="B2",
            maturity=maturity,
            coupon_type="FIXED",
            payment_freq=4,
            coupon=0.05,
            market_value=90.0,
            dated_date=date(2014, 12, day),
            first_payment_date=date(2015, 3, day),
            day_count="ACTUAL/360",
            business_day_conv="Following",
            **fields,
        ),
        par=par,
        assumptions=AssetAssumptions(cpr=0.2, cdr=0.1, severity=0.4, recovery_lag_months=6.0),
    )


def amortizing(holding: Holding, *fractions: float) -> Holding:
    """Fractions of the balance at half years from the end of 2016 on, the rest at maturity."""
    maturity = holding.asset.maturity
    assert maturity is not None
    dates = [date(2016, 12, 15) + timedelta(days=182 * i) for i in range(len(fractions))]
    return replace(holding, amortization=(*zip(dates, fractions, strict=True), (maturity, 1.0)))


POOL = (
    loan("A", "B", date(2019, 6, 15), 2_500_000.0),
    amortizing(loan("B", "CCC+", date(2018, 12, 15), 1_234_567.89), 0.25, 0.1, 0.3),
    loan("C", "BB-", date(2017, 9, 20), 750_000.0, day=23),
    amortizing(loan("D", "B-", date(2019, 3, 23), 999_999.99, day=23), 0.5, 0.5),
    loan("E", "CCC", date(2018, 3, 15), 3_000_000.0, default_asset=True),
    loan("F", "A+", date(2019, 6, 23), 1.5),
)


def matrix() -> Floats:
    """Every rating keeps .6, goes up with .1, down with .15 and defaults with .15."""
    rows = np.zeros((18, 18))
    for k in range(17):
        rows[k, max(k - 1, 0)] += 0.10
        rows[k, min(k + 1, 16)] += 0.15
        rows[k, k] += 0.60
        rows[k, 17] += 0.15
    rows[17, 17] = 1.0
    return rows


def walk_of(pool: tuple[Holding, ...], months: int = 3, quirks: Quirks = LEGACY, as_of: date = AS_OF) -> LegacyWalk:
    assets = [holding.asset for holding in pool]
    ids = [asset.blkrock_id for asset in assets]
    return lay_out_walk(assets, ids, np.eye(len(ids)), np.cumsum(matrix(), axis=1), as_of, months, quirks)


def cashflow_of_path(holding: Holding, walk: LegacyWalk, labels: States, i: int, as_of: date) -> AssetCashflow:
    """The asset engine's own run of the path: prepayments 0, default by the rating history."""
    history = rating_history(walk, labels, i, holding.asset.sp_rating)
    driven = replace(holding.assumptions, cpr=0.0, cdr=RATING_DRIVEN)
    simulated = replace(holding, assumptions=driven, sp_rating_history=history)
    return asset_cashflow(simulated, as_of, CALENDAR, None, LEGACY)


def slow_single(pool: tuple[Holding, ...], walk: LegacyWalk, labels: States, as_of: date) -> dict[str, Floats]:
    """Spec 04 §7.4 for one path, on dates without drift."""
    flows = [cashflow_of_path(holding, walk, labels, i, as_of) for i, holding in enumerate(pool)]
    n_dates = labels.shape[0]
    found = {name: np.zeros(n_dates) for name in LEGACY_FIELDS}
    bucket = dict(zip(RATINGS, LEGACY_FIELDS[17:34], strict=True)) | {"D": "BALDEF"}
    current = [LABELS[label] for label in labels[0]]
    for holding, label in zip(pool, current, strict=True):
        found[bucket[label]][0] += holding.par
    original = sum(holding.par for holding in pool)
    for t in range(1, n_dates):
        on = to_date(int(walk.balance_dates[t]))
        found["BALDEF"][t] = found["BALDEF"][t - 1]
        for i, flow in enumerate(flows):
            label = LABELS[labels[t, i]]
            held = flow.balance_at(on)
            if label == "D" and held == 0.0 and current[i] != "D":
                held = flow.balance_at(on - timedelta(days=1))
            found["BALMAT"][t] += flow.totals(as_of, on).scheduled
            if current[i] not in ("D", "M"):
                if label != "M":
                    found[bucket[label]][t] += held
                current[i] = label
        left = original - found["BALMAT"][t - 1] - found["BALDEF"][t - 1]
        if left == 0.0:
            break
        found["CDR"][t] = 4.0 * (found["BALDEF"][t] - found["BALDEF"][t - 1]) / left
    return found


@pytest.mark.parametrize("months", [3, 6, 12])
def test_balances_are_those_of_the_asset_engine_path_by_path(months: int) -> None:
    """Balances in default, repaid and by rating, and default rates of loans that amortise or default between dates."""
    walk = walk_of(POOL, months)
    tables = balance_tables(walk, POOL, AS_OF, CALENDAR)
    labels = simulate_legacy(walk, 25, LegacyRandom(12))
    fields = single_deal_fields(walk, tables, labels)

    for s in range(25):
        for name, wanted in slow_single(POOL, walk, labels[:, :, s], AS_OF).items():
            if name.startswith("BAL") and name not in ("BALPERF", "BALPERDEF"):
                assert_allclose(fields[ROW_OF_FIELD[name], :, s], wanted, atol=MONEY, err_msg=name)
            if name == "CDR":
                assert_allclose(fields[ROW_OF_FIELD[name], :, s], wanted, rtol=1e-9, atol=1e-12)


def field(fields: Floats, name: str, s: int = 0) -> list[float]:
    return fields[ROW_OF_FIELD[name], :, s].tolist()


TWO = (loan("P", "B", date(2017, 3, 23), 100.0, day=23), loan("Q", "BB", date(2017, 3, 23), 300.0))


def one_default(quirks: Quirks = LEGACY, months: int = 3) -> tuple[LegacyWalk, Floats]:
    """P, which pays on the grid, is downgraded and then defaults on the second date; Q stays and is repaid."""
    walk = walk_of(TWO, months, quirks)
    draws = np.full((walk.n_periods, 2), 0.5)
    if walk.n_periods > 1:
        draws[0, 0] = 0.8
    draws[min(1, walk.n_periods - 1), 0] = 0.95
    labels = labels_of_draws(walk, draws)[:, :, np.newaxis]
    return walk, single_deal_fields(walk, balance_tables(walk, TWO, AS_OF, CALENDAR), labels, quirks)


def test_the_history_of_one_default_by_hand() -> None:
    """Spec 04 §7.4: the balance of the day before, stocks of defaults, flows beside them, 4 x 100 / 400."""
    _, fields = one_default()

    assert field(fields, "NUMB") == [1, 0, 0, 0, 0]
    assert field(fields, "BALBM") == [0, 100, 0, 0, 0]
    assert field(fields, "NUMDEF") == [0, 0, 1, 1, 1]
    assert field(fields, "NUMPERDEF") == [0, 0, 1, 0, 0]
    assert field(fields, "BALDEF") == [0, 0, 100, 100, 100]
    assert field(fields, "BALPERDEF") == [0, 0, 100, 0, 0]
    assert field(fields, "BALBB") == [300, 300, 300, 300, 0]
    assert field(fields, "BALMAT") == [0, 0, 0, 0, 300]
    assert field(fields, "BALPERF") == [400, 400, 300, 300, 0]
    assert field(fields, "CDR") == [0, 0, 1, 0, 0]
    assert np.isnan(fields[len(LEGACY_FIELDS) :]).all()
    assert fields.shape[0] == len(LEGACY_FIELDS) + len(ADDED_FIELDS)


@pytest.mark.parametrize("months", [6, 12])
def test_a_default_rate_is_four_times_the_periods_whatever_the_period(months: int) -> None:
    """04 Q7: annual steps are overstated four times, semi-annual ones twice."""
    legacy = one_default(months=months)[1]
    standard = one_default(LEGACY - {Quirk.CDR_TIMES_FOUR}, months)[1]

    assert max(field(legacy, "CDR")) == pytest.approx(1.0)
    assert max(field(standard, "CDR")) == pytest.approx(12 / months / 4)


def test_downgrades_of_a_single_deal_hold_its_defaults() -> None:
    """04 Q30: one downgrade and one default are two downgrades; without the quirk, as among many deals, one."""
    without = LEGACY - {Quirk.DOWNGRADES_HOLD_DEFAULTS}

    assert field(one_default()[1], "DOWNGRADES") == [0, 1, 1, 0, 0]
    assert field(one_default(without)[1], "DOWNGRADES") == [0, 1, 0, 0, 0]
    assert sum(field(one_default()[1], "UPGRADES")) == 0


def test_performing_loans_are_not_counted() -> None:
    """04 Q22: NUMPERF is 0 for ever; without the quirk it is the sum of the 17 counts."""
    assert field(one_default()[1], "NUMPERF") == [0, 0, 0, 0, 0]
    assert field(one_default(LEGACY - {Quirk.PERFORMING_NOT_COUNTED})[1], "NUMPERF") == [2, 2, 1, 1, 1]


def test_without_a_deal_every_asset_opens_with_a_million() -> None:
    """Spec 04 §7.4: at the start and in the default rate only; the cash flows have the pool's own par."""
    walk = walk_of(TWO)
    notional = balance_tables(walk, TWO, AS_OF, CALENDAR, has_positions=False)
    without = LEGACY - {Quirk.OPENING_PAR_IS_NOTIONAL}

    assert notional.opening.tolist() == [LEGACY_NOTIONAL, LEGACY_NOTIONAL]
    assert notional.balance[:, 1].tolist() == [100.0, 300.0]
    assert balance_tables(walk, TWO, AS_OF, CALENDAR, quirks=without, has_positions=False).opening.tolist() == [
        100,
        300,
    ]


def test_balances_end_once_nothing_is_left_of_the_pool() -> None:
    """Spec 04 §7.4: the loop stops where the denominator of the default rate is exactly 0."""
    pool = (TWO[0], replace(TWO[1], asset=replace(TWO[1].asset, maturity=date(2017, 6, 30))))
    walk = walk_of(pool)
    labels = labels_of_draws(walk, np.full((walk.n_periods, 2), 0.95))[:, :, np.newaxis]
    fields = single_deal_fields(walk, balance_tables(walk, pool, AS_OF, CALENDAR), labels)

    assert field(fields, "BALDEF") == [0, 400, 400, 0, 0, 0, 0]
    assert field(fields, "NUMDEF") == [0, 2, 2, 2, 2, 2, 2]
    assert field(fields, "CDR") == [0, 4, 0, 0, 0, 0, 0]


def test_a_run_of_all_deals_knows_no_schedules() -> None:
    """04 Q17: the amortising loan is a bullet there, and amortises without the quirk."""
    walk = walk_of(POOL)
    single = balance_tables(walk, POOL, AS_OF, CALENDAR)
    all_deals = balance_tables(walk, POOL, AS_OF, CALENDAR, is_all_deals=True)
    without = LEGACY - {Quirk.MIGRATION_ALL_WITHOUT_CF_DATA}
    right = balance_tables(walk, POOL, AS_OF, CALENDAR, quirks=without, is_all_deals=True)

    assert all_deals.repaid[1, 8] == 0.0 < single.repaid[1, 8] == right.repaid[1, 8]
    assert all_deals.repaid[1, -1] == pytest.approx(POOL[1].par) == single.repaid[1, -1]


def multi(quirks: Quirks = LEGACY) -> tuple[Floats, Floats]:
    """The deal of P, Q and Z, of which the matrix does not know Z; P is downgraded, then defaults, Q is repaid."""
    outside = loan("Z", "CCC-", date(2016, 11, 15), 50.0)
    walk = walk_of(TWO, quirks=quirks)
    draws = np.full((walk.n_periods, 2), 0.5)
    draws[0, 0], draws[1, 0] = 0.8, 0.95
    joint = labels_of_draws(walk, draws)[:, :, np.newaxis]
    deal = (outside, *TWO)
    labels = deal_labels(walk, deal, joint, quirks)
    tables = balance_tables(walk, deal, AS_OF, CALENDAR, quirks=quirks, is_all_deals=True)
    return multi_deal_fields(walk, tables, labels, quirks), labels


def test_the_history_of_one_of_many_deals_by_hand() -> None:
    """Spec 04 §7.5: defaults cumulated, downgrades without them, the rate times 4 on what performed before."""
    fields, _ = multi()

    assert field(fields, "DOWNGRADES") == [0, 1, 0, 0, 0]
    assert field(fields, "NUMPERDEF") == [0, 0, 1, 0, 0]
    assert field(fields, "BALPERDEF") == [0, 0, 100, 0, 0]
    assert field(fields, "BALDEF") == [0, 0, 100, 100, 100]
    assert field(fields, "BALPERF") == [450, 450, 350, 300, 0]
    assert field(fields, "CDR") == pytest.approx([0, 0, 4 * 100 / 450, 0, 0])
    assert field(fields, "NUMPERF") == [0, 0, 0, 0, 0]


def test_an_asset_outside_the_matrix_stays_in_its_rating_for_ever() -> None:
    """04 Q12: one CCC loan to the end, with a balance to its maturity only."""
    fields, labels = multi()

    assert field(fields, "NUMCCC") == [1, 1, 1, 1, 1]
    assert field(fields, "BALCCC") == [50, 50, 50, 0, 0]
    assert labels.shape == (5, 3, 1)


def test_matured_is_a_flow_in_loans_and_a_stock_in_money() -> None:
    """04 Q21: loans of the period, and all principal repaid so far."""
    pool = (TWO[0], replace(TWO[1], asset=replace(TWO[1].asset, maturity=date(2016, 8, 15))))
    walk = walk_of(pool)
    labels = labels_of_draws(walk, np.full((walk.n_periods, 2), 0.5))[:, :, np.newaxis]
    tables = balance_tables(walk, pool, AS_OF, CALENDAR, is_all_deals=True)
    many = multi_deal_fields(walk, tables, deal_labels(walk, pool, labels))
    single = single_deal_fields(walk, tables, labels)

    assert field(many, "NUMMAT") == [0, 0, 1, 0, 0]
    assert field(many, "BALMAT") == [0, 0, 300, 300, 400]
    assert field(single, "NUMMAT") == [0, 0, 1, 1, 1]


def test_tables_of_other_assets_are_refused() -> None:
    """CLO-1849, for one deal by its ids and for one of many by their number."""
    walk = walk_of(TWO[:1])
    labels = simulate_legacy(walk, 2, LegacyRandom(1))
    tables = balance_tables(walk, TWO, AS_OF, CALENDAR)
    with pytest.raises(InputError) as single:
        single_deal_fields(walk, tables, labels)
    with pytest.raises(InputError) as many:
        multi_deal_fields(walk, tables, labels)

    assert single.value.number == many.value.number == "CLO-1849"
