"""What is wrong with an installation of the add-in, and what to do about it (spec 08 §6.6)."""

import os
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path

import openpyxl

from engine.errors import ClodeskError
from xl_addin.com.build.sheets import FINGERPRINT_KEY
from xl_addin.com.connection import Connection
from xl_addin.com.places import library_places, places
from xl_addin.com.settings import Mode, face_settings
from xl_addin.registry.catalogue import fingerprint


class Verdict(Enum):
    """GOOD, BAD, or SKIPPED where this system has no such thing."""

    GOOD = "good"
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, the verdict, what was found and, of a bad one, what to do."""

    subject: str
    verdict: Verdict
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the checks look at, so that tests can describe another machine. excel_bits: None where it is not known."""

    platform: str
    environment: Mapping[str, str]
    prefix: str
    n_bits: int
    excel_bits: Callable[[], int | None]


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        platform=sys.platform,
        environment=os.environ,
        prefix=sys.prefix,
        n_bits=struct.calcsize("P") * 8,
        excel_bits=_excel_bits,
    )


def examine(machine: Machine) -> list[Finding]:
    """All findings, those about Windows first."""
    if machine.platform != "win32":
        skipped = Finding("Excel for Windows", Verdict.SKIPPED, "Python, Excel and add-in are checked on Windows only")
        return [skipped, *_environment(machine), *_server(machine)]
    return [*_bits(machine), *_library(machine), *_add_in(machine), *_environment(machine), *_server(machine)]


def _good(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.GOOD, text)


def _bad(subject: str, text: str, remedy: str) -> Finding:
    return Finding(subject, Verdict.BAD, text, remedy)


def _bits(machine: Machine) -> Iterator[Finding]:
    subject, excel = "Bits of Python and Excel", machine.excel_bits()
    if excel is None:
        yield _bad(subject, "No Excel was found", "Install Excel for Windows, version 2016 or newer.")
    elif excel != machine.n_bits:
        yield _bad(
            subject,
            f"Python has {machine.n_bits} bits, Excel {excel}",
            f"Install a Python of {excel} bits and clodesk in it, then run `clodesk excel install` with that.",
        )
    else:
        yield _good(subject, f"Both have {excel} bits")


def _library(machine: Machine) -> Iterator[Finding]:
    subject, wanted = "Library of xlwings", library_places(machine.prefix, version("xlwings"), machine.n_bits)
    found = next((path for path in wanted if Path(path.as_posix()).exists()), None)
    if found is None:
        yield _bad(
            subject,
            f"{wanted[0].name} is not beside the interpreter, in {wanted[0].parent}",
            f"Install it again: pip install --force-reinstall xlwings=={version('xlwings')}",
        )
    else:
        yield _good(subject, str(found))


def _add_in(machine: Machine) -> Iterator[Finding]:
    subject = "Add-in"
    try:
        found = places(machine.environment)
    except ClodeskError as error:
        yield _bad(subject, error.problem, error.remedy)
        return
    path = Path(found.add_in.as_posix())
    if not path.exists():
        yield _bad(subject, f"{path} is not there", "Run `clodesk excel install`, then start Excel.")
        return
    yield _of_this_version(path)
    yield _from_the_internet(path)
    for older in (Path(one.as_posix()) for one in found.older):
        if older.exists():
            yield _bad(subject, f"An older copy lies in {older}", "Delete it: two add-ins of the same functions clash.")


def _of_this_version(path: Path) -> Finding:
    if built_from(path) == fingerprint():
        return _good("Version of the add-in", f"{path} is of this version")
    return _bad("Version of the add-in", f"{path} was built for another version", "Run `clodesk excel install` again.")


def built_from(path: Path) -> str:
    """The fingerprint of the catalogue that an add-in was built from, empty for a file that is none of ours."""
    try:
        workbook = openpyxl.load_workbook(path, read_only=True)
    except Exception:  # whatever the file is, it is not one that was built here
        return ""
    try:
        rows = workbook["clo.conf"].iter_rows(values_only=True)
        return next((str(row[1]) for row in rows if row[0] == FINGERPRINT_KEY), "")
    except KeyError:
        return ""
    finally:
        workbook.close()


def _from_the_internet(path: Path) -> Finding:
    subject = "Mark of the web"
    if Path(f"{path}:Zone.Identifier").exists():
        return _bad(
            subject,
            f"{path} is marked as downloaded, so Excel blocks its macros",
            "Open its properties in the Explorer, tick Unblock, and start Excel again.",
        )
    return _good(subject, "The add-in lies in a trusted folder and is not marked as downloaded")


def _environment(machine: Machine) -> Iterator[Finding]:
    subject = "Environment"
    if machine.environment.get("XLWINGS_ON_SERVER"):
        yield _bad(subject, "XLWINGS_ON_SERVER is set, with which xlwings does not start", "Take the variable out.")
    else:
        yield _good(subject, "Nothing in it keeps xlwings from starting")


def _server(machine: Machine) -> Iterator[Finding]:
    subject = "Calculation server"
    try:
        settings = face_settings(machine.environment)
        if settings.mode is Mode.LOCAL:
            yield Finding(subject, Verdict.SKIPPED, "CLO_MODE is local: cells are computed on this computer")
            return
        connection = Connection(settings)
        try:
            there = connection.call("GET", "/version")
            yield _good(subject, f"{settings.server_url} answers, version {there['server']}")
            yield _same_catalogue(str(there["fingerprint"]))
            connection.call("GET", "/session")
            yield _good("Access to the server", "The server knows the token")
        finally:
            connection.close()
    except ClodeskError as error:
        yield _bad(subject, str(error), error.remedy)


def _same_catalogue(theirs: str) -> Finding:
    if theirs == fingerprint():
        return _good("Functions of the server", "The same as here")
    return _bad("Functions of the server", "Other ones than here", "Bring clodesk to the same version on both sides.")


def _excel_bits() -> int | None:
    """Bits of the installed Excel as the registry knows them, None where there is none."""
    import winreg  # type: ignore[import-not-found,unused-ignore]  # exists on Windows only

    key_name = r"SOFTWARE\Microsoft\Office\ClickToRun\Configuration"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key_name) as key:  # type: ignore[attr-defined,unused-ignore]
            platform = winreg.QueryValueEx(key, "Platform")[0]  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return None
    return 64 if platform == "x64" else 32
