"""Validation on demand and at the import: stored workbooks, workbook files, and what findings have told already."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from db.store import Store, UnitOfWork
from engine.desk.records import Progress, ValidationOutcome
from engine.snapshot import Finding
from engine.validation import Records, Violation, validate
from workbooks.legacy import read_workbook


def validate_stored(store: Store, deal: str | None = None) -> tuple[ValidationOutcome, ...]:
    """Judge the newest snapshot of a deal with the assets it holds, or of every deal with all assets of its workbook.

    One outcome for each workbook that the deals came from. Raises ReferenceDataError CLO-3013 for an unknown deal.
    """
    with store.read() as work:
        if deal is not None:
            stored = work.snapshots.deal(deal)
            book = work.snapshots.workbook(stored.source_file_id, with_correlation=False)
            records = Records.of(book).about(stored.deal)
            return (_outcome(book.source_file.name, records),)
        return tuple(_newest_of_file(work, file, names) for file, names in _deals_by_file(work).items())


def validate_file(path: Path, *, progress: Progress | None = None) -> ValidationOutcome:
    """Judge a workbook file without storing it; with an error among the findings there is nothing more to judge.

    Raises WorkbookError for a file that is no readable workbook.
    """
    reading = read_workbook(path, progress=progress)
    if reading.snapshot is None:
        return ValidationOutcome(file=path.name, as_of=None, deals=(), findings=reading.findings, violations=())
    outcome = _outcome(path.name, Records.of(reading.snapshot))
    return replace(outcome, findings=reading.findings, violations=untold(outcome.violations, reading.findings))


def untold(violations: Iterable[Violation], findings: Iterable[Finding]) -> tuple[Violation, ...]:
    """The violations on which the importer has not remarked.

    A code that the importer reports on a sheet is reported there in full, so that code and sheet tell.
    """
    told = {(finding.code, sheet) for finding in findings for sheet in (finding.sheet, "")}
    return tuple(item for item in violations if (item.code, item.sheet) not in told)


def _deals_by_file(work: UnitOfWork) -> dict[int, list[str]]:
    names = dict.fromkeys(item.deal_name for item in work.snapshots.deals())
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(work.snapshots.deal(name).source_file_id, []).append(name)
    return found


def _newest_of_file(work: UnitOfWork, source_file_id: int, names: list[str]) -> ValidationOutcome:
    book = work.snapshots.workbook(source_file_id)
    current = replace(book, deals=tuple(deal for deal in book.deals if deal.name in names))
    return _outcome(book.source_file.name, Records.of(current))


def _outcome(file: str, records: Records) -> ValidationOutcome:
    return ValidationOutcome(
        file=file,
        as_of=records.as_of,
        deals=tuple(deal.name for deal in records.deals),
        findings=(),
        violations=validate(records),
    )
