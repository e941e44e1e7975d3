"""An HTTP server on this machine that answers /v1/embeddings as OpenAI's does, with faults to order."""

import base64
import json
import struct
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], str]
WIDTH = 4


def vector_of(text: str, width: int = WIDTH) -> list[float]:
    """Any numbers that tell texts apart."""
    codes = [*map(ord, text), *([0] * width)]
    return [float(codes[place] + len(text)) for place in range(width)]


class EmbeddingServer:
    """Answers as `reply` says, after the answers in `faults` have been given."""

    def __init__(self) -> None:
        self.faults: list[Answer] = []
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.reply: Callable[[Any], Answer] = answer_in_base64
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.seen.append((self.path, dict(self.headers), body))
                owner.hold.wait(5)
                status, headers, text = owner.faults.pop(0) if owner.faults else owner.reply(body)
                content = text.encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
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


def answered(embeddings: Sequence[Any]) -> Answer:
    entries = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(embeddings)]
    return 200, {"Content-Type": "application/json"}, json.dumps({"object": "list", "data": entries})


def answer_in_base64(body: Any) -> Answer:
    width = body.get("dimensions", WIDTH)
    packed = [struct.pack(f"<{width}f", *vector_of(text, width)) for text in body["input"]]
    return answered([base64.b64encode(row).decode() for row in packed])


def answer_in_numbers(body: Any) -> Answer:
    return answered([vector_of(text) for text in body["input"]])


def answer_backwards(body: Any) -> Answer:
    status, headers, text = answer_in_numbers(body)
    content = json.loads(text)
    content["data"].reverse()
    return status, headers, json.dumps(content)


def refused(status: int, message: str, **headers: str) -> Answer:
    return status, headers, json.dumps({"error": {"message": message}})
