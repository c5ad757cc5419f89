"""The charting library, served from the installed package: pages of ours load nothing from elsewhere but Office.js."""

import gzip
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request, Response

from engine.errors import BackendError

CHARTS_PATH = "/static/plotly.min.js"
_YEAR = 31_536_000


def router() -> APIRouter:
    """The route of the charting library."""
    made = APIRouter(include_in_schema=False)

    @made.get(CHARTS_PATH)
    def charts(request: Request) -> Response:
        plain, packed, tag = _library()
        headers = {"Cache-Control": f"public, max-age={_YEAR}", "ETag": tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
        return Response(plain, media_type="text/javascript", headers=headers)

    return made


@cache
def _library() -> tuple[bytes, bytes, str]:
    """The library as it is, packed, and its entity tag; packed once, not at every request."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise BackendError("CLO-3160", "The package plotly is not installed", remedy="Install clodesk again.")
    plain = (Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js").read_bytes()
    return plain, gzip.compress(plain, 6), f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
