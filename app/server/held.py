"""What an application holds for its routes."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from vouch.app.server.metrics import Metrics
from vouch.app.server.workers import Workers
from vouch.app.service.types import Service


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one caller may send."""

    body_bytes: int = 1_000_000
    """Of a request that is no upload."""
    upload_bytes: int = 200_000_000
    """Of all files of an upload together."""
    files: int = 100
    folders: tuple[Path, ...] = ()
    """Folders of the server from which documents may be ingested by path."""


@dataclass(frozen=True, slots=True)
class Held:
    """The parts of a running server."""

    service: Service
    workers: Workers
    metrics: Metrics
    limits: Limits
    adapters: tuple[str, ...] = ()
    """Names that a request may choose from."""


def held(request: Request) -> Held:
    """Return the parts of the server that got this request."""
    parts: Held = request.app.state.held
    return parts
