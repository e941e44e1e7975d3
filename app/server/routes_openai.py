"""OpenAI-compatible chat completions: the answer as the assistant's message, the whole answer object in `vouch`.

Streams send the checked answer in pieces: this protocol cannot take back what was said, and unchecked words
must not be passed on as vouched for. /v1/ask streams them as they are written.
"""

import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from vouch.app.server import examples
from vouch.app.server.access import MayAsk, needs_ask
from vouch.app.server.body import encoded, json_response
from vouch.app.server.documented import answers
from vouch.app.server.held import Held, held
from vouch.app.server.problems import Problem, status_of
from vouch.app.server.routes_ask import filters_of
from vouch.app.server.schemas import ChatBody, ChatTurn
from vouch.app.server.streams import EventResponse, streamed, until_left
from vouch.app.service.types import AskRequest, Cancelled, Filters, Json
from vouch.retrieval.errors import VouchError

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

MODELS = ("vouch", "vouch-extractive")
WITH_ADAPTER = "vouch:"
PIECE = 24
"""Characters of the answer in one chunk."""


@router.get("/models", responses=answers(examples.MODELS), dependencies=[needs_ask])
async def models(request: Request) -> Response:
    """List the models: `vouch` answers as the server is set up, `vouch-extractive` without a language model,
    `vouch:NAME` with an adapter of it.
    """
    names = (*MODELS, *(WITH_ADAPTER + name for name in held(request).adapters))
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "vouch"} for name in names]
    return json_response({"object": "list", "data": listed})


@router.post(
    "/chat/completions", responses=answers(examples.COMPLETION, 400, 404, 413, 422, 502, 504) | examples.CHUNKS
)
async def chat_completions(body: ChatBody, request: Request, access: MayAsk) -> Response:
    """Answer the last user message in the light of those before; citations are in `vouch` of the message, or of the
    last chunk of a stream.
    """
    server, wanted = held(request), _request(body)
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": body.model}
    if body.stream:
        with_usage = bool((body.stream_options or {}).get("include_usage"))

        def work(put: Callable[[Json], None], cancelled: Cancelled) -> None:
            put(server.service.ask(wanted, access, cancelled=cancelled))

        stream = streamed(server.workers, work)
        return EventResponse(_chunks(server, stream, head, wanted.question if with_usage else None), stream)
    with server.metrics.stage("ask"):
        answer = await until_left(
            request, server.workers, lambda cancelled: server.service.ask(wanted, access, cancelled=cancelled)
        )
    server.metrics.answered(answer)
    message = {"role": "assistant", "content": answer["answer"], "vouch": answer}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return json_response(
        {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(wanted.question, answer)}
    )


async def _chunks(
    server: Held, items: AsyncIterator[Json | VouchError | None], head: Mapping[str, Any], counted: str | None
) -> AsyncIterator[bytes]:
    """Yield the chunks of an answer; `counted`: the question, where usage is to be told."""

    def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**head, "object": "chat.completion.chunk", "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    async for item in items:
        if item is None:
            yield b": still there\n\n"
            continue
        if isinstance(item, VouchError):
            yield _data({"error": {"message": str(item), "type": type(item).__name__, "code": status_of(item)}})
            return
        server.metrics.answered(item)
        text = item["answer"]
        for start in range(0, len(text), PIECE):
            yield chunk({"content": text[start : start + PIECE]})
        yield chunk({}, "stop", vouch=item)
        if counted is not None:
            usage = {**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(counted, item)}
            yield _data(usage)
    yield b"data: [DONE]\n\n"


def _data(document: Mapping[str, Any]) -> bytes:
    return b"data: " + encoded(document) + b"\n\n"


def _request(body: ChatBody) -> AskRequest:
    """Return the question of a conversation, the user's last text, after what was said before it."""
    said = [(turn.role, _text(turn)) for turn in body.messages if turn.role in ("user", "assistant")]
    while said and not (said[-1][0] == "user" and said[-1][1].strip()):
        said.pop()
    if not said:
        raise Problem(422, "no message of the user holds text")
    filters = filters_of(body.vouch) if body.vouch else Filters()
    generator = "extractive" if body.model == "vouch-extractive" else None
    adapter = body.model.removeprefix(WITH_ADAPTER) if body.model.startswith(WITH_ADAPTER) else None
    return AskRequest(said[-1][1].strip(), filters, generator=generator, history=tuple(said[:-1]), adapter=adapter)


def _text(turn: ChatTurn) -> str:
    if isinstance(turn.content, str):
        return turn.content
    parts = [part.get("text") for part in turn.content or [] if part.get("type") == "text"]
    return "\n".join(part for part in parts if isinstance(part, str))


def _usage(question: str, answer: Mapping[str, Any]) -> dict[str, int]:
    """Count characters over two as tokens, where no model has counted: rough, and the same for all."""
    prompt, completion = (len(question) + 1) // 2, (len(answer["answer"]) + 1) // 2
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
