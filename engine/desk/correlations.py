"""Asset correlations: by pair, by asset, as a matrix, what there is to say about them, and files of them.

They are those in force for the newest workbook of a date: a matrix that was imported on its own from its date on, else
the sheet of the workbook (spec 04 §13 R1, R4).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from db.cache import Cache
from db.correlations import CorrelationSource, CorrelationVersion, Partner
from db.store import Store, UnitOfWork
from engine.closest import did_you_mean
from engine.desk import choices
from engine.desk.correlation_files import read_correlations, write_correlations
from engine.errors import InputError, ReferenceDataError
from engine.rating_migration.correlation_checks import (
    CorrelationFault,
    CorrelationFinding,
    constant_correlation,
    correlation_findings,
)
from engine.snapshot import Correlation

_COVERAGE = frozenset({CorrelationFault.ASSET_MISSING, CorrelationFault.UNKNOWN_ASSET})
_REMARKS = _COVERAGE | {CorrelationFault.NOT_SEMIDEFINITE, CorrelationFault.CONSTANT}


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationReport:
    """What there is to say about a matrix beside the assets of a workbook.

    n_known: assets of the workbook, of which n_covered are in the matrix; missing are the others, unknown the ids of
    the matrix that the workbook does not have. constant: the one correlation of all pairs, a factor model with which
    gives the same; None where they differ. faults keep a simulation from using the matrix, remarks do not.
    """

    source: str
    effective_date: date
    n_assets: int
    n_known: int
    n_covered: int
    constant: float | None
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    faults: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        """Whether a simulation can use the matrix, repaired where it is not positive semidefinite."""
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationImport:
    """What an import of a matrix found and did, in a sentence too."""

    report: CorrelationReport
    is_written: bool
    message: str


class Correlations:
    """The correlations in force at a date, by default at that of the newest workbook.

    Every question raises ReferenceDataError: CLO-4070 without a workbook, CLO-4091 without a matrix, CLO-4092 for an
    asset that is not in it.
    """

    def __init__(self, store: Store, cache: Cache, as_of: date | None = None) -> None:
        self._store = store
        self._cache = cache
        self._as_of = as_of

    @cached_property
    def version(self) -> CorrelationVersion:
        """Which matrix it is."""
        with self._store.read() as work:
            found = work.correlations.in_force(choices.newest_file(work, self._as_of))
            if found is None:
                raise no_matrix(self._as_of)
            return found

    def pair(self, one: str, two: str) -> float:
        """Correlation of two assets, NaN where the matrix holds no number; of the row of the first."""
        first, second = self.id_of(one), self.id_of(two)
        if first == second:
            return float(self.matrix((first,)).matrix[0, 0])
        with self._store.read() as work:
            found = work.correlations.pair(self.version.content_hash, first, second)
        return float("nan") if found is None else found

    def asset(self, blkrock_id: str, limit: int | None = None) -> tuple[Partner, ...]:
        """The other assets with their correlations, the strongest first; limit: so many of them."""
        name = self.id_of(blkrock_id)
        with self._store.read() as work:
            return work.correlations.partners(self.version.content_hash, name, limit)

    def matrix(self, ids: Sequence[str] | None = None) -> Correlation:
        """The matrix of some assets in their order, (k, k), by default of all in its own order, (n, n)."""
        version = self.version
        with self._store.read() as work:
            if ids is None:
                return work.correlations.matrix(version, self._cache)
            names = tuple(self.id_of(name) for name in ids)
            return Correlation(ids=names, matrix=work.correlations.part(version, names, self._cache))

    def id_of(self, blkrock_id: str) -> str:
        """An id as the matrix spells it: exactly so, else the only one that differs by case alone."""
        ids = self.version.ids
        if blkrock_id in ids:
            return blkrock_id
        alike = [name for name in ids if name.casefold() == blkrock_id.casefold()]
        if len(alike) != 1:
            raise not_in_matrix(blkrock_id, ids)
        return alike[0]

    def check(self) -> CorrelationReport:
        """Everything there is to say about the matrix beside the asset list of the workbook."""
        version, correlation = self.version, self.matrix()
        with self._store.read() as work:
            known = _known_assets(work, self._as_of)
        return _report(correlation, version.source, version.effective_date, known)

    def history(self) -> tuple[CorrelationSource, ...]:
        """What was imported on its own and what was withdrawn, the newest date first."""
        with self._store.read() as work:
            return work.correlations.sources()

    def export(self, path: Path) -> Correlation:
        """Write the matrix as CSV, which `import_file` reads back to the bit; an existing file is replaced."""
        found = self.matrix()
        write_correlations(path, found)
        return found

    def import_file(self, path: Path, *, dry_run: bool = False) -> CorrelationImport:
        """Take a matrix from a file of its own: from the date on, it counts in place of the sheets of the workbooks.

        The date may be any, by default that of the newest workbook, whose assets the coverage is of. Whole or not at
        all, and nothing that was imported before is overwritten. Raises WorkbookError CLO-4155 and
        CLO-4156 for a file with anything wrong.
        """
        correlation = read_correlations(path)
        with self._store.read() as work:
            effective = self._effective(work)
            report = _report(correlation, path.name, effective, _known_assets(work, None))
        pairs = f"{report.n_assets * (report.n_assets - 1) // 2:,} pairs of {report.n_assets:,} assets"
        if dry_run:
            message = f"{path.name} would give {pairs}, in force from {effective} on. Nothing was written."
            return CorrelationImport(report=report, is_written=False, message=message)
        with self._store.begin() as work:
            is_written = work.correlations.add(correlation, path.name, effective)
        self.__dict__.pop("version", None)
        message = f"{path.name} was imported: {pairs}, in force from {effective} on."
        if not is_written:
            message = f"{path.name} is unchanged: it is in force from {effective} on. Nothing was written."
        return CorrelationImport(report=report, is_written=is_written, message=message)

    def withdraw(self) -> date:
        """Let the sheets of the workbooks count again; from which date on. What was imported stays stored.

        Raises InputError CLO-4158 where the sheet counts already.
        """
        with self._store.begin() as work:
            effective = self._effective(work)
            newest = next((item for item in work.correlations.sources() if item.effective_date <= effective), None)
            if newest is None or newest.content_hash is None:
                raise InputError(
                    "CLO-4158",
                    f"No matrix that was imported on its own is in force at {effective}",
                    remedy="`clodesk correlation history` lists them.",
                )
            work.correlations.withdraw(effective)
        self.__dict__.pop("version", None)
        return effective

    def _effective(self, work: UnitOfWork) -> date:
        return self._as_of or work.snapshots.analysis_date(choices.newest_file(work, None))


def no_matrix(as_of: date | None) -> ReferenceDataError:
    """The error of a workbook for which no correlations are in force."""
    when = "" if as_of is None else f" of {as_of}"
    return ReferenceDataError(
        "CLO-4091",
        f"The workbook{when} that was imported last has no correlation matrix",
        remedy="Import one with `clodesk correlation import FILE`, a workbook that has one, or use the system source.",
    )


def not_in_matrix(name: str, known: Collection[str]) -> ReferenceDataError:
    """The error of an asset without correlations, with the ids that look like it."""
    return ReferenceDataError(
        "CLO-4092",
        f"Asset {name} is not in the correlation matrix",
        remedy=did_you_mean(name, known, "Import a matrix that has it, or use the system source."),
    )


def _known_assets(work: UnitOfWork, as_of: date | None) -> tuple[str, ...]:
    """Ids of the asset list, each once."""
    rows = work.snapshots.assets(choices.newest_file(work, as_of))
    return tuple(dict.fromkeys(row.asset.blkrock_id for row in rows))


def _report(correlation: Correlation, source: str, effective: date, known: Sequence[str]) -> CorrelationReport:
    held = frozenset(known)
    findings = correlation_findings(correlation.ids, correlation.matrix, needed=known, known=held)
    by_kind: dict[CorrelationFault, CorrelationFinding] = {finding.kind: finding for finding in findings}
    missing, unknown = (
        by_kind[kind].places if kind in by_kind else ()
        for kind in (CorrelationFault.ASSET_MISSING, CorrelationFault.UNKNOWN_ASSET)
    )
    return CorrelationReport(
        source=source,
        effective_date=effective,
        n_assets=len(correlation.ids),
        n_known=len(held),
        n_covered=len(held) - len(missing),
        constant=constant_correlation(correlation.matrix),
        missing=missing,
        unknown=unknown,
        faults=tuple(finding.text for finding in findings if finding.kind not in _REMARKS),
        remarks=tuple(finding.text for finding in findings if finding.kind in _REMARKS),
    )
