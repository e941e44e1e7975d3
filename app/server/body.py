"""JSON in and out of the server, fast and safe for every character."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Response


def json_response(document: Mapping[str, Any], status: int = 200) -> Response:
    """Return a document of the contract as it is: no model checks again what our own code made."""
    return Response(encoded(document), status, media_type="application/json")


def encoded(document: Mapping[str, Any]) -> bytes:
    """Return a document as UTF-8; half characters of odd file names become replacement marks."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def event(name: str, data: object) -> bytes:
    """Return one server-sent event."""
    said = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"event: {name}\ndata: {said}\n\n".encode("utf-8", "replace")
