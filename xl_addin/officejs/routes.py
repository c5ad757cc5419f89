"""The addresses under /excel: what Excel and the browser load (spec 08 §5.1, §9, §15).

Everything here is public inside the tenant: texts and scripts, no data. Answers carry a tag, so that a reload costs a
question and no transfer, and an updated server is seen at once.
"""

from collections.abc import Mapping

import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from xl_addin.commands.looks import looks_to_json
from xl_addin.officejs import icons
from xl_addin.officejs.assets import Asset, asset, files
from xl_addin.officejs.identity import Environment
from xl_addin.officejs.manifest import manifest_xml
from xl_addin.officejs.metadata import catalogue_script, functions_json, functions_script
from xl_addin.officejs.unified import app_package, unified_manifest

OFFICE_LIBRARY = "https://appsforoffice.microsoft.com"
_FRAMES = (
    "https://*.officeapps.live.com https://*.office.com https://*.office365.com https://*.sharepoint.com "
    "https://*.cloud.microsoft"
)
# Office.js adds one style element and Plotly some style attributes; scripts have no such exception.
POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' {OFFICE_LIBRARY}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        f"frame-ancestors 'self' {_FRAMES}",
    )
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
_OPEN = {"Access-Control-Allow-Origin": "*"}


def router() -> APIRouter:
    """All routes under /excel."""
    made = APIRouter(prefix="/excel", include_in_schema=False)
    _add_generated(made)
    _add_pages(made)

    @made.get("/icons/{name}-{size}.png")
    def icon(request: Request, name: str, size: int) -> Response:
        if name not in icons.GLYPHS or size not in icons.SIZES:
            raise HTTPException(404)
        return _answer(request, asset(icons.icon(name, size), "image/png"), _OPEN)

    return made


def _add_generated(made: APIRouter) -> None:
    @made.get("/manifest.xml")
    def manifest(request: Request, environment: Environment = Environment.PROD) -> Response:
        return _answer(request, asset(manifest_xml(_base(request), environment), "application/xml"))

    @made.get("/manifest.json")
    def manifest_json(request: Request, environment: Environment = Environment.PROD) -> Response:
        return _answer(request, asset(unified_manifest(_base(request), environment), "application/json"))

    @made.get("/package.zip")
    def package(request: Request, environment: Environment = Environment.PROD) -> Response:
        return _answer(request, asset(app_package(_base(request), environment), "application/zip"))

    @made.get("/functions.json")
    def metadata(request: Request) -> Response:
        return _answer(request, asset(functions_json(_base(request)), "application/json"), _OPEN)

    @made.get("/functions.js")
    def script(request: Request) -> Response:
        return _answer(request, asset(functions_script(), "text/javascript"))

    @made.get("/catalogue.js")
    def known(request: Request) -> Response:
        return _answer(request, asset(catalogue_script(), "text/javascript"))

    @made.get("/looks.json")
    def looks(request: Request) -> Response:
        return _answer(request, asset(orjson.dumps(looks_to_json()), "application/json"))


def _add_pages(made: APIRouter) -> None:
    @made.get("/taskpane.html")
    def pane(request: Request) -> Response:
        page = files("taskpane")["taskpane.html"]
        return _answer(request, page, {"Content-Security-Policy": POLICY})

    @made.get("/bundle/{name}")
    def bundle(request: Request, name: str) -> Response:
        return _file(request, "bundle", name)

    @made.get("/taskpane/{name}")
    def taskpane(request: Request, name: str) -> Response:
        return _file(request, "taskpane", name)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _file(request: Request, folder: str, name: str) -> Response:
    found = files(folder).get(name)
    if found is None:
        raise HTTPException(404)
    return _answer(request, found)


def _answer(request: Request, found: Asset, headers: Mapping[str, str] | None = None) -> Response:
    sent = {**_HEADERS, "ETag": found.tag, **(headers or {})}
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=sent)
    return Response(found.body, media_type=found.media_type, headers=sent)
