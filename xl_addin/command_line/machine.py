"""What the command line prints for scripts: JSON with the names of the records; money, rates and ratios unrounded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from engine.compliance.results import Baseline, ComplianceResult, PastResult
from engine.deal.results import IC_COLUMNS, OC_COLUMNS, RISK_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.desk.records import (
    ComplianceOutcome,
    ImportOutcome,
    OptimiserOutcome,
    RebalanceOutcome,
    RunOutcome,
    TradeOutcome,
    ValidationOutcome,
)
from engine.errors import ClodeskError
from engine.snapshot import Finding
from engine.trading.hypothetical import Comparison
from engine.trading.ranking import RankedTrade
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


def compliance(
    outcome: ComplianceOutcome,
    tests: Sequence[int],
    history: Sequence[PastResult] | None = None,
    accepted: Mapping[int, Baseline] | None = None,
) -> str:
    """A compliance run: its head, the chosen tests with drivers, the pool, collections; history and baselines if asked.

    Values and thresholds in the unit of the test, cushions and amounts in currency.
    """
    report = outcome.report
    head = ("deal", "as_of", "mode", "engine_version", "input_hash", "source_file", "objective", "weights", "inputs")
    answer: dict[str, Any] = {
        "run_id": outcome.run_id,
        "answered_from": outcome.answered_from,
        **{name: getattr(report, name) for name in head},
        "remarks": report.remarks,
        "tests": [_test(result) for result in report.results if result.test_id in tests],
        "metrics": outcome.metrics,
        "collections": outcome.collections,
    }
    if history is not None:
        answer["history"] = history
    if accepted is not None:
        answer["accepted"] = {str(test): baseline for test, baseline in accepted.items()}
    return text(answer)


def _test(result: ComplianceResult) -> dict[str, Any]:
    derived = {"verdict": result.verdict, "use_of_limit": result.use_of_limit, "remark": result.remark}
    return asdict(result) | derived


def _tests(names: Sequence[str], triggers: Sequence[float], block: Any, columns: Sequence[str]) -> dict[str, Any]:
    return {
        name: {"trigger": triggers[k]} | {column: block[:, k, c].tolist() for c, column in enumerate(columns)}
        for k, name in enumerate(names)
    }


def traded(outcome: TradeOutcome) -> str:
    """Every comparison with its fills and tests, and the cash flows before and after."""
    return text(
        {
            "comparisons": [_comparison(comparison) for comparison in outcome.comparisons],
            "purchases": dict(outcome.purchases),
            "sales": dict(outcome.sales),
            "flows": [
                {
                    "deal": change.deal,
                    "title": change.title,
                    "scenario": change.scenario,
                    "stopped_before": change.stopped_before,
                    "stopped_after": change.stopped_after,
                    "classes": {
                        name: {
                            "before": dict(zip(RISK_COLUMNS, change.before[place].tolist(), strict=True)),
                            "after": dict(zip(RISK_COLUMNS, change.after[place].tolist(), strict=True)),
                        }
                        for place, name in enumerate(change.classes)
                    },
                }
                for change in outcome.flows
            ],
        }
    )


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "deal": comparison.deal,
        "title": comparison.title,
        "fills": [
            {
                "asset": fill.trade.blkrock_id,
                "side": fill.trade.side.value,
                "par_asked": fill.trade.par,
                "par": fill.par,
                "price": 100.0 * fill.price,
                "proceeds": fill.proceeds,
                "reason": fill.reason,
            }
            for fill in comparison.fills
        ],
        "tests": [
            {
                "test_id": change.definition.id,
                "name": change.definition.name,
                "before": change.before,
                "after": change.after,
                "difference": change.difference,
                "is_broken": change.is_broken,
            }
            for change in comparison.changes
        ],
        "principal_cash_before": comparison.before.holdings.cash,
        "principal_cash_after": comparison.after.holdings.cash,
        "objective_before": comparison.objective_before,
        "objective_after": comparison.objective_after,
    }


def ranked(found: Sequence[RankedTrade]) -> str:
    """The best trades, the best first."""
    return text(
        [
            {
                "asset": item.asset.blkrock_id,
                "issue_name": item.asset.issue_name,
                "side": item.side.value,
                "par": item.par,
                "price": 100.0 * item.price,
                "change": item.change,
                "change_before_costs": item.change_before_costs,
                "is_feasible": item.is_feasible,
                "breaks": item.breaks,
                "largest_par": item.largest_par,
                "binding": item.binding,
            }
            for item in found
        ]
    )


def optimised(outcome: OptimiserOutcome) -> str:
    """The proposal with its proof, its trades, what binds it, and every test before and after."""
    proposal = outcome.proposal
    conflict = proposal.conflict
    return text(
        {
            "deal": proposal.deal,
            "objective": proposal.objective.value,
            "status": proposal.status.value,
            "objective_before": proposal.objective_before,
            "objective_after": proposal.objective_after,
            "bound": proposal.bound,
            "gap": proposal.gap,
            "seconds": proposal.seconds,
            "n_solves": proposal.n_solves,
            "solver": proposal.solver,
            "remarks": proposal.remarks,
            "trades": [
                {"asset": trade.blkrock_id, "side": trade.side.value, "par": trade.par, "price": trade.price}
                for trade in proposal.trades
            ],
            "binding": [
                {
                    "name": item.name,
                    "subject": item.subject,
                    "shadow_price": item.shadow_price,
                    "step": item.step,
                    "gain": item.gain,
                    "text": item.text,
                }
                for item in proposal.binding
            ],
            "conflict": None
            if conflict is None
            else {"names": conflict.names, "shortfalls": list(conflict.shortfalls), "text": conflict.text},
            "comparisons": [_comparison(comparison) for comparison in outcome.trades.comparisons],
        }
    )


def rebalanced(outcome: RebalanceOutcome) -> str:
    """The rebalance with its fills in their order, and every test before and after."""
    return text(
        {
            "n_refused": outcome.n_refused,
            "objective_reported": outcome.objective_reported,
            "unsold": outcome.unsold,
            "comparisons": [_comparison(comparison) for comparison in outcome.trades.comparisons],
        }
    )
