"""The package: a workbook with project and ribbon as a zip whose bytes depend on its content alone (spec 08 §7)."""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from xl_addin.com.build.modules import Module
from xl_addin.com.build.ribbon import custom_ui
from xl_addin.com.build.sheets import INTERPRETER, workbook_bytes
from xl_addin.commands.declare import Command
from xl_addin.registry.declare import Function

_PLAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_WITH_MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_ADD_IN = "application/vnd.ms-excel.addin.macroEnabled.main+xml"
_TYPES = "[Content_Types].xml"
_RELATIONS = "_rels/.rels"
_RIBBON_PART = "customUI/customUI14.xml"
_RIBBON_RELATION = (
    '<Relationship Id="rIdClo" Type="http://schemas.microsoft.com/office/2007/relationships/ui/extensibility" '
    f'Target="{_RIBBON_PART}"/>'
)
_MOMENT = "2020-01-01T00:00:00Z"
_ZIP_MOMENT = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class AddIn:
    """The add-in for Excel, and the same project as a workbook without ribbon."""

    xlam: bytes
    xlsm: bytes


def build_add_in(
    functions: Iterable[Function],
    commands: Iterable[Command],
    modules: Sequence[Module],
    *,
    interpreter: str = INTERPRETER,
) -> AddIn:
    """Build both files from the functions and commands that they offer and the modules that call them.

    interpreter: the Python that Excel starts.
    """
    parts = _parts(workbook_bytes(functions, interpreter=interpreter))
    parts["docProps/core.xml"] = _same_moment(parts["docProps/core.xml"])
    _replace(parts, _TYPES, _PLAIN, _WITH_MACROS)
    parts = _parts(_with_project(_packed(parts), modules))
    xlsm = _packed(parts)
    _replace(parts, _TYPES, _WITH_MACROS, _ADD_IN)
    parts[_RIBBON_PART] = custom_ui(commands)
    _replace(parts, _RELATIONS, "</Relationships>", _RIBBON_RELATION + "</Relationships>")
    return AddIn(_packed(parts), xlsm)


def _with_project(workbook: bytes, modules: Sequence[Module]) -> bytes:
    """The workbook with a VBA project of the modules. Raises ModelError CLO-2260 where the builder is not installed."""
    try:
        from pyopenvba import ExcelFile, VBAModuleKind  # type: ignore[import-untyped]  # the library has no types
    except ImportError:
        raise ModelError(
            "CLO-2260",
            "The library that writes VBA projects is not installed",
            remedy='Install it with pip install "clodesk[excel]".',
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clo.xlsm"
        path.write_bytes(workbook)
        with ExcelFile(path) as file:
            project = file.add_vba_project()
            for module in modules:
                kind = VBAModuleKind.other if module.is_class else VBAModuleKind.standard
                project.add_module(module.name, module.source, kind=kind)
            file.save()
        return path.read_bytes()


def _parts(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(parts: Mapping[str, bytes]) -> bytes:
    """A zip of the parts: content types first as readers expect it, then by name, all of one moment."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(parts, key=lambda name: (name != _TYPES, name)):
            entry = zipfile.ZipInfo(name, _ZIP_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            archive.writestr(entry, parts[name])
    return stream.getvalue()


def _replace(parts: dict[str, bytes], part: str, before: str, after: str) -> None:
    text = parts[part].decode()
    if text.count(before) != 1:
        raise ModelError("CLO-2261", f"{part} does not hold {before!r} once", remedy="Report this: a library changed.")
    parts[part] = text.replace(before, after).encode()


def _same_moment(core: bytes) -> bytes:
    """Properties of the document without the moment of the build."""
    return re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + _MOMENT.encode(), core)
