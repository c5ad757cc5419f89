"""Compliance tests in legacy mode: every case of golden/compliance.json."""

import json
from typing import Any

import numpy as np
import pytest

from engine.compliance.evaluation import Evaluation, accepted, evaluate, ranked_name
from engine.compliance.forms import RankedGroups
from engine.compliance.objective import objective
from engine.errors import ClodeskError
from engine.modes import Mode
from tests.golden.compliance_records import plan_and_holdings

Record = dict[str, Any]
_RELATIVE = 1e-9


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        from tests.conftest import reference_folder

        path = reference_folder() / "golden" / "compliance.json"
        file = json.loads(path.read_text()) if path.exists() else {"cases": []}
        metafunc.parametrize(
            ("file", "case"), [(file, case) for case in file["cases"]], ids=[c["id"] for c in file["cases"]]
        )


def test_case(file: Record, case: Record) -> None:
    """Results, thresholds, verdicts, names, numerators, denominators, objective and baselines."""
    outputs = case["outputs"]
    if "error" in outputs:
        with pytest.raises(ClodeskError):
            _run(file, case)
        return
    plan, found, weighted = _run(file, case)

    assert [setting.test_id for setting in plan.settings] == [row["test_number"] for row in outputs["results"]]
    for place, row in enumerate(outputs["results"]):
        assert found.value[place] == pytest.approx(row["result"], rel=_RELATIVE, abs=1e-15), row
        assert found.threshold[place] == pytest.approx(row["threshold"], rel=_RELATIVE), row
        assert found.numerator[place] == pytest.approx(row["numerator"], rel=_RELATIVE, abs=1e-6), row
        assert found.denominator[place] == pytest.approx(row["denominator"], rel=_RELATIVE), row
        assert bool(found.is_passed[place]) == row["passed"], row
        assert row["comments"].upper() in {name.upper() for name in _names_of_rank(found, place)}, row
    assert weighted == pytest.approx(outputs["objective"], rel=_RELATIVE)


def _names_of_rank(found: Evaluation, place: int) -> set[str]:
    """The groups that may stand at a test's rank: of those with the same par, any (the README: ties have no order)."""
    form = found.plan.forms[place]
    if not isinstance(form, RankedGroups) or form.is_by_name:
        return {ranked_name(found, place)}
    name = ranked_name(found, place)
    if not name:
        return {""}
    counted = form.codes >= 0
    par = np.bincount(form.codes[counted], found.holdings.par[counted], len(form.names))
    return {form.names[group] for group in np.flatnonzero(par == par[form.names.index(name)])}


def _run(file: Record, case: Record) -> Any:
    plan, held = plan_and_holdings(case["inputs"], file, Mode.LEGACY.quirks)
    found = evaluate(plan, held)
    weights = {int(number): weight for number, weight in case["inputs"]["objective_weights"].items()}
    accepted(found)
    return plan, found, objective(found, weights)
