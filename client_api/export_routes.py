"""The routes over export jobs."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from client_api.access import may_export
from client_api.answers import answer
from client_api.export_options import ExportOptions
from client_api.keys import ApiKey
from client_api.problems import ProblemError, documented
from client_api.routes import SHARED

if TYPE_CHECKING:
    from client_api.export_jobs import ExportJob, ExportJobs
    from client_api.reading import Reader

export_routes = APIRouter(
    prefix="/v1/exports", dependencies=[Depends(may_export)], responses=SHARED, tags=["exports"]
)
_GONE, _EARLY = documented(404), documented(404, 409)
Number = Annotated[str, Path(min_length=1, max_length=64)]
FileName = Annotated[str, Path(min_length=1, max_length=255)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]
EXAMPLE: dict[str, Any] = {
    "id": "0123456789abcdef0123456789abcdef",
    "state": "done",
    "reason": None,
    "options": ExportOptions().model_dump(),
    "items": {"train": 90, "validation": 5, "test": 5},
    "created_at": "2026-11-23T01:02:03Z",
    "ended_at": "2026-11-23T01:03:03Z",
}


class Export(BaseModel):
    """An export job."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: str
    state: str = Field(description="queued, running, done or failed.")
    reason: str | None = Field(description="Why it failed.")
    options: ExportOptions
    items: dict[str, int] = Field(description="Written so far, by split.")
    created_at: datetime
    ended_at: datetime | None


class Exports(BaseModel):
    """All export jobs, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"exports": [EXAMPLE]}})

    exports: list[Export]


class ExportFile(BaseModel):
    """A file of an export."""

    name: str
    size: int = Field(description="Bytes.")


class ExportFiles(BaseModel):
    """The files of an export that is done."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"files": [{"name": "train-00000.jsonl", "size": 7}]}}
    )

    files: list[ExportFile]


@export_routes.post("", response_model=Export, status_code=202, responses=documented(400, 409, 413))
async def start_export(
    request: Request,
    options: ExportOptions,
    key: Annotated[ApiKey, Depends(may_export)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue an export; asked again with the same options, or key, it is the same one."""
    number = options.digest()
    if idempotency_key is not None:
        number = sha256(f"{key.id}\n{idempotency_key}".encode()).hexdigest()[:32]
    body = await _run(request, lambda jobs: _shown(jobs, jobs.ask(number, options)))
    headers = {"Location": f"/v1/exports/{number}", **request.state.headers}
    return Response(body.model_dump_json(), 202, headers, "application/json")


@export_routes.get("", response_model=Exports)
async def list_exports(request: Request) -> Response:
    """List all exports."""
    found = await _run(request, lambda jobs: [_shown(jobs, job) for job in jobs.listed()])
    return answer(request, Exports(exports=found))


@export_routes.get("/{number}", response_model=Export, responses=_GONE)
async def one_export(request: Request, number: Number) -> Response:
    """Show how an export stands."""
    return answer(request, await _run(request, lambda jobs: _shown(jobs, _job(jobs, number))))


@export_routes.get("/{number}/files", response_model=ExportFiles, responses=_EARLY)
async def files_of_export(request: Request, number: Number) -> Response:
    """List the files of an export that is done."""
    found = await _run(request, lambda jobs: _files(jobs, number))
    files = [ExportFile(name=name, size=path.stat().st_size) for name, path in found.items()]
    return answer(request, ExportFiles(files=files))


@export_routes.get(
    "/{number}/files/{name}",
    response_class=FileResponse,
    responses=_EARLY | {206: {"description": "A part"}, 416: {"description": "No such part"}},
)
async def one_file(request: Request, number: Number, name: FileName) -> Response:
    """Download a file; `Range` is kept to."""
    path = (await _run(request, lambda jobs: _files(jobs, number))).get(name)
    if path is None:
        raise ProblemError(404, "No such file (그런 파일이 없습니다).")
    request.state.long = True  # a download may take longer than an answer
    return FileResponse(path, media_type="application/octet-stream", filename=name)


@export_routes.delete("/{number}", status_code=204, responses=_GONE)
async def remove_export(request: Request, number: Number) -> Response:
    """Cancel an export, and remove its files."""
    if not await _run(request, lambda jobs: jobs.remove(number)):
        raise _no_export()
    return Response(status_code=204, headers=request.state.headers)


async def _run(request: Request, work: Any) -> Any:
    reader: Reader = request.app.state.reader
    jobs: ExportJobs = request.app.state.exports
    return await reader.run(lambda: work(jobs))


def _job(jobs: ExportJobs, number: str) -> ExportJob:
    if (job := jobs.find(number)) is None:
        raise _no_export()
    return job


def _files(jobs: ExportJobs, number: str) -> Any:
    if _job(jobs, number).state != "done":
        raise ProblemError(409, "The export is not done (아직 끝나지 않았습니다).")
    return jobs.files(number)


def _shown(jobs: ExportJobs, job: ExportJob) -> Export:
    names = ("id", "state", "reason", "created_at", "ended_at")
    values = {name: getattr(job, name) for name in names}
    return Export.model_validate(values | {"options": job.options, "items": jobs.counts(job.id)})


def _no_export() -> ProblemError:
    return ProblemError(404, "No such export (그런 내보내기가 없습니다).")
