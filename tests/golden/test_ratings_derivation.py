"""Ratings derived on a grid of agency columns, against golden/ratings_derivation.json."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.collateral.rating_derivation import DerivedRatings, derived_ratings, with_ratings
from engine.modes import Mode
from tests.golden import legacy_records

LEGACY = Mode.LEGACY.quirks

Record = dict[str, Any]


@pytest.fixture(scope="module")
def recorded(reference: Path) -> Record:
    return json.loads((reference / "golden" / "ratings_derivation.json").read_text(encoding="utf-8"))


def as_recorded(derived: DerivedRatings) -> Record:
    """Derived ratings under the names of the file."""
    return {
        "moody_rating": derived.moodys.rating,
        "moody_dp_rating": derived.default_probability.rating,
        "moody_dp_rating_warf": derived.warf.rating,
        "sp_rating": derived.sp.rating,
        "moody_recovery_rate": derived.moodys_recovery_rate,
        "moody_from_sp": derived.moodys_from_sp.rating,
        "sp_from_moody": derived.sp_from_moodys.rating,
    }


def test_every_recorded_derivation_is_reproduced(recorded: Record) -> None:
    """All seven results of every case in legacy mode, credit estimates aged on the recorded day."""
    now = date.fromisoformat(recorded["now"])
    results = [
        (case, as_recorded(derived_ratings(legacy_records.asset(case["asset"]), now, LEGACY)))
        for case in recorded["cases"]
    ]

    assert results
    assert [(case, found) for case, found in results if found != case["result"]] == []


def test_an_asset_without_ratings_is_given_the_recorded_ones(recorded: Record) -> None:
    """Filling the blank fields of an asset writes the derived ratings and the recovery rate into them."""
    now = date.fromisoformat(recorded["now"])

    for case in recorded["cases"]:
        filled = with_ratings(legacy_records.asset(case["asset"]), now, LEGACY)
        found = {
            "moody_rating": filled.mdy_rating,
            "moody_dp_rating": filled.mdy_dp_rating,
            "moody_dp_rating_warf": filled.mdy_dp_rating_warf,
            "sp_rating": filled.sp_rating,
            "moody_recovery_rate": filled.mdy_recovery_rate,
        }

        assert found == {name: case["result"][name] for name in found}, case["id"]
