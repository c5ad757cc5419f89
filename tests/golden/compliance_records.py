"""Reads the compliance inputs of the golden files into the engine's records; works for any folder laid out alike."""

from datetime import date
from typing import Any

import numpy as np

from engine.compliance.evaluation import Holdings
from engine.compliance.plan import Plan, plan_of
from engine.compliance.portfolio import Portfolio, portfolio_of
from engine.compliance.terms import LABELS, STATED_MATURITY_LABEL, DealTerms, Direction, TestSetting
from engine.modes import Quirks
from tests.golden.legacy_records import asset

Record = dict[str, Any]


def settings(rows: list[Record]) -> tuple[TestSetting, ...]:
    """Configured tests in the order of the file; an overwrite of 0 is none."""
    return tuple(
        TestSetting(
            test_id=row["test"],
            direction=Direction.MAX if row["minmax"] == "MAX" else Direction.MIN,
            threshold=row["threshold"],
            overwrite=row["overwrite"] or None,
            baseline=row["previous"],
        )
        for row in rows
    )


def terms(inputs: Record, as_of: date) -> DealTerms:
    """Quality inputs by their canonical names."""
    labelled = inputs["test_inputs"]
    maturity = labelled.get(STATED_MATURITY_LABEL)
    return DealTerms(
        deal="golden",
        as_of=as_of,
        parameters={name: float(labelled[label]) for label, name in LABELS.items() if label in labelled},
        stated_maturity=date.fromisoformat(maturity) if maturity else None,
    )


def positions(inputs: Record, file: Record) -> list[Record]:
    """(asset record, par) rows of a case: the file's pool, some of its assets with other par, or the case's own."""
    if inputs["assets"]:
        return list(inputs["assets"])
    rows = file["mag17_assets"]
    if inputs["pars"]:
        known = {row["asset"]["BLKRockID"]: row["asset"] for row in rows}
        return [{"asset": known[name], "par": par} for name, par in inputs["pars"].items()]
    return list(rows)


def plan_and_holdings(inputs: Record, file: Record, quirks: Quirks) -> tuple[Plan, Holdings]:
    """The plan and the holdings of a case."""
    as_of = date.fromisoformat(file["now"])
    rows = positions(inputs, file)
    portfolio = portfolio_of([asset(row["asset"]) for row in rows], as_of, quirks)
    return plan_of(portfolio, terms(inputs, as_of), settings(inputs["thresholds"])), holdings(portfolio, rows, inputs)


def holdings(portfolio: Portfolio, rows: list[Record], inputs: Record) -> Holdings:
    """Par in the order of the portfolio."""
    par = np.zeros(len(portfolio))
    for row in rows:
        par[portfolio.row_of[row["asset"]["BLKRockID"]]] += row["par"]
    return Holdings(par, inputs["principal_proceeds"])
