"""The page that describes every route: drawn in the browser from openapi.json, with nothing from any other address."""

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)

PATHS = ("/docs", "/docs/page.js", "/docs/page.css")
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src blob: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own script and style, and what this server answers."""


@cache
def _asset(name: str) -> bytes:
    return files("vouch.app.server").joinpath("assets", name).read_bytes()


@router.get("/docs")
async def page() -> Response:
    """Return the page; needs no key, like openapi.json."""
    return Response(_asset("docs.html"), media_type="text/html; charset=utf-8")


@router.get("/docs/page.js")
async def script() -> Response:
    """Return what draws the page."""
    return Response(_asset("docs.js"), media_type="text/javascript; charset=utf-8")


@router.get("/docs/page.css")
async def style() -> Response:
    """Return what the page looks like."""
    return Response(_asset("docs.css"), media_type="text/css; charset=utf-8")
