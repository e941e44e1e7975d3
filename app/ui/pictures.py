"""Pictures inside the page's own messages: Streamlit's media files are dropped by the next rerun of any visitor.

A browser that fetches a picture a moment after such a rerun (or from another replica) gets 404 for it.
"""

import base64


def png_url(picture: bytes) -> str:
    """Return a `data:` URL that holds a PNG."""
    return _url("image/png", picture)


def svg_url(picture: bytes) -> str:
    """Return a `data:` URL that holds an SVG."""
    return _url("image/svg+xml", picture)


def _url(kind: str, picture: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}"
