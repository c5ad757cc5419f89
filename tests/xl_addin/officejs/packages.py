"""The npm packages of this folder: Microsoft's library, tools and schemas, as `npm ci` installs them."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.xl_addin.programs import need

FOLDER = Path(__file__).parent


def package(*parts: str) -> Path:
    """A file or folder of an installed package; a visible skip without the packages, a failure in CI."""
    path = FOLDER.joinpath("node_modules", *parts)
    if not path.exists():
        message = f"not installed: {'/'.join(parts)}; run npm ci --ignore-scripts in tests/xl_addin/officejs"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


def node(*arguments: str | Path, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run node in this folder; its output is kept."""
    return subprocess.run(
        [need("node"), *map(str, arguments)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
