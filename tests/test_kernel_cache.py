"""The compile cache: edited code runs at once, unchanged code is compiled once."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.numerics import kernel_hash, kernel_sources

ENGINE = Path(__file__).resolve().parent.parent / "engine"
CALLEE = Path("conventions", "kernels.py")
# month_nodes in engine/market calls add_months in engine/conventions: day 0 and a month is day 31 or, edited, 7.
CALLER = """
import numpy as np
from engine.market.kernels import month_nodes
days = np.zeros(2, dtype=np.int64)
month_nodes(0, days)
print(days[1])
"""
EDIT = """

@kernel
def add_months(day, months):
    return day + 7 * months
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the engine that a test may edit."""
    return Path(shutil.copytree(ENGINE, tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__")))


def answer(package: Path, **environment: str) -> int:
    """What the caller prints in a process of its own, with a cache folder beside the package."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", CALLER],
        cwd=package.parent,
        env={**inherited, "CLODESK_CACHE_DIR": str(package.parent / "cache"), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def cache_files(package: Path) -> dict[Path, int]:
    """Compiled code under the cache folder, with the moment it was written."""
    return {path: path.stat().st_mtime_ns for path in (package.parent / "cache").rglob("*.nb[ci]")}


def edit(path: Path, text: str = EDIT) -> None:
    with path.open("a") as source:
        source.write(text)


def test_an_edited_callee_in_another_file_is_run(package: Path) -> None:
    """The caller's own file is as it was, and still the new code runs."""
    before = answer(package)
    edit(package / CALLEE)
    after = answer(package)

    assert (before, after) == (31, 7)


def test_numba_alone_would_run_the_old_code(package: Path) -> None:
    """With one cache folder for all sources the edit goes unnoticed; the test above would fail without our folders."""
    folder = str(package.parent / "cache" / "one")
    before = answer(package, NUMBA_CACHE_DIR=folder)
    edit(package / CALLEE)
    after = answer(package, NUMBA_CACHE_DIR=folder)

    assert (before, after) == (31, 31)


def test_a_second_process_compiles_nothing(package: Path) -> None:
    """It reads what the first one wrote: no file is new, none is written again."""
    answer(package)
    first = cache_files(package)
    answer(package)

    assert first
    assert cache_files(package) == first


def test_every_kernel_source_names_the_folder(package: Path) -> None:
    """The name changes with the content of any of them, and with a new one."""
    names = {kernel_hash(package)}
    for path in kernel_sources(package):
        edit(path, "\n")
        names.add(kernel_hash(package))
    (package / "market" / "kernels_more.py").touch()
    names.add(kernel_hash(package))

    assert len(names) == len(kernel_sources(package)) + 1


def test_no_kernel_lies_outside_the_kernel_sources() -> None:
    """Whatever is compiled stands in a file that names the folder."""
    decorator = re.compile(r"^\s*@(?:\w+_)?kernel\b|\bnjit\(|\boverload\(|@intrinsic", re.MULTILINE)
    holders = {path for path in ENGINE.rglob("*.py") if decorator.search(path.read_text())}

    assert holders <= set(kernel_sources())
