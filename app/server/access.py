"""Who may do what: bearer keys on the way in, an Access for every route. Knows no route."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from vouch.app.server.problems import Problem
from vouch.app.server.rate import RateLimit
from vouch.app.service.keys import PREFIX
from vouch.app.service.types import EVERYTHING_ALLOWED, Access, Scope

_bearer = HTTPBearer(auto_error=False, description="An API key made by `vouch keys create`.")


class Keys(Protocol):
    """The API keys of a server."""

    def access(self, secret: str) -> Access | None:
        """Return what a key allows; None for one that does not exist or was revoked."""
        ...


class Gate:
    """Lets requests in: without keys everybody, with them whoever shows one."""

    def __init__(self, keys: Keys | None, limit: RateLimit, required: bool = True) -> None:
        """`required` False: who shows no key may do everything, who shows one may do what it allows."""
        self._keys, self._limit, self._required = keys, limit, required and keys is not None

    @property
    def asks_for_keys(self) -> bool:
        """Say whether a key is needed."""
        return self._required

    def admit(self, credentials: HTTPAuthorizationCredentials | None, client: str) -> Access:
        """Return what the caller may do; Problem 401 without a valid key, 429 for one that asks too often."""
        secret = credentials.credentials if credentials else ""
        found = self._keys.access(secret) if self._keys and secret else None
        # Other programs want any key at all; one of ours that opens nothing must not open everything.
        if found is None and (self._required or secret.startswith(PREFIX)):
            self._count(client)  # guessing keys is limited like asking with one
            said = "this API key is not valid" if secret else "an API key is needed"
            raise Problem(401, f"{said}: send Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"})
        access = found or EVERYTHING_ALLOWED
        self._count(access.key or client)
        return access

    def _count(self, caller: str) -> None:
        wait = self._limit.wait(caller)
        if wait > 0:
            raise Problem(429, "too many requests from you", {"Retry-After": str(max(1, round(wait)))})


def needs(scope: Scope) -> Callable[..., Awaitable[Access]]:
    """Return the dependency of a route that takes this scope."""

    async def admitted(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Access:
        gate: Gate = request.app.state.gate
        access = gate.admit(credentials, request.client.host if request.client else "")
        request.state.key = access.key
        if scope not in access.scopes and "admin" not in access.scopes:
            raise Problem(403, f"this key may not {scope}: it allows {', '.join(sorted(access.scopes))}")
        return access

    admitted.scope = scope  # type: ignore[attr-defined]  # read by the test of every route's rule
    return admitted


needs_ask, needs_admin = Depends(needs("ask")), Depends(needs("admin"))
"""For routes that need no more than the right to call them."""
MayAsk = Annotated[Access, needs_ask]
MayIngest = Annotated[Access, Depends(needs("ingest"))]
