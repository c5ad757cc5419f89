"""MAG 17 as of 23 March 2016 from the reference data: the deal that spec 05 reconciles with."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.evaluation import Holdings
from engine.compliance.plan import Plan, plan_of
from engine.compliance.portfolio import portfolio_of
from engine.compliance.terms import DealTerms, Direction, TestSetting
from engine.modes import Mode, Quirks
from tests.golden.mag17_extract import extract_asset, extract_par, extract_rows

AS_OF = date(2016, 3, 23)
LOAN_K = "BRSG2UJ71"
"""The loan of the worked examples of spec 05: spread 8.5 %, Caa2, price 99.333."""
_PARAMETERS = {
    "current_libor": "current_libor",
    "reinvestment_target_balance": "reinvestment_target_balance",
    "weighted_average_spread": "weighted_average_spread",
    "warf_factor": "warf_factor",
    "warf_threshold": "warf_threshold",
    "junior_oc_denominator": "jr_oc_denominator",
}


@dataclass(frozen=True)
class Mag17:
    """The deal's tests, holdings and objective weights, and the results that the workbook recorded."""

    plan: Plan
    holdings: Holdings
    weights: Mapping[int, float]
    expected: Mapping[str, Any]


def mag17(reference: Path, quirks: Quirks = Mode.LEGACY.quirks, others: Iterable[Asset] = ()) -> Mag17:
    """MAG 17 with its stored inputs; others: candidates beside the loans held."""
    folder = reference / "data" / "mag17"
    expected = json.loads((folder / "compliance_expected.json").read_text(encoding="utf-8"))
    inputs = expected["inputs"]
    rows = extract_rows(reference)
    portfolio = portfolio_of([*map(extract_asset, rows), *others], AS_OF, quirks)
    terms = DealTerms(
        deal="Mag 17",
        as_of=AS_OF,
        parameters={name: float(inputs[theirs]) for name, theirs in _PARAMETERS.items()},
        stated_maturity=date.fromisoformat(inputs["stated_maturity"]),
    )
    settings = [
        TestSetting(test_id=row["test_id"], direction=Direction(row["direction"]), threshold=row["threshold"])
        for row in expected["configured_tests"]
    ]
    par = np.zeros(len(portfolio))
    for row in rows:
        par[portfolio.row_of[row["BLKRockID"]]] = extract_par(row)
    weights = {int(test): weight for test, weight in inputs["objective_weights"].items()}
    holdings = Holdings(par, inputs["principal_proceeds"])
    return Mag17(plan_of(portfolio, terms, settings), holdings, weights, expected)
