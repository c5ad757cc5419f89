"""CDM documents into the book, each file whole or not at all (spec 07 §5, §21)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from db.payouts.findings import FindingRepository
from db.store import Store
from engine.desk.records import Progress
from engine.desk.swaps.booking import LOCK, Batch, Booking, Outcome, book_draft, store_booking
from engine.desk.swaps.override_files import SUFFIX, beside, overrides_of, read_overrides
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import InputError
from engine.payouts.cdm.draft import Draft
from engine.payouts.cdm.json_text import MAX_BYTES
from engine.payouts.cdm.overrides import Overrides, apply_overrides
from engine.payouts.cdm.reader import read_trade
from engine.payouts.enums import FindingSeverity
from engine.payouts.findings import FindingCode, PayoutFinding

MAX_DOCUMENTS = 100_000
"""Files that one import takes from folders; more are a folder that was not meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """What became of one file. outcome: of a dry run what would become of it; is_written tells the two apart.

    contract_reference: the contract's, as booked, None where the file was refused.
    """

    path: Path
    name: str
    contract_reference: str | None
    outcome: Outcome
    findings: tuple[PayoutFinding, ...]
    is_written: bool

    @property
    def is_refused(self) -> bool:
        """Whether nothing of the file is stored because of an error."""
        return self.outcome is Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class _Import:
    """What the files of one import share."""

    store: Store
    import_id: UUID
    batch: Batch
    maker: DateMaker
    dry_run: bool


def import_documents(
    store: Store,
    paths: Sequence[Path],
    *,
    overrides: Mapping[str, Overrides | Mapping[str, object]] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> tuple[ImportedFile, ...]:
    """Read documents and store their trades; one outcome for each file, folders standing for their `*.json`.

    overrides: by file name, checked before anything is read (InputError CLO-1993); without them those in the file
    `NAME.overrides.json` beside the document count. Whatever is wrong with a file becomes a finding of that file, and
    the other files go on. Findings are stored with the contract, those of a refused file without one; a file that is
    unchanged, and a dry run, write nothing.
    """
    given = {name: overrides_of(item, f"overrides of {name}") for name, item in (overrides or {}).items()}
    files = documents_in(paths)
    with store.read() as work:
        maker = DateMaker(work.payouts.calendars.calendars())
    shared = _Import(store, uuid4(), Batch(), maker, dry_run)
    made = []
    for number, path in enumerate(files):
        if progress is not None:
            progress(path.name, number / len(files))
        made.append(_import_file(shared, path, given.get(path.name)))
    if progress is not None:
        progress("Imported" if not dry_run else "Read", 1.0)
    return tuple(made)


def documents_in(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files meant by paths: a folder stands for the `*.json` in it, without overrides, by name. Each once."""
    files: dict[Path, None] = {}
    for path in paths:
        if _is_folder(path):
            found = sorted(one for one in path.glob("*.json") if not one.name.endswith(SUFFIX) and one.is_file())
            if len(found) > MAX_DOCUMENTS:
                raise InputError(
                    "CLO-1994",
                    f"{path} has {len(found):,} documents, more than {MAX_DOCUMENTS:,}",
                    where=str(path),
                    remedy="Import them folder by folder.",
                )
            files.update(dict.fromkeys(found))
        else:
            files[path] = None
    return tuple(files)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_document(path: Path) -> bytes | PayoutFinding:
    """The bytes of a file, or why it cannot be read: missing, no file, no right, too large for a trade."""
    try:
        if not path.exists():
            return _unreadable(f"There is no file {path}")
        if not path.is_file():
            return _unreadable(f"{path} is no file")
        size = path.stat().st_size
        if size > MAX_BYTES:
            return _unreadable(f"The file has {size:,} bytes, more than {MAX_BYTES:,}")
        with path.open("rb") as file:
            # One byte more than allowed shows a file that grew since; its size is not trusted twice.
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return _unreadable(f"The file cannot be read: {error}")


def _unreadable(message: str) -> PayoutFinding:
    return PayoutFinding(FindingSeverity.ERROR, FindingCode.NOT_JSON, "", message)


def _import_file(shared: _Import, path: Path, given: Overrides | None) -> ImportedFile:
    content = read_document(path)
    if isinstance(content, PayoutFinding):
        return _refused(shared, path, (content,))
    try:
        side = beside(path)
        completed = given or (read_overrides(side) if side.is_file() else None)
        draft = _draft(content, path.name, shared.maker, completed)
        is_completed = completed is not None
        if shared.dry_run:
            with shared.store.read() as work:
                booking = book_draft(work, draft, shared.maker, shared.batch, is_completed=is_completed)
        else:
            with shared.store.begin() as work:
                work.payouts.jobs.lock(LOCK)
                booking = book_draft(work, draft, shared.maker, shared.batch, is_completed=is_completed)
                if booking.outcome in (Outcome.NEW, Outcome.CHANGED):
                    stored = store_booking(work, booking, draft, json.loads(content.decode("utf-8-sig")))
                    FindingRepository(work.driver).put(
                        shared.import_id, path.name, booking.findings, contract_reference=stored.contract_reference
                    )
    except InputError as error:
        # Overrides that do not fit, and values that no column takes, are faults of this file alone.
        return _refused(shared, path, (_fault(error),))
    return _concluded(shared, path, booking)


def _draft(content: bytes, name: str, maker: DateMaker, overrides: Overrides | None) -> Draft:
    maker.begin()
    draft = read_trade(content, name, calendars=maker.centers)
    # Centers that only the reader asked for: their absence moves dates too.
    draft = replace(draft, findings=(*draft.findings, *maker.weekends()))
    if overrides is None or draft.contract is None:
        return draft
    return apply_overrides(draft, overrides)


def _concluded(shared: _Import, path: Path, booking: Booking) -> ImportedFile:
    if booking.contract is None:
        return _refused(shared, path, booking.findings)
    reference = booking.contract.contract_reference
    shared.batch.booked.add(reference)
    return ImportedFile(
        path=path,
        name=path.name,
        contract_reference=reference,
        outcome=booking.outcome,
        findings=booking.findings,
        is_written=not shared.dry_run and booking.outcome is not Outcome.UNCHANGED,
    )


def _refused(shared: _Import, path: Path, findings: tuple[PayoutFinding, ...]) -> ImportedFile:
    if not shared.dry_run:
        with shared.store.begin() as work:
            FindingRepository(work.driver).put(shared.import_id, path.name, findings)
    return ImportedFile(
        path=path,
        name=path.name,
        contract_reference=None,
        outcome=Outcome.REFUSED,
        findings=findings,
        is_written=False,
    )


def _fault(error: InputError) -> PayoutFinding:
    # Storage names its address, which says nothing about the file.
    place = f", at {error.where}" if error.where and not error.number.startswith("CLO-3") else ""
    message = f"{error.number}: {error.problem}{place}. {error.remedy}".strip()
    return PayoutFinding(FindingSeverity.ERROR, FindingCode.UNKNOWN_VALUE, "", message)
