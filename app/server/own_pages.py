"""On a server without keys reaching it is all it takes, and browsers let any page reach it: those are turned away."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from vouch.app.server.middleware import refuse


class OwnPages:
    """Refuses what pages of other sites send, and what is sent to a name that others may have given this machine.

    A page may send a form, so a document, to any address without asking; and a page whose own name turns into
    127.0.0.1 (DNS rebinding) may even read what comes back. Bearer keys stop both, so this is for servers without.
    """

    def __init__(self, application: ASGIApp, origins: Sequence[str]) -> None:
        """`origins`: pages that may, https://example.org; their names may stand in Host too."""
        self._application = application
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._names = frozenset(urlsplit(origin).hostname or "" for origin in self._origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        host, origin = (headers.get(name, b"").decode("latin-1").lower() for name in (b"host", b"origin"))
        if not self._is_own(host):
            detail = (
                "this server knows itself by address or as localhost: ask it so, or name this host in serve.origins"
            )
            await refuse(scope, send, 403, detail)
        elif origin and origin not in self._origins and origin.partition("://")[2] != host:
            await refuse(scope, send, 403, "pages of other sites may not ask this server: name them in serve.origins")
        else:
            await self._application(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        """Say whether nobody outside can have made this name: an address, a name without a dot, one that is allowed."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return "." not in name.rstrip(".") or name in self._names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
