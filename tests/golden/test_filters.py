"""The filter language in legacy mode: golden/filters.json."""

import json
import math
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.collateral.filters.domains import key_of
from engine.collateral.filters.fields import FIELDS
from engine.collateral.filters.legacy import legacy_reading
from engine.collateral.filters.mask import AssetColumns, mask
from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.text import FilterError
from engine.collateral.rating_derivation import with_ratings
from engine.modes import Mode
from tests.conftest import reference_folder
from tests.golden.legacy_records import asset

LEGACY = Mode.LEGACY.quirks
RELATIVE = 1e-9


@lru_cache
def recorded(name: str) -> Any:
    """A golden file, or an empty one where there are no reference data."""
    path = reference_folder() / "golden" / name
    return json.loads(path.read_text()) if path.is_file() else {"cases": [], "mag17_assets": [], "now": ""}


@lru_cache
def pool() -> tuple[AssetColumns, np.ndarray]:
    """The assets as they stand in a pool, with derived ratings, and their positions."""
    content = recorded("filters.json")
    as_of = date.fromisoformat(content["now"])
    entries = content["mag17_assets"]
    assets = [with_ratings(asset(entry["asset"]), as_of, LEGACY) for entry in entries]
    return AssetColumns(assets), np.array([entry["par"] for entry in entries])


@pytest.mark.parametrize("case", recorded("filters.json")["cases"], ids=lambda case: case["filter"])
def test_every_recorded_filter_is_reproduced(reference: Path, case: dict[str, Any]) -> None:
    """The legacy reading chooses the recorded assets in their order, or fails where the legacy model failed."""
    assets, par = pool()
    if "error" in case:
        with pytest.raises(FilterError):
            parse_filter(case["filter"], LEGACY)
        return

    chosen = mask(parse_filter(case["filter"], LEGACY), assets)

    assert [name for name, is_chosen in zip(assets.ids, chosen, strict=True) if is_chosen] == case["ids"]
    assert np.count_nonzero(chosen) == case["count"]
    assert math.isclose(par[chosen].sum(), case["par"], rel_tol=RELATIVE)


def test_all_cases_are_there(reference: Path) -> None:
    """The file has cases, so that the test above means something."""
    assert recorded("filters.json")["cases"]


@pytest.mark.parametrize(("table", "field"), [("enum_sp", "sp_rating"), ("enum_moody", "mdy_rating")])
def test_every_recorded_ordinal_is_reproduced(reference: Path, table: str, field: str) -> None:
    """Both agencies' texts have the ordinal of the legacy filter in either rating field."""
    cases = [case for case in recorded("ratings_tables.json")["cases"] if case["table"] == table]
    reading = legacy_reading(FIELDS[field], LEGACY)

    assert cases
    assert {case["rating"]: key_of(reading, case["rating"]) for case in cases} == {
        case["rating"]: case["value"] for case in cases
    }
