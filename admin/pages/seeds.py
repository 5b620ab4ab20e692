"""Seeds: what each has brought, who began with it, and profiles that name them, to be edited."""

from __future__ import annotations

from dataclasses import asdict
from difflib import unified_diff
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Form, HTTPException, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from admin.desk import Desk
from admin.failures import refusing
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from crawlers.seed_check import Problem, seed_problems
from crawlers.seed_files import MAX_CHARACTERS, ChangedMeanwhileError, SeedFile, SeedFiles
from gleanery.errors import ConfigError
from items.clock import utc_now
from storage.office.sessions import Session
from storage.seed_yields import seed_policy, told_of, yields_from
from storage.seeds_begun import seeds_begun

gate = Gate()
ROWS = 100
"""Seeds on a page, and beginnings."""
NEW = '- {platform: google, kind: query, value: "", category: }\n'
Name = Annotated[str, Query(max_length=64)]
Text = Annotated[str, Form(max_length=2 * MAX_CHARACTERS)]  # with \r\n
After = Annotated[int, Query(ge=0, le=2**31)]
Action = Literal["check", "save", "remove"]


class Given(BaseModel):
    """A profile to be saved."""

    name: str = Field(max_length=64)
    text: str = Field(max_length=MAX_CHARACTERS)
    etag: str = Field("", max_length=64)
    """Of the file that was read; empty = there was none in ``HOME/seeds``."""


class Gone(BaseModel):
    """A profile to be removed from ``HOME/seeds``."""

    name: str = Field(max_length=64)
    etag: str = Field(max_length=64)


@gate.page("/seeds", role="viewer")
def page(request: Request, desk: AtDesk, after: After = 0) -> Response:
    """List profiles, what seeds have brought, beginning after so many, and who began with them."""
    return show(request, "seeds", most=ROWS, **_listed(desk, after))


@gate.read("/seeds", role="viewer")
def api(desk: AtDesk, after: After = 0) -> dict[str, Any]:
    """List ``profiles``, ``seeds`` as ``gleanery seeds`` does, ``begun`` as with ``--begun``.

    There are 100 seeds after so many; ``more`` says after how many there are others, 0 = none.
    """
    return _listed(desk, after)


@gate.page("/seeds/file", role="viewer")
def file_page(request: Request, desk: AtDesk, name: Name) -> Response:
    """Show a profile; one that is not there is a new one."""
    file = _read(desk, name)
    return _form(request, file, file.text or NEW, seed_problems(file.text) if file.text else ())


@gate.read("/seeds/file", role="viewer")
def api_file(desk: AtDesk, name: Name) -> dict[str, Any]:
    """Give a profile's ``text``, its ``etag``, and what does not fit in it."""
    file = _read(desk, name)
    if not file.text:
        raise HTTPException(404)
    return asdict(file) | {"etag": file.etag, "problems": seed_problems(file.text)}


@gate.form("/seeds/file", role="operator")
def form(
    *,
    request: Request,
    desk: AtDesk,
    who: Who,
    name: Annotated[str, Form(max_length=64)],
    text: Text = "",
    etag: Annotated[str, Form(max_length=64)] = "",
    action: Annotated[Action, Form()] = "save",
) -> Response:
    """Check, save or remove a profile; nothing that was typed is lost."""
    text = text.replace("\r\n", "\n")
    file = _read(desk, name)
    try:
        if action == "remove":
            remove(desk, who, Gone(name=name, etag=etag))
            return go(request, "/seeds?done=removed")
        problems = seed_problems(text)
        if problems or action == "check":
            return _form(request, file, text, problems, status=422 if problems else 200, etag=etag)
        save(desk, who, Given(name=name, text=text, etag=etag))
    except ChangedMeanwhileError as error:
        theirs = _read(desk, name)
        problem = Problem(line=1, field="", message=str(error))
        difference = diff(theirs.text, text)
        return _form(request, theirs, text, (problem,), status=409, difference=difference)
    return go(request, f"/seeds/file?name={quote(name, safe='')}&done=saved")


@gate.act("/seeds/check", role="operator")
def api_check(given: Given) -> tuple[Problem, ...]:
    """Say what does not fit, with its line and field; nothing is saved."""
    return seed_problems(given.text)


@gate.act("/seeds/file", role="operator")
def api_save(desk: AtDesk, who: Who, given: Given) -> Any:
    """Save a profile; 422 with ``problems`` if it does not fit, 409 if it was changed meanwhile."""
    if problems := seed_problems(given.text):
        told = [asdict(problem) for problem in problems]
        return JSONResponse({"error": "It does not fit.", "problems": told}, 422)
    with refusing(ChangedMeanwhileError):
        save(desk, who, given)
    return {"etag": _read(desk, given.name).etag}


@gate.act("/seeds/remove", role="operator")
def api_remove(desk: AtDesk, who: Who, gone: Gone) -> dict[str, str]:
    """Remove a profile from ``HOME/seeds``; one of that name that came with us comes back."""
    with refusing(ChangedMeanwhileError):
        remove(desk, who, gone)
    return {"removed": gone.name}


def save(desk: Desk, who: Session, given: Given) -> None:
    """Save a profile, and note what changed.

    Raises:
        ChangedMeanwhileError: It is another one by now.
        RefusedError: It cannot be saved.
    """
    files = SeedFiles(desk.config.home)
    with refusing(), desk.change(who, "seeds.save", given.name) as change:
        before = files.save(given.name, given.text, etag=given.etag)
        change.before = {"etag": before.etag}
        change.after = {"diff": diff(before.text if before.own else "", given.text)}


def remove(desk: Desk, who: Session, gone: Gone) -> None:
    """Remove a profile of one's own, and note what it said; raises as :func:`save`."""
    files = SeedFiles(desk.config.home)
    with refusing(), desk.change(who, "seeds.remove", gone.name) as change:
        before = files.remove(gone.name, etag=gone.etag)
        change.before, change.after = {"etag": before.etag}, {"diff": diff(before.text, "")}


def diff(old: str, new: str) -> str:
    """Return what changed, as a unified diff."""
    return "\n".join(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))


def _read(desk: Desk, name: str) -> SeedFile:
    with refusing():
        return SeedFiles(desk.config.home).read(name)


def _form(
    request: Request, file: SeedFile, text: str, problems: tuple[Problem, ...], *,
    status: int = 200, etag: str | None = None, difference: str = "",
) -> Response:  # fmt: skip
    return show(
        request, "seed_file", status=status, file=file, text=text, problems=problems,
        etag=file.etag if etag is None else etag, difference=difference, most=MAX_CHARACTERS,
        checked=request.method == "POST",
    )  # fmt: skip


def _profiles(desk: Desk) -> list[dict[str, Any]]:
    files, rows = SeedFiles(desk.config.home), []
    for name in files.names():
        row: dict[str, Any] = {
            "name": name,
            "own": False,
            "shipped": False,
            "problems": 0,
            "error": "",
        }
        try:
            file = files.read(name)
            row |= {"own": file.own, "shipped": file.shipped}
            row["problems"] = len(seed_problems(file.text))
        except ConfigError as error:
            row |= {"problems": 1, "error": str(error)}
        rows.append(row)
    return rows


def _listed(desk: Desk, after: int) -> dict[str, Any]:
    seeds, number = yields_from(desk.store, after, ROWS)
    return {
        "profiles": _profiles(desk),
        "seeds": told_of(seeds, utc_now(), seed_policy(desk.settings.get)),
        "more": after + ROWS if number > after + ROWS else 0,
        "begun": seeds_begun(desk.store, limit=ROWS),
    }
