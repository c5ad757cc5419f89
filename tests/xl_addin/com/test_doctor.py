"""Installation and diagnosis: what is wrong is named with what to do, on any system."""

from pathlib import Path, PureWindowsPath

import pytest

from engine.errors import InputError
from xl_addin.com.build.product import built
from xl_addin.com.doctor import Machine, Verdict, built_from, examine
from xl_addin.com.install import install
from xl_addin.com.places import library_places, places, windowless
from xl_addin.registry.catalogue import fingerprint

_USER = {"APPDATA": r"C:\Users\x\AppData\Roaming", "LOCALAPPDATA": r"C:\Users\x\AppData\Local"}
_NO_SERVER = {"CLO_SERVER_URL": "http://127.0.0.1:9"}


def _machine(platform: str = "linux", excel_bits: int | None = 64, **environment: str) -> Machine:
    return Machine(
        platform=platform,
        environment={**_NO_SERVER, **environment},
        prefix=r"C:\Python",
        n_bits=64,
        excel_bits=lambda: excel_bits,
    )


def test_the_places_of_a_user_follow_from_the_environment() -> None:
    """XLSTART for the add-in, the local folder for Python unless CLO_HOME says otherwise."""
    found = places(_USER)

    assert found.add_in == PureWindowsPath(r"C:\Users\x\AppData\Roaming\Microsoft\Excel\XLSTART\clo.xlam")
    assert found.home == PureWindowsPath(r"C:\Users\x\AppData\Local\CLO")
    assert places({**_USER, "CLO_HOME": r"D:\CLO"}).home == PureWindowsPath(r"D:\CLO")
    assert windowless(r"D:\CLO\python\python.exe") == r"D:\CLO\python\pythonw.exe"
    assert str(library_places(r"D:\py", "0.37.8", 64)[0]) == r"D:\py\xlwings64-0.37.8.dll"


def test_without_the_users_folders_nothing_is_guessed() -> None:
    """The error names the variable that is missing."""
    with pytest.raises(InputError, match=r"CLO-2272.*APPDATA"):
        places({"LOCALAPPDATA": "x"})


def test_an_installation_is_refused_off_windows() -> None:
    """Nothing is written; the error says what to do instead."""
    with pytest.raises(InputError, match=r"CLO-2273.*clodesk excel build"):
        install(b"", platform="linux")


def test_an_installation_writes_the_file_and_keeps_the_variable(tmp_path: Path) -> None:
    """The add-in is where Excel looks, CLO_HOME is kept, an older copy is named."""
    environment = {"APPDATA": str(tmp_path / "r"), "LOCALAPPDATA": str(tmp_path / "l")}
    kept: list[tuple[str, str]] = []

    def keep(name: str, value: str) -> None:
        kept.append((name, value))

    target = Path(places(environment).add_in.as_posix())
    installed = install(b"add-in", environment=environment, platform="win32", keep_variable=keep)

    assert installed.add_in == target
    assert target.read_bytes() == b"add-in"
    assert kept == [("CLO_HOME", installed.home)]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_an_add_in_says_which_catalogue_it_was_built_from(tmp_path: Path) -> None:
    """The fingerprint is read without macros; a file of another kind has none."""
    path = tmp_path / "clo.xlsx"
    path.write_bytes(built().xlsm)
    other = tmp_path / "other.xlsx"
    other.write_bytes(b"no workbook")

    assert built_from(path) == fingerprint()
    assert built_from(other) == ""


def test_every_fault_of_a_windows_machine_is_named_with_its_remedy() -> None:
    """Other bits, no library, no add-in, a variable that stops xlwings, no server: one finding each."""
    findings = examine(_machine("win32", 32, XLWINGS_ON_SERVER="true", **_USER))

    bad = {one.subject: one for one in findings if one.verdict is Verdict.BAD}
    assert set(bad) == {"Bits of Python and Excel", "Library of xlwings", "Add-in", "Environment", "Calculation server"}
    assert "32 bits" in bad["Bits of Python and Excel"].remedy
    assert "pip install --force-reinstall xlwings==" in bad["Library of xlwings"].remedy
    assert "clodesk excel install" in bad["Add-in"].remedy
    assert bad["Calculation server"].text.startswith("CLO-3000")
    assert all(one.remedy for one in bad.values())


def test_elsewhere_only_what_is_there_is_checked() -> None:
    """Windows is skipped, local mode needs no server."""
    findings = examine(_machine(CLO_MODE="local"))

    assert [one.verdict for one in findings] == [Verdict.SKIPPED, Verdict.GOOD, Verdict.SKIPPED]


def test_a_setting_that_cannot_be_used_is_a_finding() -> None:
    """An unknown mode does not stop the examination."""
    finding = examine(_machine(CLO_MODE="remote"))[-1]

    assert (finding.verdict, finding.text[:8]) == (Verdict.BAD, "CLO-2251")
