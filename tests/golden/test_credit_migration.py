"""Rating migration in legacy mode against the legacy model, draw by draw: golden/credit_migration.json."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri

from engine.collateral.holding import Holding
from engine.collateral.rating_derivation import with_ratings
from engine.conventions.calendar import Calendar
from engine.modes import Mode
from engine.rating_migration.correlation import CorrelationRules, Relationship
from engine.rating_migration.fields import RATINGS, ROW_OF_FIELD
from engine.rating_migration.legacy_algebra import cholesky, cumulative_rows, period_matrix
from engine.rating_migration.legacy_balances import balance_tables, single_deal_fields
from engine.rating_migration.legacy_correlation import legacy_rule_matrix
from engine.rating_migration.legacy_generator import LegacyRandom
from engine.rating_migration.legacy_paths import (
    LegacyWalk,
    correlated_uniforms,
    labels_of_draws,
    lay_out_walk,
    months_of,
    rating_history,
    simulate_legacy,
)
from tests.conftest import reference_folder
from tests.golden import legacy_records

RELATIVE, MONEY = 1e-9, 1e-6
LEGACY = Mode.LEGACY.quirks

SUFFIXES = {rating: rating.replace("+", "p").replace("-", "m").lower() for rating in RATINGS}
COUNTS = {f"num{SUFFIXES[rating]}": f"NUM{SUFFIXES[rating].upper()}" for rating in RATINGS[:-1]} | {
    "upgrades": "UPGRADES",
    "downgrades": "DOWNGRADES",
    "numcccassets": "NUMCCC",
    "numdefaults": "NUMDEF",
    "nummatures": "NUMMAT",
    "numperioddefaults": "NUMPERDEF",
}
LEGACY_BALANCES = (
    *("balaaa", "balaa1", "balaa2", "balaa3", "bala1", "bala2", "bala3", "balbbb1", "balbbb2", "balbbb3"),
    *("balbb1", "balbb2", "balbb3", "balb1", "balb2", "balb3", "balccc"),
)
BALANCES = {
    legacy: f"BAL{SUFFIXES[rating].upper()}" for legacy, rating in zip(LEGACY_BALANCES, RATINGS, strict=True)
} | {"baldefaults": "BALDEF", "balmature": "BALMAT", "cdr": "CDR"}

Case = dict[str, Any]


def contents() -> dict[str, Any]:
    path = reference_folder() / "golden" / "credit_migration.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"cases": [], "holidays": []}
    return found


CONTENTS = contents()
CASES: list[Case] = CONTENTS["cases"]
CALENDAR = Calendar.of(date.fromisoformat(day) for day in CONTENTS["holidays"])
every_case = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])


@dataclass(frozen=True)
class Run:
    as_of: date
    holdings: tuple[Holding, ...]
    lower: Any
    walk: LegacyWalk


def run_of(case: Case) -> Run:
    """The run of a case; its assets are a pool without a deal, whose par the cash flows take."""
    as_of = date.fromisoformat(case["analysis_date"])
    by_id = {item["asset"]["BLKRockID"]: item for item in case["assets"]}
    holdings = []
    for key in case["asset_order"]:
        holding = legacy_records.holding(by_id[key])
        asset = with_ratings(holding.asset, as_of, LEGACY)
        holdings.append(replace(holding, par=float(by_id[key]["par"]), asset=asset))
    rules = CorrelationRules(*(Relationship(float(row[1]), float(row[2])) for row in case["correlation_table"][1:4]))
    lower = cholesky(legacy_rule_matrix([holding.asset for holding in holdings], rules))
    matrix = np.array(case["annual_transition_matrix"], dtype=np.float64)
    walk = lay_out_walk(
        [holding.asset for holding in holdings],
        case["asset_order"],
        lower,
        cumulative_rows(period_matrix(matrix, case["period"])),
        as_of,
        months_of(case["period"]),
    )
    return Run(as_of, tuple(holdings), lower, walk)


def labels_of(run: Run, case: Case) -> Any:
    """Labels of the path after the recorded draws."""
    draws = np.array(case["uniform_draws"]).reshape(run.walk.n_periods, len(run.walk.ids))
    return labels_of_draws(run.walk, correlated_uniforms(run.walk, ndtri(draws)))


def test_the_file_has_cases(reference: Path) -> None:
    """An empty file would pass every test below."""
    assert (reference / "golden" / "credit_migration.json").is_file()
    assert CASES


@every_case
def test_the_generator_gives_the_recorded_draws(case: Case) -> None:
    """All draws of the seed, bit for bit, in the order in which they were used."""
    draws = LegacyRandom(case["seed"]).uniforms(len(case["uniform_draws"]))

    assert draws.tolist() == case["uniform_draws"]


@every_case
def test_matrices_are_the_recorded_ones(case: Case) -> None:
    """Cumulative probabilities of a period and the factor of the correlations."""
    run = run_of(case)

    assert_allclose(run.walk.cumulative, case["cumulative_period_matrix"], rtol=RELATIVE, atol=1e-15)
    assert_allclose(run.lower, case["correlation_cholesky"], rtol=RELATIVE, atol=1e-15)


@every_case
def test_every_asset_has_the_recorded_rating_history(case: Case) -> None:
    """Periods, dates and labels agree asset by asset."""
    run = run_of(case)
    labels = labels_of(run, case)
    found = {
        holding.asset.blkrock_id: [
            [str(on), rating] for on, rating in rating_history(run.walk, labels, i, holding.asset.sp_rating)
        ]
        for i, holding in enumerate(run.holdings)
    }

    assert run.walk.n_periods == case["periods"]
    assert found == case["rating_history"]


@every_case
def test_counts_and_balances_are_the_recorded_ones(case: Case) -> None:
    """Every count, balance and default rate of every period."""
    run = run_of(case)
    tables = balance_tables(run.walk, run.holdings, run.as_of, CALENDAR, has_positions=False)
    fields = single_deal_fields(run.walk, tables, labels_of(run, case)[:, :, np.newaxis])[:, :, 0]
    for rows, names, tolerance in (
        (case["counts_by_period"], COUNTS, 0.0),
        (case["balances_by_period"], BALANCES, MONEY),
    ):
        assert {key for row in rows for key in row} == set(names)
        wanted = np.array([[row[legacy] for row in rows] for legacy in names])
        found = fields[[ROW_OF_FIELD[name] for name in names.values()]]

        assert_allclose(found, wanted, rtol=RELATIVE, atol=tolerance)


@every_case
def test_a_seeded_simulation_is_the_recorded_path(case: Case) -> None:
    """Drawing, correlating and walking at one go ends where the recorded draws do."""
    run = run_of(case)

    simulated = simulate_legacy(run.walk, 1, LegacyRandom(case["seed"]))

    assert (simulated[:, :, 0] == labels_of(run, case)).all()
