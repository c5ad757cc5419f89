"""The rules of the house that a machine can check: layering, style, types, and documents that cannot drift."""

import re
import subprocess
import sys
from pathlib import Path

from engine.numerics import kernel_sources

PROJECT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)


def test_imports_point_downwards() -> None:
    """The layering contracts hold."""
    result = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_code_is_formatted_and_free_of_lint() -> None:
    """ruff finds nothing to say."""
    lint = run("ruff", "check", "--no-cache", ".")
    form = run("ruff", "format", "--no-cache", "--check", ".")

    assert lint.returncode == 0, lint.stdout
    assert form.returncode == 0, form.stdout


def test_types_hold() -> None:
    """mypy accepts the four packages."""
    result = run("mypy")

    assert result.returncode == 0, result.stdout


def test_an_error_number_belongs_to_one_subject() -> None:
    """A number CLO-nnnn is raised by one package and as one class of error."""
    pattern = re.compile(r"(\w+Error)\(\s*\"(CLO-\d{4})\"")
    raised: dict[str, set[tuple[str, str]]] = {}
    for package in ("engine", "db", "workbooks", "xl_addin"):
        for path in (PROJECT / package).rglob("*.py"):
            subject = "/".join(path.relative_to(PROJECT).parts[: 2 if package == "engine" else 1])
            for kind, number in pattern.findall(path.read_text()):
                raised.setdefault(number, set()).add((subject, kind))

    assert {number: found for number, found in raised.items() if len(found) > 1} == {}


def test_compiled_code_is_kept_apart_by_all_that_it_reads() -> None:
    """Every engine module that kernels import is among the sources that name the cache folder."""
    engine = PROJECT / "engine"
    covered = {path.relative_to(PROJECT).with_suffix("").as_posix().replace("/", ".") for path in kernel_sources()}
    imported = {
        module
        for path in engine.rglob("kernels*.py")
        for module in re.findall(r"^from (engine\.[\w.]+) import", path.read_text(), re.MULTILINE)
    }

    assert {module for module in imported if module not in covered and module != "engine.analytics"} == set()


def test_ci_runs_the_readme_test_command() -> None:
    """The script takes its test command from the README instead of repeating it."""
    script = (PROJECT / ".ci" / "run").read_text()
    readme = (PROJECT / "README.md").read_text()

    assert 'eval "$(readme_command test)"' in script
    assert re.search(r"<!-- test -->\n```\n.*pytest -n 2\n```", readme)


def test_lock_file_names_no_index() -> None:
    """The lock file holds versions only."""
    lock = (PROJECT / "requirements.lock").read_text()

    assert "://" not in lock
    assert all(re.match(r"^[A-Za-z0-9_.-]+==\S+( ; .*)?$", line) for line in lock.splitlines() if line)
