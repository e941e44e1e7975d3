"""The application: its routes, what stands around them, and its description."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from vouch.app.server import (
    routes_ask,
    routes_docs,
    routes_documents,
    routes_health,
    routes_ingest,
    routes_openai,
    routes_people,
)
from vouch.app.server.access import Gate
from vouch.app.server.held import Held
from vouch.app.server.middleware import BodyLimit, RequestFrame
from vouch.app.server.own_pages import OwnPages
from vouch.app.server.problems import add_problem_handlers

_ABOUT = (
    "Questions to annual reports and medical documents. Every answer carries document and page of each sentence, "
    "the table row of each number, and formula and operands of each ratio."
)

_ROUTES = (routes_ask, routes_openai, routes_documents, routes_ingest, routes_people, routes_health, routes_docs)


def create_application(
    held: Held, gate: Gate, origins: Sequence[str] = (), close: Callable[[], None] = lambda: None
) -> FastAPI:
    """Return the application over a service; `origins` may call it from browsers, `close` is called at its end."""

    @asynccontextmanager
    async def lifespan(_application: FastAPI) -> AsyncIterator[None]:
        yield
        held.workers.close()
        close()

    # FastAPI's own pages load their scripts from elsewhere.
    application = FastAPI(
        title="Vouch",
        version=version("vouch-qa"),
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    application.state.held, application.state.gate = held, gate
    for routes in _ROUTES:
        application.include_router(routes.router)
    add_problem_handlers(application)
    if not gate.asks_for_keys:
        application.openapi = partial(_without_keys, application.openapi)  # type: ignore[method-assign]
    limits = held.limits
    application.add_middleware(
        BodyLimit, limit=limits.body_bytes, upload_limit=limits.upload_bytes + 1_000_000, upload_path="/v1/documents"
    )
    if origins:
        application.add_middleware(
            CORSMiddleware, allow_origins=list(origins), allow_methods=["*"], allow_headers=["*"]
        )
    if not gate.asks_for_keys:
        application.add_middleware(OwnPages, origins=origins)
    application.add_middleware(RequestFrame, counted=held.metrics.requested)  # added last: stands outermost
    return application


def _without_keys(described: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the description of a server that asks nobody for a key."""
    description = described()
    description.get("components", {}).pop("securitySchemes", None)
    for operations in description["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return description
