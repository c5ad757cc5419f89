"""Index curves of the legacy model against golden/yield_curves.json: nodes, spot and zero rates, life past the end."""

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.conventions.days import day_array, to_dates
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Mode

RELATIVE = 1e-9
# Rates of the legacy file that are 0 come from a power and a root of numbers near 1.
ABSOLUTE = 1e-14

Case = dict[str, Any]


def curve_of(case: Case) -> IndexCurve:
    points = [(int(month), float(rate)) for month, rate in case["curve"]["rates"]]
    return IndexCurve.of(date.fromisoformat(case["curve"]["analysis_date"]), points, Mode.LEGACY.quirks)


def mismatches(found: list[float], expected: list[Any], labels: list[Any]) -> list[Any]:
    return [
        (label, value, wanted)
        for label, value, wanted in zip(labels, found, expected, strict=True)
        if not math.isclose(value, wanted, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    ]


@pytest.fixture(scope="module")
def cases(reference: Path) -> list[Case]:
    content = json.loads((reference / "golden" / "yield_curves.json").read_text())
    listed: list[Case] = content["cases"]
    assert listed
    return listed


@pytest.fixture(scope="module")
def built(cases: list[Case]) -> list[tuple[Case, IndexCurve]]:
    return [(case, curve_of(case)) for case in cases if "setup_error" not in case]


def test_a_curve_the_legacy_model_could_not_build_is_refused(cases: list[Case]) -> None:
    """LQ-48: without month 1 there is an error and no number."""
    for case in cases:
        if "setup_error" in case:
            with pytest.raises(InputError):
                curve_of(case)


def test_forwards_stand_on_the_recorded_nodes(built: list[tuple[Case, IndexCurve]]) -> None:
    """Every node has its date and its one-month forward."""
    for case, curve in built:
        assert [text for text, _ in case["forwards"]] == [on.isoformat() for on in to_dates(curve.node_days)]
        assert not mismatches(curve.forwards.tolist(), [rate for _, rate in case["forwards"]], case["forwards"])
        assert int(curve.months[-1]) == case["last_month"]


def test_spot_rates_are_reproduced(built: list[tuple[Case, IndexCurve]]) -> None:
    """Every recorded spot rate comes out, each asked of a fresh curve."""
    for case, curve in built:
        queries = case["spot"]
        found = [curve.spot(date.fromisoformat(query["date"]), query["months"]) for query in queries]

        assert not mismatches(found, [query["rate"] for query in queries], queries)


def test_zero_rates_are_reproduced(built: list[tuple[Case, IndexCurve]]) -> None:
    """Every recorded zero rate comes out, first-month interpolation from 0 included."""
    for case, curve in built:
        queries = case["zero"]
        found = [curve.zero(date.fromisoformat(query["start"]), date.fromisoformat(query["end"])) for query in queries]

        assert not mismatches(found, [query["rate"] for query in queries], queries)


def test_a_look_past_the_end_spoils_the_queries_after_it(built: list[tuple[Case, IndexCurve]]) -> None:
    """LQ-47: four queries in a row on one curve, the second beyond its last node."""
    for case, curve in built:
        queries = case["past_end_sequence_same_object"]
        days = day_array(date.fromisoformat(query["date"]) for query in queries)
        found = curve.spots(days, np.array([query["months"] for query in queries]))

        assert not mismatches(found.tolist(), [query["rate"] for query in queries], queries)
