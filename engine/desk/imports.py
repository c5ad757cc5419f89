"""Workbooks into the store, whole or not at all: the model workbook, and the loader workbook with fresh data."""

from collections import Counter
from pathlib import Path

from db.changes import Change
from db.store import Store
from engine.desk.records import ImportOutcome, Progress
from engine.desk.validation import untold
from engine.errors import InputError
from engine.snapshot import Finding, LoaderSnapshot, Severity, WorkbookSnapshot
from engine.validation import Violation, validate
from workbooks.legacy import read_loader, read_workbook, with_fresh_data


def import_workbook(
    store: Store, path: Path, *, dry_run: bool, is_strict: bool, progress: Progress | None
) -> ImportOutcome:
    """Read a model workbook and store it; an error keeps it out, with is_strict a warning does too.

    Raises WorkbookError for a file that is no readable workbook; errors in its content are findings and violations.
    """
    reading = read_workbook(path, progress=progress)
    if reading.snapshot is None:
        return _refused(path, reading.findings, (), is_strict)
    violations = untold(validate(reading.snapshot), reading.findings)
    if _is_refused(reading.findings, violations, is_strict):
        return _refused(path, reading.findings, violations, is_strict)
    if progress is not None:
        progress("Comparing" if dry_run else "Comparing and storing", 1.0)
    return _stored(store, path, reading.snapshot, reading.findings, violations, dry_run)


def load_workbook(store: Store, path: Path, *, dry_run: bool, is_strict: bool) -> ImportOutcome:
    """Read a loader workbook and store its fresh data in the frame of the workbook its deals were imported with.

    Raises as `import_workbook` does; InputError CLO-4022 where no deal of the file was imported before, WorkbookError
    CLO-2013 where the file lacks a deal of that workbook.
    """
    reading = read_loader(path)
    if reading.snapshot is None:
        return _refused(path, reading.findings, (), is_strict)
    base = _frame(store, reading.snapshot)
    known = {deal.name for deal in base.deals}
    skipped = tuple(
        Finding(
            code="I-SKIPPED",
            sheet=deal.place.sheet,
            cell="",
            text=f"{deal.name} is not in {base.source_file.name} and is not loaded",
        )
        for deal in reading.snapshot.deals
        if deal.name not in known
    )
    book = with_fresh_data(base, reading.snapshot)
    findings = (*reading.findings, *skipped)
    violations = untold(validate(book), findings)
    if _is_refused(findings, violations, is_strict):
        return _refused(path, findings, violations, is_strict)
    return _stored(store, path, book, findings, violations, dry_run)


def _frame(store: Store, loaded: LoaderSnapshot) -> WorkbookSnapshot:
    """The workbook that was imported last among those that hold a deal of the loader."""
    with store.read() as work:
        found = (work.snapshots.newest(deal.name) for deal in loaded.deals)
        files = [stored.source_file_id for stored in found if stored is not None]
        if files:
            return work.snapshots.workbook(max(files))
    raise InputError(
        "CLO-4022",
        f"No deal of {loaded.source_file.name} is in the database",
        where=loaded.source_file.name,
        remedy="A loader workbook brings fresh data only: import the model workbook with `clodesk import` first.",
    )


def _stored(
    store: Store,
    path: Path,
    book: WorkbookSnapshot,
    findings: tuple[Finding, ...],
    violations: tuple[Violation, ...],
    dry_run: bool,
) -> ImportOutcome:
    changes = store.diff_snapshot(book)
    if dry_run:
        message = f"{path.name} would make {told_changes(changes)}. Nothing was written."
        return ImportOutcome(
            findings=findings,
            violations=violations,
            changes=changes,
            is_written=False,
            has_errors=False,
            message=message,
        )
    outcome = store.save_snapshot(book, findings)
    if outcome.is_unchanged:
        message = f"{path.name} is unchanged: it was imported before. Nothing was written."
    else:
        parts = (("new", outcome.new), ("changed", outcome.changed), ("unchanged", outcome.unchanged))
        told = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names)
        message = f"{path.name} was imported. Deals {told}."
    return ImportOutcome(
        findings=findings,
        violations=violations,
        changes=() if outcome.is_unchanged else changes,
        is_written=not outcome.is_unchanged,
        has_errors=False,
        message=message,
    )


def told_changes(changes: tuple[Change, ...]) -> str:
    """Number of changes in words."""
    return "no changes" if not changes else "1 change" if len(changes) == 1 else f"{len(changes):,} changes"


def _is_refused(findings: tuple[Finding, ...], violations: tuple[Violation, ...], is_strict: bool) -> bool:
    counts = _severities(findings, violations)
    return counts[Severity.ERROR] > 0 or (is_strict and counts[Severity.WARNING] > 0)


def _refused(
    path: Path, findings: tuple[Finding, ...], violations: tuple[Violation, ...], is_strict: bool
) -> ImportOutcome:
    counts = _severities(findings, violations)
    n_errors, n_warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    parts = [_counted(n_errors, "error")] if n_errors else []
    if is_strict and n_warnings:
        parts.append(_counted(n_warnings, "warning"))
    reason = " and ".join(parts) + (", and --strict lets no warning pass" if is_strict and not n_errors else "")
    return ImportOutcome(
        findings=findings,
        violations=violations,
        changes=(),
        is_written=False,
        has_errors=True,
        message=f"{path.name} was not imported: {reason}. Nothing was written.",
    )


def _severities(findings: tuple[Finding, ...], violations: tuple[Violation, ...]) -> Counter[Severity]:
    return Counter([item.severity for item in findings] + [item.severity for item in violations])


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
