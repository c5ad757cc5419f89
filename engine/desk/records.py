"""What the desk hands to its faces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from db.changes import Change as Change
from db.changes import ChangeKind as ChangeKind
from db.runs import StoredRun as StoredRun
from engine.compliance.metrics import PeriodCollections, PoolMetrics
from engine.compliance.results import ComplianceResult
from engine.deal.results import DealResult
from engine.snapshot import Finding, Severity
from engine.trading.flows import FlowChange
from engine.trading.hypothetical import Comparison, TradeAttributes
from engine.trading.optimiser.goals import Objective
from engine.trading.optimiser.proposal import Proposal
from engine.validation import Violation
from workbooks.compliance.record import ComplianceReport
from workbooks.results import RunSummary

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLine:
    """One deal at one date: par in currency, the waterfall it runs on, the file it came from."""

    name: str
    as_of: date
    n_positions: int
    par: float
    program: str
    source_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What an import found, what it changes against the database, and what it did in a sentence.

    violations: breaches of validation rules on which no finding remarks. is_written is False for a dry run, an
    unchanged file and a file with errors; has_errors says whether the file was refused.
    """

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    is_written: bool
    has_errors: bool
    message: str
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationOutcome:
    """What validation says of one workbook, stored or still a file: its deals and date, and what is wrong.

    findings: what the importer remarks on a file; empty for stored data, where they were told at the import. as_of is
    None for a file that cannot be imported.
    """

    file: str
    as_of: date | None
    deals: tuple[str, ...]
    findings: tuple[Finding, ...]
    violations: tuple[Violation, ...]

    @property
    def has_errors(self) -> bool:
        """Whether something keeps the file out, or would."""
        severities = [item.severity for item in self.findings] + [item.severity for item in self.violations]
        return Severity.ERROR in severities


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """A run, and where its answer came from: `computed`, `store` or `cache`."""

    run_id: int
    summary: RunSummary
    result: DealResult
    answered_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceOutcome:
    """The tests of a deal, its pool and the collections of its last run; run_id None where nothing was stored.

    answered_from: `computed`, `store` or `cache`.
    """

    run_id: int | None
    report: ComplianceReport
    metrics: PoolMetrics
    collections: tuple[PeriodCollections, ...]
    answered_from: str

    def result(self, test_id: int) -> ComplianceResult | None:
        """One test, None where the deal does not have it."""
        return next((result for result in self.report.results if result.test_id == test_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """What the demo left: its workbook, the results workbook, and the runs."""

    workbook: Path
    results: Path
    outcomes: tuple[RunOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBasis:
    """What the cash flows before and after trades are run on: a scenario and an assumption set by name."""

    scenario: str
    assumptions: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOutcome:
    """Hypothetical trades: what they do to each deal's tests, what was traded, and to its cash flows if asked for.

    purchases, sales: attributes by deal, None where a deal has none.
    """

    comparisons: tuple[Comparison, ...]
    purchases: Mapping[str, TradeAttributes | None]
    sales: Mapping[str, TradeAttributes | None]
    flows: tuple[FlowChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiserRequest:
    """What the optimiser is to look for; amounts in currency, None for those of the workbook's control panel.

    is_exact: budgets are to be reached, not only kept to; buy_filter and sale_filter over the asset list; untouched:
    ids that stay as they are; name_cap: most par bought of an asset, by default 5 % of the purchase budget.
    """

    sale_par: float | None = None
    buy_par: float | None = None
    is_exact: bool = False
    increment: float | None = None
    minimum_piece: float = 0.0
    name_cap: float | None = None
    most_trades: int | None = None
    untouched: tuple[str, ...] = ()
    buy_filter: str = ""
    sale_filter: str = ""
    includes_held: bool = True
    objective: Objective = Objective.WEIGHTED_RATIOS
    turnover_cost: float = 0.0
    time_limit: float = 30.0
    gap: float = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiserOutcome:
    """What the optimiser proposes, and what its trades do to every test; without trades there is no comparison."""

    proposal: Proposal
    trades: TradeOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceRequest:
    """What the legacy rebalance is to trade; amounts in currency, None for those of the workbook's control panel."""

    sale_par: float | None = None
    buy_par: float | None = None
    step: float | None = None
    sale_filter: str = ""
    buy_filter: str = ""
    includes_held: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceOutcome:
    """What a rebalance did: the deal before and after, purchases refused, the objective shown, par left unsold."""

    trades: TradeOutcome
    n_refused: int
    objective_reported: float
    unsold: float
