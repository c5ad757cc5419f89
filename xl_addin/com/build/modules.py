"""The modules of the VBA project: ours, and xlwings' own as the installed package ships it (spec 08 §7)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from engine.errors import ModelError
from xl_addin.com.build.functions import udf_modules
from xl_addin.com.build.templates import filled
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.declare import Function

PROJECT_NAME = "clo"
FUNCTION_SHEET = "clo.functions"
_OURS = ("CloHost", "CloRuntime", "CloHelp", "CloRibbon")
_EVENTS = "CloEvents"
_VERSION_CONSTANT = re.compile(r'Public Const XLWINGS_VERSION As String = "([^"]+)"')
_PROJECT_CONSTANT = 'Public Const PROJECT_NAME As String = "myaddin"'


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the project: its name, its text with line ends of Windows, whether it is a class."""

    name: str
    source: str
    is_class: bool = False


def project_modules(functions: Iterable[Function]) -> tuple[Module, ...]:
    """All modules in order: those of xlwings, ours, and the functions by category."""
    return (*xlwings_modules(), *our_modules(functions))


def our_modules(functions: Iterable[Function]) -> tuple[Module, ...]:
    """The modules that we wrote or generate; they reach Excel and Python through CloHost alone."""
    values = {
        "version": version("clodesk"),
        "fingerprint": fingerprint(),
        "xlwings_version": version("xlwings"),
        "function_sheet": FUNCTION_SHEET,
    }
    sources = {name: filled(f"{name}.bas.tmpl", **values) for name in _OURS} | udf_modules(functions)
    events = Module(_EVENTS, _windows(filled(f"{_EVENTS}.cls.tmpl")), True)
    return (events, *(Module(name, _windows(source)) for name, source in sources.items()))


def xlwings_modules() -> tuple[Module, Module]:
    """The module and the class that call Python, with our name for the configuration.

    Raises ModelError CLO-2258 where the text is not that of the installed version: the library that it loads would not
    be there.
    """
    folder = _xlwings_folder()
    text = _read(folder / "xlwings_custom_addin.bas")
    found = _VERSION_CONSTANT.search(text)
    installed = version("xlwings")
    if found is None or found[1] != installed or text.count(_PROJECT_CONSTANT) != 1:
        raise ModelError(
            "CLO-2258",
            f"The VBA module of xlwings {installed} is of version {found[1] if found else 'unknown'}",
            where=str(folder),
            remedy="Install xlwings again, then build the add-in again.",
        )
    text = text.replace(_PROJECT_CONSTANT, _PROJECT_CONSTANT.replace("myaddin", PROJECT_NAME))
    return Module("xlwings", _windows(text)), Module(
        "Dictionary", _windows(_read(folder / "addin" / "Dictionary.cls")), True
    )


def _xlwings_folder() -> Path:
    """Where the package lies; it is not imported, as only its texts are wanted."""
    found = find_spec("xlwings")
    if found is None or found.origin is None:
        raise ModelError("CLO-2259", "xlwings is not installed", remedy="Install clodesk with its dependencies.")
    return Path(found.origin).parent


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _windows(text: str) -> str:
    return "\r\n".join(text.splitlines()) + "\r\n"
