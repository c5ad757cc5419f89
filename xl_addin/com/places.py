"""Where the add-in of a Windows user lies, worked out from the environment alone (spec 08 §6.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath

from engine.errors import InputError
from xl_addin.links.spelling import ADD_IN_FILE


@dataclass(frozen=True, slots=True)
class Places:
    """home: the folder of the private Python. add_in: the file that Excel opens at start. older: other copies of it."""

    home: PureWindowsPath
    add_in: PureWindowsPath
    older: tuple[PureWindowsPath, ...]


def places(environment: Mapping[str, str]) -> Places:
    """The places of a user. Raises InputError CLO-2272 where Windows does not name the user's folders."""
    missing = [name for name in ("APPDATA", "LOCALAPPDATA") if not environment.get(name)]
    if missing:
        raise InputError(
            "CLO-2272",
            f"The environment does not name the user's folder {missing[0]}",
            where=missing[0],
            remedy="Run this in the user's own session on Windows.",
        )
    office = PureWindowsPath(environment["APPDATA"], "Microsoft")
    home = environment.get("CLO_HOME") or str(PureWindowsPath(environment["LOCALAPPDATA"], "CLO"))
    return Places(
        home=PureWindowsPath(home),
        add_in=office / "Excel" / "XLSTART" / ADD_IN_FILE,
        older=(office / "AddIns" / ADD_IN_FILE,),
    )


def windowless(interpreter: str) -> str:
    """The interpreter of the same folder that opens no console window."""
    path = PureWindowsPath(interpreter)
    return str(path.with_name("pythonw.exe")) if path.name.lower() == "python.exe" else str(path)


def library_places(prefix: str, version: str, n_bits: int) -> tuple[PureWindowsPath, ...]:
    """Where VBA looks for the library of xlwings: beside the interpreter, and above it for a virtual environment."""
    name = f"xlwings{n_bits}-{version}.dll"
    folder = PureWindowsPath(prefix)
    return folder / name, folder / "Scripts" / name, folder.parent / name
