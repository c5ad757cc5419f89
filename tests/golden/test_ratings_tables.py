"""The rating tables of the legacy model, entry by entry, against golden/ratings_tables.json."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.collateral.ratings import (
    Agency,
    moodys_rank,
    notched,
    rating_factor,
    rating_rank,
    sp_state,
    sp_state_text,
)
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks
AGENCIES = {"Moodys": Agency.MOODYS, "SandP": Agency.SP, "Fitch": Agency.FITCH}

Case = dict[str, Any]

TABLES: dict[str, tuple[str, Callable[[Case], object]]] = {
    "rank": ("rank", lambda case: rating_rank(case["rating"], LEGACY)),
    "notch": ("rating", lambda case: notched(case["rank"], case["notch"], AGENCIES[case["agency"]], LEGACY)),
    "enum_sp": ("value", lambda case: sp_state(case["rating"], LEGACY)),
    "enum_moody": ("value", lambda case: moodys_rank(case["rating"])),
    "factor": ("factor", lambda case: rating_factor(case["rating"], LEGACY)),
    "enum_sp_to_text": ("text", lambda case: sp_state_text(case["value"])),
}
"""The member with the recorded result, and what the engine says, by table."""


def test_every_recorded_table_entry_is_reproduced(reference: Path) -> None:
    """Ranks, notches, states, rating factors and texts are the legacy model's, for texts it does not know as well."""
    cases = json.loads((reference / "golden" / "ratings_tables.json").read_text(encoding="utf-8"))["cases"]
    results = [(case, case[TABLES[case["table"]][0]], TABLES[case["table"]][1](case)) for case in cases]

    assert results
    assert [(case, found) for case, expected, found in results if found != expected] == []
