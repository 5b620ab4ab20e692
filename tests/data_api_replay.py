"""A server that answers as the YouTube Data API v3, from the recorded resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Row = dict[str, Any]
JSON = {"content-type": "application/json; charset=UTF-8"}
KEY = "test-key-that-no-log-may-show"


class DataApiReplay:
    """Answers for ``tests.mitm``: the same method, the same rows; filters by what was asked.

    * ``search?q=NAME`` answers with the file ``search/NAME.json``.
    * A video that was listed but not recorded is missing, unless ``cloned`` names it: then it is a
      recorded one with its id.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.videos = self._rows("videos/videos_*.json")
        self.channels = self._rows("channel_info_multi.json", "channels/*.json")
        self.channels |= self._rows("channel_info_single.json")  # the one with statistics
        self.threads = self._rows("comment_threads/comment_thread*.json")
        self.replies = self._rows("comments/comments_by_parent*.json")
        self.cloned: set[str] = set()
        self.errors: dict[str, tuple[int, bytes]] = {}
        """Status and body by a word of the address."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        """Method and query of every call."""

    def _rows(self, *patterns: str) -> dict[str, Row]:
        files = [path for pattern in patterns for path in sorted(self.folder.glob(pattern))]
        pages = [json.loads(path.read_text("utf-8")) for path in files]
        return {row["id"]: row for page in pages for row in page.get("items", [])}

    def __call__(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        name = parts.path.rsplit("/", 1)[1]
        self.asked.append((name, query))
        for word, (status, out) in self.errors.items():
            if word in url:
                return status, JSON, out
        if headers.get("x-goog-api-key") != KEY or "key" in query:
            return refusal(400, "badRequest", "API key not valid. Please pass a valid API key.")
        page = getattr(self, f"_list_{name.lower()}")(query)
        return 200, JSON, json.dumps(page).encode()

    def _list_search(self, query: dict[str, str]) -> Any:
        if "pageToken" in query:
            return {"items": []}
        return self._file(f"search/{query['q']}.json")

    def _list_videos(self, query: dict[str, str]) -> Any:
        ids = query["id"].split(",")
        assert len(ids) <= 50
        template = self.videos["D-lhorsDlUQ"]
        clones = {video: template | {"id": video} for video in self.cloned}
        known = self.videos | clones
        return {"items": [known[video] for video in ids if video in known]}

    def _list_channels(self, query: dict[str, str]) -> Any:
        rows = self.channels.values()
        if handle := query.get("forHandle"):
            rows = [row for row in rows if row["snippet"].get("customUrl") == handle]
        else:
            rows = [row for row in rows if row["id"] == query.get("id")]
        return {"items": list(rows)}

    def _list_playlistitems(self, query: dict[str, str]) -> Any:
        for path in sorted(self.folder.glob("playlist_items/playlist_items_[mp]*.json")):
            page = json.loads(path.read_text("utf-8"))
            first = "prevPageToken" not in page
            same = page["items"][0]["snippet"]["playlistId"] == query["playlistId"]
            if same and first == ("pageToken" not in query):
                return page
        return {"items": []}

    def _list_commentthreads(self, query: dict[str, str]) -> Any:
        rows = self.threads.values()
        return {"items": [r for r in rows if r["snippet"].get("videoId") == query["videoId"]]}

    def _list_comments(self, query: dict[str, str]) -> Any:
        rows = self.replies.values()
        return {"items": [r for r in rows if r["snippet"]["parentId"] == query["parentId"]]}

    def _file(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text("utf-8"))


def refusal(status: int, reason: str, message: str) -> tuple[int, dict[str, str], bytes]:
    """An error in the API's form."""
    error = {"code": status, "message": message, "errors": [{"reason": reason}]}
    return status, JSON, json.dumps({"error": error}).encode()
