"""Export in the legacy layout and import again: equal bit for bit (spec 06 §16 item 8)."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.snapshot import Severity, WorkbookSnapshot
from workbooks.demo import demo_snapshot, write_demo_workbook, write_universe_workbook
from workbooks.legacy import read_workbook
from workbooks.legacy_export import write_legacy_workbook

NOT_CONTENT = frozenset({"source_file", "ranges"})
NOT_EXPORTED = frozenset({"legacy_results"})


def differences(one: object, other: object, where: str = "", *, leave_out: frozenset[str] = NOT_CONTENT) -> list[str]:
    """Where two records differ, in type or in value to the last bit; places of cells included."""
    if type(one) is not type(other):
        return [f"{where}: {one!r} is not {other!r}"]
    if is_dataclass(one):
        pairs = [(item.name, getattr(one, item.name), getattr(other, item.name)) for item in fields(one)]
        return [
            text
            for name, left, right in pairs
            if name not in leave_out
            for text in differences(left, right, f"{where}.{name}", leave_out=leave_out)
        ]
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return [] if np.array_equal(one, other) else [f"{where}: arrays differ"]
    if isinstance(one, tuple) and isinstance(other, tuple):
        if len(one) != len(other):
            return [f"{where}: {len(one)} entries, not {len(other)}"]
        return [
            text
            for at, (left, right) in enumerate(zip(one, other, strict=True))
            for text in differences(left, right, f"{where}[{at}]", leave_out=leave_out)
        ]
    return [] if one == other else [f"{where}: {one!r} is not {other!r}"]


def imported(path: Path) -> WorkbookSnapshot:
    snapshot = read_workbook(path).snapshot
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize("write", [write_demo_workbook, write_universe_workbook])
def test_generated_workbooks_are_imported_without_a_finding(write: object, tmp_path: Path) -> None:
    """The importer has no error and no warning about demo and universe."""
    assert callable(write)
    write(tmp_path / "made.xlsx")
    findings = read_workbook(tmp_path / "made.xlsx").findings

    assert [finding for finding in findings if finding.severity is not Severity.INFORMATION] == []


def test_importer_reads_what_the_generator_meant(tmp_path: Path) -> None:
    """Every record of the demo comes back from its workbook, formulas included: values, types and places."""
    write_demo_workbook(tmp_path / "demo.xlsx")

    assert differences(demo_snapshot(), imported(tmp_path / "demo.xlsx")) == []


def test_export_without_formulas_reads_the_same(tmp_path: Path) -> None:
    """A stored snapshot written as values alone is the same snapshot again."""
    snapshot = demo_snapshot(n_assets=40)
    write_legacy_workbook(tmp_path / "values.xlsx", snapshot)

    assert differences(snapshot, imported(tmp_path / "values.xlsx")) == []


def test_reconstructed_legacy_workbook_survives_export_and_import(reference: Path, tmp_path: Path) -> None:
    """Ten deals of the reconstruction come back bit for bit; saved output sheets are no data and stay behind."""
    snapshot = imported(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    write_legacy_workbook(tmp_path / "again.xlsx", snapshot)
    again = imported(tmp_path / "again.xlsx")

    assert differences(snapshot, again, leave_out=NOT_CONTENT | NOT_EXPORTED) == []
