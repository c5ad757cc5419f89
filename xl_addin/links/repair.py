"""Link repair: the calls of ours in a workbook file, spelled for the client that will open it (spec 08 §11)."""

import io
import os
import secrets
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import WorkbookError
from workbooks.legacy.package import open_package
from xl_addin.links.external import Link, Parts, links, with_link, without_links
from xl_addin.links.formula_parts import formulas, holds_formulas, with_formulas
from xl_addin.links.spelling import Respelled, Spelling, links_in, renumbered, respelled


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What was found and changed. n_calls: by spelling before (`plain`, `xlam`, `path`, `officejs`, `xll`, `damaged`).

    n_formulas: formulas that were, or would be, written anew. removed: files of links that nothing uses any more.
    """

    n_calls: dict[str, int]
    n_formulas: int
    removed: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every call already stood as wanted."""
        return not self.parts


def repair_links(path: Path, *, to: Spelling, check_only: bool = False) -> LinkReport:
    """Spell all calls in a workbook file for one client, in place; every other part keeps its bytes.

    check_only: only report. Raises WorkbookError as `open_package` does, CLO-2271 where the file cannot be written.
    """
    package = open_package(path)
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        entries = archive.infolist()
        before = {entry.filename: archive.read(entry) for entry in entries if not entry.is_dir()}
    parts = dict(before)
    calls, n_formulas = _respell(parts, to)
    removed = _drop_unused(parts)
    changed = tuple(sorted(name for name in before.keys() | parts.keys() if before.get(name) != parts.get(name)))
    if changed and not check_only:
        _write(path, entries, parts)
    return LinkReport(n_calls=dict(calls), n_formulas=n_formulas, removed=removed, parts=changed)


def _respell(parts: Parts, to: Spelling) -> tuple[Counter[str], int]:
    there = links(parts)
    ours = {link.number for link in there if link.is_ours}
    foreign = {link.number for link in there if not link.is_ours}
    link = min(ours, default=len(there) + 1)
    calls: Counter[str] = Counter()
    names: set[str] = set()
    n_formulas = 0

    def spell(formula: str) -> str:
        nonlocal n_formulas
        made: Respelled = respelled(formula, to, link=link, foreign=foreign)
        calls.update(made.found)
        names.update(made.names)
        n_formulas += made.text != formula
        return made.text

    for name in [name for name in parts if holds_formulas(name)]:
        _change(parts, name, lambda xml: with_formulas(xml, spell))
    if to is Spelling.XLAM and names and not ours:
        with_link(parts, names)
    return calls, n_formulas


def _drop_unused(parts: Parts) -> tuple[str, ...]:
    """Take out links to the add-in that no formula uses, and number the others anew."""
    there = links(parts)
    if not any(link.is_ours for link in there):
        return ()
    holders = [name for name in parts if holds_formulas(name)]
    used = {number for name in holders for formula in formulas(parts[name].decode()) for number in links_in(formula)}
    gone = [link for link in there if link.is_ours and link.number not in used]
    if not gone:
        return ()
    without_links(parts, gone)
    numbers = _numbers_after(there, gone)
    for name in holders:
        _change(parts, name, lambda xml: with_formulas(xml, lambda formula: renumbered(formula, numbers)))
    return tuple(link.target for link in gone)


def _numbers_after(there: tuple[Link, ...], gone: list[Link]) -> dict[int, int]:
    kept = [link.number for link in there if link not in gone]
    return {before: after for after, before in enumerate(kept, start=1)}


def _change(parts: Parts, name: str, change: Callable[[str], str]) -> None:
    before = parts[name].decode()
    after = change(before)
    if after != before:
        parts[name] = after.encode()


def _write(path: Path, entries: list[zipfile.ZipInfo], parts: Parts) -> None:
    """The file anew, its entries in their order and of their moments, or the old file as it was."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    known = {entry.filename for entry in entries}
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry in entries:
                if entry.filename in parts:
                    archive.writestr(entry, parts[entry.filename])
            for name in sorted(parts.keys() - known):
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), parts[name], zipfile.ZIP_DEFLATED)
        os.replace(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise WorkbookError(
            "CLO-2271",
            f"The repaired workbook cannot be written: {error.strerror}",
            where=str(path),
            remedy="Close it in Excel, check the rights to its folder, and try again.",
        ) from error
