"""What the desk hands to its faces."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from db.changes import Change as Change
from db.changes import ChangeKind as ChangeKind
from db.runs import StoredRun as StoredRun
from engine.deal.results import DealResult
from engine.snapshot import Finding
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

    is_written is False for a dry run, an unchanged file and a file with errors; has_errors says whether the file was
    refused.
    """

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    is_written: bool
    has_errors: bool
    message: str


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
