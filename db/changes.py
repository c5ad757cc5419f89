"""What an import would change, before it writes: table, key, field, old and new value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from db.models import snapshots as t
from db.models.snapshots import RecordTable
from db.snapshot_rows import Rows, deal_rows, file_rows
from db.snapshots import SnapshotRepository
from engine.snapshot import AssetRow, DealSnapshot, WorkbookSnapshot


class ChangeKind(Enum):
    """What happens to a row."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. deal is empty for what belongs to the whole file; field is empty for a whole row."""

    deal: str
    table: str
    key: str
    kind: ChangeKind
    field: str = ""
    old: object = None
    new: object = None


def preview(repository: SnapshotRepository, book: WorkbookSnapshot) -> tuple[Change, ...]:
    """Differences of a workbook against the deals' snapshots of the same date and the file imported last."""
    found: list[Change] = []
    for deal in book.deals:
        before = repository.newest(deal.name, deal.analysis_date)
        if before is None:
            key = f"{deal.name} {deal.analysis_date}"
            found.append(Change(deal=deal.name, table="deal_snapshots", key=key, kind=ChangeKind.ADDED))
        else:
            found += _deal_changes(before.deal, deal)
    last = repository.newest_file()
    if last is not None:
        found += _file_changes(repository.workbook(last, with_correlation=False), book)
    return tuple(found)


def _deal_changes(old: DealSnapshot, new: DealSnapshot) -> Iterator[Change]:
    for name in (item.name for item in t.DEAL_CODEC.fields):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change(
                deal=new.name,
                table="deal_snapshots",
                key=new.name,
                kind=ChangeKind.CHANGED,
                field=name,
                old=before,
                new=after,
            )
    for before_rows, after_rows in zip(deal_rows(old), deal_rows(new), strict=True):
        yield from _row_changes(new.name, before_rows, after_rows)


def _file_changes(old: WorkbookSnapshot, new: WorkbookSnapshot) -> Iterator[Change]:
    def assets(rows: Sequence[AssetRow]) -> Rows:
        return Rows(RecordTable(t.ASSET_SNAPSHOTS, t.ASSET_CODEC, "", ("blkrock_id",)), [row.asset for row in rows])

    yield from _row_changes("", assets(old.assets), assets(new.assets))
    for before_rows, after_rows in zip(file_rows(old), file_rows(new), strict=True):
        yield from _row_changes("", before_rows, after_rows)


def _row_changes(deal: str, old: Rows, new: Rows) -> Iterator[Change]:
    table = new.table.table.name
    before, after = _by_key(old), _by_key(new)
    for key, record in after.items():
        if key not in before:
            yield Change(deal=deal, table=table, key=key, kind=ChangeKind.ADDED, new=record)
            continue
        for item in fields(record):
            old_value, new_value = getattr(before[key], item.name), getattr(record, item.name)
            if item.name != "place" and old_value != new_value:
                yield Change(
                    deal=deal,
                    table=table,
                    key=key,
                    kind=ChangeKind.CHANGED,
                    field=item.name,
                    old=old_value,
                    new=new_value,
                )
    for key, record in before.items():
        if key not in after:
            yield Change(deal=deal, table=table, key=key, kind=ChangeKind.REMOVED, old=record)


def _by_key(rows: Rows) -> dict[str, Any]:
    """Records by what a person calls them; the second of the same name is `name #2`."""
    found: dict[str, Any] = {}
    for record in rows.records:
        name = " ".join(str(getattr(record, part)) for part in rows.table.key)
        key, count = name, 1
        while key in found:
            count += 1
            key = f"{name} #{count}"
        found[key] = record
    return found
