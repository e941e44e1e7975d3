"""Questions: /v1/ask as one object or as a stream of events, /v1/search, /v1/facts, /v1/warnings."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from vouch.app.server import examples
from vouch.app.server.access import MayAsk
from vouch.app.server.body import event, json_response
from vouch.app.server.documented import answers
from vouch.app.server.held import Held, held
from vouch.app.server.problems import status_of
from vouch.app.server.schemas import AskBody, FactsQuery, FilterBody, SearchBody
from vouch.app.server.streams import EVENTS, EventResponse, streamed, until_left
from vouch.app.service.types import AskRequest, Cancelled, FactsRequest, Filters, Listen, SearchRequest, StreamEvent
from vouch.retrieval.errors import VouchError

router = APIRouter(prefix="/v1", tags=["questions"])


def filters_of(body: FilterBody) -> Filters:
    """Return the filters of a request."""
    return Filters(tuple(body.collections), tuple(body.companies), tuple(body.years))


@router.post("/ask", responses=answers(examples.ANSWER, 400, 404, 409, 413, 422, 502, 504) | examples.STREAMED)
async def ask(body: AskBody, request: Request, access: MayAsk) -> Response:
    """Answer one question, with document and page of every sentence. `Accept: text/event-stream` streams events:
    `understanding`, `passages`, `step`, `token`, `withdrawn`, and at last `answer` with the whole object.
    """
    server = held(request)
    wanted = AskRequest(
        body.question,
        filters_of(body),
        body.k,
        body.generator,
        body.cot,
        body.tools,
        body.session,
        adapter=body.adapter,
    )
    if EVENTS in request.headers.get("accept", ""):

        def work(put: Listen, cancelled: Cancelled) -> None:
            server.service.ask(wanted, access, put, cancelled)

        stream = streamed(server.workers, work)
        return EventResponse(_events(server, stream), stream)
    with server.metrics.stage("ask"):
        answer = await until_left(
            request, server.workers, lambda cancelled: server.service.ask(wanted, access, cancelled=cancelled)
        )
    server.metrics.answered(answer)
    return json_response(answer)


async def _events(server: Held, items: AsyncIterator[StreamEvent | VouchError | None]) -> AsyncIterator[bytes]:
    async for item in items:
        if item is None:
            yield b": still there\n\n"
        elif isinstance(item, VouchError):
            yield event("error", {"status": status_of(item), "detail": str(item)})
        else:
            if item.event == "answer":
                server.metrics.answered(item.data)
            yield event(item.event, item.data)


@router.post("/search", responses=answers(examples.SEARCH, 400, 409, 413, 422))
async def search(body: SearchBody, request: Request, access: MayAsk) -> Response:
    """Return the passages that fit best, with their rank in each leg; no answer is written."""
    server = held(request)
    wanted = SearchRequest(body.query, filters_of(body), body.k, body.mode, body.rerank)
    with server.metrics.stage("search"):
        return json_response(await server.workers.run(lambda: server.service.search(wanted, access)))


@router.get("/facts", responses=answers(examples.FACTS, 400, 422))
async def facts(request: Request, access: MayAsk, said: Annotated[FactsQuery, Query()]) -> Response:
    """List the values that reports state, with the page and the row of each."""
    server = held(request)
    scopes = (said.scope,) if said.scope else ()
    wanted = FactsRequest(
        said.company, said.year, tuple(said.field), scopes, tuple(said.collection), said.limit, said.offset
    )
    with server.metrics.stage("facts"):
        return json_response(await server.workers.run(lambda: server.service.facts(wanted, access)))


@router.get("/warnings", responses=answers(examples.WARNING, 400, 404, 422))
async def warnings(
    request: Request,
    access: MayAsk,
    company: Annotated[str, Query(min_length=1, max_length=200, description="Name, short name or code.")],
    year: Annotated[int | None, Query(ge=1900, le=2099)] = None,
) -> Response:
    """Return the early-warning signals of a company and year, each with its operands and their pages."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.warning(company, year, access)))
