"""Videos of a crawl's pages, and the jobs of the manifests' worker over them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.work import Counts, WorkQueue, open_queue
from tests.conftest import wait_until
from tests.k8s.processes import Processes
from tests.video_site import VideoSite, draw_clip_with_sound
from tests.web import article_html

STEPS = ["download", "split_sound"]


class HeldVideos(VideoSite):
    """Clips wait until they are let, and then take their time."""

    def __init__(self, clip: bytes) -> None:
        self._let = threading.Event()
        super().__init__(clip, chunk_seconds=0.3)

    def let(self) -> None:
        self._let.set()

    def clip_of(self, number: int) -> bytes:
        self._let.wait()
        return super().clip_of(number)


@contextmanager
def held_videos(folder: Path) -> Iterator[HeldVideos]:
    """Serve them."""
    clip = draw_clip_with_sound(folder / "clip.mp4").read_bytes()
    with HeldVideos(clip) as site:
        yield site


def with_video(title: str, address: str) -> str:
    """Return an article with a video."""
    return article_html(title).replace("</h1>", f'</h1><video src="{address}" controls></video>')


class Work:
    """The queue in the manifests' Redis."""

    def __init__(self, pods: Processes) -> None:
        pod = pods.pod("worker")
        self.url = pods.environment(pod, pod.containers[0])["GLEANERY_REDIS_URL"]
        self._queue: WorkQueue = open_queue(self.url, pods.folder)

    def put(self, *identities: str) -> None:
        """Queue items; return when the worker has begun."""
        with self._queue as queue:
            for identity in identities:
                queue.put(identity, STEPS)
        wait_until(lambda: self.counts().leased, seconds=60)

    def counts(self) -> Counts:
        with self._queue as queue:
            return queue.counts()
