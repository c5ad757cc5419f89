"""Compliance in the database: results by run, their history, accepted baselines, and the limits of deals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from db.compliance_rows import append_rows, keep_catalogue, keep_tests, metrics_row, result_row
from db.run_arrays import load_arrays, store_arrays
from db.runs import FINISHED, StoredRun
from engine.compliance.catalogue import FIRST_OWN_TEST
from engine.compliance.definition import Definition, Unit
from engine.compliance.metrics import PeriodCollections, PoolMetrics
from engine.compliance.results import Baseline, ComplianceResult, PastResult
from engine.compliance.terms import Direction
from engine.errors import InputError

COMPLIANCE = "compliance"
"""The kind of a run that tests a deal's holdings."""
_TEXTS = "compliance."
_OWN_TESTS_LOCK = 3_001_004


class ComplianceRepository:
    """Compliance on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    # Results

    def store(
        self, run: StoredRun, results: Sequence[ComplianceResult], metrics: PoolMetrics, texts: Mapping[str, bytes]
    ) -> None:
        """Append what a run found: the rows of the seed's tables, and `texts` exactly; `texts` gives them back."""
        keep_catalogue(self._connection)
        self.append_results(run, results)
        append_rows(
            self._connection,
            "collateral_pool_metrics",
            run.run_id,
            run.started_at,
            {"deal_id": run.deal_id},
            [metrics_row(metrics)],
        )
        arrays = {f"{_TEXTS}{name}": np.frombuffer(text, np.uint8) for name, text in texts.items()}
        store_arrays(self._connection, run.run_id, run.started_at, arrays)

    def append_results(self, run: StoredRun, results: Sequence[ComplianceResult]) -> None:
        """Append the rows of `compliance_test_results`, whose tests are in `compliance_tests`."""
        shared = {"deal_id": run.deal_id, "test_date": run.as_of}
        rows = [result_row(result) for result in results]
        append_rows(self._connection, "compliance_test_results", run.run_id, run.started_at, shared, rows)

    def texts(self, run: StoredRun) -> dict[str, bytes]:
        """The texts of a run by name."""
        found = load_arrays(self._connection, run.run_id, run.started_at, prefix=_TEXTS)
        return {name.removeprefix(_TEXTS): array.tobytes() for name, array in found.items()}

    def newest(self, deal_id: str, as_of: date, mode: str) -> int | None:
        """The last good compliance run of a deal, date and mode."""
        row = self._connection.execute(
            "SELECT run_id FROM runs WHERE deal_id = %s AND as_of = %s AND mode = %s AND kind = %s AND status = %s"
            " ORDER BY started_at DESC, run_id DESC LIMIT 1",
            [deal_id, as_of, mode, COMPLIANCE, FINISHED],
        ).fetchone()
        return None if row is None else int(row[0])

    def history(self, deal_id: str, mode: str, test_id: int | None = None) -> tuple[PastResult, ...]:
        """Every test, or one, on every day that was tested, oldest first, in the order of the run."""
        rows = self._connection.execute(
            "SELECT r.run_id, r.test_date, r.test_id, t.test_name, t.test_description, r.unit, r.direction,"
            " r.calculated_value::float8, r.threshold_value::float8,"
            " r.cushion::float8, r.pass_fail, r.is_applicable, r.is_maintained, coalesce(r.ranked_name, '')"
            " FROM compliance_test_results AS r JOIN compliance_tests AS t USING (test_id)"
            " JOIN (SELECT DISTINCT ON (as_of) run_id, started_at FROM runs"
            " WHERE deal_id = %s AND mode = %s AND kind = %s AND status = %s"
            " ORDER BY as_of, started_at DESC, run_id DESC) AS run"
            " ON run.run_id = r.run_id AND run.started_at = r.run_at"
            " WHERE %s::int IS NULL OR r.test_id = %s ORDER BY r.test_date, r.result_id",
            [deal_id, mode, COMPLIANCE, FINISHED, test_id, test_id],
        ).fetchall()
        return tuple(map(_past, rows))

    def collections(self, deal_id: str, as_of: date) -> tuple[PeriodCollections, ...]:
        """Collections by period of the last good run of a deal from a date; none where it was not run."""
        rows = self._connection.execute(
            "SELECT period_number, calculation_date, interest_collections::float8, principal_collections::float8"
            " FROM collateral_pool_metrics AS m JOIN current_runs AS run ON run.run_id = m.run_id"
            " AND run.run_at = m.run_at WHERE run.deal_id = %s AND run.as_of = %s ORDER BY period_number",
            [deal_id, as_of],
        ).fetchall()
        return tuple(PeriodCollections(period=r[0], collection_end=r[1], interest=r[2], principal=r[3]) for r in rows)

    # Baselines

    def accept(self, run: StoredRun, value_by_test: Mapping[int, float]) -> dict[int, Baseline]:
        """Take results of a run as the levels to maintain or improve on, from its date on, in the name of the user."""
        rows = self._connection.execute(
            "INSERT INTO compliance_baselines (deal_id, test_id, mode, test_date, value, run_id, accepted_by)"
            " SELECT %s, test_id, %s, %s, value, %s,"
            " coalesce(nullif(current_setting('clodesk.user', true), ''), session_user)"
            " FROM unnest(%s::int[], %s::float8[]) WITH ORDINALITY AS k (test_id, value, place) ORDER BY place"
            " RETURNING test_id, value, test_date, accepted_by",
            [run.deal_id, run.mode, run.as_of, run.run_id, list(value_by_test), list(value_by_test.values())],
        ).fetchall()
        return {row[0]: Baseline(value=row[1], as_of=row[2], accepted_by=row[3]) for row in rows}

    def baselines(self, deal_id: str, mode: str, as_of: date) -> dict[int, Baseline]:
        """The last accepted result of every test on a date."""
        rows = self._connection.execute(
            "SELECT DISTINCT ON (test_id) test_id, value, test_date, accepted_by FROM compliance_baselines"
            " WHERE deal_id = %s AND mode = %s AND test_date <= %s"
            " ORDER BY test_id, test_date DESC, accepted_at DESC, baseline_id DESC",
            [deal_id, mode, as_of],
        ).fetchall()
        return {row[0]: Baseline(value=row[1], as_of=row[2], accepted_by=row[3]) for row in rows}

    # Tests that deals define themselves

    def own_test_ids(self) -> dict[str, int]:
        """Their ids by name."""
        rows = self._connection.execute(
            "SELECT test_name, test_id FROM compliance_tests WHERE test_id >= %s", [FIRST_OWN_TEST]
        ).fetchall()
        return dict(rows)

    def keep_own_tests(self, tests: Sequence[Definition]) -> None:
        """Enter tests under their names: a new name gets the next id, a known one keeps its own.

        Raises InputError CLO-3022 for a name that stands for another formula.
        """
        if not tests:
            return
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_OWN_TESTS_LOCK])
        rows = self._connection.execute("SELECT test_name, test_id, test_formula FROM compliance_tests").fetchall()
        known = {name: (test_id, formula) for name, test_id, formula in rows}
        following = max([FIRST_OWN_TEST, *(test_id + 1 for test_id, _ in known.values())])
        numbered: dict[int, Definition] = {}
        for test in tests:
            if known.setdefault(test.name, (following, test.formula))[1] != test.formula:
                raise InputError(
                    "CLO-3022",
                    f"Test {test.name} is {known[test.name][1]} already, not {test.formula}",
                    remedy="Write the same filter, or give this one another name.",
                )
            test_id = known[test.name][0]
            numbered[test_id] = replace(test, id=test_id)
            following = max(following, test_id + 1)
        keep_tests(self._connection, numbered.values())

    # Limits

    def limits(self, deal_id: str) -> dict[str, Any] | None:
        """The document of a deal's limits, None where it has none."""
        row = self._connection.execute("SELECT content FROM deal_limits WHERE deal_id = %s", [deal_id]).fetchone()
        return None if row is None else row[0]

    def save_limits(self, deal_id: str, content: Mapping[str, Any] | None) -> None:
        """Store a document in place of the deal's earlier one; None takes it away."""
        if content is None:
            self._connection.execute("DELETE FROM deal_limits WHERE deal_id = %s", [deal_id])
            return
        self._connection.execute(
            "INSERT INTO deal_limits (deal_id, content) VALUES (%s, %s)"
            " ON CONFLICT (deal_id) DO UPDATE SET content = excluded.content",
            [deal_id, Jsonb(dict(content))],
        )


def _past(row: Sequence[Any]) -> PastResult:
    values = dict(zip(PastResult.__dataclass_fields__, row, strict=True))
    return PastResult(**values | {"unit": Unit(values["unit"]), "direction": Direction(values["direction"])})
