"""What every test may use: the reference data that lies outside the repository."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def reference_folder() -> Path:
    """Folder named by CLODESK_REFERENCE, by default `../shared` beside the project."""
    return Path(os.environ.get("CLODESK_REFERENCE", PROJECT.parent / "shared"))


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference folder; its absence is a failure in CI and a visible skip elsewhere."""
    folder = reference_folder()
    if not (folder / "golden").is_dir():
        message = f"no reference data at {folder}: set CLODESK_REFERENCE"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
