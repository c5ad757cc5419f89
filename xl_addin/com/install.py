"""Installing the add-in for one Windows user, without an administrator (spec 08 §6.6)."""

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from xl_addin.com.places import Places, places


@dataclass(frozen=True, slots=True)
class Installed:
    """What was installed: the file that Excel opens, the folder that CLO_HOME names, older copies to be removed."""

    add_in: Path
    home: str
    older: tuple[Path, ...]


def install(
    content: bytes,
    *,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    keep_variable: Callable[[str, str], None] | None = None,
) -> Installed:
    """Put an add-in where Excel opens it at start, and keep CLO_HOME in the user's environment.

    Raises InputError CLO-2273 on another system than Windows, CLO-2274 where the file cannot be written.
    """
    if platform != "win32":
        raise InputError(
            "CLO-2273",
            "The add-in for Excel can only be installed on Windows",
            remedy="Build it here with `clodesk excel build` and install it there; on a Mac or in the browser use the "
            "Office add-in of the server.",
        )
    found = places(environment)
    target = Path(found.add_in.as_posix())
    _write(target, content)
    (keep_variable or _keep_variable)("CLO_HOME", str(found.home))
    return Installed(target, str(found.home), _older(found))


def _write(target: Path, content: bytes) -> None:
    """The whole file or none; Excel keeps an open one locked."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise InputError(
            "CLO-2274",
            f"The add-in cannot be written: {error.strerror}",
            where=str(target),
            remedy="Close Excel and try again.",
        ) from error


def _older(found: Places) -> tuple[Path, ...]:
    return tuple(path for path in (Path(one.as_posix()) for one in found.older) if path.exists())


def _keep_variable(name: str, value: str) -> None:
    """Set an environment variable of the user for programs that start from now on."""
    import winreg  # type: ignore[import-not-found,unused-ignore]  # exists on Windows only

    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Environment", 0, winreg.KEY_SET_VALUE) as key:  # type: ignore[attr-defined,unused-ignore]
        winreg.SetValueEx(key, name, 0, winreg.REG_EXPAND_SZ, value)  # type: ignore[attr-defined,unused-ignore]
