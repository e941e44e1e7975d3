"""What every route documents of its answers: the object and the problems it may meet."""

from typing import Any

from vouch.app.server.problems import MEDIA_TYPE
from vouch.app.server.schemas import ProblemBody

_WHY = {
    400: "A name, filter or setting that makes no sense.",
    401: "No valid API key.",
    403: "The key may not do this.",
    404: "It does not exist, or this key may not see it.",
    409: "This server is not set up for it.",
    413: "The body or a file is too large.",
    415: "The body is of a kind that is not read here.",
    422: "The request does not fit its description.",
    429: "Too many requests; Retry-After says when to come back.",
    499: "The client went away.",
    500: "A bug; the log names the request id.",
    502: "The language model cannot be used.",
    503: "The library cannot be used now.",
    504: "The language model brought no reply in time.",
    507: "The disk is full.",
}
Responses = dict[int | str, dict[str, Any]]


def answers(example: Any, *codes: int, status: int = 200, description: str = "Done.") -> Responses:
    """Return the `responses` of a route: an example of success, and problem details for the rest."""
    success = {"description": description, "content": {"application/json": {"example": example}}}
    return {status: success, **problems(*codes)}


def problems(*codes: int) -> Responses:
    """Return the `responses` of what a route may refuse; every one may meet those of keys, limits and bugs."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        code: {
            "description": _WHY[code],
            "model": ProblemBody,
            "content": {MEDIA_TYPE: {"schema": schema, "example": _example(code)}},
        }
        for code in sorted({401, 403, 429, 500, 503, *codes})
    }


def _example(code: int) -> dict[str, Any]:
    return {"type": "about:blank", "title": "", "status": code, "detail": _WHY[code], "instance": "/v1/…"}
