"""The extension `clo.oxt`, made from the catalogue: the same bytes each time (spec 08 §10).

What the parts say is in `parts`; here they are compiled and packed.
"""

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import InputError
from xl_addin.calc import parts
from xl_addin.calc.installation import Installation, find_installation
from xl_addin.registry.catalogue import catalogue, describe, fingerprint
from xl_addin.registry.declare import Function

# Files in a zip carry a time; the first that the format knows makes two builds equal.
_STAMP = (1980, 1, 1, 0, 0, 0)


def build(functions: Sequence[Function] | None = None, installation: Installation | None = None) -> bytes:
    """The extension as the bytes of `clo.oxt`, for all functions of the catalogue by default.

    Raises InputError CLO-2325 without LibreOffice, CLO-2326 without its SDK, CLO-2327 for an interface it refuses.
    """
    described = [describe(function.name) for function in (catalogue() if functions is None else functions)]
    described.sort(key=lambda function: str(function["name"]))
    return _packed(
        {
            "META-INF/manifest.xml": parts.manifest(),
            "description.xml": parts.description(),
            "CalcAddIns.xcu": parts.configuration(described),
            parts.TYPES: _compiled(parts.interface(described), installation or find_installation()),
            parts.FACTS: parts.facts(described, fingerprint()),
            parts.SCRIPT: _source(parts.SCRIPT),
            f"pythonpath/{parts.CLIENT}": _source(parts.CLIENT),
            f"pythonpath/{parts.PLACES}": parts.places(),
        }
    )


def _source(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()


def _compiled(interface: str, installation: Installation) -> bytes:
    """The type library of an interface."""
    with tempfile.TemporaryDirectory(prefix="clodesk-calc-") as folder:
        source, target = Path(folder) / "clo.idl", Path(folder) / parts.TYPES
        source.write_text(interface, encoding="ascii")
        command = [installation.type_compiler, *installation.type_libraries, source, target]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (paths of our own)
        if done.returncode != 0 or not target.is_file():
            raise InputError(
                "CLO-2327",
                f"unoidl-write does not accept the interface of the functions: {done.stderr.strip()}",
                remedy="A function or parameter name is not allowed there: it may not hold two underscores in a row.",
            )
        return target.read_bytes()


def _packed(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            package.writestr(entry, data)
    return buffer.getvalue()
