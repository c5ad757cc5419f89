"""L7: manifests, metadata and icons are what Excel and Microsoft's own tools accept, and the same at every build."""

import hashlib
import json
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.xl_addin.officejs.packages import node, package
from xl_addin.commands.declare import commands
from xl_addin.officejs import icons
from xl_addin.officejs.identity import Environment, identity
from xl_addin.officejs.manifest import manifest_xml
from xl_addin.officejs.metadata import catalogue_script, functions_json, functions_script
from xl_addin.officejs.unified import SCHEMA_VERSION, app_package, unified_manifest
from xl_addin.registry import catalogue as registry
from xl_addin.registry.declare import FUNCTIONS, udf

pytestmark = pytest.mark.l7
BASE = "https://clo.example.com"
APP = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
OVER = "{http://schemas.microsoft.com/office/taskpaneappversionoverrides}"
BASIC = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"


def _xml(environment: Environment = Environment.PROD) -> ET.Element:
    return ET.fromstring(manifest_xml(BASE, environment))  # noqa: S314 (made here)


def _texts(root: ET.Element, kind: str) -> dict[str, str]:
    return {one.attrib["id"]: one.attrib["DefaultValue"] for one in root.iter(f"{BASIC}{kind}") if "id" in one.attrib}


def test_the_parts_of_the_manifest_stand_in_the_order_that_excel_demands() -> None:
    """Excel reads the manifest by a schema of sequences; a part out of place is refused."""
    root = _xml()
    names = [child.tag.split("}")[1] for child in root]
    assert names == [
        "Id", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "IconUrl",
        "HighResolutionIconUrl", "SupportUrl", "AppDomains", "Hosts", "Requirements", "DefaultSettings", "Permissions",
        "VersionOverrides",
    ]  # fmt: skip
    host = root.find(f"{OVER}VersionOverrides/{OVER}Hosts/{OVER}Host")
    assert host is not None
    assert [child.tag.split("}")[1] for child in host] == ["Runtimes", "AllFormFactors", "DesktopFormFactor"]
    runtime = host.find(f"{OVER}Runtimes/{OVER}Runtime")
    assert runtime is not None
    assert runtime.attrib == {"resid": "Pane.Url", "lifetime": "long"}
    needed = root.find(f"{APP}Requirements/{APP}Sets/{APP}Set")
    assert needed is not None
    assert needed.attrib == {"Name": "SharedRuntime", "MinVersion": "1.1"}


def test_every_reference_of_the_manifest_leads_somewhere() -> None:
    """Ids are short enough, each is defined once, none is left over, and every text fits."""
    root = _xml(Environment.UAT)
    defined = {kind: _texts(root, kind) for kind in ("Image", "Url")}
    short, long = (
        {one.attrib["id"]: one.attrib["DefaultValue"] for one in root.find(f".//{BASIC}{kind}") or ()}
        for kind in ("ShortStrings", "LongStrings")
    )
    known = {**defined["Image"], **defined["Url"], **short, **long}
    used = {one.attrib["resid"] for one in root.iter() if "resid" in one.attrib}

    assert used == set(known)
    assert max(map(len, known)) <= 32
    assert max(map(len, short.values())) <= 125
    assert max(map(len, long.values())) <= 250
    assert all(url.startswith(f"{BASE}/") for url in (*defined["Image"].values(), *defined["Url"].values()))


def test_only_production_has_no_namespace() -> None:
    """Function names of production are those of every other face; dev and uat cannot be mistaken for it."""
    points = {
        environment: _xml(environment).find(f".//{OVER}ExtensionPoint[@{XSI}='CustomFunctions']/{OVER}Namespace")
        for environment in Environment
    }

    assert [one for one, point in points.items() if point is None] == [Environment.PROD]
    assert _texts(_xml(Environment.DEV), "String")["Namespace"] == "CLODEV"
    assert len({identity(one).id for one in Environment}) == 3
    assert len({identity(one).name for one in Environment}) == 3


def test_the_ribbon_has_every_command_with_its_own_words() -> None:
    """Buttons carry ids, labels and tips of the commands, and start them."""
    root = _xml()
    texts = _texts(root, "String")
    actions = {one.text for one in root.iter(f"{OVER}FunctionName")}
    controls = {one.attrib["id"]: one for one in root.iter(f"{OVER}Control")}

    assert actions == {command.id for command in commands()}
    for command in commands():
        label = controls[command.id].find(f"{OVER}Label")
        assert label is not None
        assert texts[label.attrib["resid"]] == command.label


def test_what_is_built_twice_is_the_same() -> None:
    """Manifest, metadata, scripts and icons have the same bytes at every build, also in another process."""
    script = (
        "import sys, hashlib\n"
        "from xl_addin.officejs import icons\n"
        "from xl_addin.officejs.identity import Environment\n"
        "from xl_addin.officejs.manifest import manifest_xml\n"
        "from xl_addin.officejs.metadata import catalogue_script, functions_json, functions_script\n"
        "from xl_addin.officejs.unified import app_package\n"
        f"base, prod = {BASE!r}, Environment.PROD\n"
        "made = [manifest_xml(base, prod), app_package(base, prod), functions_json(base), functions_script(),\n"
        "        catalogue_script(), icons.icon('run', 32), icons.outline(32)]\n"
        "print(hashlib.sha256(b'|'.join(made)).hexdigest())\n"
    )
    made = [
        manifest_xml(BASE, Environment.PROD), app_package(BASE, Environment.PROD), functions_json(BASE),
        functions_script(), catalogue_script(), icons.icon("run", 32), icons.outline(32),
    ]  # fmt: skip
    here = hashlib.sha256(b"|".join(made)).hexdigest()
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert there.stdout.strip() == here


@pytest.fixture
def newly_registered() -> Iterator[str]:
    """A function that nothing but its declaration knows."""
    name = "CLO_TRIAL_OFFICE"

    @udf(name, category="CLO Trial", examples=["=CLO_TRIAL_OFFICE()"])
    def trial() -> float:
        """A trial, 1.0."""
        return 1.0

    caches = (registry.catalogue, registry.by_name, registry.fingerprint)
    for one in caches:
        one.cache_clear()
    yield name
    del FUNCTIONS[name]
    for one in caches:
        one.cache_clear()


def test_a_registered_function_appears_by_itself(newly_registered: str) -> None:
    """Metadata, association and unified manifest have it without another edit."""
    assert newly_registered in [one["id"] for one in json.loads(functions_json(BASE))["functions"]]
    assert newly_registered.encode() in functions_script()
    assert f'"{newly_registered}":'.encode() in catalogue_script()
    assert newly_registered.encode() in unified_manifest(BASE, Environment.PROD)


def test_metadata_tells_excel_how_arguments_come() -> None:
    """Anything may come as a range; enumerations are words with a list; calls can be cancelled and know their cell."""
    metadata = json.loads(functions_json(BASE))
    by_id = {one["id"]: one for one in metadata["functions"]}
    first, *_, headers = by_id["CLO_TRANCHES"]["parameters"]

    assert (metadata["allowErrorForDataTypeAny"], metadata["allowCustomDataForDataTypeAny"]) == (True, True)
    assert all(name == one["name"] for name, one in by_id.items())
    assert (first["type"], first["dimensionality"]) == ("any", "matrix")
    assert headers["optional"] is True
    assert by_id["CLO_TRANCHES"]["options"] == {"cancelable": True, "requiresAddress": True}
    assert by_id["CLO_TRANCHES"]["result"] == {"dimensionality": "matrix"}
    assert by_id["CLO_ERROR"]["options"]["requiresParameterAddresses"] is True
    assert by_id["CLO_RUN_STATUS"]["options"] == {"stream": True}
    mode = next(one for one in by_id["CLO_TRIGGERS"]["parameters"] if one["name"] == "mode")
    assert (mode["type"], mode["dimensionality"], mode["customEnumId"]) == ("string", "scalar", "CLO.mode")
    words = next(one for one in metadata["enums"] if one["id"] == "CLO.mode")["values"]
    assert [one["stringValue"] for one in words] == ["default", "standard", "legacy"]
    assert by_id["CLO_TRANCHES"]["helpUrl"] == f"{BASE}/help/CLO_TRANCHES"


def test_microsofts_schemas_accept_manifest_and_metadata(tmp_path: Path) -> None:
    """The unified manifest and every function are valid by the schemas that Microsoft ships."""
    package("ajv-draft-04")
    schemas = package("@microsoft", "app-manifest", "build", "json-schemas", "teams", f"v{SCHEMA_VERSION}")
    manifest, metadata = tmp_path / "manifest.json", tmp_path / "functions.json"
    metadata.write_bytes(functions_json(BASE))
    for environment in Environment:
        manifest.write_bytes(unified_manifest(BASE, environment))
        outcome = node("check_schemas.js", schemas, manifest, metadata)
        assert outcome.returncode == 0, outcome.stderr
        told: dict[str, Any] = json.loads(outcome.stdout)

        assert told["problems"] == []
        assert told["n"] > 60


def test_microsofts_tools_read_the_manifest(tmp_path: Path) -> None:
    """The manifest tool finds our facts; the converter makes a unified manifest of it."""
    tool, converter = package("office-addin-manifest", "cli.js"), package("office-addin-manifest-converter", "cli.js")
    path = tmp_path / "manifest.xml"
    path.write_bytes(manifest_xml(BASE, Environment.PROD))

    told = node(tool, "info", path)
    assert told.returncode == 0, told.stderr
    facts = dict(re.findall(r"^ +([\w ]+): (.+)$", told.stdout, re.MULTILINE))
    assert facts["Id"] == identity(Environment.PROD).id
    assert facts["Name"] == "clodesk"
    assert facts["Hosts"] == "Workbook"
    converted = node(converter, "convert", path, "--output", tmp_path / "out")
    assert converted.returncode == 0, converted.stdout + converted.stderr
    made = json.loads(next((tmp_path / "out").rglob("manifest.json")).read_text())
    assert made["name"]["short"] == "clodesk"


def test_icons_are_pngs_of_their_size() -> None:
    """Every glyph has every size that a manifest may name, and shows something."""
    for name in icons.GLYPHS:
        for size in icons.SIZES:
            data = icons.icon(name, size)
            assert data.startswith(b"\x89PNG\r\n\x1a\n")
            assert struct.unpack(">II", data[16:24]) == (size, size)
    assert len({icons.icon(name, 32) for name in icons.GLYPHS}) == 5
    assert icons.outline(32) != icons.icon("clodesk", 32)
