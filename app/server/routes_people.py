"""What people leave: feedback and conversations."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath

from vouch.app.server import examples
from vouch.app.server.access import MayAsk
from vouch.app.server.body import json_response
from vouch.app.server.documented import answers, problems
from vouch.app.server.held import held
from vouch.app.server.schemas import FeedbackBody, TitleBody
from vouch.app.service.types import FeedbackRequest

router = APIRouter(prefix="/v1", tags=["people"])

SessionId = Annotated[str, InPath(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


@router.post(
    "/feedback",
    status_code=201,
    responses=answers(examples.FEEDBACK, 400, 413, 422, status=201, description="Stored."),
)
async def feedback(body: FeedbackBody, request: Request, access: MayAsk) -> Response:
    """Keep what somebody thinks of an answer, for evaluation and fine-tuning."""
    server = held(request)
    said = FeedbackRequest(body.question, body.answer, body.rating, body.comment, body.correction, body.session)
    return json_response(await server.workers.run(lambda: server.service.feedback(said, access)), 201)


@router.get("/conversations", responses=answers(examples.CONVERSATIONS))
async def conversations(request: Request, access: MayAsk) -> Response:
    """List the conversations of this key, the latest first."""
    server = held(request)
    return json_response({"conversations": await server.workers.run(lambda: server.service.conversations(access))})


@router.get("/conversations/{session}", responses=answers(examples.CONVERSATION, 404, 422))
async def conversation(session: SessionId, request: Request, access: MayAsk) -> Response:
    """Return a conversation with all its questions and answer objects."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.conversation(session, access)))


@router.patch("/conversations/{session}", responses=answers(examples.CONVERSATION, 400, 404, 413, 422))
async def rename_conversation(session: SessionId, body: TitleBody, request: Request, access: MayAsk) -> Response:
    """Give a conversation a title."""
    server = held(request)
    title = body.title.strip()
    return json_response(await server.workers.run(lambda: server.service.rename_conversation(session, title, access)))


@router.delete(
    "/conversations/{session}", status_code=204, responses={204: {"description": "Deleted."}, **problems(404, 422)}
)
async def delete_conversation(session: SessionId, request: Request, access: MayAsk) -> Response:
    """Delete a conversation."""
    server = held(request)
    await server.workers.run(lambda: server.service.delete_conversation(session, access))
    return Response(status_code=204)
