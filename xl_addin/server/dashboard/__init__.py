"""The web dashboard at the server's root, for people without Excel at hand: deals, runs, tests, cash.

It is a page of plain HTML that asks the batch endpoint for the same functions as cells do: a figure here and a figure
in a workbook cannot differ.
"""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)


def router() -> APIRouter:
    """The page and its files."""
    made = APIRouter(include_in_schema=False)
    files = {path.name: path for path in _ASSETS.iterdir() if path.suffix in _TYPES}

    @made.get("/")
    def page() -> Response:
        return _file(_ASSETS / "index.html")

    @made.get("/dashboard/{name}")
    def asset(name: str, request: Request) -> Response:
        found = files.get(name)
        return Response(status_code=404) if found is None else _file(found)

    return made


def _file(path: Path) -> Response:
    # Charts size themselves by inline styles, which cannot run code.
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)
