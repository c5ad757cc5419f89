"""The installed command."""

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]


def test_the_command_starts_and_collects_garbage_again() -> None:
    """What pyproject.toml installs as `clodesk` runs the command line, with the collector back on."""
    entry = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]["clodesk"]
    module, function = entry.split(":")
    code = (
        f"import atexit, gc, sys; from {module} import {function}; sys.argv[0] = 'clodesk'\n"
        f"atexit.register(lambda: print(f'collector on: {{gc.isenabled()}}'))\n{function}()"
    )

    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)

    assert "Usage: clodesk" in done.stdout
    assert "collector on: True" in done.stdout
