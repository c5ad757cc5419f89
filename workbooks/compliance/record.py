"""What the compliance workbook says of a deal: its tests, its pool, what they rest on, and how they developed."""

from dataclasses import dataclass
from datetime import date

from engine.collateral.asset import Asset
from engine.compliance.definition import Definition
from engine.compliance.metrics import PeriodCollections, PoolMetrics
from engine.compliance.results import ComplianceResult, PastResult, Verdict
from workbooks.results.record import AssumptionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceReport:
    """The tests of a deal on one day.

    objective: weighted distance from the limits, 0 where one is broken, None where the deal weights nothing; weights:
    (test id, weight). inputs: what the tests read of the deal and where it stands. remarks: what an analyst must know
    before trusting the verdicts.
    """

    deal: str
    as_of: date
    mode: str
    run_id: str
    engine_version: str
    input_hash: str
    source_file: str
    objective: float | None
    weights: tuple[tuple[int, float], ...]
    inputs: tuple[AssumptionSource, ...]
    remarks: tuple[str, ...]
    results: tuple[ComplianceResult, ...]

    def count(self, verdict: Verdict) -> int:
        """How many tests stand like this."""
        return sum(result.verdict is verdict for result in self.results)


@dataclass(frozen=True, slots=True)
class Position:
    """A position and its asset with derived ratings; par in currency."""

    asset: Asset
    par: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceRecord:
    """Everything that is written: tests, pool, projected collections, positions, and the tests on all tested days.

    own_tests: definitions of the tests that the deal defines itself.
    """

    report: ComplianceReport
    metrics: PoolMetrics
    collections: tuple[PeriodCollections, ...] = ()
    positions: tuple[Position, ...] = ()
    history: tuple[PastResult, ...] = ()
    own_tests: tuple[Definition, ...] = ()
