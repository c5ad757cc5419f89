"""Where LibreOffice is installed on this machine: its program folder, its Python, the compiler of its type library."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError


@dataclass(frozen=True, slots=True)
class Installation:
    """An installed LibreOffice, by its program folder (the one that holds the real `soffice`)."""

    program: Path

    @property
    def soffice(self) -> Path:
        """The program itself."""
        return self.program / "soffice"

    @property
    def python(self) -> Path:
        """A Python that can `import uno`: LibreOffice's own, or the system's where the distribution shares it."""
        own = self.program / "python"
        system = shutil.which("python3", path=os.defpath)
        if own.is_file() or system is None:
            return own
        return Path(system)

    @property
    def type_libraries(self) -> tuple[Path, ...]:
        """The types that an interface may refer to."""
        return (self.program / "types.rdb", self.program / "types" / "offapi.rdb")

    @property
    def type_compiler(self) -> Path:
        """`unoidl-write` of the SDK; CLO-2326 where the SDK is not installed."""
        beside = self.program.parent / "sdk" / "bin" / "unoidl-write"
        found = str(beside) if beside.is_file() else shutil.which("unoidl-write")
        if found is None:
            raise InputError(
                "CLO-2326",
                "unoidl-write, the type compiler of LibreOffice's SDK, is not installed",
                remedy="Install the SDK (on Debian the package libreoffice-dev).",
            )
        return Path(found)


def find_installation() -> Installation:
    """The LibreOffice that `soffice` on the search path belongs to; CLO-2325 where there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        raise InputError(
            "CLO-2325",
            "LibreOffice is not installed, or its program soffice is not on the search path",
            remedy="Install LibreOffice Calc (Debian: libreoffice-calc, python3-uno and libreoffice-dev).",
        )
    return Installation(Path(found).resolve().parent)
