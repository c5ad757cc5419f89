"""Compliance in rows: the tests, the results of a run, the pool as it stood; amounts rounded half to even."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from db.current_state import rounding_to, upsert
from db.models import METADATA
from db.snapshot_rows import copy_rows
from engine.compliance.catalogue import CATALOGUE, FIRST_OWN_TEST
from engine.compliance.definition import Definition
from engine.compliance.metrics import RATING_BUCKETS, UNRATED, Concentration, PoolMetrics
from engine.compliance.results import ComplianceResult

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]

OPENING_PERIOD = 0
"""Period of the row that shows the pool as it stands."""
MOST_LISTED = 10
"""Industries and obligors that the row of a pool lists; countries are listed all."""


def keep_catalogue(connection: Connection, definitions: Iterable[Definition] = CATALOGUE) -> None:
    """Bring `compliance_tests` to the catalogue; a test that it no longer has stays, inactive.

    Tests that deals define themselves stay as they are.
    """
    ids = keep_tests(connection, definitions)
    connection.execute(
        "UPDATE compliance_tests SET active = false WHERE active AND test_id < %s AND test_id <> ALL(%s)",
        [FIRST_OWN_TEST, ids],
    )


def keep_tests(connection: Connection, definitions: Iterable[Definition]) -> list[int]:
    """Bring the rows of some tests to their definitions; their ids."""
    rows = [definition_row(definition) for definition in definitions]
    upsert(connection, "compliance_tests", ["test_id"], list(rows[0]), (list(row.values()) for row in rows))
    return [row["test_id"] for row in rows]


def definition_row(definition: Definition) -> Row:
    """A test as a row."""
    return {
        "test_id": definition.id,
        "test_name": definition.name,
        "test_category": definition.category.value,
        "test_formula": definition.formula,
        "threshold_type": definition.direction.value,
        "test_description": definition.label,
        "regulatory_source": definition.source,
        "active": True,
        "unit": definition.unit.value,
        "standing": definition.standing.value,
        "parameters": list(definition.parameters),
        "asset_facts": list(definition.asset_facts),
    }


def result_row(result: ComplianceResult) -> Row:
    """A result as a row, without its run."""
    return {
        "test_id": result.test_id,
        "calculated_value": result.value,
        "threshold_value": result.threshold,
        "pass_fail": result.is_passed,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "test_comments": result.comment or None,
        "direction": result.direction.value,
        "unit": result.unit.value,
        "threshold_source": result.threshold_source.value,
        "baseline": None if result.baseline is None else result.baseline.value,
        "cushion": result.cushion,
        "is_applicable": result.is_applicable,
        "is_maintained": result.is_maintained,
        "ranked_name": result.ranked_name or None,
        "drivers": Jsonb([{"blkrock_id": item.blkrock_id, "amount": item.amount} for item in result.drivers]),
    }


def metrics_row(metrics: PoolMetrics) -> Row:
    """The pool as it stands as a row, without its run."""
    shares = {item.name: item.share for item in metrics.ratings}
    industries = {"moodys": metrics.moodys_industries, "sp": metrics.sp_industries}
    return {
        "calculation_date": metrics.as_of,
        "period_number": OPENING_PERIOD,
        "total_par_amount": metrics.total_par,
        "total_market_value": metrics.market_value,
        "weighted_average_life": metrics.wal_years,
        "weighted_average_coupon": metrics.wac,
        **{f"{bucket}_percentage": shares[bucket] for bucket in (*RATING_BUCKETS, UNRATED)},
        "industry_concentrations": Jsonb({name: _listed(items[:MOST_LISTED]) for name, items in industries.items()}),
        "geographic_concentrations": Jsonb(_listed(metrics.countries)),
        "principal_cash": metrics.principal_cash,
        "collateral_principal_amount": metrics.collateral_principal_amount,
        "defaulted_par": metrics.defaulted_par,
        "unpriced_par": metrics.unpriced_par,
        "weighted_average_spread": metrics.was,
        "weighted_average_recovery": metrics.warr,
        "weighted_average_rating_factor": metrics.warf,
        "diversity_score": metrics.diversity_score,
        "number_of_assets": metrics.n_assets,
        "number_of_obligors": metrics.n_obligors,
        "obligor_concentrations": Jsonb(_listed(metrics.obligors[:MOST_LISTED])),
    }


def _listed(items: Sequence[Concentration]) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "par": item.par, "share": item.share} | ({"label": item.label} if item.label else {})
        for item in items
    ]


def append_rows(
    connection: Connection, table: str, run_id: int, run_at: datetime, shared: Row, rows: Sequence[Row]
) -> None:
    """Append rows of a run, each with the values that all of them share, at the scales of the columns."""
    if not rows:
        return
    head = {"run_id": run_id, "run_at": run_at, **shared}
    names = [*head, *rows[0]]
    rounding = [rounding_to(METADATA.tables[table].c[name].type) for name in names]
    copy_rows(
        connection,
        table,
        names,
        (
            [round_it(value) for round_it, value in zip(rounding, (*head.values(), *row.values()), strict=True)]
            for row in rows
        ),
    )
