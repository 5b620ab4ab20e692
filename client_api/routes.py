"""The routes over items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from client_api import models
from client_api.access import asks_once, may_read
from client_api.answers import answer
from client_api.asked import Hot, Like, Listing, One, Search, Under
from client_api.cursors import read_cursor, write_cursor
from client_api.problems import ProblemError, documented
from client_api.views import detail, summary, topic
from storage.topics import topics

if TYPE_CHECKING:
    from client_api.reading import Reader
    from storage.video_index import VectorIndex

SHARED = documented(401, 403, 414, 422, 429, 500, 503) | {
    304: {"description": "As `If-None-Match` says you have it"}
}
routes = APIRouter(
    prefix="/v1", dependencies=[Depends(may_read), Depends(asks_once)], responses=SHARED
)
_GONE = documented(404)


@routes.get("/items", response_model=models.Items, tags=["items"])
async def list_items(request: Request, asked: Annotated[Listing, Query()]) -> Response:
    """List items, newest first, page by page."""
    after = read_cursor(asked.cursor, asked.asked())
    wanted = asked.filter(order=f"{asked.sort}_at")
    page = await _reader(request).ask(
        lambda store: store.page(wanted, after=after, limit=asked.limit)
    )
    following = write_cursor(page.next, asked.asked())
    return answer(request, models.Items(items=[*map(summary, page.rows)], next=following))


@routes.get("/search", response_model=models.Found, tags=["items"])
async def search_items(request: Request, asked: Annotated[Search, Query()]) -> Response:
    """Find items by all words of `q` in their titles and texts, best first; Korean too."""
    rows = await _reader(request).ask(
        lambda store: store.search(asked.q, limit=asked.limit, wanted=asked.filter())
    )
    return answer(request, models.Found(items=[*map(summary, rows)]))


@routes.get("/item", response_model=models.Detail, responses=_GONE, tags=["item"])
async def one_item(request: Request, asked: Annotated[One, Query()]) -> Response:
    """Show one item with its annotations and transcripts."""
    row, said = await _reader(request).ask(
        lambda store: (store.find(asked.identity), store.transcripts(asked.identity))
    )
    if row is None:
        raise _no_item()
    return answer(request, detail(row, said))


@routes.get("/item/comments", response_model=models.Items, responses=_GONE, tags=["item"])
async def comments_of_item(request: Request, asked: Annotated[Under, Query()]) -> Response:
    """List the comments under a post or video in the order they were first saved."""
    owner = {"comments": asked.identity}
    after = read_cursor(asked.cursor, owner)
    reader = _reader(request)
    page = await reader.ask(
        lambda store: store.comments(asked.identity, after=after, limit=asked.limit)
    )
    if not page.rows and await reader.ask(lambda store: store.find(asked.identity)) is None:
        raise _no_item()
    following = write_cursor(page.next, owner)
    return answer(request, models.Items(items=[*map(summary, page.rows)], next=following))


@routes.get("/item/similar", response_model=models.Similar, responses=_GONE, tags=["item"])
async def similar_videos(request: Request, asked: Annotated[Like, Query()]) -> Response:
    """List videos that look like one, by their vectors."""
    index: VectorIndex = request.app.state.vectors
    found = await _reader(request).ask(lambda store: index.like(store, asked.identity, asked.limit))
    if found is None:
        raise ProblemError(404, "No such item, or it has no vector (벡터가 없습니다).")
    rows, left_out = found
    videos = [models.Likeness(identity=name, cosine=cosine) for name, cosine in rows]
    return answer(request, models.Similar(videos=videos, left_out=left_out))


@routes.get("/topics", response_model=models.Topics, tags=["topics"])
async def hot_topics(request: Request, asked: Annotated[Hot, Query()]) -> Response:
    """List hot topics that `gleanery topics` found, those of the last run first."""
    found = await _reader(request).ask(
        lambda store: topics(store, group=asked.category or "", limit=asked.limit)
    )
    return answer(request, models.Topics(topics=[*map(topic, found)]))


def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.reader
    return reader


def _no_item() -> ProblemError:
    return ProblemError(404, "No such item (그런 항목이 없습니다).")
