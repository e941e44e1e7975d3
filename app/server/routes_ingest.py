"""Adding documents, by upload or from a folder of the server, and the jobs that read them."""

import json
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from vouch.app.server import examples
from vouch.app.server.access import MayIngest
from vouch.app.server.body import json_response
from vouch.app.server.documented import answers
from vouch.app.server.held import Limits, held
from vouch.app.server.problems import Problem
from vouch.app.server.schemas import FolderBody
from vouch.app.service.types import IngestRequest, Upload

router = APIRouter(prefix="/v1", tags=["documents"])

JobId = Annotated[str, InPath(max_length=64, pattern=r"^[A-Za-z0-9]+$")]
_FIELDS = ("collection", "kind", "company", "year", "force")


@router.post(
    "/documents",
    status_code=202,
    responses=answers(examples.JOB, 400, 413, 415, 422, 507, status=202, description="The job that reads them."),
    openapi_extra={"requestBody": examples.upload_body()},
)
async def add_documents(request: Request, access: MayIngest) -> Response:
    """Read documents in the background: files as multipart/form-data, or paths on the server as JSON."""
    server = held(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        wanted = _from_folders(await request.body(), server.limits)
        return json_response(await server.workers.run(lambda: server.service.ingest(wanted, access)), 202)
    if kind != "multipart/form-data":
        raise Problem(415, "send files as multipart/form-data, or application/json with paths")
    async with request.form(max_files=server.limits.files, max_fields=20) as form:
        files = await _files(form, server.limits)
        said = _from_form(form)
    return json_response(await server.workers.run(lambda: server.service.upload(files, _wanted(said), access)), 202)


@router.get("/jobs/{job_id}", responses=answers(examples.JOB, 404, 422))
async def job(job_id: JobId, request: Request, access: MayIngest) -> Response:
    """Return how far a job is: files done and failed, each with its error."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.job(job_id, access)))


@router.delete("/jobs/{job_id}", responses=answers(examples.JOB, 404, 422))
async def cancel_job(job_id: JobId, request: Request, access: MayIngest) -> Response:
    """Cancel a job; what it has read already stays."""
    server = held(request)
    return json_response(await server.workers.run(lambda: server.service.cancel_job(job_id, access)))


def _from_folders(body: bytes, limits: Limits) -> IngestRequest:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(422, "the body is not valid JSON") from error
    said = _checked(content)
    paths = tuple(Path(path) for path in said.paths)
    for path in paths:
        if "\x00" in str(path) or not any(_inside(path, folder) for folder in limits.folders):
            raise Problem(403, "documents are read by path only from inside the folders that serve.folders names")
    return _wanted(said, paths)


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _from_form(form: FormData) -> FolderBody:
    """Return what a form says beside its files; forms know only text."""
    said = {name: value for name in _FIELDS if isinstance(value := form.get(name), str)}
    twice = [name for name in said if len(form.getlist(name)) > 1]
    if twice:
        raise Problem(422, f"the form says {twice[0]} more than once")
    typed: dict[str, object] = {"paths": ["-"], **said}
    if re.fullmatch(r"\d{4}", said.get("year", "")):
        typed["year"] = int(said["year"])
    if said.get("force") in ("true", "false"):
        typed["force"] = said["force"] == "true"
    return _checked(typed)


def _checked(content: object) -> FolderBody:
    try:
        return FolderBody.model_validate(content)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()[:5])
        raise Problem(422, f"the request does not fit its description: {said}") from error


def _wanted(said: FolderBody, paths: tuple[Path, ...] = ()) -> IngestRequest:
    return IngestRequest(paths, said.collection, said.kind, said.company, said.year, said.force)


async def _files(form: FormData, limits: Limits) -> tuple[Upload, ...]:
    sent = [part for part in form.getlist("files") if isinstance(part, UploadFile) and part.filename]
    if not sent:
        raise Problem(422, "no file was sent: name the form field `files`")
    files, room = [], limits.upload_bytes
    for part in sent:
        content = await part.read(room + 1)
        room -= len(content)
        if room < 0:
            raise Problem(413, f"an upload may have {limits.upload_bytes // 1_000_000:,} MB in all")
        files.append(Upload(str(part.filename), content))
    return tuple(files)
