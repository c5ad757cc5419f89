"""The artefacts (L4): parts, content types, the same bytes twice, callbacks, versions, a new function in all places."""

import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import openpyxl
import pytest
from pyopenvba.integrity import check_file

from xl_addin.com.build.functions import procedure
from xl_addin.com.build.modules import our_modules, project_modules
from xl_addin.com.build.package import AddIn, build_add_in
from xl_addin.com.build.ribbon import callbacks
from xl_addin.com.build.sheets import INTERPRETER, configuration
from xl_addin.commands.declare import commands
from xl_addin.registry.catalogue import catalogue, fingerprint
from xl_addin.registry.declare import FUNCTIONS, Function, udf

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it uses old names of a library
    from oletools.olevba import VBA_Parser

_OF_A_CLASS_FILE = ("VERSION 1.0 CLASS", "BEGIN", "END", "Attribute VB_")
_MOST_LINE, _MOST_CONTINUED, _MOST_PROCEDURE = 1023, 24, 64 * 1024


@pytest.fixture(scope="module")
def add_in() -> AddIn:
    """The add-in of all functions and commands."""
    return build_add_in(catalogue(), commands(), project_modules(catalogue()))


def _body(source: str) -> list[str]:
    """The lines of a module below the header that a project or a file of its own puts before them."""
    return list(
        itertools.dropwhile(lambda line: line.strip().startswith((*_OF_A_CLASS_FILE, "MultiUse")), source.splitlines())
    )


def _part(package: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read(name).decode()


def test_building_twice_gives_the_same_bytes(add_in: AddIn) -> None:
    """Neither the moment nor the order of anything goes into the files."""
    again = build_add_in(catalogue(), commands(), project_modules(catalogue()))

    assert again.xlam == add_in.xlam
    assert again.xlsm == add_in.xlsm


def test_the_parts_say_what_they_are(add_in: AddIn) -> None:
    """Content types and relations of add-in and workbook; only the add-in has a ribbon."""
    assert "application/vnd.ms-excel.addin.macroEnabled.main+xml" in _part(add_in.xlam, "[Content_Types].xml")
    assert "application/vnd.ms-excel.sheet.macroEnabled.main+xml" in _part(add_in.xlsm, "[Content_Types].xml")
    assert "application/vnd.ms-office.vbaProject" in _part(add_in.xlam, "[Content_Types].xml")
    relation = "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"
    assert f'Type="{relation}" Target="customUI/customUI14.xml"' in _part(add_in.xlam, "_rels/.rels")
    assert "customUI" not in _part(add_in.xlsm, "_rels/.rels")


@pytest.mark.parametrize("suffix", ["xlam", "xlsm"])
def test_a_second_reader_finds_exactly_our_modules(add_in: AddIn, suffix: str, tmp_path: Path) -> None:
    """olevba lists the modules that were put in, each with its text, and the checker finds no issue."""
    path = tmp_path / f"clo.{suffix}"
    path.write_bytes(getattr(add_in, suffix))
    parser = VBA_Parser(str(path))
    found = {name.rpartition(".")[0]: text for _, _, name, text in parser.extract_macros()}
    parser.close()

    expected = {module.name: module.source for module in project_modules(catalogue())}
    documents = {"ThisWorkbook", "Sheet1", "Sheet2", "Sheet3"}
    assert set(found) == set(expected) | documents
    for name, source in expected.items():
        assert _body(found[name]) == _body(source), name
    assert check_file(path).issues == ()


def test_every_callback_of_the_ribbon_exists(add_in: AddIn) -> None:
    """The ribbon calls only procedures that the module has, and all of those that may be called."""
    ribbon = next(module.source for module in our_modules(catalogue()) if module.name == "CloRibbon")
    there = set(re.findall(r"^Public Sub (CloRibbon_\w+)", ribbon, re.MULTILINE))

    called = callbacks(_part(add_in.xlam, "customUI/customUI14.xml").encode())
    assert called <= there
    assert {"CloRibbon_OnLoad", "CloRibbon_OnChange", "CloRibbon_GetEnabled", "CloRibbon_GetItemCount"} <= called


def test_every_command_has_its_button_in_its_group(add_in: AddIn) -> None:
    """Ids, labels and texts of the buttons are those of the declared commands, in their order."""
    root = ElementTree.fromstring(_part(add_in.xlam, "customUI/customUI14.xml"))  # noqa: S314 (our own part)
    space = root.tag.removesuffix("customUI")
    buttons = [
        (group.get("label"), button.get("id"), button.get("label"), button.get("supertip"), button.get("onAction"))
        for group in root.iter(f"{space}group")
        for button in group.iter(f"{space}button")
    ]

    expected = [(one.group, one.id, one.label, one.supertip, "CloRibbon_OnAction") for one in commands()]
    assert sorted(buttons) == sorted(expected)  # type: ignore[type-var]  # no attribute is missing
    assert len({button[1] for button in buttons}) == len(buttons)


def test_the_library_that_vba_loads_is_that_of_the_installed_xlwings() -> None:
    """The names of the DLLs and the constants carry the version of the package."""
    modules = {module.name: module.source for module in project_modules(catalogue())}

    assert f"xlwings64-{version('xlwings')}.dll" in modules["xlwings"]
    assert 'PROJECT_NAME As String = "clo"' in modules["xlwings"]
    assert f'CLO_XLWINGS_VERSION As String = "{version("xlwings")}"' in modules["CloRuntime"]
    assert f'CLO_FINGERPRINT As String = "{fingerprint()}"' in modules["CloRuntime"]


def test_generated_code_stays_within_the_limits_of_vba() -> None:
    """No line, statement or procedure is longer than the editor takes."""
    for module in our_modules(catalogue()):
        lines = module.source.splitlines()
        assert max(map(len, lines)) <= _MOST_LINE, module.name
        assert len(module.name) <= 31
        continued = 0
        for line in lines:
            continued = continued + 1 if line.endswith(" _") else 0
            assert continued <= _MOST_CONTINUED, (module.name, line)
        for body in re.split(r"^End (?:Function|Sub)", module.source, flags=re.MULTILINE):
            assert len(body) < _MOST_PROCEDURE, module.name


@pytest.fixture
def one_more() -> Iterator[Function]:
    """A function that was registered just now."""

    @udf("CLO_JUST_REGISTERED", category="CLO Dates", examples=["=CLO_JUST_REGISTERED(1)"])
    def just_registered(
        on_date: Annotated[date, 'A day, "quoted".'], *more: Annotated[float, "Further numbers."]
    ) -> float:
        """Number of arguments, a "count"."""
        return float(1 + len(more))

    yield FUNCTIONS["CLO_JUST_REGISTERED"]
    del FUNCTIONS["CLO_JUST_REGISTERED"]


def test_a_registered_function_is_in_vba_and_help_without_any_other_edit(one_more: Function) -> None:
    """Procedure, wizard texts and as-you-type help come from the declaration alone."""
    functions = (*catalogue(), one_more)
    built = build_add_in(functions, (), our_modules(functions))

    workbook = openpyxl.load_workbook(io.BytesIO(built.xlsm), keep_vba=True)
    wizard = {row[0]: row for row in workbook["clo.functions"].iter_rows(values_only=True)}
    typed = {row[0]: row for row in workbook["_IntelliSense_"].iter_rows(values_only=True)}
    assert workbook.sheetnames[-1] == "_IntelliSense_"
    assert wizard[one_more.name][1:5] == ("CLO Dates", one_more.summary, 'A day, "quoted".', "Further numbers.")
    assert typed[one_more.name][1:5] == (one_more.summary, None, "on_date", 'A day, "quoted".')
    assert procedure(one_more).splitlines()[:4] == [
        "Public Function CLO_JUST_REGISTERED(on_date As Variant, ParamArray more() As Variant) As Variant",
        'Attribute CLO_JUST_REGISTERED.VB_Description = "Number of arguments, a ""count""."',
        "    On Error GoTo Fail",
        "    Dim further As Variant",
    ]
    workbook.close()


def test_no_workbook_can_bring_code_along() -> None:
    """The configuration keeps the folder of a workbook out of the search for code, and asks for no licence."""
    configured = dict(configuration(INTERPRETER))

    assert configured["ADD_WORKBOOK_TO_PYTHONPATH"] == "False"
    assert configured["UDF Modules"] == "xl_addin.com.entry"
    assert "LICENSE_KEY" not in {key.upper().replace(" ", "_") for key in configured}
