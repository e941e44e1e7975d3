"""Whether the server lives, can answer, and what it has counted."""

from fastapi import APIRouter, Request, Response

from vouch.app.server import examples
from vouch.app.server.access import MayAsk, needs_admin
from vouch.app.server.body import json_response
from vouch.app.server.documented import Responses, answers, problems
from vouch.app.server.held import held
from vouch.app.server.metrics import CONTENT_TYPE
from vouch.app.service.types import EVERYTHING_ALLOWED

router = APIRouter(tags=["health"])

_NOT_READY: Responses = {
    503: {"description": "Not ready.", "content": {"application/json": {"example": {"ok": False}}}}
}
_TEXT: Responses = {200: {"description": "Metrics.", "content": {"text/plain": {"example": "vouch_queue 0"}}}}


@router.get("/healthz", responses={200: {"description": "It lives.", "content": {"application/json": {}}}})
async def healthz() -> Response:
    """Say that the process answers; needs no key."""
    return json_response({"ok": True})


@router.get("/readyz", responses={200: {"description": "Ready.", "content": {"application/json": {}}}, **_NOT_READY})
async def readyz(request: Request) -> Response:
    """Say whether the library can answer; needs no key and tells nothing of what it holds."""
    server = held(request)
    ready = await server.workers.run(server.service.ready)
    return json_response({"ok": ready.ok, "problems": list(ready.problems)}, 200 if ready.ok else 503)


@router.get("/metrics", response_class=Response, responses=problems() | _TEXT, dependencies=[needs_admin])
async def metrics(request: Request) -> Response:
    """Return requests, latency by stage, answers by kind, library size and queue for Prometheus."""
    server = held(request)
    library = await server.workers.run(lambda: server.service.stats(EVERYTHING_ALLOWED))
    return Response(server.metrics.text(library, server.workers.busy), media_type=CONTENT_TYPE)


@router.get("/v1/library", responses=answers(examples.STATS))
async def library(request: Request, access: MayAsk) -> Response:
    """Return how much of the library this key sees."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.stats(access)))
