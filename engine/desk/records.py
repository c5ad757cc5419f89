"""What the desk hands to its faces."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from db.changes import Change as Change
from db.changes import ChangeKind as ChangeKind
from db.runs import StoredRun as StoredRun
from engine.deal.results import DealResult
from engine.snapshot import Finding, Severity
from engine.validation import Violation
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
class DemoOutcome:
    """What the demo left: its workbook, the results workbook, and the runs."""

    workbook: Path
    results: Path
    outcomes: tuple[RunOutcome, ...]
