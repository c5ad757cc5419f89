"""Ranks of ratings in legacy mode: the rank table of golden/ratings_tables.json."""

import json
from pathlib import Path

from engine.collateral.ratings import rating_rank
from engine.modes import Mode


def test_every_recorded_rank_is_reproduced(reference: Path) -> None:
    """S&P and Moody's texts have the legacy rank, 0 where the table does not know them."""
    cases = json.loads((reference / "golden" / "ratings_tables.json").read_text())["cases"]
    ranks = [(case["rating"], case["rank"]) for case in cases if case["table"] == "rank"]

    assert ranks
    assert [(rating, rating_rank(rating, Mode.LEGACY.quirks)) for rating, _ in ranks] == ranks
