"""The generated VBA in LibreOffice (L3): a second program parses and runs what Excel will."""

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.xl_addin.programs import need
from xl_addin.calc.installation import find_installation
from xl_addin.com.build.modules import Module, our_modules
from xl_addin.com.build.package import build_add_in
from xl_addin.registry.catalogue import catalogue

_HERE = Path(__file__).parent


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[str]:
    """A LibreOffice of its own, ended by its process at the end."""
    office_program = need("soffice")
    name = f"clo-{uuid.uuid4().hex[:8]}"
    profile = (tmp_path / "profile").as_uri()
    with (tmp_path / "office.log").open("w") as log:
        office = subprocess.Popen(
            [
                office_program,
                "--headless",
                "--norestore",
                "--nodefault",
                f"-env:UserInstallation={profile}",
                f"--accept=pipe,name={name};urp;",
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield name
        finally:
            if office.poll() is None:
                os.killpg(office.pid, signal.SIGKILL)
            office.wait(timeout=30)


def test_libreoffice_runs_the_functions_of_the_workbook(pipe: str, tmp_path: Path) -> None:
    """A value, an error from Python, a failure of Python and a table come out of the generated modules."""
    host = (_HERE / "host_for_calc.bas").read_text(encoding="utf-8")
    modules = [Module("CloHost", host) if module.name == "CloHost" else module for module in our_modules(catalogue())]
    workbook = tmp_path / "twin.xlsm"
    workbook.write_bytes(build_add_in(catalogue(), (), modules).xlsm)
    formulas = [f"=CLO_YEAR_FRACTION({case};2;3)" for case in range(1, 5)]

    done = subprocess.run(
        [str(find_installation().python), str(_HERE / "calculate_in_calc.py"), pipe, workbook.as_uri(), *formulas],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    value, error, failure, table = json.loads(done.stdout)
    assert (value, error, failure) == ("0.25", "Error 2042", "Error 2015")  # Calc writes CVErr as a text
    assert table == [[1.0, "b"], [3.0, 4.0]]
