"""Whole legacy runs: one deal, and all deals on one joint path (spec 04 §8.4)."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from engine.collateral.asset import Asset
from engine.collateral.holding import Holding
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_dates
from engine.modes import Mode, Quirk
from engine.rating_migration.fields import DEFAULTED, N_FIELDS, ROW_OF_FIELD
from engine.rating_migration.legacy_simulation import LegacySetting, run_all_deals, run_one_deal

LEGACY = Mode.LEGACY.quirks
AS_OF = date(2016, 3, 23)
N = 24


def holding(number: int, par: float = 1e6) -> Holding:
    maturity = AS_OF + timedelta(days=500 + 37 * number)
    return Holding(
        asset=Asset(
            blkrock_id=f"A{number:02d}",
            sp_rating=("BB", "B", "B-", "CCC+")[number % 4],
            mdy_rating="B2",
            maturity=maturity,
            coupon_type="FIXED",
            payment_freq=4,
            coupon=0.05,
            dated_date=date(2014, 12, 15),
            first_payment_date=date(2015, 3, 15),
            day_count="ACTUAL/360",
            business_day_conv="Following",
        ),
        par=par,
    )


HOLDINGS = tuple(holding(number) for number in range(N))


def annual() -> np.ndarray:
    """Every rating keeps .74, moves one up or down with .1 each and defaults with .06."""
    rows = np.zeros((18, 18))
    for k in range(17):
        rows[k, max(k - 1, 0)] += 0.10
        rows[k, min(k + 1, 16)] += 0.10
        rows[k, k] += 0.74
        rows[k, 17] += 0.06
    rows[17, 17] = 1.0
    return rows


def setting(n_in_matrix: int = N, frequency: str = "Quarterly") -> LegacySetting:
    return LegacySetting(
        assets=tuple(item.asset for item in HOLDINGS),
        annual=annual(),
        frequency=frequency,
        matrix_ids=tuple(item.asset.blkrock_id for item in HOLDINGS[:n_in_matrix]),
        correlation=np.full((n_in_matrix, n_in_matrix), 0.3) + 0.7 * np.eye(n_in_matrix),
        as_of=AS_OF,
        calendar=Calendar.of([]),
        n_simulations=200,
        seed=12,
    )


def test_one_deal_runs_to_its_own_last_maturity() -> None:
    """Its loans alone are counted, every one in every period, and their par is in some balance."""
    run = run_one_deal(setting(), HOLDINGS[4:10])
    fields = run.fields[0]
    counts = fields[:17].sum(axis=0) + fields[ROW_OF_FIELD["NUMDEF"]] + fields[ROW_OF_FIELD["NUMMAT"]]

    assert HOLDINGS[9].asset.maturity == date(2018, 7, 4)
    assert to_dates(run.walk.dates)[-1] == date(2018, 9, 23)
    assert fields.shape == (N_FIELDS, run.walk.n_periods + 1, 200)
    assert (counts == 6).all()
    np.testing.assert_allclose(fields[ROW_OF_FIELD["BALPERF"], 1] + fields[ROW_OF_FIELD["BALDEF"], 1], 6e6, rtol=1e-12)


def test_a_seed_repeats_a_run_and_no_seed_repeats_the_first_one() -> None:
    """04 Q11: without a seed every fresh process draws the same numbers."""
    seeded = [run_one_deal(setting(), HOLDINGS).labels for _ in range(2)]
    fresh = [run_one_deal(replace(setting(), seed=None), HOLDINGS).labels for _ in range(2)]

    assert (seeded[0] == seeded[1]).all()
    assert (fresh[0] == fresh[1]).all()
    assert (seeded[0] != fresh[0]).any()


def test_all_deals_step_by_quarters_whatever_the_matrix() -> None:
    """04 Q2: with the year's matrix in every quarter far more loans default than when both are the user's."""
    without = LEGACY - {Quirk.ALL_DEALS_STEP_QUARTERLY}
    legacy, right = (run_all_deals(setting(frequency="Annually"), [HOLDINGS], quirks) for quirks in (LEGACY, without))

    assert to_dates(legacy.walk.dates)[1] == date(2016, 6, 23)
    assert to_dates(right.walk.dates)[1] == date(2017, 3, 23)
    first_year = [run.fields[0][ROW_OF_FIELD["NUMDEF"], t].mean() / N for run, t in ((legacy, 4), (right, 1))]
    assert first_year[1] == pytest.approx(0.06, abs=0.02)
    assert first_year[0] == pytest.approx(1.0 - 0.94**4, abs=0.05)


def test_deals_share_their_assets_paths() -> None:
    """One joint path: what two deals hold in common defaults for both, each with its own par."""
    double = tuple(replace(item, par=2e6) for item in HOLDINGS)
    run = run_all_deals(setting(), [HOLDINGS, double])
    one, two = run.fields

    assert (run.labels == DEFAULTED).any()
    for name in ("NUMDEF", "UPGRADES", "DOWNGRADES", "NUMMAT"):
        assert (one[ROW_OF_FIELD[name]] == two[ROW_OF_FIELD[name]]).all()
    np.testing.assert_allclose(two[ROW_OF_FIELD["BALDEF"]], 2.0 * one[ROW_OF_FIELD["BALDEF"]], rtol=1e-12)
    totals = one[ROW_OF_FIELD["BALDEF"], -1] + two[ROW_OF_FIELD["BALDEF"], -1]
    assert totals[run.shown.paths.minimum] == totals.min()
    assert totals[run.shown.paths.maximum] == totals.max()
    assert run.shown.has_equals


def test_assets_outside_the_matrix_are_lost_in_one_deal_and_stay_for_ever_among_all() -> None:
    """04 Q12: 4 of 24 are in no count of the single deal; among all deals they never leave their rating."""
    single = run_one_deal(setting(20), HOLDINGS).fields[0]
    many = run_all_deals(setting(20), [HOLDINGS]).fields[0]

    assert (single[:17, 0].sum(axis=0) == 20).all()
    assert (many[:17, 0].sum(axis=0) == 24).all()
    assert (many[:17, -1].sum(axis=0) == 4).all()
    assert (many[ROW_OF_FIELD["BALPERF"], -1] == 0.0).all()
