"""The parts of the extension as texts: interface, function wizard, manifest, description, list of functions.

Functions come in as `catalogue.describe` gives them. Every parameter is of type `any` and every result a sequence of
sequences: a nested tuple for a declared `any` would be refused (spec 08 §10).
"""

import inspect
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from db.settings import user_data_folder
from xl_addin.server.auth.token_file import FILE_NAME
from xl_addin.server.settings import DEFAULT_PORT

SERVICE = "org.clo.calc.CloAddIn"
IDENTIFIER = "org.clo.calc"
SCRIPT = "clo_addin.py"
CLIENT = "clo_client.py"
TYPES = "clo_types.rdb"
FACTS = "functions.json"
PLACES = "clo_places.py"

Described = Mapping[str, Any]

_INTERFACE = """\
module org {{ module clo {{ module calc {{

interface XCloFunctions : com::sun::star::uno::XInterface
{{
{methods}}};

service CloAddIn : XCloFunctions;

}}; }}; }};
"""

_CONFIGURATION = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:component-data xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 oor:name="CalcAddIns" oor:package="org.openoffice.Office">
<node oor:name="AddInInfo">
<node oor:name="{service}" oor:op="replace">
<node oor:name="AddInFunctions">
{functions}</node>
</node>
</node>
</oor:component-data>
"""

_MANIFEST = """\
<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
<manifest:file-entry manifest:full-path="{types}"
 manifest:media-type="application/vnd.sun.star.uno-typelibrary;type=RDB"/>
<manifest:file-entry manifest:full-path="{script}"
 manifest:media-type="application/vnd.sun.star.uno-component;type=Python"/>
<manifest:file-entry manifest:full-path="CalcAddIns.xcu"
 manifest:media-type="application/vnd.sun.star.configuration-data"/>
</manifest:manifest>
"""

_DESCRIPTION = """\
<?xml version="1.0" encoding="UTF-8"?>
<description xmlns="http://openoffice.org/extensions/description/2006" xmlns:d="http://openoffice.org/extensions/description/2006">
<identifier value="{identifier}"/>
<version value="{version}"/>
<display-name><name lang="en">clodesk functions</name></display-name>
<dependencies><OpenOffice.org-minimal-version value="4.1" d:name="LibreOffice 7.4"/></dependencies>
</description>
"""


def parameter_id(name: str) -> str:
    """A parameter name as the interface language takes it: no reserved word, no underscores beside small letters."""
    return "p" + "".join(word.capitalize() for word in name.split("_"))


def interface(functions: Sequence[Described]) -> str:
    """The UNO interface: one method per function."""
    return _INTERFACE.format(methods="".join(map(_method, functions)))


def _method(function: Described) -> str:
    parameters = []
    for one in function["parameters"]:
        kind = "sequence<any>" if one["is_rest"] else "any"
        parameters.append(f"[in] {kind} {parameter_id(one['name'])}")
    return f"    sequence< sequence<any> > {function['name']}({', '.join(parameters)});\n"


def configuration(functions: Sequence[Described]) -> bytes:
    """Names and texts of functions and arguments, for the function wizard."""
    return _CONFIGURATION.format(service=SERVICE, functions="".join(map(_wizard_entry, functions))).encode()


def _wizard_entry(function: Described) -> str:
    name = function["name"]
    return (
        f'<node oor:name={quoteattr(name)} oor:op="replace">\n'
        + _text("DisplayName", name)
        + _text("Description", function["summary"])
        + '<prop oor:name="Category"><value>Add-In</value></prop>\n'
        + _text("CompatibilityName", name)
        + '<node oor:name="Parameters">\n'
        + "".join(map(_wizard_parameter, function["parameters"]))
        + "</node>\n</node>\n"
    )


def _wizard_parameter(parameter: Described) -> str:
    name = parameter["name"]
    return (
        f'<node oor:name={quoteattr(parameter_id(name))} oor:op="replace">\n'
        + _text("DisplayName", name)
        + _text("Description", parameter["description"])
        + "</node>\n"
    )


def _text(name: str, text: str) -> str:
    return f'<prop oor:name="{name}"><value xml:lang="en">{escape(text)}</value></prop>\n'


def manifest() -> bytes:
    """What each file of the extension is."""
    return _MANIFEST.format(types=TYPES, script=SCRIPT).encode()


def description() -> bytes:
    """Identifier and version of the extension."""
    return _DESCRIPTION.format(identifier=IDENTIFIER, version=version("clodesk")).encode()


def facts(functions: Sequence[Described], fingerprint: str) -> bytes:
    """What the script has to know: the functions and whether they take any number of arguments, the catalogue they
    are of, where a server on the same machine listens, and the name of the file with its token."""
    has_rest = {one["name"]: any(parameter["is_rest"] for parameter in one["parameters"]) for one in functions}
    told = {
        "fingerprint": fingerprint,
        "has_rest": has_rest,
        "server_url": f"http://127.0.0.1:{DEFAULT_PORT}",
        "token_file": FILE_NAME,
    }
    return json.dumps(told, indent=0, sort_keys=True).encode()


def places() -> bytes:
    """The rule where a user's data lie, as a module for the Python of LibreOffice."""
    return f"import os\nimport sys\nfrom pathlib import Path\n\n\n{inspect.getsource(user_data_folder)}".encode()
