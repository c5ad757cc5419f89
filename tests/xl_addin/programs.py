"""Programs that some layers of the tests need beside Python."""

import os
import shutil

import pytest


def need(*programs: str) -> str:
    """Path of the first program; a missing one is a visible skip, and a failure in CI, which installs them all."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        message = f"not installed: {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return str(shutil.which(programs[0]))
