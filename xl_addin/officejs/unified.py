"""The unified manifest, JSON: the same add-in for Microsoft 365 app packages (spec 08 §9.1)."""

from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from xl_addin.officejs.icons import icon, outline
from xl_addin.officejs.identity import (
    DESCRIPTION,
    PANE,
    PANE_LABEL,
    PANE_TIP,
    TAB,
    TAB_LABEL,
    VENDOR,
    Environment,
    grouped_commands,
    identity,
    release,
    shortened,
)
from xl_addin.officejs.metadata import enums, flat_functions
from xl_addin.registry.catalogue import catalogue

SCHEMA_VERSION = "1.30"
_ICON_SIZES = (16, 32, 80)


def unified_manifest(base_url: str, environment: Environment) -> bytes:
    """The manifest of the add-in that the server at `base_url` serves, which must be an https address."""
    who = identity(environment)
    manifest = {
        "$schema": (
            f"https://developer.microsoft.com/en-us/json-schemas/teams/v{SCHEMA_VERSION}/MicrosoftTeams.schema.json"
        ),
        "manifestVersion": SCHEMA_VERSION,
        "version": ".".join(map(str, release())),
        "id": who.id,
        "developer": {
            "name": VENDOR,
            "websiteUrl": f"{base_url}/",
            "privacyUrl": f"{base_url}/",
            "termsOfUseUrl": f"{base_url}/",
        },
        "name": {"short": who.name, "full": f"{who.name} for Excel"},
        "description": {"short": shortened(DESCRIPTION, 80), "full": DESCRIPTION},
        "icons": {"outline": "outline.png", "color": "color.png"},
        "accentColor": "#14532D",
        "validDomains": [base_url.split("://", 1)[1]],
        "authorization": {
            "permissions": {"resourceSpecific": [{"name": "Document.ReadWrite.User", "type": "Delegated"}]}
        },
        "extensions": [_extension(base_url, who.namespace)],
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def app_package(base_url: str, environment: Environment) -> bytes:
    """The manifest with its two icons as the zip that Microsoft 365 takes; the same bytes for the same commands."""
    parts = {
        "manifest.json": unified_manifest(base_url, environment),
        "color.png": icon("clodesk", 192),
        "outline.png": outline(32),
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body, ZIP_DEFLATED)
    return packed.getvalue()


def _extension(base_url: str, namespace: str | None) -> dict[str, Any]:
    requirements = {
        "scopes": ["workbook"],
        "capabilities": [{"name": "SharedRuntime", "minVersion": "1.1"}],
    }
    functions: dict[str, Any] = {
        "functions": flat_functions(base_url),
        "allowCustomDataForDataTypeAny": True,
        "enums": enums(catalogue()),
    }
    if namespace is not None:
        functions["namespace"] = {"id": namespace, "name": namespace}
    groups = grouped_commands()
    actions = [{"id": command.id, "type": "executeFunction"} for group in groups.values() for command in group]
    runtime = {
        "id": "clodesk",
        "type": "general",
        "lifetime": "long",
        "code": {"page": f"{base_url}/excel/taskpane.html", "script": f"{base_url}/excel/functions.js"},
        "actions": [{"id": PANE, "type": "openPage", "pinnable": True, "view": "clodesk"}, *actions],
        "customFunctions": functions,
    }
    return {"requirements": requirements, "runtimes": [runtime], "ribbons": [_ribbon(base_url)]}


def _ribbon(base_url: str) -> dict[str, Any]:
    pane = _button(base_url, PANE, PANE_LABEL, PANE_TIP, "clodesk")
    groups = [{"id": f"{TAB}.Pane", "label": VENDOR, "icons": _icons(base_url, "clodesk"), "controls": [pane]}]
    for group, commands in grouped_commands().items():
        glyph = group.lower()
        buttons = [_button(base_url, one.id, one.label, one.supertip, glyph) for one in commands]
        groups.append({"id": f"{TAB}.{group}", "label": group, "icons": _icons(base_url, glyph), "controls": buttons})
    return {"contexts": ["default"], "tabs": [{"id": TAB, "label": TAB_LABEL, "groups": groups}]}


def _button(base_url: str, name: str, label: str, tip: str, glyph: str) -> dict[str, Any]:
    return {
        "id": f"{name}.button",
        "type": "button",
        "label": shortened(label, 64),
        "icons": _icons(base_url, glyph),
        "supertip": {"title": shortened(label, 64), "description": shortened(tip, 250)},
        "actionId": name,
    }


def _icons(base_url: str, glyph: str) -> list[dict[str, Any]]:
    return [{"size": size, "url": f"{base_url}/excel/icons/{glyph}-{size}.png"} for size in _ICON_SIZES]
