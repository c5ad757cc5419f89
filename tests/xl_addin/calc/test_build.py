"""The extension as a file: what is in it, and that it does not depend on when it was built."""

import io
import time
import zipfile
from pathlib import Path

import pytest

from engine.errors import InputError
from xl_addin.calc import installation as places
from xl_addin.calc.build import build
from xl_addin.calc.installation import Installation
from xl_addin.registry.catalogue import catalogue


def _parts(extension: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(extension)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_building_twice_gives_the_same_bytes(installation: Installation) -> None:
    """The extension is a function of the catalogue: no clock, no folder name and no order of files leak into it."""
    first = build(installation=installation)
    time.sleep(1.1)  # a zip keeps times in steps of two seconds, a type library might keep any
    second = build(catalogue()[::-1], installation=installation)

    assert first == second


def test_every_part_is_declared_in_the_manifest(installation: Installation) -> None:
    """LibreOffice reads only what the manifest names, and refuses what it names in vain."""
    parts = _parts(build(installation=installation))

    manifest = parts["META-INF/manifest.xml"].decode()
    for name in ("clo_types.rdb", "clo_addin.py", "CalcAddIns.xcu"):
        assert f'full-path="{name}"' in manifest
        assert parts[name]


def test_a_missing_sdk_is_named(installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the type compiler the build says which package to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(InputError, match=r"CLO-2326: unoidl-write.*libreoffice-dev"):
        build(installation=Installation(tmp_path / "program"))


def test_a_missing_libreoffice_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without LibreOffice the build says so, and which packages to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(InputError, match=r"CLO-2325: LibreOffice is not installed.*libreoffice-calc"):
        places.find_installation()
