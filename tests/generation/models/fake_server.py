"""An HTTP server on this machine that answers like a chat model's, from a script."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], str | Iterable[bytes]]
"""Status, headers and content; content in pieces is sent piece by piece, and the connection closed after the last."""


class FakeServer:
    """Answers requests in the order of a script and keeps what it was sent."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.respond: Callable[[Any], Reply] = lambda _body: self.script.pop(0)
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.hung_up = threading.Event()
        """The client closed a connection before its reply was whole."""
        self.hold = threading.Event()
        self.hold.set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.seen.append((self.path, dict(self.headers), body))
                owner.hold.wait(5)
                status, headers, text = owner.respond(body)
                pieces = [text.encode()] if isinstance(text, str) else text
                length = {"Content-Length": str(len(text.encode()))} if isinstance(text, str) else {}
                self.send_response(status)
                for name, value in {**length, **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        self.wfile.flush()
                except (BrokenPipeError, ConnectionResetError):
                    owner.hung_up.set()

            def do_GET(self) -> None:
                self.send_error(404)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def said(text: str | None, **more: object) -> Reply:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}} | more
    return 200, {"Content-Type": "application/json"}, json.dumps({"choices": [choice]}, ensure_ascii=False)


EVENTS = {"Content-Type": "text/event-stream"}


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def piece(delta: dict[str, Any] | None, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def streamed(text: str, finish: str = "stop", calls: Iterable[dict[str, Any]] = ()) -> Reply:
    """Return a reply as llama.cpp streams it: first a role without content, last the usage without a choice."""
    pieces = [piece({"role": "assistant", "content": None})]
    pieces += [piece({"content": text[at : at + 2]}) for at in range(0, len(text), 2)]
    pieces += [piece({"tool_calls": [call]}) for call in calls]
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    pieces += [piece({}, finish), event({"choices": [], "usage": usage}), b"data: [DONE]\n\n"]
    return 200, EVENTS, torn(b"".join(pieces))


def torn(content: bytes, size: int = 7) -> Iterator[bytes]:
    """Yield content in pieces whose borders lie inside characters and lines."""
    for start in range(0, len(content), size):
        yield content[start : start + size]
