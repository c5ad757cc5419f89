"""What the command line prints for scripts: JSON with the names of the records; money, rates and ratios unrounded."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from engine.deal.results import IC_COLUMNS, OC_COLUMNS, RISK_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.desk.records import ImportOutcome, RunOutcome, ValidationOutcome
from engine.errors import ClodeskError
from engine.snapshot import Finding
from engine.validation import Violation


def text(value: Any) -> str:
    """JSON text; numbers that JSON does not know become null."""
    return orjson.dumps(
        value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_INDENT_2
    ).decode()


def record(value: Any) -> str:
    """One record."""
    return text(value)


def records(values: Sequence[Any]) -> str:
    """A list of records."""
    return text(list(values))


def errors(found: Sequence[ClodeskError]) -> str:
    """Errors by their parts."""
    return text([{"number": e.number, "problem": e.problem, "where": e.where, "remedy": e.remedy} for e in found])


def imported(outcome: ImportOutcome) -> str:
    """An import with all its findings and changes."""
    return text(
        {
            "message": outcome.message,
            "is_written": outcome.is_written,
            "has_errors": outcome.has_errors,
            "findings": _remarks(outcome.findings),
            "violations": _remarks(outcome.violations),
            "changes": [asdict(change) for change in outcome.changes],
        }
    )


def validated(outcomes: Sequence[ValidationOutcome]) -> str:
    """What validation says, one object a workbook."""
    return text(
        [
            {
                "file": outcome.file,
                "as_of": outcome.as_of,
                "deals": outcome.deals,
                "has_errors": outcome.has_errors,
                "findings": _remarks(outcome.findings),
                "violations": _remarks(outcome.violations),
            }
            for outcome in outcomes
        ]
    )


def _remarks(found: Sequence[Finding | Violation]) -> list[dict[str, Any]]:
    return [asdict(remark) | {"severity": remark.severity.value} for remark in found]


def run(outcome: RunOutcome) -> str:
    """One run: its head, the risk measures and cash flows of every class, the tests of every period."""
    return text(_run(outcome))


def runs(outcomes: Sequence[RunOutcome]) -> str:
    """Several runs."""
    return text([_run(outcome) for outcome in outcomes])


def _run(outcome: RunOutcome) -> dict[str, Any]:
    result = outcome.result
    return {
        "run_id": outcome.run_id,
        "answered_from": outcome.answered_from,
        "summary": outcome.summary,
        "failure": result.failure,
        "last_period": result.last_period,
        "payment_dates": [str(day) for day in result.dates.payment],
        "classes": {name: _class(result, t) for t, name in enumerate(result.tranche_names)},
        "oc_tests": _tests(result.oc_names, result.oc_triggers, result.oc, OC_COLUMNS),
        "ic_tests": _tests(result.ic_names, result.ic_triggers, result.ic, IC_COLUMNS),
    }


def _class(result: DealResult, t: int) -> dict[str, Any]:
    return {
        "risk": dict(zip(RISK_COLUMNS, result.risk[t].tolist(), strict=True)),
        "cash_flows": {name: result.tranches[:, t, c].tolist() for c, name in enumerate(TRANCHE_COLUMNS)},
    }


def _tests(names: Sequence[str], triggers: Sequence[float], block: Any, columns: Sequence[str]) -> dict[str, Any]:
    return {
        name: {"trigger": triggers[k]} | {column: block[:, k, c].tolist() for c, column in enumerate(columns)}
        for k, name in enumerate(names)
    }
