"""Documents: listing, pages as text and pictures, removal. How they are added stands in routes_ingest."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath

from vouch.app.server import examples
from vouch.app.server.access import MayAsk, MayIngest
from vouch.app.server.body import json_response
from vouch.app.server.documented import answers, problems
from vouch.app.server.held import held
from vouch.retrieval.types import Box

router = APIRouter(prefix="/v1", tags=["documents"])

_NUMBER = r"-?\d{1,5}(\.\d{1,3})?"
_BOX = rf"{_NUMBER}(,{_NUMBER}){{3}}"
BOXES = rf"^({_BOX}(;{_BOX})*)?$"
DocumentId = Annotated[str, InPath(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
PageNumber = Annotated[int, InPath(ge=1, le=1_000_000)]


@router.get("/documents", responses=answers(examples.DOCUMENTS))
async def documents(request: Request, access: MayAsk) -> Response:
    """List the documents, with what each says of itself."""
    server = held(request)
    return json_response({"documents": await server.workers.run(lambda: server.service.documents(access))})


@router.get("/documents/{document_id}", responses=answers(examples.DOCUMENT, 404, 422))
async def document(document_id: DocumentId, request: Request, access: MayAsk) -> Response:
    """Return one document."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.document(document_id, access)))


@router.delete(
    "/documents/{document_id}", status_code=204, responses={204: {"description": "Removed."}, **problems(404, 422, 507)}
)
async def remove_document(document_id: DocumentId, request: Request, access: MayIngest) -> Response:
    """Remove one document, with its passages, vectors and facts."""
    server = held(request)
    await server.workers.run(lambda: server.service.remove_document(document_id, access))
    return Response(status_code=204)


@router.get(  # before the page as text, whose path fits this one too
    "/documents/{document_id}/pages/{number}.png",
    response_class=Response,
    responses={200: {"description": "The page as a picture.", "content": {"image/png": {}}}, **problems(404, 422)},
)
async def page_picture(
    document_id: DocumentId,
    number: PageNumber,
    request: Request,
    access: MayAsk,
    boxes: Annotated[
        str, Query(max_length=8000, pattern=BOXES, description="x0,y0,x1,y1 in points from the top left, parted by ;")
    ] = "",
) -> Response:
    """Return a page of a PDF as PNG, the boxes of a citation marked."""
    server = held(request)
    marked = boxes_of(boxes)
    picture = await server.workers.run(lambda: server.service.page_picture(document_id, number, marked, access))
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


@router.get("/documents/{document_id}/pages/{number}", responses=answers(examples.PAGE, 404, 422))
async def page(document_id: DocumentId, number: PageNumber, request: Request, access: MayAsk) -> Response:
    """Return the text of a page, its size in points and how many pages its document has."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.page(document_id, number, access)))


def boxes_of(text: str) -> tuple[Box, ...]:
    """Return the boxes of a query whose form was checked before."""
    found: list[Box] = []
    for box in filter(None, text.split(";")):
        x0, y0, x1, y1 = map(float, box.split(","))
        found.append((x0, y0, x1, y1))
    return tuple(found)
